"""Scores of simulated skies: do stated probabilities hold, is the truth first, is anything named wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from overflight.infer.sky import Case

F64 = NDArray[np.float64]

BINS = (0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkyScores:
    """What cases come to.

    Attributes
    ----------
    cases, listed : int. All, and those whose truth is on the list.
    reliability : tuple of (lowest, highest, answers, mean probability, share that is true) of each bin.
    ece : expected calibration error of the likeliest answers, over ten bins.
    mean_best, right : mean probability of the likeliest answers, and the share of them that is right.
    first, first_three, lost : shares of the listed truths that are first, among three, and not followed to the end.
    identified, wrong : int. Verdicts "identified", and those that name another.
    without, wrong_without : int. The listed cases again with the truth taken off; verdicts "identified" among them.
    unlisted, unlisted_named : int. Cases whose truth is unlisted, and verdicts "identified" among them.
    none_said, none_wrong : int. Verdicts "none of the listed", and those of a listed truth.
    log_score : mean log probability of the truth.
    """

    cases: int
    listed: int
    reliability: tuple[tuple[float, float, int, float, float], ...]
    ece: float
    mean_best: float
    right: float
    first: float
    first_three: float
    lost: float
    identified: int
    wrong: int
    without: int
    wrong_without: int
    unlisted: int
    unlisted_named: int
    none_said: int
    none_wrong: int
    log_score: float

    def __str__(self) -> str:
        """Return the scores as lines."""
        head = [
            f"{self.cases} objects, {self.listed} of them listed; log score {self.log_score:.2f}",
            f"likeliest answer: mean probability {self.mean_best:.3f}, right {self.right:.3f}, ECE {self.ece:.3f}",
            f"listed truth first {self.first:.3f}, among three {self.first_three:.3f}, not followed {self.lost:.3f}",
            f"identified {self.identified}, wrongly {self.wrong}; of {self.unlisted} unlisted {self.unlisted_named}; "
            f"of {self.without} with the truth taken off the list {self.wrong_without}",
            f"none of the listed {self.none_said}, wrongly {self.none_wrong}",
        ]
        rows = [f"{a:.2f}-{b:.2f}: {n:4d} answers, {p:.3f} stated, {y:.3f} true" for a, b, n, p, y in self.reliability]
        return "\n".join([*head, *rows])


def scores(cases: Sequence[Case]) -> SkyScores:
    """Score cases of ``simulate_skies``."""
    listed, unlisted = [c for c in cases if c.is_listed], [c for c in cases if not c.is_listed]
    said = np.array([a for c in cases for a in c.said], np.float64).reshape(-1, 2)
    best = np.array([(c.p_best, c.is_right) for c in cases], np.float64).reshape(-1, 2)
    named = [c for c in cases if c.grade == "identified"]
    none = [c for c in cases if c.grade == "none of the listed"]
    truth = np.array([max(c.p_truth, 1e-9) for c in cases])
    return SkyScores(
        cases=len(cases),
        listed=len(listed),
        reliability=_reliability(said),
        ece=_ece(best),
        mean_best=float(best[:, 0].mean()),
        right=float(best[:, 1].mean()),
        first=_share([c.rank == 1 for c in listed]),
        first_three=_share([1 <= c.rank <= 3 for c in listed]),
        lost=_share([c.rank == 0 for c in listed]),
        identified=len(named),
        wrong=sum(c.named != c.truth for c in named),
        without=len(listed),
        wrong_without=sum(c.grade_without == "identified" for c in listed),
        unlisted=len(unlisted),
        unlisted_named=sum(c.grade == "identified" for c in unlisted),
        none_said=len(none),
        none_wrong=sum(c.is_listed for c in none),
        log_score=float(np.log(truth).mean()),
    )


def _reliability(said: F64) -> tuple[tuple[float, float, int, float, float], ...]:
    rows = []
    for low, high in pairwise(BINS):
        inside = said[(said[:, 0] >= low) & ((said[:, 0] < high) | (high == 1.0))]
        if len(inside):
            rows.append((low, high, len(inside), float(inside[:, 0].mean()), float(inside[:, 1].mean())))
    return tuple(rows)


def _ece(best: F64) -> float:
    bin_of = np.minimum((best[:, 0] * 10).astype(int), 9)
    gaps = [np.sum(bin_of == b) * abs(float(np.diff(best[bin_of == b].mean(axis=0))[0])) for b in set(bin_of)]
    return float(sum(gaps) / len(best))


def _share(yes: list[bool]) -> float:
    return float(np.mean(yes)) if yes else float("nan")
