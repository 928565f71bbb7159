"""Two vehicles under parachute, EuRoC 2023, in the hourly ERA5 of their place and hour.

Each is followed from the first fix under parachute with a sound position, in three ways: ``recorded`` takes the
altitude from the record, which leaves the wind alone to err; ``seen`` takes the fall speed from the half minute after
that fix, as somebody who follows the flight knows it, and starts at its end; ``published`` takes mass and drag area of
the parachute as published with the vehicle, as one knows them before the flight.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from checks import page
from checks.region import ellipse_m, offsets_m, share_within
from overflight.drift import Release, Settings, simulate
from overflight.flight import Flight
from overflight.flight.phases import SEA_LEVEL_KG_M3, Descent, Recorded
from overflight.flight.until import Until
from overflight.geo import atmosphere, sphere
from overflight.geo.spread import Spread, Value
from overflight.geo.terrain import Terrain
from overflight.winds import WindError, open_winds

F64 = NDArray[np.float64]
WINDS = "era5_euroc/era5_2023-10-12_15_portugal_pl37.nc"
LIFT_OFF = "T13:00"
"""Both teams give 14 h local time, about; Portugal was an hour ahead of UTC."""
MEMBERS = 400
PUBLISHED_SD = 0.4
"""Of the logarithm of the ballistic coefficient: 0.3 to 0.5 by judgement."""
SEEN_SD = 0.07
"""Of the logarithm of a speed seen: the median error of a descent predicted from its upper half, 18 flights."""
SEEN_S = 30.0
SETTLED_S = 10.0
SATELLITES = 10
TOUCHED_M = 2.0
STEP_S = 5.0


@dataclass(frozen=True)
class Vehicle:
    """What is known of a vehicle beforehand, and where its record is.

    Ground height and parachute are those of the team's own published simulation (RocketPy documentation, flight
    examples): mass after burn-out [kg], drag coefficient times area [m2]. ``is_whole``: recorded down to the ground.
    """

    name: str
    file: str
    date: str
    ground_m: float
    mass_kg: float
    drag_area_m2: float
    is_whole: bool


HALCYON = Vehicle("Halcyon", "descent_halcyon_2023-10-13", "2023-10-13", 130.0, 14.613 + 10.670, 9.621, False)
CAMOES = Vehicle("Camoes", "descent_camoes_2023-10-14", "2023-10-14", 107.0, 22.8, 0.33, True)
VEHICLES = (HALCYON, CAMOES)


@dataclass(frozen=True)
class Record:
    """Fixes from the first sound one under parachute: seconds since lift-off, degrees, metres above the sea."""

    t: F64
    lat: F64
    lon: F64
    altitude_m: F64
    lift_off: np.datetime64

    def at(self, t: F64 | float) -> tuple[F64, F64]:
        """Return the place at seconds since lift-off."""
        return np.interp(t, self.t, self.lat), np.interp(t, self.t, self.lon)

    def instant(self, t: F64) -> NDArray[np.datetime64]:
        """Return seconds since lift-off as times."""
        return self.lift_off + np.round(np.asarray(t) * 1e9).astype("timedelta64[ns]")

    @property
    def seen_to(self) -> int:
        """Number of the fix at the end of the half minute."""
        return int(np.searchsorted(self.t, self.t[0] + SEEN_S))

    @property
    def seen_speed_ms(self) -> float:
        """Fall speed of that half minute, brought to the density of sea level. [m/s]"""
        i = self.seen_to
        fall = (self.altitude_m[0] - self.altitude_m[i]) / (self.t[i] - self.t[0])
        density = float(atmosphere.density_kg_m3(self.altitude_m[: i + 1].mean()))
        return float(fall * np.sqrt(density / SEA_LEVEL_KG_M3))


def record(vehicle: Vehicle, data: Path) -> Record:
    """Read the descent of a vehicle; the altimeter counts from the ground it started from."""
    height, fixes = (
        np.loadtxt(data / "flights" / f"{vehicle.file}_{kind}.csv", delimiter=",", skiprows=1).T
        for kind in ("altitude", "gnss")
    )
    first, last = _first_sound(fixes, height[0][height[1].argmax()]), fixes.shape[1]
    if vehicle.is_whole:  # what follows lies on the ground
        landed = height[0][np.argmax((height[0] > fixes[0][first]) & (height[1] < height[1][-1] + TOUCHED_M))]
        last = int(np.searchsorted(fixes[0], landed)) + 1
    t, lat, lon = fixes[:3, first:last]
    altitude = np.interp(t, height[0], height[1]) + vehicle.ground_m
    return Record(t, lat, lon, altitude, np.datetime64(vehicle.date + LIFT_OFF, "ns"))


def _first_sound(fixes: F64, apogee_s: float) -> int:
    """Return the first fix after the parachute opened that begins ten seconds with enough satellites."""
    t, enough = fixes[0], fixes[3] >= SATELLITES
    for i in np.flatnonzero(t > apogee_s + SETTLED_S):
        if enough[i : np.searchsorted(t, t[i] + SETTLED_S)].all():
            return int(i)
    raise ValueError(f"no {SETTLED_S:g} s with {SATELLITES} satellites")


@dataclass(frozen=True)
class Prediction:
    """One way to predict: seconds since lift-off, path, miss [m]; end by the clock, and its cloud of members."""

    how: str
    t: F64
    lat: F64
    lon: F64
    miss_m: F64
    travelled_m: float
    end: tuple[float, float]
    end_miss_m: float
    end_late_s: float
    share: float
    cloud: tuple[F64, F64]


def predict(vehicle: Vehicle, track: Record, winds: xr.Dataset, how: str, *, members: int = MEMBERS) -> Prediction:
    """Predict the descent in one of the three ways, once and as an ensemble with wind error and spread of the fall."""
    start = track.seen_to if how == "seen" else 0
    hours = (track.t[-1] - track.t[start]) / 3600.0 * (1.0 if how == "recorded" else 3.0)

    def run(flight: Flight, error: WindError | None, count: int) -> xr.Dataset:
        release = Release(time=np.repeat(track.instant(track.t[start]), count), lat=track.lat[start],
                          lon=track.lon[start], altitude_m=float(track.altitude_m[start]))  # fmt: skip
        ground = Terrain.load() if vehicle.is_whole else None
        settings = Settings(step_s=STEP_S, output_s=STEP_S, wind_error=error, terrain=ground)
        return simulate(winds, flight, release, hours=hours, members=count, seed=1, settings=settings)

    one = run(_fall(vehicle, track, how, spread=False), None, 1)
    many = run(_fall(vehicle, track, how, spread=True), WindError(), members)
    t = (one["time"].values - track.lift_off) / np.timedelta64(1, "s")
    end_s = float((one["end_time"].values[0] - track.lift_off) / np.timedelta64(1, "s"))
    shown = t <= min(end_s, track.t[-1])
    lat, lon = (one[n].values[0, shown].astype(np.float64) for n in ("lat", "lon"))
    end, truth = (float(one["end_lat"][0]), float(one["end_lon"][0])), (float(track.lat[-1]), float(track.lon[-1]))
    cloud = (many["end_lat"].values, many["end_lon"].values)
    return Prediction(
        how, t[shown], lat, lon, sphere.distance_m(lat, lon, *track.at(t[shown])),
        float(sphere.distance_m(track.lat[start], track.lon[start], *truth)), end,
        float(sphere.distance_m(*end, *truth)), end_s - float(track.t[-1]), share_within(*cloud, truth), cloud,
    )  # fmt: skip


def _fall(vehicle: Vehicle, track: Record, how: str, *, spread: bool) -> Flight:
    """Return the vertical model: down to the height where the record ends, or to the ground."""
    if how == "recorded":
        return Flight(phases=(Recorded(times=track.instant(track.t), altitude_m=track.altitude_m),))
    until = None if vehicle.is_whole else Until("altitude", float(track.altitude_m[-1]))

    def value(middle: float, sd: float) -> Value:
        return Spread("lognormal", middle, sd) if spread else middle

    if how == "published":
        ballistic = value(vehicle.mass_kg / vehicle.drag_area_m2, PUBLISHED_SD)
        return Flight(phases=(Descent(ballistic_kg_m2=ballistic, until=until),))
    return Flight(phases=(Descent(sea_level_speed_ms=value(track.seen_speed_ms, SEEN_SD), until=until),))


WAYS = ("recorded", "seen", "published")


def predictions(data: Path, *, members: int = MEMBERS) -> dict[str, tuple[Record, list[Prediction]]]:
    """Return the record of each vehicle and its predictions."""
    winds, found = open_winds(data / WINDS), {}
    for vehicle in VEHICLES:
        track = record(vehicle, data)
        found[vehicle.name] = track, [predict(vehicle, track, winds, how, members=members) for how in WAYS]
    return found


def rows(found: dict[str, tuple[Record, list[Prediction]]]) -> list[list[str]]:
    """Return vehicle, way, metres travelled, miss half-way and at the end, lateness, and the truth's share."""
    out = []
    for name, (_, ways) in found.items():
        for p in ways:
            half = float(np.interp(0.5 * (p.t[0] + p.t[-1]), p.t, p.miss_m))
            late = "-" if p.how == "recorded" else f"{p.end_late_s:+.0f}"
            cells = [f"{p.travelled_m:.0f}", f"{half:.0f}", f"{p.end_miss_m:.0f}", late, f"{100.0 * p.share:.0f} %"]
            out.append([name, p.how, *cells])
    return out


