"""A probability over places: H3 cells that sum to one with what lies elsewhere.

References
----------
H3: hexagonal hierarchical geospatial indexing system (Uber Technologies; h3geo.org).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h3
import h3.api.numpy_int as h3_int
import numpy as np
from numpy.typing import ArrayLike, NDArray

from overflight.errors import InvalidInput

_RESOLUTIONS = range(11)


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """Probability by cell.

    Attributes
    ----------
    cell : uint64 (n,). H3 cells of one resolution, ascending.
    probability : float64 (n,).
    elsewhere : float. Probability outside all cells; with the cells it sums to 1.
    cell_area_m2 : float64 (n,).
    """

    cell: NDArray[np.uint64]
    probability: NDArray[np.float64]
    elsewhere: float
    cell_area_m2: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        total = float(self.probability.sum()) + self.elsewhere
        if not abs(total - 1.0) < 1e-9 or np.any(self.probability < 0) or self.elsewhere < 0:
            raise InvalidInput("density", f"a sum of {total:.6g}", "probabilities that sum to 1")

    @staticmethod
    def from_points(
        lat: ArrayLike,
        lon: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        resolution: int,
        elsewhere: float = 0.0,
        smooth_rings: int = 0,
    ) -> Density:
        """Count weighted points (n,) in degrees by cell; points that are NaN count as elsewhere.

        ``smooth_rings`` spreads each cell's share evenly over the cells within so many rings, for samples too few to
        fill the cells.
        """
        if resolution not in _RESOLUTIONS:
            raise InvalidInput("resolution", str(resolution), "0 to 10")
        lat, lon = np.ravel(np.asarray(lat, np.float64)), np.ravel(np.asarray(lon, np.float64))
        share = np.ones(lat.size) if weights is None else np.ravel(np.asarray(weights, np.float64))
        if lat.size == 0 or not share.sum() > 0:
            raise InvalidInput("points", f"{lat.size} points of weight {share.sum():g}", "at least one with weight")
        share = share / share.sum() * (1.0 - elsewhere)
        known = np.isfinite(lat) & np.isfinite(lon)
        cells = _cells(lat[known], lon[known], resolution)
        unique, index = np.unique(cells, return_inverse=True)
        mass = np.asarray(np.bincount(index, share[known], unique.size), np.float64)
        if smooth_rings:
            unique, mass = _smoothed(unique, mass, smooth_rings)
        area = np.array([h3_int.cell_area(int(c), "m^2") for c in unique])
        return Density(unique, mass, max(0.0, 1.0 - float(mass.sum())), area)

    def region(self, level: float) -> NDArray[np.bool_]:
        """Return the cells (n,) of the smallest region that holds ``level`` of the probability.

        Where more than 1 - ``level`` lies elsewhere, no region holds so much and all cells are returned.
        """
        order = np.argsort(-self.probability / self.cell_area_m2, kind="stable")
        before = np.cumsum(self.probability[order]) - self.probability[order]
        inside = np.zeros(self.cell.size, np.bool_)
        inside[order[before < level]] = True
        return inside

    def index_of(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.intp]:
        """Return which cell (n,) holds each place in degrees; -1 where none does."""
        y, x = np.ravel(np.asarray(lat, np.float64)), np.ravel(np.asarray(lon, np.float64))
        if not self.cell.size:
            return np.full(y.size, -1, np.intp)
        cells = _cells(y, x, h3_int.get_resolution(int(self.cell[0])))
        at = np.minimum(np.searchsorted(self.cell, cells), self.cell.size - 1)
        return np.where(self.cell[at] == cells, at, -1)

    def level_of(self, lat: float, lon: float) -> float:
        """Return the level above which every ``region`` holds a place: what lies in denser cells; 1 where no cell does.

        A cell is in a region whole or not at all, so that regions hold more than their level. For a level that is
        uniform where the density is right, add a random part of ``probability_of`` the place (Smith 1985, doi
        10.1002/for.3980040305).
        """
        at = int(self.index_of(lat, lon)[0])
        if at < 0:
            return 1.0
        density = self.probability / self.cell_area_m2
        return float(self.probability[density > density[at]].sum())

    def probability_of(self, lat: float, lon: float) -> float:
        """Return the probability of the cell that holds a place; 0 where none does."""
        at = int(self.index_of(lat, lon)[0])
        return float(self.probability[at]) if at >= 0 else 0.0

    def area_m2(self, level: float) -> float:
        """Return the area of ``region(level)``. [m2]"""
        return float(self.cell_area_m2[self.region(level)].sum())

    def mode(self) -> tuple[float, float]:
        """Return (lat, lon) of the centre of the densest cell. [degrees]"""
        lat, lon = h3_int.cell_to_latlng(int(self.cell[np.argmax(self.probability / self.cell_area_m2)]))
        return float(lat), float(lon)

    def centres(self) -> NDArray[np.float64]:
        """Return the (lat, lon) of the cells' centres, (n, 2). [degrees]"""
        return np.array([h3_int.cell_to_latlng(int(cell)) for cell in self.cell], np.float64).reshape(-1, 2)

    def outlines(self) -> list[NDArray[np.float64]]:
        """Return the corners (lat, lon) of each cell, one ring a cell, cut nowhere: for a map projection. [degrees]"""
        return [np.array(h3_int.cell_to_boundary(int(cell)), np.float64) for cell in self.cell]

    def to_geojson(self) -> dict[str, Any]:
        """Return a FeatureCollection of the cells, cut at the antimeridian (RFC 7946)."""
        inside = {level: self.region(level) for level in (0.5, 0.9, 0.99)}
        features = [
            {
                "type": "Feature",
                "properties": {
                    "cell": h3.int_to_str(int(cell)),
                    "probability": float(p),
                    "region": min((lv for lv, within in inside.items() if within[i]), default=1.0),
                },
                "geometry": {"type": "MultiPolygon", "coordinates": [[ring] for ring in cell_rings(int(cell))]},
            }
            for i, (cell, p) in enumerate(zip(self.cell, self.probability, strict=True))
        ]
        return {"type": "FeatureCollection", "features": features, "elsewhere": self.elsewhere}


