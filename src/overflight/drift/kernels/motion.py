"""One member with a vertical life: where it is, how it moves, one Runge-Kutta step.

Times are ``tau`` as in ``float_block``. Tuples carry what belongs together:

``air``    (w, w_strides, z, z_strides, d, d_strides, grid, log_p)
``clock``  (sign, seconds of the wind's first time since 1970 or NaN where no phase asks for the sun, tau_from, span,
           w_from, w_to)
``error``  (eu0, ev0, eu1, ev1), wind error at both ends of the segment [cells/s]
``table``  (times, altitudes) of a recorded profile [s, m]
``ground`` (elevation float32 (rows, columns), lat0, dlat, lon0, dlon), degrees; one row: the sea
``scene``  (air, clock, error, table, ground)
``law``    (code, row, state) of the phase that the member is in
``at``     (x, y, z): column, row, height [m]
"""

import math

import numpy as np

from overflight.drift.kernels.chart import POLAR_RAD, chart_of, chart_rate, from_chart, pole_of, to_chart
from overflight.drift.kernels.lookup import (
    G_DLAT,
    G_DLON,
    G_LAT0,
    G_LON0,
    G_PERIOD,
    bracket,
    column,
    find_level,
    log_pressure,
    pressure_level,
    temperature,
    wind,
)
from overflight.drift.kernels.output import hermite
from overflight.flight.kernels import (
    ASCENT,
    FLOAT_DENSITY,
    FLOAT_HEIGHT,
    FLOAT_PRESSURE,
    RECORDED,
    needs_air,
    sun_sin,
    target,
    vertical_rate_ms,
)
from overflight.geo.kernel import fast_kernel, inlined_kernel
from overflight.geo.sphere import EARTH_RADIUS_M


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
    return np.interp(t, table[0], table[1]) + row[0] if code == RECORDED else z


@inlined_kernel
def time_weight_at(clock, tau):
    """Return the weight of the second of the two times in memory."""
    _, _, tau_from, span, w_from, w_to = clock
    return w_from + (tau - tau_from) / span * (w_to - w_from)


@inlined_kernel
def rates(scene, law, chart, p, tau, hint):
    """Return (da, db, dz)/dtau at ``p`` (a, b, z) in the chart, and the level found."""
    (air, clock, error, table, _), (code, row, state) = scene, law
    w, w_strides, _, _, _, _, grid, _ = air
    sign, epoch, tau_from, span, _, _ = clock
    lat, lon = from_chart(chart, p[0], p[1])
    x = (lon - grid[G_LON0]) / grid[G_DLON] if chart == 0 else column(grid, lon)
    y, f, t = (lat - grid[G_LAT0]) / grid[G_DLAT], (tau - tau_from) / span, sign * tau
    time_weight = time_weight_at(clock, tau)
    sun = sun_sin(epoch + t, lat, lon) if epoch == epoch else 0.0
    z = _guided(code, row, table, t, p[2], sun)
    level, weight = _level(air, code, row, x, y, z, t, sun, hint, time_weight)
    u, v = wind(w, w_strides, grid, x, y, level, weight, time_weight)
    if code < ASCENT:
        z = _height_here(air, x, y, level, weight, time_weight)
    factor = sign * EARTH_RADIUS_M / (EARTH_RADIUS_M + z)
    east = (u + error[0] + f * (error[2] - error[0])) * factor * grid[G_DLON]
    north = (v + error[1] + f * (error[3] - error[1])) * factor * grid[G_DLAT]
    da, db = chart_rate(chart, p[0], p[1], lat, lon, east, north)
    dz = 0.0
    if code >= ASCENT and code != RECORDED:
        pressure, kelvin, density = np.nan, np.nan, np.nan
        if needs_air(code, row):
            pressure, kelvin, density = _air_here(air, x, y, level, weight, time_weight)
        dz = sign * vertical_rate_ms(code, row, state, t, z, pressure, kelvin, density, sun)
    return da, db, dz, level


