"""True flights from their launch on: an ascent from the level of the sea, a float, and sightings some hours later.

Place, ascent and age are drawn from the prior that the judge of origins states, and of the flights so drawn those are
kept whose first sighting lies in the stratum's band of latitude: a posterior is calibrated for its own prior alone.
The time of the first sighting tells nothing of the age. The ascent itself is flown without wind error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from overflight.drift import Release, simulate
from overflight.flight import Flight
from overflight.flight.phases import Ascent, Float
from overflight.flight.until import Until
from overflight.geo import rng
from overflight.geo.spread import Given
from overflight.geo.terrain import Terrain
from overflight.infer import Site
from validation.field import SETTINGS, START, Field
from validation.levels import Held
from validation.strata import HALF_BAND_M, LATITUDES, LEVELS_M, Stratum
from validation.truth import HOUR, Start, Truth, fly
from validation.wind_error import ErrorWalk

F64 = NDArray[np.float64]

CLIMB_H, CLIMB_MS, CLIMB_SD = 3, 4.0, 0.35
"""Longest ascent, median rate and standard deviation of its logarithm; slower ones are taken at the slowest."""
AGE_H = (CLIMB_H, 48)
"""Hours from launch to the first sighting, all equally likely."""
SITES = 240
SITE_SHARE, LAND_SHARE = 0.50 / 0.93, 0.38 / 0.93
"""Of launches from known sites, and from anywhere on land; the rest is the sea's."""
SHORELINE_M = 0.5
ATTEMPTS = 400
_CLIMB = replace(SETTINGS, step_s=60.0, output_s=3600.0 * CLIMB_H)


@dataclass(frozen=True, kw_only=True)
class Launched:
    """Flights and where they began.

    Attributes
    ----------
    truth : Truth. From the first sighting on.
    time : datetime64[ns] (cases,). Of launch.
    lat, lon : float64 (cases,). Of launch. [degrees]
    site : int (cases,). Number of the site, -1 for a launch from anywhere.
    """

    truth: Truth
    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    site: NDArray[np.intp]


def sites_of(seed: int) -> list[Site]:
    """Return the known sites: places drawn evenly over the globe once for a stratum, not real ones."""
    lat, lon = _anywhere(seed, "site", SITES, 0)
    return [Site(name=f"site {i:03d}", lat=float(lat[i]), lon=float(lon[i])) for i in range(SITES)]


def launch(stratum: Stratum, field: Field, *, seed: int, first: int, count: int) -> Launched:
    """Draw and fly cases ``first`` to ``first + count``, each anew until its first sighting lies in the band."""
    south, north = LATITUDES[stratum.latitude]
    kept: Launched | None = None
    missing = np.ones(count, np.bool_)
    for attempt in range(ATTEMPTS):
        drawn = _attempt(stratum, field, seed + (attempt << 45), (first, count), sites_of(seed))
        lat = np.abs(drawn.truth.lat[:, 0])
        take = missing & (lat >= south) & (lat <= north)
        kept = drawn if kept is None else _merged(kept, drawn, take)
        missing &= ~take
        if not missing.any():
            return kept
    raise RuntimeError(f"launches: {int(missing.sum())} of {count} never came into the band of {stratum.name}")


def _attempt(stratum: Stratum, field: Field, seed: int, cases: tuple[int, int], sites: list[Site]) -> Launched:
    first, count = cases

    def uniform(name: str) -> F64:
        return rng.uniforms(seed, f"launch {name}", count, first_member=first)

    site, lat, lon = _places(seed, first, count, sites)
    level = LEVELS_M[stratum.level] + HALF_BAND_M * (2.0 * uniform("level") - 1.0)
    rate = np.maximum(CLIMB_MS * np.exp(CLIMB_SD * ndtri(uniform("rate"))), level / (3600.0 * CLIMB_H - 60.0))
    age = AGE_H[0] + np.floor((AGE_H[1] - AGE_H[0] + 1) * uniform("age")).astype(np.intp)
    time = START + (AGE_H[1] + np.floor(24.0 * uniform("hour")).astype(np.int64) - age) * HOUR
    up = _climbed(field, time, (lat, lon), level, rate)
    whole = fly(
        field,
        Start(time=time + CLIMB_H * HOUR, lat=up[0], lon=up[1], level_m=level),
        Held(level),
        ErrorWalk(field.error, seed, first, count),
        hours=AGE_H[1] - CLIMB_H + stratum.hours,
        motor=np.zeros(count, np.complex128),
    )
    return Launched(truth=_after(whole, age - CLIMB_H, stratum.hours), time=time, lat=lat, lon=lon, site=site)


