"""Float at a fixed level: sixteen members side by side, the time loop inside the block.

Times are ``tau``: seconds from the wind's first time, with the sign of the run, so that they always grow; the sign
sits in the lanes' factor. Steps belong to the run, not to the member: a member released or stopped inside a step takes
the part that is its own. Positions are float64 column and row indices; the arithmetic of a step is float32 increments.
Scratch memory is that of ``lanes``.
"""

import math

import numpy as np

from overflight.drift.kernels.chart import POLAR_RAD, chart_rate, from_chart, pole_of, to_chart
from overflight.drift.kernels.lanes import (
    BEGIN,
    E0U,
    E0V,
    EDU,
    EDV,
    ENDU,
    ENDV,
    F_ROWS,
    FACTOR,
    KU,
    KV,
    LANES,
    LEVEL,
    SHARE,
    STEP,
    X,
    Y,
    rates_at_end,
    rk2_step,
    rk4_step,
    wide_place,
)
from overflight.drift.kernels.lookup import (
    G_DLAT,
    G_DLON,
    G_LAT0,
    G_LON0,
    G_PERIOD,
    G_XMAX,
    G_YMAX,
    bracket,
    column,
    is_outside,
    wind,
    wrapped,
)
from overflight.drift.kernels.output import FLYING, LEFT_DOMAIN, OUT_OF_WIND, hermite, write_output
from overflight.geo.kernel import fast_kernel, inlined_kernel
from overflight.geo.sphere import EARTH_RADIUS_M

_F32 = np.float32
_U32 = np.uint32
INSIDE = 1e-9
XS, YS, WEIGHT, FROM, H = (LANES * row for row in range(2, 7))
"""Rows of ``d`` beside X and Y: place at the step's start, level weight, the step's start and length [s]."""
D_ROWS = 7
RADIUS_S = 10_800.0
"""A member's height, and so the radius that it moves at, is looked up this often; it changes by tens of metres."""
_wide_place = inlined_kernel(wide_place)


@fast_kernel
def _chart_rates(w, strides, grid, chart, a, b, level, weight, time_weight, factor, eu, ev):
    lat, lon = from_chart(chart, a, b)
    x, y = column(grid, lon), (lat - grid[G_LAT0]) / grid[G_DLAT]
    u, v = wind(w, strides, grid, x, y, level, weight, time_weight)
    return chart_rate(chart, a, b, lat, lon, (u + eu) * factor * grid[G_DLON], (v + ev) * factor * grid[G_DLAT])


@fast_kernel
def polar_step(w, strides, grid, x, y, level, weight, h, w0, w1, factor, e0, e1):
    """One Runge-Kutta step of order 4 in the plane of the nearer pole; return (x, y)."""
    lat, lon = grid[G_LAT0] + y * grid[G_DLAT], grid[G_LON0] + x * grid[G_DLON]
    chart = pole_of(lat)
    a, b = to_chart(chart, lat, lon)
    wm, eum, evm = 0.5 * (w0 + w1), 0.5 * (e0[0] + e1[0]), 0.5 * (e0[1] + e1[1])
    a1, b1 = _chart_rates(w, strides, grid, chart, a, b, level, weight, w0, factor, e0[0], e0[1])
    a2, b2 = _chart_rates(
        w, strides, grid, chart, a + 0.5 * h * a1, b + 0.5 * h * b1, level, weight, wm, factor, eum, evm
    )
    a3, b3 = _chart_rates(
        w, strides, grid, chart, a + 0.5 * h * a2, b + 0.5 * h * b2, level, weight, wm, factor, eum, evm
    )
    a4, b4 = _chart_rates(w, strides, grid, chart, a + h * a3, b + h * b3, level, weight, w1, factor, e1[0], e1[1])
    lat, lon = from_chart(chart, a + h / 6.0 * (a1 + 2.0 * (a2 + a3) + a4), b + h / 6.0 * (b1 + 2.0 * (b2 + b3) + b4))
    return column(grid, lon), (lat - grid[G_LAT0]) / grid[G_DLAT]


@inlined_kernel
def height_at(heights, x, y, level, weight, known, tau):
    """Height of a member's level in the winds, or ``known`` where they have none (then strides are 0). [m]

    ``heights`` (z, strides, grid, tau_from, span, w_from, w_to).
    """
    z, strides, grid, tau_from, span, w_from, w_to = heights
    if strides[0] == 0:
        return known
    time_weight = w_from + (tau - tau_from) / span * (w_to - w_from)
    low, high = bracket(z, strides, grid, x, y, level, time_weight)
    found = low + weight * (high - low)
    return found if found == found else known


