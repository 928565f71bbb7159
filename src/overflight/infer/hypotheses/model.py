"""Displacements between sightings under drift: what winds bring at each level, and how far wind and sightings err.

Displacements are counted from the first sighting, so that where that truly was does not matter. They are real, all
east components of the carried frame, then all north: ``m = 2 (n - 1)`` numbers for ``n`` sightings. [m]
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from overflight.infer import misfit
from overflight.infer.scene import Scene
from overflight.infer.smooth import SIGHTING_DOF, level_covariances, smooth

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

TIME_FACTORS = (1 / 3, 1.0, 3.0)
"""How wrong correlation times may be; equally likely in the likelihoods that are compared."""
NOMINAL = TIME_FACTORS.index(1.0)
_ROUNDS = 3


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


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A track laid out for its test.

    Attributes
    ----------
    scene : Scene
    model : Model
    y : float64 (m,). The displacements that were seen. [m]
    drift : complex128 (levels, n). Offset that winds bring at each level at each instant. [m]
    path : complex128 (levels, n). The same, bent to meet the sightings: along it the winds were looked up. [m]
    """

    scene: Scene
    model: Model
    y: F64
    drift: C128
    path: C128


def case_of(scene: Scene) -> Case:
    """Lay out the test of a scene: drift at each candidate level, along paths that meet the sightings."""
    place, noise = _seen(scene)
    y, wind, levels = real_vector(place), _wind_covariances(scene), scene.levels
    path = np.zeros(levels.ln_p.shape, np.complex128)
    for _ in range(_ROUNDS):
        drift, shear = scene.drift_and_shear(path, levels.ln_p, levels.spread)
        wander = _contrasts(level_covariances(scene, levels, shear)[1])
        path = _through(scene, drift, place, (wind[:, NOMINAL] + wander, noise))
    model = Model(
        seconds=scene.seen.seconds,
        drift=real_vector(drift[:, scene.index]),
        wind=wind,
        wander=wander,
        noise=noise,
        log_prior=levels.log_prior - np.logaddexp.reduce(levels.log_prior),
        wind_dof=scene.error.tail_dof,
    )
    return Case(scene=scene, model=model, y=y, drift=drift, path=path)


def _seen(scene: Scene) -> tuple[C128, F64]:
    """Offsets of the sightings and their covariances; of lines of sight, what the smoother makes of them."""
    if scene.sight is None:
        return scene.y, scene.noise
    found = smooth(scene)
    return found.y, found.noise


def _wind_covariances(scene: Scene) -> F64:
    """Covariances (levels, times, m, m) of displacement by wind error."""
    whole = []
    for factor in TIME_FACTORS:
        slower = replace(scene.error, slow_time_s=scene.error.slow_time_s * factor,
                         wave_time_s=scene.error.wave_time_s * factor)  # fmt: skip
        of = misfit.parts(slower, scene.frame)
        cross, _ = misfit.displacement(of, scene.frame, scene.levels.ln_p, scene.sd, scene.index, scene.index[:1])
        whole.append(real_covariance(cross[:, scene.index[1:], 1:]))
    return np.stack(whole, axis=1)


def _contrasts(covariance: F64) -> F64:
    """Take the first sighting, which has no displacement, out of covariances (levels, 2 n, 2 n)."""
    n = covariance.shape[-1] // 2
    kept = np.delete(np.arange(2 * n), (0, n))
    return covariance[:, kept[:, None], kept]


def _through(scene: Scene, drift: C128, place: C128, errors: tuple[F64, F64]) -> C128:
    """Bend drift (levels, n) to meet the sightings as closely as their errors ask, evenly in time between them."""
    moving, noise = errors
    n = noise.shape[0]
    missed = real_vector(place - drift[:, scene.index])
    weighted = np.linalg.solve(moving + contrasted(noise), missed[..., None])[..., 0]
    first = -np.einsum("ab,lbk->la", noise[0], weighted.reshape(-1, 2, n - 1))
    bent = np.concatenate([np.zeros((drift.shape[0], 2, 1)),
                           np.einsum("lij,lj->li", moving, weighted).reshape(-1, 2, n - 1)], axis=2)  # fmt: skip
    bent = bent[:, 0] + 1j * bent[:, 1] + (place[0] - first[:, 0] - 1j * first[:, 1])[:, None]
    return np.asarray(drift + np.stack([np.interp(scene.frame.seconds, scene.seen.seconds, row) for row in bent]))
