"""Wind error along a member's track: a slow part, a rotating part, and a scale drawn once.

Both parts are stationary Gauss-Markov processes of unit variance. The rotating one turns with the local inertial
frequency, as unresolved inertia-gravity waves do, so that the same velocity error displaces less at high latitude.
The scale, one over the root of a chi-squared over its degrees of freedom, makes the error Student-t and is drawn once
a member: some winds are bad for days. Changing height decorrelates: exp(-|d ln p| / depth).
"""

import math

import numpy as np

from overflight.geo.kernel import kernel
from overflight.geo.rng import key, normal_pair

SLOW, WAVE, SCALE = 101, 102, 103
"""Random streams."""
P_SLOW_SHARE, P_SLOW_TIME, P_WAVE_TIME, P_ROTATION, P_TAIL, P_DEPTH = 0, 1, 2, 3, 4, 5
"""Parameter row: share of variance, two time scales [s], multiple of f, degrees of freedom (inf: Gaussian), depth."""
N_PARAMETERS = 6
EARTH_ROTATION_RAD_S = 7.292115e-5


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
def begin_error(seed, parameters, members, state, scale):
    """Draw the stationary start of every member: ``state`` float64 (members, 4), ``scale`` float64 (members,)."""
    for m in range(members.size):
        number = members[m]
        state[m, 0], state[m, 1] = normal_pair(key(seed, SLOW, number, 0))
        state[m, 2], state[m, 3] = normal_pair(key(seed, WAVE, number, 0))
        scale[m] = tail_scale(seed, number, parameters[P_TAIL])


@kernel
def advance_error(seed, parameters, numbers, first, last, state, lat_rad, dlnp, dt, knot):
    """Carry members ``first`` to ``last`` from one knot to the next, exactly (Ornstein and Uhlenbeck).

    ``dt`` is signed [s]; ``dlnp`` float64 (members,) the change of ln p since the last knot; ``knot`` numbers draws.
    """
    slow = math.exp(-abs(dt) / parameters[P_SLOW_TIME])
    wave = math.exp(-abs(dt) / parameters[P_WAVE_TIME])
    for m in range(first, last):
        apart = math.exp(-abs(dlnp[m]) / parameters[P_DEPTH])
        a = slow * apart
        s = math.sqrt(1.0 - a * a)
        n0, n1 = normal_pair(key(seed, SLOW, numbers[m], knot))
        state[m, 0] = a * state[m, 0] + s * n0
        state[m, 1] = a * state[m, 1] + s * n1
        a = wave * apart
        s = math.sqrt(1.0 - a * a)
        turn = -2.0 * EARTH_ROTATION_RAD_S * math.sin(lat_rad[m]) * parameters[P_ROTATION] * dt
        c, r = a * math.cos(turn), a * math.sin(turn)
        n0, n1 = normal_pair(key(seed, WAVE, numbers[m], knot))
        u, v = state[m, 2], state[m, 3]
        state[m, 2] = c * u - r * v + s * n0
        state[m, 3] = r * u + c * v + s * n1


@kernel
def error_cells(parameters, first, last, state, scale, sd_ms, east_cells, north_cells, out):
    """Write the error in cells a second, float32 (members, 2), from unit processes and each member's sd."""
    slow = math.sqrt(parameters[P_SLOW_SHARE])
    wave = math.sqrt(1.0 - parameters[P_SLOW_SHARE])
    for m in range(first, last):
        size = scale[m] * sd_ms[m]
        out[m, 0] = np.float32(size * (slow * state[m, 0] + wave * state[m, 2]) * east_cells)
        out[m, 1] = np.float32(size * (slow * state[m, 1] + wave * state[m, 3]) * north_cells)
