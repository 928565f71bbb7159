"""Real landings: what the wind measured on the way up says about the way down, everything after burst held out.

Twenty weather-balloon flights, each in the wind of its own ascent, and the two vehicles under parachute of EuRoC 2023
in ERA5. ``ours`` is `recover.land`, its point the middle of the members east and north; ``plain`` is one fall at the
same speed by the law and the air of the Tawhiri predictor, in the same winds, from the highest fix. The burst is not
that fix but somewhere before the next one was due: ours takes any time until then, ``between`` is a plain fall from the
middle. All believe the speeds of the other flights, and ours what the others say of how the wind changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from checks import change, descents
from checks.flown import Flown, beyond, flights
from overflight.drift import Release, Settings, simulate
from overflight.errors import OutOfCoverage
from overflight.flight import Flight
from overflight.flight.phases import Descent
from overflight.geo import sphere
from overflight.geo.spread import Spread
from overflight.geo.terrain import Terrain
from overflight.geo.times import to_datetime
from overflight.recover import Event, land, objects_of
from overflight.winds import open_winds
from overflight.winds.balloon_track import winds_of_track
from overflight.winds.measured import Reach

F64 = NDArray[np.float64]
HELD_M = 3_000.0
"""How far above its highest fix a balloon's wind is held: up to the next one."""
SEEN_S = 1.0
"""Between the fixes of a vehicle that was followed."""
MEMBERS = 1_000


@dataclass(frozen=True)
class Landed:
    """A landing predicted: distance from burst to ground, the miss of the points [km], and the truth's level."""

    name: str
    way_km: float
    ours_km: float
    plain_km: float
    between_km: float
    level: float
    radius_90_km: float


def winds_of_ascent(flight: Flown, reach: Reach) -> xr.Dataset:
    """Return the wind that the balloon drifted with on its way up."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{flight.name}.csv"
        rows = [f"{np.datetime_as_string(instant(t), 's')}Z,{lat},{lon},{z}" for t, lat, lon, z in flight.up]
        path.write_text("\n".join(["time,lat,lon,altitude", *rows]))
        return winds_of_track(path, reach=reach)


def instant(seconds: float) -> np.datetime64:
    """Return seconds since 1970 as a time."""
    return np.datetime64(round(seconds * 1e3), "ms").astype("datetime64[ns]")


def flat(ground_m: float) -> Terrain:
    """Return ground of one elevation: where the record ends."""
    return Terrain(np.full((2, 2), ground_m, np.float32), -90.0, 180.0, -180.0, 180.0)


def track_of(fixes: F64) -> xr.Dataset:
    """Return fixes as a track."""
    fields = {n: (("trajectory", "obs"), fixes[None, :, k]) for k, n in ((1, "lat"), (2, "lon"), (3, "altitude"))}
    return xr.Dataset(fields, {"time": ("obs", [instant(t) for t in fixes[:, 0]])})


def plain_fall(winds: xr.Dataset, at: F64, speed_ms: float, ground: Terrain) -> tuple[float, float]:
    """Return where the Tawhiri predictor's descent from a fix ends. [degrees]"""
    fall = Flight(phases=(Descent(sea_level_speed_ms=speed_ms, air="tawhiri"),))
    release = Release(time=np.array([instant(at[0])]), lat=at[1], lon=at[2], altitude_m=float(at[3]))
    one = simulate(winds, fall, release, hours=6.0, members=1, seed=1,
                   settings=Settings(step_s=60.0, output_s=3600.0, terrain=ground))  # fmt: skip
    return float(one["end_lat"][0]), float(one["end_lon"][0])


