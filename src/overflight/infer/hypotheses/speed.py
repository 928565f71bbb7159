"""The speed through the air: a steady one that fits best and its limit, and one that changes in time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from overflight.geo import rng
from overflight.infer.hypotheses.likelihood import Likelihood, likelihood_of, terms
from overflight.infer.hypotheses.model import NOMINAL, Case, Model

F64 = NDArray[np.float64]

SPEED_SD_MS = 3.0
"""Prior of a speed through the air: half-normal of this size."""
SPEED_TIME_S = 12 * 3600.0
"""Correlation time of one that changes."""
SIZES_MS = (1.0, 3.0, 9.0, 27.0)
"""Of a component of one that changes, where only its course in time is asked for."""
_DRAWS = 4_000
_INSTANTS = 33
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadySpeed:
    """Of a steady velocity, nothing being known of it before: median and 95 % limit of its speed. [m/s]"""

    median_ms: float
    upper_95_ms: float


def steady_speed(ready: Likelihood, y: F64, *, seed: int) -> SteadySpeed:
    """Posterior of a steady speed of one track (m,) at one unknown level."""
    log, gain = terms(ready, y)
    # With a flat prior the evidence of a term is its peak times the width of its velocity.
    width = np.log(np.abs(np.linalg.det(ready.root)))
    weight = (log + 0.5 * np.sum(gain**2, axis=-1) - width).ravel()
    total = np.cumsum(np.exp(weight - weight.max()))
    at = np.searchsorted(total / total[-1], rng.uniforms(seed, "steady speed term", _DRAWS))
    at = np.minimum(at, weight.size - 1)
    normal = rng.normals(seed, "steady speed", 2 * _DRAWS).reshape(_DRAWS, 2)
    root = ready.root.reshape(-1, 2, 2)[at]
    velocity = np.linalg.solve(root.swapaxes(-1, -2), (gain.reshape(-1, 2)[at] + normal)[..., None])[..., 0]
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    return SteadySpeed(median_ms=float(np.median(speed)), upper_95_ms=float(np.quantile(speed, 0.95)))


@dataclass(frozen=True, eq=False, kw_only=True)
class AirVelocity:
    """Posterior of a velocity through the air that changes in time, given that there is one.

    Attributes
    ----------
    seconds : float64 (t,). From the first sighting. [s]
    east_ms, north_ms, sd_ms : float64 (t,). Mean, and standard deviation of a component. [m/s]
    """

    seconds: F64
    east_ms: F64
    north_ms: F64
    sd_ms: F64


def with_changing_speed(case: Case, size_ms: float) -> Model:
    """Add to a model a velocity through the air of ``size_ms`` a component, an Ornstein-Uhlenbeck process."""
    rows = case.rows.reshape(case.rows.shape[0], -1, case.rows.shape[-1])
    held = size_ms**2 * _kernel(case.scene.frame.seconds)
    added = sum(part @ held @ part.swapaxes(1, 2) for part in (rows.real, rows.imag))
    return replace(case.model, wander=case.model.wander + added)


def _kernel(seconds: F64) -> F64:
    return np.asarray(np.exp(-np.abs(seconds[:, None] - seconds[None, :]) / SPEED_TIME_S))


def air_velocity(case: Case) -> AirVelocity:
    """Velocity through the air in time, each of ``SIZES_MS`` being as likely before anything was seen."""
    frame, rows = case.scene.frame, case.rows.reshape(case.rows.shape[0], -1, case.rows.shape[-1])
    at = np.unique(np.linspace(0, frame.seconds.size - 1, _INSTANTS).round().astype(int))
    moving = [with_changing_speed(case, size) for size in SIZES_MS]
    log = np.stack([terms(likelihood_of(m), case.y)[0][:, NOMINAL] for m in moving])
    weight = np.exp(log - log.max())
    kept = np.argwhere(weight > _LEAST_WEIGHT)
    mean, second, share, near = np.zeros(2 * at.size), np.zeros(2 * at.size), 0.0, _kernel(frame.seconds)[at]
    for size, level, scale in kept:
        one, prior = moving[size], SIZES_MS[size] ** 2
        cross = prior * np.concatenate([near @ rows[level].real.T, near @ rows[level].imag.T])
        whole = one.scale2[scale] * one.wind[level, NOMINAL] + one.still[level]
        gain = np.linalg.solve(whole, cross.T).T
        fitted = gain @ (case.y - one.drift[level])
        mean += weight[size, level, scale] * fitted
        second += weight[size, level, scale] * (fitted**2 + prior - np.sum(gain * cross, axis=1))
        share += weight[size, level, scale]
    mean, second = mean / share, second / share
    variance = np.maximum(second - mean**2, 0.0).reshape(2, -1)
    local = (mean[: at.size] + 1j * mean[at.size :]) * np.exp(-1j * frame.angle[at])
    return AirVelocity(seconds=frame.seconds[at], east_ms=local.real, north_ms=local.imag,
                       sd_ms=np.sqrt(variance.mean(axis=0)))  # fmt: skip
