"""Read polygons of KML and KMZ (OGC 07-147r2): always degrees on WGS 84. Heights are passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from overflight.airspace.sources.polygons import F64
from overflight.airspace.sources.raw import Raw, Table
from overflight.errors import InvalidInput, one_line
from overflight.sightings.kml import unzipped
from overflight.sightings.markup import children, local, root_of, text_in


def read(path: Path, layer: str | None = None) -> Table:
    """Read the placemarks; name and extended data are the attributes.

    Raises
    ------
    InvalidInput
        It is no KML, or no KMZ that holds one.
    """
    data = path.read_bytes()
    if data.startswith(b"PK\3\4"):
        data = unzipped(data, path.name)
    root = root_of(data, path.name, "kml")
    return Table([_raw(n, mark, path.name) for n, mark in enumerate(root.iter("{*}Placemark"), start=1)])


def _raw(number: int, mark: Any, name: str) -> Raw:
    where = f"{name}: feature {number}"
    polygons = [element for element in mark.iter("{*}Polygon") if local(element) == "Polygon"]
    return Raw(number, _attributes(mark), [_rings(polygon, where) for polygon in polygons])


def _attributes(mark: Any) -> dict[str, str]:
    found = {"name": text_in(mark, "name")}
    if mark.get("id"):
        found["id"] = mark.get("id")
    for data in children(mark, "ExtendedData"):
        for element in data.iter("{*}Data", "{*}SimpleData"):
            value = text_in(element, "value") if local(element) == "Data" else (element.text or "").strip()
            found[element.get("name", "")] = value
    return found


def _rings(polygon: Any, where: str) -> list[F64]:
    rings = {"outerBoundaryIs": [], "innerBoundaryIs": []}  # type: dict[str, list[F64]]
    for boundary in children(polygon, *rings):
        for ring in children(boundary, "LinearRing"):
            rings[local(boundary)].append(_places(text_in(ring, "coordinates"), where))
    if len(rings["outerBoundaryIs"]) != 1:
        raise InvalidInput("geometry", f"{len(rings['outerBoundaryIs'])} outer rings", "one a Polygon", where)
    return rings["outerBoundaryIs"] + rings["innerBoundaryIs"]


def _places(text: str, where: str) -> F64:
    try:
        places = [[float(number) for number in place.split(",")[:2]] for place in text.split()]
        return np.array(places, np.float64).reshape(len(places), 2)
    except ValueError:
        got = one_line(text, 40) or "nothing"
        raise InvalidInput("coordinates", repr(got), "longitude,latitude pairs", where) from None
