"""Read telemetry of SondeHub: JSON files, and folders as its archive lays them out.

The archive holds ``date/YYYY/MM/DD/SERIAL.json``, the first, highest and last row that was received of a flight, and
``serial/SERIAL.json.gz``, all its rows. A file is an array of objects, or one object a line, compressed or not whatever
its name. Each object is a row of the universal telemetry format: ``serial`` (``payload_callsign`` of amateurs),
``datetime``, ``lat``, ``lon``, ``alt`` in metres, ``frame``, ``uploader_callsign``. SondeHub's data are CC BY-SA 2.0.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import times
from overflight.sightings.formats import FORMATS
from overflight.sightings.json_rows import Rows, blocks, opened
from overflight.sightings.parsed import problem_of
from overflight.sightings.row import HIGHEST_M, LOWEST_M
from overflight.sightings.sighting import EvidenceFile, Problem
from overflight.sightings.telemetry import Columns, Telemetry, collapsed

SUFFIXES = FORMATS["sondehub"].suffixes
MOST_PROBLEMS = 1_000_000
"""A file with more bad rows than this is no telemetry."""
MOST_ROWS = 50_000_000
"""Rows that are held at once, of all files; 60 bytes each."""

Number = float | str | None


class Row(msgspec.Struct, gc=False):
    """What is taken of a row; old ones hold their numbers as texts."""

    serial: str | None = None
    payload_callsign: str | None = None
    datetime: str | None = None
    lat: Number = None
    lon: Number = None
    alt: Number = None
    frame: Number = None
    uploader_callsign: str | None = None


def telemetry(paths: Sequence[str | Path], *, assume_utc: bool = False) -> Telemetry:
    """Read telemetry of any number of flights.

    Parameters
    ----------
    paths : files, and folders of which every ``.json``, ``.jsonl``, ``.ndjson``, also with ``.gz``, is read.
    assume_utc : take times without offset as UTC; else they are refused.

    Returns
    -------
    Telemetry
        Each frame once; rows that cannot be read are in its ``problems``.

    Raises
    ------
    InvalidInput
        A file cannot be read, a folder holds none, or there is no sound row.
    """
    reader = _Reader(assume_utc)
    for path in _files(paths):
        reader.take(path)
    return reader.finished()


def _files(paths: Sequence[str | Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        found = sorted(
            one for one in path.rglob("*") if one.name.lower().removesuffix(".gz").endswith(SUFFIXES) and one.is_file()
        )
        if not found:
            raise InvalidInput(
                "sightings", f"the folder {path}", "a file of sightings, or a folder of SondeHub's archive"
            )
        yield from found


class _Reader:
    """Columns as they grow."""

    def __init__(self, assume_utc: bool) -> None:
        self.assume_utc = assume_utc
        self.serials: dict[str, int] = {}
        self.receivers: dict[str, int] = {}
        self.files: list[EvidenceFile] = []
        self.problems: list[Problem] = []
        self.parts: list[Columns] = []
        self.rows = self.kept = 0

    def take(self, path: Path) -> None:
        """Read a file; what breaks off half way gives the rows before and a problem."""
        digest, rows, name = hashlib.sha256(), Rows(Row), path.name
        with opened(path) as stream:
            try:
                pieces = blocks(stream, digest, FORMATS["sondehub"].most_bytes, name)
                for found in rows.decoded(pieces):
                    for number, bad in found.broken:
                        self._refuse(bad, f"{name}:{number}")
                    self._add(found.numbers, found.rows, name)
            except InvalidInput as bad:
                if bad.field != "gzip":
                    raise
                self._refuse(bad, f"{name}:{rows.count + 1}")
                for block in iter(lambda: stream.read(2**20), b""):
                    digest.update(block)
            except OSError as problem:
                raise InvalidInput("sightings", f"{path} ({problem.strerror})", "a file that can be read") from None
        self.rows += rows.count
        self.files.append(EvidenceFile(path=path, sha256=digest.hexdigest(), format="sondehub"))

    def _refuse(self, bad: InvalidInput, where: str) -> None:
        self.problems.append(problem_of(bad, where))
        if len(self.problems) > MOST_PROBLEMS:
            raise InvalidInput(
                "sightings", f"over {MOST_PROBLEMS:,} bad rows", "telemetry of SondeHub", where, str(bad)
            )

    def _add(self, numbers: list[int], rows: list[Row], name: str) -> None:
        if not rows:
            return
        found = checked(rows, assume_utc=self.assume_utc)
        serial = _codes([row.serial or row.payload_callsign or "" for row in rows], self.serials)
        receiver = _codes([row.uploader_callsign or "" for row in rows], self.receivers)
        for at in np.flatnonzero(~found.good).tolist():
            self._refuse(reason(rows[at], assume_utc=self.assume_utc), f"{name}:{numbers[at]}")
        number, file = np.array(numbers, np.int64), np.full(len(rows), len(self.files), np.int32)
        part = Columns(time=found.time_ns, lat=found.lat, lon=found.lon, altitude_m=found.altitude_m, frame=found.frame,
                       serial=serial, receiver=receiver, file=file, row=number)  # fmt: skip
        self.parts.append(part.at(found.good))
        self.kept += int(found.good.sum())
        if self.kept > MOST_ROWS:
            raise InvalidInput("sightings", f"over {MOST_ROWS:,} rows", "fewer at a time", name)

    def finished(self) -> Telemetry:
        """Put the parts together; serials are numbered in their own order, and only those with a sound row."""
        if not self.kept:
            first = self.files[0].path.name if self.files else ""
            none = InvalidInput("sightings", "no rows", "at least one", first)
            raise self.problems[0].as_error() if self.problems else none
        names = np.array(list(self.serials), dtype=object)
        ordered = np.argsort(names)
        rank = np.empty(len(names), np.int32)
        rank[ordered] = np.arange(len(names))
        columns = self._joined(rank)
        present = np.unique(columns.serial)
        renumbered = np.zeros(len(names), np.int32)
        renumbered[present] = np.arange(len(present))
        columns.serial[:] = renumbered[columns.serial]
        serials = tuple(names[ordered][present].tolist())
        return collapsed(columns, serials, files=tuple(self.files), rows=self.rows, problems=tuple(self.problems))

    def _joined(self, rank: NDArray[np.int32]) -> Columns:
        whole = {key: np.concatenate([getattr(part, key) for part in self.parts]) for key in Columns.__slots__}
        self.parts.clear()
        return Columns(**whole | {"serial": rank[whole["serial"]]})


_NONE = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Rows as columns (n,): nanoseconds since 1970, degrees, metres, frame (-1 for none), and which rows are sound."""

    time_ns: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    altitude_m: NDArray[np.float64]
    frame: NDArray[np.int64]
    good: NDArray[np.bool_]


