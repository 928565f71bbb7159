"""Whether flights forward agree with flights back: the same pair of places must be joined as often both ways.

With the winds' divergence taken into account, the density at a receptor of what a source sends out equals the density
at the source of what the receptor sends back (Seibert and Frank 2004, doi 10.5194/acp-4-51-2004). Both are computed
with wind error drawn anew, between the likeliest place of launch and the first sighting, each widened to a normal disc.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight import drift
from overflight.drift.kernels.output import FLYING
from overflight.drift.pack import WindPack
from overflight.drift.release import Starts
from overflight.drift.run import Job, Run
from overflight.flight import Flight
from overflight.flight.phases import Ascent, Float
from overflight.flight.until import Until
from overflight.geo import rng, sphere
from overflight.geo.spread import Given
from overflight.geo.terrain import Terrain
from overflight.infer.launch_draws import Draws
from overflight.infer.launches import ASCENT_STEP_S, FOUND, Launches, Start, fly_back
from overflight.infer.origin_weights import Points

F64 = NDArray[np.float64]

FLIGHTS = 4_000
DISC_PART, LEAST_DISC_KM = 0.5, 25.0
"""Standard deviation of the discs, as a part of the spread of the flights, and at least. [km]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Flights forward against flights back.

    Attributes
    ----------
    lat, lon : float. The place of launch. [degrees]
    disc_km : float. Standard deviation of the discs about both places. [km]
    ratio, ratio_sd : float. Forward over backward density, and its Monte Carlo error; 1 where they agree.
    flights : int. Each way.
    """

    lat: float
    lon: float
    disc_km: float
    ratio: float
    ratio_sd: float
    flights: int

    def __str__(self) -> str:
        """Return the check as a sentence."""
        return (
            f"Forward over backward density between {self.lat:.2f}, {self.lon:.2f} and the first sighting: "
            f"{self.ratio:.2f} +- {self.ratio_sd:.2f} ({self.flights} flights each way)."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A source and a receptor, and the flights between them: sample of the track, age and rate (flights,)."""

    source: tuple[float, float]
    receptor: tuple[float, float]
    disc_km: float
    flights: Draws


def agreement(
    winds: xr.Dataset,
    start: Start,
    points: Points,
    draws: tuple[F64, NDArray[np.intp], F64],
    spread: F64,
    *,
    seed: int,
    settings: drift.Settings,
) -> Agreement | None:
    """Compare both ways; None where the winds do not carry flights from the ground to the first sighting.

    ``points`` of the posterior; ``draws`` (age [s], sample, rate [m/s]) and ``spread`` [km] of every launch tried.
    """
    pair = _pair(start, points, draws, spread, seed)
    clean = replace(start, error=None, lat=np.full(1, 0.0), lon=np.full(1, 0.0))
    forward = _forward(winds, start, pair, seed + 3, settings)
    backward = _backward(winds, clean, start, pair, seed + 5, settings)
    if forward is None or backward is None or not (forward.sum() > 0.0 and backward.sum() > 0.0):
        return None
    ratio = float(forward.mean() / backward.mean())
    relative = [float(f.std() / f.mean()) / np.sqrt(f.size) for f in (forward, backward)]
    lat, lon = pair.source
    return Agreement(
        lat=lat, lon=lon, disc_km=pair.disc_km, ratio=ratio, ratio_sd=ratio * float(np.hypot(*relative)),
        flights=forward.size,
    )  # fmt: skip


