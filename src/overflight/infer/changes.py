"""Changes of level of which nothing was reported: candidates that go from one constant level to another.

All pairs of coarse levels and times of change are weighed by the drift of their two parts. Of these a few dozen are
drawn systematically by their weight, so that together they stand for all, and are fitted as other candidates are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from overflight.infer import misfit
from overflight.infer.frame import F64
from overflight.infer.kernels import solve
from overflight.infer.levels import Levels, conditioned
from overflight.infer.scene import Scene, error_sd
from overflight.infer.smooth import Fit, fitted, stacked

DRAWN = 40
_COARSE, _MOST_GAPS, _PER_GAP = 16, 12, 2
_LEAST_SHARE = 1e-3
"""Changes less likely than this in all are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Levels before and after, instants of change, and log weights, each (pairs,)."""

    before: NDArray[np.intp]
    after: NDArray[np.intp]
    at: NDArray[np.intp]
    log_prior: F64
    log: F64


def with_changes(scene: Scene) -> Scene:
    """Add candidates that change their level once, and drop constant ones of no weight."""
    rate = scene.inputs.level_changes_per_day
    if scene.air is None or not scene.levels.constant or rate == 0.0 or scene.seen.distinct_times < 2:
        return scene
    fit, active, precision = fitted(scene, rounds=2)
    pairs = _weighed(scene, fit, precision, rate)
    kept = scene.levels.only(active)
    days = float(scene.seen.seconds[-1]) / 86_400.0
    constant = logsumexp(fit.log[active] - rate * days)
    every = logsumexp(pairs.log)
    if every - np.logaddexp(constant, every) < np.log(_LEAST_SHARE):
        return replace(scene, levels=kept, sd=scene.sd[active])
    changed = _levels(scene, pairs)
    levels = _joined(replace(kept, log_prior=kept.log_prior - rate * days), changed)
    levels = replace(levels, ln_p=np.clip(levels.ln_p, scene.air.ln_p[-1], scene.air.ln_p[0]))
    return replace(scene, levels=levels, sd=error_sd(scene.air, scene.error, levels.ln_p, scene.frame))


def _times(scene: Scene) -> tuple[NDArray[np.intp], float]:
    """Return instants of change, evenly in the longest gaps, and the mean time each stands for [days]."""
    seconds = np.unique(scene.seen.seconds)
    gaps = np.argsort(-np.diff(seconds))[:_MOST_GAPS]
    share = (np.arange(_PER_GAP) + 0.5) / _PER_GAP
    at = (seconds[gaps][:, None] + np.diff(seconds)[gaps][:, None] * share).ravel()
    index = np.unique(np.searchsorted(scene.frame.seconds, at))
    return index, float(np.diff(seconds)[gaps].sum()) / 86_400.0 / index.size


def _weighed(scene: Scene, fit: Fit, precision: F64, rate: float) -> _Pairs:
    levels = scene.levels
    stride = -(-levels.log_prior.size // _COARSE)
    coarse = np.arange(stride // 2, levels.log_prior.size, stride)
    times, days = _times(scene)
    width = np.log(levels.width[coarse] * stride / levels.width.sum())
    first = np.log(levels.width[coarse] * stride / levels.width.max())
    before, after, at = (a.ravel() for a in np.meshgrid(coarse, coarse, times, indexing="ij"))
    i, j = (np.searchsorted(coarse, a) for a in (before, after))
    late = levels.reports[None, :] > at[:, None]
    told = np.where(late, levels.report_log[after], levels.report_log[before]).sum(axis=1)
    prior = first[i] + width[j] + np.log(rate * days) + told
    prior = np.where(before == after, -np.inf, prior)
    return _Pairs(before=before, after=after, at=at, log_prior=prior,
                  log=prior + _density(scene, fit, precision, (before, after, at)))  # fmt: skip


def _density(scene: Scene, fit: Fit, precision: F64, pairs: tuple[NDArray[np.intp], ...]) -> F64:
    """Log density of the sightings of each pair, by the covariance of the level before."""
    before, after, at = pairs
    index, count = scene.index, scene.index.size
    here, there = fit.drift[before][:, index], fit.drift[after][:, index]
    step = fit.drift[before, at] - fit.drift[after, at]
    drift = np.where(index[None, :] <= at[:, None], here, there + step[:, None])
    residual = stacked(fit.y[before] - drift)
    log = np.empty(before.size)
    whole = np.empty((2 * count, 2 * count))
    for p in np.unique(before):
        own = before == p
        noise = fit.noise[p] / precision[:, None, None]
        solve.compose(fit.cross[p], index, 1.0, fit.level_between[p], misfit.START_SD_M**2, noise, whole)
        log_det = solve.cholesky(whole)
        white = np.linalg.solve(np.tril(whole), residual[own].T)
        log[own] = -0.5 * (log_det + np.sum(white**2, axis=0)) + fit.scale[p]
    return log


def _levels(scene: Scene, pairs: _Pairs) -> Levels:
    """Draw pairs by their weight, and make candidates of them that stand for all."""
    share = np.exp(pairs.log - logsumexp(pairs.log))
    drawn = np.searchsorted(np.cumsum(share), (np.arange(DRAWN) + 0.5) / DRAWN)
    chosen, times = np.unique(np.minimum(drawn, share.size - 1), return_counts=True)
    before, after, at = pairs.before[chosen], pairs.after[chosen], pairs.at[chosen]
    levels, late = scene.levels, np.arange(scene.frame.seconds.size)[None, :] > at[:, None]
    first, second = levels.only(before), levels.only(after)
    told = levels.reports[None, :] > at[:, None]
    spread = np.log(times / DRAWN) - np.log(share[chosen])
    return conditioned(
        replace(
            first,
            base=np.where(late, second.base, first.base),
            ln_p=np.where(late, second.base, first.base),
            log_prior=pairs.log_prior[chosen] + spread,
            report_log=np.where(told, second.report_log, first.report_log),
            report_sd=np.where(told, second.report_sd, first.report_sd),
            report_weight=np.where(told, second.report_weight, first.report_weight),
        )
    )


def _joined(one: Levels, other: Levels) -> Levels:
    fields = ("ln_p", "base", "log_prior", "report_log", "width", "sd", "spread", "report_sd", "report_weight", "gain")
    joined: dict[str, Any] = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in fields}
    return replace(one, **joined)
