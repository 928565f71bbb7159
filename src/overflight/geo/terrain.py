"""Elevation of the ground, 1/12 degree, and of the sea, which is 0.

The grid is the topographical altitude of Recommendation ITU-R P.1511-2 (2019); see ``data/SOURCES.md``. It smooths
mountains: a peak is up to kilometres higher than its cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overflight.geo.kernel import kernel

Ground = tuple[NDArray[np.float32], float, float, float, float]
"""Elevation (rows, columns) [m], first latitude and spacing, first longitude and spacing [degrees]."""


@kernel
def elevation(ground: Ground, lat: float, lon: float) -> float:
    """Elevation of the ground at a place in degrees, bilinear, around the circle. [m]"""
    grid, lat0, dlat, lon0, dlon = ground
    rows, columns = grid.shape
    y = min(max((lat - lat0) / dlat, 0.0), rows - 1.000001)
    x = (lon - lon0) / dlon
    x -= columns * math.floor(x / columns)
    iy, ix = int(y), min(int(x), columns - 1)
    east = ix + 1 if ix + 1 < columns else 0
    fx, fy = x - ix, y - iy
    south = grid[iy, ix] + fx * (grid[iy, east] - grid[iy, ix])
    north = grid[iy + 1, ix] + fx * (grid[iy + 1, east] - grid[iy + 1, ix])
    return float(south + fy * (north - south))


@kernel
def _elevations(ground: Ground, lat: NDArray[np.float64], lon: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(out.size):
        known = lat[i] == lat[i] and lon[i] == lon[i]
        out[i] = elevation(ground, lat[i], lon[i]) if known else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """A grid of elevations.

    Attributes
    ----------
    grid : float32 (rows, columns). Above mean sea level. [m]
    lat0, dlat, lon0, dlon : float. First row and column, and spacing. [degrees]
    """

    grid: NDArray[np.float32]
    lat0: float
    dlat: float
    lon0: float
    dlon: float

    @staticmethod
    @cache
    def load() -> Terrain:
        """Return the grid that is shipped, read once."""
        with files("overflight.geo").joinpath("data/terrain.npz").open("rb") as stream, np.load(stream) as packed:
            grid = np.cumsum(packed["steps"], axis=1, dtype=np.int16).astype(np.float32)
            lat0, dlat, lon0, dlon = (float(packed[n]) for n in ("lat0", "dlat", "lon0", "dlon"))
        return Terrain(grid, lat0, dlat, lon0, dlon)

    @property
    def ground(self) -> Ground:
        """Return the grid as compiled code reads it."""
        return self.grid, self.lat0, self.dlat, self.lon0, self.dlon

    def elevation_m(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.float64]:
        """Return the elevation at places in degrees, bilinear, around the circle; any shape. [m]"""
        lats, lons = np.broadcast_arrays(np.asarray(lat, np.float64), np.asarray(lon, np.float64))
        found = np.empty(lats.size)
        _elevations(self.ground, lats.ravel(), lons.ravel(), found)
        return found.reshape(lats.shape)
