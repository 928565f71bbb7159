"""From stretches in faces to what a member crossed: a row a member and label; a label is a region or a country."""

import math

import numpy as np

from overflight.airspace.kernels.grid import CELL_DEG, COLUMNS, column_of, row_of
from overflight.airspace.kernels.paths import along, arc_between, turned, unit
from overflight.geo.kernel import exact_inlined_kernel, kernel
from overflight.geo.sphere import EARTH_RADIUS_M

GRAZING_M = 2_000.0
"""What nowhere comes so deep inside a border may lie outside it: 1:10m coasts are good to 1 to 2 km."""
SAMPLES = 31
"""Places of a stretch at which its depth is measured."""
M_A_DEGREE = math.pi / 180.0 * EARTH_RADIUS_M


@exact_inlined_kernel
def _at(values, i, u):
    """Return what a path's outputs say at ``u``, linear in between."""
    last = values.shape[1] - 1
    j = min(int(u), max(last - 1, 0))
    if j == last:
        return float(values[i, j])
    f = u - j
    return values[i, j] if f == 0.0 else values[i, j] + f * (float(values[i, j + 1]) - values[i, j])


@exact_inlined_kernel
def _has(labels, face, label):
    first, items = labels
    for k in range(first[face], first[face + 1]):  # noqa: SIM110 - compiled code knows no generators
        if items[k] == label:
            return True
    return False


@kernel
def near_border(grid, labels, label, lat, lon):
    """Whether a border of a label's own lies within ``GRAZING_M`` of a place in degrees."""
    x, y, left, right, first, edges, _, _, _ = grid
    reach = GRAZING_M / M_A_DEGREE
    shrink = max(math.cos(math.radians(lat)), 1e-6)
    wide = min(reach / shrink, 180.0 - CELL_DEG)
    for row in range(row_of(lat - reach), row_of(lat + reach) + 1):
        for column in range(column_of(lon - wide), column_of(lon + wide) + 1):
            turn = math.floor(column / COLUMNS)
            cell, shift = row * COLUMNS + int(column - turn * COLUMNS), 360.0 * turn
            for k in range(first[cell], first[cell + 1]):
                e = edges[k]
                if _has(labels, left[e], label) == _has(labels, right[e], label):
                    continue
                ax, ay = (x[e] + shift - lon) * shrink, y[e] - lat
                bx, by = (x[e + 1] + shift - lon) * shrink, y[e + 1] - lat
                if _squared_distance(ax, ay, bx, by) < reach * reach:
                    return True
    return False


@exact_inlined_kernel
def _squared_distance(ax, ay, bx, by):
    """Return the squared distance of the origin from a straight edge."""
    dx, dy = bx - ax, by - ay
    span = dx * dx + dy * dy
    t = 0.0 if span == 0.0 else min(max(-(ax * dx + ay * dy) / span, 0.0), 1.0)
    return (ax + t * dx) ** 2 + (ay + t * dy) ** 2


@kernel
def _place(lat, lon, i, u):
    """Return where a path is at ``u``. [degrees]"""
    j = min(int(u), lat.shape[1] - 2)
    y1, y2, x1 = float(lat[i, j]), float(lat[i, j + 1]), float(lon[i, j])
    a, b = unit(y1, x1), unit(y2, x1 + turned(float(lon[i, j + 1]) - x1))
    return along(a, b, arc_between(a, b), u - j)


@kernel
def is_deep(grid, labels, label, lat, lon, i, begin, end):
    """Whether a stretch comes deeper than ``GRAZING_M`` inside, at the places of a van der Corput sequence (1935)."""
    for k in range(1, SAMPLES + 1):
        share, part, rest = 0.0, 0.5, k
        while rest:
            share += part * (rest & 1)
            part *= 0.5
            rest >>= 1
        y, x = _place(lat, lon, i, begin + share * (end - begin))
        if not near_border(grid, labels, label, y, x):
            return True
    return False


