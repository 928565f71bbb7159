"""What every reader of a format gives back: attributes, and rings as they stand in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from overflight.airspace.sources.polygons import Rings
from overflight.errors import InvalidInput, one_line


@dataclass(frozen=True, slots=True)
class Raw:
    """One feature; ``polygons`` is empty where it is no area."""

    number: int
    properties: Mapping[str, Any]
    polygons: Rings


@dataclass(frozen=True, slots=True)
class Table:
    """The features of a file or layer, and its version where one is stated."""

    rows: list[Raw]
    version: str = ""


def rings_of(wkb: bytes | None, where: str) -> Rings:
    """Return the rings of the polygons in well-known binary; none where it holds none.

    Raises
    ------
    InvalidInput
        It is no well-known binary, or a ring in it is not closed.
    """
    if wkb is None:
        return []
    try:
        geometry = shapely.force_2d(shapely.from_wkb(wkb))
    except (shapely.errors.GEOSException, TypeError, ValueError) as problem:
        raise InvalidInput("geometry", one_line(str(problem), 120), "well-known binary", where) from None
    return polygons_in(geometry)


def polygons_in(geometry: shapely.Geometry | None) -> Rings:
    """Return the rings of every polygon in a geometry, whatever it is nested in."""
    parts: list[Any] = [geometry]
    found: Rings = []
    while parts:
        part = parts.pop()
        if part is None or part.is_empty:
            continue
        if part.geom_type == "Polygon":
            found.append([np.array(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)])
        elif hasattr(part, "geoms"):
            parts.extend(reversed(part.geoms))
    return found
