"""The level path that fits best: displacements of legs, each inside the polygon of what winds can bring.

A quadratic form over a product of polygons is convex: going round the legs, each at its own exact minimum, ends at
the least value there is (block coordinate descent; Tseng 2001, doi 10.1023/A:1017501703105).
"""

import math

import numpy as np
from numpy.typing import NDArray

from overflight.geo.kernel import kernel
from overflight.infer.kernels.marginal import log_sum

F64 = NDArray[np.float64]
_SWEEPS, _ENOUGH = 100, 1e-4
_REWEIGHTED = 5


@kernel
def fits(y: F64, polygon: F64, bring: F64, precisions: F64, log_weight: F64, design: F64, paths: F64, out: F64) -> None:
    """Fit displacements ``y`` (tracks, m): by levels alone, then with a steady velocity too.

    ``polygon`` (legs, corners, 2) counterclockwise; ``bring`` (m, 2 legs) adds legs up to sightings; ``precisions``
    (terms, m, m) with ``log_weight`` (terms,) are those of each correlation time and scale; ``design`` (m, 2) is what
    a unit of steady velocity displaces. Fills ``paths`` (tracks, 2, 2 legs) and ``out`` (tracks, 2), the log
    likelihoods, without and with velocity.
    """
    legs = polygon.shape[0]
    none = np.zeros((design.shape[0], 0))
    for track in range(y.shape[0]):
        path = np.empty(2 * legs)
        for leg in range(legs):
            for axis in range(2):
                path[2 * leg + axis] = polygon[leg, :, axis].mean()
        out[track, 0] = _reweighted(y[track], polygon, bring, precisions, log_weight, none, path)
        paths[track, 0] = path
        out[track, 1] = max(_reweighted(y[track], polygon, bring, precisions, log_weight, design, path), out[track, 0])
        paths[track, 1] = path


@kernel
def _reweighted(
    y: F64, polygon: F64, bring: F64, precisions: F64, log_weight: F64, design: F64, path: F64
) -> float:  # fmt: skip
    """Maximise the likelihood summed over terms, each round a quadratic form that lies below it at the last fit."""
    terms, m = log_weight.size, y.size
    share = np.exp(log_weight - log_sum(log_weight))
    value, log = -math.inf, np.empty(terms)
    for _ in range(_REWEIGHTED):
        mean = np.zeros((m, m))
        for term in range(terms):
            mean += share[term] * precisions[term]
        least = _without(mean, design)
        right = bring.T @ (least @ y)
        _descend(bring.T @ (least @ bring), right, polygon, path)
        residual = y - bring @ path
        if design.shape[1] > 0:
            weighted = mean @ design
            residual = residual - design @ np.linalg.solve(design.T @ weighted, weighted.T @ residual)
        for term in range(terms):
            log[term] = log_weight[term] - 0.5 * np.sum(residual * (precisions[term] @ residual))
        total = log_sum(log)
        gained, value = total - value, total
        share = np.exp(log - total)
        if gained < 1e-3:
            break
    return value


@kernel
def _without(precision: F64, design: F64) -> F64:
    """Take out of a precision what a free velocity would explain."""
    if design.shape[1] == 0:
        return precision
    weighted = precision @ design
    return precision - weighted @ np.linalg.solve(design.T @ weighted, weighted.T)


@kernel
def _descend(form: F64, right: F64, polygon: F64, path: F64) -> None:
    """Lower ``path' form path / 2 - right' path``, leg by leg to the exact minimum of each, until it settles."""
    legs = polygon.shape[0]
    slope = form @ path - right
    for sweep in range(_SWEEPS):
        moved = 0.0
        for step in range(legs):
            leg = step if sweep % 2 == 0 else legs - 1 - step
            i = 2 * leg
            a, b, c = form[i, i], form[i, i + 1], form[i + 1, i + 1]
            r, s = a * path[i] + b * path[i + 1] - slope[i], b * path[i] + c * path[i + 1] - slope[i + 1]
            x, z = _least(a, b, c, r, s, polygon[leg])
            dx, dz = x - path[i], z - path[i + 1]
            moved += a * dx * dx + 2.0 * b * dx * dz + c * dz * dz
            path[i], path[i + 1] = x, z
            for j in range(slope.size):
                slope[j] += form[j, i] * dx + form[j, i + 1] * dz
        if moved < _ENOUGH:
            break


@kernel
def _least(a: float, b: float, c: float, r: float, s: float, corners: F64) -> tuple[float, float]:
    """Return where ``(a x2 + 2 b x z + c z2) / 2 - r x - s z`` is least in a polygon."""
    det = a * c - b * b
    if det > 1e-12 * (a + c) * (a + c):
        x, z = (c * r - b * s) / det, (a * s - b * r) / det
        if _inside(x, z, corners):
            return x, z
    best, best_x, best_z = math.inf, corners[0, 0], corners[0, 1]
    count = corners.shape[0]
    for k in range(count):
        x0, z0 = corners[k, 0], corners[k, 1]
        dx, dz = corners[(k + 1) % count, 0] - x0, corners[(k + 1) % count, 1] - z0
        curve = a * dx * dx + 2.0 * b * dx * dz + c * dz * dz
        fall = (r - a * x0 - b * z0) * dx + (s - b * x0 - c * z0) * dz
        share = min(max(fall / curve, 0.0), 1.0) if curve > 0.0 else (1.0 if fall > 0.0 else 0.0)
        x, z = x0 + share * dx, z0 + share * dz
        value = 0.5 * (a * x * x + 2.0 * b * x * z + c * z * z) - r * x - s * z
        if value < best:
            best, best_x, best_z = value, x, z
    return best_x, best_z


@kernel
def _inside(x: float, z: float, corners: F64) -> bool:
    count = corners.shape[0]
    area, around = 0.0, 0.0
    for k in range(count):
        x0, z0 = corners[k, 0], corners[k, 1]
        dx, dz = corners[(k + 1) % count, 0] - x0, corners[(k + 1) % count, 1] - z0
        if dx * (z - z0) - dz * (x - x0) < 0.0:
            return False
        area += dx * (z0 - corners[0, 1]) - dz * (x0 - corners[0, 0])
        around += dx * dx + dz * dz
    return abs(area) > 1e-9 * around
