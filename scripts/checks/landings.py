"""Real landings: what the wind measured on the way up says about the way down, everything after burst held out.

Twenty weather-balloon flights, each in the wind of its own ascent, and the two vehicles under parachute of EuRoC 2023
in ERA5. ``ours`` is `recover.land`, its point the middle of the members east and north; ``plain`` is one fall at the
same speed by the law and the air of the Tawhiri predictor, in the same winds. Both believe the speeds of the other
flights.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from checks import descents
from checks.soundings import FOLDER, Leg, fall_slowness, falls, layer_s
from overflight.drift import Release, Settings, simulate
from overflight.errors import OutOfCoverage
from overflight.flight import Flight
from overflight.flight.phases import PARACHUTE_EXPONENT, Descent
from overflight.geo import sphere
from overflight.geo.spread import Spread
from overflight.geo.terrain import Terrain
from overflight.geo.times import to_datetime
from overflight.recover import Event, land, objects_of
from overflight.winds import open_winds
from overflight.winds.balloon_track import winds_of_track

F64 = NDArray[np.float64]
BURST_SD_M = 300.0
LEAST_DESCENT_M = 5_000.0
UNSEEN_M = 1_500.0
"""Of the way down, how much the way up may not have measured."""
MEMBERS = 1_000


@dataclass(frozen=True)
class Flown:
    """A flight: fixes of its ascent up to the highest, where it landed, and its speed at sea level. [s, degrees, m]"""

    name: str
    up: F64
    down: F64

    @property
    def speeds(self) -> tuple[float, float]:
        """Speed at sea level by the law of the parachute, and by that of a constant drag coefficient. [m/s]

        Without the stretches from the highest fix and to the last, which mix flight and rise, fall and rest.
        """
        leg = Leg(self.down[1:-1, 0], self.down[1:-1, 3])
        n, half = (layer_s(leg, fall_slowness(e)) / leg.seconds for e in (PARACHUTE_EXPONENT.a, 0.5))
        return n, half


@dataclass(frozen=True)
class Landed:
    """A landing predicted: distance from burst to ground, the miss of both points [km], and the truth's level."""

    name: str
    way_km: float
    ours_km: float
    plain_km: float
    level: float
    radius_90_km: float


