"""Read polygons of GeoJSON (RFC 7946, and the ``crs`` of the 2008 form where it names WGS 84)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from overflight.airspace.sources.crs import require_degrees
from overflight.airspace.sources.polygons import F64
from overflight.airspace.sources.raw import Raw, Table
from overflight.errors import InvalidInput, one_line

_DEEPEST = 16


def read(path: Path, layer: str | None = None) -> Table:
    """Read a FeatureCollection, a Feature, or a bare geometry.

    Raises
    ------
    InvalidInput
        It is no GeoJSON, or its coordinates are no places.
    """
    data = path.read_bytes()
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidInput("geojson", one_line(str(problem), 120), "JSON in UTF-8", path.name) from None
    if not isinstance(document, dict):
        raise InvalidInput("geojson", "no object", "a FeatureCollection, a Feature or a geometry", path.name)
    crs = document.get("crs")
    if isinstance(crs, dict) and isinstance(crs.get("properties"), dict):
        require_degrees(str(crs["properties"].get("name")), path.name)
    return Table([_raw(n, feature, path.name) for n, feature in enumerate(_features(document, path.name), start=1)])


def _features(document: Mapping[str, Any], name: str) -> list[Any]:
    kind = document.get("type")
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise InvalidInput("geojson", "no features", "a list of them", name)
        return features
    if kind == "Feature":
        return [document]
    if kind in ("Polygon", "MultiPolygon", "GeometryCollection"):
        return [{"geometry": document}]
    got = f"type {kind!r}" if isinstance(kind, str) else "no type"
    raise InvalidInput("geojson", one_line(got, 80), "a FeatureCollection, a Feature or a geometry", name)


def _raw(number: int, feature: Any, name: str) -> Raw:
    where = f"{name}: feature {number}"
    if not isinstance(feature, dict):
        raise InvalidInput("geojson", "no object", "a Feature", where)
    properties = feature.get("properties")
    properties = dict(properties) if isinstance(properties, dict) else {}
    if "id" in feature and not any(key.lower() == "id" for key in properties):
        properties["id"] = feature["id"]
    return Raw(number, properties, list(_polygons(feature.get("geometry"), where)))


def _polygons(geometry: Any, where: str, depth: int = 0) -> Iterator[list[F64]]:
    if geometry is None:
        return
    if not isinstance(geometry, dict) or depth > _DEEPEST:
        raise InvalidInput("geometry", "nesting" if depth else "no object", "a geometry", where)
    kind, places = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        for part in _list(geometry.get("geometries"), where):
            yield from _polygons(part, where, depth + 1)
    elif kind in ("Polygon", "MultiPolygon"):
        polygons = [places] if kind == "Polygon" else _list(places, where)
        yield from ([_ring(ring, where) for ring in _list(polygon, where)] for polygon in polygons if polygon != [])
    elif kind not in ("Point", "MultiPoint", "LineString", "MultiLineString"):
        got = f"type {kind!r}" if isinstance(kind, str) else "no type"
        raise InvalidInput("geometry", one_line(got, 80), "a Polygon or MultiPolygon", where)


def _ring(places: Any, where: str) -> F64:
    try:
        ring = np.array([place[:2] for place in _list(places, where)], np.float64)
    except (TypeError, ValueError, OverflowError, KeyError):
        raise InvalidInput("geometry", "coordinates that are no places", "[longitude, latitude]", where) from None
    if ring.size == 0:
        return np.empty((0, 2))
    if ring.ndim != 2 or ring.shape[1] != 2:
        raise InvalidInput("geometry", "coordinates that are no places", "[longitude, latitude]", where)
    return ring


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidInput("geometry", "coordinates that are no list", "rings of places", where)
    return value
