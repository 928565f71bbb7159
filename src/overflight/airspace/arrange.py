"""Arrange polygons that may overlap into faces that do not: node all boundaries, find what covers each face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from overflight.airspace.partition import MICRODEGREES, Partition, anchor_latitudes
from overflight.airspace.regions import Region, Regions

I64: TypeAlias = NDArray[np.int64]
I32: TypeAlias = NDArray[np.int32]
Arcs: TypeAlias = tuple[I32, I32, I32, I32]
"""Vertices of arcs (v, 2) in microdegrees, where each begins (a + 1,), and the faces to its left and right (a,)."""
_TURN, _POLE = round(180 * MICRODEGREES), round(90 * MICRODEGREES)
_BESIDE_DEG = 1e-7


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
    west = _numbered(_covering(tree, _east_of_the_seam(anchor_latitudes())), numbers)
    arcs = _joined(_arcs(lines, polygons, faces), _seam(lines, tree, numbers))
    return Regions(tuple(regions), Partition(*arcs, tuple(numbers), west))


def _east_of_the_seam(lat: NDArray[np.float64]) -> NDArray[Any]:
    return np.asarray(shapely.points(np.full(lat.size, -180.0 + _BESIDE_DEG), lat))


def _seam(lines: NDArray[Any], tree: shapely.STRtree, numbers: dict[tuple[int, ...], int]) -> Arcs:
    """Return the borders that run along the antimeridian: where what ends at 180 is not what begins at -180."""
    vertices, _ = _whole(lines)
    on_it = vertices[np.abs(vertices[:, 0]) == _TURN, 1]
    lat = np.unique(np.concatenate([on_it, [-_POLE, _POLE]]))
    middle = 0.5 * (lat[:-1] + lat[1:]) / MICRODEGREES
    right = _numbered(_covering(tree, _east_of_the_seam(middle)), numbers)
    before = np.asarray(shapely.points(np.full(middle.size, 180.0 - _BESIDE_DEG), middle))
    left = _numbered(_covering(tree, before), numbers)
    kept = np.flatnonzero(left != right)
    ends = np.stack([lat[kept], lat[kept + 1]], axis=1).ravel()
    vertices = np.column_stack([np.full(ends.size, -_TURN), ends])
    return vertices.astype(np.int32), 2 * np.arange(kept.size + 1, dtype=np.int32), left[kept], right[kept]


def _joined(one: Arcs, other: Arcs) -> Arcs:
    starts = np.concatenate([one[1], other[1][1:] + one[1][-1]]).astype(np.int32)
    vertices, left, right = (np.concatenate([one[k], other[k]]) for k in (0, 2, 3))
    return vertices, starts, left, right


def _covering(tree: shapely.STRtree, points: NDArray[Any]) -> list[tuple[int, ...]]:
    """Return the indices of the polygons that each point lies in."""
    found: list[list[int]] = [[] for _ in points]
    for point, region in zip(*tree.query(points, predicate="within"), strict=True):
        found[point].append(int(region))
    return [tuple(sorted(row)) for row in found]


def _numbered(covers: list[tuple[int, ...]], numbers: dict[tuple[int, ...], int]) -> NDArray[np.int32]:
    return np.array([numbers.setdefault(row, len(numbers)) for row in covers], np.int32)


def _arcs(lines: NDArray[Any], polygons: NDArray[Any], faces: NDArray[np.int32]) -> Arcs:
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
    return vertices[chosen].astype(np.int32), starts.astype(np.int32), left[first], right[first]


def _whole(lines: NDArray[Any]) -> tuple[I64, I64]:
    """Return the vertices of lines in microdegrees (v, 2), and the line of each (v,)."""
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    return np.round(coordinates * MICRODEGREES).astype(np.int64), line
