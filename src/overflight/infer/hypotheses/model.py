"""Displacements between sightings under drift: what winds bring at each level, and how far wind and sightings err.

Displacements are counted from the first sighting, so that where that truly was does not matter. They are real, all
east components of the carried frame, then all north: ``m = 2 (n - 1)`` numbers for ``n`` sightings. [m]
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from overflight.geo import atmosphere
from overflight.infer import misfit
from overflight.infer.scene import Scene
from overflight.infer.smooth import SIGHTING_DOF, Posterior

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

TIME_FACTORS = (1 / 3, 1.0, 3.0)
"""How wrong correlation times may be; equally likely in the likelihoods that are compared."""
NOMINAL = TIME_FACTORS.index(1.0)
WANDER_SD_M, WANDER_TIME_S = 300.0, 24 * 3600.0
"""A passive float wanders about its level: an Ornstein-Uhlenbeck process of height."""
_COVARIANCE_STEP_S = 3600.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """Drift at each candidate level, linear about the fitted paths.

    Attributes
    ----------
    seconds : float64 (n,). Times of the sightings, from the first. [s]
    drift : float64 (levels, m). What winds bring. [m]
    wind : float64 (levels, times, m, m). Covariance of what wind error brings, for each of ``TIME_FACTORS``. [m2]
    wander : float64 (levels, m, m). Covariance of what wandering about the level brings. [m2]
    noise : float64 (n, 2, 2). Covariance of each sighting. [m2]
    log_prior : float64 (levels,). Normalised.
    wind_dof, sighting_dof : float. Tails: of the whole track's wind error, of each sighting.
    """

    seconds: F64
    drift: F64
    wind: F64
    wander: F64
    noise: F64
    log_prior: F64
    wind_dof: float
    sighting_dof: float = SIGHTING_DOF

    @property
    def size(self) -> int:
        """Number of displacements, ``m``."""
        return int(self.drift.shape[1])

    @cached_property
    def still(self) -> F64:
        """Covariance of all but wind error, (levels, m, m). [m2]"""
        return self.wander + contrasted(self.noise)

    @property
    def design(self) -> F64:
        """Displacement by a steady velocity of 1 m/s east, and north; (m, 2). [s]"""
        return np.kron(np.eye(2), (self.seconds[1:] - self.seconds[0])[:, None])

    @cached_property
    def scale2(self) -> F64:
        """Equally likely squared scales of the whole track's wind error."""
        if not self.wind_dof < 1e6:
            return np.ones(1)
        return misfit.scales_of(self.wind_dof)


def contrasted(noise: F64) -> F64:
    """Covariance (m, m) of differences from the first of sightings with covariances (n, 2, 2)."""
    n = noise.shape[0]
    whole = np.zeros((2, n - 1, 2, n - 1))
    for a in range(2):
        for b in range(2):
            whole[a, :, b, :] = np.diag(noise[1:, a, b]) + noise[0, a, b]
    return whole.reshape(2 * (n - 1), 2 * (n - 1))


def real_vector(displacement: C128) -> F64:
    """Differences from the first of complex offsets (..., n), as real numbers (..., m)."""
    moved = displacement[..., 1:] - displacement[..., :1]
    return np.concatenate([moved.real, moved.imag], axis=-1)


def real_covariance(covariance: C128) -> F64:
    """Real form (..., 2k, 2k) of covariances per component (..., k, k) of proper complex numbers."""
    top = np.concatenate([covariance.real, -covariance.imag], axis=-1)
    bottom = np.concatenate([covariance.imag, covariance.real], axis=-1)
    return np.concatenate([top, bottom], axis=-2)


