"""Members with a vertical life: ascent, burst, descent, floats on any surface, landing; one member at a time.

Ends of phases and the ground are found inside the step, which is then cut there. Tuples as in ``motion``.
"""

import math

import numpy as np

from overflight.drift.kernels.events import find_end, to_go
from overflight.drift.kernels.lookup import (
    BELOW_LOWEST_M,
    G_DLAT,
    G_DLON,
    G_LAT0,
    G_LEVELS,
    G_PERIOD,
    bracket,
    is_outside,
)
from overflight.drift.kernels.motion import ends_of_step, settle, step, step_23, time_weight_at, within_step
from overflight.drift.kernels.output import (
    BURST,
    ENDED,
    FLYING,
    LANDED,
    LEFT_DOMAIN,
    OUT_OF_LEVELS,
    OUT_OF_WIND,
    write_output,
)
from overflight.flight.kernels import ASCENT, DESCENT, after_step, begin
from overflight.geo.kernel import fast_kernel
from overflight.geo.sphere import EARTH_RADIUS_M

SHORTEST_STEP_S = 1.0
ADAPTIVE, EMBEDDED = 45, 23
INSIDE_S = 1e-6
NO_REACH, BELOW, REACHED = 2, 1, 0


@fast_kernel
def _apart_m(grid, one, other):
    """Distance between two ends of one step, small against the Earth. [m]"""
    dx = one[0] - other[0]
    if grid[G_PERIOD] > 0.0:
        dx -= grid[G_PERIOD] * round(dx / grid[G_PERIOD])
    lat = grid[G_LAT0] + one[1] * grid[G_DLAT]
    east = dx * grid[G_DLON] * math.cos(lat) * EARTH_RADIUS_M
    north = (one[1] - other[1]) * grid[G_DLAT] * EARTH_RADIUS_M
    return math.sqrt(east * east + north * north + (one[2] - other[2]) * (one[2] - other[2]))


@fast_kernel
def _adaptive(scene, law, at, tau, h, hint, tolerance_m):
    """Step doubling (Hairer, Norsett and Wanner 1993, II.4): return ((x, y, z), level, step taken, next step)."""
    while True:
        whole, _ = step(scene, law, at, tau, h, hint, 4)
        middle, level = step(scene, law, at, tau, 0.5 * h, hint, 4)
        end, level = step(scene, law, middle, tau + 0.5 * h, 0.5 * h, level, 4)
        wrong = max(_apart_m(scene[0][6], end, whole) / 15.0, 1e-6)
        scale = 0.9 * (tolerance_m / wrong) ** 0.2
        if not wrong > tolerance_m or h <= SHORTEST_STEP_S:
            return end, level, h, h * min(4.0, max(0.3, scale))
        h = max(SHORTEST_STEP_S, h * max(0.2, scale))


@fast_kernel
def _embedded(scene, law, at, tau, h, hint, tolerance_m):
    """Step as long as the error of its order 2 allows (Hairer, Norsett and Wanner 1993, II.4); as ``_adaptive``."""
    while True:
        end, other, level = step_23(scene, law, at, tau, h, hint)
        wrong = max(_apart_m(scene[0][6], end, other), 1e-6)
        scale = 0.9 * (tolerance_m / wrong) ** (1.0 / 3.0)
        if not wrong > tolerance_m or h <= SHORTEST_STEP_S:
            return end, level, h, h * min(4.0, max(0.3, scale))
        h = max(SHORTEST_STEP_S, h * max(0.2, scale))


@fast_kernel
def _reach(scene, level, weight, at, tau):
    """Return whether the levels of the winds reach a member: REACHED, BELOW (just under the lowest), NO_REACH."""
    air, clock = scene[0], scene[1]
    _, _, height, height_strides, _, _, grid, _ = air
    if level == int(grid[G_LEVELS]) - 2 and weight > 1.0 + 1e-6:
        return NO_REACH
    if level == 0 and weight < -1e-6:
        low, high = bracket(height, height_strides, grid, at[0], at[1], level, time_weight_at(clock, tau))
        return NO_REACH if -weight * (high - low) > BELOW_LOWEST_M else BELOW
    return REACHED


@fast_kernel
def _begin_phase(scene, law, at, tau, hint):
    """Set the member's state on entering a phase; return (z, level), and whether the winds reach it."""
    here = settle(scene, law, at, tau, hint)
    begin(law[0], law[1], law[2], scene[1][0] * tau, here[0], here[3], here[4], here[5], here[6])
    return here[0], here[1], _reach(scene, here[1], here[2], at, tau)


@fast_kernel
def _write_due(scene, law, at, end, here, tau, h, hint, plan, m, status, out, out_next):
    """Write the outputs that fall into a step. ``plan`` (start, stop, interval, row in ``out``)."""
    start, stop, out_every, row = plan
    grid = scene[0][6]
    ends, ready = ends_of_step(scene, law, at, end, tau, 0.0, hint), False
    while out_next[m] < out[0].shape[1]:
        due = min(start + out_next[m] * out_every, stop)
        if due > tau + h + INSIDE_S:
            return
        there, found = end, here
        if due < tau + h - INSIDE_S:
            if not ready:
                ends, ready = ends_of_step(scene, law, at, end, tau, h, hint), True
            there = within_step(scene, ends, (due - tau) / h, h)
            found = settle(scene, law, there, due, here[1])
        if is_outside(grid, there[0], there[1]) and is_outside(grid, end[0], end[1]):
            return
        write_output(grid, out, row, out_next[m], there[0], there[1], found[0], found[3], status)
        out_next[m] += 1


