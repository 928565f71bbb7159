"""A flat map about a place, true in area, for laying legs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from overflight.geo import sphere

F64 = NDArray[np.float64]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Plane:
    """Lambert's azimuthal equal-area projection about a place (Snyder 1987, USGS PP 1395, chapter 24). [m]

    Neither a pole nor the antimeridian is special. At a distance d from the centre lengths are wrong by d2 / 8 R2: 0.02
    % at 250 km.
    """

    lat: float
    lon: float

    def xy(self, lat: ArrayLike, lon: ArrayLike) -> tuple[F64, F64]:
        """Return metres east and north of places in degrees."""
        arc = sphere.distance_m(self.lat, self.lon, lat, lon) / sphere.EARTH_RADIUS_M
        radius = 2.0 * sphere.EARTH_RADIUS_M * np.sin(arc / 2.0)
        azimuth = np.radians(sphere.azimuth_deg(self.lat, self.lon, lat, lon))
        return radius * np.sin(azimuth), radius * np.cos(azimuth)

    def latlon(self, x: ArrayLike, y: ArrayLike) -> tuple[F64, F64]:
        """Return the place in degrees of metres east and north."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        arc = 2.0 * np.arcsin(np.clip(np.hypot(x, y) / (2.0 * sphere.EARTH_RADIUS_M), 0.0, 1.0))
        return sphere.move(self.lat, self.lon, np.degrees(np.arctan2(x, y)), sphere.EARTH_RADIUS_M * arc)

    def polygons(self, outlines: list[F64]) -> NDArray[Any]:
        """Return shapely polygons of outlines (m, 2) of (lat, lon) in degrees."""
        sizes = [len(outline) for outline in outlines]
        corners = np.concatenate(outlines)
        x, y = self.xy(corners[:, 0], corners[:, 1])
        rings = np.split(np.column_stack([x, y]), np.cumsum(sizes)[:-1])
        return np.array([shapely.Polygon(ring) for ring in rings], object)


def metres(a: Place, b: Place) -> float:
    """Great-circle distance of two places in degrees (haversine), for many single distances. [m]"""
    lat1, lon1, lat2, lon2 = map(math.radians, (*a, *b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2.0 * sphere.EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def between(a: Place, b: Place, fraction: float) -> Place:
    """Return the place a fraction of the way along the great circle from a to b. [degrees]"""
    azimuth = sphere.azimuth_deg(*a, *b)
    lat, lon = sphere.move(*a, azimuth, fraction * metres(a, b))
    return float(lat), float(lon)


def cut_at_antimeridian(places: list[Place]) -> list[list[list[float]]]:
    """Return lines of [lon, lat], cut where they cross the antimeridian, a point on each side (RFC 7946, 3.1.9)."""
    lines: list[list[list[float]]] = [[]]
    for (lat, lon), following in zip(places, [*places[1:], None], strict=True):
        lines[-1].append([lon, lat])
        if following is None or abs(following[1] - lon) <= 180.0:
            continue
        side = 180.0 if lon > 0.0 else -180.0
        ahead = following[1] + 2.0 * side
        middle = lat if ahead == lon else lat + (side - lon) / (ahead - lon) * (following[0] - lat)
        lines[-1].append([side, middle])
        lines.append([[-side, middle]])
    return lines
