"""Rows as they come, of SondeHub or with the columns of our CSV, as frames; each that is refused with its reason.

Rows that are plain are read and checked all at once; what is not goes one by one through the reader of sightings.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput, one_line
from overflight.serve.watch.batch import Batch
from overflight.sightings.defaults import BY_KIND, Defaults
from overflight.sightings.parsed import Source
from overflight.sightings.row import ALIASES, named, sighting_of
from overflight.sightings.sondehub import Row, checked, reason

LONGEST_NAME = 120
_TEXTS = ("serial", "payload_callsign", "uploader_callsign", "datetime", "time", "object", "object_label", "source")
_NUMBERS = ("lat", "lon", "alt", "altitude_m", "frame", "position_sd_km", "altitude_sd_m")
_ODD = sorted({name for names in ALIASES.values() for name in names} - {*_TEXTS, *_NUMBERS, "note", "comment", "what"})
"""Columns with which a row is not plain."""
_Any = msgspec.defstruct(
    "_Any",
    [
        *((name, str | None, None) for name in _TEXTS),
        *((name, float | str | None, None) for name in _NUMBERS),
        *((name, Any, None) for name in _ODD),
    ],
    gc=False,
)
_MANY = msgspec.json.Decoder(list[_Any])  # type: ignore[valid-type]
_ONE = msgspec.json.Decoder(_Any)
_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_FAILURES = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_GPS, _REPORT = BY_KIND["sondehub"], BY_KIND["table"]


@dataclass(slots=True, kw_only=True)
class Heard:
    """What some rows held: frames, and (number of the row, reason) of those refused."""

    batch: Batch
    rejected: list[tuple[int, str]] = field(default_factory=list)


def of_messages(messages: Sequence[bytes]) -> Heard:
    """Read messages, each an object or a list of them."""
    whole = [message.strip() for message in messages]
    flat = [message[1:-1].strip() if message[:1] == b"[" and message[-1:] == b"]" else message for message in whole]
    try:
        return of_rows(_MANY.decode(b"[" + b",".join(part for part in flat if part) + b"]"))
    except _FAILURES:
        return of_raw(_parted(whole))


def _parted(messages: Sequence[bytes]) -> list[bytes]:
    """Return the rows of messages, one of which is broken."""
    rows: list[bytes] = []
    for message in messages:
        try:
            rows += [bytes(row) for row in _RAW.decode(message)] if message[:1] == b"[" else [message]
        except _FAILURES:
            rows.append(message)
    return rows


def of_raw(rows: Sequence[bytes]) -> Heard:
    """Read rows of JSON one by one."""
    good, objects, numbers, broken = [], [], [], []
    for number, row in enumerate(rows):
        try:
            good.append(_ONE.decode(row))
            objects.append(row)
            numbers.append(number)
        except _FAILURES as problem:
            try:
                values = _OBJECT.decode(row)
            except _FAILURES:
                broken.append((number, str(InvalidInput("row", one_line(str(problem), 100), "an object of JSON"))))
                continue
            good.append(_Any(time=""))
            objects.append(msgspec.json.encode(values))
            numbers.append(number)
    found = of_rows(good, objects)
    return Heard(batch=found.batch, rejected=sorted(broken + [(numbers[at], why) for at, why in found.rejected]))


def of_rows(rows: Sequence[Any], objects: Sequence[bytes] | None = None) -> Heard:
    """Turn decoded rows into frames; ``objects`` are the same as text, for what is not plain."""
    if not rows:
        return Heard(batch=_batch([], [], np.empty((6, 0))))
    telemetry = np.array([bool(row.serial or row.payload_callsign) for row in rows])
    shapes = [_common(row, bool(is_frame)) for row, is_frame in zip(rows, telemetry, strict=True)]
    found = checked(shapes)
    columns = np.stack([found.time_ns / 1e9, found.lat, np.mod(found.lon + 180.0, 360.0) - 180.0, found.altitude_m,
                        *_errors(rows, telemetry)])  # fmt: skip
    good = found.good & np.isfinite(columns[4]) & np.isfinite(columns[5])
    for at in np.flatnonzero(~telemetry).tolist():
        good[at] &= _is_plain(rows[at])
    names = [_name(shape.serial) for shape in shapes]
    sources = [_name(shape.uploader_callsign) for shape in shapes]
    good &= np.array([bool(name) for name in names])
    rejected, slow = [], []
    for at in np.flatnonzero(~good).tolist():
        if telemetry[at]:
            rejected.append((at, one_line(str(reason(shapes[at], assume_utc=False)))))
        else:
            slow.append(at)
    batch = _batch(names, sources, columns).at(good)
    if not slow:
        return Heard(batch=batch, rejected=rejected)
    texts = [_OBJECT.decode(objects[at] if objects else msgspec.json.encode(rows[at])) for at in slow]
    return _with_slow(batch, rejected, list(zip(slow, texts, strict=True)))


def _common(row: Any, is_frame: bool) -> Row:
    """Return a row in SondeHub's terms."""
    if is_frame:
        return Row(serial=row.serial or row.payload_callsign, datetime=row.datetime, lat=row.lat, lon=row.lon,
                   alt=row.alt, frame=row.frame, uploader_callsign=row.uploader_callsign or "sondehub")  # fmt: skip
    return Row(serial=row.object or row.object_label, datetime=row.time or row.datetime, lat=row.lat, lon=row.lon,
               alt=row.alt if row.altitude_m is None else row.altitude_m, uploader_callsign=row.source)  # fmt: skip


