"""The part of a report on the track: map with regions, altitude over time, and the weight of every sighting."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from overflight.case.report.chart import MUTED, SIGHTING, STYLE, TRACK, new_figure
from overflight.case.report.ground import Projection, draw_ground, scale_bar
from overflight.geo import sphere
from overflight.infer import Track
from overflight.infer.bands import LEVELS, outline

_DRAWN_REGIONS = 40
_DOUBTED = 0.5


def figure(found: Track) -> Figure:
    """Draw the map with its regions, and altitude over time."""
    with mpl.rc_context(STYLE):
        drawn = new_figure(9.6, 8.4)
        above, below = drawn.subplots(2, 1, height_ratios=(2.6, 1.0))
        _map(above, found)
        _altitude(below, found)
    return drawn


def _map(axes: Axes, found: Track) -> None:
    lat, lon = (found.samples[n].values.astype(np.float64) for n in ("lat", "lon"))
    projection = Projection(*sphere.mean_place(lat, lon))
    some = np.unique(np.linspace(0, lat.shape[1] - 1, min(lat.shape[1], _DRAWN_REGIONS)).round().astype(int))
    shapes = {level: [np.column_stack(projection.xy(*outline(found.samples, int(k), level))) for k in some]
              for level in LEVELS}  # fmt: skip
    seen_x, seen_y = projection.xy([row.lat for row in found.per_sighting], [row.lon for row in found.per_sighting])
    reach = np.concatenate([*shapes[max(LEVELS)], np.column_stack([seen_x, seen_y])])
    x, y = np.abs(reach).max(axis=0)
    half = 1.1 * max(float(x) / 1.5, float(y), 20.0)
    draw_ground(axes, projection, 1.5 * half, half, keep_clear=np.column_stack([seen_x, seen_y]))
    for level, alpha in ((0.9, 0.10), (0.5, 0.22)):
        axes.add_collection(PolyCollection(shapes[level], facecolors=TRACK, edgecolors="none", alpha=alpha, zorder=3))
        axes.plot([], [], color=TRACK, linewidth=6, alpha=2.0 * alpha, label=f"{100 * level:.0f} % region over time")
    axes.plot(*projection.xy(found.mean["lat"].values, found.mean["lon"].values), color=TRACK, linewidth=1.8, zorder=5,
              label="mean")  # fmt: skip
    doubtful = np.array([row.outlier_probability > _DOUBTED for row in found.per_sighting])
    for which, fill, text in ((~doubtful, SIGHTING, "sighting"), (doubtful, "white", "doubtful sighting")):
        if which.any():
            axes.plot(seen_x[which], seen_y[which], "o", color=fill, markeredgecolor=SIGHTING, markersize=6, zorder=8,
                      label=text)  # fmt: skip
    scale_bar(axes, 1.5 * half, half)
    axes.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="#d5dde3", fontsize=8.5)


def _altitude(axes: Axes, found: Track) -> None:
    when = found.mean["time"].values
    low, middle, high = (found.mean[f"altitude_q{q}"].values / 1000.0 for q in ("05", "50", "95"))
    axes.fill_between(when, low, high, color=TRACK, alpha=0.15, linewidth=0, label="5 to 95 %")
    axes.plot(when, middle, color=TRACK, linewidth=1.6, label="median")
    told = [(row.time, found.sightings[row.index].altitude) for row in found.per_sighting]
    known = [(time, altitude) for time, altitude in told if altitude is not None]
    if known:
        axes.errorbar([t for t, _ in known], [a.value_m / 1000.0 for _, a in known],
                      yerr=[1.645 * a.sd_m / 1000.0 for _, a in known], fmt="o", color=SIGHTING,
                      markeredgecolor="white", capsize=2, label="reported")  # fmt: skip
    axes.set_ylabel("altitude, km")
    axes.set_xlabel("UTC", color=MUTED)
    locator = mdates.AutoDateLocator(minticks=3, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    axes.grid()
    axes.legend(frameon=False, fontsize=8.5, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
