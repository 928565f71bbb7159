"""What every reader of a format is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from overflight.errors import InvalidInput
from overflight.sightings.defaults import Defaults
from overflight.sightings.sighting import Problem, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to read.

    Attributes
    ----------
    name : str. Of the file, for messages.
    data : bytes
    digest : str. Its sha256, hexadecimal.
    assume_utc : bool. Times without offset are UTC; else they are refused.
    defaults : Defaults. Errors that are taken where a row states none.
    """

    name: str
    data: bytes
    digest: str
    assume_utc: bool = False
    defaults: Defaults = field(default_factory=Defaults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a file held.

    Attributes
    ----------
    rows : sightings, each with the row that it came from, counted from 1.
    problems : rows that are refused.
    passed_over : by kind, how many rows are sound and no sightings.
    """

    rows: list[tuple[int, Sighting]]
    problems: list[Problem]
    passed_over: Mapping[str, int] = field(default_factory=dict)


def problem_of(bad: InvalidInput, where: str) -> Problem:
    """Return the error of a row as a problem that is listed while the rows after it go on."""
    return Problem(where=where, field=bad.field, got=bad.got, expected=bad.expected, hint=bad.hint)
