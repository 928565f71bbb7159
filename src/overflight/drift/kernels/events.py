"""Where in a step a phase ends or the ground is met. Tuples as in ``motion``."""

import math

import numpy as np

from overflight.drift.kernels.motion import place, settle, step
from overflight.flight.kernels import stop_margin
from overflight.geo.kernel import fast_kernel
from overflight.geo.terrain import elevation

TRIES = 60
CLOSE = 1e-7
EXACT_S = 1e-5
"""An end of a phase is found to within CLOSE (of km, of a part, of an hour) or EXACT_S."""
HIGHEST_GROUND_M = 9_000.0


@fast_kernel
def _clearance_m(scene, at, z, exposed):
    """Height over the ground of a member that does not rise; inf where the ground is out of the question. [m]"""
    ground = scene[4]
    if not exposed:
        return np.inf
    if ground[0].shape[0] < 2:
        return z
    if z > HIGHEST_GROUND_M:
        return np.inf
    lat, lon = place(scene[0][6], at[0], at[1])
    return z - elevation(ground, math.degrees(lat), math.degrees(lon))


@fast_kernel
def to_go(scene, law, here, at, tau, phase_tau, exposed):
    """Return (what is left of the phase, in no one unit, whether the ground ends it): 0 or less when it is over."""
    code, row, state = law
    margin = stop_margin(code, row, state, scene[1][0] * tau, tau - phase_tau, here[0], here[3], here[5])
    clearance = 1e-3 * _clearance_m(scene, at, here[0], exposed)
    return min(margin, clearance), clearance <= 0.0


@fast_kernel
def find_end(scene, law, at, tau, h, hint, rk, phase_tau, exposed):
    """Find where in a step the phase or the flight is over; return (part of the step, (x, y, z), level, on the ground).

    False position with halving of the end that stays (the Illinois method: Dowell and Jarratt 1971, doi
    10.1007/BF01934364).
    """
    at_low, _ = to_go(scene, law, settle(scene, law, at, tau, hint), at, tau, phase_tau, exposed)
    low, high, at_high, side = 0.0, 2.0, 0.0, 0
    q, grounded, close = 1.0, False, False
    end, level = at, hint
    for _ in range(TRIES):
        there, found = step(scene, law, at, tau, q * h, hint, rk)
        here = settle(scene, law, there, tau + q * h, found)
        left, on_ground = to_go(scene, law, here, there, tau + q * h, phase_tau, exposed)
        if left <= 0.0:
            high, at_high, end, level, grounded = q, left, there, found, on_ground
            at_low *= 0.5 if side == 1 else 1.0
            side, close = 1, left > -CLOSE
        else:
            low, at_low = q, left
            at_high *= 0.5 if side == -1 else 1.0
            side = -1
        if close or (high - low) * h < EXACT_S:
            break
        q = high - at_high * (high - low) / (at_high - at_low)
        q = q if low < q < high else 0.5 * (low + high)
    return high, end, level, grounded
