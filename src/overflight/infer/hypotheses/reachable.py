"""What a balloon can do by choice of level alone: between two sightings, any displacement in a convex polygon.

A level may change at any time and as often as one likes, within the band. The displacements that winds then bring
over a leg are the integral of a set-valued function, which is convex (Lyapunov; Aumann 1965, doi
10.1016/0022-247X(65)90049-1): its corner in a direction takes, at each instant, the level with the most wind that
way. ``DIRECTIONS`` corners fill 98 % of a circle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.geo import atmosphere
from overflight.infer.hypotheses.model import Case, Model
from overflight.infer.kernels.level_path import fits
from overflight.infer.scene import Scene

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

DIRECTIONS = 24
LEAST_BAND_M = 1_000.0
"""Levels this far about those reported are open to choice."""
_LEVELS = 41
_ENDS, _SPREADS = (0.005, 0.995), 2.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Reachable:
    """Polygons, and the likelihood of displacements about them at the level that fits best.

    Attributes
    ----------
    polygon : float64 (legs, corners, 2). Displacements that levels bring, counterclockwise. [m]
    bring : float64 (m, 2 legs). Puts legs in the order of displacements.
    shift : float64 (m,). What displacements are counted from, see ``Model``. [m]
    precisions : float64 (terms, m, m); log_weight (terms,). For each correlation time and scale of wind error.
    design : float64 (m, 2). Displacement by a unit of velocity. [s]
    band_m : (low, high). Standard altitudes between which the level may be chosen. [m]
    """

    polygon: F64
    bring: F64
    shift: F64
    precisions: F64
    log_weight: F64
    design: F64
    band_m: tuple[float, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class LevelFit:
    """The best level paths of tracks.

    Attributes
    ----------
    drift : float64 (tracks, m). What the best paths bring, without any speed through the air. [m]
    ratio : float64 (tracks,). Log likelihood ratio of the best paths with a steady velocity to those without, T1r.
    velocity : float64 (tracks, 2). The velocity of the latter, in the carried frame. [m/s]
    """

    drift: F64
    ratio: F64
    velocity: F64


def reachable_of(case: Case, level: int) -> Reachable:
    """Lay out the polygons along the path of a candidate, with wind error as at that level."""
    wind, band = band_winds(case, level)
    model = case.model
    polygon = _corners(wind - own_wind(case, level), case, level)
    bent = (model.drift - model.shift)[level].reshape(2, -1)
    precisions, log_weight = _precisions(model, level)
    return Reachable(
        polygon=polygon + bent.T[:, None],
        bring=_bring(polygon.shape[0]),
        shift=model.shift[level],
        precisions=precisions,
        log_weight=log_weight,
        design=np.ascontiguousarray(model.design[level]),
        band_m=band,
    )


def own_wind(case: Case, level: int) -> C128:
    """Wind along the path of a candidate at its own level, (n,). [m/s]"""
    some = slice(level, level + 1)
    return np.asarray(np.nan_to_num(case.scene.wind(case.path[some], case.scene.levels.ln_p[some])[0]))


def band_winds(case: Case, level: int) -> tuple[C128, tuple[float, float]]:
    """Wind along the path of a candidate at levels (levels, n) [m/s], and the band, standard altitudes [m]."""
    altitude = band_levels(case.scene)
    ln_p = np.log(atmosphere.pressure_pa(altitude))
    wind = case.scene.wind(np.broadcast_to(case.path[level], ln_p.shape), ln_p)
    return wind, (float(altitude.min()), float(altitude.max()))


def band_levels(scene: Scene) -> F64:
    """Return the standard altitudes (levels, n) open to choice at each instant, held within the winds. [m]

    They span the central 99 % of what is believed before winds are looked at, and at least ``LEAST_BAND_M`` about its
    middle.
    """
    levels = scene.levels
    order = np.argsort(-levels.base.mean(axis=1))
    share = np.cumsum(np.exp(levels.log_prior - np.logaddexp.reduce(levels.log_prior))[order])
    first, last = (int(order[min(int(np.searchsorted(share, q)), share.size - 1)]) for q in _ENDS)
    spread = _SPREADS * levels.spread
    lowest = atmosphere.altitude_m(np.exp(levels.ln_p[first] + spread[first]))
    highest = atmosphere.altitude_m(np.exp(levels.ln_p[last] - spread[last]))
    middle = 0.5 * (lowest + highest)
    low = np.maximum(np.minimum(lowest, middle - LEAST_BAND_M), 0.0)
    high = np.maximum(highest, middle + LEAST_BAND_M)
    band = low + np.linspace(0.0, 1.0, _LEVELS)[:, None] * (high - low)
    if scene.air is None:
        return np.asarray(band)
    ends_m = atmosphere.altitude_m(np.exp(scene.air.ln_p[[0, -1]]))
    return np.asarray(np.clip(band, ends_m[0], ends_m[1]))


def _corners(wind: C128, case: Case, level: int) -> F64:
    """Farthest displacements of each gap in each direction, (gaps, directions, 2), by the best level at each instant.

    ``wind`` (levels, n) is counted from that on the path. [m]
    """
    angle = 2.0 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    index, rows, kept = case.scene.index, case.rows[level], case.model.kept
    corners = np.empty((kept.size, DIRECTIONS, 2))
    for number, gap in enumerate(kept):
        part = slice(index[gap], index[gap + 1] + 1)
        there, (east, north) = wind[:, part], rows[:, number, part]
        toward = np.cos(angle)[:, None] * east + np.sin(angle)[:, None] * north
        along = (toward.conj()[:, None] * there).real
        best = np.argmax(np.where(np.isfinite(along), along, -np.inf), axis=1)
        chosen = np.nan_to_num(np.take_along_axis(there, best, axis=0))
        corners[number] = np.stack([(r.conj() * chosen).real.sum(axis=1) for r in (east, north)], axis=1)
    return corners


def _bring(gaps: int) -> F64:
    """Turn gaps, each with its two components, into all east components, then all north."""
    whole = np.zeros((2, gaps, gaps, 2))
    for axis in range(2):
        whole[axis, :, :, axis] = np.eye(gaps)
    return whole.reshape(2 * gaps, 2 * gaps)


def _precisions(model: Model, level: int) -> tuple[F64, F64]:
    whole = model.scale2[None, :, None, None] * model.wind[level, :, None] + model.still[level]
    log_det = np.linalg.slogdet(whole)[1]
    log_weight = -0.5 * log_det - np.log(log_det.size)
    m = model.size
    return np.linalg.inv(whole).reshape(-1, m, m), np.ascontiguousarray(log_weight.ravel())


def best_paths(reach: Reachable, y: F64) -> LevelFit:
    """Fit level paths to tracks (tracks, m), without and with a steady velocity."""
    paths, logs = np.empty((y.shape[0], 2, reach.bring.shape[1])), np.empty((y.shape[0], 2))
    counted = np.ascontiguousarray(y - reach.shift)
    fits(counted, reach.polygon, reach.bring, reach.precisions, reach.log_weight, reach.design, paths, logs)
    left = counted - paths[:, 1] @ reach.bring.T
    middle = reach.precisions[np.argmax(reach.log_weight)]
    weighted = middle @ reach.design
    velocity = left @ weighted @ np.linalg.inv(reach.design.T @ weighted)
    drift = paths[:, 0] @ reach.bring.T + reach.shift
    return LevelFit(drift=drift, ratio=logs[:, 1] - logs[:, 0], velocity=velocity)
