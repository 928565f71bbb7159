"""How likely displacements are where levels are changed at random: a particle filter over histories of level.

Each particle has a rate of change, a history of level, a correlation time and a scale of wind error, all drawn from
their priors. It goes on from sighting to sighting; those that miss one by more than wind and sighting may err die out,
and the means of their weights multiply to the likelihood (Gordon, Salmond and Smith
1993, doi 10.1049/ip-f-2.1993.0015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.geo import rng
from overflight.infer.hypotheses.model import Case
from overflight.infer.hypotheses.reachable import Reachable, band_winds, own_wind

F64 = NDArray[np.float64]

SWITCHES_A_DAY = 1.0
_PARTICLES, _FILTERS = 2_000, 4
_WORST_ERROR = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A log likelihood and its standard error, by independent filters; ``value`` is None where they disagree."""

    value: float | None
    standard_error: float


def chosen_levels(case: Case, reach: Reachable, *, best: int, seed: int) -> Estimate:
    """Estimate the log likelihood of a track, its wind error being that of the candidate ``best``."""
    order = np.arange(case.y.size).reshape(2, -1).T.ravel()
    white = np.linalg.inv(np.linalg.cholesky(np.linalg.inv(reach.precisions)[:, order][:, :, order]))
    wind = band_winds(case, best)[0] - own_wind(case, best)
    steps = np.stack([(row.conj() * wind[:, None]).real for row in case.rows[best]], axis=-1)
    y = (case.y - case.model.drift[best])[order]
    runs = [_filter(case, steps, white, y, seed=seed, name=f"levels {k}") for k in range(_FILTERS)]
    top = max(runs)
    if not np.isfinite(top):
        return Estimate(value=None, standard_error=0.0)
    share = np.exp(np.array(runs) - top)
    error = float(share.std(ddof=1) / (share.mean() * np.sqrt(_FILTERS)))
    value = float(top + np.log(share.mean()))
    return Estimate(value=value if np.ptp(runs) < 2.0 * _WORST_ERROR else None, standard_error=error)


def _filter(case: Case, steps: F64, white: F64, y: F64, *, seed: int, name: str) -> float:
    """Run one filter.

    ``steps`` (levels, gaps, n, 2) displace by the wind of a level at an instant, counted from that of the path; ``y``
    (m,) are displacements so counted, in order of time, east and north in turn, and ``white`` (terms, m, m) whitens.
    """
    scene, seconds, total, here = case.scene, case.scene.frame.seconds, 0.0, 0
    term = np.arange(_PARTICLES) % white.shape[0]
    rate = -np.log(rng.uniforms(seed, f"{name} rate", _PARTICLES)) * SWITCHES_A_DAY / 86_400.0
    level, missed = _levels(seed, f"{name} first", steps.shape[0]), np.zeros((_PARTICLES, 0))
    for gap, number in enumerate(case.model.kept):
        last, moved = scene.index[number + 1], np.zeros((_PARTICLES, 2))
        for at in range(here, last + 1):
            if at:
                stays = np.exp(-rate * (seconds[at] - seconds[at - 1])) if at > here else np.ones(_PARTICLES)
                anew = rng.uniforms(seed, f"{name} switch {at}", _PARTICLES) > stays
                level = np.where(anew, _levels(seed, f"{name} level {at}", steps.shape[0]), level)
            moved = moved + steps[level, gap, at]
        here = last
        missed = np.concatenate([missed, y[2 * gap : 2 * gap + 2] - moved], axis=1)
        rows = white[term, 2 * gap : 2 * gap + 2, : 2 * gap + 2]
        log = np.log(rows[:, 0, -2] * rows[:, 1, -1]) - 0.5 * np.sum(np.einsum("pij,pj->pi", rows, missed) ** 2, axis=1)
        log = np.where(np.isnan(log), -np.inf, log)  # through levels of which the winds know nothing
        if not np.isfinite(log.max()):
            return -np.inf
        weight = np.exp(log - log.max())
        total += float(log.max() + np.log(weight.mean()))
        kept = _resampled(weight, float(rng.uniforms(seed, f"{name} kept {gap}", 1)[0]))
        term, rate, level, missed = term[kept], rate[kept], level[kept], missed[kept]
    return total


def _levels(seed: int, name: str, count: int) -> NDArray[np.intp]:
    return (count * rng.uniforms(seed, name, _PARTICLES)).astype(np.intp)


def _resampled(weight: F64, u: float) -> NDArray[np.intp]:
    """Systematic resampling: particles by weight, at even steps from one random start."""
    total = np.cumsum(weight) / weight.sum()
    return np.minimum(np.searchsorted(total, (u + np.arange(weight.size)) / weight.size), weight.size - 1)
