"""Displacements between sightings under drift: what winds bring at each level, and how far wind and sightings err.

A displacement is that of a gap from one sighting to the next, so that where the object truly was at first does not
matter. They are real, all east components of the carried frame, then all north: two numbers a gap. [m]
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from overflight.infer import misfit
from overflight.infer.kernels import gap as kernel
from overflight.infer.levels import Levels
from overflight.infer.scene import Scene
from overflight.infer.smooth import smooth

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

TIME_FACTORS = (1 / 3, 1.0, 3.0)
"""How wrong correlation times may be; equally likely in the likelihoods that are compared."""
NOMINAL = TIME_FACTORS.index(1.0)
SIGHTING_DOF = 4.0
"""Degrees of freedom of sightings' errors."""
GRADIENT_M = 150_000.0
"""Winds are linear over so much about a path, to either side."""
FARTHEST_M = 200_000.0
"""Beyond so much of spread at the end of a gap, winds are no longer linear about a path."""
_ROUNDS, _SETTLED_M = 25, 1_000.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """Drift at each candidate level, linear about paths that meet the sightings.

    Attributes
    ----------
    seconds : float64 (n,). Times of the sightings, from the first. [s]
    drift : float64 (levels, m). What winds bring. [m]
    shift : float64 (levels, m). The part of it that the path itself goes; the rest is wind less motion on it. [m]
    wind : float64 (levels, times, m, m). Covariance of what wind error brings, for each of ``TIME_FACTORS``. [m2]
    wander : float64 (levels, m, m). Covariance of what wandering about the level brings. [m2]
    carry : float64 (levels, n - 1, 2, 2). What a displacement at the first sighting of a gap becomes at the last.
    design : float64 (levels, m, 2). Displacement by a steady velocity of 1 m/s east, and north. [s]
    noise : float64 (n, 2, 2). Covariance of each sighting. [m2]
    kept : int (gaps,). Which gaps between sightings displacements are of; the others are longer than winds can be
        followed. ``m`` is twice their number, ``carry`` is of all.
    log_prior : float64 (levels,). Normalised.
    wind_dof, sighting_dof : float. Tails: of the whole track's wind error, of each sighting.
    """

    seconds: F64
    drift: F64
    shift: F64
    wind: F64
    wander: F64
    carry: F64
    design: F64
    noise: F64
    kept: NDArray[np.intp]
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
        chosen = both(self.kept, self.carry.shape[1])
        return self.wander + gap_noise(self.noise, self.carry)[:, chosen[:, None], chosen]

    @cached_property
    def scale2(self) -> F64:
        """Equally likely squared scales of the whole track's wind error."""
        return misfit.scales_of(self.wind_dof)


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A track laid out for its test.

    Attributes
    ----------
    scene : Scene
    model : Model
    y : float64 (m,). The displacements that were seen. [m]
    path : complex128 (levels, instants). Paths that meet the sightings, along which winds were looked up; offsets. [m]
    rows : complex128 (levels, 2, gaps kept, instants). Weights of velocities on displacements, see ``kernels.gap``. [s]
    """

    scene: Scene
    model: Model
    y: F64
    path: C128
    rows: C128


def gap_noise(noise: F64, carry: F64) -> F64:
    """Covariances (levels, m, m) of displacements by errors of sightings (n, 2, 2), carried through gaps."""
    levels, gaps = carry.shape[:2]
    whole = np.zeros((levels, 2, gaps, 2, gaps))
    for k in range(gaps):
        whole[:, :, k, :, k] = noise[k + 1] + carry[:, k] @ noise[k] @ carry[:, k].swapaxes(-1, -2)
        if k:
            shared = -carry[:, k] @ noise[k]
            whole[:, :, k, :, k - 1] = shared
            whole[:, :, k - 1, :, k] = shared.swapaxes(-1, -2)
    return whole.reshape(levels, 2 * gaps, 2 * gaps)


def real_vector(offset: C128) -> F64:
    """Differences of neighbouring complex offsets (..., n), as real numbers (..., m)."""
    return _pairs(np.diff(offset, axis=-1))


def brought(rows: C128, velocity: C128) -> F64:
    """Displacements (..., m) that velocities (..., instants) bring. [m]"""
    moved = np.einsum("...cgn,...n->...cg", rows.conj(), velocity).real
    return np.asarray(moved.reshape(*moved.shape[:-2], -1))


def case_of(scene: Scene) -> Case:
    """Lay out the test of a scene: drift at each candidate level, along paths that meet the sightings.

    About such a path a displacement ``d`` goes by ``d' = G d + e``, with the gradient ``G`` of the wind and errors
    ``e``; what bends the path away from the wind is the residual, and it is carried on by ``G`` as an error is.
    """
    place, noise = _seen(scene)
    levels, path = scene.levels, _paths(scene, place)
    drift, shear = scene.drift_and_shear(path, levels.ln_p, levels.spread)
    rows, carry = _rows(scene, path)
    design = np.stack([brought(rows, np.full(path.shape, unit)) for unit in (1.0 + 0.0j, 1.0j)], axis=-1)
    seen, unmet = real_vector(place), place - path[:, scene.index]
    datum = _pairs(unmet[:, 1:]) - _carried(carry, unmet[:, :-1])
    bent = _bent(design, (path - drift)[:, scene.index], np.diff(scene.seen.seconds))
    wind, wander = _wind_covariances(scene, rows), _wander_covariances(levels, rows, shear)
    kept = _followed(wind[:, NOMINAL] + wander + gap_noise(noise, carry), levels.log_prior)
    chosen = both(kept, carry.shape[1])
    model = Model(
        seconds=scene.seen.seconds,
        drift=(seen - datum - bent)[:, chosen],
        shift=(seen - datum)[:, chosen],
        wind=np.ascontiguousarray(wind[:, :, chosen[:, None], chosen]),
        wander=wander[:, chosen[:, None], chosen],
        carry=carry,
        design=design[:, chosen],
        noise=noise,
        kept=kept,
        log_prior=levels.log_prior - np.logaddexp.reduce(levels.log_prior),
        wind_dof=scene.error.tail_dof,
    )
    return Case(scene=scene, model=model, y=seen[chosen], path=path, rows=np.ascontiguousarray(rows[:, :, kept]))


def _followed(covariance: F64, log_prior: F64) -> NDArray[np.intp]:
    """Return the gaps (n - 1) at whose end drift is known to ``FARTHEST_M``, in the mean over levels."""
    variance = np.diagonal(covariance, axis1=1, axis2=2).reshape(covariance.shape[0], 2, -1).mean(axis=1)
    sd = np.average(np.sqrt(variance), axis=0, weights=np.exp(log_prior - log_prior.max()))
    return np.flatnonzero(sd <= FARTHEST_M)


def both(gaps: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Return where the east and north components of some of ``count`` gaps stand."""
    return np.concatenate([gaps, gaps + count])


