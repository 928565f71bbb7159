"""Places and moves on the sphere.

The Earth is a sphere of the IUGG mean radius; what flies moves on a sphere larger by its altitude.
Longitudes lie in [-180, 180); both poles and the antimeridian are ordinary places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_M = 6_371_008.8
"""IUGG mean radius R1 (Moritz 2000, doi 10.1007/s001900050278). [m]"""

Floats = NDArray[np.float64]


def wrap(lon: ArrayLike) -> Floats:
    """Bring longitudes into [-180, 180).

    Parameters
    ----------
    lon : array_like (...)
        Longitude, any turn. [degrees]
    """
    lon = np.asarray(lon, dtype=np.float64)
    wrapped: Floats = np.mod(lon + 180.0, 360.0) - 180.0
    return np.where(wrapped >= 180.0, -180.0, wrapped)


def unit_vector(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """Return Earth-centred unit vectors, shape (..., 3), of places in degrees."""
    lat, lon = np.radians(np.asarray(lat, np.float64)), np.radians(np.asarray(lon, np.float64))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat) + 0 * lon], axis=-1)


def latlon(vector: ArrayLike) -> tuple[Floats, Floats]:
    """Return (lat, lon) in degrees of vectors with shape (..., 3), of any length."""
    v = np.asarray(vector, np.float64)
    lat = np.degrees(np.arctan2(v[..., 2], np.hypot(v[..., 0], v[..., 1])))
    return lat, wrap(np.degrees(np.arctan2(v[..., 1], v[..., 0])))


def distance_m(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Great-circle distance by the angle between unit vectors, exact at every separation. [m]"""
    a, b = unit_vector(lat1, lon1), unit_vector(lat2, lon2)
    chord, span = np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1)
    result: Floats = 2.0 * EARTH_RADIUS_M * np.arctan2(chord, span)
    return result


def azimuth_deg(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Return the initial course from place 1 to place 2, clockwise from north, in [0, 360). [degrees]"""
    p1, p2 = np.radians(np.asarray(lat1, np.float64)), np.radians(np.asarray(lat2, np.float64))
    dlon = np.radians(np.asarray(lon2, np.float64) - np.asarray(lon1, np.float64))
    east = np.sin(dlon) * np.cos(p2)
    north = np.cos(p1) * np.sin(p2) - np.sin(p1) * np.cos(p2) * np.cos(dlon)
    azimuth: Floats = np.mod(np.degrees(np.arctan2(east, north)), 360.0)
    return azimuth


def move(lat: ArrayLike, lon: ArrayLike, azimuth: ArrayLike, distance: ArrayLike) -> tuple[Floats, Floats]:
    """Go ``distance`` metres along a great circle that starts at course ``azimuth`` degrees; return (lat, lon)."""
    phi, lam = np.radians(np.asarray(lat, np.float64)), np.radians(np.asarray(lon, np.float64))
    course, arc = np.radians(np.asarray(azimuth, np.float64)), np.asarray(distance, np.float64) / EARTH_RADIUS_M
    here = unit_vector(np.degrees(phi), np.degrees(lam))
    north = np.stack([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi) + 0 * lam], axis=-1)
    east = np.stack([-np.sin(lam) + 0 * phi, np.cos(lam) + 0 * phi, 0 * (lam + phi)], axis=-1)
    heading = np.cos(course)[..., None] * north + np.sin(course)[..., None] * east
    return latlon(np.cos(arc)[..., None] * here + np.sin(arc)[..., None] * heading)


def mean_place(lat: ArrayLike, lon: ArrayLike, weight: ArrayLike | None = None) -> tuple[float, float]:
    """Return the (lat, lon) of the mean unit vector of places in degrees, optionally weighted."""
    vectors = unit_vector(lat, lon).reshape(-1, 3)
    mean = np.average(vectors, axis=0, weights=None if weight is None else np.ravel(weight))
    mean_lat, mean_lon = latlon(mean)
    return float(mean_lat), float(mean_lon)
