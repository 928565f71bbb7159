"""One planar arrangement of many polygons, and the faces that each of them covers.

All lines are noded together on a grid of 1e-6 degrees (0.1 m), so that what is put together from the faces afterwards
fits edge to edge: no slivers and no overlaps between neighbours, whatever the sources did.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

GRID = 1e-6


def faces_of(geometries: Sequence[shapely.Geometry]) -> NDArray[np.object_]:
    """The faces that the boundaries of all geometries cut the plane into, the unbounded one left out."""
    lines = shapely.get_parts(shapely.boundary(snapped(geometries)))
    return shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines, grid_size=GRID))))


def snapped(geometries: Sequence[shapely.Geometry]) -> NDArray[np.object_]:
    """The geometries with coordinates rounded to the grid; their topology may break, which noding mends."""
    return shapely.transform(np.asarray(geometries, object), lambda xy: np.round(xy / GRID) * GRID)


def inside_points(faces: NDArray[np.object_]) -> NDArray[np.float64]:
    """A point well inside each face, (n, 2): the centre of the largest circle where the face is thin."""
    return shapely.get_coordinates(shapely.point_on_surface(faces))


def covering(points: NDArray[np.float64], geometries: Sequence[shapely.Geometry]) -> NDArray[np.int64]:
    """For each point the first geometry that holds it, -1 for none."""
    tree = shapely.STRtree(shapely.points(points))
    owner = np.full(len(points), -1)
    for index in range(len(geometries) - 1, -1, -1):
        geometry = geometries[index]
        near = tree.query(shapely.box(*geometry.bounds))
        shapely.prepare(geometry)
        owner[near[shapely.contains_xy(geometry, points[near])]] = index
    return owner


def merged(faces: NDArray[np.object_], labels: NDArray[np.int64], count: int) -> list[shapely.MultiPolygon]:
    """The union of the faces of each label 0 to count - 1; faces share their vertices, so only edges cancel."""
    return [
        as_multi(shapely.coverage_union_all(faces[labels == label]))
        if (labels == label).any()
        else shapely.MultiPolygon()
        for label in range(count)
    ]


def as_multi(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """The polygons of a geometry, whatever else it holds."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon" and part.area > 0])
