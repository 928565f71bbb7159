"""What every reader of a format is given, and what it gives back."""

from __future__ import annotations

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
    """What a file held: sightings with the row that each came from, counted from 1, and rows that are refused."""

    rows: list[tuple[int, Sighting]]
    problems: list[Problem]


def problem_of(bad: InvalidInput, where: str) -> Problem:
    """Return the error of a row as a problem that is listed while the rows after it go on."""
    return Problem(where=where, field=bad.field, got=bad.got, expected=bad.expected, hint=bad.hint)