def predict(
    name: str, winds: xr.Dataset, fixes: F64, truth: F64, speed: Spread, plain_ms: float, members: int
) -> Landed:
    """Predict a landing after an event between two fixes, a row each; ``truth`` is one."""
    ground, middle, first = flat(float(truth[3])), fixes.mean(axis=0), fixes[0]
    span = float(fixes[1, 0] - fixes[0, 0])
    event = Event(kind="burst", time=to_datetime(instant(middle[0])), time_sd_s=span / np.sqrt(12.0))
    found = land(winds, event, track_of(fixes), objects_of("parachute", speed), members=members, seed=1, terrain=ground)
    fallen = found.classes[0]
    points = [
        fallen.point(),
        *(plain_fall(winds, at, plain_ms, ground) for at in (first, middle)),
        (first[1], first[2]),
    ]
    ours, plain, between, way = (float(sphere.distance_m(*p, truth[1], truth[2])) / 1e3 for p in points)
    level = fallen.density.level_of(truth[1], truth[2]) + 0.5 * fallen.density.probability_of(truth[1], truth[2])
    return Landed(name, way, ours, plain, between, level, float(fallen.end.summary()["radius_90_km"]))


def weather_balloons(data: Path, members: int = MEMBERS) -> list[Landed]:
    """Predict each flight with the speeds of the others, and their changes of wind, as belief."""
    all_flights, out = flights(data), []
    speeds = np.log([flight.speeds for flight in all_flights])
    changes = change.left_out([change.change_of(flight) for flight in all_flights])
    for i, flight in enumerate(all_flights):
        rest = np.delete(speeds, i, axis=0)
        believed = Spread(
            "lognormal", float(np.exp(np.median(rest[:, 0]))), float(np.std(rest[:, 0], ddof=1)), 1.0, 50.0
        )
        plain = float(np.exp(np.median(rest[:, 1])))
        winds = winds_of_ascent(flight, Reach(height_m=HELD_M, change_by_speed=changes[flight.name]))
        fixes = np.stack([flight.up[-1], beyond(flight)])
        try:
            out.append(predict(flight.name, winds, fixes, flight.down[-1], believed, plain, members))
        except OutOfCoverage as lacking:  # its own ascent was not heard all the way
            print(f"{flight.name} is left out: {lacking}")
    return out


def vehicles(data: Path, members: int = MEMBERS) -> list[Landed]:
    """Predict the two vehicles from the speed of their first half minute under parachute."""
    winds, out = open_winds(data / descents.WINDS), []
    for vehicle in descents.VEHICLES:
        track = descents.record(vehicle, data)
        at = [float(track.instant(np.array([track.t[i]]))[0].astype("datetime64[ms]").astype(float)) / 1e3
              for i in (track.seen_to, -1)]  # fmt: skip
        start, truth = (np.array([t, track.lat[i], track.lon[i], track.altitude_m[i]])
                        for t, i in zip(at, (track.seen_to, -1), strict=True))  # fmt: skip
        speed = Spread("lognormal", track.seen_speed_ms, descents.SEEN_SD)
        fixes = np.stack([start, start + np.array([SEEN_S, 0.0, 0.0, 0.0])])
        out.append(predict(vehicle.name, winds, fixes, truth, speed, track.seen_speed_ms, members))
    return out


def table(found: list[Landed]) -> list[str]:
    """Return lines of a table, and what they come to."""
    lines = ["flight, way km, ours km, plain km, plain from between km, 90 % radius km, level of the truth"]
    lines += [
        f"{x.name}, {x.way_km:.1f}, {x.ours_km:.2f}, {x.plain_km:.2f}, {x.between_km:.2f}, {x.radius_90_km:.1f}, "
        f"{x.level:.2f}"
        for x in found
    ]
    level = np.array([x.level for x in found])
    for name in ("ours_km", "plain_km", "between_km"):
        miss = np.array([getattr(x, name) for x in found])
        lines.append(f"{name}: median {np.median(miss):.2f}, mean {miss.mean():.2f}")
    lines.append(f"in the 50 % region {int((level < 0.5).sum())}, in the 90 % region {int((level < 0.9).sum())} of "
                 f"{level.size}")  # fmt: skip
    return lines


if __name__ == "__main__":
    import sys

    folder = Path(sys.argv[1])
    for part in (weather_balloons(folder), vehicles(folder)):
        print("\n".join(table(part)))