@inlined_kernel
def _set_radius(heights, f, d, member, level, height, sign, tau, ahead):
    """Let each lane move on the sphere of the height that it will have in the middle of the time ahead. [s]"""
    for i in range(LANES):
        m = member[i]
        x, y = d[X + i] + 0.5 * ahead * f[ENDU + i], d[Y + i] + 0.5 * ahead * f[ENDV + i]
        z = height_at(heights, x, y, level[m], d[WEIGHT + i], height[m], tau + 0.5 * ahead)
        f[FACTOR + i] = _F32(sign * EARTH_RADIUS_M / (EARTH_RADIUS_M + z))


@inlined_kernel
def _limits(grid, edges):
    """Return the edges of the grid as ``lanes`` reads them; a regional domain is never wrapped."""
    period, xmax, ymax = _F32(grid[G_PERIOD]), _F32(grid[G_XMAX]), _F32(grid[G_YMAX])
    high, low = (period, _F32(0.0)) if period > 0 else (_F32(np.inf), _F32(-np.inf))
    south, north = _F32(max(edges[0], 0.0)), _F32(min(edges[1], grid[G_YMAX]))
    return period, high, low, xmax, ymax, _F32(grid[G_LAT0]), _F32(grid[G_DLAT]), south, north


@inlined_kernel
def _load(lane, m, x, y, level, level_weight, error, f, d, corner):
    d[X + lane], d[Y + lane], d[WEIGHT + lane] = x[m], y[m], level_weight[m]
    corner[LEVEL + lane] = _U32(level[m] * 4)
    for part in range(4):
        f[_wide_place(lane) + part] = level_weight[m]
    f[E0U + lane], f[E0V + lane] = error[m, 0], error[m, 1]
    f[EDU + lane], f[EDV + lane] = error[m, 2] - error[m, 0], error[m, 3] - error[m, 1]


@inlined_kernel
def _fill(rows, row, value):
    for i in range(LANES):
        rows[row + i] = value


@inlined_kernel
def _begin_step(f, d, ta, tb, tau_from, span):
    """Set the clock of all lanes to one step, and remember where they are."""
    begin, share = _F32((ta - tau_from) / span), _F32((tb - ta) / span)
    for i in range(2 * LANES):
        d[XS + i] = d[X + i]
    _fill(d, FROM, ta)
    _fill(d, H, tb - ta)
    _fill(f, STEP, _F32(tb - ta))
    _fill(f, BEGIN, begin)
    _fill(f, SHARE, share)


@fast_kernel
def _begin_own(f, d, alive, member, start, stop, tau_from, span):
    """Set the clock of each lane to its own part of the step; return whether any moves."""
    moving = False
    for i in range(LANES):
        m, ta, tb = member[i], d[FROM + i], d[FROM + i] + d[H + i]
        a, b = max(ta, start[m]), min(tb, stop[m])
        b = b if alive[i] and b > a else a
        d[FROM + i], d[H + i] = a, b - a
        f[STEP + i], f[BEGIN + i], f[SHARE + i] = _F32(b - a), _F32((a - tau_from) / span), _F32((b - a) / span)
        moving = moving or b > a
    return moving


@inlined_kernel
def _is_polar(y, edges):
    return y < edges[0] or y > edges[1]


@fast_kernel
def _polar_lane(w, strides, grid, f, d, weights, i, level, q):
    """Redo the share ``q`` of one lane's step in the plane of the pole."""
    g0 = float(f[BEGIN + i])
    g1 = g0 + q * float(f[SHARE + i])
    w_from, rise = weights
    e0 = (f[E0U + i] + g0 * f[EDU + i], f[E0V + i] + g0 * f[EDV + i])
    e1 = (f[E0U + i] + g1 * f[EDU + i], f[E0V + i] + g1 * f[EDV + i])
    h, w0, w1 = q * d[H + i], w_from + g0 * rise, w_from + g1 * rise
    return polar_step(
        w, strides, grid, d[XS + i], d[YS + i], level, d[WEIGHT + i], h, w0, w1, float(f[FACTOR + i]), e0, e1
    )