def _places(seed: int, first: int, count: int, sites: list[Site]) -> tuple[NDArray[np.intp], F64, F64]:
    """Draw launches: a site, anywhere on land, or anywhere at sea."""
    kind, which = (rng.uniforms(seed, f"launch {n}", count, first_member=first) for n in ("kind", "site"))
    site = np.where(kind < SITE_SHARE, np.floor(len(sites) * which), -1).astype(np.intp)
    on_land = kind < SITE_SHARE + LAND_SHARE
    lat, lon = np.zeros(count), np.zeros(count)
    open_ = site < 0
    for k in range(ATTEMPTS):
        a, o = _anywhere(seed, f"anywhere {k}", count, first)
        fits = open_ & ((Terrain.load().elevation_m(a, o) > SHORELINE_M) == on_land)
        lat, lon, open_ = np.where(fits, a, lat), np.where(fits, o, lon), open_ & ~fits
    known = np.array([[s.lat, s.lon] for s in sites])[np.maximum(site, 0)].T
    return site, np.where(site >= 0, known[0], lat), np.where(site >= 0, known[1], lon)


def _anywhere(seed: int, name: str, count: int, first: int) -> tuple[F64, F64]:
    """Draw places evenly over the globe."""
    u, v = (rng.uniforms(seed, f"launch {name} {axis}", count, first_member=first) for axis in ("u", "v"))
    return np.degrees(np.arcsin(2.0 * u - 1.0)), 360.0 * v - 180.0


def _climbed(
    field: Field, time: NDArray[np.datetime64], place: tuple[F64, F64], level_m: F64, rate_ms: F64
) -> tuple[F64, F64]:
    """Let the engine carry an ascent, and the rest of three hours at the level reached."""
    level = Float(surface="pressure", standard_altitude_m=Given(level_m))
    flight = Flight(phases=(Ascent(rate_ms=Given(rate_ms), until=Until("next_surface")), level))
    release = Release(time=time, lat=place[0], lon=place[1], altitude_m=0.0)
    out = simulate(field.pack, flight, release, hours=CLIMB_H, members=level_m.size, seed=0, settings=_CLIMB)
    return out["end_lat"].values.astype(np.float64), out["end_lon"].values.astype(np.float64)


def _after(whole: Truth, hour: NDArray[np.intp], hours: int) -> Truth:
    """Keep each flight from its own hour on."""
    row, at = np.arange(hour.size)[:, None], hour[:, None] + np.arange(hours + 1)
    return Truth(**{n: getattr(whole, n)[row, at] for n in ("time", "lat", "lon", "altitude_m")})


def _merged(kept: Launched, drawn: Launched, take: NDArray[np.bool_]) -> Launched:
    """Take some cases from a later attempt."""
    both = ((kept, drawn), (kept.truth, drawn.truth))
    own, flown = (
        {n: _either(getattr(a, n), getattr(b, n), take) for n in type(a).__dataclass_fields__ if n != "truth"}
        for a, b in both
    )
    return Launched(truth=Truth(**flown), **own)


def _either(a: NDArray, b: NDArray, take: NDArray[np.bool_]) -> NDArray:  # type: ignore[type-arg]
    return np.where(take.reshape(-1, *[1] * (a.ndim - 1)), b, a)
