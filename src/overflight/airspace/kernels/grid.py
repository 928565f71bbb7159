"""A grid over borders: where no border is near, a place is looked up; near one, it is decided exactly.

Each cell lists the edges that pass through it and knows the face at its anchor. A place in a cell is in the anchor's
face unless the line from it to the anchor crosses edges of the cell; then it is in the face on its side of the nearest.
Signs of exact determinants, with zero counted as left, make every decision one of two, the same for all that share a
vertex (Edelsbrunner & Mücke 1990, doi 10.1145/77635.77639, for the idea).
"""

import math

import numpy as np

from overflight.geo.kernel import exact_inlined_kernel, kernel

CELL_DEG = 0.25
ROWS, COLUMNS = 720, 1440
ANCHOR_X, ANCHOR_Y = 0.381966, 0.723607
"""Where in a cell its anchor lies: not where borders of whole degrees run."""
FARTHEST_CLEAR = 200
_EPS = 1e-9


@exact_inlined_kernel
def row_of(lat):
    """Return the row of a latitude. [degrees]"""
    return min(max(math.floor((lat + 90.0) / CELL_DEG), 0), ROWS - 1)


@exact_inlined_kernel
def column_of(lon):
    """Return the column of a longitude of any turn, not yet wrapped. [degrees]"""
    return math.floor((lon + 180.0) / CELL_DEG)


@exact_inlined_kernel
def _columns_in_row(x1, y1, x2, y2, row):
    """Return the first and last column that an edge touches in a row."""
    south, north = -90.0 + row * CELL_DEG - _EPS, -90.0 + (row + 1) * CELL_DEG + _EPS
    a, b = x1, x2
    if min(y1, y2) < south or max(y1, y2) > north:
        t1 = min(max((south - y1) / (y2 - y1), 0.0), 1.0)
        t2 = min(max((north - y1) / (y2 - y1), 0.0), 1.0)
        a, b = x1 + t1 * (x2 - x1), x1 + t2 * (x2 - x1)
    low, high = min(a, b) - _EPS, max(a, b) + _EPS
    return min(max(column_of(low), 0), COLUMNS - 1), min(max(column_of(high), 0), COLUMNS - 1)


@kernel
def cells_of_edges(x, y, left):
    """List the edges in each cell.

    ``x``, ``y`` vertices (v,) [degrees]; ``left`` the face beside the edge from a vertex to the next, -1 for none.
    Returns where each cell's edges begin (cells + 1,), and the vertices that start them.
    """
    count = np.zeros(ROWS * COLUMNS + 1, np.int32)
    for which in range(2):
        if which == 1:
            first = np.cumsum(count).astype(np.int32)
            edges = np.empty(first[-1], np.int32)
            at = first[:-1].copy()
        for k in range(x.size - 1):
            if left[k] < 0:
                continue
            for row in range(row_of(min(y[k], y[k + 1]) - _EPS), row_of(max(y[k], y[k + 1]) + _EPS) + 1):
                low, high = _columns_in_row(x[k], y[k], x[k + 1], y[k + 1], row)
                for cell in range(row * COLUMNS + low, row * COLUMNS + high + 1):
                    if which == 0:
                        count[cell + 1] += 1
                    else:
                        edges[at[cell]] = k
                        at[cell] += 1
    return first, edges


@kernel
def ends_of_edges(x, y, edges):
    """Put the ends of edges beside each other, cell by cell: (n, 4) x and y of the first, of the second."""
    ends = np.empty((edges.size, 4))
    for k in range(edges.size):
        e = edges[k]
        ends[k, 0], ends[k, 1], ends[k, 2], ends[k, 3] = x[e], y[e], x[e + 1], y[e + 1]
    return ends


@kernel
def anchor_faces(x, y, left, right, west):
    """Return the face at every cell's anchor, row by row from the antimeridian to the east.

    ``west`` (rows,) is the face that each row begins in.
    """
    count = np.zeros(ROWS + 1, np.int32)
    for which in range(2):
        if which == 1:
            first = np.cumsum(count).astype(np.int32)
            where = np.empty(first[-1])
            face = np.empty(first[-1], np.int32)
            at = first[:-1].copy()
        for k in range(x.size - 1):
            if left[k] < 0 or y[k] == y[k + 1]:
                continue
            low, high = min(y[k], y[k + 1]), max(y[k], y[k + 1])
            for row in range(max(row_of(low) - 1, 0), min(row_of(high) + 1, ROWS - 1) + 1):
                lat = -90.0 + (row + ANCHOR_Y) * CELL_DEG
                if not low <= lat < high:
                    continue
                if which == 0:
                    count[row + 1] += 1
                    continue
                where[at[row]] = x[k] + (lat - y[k]) / (y[k + 1] - y[k]) * (x[k + 1] - x[k])
                face[at[row]] = right[k] if y[k + 1] > y[k] else left[k]
                at[row] += 1
    faces = np.empty(ROWS * COLUMNS, np.int32)
    for row in range(ROWS):
        order = np.argsort(where[first[row] : first[row + 1]])
        now, passed = west[row], 0
        for column in range(COLUMNS):
            lon = -180.0 + (column + ANCHOR_X) * CELL_DEG
            while passed < order.size and where[first[row] + order[passed]] <= lon:
                now = face[first[row] + order[passed]]
                passed += 1
            faces[row * COLUMNS + column] = now
    return faces


