"""The two p-values: of drift at one level, and of drift along any path of levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.infer.hypotheses.likelihood import Likelihood, level_weight, likelihood_of, oddness
from overflight.infer.hypotheses.model import C128, Case, brought
from overflight.infer.hypotheses.reachable import LevelFit, Reachable, best_paths, reachable_of
from overflight.infer.hypotheses.sequential import TailProbability, tail_probability
from overflight.infer.hypotheses.simulate import Errors, draw_errors, errors_of, pick

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Test:
    """All that simulated tracks are drawn from and judged by.

    Attributes
    ----------
    case : Case. The track.
    ready, errors : its model, as likelihood and as factors.
    reach : what levels can bring.
    weight : float64 (levels,). Posterior of the level, given drift.
    best : int. The level that fits best.
    seed : int
    """

    case: Case
    ready: Likelihood
    errors: Errors
    reach: Reachable
    weight: F64
    best: int
    seed: int

    def drifting(self, first: int, count: int, name: str) -> F64:
        """Tracks at one level each, drawn from its posterior."""
        level = pick(self.weight, count, seed=self.seed, name=f"{name} level", first=first)
        errors = draw_errors(self.errors, level, seed=self.seed, name=name, first=first)
        return self.ready.model.drift[level] + errors

    def moved(self, velocity: C128) -> F64:
        """Displacements (tracks, m) that velocities (tracks, instants) bring at the best level. [m]"""
        return brought(self.case.rows[self.best], velocity)

    def steered(self, drift: F64, first: int, count: int, name: str) -> F64:
        """Tracks along one path of levels that brings ``drift`` (m,)."""
        level = np.full(count, self.best)
        return drift + draw_errors(self.errors, level, seed=self.seed, name=name, first=first)


def p_of_drift(test: Test, y: F64, *, most: int) -> TailProbability:
    """Chance of a track as odd as ``y`` (m,) if it drifted at one level."""
    observed = float(oddness(test.ready, y[None])[0])
    return tail_probability(observed, lambda first, count: oddness(
        test.ready, test.drifting(first, count, "drift test")), most=most)  # fmt: skip


def p_of_any_levels(test: Test, y: F64, *, most: int) -> tuple[TailProbability, LevelFit]:
    """Chance that speed through the air would explain so much more than any path of levels, if there was none.

    Of two tracks without speed, one along the path of levels that fits best and one at one level, the likelier to
    mislead counts.
    """
    fit = best_paths(test.reach, y[None])
    ratio = float(fit.ratio[0])

    def steered(first: int, count: int) -> F64:
        return best_paths(test.reach, test.steered(fit.drift[0], first, count, "level path")).ratio

    def drifting(first: int, count: int) -> F64:
        return best_paths(test.reach, test.drifting(first, count, "level path drift")).ratio

    found = [tail_probability(ratio, null, most=most) for null in (steered, drifting)]
    return max(found, key=lambda tail: tail.value), fit


def test_of(case: Case, *, seed: int) -> Test:
    """Weigh the levels by the track and make its test ready, with what levels bring along the path of the best."""
    ready, errors = likelihood_of(case.model), errors_of(case.model)
    weight = level_weight(ready, case.y)
    best = int(np.argmax(weight))
    return Test(
        case=case, ready=ready, errors=errors, reach=reachable_of(case, best), weight=weight, best=best, seed=seed
    )
