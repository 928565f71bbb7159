"""Regions along a track: the ellipse at a time that holds a share of the samples."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from overflight.geo import sphere

F64 = NDArray[np.float64]

LEVELS = (0.5, 0.9)
"""Shares of the samples that regions are drawn for."""
_CORNERS = 48


def flat(lat: ArrayLike, lon: ArrayLike, at_lat: ArrayLike, at_lon: ArrayLike) -> F64:
    """Return (east, north) of places from places, (..., 2). [km]"""
    distance = sphere.distance_m(at_lat, at_lon, lat, lon) / 1000.0
    azimuth = np.radians(sphere.azimuth_deg(at_lat, at_lon, lat, lon))
    return np.stack([distance * np.sin(azimuth), distance * np.cos(azimuth)], axis=-1)


def squared_radii(points: F64) -> tuple[F64, F64]:
    """Return the covariance (2, 2) of points (n, 2) about 0, and the squared Mahalanobis distance of each."""
    cov = points.T @ points / max(points.shape[0] - 1, 1) + 1e-9 * np.eye(2)
    return cov, np.einsum("ni,ij,nj->n", points, np.linalg.inv(cov), points)


def ellipse(points: F64, level: float) -> F64:
    """Return the outline (corners, 2) of the ellipse about 0 that holds a share of points (n, 2)."""
    cov, squared = squared_radii(points)
    angle = np.linspace(0.0, 2.0 * np.pi, _CORNERS, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    return np.asarray((np.sqrt(np.quantile(squared, level)) * np.linalg.cholesky(cov) @ circle).T)


def holds(samples_lat: F64, samples_lon: F64, lat: float, lon: float, level: float) -> bool:
    """Say whether a place lies in the ellipse that holds a share of samples (n,)."""
    centre = sphere.mean_place(samples_lat, samples_lon)
    points = flat(samples_lat, samples_lon, *centre)
    cov, squared = squared_radii(points)
    off = flat(lat, lon, *centre)
    return bool(off @ np.linalg.inv(cov) @ off <= np.quantile(squared, level))


def outline(data: xr.Dataset, obs: int, level: float) -> tuple[F64, F64]:
    """Return (lat, lon) of the outline at one time of samples."""
    lat, lon = (data[n].values[:, obs].astype(np.float64) for n in ("lat", "lon"))
    centre = sphere.mean_place(lat, lon)
    points = ellipse(flat(lat, lon, *centre), level)
    distance = 1000.0 * np.hypot(points[:, 0], points[:, 1])
    return sphere.move(centre[0], centre[1], np.degrees(np.arctan2(points[:, 0], points[:, 1])), distance)
