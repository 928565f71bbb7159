"""What this test gave real flights that nobody steered: the measure of a p-value without any model."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from overflight.errors import InvalidInput

_COLUMNS = ("p_value", "p_value_powered")


@dataclass(frozen=True, slots=True, kw_only=True)
class RealFlights:
    """p-values that this test gave real flights that nobody steered: of drift, and of any path of levels."""

    drift: tuple[float, ...]
    any_levels: tuple[float, ...]


def read_real_flights(path: Path) -> RealFlights:
    """Read a CSV with the columns ``p_value`` and ``p_value_powered``, a row a flight.

    Raises
    ------
    InvalidInput
        The file cannot be read, lacks a column, holds no flight, or a number is none of 0 to 1.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InvalidInput("real flights", f"{path} ({problem})", "a CSV file that can be read") from None
    if not rows or any(name not in rows[0] for name in _COLUMNS):
        raise InvalidInput("real flights", "no such table", f"columns {' and '.join(_COLUMNS)}", path.name)
    values = [[_share(row, name, f"{path.name}:{line}") for name in _COLUMNS] for line, row in enumerate(rows, start=2)]
    return RealFlights(drift=tuple(v[0] for v in values), any_levels=tuple(v[1] for v in values))


def _share(row: dict[str, str], name: str, where: str) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise InvalidInput(name, repr(row[name]), "a number of 0 to 1", where)
    return value