@fast_kernel
def _fate(scene, end, here, tau, left, grounded):
    """Return the status after a step; ENDED where the phase is over."""
    if is_outside(scene[0][6], end[0], end[1]):
        return LEFT_DOMAIN
    if left <= 0.0 and grounded:
        return LANDED
    if _reach(scene, here[1], here[2], end, tau) == NO_REACH:
        return OUT_OF_LEVELS
    return ENDED if left <= 0.0 else FLYING


@fast_kernel
def fly_members(
    air,
    clock,
    table,
    ground,
    codes,
    rows,
    states,
    place,
    first,
    last,
    x,
    y,
    z,
    hint,
    phase,
    phase_tau,
    start,
    stop,
    tau_to,
    n_steps,
    errors,
    status,
    known,
    below,
    step_next,
    rk,
    tolerance_m,
    out,
    out_next,
    out_every,
):
    """Advance members ``first`` to ``last`` to ``tau_to`` through the phases of their flight.

    ``codes`` int64 (phases,); ``rows`` float64 (members, phases, N_PARAMETERS); ``states`` float64 (members, N_STATE);
    ``place`` int32, the row of each in ``out``; ``x, y, z, known`` float64, ``hint, phase`` int32, ``phase_tau, start,
    stop, step_next`` float64, ``status`` int8, ``below`` bool, all (members,), changed in place. ``known``: when a lost
    member was at its last place. ``rk`` 4, 2, or 45 for step doubling and 23 for order 3 to ``tolerance_m`` a step.
    """
    _, _, tau_from, span, _, _ = clock
    length = span / n_steps
    one = 4 if rk in (ADAPTIVE, EMBEDDED) else rk
    for m in range(first, last):
        end_tau = min(tau_to, stop[m])
        tau = max(tau_from, start[m])
        if status[m] not in (FLYING, BURST) or not tau < end_tau:
            continue
        error = (float(errors[m, 0]), float(errors[m, 1]), float(errors[m, 2]), float(errors[m, 3]))
        scene = (air, clock, error, table, ground)
        plan = (start[m], stop[m], out_every, place[m])
        while tau < end_tau:
            known[m] = tau
            law = (codes[phase[m]], rows[m, phase[m]], states[m])
            if phase_tau[m] == -np.inf:
                phase_tau[m] = tau
                z[m], hint[m], reach = _begin_phase(scene, law, (x[m], y[m], z[m]), tau, hint[m])
                if reach == NO_REACH:
                    status[m] = OUT_OF_LEVELS
                    break
            at = (x[m], y[m], z[m])
            if rk == ADAPTIVE:
                h = min(end_tau - tau, step_next[m])
                end, level, h, step_next[m] = _adaptive(scene, law, at, tau, h, hint[m], tolerance_m)
            elif rk == EMBEDDED:
                h = min(end_tau - tau, step_next[m])
                end, level, h, step_next[m] = _embedded(scene, law, at, tau, h, hint[m], tolerance_m)
            else:
                h = min(tau_from + (math.floor((tau - tau_from) / length + 1e-9) + 1.0) * length, end_tau) - tau
                h = h if h > INSIDE_S else end_tau - tau
                end, level = step(scene, law, at, tau, h, hint[m], rk)
            here = settle(scene, law, end, tau + h, level)
            if not (end[0] == end[0] and end[1] == end[1] and here[0] == here[0]):
                status[m] = OUT_OF_WIND  # at the last place known
                break
            exposed = law[0] < ASCENT or here[0] < z[m]
            left, grounded = to_go(scene, law, here, end, tau + h, phase_tau[m], exposed)
            if left <= 0.0:
                q, end, level, grounded = find_end(scene, law, at, tau, h, hint[m], one, phase_tau[m], exposed)
                h *= q
                here = settle(scene, law, end, tau + h, level)
            _write_due(scene, law, at, end, here, tau, h, hint[m], plan, m, status[m], out, out_next)
            tau += h
            after_step(law[0], law[1], law[2], clock[0] * tau, h, here[0], here[3], here[4], here[5], here[6])
            x[m], y[m], z[m], hint[m], known[m] = end[0], end[1], here[0], here[1], tau
            below[m] = below[m] or _reach(scene, here[1], here[2], end, tau) == BELOW
            fate = _fate(scene, end, here, tau, left, grounded)
            if fate == ENDED and phase[m] + 1 < codes.size:
                fate = BURST if law[0] == ASCENT and codes[phase[m] + 1] == DESCENT else FLYING
                phase[m] += 1
                phase_tau[m] = -np.inf
                status[m] = fate
            elif fate != FLYING:
                status[m] = fate
                break
        if status[m] in (LANDED, ENDED):
            stop[m] = min(stop[m], tau)