def checked(rows: Sequence[Row], *, assume_utc: bool = False) -> Checked:
    """Read the numbers and times of rows, and say which of them are sound."""
    lat, lon, alt, frame = (_floats([getattr(row, key) for row in rows]) for key in ("lat", "lon", "alt", "frame"))
    ns = _nanoseconds([row.datetime for row in rows], assume_utc=assume_utc)
    good = (np.abs(lat) <= 90.0) & (lon >= -180.0) & (lon <= 360.0) & ((lat != 0.0) | (lon != 0.0))
    good &= ((alt >= LOWEST_M) & (alt <= HIGHEST_M)) | np.array([row.alt is None for row in rows])
    known = (frame >= 0.0) & (frame < 2.0**53) & (frame == np.floor(frame))
    good &= known | np.array([row.frame is None for row in rows])
    good &= (ns != _NONE) & np.array([bool(row.serial or row.payload_callsign) for row in rows])
    whole = np.where(known, frame, -1.0).astype(np.int64)
    return Checked(time_ns=ns, lat=lat, lon=lon, altitude_m=alt, frame=whole, good=good)


def _floats(values: list[Number]) -> NDArray[np.float64]:
    """Turn numbers, texts of numbers and None into numbers; NaN where there is none."""
    try:
        return np.array(values, np.float64)
    except ValueError:
        return np.array([_float(value) for value in values])


def _float(value: Number) -> float:
    try:
        return math.nan if value is None or (isinstance(value, str) and "_" in value) else float(value)
    except ValueError:
        return math.nan


def _nanoseconds(texts: list[str | None], *, assume_utc: bool) -> NDArray[np.int64]:
    """Read ISO 8601 times, all at once where all are sound."""
    try:
        stamps = pa.array(texts, pa.string()).cast(pa.timestamp("ns", "UTC"))
        found: NDArray[np.int64] = stamps.cast(pa.int64()).fill_null(_NONE).to_numpy(zero_copy_only=False).copy()
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return np.array([_one_time(text or "", assume_utc) for text in texts], np.int64)
    return found


def _one_time(text: str, assume_utc: bool) -> int:
    try:
        return int(times.to_datetime64(times.parse_utc(text, naive_is_utc=assume_utc)).astype(np.int64))
    except InvalidInput:
        return int(_NONE)


def _codes(texts: list[str], known: dict[str, int]) -> NDArray[np.int32]:
    return np.array([known.setdefault(text, len(known)) for text in texts], np.int32)


def reason(row: Row, *, assume_utc: bool) -> InvalidInput:
    """Say why a row was left out."""
    if not (row.serial or row.payload_callsign):
        return InvalidInput("serial", "nothing", "a serial, or payload_callsign")
    try:
        times.to_datetime64(times.parse_utc(row.datetime or "", field="datetime", naive_is_utc=assume_utc))
    except InvalidInput as bad:
        return bad
    ranges: tuple[tuple[str, Any, float, float], ...] = (
        ("lat", row.lat, -90.0, 90.0), ("lon", row.lon, -180.0, 360.0), ("alt", row.alt, LOWEST_M, HIGHEST_M),
    )  # fmt: skip
    for name, value, low, high in ranges:
        if not (low <= _float(value) <= high or (name == "alt" and value is None)):
            got = "nothing" if value is None else repr(value)
            return InvalidInput(name, got, f"a number from {low:g} to {high:g}")
    if _float(row.lat) == 0.0 and _float(row.lon) == 0.0:
        return InvalidInput("lat", "0 north, 0 east", "a place", hint="so writes a receiver without a fix")
    return InvalidInput("frame", repr(row.frame), "a whole number from 0")
