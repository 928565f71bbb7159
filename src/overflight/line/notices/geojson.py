"""GeoJSON (RFC 7946): the course, its circles by time, and who is to be told; SI units, times in UTC."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from overflight.case.export import cut_at_antimeridian
from overflight.geo.times import iso
from overflight.line.notices.circles import rings
from overflight.line.notices.course import Fix
from overflight.line.notices.notice import Notice


def write_geojson(notice: Notice) -> str:
    """Return the notice as a FeatureCollection; the member ``notice`` holds the whole record."""
    record = notice.to_json()
    features = [_course(notice), *(_circle(fix) for fix in notice.course.positions)]
    features += [_feature(None, {"what": "to be told", **one}) for one in record["recipients"]["told"]]
    collection = {"type": "FeatureCollection", "features": features, "notice": record}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False)


def _feature(geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _course(notice: Notice) -> dict[str, Any]:
    fixes = notice.course.fixes
    points = np.array([[fix.spot.lon, fix.spot.lat, fix.level.pressure_altitude_m] for fix in fixes])
    lines = [line for line in cut_at_antimeridian(points) if len(line) > 1]
    geometry: dict[str, Any] = {"type": "MultiLineString", "coordinates": lines}
    if not lines:
        geometry = {"type": "Point", "coordinates": points[0].tolist()}
    return _feature(geometry, {"what": "course", "kind": notice.kind, "identification": notice.name,
                               "from": iso(fixes[0].time), "to": iso(fixes[-1].time)})  # fmt: skip


def _circle(fix: Fix) -> dict[str, Any]:
    polygons = [[ring] for ring in rings(fix.spot)]
    return _feature({"type": "MultiPolygon", "coordinates": polygons}, {
        "what": "where 90 % of the members are", "time": iso(fix.time), "lat": fix.spot.lat, "lon": fix.spot.lon,
        "radius_m": fix.spot.radius_m, "pressure_altitude_m": fix.level.pressure_altitude_m,
        "lowest_m": fix.lowest.pressure_altitude_m, "highest_m": fix.highest.pressure_altitude_m,
        "members_flying": fix.flying,
    })  # fmt: skip
