"""The engine against flows whose paths are known: closed forms, closure, order of convergence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from numpy.typing import ArrayLike, NDArray

from checks import page
from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.pack import WindPack
from overflight.drift.run import Job, Run
from overflight.flight import Flight, float_at_altitude, float_at_density, float_at_pressure, sounding
from overflight.geo import atmosphere, sphere
from overflight.winds import open_winds

F64 = NDArray[np.float64]
PRESSURE_PA = 5_000.0
ALTITUDE_M = float(atmosphere.altitude_m(PRESSURE_PA))
"""Height of that pressure in the standard atmosphere, which these winds, being without heights, have."""
START = datetime.fromisoformat(str(flows.EPOCH)[:19]).replace(tzinfo=UTC)
FLOAT = float_at_pressure(PRESSURE_PA)

STEPS_H = (12.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0.25)
SLOPE_OVER_H = (4.0, 0.5)
"""Steps between which the order is fitted: above, the step is not small against the flow's own 7.7 hours; below, the
miss comes down to the metre that float32 winds are good for."""
TOLERANCES_M = (1000.0, 100.0, 10.0, 1.0, 0.1)
SHEAR_HOURS = 96.0


def carried(
    winds: xr.Dataset, flight: Flight, lat: ArrayLike, lon: ArrayLike, hours: float, *, start: datetime = START,
    **settings: Any,
) -> xr.Dataset:  # fmt: skip
    """Carry one float from each place; a single wind time holds for the whole run."""
    lat, lon = (np.array(a, np.float64) for a in np.broadcast_arrays(np.atleast_1d(lat), np.atleast_1d(lon)))
    chosen = Settings(steady=winds.sizes["time"] == 1, **settings)
    release = Release(time=start, lat=lat, lon=lon)
    return simulate(winds, flight, release, hours=hours, members=lat.size, seed=1, settings=chosen)


def misses_m(
    flow: flows.Flow, winds: xr.Dataset, lat: ArrayLike, lon: ArrayLike, hours: float, *, flight: Flight = FLOAT,
    **settings: Any,
) -> F64:  # fmt: skip
    """Distance of the engine's ends from the exact ones. [m]"""
    out = carried(winds, flight, lat, lon, hours, **settings)
    exact = flow.place(np.asarray(lat, np.float64), np.asarray(lon, np.float64), 3600.0 * hours)
    return sphere.distance_m(out["end_lat"].values, out["end_lon"].values, *exact)


@dataclass(frozen=True)
class ClosedForm:
    """One row of the table: a flow, where floats start in it, for how long, and how far they go. [km]"""

    name: str
    flow: flows.Flow
    lat: tuple[float, ...]
    lon: tuple[float, ...]
    hours: float
    wind_hours: tuple[float, ...]
    distance_km: float

    def miss_m(self) -> float:
        """Return the largest distance from the exact end. [m]"""
        winds = flows.winds(self.flow, hours=self.wind_hours, levels_hpa=(60.0, 40.0))
        return float(misses_m(self.flow, winds, self.lat, self.lon, self.hours).max())