@inlined_kernel
def _along(p, h, k):
    return p[0] + h * k[0], p[1] + h * k[1], p[2] + h * k[2]


@inlined_kernel
def _mean_rates(k1, k2, k3, k4):
    """Return the mean rates of a step of order 4."""
    return (
        (k1[0] + 2.0 * (k2[0] + k3[0]) + k4[0]) / 6.0,
        (k1[1] + 2.0 * (k2[1] + k3[1]) + k4[1]) / 6.0,
        (k1[2] + 2.0 * (k2[2] + k3[2]) + k4[2]) / 6.0,
    )


@fast_kernel
def _carry(scene, law, chart, p, tau, h, hint, rk):
    """One Runge-Kutta step of order 4 or 2 in a chart; return (a, b, z, level)."""
    half = 0.5 * h
    k1 = rates(scene, law, chart, p, tau, hint)
    k2 = rates(scene, law, chart, _along(p, half, k1), tau + half, k1[3])
    if rk == 2:
        a, b, z = _along(p, h, k2)
        return a, b, z, k2[3]
    k3 = rates(scene, law, chart, _along(p, half, k2), tau + half, k2[3])
    k4 = rates(scene, law, chart, _along(p, h, k3), tau + h, k3[3])
    mean = _mean_rates(k1, k2, k3, k4)
    a, b, z = _along(p, h, mean)
    return a, b, z, k4[3]


@inlined_kernel
def place(grid, x, y):
    """Return (lat, lon) of a column and a row. [rad]"""
    return grid[G_LAT0] + y * grid[G_DLAT], grid[G_LON0] + x * grid[G_DLON]


@fast_kernel
def step(scene, law, at, tau, h, hint, rk):
    """One step; return (x, y, z) and the level, with z as the phase prescribes it at the end.

    A step that begins or ends near a pole runs in the plane of the pole.
    """
    grid = scene[0][6]
    lat, lon = place(grid, at[0], at[1])
    chart = chart_of(lat)
    a, b = to_chart(chart, lat, lon)
    a, b, z, level = _carry(scene, law, chart, (a, b, at[2]), tau, h, hint, rk)
    if chart == 0 and abs(b) > POLAR_RAD:
        chart = pole_of(b)
        a, b = to_chart(chart, lat, lon)
        a, b, z, level = _carry(scene, law, chart, (a, b, at[2]), tau, h, hint, rk)
    lat, lon = from_chart(chart, a, b)
    return (column(grid, lon), (lat - grid[G_LAT0]) / grid[G_DLAT], z), level


@fast_kernel
def _carry_23(scene, law, chart, p, tau, h, hint):
    """One step of order 3 in a chart; return its end, what it is off that of order 2, and the level."""
    k1 = rates(scene, law, chart, p, tau, hint)
    k2 = rates(scene, law, chart, _along(p, 0.5 * h, k1), tau + 0.5 * h, k1[3])
    k3 = rates(scene, law, chart, _along(p, 0.75 * h, k2), tau + 0.75 * h, k2[3])
    mean = (
        (2.0 * k1[0] + 3.0 * k2[0] + 4.0 * k3[0]) / 9.0,
        (2.0 * k1[1] + 3.0 * k2[1] + 4.0 * k3[1]) / 9.0,
        (2.0 * k1[2] + 3.0 * k2[2] + 4.0 * k3[2]) / 9.0,
    )
    end = _along(p, h, mean)
    k4 = rates(scene, law, chart, end, tau + h, k3[3])
    off = (
        h * (-5.0 * k1[0] + 6.0 * k2[0] + 8.0 * k3[0] - 9.0 * k4[0]) / 72.0,
        h * (-5.0 * k1[1] + 6.0 * k2[1] + 8.0 * k3[1] - 9.0 * k4[1]) / 72.0,
        h * (-5.0 * k1[2] + 6.0 * k2[2] + 8.0 * k3[2] - 9.0 * k4[2]) / 72.0,
    )
    return end, off, k4[3]