@kernel
def clearance(first):
    """Count, about every cell, the rings of cells without an edge (Chebyshev distance, Rosenfeld & Pfaltz 1966)."""
    clear = np.empty((ROWS, COLUMNS), np.uint8)
    for row in range(ROWS):
        for column in range(COLUMNS):
            cell = row * COLUMNS + column
            clear[row, column] = 0 if first[cell + 1] > first[cell] else FARTHEST_CLEAR
    for row in range(ROWS):
        _lower(clear, row, row - 1)
    for row in range(ROWS - 1, -1, -1):
        _lower(clear, row, row + 1)
    return clear.ravel()


@exact_inlined_kernel
def _lower(clear, row, passed):
    """Let a cell be at most one ring clearer than the three beside it in the row passed, and than those of its own."""
    one, here = np.uint8(1), clear[row]
    if 0 <= passed < ROWS:
        beside = clear[passed]
        for column in range(1, COLUMNS - 1):
            least = min(beside[column - 1], beside[column], beside[column + 1])
            here[column] = min(here[column], np.uint8(least + one))
        for column in (0, COLUMNS - 1):
            least = min(beside[column - 1], beside[column], beside[(column + 1) % COLUMNS])
            here[column] = min(here[column], np.uint8(least + one))
    for _ in range(2):  # the second time carries over the antimeridian what the first found
        for column in range(COLUMNS):
            here[column] = min(here[column], np.uint8(here[column - 1] + one))
        for column in range(COLUMNS - 1, -1, -1):
            here[column] = min(here[column], np.uint8(here[(column + 1) % COLUMNS] + one))


@exact_inlined_kernel
def is_left(ax, ay, bx, by, px, py):
    """Whether P lies to the left of the line from A to B, or on it."""
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax) >= 0.0


@exact_inlined_kernel
def fraction(px, py, qx, qy, ax, ay, bx, by):
    """How far along PQ it meets the line AB."""
    over = (bx - ax) * (qy - py) - (by - ay) * (qx - px)
    return min(max(((bx - ax) * (ay - py) - (by - ay) * (ax - px)) / over, 0.0), 1.0) if over != 0.0 else 0.0


@exact_inlined_kernel
def meets_any(ends, begin, end, px, py, qx, qy):
    """Whether a line meets any of a cell's edges; without a branch, so that several are tried at once."""
    dx, dy = qx - px, qy - py
    found = 0
    for k in range(begin, end):
        ax, ay, bx, by = ends[k, 0], ends[k, 1], ends[k, 2], ends[k, 3]
        ex, ey = bx - ax, by - ay
        p = ex * (py - ay) - ey * (px - ax) >= 0.0
        q = ex * (qy - ay) - ey * (qx - ax) >= 0.0
        a = dx * (ay - py) - dy * (ax - px) >= 0.0
        b = dx * (by - py) - dy * (bx - px) >= 0.0
        found |= (p ^ q) & (a ^ b)
    return found != 0


@kernel
def locate(grid, lat, lon):
    """Return the face of one place in degrees."""
    x, y, left, right, first, edges, _ends, anchors, clear = grid
    lon = (lon + 180.0) % 360.0 - 180.0
    row, column = row_of(lat), min(column_of(lon), COLUMNS - 1)
    cell = row * COLUMNS + column
    if clear[cell] > 0:
        return anchors[cell]
    ax, ay = -180.0 + (column + ANCHOR_X) * CELL_DEG, -90.0 + (row + ANCHOR_Y) * CELL_DEG
    nearest, face = 2.0, anchors[cell]
    for k in range(first[cell], first[cell + 1]):
        e = edges[k]
        side = is_left(x[e], y[e], x[e + 1], y[e + 1], lon, lat)
        if side == is_left(x[e], y[e], x[e + 1], y[e + 1], ax, ay):
            continue
        if is_left(lon, lat, ax, ay, x[e], y[e]) == is_left(lon, lat, ax, ay, x[e + 1], y[e + 1]):
            continue
        t = fraction(lon, lat, ax, ay, x[e], y[e], x[e + 1], y[e + 1])
        if t < nearest:
            nearest, face = t, left[e] if side else right[e]
    return face


@kernel
def locate_all(grid, lat, lon, out):
    """Write the face of each place (n,) in degrees; -1 where it is not a number."""
    for i in range(lat.size):
        out[i] = locate(grid, lat[i], lon[i]) if math.isfinite(lat[i]) and math.isfinite(lon[i]) else -1
