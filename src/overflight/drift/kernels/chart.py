"""Two charts of the sphere: longitude and latitude away from the poles, a stereographic plane near them.

In the plane of a pole, velocities are smooth through the pole itself, so that a Runge-Kutta step keeps its order
there. The plane's scale is (1 + r^2) / 2 (Snyder 1987, USGS Professional Paper 1395, ch. 21, unit sphere).
"""

import math

from overflight.geo.kernel import inlined_kernel

HALF_PI = 0.5 * math.pi
POLAR_RAD = math.radians(84.0)
"""Beyond this latitude a step runs in the plane of the pole."""


@inlined_kernel
def chart_of(lat_rad):
    """Return 1 near the north pole, -1 near the south pole, 0 elsewhere."""
    if lat_rad > POLAR_RAD:
        return 1
    return -1 if lat_rad < -POLAR_RAD else 0


@inlined_kernel
def pole_of(lat_rad):
    """Return the chart of the nearer pole."""
    return 1 if lat_rad > 0.0 else -1


@inlined_kernel
def to_chart(chart, lat_rad, lon_rad):
    """Return coordinates in the chart: (longitude, latitude) or (x, y) of the plane."""
    if chart == 0:
        return lon_rad, lat_rad
    r = math.tan(0.5 * (HALF_PI - chart * lat_rad))
    return r * math.cos(lon_rad), r * math.sin(lon_rad)


@inlined_kernel
def from_chart(chart, a, b):
    """Return (lat_rad, lon_rad) of coordinates in the chart."""
    if chart == 0:
        return b, a
    return chart * (HALF_PI - 2.0 * math.atan(math.hypot(a, b))), math.atan2(b, a)


@inlined_kernel
def chart_rate(chart, a, b, lat_rad, lon_rad, east, north):
    """Turn angular rates towards east and north [rad/s] into rates of the chart's coordinates."""
    if chart == 0:
        return east / math.cos(lat_rad), north
    scale = 0.5 * (1.0 + a * a + b * b)
    c, s = math.cos(lon_rad), math.sin(lon_rad)
    return scale * (-east * s - chart * north * c), scale * (east * c - chart * north * s)
