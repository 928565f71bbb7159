"""Read GPX 1.0 and 1.1: points of tracks, routes and waypoints that have a time. Times are UTC by the format's rule.

Rows are counted over all points in the order of the file. The name of a track or route is the object; of a waypoint
it is the note.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

import gpxpy
from gpxpy.gpx import GPXException
from lxml import etree

from overflight.errors import InvalidInput
from overflight.sightings.markup import children, local, root_of
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.row import parsed_rows
from overflight.sightings.sighting import Problem

POINTS = ("wpt", "rtept", "trkpt")
KEPT = ("ele", "time", "name", "cmt", "desc")
"""Of a point; the rest is nothing that a sighting holds, and may be what the library cannot take."""
PARTS = {"gpx": ("wpt", "rte", "trk"), "rte": ("name", "rtept"), "trk": ("name", "trkseg"), "trkseg": ("trkpt",)}


def parse(source: Source) -> Parsed:
    """Read the points of a file.

    Raises
    ------
    InvalidInput
        It is no GPX.
    """
    root = root_of(source.data, source.name, "gpx")
    problems = _cleaned(root, source.name)
    try:
        document = gpxpy.parse(etree.tostring(root, encoding="unicode"))
    except (GPXException, ValueError, TypeError, AttributeError, KeyError, RecursionError) as problem:
        raise InvalidInput("gpx", str(problem), "GPX 1.0 or 1.1", source.name) from None
    parsed = parsed_rows(sorted(_rows(document), key=lambda row: row[0]), source, "gpx")
    listed = sorted([*problems, *parsed.problems], key=lambda found: int(found.where.rpartition(":")[2]))
    return Parsed(rows=parsed.rows, problems=listed)


def _cleaned(root: Any, name: str) -> list[Problem]:
    """Leave in place what is read, number the points, and take out those that the library cannot take."""
    problems = []
    for element in list(root.iter(etree.Element)):
        if local(element) in POINTS:
            kept: tuple[str, ...] = KEPT
        else:
            kept = PARTS.get(local(element), ())
        for child in list(element):
            if local(child) not in kept:
                element.remove(child)
    points = [element for element in root.iter(etree.Element) if local(element) in POINTS]
    for number, point in enumerate(points, start=1):
        try:
            _require_numbers(point)
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{name}:{number}"))
            point.getparent().remove(point)
            continue
        namespace = point.tag[: -len(local(point))]
        etree.SubElement(point, f"{namespace}src").text = str(number)
    return problems


def _require_numbers(point: Any) -> None:
    texts = [("lat", point.get("lat", "")), ("lon", point.get("lon", ""))]
    texts += [("ele", child.text or "") for child in children(point, "ele")]
    for field, text in texts:
        try:
            fine = "_" not in text and math.isfinite(float(text))
        except ValueError:
            fine = False
        if not fine:
            raise InvalidInput(field, repr(text) if text else "nothing", "a number")


def _rows(document: Any) -> Iterator[tuple[int, Mapping[str, str]]]:
    for point in document.waypoints:
        yield _row(point, "", point.name or "")
    for route in document.routes:
        for point in route.points:
            yield _row(point, route.name or "", "")
    for track in document.tracks:
        for segment in track.segments:
            for point in segment.points:
                yield _row(point, track.name or "", "")


def _row(point: Any, label: str, name: str) -> tuple[int, Mapping[str, str]]:
    notes = (name, point.comment or "", point.description or "")
    row = {"lat": repr(point.latitude), "lon": repr(point.longitude), "object": label.strip()}
    row["note"] = " · ".join(text.strip() for text in notes if text.strip())
    if point.elevation is not None:
        row["altitude_m"] = repr(point.elevation)
    if point.time is not None:
        instant = point.time.replace(tzinfo=UTC) if point.time.tzinfo is None else point.time
        row["time"] = instant.isoformat()
    return int(point.source), row
