"""How likely sightings are under a candidate: a density from an ensemble, honest in its tails, and along a flown track.

References
----------
West (1993), Approximating posterior distributions by mixtures, doi 10.1111/j.2517-6161.1993.tb01911.x: kernels about
points drawn towards their mean, so that the mixture has the covariance of the points. Silverman (1986), Density
Estimation for Statistics and Data Analysis, ch. 4: width of the kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from overflight.geo import atmosphere, sphere
from overflight.infer.candidates import Candidate
from overflight.infer.carry import Carried
from overflight.infer.seen_places import SeenPlaces

F64 = NDArray[np.float64]

KERNEL_DOF = 6.0
"""Degrees of freedom of the Student-t kernels: between a Gaussian and the tails of the wind error, which has 4."""
LEAST_SD_KM, LEAST_ALTITUDE_SD_KM = 2.0, 0.15
"""Least width of a prediction, whatever the ensemble: steps, grid and profile are not exact."""
LEAST_MEMBERS = 8
"""Fewer members aloft give no covariance of their own: a wide one is taken."""
_WIDE_KM, _WIDE_ALTITUDE_KM = 100.0, 5.0
_SPEED_SD_MS, _SPEED_TIME_S = 8.0, 3 * 3600.0
_CLIMB_SD_MS, _CLIMB_TIME_S, _MOST_CLIMB_SD_KM = 3.0, 600.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offsets:
    """Members of one candidate relative to the sightings.

    Attributes
    ----------
    points : float64 (members, d). East and north of each sighting, then altitudes where reported. [km]
    noise : float64 (d, d). Of the sightings. [km2]
    aloft : float. Share of the members that is aloft at all sightings, of those known.
    """

    points: F64
    noise: F64
    aloft: float


def offsets(carried: Carried, row: int, seen: SeenPlaces) -> Offsets:
    """Lay the members of candidate ``row`` on the planes that touch the Earth at the sightings."""
    lat, lon = carried.lat[row], carried.lon[row]
    there = np.isfinite(lat).all(axis=1)
    known = ~carried.lost[row].any(axis=1)
    members = int(known.sum())
    plane = offset_km(seen.lat, seen.lon, lat[there], lon[there])
    high = np.where(seen.is_pressure, atmosphere.altitude_m(np.nan_to_num(carried.pressure_pa[row][there], nan=1e5)),
                    carried.altitude_m[row][there])  # fmt: skip
    told = np.isfinite(seen.altitude_m)
    points = np.concatenate([plane.real, plane.imag, (high - seen.altitude_m)[:, told] / 1000.0], axis=1)
    return Offsets(
        points=points,
        noise=noise_of(seen, carried.speed_ms[row][there], carried.climb_ms[row][there]),
        aloft=(there & known).sum() / members if members else 0.0,
    )


def offset_km(lat0: F64, lon0: F64, lat: F64, lon: F64) -> NDArray[np.complex128]:
    """Return east + i north of places from others. [km]"""
    course = np.radians(sphere.azimuth_deg(lat0, lon0, lat, lon))
    return np.asarray(sphere.distance_m(lat0, lon0, lat, lon) / 1000.0 * np.exp(1j * (0.5 * np.pi - course)))


def noise_of(seen: SeenPlaces, speed_ms: NDArray[np.complex128], climb_ms: F64) -> F64:
    """Return the errors of the sightings (d, d); an error of time is one of place along the motion. [km2]

    ``speed_ms`` and ``climb_ms`` are those of the members (members, n).
    """
    n, told = seen.lat.size, np.flatnonzero(np.isfinite(seen.altitude_m))
    out = np.zeros((2 * n + told.size,) * 2)
    east, north = speed_ms.real / 1000.0, speed_ms.imag / 1000.0
    for i in range(n):
        run = np.cov(np.stack([east[:, i], north[:, i]]), bias=True) if len(east) else np.zeros((2, 2))
        mean = np.array([east[:, i].mean(), north[:, i].mean()]) if len(east) else np.zeros(2)
        block = seen.cov_km2[i] + seen.time_sd_s[i] ** 2 * (run + np.outer(mean, mean))
        out[np.ix_([i, n + i], [i, n + i])] = block
    for j, k in enumerate(told):
        climb = np.mean(climb_ms[:, k] ** 2) if len(climb_ms) else 0.0
        out[2 * n + j, 2 * n + j] = (seen.altitude_sd_m[k] ** 2 + seen.time_sd_s[k] ** 2 * climb) / 1e6
    return out


def log_density(points: F64, noise: F64, places: int) -> float:
    """Return the log density at the sightings (the origin) of an ensemble with the errors of the sightings.

    Parameters
    ----------
    points : float64 (members, d). The first ``2 * places`` columns are of places. [km]
    noise : float64 (d, d). [km2]

    Returns
    -------
    float. Of a density per km^d; -inf where there is no member.
    """
    if not len(points):
        return -np.inf
    centres, covariance = kernels(points, places)
    return float(logsumexp(log_student(centres, covariance + noise)) - np.log(len(points)))


def kernels(points: F64, places: int) -> tuple[F64, F64]:
    """Return the centres (members, d) and the covariance (d, d) of kernels that stand for points. [km], [km2]

    Centres are drawn towards the mean so that the mixture keeps the covariance of the points (West 1993); the width is
    Silverman's.
    """
    count, d = points.shape
    horizontal = np.arange(d) < 2 * places
    floor = np.diag(np.where(horizontal, LEAST_SD_KM, LEAST_ALTITUDE_SD_KM) ** 2)
    mean = points.mean(axis=0)
    spread = np.cov(points.T, ddof=1).reshape(d, d) if count > 1 else np.zeros((d, d))
    wide = np.diag(np.where(horizontal, _WIDE_KM, _WIDE_ALTITUDE_KM) ** 2)
    spread = spread + max(0.0, 1.0 - count / LEAST_MEMBERS) * wide
    # A covariance from few members is shrunk to its diagonal, else it is singular in many dimensions.
    trust = count / (count + d + 2.0)
    spread = trust * spread + (1.0 - trust) * np.diag(np.diag(spread))
    width2 = min(1.0, (4.0 / ((d + 2.0) * count)) ** (2.0 / (d + 4.0)))
    centres = mean + np.sqrt(1.0 - width2) * (points - mean)
    return centres, width2 * spread * (1.0 + 1.0 / count) + floor


def log_student(centres: F64, covariance: F64) -> F64:
    """Return the log density at the origin of Student-t about ``centres`` (m, d), of this covariance."""
    d, dof = covariance.shape[0], KERNEL_DOF
    factor = np.linalg.cholesky(covariance * (dof - 2.0) / dof)
    white = np.linalg.solve(factor, centres.T)
    log_scale = np.log(np.diag(factor)).sum() + 0.5 * d * np.log(dof * np.pi)
    power = -0.5 * (dof + d) * np.log1p(np.sum(white**2, axis=0) / dof)
    return np.asarray(gammaln(0.5 * (dof + d)) - gammaln(0.5 * dof) - log_scale + power)


def bridge(time_s: F64, start_s: F64, end_s: F64, sd_ms: float, memory_s: float) -> F64:
    """Return the covariance (n, n) of a path between two fixes at instants between them. [m2]

    The speed about the straight line is an Ornstein-Uhlenbeck process; its integral is pinned at both fixes. Instants
    between different fixes are independent.
    """
    tau, gap = time_s - start_s, np.maximum(end_s - start_s, 1e-9)
    together = (start_s[:, None] == start_s) & (end_s[:, None] == end_s)
    pinned = _drift(tau, gap, sd_ms, memory_s) / np.maximum(_drift(gap, gap, sd_ms, memory_s), 1e-9)
    free = _drift(tau[:, None], tau[None, :], sd_ms, memory_s)
    out = free - pinned[:, None] * _drift(tau, gap, sd_ms, memory_s)[None, :]
    return np.where(together, out, 0.0)


def _drift(s: F64, t: F64, sd_ms: float, memory_s: float) -> F64:
    """Covariance of the integral of an Ornstein-Uhlenbeck process at two times from its start. [m2]"""
    a, b, c = (np.expm1(-x / memory_s) for x in (s, t, np.abs(t - s)))
    return np.asarray((sd_ms * memory_s) ** 2 * (2.0 * np.minimum(s, t) / memory_s + a + b - c))


def on_track(candidate: Candidate, seen: SeenPlaces) -> tuple[Offsets, F64]:
    """Return a flown track relative to sightings inside its fixes, and its own covariance (d, d). [km], [km2]"""
    at = (candidate.time - candidate.time[0]) / np.timedelta64(1, "s")
    t = (seen.time - candidate.time[0]) / np.timedelta64(1, "s")
    i = np.clip(np.searchsorted(at, t, side="right") - 1, 0, at.size - 2)
    share = np.clip((t - at[i]) / (at[i + 1] - at[i]), 0.0, 1.0)
    a, b = (sphere.unit_vector(candidate.lat[i + k], candidate.lon[i + k]) for k in (0, 1))
    lat, lon = sphere.latlon((1.0 - share[:, None]) * a + share[:, None] * b)
    plane = offset_km(seen.lat, seen.lon, lat, lon)
    run = offset_km(candidate.lat[i], candidate.lon[i], candidate.lat[i + 1], candidate.lon[i + 1])
    speed = run / (at[i + 1] - at[i]) * 1000.0
    high = np.interp(t, at, candidate.altitude_m)
    told, n = np.flatnonzero(np.isfinite(seen.altitude_m)), t.size
    points = np.concatenate([plane.real, plane.imag, np.nan_to_num(high - seen.altitude_m)[told] / 1000.0])
    own = np.zeros((points.size,) * 2)
    place = bridge(t, at[i], at[i + 1], _SPEED_SD_MS, _SPEED_TIME_S) / 1e6
    place += np.eye(n) * ((candidate.position_sd_m / 1000.0) ** 2 + (candidate.time_sd_s * np.abs(speed) / 1000.0) ** 2)
    own[:n, :n] = own[n : 2 * n, n : 2 * n] = place
    vertical = bridge(t, at[i], at[i + 1], _CLIMB_SD_MS, _CLIMB_TIME_S) / 1e6
    vertical *= min(1.0, _MOST_CLIMB_SD_KM**2 / max(float(np.diag(vertical).max()), 1e-9))
    vertical += np.diag(np.where(np.isfinite(high), candidate.altitude_sd_m / 1000.0, 10.0) ** 2)
    own[2 * n :, 2 * n :] = vertical[np.ix_(told, told)]
    noise = noise_of(seen, speed[None, :], np.gradient(np.nan_to_num(candidate.altitude_m), at)[i][None, :])
    return Offsets(points=points[None, :], noise=noise, aloft=1.0), own
