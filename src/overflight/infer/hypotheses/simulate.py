"""Draw tracks under drift: wind error, wander about the level and sighting errors, tails included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from overflight.geo import rng
from overflight.infer.hypotheses.model import NOMINAL, Model

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Errors:
    """Factors of a model's covariances.

    Attributes
    ----------
    wind, wander : float64 (levels, m, m).
    sighting : float64 (n, 2, 2).
    """

    model: Model
    wind: F64
    wander: F64
    sighting: F64


def errors_of(model: Model) -> Errors:
    """Factor a model's covariances; numbers too small to matter keep them definite."""
    small = 1e-9 * np.trace(model.wind[:, NOMINAL], axis1=1, axis2=2).mean() + 1e-3
    least = small * np.eye(model.size)
    return Errors(
        model=model,
        wind=np.linalg.cholesky(model.wind[:, NOMINAL] + least),
        wander=np.linalg.cholesky(model.wander + least),
        sighting=np.asarray(np.linalg.cholesky(model.noise), np.float64),
    )


def draw_errors(errors: Errors, level: NDArray[np.intp], *, seed: int, name: str, first: int = 0) -> F64:
    """Draw errors of displacements for tracks numbered from ``first``, each at its level (tracks,); (tracks, m)."""
    model, tracks = errors.model, level.size
    size, n = model.size, model.noise.shape[0]
    scale = _tail(seed, f"{name} wind scale", (tracks, 1), model.wind_dof, first, unit_variance=True)
    wind = np.einsum("tij,tj->ti", errors.wind[level], _normals(seed, f"{name} wind", (tracks, size), first))
    wander = np.einsum("tij,tj->ti", errors.wander[level], _normals(seed, f"{name} wander", (tracks, size), first))
    tail = _tail(seed, f"{name} sighting scale", (tracks, n), model.sighting_dof, first, unit_variance=False)
    missed = _normals(seed, f"{name} sighting", (tracks, 2 * n), first).reshape(tracks, n, 2)
    missed = tail[:, :, None] * np.einsum("nab,tnb->tna", errors.sighting, missed)
    apart = missed[:, 1:] - np.einsum("tgab,tgb->tga", model.carry[level], missed[:, :-1])
    apart = apart[:, model.kept]
    return np.asarray(scale * wind + wander + np.concatenate([apart[..., 0], apart[..., 1]], axis=1))


def pick(weight: F64, count: int, *, seed: int, name: str, first: int = 0) -> NDArray[np.intp]:
    """Draw levels by their weight, for tracks numbered from ``first``."""
    u = rng.uniforms(seed, name, count, first_member=first)
    return np.minimum(np.searchsorted(np.cumsum(weight) / weight.sum(), u), weight.size - 1)


def headings(count: int, *, seed: int, name: str, first: int = 0) -> F64:
    """Draw unit vectors of any direction, (count, 2)."""
    angle = 2.0 * np.pi * rng.uniforms(seed, name, count, first_member=first)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _normals(seed: int, name: str, shape: tuple[int, int], first: int) -> F64:
    return rng.normals(seed, name, shape[0] * shape[1], first_member=first * shape[1]).reshape(shape)


def _tail(seed: int, name: str, shape: tuple[int, int], dof: float, first: int, *, unit_variance: bool) -> F64:
    """Scale of a Student-t, sqrt(k / chi2(dof)) with k = dof - 2 for unit variance, else dof."""
    if not dof < 1e6:
        return np.ones(shape)
    u = rng.uniforms(seed, name, shape[0] * shape[1], first_member=first * shape[1]).reshape(shape)
    return np.asarray(np.sqrt((dof - 2.0 * unit_variance) / (2.0 * gammaincinv(0.5 * dof, u))))
