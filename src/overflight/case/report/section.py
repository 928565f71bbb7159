"""One part of a report: sentences, a table and a figure under a title."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the report: ``columns`` and ``rows`` are those of its table."""

    title: str
    sentences: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figure: Figure | None = None
    caption: str = ""
