"""Descents followed frame by frame: how the miss and the regions shrink as fixes come, in weather-balloon flights.

Fixes of the descent are handed to `recover.live` as rows of SondeHub, the wind is that of the balloon's own ascent with
the change of wind that the other flights tell of, and what is believed of the fall speed is that of the other flights.
The moments are the first frame below three quarters, a half and a quarter of the fall's height, and the first of all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from checks import change
from checks.flown import Flown, flights
from checks.landings import HELD_M, flat, instant, winds_of_ascent
from overflight.drift.pack import WindPack
from overflight.errors import OutOfCoverage
from overflight.geo import sphere
from overflight.geo.spread import Spread
from overflight.recover.follow import frames_in, on_the_way_down
from overflight.recover.landing import middle_of
from overflight.recover.live import LiveDescent
from overflight.winds.measured import Reach

F64 = NDArray[np.float64]
PARTS = (1.0, 0.75, 0.5, 0.25)
"""Parts of the height that are still to fall."""


@dataclass(frozen=True)
class Followed:
    """Of a flight, by ``PARTS``: the miss of the point, the 90 % radius [km], and the level of the truth."""

    name: str
    miss_km: F64
    radius_90_km: F64
    level: F64


def rows_of(flight: Flown) -> list[bytes]:
    """Return the descent as messages of SondeHub's feed."""
    fields = ("lat", "lon", "alt")
    return [
        json.dumps({"serial": flight.name, "datetime": f"{np.datetime_as_string(instant(fix[0]), 's')}Z",
                    **dict(zip(fields, fix[1:], strict=True))}).encode()
        for fix in flight.down
    ]  # fmt: skip


def follow(flight: Flown, reach: Reach, speed: Spread, members: int) -> Followed:
    """Follow one flight from its highest fix, the last before the ground left out."""
    pack = WindPack(winds_of_ascent(flight, reach), densities=True, keep=4)
    truth = flight.down[-1]
    live = LiveDescent(pack, seed=1, members=members, speed=speed, terrain=flat(float(truth[3])))
    table, left = [], list(PARTS)
    span = flight.down[0, 3] - truth[3]
    for frame in list(on_the_way_down(frames_in(rows_of(flight), flight.name)))[:-1]:
        found = live.update(frame)
        done = len(table) == 0
        while left and (done or (frame.altitude_m - truth[3]) / span <= left[0]):
            done = False
            left.pop(0)
            density = found.density()
            level = density.level_of(truth[1], truth[2]) + 0.5 * density.probability_of(truth[1], truth[2])
            place = middle_of(found.end.lat, found.end.lon)
            table.append((float(sphere.distance_m(*place, truth[1], truth[2])) / 1e3,
                          float(found.end.summary()["radius_90_km"]), level))  # fmt: skip
    pack.close()
    table += [(np.nan, np.nan, np.nan)] * (len(PARTS) - len(table))
    return Followed(flight.name, *np.array(table).T)


def followed(data: Path, members: int = 300) -> list[Followed]:
    """Follow all flights whose way up was heard."""
    every, out = flights(data), []
    speeds = np.log([flight.speeds[0] for flight in every])
    changes = change.left_out([change.change_of(flight) for flight in every])
    for i, flight in enumerate(every):
        rest = np.delete(speeds, i)
        speed = Spread("lognormal", float(np.exp(np.median(rest))), float(np.std(rest, ddof=1)))
        try:
            out.append(follow(flight, Reach(height_m=HELD_M, change_by_speed=changes[flight.name]), speed, members))
        except OutOfCoverage as lacking:
            print(f"{flight.name} is left out: {lacking}")
    return out


def table(found: list[Followed]) -> list[str]:
    """Return lines of a table by part of the height to fall."""
    lines = ["to fall, flights, median miss km, mean miss km, median 90 % radius km, in the 50 %, in the 90 % region"]
    for k, part in enumerate(PARTS):
        miss, radius, level = (
            np.array([getattr(x, n)[k] for x in found]) for n in ("miss_km", "radius_90_km", "level")
        )
        known = np.isfinite(miss)
        lines.append(
            f"{part:.0%}, {known.sum()}, {np.median(miss[known]):.2f}, {miss[known].mean():.2f}, "
            f"{np.median(radius[known]):.2f}, {(level[known] < 0.5).sum()}, {(level[known] < 0.9).sum()}"
        )
    return lines


if __name__ == "__main__":
    import sys

    print("\n".join(table(followed(Path(sys.argv[1])))))
