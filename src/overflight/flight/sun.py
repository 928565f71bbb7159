"""Where the sun stands, by the low-precision formula of the Astronomical Almanac.

References
----------
Michalsky, J. J. (1988): The Astronomical Almanac's algorithm for approximate solar position (1950-2050).
Solar Energy 40, 227-235, doi 10.1016/0038-092X(88)90045-X. Stated accuracy 0.01 degree.
"""

import math

from overflight.geo.kernel import kernel

_UNIX_TO_J2000_DAYS = 10957.5
"""Days from 1970-01-01 00:00 UTC to 2000-01-01 12:00 UTC."""
_RAD = math.pi / 180.0

SUNRISE_SIN = -0.0872
"""Sine of the elevation (-5 degrees) at which a balloon near 18 km first sees the sun."""
FULL_SUN_SIN = 0.1736
"""Sine of the elevation (10 degrees) from which the direct beam up there has nearly its full strength."""


@kernel
def sun_sin(t_unix_s: float, lat_rad: float, lon_rad: float) -> float:
    """Sine of the sun's geometric elevation (no refraction) at a time in UTC seconds since 1970.

    Within 0.02 degrees of full theory between 1950 and 2050.
    """
    days = t_unix_s / 86_400.0 - _UNIX_TO_J2000_DAYS
    mean_longitude = (280.460 + 0.9856474 * days) * _RAD
    anomaly = (357.528 + 0.9856003 * days) * _RAD
    ecliptic = mean_longitude + (1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly)) * _RAD
    obliquity = (23.439 - 0.0000004 * days) * _RAD
    # sidereal time 6.697375 h + 0.0657098242 h/day * n + UT, with the whole turns of UT already in 360 * days
    turn_deg = 280.460625 + 360.9856473630 * days
    sidereal = (turn_deg - 360.0 * math.floor(turn_deg / 360.0)) * _RAD + lon_rad
    x = math.cos(ecliptic)
    y = math.cos(obliquity) * math.sin(ecliptic)
    z = math.sin(obliquity) * math.sin(ecliptic)
    return math.cos(lat_rad) * (math.cos(sidereal) * x + math.sin(sidereal) * y) + math.sin(lat_rad) * z


@kernel
def daylight(sun_sine: float) -> float:
    """Share of full sunlight on a balloon in the lower stratosphere: 0 at night, 1 by day, smooth between.

    A cubic step between sun elevations of -5 degrees (the horizon as seen from 18 km lies 4.3 degrees lower,
    and the disc and refraction add 0.8) and +10 degrees.
    """
    x = (sun_sine - SUNRISE_SIN) / (FULL_SUN_SIN - SUNRISE_SIN)
    x = min(1.0, max(0.0, x))
    return x * x * (3.0 - 2.0 * x)