def _cells(lat: NDArray[np.float64], lon: NDArray[np.float64], resolution: int) -> NDArray[np.uint64]:
    """Return the cell of each place; h3 has no call for arrays."""
    find = h3_int.latlng_to_cell
    return np.array([find(a, b, resolution) for a, b in zip(lat.tolist(), lon.tolist(), strict=True)], np.uint64)


def _smoothed(
    cells: NDArray[np.uint64], mass: NDArray[np.float64], rings: int
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    spread: dict[int, float] = {}
    for cell, share in zip(cells.tolist(), mass.tolist(), strict=True):
        disk = h3_int.grid_disk(cell, rings)
        for neighbour in disk:
            spread[int(neighbour)] = spread.get(int(neighbour), 0.0) + share / len(disk)
    keys = np.array(sorted(spread), np.uint64)
    return keys, np.array([spread[int(k)] for k in keys])


def cell_rings(cell: int) -> Iterator[list[list[float]]]:
    """Yield the closed outlines of a cell as [lon, lat] lists, cut at the antimeridian, or closed through the pole."""
    yield from closed_rings(np.array(h3_int.cell_to_boundary(cell)))


def closed_rings(boundary: NDArray[np.float64]) -> Iterator[list[list[float]]]:
    """Yield the closed outlines within corners (n, 2) of (lat, lon), cut at the antimeridian, closed through a pole."""
    lat, lon = boundary[:, 0], np.degrees(np.unwrap(np.radians(boundary[:, 1])))
    turned = lon[-1] + (np.mod(lon[0] - lon[-1] + 180.0, 360.0) - 180.0) - lon[0]
    if abs(turned) > 180.0:
        yield _polar_ring(lat, lon, turned)
        return
    for shift in (-360.0, 0.0, 360.0):
        x = lon + shift
        if x.max() <= -180.0 or x.min() >= 180.0:
            continue
        points = _clip(_clip(list(zip(x, lat, strict=True)), -180.0, 1.0), 180.0, -1.0)
        if len(points) > 2:
            yield [[float(a), float(b)] for a, b in [*points, points[0]]]


def _polar_ring(lat: NDArray[np.float64], lon: NDArray[np.float64], turned: float) -> list[list[float]]:
    pole = 90.0 if lat.mean() > 0 else -90.0
    order = np.argsort(np.mod(lon + 180.0, 360.0))
    x, y = np.mod(lon[order] + 180.0, 360.0) - 180.0, lat[order]
    edge = float(np.interp(180.0, [x[-1], x[0] + 360.0], [y[-1], y[0]]))
    ring = [[-180.0, edge], *([float(a), float(b)] for a, b in zip(x, y, strict=True)), [180.0, edge]]
    ring += [[180.0, pole], [-180.0, pole], [-180.0, edge]]
    return ring if pole > 0 else ring[::-1]


def _clip(points: list[tuple[float, float]], bound: float, side: float) -> list[tuple[float, float]]:
    """Clip a ring to side * (x - bound) >= 0 (Sutherland and Hodgman 1974, doi 10.1145/360767.360802)."""
    kept = []
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
        in1, in2 = side * (x1 - bound) >= 0, side * (x2 - bound) >= 0
        if in1:
            kept.append((x1, y1))
        if in1 != in2:
            f = (bound - x1) / (x2 - x1)
            kept.append((bound, y1 + f * (y2 - y1)))
    return kept