@kernel
def _within(z1, z2, floor, ceiling):
    """Return the fractions of a straight climb between which it is within limits; (1, 0) where nowhere."""
    if floor == -math.inf and ceiling == math.inf:
        return 0.0, 1.0
    if not (math.isfinite(z1) and math.isfinite(z2)):
        return 1.0, 0.0
    if z1 == z2:
        return (0.0, 1.0) if floor <= z1 <= ceiling else (1.0, 0.0)
    a, b = (floor - z1) / (z2 - z1), (ceiling - z1) / (z2 - z1)
    return max(min(a, b), 0.0), min(max(a, b), 1.0)


@kernel
def merge(grid, passes, labels, limits, paths, first_member, rows):
    """Write a row a member and label, members in their order; return how many there are, written or not.

    ``passes`` as ``paths.passes_of`` wrote them, (n,) each; ``labels`` the labels of every face, (first, items);
    ``limits`` (labels, 2) floor and ceiling [m]; ``paths`` lat, lon, altitude (members, obs) and time (members or 1,
    obs) [degrees, m, s]; ``rows`` member, label, first entry, last exit, time inside, lowest, highest, number of
    passes, whether it came deep, (room,) each.
    """
    who, face, enter, leave = passes
    lat, lon, altitude, time = paths
    owner, found = np.full(limits.shape[0], -1, np.int64), np.empty(limits.shape[0], np.int64)
    last = np.empty(limits.shape[0])
    n = 0
    for p in range(who.size):
        i = who[p] - first_member
        t = i if time.shape[0] > 1 else 0
        for k in range(labels[0][face[p]], labels[0][face[p] + 1]):
            label = labels[1][k]
            floor, ceiling = limits[label, 0], limits[label, 1]
            u = enter[p]
            while u < leave[p]:
                j = math.floor(u)
                end = min(leave[p], j + 1.0) if floor > -math.inf or ceiling < math.inf else leave[p]
                f1, f2 = _within(_at(altitude, i, u), _at(altitude, i, end), floor, ceiling)
                if f1 <= f2:
                    a, b = u + f1 * (end - u), u + f2 * (end - u)
                    if owner[label] != who[p]:
                        owner[label], found[label], last[label] = who[p], n, -1.0
                        _begin(rows, n, who[p], label)
                        n += 1
                    row = found[label]
                    if row < rows[0].size:
                        _add(rows, row, last[label] != a, _at(time, t, a), _at(time, t, b))
                        _heights(rows, row, altitude, i, a, b)
                        if not rows[8][row] and is_deep(grid, labels, label, lat, lon, i, a, b):
                            rows[8][row] = True
                    last[label] = b
                u = end
    return n


@exact_inlined_kernel
def _begin(rows, n, member, label):
    if n < rows[0].size:
        rows[0][n], rows[1][n] = member, label
        rows[2][n], rows[3][n], rows[4][n] = math.inf, -math.inf, 0.0
        rows[5][n], rows[6][n], rows[7][n], rows[8][n] = math.inf, -math.inf, 0, False


@exact_inlined_kernel
def _add(rows, row, is_new_pass, begin, end):
    early, late = min(begin, end), max(begin, end)
    rows[2][row], rows[3][row] = min(rows[2][row], early), max(rows[3][row], late)
    rows[4][row] += late - early
    rows[7][row] += is_new_pass


@kernel
def _heights(rows, row, altitude, i, begin, end):
    """Widen the range of heights by those of a stretch: at its ends, and at the outputs within."""
    for u in (begin, end):
        z = _at(altitude, i, u)
        if math.isfinite(z):
            rows[5][row], rows[6][row] = min(rows[5][row], z), max(rows[6][row], z)
    for j in range(int(begin) + 1, math.ceil(end)):
        z = altitude[i, j]
        if math.isfinite(z):
            rows[5][row], rows[6][row] = min(rows[5][row], z), max(rows[6][row], z)
