"""Likelihood of displacements, summed over levels, correlation times and scales of wind error."""

import math

import numpy as np
from numpy.typing import NDArray

from overflight.geo.kernel import kernel

F64 = NDArray[np.float64]


@kernel
def log_sum(terms: F64) -> float:
    """Return the logarithm of the sum of exponentials."""
    top = terms.max()
    return float(top + math.log(np.sum(np.exp(terms - top))))


@kernel
def marginals(y: F64, rotate: F64, shift: F64, precision: F64, lean: F64, log_weight: F64, out: F64) -> None:
    """Fill ``out`` (tracks, 2) with log likelihoods: of drift alone, and with the best steady velocity at each term.

    ``rotate`` (levels, times, m, m) and ``shift`` (levels, times, m) turn displacements ``y`` (tracks, m) into
    independent residuals, whose precisions are ``precision`` (levels, times, scales, m); ``lean`` (levels, times,
    scales, 2, m) is what a steady velocity explains of them; ``log_weight`` (levels, times, scales).
    """
    levels, times, scales, m = precision.shape
    residual = np.empty(m)
    alone, moved = np.empty(levels * times * scales), np.empty(levels * times * scales)
    for track in range(y.shape[0]):
        term = 0
        for level in range(levels):
            for time in range(times):
                _residual(y[track], rotate[level, time], shift[level, time], residual)
                for scale in range(scales):
                    misfit, gain = _misfit(residual, precision[level, time, scale], lean[level, time, scale])
                    alone[term] = log_weight[level, time, scale] - 0.5 * misfit
                    moved[term] = alone[term] + 0.5 * gain
                    term += 1
        out[track, 0] = log_sum(alone)
        out[track, 1] = log_sum(moved)


@kernel
def misfits(y: F64, rotate: F64, shift: F64, precision: F64, out: F64) -> None:
    """Fill ``out`` (tracks, levels) with squared misfits of one correlation time and scale, as in ``marginals``."""
    m = y.shape[1]
    residual = np.empty(m)
    for track in range(y.shape[0]):
        for level in range(rotate.shape[0]):
            _residual(y[track], rotate[level], shift[level], residual)
            out[track, level] = np.sum(residual * residual * precision[level])


@kernel
def _residual(y: F64, rotate: F64, shift: F64, out: F64) -> None:
    for i in range(out.size):
        total = -shift[i]
        for j in range(out.size):
            total += rotate[i, j] * y[j]
        out[i] = total


@kernel
def _misfit(residual: F64, precision: F64, lean: F64) -> tuple[float, float]:
    misfit, east, north = 0.0, 0.0, 0.0
    for i in range(residual.size):
        misfit += residual[i] * residual[i] * precision[i]
        east += lean[0, i] * residual[i]
        north += lean[1, i] * residual[i]
    return misfit, east * east + north * north
