"""Paths against borders: the stretches that each spends in each face, exact along great circles.

A path is known at its outputs; between two of them it is a great circle. A place along it is written ``u``: number of
the output before, and the fraction of the way to the next.
"""

import math

import numpy as np

from overflight.airspace.kernels.grid import (
    CELL_DEG,
    COLUMNS,
    ROWS,
    column_of,
    fraction,
    is_left,
    locate,
    meets_any,
    row_of,
)
from overflight.geo.kernel import exact_inlined_kernel, kernel
from overflight.geo.sphere import EARTH_RADIUS_M

PIECE_M = 20_000.0
"""Longest piece of a great circle that is tried as a straight line in degrees."""
CHORD_M = 5.0
"""How far such a line may leave its great circle."""
BOW_M = 2.0
"""How far a parabola in degrees may leave it."""
SHORTEST_PIECE_M = 100.0
CROSSINGS_A_PIECE = 1024


@exact_inlined_kernel
def turned(dlon):
    """Bring a difference of longitudes into [-180, 180). [degrees]"""
    return dlon - 360.0 * math.floor((dlon + 180.0) / 360.0)


@exact_inlined_kernel
def _reach(clear, y, x):
    """Return how far one may go south, north, west and east without a border; 0 or less where none. [degrees]"""
    v, u = (y + 90.0) / CELL_DEG, (x + 180.0) / CELL_DEG
    row, column = min(max(int(v), 0), ROWS - 1), min(int(u), COLUMNS - 1)
    rings = int(clear[row * COLUMNS + column])
    south, west = v - row, u - column
    beyond = rings - 1.0
    return (
        (beyond + south) * CELL_DEG,
        (beyond + 1.0 - south) * CELL_DEG,
        (beyond + west) * CELL_DEG,
        (beyond + 1.0 - west) * CELL_DEG,
    )


@exact_inlined_kernel
def _stays_clear(reach, dy, dx):
    """Whether a leg stays where no border is: it leaves the box of its ends by no more than dx^2 / 16 radians."""
    south, north, west, east = reach
    bulge = dx * dx * (math.pi / 180.0 / 16.0)
    return (
        dy + bulge <= north
        and bulge - dy <= south
        and dx <= east
        and -dx <= west
        and min(north, south, east, west) > 0.0
    )


@exact_inlined_kernel
def unit(lat, lon):
    """Return the unit vector of a place in degrees."""
    phi, lam = math.radians(lat), math.radians(lon)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


@exact_inlined_kernel
def along(a, b, arc, f):
    """Return (lat, lon) in degrees at a fraction of the great circle between unit vectors ``arc`` radians apart."""
    if arc < 1e-9:
        wa, wb = 1.0 - f, f
    else:
        wa, wb = math.sin((1.0 - f) * arc) / math.sin(arc), math.sin(f * arc) / math.sin(arc)
    x, y, z = wa * a[0] + wb * b[0], wa * a[1] + wb * b[1], wa * a[2] + wb * b[2]
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


@exact_inlined_kernel
def arc_between(a, b):
    """Return the angle between unit vectors. [rad]"""
    chord = math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)
    return 2.0 * math.asin(min(0.5 * chord, 1.0))


@exact_inlined_kernel
def _shape(y1, dy, dx):
    """Return a leg's length in radians, and the sine and cosine of its middle latitude."""
    middle = math.radians(y1 + 0.5 * dy)
    cosine = max(math.cos(middle), 1e-6)
    north, east = math.radians(dy), math.radians(dx)
    return math.sqrt(north * north + cosine * cosine * east * east), math.sin(middle), cosine


@exact_inlined_kernel
def _parts(arc, sine, cosine):
    """Return into how many parts a leg is cut so that a parabola in degrees stays within ``BOW_M`` of each.

    It leaves a great circle by at most arc^3 (1 + 2 tan^2 lat) / 120 radians, as trial over 400,000 legs shows.
    """
    leaves = arc * arc * arc * (1.0 + 2.0 * (sine / cosine) ** 2) * EARTH_RADIUS_M / 120.0
    return math.ceil((leaves / BOW_M) ** (1.0 / 3.0)) if leaves > BOW_M else 1