ROUND_KM = 2.0 * np.pi * (sphere.EARTH_RADIUS_M + ALTITUDE_M) / 1e3
DAY, FIVE_DAYS = (0.0, 6.0, 12.0, 18.0, 24.0), tuple(np.arange(0.0, 121.0, 3.0))
CLOSED_FORMS = (
    ClosedForm("solid rotation, along the equator", flows.SolidRotation(altitude_m=ALTITUDE_M), (0.0, 0.0, 0.0),
               (0.0, 90.3, 179.9), 24.0, DAY, ROUND_KM),
    ClosedForm("solid rotation, through both poles, on a meridian of the grid",
               flows.SolidRotation(axis_lat=0.0, altitude_m=ALTITUDE_M), (0.0, 0.0, 60.0, -60.0),
               (90.0, -90.0, 90.0, 90.0), 24.0, DAY, ROUND_KM),
    ClosedForm("the same, midway between two meridians of the grid",
               flows.SolidRotation(axis_lat=0.0, axis_lon=0.25, altitude_m=ALTITUDE_M), (0.0, 0.0), (90.25, -89.75),
               24.0, DAY, ROUND_KM),
    ClosedForm("steady jet of 60 m/s, on a row of the grid", flows.Jet(altitude_m=ALTITUDE_M), (40.0, 45.0, 30.0),
               (0.0, 170.0, -30.0), 24.0, DAY, 5_184.0),
    ClosedForm("uniform wind, 10 to 20 m/s in a day", flows.Uniform(altitude_m=ALTITUDE_M), (0.0, 40.0, -50.0),
               (175.0, 0.0, -170.0), 24.0, DAY, 1_300.0),
    ClosedForm("travelling wave, 3-hourly winds, 5 days", flows.Wave(altitude_m=ALTITUDE_M), (0.0,) * 36,
               tuple(np.arange(-180.0, 180.0, 10.0)), 120.0, FIVE_DAYS, 8_640.0),
)  # fmt: skip


def closed_form_rows() -> list[list[str]]:
    """Return name, distance and largest miss of every closed form."""
    return [[c.name, f"{c.distance_km:,.0f}", f"{c.miss_m():.1f}"] for c in CLOSED_FORMS]


def shear() -> tuple[flows.Shear, xr.Dataset]:
    """Return the flow that linear interpolation represents exactly, and its winds."""
    flow = flows.Shear(altitude_m=ALTITUDE_M)
    return flow, flows.winds(flow, step_deg=2.0, hours=[0.0])


def convergence() -> dict[str, F64]:
    """Miss after four days by step, for each fixed-step method, and by tolerance for the adaptive one. [m]"""
    flow, winds = shear()

    def miss(**settings: Any) -> float:
        flight = float_at_altitude(ALTITUDE_M)  # the kernel in float64, so that the fewest roundings are left
        return float(misses_m(flow, winds, [60.0], [20.0], SHEAR_HOURS, flight=flight, **settings)[0])

    found = {m: np.array([miss(method=m, step_s=3600.0 * h) for h in STEPS_H]) for m in ("rk4", "rk2")}
    found["adaptive"] = np.array([miss(method="adaptive", tolerance_m=t) for t in TOLERANCES_M])
    return found


def order(miss: F64) -> float:
    """Slope of log miss against log step over the steps where it tells of the method."""
    step = np.array(STEPS_H)
    use = (step <= SLOPE_OVER_H[0]) & (step >= SLOPE_OVER_H[1])
    return float(np.polyfit(np.log(step[use]), np.log(miss[use]), 1)[0])


def tolerance_slope(miss: F64) -> float:
    """Slope of log miss against log tolerance."""
    return float(np.polyfit(np.log(TOLERANCES_M), np.log(miss), 1)[0])


CLOSURE_MEMBERS = 400
CLOSURE_FIELDS = (
    ("GFS 2004-12-12", "gfs_20041209T12_f072_global_2p5deg.nc"),
    ("GFS 2011-01-15", "gfs_20110110T12_f120_global_2p5deg.nc"),
    ("ERA5 1959-01-02", "era5_19590102T00_global_tl31.nc"),
)
CLOSURE_FLIGHTS = (
    ("50 hPa", float_at_pressure(5_000.0)),
    ("200 hPa", float_at_pressure(20_000.0)),
    ("0.09 kg/m3", float_at_density(0.09)),
)


def closure_m(winds: xr.Dataset, flight: Flight, *, members: int = CLOSURE_MEMBERS) -> F64:
    """Five days forward and back from places spread evenly over the globe: distance from the start. [m]"""
    rng = np.random.default_rng(4)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, members))), rng.uniform(-180.0, 180.0, members)
    start = datetime.fromisoformat(str(winds["time"].values[0])[:19]).replace(tzinfo=UTC)
    out = carried(winds, flight, lat, lon, 120.0, start=start)
    back = carried(winds, flight, out["end_lat"], out["end_lon"], -120.0, start=start + timedelta(hours=120))
    return sphere.distance_m(back["end_lat"].values, back["end_lon"].values, lat, lon)


