"""Float at a fixed level: sixteen members side by side, the time loop inside the block.

Times are ``tau``: seconds from the wind's first time, with the sign of the run, so that they always grow; the sign
sits in ``factor``. Steps belong to the run, not to the member: a member released or stopped inside a step takes the
part that is its own. Positions are float64 column and row indices; the arithmetic of a step is float32 increments.
"""

import math

import numpy as np

from overflight.drift.kernels.blend import wind_at
from overflight.drift.kernels.chart import POLAR_RAD, chart_of, chart_rate, from_chart, to_chart
from overflight.drift.kernels.lookup import (
    G_DLAT,
    G_DLON,
    G_LAT0,
    G_LON0,
    G_PERIOD,
    G_XMAX,
    G_YMAX,
    wind,
    wrapped,
)
from overflight.drift.kernels.output import FLYING, LEFT_DOMAIN, OUT_OF_WIND, write_output
from overflight.geo.kernel import fast_kernel

LANES = 16

_F32 = np.float32
_U64 = np.uint64
_U32 = np.uint32
_ZERO, _HALF, _ONE, _TWO, _SIXTH = _F32(0), _F32(0.5), _F32(1), _F32(2), _F32(1 / 6)
_C2, _C4, _C6 = _F32(-0.5), _F32(4.1666666667e-2), _F32(-1.3888888889e-3)
_C8, _C10, _C12 = _F32(2.48015873e-5), _F32(-2.75573192e-7), _F32(2.0876757e-9)
INSIDE = 1e-9

# Rows of the lanes' scratch memory: one flat array a type, so that the compiler sees that rows never overlap.
(
    PX,
    PY,
    FX,
    FY,
    SECANT,
    WEIGHT,
    FACTOR,
    STEP,
    T0,
    TM,
    T1,
    E0U,
    E0V,
    E1U,
    E1V,
    AU,
    AV,
    MU,
    MV,
    BU,
    BV,
    KU1,
    KV1,
    KU2,
    KV2,
    KU3,
    KV3,
    KU4,
    KV4,
) = (LANES * row for row in range(29))
F_ROWS = 29
X, Y, XS, YS, H, BEGIN = (LANES * row for row in range(6))
D_ROWS = 6
CORNER, LEVEL = 0, LANES


@fast_kernel
def _cells(limits, s_lat, s_lon, f, corner):
    """Find each lane's cell, and one over the cosine of its latitude (Taylor series: 1e-7 to 84 degrees)."""
    period, wrap_high, wrap_low, xmax, ymax, lat0, dlat = limits
    for i in range(LANES):
        x, y = f[PX + i], f[PY + i]
        x = x - period if x >= wrap_high else x
        x = x + period if x < wrap_low else x
        x = x if x > _ZERO else _ZERO
        x = x if x < xmax else xmax
        y = y if y > _ZERO else _ZERO
        y = y if y < ymax else ymax
        ix, iy = np.int32(x), np.int32(y)
        f[FX + i], f[FY + i] = x - _F32(ix), y - _F32(iy)
        corner[CORNER + i] = _U32(iy) * s_lat + _U32(ix) * s_lon + corner[LEVEL + i]
        a = lat0 + dlat * y
        a = a * a
        cosine = _ONE + a * (_C2 + a * (_C4 + a * (_C6 + a * (_C8 + a * (_C10 + a * _C12)))))
        f[SECANT + i] = _ONE / cosine


@fast_kernel
def _rates(w, limits, s_lat, s_lon, f, corner, time_weight, eu, ev, ku, kv):
    """Rates of column and row of sixteen lanes at their stage's place, into rows ``ku`` and ``kv``."""
    _cells(limits, s_lat, s_lon, f, corner)
    lon64, lat64 = _U64(s_lon), _U64(s_lat)
    for i in range(LANES):
        u, v = wind_at(
            w, _U64(corner[CORNER + i]), lon64, lat64, f[FX + i], f[FY + i], f[WEIGHT + i], f[time_weight + i]
        )
        f[ku + i] = u
        f[kv + i] = v
    for i in range(LANES):
        f[ku + i] = (f[ku + i] + f[eu + i]) * f[FACTOR + i] * f[SECANT + i]
        f[kv + i] = (f[kv + i] + f[ev + i]) * f[FACTOR + i]


