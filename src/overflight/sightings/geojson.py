"""Read GeoJSON (RFC 7946): points whose properties are the columns of a table, and lines with a time for each place.

The times of a line stand in its property ``coordTimes``, or in ``times`` of ``coordinateProperties``. Rows are counted
over all points and places in the order of the file. A third coordinate is the altitude in metres.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from overflight.errors import InvalidInput
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.row import named, sighting_of
from overflight.sightings.sighting import Problem, Sighting

Row = Mapping[str, str] | InvalidInput


def parse(source: Source) -> Parsed:
    """Read the points and timed lines of a file.

    Raises
    ------
    InvalidInput
        It is no GeoJSON.
    """
    try:
        document = msgspec.json.decode(source.data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidInput("geojson", str(problem), "JSON", source.name) from None
    rows: list[tuple[int, Sighting]] = []
    problems: list[Problem] = []
    for number, row in enumerate(_rows(document, source.name), start=1):
        try:
            if isinstance(row, InvalidInput):
                raise row
            rows.append((number, sighting_of(row, source, "geojson")))
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{source.name}:{number}"))
    return Parsed(rows=rows, problems=problems)


def _rows(document: Any, name: str) -> Iterator[Row]:
    kind = document.get("type") if isinstance(document, dict) else None
    features = document.get("features") if kind == "FeatureCollection" else [document] if kind == "Feature" else None
    if not isinstance(features, list):
        raise InvalidInput("geojson", _type_of(document), "a FeatureCollection or a Feature", name)
    for feature in features:
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if isinstance(geometry, dict):
            yield from _feature(geometry, properties if isinstance(properties, dict) else {})
        else:
            yield InvalidInput("geometry", "nothing", "a Point, or a LineString with coordTimes")


def _type_of(document: Any) -> str:
    kind = document.get("type") if isinstance(document, dict) else None
    return f"type {kind!r}" if isinstance(kind, str) else "no type"


def _feature(geometry: Mapping[str, Any], properties: Mapping[str, Any]) -> Iterator[Row]:
    kind, places = geometry.get("type"), geometry.get("coordinates")
    about = named({key: _text(value) for key, value in properties.items()}, without=("lat", "lon"))
    if kind in ("Point", "MultiPoint"):
        for place in [places] if kind == "Point" else _list(places):
            yield _row(place, about)
        return
    if kind not in ("LineString", "MultiLineString"):
        yield InvalidInput("geometry", f"type {kind!r}", "a Point, or a LineString with coordTimes")
        return
    stamps = _times(properties)
    lines, times = (_list(places), _list(stamps)) if kind == "MultiLineString" else ([places], [stamps])
    if len(lines) != len(times):
        yield InvalidInput("coordTimes", f"{len(times)} lists for {len(lines)} lines", "one for each line")
        return
    for line, stamped in zip(lines, times, strict=True):
        yield from _line(_list(line), _list(stamped), about)


def _line(places: list[Any], stamps: list[Any], about: Mapping[str, str]) -> Iterator[Row]:
    if len(places) != len(stamps):
        yield InvalidInput("coordTimes", f"{len(stamps)} times for {len(places)} places", "one for each place")
        return
    for place, stamp in zip(places, stamps, strict=True):
        yield _row(place, {**about, "time": _text(stamp)})


def _times(properties: Mapping[str, Any]) -> Any:
    others = properties.get("coordinateProperties")
    nested = others.get("times") if isinstance(others, dict) else None
    return properties.get("coordTimes", nested)


def _row(place: Any, about: Mapping[str, str]) -> Row:
    numbers = [_text(value) for value in _list(place)]
    if len(numbers) < 2:
        return InvalidInput("coordinates", f"{len(numbers)} numbers", "longitude, latitude and maybe altitude")
    row = {**about, "lon": numbers[0], "lat": numbers[1]}
    if len(numbers) > 2 and not (row.get("altitude_m") or row.get("altitude_ft")):
        row["altitude_m"] = numbers[2]
    return row


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Return a number or a text as a cell of a table would hold it; what else there is is no cell."""
    if isinstance(value, str):
        return value.strip()
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