@exact_inlined_kernel
def _piece(arc, steepness):
    """Return the share of a leg over which a straight line in degrees stays within ``CHORD_M`` of its great circle."""
    longest = math.sqrt(8.0 * EARTH_RADIUS_M * CHORD_M / max(steepness, 1e-3))
    return max(min(PIECE_M, longest), SHORTEST_PIECE_M) / max(arc * EARTH_RADIUS_M, 1.0)


@exact_inlined_kernel
def _jump(reach, dy, dx, bow_y, bow_x):
    """Return the share of a leg that may be gone without meeting a border."""
    south, north, west, east = reach
    tiny = 1e-12
    y, x = abs(bow_y), abs(bow_x)
    return min(north / max(dy + y, tiny), south / max(y - dy, tiny), east / max(dx + x, tiny), west / max(x - dx, tiny))


@exact_inlined_kernel
def _crossed(grid, py, px, qy, qx, at, to, come):
    """List the edges that a piece crosses, in order: how far along, the faces after and before. Return how many.

    ``px`` lies in [-180, 180), ``qx`` beside it and maybe beyond.
    """
    x, y, left, right, first, edges, ends, _, _ = grid
    n = 0
    for row in range(row_of(min(py, qy)), row_of(max(py, qy)) + 1):
        for column in range(column_of(min(px, qx)), column_of(max(px, qx)) + 1):
            turn = math.floor(column / COLUMNS)
            cell, shift = row * COLUMNS + int(column - turn * COLUMNS), 360.0 * turn
            if not meets_any(ends, first[cell], first[cell + 1], px - shift, py, qx - shift, qy):
                continue
            for k in range(first[cell], first[cell + 1]):
                e = edges[k]
                ax, bx = x[e] + shift, x[e + 1] + shift
                side = is_left(ax, y[e], bx, y[e + 1], px, py)
                if side == is_left(ax, y[e], bx, y[e + 1], qx, qy):
                    continue
                if is_left(px, py, qx, qy, ax, y[e]) == is_left(px, py, qx, qy, bx, y[e + 1]):
                    continue
                t = fraction(px, py, qx, qy, ax, y[e], bx, y[e + 1])
                after, before = (right[e], left[e]) if side else (left[e], right[e])
                n = _insert(at, to, come, n, t, after, before)
    return n


@exact_inlined_kernel
def _insert(at, to, come, n, t, after, before):
    """Put a crossing in its place, unless it is there: an edge is listed in each cell that it passes through."""
    k = n
    while k > 0 and at[k - 1] >= t:
        if at[k - 1] == t and to[k - 1] == after and come[k - 1] == before:
            return n
        k -= 1
    if n == at.size:
        return n
    for j in range(n, k, -1):
        at[j], to[j], come[j] = at[j - 1], to[j - 1], come[j - 1]
    at[k], to[k], come[k] = t, after, before
    return n + 1


@exact_inlined_kernel
def _settled(grid, face, n, at, to, come, py, px, qy, qx):
    """Where crossings do not follow on each other, as through a corner, look up the face after each."""
    now, follows = face, True
    for k in range(n):
        follows = follows and come[k] == now
        now = to[k]
    if follows:
        return
    for k in range(n):
        t = 0.5 * (at[k] + (at[k + 1] if k + 1 < n else 1.0))
        to[k] = locate(grid, py + t * (qy - py), px + t * (qx - px))


@exact_inlined_kernel
def _emit(passes, n, member, face, begin, end):
    """Write a stretch if there is room for it; return the number of stretches."""
    who, where, enter, leave = passes
    if end <= begin:
        return n
    if n < who.size:
        who[n], where[n], enter[n], leave[n] = member, face, begin, end
    return n + 1