def _paths(scene: Scene, place: C128) -> C128:
    """Paths (levels, instants) that go with the wind and a velocity on top that is steady from sighting to sighting.

    That velocity is what takes a path through the sightings. Picard's iteration; levels that it does not settle in
    some rounds are left where they are: their winds lead far off.
    """
    levels, seconds = scene.levels, scene.frame.seconds
    path: C128 = np.zeros(levels.ln_p.shape, np.complex128)
    moving = np.arange(len(path))
    for _ in range(_ROUNDS):
        drift, _ = scene.drift_and_shear(path[moving], levels.ln_p[moving], levels.spread[moving])
        missed = place - drift[:, scene.index]
        there = drift + np.stack([np.interp(seconds, scene.seen.seconds, row) for row in missed])
        settled = np.abs(there - path[moving]).max(axis=1) < _SETTLED_M
        path[moving] = there
        moving = moving[~settled]
        if not moving.size:
            break
    return path


def _seen(scene: Scene) -> tuple[C128, F64]:
    """Offsets of the sightings and their covariances; of lines of sight, what the smoother makes of them."""
    if scene.sight is None:
        return scene.y, scene.noise
    found = smooth(scene)
    return found.y, found.noise


def _pairs(offset: C128) -> F64:
    return np.concatenate([offset.real, offset.imag], axis=-1)


