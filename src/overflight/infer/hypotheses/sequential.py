"""A p-value by simulation that stops as soon as it is known to be large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

ENOUGH = 10
"""So many simulated tracks as odd as the one observed settle it."""
_FIRST_BATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TailProbability:
    """Chance of a value as large, its standard error, and how many tracks were simulated for it."""

    value: float
    standard_error: float
    simulated: int


def tail_probability(observed: float, simulate: Callable[[int, int], F64], *, most: int) -> TailProbability:
    """Estimate the chance of a statistic as large as ``observed``, exactly valid as a p-value.

    Tracks are simulated until ``ENOUGH`` are as large or ``most`` are done: p is ``ENOUGH / count`` in the first case,
    else one is added to both counts.

    Parameters
    ----------
    observed : float
    simulate : called with (first, count); returns the statistic of simulated tracks first, first + 1, ...
    most : int. The least p-value is 1 / (most + 1).

    References
    ----------
    Besag and Clifford (1991), Sequential Monte Carlo p-values, doi 10.1093/biomet/78.2.301.
    """
    done, larger, batch = 0, 0, _FIRST_BATCH
    while done < most:
        count = min(batch, most - done)
        found = np.cumsum(simulate(done, count) >= observed)
        if larger + found[-1] >= ENOUGH:
            needed = done + 1 + int(np.searchsorted(found, ENOUGH - larger))
            return _told(ENOUGH / needed, needed)
        done, larger, batch = done + count, larger + int(found[-1]), 2 * batch
    return _told((larger + 1) / (most + 1), most)


def _told(p: float, simulated: int) -> TailProbability:
    return TailProbability(value=p, standard_error=float(np.sqrt(p * (1.0 - p) / simulated)), simulated=simulated)
