"""Members with a vertical life: ascent, burst, descent, floats on any surface, landing; one member at a time.

Times are ``tau`` as in ``float_block``. Events (a phase's stop rule, the ground) are found by false position inside
the step, which is then cut there. Tuples carry what belongs together:

``air``    (w, w_strides, z, z_strides, d, d_strides, grid, log_p)
``clock``  (sign, seconds of the wind's first time since 1970 or NaN where no phase asks for the sun, tau_from, span,
           w_from, w_to)
``error``  (eu0, ev0, eu1, ev1), wind error at both ends of the segment [cells/s]
``table``  (times, altitudes) of a recorded profile [s, m]
``ground`` (elevation float32 (rows, columns), lat0, dlat, lon0, dlon), degrees; one row: the sea
"""

import math

import numpy as np

from overflight.drift.kernels.chart import chart_of, chart_rate, from_chart, to_chart
from overflight.drift.kernels.lookup import (
    BELOW_LOWEST_M,
    G_DLAT,
    G_DLON,
    G_LAT0,
    G_LEVELS,
    G_LON0,
    G_PERIOD,
    G_XMAX,
    G_YMAX,
    bracket,
    find_level,
    log_pressure,
    pressure_level,
    temperature,
    wind,
    wrapped,
)
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
from overflight.flight.kernels import (
    ASCENT,
    DESCENT,
    FLOAT_DENSITY,
    FLOAT_HEIGHT,
    FLOAT_PRESSURE,
    RECORDED,
    after_step,
    begin,
    needs_air,
    stop_margin,
    sun_sin,
    target,
    vertical_rate_ms,
)
from overflight.geo.kernel import fast_kernel, inlined_kernel
from overflight.geo.sphere import EARTH_RADIUS_M

TRIES = 60
CLOSE = 1e-7
EXACT_S = 1e-5
"""An end of a phase is found to within CLOSE (of km, of a part, of an hour) or EXACT_S."""
HIGHEST_GROUND_M = 9_000.0
SHORTEST_STEP_S = 1.0
ADAPTIVE = 45


@fast_kernel
def elevation(ground, lat, lon):
    """Elevation of the ground at a place in degrees, bilinear; 0 where no ground is given. [m]"""
    grid, lat0, dlat, lon0, dlon = ground
    rows, columns = grid.shape
    if rows < 2:
        return 0.0
    y = min(max((lat - lat0) / dlat, 0.0), rows - 1.000001)
    x = (lon - lon0) / dlon
    x -= columns * math.floor(x / columns)
    iy, ix = int(y), min(int(x), columns - 1)
    east = ix + 1 if ix + 1 < columns else 0
    fx, fy = x - ix, y - iy
    south = grid[iy, ix] + fx * (grid[iy, east] - grid[iy, ix])
    north = grid[iy + 1, ix] + fx * (grid[iy + 1, east] - grid[iy + 1, ix])
    return south + fy * (north - south)


@inlined_kernel
def _recorded(table, t, offset):
    times, altitudes = table
    return np.interp(t, times, altitudes) + offset


@inlined_kernel
def _level(air, code, row, x, y, z, t, sun, hint, weight):
    """Return (level, weight) at which the member is."""
    _, _, height, height_strides, log_density, density_strides, grid, log_p = air
    if code == FLOAT_PRESSURE:
        return pressure_level(log_p, target(code, row, t, sun), hint)
    if code == FLOAT_DENSITY:
        value = math.log(target(code, row, t, sun))
        return find_level(log_density, density_strides, grid, x, y, value, -1.0, hint, weight)
    return find_level(height, height_strides, grid, x, y, z, 1.0, hint, weight)


@inlined_kernel
def _air_here(air, x, y, level, weight, time_weight):
    """Return (pressure, temperature, density) at a fractional level."""
    _, _, _, _, log_density, density_strides, grid, log_p = air
    low, high = bracket(log_density, density_strides, grid, x, y, level, time_weight)
    density = math.exp(low + weight * (high - low))
    pressure = math.exp(log_pressure(log_p, level, weight))
    return pressure, temperature(pressure, density), density


@inlined_kernel
def _height_here(air, x, y, level, weight, time_weight):
    _, _, height, height_strides, _, _, grid, _ = air
    low, high = bracket(height, height_strides, grid, x, y, level, time_weight)
    return low + weight * (high - low)


@inlined_kernel
def _guided(code, row, table, t, z, sun):
    """Return the height that a phase prescribes, or the member's own."""
    if code == FLOAT_HEIGHT:
        return target(code, row, t, sun)
    return _recorded(table, t, row[0]) if code == RECORDED else z


