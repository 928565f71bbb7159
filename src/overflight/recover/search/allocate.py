"""Where to search how much, so that the chance to find is largest.

References
----------
Koopman (1957), doi 10.1287/opre.5.5.613. de Guenin (1961), doi 10.1287/opre.9.1.1.
Charnes and Cooper (1958), The theory of search: optimum distribution of search effort, doi 10.1287/mnsc.5.1.44.
Stone (1975), Theory of Optimal Search, Academic Press, chapter 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from overflight.errors import InvalidInput
from overflight.recover.search.detection import Detection, coverage_at_slope, pod

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """Track length by cell.

    Attributes
    ----------
    track_m : float64 (n,). Track length in each cell. [m]
    coverage : float64 (n,). Sweep width x track length / area.
    pod : float64 (n,). Probability of detection, given that it is there.
    success : float. Probability of success: to find it.
    """

    track_m: F64
    coverage: F64
    pod: F64
    success: float


def allocate(
    probability: ArrayLike,
    area_m2: ArrayLike,
    sweep_width_m: ArrayLike,
    track_m: float,
    detection: Detection = "random",
) -> Allocation:
    """Divide a track length among cells so that the probability of success is largest.

    Parameters
    ----------
    probability, area_m2, sweep_width_m : array_like (n,). Of each cell; sweep width may be one number. [1, m2, m]
    track_m : float. Track length in all, from 0. [m]

    Notes
    -----
    The best allocation has one slope of success by track length in all cells that are searched, and none steeper in
    those that are not. For ``random`` it is found exactly by sorting (Charnes and Cooper), else by a root.

    Raises
    ------
    InvalidInput
        No effort, no probability in the cells, or a sweep width that is none.
    """
    p, area = (np.ravel(np.asarray(a, np.float64)) for a in (probability, area_m2))
    rate = np.broadcast_to(np.asarray(sweep_width_m, np.float64), p.shape) / area
    if not (np.isfinite(track_m) and track_m >= 0.0):
        raise InvalidInput("effort", f"{track_m:g} m of track", "0 or more")
    if not np.all(rate > 0.0) or not np.any(p > 0.0):
        raise InvalidInput("cells", "none to search", "cells with probability, area and sweep width")
    coverage = np.zeros(p.size)
    worth = np.flatnonzero(p > 0.0)
    log_slope = np.log(p[worth] * rate[worth])
    level = _sorted_level if detection == "random" else _root_level
    if track_m > 0.0:
        floor = level(log_slope, rate[worth], track_m)
        coverage[worth] = coverage_at_slope(floor - log_slope, detection)
    found = pod(coverage, detection)
    return Allocation(coverage / rate, coverage, found, float(p @ found))


def _sorted_level(log_slope: F64, rate: F64, track_m: float) -> float:
    """Return the log of the slope that all searched cells share, for exponential detection: exact, n log n."""
    order = np.argsort(-log_slope, kind="stable")
    slope, share = log_slope[order], 1.0 / rate[order]
    level = (np.cumsum(slope * share) - track_m) / np.cumsum(share)
    searched = int(np.argmax(np.append(slope[1:], -np.inf) <= level))
    return float(level[searched])


def _root_level(log_slope: F64, rate: F64, track_m: float) -> float:
    """Return that level for the inverse cube law, between one that spends nothing and one that spends too much."""

    def excess(level: float) -> float:
        return float((coverage_at_slope(level - log_slope, "regular") / rate).sum()) - track_m

    top, step = float(log_slope.max()), 1.0
    while excess(top - step) < 0.0:
        step *= 2.0
    return float(brentq(excess, top - step, top, xtol=1e-13, rtol=1e-14))


def passes(probability: ArrayLike, seen: ArrayLike, cost: ArrayLike, most: int) -> NDArray[np.intp]:
    """Rank whole passes over cells by what they add to success for what they cost.

    Parameters
    ----------
    probability, seen, cost : array_like (n,). Of each cell; what one pass sees of what is there; what one costs.
    most : int. Passes of one cell at most.

    Returns
    -------
    intp (m, 2)
        Cell and number of its pass, from 0, the best first. Passes are independent, so the second of a cell adds less
        than the first and comes after it: the first so many rows are the best allocation of what they cost (Charnes
        and Cooper 1958; Stone 1975, section 2.4, for costs that are equal).
    """
    p, q, c = (np.ravel(np.asarray(a, np.float64)) for a in (probability, seen, cost))
    number = np.arange(most)
    gain = (p * q / c)[:, None] * (1.0 - q)[:, None] ** number
    order = np.argsort(-gain, axis=None, kind="stable")
    order = order[gain.ravel()[order] > 0.0]
    return np.column_stack(np.unravel_index(order, gain.shape))
