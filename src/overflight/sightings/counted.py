"""What a signal file held besides sightings: lines that are sound, and are no positions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from overflight.errors import InvalidInput
from overflight.sightings.parsed import Parsed
from overflight.sightings.sighting import Problem, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Parsed):
    """What a file held.

    Attributes
    ----------
    passed_over : by kind, how many rows are sound and no sightings, as telemetry and status frames are.
    """

    passed_over: Mapping[str, int] = field(default_factory=dict)


def problem(bad: InvalidInput, where: str) -> Problem:
    """Return what is wrong with a row as a problem that is listed, and does not stop the rows after it."""
    return Problem(where=bad.where or where, field=bad.field, got=bad.got, expected=bad.expected, hint=bad.hint)


def in_order(rows: Iterable[tuple[int, Sighting]]) -> list[tuple[int, Sighting]]:
    """Return rows in the order of the file."""
    return sorted(rows, key=lambda row: row[0])
