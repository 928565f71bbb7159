"""Polygons of what a partition holds, put together from its arcs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from overflight.airspace.labels import labels_of
from overflight.airspace.partition import MICRODEGREES
from overflight.airspace.regions import Regions

_WORLD = shapely.box(-180.0, -90.0, 180.0, 90.0)


def shapes(regions: Regions, names: Sequence[str], *, by: str = "region", view: str = "") -> NDArray[Any]:
    """Return the polygons (n,) of regions or countries by their names, in degrees, cut at the antimeridian."""
    labels = labels_of(regions, by, view)
    faces = np.repeat(np.arange(labels.first.size - 1), np.diff(labels.first))
    drawn = []
    for name in names:
        inside = np.zeros(labels.first.size - 1, bool)
        inside[faces[labels.items == labels.names.index(name)]] = True
        drawn.append(_area(regions, inside))
    return np.array(drawn, object)


def _area(regions: Regions, inside: NDArray[np.bool_]) -> Any:
    """Return the area of some faces: what their border, and the edge of the world, cut out."""
    partition = regions.partition
    border = np.flatnonzero(inside[partition.left] != inside[partition.right])
    size = np.diff(partition.arcs)[border]
    vertices = np.repeat(partition.arcs[border] - (np.cumsum(size) - size), size) + np.arange(size.sum())
    lines = shapely.linestrings(
        partition.vertices[vertices] / MICRODEGREES, indices=np.repeat(np.arange(border.size), size)
    )
    noded = shapely.union_all([*lines, _WORLD.boundary])
    polygons = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    points = shapely.get_coordinates(shapely.point_on_surface(polygons))
    of_it = inside[partition.faces(points[:, 1], points[:, 0])]
    return shapely.orient_polygons(shapely.multipolygons(polygons[of_it]))
