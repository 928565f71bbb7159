"""Winds along many paths at once: places on the rolled plane, linear interpolation, and shear.

Axis order of ``wind``: (time, level, lat, lon). ``heights`` are ``-ln p``, rising.
"""

import math

import numpy as np

from overflight.geo.kernel import inlined_kernel, kernel
from overflight.geo.sphere import EARTH_RADIUS_M


@inlined_kernel
def node(value, axis, hint):
    """Return the node below ``value``, found by a search that starts at ``hint``; the ends hold."""
    i = hint
    while i > 0 and value < axis[i]:
        i -= 1
    while i < axis.size - 2 and value >= axis[i + 1]:
        i += 1
    return i


@inlined_kernel
def share_of(value, axis, i):
    """Return the weight of the node above, held to 0 to 1; 0 on an axis of one node."""
    if axis.size == 1:
        return 0.0
    return min(max((value - axis[i]) / (axis[i + 1] - axis[i]), 0.0), 1.0)


@inlined_kernel
def place(lat_rad, lon_rad, angle, offset):
    """Return (lat, lon, turn) [rad] of an offset [m] from a place whose east axis is turned by ``angle``."""
    arc = abs(offset) / EARTH_RADIUS_M
    if arc < 1e-12:
        return lat_rad, lon_rad, angle
    course = 0.5 * math.pi - math.atan2(offset.imag, offset.real) + angle
    sin_lat, cos_lat = math.sin(lat_rad), math.cos(lat_rad)
    sin_arc, cos_arc = math.sin(arc), math.cos(arc)
    east, north = math.sin(course), math.cos(course)
    up = sin_lat * cos_arc + cos_lat * sin_arc * north
    along = cos_lat * cos_arc - sin_lat * sin_arc * north
    lat = math.atan2(up, math.hypot(along, sin_arc * east))
    lon = lon_rad + math.atan2(sin_arc * east, along)
    end_course = math.atan2(east * cos_lat, cos_arc * north * cos_lat - sin_arc * sin_lat)
    return lat, lon, end_course - course + angle


@inlined_kernel
def _column(wind, t, t_share, y, y_share, x, x_share, k):
    """Interpolate one level over time, latitude and longitude; corners of no weight are not read."""
    total = 0j
    t2, y2, x2 = min(t + 1, wind.shape[0] - 1), min(y + 1, wind.shape[2] - 1), min(x + 1, wind.shape[3] - 1)
    for at, time_weight in ((t, 1.0 - t_share), (t2, t_share)):
        if time_weight > 0.0:
            for row, lat_weight in ((y, 1.0 - y_share), (y2, y_share)):
                if lat_weight > 0.0:
                    line = wind[at, k, row]
                    part = (1.0 - x_share) * line[x] if x_share < 1.0 else 0j
                    if x_share > 0.0:
                        part += x_share * line[x2]
                    total += time_weight * lat_weight * part
    return total


@inlined_kernel
def _at_height(wind, heights, height, k, t, t_share, y, y_share, x, x_share):
    """Interpolate over all four axes; ``k`` is the level below, or one near it."""
    k = node(height, heights, k)
    up = share_of(height, heights, k)
    if up <= 0.0:
        return _column(wind, t, t_share, y, y_share, x, x_share, k)
    if up >= 1.0:
        return _column(wind, t, t_share, y, y_share, x, x_share, k + 1)
    low = _column(wind, t, t_share, y, y_share, x, x_share, k)
    return low + up * (_column(wind, t, t_share, y, y_share, x, x_share, k + 1) - low)


@kernel
def winds_along(wind, axes, seconds, frame, offset, ln_p, spread, shrink, out, shear):
    """Write the wind along paths [m/s] and its change with ln p, both in the carried frame.

    ``axes`` (seconds, heights, lat, lon in degrees); ``frame`` (lat, lon in degrees, angle in rad), each (n,);
    ``offset`` complex128, ``ln_p``, ``spread`` (over which the change is taken, to either side) and ``shrink`` (what
    metres of air are on the mean sphere) float64 (paths, n).
    """
    times, heights, lats, lons = axes
    ref_lat, ref_lon, angle = frame
    middle = 0.5 * (lons[0] + lons[-1])
    least = heights[0] if heights.size else 0.0
    for p in range(offset.shape[0]):
        t, k, y, x = 0, 0, lats.size // 2, lons.size // 2
        for i in range(seconds.size):
            t = node(seconds[i], times, t)
            t_share = share_of(seconds[i], times, t)
            lat, lon, turn = place(math.radians(ref_lat[i]), math.radians(ref_lon[i]), angle[i], offset[p, i])
            lat, lon = math.degrees(lat), math.degrees(lon)
            lon -= 360.0 * math.floor((lon - middle + 180.0) / 360.0)
            height = -ln_p[p, i]
            k, y, x = node(height, heights, k), node(lat, lats, y), node(lon, lons, x)
            y_share, x_share = share_of(lat, lats, y), share_of(lon, lons, x)
            carried = (math.cos(turn) + 1j * math.sin(turn)) * shrink[p, i]
            if heights.size == 1:
                out[p, i], shear[p, i] = _column(wind, t, t_share, y, y_share, x, x_share, 0) * carried, 0j
                continue
            up = share_of(height, heights, k)
            low = _column(wind, t, t_share, y, y_share, x, x_share, k)
            high = _column(wind, t, t_share, y, y_share, x, x_share, k + 1)
            out[p, i] = (low + up * (high - low) if 0.0 < up < 1.0 else (high if up > 0.0 else low)) * carried
            above = min(height + spread[p, i], heights[-1])
            below = max(height - spread[p, i], least)
            if (above <= heights[k + 1] and below >= heights[k]) or above <= below:
                slope = (high - low) / (heights[k + 1] - heights[k])
            else:
                slope = _at_height(wind, heights, above, k, t, t_share, y, y_share, x, x_share)
                slope -= _at_height(wind, heights, below, k, t, t_share, y, y_share, x, x_share)
                slope /= above - below
            shear[p, i] = -slope * carried


@kernel
def integrate(rate, seconds, out):
    """Write the integrals over time of rows (paths, n) by the trapezoid rule, 0 at the first instant; NaN counts 0."""
    for p in range(rate.shape[0]):
        total = 0j
        out[p, 0] = 0j
        last = rate[p, 0] if rate[p, 0] == rate[p, 0] else 0j
        for i in range(1, seconds.size):
            here = rate[p, i] if rate[p, i] == rate[p, i] else 0j
            total += 0.5 * (seconds[i] - seconds[i - 1]) * (last + here)
            out[p, i] = total
            last = here


@kernel
def nan_free(values, spare):
    """Whether each row of complex (paths, n) has at most a share ``spare`` of NaN."""
    fine = np.empty(values.shape[0], np.bool_)
    for p in range(values.shape[0]):
        missing = 0
        for i in range(values.shape[1]):
            missing += values[p, i] != values[p, i]
        fine[p] = missing <= spare * values.shape[1]
    return fine
