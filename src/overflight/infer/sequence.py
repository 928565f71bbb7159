"""Several sightings of a floating balloon, one after the other: predict, weigh, condition, go on.

Between two sightings a member drifts at its level; at each, the ensemble is a mixture of kernels that is conditioned
on the sighting (a Gaussian sum filter), and members are drawn anew from it. A joint density of many sightings from one
ensemble would have to be estimated in three dimensions for each, and would lose against any that is estimated step by
step; here all hypotheses go the same way.

References
----------
Alspach and Sorenson (1972), doi 10.1109/TAC.1972.1100034, on filters of Gaussian sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.geo import atmosphere, rng, sphere
from overflight.infer.carry import Carried, Carrier
from overflight.infer.match import kernels, log_density, log_student, noise_of, offset_km
from overflight.infer.seen_places import SeenPlaces, some_of

F64 = NDArray[np.float64]

_STEADY_MS = 0.4
"""Members that climb or fall faster are not afloat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Afloat:
    """Members of hypotheses at a sighting: lat, lon [degrees] and pressure altitude [m], each (hypotheses, members)."""

    lat: F64
    lon: F64
    level_m: F64


def is_afloat(carried: Carried, row: int) -> bool:
    """Whether most of the members of a candidate are at their level at the first sighting."""
    aloft = carried.aloft[row, :, 0]
    return bool(aloft.any() and np.mean(np.abs(carried.climb_ms[row, aloft, 0]) < _STEADY_MS) > 0.5)


def weighed(carried: Carried, row: int, seen: SeenPlaces, seed: int) -> tuple[float, Afloat | None]:
    """Weigh one hypothesis by the one sighting ``seen``, and draw its members anew.

    Returns
    -------
    log density [per km2, per km of altitude if reported] with the chance to be aloft, and the members (1, members), or
    None if none is aloft.
    """
    aloft, known = carried.aloft[row, :, 0], ~carried.lost[row, :, 0]
    if not aloft.any():
        return -np.inf, None
    lat, lon, pressure = (getattr(carried, n)[row, aloft, 0] for n in ("lat", "lon", "pressure_pa"))
    level = np.asarray(atmosphere.altitude_m(pressure))
    told = bool(np.isfinite(seen.altitude_m[0]))
    high = level if seen.is_pressure[0] else carried.altitude_m[row, aloft, 0]
    plane = offset_km(seen.lat[0], seen.lon[0], lat, lon)
    third = (high - (seen.altitude_m[0] if told else 0.0)) / 1000.0
    points = np.stack([plane.real, plane.imag, third], axis=-1)
    noise = noise_of(seen, carried.speed_ms[row, aloft], carried.climb_ms[row, aloft])
    used = points if told else points[:, :2]
    new, source = _drawn(points, noise, carried.lat.shape[1], seed)
    offset = new[:, 0] + 1j * new[:, 1]
    place = sphere.move(seen.lat[0], seen.lon[0], 90.0 - np.degrees(np.angle(offset)), 1000.0 * np.abs(offset))
    moved = level[source] + 1000.0 * (new[:, 2] - points[source, 2])
    members = Afloat(lat=place[0][None], lon=place[1][None], level_m=np.clip(moved, 0.0, 45_000.0)[None])
    return log_density(used, noise, 1) + float(np.log(aloft.sum() / known.sum())), members


def _drawn(points: F64, noise: F64, count: int, seed: int) -> tuple[F64, NDArray[np.intp]]:
    """Draw (count, 3) from the kernels about points (members, 3), conditioned on the origin in the first columns."""
    centres, covariance = kernels(points, 1)
    seen = np.arange(noise.shape[0])
    innovation = covariance[np.ix_(seen, seen)] + noise
    logs = log_student(centres[:, seen], innovation)
    share = np.cumsum(np.exp(logs - logs.max()))
    start = rng.uniforms(seed, "identify resampled", 1)[0]
    source = np.minimum(np.searchsorted(share / share[-1], (np.arange(count) + start) / count), len(points) - 1)
    gain = np.linalg.solve(innovation, covariance[seen]).T
    left = covariance - gain @ covariance[seen]
    root = np.linalg.cholesky(left + 1e-9 * np.trace(covariance) * np.eye(3))
    normals = np.stack([rng.normals(seed, f"identify conditioned {k}", count) for k in range(3)], axis=-1)
    chosen = centres[source]
    return chosen - chosen[:, seen] @ gain.T + normals @ root.T, source


def first_of(seen: SeenPlaces) -> SeenPlaces:
    """Return the first sighting alone."""
    return some_of(seen, np.array([0]))


def together(some: list[Afloat]) -> Afloat:
    """Stack hypotheses."""
    return Afloat(**{n: np.concatenate([getattr(a, n) for a in some]) for n in ("lat", "lon", "level_m")})


def log_rest(carrier: Carrier, members: Afloat, seen: SeenPlaces) -> F64:
    """Return the log density (hypotheses,) of the sightings after the first, given members at the first."""
    total = np.zeros(len(members.lat))
    for i in range(1, seen.lat.size):
        pressure = np.asarray(atmosphere.pressure_pa(members.level_m))
        carried = carrier.drift(seen.time[i - 1], members.lat, members.lon, pressure, seen.time[i : i + 1], i)
        one = some_of(seen, np.array([i]))
        following = []
        for row in range(total.size):
            log, drawn = weighed(carried, row, one, carrier.seed + 7919 * i + row)
            total[row] += log
            following.append(
                drawn or Afloat(**{n: getattr(members, n)[row : row + 1] for n in ("lat", "lon", "level_m")})
            )
        members = together(following)
    return total