@fast_kernel
def _redo_polar(w, strides, grid, f, d, weights, edges, member, level):
    """Redo the step of lanes that begin or end it near a pole in the plane of the pole; say if there were any."""
    found = False
    for i in range(LANES):
        if d[H + i] > 0.0 and (_is_polar(d[YS + i], edges) or _is_polar(d[Y + i], edges)):
            d[X + i], d[Y + i] = _polar_lane(w, strides, grid, f, d, weights, i, level[member[i]], 1.0)
            found = True
    return found


@fast_kernel
def _write_due(
    w, strides, heights, f, d, weights, edges, alive, member, place, level, times, height, pressure, out, out_next
):
    """Write the outputs that fall into the step just taken; return when the next of any lane is due."""
    start, stop, out_every = times
    grid = heights[2]
    n_out, due_first = out[0].shape[1], np.inf
    for i in range(LANES):
        m = member[i]
        while alive[i] and out_next[m] < n_out:
            due = min(start[m] + out_next[m] * out_every, stop[m])
            if due > d[FROM + i] + d[H + i] + 1e-6 or not d[H + i] > 0.0:
                due_first = min(due_first, due)
                break
            q = (due - d[FROM + i]) / d[H + i]
            x, y = d[X + i], d[Y + i]
            if q < 1.0 - INSIDE:
                if _is_polar(d[YS + i], edges) or _is_polar(d[Y + i], edges):
                    x, y = _polar_lane(w, strides, grid, f, d, weights, i, level[m], q)
                else:
                    x = hermite(q, d[H + i], d[XS + i], x - d[XS + i], f[KU + i], f[ENDU + i])
                    y = hermite(q, d[H + i], d[YS + i], y - d[YS + i], f[KV + i], f[ENDV + i])
            if not (x == x and y == y) or (is_outside(grid, x, y) and is_outside(grid, d[X + i], d[Y + i])):
                break  # it is about to end
            z = height_at(heights, x, y, level[m], d[WEIGHT + i], height[m], due)
            write_output(grid, out, place[m], out_next[m], wrapped(grid, x), y, z, pressure[m], FLYING)
            out_next[m] += 1
    return due_first


@fast_kernel
def _settle_edges(d, grid, alive, member, status, known):
    """Bring columns round the circle, and end the lanes whose wind is missing or that left it; say if any ended.

    A lane that does not move keeps its place, where the wind may be missing.
    """
    ended = False
    for i in range(LANES):
        m = member[i]
        if not (alive[i] and d[H + i] > 0.0):
            d[X + i], d[Y + i] = d[XS + i], d[YS + i]
        elif not (d[X + i] == d[X + i] and d[Y + i] == d[Y + i]):
            d[X + i], d[Y + i] = d[XS + i], d[YS + i]  # the last place known
            alive[i], status[m], known[m], ended = False, OUT_OF_WIND, d[FROM + i], True
        elif is_outside(grid, d[X + i], d[Y + i]):
            alive[i], status[m], known[m], ended = False, LEFT_DOMAIN, d[FROM + i] + d[H + i], True
        else:
            d[X + i] = wrapped(grid, d[X + i])
    return ended


