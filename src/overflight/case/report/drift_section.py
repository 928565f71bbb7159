"""The drift test as figures: what it could notice, what else explains the track, speed and level in time."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overflight.case.report.chart import AHEAD, BACK, INK, MUTED, STYLE, TRACK, new_figure
from overflight.case.report.figures import time_axis
from overflight.infer import DriftTest
from overflight.infer.drift_result import Detail
from overflight.infer.hypotheses.power import SEEN, Power

STRENGTHS = (0.5, 1.0, 2.0)
"""Logarithms of Bayes factors from which evidence is substantial, strong, decisive (Jeffreys 1961, appendix B)."""


def drift_figure(test: DriftTest, start: np.datetime64) -> Figure:
    """Draw a drift test; ``start`` is the time of its first sighting, UTC."""
    with mpl.rc_context(STYLE):
        if test.detail is None:
            figure = new_figure(9.6, 3.0)
            _power(figure.subplots(), test.power)
            return figure
        figure = new_figure(9.6, 7.2)
        (power, factors), (speed, level) = figure.subplots(2, 2)
        _power(power, test.power)
        _factors(factors, test.detail)
        _speed(speed, test.detail, start)
        _level(level, test.detail, test, start)
    return figure


def _power(axes: Axes, power: Power) -> None:
    shades = np.linspace(0.35, 1.0, len(power.hours))
    for hours, row, shade in zip(power.hours, power.powered, shades, strict=True):
        axes.plot(power.speeds_ms, 100.0 * np.array(row), color=BACK, alpha=float(shade), marker="o", markersize=3,
                  label=f"held {hours:.0f} h")  # fmt: skip
    axes.plot(power.speeds_ms, 100.0 * np.array(power.not_drift), color=MUTED, linestyle="--",
              label="against one level")  # fmt: skip
    axes.axhline(100.0 * SEEN, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set(ylim=(-2, 102), ylabel="shown, %", xlabel="steady speed through the air, m/s")
    axes.set_title("What the test could notice")
    axes.legend(fontsize=8, frameon=False, loc="upper left")


def _factors(axes: Axes, detail: Detail) -> None:
    told = [f for f in detail.bayes_factors if f.log10 is not None]
    values = np.clip([f.log10 or 0.0 for f in told], -6.0, 6.0)
    axes.barh([f.story for f in told], values, color=[AHEAD if v > 0 else BACK for v in values], height=0.5)
    axes.axvline(0.0, color=INK, linewidth=0.8)
    for strength in STRENGTHS:
        for side in (-strength, strength):
            axes.axvline(side, color=MUTED, linewidth=0.5, linestyle=":")
    for row, factor in enumerate(told):
        axes.text(float(values[row]), row + 0.38, f"{factor.log10:+.1f}", fontsize=8, ha="center")
    widest = max(2.2, 1.2 * float(np.abs(values).max(initial=0.0)))
    axes.set(xlim=(-widest, widest), xlabel="log10 of the Bayes factor against drift at one level")
    axes.set_title("Other stories")


def _speed(axes: Axes, detail: Detail, start: np.datetime64) -> None:
    velocity = detail.air_velocity
    at = start + np.round(velocity.seconds * 1e9).astype("timedelta64[ns]")
    for values, colour, label in ((velocity.east_ms, TRACK, "eastward"), (velocity.north_ms, AHEAD, "northward")):
        wide = 1.645 * velocity.sd_ms
        axes.fill_between(at, values - wide, values + wide, color=colour, alpha=0.18, linewidth=0)
        axes.plot(at, values, color=colour, label=label)
    axes.axhline(0.0, color=INK, linewidth=0.8)
    time_axis(axes)
    axes.set_ylabel("m/s")
    axes.set_title("Velocity through the air, if there was one (90 %)")
    axes.legend(fontsize=8, frameon=False, loc="upper left")


def _level(axes: Axes, detail: Detail, test: DriftTest, start: np.datetime64) -> None:
    history = detail.level_history
    edges = start + np.round(history.seconds * 1e9).astype("timedelta64[ns]")
    axes.stairs(history.altitude_m / 1000.0, edges, baseline=None, color=TRACK, linewidth=1.8)
    axes.axhspan(test.band_m[0] / 1000.0, test.band_m[1] / 1000.0, color=BACK, alpha=0.12, linewidth=0)
    time_axis(axes)
    axes.set_ylabel("km")
    axes.set_title("Levels that explain the track best")
