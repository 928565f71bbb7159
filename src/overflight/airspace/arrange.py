"""Arrange polygons that may overlap into faces that do not: node all boundaries, find what covers each face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from overflight.airspace.partition import MICRODEGREES, Partition, anchor_latitudes
from overflight.airspace.regions import Region, Regions

I64 = NDArray[np.int64]
_TURN, _POLE = round(180 * MICRODEGREES), round(90 * MICRODEGREES)
_JUST_EAST_DEG = 1e-7


def arrange(regions: Sequence[Region], geometries: NDArray[Any]) -> Regions:
    """Return the layer of some regions.

    Parameters
    ----------
    regions : (n,)
    geometries : array of shapely Polygon or MultiPolygon (n,). Degrees, in [-180, 180] x [-90, 90], cut at the
        antimeridian, closed through a pole along its latitude; they may overlap.

    Notes
    -----
    Boundaries are snapped to micro-degrees while they are noded (Hobby 1999, doi 10.1016/S0925-7721(99)00021-8, by
    GEOS), so that edges which two regions share are one.
    """
    geometries = np.asarray(geometries, object)
    noded = shapely.union_all(shapely.boundary(geometries), grid_size=1.0 / MICRODEGREES)
    lines: NDArray[Any] = shapely.get_parts(shapely.line_merge(noded))
    polygons: NDArray[Any] = shapely.get_parts(shapely.polygonize(list(lines)))
    tree = shapely.STRtree(geometries)
    numbers: dict[tuple[int, ...], int] = {(): 0}
    faces = _numbered(_covering(tree, np.asarray(shapely.point_on_surface(polygons))), numbers)
    lats = anchor_latitudes()
    west = _numbered(
        _covering(tree, np.asarray(shapely.points(np.full(lats.size, -180.0 + _JUST_EAST_DEG), lats))), numbers
    )
    vertices, starts, left, right = _arcs(lines, polygons, faces)
    return Regions(
        tuple(regions),
        Partition(
            vertices.astype(np.int32), starts.astype(np.int32), left, right, tuple(numbers), west.astype(np.int32)
        ),
    )


def _covering(tree: shapely.STRtree, points: NDArray[Any]) -> list[tuple[int, ...]]:
    """Return the indices of the polygons that each point lies in."""
    found: list[list[int]] = [[] for _ in points]
    for point, region in zip(*tree.query(points, predicate="within"), strict=True):
        found[point].append(int(region))
    return [tuple(sorted(row)) for row in found]


def _numbered(covers: list[tuple[int, ...]], numbers: dict[tuple[int, ...], int]) -> NDArray[np.int32]:
    return np.array([numbers.setdefault(row, len(numbers)) for row in covers], np.int32)


def _arcs(
    lines: NDArray[Any], polygons: NDArray[Any], faces: NDArray[np.int32]
) -> tuple[I64, I64, NDArray[np.int32], NDArray[np.int32]]:
    """Cut lines into arcs that have one face on either side; what is no border is left out."""
    vertices, line = _whole(lines)
    ringed, ring = _whole(shapely.get_rings(shapely.orient_polygons(polygons)))
    rings = np.array([1 + len(p.interiors) for p in polygons], np.int64)
    owner = np.repeat(faces, rings)
    ids, places = np.unique(np.concatenate([vertices, ringed]), axis=0, return_inverse=True)
    places = places.reshape(-1)
    of_line, of_ring = places[: len(vertices)], places[len(vertices) :]
    inside = ring[1:] == ring[:-1]
    keys = (of_ring[:-1] * len(ids) + of_ring[1:])[inside]
    order = np.argsort(keys)
    keys, owners = keys[order], owner[ring[:-1][inside]][order]

    def beside(start: I64, end: I64) -> NDArray[np.int32]:
        wanted = start * len(ids) + end
        at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
        return np.where(keys[at] == wanted, owners[at], 0).astype(np.int32)

    left, right = beside(of_line[:-1], of_line[1:]), beside(of_line[1:], of_line[:-1])
    a, b = vertices[:-1], vertices[1:]
    seam = (np.abs(a[:, 0]) == _TURN) & (a[:, 0] == b[:, 0])
    pole = (np.abs(a[:, 1]) == _POLE) & (a[:, 1] == b[:, 1])
    kept = np.flatnonzero((line[:-1] == line[1:]) & (left != right) & ~seam & ~pole)
    goes_on = (kept[1:] == kept[:-1] + 1) & (left[kept[1:]] == left[kept[:-1]]) & (right[kept[1:]] == right[kept[:-1]])
    begins = np.concatenate([[0], np.flatnonzero(~goes_on) + 1, [kept.size]]) if kept.size else np.zeros(1, np.int64)
    first, last = kept[begins[:-1]], kept[begins[1:] - 1] + 1
    size = last - first + 1
    starts = np.concatenate([[0], np.cumsum(size)])
    chosen = np.repeat(first - starts[:-1], size) + np.arange(starts[-1])
    return vertices[chosen], starts, left[first], right[first]


def _whole(lines: NDArray[Any]) -> tuple[I64, I64]:
    """Return the vertices of lines in microdegrees (v, 2), and the line of each (v,)."""
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    return np.round(coordinates * MICRODEGREES).astype(np.int64), line