@inlined_kernel
def _rates(air, clock, error, table, code, row, state, chart, a, b, z, tau, hint):
    """Return (da, db, dz)/dtau in the chart, and the level found."""
    w, w_strides, _, _, _, _, grid, _ = air
    sign, epoch, tau_from, span, w_from, w_to = clock
    lat, lon = from_chart(chart, a, b)
    x, y = (lon - grid[G_LON0]) / grid[G_DLON], (lat - grid[G_LAT0]) / grid[G_DLAT]
    f = (tau - tau_from) / span
    time_weight = w_from + f * (w_to - w_from)
    t = sign * tau
    sun = sun_sin(epoch + t, lat, lon) if epoch == epoch else 0.0
    z = _guided(code, row, table, t, z, sun)
    level, weight = _level(air, code, row, x, y, z, t, sun, hint, time_weight)
    u, v = wind(w, w_strides, grid, x, y, level, weight, time_weight)
    if code < ASCENT:
        z = _height_here(air, x, y, level, weight, time_weight)
    factor = sign * EARTH_RADIUS_M / (EARTH_RADIUS_M + z)
    east = (u + error[0] + f * (error[2] - error[0])) * factor * grid[G_DLON]
    north = (v + error[1] + f * (error[3] - error[1])) * factor * grid[G_DLAT]
    da, db = chart_rate(chart, a, b, lat, lon, east, north)
    dz = 0.0
    if code >= ASCENT and code != RECORDED:
        pressure, kelvin, density = np.nan, np.nan, np.nan
        if needs_air(code, row):
            pressure, kelvin, density = _air_here(air, x, y, level, weight, time_weight)
        dz = sign * vertical_rate_ms(code, row, state, t, z, pressure, kelvin, density, sun)
    return da, db, dz, level


@fast_kernel
def _step(air, clock, error, table, code, row, state, x, y, z, tau, h, hint, rk):
    """One Runge-Kutta step; return (x, y, z, level) with z as the phase prescribes it at the end."""
    grid = air[6]
    lat, lon = grid[G_LAT0] + y * grid[G_DLAT], grid[G_LON0] + x * grid[G_DLON]
    chart = chart_of(lat)
    a, b = to_chart(chart, lat, lon)
    half = 0.5 * h
    a1, b1, z1, level = _rates(air, clock, error, table, code, row, state, chart, a, b, z, tau, hint)
    a2, b2, z2, level = _rates(
        air,
        clock,
        error,
        table,
        code,
        row,
        state,
        chart,
        a + half * a1,
        b + half * b1,
        z + half * z1,
        tau + half,
        level,
    )
    if rk == 2:
        a, b, z = a + h * a2, b + h * b2, z + h * z2
    else:
        a3, b3, z3, level = _rates(
            air,
            clock,
            error,
            table,
            code,
            row,
            state,
            chart,
            a + half * a2,
            b + half * b2,
            z + half * z2,
            tau + half,
            level,
        )
        a4, b4, z4, level = _rates(
            air,
            clock,
            error,
            table,
            code,
            row,
            state,
            chart,
            a + h * a3,
            b + h * b3,
            z + h * z3,
            tau + h,
            level,
        )
        a += h / 6.0 * (a1 + 2.0 * (a2 + a3) + a4)
        b += h / 6.0 * (b1 + 2.0 * (b2 + b3) + b4)
        z += h / 6.0 * (z1 + 2.0 * (z2 + z3) + z4)
    lat, lon = from_chart(chart, a, b)
    return wrapped(grid, (lon - grid[G_LON0]) / grid[G_DLON]), (lat - grid[G_LAT0]) / grid[G_DLAT], z, level


@inlined_kernel
def _settle(air, clock, table, code, row, x, y, z, tau, hint):
    """Return (z, level, weight, pressure, temperature, density, sun) where a member has come to."""
    grid = air[6]
    sign, epoch, tau_from, span, w_from, w_to = clock
    time_weight = w_from + (tau - tau_from) / span * (w_to - w_from)
    lat, lon = grid[G_LAT0] + y * grid[G_DLAT], grid[G_LON0] + x * grid[G_DLON]
    t = sign * tau
    sun = sun_sin(epoch + t, lat, lon) if epoch == epoch else 0.0
    z = _guided(code, row, table, t, z, sun)
    level, weight = _level(air, code, row, x, y, z, t, sun, hint, time_weight)
    if code < ASCENT:
        z = _height_here(air, x, y, level, weight, time_weight)
    pressure, kelvin, density = _air_here(air, x, y, level, weight, time_weight)
    return z, level, weight, pressure, kelvin, density, sun


