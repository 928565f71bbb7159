"""Plain reports: one a line, in a small grammar; what is not understood is told word for word.

``2023-02-01 between 16:00 and 17:30 local; seen from Billings, MT; to the north-west; 35 degrees up; about 60,000 ft``

See ``docs/howto/reports.md`` for the grammar.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from overflight.errors import InvalidInput, one_line
from overflight.geo import sphere
from overflight.sightings.gazetteer import Place, find, resolve
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.plain_what import (
    Angle,
    ground_distance_m,
    read_altitude,
    read_direction,
    read_elevation,
)
from overflight.sightings.plain_when import Clock, When, read_clock, read_date, when
from overflight.sightings.sighting import Altitude, Bearing, Sighting
from overflight.sightings.text_table import instant, table, text_of

KIND = "plain"
TOWN_SD_M = 3_000.0
"""Of an observer in a town. [m]"""
USUAL_ALTITUDE_M = 18_000.0
"""Taken for how far one can see, where none is reported. [m]"""
LOWEST_SEEN_DEG, OVERHEAD_DEG = 10.0, 60.0
"""What one notices stands higher than the first; what one calls overhead, higher than the second: 98 and 10 km away."""
_COLUMNS = ("when", "where", "altitude", "direction", "elevation")
_FREE = ("object", "source", "note")
_LONGEST = 2000
_PLACE = re.compile(
    r"(?P<how>(?:directly )?overhead(?: at| in)?|(?:directly )?(?:over|above)|near|at"
    r"|(?:seen|visible|observed|filmed|photographed|watched|reported) (?:from|in|at|near|over|above)) (?P<where>.+)",
    re.IGNORECASE,
)
_COORDINATES = re.compile(
    r"(?P<lat>-?\d{1,2}(?:\.\d+)?) ?°? ?(?P<ns>[NS])?[, ] ?(?P<lon>-?\d{1,3}(?:\.\d+)?) ?°? ?(?P<ew>[EW])?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:,\d{3})* ?(?:(?:ft|feet|foot|k?m|met\w+|and|to)\b|\+-|±))", re.IGNORECASE)


@dataclass(slots=True)
class _Report:
    """What a report has said so far."""

    day: date | None = None
    clock: Clock | None = None
    exact: datetime | None = None
    how: str = ""
    where: str = ""
    altitude: Altitude | None = None
    direction: Angle | None = None
    elevation: Angle | None = None
    free: dict[str, str] = field(default_factory=dict)


def parse(source: Source) -> Parsed:
    """Read reports, one a line, or a table with the columns ``when`` and ``where``.

    Raises
    ------
    InvalidInput
        The file is no text.
    """
    rows, problems = [], []
    for line, said, clauses in _reports(source):
        try:
            rows.append((line, _sighting(_read(clauses, source), said, source)))
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{source.name}:{line}"))
    return Parsed(rows=rows, problems=problems)


def _reports(source: Source) -> Iterator[tuple[int, str, list[list[str]]]]:
    """Yield (line, its own words, its clauses, each as the pieces between its commas)."""
    text = text_of(source)
    lines = text.splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    names = {cell.strip().strip('"').lower() for cell in re.split(r"[,;\t|]", first)}
    if {"when", "where"} <= names:
        for number, row in table(source, text):
            told = [[_without_inner_commas(row[name])] for name in _COLUMNS if row.get(name)]
            said = "; ".join(row[name] for name in _COLUMNS if row.get(name))
            yield number, said, told + [[f"{name}: {row[name]}"] for name in _FREE if row.get(name)]
        return
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            clauses = [clause for clause in line.split(";") if clause.strip()]
            said = ";".join(clause for clause in clauses if not _is_free(clause))
            yield number, said.strip(), [_pieces(clause) for clause in clauses]


def _pieces(clause: str) -> list[str]:
    if _is_free(clause):
        return [clause]
    return _without_inner_commas(clause).split(",")


def _without_inner_commas(text: str) -> str:
    """Take out the commas of ``60,000 ft`` and ``Feb 1, 2023``, which part no clauses."""
    return _THOUSANDS.sub("", re.sub(r"(?<=[A-Za-z.] \d)(\d?), (?=\d{4}\b)", r"\1 ", text))


def _read(clauses: list[list[str]], source: Source) -> _Report:
    report = _Report()
    if sum(len(piece) for pieces in clauses for piece in pieces) > _LONGEST:
        raise InvalidInput("report", "a very long line", f"up to {_LONGEST} characters")
    for pieces in clauses:
        after_place = False
        for piece in pieces:
            words = " ".join(piece.replace("\N{MINUS SIGN}", "-").split()).strip(" .")
            if not words:
                continue
            kind = _take(report, words, source)
            if not kind and after_place:
                # Region and country follow their town after a comma, a longitude its latitude.
                report.where += f", {words}"
                kind = "where"
            if not kind:
                raise InvalidInput("report", repr(words), "words that the grammar has; see docs/howto/reports.md",
                                   hint="put what is not time, place, altitude or direction after note:")  # fmt: skip
            after_place = kind == "where"
    return report


def _take(report: _Report, words: str, source: Source) -> str:
    """Put what a piece says into the report and return what it was; nothing where it is not understood."""
    name, colon, rest = words.partition(":")
    if colon and name.lower() in _FREE:
        _once(name.lower() in report.free, name.lower(), words)
        report.free[name.lower()] = rest.strip()
        return name
    if _take_time(report, words):
        return "when"
    altitude = read_altitude(words, source.defaults.of(KIND).altitude_sd_m)
    if altitude is not None:
        _once(report.altitude is not None, "altitude", words)
        report.altitude = altitude
        return "altitude"
    return _take_angle(report, words, source) or _take_place(report, words)


def _take_time(report: _Report, words: str) -> bool:
    if re.match(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d\S*[Zz+-]", words):
        _once(report.exact is not None, "time", words)
        report.exact = instant(words.upper(), naive_is_utc=False)
        return True
    dated = read_date(words)
    if dated is not None:
        _once(report.day is not None, "date", words)
        report.day, words = dated
        if not words:
            return True
    clock = read_clock(words)
    if clock is not None:
        _once(report.clock is not None, "time", words)
        report.clock = clock
    elif dated is not None:
        raise InvalidInput("time", repr(words), "a time of day, as in 16:00 local, about noon UTC, morning local")
    return clock is not None


def _take_angle(report: _Report, words: str, source: Source) -> str:
    errors = source.defaults.of(KIND)
    direction = read_direction(words, errors.bearing_sd_deg)
    if direction is not None:
        _once(report.direction is not None, "direction", words)
        report.direction = direction
        return "direction"
    elevation = read_elevation(words, errors.elevation_sd_deg)
    if elevation is not None:
        _once(report.elevation is not None, "elevation", words)
        report.elevation = elevation
        return "elevation"
    return ""


def _take_place(report: _Report, words: str) -> str:
    match = _PLACE.fullmatch(words)
    if match is None:
        return ""
    _once(bool(report.where), "place", words)
    report.how, report.where = match["how"].lower(), match["where"]
    return "where"


def _once(is_there: bool, what: str, words: str) -> None:
    if is_there:
        raise InvalidInput(what, f"{words!r} after another", f"one {what}")


def _sighting(report: _Report, said: str, source: Source) -> Sighting:
    if not report.where:
        raise InvalidInput("place", "none", "as in over Billings, MT or seen from 45.78, -108.50")
    lat, lon, place = _where(report.where)
    at = _when(report, place, source)
    errors = source.defaults.of(KIND)
    bearing = _bearing(report)
    named = f"{place} at {lat:.3f}, {lon:.3f}" if place else ""
    return Sighting(
        time=at.middle,
        time_sd_s=errors.time_sd_s,
        time_window_s=at.half_s,
        lat=lat,
        lon=lon,
        position_sd_m=_position_sd_m(report, errors.position_sd_m),
        altitude=report.altitude,
        bearing=bearing,
        object_label=report.free.get("object", ""),
        source=report.free.get("source", "") or "plain report",
        note=" · ".join(part for part in (one_line(said, 300), named, report.free.get("note", "")) if part),
        evidence_sha256=source.digest,
        kind=KIND,
    )


def _is_free(piece: str) -> bool:
    """Say whether a clause is free text, that no grammar reads."""
    return piece.partition(":")[0].strip().lower() in _FREE


def _when(report: _Report, place: Place | None, source: Source) -> When:
    if report.exact is not None and (report.day, report.clock) == (None, None):
        return When(report.exact, 0.0)
    if report.day is None or report.clock is None or report.exact is not None:
        lack = "a date" if report.day is None else "a time of day"
        got = "more than one" if report.exact is not None else f"no {lack[2:]}"
        raise InvalidInput("time", got, "a date and a time of day, as in 2023-02-01 16:00 local")
    return when(report.day, report.clock, place, source.assume_utc)


def _where(text: str) -> tuple[float, float, Place | None]:
    match = _COORDINATES.fullmatch(text)
    if match is None:
        place = _town(text)
        return place.lat, float(sphere.wrap(place.lon)), place
    lat = _signed(match["lat"], (match["ns"] or "").upper() == "S")
    lon = _signed(match["lon"], (match["ew"] or "").upper() == "W")
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        raise InvalidInput("place", repr(text), "a latitude and a longitude in degrees")
    return lat, float(sphere.wrap(lon)), None


def _signed(text: str, negative: bool) -> float:
    return -abs(float(text)) if negative else float(text)


def _town(text: str) -> Place:
    """Return the town of a name; two capitals at its end are a region that lacks its comma."""
    loose = re.fullmatch(r"(.+) ([A-Z]{2})", text)
    if loose and "," not in text and not find(text):
        return resolve(f"{loose[1]}, {loose[2]}")
    return resolve(text)


def _bearing(report: _Report) -> Bearing | None:
    if report.direction is None:
        if report.elevation is not None:
            raise InvalidInput("direction", "none, with an elevation", "a direction too, as in to the north-west")
        return None
    if not report.how.endswith((" from", " in", " at", " near")) or report.how.startswith(("overhead", "directly")):
        raise InvalidInput("place", f"{report.how} {report.where} with a direction", "where it was seen from")
    up = report.elevation
    return Bearing(
        azimuth_deg=report.direction.value_deg,
        azimuth_sd_deg=report.direction.sd_deg,
        elevation_deg=up.value_deg if up else None,
        elevation_sd_deg=up.sd_deg if up else None,
    )


def _position_sd_m(report: _Report, default_m: float) -> float:
    """Return the error of each component: of a disc of even chance half its radius.

    A town that something is seen from is where the observer is, and the object anywhere that can be seen.
    """
    if report.direction is not None:
        return TOWN_SD_M
    altitude = report.altitude.value_m if report.altitude else USUAL_ALTITUDE_M
    if "overhead" in report.how or report.how.startswith("directly"):
        return math.hypot(TOWN_SD_M, ground_distance_m(altitude, OVERHEAD_DEG) / 2.0)
    if report.how.endswith((" from", " in", " at", " near")):
        return math.hypot(TOWN_SD_M, ground_distance_m(altitude, LOWEST_SEEN_DEG) / 2.0)
    return default_m
