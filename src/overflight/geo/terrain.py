"""Elevation of the ground, 1/12 degree, and of the sea, which is 0.

The grid is the topographical altitude of Recommendation ITU-R P.1511-2 (2019); see ``data/SOURCES.md``. It smooths
mountains: a peak is up to kilometres higher than its cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray


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

    def elevation_m(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.float64]:
        """Return the elevation at places in degrees, bilinear, around the circle; any shape. [m]"""
        rows, columns = self.grid.shape
        y = np.clip((np.asarray(lat, np.float64) - self.lat0) / self.dlat, 0.0, rows - 1.000001)
        x = np.mod((np.asarray(lon, np.float64) - self.lon0) / self.dlon, columns)
        row, column = y.astype(np.intp), x.astype(np.intp) % columns
        east, fx, fy = (column + 1) % columns, x - np.floor(x), y - row
        south = self.grid[row, column] * (1.0 - fx) + self.grid[row, east] * fx
        north = self.grid[row + 1, column] * (1.0 - fx) + self.grid[row + 1, east] * fx
        result: NDArray[np.float64] = np.asarray(south * (1.0 - fy) + north * fy, np.float64)
        return result
