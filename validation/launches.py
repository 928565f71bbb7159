"""True flights from their launch on: an ascent from the level of the sea, a float, and sightings some hours later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.drift import Release, Settings, simulate
from overflight.flight import Flight
from overflight.flight.phases import Ascent, Float
from overflight.flight.until import Until
from overflight.geo import rng
from overflight.geo.spread import Given
from overflight.infer import Site
from validation.field import START, Field
from validation.levels import Held
from validation.strata import HALF_BAND_M, LATITUDES, LEVELS_M, Stratum
from validation.truth import HOUR, Start, Truth, fly
from validation.wind_error import ErrorWalk

F64 = NDArray[np.float64]

CLIMB_H, CLIMB_MS = 2, 5.0
AGE_H = (3, 45)
"""Hours from launch to the first sighting, all equally likely."""
SITES, SITE_SHARE = 60, 0.5
_CLIMB = Settings(threads=1, output_s=7200.0)


@dataclass(frozen=True, kw_only=True)
class Launched:
    """Flights and where they began.

    Attributes
    ----------
    truth : Truth. From the first sighting on.
    time : datetime64[ns] (cases,). Of launch.
    lat, lon : float64 (cases,). Of launch. [degrees]
    site : int (cases,). Number of the site, -1 for a launch from anywhere in the band.
    """

    truth: Truth
    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    site: NDArray[np.intp]


def sites_of(stratum: Stratum, seed: int) -> list[Site]:
    """Return the known sites of a band of latitude: places drawn once for the study, not real ones."""
    lat, lon = _places(stratum, seed, "site", SITES, 0)
    return [Site(name=f"site {i:02d}", lat=float(lat[i]), lon=float(lon[i])) for i in range(SITES)]


def launch(stratum: Stratum, field: Field, *, seed: int, first: int, count: int) -> Launched:
    """Draw and fly cases ``first`` to ``first + count``, half of them from the known sites."""

    def uniform(name: str) -> F64:
        return rng.uniforms(seed, f"launch {name}", count, first_member=first)

    known = sites_of(stratum, seed)
    site = np.where(uniform("kind") < SITE_SHARE, np.floor(SITES * uniform("site")), -1).astype(np.intp)
    lat, lon = _places(stratum, seed, "anywhere", count, first)
    lat = np.where(site >= 0, np.array([s.lat for s in known])[site], lat)
    lon = np.where(site >= 0, np.array([s.lon for s in known])[site], lon)
    level = LEVELS_M[stratum.level] + HALF_BAND_M * (2.0 * uniform("level") - 1.0)
    time = START + (24 + np.floor(24.0 * uniform("hour"))).astype(np.int64) * HOUR
    up = _climbed(field, time, lat, lon, level)
    age = AGE_H[0] + np.floor((AGE_H[1] - AGE_H[0] + 1) * uniform("age")).astype(np.intp)
    whole = fly(
        field,
        Start(time=time + CLIMB_H * HOUR, lat=up[0], lon=up[1], level_m=level),
        Held(level),
        ErrorWalk(field.error, seed, first, count),
        hours=AGE_H[1] - CLIMB_H + stratum.hours,
        motor=np.zeros(count, np.complex128),
    )
    return Launched(truth=_after(whole, age - CLIMB_H, stratum.hours), time=time, lat=lat, lon=lon, site=site)


def _places(stratum: Stratum, seed: int, name: str, count: int, first: int) -> tuple[F64, F64]:
    """Draw places evenly by area in the band, both hemispheres alike."""
    u, v, w = (rng.uniforms(seed, f"launch {name} {axis}", count, first_member=first) for axis in ("u", "v", "w"))
    south, north = (np.sin(np.radians(a)) for a in LATITUDES[stratum.latitude])
    lat = np.degrees(np.arcsin(south + (north - south) * u))
    return np.where(w < 0.5, -lat, lat), 360.0 * v - 180.0


def _climbed(field: Field, time: NDArray[np.datetime64], lat: F64, lon: F64, level_m: F64) -> tuple[F64, F64]:
    """Let the engine carry an ascent and the rest of two hours at the level reached."""
    level = Float(surface="pressure", standard_altitude_m=Given(level_m))
    flight = Flight(phases=(Ascent(rate_ms=CLIMB_MS, until=Until("next_surface")), level))
    release = Release(time=time, lat=lat, lon=lon, altitude_m=0.0)
    out = simulate(field.pack, flight, release, hours=CLIMB_H, members=lat.size, seed=0, settings=_CLIMB)
    return out["end_lat"].values.astype(np.float64), out["end_lon"].values.astype(np.float64)


def _after(whole: Truth, hour: NDArray[np.intp], hours: int) -> Truth:
    """Keep each flight from its own hour on."""
    row, at = np.arange(hour.size)[:, None], hour[:, None] + np.arange(hours + 1)
    return Truth(**{n: getattr(whole, n)[row, at] for n in ("time", "lat", "lon", "altitude_m")})
