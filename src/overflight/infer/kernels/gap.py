"""What an error at each instant brings at the next sighting, the wind changing from place to place on the way."""

import math

import numpy as np
from numpy.typing import NDArray

from overflight.geo.kernel import kernel

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]
Index = NDArray[np.intp]


@kernel
def rows_of(seconds: F64, gradient: F64, index: Index, rows: C128, carry: F64) -> None:
    """Fill the weights of velocities on the displacement of each gap between sightings at instants ``index`` (n,).

    ``gradient`` (paths, instants, 2, 2) of the wind along paths [1/s]. A velocity ``e`` at an instant adds
    ``Re(conj(rows) e)`` to the component, ``rows`` (paths, 2, n - 1, instants) [s]; a displacement at the first
    sighting of a gap becomes ``carry`` (paths, n - 1, 2, 2) times it at the last. Trapezoid rule; second order.
    """
    for path in range(gradient.shape[0]):
        for gap in range(index.size - 1):
            a, b = index[gap], index[gap + 1]
            p, q, r, s = 1.0, 0.0, 0.0, 1.0
            for at in range(b, a - 1, -1):
                weight = 0.0
                if at < b:
                    step = seconds[at + 1] - seconds[at]
                    p, q, r, s = _carried(p, q, r, s, gradient[path, at], gradient[path, at + 1], step)
                    weight += 0.5 * step
                if at > a:
                    weight += 0.5 * (seconds[at] - seconds[at - 1])
                rows[path, 0, gap, at] = weight * complex(p, q)
                rows[path, 1, gap, at] = weight * complex(r, s)
            carry[path, gap, 0, 0], carry[path, gap, 0, 1] = p, q
            carry[path, gap, 1, 0], carry[path, gap, 1, 1] = r, s


@kernel
def _carried(
    p: float, q: float, r: float, s: float, here: F64, there: F64, step: float
) -> tuple[float, float, float, float]:
    """Multiply a propagator from the right by that of a step, whose logarithm is the mean gradient times the step."""
    a, b = 0.5 * step * (here[0, 0] + there[0, 0]), 0.5 * step * (here[0, 1] + there[0, 1])
    c, d = 0.5 * step * (here[1, 0] + there[1, 0]), 0.5 * step * (here[1, 1] + there[1, 1])
    e, f = 1.0 + a + 0.5 * (a * a + b * c), b + 0.5 * (a * b + b * d)
    g, h = c + 0.5 * (c * a + d * c), 1.0 + d + 0.5 * (c * b + d * d)
    return p * e + q * g, p * f + q * h, r * e + s * g, r * f + s * h


@kernel
def error_covariance(
    rows: C128, index: Index, size: F64, seconds: F64, ln_p: F64, phase: F64, share: F64, time_s: F64, depth: float,
    out: F64,
) -> None:  # fmt: skip
    """Fill covariances (paths, m, m) of displacements of gaps by wind error of ``size`` (paths, instants). [m2]

    ``phase`` (parts, instants), ``share`` and ``time_s`` (parts,) and ``depth`` as in ``misfit.Parts``. Each part is a
    Markov process, so that the sum over pairs of instants is one pass forward and one back.
    """
    paths, gaps, n = rows.shape[0], rows.shape[2], rows.shape[3]
    m = 2 * gaps
    turned, spread = np.empty((m, n), np.complex128), np.empty((m, n), np.complex128)
    keep, turn = np.empty(n - 1), np.empty(n, np.complex128)
    for path in range(paths):
        out[path] = 0.0
        for part in range(share.size):
            for i in range(n):
                turn[i] = size[path, i] * complex(math.cos(phase[part, i]), -math.sin(phase[part, i]))
            for i in range(n - 1):
                moved = abs(ln_p[path, i + 1] - ln_p[path, i])
                keep[i] = math.exp(-(seconds[i + 1] - seconds[i]) / time_s[part] - moved / depth)
            for row in range(m):
                _smeared(rows[path, row // gaps, row % gaps] * turn, keep, turned[row], spread[row])
            _products(turned, spread, index, share[part], out[path])


@kernel
def _smeared(row: C128, keep: F64, turned: C128, spread: C128) -> None:
    """Sum a row over all instants with the correlation to each."""
    n = row.size
    turned[:] = row
    spread[:] = row
    carried = 0.0 + 0.0j
    for i in range(1, n):
        carried = keep[i - 1] * (carried + row[i - 1])
        spread[i] += carried
    carried = 0.0 + 0.0j
    for i in range(n - 2, -1, -1):
        carried = keep[i] * (carried + row[i + 1])
        spread[i] += carried


@kernel
def _products(turned: C128, spread: C128, index: Index, share: float, out: F64) -> None:
    gaps = index.size - 1
    for row in range(out.shape[0]):
        first, last = index[row % gaps], index[row % gaps + 1]
        for other in range(out.shape[0]):
            total = 0.0
            for i in range(first, last + 1):
                total += turned[row, i].real * spread[other, i].real + turned[row, i].imag * spread[other, i].imag
            out[row, other] += share * total