def _carried(carry: F64, offset: C128) -> F64:
    """Carry displacements (levels, n - 1) through each gap; real numbers (levels, m)."""
    moved = np.einsum("lgab,lbg->lag", carry, np.stack([offset.real, offset.imag], axis=1))
    return np.asarray(moved.reshape(moved.shape[0], -1))


def _bent(design: F64, bend: C128, gaps_s: F64) -> F64:
    """Displacements by what bends a path away from the wind, even over each gap; (levels, m)."""
    slope = np.diff(bend, axis=1) / np.where(gaps_s > 0.0, gaps_s, 1.0)
    count = gaps_s.size
    east, north = design[..., 0].reshape(-1, 2, count), design[..., 1].reshape(-1, 2, count)
    moved = east * slope.real[:, None] + north * slope.imag[:, None]
    return np.asarray(moved.reshape(bend.shape[0], -1))


def _rows(scene: Scene, path: C128) -> tuple[C128, F64]:
    """Weights of velocities on displacements, and what displacements become, by the gradient of the wind on a path."""
    n, gaps = scene.frame.seconds.size, scene.index.size - 1
    gradient, ln_p = np.empty((*path.shape, 2, 2)), scene.levels.ln_p
    for axis, way in enumerate((GRADIENT_M + 0.0j, 1.0j * GRADIENT_M)):
        change = np.nan_to_num(scene.wind(path + way, ln_p) - scene.wind(path - way, ln_p)) / (2.0 * GRADIENT_M)
        gradient[..., 0, axis], gradient[..., 1, axis] = change.real, change.imag
    rows = np.zeros((path.shape[0], 2, gaps, n), np.complex128)
    carry = np.empty((path.shape[0], gaps, 2, 2))
    kernel.rows_of(scene.frame.seconds, gradient, scene.index, rows, carry)
    return rows, carry


def _wind_covariances(scene: Scene, rows: C128) -> F64:
    """Covariances (levels, times, m, m) of displacements by wind error."""
    m = 2 * rows.shape[2]
    whole = np.empty((len(TIME_FACTORS), rows.shape[0], m, m))
    for k, factor in enumerate(TIME_FACTORS):
        slower = replace(scene.error, slow_time_s=scene.error.slow_time_s * factor,
                         wave_time_s=scene.error.wave_time_s * factor)  # fmt: skip
        of = misfit.parts(slower, scene.frame)
        kernel.error_covariance(rows, scene.index, np.ascontiguousarray(scene.sd), scene.frame.seconds,
                                np.ascontiguousarray(scene.levels.base), of.phase, of.share, of.time_s, of.depth,
                                whole[k])  # fmt: skip
    return np.ascontiguousarray(whole.swapaxes(0, 1))


def _wander_covariances(levels: Levels, rows: C128, shear: C128) -> F64:
    """Covariances (levels, m, m) of displacements by the level's wandering, reports of it conditioned on."""
    paths, _, gaps, n = rows.shape
    effect = (rows.conj() * shear[:, None, None]).real.reshape(paths, 2 * gaps, n)
    fade = np.exp(-np.abs(levels.clock[:, None] - levels.clock))
    variance = levels.sd[:, None, None] ** 2
    smeared = variance * (effect @ fade)
    whole = smeared @ effect.swapaxes(1, 2)
    if levels.reports.size:
        known = smeared[:, :, levels.reports]
        between = variance * fade[np.ix_(levels.reports, levels.reports)]
        between = between + np.eye(levels.reports.size) * levels.report_sd[:, :, None] ** 2
        whole = whole - known @ np.linalg.solve(between, known.swapaxes(1, 2))
    return np.asarray(whole)
