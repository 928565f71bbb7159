"""Gaussian algebra of sightings in real east and north parts, for many candidates or members at once.

A vector of sightings holds all east parts, then all north parts. Covariances of wind error are complex, those of
levels and sightings real: ``K = [[Re, -Im], [Im, Re]] scale + between + start + noise``.
"""

import math

import numpy as np

from overflight.geo.kernel import fast_kernel, kernel


@fast_kernel
def compose(cross, index, scale2, between, start, noise, out):
    """Write the covariance of all sightings of one candidate; ``cross`` (n, sightings), ``noise`` (sightings, 2, 2)."""
    count = index.size
    for i in range(count):
        for j in range(count):
            c = cross[index[i], j] * scale2
            out[i, j] = c.real + start + between[i, j]
            out[count + i, count + j] = c.real + start + between[count + i, count + j]
            out[i, count + j] = -c.imag + between[i, count + j]
            out[count + i, j] = c.imag + between[count + i, j]
        out[i, i] += noise[i, 0, 0]
        out[count + i, count + i] += noise[i, 1, 1]
        out[i, count + i] += noise[i, 0, 1]
        out[count + i, i] += noise[i, 1, 0]


@fast_kernel
def cholesky(a):
    """Factor a symmetric matrix in place, lower; return the logarithm of its determinant."""
    log_det = 0.0
    for i in range(a.shape[0]):
        for j in range(i + 1):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k]
            if i == j:
                total = max(total, 1e-6)
                a[i, i] = math.sqrt(total)
                log_det += math.log(total)
            else:
                a[i, j] = total / a[j, j]
    return log_det


@fast_kernel
def forward(factor, x):
    """Replace ``x`` by the solution of ``L z = x``; return its squared length."""
    square = 0.0
    for i in range(x.size):
        total = x[i]
        for k in range(i):
            total -= factor[i, k] * x[k]
        x[i] = total / factor[i, i]
        square += x[i] * x[i]
    return square


@fast_kernel
def backward(factor, x):
    """Replace ``x`` by the solution of ``L^T z = x``."""
    for i in range(x.size - 1, -1, -1):
        total = x[i]
        for k in range(i + 1, x.size):
            total -= factor[k, i] * x[k]
        x[i] = total / factor[i, i]


@kernel
def score(residual, cross, index, scale2, between, start, noise, which, log, gap):
    """Write log densities (candidates, scales) up to a constant, and ``K^-1 r`` at the scale numbered ``which``.

    ``residual`` float64 (candidates, 2 sightings); ``noise`` (candidates, sightings, 2, 2).
    """
    size = residual.shape[1]
    whole, x = np.empty((size, size)), np.empty(size)
    for p in range(residual.shape[0]):
        for q in range(scale2.size):
            compose(cross[p], index, scale2[q], between[p], start, noise[p], whole)
            log_det = cholesky(whole)
            x[:] = residual[p]
            log[p, q] = -0.5 * (log_det + forward(whole, x))
            if q == which:
                backward(whole, x)
                gap[p] = x


@kernel
def factor_members(candidate, scale2, cross, index, between, start, noise, out):
    """Write the Cholesky factor of each member's covariance; ``noise`` (members, sightings, 2, 2)."""
    for m in range(candidate.size):
        p = candidate[m]
        compose(cross[p], index, scale2[m], between[p], start, noise[m], out[m])
        cholesky(out[m])


@kernel
def solve_members(factor, x):
    """Replace each row of ``x`` (members, 2 sightings) by ``K^-1 x``."""
    for m in range(x.shape[0]):
        forward(factor[m], x[m])
        backward(factor[m], x[m])


@kernel
def pull_members(candidate, scale2, cross, at_nodes, start, gap, offset, level):
    """Write what sightings do to each member: its displacement by wind error and start, and its level.

    ``offset`` complex128 and ``level`` float64 (members, n).
    """
    count = gap.shape[1] // 2
    for m in range(candidate.size):
        p = candidate[m]
        moved = 0j
        for j in range(count):
            moved += start * (gap[m, j] + 1j * gap[m, count + j])
        for k in range(offset.shape[1]):
            total, rise = moved, 0.0
            for j in range(count):
                total += scale2[m] * cross[p, k, j] * (gap[m, j] + 1j * gap[m, count + j])
            for j in range(2 * count):
                rise += at_nodes[p, k, j] * gap[m, j]
            offset[m, k], level[m, k] = total, rise
