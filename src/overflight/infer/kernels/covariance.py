"""Covariances of displacement by Markov errors, exact for errors whose size is constant within a step.

An error ``e`` of unit variance turns and fades at a complex rate ``a`` within a step, ``f = exp(-a dt)``. Its
integral over the step, ``I``, has ``E[I | e before] = alpha e`` with ``alpha = (1 - f) / a``, covariance ``alpha`` with
``e`` at the step's end, and variance ``2 Re (dt - alpha) / a``. Covariances are those of one component, ``E[x y*]``.
"""

import math

import numpy as np

from overflight.geo.kernel import inlined_kernel, kernel
from overflight.geo.rng import key, normal_pair


@inlined_kernel
def steps_of(rate, seconds, f, alpha, own):
    """Write the factor, the mean integral and the variance of the integral of every step, (n - 1,) each."""
    for leg in range(f.size):
        dt = seconds[leg + 1] - seconds[leg]
        f[leg] = np.exp(-rate[leg] * dt)
        alpha[leg] = (1.0 - f[leg]) / rate[leg]
        own[leg] = 2.0 * ((dt - alpha[leg]) / rate[leg]).real


@inlined_kernel
def rate_of(seconds, ln_p, phase, time_s, depth, leg):
    """Return the rate of step ``leg``: fading in time and over change of level, and turning."""
    dt = seconds[leg + 1] - seconds[leg]
    fade = 1.0 / time_s + abs(ln_p[leg + 1] - ln_p[leg]) / (depth * dt)
    return fade - 1j * (phase[leg + 1] - phase[leg]) / dt


@kernel
def error_cross(seconds, ln_p, sd, phase, shares, times, depth, index, cross, ends, state):
    """Add up the covariance of displacement at all instants with that at ``index``, over the parts of an error.

    ``ln_p``, ``sd`` float64 (paths, n); ``phase`` (parts, n) turning [rad]; ``shares``, ``times`` (parts,);
    ``cross`` complex128 (paths, n, sightings) [m2]; ``state`` complex128 (paths, instants in ``ends``, parts,
    sightings): covariance of a unit part at an instant with the displacement at a sighting. [m]
    """
    n = seconds.size
    rate = np.empty(n - 1, np.complex128)
    f, alpha, own = np.empty(n - 1, np.complex128), np.empty(n - 1, np.complex128), np.empty(n - 1)
    forward, back = np.empty(n, np.complex128), np.empty(n, np.complex128)
    for p in range(ln_p.shape[0]):
        for part in range(shares.size):
            for leg in range(n - 1):
                rate[leg] = rate_of(seconds, ln_p[p], phase[part], times[part], depth, leg)
            steps_of(rate, seconds, f, alpha, own)
            root = math.sqrt(shares[part])
            for j in range(index.size):
                _sums(index[j], sd[p], f, alpha, forward, back)
                total = 0j
                for leg in range(n - 1):
                    size = 0.5 * (sd[p, leg] + sd[p, leg + 1])
                    c = alpha[leg] * forward[leg] + np.conj(alpha[leg]) * back[leg + 1]
                    if leg < index[j]:
                        c += own[leg] * size
                    total += shares[part] * size * c
                    cross[p, leg + 1, j] += total
                for e in range(ends.size):
                    state[p, e, part, j] = root * (forward[ends[e]] + back[ends[e]])


@inlined_kernel
def _sums(last, sd, f, alpha, forward, back):
    """Covariance of the error at every node with the steps before it, and with those after it, up to node ``last``."""
    n = forward.size
    forward[0], back[n - 1] = 0j, 0j
    for leg in range(n - 1):
        forward[leg + 1] = f[leg] * forward[leg]
        if leg < last:
            forward[leg + 1] += alpha[leg] * 0.5 * (sd[leg] + sd[leg + 1])
    for leg in range(n - 2, -1, -1):
        back[leg] = np.conj(f[leg]) * back[leg + 1]
        if leg < last:
            back[leg] += np.conj(alpha[leg]) * 0.5 * (sd[leg] + sd[leg + 1])