@fast_kernel
def _clearance(grid, ground, x, y, z, exposed):
    """Height over the ground of a member that does not rise; inf where the ground is out of the question. [m]"""
    if not exposed or z > HIGHEST_GROUND_M:
        return np.inf
    lat, lon = math.degrees(grid[G_LAT0] + y * grid[G_DLAT]), math.degrees(grid[G_LON0] + x * grid[G_DLON])
    return z - elevation(ground, lat, lon)


@fast_kernel
def _left(air, clock, ground, code, row, state, here, x, y, tau, phase_tau, exposed):
    """Return (what is left before the phase or the flight is over, whether the ground ends it): 0 or less when over."""
    z, _, _, pressure, _, density, _ = here
    margin = stop_margin(code, row, state, clock[0] * tau, tau - phase_tau, z, pressure, density)
    clearance = 1e-3 * _clearance(air[6], ground, x, y, z, exposed)
    return min(margin, clearance), clearance <= 0.0


@fast_kernel
def _event(air, clock, error, table, ground, code, row, state, x, y, z, tau, h, hint, rk, phase_tau, exposed):
    """Find where in a step the phase or the flight is over; return (part of the step, x, y, z, level, on the ground).

    False position with halving of the end that stays (the Illinois method: Dowell and Jarratt 1971, doi
    10.1007/BF01934364).
    """
    here = _settle(air, clock, table, code, row, x, y, z, tau, hint)
    at_low, _ = _left(air, clock, ground, code, row, state, here, x, y, tau, phase_tau, exposed)
    low, high, at_high, side = 0.0, 2.0, 0.0, 0
    q, grounded, close = 1.0, False, False
    xe, ye, ze, le = x, y, z, hint
    for _ in range(TRIES):
        xq, yq, zq, lq = _step(air, clock, error, table, code, row, state, x, y, z, tau, q * h, hint, rk)
        here = _settle(air, clock, table, code, row, xq, yq, zq, tau + q * h, lq)
        left, on_ground = _left(air, clock, ground, code, row, state, here, xq, yq, tau + q * h, phase_tau, exposed)
        if left <= 0.0:
            high, at_high, xe, ye, ze, le, grounded = q, left, xq, yq, zq, lq, on_ground
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
    return high, xe, ye, ze, le, grounded


@fast_kernel
def _apart_m(grid, x1, y1, z1, x2, y2, z2):
    """Distance between two ends of one step, small against the Earth. [m]"""
    dx = x1 - x2
    if grid[G_PERIOD] > 0.0:
        dx -= grid[G_PERIOD] * round(dx / grid[G_PERIOD])
    lat = grid[G_LAT0] + y1 * grid[G_DLAT]
    east = dx * grid[G_DLON] * math.cos(lat) * EARTH_RADIUS_M
    north = (y1 - y2) * grid[G_DLAT] * EARTH_RADIUS_M
    return math.sqrt(east * east + north * north + (z1 - z2) * (z1 - z2))


@fast_kernel
def _adaptive(air, clock, error, table, code, row, state, x, y, z, tau, h, hint, tolerance_m):
    """Step doubling (Hairer, Norsett and Wanner 1993, II.4): return (x, y, z, level, step taken, next step)."""
    grid = air[6]
    while True:
        xf, yf, zf, _ = _step(air, clock, error, table, code, row, state, x, y, z, tau, h, hint, 4)
        xm, ym, zm, level = _step(air, clock, error, table, code, row, state, x, y, z, tau, 0.5 * h, hint, 4)
        xe, ye, ze, level = _step(
            air, clock, error, table, code, row, state, xm, ym, zm, tau + 0.5 * h, 0.5 * h, level, 4
        )
        wrong = max(_apart_m(grid, xe, ye, ze, xf, yf, zf) / 15.0, 1e-6)
        scale = 0.9 * (tolerance_m / wrong) ** 0.2
        if not wrong > tolerance_m or h <= SHORTEST_STEP_S:
            return xe, ye, ze, level, h, h * min(4.0, max(0.3, scale))
        h = max(SHORTEST_STEP_S, h * max(0.2, scale))


