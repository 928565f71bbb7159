"""A plan as GPX, KML and GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import h3
import numpy as np
from lxml import etree

from overflight.geo.density import cell_rings
from overflight.recover.search.plan import Plan
from overflight.recover.search.plane import cut_at_antimeridian
from overflight.recover.search.sorties import Sortie

GPX = "http://www.topografix.com/GPX/1/1"
KML = "http://www.opengis.net/kml/2.2"
COLOURS = ("d55e00", "0072b2", "009e73", "cc79a7", "e69f00", "56b4e9")
"""Of sorties in turn: hues of Okabe and Ito (2008)."""


def gpx(plan: Plan) -> bytes:
    """Return a route a sortie, its turning points named S1-01 and so on, with the base as a waypoint (GPX 1.1)."""
    root = etree.Element(f"{{{GPX}}}gpx", {"version": "1.1", "creator": "overflight"}, nsmap={None: GPX})
    _place(etree.SubElement(root, f"{{{GPX}}}wpt"), plan.effort.base, "base")
    for number, sortie in enumerate(plan.sorties, start=1):
        route = etree.SubElement(root, f"{{{GPX}}}rte")
        etree.SubElement(route, f"{{{GPX}}}name").text = _name(number, sortie)
        etree.SubElement(route, f"{{{GPX}}}desc").text = _about(sortie)
        places = sortie.places()
        for i, place in enumerate(places):
            is_base = i in (0, len(places) - 1)
            _place(etree.SubElement(route, f"{{{GPX}}}rtept"), place, "base" if is_base else f"S{number}-{i:02d}")
    return _xml(root)


def _place(element: Any, place: tuple[float, float], name: str) -> None:
    lat, lon = place
    element.set("lat", f"{lat:.6f}")
    element.set("lon", f"{_below_180(lon):.6f}")
    etree.SubElement(element, f"{{{GPX}}}name").text = name


def _below_180(lon: float) -> float:
    """GPX takes longitudes from -180 to below 180, in the digits that are written."""
    return (round(lon, 6) + 180.0) % 360.0 - 180.0


def kml(plan: Plan) -> bytes:
    """Return a folder of sorties as lines on the ground, and the base (KML 2.2)."""
    root = etree.Element(f"{{{KML}}}kml", nsmap={None: KML})
    document = etree.SubElement(root, f"{{{KML}}}Document")
    _text(document, "name", "search plan")
    _text(document, "description", str(plan))
    for number, colour in enumerate(COLOURS):
        style = etree.SubElement(document, f"{{{KML}}}Style", id=f"sortie{number}")
        line = etree.SubElement(style, f"{{{KML}}}LineStyle")
        _text(line, "color", f"ff{colour[4:]}{colour[2:4]}{colour[:2]}")
        _text(line, "width", "2")
    mark = etree.SubElement(document, f"{{{KML}}}Placemark")
    _text(mark, "name", "base")
    point = etree.SubElement(mark, f"{{{KML}}}Point")
    _text(point, "coordinates", _coordinates([[plan.effort.base[1], plan.effort.base[0]]]))
    for number, sortie in enumerate(plan.sorties, start=1):
        mark = etree.SubElement(document, f"{{{KML}}}Placemark")
        _text(mark, "name", _name(number, sortie))
        _text(mark, "description", _about(sortie))
        _text(mark, "styleUrl", f"#sortie{(number - 1) % len(COLOURS)}")
        many = etree.SubElement(mark, f"{{{KML}}}MultiGeometry")
        for line_places in cut_at_antimeridian(sortie.places()):
            line = etree.SubElement(many, f"{{{KML}}}LineString")
            _text(line, "tessellate", "1")
            _text(line, "coordinates", _coordinates(line_places))
    return _xml(root)


def _text(parent: Any, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{KML}}}{name}").text = text


def _coordinates(places: list[list[float]]) -> str:
    return " ".join(f"{lon:.6f},{lat:.6f}" for lon, lat in places)


def _xml(root: Any) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _name(number: int, sortie: Sortie) -> str:
    return f"sortie {number}, searcher {sortie.searcher}"


def _about(sortie: Sortie) -> str:
    return (
        f"{sortie.hours:.2f} h: {len(sortie.legs)} legs of {sortie.search_m / 1000:.1f} km, "
        f"{sortie.turning_m / 1000:.1f} km between them, {sortie.transit_m / 1000:.1f} km out and back"
    )


def as_geojson(plan: Plan) -> dict[str, Any]:
    """Return base, sorties and the cells that are searched as a FeatureCollection, cut at the antimeridian."""
    lat, lon = plan.effort.base
    features = [_feature({"type": "Point", "coordinates": [lon, lat]}, {"kind": "base"})]
    for number, sortie in enumerate(plan.sorties, start=1):
        lines = [[[round(v, 6) for v in place] for place in line] for line in cut_at_antimeridian(sortie.places())]
        one = len(lines) == 1
        shape = {"type": "LineString" if one else "MultiLineString", "coordinates": lines[0] if one else lines}
        about = {"kind": "sortie", "sortie": number, "searcher": sortie.searcher, "legs": len(sortie.legs)}
        lengths = {"hours": sortie.hours, "legs_km": sortie.search_m / 1000.0, "transit_km": sortie.transit_m / 1000.0}
        features.append(_feature(shape, about | lengths))
    features += [_cell(plan, int(i)) for i in np.flatnonzero(plan.swept)]
    return {"type": "FeatureCollection", "features": features, "plan": str(plan)}


def _cell(plan: Plan, i: int) -> dict[str, Any]:
    cell = int(plan.density.cell[i])
    about = {
        "kind": "swept",
        "cell": h3.int_to_str(cell),
        "probability": float(plan.density.probability[i]),
        "terrain": str(plan.terrain[i]),
        "sweep_width_m": float(plan.sweep_width_m[i]),
        "coverage": float(plan.coverage[i]),
        "pod": float(plan.pod[i]),
        "success": float(plan.density.probability[i] * plan.pod[i]),
    }
    return _feature({"type": "MultiPolygon", "coordinates": [[ring] for ring in cell_rings(cell)]}, about)


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def geojson(plan: Plan) -> bytes:
    """Return ``as_geojson`` as text in UTF-8."""
    return json.dumps(as_geojson(plan), allow_nan=False).encode()


WRITERS: dict[str, Callable[[Plan], bytes]] = {".gpx": gpx, ".kml": kml, ".geojson": geojson}
"""What writes a plan, by suffix."""