@kernel
def level_cross(seconds, shear, sd, clock, index, at_nodes, between):
    """Covariances of a wandering level (real, Ornstein-Uhlenbeck) with the displacement that shear makes of it.

    ``shear`` complex128 (paths, n) [m/s per ln p]; ``sd`` float64 (paths,) of the level [ln p];
    ``clock`` (n,) time in units of its correlation time. ``at_nodes`` float64
    (paths, n, 2 sightings): level with displacement, east parts first; ``between`` (paths, 2 sightings, 2 sightings).
    """
    n, count = seconds.size, index.size
    rate = np.empty(n - 1, np.complex128)
    for leg in range(n - 1):
        rate[leg] = (clock[leg + 1] - clock[leg]) / (seconds[leg + 1] - seconds[leg])
    f, alpha, own = np.empty(n - 1, np.complex128), np.empty(n - 1, np.complex128), np.empty(n - 1)
    steps_of(rate, seconds, f, alpha, own)
    forward, back, middle = np.empty(n), np.empty(n), np.empty(n - 1)
    for p in range(shear.shape[0]):
        variance = sd[p] ** 2
        for c in range(2):
            for j in range(count):
                for leg in range(n - 1):
                    both = 0.5 * (shear[p, leg] + shear[p, leg + 1])
                    middle[leg] = (both.real if c == 0 else both.imag) if leg < index[j] else 0.0
                forward[0], back[n - 1] = 0.0, 0.0
                for leg in range(n - 1):
                    forward[leg + 1] = f[leg].real * forward[leg] + alpha[leg].real * middle[leg]
                for leg in range(n - 2, -1, -1):
                    back[leg] = f[leg].real * back[leg + 1] + alpha[leg].real * middle[leg]
                column = c * count + j
                for k in range(n):
                    at_nodes[p, k, column] = variance * (forward[k] + back[k])
                _gather(shear[p], index, forward, back, alpha, own, middle, variance, between[p, :, column])


@inlined_kernel
def _gather(shear, index, forward, back, alpha, own, middle, variance, out):
    """Covariance of the displacement at all sightings with one, from sums over the steps."""
    east, north, i = 0.0, 0.0, 0
    count = index.size
    for leg in range(alpha.size + 1):
        while i < count and index[i] == leg:
            out[i], out[count + i] = east, north
            i += 1
        if leg == alpha.size:
            break
        both = 0.5 * (shear[leg] + shear[leg + 1])
        v = variance * (alpha[leg].real * (forward[leg] + back[leg + 1]) + own[leg] * middle[leg])
        east += both.real * v
        north += both.imag * v


@kernel
def draw_errors(seed, streams, seconds, ln_p, sd, phase, shares, times, depth, ends, displacement, state):
    """Draw Markov errors of members and their exact integrals.

    ``displacement`` complex128 (members, n) is added to; ``state`` complex128 (members, instants in ``ends``, parts).
    Draws are keyed by seed, stream of the part, member and step.
    """
    n = seconds.size
    for m in range(ln_p.shape[0]):
        for part in range(shares.size):
            u, v = normal_pair(key(seed, streams[part], m, 0))
            e = u + 1j * v
            total, root = 0j, math.sqrt(shares[part])
            for k in range(n):
                for which in range(ends.size):
                    if ends[which] == k:
                        state[m, which, part] = e
                if k == n - 1:
                    break
                rate = rate_of(seconds, ln_p[m], phase[part], times[part], depth, k)
                e, step = _advance(seed, streams[part], m, k, rate, seconds[k + 1] - seconds[k], e)
                total += root * 0.5 * (sd[m, k] + sd[m, k + 1]) * step
                displacement[m, k + 1] += total


@inlined_kernel
def _advance(seed, stream, member, step, rate, dt, e):
    """Carry an error over a step; return it and its integral, drawn together."""
    f = np.exp(-rate * dt)
    alpha = (1.0 - f) / rate
    own = 2.0 * ((dt - alpha) / rate).real
    sd = math.sqrt(max(1.0 - abs(f) ** 2, 0.0))
    slope = np.conj(alpha - f * np.conj(alpha)) / max(sd, 1e-150)
    rest = math.sqrt(max(own - abs(alpha) ** 2 - abs(slope) ** 2, 0.0))
    a, b = normal_pair(key(seed, stream, member, 2 * step + 1))
    c, d = normal_pair(key(seed, stream, member, 2 * step + 2))
    first, second = a + 1j * b, c + 1j * d
    return f * e + sd * first, alpha * e + slope * first + rest * second
