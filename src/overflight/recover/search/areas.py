"""Search areas: polygons of a file, and what share of each cell they hold.

Shares are shares of area on the sphere: longitude and the sine of latitude make a plane in which areas are true
(Lambert's cylindrical equal-area projection; Snyder 1987, USGS PP 1395, chapter 10). Edges of GeoJSON are straight in
longitude and latitude (RFC 7946), so they are cut into short pieces first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h3
import numpy as np
import shapely
from numpy.typing import NDArray

from overflight.errors import InvalidInput, one_line
from overflight.geo.density import Density, cell_rings, closed_rings
from overflight.recover.search.cells import is_share, read_json

PIECE_DEG = 0.05
"""Over so short an edge the sine of latitude bends by under 1e-7 of the Earth's radius, 1 m."""
F64 = NDArray[np.float64]


def read_area(path: Path) -> Any:
    """Read the polygons of a GeoJSON file as one shapely geometry, in degrees, cut at the antimeridian.

    Lines and points are refused, but for the routes in a plan's own file.

    Raises
    ------
    InvalidInput
        It cannot be read, holds something else than polygons, or covers nothing.
    """
    document = read_json(path, "searched area")
    kind = document.get("type")
    features = document.get("features") if kind == "FeatureCollection" else [document]
    if not isinstance(features, list):
        raise InvalidInput("searched area", "no features", "a list of them", path.name)
    polygons: list[Any] = []
    for number, feature in enumerate(features, start=1):
        where = f"{path.name}: feature {number}"
        if not isinstance(feature, dict):
            raise InvalidInput("searched area", "no object", "a Feature with a Polygon", where)
        if not _is_route(feature):
            polygons += _polygons(feature.get("geometry") if feature.get("type") == "Feature" else feature, where)
    area = shapely.union_all(polygons)
    if area.is_empty or not shapely.area(area) > 0.0:
        raise InvalidInput("searched area", "no area", "at least one Polygon or MultiPolygon", path.name)
    return area


def _is_route(feature: dict[str, Any]) -> bool:
    properties = feature.get("properties")
    return isinstance(properties, dict) and properties.get("kind") in ("sortie", "base")


def _polygons(geometry: Any, where: str) -> Iterator[Any]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        got = "no geometry" if kind is None else one_line(f"a {kind}", 60)
        raise InvalidInput("searched area", got, "a Polygon or MultiPolygon", where)
    places = geometry.get("coordinates")
    for polygon in [places] if kind == "Polygon" else _list(places, where):
        rings = [_ring(ring, where) for ring in _list(polygon, where)]
        if not rings:
            raise InvalidInput("searched area", "a polygon without a ring", "closed rings", where)
        outer, *holes = (_cut(ring, where) for ring in rings)
        yield shapely.difference(outer, shapely.union_all(holes)) if holes else outer


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidInput("searched area", "coordinates that are no list", "rings of places", where)
    return value


def _ring(places: Any, where: str) -> F64:
    try:
        ring = np.array([place[:2] for place in _list(places, where)], np.float64)
    except (TypeError, ValueError, OverflowError, KeyError):
        ring = np.empty((0, 3))
    if ring.ndim != 2 or ring.shape[1] != 2 or not np.isfinite(ring).all():
        raise InvalidInput("searched area", "coordinates that are no places", "[longitude, latitude]", where)
    if len(ring) < 4 or not np.array_equal(ring[0], ring[-1]):
        raise InvalidInput("searched area", f"a ring of {len(ring)} places that is not closed" if len(ring) > 3 else
                           f"a ring of {len(ring)} places", "closed rings of four places or more", where)  # fmt: skip
    if np.any(np.abs(ring[:, 1]) > 90.0) or np.any(np.abs(ring[:, 0]) > 360.0):
        raise InvalidInput("searched area", "a place off the Earth", "[longitude, latitude] in degrees", where,
                           "are lat and lon swapped?")  # fmt: skip
    return ring


def _cut(ring: F64, where: str) -> Any:
    """Return what a ring encloses, cut at the antimeridian; an edge over half the Earth goes the short way round."""
    step = np.abs(np.diff(ring[:, 0]))
    if np.any((step > 180.0) & (step < 359.999)) or np.abs(ring[:, 0]).max() > 180.0:
        parts = [shapely.Polygon(part) for part in closed_rings(ring[:-1, ::-1]) if len(part) > 3]
    else:
        parts = [shapely.Polygon(ring)]
    area = shapely.union_all([shapely.make_valid(part) for part in parts])
    if shapely.area(area) == 0.0:
        raise InvalidInput("searched area", "a ring around nothing", "a polygon with an area", where)
    return area


def searched_share(density: Density, area: Any) -> F64:
    """Return which share of each cell (n,) lies in an area, by area on the sphere.

    Parameters
    ----------
    area : shapely geometry. In degrees, cut at the antimeridian, as ``read_area`` returns it.
    """
    rings = [[shapely.Polygon(ring) for ring in cell_rings(int(cell))] for cell in density.cell]
    shapes = np.array([shapely.union_all(parts) for parts in rings], object)
    flat, within = _equal_area(shapes), _equal_area(np.array([area], object))[0]
    shapely.prepare(within)
    share = np.zeros(len(shapes))
    touched = shapely.intersects(within, flat)
    share[touched] = shapely.area(shapely.intersection(flat[touched], within)) / shapely.area(flat[touched])
    return np.clip(share, 0.0, 1.0)


def _equal_area(shapes: NDArray[Any]) -> NDArray[Any]:
    """Map degrees to longitude in radians and the sine of latitude, edges in short pieces."""
    pieces = shapely.segmentize(shapes, PIECE_DEG)

    def mapped(places: F64) -> F64:
        return np.column_stack([np.radians(places[:, 0]), np.sin(np.radians(places[:, 1]))])

    return np.asarray(shapely.make_valid(shapely.transform(pieces, mapped)), object)


def planned_pod(path: Path, density: Density) -> F64:
    """Return the probability of detection of each cell (n,) that a plan's own GeoJSON names; 0 where it names none.

    Raises
    ------
    InvalidInput
        It is no such file.
    """
    pod = np.zeros(density.cell.size)
    named = 0
    features = read_json(path, "searched area").get("features")
    for feature in features if isinstance(features, list) else []:
        about = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(about, dict) or about.get("kind") != "swept":
            continue
        value, cell = about.get("pod"), about.get("cell")
        if not is_share(value) or not isinstance(cell, str):
            raise InvalidInput("pod", one_line(repr(value), 40), "a probability from 0 to 1 a cell", path.name)
        number = h3.str_to_int(cell)
        at = int(np.searchsorted(density.cell, number))
        if at < density.cell.size and int(density.cell[at]) == number:
            pod[at] = value
        named += 1
    if not named:
        raise InvalidInput("--pod", "none", "a probability from 0 to 1; only a plan has its own", path.name)
    return pod
