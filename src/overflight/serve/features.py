"""OGC API - Features, Part 1 (OGC 17-069r4): collections, queries by box and time, pages that link to each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from overflight.errors import InvalidInput
from overflight.geo.times import parse_utc

CONFORMS = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "oas30", "geojson")
)
GEOJSON, JSON = "application/geo+json", "application/json"
MOST_ITEMS, USUAL_ITEMS = 1000, 100
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
Feature = dict[str, Any]
Box = tuple[float, float, float, float]
Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collection.

    Attributes
    ----------
    id, title, description : str
    items : gives the features now.
    one : gives a feature by its id, or None; where that is cheaper than to look through all.
    """

    id: str
    title: str
    description: str
    items: Callable[[], list[Feature]]
    one: Callable[[str], Feature | None] | None = None

    def find(self, feature: str) -> Feature | None:
        """Return a feature by its id."""
        if self.one is not None:
            return self.one(feature)
        return next((one for one in self.items() if str(one.get("id")) == feature), None)

    def describe(self, base: str) -> dict[str, Any]:
        """Return what a client reads of it."""
        here = f"{base}/collections/{self.id}"
        return {
            "id": self.id, "title": self.title, "description": self.description, "itemType": "feature", "crs": [CRS84],
            "extent": {"spatial": {"bbox": [[-180.0, -90.0, 180.0, 90.0]], "crs": CRS84}},
            "links": [link(here, "self", JSON, "This collection"), link(f"{here}/items", "items", GEOJSON, self.title)],
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of a collection.

    Attributes
    ----------
    box : west, south, east, north [degrees]; west above east goes over the antimeridian.
    span : first and last time, None where open.
    limit, offset : which of what is found.
    """

    box: Box | None = None
    span: Span | None = None
    limit: int = USUAL_ITEMS
    offset: int = 0
    given: Mapping[str, str]


def link(href: str, rel: str, kind: str, title: str) -> dict[str, str]:
    """Return a link."""
    return {"href": href, "rel": rel, "type": kind, "title": title}


def read_query(given: Mapping[str, str]) -> Query:
    """Read the parameters of a query.

    Raises
    ------
    InvalidInput
        One is unknown or out of range.
    """
    unknown = set(given) - {"bbox", "bbox-crs", "datetime", "limit", "offset", "f"}
    if unknown:
        raise InvalidInput(min(unknown), "an unknown parameter", "bbox, datetime, limit or offset")
    if given.get("bbox-crs", CRS84) != CRS84:
        raise InvalidInput("bbox-crs", repr(given["bbox-crs"]), CRS84)
    limit = _whole(given.get("limit", str(USUAL_ITEMS)), "limit", 1, 10_000)
    return Query(
        box=_box(given["bbox"]) if "bbox" in given else None,
        span=_span(given["datetime"]) if "datetime" in given else None,
        limit=min(limit, MOST_ITEMS),
        offset=_whole(given.get("offset", "0"), "offset", 0, 1_000_000_000),
        given={name: text for name, text in given.items() if name not in ("limit", "offset")},
    )


def _whole(text: str, name: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise InvalidInput(name, repr(text), f"a whole number from {low:,} to {high:,}")
    return int(text)


def _box(text: str) -> Box:
    expected = "west,south,east,north in degrees"
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise InvalidInput("bbox", repr(text), expected) from None
    if len(values) == 6:  # with heights, which regions and tracks are not asked for
        values = [*values[:2], *values[3:5]]
    if len(values) != 4 or not all(-540.0 <= v <= 540.0 for v in values) or not -90.0 <= values[1] <= values[3] <= 90.0:
        raise InvalidInput("bbox", repr(text), expected)
    west, south, east, north = values
    if east - west >= 360.0:
        return -180.0, south, 180.0, north
    return _wrapped(west), south, _wrapped(east) if east != 180.0 else 180.0, north


def _wrapped(lon: float) -> float:
    return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0


def _span(text: str) -> Span:
    first, sign, last = text.partition("/")
    found = [
        None if part in ("", "..") else parse_utc(part, field="datetime") for part in (first, last if sign else first)
    ]
    low, high = found
    if (low is None and high is None) or (low and high and low > high):
        raise InvalidInput("datetime", repr(text), "a time or FIRST/LAST, .. for an open end")
    return low, high


def page(collection: Collection, query: Query, base: str, now: str) -> dict[str, Any]:
    """Return a page of features, with links to the next and the one before."""
    found = [one for one in collection.items() if fits(one, query)]
    shown = found[query.offset : query.offset + query.limit]
    here = f"{base}/collections/{collection.id}/items"

    def at(offset: int) -> str:
        return f"{here}?{urlencode({**query.given, 'limit': query.limit, 'offset': offset})}"

    links = [link(at(query.offset), "self", GEOJSON, "This page"),
             link(f"{base}/collections/{collection.id}", "collection", JSON, collection.title)]  # fmt: skip
    if query.offset + query.limit < len(found):
        links.append(link(at(query.offset + query.limit), "next", GEOJSON, "The next page"))
    if query.offset:
        links.append(link(at(max(0, query.offset - query.limit)), "prev", GEOJSON, "The page before"))
    return {"type": "FeatureCollection", "features": shown, "links": links, "timeStamp": now,
            "numberMatched": len(found), "numberReturned": len(shown)}  # fmt: skip


def fits(feature: Feature, query: Query) -> bool:
    """Say whether a feature touches the box and the time of a query, as far as it has a place or a time."""
    return _in_box(feature, query.box) and _in_span(feature, query.span)


def _in_box(feature: Feature, box: Box | None) -> bool:
    if box is None:
        return True
    own = feature.get("bbox") or bounds(feature.get("geometry"))
    if own is None:
        return False
    west, south, east, north = own[0], own[1], own[len(own) // 2], own[len(own) // 2 + 1]
    if south > box[3] or north < box[1]:
        return False
    spans = [(box[0], box[2])] if box[0] <= box[2] else [(box[0], 180.0), (-180.0, box[2])]
    if not any(west <= high and east >= low for low, high in spans):
        return False
    return _touches(feature.get("geometry"), spans, box)


def _touches(geometry: Any, spans: list[tuple[float, float]], box: Box) -> bool:
    """Say whether the geometry itself meets the box: its bounds alone may, where a country lies on both sides."""
    import shapely  # noqa: PLC0415 - slow to import
    from shapely.geometry import shape  # noqa: PLC0415

    drawn = shape(geometry)
    return any(shapely.intersects(drawn, shapely.box(low, box[1], high, box[3])) for low, high in spans)


def bounds(geometry: Any) -> Box | None:
    """Return west, south, east, north of a geometry, None where it has no place. [degrees]"""
    points = list(_points((geometry or {}).get("coordinates", [])))
    if not points:
        return None
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return min(lons), min(lats), max(lons), max(lats)


def _points(nested: Any) -> Any:
    if nested and isinstance(nested[0], int | float):
        yield nested
        return
    for one in nested:
        yield from _points(one)


def _in_span(feature: Feature, span: Span | None) -> bool:
    about = feature.get("properties") or {}
    first, last = (about.get(name) or about.get("seen_at") or about.get("time") for name in ("start", "end"))
    if span is None or first is None:
        return True
    low, high = span
    try:
        begins, ends = parse_utc(str(first)), parse_utc(str(last or first))
    except InvalidInput:
        return True
    return (low is None or ends >= low) and (high is None or begins <= high)
