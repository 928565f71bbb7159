"""Figures of a case's report drawn from its records and files: maps, altitude, and the timeline of countries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from overflight.airspace.regions import HIGH_SEAS
from overflight.case.report.chart import AHEAD, BACK, INK, MUTED, SIGHTING, STYLE, TRACK, TRUTH, new_figure
from overflight.case.report.ground import Projection, draw_ground, scale_bar
from overflight.case.report.truth import Comparison
from overflight.case.report.words import Words
from overflight.geo import sphere
from overflight.infer.bands import outline

F64 = NDArray[np.float64]
Row = Mapping[str, Any]

DRAWN_MEMBERS, DRAWN_REGIONS = 80, 40
DOUBTED = 0.5
WITHHELD: dict[str, Any] = {"color": TRUTH, "linewidth": 1.8, "linestyle": (0, (4, 2))}
KINDS = {"country": BACK, "disputed": AHEAD, "high_seas": "#9aa7b2"}
LABEL = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flown:
    """What the maps are drawn of.

    Attributes
    ----------
    samples : trajectories of the track.
    mean : rows of the track's finding: time, lat, lon and quantiles of altitude.
    sightings : bodies of the records of sightings.
    doubtful : bool a sighting; the track hardly follows these.
    before, after : trajectories of hindcast and forecast, or None.
    truth : fixes of a track that was withheld, or None.
    """

    samples: xr.Dataset
    mean: Sequence[Row]
    sightings: Sequence[Row]
    doubtful: Sequence[bool]
    before: xr.Dataset | None = None
    after: xr.Dataset | None = None
    truth: pd.DataFrame | None = None


def overview(flown: Flown, words: Words) -> Figure:
    """Draw track, ensembles before and after, and sightings."""
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 6.4)
        axes = figure.subplots()
        data = [d for d in (flown.before, flown.samples, flown.after) if d is not None]
        projection, half = _window(data, flown.sightings)
        seen = _seen(projection, flown.sightings)
        draw_ground(axes, projection, 1.5 * half, half, keep_clear=seen)
        for part, colour, key in (
            (flown.before, BACK, "before"),
            (flown.after, AHEAD, "after"),
            (flown.samples, TRACK, "track"),
        ):
            if part is not None:
                _members(axes, projection, part, colour, words(f"figure.{key}"))
        axes.plot(*_line(projection, flown.mean), color=TRACK, linewidth=2, zorder=5)
        if flown.truth is not None:
            axes.plot(*projection.xy(flown.truth["lat"], flown.truth["lon"]), label=words("figure.truth"), zorder=6,
                      **WITHHELD)  # fmt: skip
        _marks(axes, seen, flown, words)
        _numbers(axes, seen, flown.sightings, 1.5 * half, words)
        _finish(axes, half)
    return figure


def bands(flown: Flown, words: Words) -> Figure:
    """Draw the regions that hold 50 and 90 % of the places between the sightings."""
    samples = flown.samples
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 5.6)
        axes = figure.subplots()
        lat, lon = (samples[n].values.astype(np.float64) for n in ("lat", "lon"))
        projection = Projection(*sphere.mean_place(lat, lon))
        some = np.unique(np.linspace(0, lat.shape[1] - 1, min(lat.shape[1], DRAWN_REGIONS)).round().astype(int))
        shapes = {q: [np.column_stack(projection.xy(*outline(samples, int(k), q))) for k in some] for q in (0.9, 0.5)}
        seen = _seen(projection, flown.sightings)
        x, y = np.abs(np.concatenate([*shapes[0.9], seen])).max(axis=0)
        half = 1.1 * max(float(x) / 1.7, float(y), 20.0)
        draw_ground(axes, projection, 1.7 * half, half, keep_clear=seen)
        for level, alpha in ((0.9, 0.10), (0.5, 0.22)):
            axes.add_collection(
                PolyCollection(shapes[level], facecolors=TRACK, edgecolors="none", alpha=alpha, zorder=3)
            )
            axes.plot([], [], color=TRACK, linewidth=6, alpha=2.0 * alpha,
                      label=words("figure.region", level=f"{100 * level:.0f}"))  # fmt: skip
        axes.plot(*_line(projection, flown.mean), color=TRACK, linewidth=1.8, zorder=5, label=words("figure.mean"))
        _marks(axes, seen, flown, words)
        _finish(axes, half, 1.7)
    return figure


def altitude(flown: Flown, words: Words) -> Figure:
    """Draw altitude against time: the track, and what was reported."""
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 3.0)
        axes = figure.subplots()
        when = instants(row["time"] for row in flown.mean)
        low, middle, high = (np.array([row[f"altitude_q{q}"] for row in flown.mean], np.float64) / 1000.0
                             for q in ("05", "50", "95"))  # fmt: skip
        axes.fill_between(when, low, high, color=TRACK, alpha=0.15, linewidth=0, label=words("figure.band"))
        axes.plot(when, middle, color=TRACK, linewidth=1.6, label=words("figure.median"))
        if flown.truth is not None:
            axes.plot(flown.truth["time"], flown.truth["altitude_m"] / 1000.0, label=words("figure.truth"), **WITHHELD)
        told = [row for row in flown.sightings if row["altitude"] is not None]
        if told:
            axes.errorbar(instants(row["time"] for row in told), [row["altitude"]["value_m"] / 1000.0 for row in told],
                          yerr=[1.645 * row["altitude"]["sd_m"] / 1000.0 for row in told], fmt="o", color=SIGHTING,
                          markeredgecolor="white", capsize=2, label=words("figure.reported"))  # fmt: skip
        axes.set_ylabel(words("figure.altitude"))
        axes.grid()
        axes.legend(frameon=False, fontsize=9, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        time_axis(axes, words)
    return figure


def errors(found: Comparison, sightings: Sequence[Row], words: Words) -> Figure:
    """Draw how far a withheld track lies from the mean, beside the radii that should hold it."""
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 2.9)
        axes = figure.subplots()
        axes.fill_between(found.time, 0, found.radius_90_km, color=TRACK, alpha=0.14, linewidth=0,
                          label=words("figure.radius", level="90"))  # fmt: skip
        axes.plot(found.time, found.radius_50_km, color=TRACK, linewidth=1, linestyle=":",
                  label=words("figure.radius", level="50"))  # fmt: skip
        axes.plot(found.time, found.error_km, color=TRUTH, linewidth=1.8, label=words("figure.error"))
        for instant in instants(row["time"] for row in sightings):
            axes.axvline(instant, color=SIGHTING, linewidth=0.8, alpha=0.6)
        axes.set_ylabel(words("figure.km"))
        axes.set_ylim(bottom=0)
        axes.grid()
        axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        time_axis(axes, words)
    return figure


def kind_of(row: Row) -> str:
    """Return what a row of a ledger is of: "country", "disputed" or "high_seas"."""
    if row["kind"] == HIGH_SEAS:
        return "high_seas"
    return "disputed" if row["disputed"] else "country"


def timeline(rows: Sequence[Row], names: Sequence[str], members: int, words: Words) -> Figure:
    """Draw when each country was entered and left, one bar a row of the ledger."""
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 1.25 + 0.34 * len(rows))
        axes = figure.subplots()
        for place, row in enumerate(reversed(rows)):
            strength, colour = 0.3 + 0.7 * float(row["probability"]), KINDS[kind_of(row)]
            early, entry, leave, late = (
                float(mdates.date2num(instants([row[c]])[0]))
                for c in ("entry_q05", "entry_q50", "exit_q50", "exit_q95")
            )
            axes.barh(place, late - early, left=early, height=0.62, color=colour, alpha=0.25 * strength)
            axes.barh(place, max(leave - entry, 1e-3), left=entry, height=0.62, color=colour, alpha=strength,
                      hatch="////" if kind_of(row) == "disputed" else None, edgecolor="white", linewidth=0)  # fmt: skip
            axes.text(1.01, place, words.chance(row, members), transform=axes.get_yaxis_transform(), va="center",
                      fontsize=9)  # fmt: skip
        handles = [Patch(facecolor=KINDS[kind], label=words(f"figure.{kind}"), edgecolor="white", linewidth=0,
                         hatch="////" if kind == "disputed" else None)
                   for kind in dict.fromkeys(kind_of(row) for row in rows)]  # fmt: skip
        axes.set_yticks(range(len(rows)), [_short(name) for name in reversed(names)], color=INK)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.legend(handles=handles, frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0.0, 1.0))
        time_axis(axes, words)
    return figure


def time_axis(axes: Axes, words: Words) -> None:
    """Set an axis of UTC, in figures alone, which every language reads."""
    locator = mdates.AutoDateLocator(minticks=3, maxticks=8)
    form = mdates.ConciseDateFormatter(
        locator,
        formats=["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"],
        zero_formats=["", "%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M"],
        offset_formats=["", "%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d"],
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(form)
    axes.set_xlabel(words("figure.utc"))


def instants(times: Any) -> NDArray[np.datetime64]:
    """Return times in ISO 8601 with their Z as datetime64, UTC."""
    return np.array([str(time).removesuffix("Z") for time in times], "datetime64[ns]")


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"


def _members(axes: Axes, projection: Projection, data: xr.Dataset, colour: str, label: str) -> None:
    lat, lon = (data[n].values[:DRAWN_MEMBERS].astype(np.float64) for n in ("lat", "lon"))
    x, y = projection.xy(lat, lon)
    lines = [np.column_stack(pair)[np.isfinite(pair[0])] for pair in zip(x, y, strict=True)]
    alpha = min(0.5, 12.0 / max(1, len(lines)))
    axes.add_collection(LineCollection(lines, colors=colour, linewidths=0.8, alpha=alpha, zorder=3))
    axes.plot([], [], color=colour, linewidth=3, alpha=0.7, label=label)


def _window(sets: Sequence[xr.Dataset], sightings: Sequence[Row]) -> tuple[Projection, float]:
    """Centre a map of 3 : 2 on all that is to be seen; return half its height too. [km]"""
    places = [np.column_stack([d["lat"].values.ravel(), d["lon"].values.ravel()]).astype(np.float64) for d in sets]
    seen = np.array([(row["lat"], row["lon"]) for row in sightings], np.float64).reshape(-1, 2)
    all_of = np.concatenate([*places, seen])
    known = all_of[np.isfinite(all_of).all(axis=1)]
    projection = Projection(*sphere.mean_place(known[:, 0], known[:, 1]))
    x, y = projection.xy(known[:, 0], known[:, 1])
    middle = [float(np.percentile(v, [0.5, 99.5]).mean()) for v in (x, y)]
    lat, lon = projection.latlon(*middle)
    projection = Projection(float(lat), float(lon))
    x, y = (np.abs(np.percentile(v, [0.5, 99.5])).max() for v in projection.xy(known[:, 0], known[:, 1]))
    seen_x, seen_y = (np.abs(v).max(initial=0.0) for v in projection.xy(seen[:, 0], seen[:, 1]))
    return projection, 1.18 * float(max(max(x, seen_x) / 1.5, y, seen_y, 20.0))


def _seen(projection: Projection, sightings: Sequence[Row]) -> F64:
    places = projection.xy([row["lat"] for row in sightings], [row["lon"] for row in sightings])
    return np.column_stack(places).reshape(-1, 2)


def _line(projection: Projection, mean: Sequence[Row]) -> tuple[F64, F64]:
    return projection.xy([row["lat"] for row in mean], [row["lon"] for row in mean])


def _marks(axes: Axes, seen: F64, flown: Flown, words: Words) -> None:
    doubtful = np.array(flown.doubtful, np.bool_)
    for which, fill, key in ((~doubtful, SIGHTING, "sighting"), (doubtful, "white", "doubtful")):
        if which.any():
            axes.plot(*seen[which].T, "o", color=fill, markeredgecolor=SIGHTING if fill == "white" else "white",
                      markersize=7, zorder=8, label=words(f"figure.{key}"))  # fmt: skip


def _numbers(axes: Axes, seen: F64, sightings: Sequence[Row], width_km: float, words: Words) -> None:
    """Label sightings by number and time, those that stand apart; the legend's corner is left free."""
    last = [(-0.85 * width_km, 0.55 * width_km)]
    for number, ((x, y), row) in enumerate(zip(seen, sightings, strict=True), start=1):
        if any(abs(x - a) < 0.26 * width_km and abs(y - b) < 0.07 * width_km for a, b in last):
            continue
        inward = -1 if x > 0.6 * width_km else 1  # so that a label does not run over the frame
        axes.annotate(f"{number}  {words.moment(row['time'], year=False)}", (x, y), (7 * inward, 6), fontsize=8.5,
                      textcoords="offset points", zorder=9, bbox=LABEL,
                      ha="right" if inward < 0 else "left")  # fmt: skip
        last.append((float(x), float(y)))


def _finish(axes: Axes, half_km: float, wide: float = 1.5) -> None:
    scale_bar(axes, wide * half_km, half_km)
    axes.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="#d5dde3", fontsize=9, labelcolor=INK)
    axes.tick_params(colors=MUTED)
