"""Read KML and KMZ: tracks (``gx:Track``) and places with a time.

Rows are counted over all that has a time, in the order of the file. The name of a track is the object; that of a place
is its note, and its extended data may hold any column of a table. An altitude counts where ``altitudeMode`` is
``absolute``: in the other modes it is a height above ground, or to be left out (OGC 07-147r2, 9.20).
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from overflight.errors import InvalidInput
from overflight.geo import times
from overflight.sightings.formats import FORMATS
from overflight.sightings.markup import children, local, root_of, text_in
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.row import named, sighting_of
from overflight.sightings.sighting import Problem, Sighting

_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError,
               KeyError, struct.error)  # fmt: skip


def parse(source: Source) -> Parsed:
    """Read the tracks and timed places of a file.

    Raises
    ------
    InvalidInput
        It is no KML, or no KMZ that holds one.
    """
    data = unzipped(source.data, source.name) if source.data.startswith(b"PK\3\4") else source.data
    root = root_of(data, source.name, "kml")
    rows: list[tuple[int, Sighting]] = []
    problems: list[Problem] = []
    for number, (kind, row) in enumerate(_rows(root, source), start=1):
        try:
            if isinstance(row, InvalidInput):
                raise row
            rows.append((number, sighting_of(row, source, kind)))
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{source.name}:{number}"))
    return Parsed(rows=rows, problems=problems)


def unzipped(packed: bytes, name: str) -> bytes:
    """Return the document in a KMZ: ``doc.kml``, or the first that ends so; ``name`` is for messages.

    Raises
    ------
    InvalidInput
        It is no zip file that is whole, holds no KML, or too much of it.
    """
    most = FORMATS["kml"].most_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            names = [inner for inner in archive.namelist() if inner.lower().endswith(".kml")]
            names.sort(key=lambda inner: inner.lower() != "doc.kml")
            data = b""
            if names:
                with archive.open(names[0]) as stream:
                    data = stream.read(most + 1)
    except _BROKEN_ZIP as problem:
        raise InvalidInput("kmz", f"a zip file that is broken ({problem})", "a KMZ file", name) from None
    if not names:
        raise InvalidInput("kmz", "no KML in it", "doc.kml", name)
    if len(data) > most:
        raise InvalidInput("kmz", f"over {most >> 20} MiB of KML in it", "a smaller file", name)
    return data


Row = Mapping[str, str] | InvalidInput


def _rows(root: Any, source: Source) -> Iterator[tuple[str, Row]]:
    for mark in root.iter("{*}Placemark"):
        tracks = [element for element in mark.iter("{*}Track") if local(element) == "Track"]
        for track in tracks:
            yield from (("kml-track", row) for row in _track(track, _extended(mark), text_in(mark, "name")))
        if not tracks:
            yield "kml", _place(mark, source)


def _track(track: Any, about: Mapping[str, str], name: str) -> Iterator[Row]:
    whens = [element.text or "" for element in children(track, "when")]
    coords = [(element.text or "").split() for element in children(track, "coord")]
    if len(whens) != len(coords):
        got = f"{len(whens)} times and {len(coords)} places"
        yield InvalidInput("track", got, "as many of one as of the other")
        return
    absolute = text_in(track, "altitudeMode") == "absolute"
    for when, coord in zip(whens, coords, strict=True):
        yield {"object": name, **about, "time": when.strip(), **_coordinates(coord, absolute=absolute)}


def _coordinates(parts: list[str], *, absolute: bool) -> dict[str, str]:
    lon, lat, altitude = [*parts, "", "", ""][:3]
    return {"lat": lat, "lon": lon} | ({"altitude_m": altitude} if absolute and altitude else {})


def _place(mark: Any, source: Source) -> Row:
    point = next((element for element in mark.iter("{*}Point") if local(element) == "Point"), None)
    if point is None:
        return InvalidInput("placemark", "neither a point nor a track", "one of them")
    about = _extended(mark)
    absolute = text_in(point, "altitudeMode") == "absolute"
    row = {"note": text_in(mark, "name"), **about}
    row |= _coordinates([part.strip() for part in text_in(point, "coordinates").split(",")], absolute=absolute)
    stamp, span = (next(children(mark, name), None) for name in ("TimeStamp", "TimeSpan"))
    if stamp is not None:
        row["time"] = text_in(stamp, "when")
    elif span is not None:
        try:
            row |= _span(text_in(span, "begin"), text_in(span, "end"), source)
        except InvalidInput as bad:
            return bad
    return row


def _span(begin: str, end: str, source: Source) -> dict[str, str]:
    """Return the middle of a span of time, and half its width as a window."""
    first, last = (_instant(text, field, source) for text, field in ((begin, "begin"), (end, "end")))
    if last < first:
        raise InvalidInput("end", repr(end), f"a time not before {begin}")
    return {
        "time": (first + (last - first) / 2).isoformat(),
        "time_window_min": repr((last - first).total_seconds() / 120.0),
    }


def _instant(text: str, field: str, source: Source) -> datetime:
    return times.parse_utc(text, field=field, naive_is_utc=source.assume_utc)


def _extended(mark: Any) -> dict[str, str]:
    """Return the extended data of a placemark that are columns of a table."""
    found: dict[str, str] = {}
    for data in children(mark, "ExtendedData"):
        for element in data.iter("{*}Data", "{*}SimpleData"):
            value = text_in(element, "value") if local(element) == "Data" else (element.text or "").strip()
            found[element.get("name", "")] = value
    return named(found, without=("time", "lat", "lon"))
