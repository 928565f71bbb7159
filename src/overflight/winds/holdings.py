"""What the store holds, summed up for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from overflight.winds.lacking import MAX_GAP
from overflight.winds.request import Area, area_text, spans_text
from overflight.winds.store import Entry, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Files of one source, grid, area and set of levels.

    Attributes
    ----------
    source, grid : str
        ``gfs``, ``0p25`` and the like.
    area : tuple of float or None
        South, west, north, east [degrees]; None is the globe.
    levels_hpa : tuple of float
        Levels, surface first. [hPa]
    times : tuple of datetime
        Valid times, ascending.
    bytes : int
        Length of all files. [bytes]
    """

    source: str
    grid: str
    area: Area | None
    levels_hpa: tuple[float, ...]
    times: tuple[datetime, ...]
    bytes: int

    def spans(self, gap: timedelta = MAX_GAP) -> str:
        """Write the times as spans without holes longer than ``gap``."""
        return spans_text(self.times, gap)

    def __str__(self) -> str:
        """Return one line."""
        levels = f"{len(self.levels_hpa)} levels {self.levels_hpa[0]:g}..{self.levels_hpa[-1]:g} hPa"
        size = f"{self.bytes / 1e6:.1f} MB"
        name = f"{self.source}-{self.grid}"
        return f"{name}: {self.spans()}, {len(self.times)} times, {levels}, {area_text(self.area)}, {size}"


def holdings(store: Store, source: str | None = None) -> tuple[Holding, ...]:
    """Return what ``store`` holds, of one source or of all."""

    def kind(entry: Entry) -> tuple[str, str, Area, tuple[float, ...]]:
        return entry.source, entry.grid, entry.area or (-90.0, -180.0, 90.0, 180.0), entry.levels_hpa

    found = []
    for _, group in groupby(sorted(store.entries(source), key=kind), key=kind):
        files = tuple(group)
        found.append(
            Holding(
                source=files[0].source,
                grid=files[0].grid,
                area=files[0].area,
                levels_hpa=files[0].levels_hpa,
                times=tuple(sorted({entry.valid for entry in files})),
                bytes=sum(entry.size for entry in files),
            )
        )
    return tuple(found)
