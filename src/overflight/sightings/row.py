"""Turn one row of named texts into a sighting; every reader of tables and of properties comes through here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from overflight.errors import InvalidInput
from overflight.geo import sphere, times
from overflight.sightings.defaults import Errors
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.sighting import Altitude, Bearing, Ellipse, Problem, Reference, Sighting

ALIASES = {
    "time": ("time", "time_utc", "datetime", "timestamp"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "long", "longitude"),
    "altitude_m": ("altitude_m", "alt_m", "altitude", "alt"),
    "altitude_ft": ("altitude_ft", "alt_ft"),
    "altitude_sd_m": ("altitude_sd_m",),
    "altitude_reference": ("altitude_reference",),
    "position_sd_km": ("position_sd_km", "uncertainty_km"),
    "major_sd_km": ("major_sd_km",),
    "minor_sd_km": ("minor_sd_km",),
    "ellipse_azimuth_deg": ("ellipse_azimuth_deg",),
    "time_sd_min": ("time_sd_min",),
    "time_sd_h": ("time_uncertainty_h",),
    "time_window_min": ("time_window_min",),
    "bearing_deg": ("bearing_deg",),
    "bearing_sd_deg": ("bearing_sd_deg",),
    "elevation_deg": ("elevation_deg",),
    "elevation_sd_deg": ("elevation_sd_deg",),
    "kind": ("kind",),
    "object": ("object", "object_label"),
    "source": ("source",),
    "note": ("note", "comment"),
    "what": ("what",),
    "place": ("place",),
}
"""What a row can hold, by our own names, and what else each may be called."""
REQUIRED = ("time", "lat", "lon")
TOO_MANY = "too many cells"
METRES_PER_FOOT = 0.3048
LOWEST_M, HIGHEST_M = -430.0, 60_000.0


def named(properties: Mapping[str, str], *, without: Iterable[str] = ()) -> dict[str, str]:
    """Return of any properties those that are columns, by our own names; the first of several names counts."""
    given = {key.strip().lower(): value for key, value in properties.items() if value}
    wanted = {key: names for key, names in ALIASES.items() if key not in without}
    found = {key: [given[name] for name in names if name in given] for key, names in wanted.items()}
    return {key: values[0] for key, values in found.items() if values}


def parsed_rows(rows: Iterable[tuple[int, Mapping[str, str]]], source: Source, kind: str) -> Parsed:
    """Turn (number of the row, row by our own names) into sightings; rows that cannot be read are listed."""
    good: list[tuple[int, Sighting]] = []
    problems: list[Problem] = []
    for number, row in rows:
        try:
            good.append((number, sighting_of(row, source, kind)))
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{source.name}:{number}"))
    return Parsed(rows=good, problems=problems)


def sighting_of(row: Mapping[str, str], source: Source, kind: str) -> Sighting:
    """Turn a row by our own names into a sighting of the kind that the row names, or else of ``kind``.

    Raises
    ------
    InvalidInput
        A value is missing, no number, out of range, or contradicts another.
    """
    if row.get(TOO_MANY):
        hint = "quote a text that holds the delimiter, and write a decimal point"
        raise InvalidInput("row", f"{row[TOO_MANY]} cells", "no more than the header has", hint=hint)
    lat = _required(row, "lat", -90.0, 90.0, "are lat and lon swapped?")
    lon = _required(row, "lon", -180.0, 360.0)
    kind = _kind(row.get("kind", ""), kind)
    errors = source.defaults.of(kind)
    position_sd_m, ellipse = _position(row, errors)
    note = " · ".join(text for text in (row.get("place", ""), row.get("what", ""), row.get("note", "")) if text)
    return Sighting(
        time=_time(row.get("time", ""), source.assume_utc),
        time_sd_s=_time_sd_s(row, errors),
        time_window_s=60.0 * (_number(row, "time_window_min", 0.0, 1e6) or 0.0),
        lat=lat,
        lon=float(sphere.wrap(lon)),
        position_sd_m=position_sd_m,
        ellipse=ellipse,
        bearing=_bearing(row, errors),
        altitude=_altitude(row, errors),
        kind=kind,
        object_label=row.get("object", ""),
        source=row.get("source", ""),
        note=note,
        evidence_sha256=source.digest,
    )


def _kind(text: str, otherwise: str) -> str:
    if text and not re.fullmatch(r"[a-z0-9_-]{1,32}", text):
        raise InvalidInput("kind", repr(text), "small letters, figures, - and _, as in gpx")
    return text or otherwise


def _time(text: str, assume_utc: bool) -> datetime:
    try:
        instant = times.parse_utc(text, naive_is_utc=assume_utc)
    except InvalidInput as bad:
        if "offset" in bad.expected and "ISO" not in bad.expected:
            raise replace(bad, hint=f"{bad.hint}; --assume-utc takes times without offset as UTC") from None
        raise
    times.to_datetime64(instant)
    return instant


def _time_sd_s(row: Mapping[str, str], errors: Errors) -> float:
    minutes = _number(row, "time_sd_min", 0.0, 1e6)
    hours = _number(row, "time_sd_h", 0.0, 1e5)
    if minutes is None and hours is not None:
        return 3600.0 * hours
    return errors.time_sd_s if minutes is None else 60.0 * minutes


def _position(row: Mapping[str, str], errors: Errors) -> tuple[float, Ellipse | None]:
    """Return the standard deviation of each component, which stands for the ellipse where one is given, and that."""
    km = _number(row, "position_sd_km", 0.0, 20_000.0)
    axes = [_number(row, name, 0.0, 20_000.0) for name in ("major_sd_km", "minor_sd_km")]
    azimuth = _number(row, "ellipse_azimuth_deg", -360.0, 360.0)
    if axes == [None, None] and azimuth is None:
        return (errors.position_sd_m if km is None else 1000.0 * km), None
    major, minor = axes
    if major is None or minor is None or azimuth is None:
        raise InvalidInput("ellipse", "a part of it", "major_sd_km, minor_sd_km and ellipse_azimuth_deg together")
    if km is not None:
        raise InvalidInput("ellipse", "position_sd_km too", "an ellipse or position_sd_km")
    if minor > major:
        raise InvalidInput("minor_sd_km", f"{minor:g}", f"no more than major_sd_km, {major:g}")
    ellipse = Ellipse(major_sd_m=1000.0 * major, minor_sd_m=1000.0 * minor, azimuth_deg=azimuth % 360.0)
    return 1000.0 * math.hypot(major, minor) / math.sqrt(2.0), ellipse


def _bearing(row: Mapping[str, str], errors: Errors) -> Bearing | None:
    azimuth = _number(row, "bearing_deg", -360.0, 360.0)
    azimuth_sd = _number(row, "bearing_sd_deg", 0.0, 180.0)
    elevation = _number(row, "elevation_deg", -90.0, 90.0)
    elevation_sd = _number(row, "elevation_sd_deg", 0.0, 90.0)
    if azimuth is None:
        if elevation is not None:
            raise InvalidInput("elevation_deg", f"{elevation:g} without bearing_deg", "both, or none")
        return None
    if elevation is not None and elevation_sd is None:
        elevation_sd = errors.elevation_sd_deg
    return Bearing(
        azimuth_deg=azimuth % 360.0,
        azimuth_sd_deg=errors.bearing_sd_deg if azimuth_sd is None else azimuth_sd,
        elevation_deg=elevation,
        elevation_sd_deg=None if elevation is None else elevation_sd,
    )


def _altitude(row: Mapping[str, str], errors: Errors) -> Altitude | None:
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
    return Altitude(value_m=value, sd_m=errors.altitude_sd_m if sd is None else sd, reference=reference)


def _required(row: Mapping[str, str], field: str, low: float, high: float, hint: str = "") -> float:
    value = _number(row, field, low, high, hint)
    assert value is not None  # noqa: S101 - an empty text was refused
    return value


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
