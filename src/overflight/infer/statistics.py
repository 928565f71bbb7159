"""The drift statistics: how far sightings lie from drift, in units of what wind and sightings may err.

Everything is linear about the fitted paths, so that hundreds of simulated tracks cost milliseconds. Residuals are
whitened: with the covariance ``G = L L^H`` of displacement, start and sighting errors, ``a = L^-1 r`` has unit
variance per component, and ``T2 = |a|^2``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.geo import rng
from overflight.infer.misfit import START_SD_M

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Candidate levels as a test sees them.

    Attributes
    ----------
    drift : complex128 (levels, n). Offset at each sighting that the winds bring at each level. [m]
    covariance : complex128 (levels, n, n). Of displacement by wind error, per component. [m2]
    noise : float64 (n,). Variance of each sighting, per component. [m2]
    log_prior : float64 (levels,).
    seconds : float64 (n,). Times of the sightings. [s]
    wind_dof, sighting_dof : float. Tails: of the whole track's wind error, of each sighting.
    """

    drift: C128
    covariance: C128
    noise: F64
    log_prior: F64
    seconds: F64
    wind_dof: float
    sighting_dof: float

    def whitening(self) -> tuple[C128, F64]:
        """Return inverse factors (levels, n, n) and the logarithms of the determinants (levels,)."""
        n = self.noise.size
        whole = self.covariance + START_SD_M**2 + np.diag(self.noise)
        factor = np.linalg.cholesky(whole)
        log_det = 2.0 * np.log(np.diagonal(factor, axis1=1, axis2=2).real).sum(axis=1)
        inverse = np.linalg.solve(factor, np.broadcast_to(np.eye(n, dtype=complex), whole.shape))
        return np.asarray(inverse, np.complex128), np.asarray(log_det, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best constant level for each of many tracks: its number and ``T2``; arrays (tracks,)."""

    level: NDArray[np.intp]
    statistic: F64


def best_level(model: Model, y: C128) -> Best:
    """Choose the level of greatest posterior density for tracks ``y`` (tracks, n), and return its T2."""
    white, log_det = model.whitening()
    residual = y[None] - model.drift[:, None]
    chi2 = np.einsum("lij,ltj->lti", white, residual)
    statistic = np.sum(np.abs(chi2) ** 2, axis=2)
    score = model.log_prior[:, None] - log_det[:, None] - 0.5 * statistic
    level = np.argmax(score, axis=0)
    return Best(level=level, statistic=statistic[level, np.arange(level.size)])


def free_levels(model: Model, y: C128, level: NDArray[np.intp], *, sweeps: int = 4) -> tuple[F64, C128]:
    """Let the level change at every sighting: least T2 for tracks (tracks, n) and the drift that has it.

    One leg after the other takes the level that fits best, the covariance being that of the best constant level.
    """
    white = model.whitening()[0][level]
    legs = np.diff(model.drift, axis=1)
    chosen = legs[level].copy()
    start = model.drift[level, :1]
    n = y.shape[1]
    for _ in range(sweeps):
        for leg in range(n - 1):
            drift = np.concatenate([start, start + np.cumsum(chosen, axis=1)], axis=1)
            residual = np.einsum("tij,tj->ti", white, y - drift)
            effect = white[:, :, leg + 1 :].sum(axis=2)
            change = legs[None, :, leg] - chosen[:, leg, None]
            cost = np.abs(change) ** 2 * np.sum(np.abs(effect) ** 2, axis=1)[:, None]
            cost -= 2.0 * np.real(np.conj(change) * np.sum(np.conj(effect) * residual, axis=1)[:, None])
            chosen[:, leg] = legs[np.argmin(cost, axis=1), leg]
    drift = np.concatenate([start, start + np.cumsum(chosen, axis=1)], axis=1)
    residual = np.einsum("tij,tj->ti", white, y - drift)
    return np.sum(np.abs(residual) ** 2, axis=1), drift


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """A constant air-relative velocity: estimate and standard deviation of a component, arrays (tracks,). [m/s]"""

    velocity_ms: C128
    sd_ms: F64


def air_velocity(model: Model, y: C128, level: NDArray[np.intp]) -> Speed:
    """Fit a constant velocity through the air by generalised least squares at given levels."""
    white = model.whitening()[0][level]
    residual = np.einsum("tij,tj->ti", white, y - model.drift[level])
    design = white @ (model.seconds - model.seconds[0]).astype(complex)
    power = np.maximum(np.sum(np.abs(design) ** 2, axis=1), 1e-300)
    velocity = np.sum(np.conj(design) * residual, axis=1) / power
    return Speed(velocity_ms=np.asarray(velocity), sd_ms=1.0 / np.sqrt(power))


def tail_probabilities(observed: F64, null: F64) -> F64:
    """Return the chance of a value as large under the null: (kinds, tracks) against (kinds, simulated).

    One is added to both counts, so that no p-value is 0 (Davison and Hinkley 1997, eq. 4.11).
    """
    ordered = np.sort(null, axis=1)
    below = [np.searchsorted(row, values, side="left") for row, values in zip(ordered, observed, strict=True)]
    return np.asarray((1.0 + null.shape[1] - np.stack(below)) / (null.shape[1] + 1.0))


def simulate(model: Model, drift: C128, level: NDArray[np.intp], *, seed: int, name: str) -> C128:
    """Draw tracks about ``drift`` (tracks, n) with wind error of ``level`` and sighting errors, tails included."""
    tracks, n = drift.shape
    # The first sighting has no displacement yet: a thousandth of its noise keeps the factor definite.
    root = np.linalg.cholesky(model.covariance + 1e-6 * model.noise.max() * np.eye(n))[level]
    scale = _tail(seed, f"{name} wind scale", (tracks, 1), model.wind_dof, unit_variance=True)
    wind = scale * np.einsum("tij,tj->ti", root, _complex(seed, f"{name} wind", (tracks, n)))
    tail = _tail(seed, f"{name} sighting scale", (tracks, n), model.sighting_dof, unit_variance=False)
    return np.asarray(drift + wind + np.sqrt(model.noise) * tail * _complex(seed, f"{name} sighting", (tracks, n)))


def _complex(seed: int, name: str, shape: tuple[int, int]) -> C128:
    size = shape[0] * shape[1]
    east, north = (rng.normals(seed, f"{name} {c}", size).reshape(shape) for c in ("east", "north"))
    return np.asarray(east + 1j * north)


def _tail(seed: int, name: str, shape: tuple[int, int], dof: float, *, unit_variance: bool) -> F64:
    """Scale of a Student-t, sqrt(m / chi2(dof)) with m = dof - 2 for unit variance, else dof."""
    if not dof < 1e6:
        return np.ones(shape)
    size, count = shape[0] * shape[1], max(3, round(dof))
    squares = sum(rng.normals(seed, f"{name} {i}", size) ** 2 for i in range(count))
    return np.asarray(np.sqrt((count - 2.0 * unit_variance) / squares)).reshape(shape)