@fast_kernel
def _stage(f, d, share, ku, kv):
    """Set the stage's place: the step's start plus ``share`` of a step with the rates of a stage before."""
    for i in range(LANES):
        h = share * f[STEP + i]
        f[PX + i] = _F32(d[X + i]) + h * f[ku + i]
        f[PY + i] = _F32(d[Y + i]) + h * f[kv + i]


@fast_kernel
def _clock(f, d, tau_from, per_span, w_from, w_to):
    """Set time weights and wind errors at the start, middle and end of each lane's step."""
    for i in range(LANES):
        f[STEP + i] = _F32(d[H + i])
        since = d[BEGIN + i] - tau_from
        g0, g1 = _F32(since * per_span), _F32((since + d[H + i]) * per_span)
        gm = _HALF * (g0 + g1)
        rise = _F32(w_to - w_from)
        f[T0 + i], f[TM + i], f[T1 + i] = (
            _F32(w_from) + rise * g0,
            _F32(w_from) + rise * gm,
            _F32(w_from) + rise * g1,
        )
        du, dv = f[E1U + i] - f[E0U + i], f[E1V + i] - f[E0V + i]
        f[AU + i], f[AV + i] = f[E0U + i] + g0 * du, f[E0V + i] + g0 * dv
        f[MU + i], f[MV + i] = f[E0U + i] + gm * du, f[E0V + i] + gm * dv
        f[BU + i], f[BV + i] = f[E0U + i] + g1 * du, f[E0V + i] + g1 * dv


@fast_kernel
def _chart_rates(w, strides, grid, chart, a, b, level, weight, time_weight, factor, eu, ev):
    lat, lon = from_chart(chart, a, b)
    x, y = (lon - grid[G_LON0]) / grid[G_DLON], (lat - grid[G_LAT0]) / grid[G_DLAT]
    u, v = wind(w, strides, grid, x, y, level, weight, time_weight)
    return chart_rate(chart, a, b, lat, lon, (u + eu) * factor * grid[G_DLON], (v + ev) * factor * grid[G_DLAT])


@fast_kernel
def polar_step(w, strides, grid, x, y, level, weight, h, w0, w1, factor, e0, e1):
    """One Runge-Kutta step of order 4 in the plane of the nearer pole; return (x, y)."""
    lat, lon = grid[G_LAT0] + y * grid[G_DLAT], grid[G_LON0] + x * grid[G_DLON]
    chart = chart_of(lat)
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
    return wrapped(grid, (lon - grid[G_LON0]) / grid[G_DLON]), (lat - grid[G_LAT0]) / grid[G_DLAT]


@fast_kernel
def _hermite(s, h, start, increment, rate_start, rate_end):
    """Cubic through both ends of a step with their rates, at the fraction ``s``."""
    s2, s3 = s * s, s * s * s
    return start + (3 * s2 - 2 * s3) * increment + h * ((s3 - 2 * s2 + s) * rate_start + (s3 - s2) * rate_end)


