"""Winds and air at one place: grid indices, level brackets, one scalar lookup.

``grid`` is a float64 row, see the ``G_`` indices; winds in memory are in grid cells a second at the equator on the
sphere of the mean radius, so that a lookup gives index rates directly.
"""

import math

import numpy as np

from overflight.drift.kernels.blend import bracket_at, wind_at
from overflight.geo.atmosphere import GAS_CONSTANT_DRY_AIR
from overflight.geo.kernel import inlined_kernel

G_LAT0, G_DLAT, G_LON0, G_DLON, G_PERIOD, G_XMAX, G_YMAX, G_LEVELS, G_SOUTH, G_NORTH = range(10)
"""South-west corner and spacing [rad], period in cells (0: a regional domain), largest x and y, levels, rows beyond
which there are no winds (infinite where the grid ends at a pole)."""
N_GRID = 10

BELOW_LOWEST_M = 600.0
"""So far below the lowest level its wind is used, and counted; further down the winds do not reach."""

_F32 = np.float32
_U64 = np.uint64


@inlined_kernel
def wrapped(grid, x):
    """Bring a column index into [0, period) where the grid spans the circle."""
    period = grid[G_PERIOD]
    if period > 0.0:
        x -= period * math.floor(x / period)
        if x >= period:
            x = 0.0
    return x


@inlined_kernel
def column(grid, lon_rad):
    """Return the column of a longitude of any turn: of the turn nearest to a regional domain."""
    x = (lon_rad - grid[G_LON0]) / grid[G_DLON]
    if grid[G_PERIOD] > 0.0:
        return wrapped(grid, x)
    turn = 2.0 * math.pi / grid[G_DLON]
    x -= turn * math.floor(x / turn)
    return x - turn if x > 0.5 * (grid[G_XMAX] + turn) else x


@inlined_kernel
def is_outside(grid, x, y):
    """Whether a place lies beyond the edges of the winds."""
    beside = not grid[G_PERIOD] > 0.0 and (x < 0.0 or x > grid[G_XMAX])
    return beside or y < grid[G_SOUTH] or y > grid[G_NORTH]


@inlined_kernel
def cell(grid, x, y):
    """Return (column, row, fx, fy) of the cell that holds (x, y); NaN falls into the first cell."""
    x = wrapped(grid, x)
    x = x if x > 0.0 else 0.0
    x = x if x < grid[G_XMAX] else grid[G_XMAX]
    y = y if y > 0.0 else 0.0
    y = y if y < grid[G_YMAX] else grid[G_YMAX]
    ix, iy = int(x), int(y)
    return ix, iy, _F32(x - ix), _F32(y - iy)


@inlined_kernel
def bracket(c, strides, grid, x, y, level, time_weight):
    """Return the field ``c`` at ``level`` and the one above, at (x, y)."""
    ix, iy, fx, fy = cell(grid, x, y)
    offset = _U64(iy) * _U64(strides[0]) + _U64(ix) * _U64(strides[1]) + _U64(level) * _U64(2)
    return bracket_at(c, offset, _U64(strides[1]), _U64(strides[0]), fx, fy, _F32(time_weight))


@inlined_kernel
def find_level(c, strides, grid, x, y, target, sign, start, time_weight):
    """Return (level, weight) where the monotone field ``sign * c`` reaches ``sign * target``.

    Walks from ``start``. Below the lowest level the weight is negative, above the highest it is over 1.
    """
    last = int(grid[G_LEVELS]) - 2
    level = min(max(start, 0), last)
    low, high = bracket(c, strides, grid, x, y, level, time_weight)
    while level < last and sign * target > sign * high:
        level += 1
        low, high = bracket(c, strides, grid, x, y, level, time_weight)
    while level > 0 and sign * target < sign * low:
        level -= 1
        low, high = bracket(c, strides, grid, x, y, level, time_weight)
    return level, (target - low) / (high - low)


@inlined_kernel
def pressure_level(log_p, target, start):
    """Return (level, weight) of a pressure, linear in its logarithm; ``log_p`` falls with level."""
    last = log_p.size - 2
    level = min(max(start, 0), last)
    value = math.log(target)
    while level < last and value < log_p[level + 1]:
        level += 1
    while level > 0 and value > log_p[level]:
        level -= 1
    return level, (value - log_p[level]) / (log_p[level + 1] - log_p[level])


@inlined_kernel
def wind(w, strides, grid, x, y, level, weight, time_weight):
    """Return (u, v) in cells a second at (x, y); the weight is held inside the bracket."""
    ix, iy, fx, fy = cell(grid, x, y)
    offset = _U64(iy) * _U64(strides[0]) + _U64(ix) * _U64(strides[1]) + _U64(level) * _U64(4)
    held = min(max(weight, 0.0), 1.0)
    u, v = wind_at(w, offset, _U64(strides[1]), _U64(strides[0]), fx, fy, _F32(held), _F32(time_weight))
    return float(u), float(v)


@inlined_kernel
def log_pressure(log_p, level, weight):
    """Return the logarithm of pressure at a fractional level."""
    return log_p[level] + weight * (log_p[level + 1] - log_p[level])


@inlined_kernel
def temperature(pressure_pa, density):
    """Return the temperature of dry air. [K]"""
    return pressure_pa / (GAS_CONSTANT_DRY_AIR * density)
