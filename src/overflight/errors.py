"""The one error tree.

OverflightError
├── InvalidInput     exit 2   a value, file or option is wrong
├── OutOfCoverage    exit 3   winds or regions do not cover what was asked
├── Unavailable      exit 3   a source or the network cannot be reached
├── Tampered         exit 1   a check found what it looks for
└── Interrupted      exit 130 stopped by the user; the same command resumes

A message reads ``where: field: got X, expected Y; hint`` and stands on one line.
"""

from __future__ import annotations

from dataclasses import dataclass


class OverflightError(Exception):
    """Every error that overflight raises on purpose."""

    exit_code = 1


@dataclass(eq=False)
class InvalidInput(OverflightError):
    """A value, file or option is wrong.

    Attributes
    ----------
    field : str
        The field, column, option or variable.
    got : str
        What came, as text.
    expected : str
        What would be right.
    where : str
        File, and row where there is one: ``sightings.csv:412``.
    hint : str
        What to try.
    """

    field: str
    got: str
    expected: str
    where: str = ""
    hint: str = ""
    exit_code = 2

    def __post_init__(self) -> None:
        """Keep all that another process needs to raise it again."""
        super().__init__(self.field, self.got, self.expected, self.where, self.hint)

    def __str__(self) -> str:
        """Return the one line that a person reads."""
        place = f"{self.where}: " if self.where else ""
        hint = f"; {self.hint}" if self.hint else ""
        got = one_line(self.got, 240)
        return one_line(f"{place}{self.field}: got {got}, expected {self.expected}{hint}")


@dataclass(eq=False)
class OutOfCoverage(OverflightError):
    """Winds, levels, regions or times do not cover what was asked.

    Attributes
    ----------
    asked, available : str
        Times, area or levels, as text.
    hint : str
        The command that would fetch the rest.
    """

    what: str
    asked: str
    available: str
    hint: str = ""
    exit_code = 3

    def __post_init__(self) -> None:
        """Keep all that another process needs to raise it again."""
        super().__init__(self.what, self.asked, self.available, self.hint)

    def __str__(self) -> str:
        """Return the one line that a person reads."""
        hint = f"; {self.hint}" if self.hint else ""
        return one_line(f"{self.what}: asked for {self.asked}, have {self.available}{hint}")


class Unavailable(OverflightError):
    """A source, file on a server, or the network cannot be reached."""

    exit_code = 3


class Tampered(OverflightError):
    """A verification found a record or byte that differs."""

    exit_code = 1


class Interrupted(OverflightError):
    """Stopped by the user; the same command resumes."""

    exit_code = 130


def one_line(text: str, limit: int = 600) -> str:
    """Return ``text`` on one line without control characters, shortened to ``limit``."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
