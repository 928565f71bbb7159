"""Flights back to the ground: a float at the track's level, and before it the ascent, both against time.

Wind error is stationary and reversible, so that an error learnt at the first sighting is followed back as it would have
come forward. The float ends where each member's ascent did; the ascent then goes down to the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight import drift
from overflight.drift.kernels.output import FLYING, LANDED, OUT_OF_LEVELS
from overflight.drift.pack import WindPack
from overflight.drift.release import Starts
from overflight.drift.run import Job, Run
from overflight.flight import Flight, float_at_pressure
from overflight.flight.phases import Ascent
from overflight.flight.until import Until
from overflight.geo import rng, sphere
from overflight.geo.spread import Given
from overflight.infer.divergence import Divergence
from overflight.infer.launch_draws import Draws

F64 = NDArray[np.float64]

FOUND, LOST, IMPOSSIBLE = 0, 1, 2
"""Fates: it came from a place on the ground; the winds do not reach it; it would come out of the ground, or too
soon."""
LOOK_S = 10_800.0
"""Interval at which the divergence of the winds along a float is looked up. [s]"""
ASCENT_STEP_S = 300.0
CHUNK_S = 21_600.0
"""Ascents are flown together whose ends lie within so much time. [s]"""
HIGHEST_M = 60_000.0
UNKNOWN_WIND_MS = 10.0
"""Standard deviation of a component of the wind below the lowest level of winds that end above the ground. [m/s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is known at the first sighting: arrays over the samples of the track, and their learnt wind error."""

    time: np.datetime64
    lat: F64
    lon: F64
    pressure_pa: F64
    altitude_m: F64
    error: drift.ErrorState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launches:
    """Flights back to the ground, arrays (members,).

    Attributes
    ----------
    lat, lon : of the launch; NaN unless found. [degrees]
    age_s : time of the launch before the first sighting. [s]
    log_area : log of what an area at the first sighting is multiplied with on the way back to the launch.
    extra_km : standard deviation of the place for winds that end above the ground. [km]
    fate : FOUND, LOST or IMPOSSIBLE.
    """

    lat: F64
    lon: F64
    age_s: F64
    log_area: F64
    extra_km: F64
    fate: NDArray[np.int8]


def joined(parts: Sequence[Launches]) -> Launches:
    """Put launches together."""
    return Launches(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Launches)})


def fly_back(
    winds: xr.Dataset, start: Start, draws: Draws, *, seed: int, settings: drift.Settings, climbing: bool = False
) -> Launches:
    """Fly draws back to the ground.

    Parameters
    ----------
    winds : canonical winds, one member.
    climbing : the object was still climbing at its first sighting; there is no float before it.
    """
    rise_s = start.altitude_m[draws.sample] / draws.rate_ms
    top_s = np.zeros(rise_s.shape) if climbing else draws.age_s - rise_s
    possible = np.flatnonzero(top_s >= 0.0)
    out = _nowhere(top_s.size, IMPOSSIBLE)
    if not possible.size:
        return out
    draw = replace(draws, **{f.name: getattr(draws, f.name)[possible] for f in fields(Draws)})
    tops = _float_back(winds, start, draw, top_s[possible], seed, settings)
    _climb_back(winds, tops, draw.rate_ms, seed, settings)
    for name in ("lat", "lon", "age_s", "log_area", "extra_km", "fate"):
        getattr(out, name)[possible] = getattr(tops, name)
    return out


def _nowhere(members: int, fate: int) -> Launches:
    lat, lon = np.full(members, np.nan), np.full(members, np.nan)
    age, area, extra = (np.zeros(members) for _ in range(3))
    return Launches(lat=lat, lon=lon, age_s=age, log_area=area, extra_km=extra, fate=np.full(members, fate, np.int8))


@dataclass(slots=True)
class _Tops:
    """Members at the ends of their ascents, later at their launches."""

    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    altitude_m: F64
    age_s: F64
    log_area: F64
    extra_km: F64
    fate: NDArray[np.int8]
    error: drift.ErrorState | None


def _float_back(winds: xr.Dataset, start: Start, draw: Draws, top_s: F64, seed: int, settings: drift.Settings) -> _Tops:
    members, sample = top_s.size, draw.sample
    lat, lon, pressure = start.lat[sample], start.lon[sample], start.pressure_pa[sample]
    times = np.broadcast_to(start.time, (members,)).astype("datetime64[ns]")
    flight = float_at_pressure(Given(pressure))
    error = None if start.error is None or settings.wind_error is None else start.error.take(sample)
    hours = -max(float(top_s.max()), 60.0) / 3600.0
    plan = replace(settings.for_flight(flight), output_s=LOOK_S, progress=None)
    pack = WindPack(winds, densities=True, steady=settings.steady)
    try:
        job = Job(flight, Starts(times, lat, lon, None), hours, seed, range(members), error)
        run = Run(pack, job, plan)
        run.ensemble.stop = run.ensemble.start + top_s
        e = run.fly()
    finally:
        pack.close()
    end_lat, end_lon = e.places()
    fate = np.where(e.status == FLYING, FOUND, np.where(e.status == LANDED, IMPOSSIBLE, LOST)).astype(np.int8)
    level = (float(np.log(pressure.min())), float(np.log(pressure.max())))
    spread = Divergence(winds, level, steady=settings.steady)
    return _Tops(
        time=start.time - np.round(top_s * 1e9).astype("timedelta64[ns]"),
        lat=end_lat,
        lon=end_lon,
        altitude_m=np.where(np.isfinite(e.z), e.z, start.altitude_m[sample]),
        age_s=top_s.copy(),
        log_area=_log_area(spread, start.time, np.log(pressure), top_s, e.out[:2]),
        extra_km=np.zeros(members),
        fate=fate,
        error=run.errors.error_state(),
    )


def _log_area(
    spread: Divergence, first: np.datetime64, ln_p: F64, top_s: F64, out: tuple[NDArray[np.float32], ...]
) -> F64:
    """Integrate minus the divergence along the float, by the trapezoid rule from its outputs.

    Where the wind spreads, places that were near each other are now apart, so that going back areas shrink (Seibert and
    Frank 2004, doi 10.5194/acp-4-51-2004, on air of changing density).
    """
    total, before = np.zeros(top_s.size), None
    for k in range(out[0].shape[1]):
        span = np.clip(top_s - (k - 1) * LOOK_S, 0.0, LOOK_S) if k else np.zeros(top_s.size)
        if k and not span.any():
            break
        lat, lon = (field[:, k].astype(np.float64) for field in out)
        here = spread.at(first - np.timedelta64(round(k * LOOK_S * 1e9), "ns"), ln_p, lat, lon)
        if before is not None:
            total -= 0.5 * span * (before + np.where(np.isfinite(lat), here, before))
        before = here
    return total


def _climb_back(winds: xr.Dataset, tops: _Tops, rate_ms: F64, seed: int, settings: drift.Settings) -> None:
    """Fly the ascents back, those together that ended within some hours of each other."""
    pack = WindPack(winds, densities=True, steady=settings.steady, keep=4)
    group = (tops.age_s // CHUNK_S).astype(np.intp)
    try:
        for number in np.unique(group):
            chosen = np.flatnonzero((group == number) & (tops.fate == FOUND))
            if chosen.size:
                _climb_some(pack, tops, rate_ms, chosen, seed + 1 + int(number), settings)
    finally:
        pack.close()


def _climb_some(
    pack: WindPack, tops: _Tops, rate_ms: F64, chosen: NDArray[np.intp], seed: int, settings: drift.Settings
) -> None:
    rate, top = rate_ms[chosen], tops.altitude_m[chosen]
    flight = Flight(phases=(Ascent(rate_ms=Given(rate), until=Until("altitude", HIGHEST_M)),))
    hours = -(float((top / rate).max()) + 1_800.0) / 3600.0
    plan = replace(settings, step_s=ASCENT_STEP_S, method="rk2", output_s=1e7, progress=None)
    error = None if tops.error is None else tops.error.take(chosen)
    starts = Starts(tops.time[chosen], tops.lat[chosen], tops.lon[chosen], top)
    run = Run(pack, Job(flight, starts, hours, seed, range(chosen.size), error), plan)
    e = run.fly()
    lat, lon = e.places()
    is_short = (e.status == OUT_OF_LEVELS) & (e.z < 0.98 * top)
    landed = e.status == LANDED
    below_s = np.where(is_short, np.maximum(e.z, 0.0) / rate, 0.0)
    tops.extra_km[chosen] = UNKNOWN_WIND_MS * below_s / 1000.0
    lat, lon = _blown(lat, lon, tops.extra_km[chosen], seed)
    tops.lat[chosen], tops.lon[chosen] = lat, lon
    tops.age_s[chosen] += np.where(landed, e.stop - e.start, top / rate)
    tops.fate[chosen] = np.where(landed | is_short, FOUND, LOST)


def _blown(lat: F64, lon: F64, sd_km: F64, seed: int) -> tuple[F64, F64]:
    """Move places by normal draws."""
    if not sd_km.any():
        return lat, lon
    east, north = (sd_km * rng.normals(seed, f"origin below {n}", lat.size) for n in ("east", "north"))
    return sphere.move(lat, lon, np.degrees(np.arctan2(east, north)), 1000.0 * np.hypot(east, north))
