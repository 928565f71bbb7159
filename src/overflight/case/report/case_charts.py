"""Figures of a case's report drawn from its findings: the drift test, and maps of where launches and landings lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from overflight.case.report.case_maps import LABEL, instants, time_axis
from overflight.case.report.chart import AHEAD, BACK, INK, MUTED, SIGHTING, STYLE, TRACK, new_figure
from overflight.case.report.ground import Projection, cell_shapes, draw_ground, scale_bar
from overflight.case.report.words import Words
from overflight.geo import sphere
from overflight.geo.density import Density
from overflight.infer.hypotheses.power import SEEN

Result = Mapping[str, Any]
DRAWN_LEVEL = 0.99
"""Cells outside this region are not drawn: they stretch over half the Earth."""
SHADES = ((0.99, "#d7e8f4"), (0.9, "#86bbdd"), (0.5, BACK))
LEAST_SITE = 0.001
"""A site of less probability is not named."""
LEAST_KM = {True: 30.0, False: 3.0}
"""Least half height of a map, of launches and of landings."""
_NAMED, _NS = 4, 1e9
STRENGTHS = (0.5, 1.0, 2.0)
"""Logarithms of Bayes factors from which evidence is substantial, strong, decisive (Jeffreys 1961, appendix B)."""


def drift(result: Result, start: str, words: Words) -> Figure:
    """Draw the finding of a drift test; ``start`` is the time of its first sighting."""
    detail = result["detail"]
    with mpl.rc_context(STYLE):
        if detail is None:
            figure = new_figure(9.6, 3.2)
            _power(figure.subplots(), result["power"], words)
            return figure
        figure = new_figure(9.6, 7.4)
        (power, factors), (speed, level) = figure.subplots(2, 2)
        _power(power, result["power"], words)
        _factors(factors, detail["bayes_factors"], words)
        _speed(speed, detail["air_velocity"], start, words)
        _level(level, detail["level_history"], result["band_m"], start, words)
    return figure


def _power(axes: Axes, power: Result, words: Words) -> None:
    shades = np.linspace(0.35, 1.0, len(power["hours"]))
    for hours, row, shade in zip(power["hours"], power["powered"], shades, strict=True):
        axes.plot(power["speeds_ms"], 100.0 * np.array(row), color=BACK, alpha=float(shade), marker="o", markersize=3,
                  label=words("figure.held", hours=words.number(hours)))  # fmt: skip
    axes.plot(power["speeds_ms"], 100.0 * np.array(power["not_drift"]), color=MUTED, linestyle="--",
              label=words("figure.against_level"))  # fmt: skip
    axes.axhline(100.0 * SEEN, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set(ylim=(-2, 142), yticks=range(0, 101, 20), ylabel=words("figure.shown"), xlabel=words("figure.speed"))
    axes.set_title(words("figure.power_title"))
    axes.legend(fontsize=8.5, frameon=False, loc="upper left")


def _factors(axes: Axes, factors: Sequence[Result], words: Words) -> None:
    told = [f for f in factors if f["log10"] is not None]
    values = np.clip([f["log10"] for f in told], -6.0, 6.0)
    axes.barh(range(len(told)), values, color=[AHEAD if v > 0 else BACK for v in values], height=0.5)
    axes.set_yticks(range(len(told)), [words.of("drift_story", f["story"]) for f in told])
    axes.axvline(0.0, color=INK, linewidth=0.8)
    for strength in (sign * s for s in STRENGTHS for sign in (-1, 1)):
        axes.axvline(strength, color=MUTED, linewidth=0.5, linestyle=":")
    for row, factor in enumerate(told):
        sign = "+" if factor["log10"] > 0 else "−"
        axes.text(float(values[row]), row + 0.38, f"{sign}{words.number(abs(factor['log10']), 1)}", fontsize=8.5,
                  ha="center")  # fmt: skip
    axes.set_ylim(-0.5, max(len(told), 1) - 0.2)
    widest = max(2.2, 1.2 * float(np.abs(values).max(initial=0.0)))
    axes.set(xlim=(-widest, widest))
    axes.set_xlabel(words("figure.factor"), fontsize=8.5)
    axes.set_title(words("figure.stories_title"))


def _speed(axes: Axes, velocity: Result, start: str, words: Words) -> None:
    at = _later(start, velocity["seconds"])
    wide = 1.645 * np.array(velocity["sd_ms"])
    for name, colour in (("eastward", TRACK), ("northward", AHEAD)):
        values = np.array(velocity[f"{name.removesuffix('ward')}_ms"])
        axes.fill_between(at, values - wide, values + wide, color=colour, alpha=0.18, linewidth=0)
        axes.plot(at, values, color=colour, label=words(f"figure.{name}"))
    axes.axhline(0.0, color=INK, linewidth=0.8)
    time_axis(axes, words)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.22 * (high - low))  # so that the legend stands above the curves
    axes.set_ylabel(words("figure.ms"))
    axes.set_title(words("figure.velocity_title"))
    axes.legend(fontsize=8.5, frameon=False, loc="upper left")


def _level(axes: Axes, history: Result, band_m: Sequence[float], start: str, words: Words) -> None:
    edges = mdates.date2num(_later(start, history["seconds"]))
    axes.stairs(np.array(history["altitude_m"]) / 1000.0, edges, baseline=None, color=TRACK, linewidth=1.8)
    axes.axhspan(band_m[0] / 1000.0, band_m[1] / 1000.0, color=BACK, alpha=0.12, linewidth=0)
    time_axis(axes, words)
    axes.set_ylabel(words("figure.km"))
    axes.set_title(words("figure.levels_title"))


def _later(start: str, seconds: Sequence[float]) -> NDArray[np.datetime64]:
    steps = np.round(np.array(seconds, np.float64) * _NS).astype("timedelta64[ns]")
    return np.asarray(instants([start])[0] + steps)


def regions(density: Density, words: Words, *, sites: Sequence[Result] = (), windows: Sequence[Result] = ()) -> Figure:
    """Draw the regions of 50, 90 and 99 % with the places named, and when, where windows of time are given."""
    drawn = density.region(DRAWN_LEVEL)
    centres = density.centres()[drawn]
    projection = Projection(*sphere.mean_place(centres[:, 0], centres[:, 1]))
    with mpl.rc_context(STYLE):
        figure = new_figure(9.6, 7.2 if windows else 6.0)
        if windows:
            axes, below = figure.subplots(2, 1, height_ratios=(5.0, 1.0))
            _windows(below, windows, words)
        else:
            axes = figure.subplots()
        shapes, fits = cell_shapes(density, projection)
        shown = [shape for shape, on in zip(shapes, drawn[fits], strict=True) if on]
        x, y = np.abs(np.concatenate(shown)).max(axis=0)
        half = 1.15 * max(x / 1.7, y, LEAST_KM[bool(windows)])
        places = np.array([projection.xy(s["lat"], s["lon"]) for s in sites[:_NAMED]], np.float64).reshape(-1, 2)
        draw_ground(axes, projection, 1.7 * half, half, keep_clear=places)
        for level, colour in SHADES:
            inside = density.region(level)[fits] & drawn[fits]
            chosen = [shape for shape, on in zip(shapes, inside, strict=True) if on]
            axes.add_collection(PolyCollection(chosen, facecolors=colour, edgecolors="none", alpha=0.8, zorder=2))
            axes.plot([], [], color=colour, linewidth=6, label=words("figure.region", level=f"{100 * level:.0f}"))
        _sites(axes, sites, places, words)
        scale_bar(axes, 1.7 * half, half)
        axes.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="#d5dde3", fontsize=9)
    return figure


def _sites(axes: Axes, sites: Sequence[Result], places: NDArray[np.float64], words: Words) -> None:
    for site, (x, y) in zip(sites, places, strict=False):
        axes.plot(x, y, "^", color=SIGHTING, markeredgecolor="white", markersize=8, zorder=8)
        inward = -1 if x > 0.0 else 1
        axes.annotate(f"{site['name']}  {words.share(site['probability'], 1)}", (x, y), (7 * inward, 6), fontsize=8.5,
                      textcoords="offset points", zorder=9, bbox=LABEL, ha="right" if inward < 0 else "left",
                      clip_on=True)  # fmt: skip


def _windows(axes: Axes, windows: Sequence[Result], words: Words) -> None:
    edges = instants([*(w["from"] for w in windows), windows[-1]["to"]])
    hours = np.diff(edges) / np.timedelta64(1, "h")
    rate = 100.0 * np.array([w["probability"] for w in windows]) / hours
    axes.bar(edges[:-1], rate, width=np.diff(edges), align="edge", color=BACK)
    axes.set(ylabel=words("figure.an_hour"), xlim=(edges[0], edges[-1]))
    axes.set_title(words("figure.launched_title"), color=INK)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    time_axis(axes, words)
