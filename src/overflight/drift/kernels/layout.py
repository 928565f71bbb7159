"""Fields put where the kernels read them: levels of a column side by side, two times interleaved.

Rows and columns beyond the field repeat its last row, and its first column where it spans the circle or its last where
it does not, so that a lookup at an edge stays inside.
"""

import math

from overflight.drift.kernels.lookup import G_DLAT, G_DLON, G_LON0, G_PERIOD
from overflight.geo.kernel import fast_kernel, inlined_kernel
from overflight.geo.sphere import EARTH_RADIUS_M


@inlined_kernel
def _source(index, size, wraps):
    if index < size:
        return index
    return 0 if wraps else size - 1


@fast_kernel
def place_winds(u, v, grid, slot, out):
    """Write winds into one time of ``out``, in cells a second.

    ``u``, ``v`` float32 (lat, lon, level), of any strides [m/s]; ``out`` float32 (lat + 1, lon + 1, level, 4), of which
    elements 2 slot and 2 slot + 1 are written.
    """
    rows, columns, levels = u.shape
    wraps = grid[G_PERIOD] > 0.0
    east, north = 1.0 / (EARTH_RADIUS_M * grid[G_DLON]), 1.0 / (EARTH_RADIUS_M * grid[G_DLAT])
    for row in range(out.shape[0]):
        i = _source(row, rows, False)
        for column in range(out.shape[1]):
            j = _source(column, columns, wraps)
            for k in range(levels):
                out[row, column, k, 2 * slot] = u[i, j, k] * east
                out[row, column, k, 2 * slot + 1] = v[i, j, k] * north


@fast_kernel
def rebuild_poles(grid, ends_at_poles, slot, out):
    """Make the rows at the poles that a grid ends at, and the one that repeats the last, out of the rings beside them.

    Archived pole rows are often wrong or scalar means; the mean vector of the ring, in the plane of the pole, is one
    vector for all longitudes.
    """
    rows, columns = out.shape[0] - 1, out.shape[1] - 1
    dlon, dlat = grid[G_DLON], grid[G_DLAT]
    for which, sign, ring, first, last in ((0, -1.0, 1, 0, 1), (1, 1.0, rows - 2, rows - 1, rows + 1)):
        if not ends_at_poles[which]:
            continue
        for k in range(out.shape[2]):
            x, y = 0.0, 0.0
            for column in range(columns):
                lon = grid[G_LON0] + column * dlon
                u, v = out[ring, column, k, 2 * slot] * dlon, out[ring, column, k, 2 * slot + 1] * dlat
                x -= (u * math.sin(lon) + sign * v * math.cos(lon)) / columns
                y += (u * math.cos(lon) - sign * v * math.sin(lon)) / columns
            for column in range(columns + 1):
                lon = grid[G_LON0] + column * dlon
                for row in range(first, last):
                    out[row, column, k, 2 * slot] = (y * math.cos(lon) - x * math.sin(lon)) / dlon
                    out[row, column, k, 2 * slot + 1] = -sign * (x * math.cos(lon) + y * math.sin(lon)) / dlat


@fast_kernel
def place_scalar(values, wraps, radius, slot, out):
    """Write a scalar field (lat, lon, level) into element ``slot`` of ``out`` float32 (lat + 1, lon + 1, level, 2).

    With a finite ``radius`` [m] geopotential heights become geometric, z = h / (1 - h / radius); without (inf) nothing
    changes.
    """
    rows, columns, levels = values.shape
    per = 1.0 / radius
    for row in range(out.shape[0]):
        i = _source(row, rows, False)
        for column in range(out.shape[1]):
            j = _source(column, columns, wraps)
            for k in range(levels):
                out[row, column, k, slot] = values[i, j, k] / (1.0 - values[i, j, k] * per)