def _pair(start: Start, points: Points, draws: tuple[F64, NDArray[np.intp], F64], spread: F64, seed: int) -> _Pair:
    """Take the likeliest launches as the source: about the heaviest points, by the mass near each."""
    u = rng.uniforms(seed, "origin check", FLIGHTS)
    share = np.cumsum(points.mass)
    heavy = np.minimum(np.searchsorted(share, u * share[-1]), share.size - 1)
    lat, lon = points.lat[heavy], points.lon[heavy]
    middle = int(np.argmin(np.median(sphere.distance_m(lat[:200, None], lon[:200, None], lat, lon), axis=1)))
    near = np.argsort(sphere.distance_m(lat[middle], lon[middle], lat, lon))[: FLIGHTS // 4]
    member = points.member[heavy[near]]
    member = np.resize(member, FLIGHTS)
    age, sample, rate = draws
    flights = Draws(sample=sample[member], age_s=age[member], rate_ms=rate[member], log_rate_density=np.zeros(FLIGHTS))
    disc = max(LEAST_DISC_KM, DISC_PART * float(np.median(spread[member])))
    receptor = sphere.mean_place(start.lat, start.lon)
    return _Pair(source=(float(lat[middle]), float(lon[middle])), receptor=receptor, disc_km=disc, flights=flights)


def _disc(place: tuple[float, float], sd_km: float, seed: int, name: str) -> tuple[F64, F64]:
    east, north = (sd_km * rng.normals(seed, f"origin check {name} {c}", FLIGHTS) for c in ("east", "north"))
    lat, lon = np.full(FLIGHTS, place[0]), np.full(FLIGHTS, place[1])
    return sphere.move(lat, lon, np.degrees(np.arctan2(east, north)), 1000.0 * np.hypot(east, north))


def _kernel(place: tuple[float, float], lat: F64, lon: F64, sd_km: float) -> F64:
    apart = sphere.distance_m(*place, lat, lon) / 1000.0
    return np.asarray(np.exp(-0.5 * (apart / sd_km) ** 2) / (2.0 * np.pi * sd_km**2))


def _forward(winds: xr.Dataset, start: Start, pair: _Pair, seed: int, settings: drift.Settings) -> F64 | None:
    """Density at the receptor of what the source sends out, one value a flight. [1/km2]"""
    d, (lat, lon) = pair.flights, _disc(pair.source, pair.disc_km, seed, "source")
    ground = np.zeros(FLIGHTS) if settings.terrain is None else settings.terrain.elevation_m(lat, lon)
    begun = start.time - np.round(d.age_s * 1e9).astype("timedelta64[ns]")
    flight = Flight(phases=(
        Ascent(rate_ms=Given(d.rate_ms), until=Until("next_surface")),
        Float(surface="pressure", value=Given(start.pressure_pa[d.sample])),
    ))  # fmt: skip
    plan = replace(settings, step_s=ASCENT_STEP_S, method="rk2", output_s=1e7, progress=None)
    pack = WindPack(winds, densities=True, steady=settings.steady)
    try:
        job = Job(flight, Starts(begun, lat, lon, ground), float(d.age_s.max()) / 3600.0, seed, range(FLIGHTS))
        run = Run(pack, job, plan)
        run.ensemble.stop = run.ensemble.start + d.age_s
        e = run.fly()
    finally:
        pack.close()
    there = (e.status == FLYING) & (e.phase == 1)
    if there.mean() < 0.2:
        return None
    return np.where(there, _kernel(pair.receptor, *e.places(), pair.disc_km), 0.0)


def _backward(
    winds: xr.Dataset, clean: Start, start: Start, pair: _Pair, seed: int, settings: drift.Settings
) -> F64 | None:
    """Density at the source of what the receptor sends back, one value a flight. [1/km2]"""
    lat, lon = _disc(pair.receptor, pair.disc_km, seed, "receptor")
    d = pair.flights
    ground = 0.0 if settings.terrain is None else float(Terrain.load().elevation_m(*pair.source))
    own = replace(
        clean, lat=lat, lon=lon, pressure_pa=start.pressure_pa[d.sample], altitude_m=start.altitude_m[d.sample]
    )
    every = Draws(
        sample=np.arange(FLIGHTS),
        age_s=d.age_s + ground / d.rate_ms,
        rate_ms=d.rate_ms,
        log_rate_density=np.zeros(FLIGHTS),
    )
    found: Launches = fly_back(winds, own, every, seed=seed, settings=settings)
    there = found.fate == FOUND
    if there.mean() < 0.2 or (found.extra_km[there] > 0.0).mean() > 0.5:
        return None
    density = _kernel(pair.source, np.where(there, found.lat, 0.0), np.where(there, found.lon, 0.0), pair.disc_km)
    return np.where(there, density * np.exp(found.log_area), 0.0)