@fast_kernel
def float_block(
    w,
    strides,
    z,
    z_strides,
    grid,
    sign,
    place,
    first,
    last,
    x,
    y,
    level,
    level_weight,
    start,
    stop,
    error,
    status,
    known,
    tau_from,
    tau_to,
    n_steps,
    w_from,
    w_to,
    rk,
    height,
    pressure,
    out,
    out_next,
    out_every,
):
    """Advance members ``first`` to ``last`` from ``tau_from`` to ``tau_to`` at their fixed levels.

    Parameters
    ----------
    w : float32 flat, ``[lat][lon][level][u0, v0, u1, v1]``. Winds. [cells/s]
    z : float32 flat, ``[lat][lon][level][z0, z1]``. Heights, geometric. [m]
    strides, z_strides : (uint32, uint32). Strides of latitude and longitude in ``w`` and ``z``.
    grid : float64 (N_GRID,). See ``lookup``.
    sign : float. 1 forward in time, -1 back.
    place : int32 (members,). Row of each member in ``out``. Neighbours in memory should share cells.
    x, y : float64 (members,). Column and row, changed in place.
    level, level_weight : int32, float32 (members,). Level bracket.
    start, stop : float64 (members,). Own times. [s]
    error : float32 (members, 4). Wind error at both ends, (u, v) and (u, v). [cells/s]
    status : int8 (members,).
    known : float64 (members,). When a lost member was at its last place. [tau]
    w_from, w_to : float. Weight of the second time slot at both ends.
    rk : int. 4 or 2: order of the Runge-Kutta step.
    height, pressure : float64 (members,). Heights are those that the winds have at the level. [m, Pa]
    out : (lat, lon, altitude, pressure, status), each (members, n_out); out_next : int32 (members,); out_every :
        float [s]. Output by cubic Hermite interpolation inside the step.

    References
    ----------
    Hairer, Norsett and Wanner (1993), Solving Ordinary Differential Equations I, II.1 and II.6.
    """
    edges = (-POLAR_RAD - grid[G_LAT0]) / grid[G_DLAT], (POLAR_RAD - grid[G_LAT0]) / grid[G_DLAT]
    limits, weights, times = _limits(grid, edges), (_F32(w_from), _F32(w_to - w_from)), (start, stop, out_every)
    s_lat, s_lon = _U32(strides[0]), _U32(strides[1])
    span = tau_to - tau_from
    heights = (z, z_strides, grid, tau_from, span, w_from, w_to)
    f, d, corner = np.zeros(F_ROWS * LANES, _F32), np.zeros(D_ROWS * LANES), np.zeros(2 * LANES, np.uint32)
    member, alive = np.empty(LANES, np.int64), np.empty(LANES, np.bool_)
    for block in range(first, last, LANES):
        whole, calm, due_first = True, False, np.inf
        for i in range(LANES):
            m = min(block + i, last - 1)
            member[i], alive[i] = m, block + i < last and status[m] == FLYING
            whole = whole and alive[i] and start[m] <= tau_from and stop[m] >= tau_to
            if alive[i] and out_next[m] < out[0].shape[1]:
                due_first = min(due_first, start[m] + out_next[m] * out_every, stop[m])
            _load(i, m, x, y, level, level_weight, error, f, d, corner)
            f[FACTOR + i] = _F32(sign)
        renewed = -np.inf
        for s in range(n_steps):
            ta = tau_from + s * (span / n_steps)
            tb = tau_from + (s + 1) * (span / n_steps) if s + 1 < n_steps else tau_to
            if ta - renewed > RADIUS_S - 1.0:
                renewed = ta
                _begin_step(f, d, ta, ta, tau_from, span)
                rates_at_end(w, f, d, corner, s_lat, s_lon, limits, weights[0], weights[1])
                _set_radius(heights, f, d, member, level, height, sign, ta, min(tau_to - ta, RADIUS_S))
            _begin_step(f, d, ta, tb, tau_from, span)
            if not whole and not _begin_own(f, d, alive, member, start, stop, tau_from, span):
                continue
            was_calm = calm
            if rk == 4:
                calm = rk4_step(w, f, d, corner, s_lat, s_lon, limits, weights[0], weights[1])
            else:
                calm = rk2_step(w, f, d, corner, s_lat, s_lon, limits, weights[0], weights[1])
            if not (calm and was_calm) and _redo_polar(w, (s_lat, s_lon), grid, f, d, weights, edges, member, level):
                calm = False
            if due_first <= tb + 1e-6:
                rates_at_end(w, f, d, corner, s_lat, s_lon, limits, weights[0], weights[1])
                due_first = _write_due(
                    w, (s_lat, s_lon), heights, f, d, weights, edges, alive, member, place, level, times, height,
                    pressure, out, out_next
                )  # fmt: skip
            if not calm and _settle_edges(d, grid, alive, member, status, known):
                whole = False
        for i in range(min(LANES, last - block)):
            m = member[i]
            x[m], y[m] = d[X + i], d[Y + i]
            if stop[m] <= tau_to or status[m] != FLYING:
                height[m] = height_at(heights, x[m], y[m], level[m], level_weight[m], height[m], min(tau_to, stop[m]))


@fast_kernel
def cell_number(grid, x, y, out):
    """Write the number of each member's cell, row by row, so that members can be put in the order of memory."""
    columns = int(grid[G_XMAX]) + 2
    for i in range(x.size):
        inside = x[i] == x[i] and y[i] == y[i]
        out[i] = int(math.floor(y[i])) * columns + int(math.floor(x[i])) if inside else 0
