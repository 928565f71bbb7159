"""Read sightings from CSV.

Header: ``time`` (ISO 8601 with offset), ``lat``, ``lon`` in degrees; the other columns and what each may be called
stand in ``row.ALIASES``, their meaning and defaults in ``docs/howto/sightings.md``.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from overflight.errors import InvalidInput, one_line
from overflight.sightings.parsed import Parsed, Source
from overflight.sightings.row import ALIASES, REQUIRED, TOO_MANY, parsed_rows
from overflight.sightings.text_table import text_of

SINGLE = (*REQUIRED, "altitude_m", "altitude_ft")
"""Columns of which two names at once would contradict each other."""
_DELIMITERS = ",;\t|"
_QUOTES = {
    "unexpected end of data": "a quote that is never closed",
    "expected after '\"'": "a quote inside a quoted cell",
}


def parse(source: Source) -> Parsed:
    """Read a table.

    Raises
    ------
    InvalidInput
        It is no text in UTF-8, or lacks a column.
    """
    text = text_of(source, expected="a CSV text in UTF-8")
    header = re.search(r"[^\r\n]*\S[^\r\n]*", text)
    if header is None:
        raise InvalidInput("sightings", "an empty file", "a header and at least one row", source.name)
    delimiter = max(_DELIMITERS, key=header[0].count)
    return parsed_rows(_table(text, delimiter, source.name), source, "table")


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
