"""What a kernel says of a member: its status, and one output."""

import math

import numpy as np

from overflight.drift.kernels.lookup import G_DLAT, G_DLON, G_LAT0, G_LON0
from overflight.geo.kernel import fast_kernel

FLYING, LANDED, BURST, LEFT_DOMAIN, OUT_OF_WIND, OUT_OF_LEVELS, ENDED = 0, 1, 2, 3, 4, 5, 6
MEANINGS = "flying landed burst left_domain out_of_wind out_of_levels ended"


@fast_kernel
def hermite(s, h, start, increment, rate_start, rate_end):
    """Cubic through both ends of a step with their rates, at the fraction ``s`` (Hairer and others 1993, II.6)."""
    s2, s3 = s * s, s * s * s
    return start + (3 * s2 - 2 * s3) * increment + h * ((s3 - 2 * s2 + s) * rate_start + (s3 - s2) * rate_end)


@fast_kernel
def write_output(grid, out, m, j, x, y, z, pressure, status):
    """Write one output: degrees with longitude in [-180, 180), metres, pascals, status."""
    lat, lon, altitude, pressures, statuses = out
    degrees = math.degrees(grid[G_LON0] + x * grid[G_DLON])
    degrees -= 360.0 * math.floor((degrees + 180.0) / 360.0)
    value = np.float32(degrees)
    lon[m, j] = value if value < 180.0 else np.float32(-180.0)
    lat[m, j] = np.float32(math.degrees(grid[G_LAT0] + y * grid[G_DLAT]))
    altitude[m, j], pressures[m, j], statuses[m, j] = np.float32(z), np.float32(pressure), status
