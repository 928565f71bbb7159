"""Read sightings from CSV.

Header: ``time`` (ISO 8601 with offset), ``lat``, ``lon`` in degrees; optional ``altitude_m`` or ``altitude_ft``,
``altitude_sd_m``, ``altitude_reference`` (geometric or pressure), ``position_sd_km``, ``time_sd_min``, ``object``,
``source``, ``note``. See ``docs/howto/sightings.md`` for aliases and defaults.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from overflight.errors import InvalidInput, one_line
from overflight.geo import sphere, times
from overflight.sightings.sighting import Altitude, Problem, Reading, Reference, Sighting

ALIASES = {
    "time": ("time", "time_utc", "datetime", "timestamp"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "long", "longitude"),
    "altitude_m": ("altitude_m", "alt_m", "altitude", "alt"),
    "altitude_ft": ("altitude_ft", "alt_ft"),
    "altitude_sd_m": ("altitude_sd_m",),
    "altitude_reference": ("altitude_reference",),
    "position_sd_km": ("position_sd_km", "uncertainty_km"),
    "time_sd_min": ("time_sd_min",),
    "time_sd_h": ("time_uncertainty_h",),
    "object": ("object", "object_label"),
    "source": ("source",),
    "note": ("note", "comment"),
    "what": ("what",),
    "place": ("place",),
}
REQUIRED = ("time", "lat", "lon")
SINGLE = (*REQUIRED, "altitude_m", "altitude_ft")
"""Columns of which two names at once would contradict each other."""
TOO_MANY = "too many cells"
POSITION_SD_KM, TIME_SD_MIN, ALTITUDE_SD_M = 1.0, 1.0, 300.0
"""Errors that are taken where a row states none."""
METRES_PER_FOOT = 0.3048
LOWEST_M, HIGHEST_M = -430.0, 60_000.0
FASTEST_MS = 150.0
"""Faster than any wind: two sightings that ask for more contradict each other."""
MOST_BYTES = 256 * 2**20
"""Largest file that is read. [bytes]"""
_DELIMITERS = ",;\t|"
_QUOTES = {
    "unexpected end of data": "a quote that is never closed",
    "expected after '\"'": "a quote inside a quoted cell",
}


def read(path: str | Path, *, assume_utc: bool = False, object_label: str | None = None) -> Reading:
    """Read a file of sightings.

    Parameters
    ----------
    path : CSV in UTF-8, with the header above.
    assume_utc : take times without offset as UTC; else they are refused.
    object_label : the object to take, where the file holds several.

    Raises
    ------
    InvalidInput
        The file cannot be read, lacks a column, holds no sound row, or holds several objects and none was chosen.
    """
    path = Path(path)
    data = _bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    good, problems = _rows(_text(data, path.name), path.name, digest, assume_utc)
    if not good:
        raise problems[0].as_error() if problems else InvalidInput("sightings", "no rows", "at least one", path.name)
    good = _chosen(good, object_label, path.name)
    unique, duplicates = _without_duplicates(good)
    ordered = tuple(sorted((seen for _, seen in unique), key=lambda s: s.time))
    return Reading(path=path, sightings=ordered, problems=tuple(problems), duplicates=duplicates,
                   contradictions=_contradictions(ordered), evidence_sha256=digest)  # fmt: skip


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise InvalidInput("sightings", f"the folder {path}", "a CSV file") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InvalidInput("sightings", f"{str(path)!r} ({reason})", "a CSV file that can be read") from None
    if len(data) > MOST_BYTES:
        raise InvalidInput("sightings", f"over {MOST_BYTES >> 20} MiB", "a smaller table", path.name, "split the file")
    return data


def _text(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput("encoding", "UTF-16", "UTF-8", name, "save the table as CSV UTF-8")
    if b"\0" in data:
        where = _where(name, data, data.index(b"\0"))
        raise InvalidInput("sightings", "a NUL byte, as of a binary file or UTF-16", "a CSV text in UTF-8", where)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        # The mark of the byte order is not counted in the place that the decoder names.
        at = problem.start + len(data) - len(problem.object)
        hint = "save the table as CSV UTF-8"
        raise InvalidInput("encoding", f"byte 0x{data[at]:02x}", "UTF-8", _where(name, data, at), hint) from None


def _where(name: str, data: bytes, at: int) -> str:
    line = data.count(b"\n", 0, at) + 1
    return f"{name}:{line}"


def _rows(text: str, name: str, digest: str, assume_utc: bool) -> tuple[list[tuple[int, Sighting]], list[Problem]]:
    header = re.search(r"[^\r\n]*\S[^\r\n]*", text)
    if header is None:
        raise InvalidInput("sightings", "an empty file", "a header and at least one row", name)
    delimiter = max(_DELIMITERS, key=header[0].count)
    good: list[tuple[int, Sighting]] = []
    problems: list[Problem] = []
    for line, row in _table(text, delimiter, name):
        where = f"{name}:{line}"
        try:
            good.append((line, _sighting(row, where, digest, assume_utc)))
        except InvalidInput as bad:
            problems.append(Problem(where=where, field=bad.field, got=bad.got, expected=bad.expected, hint=bad.hint))
    return good, problems


def _table(text: str, delimiter: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row by our own names); blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: dict[str, int] | None = None
    begun = 1
    try:
        for cells in reader:
            line, begun = begun, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns, width = _columns(cells, f"{name}:{line}"), len(cells)
                continue
            row = {key: cells[at].strip() if at < len(cells) else "" for key, at in columns.items()}
            yield line, row | {TOO_MANY: str(len(cells)) if len(cells) > width else ""}
    except csv.Error as problem:
        got = next((words for end, words in _QUOTES.items() if str(problem).endswith(end)), str(problem))
        raise InvalidInput("sightings", one_line(got), "a CSV table", f"{name}:{begun}") from None


def _columns(cells: list[str], where: str) -> dict[str, int]:
    given = [cell.strip().lower() for cell in cells]
    counts = Counter(given)
    found = {key: [alias for alias in names if alias in counts] for key, names in ALIASES.items()}
    missing = [key for key in REQUIRED if not found[key]]
    if missing:
        got = ", ".join(repr(cell) for cell in given[:12])
        raise InvalidInput(
            "header", one_line(got, 160), f"columns time, lat and lon ({', '.join(missing)} missing)", where
        )
    doubled = next((cell for cell in given if cell and counts[cell] > 1), None)
    if doubled is not None:
        raise InvalidInput("header", f"{doubled!r} twice", "each column once", where)
    for key in SINGLE:
        if len(found[key]) > 1:
            raise InvalidInput("header", " and ".join(map(repr, found[key])), "one of them", where)
    return {key: given.index(names[0]) for key, names in found.items() if names}


def _sighting(row: Mapping[str, str], where: str, digest: str, assume_utc: bool) -> Sighting:
    if row.get(TOO_MANY):
        hint = "quote a text that holds the delimiter, and write a decimal point"
        raise InvalidInput("row", f"{row[TOO_MANY]} cells", "no more than the header has", hint=hint)
    lat = _number(row, "lat", -90.0, 90.0, "are lat and lon swapped?")
    lon = _number(row, "lon", -180.0, 360.0)
    assert lat is not None  # noqa: S101 - required columns are never empty
    assert lon is not None  # noqa: S101
    position_sd_km = _number(row, "position_sd_km", 0.0, 20_000.0)
    note = " · ".join(text for text in (row.get("place", ""), row.get("what", ""), row.get("note", "")) if text)
    return Sighting(
        time=_time(row["time"], assume_utc),
        time_sd_s=_time_sd_s(row),
        lat=lat,
        lon=float(sphere.wrap(lon)),
        position_sd_m=1000.0 * (POSITION_SD_KM if position_sd_km is None else position_sd_km),
        altitude=_altitude(row),
        object_label=row.get("object", ""),
        source=row.get("source", ""),
        note=note,
        evidence_sha256=digest,
    )


def _time(text: str, assume_utc: bool) -> datetime:
    try:
        instant = times.parse_utc(text, naive_is_utc=assume_utc)
    except InvalidInput as bad:
        if "offset" in bad.expected and "ISO" not in bad.expected:
            raise replace(bad, hint=f"{bad.hint}; --assume-utc takes times without offset as UTC") from None
        raise
    times.to_datetime64(instant)
    return instant


def _time_sd_s(row: Mapping[str, str]) -> float:
    minutes = _number(row, "time_sd_min", 0.0, 1e6)
    hours = _number(row, "time_sd_h", 0.0, 1e5)
    if minutes is None and hours is not None:
        return 3600.0 * hours
    return 60.0 * (TIME_SD_MIN if minutes is None else minutes)


def _altitude(row: Mapping[str, str]) -> Altitude | None:
    hint = "are these feet? name the column altitude_ft; leave unknown ones empty"
    metres = _number(row, "altitude_m", LOWEST_M, HIGHEST_M, hint)
    feet = _number(row, "altitude_ft", LOWEST_M / METRES_PER_FOOT, HIGHEST_M / METRES_PER_FOOT)
    if metres is None and feet is None:
        return None
    if metres is not None and feet is not None and abs(metres - feet * METRES_PER_FOOT) > 50.0:
        raise InvalidInput("altitude", f"{metres:g} m and {feet:g} ft", "one altitude")
    value = metres if metres is not None else (feet or 0.0) * METRES_PER_FOOT
    sd = _number(row, "altitude_sd_m", 0.0, 20_000.0)
    text = row.get("altitude_reference", "").lower() or "geometric"
    if text not in ("geometric", "pressure"):
        raise InvalidInput("altitude_reference", repr(text), "geometric or pressure")
    reference: Reference = "pressure" if text == "pressure" else "geometric"
    return Altitude(value_m=value, sd_m=ALTITUDE_SD_M if sd is None else sd, reference=reference)


def _number(row: Mapping[str, str], field: str, low: float, high: float, hint: str = "") -> float | None:
    text = row.get(field, "")
    if not text and field not in REQUIRED:
        return None
    expected = f"a number from {low:g} to {high:g}"
    try:
        value = math.nan if "_" in text else float(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        comma = "write a decimal point, not a comma" if text.replace(",", ".", 1) != text else ""
        raise InvalidInput(field, repr(text) if text else "nothing", expected, hint=comma) from None
    if not low <= value <= high:
        raise InvalidInput(field, repr(text), expected, hint=hint if math.isfinite(value) else "")
    return value


def _chosen(good: list[tuple[int, Sighting]], label: str | None, name: str) -> list[tuple[int, Sighting]]:
    labels = sorted({seen.object_label for _, seen in good})
    if label is not None:
        kept = [(line, seen) for line, seen in good if seen.object_label == label]
        if not kept:
            raise InvalidInput("object", repr(label), f"one of {', '.join(map(repr, labels))}", name)
        return kept
    if len(labels) > 1:
        listed = ", ".join(map(repr, labels))
        raise InvalidInput("object", f"{len(labels)} objects", f"one of {listed}", name, "choose with --object NAME")
    return good


def _without_duplicates(good: list[tuple[int, Sighting]]) -> tuple[list[tuple[int, Sighting]], tuple[str, ...]]:
    first: dict[Sighting, int] = {}
    repeated = []
    for line, seen in good:
        if seen in first:
            repeated.append(f"row {line} repeats row {first[seen]}")
        else:
            first[seen] = line
    return [(line, seen) for seen, line in first.items()], tuple(repeated)


def _contradictions(ordered: tuple[Sighting, ...]) -> tuple[str, ...]:
    """Name neighbours in time that no wind could join, beyond three times their stated errors."""
    found = []
    for a, b in pairwise(ordered):
        slack_m = 3.0 * math.hypot(a.position_sd_m, b.position_sd_m)
        slack_s = 3.0 * math.hypot(a.time_sd_s, b.time_sd_s)
        apart_m = float(sphere.distance_m(a.lat, a.lon, b.lat, b.lon))
        apart_s = (b.time - a.time).total_seconds()
        if apart_m - slack_m > FASTEST_MS * (apart_s + slack_s):
            found.append(f"{times.iso(a.time)} and {times.iso(b.time)} lie {apart_m / 1000:.0f} km apart")
    return tuple(found)