@fast_kernel
def float_block(
    w,
    strides,
    grid,
    order,
    first,
    last,
    x,
    y,
    level,
    level_weight,
    factor,
    start,
    stop,
    e_from,
    e_to,
    status,
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
    """Advance members ``order[first:last]`` from ``tau_from`` to ``tau_to`` at their fixed levels.

    Parameters
    ----------
    w : float32 flat, ``[lat][lon][level][u0, v0, u1, v1]``. Winds. [cells/s]
    strides : (uint32, uint32). Strides of latitude and longitude in ``w``.
    grid : float64 (N_GRID,). See ``lookup``.
    order : int32 (members,). Order of work; neighbours in it share cells.
    x, y : float64 (members,). Column and row, changed in place.
    level, level_weight : int32, float32 (members,). Level bracket.
    factor : float32 (members,). Sign of the run times mean radius over radius at the member's height.
    start, stop : float64 (members,). Own times. [s]
    e_from, e_to : float32 (members, 2). Wind error at both ends. [cells/s]
    status : int8 (members,).
    w_from, w_to : float. Weight of the second time slot at both ends.
    rk : int. 4 or 2: order of the Runge-Kutta step.
    height, pressure : float64 (members,). Written with every output. [m, Pa]
    out : (lat, lon, altitude, pressure, status), each (members, n_out); out_next : int32 (members,); out_every :
        float [s]. Output by cubic Hermite interpolation inside the step.

    References
    ----------
    Hairer, Norsett and Wanner (1993), Solving Ordinary Differential Equations I, II.1 and II.6.
    """
    period, xmax, ymax = _F32(grid[G_PERIOD]), _F32(grid[G_XMAX]), _F32(grid[G_YMAX])
    wrap_high = period if period > 0 else _F32(np.inf)
    wrap_low = _ZERO if period > 0 else _F32(-np.inf)
    limits = (period, wrap_high, wrap_low, xmax, ymax, _F32(grid[G_LAT0]), _F32(grid[G_DLAT]))
    regional = not grid[G_PERIOD] > 0.0
    polar_low = (-POLAR_RAD - grid[G_LAT0]) / grid[G_DLAT]
    polar_high = (POLAR_RAD - grid[G_LAT0]) / grid[G_DLAT]
    s_lat, s_lon = _U32(strides[0]), _U32(strides[1])
    strides32 = (s_lat, s_lon)
    span = tau_to - tau_from
    step = span / n_steps
    n_out = out[0].shape[1]
    xmax64, ymax64 = grid[G_XMAX], grid[G_YMAX]
    period64, high64, low64 = float(period), float(wrap_high), float(wrap_low)

    f = np.zeros(F_ROWS * LANES, _F32)
    d = np.zeros(D_ROWS * LANES)
    corner = np.zeros(2 * LANES, np.uint32)
    member = np.empty(LANES, np.int64)
    alive = np.empty(LANES, np.bool_)

    for block in range(first, last, LANES):
        whole = True
        due_first = np.inf
        for i in range(LANES):
            m = order[min(block + i, last - 1)]
            member[i] = m
            alive[i] = block + i < last and status[m] == FLYING
            whole = whole and alive[i] and start[m] <= tau_from and stop[m] >= tau_to
            if alive[i] and out_next[m] < n_out:
                due_first = min(due_first, start[m] + out_next[m] * out_every, stop[m])
            d[X + i], d[Y + i] = x[m], y[m]
            corner[LEVEL + i] = _U32(level[m] * 4)
            f[WEIGHT + i], f[FACTOR + i] = level_weight[m], factor[m]
            f[E0U + i], f[E0V + i], f[E1U + i], f[E1V + i] = (
                e_from[m, 0],
                e_from[m, 1],
                e_to[m, 0],
                e_to[m, 1],
            )
        for s in range(n_steps):
            ta = tau_from + s * step
            tb = tau_from + (s + 1) * step if s + 1 < n_steps else tau_to
            moving = whole
            for i in range(LANES):
                d[BEGIN + i], d[H + i] = ta, tb - ta
                d[XS + i], d[YS + i] = d[X + i], d[Y + i]
            lowest, highest = d[Y], d[Y]
            for i in range(LANES):
                lowest = d[Y + i] if d[Y + i] < lowest else lowest
                highest = d[Y + i] if d[Y + i] > highest else highest
            polar = lowest < polar_low or highest > polar_high
            if not whole:
                for i in range(LANES):
                    m = member[i]
                    a, b = max(ta, start[m]), min(tb, stop[m])
                    b = b if alive[i] and b > a else a
                    d[BEGIN + i], d[H + i] = a, b - a
                    moving = moving or b > a
            if not moving:
                continue
            _clock(f, d, tau_from, 1.0 / span, w_from, w_to)
            _stage(f, d, _ZERO, KU1, KV1)
            _rates(w, limits, s_lat, s_lon, f, corner, T0, AU, AV, KU1, KV1)
            _stage(f, d, _HALF, KU1, KV1)
            _rates(w, limits, s_lat, s_lon, f, corner, TM, MU, MV, KU2, KV2)
            if rk == 4:
                _stage(f, d, _HALF, KU2, KV2)
                _rates(w, limits, s_lat, s_lon, f, corner, TM, MU, MV, KU3, KV3)
                _stage(f, d, _ONE, KU3, KV3)
                _rates(w, limits, s_lat, s_lon, f, corner, T1, BU, BV, KU4, KV4)
                for i in range(LANES):
                    h = f[STEP + i] * _SIXTH
                    d[X + i] += h * (f[KU1 + i] + _TWO * (f[KU2 + i] + f[KU3 + i]) + f[KU4 + i])
                    d[Y + i] += h * (f[KV1 + i] + _TWO * (f[KV2 + i] + f[KV3 + i]) + f[KV4 + i])
            else:
                for i in range(LANES):
                    d[X + i] += f[STEP + i] * f[KU2 + i]
                    d[Y + i] += f[STEP + i] * f[KV2 + i]
            if polar:
                for i in range(LANES):
                    if d[H + i] > 0.0 and (d[YS + i] < polar_low or d[YS + i] > polar_high):
                        d[X + i], d[Y + i] = _polar_lane(w, strides32, grid, f, d, i, level[member[i]], 1.0)
            if due_first <= tb + 1e-6:
                due_first = np.inf
                _stage(f, d, _ZERO, KU1, KV1)
                _rates(w, limits, s_lat, s_lon, f, corner, T1, BU, BV, KU4, KV4)
                for i in range(LANES):
                    m = member[i]
                    while alive[i] and out_next[m] < n_out:
                        due = min(start[m] + out_next[m] * out_every, stop[m])
                        if due > d[BEGIN + i] + d[H + i] + 1e-6 or not d[H + i] > 0.0:
                            due_first = min(due_first, due)
                            break
                        q = (due - d[BEGIN + i]) / d[H + i]
                        ox, oy = d[X + i], d[Y + i]
                        if q < 1.0 - INSIDE:
                            if d[YS + i] < polar_low or d[YS + i] > polar_high:
                                ox, oy = _polar_lane(w, strides32, grid, f, d, i, level[m], q)
                            else:
                                ox = _hermite(q, d[H + i], d[XS + i], d[X + i] - d[XS + i], f[KU1 + i], f[KU4 + i])
                                oy = _hermite(q, d[H + i], d[YS + i], d[Y + i] - d[YS + i], f[KV1 + i], f[KV4 + i])
                        write_output(grid, out, m, out_next[m], wrapped(grid, ox), oy, height[m], pressure[m], FLYING)
                        out_next[m] += 1
            inside = 0
            for i in range(LANES):
                xe, ye = d[X + i], d[Y + i]
                xe = xe - period64 if xe >= high64 else xe
                xe = xe + period64 if xe < low64 else xe
                d[X + i] = xe
                inside += int((xe >= 0.0) & (xe <= xmax64) & (ye >= 0.0) & (ye <= ymax64))
            if inside < LANES:
                whole = False
                for i in range(LANES):
                    m = member[i]
                    if alive[i] and not (d[X + i] == d[X + i] and d[Y + i] == d[Y + i]):
                        alive[i], status[m] = False, OUT_OF_WIND
                    elif alive[i] and not (0.0 <= d[X + i] <= xmax64 and 0.0 <= d[Y + i] <= ymax64):
                        if regional:
                            alive[i], status[m] = False, LEFT_DOMAIN
                        else:
                            d[X + i] = wrapped(grid, d[X + i])
        for i in range(min(LANES, last - block)):
            x[member[i]], y[member[i]] = d[X + i], d[Y + i]


@fast_kernel
def _polar_lane(w, strides, grid, f, d, i, level, q):
    """Redo the share ``q`` of one lane's step in the plane of the pole."""
    w0, w1 = float(f[T0 + i]), float(f[T1 + i])
    e0 = (float(f[AU + i]), float(f[AV + i]))
    e1 = (e0[0] + q * (float(f[BU + i]) - e0[0]), e0[1] + q * (float(f[BV + i]) - e0[1]))
    return polar_step(
        w,
        strides,
        grid,
        d[XS + i],
        d[YS + i],
        level,
        float(f[WEIGHT + i]),
        q * d[H + i],
        w0,
        w0 + q * (w1 - w0),
        float(f[FACTOR + i]),
        e0,
        e1,
    )


@fast_kernel
def cell_number(grid, x, y, out):
    """Write the number of each member's cell, row by row, so that members can be put in the order of memory."""
    columns = int(grid[G_XMAX]) + 2
    for i in range(x.size):
        inside = x[i] == x[i] and y[i] == y[i]
        out[i] = int(math.floor(y[i])) * columns + int(math.floor(x[i])) if inside else 0