@exact_inlined_kernel
def _follow(grid, work, passes, state, u, span, y1, x1, dy, dx):
    """Follow the parabola of a leg that may meet borders; return the new state (stretches, member, face, since).

    The leg begins at ``u`` and is ``span`` of the way from one output to the next.
    """
    clear, (at, to, come) = grid[8], work
    n, member, face, since = state
    arc, sine, cosine = _shape(y1, dy, dx)
    east = math.radians(dx)
    bow_y, bow_x = math.degrees(0.5 * sine * cosine * east * east), -sine / cosine * east * dy
    piece = _piece(arc, abs(sine) / cosine)
    f, py, px = 0.0, y1, x1
    while f < 1.0:
        reach = _reach(clear, py, px)
        jump = _jump(reach, dy, dx, bow_y, bow_x)
        g = min(1.0, f + max(jump, piece))
        qy, qx = y1 + g * (dy + (1.0 - g) * bow_y), x1 + g * (dx + (1.0 - g) * bow_x)
        step = turned(qx - px)
        if jump < piece and not _stays_clear(reach, qy - py, step):
            m = _crossed(grid, py, px, qy, px + step, at, to, come)
            if m > 0:
                _settled(grid, face, m, at, to, come, py, px, qy, px + step)
            for c in range(m):
                if to[c] != face:
                    met = u + span * (f + (g - f) * at[c])
                    n = _emit(passes, n, member, face, since, met)
                    face, since = to[c], met
        f, py, px = g, qy, turned(px + step)
    return n, member, face, since


@exact_inlined_kernel
def _follow_leg(grid, work, passes, state, j, y1, x1, dy, dx):
    """Follow the great circle from output ``j`` to the next, in parts that are parabolas; return the new state."""
    parts = _parts(*_shape(y1, dy, dx))
    if parts == 1:
        return _follow(grid, work, passes, state, j, 1.0, y1, x1, dy, dx)
    a, b = unit(y1, x1), unit(y1 + dy, x1 + dx)
    arc = arc_between(a, b)
    py, px = y1, x1
    for k in range(parts):
        qy, qx = along(a, b, arc, (k + 1.0) / parts) if k + 1 < parts else (y1 + dy, turned(x1 + dx))
        state = _follow(grid, work, passes, state, j + k / parts, 1.0 / parts, py, px, qy - py, turned(qx - px))
        py, px = qy, qx
    return state


@kernel
def passes_of(grid, lat, lon, first_member, passes):
    """Write the stretches that paths spend in each face, and return how many there are; those beyond the room are lost.

    ``lat``, ``lon`` (members, obs) in degrees, NaN where a path is not known; ``passes`` arrays (room,): member
    (counted from ``first_member``), face, and ``u`` at its begin and end.
    """
    clear, anchors, most = grid[8], grid[7], CROSSINGS_A_PIECE
    work = (np.empty(most), np.empty(most, np.int32), np.empty(most, np.int32))
    n = 0
    for i in range(lat.shape[0]):
        face, since, member = -1, 0.0, first_member + i
        for j in range(lat.shape[1] - 1):
            y1, x1 = float(lat[i, j]), turned(float(lon[i, j]))
            dy, dx = float(lat[i, j + 1]) - y1, turned(float(lon[i, j + 1]) - x1)
            if not (math.isfinite(dy) and math.isfinite(dx)):
                if face >= 0:
                    n = _emit(passes, n, member, face, since, float(j))
                face = -1
                continue
            if face < 0:
                face, since = locate(grid, y1, x1), float(j)
            if not _stays_clear(_reach(clear, y1, x1), dy, dx):
                state = _follow_leg(grid, work, passes, (n, member, face, since), float(j), y1, x1, dy, dx)
                n, _, face, since = state
                continue
            sure = anchors[row_of(y1) * COLUMNS + min(column_of(x1), COLUMNS - 1)]
            if sure != face:  # rounding at a border let a crossing slip
                n = _emit(passes, n, member, face, since, float(j))
                face, since = sure, float(j)
        if face >= 0:
            n = _emit(passes, n, member, face, since, float(lat.shape[1] - 1))
    return n
