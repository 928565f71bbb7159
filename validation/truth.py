"""True flights: the engine carries them through the winds hour by hour; error and motor are added in between.

Each hour is one call of ``drift.simulate`` for all flights of a block, at the level that each has for that hour. Half
of the hour's own displacement, by wind error and speed through the air, comes before it and half after it (Strang 1968,
doi 10.1137/0705041).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.drift import Release, simulate
from overflight.flight import float_at_pressure
from overflight.geo import atmosphere, rng, sphere
from overflight.geo.spread import Given
from validation import levels as level_room
from validation.field import SETTINGS, START, Field
from validation.levels import Levels, Now
from validation.strata import HALF_BAND_M, LATITUDES, LEVELS_M, Stratum
from validation.wind_error import ErrorWalk, misstated

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

HOUR = np.timedelta64(3_600_000_000_000, "ns")
BEFORE_H = 72
"""Winds before the earliest start: as far as an origin is sought."""
LEVEL_VARIANTS = ("held", "switching", "steered", "station")
ERROR_VARIANTS = ("tails3", "slow3", "fast3", "half", "double")
VARIANTS = ("passive", *LEVEL_VARIANTS, *ERROR_VARIANTS, "finer")
"""Beside these ``powered-W`` for a steady speed of W m/s through the air."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What happened.

    Attributes
    ----------
    time : datetime64[ns] (cases, hours + 1). UTC.
    lat, lon : float64 (cases, hours + 1). [degrees]
    altitude_m : float64 (cases, hours + 1). Standard altitude. [m]
    """

    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    altitude_m: F64


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where, when and at which level each case begins; (cases,)."""

    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    level_m: F64


def speed_of(variant: str) -> float:
    """Return the steady speed through the air of a variant, 0 for all but ``powered-W``. [m/s]"""
    if variant in VARIANTS:
        return 0.0
    kind, _, value = variant.partition("-")
    try:
        speed = float(value)
    except ValueError:
        speed = -1.0
    if kind != "powered" or not 0.0 <= speed <= 50.0:
        raise ValueError(f"variant: got {variant!r}, expected {', '.join(VARIANTS)} or powered-W")
    return speed


def draw_start(stratum: Stratum, seed: int, first: int, count: int) -> Start:
    """Draw starts: evenly by area in the band of latitude, by level, and over a day of the winds."""

    def uniform(name: str) -> F64:
        return rng.uniforms(seed, f"truth {name}", count, first_member=first)

    south, north = (np.sin(np.radians(v)) for v in LATITUDES[stratum.latitude])
    lat = np.degrees(np.arcsin(south + (north - south) * uniform("latitude")))
    hours = BEFORE_H + np.floor(24.0 * uniform("hour"))
    return Start(
        time=START + hours.astype(np.int64) * HOUR,
        lat=np.where(uniform("hemisphere") < 0.5, -lat, lat),
        lon=360.0 * uniform("longitude") - 180.0,
        level_m=LEVELS_M[stratum.level] + HALF_BAND_M * (2.0 * uniform("level") - 1.0),
    )


def levels_of(variant: str, start: Start, field: Field, seed: int, first: int) -> Levels:
    """Return how the level goes in a variant."""
    if variant == "held":
        return level_room.Held(start.level_m)
    if variant == "switching":
        return level_room.Switching(start.level_m, seed, first)
    if variant == "steered":
        target = level_room.target_of(start.lat, start.lon, seed, first)
        return level_room.Steering(start.level_m, field, target)
    if variant == "station":
        return level_room.Steering(start.level_m, field)
    return level_room.Wandering(start.level_m, seed, first)


def draw(
    stratum: Stratum, field: Field, variant: str, *, seed: int, first: int, count: int, beyond_h: int = 0
) -> Truth:
    """Draw and fly cases ``first`` to ``first + count`` of a stratum, some hours beyond the last sighting too."""
    start = draw_start(stratum, seed, first, count)
    error, size = misstated(field.error, variant)
    heading = np.exp(2j * np.pi * rng.uniforms(seed, "truth heading", count, first_member=first))
    walk = ErrorWalk(error, seed, first, count)
    levels = levels_of(variant, start, field, seed, first)
    motor = speed_of(variant) * heading
    return fly(field, start, levels, walk, hours=stratum.hours + beyond_h, motor=motor, size=size)


def fly(
    field: Field, start: Start, levels: Levels, walk: ErrorWalk, *, hours: int, motor: C128, size: float = 1.0
) -> Truth:
    """Carry flights for whole hours.

    Parameters
    ----------
    field : the winds, and the size of their error.
    start, levels, walk : where they begin, their levels, their wind error.
    hours : 1 or more.
    motor : complex128 (cases,). Steady speed through the air, east + i north. [m/s]
    size : factor on the size of the wind error.
    """
    lat, lon = start.lat.copy(), start.lon.copy()
    lats, lons, altitudes = ([] for _ in range(3))
    last: F64 | None = None
    for hour in range(hours):
        now = Now(hour=hour, time=start.time + hour * HOUR, lat=lat, lon=lon)
        level = levels.at(now)
        ln_p = np.log(atmosphere.pressure_pa(level))
        # Wandering about a level is too little to renew the error there; the path length of such a walk has no limit.
        kept = np.log(atmosphere.pressure_pa(levels.level_m)) if isinstance(levels, level_room.Wandering) else ln_p
        walk.step(lat, kept - (kept if last is None else last))
        lats.append(lat)
        lons.append(lon)
        altitudes.append(level)
        lat, lon = _half(lat, lon, level, _own(field, walk, ln_p, lat, size) + motor)
        lat, lon = _carried(field, now.time, lat, lon, np.exp(ln_p))
        walk.step(lat, np.zeros(lat.size))
        lat, lon = _half(lat, lon, level, _own(field, walk, ln_p, lat, size) + motor)
        last = kept
    hour_s = np.arange(hours + 1)
    return Truth(
        time=start.time[:, None] + hour_s[None, :] * HOUR,
        lat=np.stack([*lats, lat], axis=1),
        lon=np.stack([*lons, lon], axis=1),
        altitude_m=np.stack([*altitudes, altitudes[-1]], axis=1),
    )


def _own(field: Field, walk: ErrorWalk, ln_p: F64, lat: F64, size: float) -> C128:
    return np.asarray(size * field.sd(np.exp(ln_p) / 100.0, lat) * walk.now())


def _half(lat: F64, lon: F64, level_m: F64, velocity: C128) -> tuple[F64, F64]:
    """Move by half an hour of a velocity. [m/s]"""
    metres = 1800.0 * np.abs(velocity) * sphere.EARTH_RADIUS_M / (sphere.EARTH_RADIUS_M + level_m)
    return sphere.move(lat, lon, 90.0 - np.degrees(np.angle(velocity)), metres)


def _carried(field: Field, time: NDArray[np.datetime64], lat: F64, lon: F64, pressure_pa: F64) -> tuple[F64, F64]:
    """Let the engine carry all flights for an hour, each at its pressure."""
    flight, release = float_at_pressure(Given(pressure_pa)), Release(time=time, lat=lat, lon=lon)
    out = simulate(field.pack, flight, release, hours=1.0, members=lat.size, seed=0, settings=SETTINGS)
    ended = out["end_lat"].values.astype(np.float64), out["end_lon"].values.astype(np.float64)
    if not np.all(np.isfinite(ended)) or np.any(out["end_status"].values != 0):
        raise RuntimeError("truth: a flight left the winds of the study")
    return ended