def _name(text: str | None) -> str:
    """Return a name on one line without control characters; most are so."""
    if text is None:
        return ""
    is_fine = len(text) <= LONGEST_NAME and text.isprintable() and text == text.strip() and "  " not in text
    return text if is_fine else one_line(text, LONGEST_NAME)


def _is_plain(row: Any) -> bool:
    return all(getattr(row, name) is None for name in _ODD)


def _errors(rows: Sequence[Any], telemetry: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return the errors of place and altitude. [m]"""
    place = np.where(telemetry, _GPS.position_sd_m, _REPORT.position_sd_m)
    high = np.where(telemetry, _GPS.altitude_sd_m, _REPORT.altitude_sd_m)
    for at in np.flatnonzero(~telemetry).tolist():
        row = rows[at]
        place[at] = _stated(row.position_sd_km, 1000.0, 2e7, place[at])
        high[at] = _stated(row.altitude_sd_m, 1.0, 2e4, high[at])
    return [np.maximum(place, 1.0), np.maximum(high, 1.0)]


def _stated(value: float | str | None, factor: float, most: float, usual: float) -> float:
    if value in (None, ""):
        return usual
    return factor * value if isinstance(value, float | int) and 0.0 <= factor * value <= most else np.nan


def _batch(names: list[str], sources: list[str], columns: NDArray[np.float64]) -> Batch:
    time, lat, lon, altitude, place_sd, altitude_sd = columns
    return Batch(names=names, sources=sources, time=time, lat=lat, lon=lon, altitude_m=altitude, place_sd_m=place_sd,
                 altitude_sd_m=altitude_sd)  # fmt: skip


def _with_slow(batch: Batch, rejected: list[tuple[int, str]], rows: Sequence[tuple[int, dict[str, Any]]]) -> Heard:
    """Add what the reader of sightings makes of rows that are not plain."""
    names, sources, columns = list(batch.names), list(batch.sources), []
    source = Source(name="row", data=b"", digest="", defaults=Defaults())
    for at, row in rows:
        try:
            name, told, values = _frame(row, source)
        except InvalidInput as bad:
            rejected.append((at, one_line(str(bad))))
            continue
        names.append(name)
        sources.append(told)
        columns.append(values)
    fast = np.stack([batch.time, batch.lat, batch.lon, batch.altitude_m, batch.place_sd_m, batch.altitude_sd_m])
    slow = np.array(columns, np.float64).reshape(-1, 6).T
    return Heard(batch=_batch(names, sources, np.concatenate([fast, slow], axis=1)), rejected=sorted(rejected))


def _frame(row: dict[str, Any], source: Source) -> tuple[str, str, tuple[float, ...]]:
    """Return name, source and numbers of a row with the columns of our CSV."""
    texts = {key: _text(value) for key, value in row.items() if value is not None}
    seen = sighting_of(named(texts), source, "table")
    name = one_line(seen.object_label, LONGEST_NAME)
    if not name:
        raise InvalidInput("object", "nothing", "a name of the balloon")
    if seen.bearing is not None:
        raise InvalidInput("bearing_deg", "a bearing", "a place", hint="overflight track takes bearings")
    altitude = seen.altitude
    height = (np.nan, 1.0) if altitude is None else (altitude.value_m, max(altitude.sd_m, 1.0))
    when = seen.time.timestamp()
    return name, one_line(seen.source, LONGEST_NAME), (
        when, seen.lat, seen.lon, height[0], max(seen.position_sd_m, 1.0), height[1],
    )  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidInput("row", one_line(repr(value), 60), "texts and numbers")
    return value if isinstance(value, str) else repr(value)


def of_csv(header: str, lines: str) -> Heard:
    """Read lines of a table below its header."""
    table = csv.DictReader(io.StringIO(header + "\n" + lines, newline=""), restkey="", restval="")
    rows = []
    for at, row in enumerate(table):
        row.pop("", None)
        rows.append((at, {key: value for key, value in row.items() if value}))
    return _with_slow(_batch([], [], np.empty((6, 0))), [], rows)
