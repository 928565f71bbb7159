"""From rings in degrees to an area: unrolled and cut at the antimeridian, closed through a pole, and valid.

A ring is a polygon of straight lines in longitude and latitude (RFC 7946, 3.1.1). One whose longitudes jump from near
180 to near -180 is meant to go on over the antimeridian, though the RFC wants it cut: it is unrolled, and cut here.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity

from overflight.errors import InvalidInput

F64 = NDArray[np.float64]
Rings = list[list[F64]]
"""Polygons, each an outer ring and its holes; a ring is (n, 2), longitude and latitude."""

_JUMP_DEG, _SURE_JUMP_DEG = 180.0, 270.0
_MOST_LON = 360.0
_POLE_DEG = 1e-6
_SLACK_DEG = 1e-9
_PLACE = re.compile(r"\[([-\d.e+]+) ([-\d.e+]+)\]")
_CUT = "cut it at the antimeridian (RFC 7946, 3.1.9)"


def area_of(polygons: Rings, where: str, *, repair: bool = False) -> tuple[shapely.MultiPolygon, str]:
    """Return the area of some polygons, and what was wrong with it where it was repaired.

    Parameters
    ----------
    polygons : rings in degrees. Longitudes may go on to 360 either way.
    where : for messages.
    repair : bool. Whether what is not valid is made so rather than refused.

    Returns
    -------
    tuple of MultiPolygon and str
        The area in [-180, 180] x [-90, 90]; the second is "" where it was sound.

    Raises
    ------
    InvalidInput
        A ring is not closed, leaves the globe, crosses itself, or cannot be unrolled in one way.
    """
    reasons: list[str] = []
    pieces = []
    for rings in polygons:
        whole_rings = [_closed(ring, reasons) if repair else ring for ring in rings]
        flat = _polygon([_unrolled(_checked(ring, where), where) for ring in whole_rings], where)
        pieces.append(_cut(_valid(flat, where, reasons, repair=repair)))
    whole = pieces[0] if len(pieces) == 1 else _joined(pieces, where, reasons, repair=repair)
    area = shapely.multipolygons([part for part in shapely.get_parts(whole) if part.area > 0.0])
    if area.is_empty:
        raise InvalidInput("geometry", "no area", "a polygon with an inside", where)
    return area, "; ".join(dict.fromkeys(reasons))


def _closed(ring: F64, reasons: list[str]) -> F64:
    if len(ring) < 3 or np.array_equal(ring[0], ring[-1]):
        return ring
    reasons.append(f"a ring left open at {_named(ring[-1])}")
    return np.vstack([ring, ring[:1]])


def _checked(ring: F64, where: str) -> F64:
    if not np.isfinite(ring).all():
        raise InvalidInput("geometry", "a place that is no number", "longitude and latitude", where)
    if len(ring) < 4:
        raise InvalidInput("geometry", f"a ring of {len(ring)} places", "at least four, the last as the first", where)
    if not np.array_equal(ring[0], ring[-1]):
        got = f"a ring from {_named(ring[0])} that ends at {_named(ring[-1])}"
        raise InvalidInput("geometry", got, "rings that end where they begin", where)
    far = np.abs(ring) > np.array([_MOST_LON, 90.0]) + _SLACK_DEG
    if far.any():
        worst = ring[np.flatnonzero(far.any(axis=1))[0]]
        swapped = (np.abs(ring) <= [90.0, _MOST_LON]).all()
        hint = "are lat and lon swapped?" if swapped else "is it in metres? reproject it to EPSG:4326"
        raise InvalidInput("geometry", f"the place {_named(worst)}", "longitude and latitude in degrees", where, hint)
    return np.clip(ring, (-_MOST_LON, -90.0), (_MOST_LON, 90.0))


def _unrolled(ring: F64, where: str) -> F64:
    """Make longitudes continuous; close a ring around a pole through it."""
    steps = np.diff(ring[:, 0])
    at_pole = (np.abs(ring[1:, 1]) > 90.0 - _POLE_DEG) & (np.abs(ring[:-1, 1]) > 90.0 - _POLE_DEG)
    jumps = (np.abs(steps) > _JUMP_DEG) & ~at_pole
    if not jumps.any():
        return ring
    short = jumps & (np.abs(steps) < _SURE_JUMP_DEG)
    if short.any():
        k = int(np.flatnonzero(short)[0])
        got = f"an edge from {_named(ring[k])} to {_named(ring[k + 1])}, that may go either way round"
        raise InvalidInput("geometry", got, "edges of less than 180 degrees", where, "put places between, or " + _CUT)
    turned = np.where(jumps, steps - 360.0 * np.sign(steps), steps)
    lon = np.concatenate([ring[:1, 0], ring[0, 0] + np.cumsum(turned)])
    points = np.column_stack([lon, ring[:, 1]])
    if abs(lon[-1] - lon[0]) > _JUMP_DEG:
        points = _through_pole(points, where)
    elif np.ptp(lon) == 0.0:  # a band around the globe, drawn as four corners
        return ring
    return points


def _through_pole(points: F64, where: str) -> F64:
    lat = points[:, 1]
    if lat.min() < 0.0 < lat.max():
        got = f"a ring around the globe, between {lat.min():g} and {lat.max():g} degrees north"
        raise InvalidInput("geometry", got, "one that says which pole is inside", where,
                           "cut it at the antimeridian and close it along the pole")  # fmt: skip
    pole = 90.0 if lat.max() > 0.0 else -90.0
    return np.vstack([points, [points[-1, 0], pole], [points[0, 0], pole], points[:1]])


def _polygon(rings: list[F64], where: str) -> shapely.Polygon:
    """Return a polygon, its holes turned to where the outer ring was unrolled to."""
    outer, *holes = rings
    west, east = outer[:, 0].min(), outer[:, 0].max()
    placed = []
    for hole in holes:
        turns = [hole + np.array([turn, 0.0]) for turn in (0.0, 360.0, -360.0)]
        inside = [h for h in turns if west - _SLACK_DEG <= h[:, 0].min() and h[:, 0].max() <= east + _SLACK_DEG]
        if not inside:
            got = f"a hole at {_named(hole[0])} outside its polygon"
            raise InvalidInput("geometry", got, "holes inside", where)
        placed.append(inside[0])
    return shapely.Polygon(outer, placed)


def _valid(area: Any, where: str, reasons: list[str], *, repair: bool, got: str = "") -> Any:
    if shapely.is_valid(area):
        return area
    reason = shapely.is_valid_reason(area)
    mended = shapely.make_valid(area)
    if reason.startswith("Ring Self-intersection") and abs(mended.area - area.area) < _SLACK_DEG:
        return mended  # a ring that only touches itself has one inside
    match = _PLACE.search(reason)
    place = f" at {_named([float(match[1]), float(match[2])])}" if match else ""
    said = got or _in_words(reason)
    if not repair:
        hint = "mend it in the program that drew it, or let it be repaired with repair=True"
        raise InvalidInput("geometry", said + place, "rings that do not cross", where, hint)
    reasons.append(said + place)
    return mended


def _in_words(reason: str) -> str:
    kind = reason.split("[", maxsplit=1)[0].strip().lower()
    return "a ring that crosses itself" if "self-intersection" in kind else kind


def _joined(pieces: list[Any], where: str, reasons: list[str], *, repair: bool) -> Any:
    """Return polygons as one; parts that overlap are no sound area."""
    parts = [part for piece in pieces for part in shapely.get_parts(piece) if part.geom_type == "Polygon"]
    whole = shapely.multipolygons(parts)
    if shapely.is_valid(whole):
        return whole
    united = shapely.union_all(parts)
    if sum(part.area for part in parts) - united.area > _SLACK_DEG:
        _valid(whole, where, reasons, repair=repair, got="parts that overlap")
    return united  # parts that were cut, or that share an edge


def _cut(area: Any) -> Any:
    """Bring polygons with continuous longitudes into [-180, 180]."""
    area = shapely.multipolygons([p for p in _polygons(area) if p.area > 0.0])
    if area.is_empty:
        return area
    west, _, east, _ = area.bounds
    if west >= -180.0 and east <= 180.0:
        return area
    pieces = []
    for turn in range(int(np.floor((west + 180.0) / 360.0)), int(np.ceil((east + 180.0) / 360.0))):
        window = shapely.box(-180.0 + 360.0 * turn, -90.0, 180.0 + 360.0 * turn, 90.0)
        moved = affinity.translate(shapely.intersection(area, window), -360.0 * turn)
        pieces += [p for p in _polygons(moved) if p.area > 0.0]
    return shapely.union_all(pieces)


def _polygons(area: Any) -> list[Any]:
    parts = list(shapely.get_parts(area))
    return [p for part in parts for p in shapely.get_parts(part) if p.geom_type == "Polygon"]


def _named(place: Any) -> str:
    lon, lat = (round(float(x), 5) for x in place)
    return f"{lon:g} {lat:g}"
