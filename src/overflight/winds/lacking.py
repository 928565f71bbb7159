"""What the store lacks for a request, and the command that would fetch it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from overflight.errors import OutOfCoverage
from overflight.geo.times import iso
from overflight.winds.request import CUT, Request, area_around, area_contains, area_text, spans_text

if TYPE_CHECKING:
    from overflight.winds.store import Entry

MAX_GAP = timedelta(hours=6)


def longest_gap(request: Request) -> timedelta:
    """Return how far apart stored times may be: six hours, or the request's own step."""
    return max(MAX_GAP, timedelta(hours=request.step_h))


def not_here(request: Request, here: Sequence[Entry], there: Mapping[datetime, Entry]) -> OutOfCoverage:
    """Say what of a source is stored, and the command that fetches the rest of ``request``.

    ``here`` are all files of the source, ``there`` those of a time each that would serve but for their times.
    """
    lacking = tuple(time for time in request.times() if time not in there) or request.times()
    have = "nothing"
    if here:
        times = tuple(sorted({entry.valid for entry in (there.values() or here)}))
        areas = sorted({area_text(entry.area) for entry in (there.values() or here)})
        have = f"{spans_text(times, longest_gap(request))} ({'; '.join(areas[:3])})"
        if not there and request.levels_hpa is not None:
            levels = sorted({level for entry in here for level in entry.levels_hpa}, reverse=True)
            have += f" at {' '.join(f'{level:g}' for level in levels)} hPa"
    asked = f"{iso(request.start)}..{iso(request.end)} ({area_text(request.area)})"
    rest = _narrowed(request, lacking[0], lacking[-1])
    return OutOfCoverage(f"stored winds of {request.source}", asked, have, f"fetch the rest: {rest.command()}")


def as_stored(request: Request, held: Sequence[Entry], place: tuple[float, float] | None) -> Request:
    """Return what to fetch beside the files that are held: of their area, grid and levels where all have the same."""
    areas = {e.area for e in held if place is None or area_contains(e.area, (*place, *place))}
    if request.area is None and len(areas) == 1:
        request = replace(request, area=areas.pop())
    elif request.area is None and place is not None and request.source in CUT:
        request = replace(request, area=area_around(*place, (request.end - request.start) / timedelta(hours=1)))
    levels = {() if e.default_levels else e.levels_hpa for e in held}
    if request.levels_hpa is None and len(levels) == 1:
        request = replace(request, levels_hpa=levels.pop() or None)
    grids = {e.grid for e in held}
    return replace(request, resolution=grids.pop()) if request.resolution is None and len(grids) == 1 else request


def _narrowed(request: Request, first: datetime, last: datetime) -> Request:
    start, end = max(request.start, first), min(request.end, last)
    return replace(request, start=min(start, end), end=max(start, end))