def fix_of(line: str) -> tuple[float, float, float, float] | None:
    """Time, latitude, longitude and altitude of a row; None if it is no fix."""
    field = [text.strip() for text in line.split(",")]
    field = field[1:] if field[0].startswith("RB") else field
    try:
        time = datetime.strptime(f"{field[0]} {field[1]}", "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
        lat, lon, z = (float(text) for text in field[2:5])
    except (ValueError, IndexError):
        return None
    return None if lat == 0.0 else (time.timestamp(), lat, lon, z)


def read_flight(path: Path) -> Flown | None:
    """Read a flight; None where its descent, or the ascent through the same air, is not recorded."""
    fixes = [fix for line in path.read_text().splitlines() if (fix := fix_of(line)) is not None]
    table = np.array(sorted(set(fixes)))
    t, z = table[:, 0], table[:, 3]
    top = start = end = int(z.argmax())
    while start > 0 and z[start - 1] < z[start] and t[start] - t[start - 1] < 3_600.0:
        start -= 1
    while end + 1 < z.size and falls(t[end : end + 2], z[end : end + 2]):
        end += 1
    if end - top < 4 or z[top] - z[end] < LEAST_DESCENT_M or z[end] > 3_000.0 or z[start] - z[end] > UNSEEN_M:
        return None
    return Flown(path.stem, table[start : top + 1], table[top : end + 1])


def flights(data: Path) -> list[Flown]:
    """Read all flights with a descent."""
    read = (read_flight(path) for path in sorted((data / FOLDER).glob("*.csv")))
    return [flight for flight in read if flight is not None]


def winds_of_ascent(flight: Flown) -> xr.Dataset:
    """Return the wind that the balloon drifted with on its way up."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{flight.name}.csv"
        rows = [f"{np.datetime_as_string(instant(t), 's')}Z,{lat},{lon},{z}" for t, lat, lon, z in flight.up]
        path.write_text("\n".join(["time,lat,lon,altitude", *rows]))
        return winds_of_track(path)


def instant(seconds: float) -> np.datetime64:
    """Return seconds since 1970 as a time."""
    return np.datetime64(round(seconds * 1e3), "ms").astype("datetime64[ns]")


def flat(ground_m: float) -> Terrain:
    """Return ground of one elevation: where the record ends."""
    return Terrain(np.full((2, 2), ground_m, np.float32), -90.0, 180.0, -180.0, 180.0)


def predict(
    name: str, winds: xr.Dataset, start: F64, truth: F64, speed: Spread, plain_ms: float, members: int
) -> Landed:
    """Predict a landing from where it was last seen rising; ``start`` and ``truth`` are fixes."""
    ground = flat(float(truth[3]))
    when = instant(start[0])
    track = xr.Dataset(
        {n: (("trajectory", "obs"), [[v]]) for n, v in (("lat", start[1]), ("lon", start[2]), ("altitude", start[3]))},
        {"time": ("obs", [when])},
    )
    height = Spread("normal", float(start[3]), min(BURST_SD_M, 0.05 * float(start[3])))
    event = Event(kind="burst", time=to_datetime(when), altitude_m=height)
    found = land(winds, event, track, objects_of("parachute", speed), members=members, seed=1, terrain=ground)
    fallen = found.classes[0]
    place = fallen.point()
    fall = Flight(phases=(Descent(sea_level_speed_ms=plain_ms, air="tawhiri"),))
    release = Release(time=np.array([when]), lat=start[1], lon=start[2], altitude_m=float(start[3]))
    one = simulate(winds, fall, release, hours=6.0, members=1, seed=1,
                   settings=Settings(step_s=60.0, output_s=3600.0, terrain=ground))  # fmt: skip
    plain = float(one["end_lat"][0]), float(one["end_lon"][0])
    away = [float(sphere.distance_m(*p, truth[1], truth[2])) / 1e3 for p in (place, plain, (start[1], start[2]))]
    level = fallen.density.level_of(truth[1], truth[2]) + 0.5 * fallen.density.probability_of(truth[1], truth[2])
    return Landed(name, away[2], away[0], away[1], level, float(fallen.end.summary()["radius_90_km"]))


def weather_balloons(data: Path, members: int = MEMBERS) -> list[Landed]:
    """Predict each flight with the speeds of the others as belief."""
    all_flights, out = flights(data), []
    speeds = np.log([flight.speeds for flight in all_flights])
    for i, flight in enumerate(all_flights):
        rest = np.delete(speeds, i, axis=0)
        believed = Spread(
            "lognormal", float(np.exp(np.median(rest[:, 0]))), float(np.std(rest[:, 0], ddof=1)), 1.0, 50.0
        )
        plain = float(np.exp(np.median(rest[:, 1])))
        winds = winds_of_ascent(flight)
        try:
            out.append(predict(flight.name, winds, flight.up[-1], flight.down[-1], believed, plain, members))
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
        out.append(predict(vehicle.name, winds, start, truth, speed, track.seen_speed_ms, members))
    return out


def table(found: list[Landed]) -> list[str]:
    """Return lines of a table, and what they come to."""
    lines = ["flight, way km, ours km, plain km, 90 % radius km, level of the truth"]
    lines += [
        f"{x.name}, {x.way_km:.1f}, {x.ours_km:.2f}, {x.plain_km:.2f}, {x.radius_90_km:.1f}, {x.level:.2f}"
        for x in found
    ]
    ours, plain, level = (np.array([getattr(x, n) for x in found]) for n in ("ours_km", "plain_km", "level"))
    lines.append(f"median {np.median(ours):.2f} and {np.median(plain):.2f} km, mean {ours.mean():.2f} and "
                 f"{plain.mean():.2f} km; in the 50 % region {int((level < 0.5).sum())}, in the 90 % region "
                 f"{int((level < 0.9).sum())} of {level.size}")  # fmt: skip
    return lines


if __name__ == "__main__":
    import sys

    folder = Path(sys.argv[1])
    for part in (weather_balloons(folder), vehicles(folder)):
        print("\n".join(table(part)))