@fast_kernel
def step_23(scene, law, at, tau, h, hint):
    """One step of order 3 with one of order 2 in it (Bogacki and Shampine 1989, doi 10.1016/0893-9659(89)90079-7).

    Returns (x, y, z), the same by order 2, and the level; four lookups of the wind. Charts as in ``step``.
    """
    grid = scene[0][6]
    lat, lon = place(grid, at[0], at[1])
    chart = chart_of(lat)
    a, b = to_chart(chart, lat, lon)
    end, off, level = _carry_23(scene, law, chart, (a, b, at[2]), tau, h, hint)
    if chart == 0 and abs(end[1]) > POLAR_RAD:
        chart = pole_of(end[1])
        a, b = to_chart(chart, lat, lon)
        end, off, level = _carry_23(scene, law, chart, (a, b, at[2]), tau, h, hint)
    lat, lon = from_chart(chart, end[0], end[1])
    y, x = from_chart(chart, end[0] - off[0], end[1] - off[1])
    here = (column(grid, lon), (lat - grid[G_LAT0]) / grid[G_DLAT], end[2])
    return here, (column(grid, x), (y - grid[G_LAT0]) / grid[G_DLAT], end[2] - off[2]), level


@fast_kernel
def settle(scene, law, at, tau, hint):
    """Return (z, level, weight, pressure, temperature, density, sun) where a member has come to."""
    (air, clock, _, table, _), (code, row, _) = scene, law
    grid, (sign, epoch, _, _, _, _) = air[6], clock
    x, y, t, time_weight = at[0], at[1], sign * tau, time_weight_at(clock, tau)
    lat, lon = place(grid, x, y)
    sun = sun_sin(epoch + t, lat, lon) if epoch == epoch else 0.0
    z = _guided(code, row, table, t, at[2], sun)
    level, weight = _level(air, code, row, x, y, z, t, sun, hint, time_weight)
    if code < ASCENT:
        z = _height_here(air, x, y, level, weight, time_weight)
    pressure, kelvin, density = _air_here(air, x, y, level, weight, time_weight)
    return z, level, weight, pressure, kelvin, density, sun


@fast_kernel
def ends_of_step(scene, law, at, end, tau, h, hint):
    """Return what ``within_step`` needs: (chart, place and rates at the start, increment and rates at the end)."""
    grid = scene[0][6]
    lat, lon = place(grid, at[0], at[1])
    lat_end, lon_end = place(grid, end[0], end[1])
    chart = chart_of(lat) or chart_of(lat_end)
    if chart == 0 and grid[G_PERIOD] > 0.0:
        lon_end -= 2.0 * math.pi * round((lon_end - lon) / (2.0 * math.pi))
    a, b = to_chart(chart, lat, lon)
    a_end, b_end = to_chart(chart, lat_end, lon_end)
    first = rates(scene, law, chart, (a, b, at[2]), tau, hint)
    last = rates(scene, law, chart, (a_end, b_end, end[2]), tau + h, first[3])
    return chart, (a, b, at[2]), first, (a_end - a, b_end - b, end[2] - at[2]), last


@fast_kernel
def within_step(scene, ends, q, h):
    """Return (x, y, z) at the fraction ``q`` of a step, by the cubic through its ends."""
    chart, start, first, increment, last = ends
    a = hermite(q, h, start[0], increment[0], first[0], last[0])
    b = hermite(q, h, start[1], increment[1], first[1], last[1])
    z = hermite(q, h, start[2], increment[2], first[2], last[2])
    grid = scene[0][6]
    lat, lon = from_chart(chart, a, b)
    return column(grid, lon), (lat - grid[G_LAT0]) / grid[G_DLAT], z