@fast_kernel
def _reach(air, level, weight, x, y, time_weight):
    """Return 0 inside the levels, 1 just below the lowest, 2 out of reach."""
    _, _, height, height_strides, _, _, grid, _ = air
    if level == int(grid[G_LEVELS]) - 2 and weight > 1.0 + 1e-6:
        return 2
    if level == 0 and weight < -1e-6:
        low, high = bracket(height, height_strides, grid, x, y, level, time_weight)
        return 2 if -weight * (high - low) > BELOW_LOWEST_M else 1
    return 0


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
    ``place`` int32, the row of each in ``out``; ``x, y, z`` float64, ``hint, phase`` int32, ``phase_tau, start, stop,
    step_next`` float64, ``status`` int8, ``below`` bool, all (members,), changed in place. ``rk`` 4, 2, or 45 for step
    doubling to ``tolerance_m`` a step.
    """
    grid = air[6]
    sign, _, tau_from, span, w_from, w_to = clock
    step = span / n_steps
    one = 4 if rk == ADAPTIVE else rk
    for m in range(first, last):
        end = min(tau_to, stop[m])
        tau = max(tau_from, start[m])
        if status[m] not in (FLYING, BURST) or not tau < end:
            continue
        error = (float(errors[m, 0]), float(errors[m, 1]), float(errors[m, 2]), float(errors[m, 3]))
        state = states[m]
        while tau < end:
            code, row = codes[phase[m]], rows[m, phase[m]]
            if phase_tau[m] == -np.inf:
                here = _settle(air, clock, table, code, row, x[m], y[m], z[m], tau, hint[m])
                z[m], hint[m], phase_tau[m] = here[0], here[1], tau
                if _reach(air, here[1], here[2], x[m], y[m], w_from + (tau - tau_from) / span * (w_to - w_from)) == 2:
                    status[m] = OUT_OF_LEVELS
                    break
                begin(code, row, state, sign * tau, here[0], here[3], here[4], here[5], here[6])
            x0, y0, z0, level0 = x[m], y[m], z[m], hint[m]
            if rk == ADAPTIVE:
                h = min(end - tau, step_next[m])
                xn, yn, zn, level, h, step_next[m] = _adaptive(
                    air, clock, error, table, code, row, state, x0, y0, z0, tau, h, level0, tolerance_m
                )
            else:
                h = min(tau_from + (math.floor((tau - tau_from) / step + 1e-9) + 1.0) * step, end) - tau
                h = h if h > 1e-6 else end - tau
                xn, yn, zn, level = _step(air, clock, error, table, code, row, state, x0, y0, z0, tau, h, level0, rk)
            exposed = code < ASCENT or zn < z0
            here = _settle(air, clock, table, code, row, xn, yn, zn, tau + h, level)
            if not (xn == xn and yn == yn and here[0] == here[0]):
                status[m] = OUT_OF_WIND  # at the last place known
                break
            left, grounded = _left(air, clock, ground, code, row, state, here, xn, yn, tau + h, phase_tau[m], exposed)
            if left <= 0.0:
                q, xn, yn, zn, level, grounded = _event(
                    air, clock, error, table, ground, code, row, state, x0, y0, z0, tau, h, level0, one, phase_tau[m],
                    exposed
                )  # fmt: skip
                h *= q
                here = _settle(air, clock, table, code, row, xn, yn, zn, tau + h, level)
            while out_next[m] < out[0].shape[1]:
                due = min(start[m] + out_next[m] * out_every, stop[m])
                if due > tau + h + 1e-6:
                    break
                xo, yo, there = xn, yn, here
                if due < tau + h - 1e-6:
                    xo, yo, zo, lo = _step(
                        air, clock, error, table, code, row, state, x0, y0, z0, tau, due - tau, level0, one
                    )
                    there = _settle(air, clock, table, code, row, xo, yo, zo, due, lo)
                write_output(grid, out, place[m], out_next[m], xo, yo, there[0], there[3], status[m])
                out_next[m] += 1
            tau += h
            zn, level, weight, pressure, kelvin, density, sun = here
            after_step(code, row, state, sign * tau, h, zn, pressure, kelvin, density, sun)
            x[m], y[m], z[m], hint[m] = xn, yn, zn, level
            reach = _reach(air, level, weight, xn, yn, w_from + (tau - tau_from) / span * (w_to - w_from))
            below[m] = below[m] or reach == 1
            if not (xn == xn and yn == yn and zn == zn):
                status[m] = OUT_OF_WIND
            elif not grid[G_PERIOD] > 0.0 and not (0.0 <= xn <= grid[G_XMAX] and 0.0 <= yn <= grid[G_YMAX]):
                status[m] = LEFT_DOMAIN
            elif left <= 0.0 and grounded:
                status[m] = LANDED
            elif reach == 2:
                status[m] = OUT_OF_LEVELS
            elif left <= 0.0 and phase[m] + 1 < codes.size:
                burst = code == ASCENT and codes[phase[m] + 1] == DESCENT
                phase[m] += 1
                phase_tau[m] = -np.inf
                status[m] = BURST if burst else FLYING
            elif left <= 0.0:
                status[m] = ENDED
            if status[m] not in (FLYING, BURST):
                break
        if status[m] in (LANDED, ENDED):
            stop[m] = min(stop[m], tau)
