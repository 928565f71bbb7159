"""Texts and tables with a header: what the readers of signals and reports share."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from overflight.errors import InvalidInput, one_line
from overflight.geo import times
from overflight.sightings.parsed import Source

Row = dict[str, str]
_DELIMITERS = ",;\t|"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text_of(source: Source, *, expected: str = "a text in UTF-8", encoding: str = "utf-8-sig") -> str:
    """Return a file's text.

    Raises
    ------
    InvalidInput
        It holds bytes that are no text in the encoding.
    """
    data, name = source.data, source.name
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput("encoding", "UTF-16", "UTF-8", name, "save the table as CSV UTF-8")
    if b"\0" in data:
        where = _where(name, data, data.index(b"\0"))
        raise InvalidInput("sightings", "a NUL byte, as of a binary file or UTF-16", expected, where)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        # The mark of the byte order is not counted in the place that the decoder names.
        at = problem.start + len(data) - len(problem.object)
        hint = "save the table as CSV UTF-8"
        raise InvalidInput("encoding", f"byte 0x{data[at]:02x}", "UTF-8", _where(name, data, at), hint) from None


def _where(name: str, data: bytes, at: int) -> str:
    line = data.count(b"\n", 0, at) + 1
    return f"{name}:{line}"


def table(source: Source, text: str, *, header: tuple[str, ...] = ()) -> Iterator[tuple[int, Row]]:
    """Yield (line, row by lower-case column name) of a table; blank lines are passed over.

    Parameters
    ----------
    header : names of the columns of a table that has none of its own.

    Raises
    ------
    InvalidInput
        The text is no table, or a column stands in it twice.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = list(header)
    begun = 1
    try:
        for cells in reader:
            line, begun = begun, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = _names(cells, f"{source.name}:{line}")
                continue
            yield line, dict(zip(names, (cell.strip() for cell in cells), strict=False))
    except csv.Error as bad:
        raise InvalidInput("table", one_line(str(bad)), "a CSV table", f"{source.name}:{begun}") from None


def _names(cells: list[str], where: str) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    doubled = next((name for name in names if name and names.count(name) > 1), None)
    if doubled is not None:
        raise InvalidInput("header", f"{doubled!r} twice", "each column once", where)
    return names


def number(row: Mapping[str, str], field: str, low: float, high: float) -> float | None:
    """Return the number in a cell; None where it is empty or says that there is none.

    Raises
    ------
    InvalidInput
        It is no number, or none from ``low`` to ``high``.
    """
    text = row.get(field, "")
    if text.lower() in ("", "nan", "none", "null", "<na>", "nat"):
        return None
    return number_of(text, field, low, high)


def number_of(text: str, field: str, low: float, high: float) -> float:
    """Return the number that a text is.

    Raises
    ------
    InvalidInput
        It is no number, or none from ``low`` to ``high``.
    """
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise InvalidInput(field, repr(text), f"a number from {low:g} to {high:g}")
    return value


def required(value: float | None, field: str, low: float, high: float) -> float:
    """Return a number that must be there.

    Raises
    ------
    InvalidInput
        It is None.
    """
    if value is None:
        raise InvalidInput(field, "nothing", f"a number from {low:g} to {high:g}")
    return value


def instant(text: str, *, field: str = "time", naive_is_utc: bool = False) -> datetime:
    """Return the instant of an ISO 8601 text, or of seconds since 1970.

    Raises
    ------
    InvalidInput
        It is neither, lacks an offset, or lies outside the years 1678 to 2261.
    """
    seconds = text.replace(".", "", 1)
    if seconds.isascii() and seconds.isdigit() and len(text.split(".", maxsplit=1)[0]) in (9, 10, 11):
        return of_seconds(float(text), field)
    when = times.parse_utc(text, field=field, naive_is_utc=naive_is_utc)
    times.to_datetime64(when)
    return when


def of_seconds(seconds: float, field: str = "time") -> datetime:
    """Return the instant of seconds since 1970, to the millisecond.

    Raises
    ------
    InvalidInput
        It lies outside the years 1678 to 2261.
    """
    try:
        when = _EPOCH + timedelta(milliseconds=round(seconds * 1e3))
    except (OverflowError, ValueError):
        raise InvalidInput(field, f"{seconds!r}", "seconds since 1970") from None
    times.to_datetime64(when)
    return when
