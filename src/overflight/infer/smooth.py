"""The smoother: every candidate level is fitted, weighed, and sampled.

Given a level, wind error and sightings are Gaussian, so the path is a Gaussian-process regression about the drift of
the winds; the winds are looked up along the fitted path and the fit repeated until it settles. Samples come by
Matheron's rule: a draw from the prior, corrected by what it misses the sightings by, each through its own winds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, logsumexp, ndtr

from overflight.geo import rng
from overflight.infer import misfit
from overflight.infer.frame import C128, F64
from overflight.infer.scene import Scene

SIGHTING_DOF = 4.0
"""Errors of sightings are Student-t with so many degrees of freedom."""
_ROUNDS, _SETTLE, _RELAX = 5, 6, 0.8
_WEIGHTS = np.exp(np.linspace(np.log(1e-7), np.log(6.0), 240))


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """What the fit found.

    Attributes
    ----------
    path : complex128 (candidates, n). Best path of each candidate, offsets. [m]
    drift : complex128 (candidates, n). Offset that the winds alone bring along it. [m]
    cross : complex128 (candidates, n, sightings). Covariance of displacement. [m2]
    level_cross : complex128 (n, sightings). What histories of level add to it; 0 for constant levels. [m2]
    log_weight : float64 (candidates, scales). Normalised.
    scale2 : float64 (scales,). Squared scale of wind error of the whole track.
    weight_log_density : float64 (sightings, weights). Posterior of each sighting's precision factor.
    """

    path: C128
    drift: C128
    cross: C128
    level_cross: C128
    log_weight: F64
    scale2: F64
    weight_log_density: F64

    @property
    def level_weight(self) -> F64:
        """Posterior probability of each candidate."""
        return np.asarray(np.exp(logsumexp(self.log_weight, axis=1)))

    @property
    def precision(self) -> F64:
        """Geometric mean of each sighting's precision factor, posterior over prior; 1 takes the error as stated."""
        share = np.exp(self.weight_log_density)
        usual = digamma(0.5 * SIGHTING_DOF) - np.log(0.5 * SIGHTING_DOF)
        return np.asarray(np.exp(share @ np.log(_WEIGHTS) - usual))

    @property
    def outlier_probability(self) -> F64:
        """Probability that a sighting's variance is over ten times what it states."""
        return np.asarray(np.exp(self.weight_log_density)[:, _WEIGHTS < 0.1].sum(axis=1))


def smooth(scene: Scene) -> Posterior:
    """Fit every candidate level and weigh it by how well it meets the sightings."""
    ln_p, scale2, index = scene.levels.ln_p, misfit.scales(scene.error), scene.index
    cross = _displacement(scene)
    path = np.zeros(ln_p.shape, np.complex128)
    drift = scene.drift(path, ln_p)
    precision = np.ones(index.size)
    for _ in range(_ROUNDS):
        level_cross = _level_covariance(scene, drift)
        noise = np.diag(scene.noise / precision)
        log_weight = _weigh_levels(scene, drift, cross, level_cross, noise)
        for p in range(ln_p.shape[0]):
            path[p] = drift[p] + _correction(cross[p] + level_cross, scene.y - drift[p, index], index, noise)
        drift = drift + _RELAX * (scene.drift(path, ln_p) - drift)
        top, q = divmod(int(np.argmax(log_weight)), scale2.size)
        best = drift[top, index] if scene.levels.constant else drift[:, index].mean(axis=0)
        weights = _weigh(scene, scale2[q] * cross[top, index] + level_cross[index], scene.y - best, precision)
        precision = np.exp(np.exp(weights) @ np.log(_WEIGHTS))
    return Posterior(
        path=path,
        drift=drift,
        cross=cross,
        level_cross=_level_covariance(scene, drift),
        log_weight=log_weight,
        scale2=scale2,
        weight_log_density=weights,
    )


def _displacement(scene: Scene) -> C128:
    """Covariance of displacement by wind error of each candidate; histories share their mean."""
    seconds, index, sizes = scene.frame.seconds, scene.index, scene.sd
    if scene.levels.constant:
        return np.stack([misfit.cross_covariance(scene.unit, sd, seconds, index) for sd in sizes])
    shared = misfit.cross_covariance(scene.unit, np.sqrt(np.mean(sizes**2, axis=0)), seconds, index)
    return np.broadcast_to(shared, (sizes.shape[0], *shared.shape))


def _level_covariance(scene: Scene, drift: C128) -> C128:
    """Covariance per component of what different histories drift, (n, sightings); none between constant levels."""
    if scene.levels.constant:
        return np.zeros((scene.frame.seconds.size, scene.index.size), np.complex128)
    apart = drift - drift.mean(axis=0)
    return np.asarray(apart.T @ apart[:, scene.index].conj() / (2.0 * (drift.shape[0] - 1)))


def _weigh_levels(scene: Scene, drift: C128, cross: C128, level_cross: C128, noise: F64) -> F64:
    """Log posterior of (candidate, scale); histories weigh the same, for they are draws of a Gaussian prior."""
    index, scale2 = scene.index, misfit.scales(scene.error)
    centre = drift if scene.levels.constant else drift.mean(axis=0, keepdims=True)
    wholes = scale2[:, None, None] * cross[: centre.shape[0], None, index]
    wholes = wholes + (level_cross[index] + noise)
    log = misfit.log_density(scene.y - centre[:, None, index], wholes)
    log = log + scene.levels.log_prior[:, None]
    return np.asarray(log - logsumexp(log))


