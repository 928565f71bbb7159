"""Circles on the sphere as rings of a map: cut at the antimeridian, closed through a pole."""

from __future__ import annotations

import numpy as np

from overflight.geo import sphere
from overflight.geo.density import closed_rings
from overflight.line.notices.values import Spot

CORNERS = 72
SMALLEST_M, LARGEST_M = 100.0, 9_000_000.0
"""Smaller circles are drawn so large that they are seen; a larger one is no region that a ring can hold. [m]"""

Rings = list[list[list[float]]]


def rings(spot: Spot) -> Rings:
    """Return the closed rings of [lon, lat] of a spot's circle, counterclockwise."""
    azimuth = np.linspace(360.0, 0.0, CORNERS, endpoint=False)
    radius = min(max(spot.radius_m, SMALLEST_M), LARGEST_M)
    lat, lon = sphere.move(spot.lat, spot.lon, azimuth, radius)
    return [[[round(x, 5), round(y, 5)] for x, y in ring] for ring in closed_rings(np.stack([lat, lon], axis=1))]
