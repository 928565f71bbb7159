"""The figures of a report; each takes the content and returns a matplotlib Figure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from overflight.airspace.ledger import chance
from overflight.case.report.chart import (
    AHEAD,
    BACK,
    INK,
    SIGHTING,
    STYLE,
    TRACK,
    TRUTH,
    new_figure,
)
from overflight.case.report.content import ReportContent
from overflight.case.report.ground import FARTHEST_M, Projection, draw_ground, scale_bar
from overflight.geo import sphere, times
from overflight.geo.density import Density

F64 = NDArray[np.float64]
_DRAWN_MEMBERS = 120


def main_map(content: ReportContent) -> Figure:
    """Draw track, ensembles before and after, sightings, and the truth where it is known."""
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 6.4)
        axes = figure.subplots()
        projection, width, height = _window(content)
        draw_ground(axes, projection, width, height, keep_clear=_marked(projection, content))
        for data, colour, label in (
            (content.hindcast, BACK, "before: drift back in time"),
            (content.forecast, AHEAD, "after: forecast"),
            (content.track.samples, TRACK, "track between sightings"),
        ):
            if data is not None:
                _members(axes, projection, data, colour, label)
        x, y = projection.xy(content.track.mean["lat"].values, content.track.mean["lon"].values)
        axes.plot(x, y, color=TRACK, linewidth=2, zorder=5)
        if content.truth is not None:
            x, y = projection.xy(content.truth["lat"], content.truth["lon"])
            axes.plot(x, y, color=TRUTH, linewidth=1.8, linestyle=(0, (4, 2)), zorder=6, label="withheld true track")
        _sighting_marks(axes, projection, content, width)
        scale_bar(axes, width, height)
        axes.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="#d5dde3", fontsize=8.5)
    return figure


def _marked(projection: Projection, content: ReportContent) -> F64:
    """Return where sightings and their labels stand, (n, 2). [km]"""
    return np.column_stack(projection.xy([s.lat for s in content.sightings], [s.lon for s in content.sightings]))


def _members(axes: Axes, projection: Projection, data: xr.Dataset, colour: str, label: str) -> None:
    lat, lon = (data[n].values[:_DRAWN_MEMBERS].astype(np.float64) for n in ("lat", "lon"))
    x, y = projection.xy(lat, lon)
    lines = [np.column_stack(pair)[np.isfinite(pair[0])] for pair in zip(x, y, strict=True)]
    alpha = min(0.5, 12.0 / max(1, len(lines)))
    axes.add_collection(LineCollection(lines, colors=colour, linewidths=0.8, alpha=alpha, zorder=3))
    axes.plot([], [], color=colour, linewidth=3, alpha=0.7, label=label)


def _window(content: ReportContent) -> tuple[Projection, float, float]:
    """Centre the map on all that is to be seen, in a 3 : 2 frame."""
    sets = [d for d in (content.hindcast, content.track.samples, content.forecast) if d is not None]
    lat = np.concatenate([d["lat"].values.ravel() for d in sets] + [[s.lat for s in content.sightings]]).astype(float)
    lon = np.concatenate([d["lon"].values.ravel() for d in sets] + [[s.lon for s in content.sightings]]).astype(float)
    known = np.isfinite(lat) & np.isfinite(lon)
    projection = Projection(*sphere.mean_place(lat[known], lon[known]))
    x, y = projection.xy(lat[known], lon[known])
    middle = [float(np.percentile(v, [0.5, 99.5]).mean()) for v in (x, y)]
    azimuth, distance_m = np.degrees(np.arctan2(middle[0], middle[1])), 1000.0 * np.hypot(middle[0], middle[1])
    centre = sphere.move(projection.lat, projection.lon, azimuth, distance_m)
    projection = Projection(float(centre[0]), float(centre[1]))
    x, y = projection.xy(lat[known], lon[known])
    (west, east), (south, north) = (np.percentile(v, [0.5, 99.5]) for v in (x, y))
    seen = np.array([(s.lat, s.lon) for s in content.sightings])
    seen_x, seen_y = projection.xy(seen[:, 0], seen[:, 1])
    half_width = 1.18 * max(-west, east, float(np.abs(seen_x).max()), 30.0)
    half_height = 1.18 * max(-south, north, float(np.abs(seen_y).max()), 20.0)
    half_width = max(half_width, 1.5 * half_height)
    return projection, float(half_width), float(half_width / 1.5)


def _sighting_marks(axes: Axes, projection: Projection, content: ReportContent, width_km: float) -> None:
    last: list[tuple[float, float]] = []
    for number, seen in enumerate(content.sightings, start=1):
        x, y = (float(v) for v in projection.xy(seen.lat, seen.lon))
        axes.plot(x, y, "o", color=SIGHTING, markeredgecolor="white", markersize=7, zorder=8,
                  label="sighting" if number == 1 else None)  # fmt: skip
        if all(np.hypot(x - a, y - b) > 0.09 * width_km for a, b in last):
            text = f"{number}  {seen.time:%d %b %H:%M}"
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.78, "pad": 1.2}
            inward = -1 if x > 0.7 * width_km else 1  # so that a label does not run over the frame
            axes.annotate(text, (x, y), (7 * inward, 6), textcoords="offset points", fontsize=8, zorder=9, bbox=box,
                          ha="right" if inward < 0 else "left")  # fmt: skip
            last.append((x, y))


def timeline(content: ReportContent) -> Figure | None:
    """Draw when each country was entered and left, one bar a country."""
    if content.ledger is None or content.ledger.table.empty:
        return None
    table, members = content.ledger.table, content.ledger.members
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 1.0 + 0.36 * len(table))
        axes = figure.subplots()
        for row_number, (_, row) in enumerate(table.iterrows()):
            place = len(table) - 1 - row_number
            strength = 0.25 + 0.75 * float(row["probability"])
            early, entry, leave, late = (
                mdates.date2num(row[c]) for c in ("entry_q05", "entry_q50", "exit_q50", "exit_q95")
            )
            axes.barh(place, late - early, left=early, height=0.62, color=BACK, alpha=0.22 * strength)
            axes.barh(place, max(leave - entry, 1e-3), left=entry, height=0.62, color=BACK, alpha=strength)
            axes.text(
                1.01, place, chance(row, members), transform=axes.get_yaxis_transform(), va="center", fontsize=8.5
            )
        axes.set_yticks(range(len(table)), [str(n) for n in table["name"]][::-1], color=INK)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        time_axis(axes)
    return figure


def altitude_plot(content: ReportContent) -> Figure:
    """Draw altitude against time: samples of the track, reports, and the truth where it is known."""
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 3.0)
        axes = figure.subplots()
        when = content.track.samples["time"].values
        low, middle, high = np.nanpercentile(content.track.samples["altitude"].values, [5, 50, 95], axis=0) / 1000.0
        axes.fill_between(when, low, high, color=TRACK, alpha=0.15, linewidth=0, label="90 % band of the track")
        axes.plot(when, middle, color=TRACK, linewidth=1.6, label="median")
        if content.truth is not None:
            axes.plot(content.truth["time"], content.truth["altitude_m"] / 1000.0, color=TRUTH, linestyle=(0, (4, 2)),
                      label="withheld truth")  # fmt: skip
        told = [s for s in content.sightings if s.altitude is not None]
        if told:
            axes.errorbar([_naive(s.time) for s in told], [s.altitude.value_m / 1000.0 for s in told if s.altitude],
                          yerr=[1.645 * s.altitude.sd_m / 1000.0 for s in told if s.altitude], fmt="o", color=SIGHTING,
                          markeredgecolor="white", capsize=2, label="reported")  # fmt: skip
        axes.set_ylabel("altitude, km")
        axes.grid()
        axes.legend(frameon=False, fontsize=8.5, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        time_axis(axes)
    return figure


def error_plot(content: ReportContent) -> Figure | None:
    """Draw how far the truth lies from the mean of the track, beside the radius that should hold it."""
    if content.truth is None:
        return None
    from overflight.case.report.truth import compared  # noqa: PLC0415 - only where a truth is at hand

    found = compared(content.track, content.truth)
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 2.8)
        axes = figure.subplots()
        axes.fill_between(found.time, 0, found.radius_90_km, color=TRACK, alpha=0.14, linewidth=0, label="90 % radius")
        axes.plot(found.time, found.radius_50_km, color=TRACK, linewidth=1, linestyle=":", label="50 % radius")
        axes.plot(found.time, found.error_km, color=TRUTH, linewidth=1.8, label="distance of the truth from the mean")
        for seen in content.sightings:
            axes.axvline(_naive(seen.time), color=SIGHTING, linewidth=0.8, alpha=0.6)
        axes.set_ylabel("km")
        axes.set_ylim(bottom=0)
        axes.grid()
        axes.legend(frameon=False, fontsize=8.5, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        time_axis(axes)
    return figure


def cell_shapes(density: Density, projection: Projection) -> tuple[list[F64], NDArray[np.bool_]]:
    """Return one outline x, y a cell [km], and which cells (n,) have one.

    Outlines are taken whole from the sphere, so that neither the antimeridian nor a pole cuts them. Those about the
    antipode are left out: they turn inside out in this projection.
    """
    outlines = density.outlines()
    farthest = [float(sphere.distance_m(projection.lat, projection.lon, o[:, 0], o[:, 1]).max()) for o in outlines]
    drawn = np.array(farthest) < FARTHEST_M
    shapes = [np.column_stack(projection.xy(o[:, 0], o[:, 1])) for o, on in zip(outlines, drawn, strict=True) if on]
    return shapes, drawn


def time_axis(axes: Axes) -> None:
    """Set an axis of UTC."""
    locator = mdates.AutoDateLocator(minticks=3, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    axes.set_xlabel("UTC")


def _naive(instant: datetime) -> Any:
    return times.to_datetime64(instant)
