"""The formats that are read, by name, and which of them a file is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from overflight.errors import InvalidInput
from overflight.sightings.row import ALIASES, REQUIRED

HEAD_BYTES = 4096
"""How much of a file is looked at to tell its format."""
MIB = 2**20
TREE_BYTES = 64 * MIB
"""Largest file that becomes a tree of objects, each many times its text: 30 times for the worst."""

Test = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format.

    Attributes
    ----------
    reader : str. ``module:function`` in this room; imported when a file needs it.
    suffixes : what its files end in, small letters.
    marks : whether the first bytes are those of this format.
    most_bytes : the largest file that is read into memory.
    """

    reader: str
    suffixes: tuple[str, ...]
    marks: Test
    most_bytes: int = 256 * MIB

    def load(self) -> Callable[..., Any]:
        """Import the reader."""
        module, _, function = self.reader.partition(":")
        found: Callable[..., Any] = getattr(import_module(f"overflight.sightings.{module}"), function)
        return found


def _matches(pattern: bytes) -> Test:
    compiled = re.compile(pattern)
    return lambda head: compiled.search(head) is not None


def _header(head: bytes) -> set[str]:
    line = next((line for line in head.decode("utf-8", "replace").lstrip("\ufeff").splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=line.count)
    return {cell.strip().strip('"').lower() for cell in line.split(delimiter)}


def _is_table(head: bytes) -> bool:
    given = _header(head)
    return all(any(alias in given for alias in ALIASES[key]) for key in REQUIRED)


def _is_zip_of(*endings: bytes) -> Test:
    """Return the test that a zip file's first member ends so; its name stands at byte 30 (APPNOTE 4.3.7)."""
    return lambda head: (
        head.startswith(b"PK\3\4") and head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(endings)
    )


def _any(*tests: Test) -> Test:
    return lambda head: any(test(head) for test in tests)


def _has(*columns: str) -> Test:
    """Return the test that a table has all these columns."""
    return lambda head: _header(head).issuperset(columns)


def _is_report(head: bytes) -> bool:
    return not _is_table(head) and _REPORT.search(head) is not None


_GEOMETRY = rb'"type"\s*:\s*"(?:Feature|FeatureCollection|Point|MultiPoint|LineString|MultiLineString)"'
_REPORT = re.compile(rb"(?m)^\s*\d{4}-\d\d-\d\d\b[^\n;]*;")
_WSPR = rb"^\d+,\d{9,11},[A-Z0-9/]+,[A-Ra-r]{2}\d\d"
"""A row of WSPRnet's archives, which have no header."""
_APRS = rb"(?m)^[^\n>]{0,40}\b[A-Z0-9]{1,9}(?:-[A-Z0-9]{1,2})?>[A-Z0-9][A-Z0-9-]*(?:,[^:\s]*)?:"

FORMATS: Mapping[str, Format] = {
    "table": Format(reader="csv_table:parse", suffixes=(".csv", ".tsv", ".txt"), marks=_is_table),
    "geojson": Format(
        reader="geojson:parse", suffixes=(".geojson", ".json"), marks=_matches(_GEOMETRY), most_bytes=TREE_BYTES
    ),
    "kml": Format(
        reader="kml:parse",
        suffixes=(".kml", ".kmz"),
        marks=_any(_matches(rb"<(?:\w+:)?kml[\s>]"), _is_zip_of(b".kml", b".KML")),
        most_bytes=TREE_BYTES,
    ),
    "gpx": Format(
        reader="gpx:parse", suffixes=(".gpx",), marks=_matches(rb"<(?:\w+:)?gpx[\s>]"), most_bytes=TREE_BYTES
    ),
    "sondehub": Format(
        reader="sondehub:telemetry",
        suffixes=(".json", ".jsonl", ".ndjson"),
        marks=_matches(rb'^\s*[\[{](?s:.*)"(?:serial|payload_callsign)"\s*:'),
        most_bytes=4096 * MIB,  # never in memory at once; this bounds what a compressed file may unfold to
    ),
    "aprs": Format(
        reader="aprs:parse",
        suffixes=(".aprs", ".txt", ".log", ".csv"),
        marks=_any(_has("time", "lasttime", "lat", "lng"), _matches(_APRS)),
    ),
    "wspr": Format(
        reader="wspr:parse",
        suffixes=(".wspr", ".csv", ".tsv", ".txt"),
        marks=_any(_has("time", "tx_sign", "tx_loc"), _matches(_WSPR)),
    ),
    "adsb": Format(
        reader="adsb:parse",
        suffixes=(".parquet", ".csv"),
        marks=lambda head: head.startswith(b"PAR1") or "icao24" in _header(head),
        most_bytes=1024 * MIB,
    ),
    "igra": Format(
        reader="soundings:parse_igra",
        suffixes=(".txt", ".zip"),
        marks=_any(_matches(rb"^#[A-Z0-9]{11} \d{4} "), _is_zip_of(b".txt")),
    ),
    "bufr": Format(
        reader="soundings:parse_bufr",
        suffixes=(".bufr", ".bufr4", ".bfr", ".bin"),
        marks=_matches(rb"(?s)^.{0,200}BUFR"),
    ),
    "plain": Format(
        reader="plain:parse", suffixes=(".report", ".txt", ".csv"), marks=_any(_has("when", "where"), _is_report)
    ),
}
"""Every format by name."""


def format_of(name: str, head: bytes) -> str:
    """Tell the format of a file from the end of its name, apart from ``.gz``, and its first bytes when unpacked.

    Of the formats that such a name can mean, the one whose marks the bytes bear; a table where they are those of a
    table, where a CSV file bears no marks, and where the name means nothing.

    Raises
    ------
    InvalidInput
        It could be several.
    """
    ending = name.lower().removesuffix(".gz")
    ends = [key for key, form in FORMATS.items() if ending.endswith(form.suffixes)]
    pool = ends or list(FORMATS)
    hits = [key for key in pool if key != "table" and FORMATS[key].marks(head)]
    if not hits and ("table" in pool and FORMATS["table"].marks(head)):
        return "table"
    left = hits or pool
    if len(left) == 1:
        return left[0]
    if not hits and (not ends or ending.endswith((".csv", ".tsv"))):
        return "table"
    listed = ", ".join(left)
    raise InvalidInput("format", f"a file that may be {listed}", "one of them", name, "choose with --format NAME")