def model_of(scene: Scene, found: Posterior) -> Model:
    """Lay out the test of a fitted scene: constant levels each by itself, histories of a level as one."""
    drift, prior = real_vector(found.drift[:, scene.index]), scene.levels.log_prior
    wind, wander = _wind_covariances(scene), _wander_covariances(scene, found)
    if not scene.levels.constant:
        apart = drift - drift.mean(axis=0)
        wander = wander.mean(axis=0, keepdims=True) + (apart.T @ apart / (drift.shape[0] - 1))[None]
        drift, prior = drift.mean(axis=0, keepdims=True), np.zeros(1)
    return Model(
        seconds=scene.seen.seconds,
        drift=drift,
        wind=wind,
        wander=wander,
        noise=scene_noise(scene),
        log_prior=prior - np.logaddexp.reduce(prior),
        wind_dof=scene.error.tail_dof,
    )


def scene_noise(scene: Scene) -> F64:
    """Covariance of each sighting, (n, 2, 2). [m2]"""
    return scene.noise if scene.noise.ndim == 3 else scene.noise[:, None, None] * np.eye(2)


def _wind_covariances(scene: Scene) -> F64:
    """Covariances (levels, times, m, m) of displacement by wind error, on instants an hour or so apart."""
    instants = _thinned(scene)
    seconds, ln_p = scene.frame.seconds[instants], scene.levels.ln_p[:, instants].mean(axis=0)
    frame = replace(scene.frame, seconds=seconds, **{n: getattr(scene.frame, n)[instants] for n in _FRAME_FIELDS})
    size = scene.sd[:, instants]
    if not scene.levels.constant:
        size = np.sqrt(np.mean(size**2, axis=0, keepdims=True))
    rows = misfit.trapezoid_rows(seconds, np.searchsorted(seconds, scene.seen.seconds[1:]))
    weighted = rows * size[:, None, :]
    whole = []
    for factor in TIME_FACTORS:
        slower = replace(scene.error, slow_time_s=scene.error.slow_time_s * factor,
                         wave_time_s=scene.error.wave_time_s * factor)  # fmt: skip
        unit = misfit.unit_covariance(slower, frame, ln_p)
        covariance = np.einsum("lim,ljm->lij", weighted @ unit, weighted.astype(np.complex128), optimize=True)
        whole.append(real_covariance(covariance))
    return np.stack(whole, axis=1)


_FRAME_FIELDS = ("lat", "lon", "angle", "unrolled")


def _thinned(scene: Scene) -> NDArray[np.intp]:
    """Instants that a covariance is integrated over: of the sightings, and in between about an hour apart."""
    seconds = scene.frame.seconds
    step = max(_COVARIANCE_STEP_S, float(seconds[-1]) / 96.0)
    regular = np.searchsorted(seconds, np.arange(0.0, float(seconds[-1]), step))
    return np.union1d(regular, scene.index)


def _wander_covariances(scene: Scene, found: Posterior) -> F64:
    """Covariances (levels, m, m) of what wandering about each level brings, by the shear along its path."""
    shear = _shear(scene, found)
    seconds = scene.frame.seconds
    rows = misfit.trapezoid_rows(seconds, scene.index[1:])
    effect = np.concatenate([rows * shear.real[:, None, :], rows * shear.imag[:, None, :]], axis=1)
    apart = np.abs(seconds[:, None] - seconds[None, :])
    height = WANDER_SD_M**2 * np.exp(-apart / WANDER_TIME_S)
    return np.asarray((effect @ height) @ effect.transpose(0, 2, 1))


def _shear(scene: Scene, found: Posterior) -> C128:
    """Change of wind with height along each candidate's path, (levels, n). [1/s]"""
    if scene.air is None:
        return np.zeros(found.path.shape, np.complex128)
    altitude = atmosphere.altitude_m(np.exp(scene.levels.ln_p))
    ends = [np.log(atmosphere.pressure_pa(altitude + d)) for d in (-WANDER_SD_M, WANDER_SD_M)]
    below, above = (np.nan_to_num(scene.wind(found.path, np.clip(p, scene.air.ln_p[-1], scene.air.ln_p[0])))
                    for p in ends)  # fmt: skip
    return np.asarray((above - below) / (2.0 * WANDER_SD_M))