def closure_rows(data: Path) -> list[list[str]]:
    """Return field, level, and median, 99 % and largest misclosure."""
    rows = []
    for name, file in CLOSURE_FIELDS:
        winds = open_winds(data / "winds" / file)
        for level, flight in CLOSURE_FLIGHTS:
            found = np.quantile(closure_m(winds, flight), [0.5, 0.99, 1.0])
            rows.append([name, level, *(f"{v:.2f}" for v in found)])
    return rows


def high_closure_m(data: Path) -> F64:
    """Return the five-day misclosure at 11 hPa in the winds where it is worst. [m]"""
    return closure_m(open_winds(data / "winds" / CLOSURE_FIELDS[1][1]), float_at_pressure(1_100.0))


SOUNDING = sounding(5.0, 28_000.0, 5.0)


def sounding_misses_m(data: Path, step_s: float, *, members: int = 200) -> F64:
    """Distance of landings at a step from those at 2 s: soundings of two hours from everywhere, real winds held. [m]"""
    winds = open_winds(data / "winds" / CLOSURE_FIELDS[1][1])
    rng = np.random.default_rng(5)
    lat, lon = rng.uniform(-70.0, 70.0, members), rng.uniform(-180.0, 180.0, members)
    start = Release(time=np.repeat(winds["time"].values[:1], members), lat=lat, lon=lon, altitude_m=0.0)
    places = []
    for step in (step_s, 2.0):
        settings, pack = Settings(step_s=step, steady=True), WindPack(winds, columns=True, steady=True)
        ended = Run(
            pack, Job(SOUNDING, start.draw(members, 1), 5.0, 1, range(members)), settings
        ).fly()  # not held to 60 s
        places.append(ended.places())
        pack.close()
    return sphere.distance_m(*places[0], *places[1])


def draw(found: dict[str, F64]) -> Path:
    """Draw miss against step, and against tolerance."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.2, 3.4), layout="constrained", sharey=True)
    for (method, n), colour in zip((("rk4", 4), ("rk2", 2)), (page.BLUE, page.RED), strict=True):
        miss, step = found[method], np.array(STEPS_H)
        left.loglog(step, miss, "o", color=colour, markersize=4)
        anchor = step.tolist().index(2.0)
        left.loglog(step, miss[anchor] * (step / 2.0) ** n, "-", color=colour, linewidth=1)
        text = f"{method}: slope {n}, fitted {order(miss):.2f}"
        at = (0.25, miss[-1]) if n == 2 else (1.0, miss[-3])
        left.annotate(text, at, (-4, 44) if n == 2 else (14, -10), textcoords="offset points", color=colour)
    left.set(xlabel="step [h]", ylabel="miss after 4 days [m]", title="Fixed steps", ylim=(0.05, 2e6))
    left.set_xticks([0.25, 0.5, 1, 2, 4, 8, 12], ["¼", "½", "1", "2", "4", "8", "12"])
    right.loglog(TOLERANCES_M, found["adaptive"], "o", color=page.GREEN, markersize=4)
    anchored = found["adaptive"][2] * (np.array(TOLERANCES_M) / 10.0) ** 0.8
    right.loglog(TOLERANCES_M, anchored, "-", color=page.GREEN, linewidth=1)
    text = f"slope 0.8, fitted {tolerance_slope(found['adaptive']):.2f}"
    right.annotate(text, (1.0, found["adaptive"][3]), (14, -14), textcoords="offset points", color=page.GREEN)
    right.set(xlabel="tolerance of one step [m]", title="Adaptive steps")
    for axes in (left, right):
        axes.minorticks_off()
    return page.save(figure, "numerics")
