"""The engine's wind error in still air against the closed forms of Ornstein-Uhlenbeck displacement.

With the standard deviation ``s`` of a component, its correlation time ``T`` and ``x = t / T``, the displacement of a
component has ``rms = s T sqrt(2 (x - 1 + exp(-x)))``; where the error also turns at the Coriolis parameter ``f``, with
``a = 1/T + i f``, its variance is ``2 s^2 Re[t / a - (1 - exp(-a t)) / a^2]``. The median distance of a pair of
Gaussian components is ``sqrt(2 ln 2)`` times their rms.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from checks import page
from checks.numerics import START
from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.kernels.wind_error import EARTH_ROTATION_RAD_S
from overflight.flight import float_at_pressure
from overflight.geo import sphere
from overflight.winds import WindError

F64 = NDArray[np.float64]
MEMBERS = 4_000
MEDIAN = np.sqrt(2.0 * np.log(2.0))
PLAIN = ((2.5, 3.0), (3.0, 6.0), (3.5, 10.5))
"""Standard deviation of a component [m/s] and correlation time [h] of the anchors."""
HORIZONS_H = (1, 6, 12, 24, 48, 72, 120, 240)
LATITUDES, TURNING = (0.0, 10.0, 30.0, 45.0, 60.0), (3.0, 12.0)
SHRUNK = 0.01
"""The closed form holds the latitude; so do members whose error is a hundredth as large, scaled up again."""


def rms_m(s_ms: float, time_h: float, t_h: float, lat: float | None = None) -> float:
    """Return the closed form for one component; ``lat`` makes the error turn. [m]"""
    f = 0.0 if lat is None else 2.0 * EARTH_ROTATION_RAD_S * np.sin(np.radians(lat))
    a, t = 1.0 / (3600.0 * time_h) + 1j * f, 3600.0 * t_h
    return float(s_ms * np.sqrt(2.0 * (t / a - (1.0 - np.exp(-a * t)) / a**2).real))


def error_of(s_ms: float, time_h: float, *, turning: bool) -> WindError:
    """Return the error model with one Gaussian part of one size everywhere."""
    return WindError(
        levels_hpa=(1000.0,), latitudes=(0.0,), sd_ms=((s_ms,),), slow_share=0.0 if turning else 1.0,
        slow_time_s=3600.0 * time_h, wave_time_s=3600.0 * time_h, rotation=1.0, tail_dof=np.inf,
    )  # fmt: skip


def still() -> xr.Dataset:
    """Return ten days of air at rest."""
    rest = flows.Uniform(east_ms=(0.0,), north_ms=(0.0,))
    return flows.winds(rest, step_deg=6.0, hours=np.arange(0.0, 241.0, 12.0), levels_hpa=(1010.0, 990.0))


def displaced_m(error: WindError, lat: float, hours: float, *, members: int = MEMBERS, seed: int = 1) -> F64:
    """Return how far members have come from the start, shape (members, hours + 1). [m]"""
    flight, release = float_at_pressure(100_000.0), Release(time=START, lat=lat, lon=10.0)
    settings = Settings(wind_error=error, step_s=3600.0, output_s=3600.0)
    out = simulate(still(), flight, release, hours=hours, members=members, seed=seed, settings=settings)
    return sphere.distance_m(out["lat"].values, out["lon"].values, lat, 10.0)


def plain() -> dict[tuple[float, float], F64]:
    """Return the displacements of each (s, T) at the equator. [m]"""
    return {(s, t): displaced_m(error_of(s, t, turning=False), 0.0, HORIZONS_H[-1]) for s, t in PLAIN}


def by_latitude(shrink: float) -> dict[float, F64]:
    """Return the displacements of the turning error at each latitude, scaled up by what it was shrunk. [m]"""
    s, t = TURNING
    return {lat: displaced_m(error_of(s * shrink, t, turning=True), lat, 120.0) / shrink for lat in LATITUDES}


def plain_rows(found: dict[tuple[float, float], F64]) -> list[list[str]]:
    """Return closed form / engine, median separation in km, by horizon."""
    rows = []
    for (s, t), apart in found.items():
        cells = [f"{MEDIAN * rms_m(s, t, h) / 1e3:.0f} / {np.median(apart[:, h]) / 1e3:.0f}" for h in HORIZONS_H]
        rows.append([f"{s:g}", f"{t:g}", *cells])
    return rows


def latitude_rows(shrunk: dict[float, F64], full: dict[float, F64]) -> list[list[str]]:
    """Return, by latitude, closed form, engine with a hundredth of the error, and engine, at 24 and 120 h. [km]"""
    rows = []
    for lat in LATITUDES:
        cells = [f"{lat:g}"]
        for h in (24, 120):
            closed = MEDIAN * rms_m(*TURNING, h, lat) / 1e3
            cells += [f"{closed:.0f}", *(f"{np.median(d[lat][:, h]) / 1e3:.0f}" for d in (shrunk, full))]
        rows.append(cells)
    return rows


def draw(found: dict[tuple[float, float], F64], shrunk: dict[float, F64], full: dict[float, F64]) -> Path:
    """Draw median separation against time, and by latitude."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.2, 3.4), layout="constrained")
    hours = np.geomspace(1.0, 240.0, 100)
    for ((s, t), apart), colour in zip(found.items(), (page.GREEN, page.BLUE, page.RED), strict=True):
        left.loglog(hours, [MEDIAN * rms_m(s, t, h) / 1e3 for h in hours], color=colour, linewidth=1)
        points = [np.median(apart[:, h]) / 1e3 for h in HORIZONS_H]
        left.loglog(HORIZONS_H, points, "o", color=colour, markersize=4, label=f"{s:g} m/s, {t:g} h")
    left.set(xlabel="hours", ylabel="median separation [km]", title="Size and correlation time of the error")
    left.set_xticks(HORIZONS_H, [str(h) for h in HORIZONS_H])
    left.set_yticks([10, 30, 100, 300, 1000], ["10", "30", "100", "300", "1000"])
    left.legend(loc="upper left")
    degrees = np.linspace(0.0, 62.0, 100)
    for h, colour in ((24, page.BLUE), (120, page.RED)):
        right.plot(degrees, [MEDIAN * rms_m(*TURNING, h, a) / 1e3 for a in degrees], color=colour, linewidth=1)
        points, whole = ([np.median(d[lat][:, h]) / 1e3 for lat in LATITUDES] for d in (shrunk, full))
        right.plot(LATITUDES, points, "o", color=colour, markersize=4, label=f"{h} h, latitude held")
        right.plot(LATITUDES, whole, "o", color=colour, markersize=7, fillstyle="none", label=f"{h} h, full size")
    right.set(xlabel="latitude of the start [degrees]", title="An error that turns: 3 m/s, 12 h", ylim=(0.0, None))
    right.legend(loc="upper right")
    for axes in (left, right):
        axes.minorticks_off()
    return page.save(figure, "wind-error")