def _correction(cross: C128, residual: C128, index: NDArray[np.intp], noise: F64) -> C128:
    """Best correction of a path for what the drift misses the sightings by."""
    whole = cross[index] + misfit.START_SD_M**2 + noise
    return np.asarray((cross + misfit.START_SD_M**2) @ np.linalg.solve(whole, residual))


def _weigh(scene: Scene, covariance: C128, residual: C128, precision: F64) -> F64:
    """Log posterior of each sighting's precision factor from its residual against all others.

    Factor w has the prior Gamma(dof / 2, rate dof / 2), so that errors are Student-t (West 1984).
    """
    prior = 0.5 * SIGHTING_DOF * (np.log(_WEIGHTS) - _WEIGHTS)
    prior = prior - logsumexp(prior)
    if residual.size < 3:
        return np.broadcast_to(prior, (residual.size, prior.size)).copy()
    left = misfit.leave_out(residual, covariance + np.diag(scene.noise / precision))
    others = np.maximum(left.variance - scene.noise / precision, 0.0)
    variance = others[:, None] + scene.noise[:, None] / _WEIGHTS
    log = prior - np.log(variance) - 0.5 * np.abs(left.residual[:, None]) ** 2 / variance
    return np.asarray(log - logsumexp(log, axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Equally likely paths: ``offset`` complex128 (members, n) [m], ``ln_p`` float64 (members, n) [ln Pa]."""

    offset: C128
    ln_p: F64


def sample(scene: Scene, found: Posterior, *, members: int, seed: int) -> Samples:
    """Draw paths, keyed by seed and member."""
    n, count = scene.frame.seconds.size, scene.index.size
    p, q = _pick(found.log_weight, seed, members)
    jitter = (rng.uniforms(seed, "track level", members) - 0.5) * scene.levels.spacing
    ln_p = _held(scene.levels.ln_p[p] + jitter[:, None], scene)
    factor = _pick_weights(found.weight_log_density, seed, members)
    root = np.linalg.cholesky(scene.unit + 1e-9 * np.eye(n))
    size = scene.sd[p] if scene.levels.constant else np.sqrt(np.mean(scene.sd**2, axis=0))
    error = size * (_complex(seed, "track wind", members, n) @ root.T)
    prior = np.sqrt(found.scale2[q])[:, None] * misfit.integral(np.asarray(error, np.complex128), scene.frame.seconds)
    prior += misfit.START_SD_M * _complex(seed, "track start", members, 1)
    noise = scene.noise / factor
    missed = np.sqrt(noise) * _complex(seed, "track sighting", members, count)
    wholes = found.scale2[q, None, None] * found.cross[p][:, scene.index]
    wholes = wholes + found.level_cross[scene.index] + misfit.START_SD_M**2
    inverse = np.linalg.inv(wholes + noise[:, :, None] * np.eye(count))
    drift = found.drift[p]
    for _ in range(_SETTLE):
        free = drift + prior
        gap = np.einsum("mij,mj->mi", inverse, scene.y - free[:, scene.index] - missed)
        pull = np.stack([found.cross[a] @ g for a, g in zip(p, gap, strict=True)])
        offset = (
            free
            + found.scale2[q][:, None] * pull
            + gap @ found.level_cross.T
            + misfit.START_SD_M**2 * gap.sum(axis=1)[:, None]
        )
        drift = drift + _RELAX * (scene.drift(offset, ln_p) - drift)
    return Samples(offset=offset, ln_p=ln_p)


def _held(ln_p: F64, scene: Scene) -> F64:
    return ln_p if scene.air is None else np.clip(ln_p, scene.air.ln_p[-1], scene.air.ln_p[0])


def _pick(log_weight: F64, seed: int, members: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw (candidate, scale), stratified over the members in an order that the seed shuffles."""
    strata = np.argsort(rng.uniforms(seed, "track order", members))
    u = (strata + rng.uniforms(seed, "track candidate", members)) / members
    flat = np.searchsorted(np.cumsum(np.exp(log_weight).ravel()), u)
    p, q = np.unravel_index(np.minimum(flat, log_weight.size - 1), log_weight.shape)
    return p, q


def _pick_weights(log_density: F64, seed: int, members: int) -> F64:
    """Draw each sighting's precision factor for each member, (members, sightings)."""
    count = log_density.shape[0]
    u = ndtr(rng.normals(seed, "track weight", members * count)).reshape(members, count)
    total = np.cumsum(np.exp(log_density), axis=1)
    picked = [np.searchsorted(total[i], u[:, i]) for i in range(count)]
    return np.stack([_WEIGHTS[np.minimum(i, _WEIGHTS.size - 1)] for i in picked], axis=1)


def _complex(seed: int, name: str, members: int, n: int) -> C128:
    """Complex normals of unit variance per component, (members, n)."""
    east, north = (rng.normals(seed, f"{name} {c}", members * n).reshape(members, n) for c in ("east", "north"))
    return np.asarray(east + 1j * north)
