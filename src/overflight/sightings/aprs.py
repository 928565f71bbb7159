"""APRS: logs of frames with a time in front, and the tables that aprs.fi exports."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import datetime

from overflight.errors import InvalidInput, one_line
from overflight.geo import sphere
from overflight.sightings.aprs_frame import Position, read_frame
from overflight.sightings.locator import Cell, ellipse, mean_sd_m
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.row import HIGHEST_M, LOWEST_M
from overflight.sightings.sighting import Altitude, Ellipse, Sighting
from overflight.sightings.text_table import Row, instant, number, required, table, text_of

KIND = "aprs"
_EXPORT = {"time", "lasttime", "lat", "lng"}
"""Columns that tell a table of aprs.fi."""
_STAMPED = re.compile(
    r"(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d|[A-Z]{3,5})?"
    r"|(?P<digits>\d{14})(?!\d)|(?P<seconds>\d{9,11}(?:\.\d+)?)(?!\d)"
)


def parse(source: Source) -> Parsed:
    """Read a log of frames, or a table of aprs.fi, whichever it is.

    Raises
    ------
    InvalidInput
        The file is no text, or a table without the columns.
    """
    # Frames may hold bytes of any value: each is one character in Latin-1.
    text = text_of(source, encoding="latin-1").removeprefix("\xef\xbb\xbf")
    first = next((line for line in text.splitlines() if line.strip()), "")
    if {cell.strip().lower() for cell in re.split(r"[,;\t|]", first)} >= _EXPORT:
        return _export(source)
    return _log(source, text)


def _log(source: Source, text: str) -> Parsed:
    rows, problems, others = [], [], Counter[str]()
    # Frames end at a line feed; Mic-E uses other characters that count as ends of lines elsewhere.
    for line, frame in enumerate(text.split("\n"), start=1):
        if not frame.strip():
            continue
        if frame.startswith("#"):
            others["comment of a server"] += 1
            continue
        try:
            read = _stamped(frame.rstrip("\r"), source.assume_utc)
            if isinstance(read, str):
                others[read] += 1
            else:
                rows.append((line, _sighting(read, source)))
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{source.name}:{line}"))
    return Parsed(rows=rows, problems=problems, passed_over=dict(others))


def _stamped(line: str, assume_utc: bool) -> Position | str:
    match = _STAMPED.match(line)
    if match is None:
        return read_frame(line, None)
    return read_frame(line[match.end() :].lstrip(":, \t"), _heard(match, assume_utc))


def _heard(match: re.Match[str], assume_utc: bool) -> datetime:
    if match["seconds"]:
        return instant(match["seconds"])
    zone = match["zone"] or ""
    if zone.isalpha() and zone not in ("Z", "UTC", "GMT"):
        hint = "write the offset, as in 2022-08-22 10:06:28 -0400, or let the page show UTC"
        raise InvalidInput("time", repr(match[0]), "UTC or an offset", hint=hint)
    if match["digits"]:
        d = match["digits"]
        iso = f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:]}"
    else:
        iso = match["iso"]
    return instant(iso + ("Z" if zone.isalpha() else zone), naive_is_utc=assume_utc)


def _sighting(read: Position, source: Source) -> Sighting:
    errors, fix = source.defaults.of(KIND), read.fix
    side = fix.cell_min / 60.0
    wide: Ellipse | None = None
    if side:
        wide = ellipse(Cell(lat=fix.lat, lon=fix.lon, height_deg=side, width_deg=side))
    sent_by = "" if read.of == read.sender else f"sent by {read.sender}"
    comment = one_line(fix.comment, 120)
    return Sighting(
        time=read.time,
        time_sd_s=errors.time_sd_s if read.time_sd_s is None else read.time_sd_s,
        lat=fix.lat,
        lon=float(sphere.wrap(fix.lon)),
        position_sd_m=errors.position_sd_m if wide is None else mean_sd_m(wide),
        ellipse=wide,
        altitude=_altitude(fix.altitude_m, errors.altitude_sd_m),
        object_label=read.of,
        source=read.sender,
        note=" · ".join(part for part in (sent_by, comment) if part),
        evidence_sha256=source.digest,
        kind=KIND,
    )


def _altitude(metres: float | None, sd_m: float) -> Altitude | None:
    if metres is None:
        return None
    if not (math.isfinite(metres) and LOWEST_M <= metres <= HIGHEST_M):
        raise InvalidInput("altitude", f"{metres:.0f} m", f"{LOWEST_M:g} to {HIGHEST_M:g} m")
    return Altitude(value_m=metres, sd_m=sd_m, reference="geometric")


def _export(source: Source) -> Parsed:
    """Read a table of aprs.fi: times in UTC, altitude in metres; it does not name the station."""
    rows, problems = [], []
    for line, row in table(source, text_of(source)):
        try:
            rows.append((line, _exported(row, source)))
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{source.name}:{line}"))
    return Parsed(rows=rows, problems=problems)


def _exported(row: Row, source: Source) -> Sighting:
    errors = source.defaults.of(KIND)
    # One digit may stand for the hour.
    text = re.sub(r"^(\d{4}-\d\d-\d\d) (\d):", r"\1 0\2:", row.get("time", ""))
    last = row.get("lasttime", "")
    until = f"same place until {last}" if last and last != row.get("time") else ""
    return Sighting(
        time=instant(text, naive_is_utc=True),
        time_sd_s=errors.time_sd_s,
        lat=required(number(row, "lat", -90.0, 90.0), "lat", -90.0, 90.0),
        lon=float(sphere.wrap(required(number(row, "lng", -180.0, 180.0), "lng", -180.0, 180.0))),
        position_sd_m=errors.position_sd_m,
        altitude=_altitude(number(row, "altitude", LOWEST_M, HIGHEST_M), errors.altitude_sd_m),
        object_label="",
        source="aprs.fi",
        note=" · ".join(part for part in (one_line(row.get("comment", ""), 120), until) if part),
        evidence_sha256=source.digest,
        kind=KIND,
    )
