"""Wind error along a member's track: a slow part, a rotating part, and a scale drawn once.

Both parts are stationary Gauss-Markov processes of unit variance, the same backward in time as forward but for the
sense of turning, which goes with the sign of the step; so an error learnt at one instant can be followed both ways.
The rotating one turns with the local inertial frequency, as unresolved inertia-gravity waves do, so that the same
velocity error displaces less at high latitude.
The scale, one over the root of a chi-squared over its degrees of freedom, makes the error Student-t and is drawn once
a member: some winds are bad for days. Changing height decorrelates: exp(-|d ln p| / depth).
"""

import math

import numpy as np

from overflight.drift.kernels.lookup import G_DLAT, G_DLON, G_LAT0
from overflight.geo.kernel import inlined_kernel, kernel
from overflight.geo.rng import key, normal_pair
from overflight.geo.sphere import EARTH_RADIUS_M

SLOW, WAVE, SCALE = 101, 102, 103
"""Random streams."""
P_SLOW_SHARE, P_SLOW_TIME, P_WAVE_TIME, P_ROTATION, P_TAIL, P_DEPTH = 0, 1, 2, 3, 4, 5
"""Parameter row: share of variance, two time scales [s], multiple of f, degrees of freedom (inf: Gaussian), depth."""
N_PARAMETERS = 6
EARTH_ROTATION_RAD_S = 7.292115e-5
LN_100 = math.log(100.0)


@kernel
def tail_scale(seed, member, dof):
    """Draw the scale of one member: sqrt((dof - 2) / chi2) of unit mean square, by a sum of squared normals.

    The variance of the product is that of the table; ``dof`` is rounded to a whole number above 2.
    """
    if not dof < 1e6:
        return 1.0
    n = max(3, round(dof))
    chi2 = 0.0
    for i in range((n + 1) // 2):
        a, b = normal_pair(key(seed, SCALE, member, i))
        chi2 += a * a + (b * b if 2 * i + 1 < n else 0.0)
    return math.sqrt((n - 2) / chi2)


@kernel
def begin_error(seed, parameters, numbering, state, scale):
    """Draw the stationary start of every member: ``state`` float64 (members, 4), ``scale`` float64 (members,).

    ``numbering``: number of the first member, and the step from one to the next.
    """
    for m in range(scale.size):
        number = numbering[0] + numbering[1] * m
        state[m, 0], state[m, 1] = normal_pair(key(seed, SLOW, number, 0))
        state[m, 2], state[m, 3] = normal_pair(key(seed, WAVE, number, 0))
        scale[m] = tail_scale(seed, number, parameters[P_TAIL])


@kernel
def _advance(seed, parameters, number, knot, slow, wave, turn, state):
    """Carry one member's processes to the next knot, exactly (Ornstein and Uhlenbeck)."""
    s = math.sqrt(1.0 - slow * slow)
    n0, n1 = normal_pair(key(seed, SLOW, number, knot))
    state[0] = slow * state[0] + s * n0
    state[1] = slow * state[1] + s * n1
    s = math.sqrt(1.0 - wave * wave)
    c, r = wave * math.cos(turn), wave * math.sin(turn)
    n0, n1 = normal_pair(key(seed, WAVE, number, knot))
    u, v = state[2], state[3]
    state[2] = c * u - r * v + s * n0
    state[3] = r * u + c * v + s * n1


@inlined_kernel
def _node(value, axis):
    """Return the node below and the weight of the next, held at the ends of a rising axis."""
    i = 0
    while i < axis.size - 2 and value >= axis[i + 1]:
        i += 1
    width = axis[i + 1] - axis[i] if axis.size > 1 else 1.0
    return i, min(max((value - axis[i]) / width, 0.0), 1.0)


@inlined_kernel
def table_sd(heights, latitudes, table, ln_p_hpa, lat_deg):
    """Return one component's standard deviation, linear in ln p and latitude, held beyond the table. [m/s]"""
    i, a = _node(-ln_p_hpa, heights)
    j, b = _node(abs(lat_deg), latitudes)
    i2, j2 = min(i + 1, heights.size - 1), min(j + 1, latitudes.size - 1)
    low = table[i, j] + b * (table[i, j2] - table[i, j])
    high = table[i2, j] + b * (table[i2, j2] - table[i2, j])
    return low + a * (high - low)


@kernel
def renew_error(
    seed, parameters, sizes, part, numbering, place, grid, y, start, stop, ln_p, sd, clock, knot, state, scale, e
):
    """Carry the error of members ``part[0]`` to ``part[1]`` from one knot to the next, and write it in cells a second.

    ``sizes`` (heights, latitudes, table) of ``table_sd``; ``ln_p`` float64 (members, 2) before and now [ln Pa], the
    first made the second; ``sd`` float64 (members,) as the winds state it, or empty [m/s]; ``clock`` (signed time
    between the knots [s], tau of this one); ``knot`` numbers draws, below 0 for the start, when nothing is drawn;
    ``e`` float32 (members, 4), the last knot's error and this one's (u, v). Members that have not started by then keep
    the error that they start with, those that stopped before the last knot the one that they ended with.
    """
    dt, tau_to = clock
    heights, latitudes, table = sizes
    slow_time, wave_time = math.exp(-abs(dt) / parameters[P_SLOW_TIME]), math.exp(-abs(dt) / parameters[P_WAVE_TIME])
    slow_part, wave_part = math.sqrt(parameters[P_SLOW_SHARE]), math.sqrt(1.0 - parameters[P_SLOW_SHARE])
    east, north = 1.0 / (EARTH_RADIUS_M * grid[G_DLON]), 1.0 / (EARTH_RADIUS_M * grid[G_DLAT])
    for m in range(part[0], part[1]):
        if not start[m] < tau_to or (knot >= 0 and stop[m] <= tau_to - abs(dt)):
            continue
        lat = grid[G_LAT0] + y[m] * grid[G_DLAT]
        if knot >= 0:
            apart = math.exp(-abs(ln_p[m, 1] - ln_p[m, 0]) / parameters[P_DEPTH])
            turn = -2.0 * EARTH_ROTATION_RAD_S * math.sin(lat) * parameters[P_ROTATION] * dt
            _advance(
                seed,
                parameters,
                numbering[0] + numbering[1] * place[m],
                knot,
                slow_time * apart,
                wave_time * apart,
                turn,
                state[m],
            )
        ln_p[m, 0] = ln_p[m, 1]
        size = sd[m] if sd.size else table_sd(heights, latitudes, table, ln_p[m, 1] - LN_100, math.degrees(lat))
        size *= scale[m]
        e[m, 0], e[m, 1] = e[m, 2], e[m, 3]
        e[m, 2] = np.float32(size * (slow_part * state[m, 0] + wave_part * state[m, 2]) * east)
        e[m, 3] = np.float32(size * (slow_part * state[m, 1] + wave_part * state[m, 3]) * north)
