"""Densities of clouds of members: a kernel about each member, counted in cells.

Each member is drawn again some times about its own place, normal with a share of the cloud's covariance
(Silverman 1986, Density Estimation for Statistics and Data Analysis, section 6.4.1, the smoothed bootstrap).
"""

from __future__ import annotations

from collections.abc import Sequence

import h3.api.numpy_int as h3_int
import numpy as np
from numpy.typing import NDArray

from overflight.geo import rng, sphere
from overflight.geo.density import Density

F64 = NDArray[np.float64]
DRAWN = 60_000
"""Places that a density is counted from."""
NARROWER = 0.6
"""Of the width that suits a normal cloud: these bend and have tails."""
CELLS_OF_TIGHTEST, CELLS_OF_WIDEST = 40.0, 1_200.0
"""How many cells the middle of the tightest class should have, and that of the widest at most."""
FINEST, COARSEST = 10, 3


def densities(clouds: Sequence[tuple[F64, F64]], seed: int) -> list[Density]:
    """Return the density of each cloud of (lat, lon) [degrees], all in cells of one size; NaN lies elsewhere."""
    resolution = resolution_of([_area_km2(*cloud) for cloud in clouds])
    return [_density(lat, lon, resolution, seed) for lat, lon in clouds]


def resolution_of(areas_km2: Sequence[float]) -> int:
    """Return the H3 resolution that shows the tightest class and does not tear the widest apart."""
    finest = max(min(areas_km2) / CELLS_OF_TIGHTEST, max(areas_km2) / CELLS_OF_WIDEST)
    sizes = [h3_int.average_hexagon_area(r, "km^2") for r in range(FINEST + 1)]
    return next((r for r in range(COARSEST, FINEST) if sizes[r] <= finest), FINEST)


def _flat(lat: F64, lon: F64) -> tuple[F64, float, float]:
    """Return metres east and north of the middle (n, 2), and the middle."""
    at = sphere.mean_place(lat, lon)
    away, course = sphere.distance_m(*at, lat, lon), np.radians(sphere.azimuth_deg(*at, lat, lon))
    return np.stack([away * np.sin(course), away * np.cos(course)], axis=1), *at


def _area_km2(lat: F64, lon: F64) -> float:
    """Area of the ellipse that would hold 90 % of a normal cloud."""
    known = np.isfinite(lat) & np.isfinite(lon)
    off, _, _ = _flat(lat[known], lon[known])
    cov = np.cov(off.T) if len(off) > 2 else np.zeros((2, 2))
    return float(max(4.6 * np.pi * np.sqrt(max(np.linalg.det(cov), 0.0)) / 1e6, 0.3))


def _density(lat: F64, lon: F64, resolution: int, seed: int) -> Density:
    known = np.isfinite(lat) & np.isfinite(lon)
    off, *at = _flat(lat[known], lon[known])
    count = len(off)
    copies = max(1, DRAWN // count)
    if count > 2:
        width = NARROWER * count ** (-1.0 / 6.0)
        root = np.linalg.cholesky(np.cov(off.T) + 1e-6 * np.eye(2)) * width
        noise = rng.normals(seed, "landing kernel", 2 * count * copies).reshape(-1, 2)
        off = np.repeat(off, copies, axis=0) + noise @ root.T
    east, north = off.T
    place = sphere.move(at[0], at[1], np.degrees(np.arctan2(east, north)), np.hypot(east, north))
    elsewhere = 1.0 - float(known.mean())
    return Density.from_points(*place, resolution=resolution, elsewhere=elsewhere)