COLOURS = dict(zip(WAYS, (page.GREEN, page.BLUE, page.RED), strict=True))


def draw(found: dict[str, tuple[Record, list[Prediction]]]) -> Path:
    """Draw, for each vehicle, its track with the predictions, and the miss against time."""
    figure, panels = plt.subplots(2, 2, figsize=(8.2, 6.2), layout="constrained")
    for (name, (track, ways)), (left, right) in zip(found.items(), panels, strict=True):
        centre = (float(track.lat[0]), float(track.lon[0]))
        for p in ways:
            colour = COLOURS[p.how]
            left.plot(*offsets_m(p.lat, p.lon, centre) / 1e3, color=colour, linewidth=1.3, label=p.how)
            left.plot(*ellipse_m(offsets_m(*p.cloud, centre)) / 1e3, ":", color=colour, linewidth=1)
            end = offsets_m(*(np.array([x]) for x in p.end), centre) / 1e3
            left.plot(*end, "o", color=colour, markersize=4)
            right.plot(p.t, p.miss_m, color=colour, linewidth=1.3, label=p.how)
        left.plot(*offsets_m(track.lat, track.lon, centre) / 1e3, color="k", linewidth=1.3, label="true")
        left.plot(*offsets_m(track.lat[-1:], track.lon[-1:], centre) / 1e3, "k*", markersize=8)
        left.set(title=f"{name}: track and 90 % regions of the end", ylabel="north [km]", aspect="equal")
        left.set_adjustable("datalim")
        right.set(title=f"{name}: miss against time", ylabel="miss [m]", ylim=(0.0, None))
    panels[0][0].legend(loc="upper left")
    panels[1][0].set_xlabel("east of the first fix under parachute [km]")
    panels[1][1].set_xlabel("seconds since lift-off")
    return page.save(figure, "descents")
