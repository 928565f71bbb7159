"""What a report of a case is made of: parts with sentences, figures and tables, each naming the records it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.figure import Figure

Ids = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence and the ids of its records; ``language`` where it is not the page's."""

    text: str
    records: Ids = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its text, a note under it, its records; numbers do not wrap and code is set as such."""

    text: str
    note: str = ""
    records: Ids = ()
    style: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; ``anchors`` are the ids of rows that are records, ``more`` says what was left out."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    anchors: Ids = ()
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure with what it shows in words."""

    name: str
    figure: Figure
    alt: str
    caption: str
    records: Ids = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Sentences under a heading of their own."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the report, shown in this order: how it is to be read, sentences, pictures, tables, listings."""

    name: str
    title: str
    how: str = ""
    lines: tuple[Line, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    listings: tuple[Listing, ...] = ()

    def cited(self) -> set[str]:
        """Return the ids of all records that it names."""
        groups: list[Ids] = [line.records for line in self.lines]
        groups += [picture.records for picture in self.pictures]
        groups += [line.records for listing in self.listings for line in listing.lines]
        groups += [cell.records for table in self.tables for row in table.rows for cell in row]
        return {record for group in groups for record in group}


def runs(ids: Iterable[str]) -> list[tuple[str, str]]:
    """Join ids that follow each other: 3, 4, 5, 9 are (3, 5) and (9, 9)."""
    numbers = sorted({int(number) for number in ids})
    out: list[list[int]] = []
    for number in numbers:
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return [(str(a), str(b)) for a, b in out]
