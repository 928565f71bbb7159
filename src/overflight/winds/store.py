"""The local store of fetched winds: one checked file a time, a JSON sidecar beside each.

Files never change once they are in: each is written beside, checked, and renamed. So readers need no lock,
a killed process leaves only a part that the next one takes up, and two processes that want the same file
share one download: the lock is the operating system's and dies with its holder.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import time as clock
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from overflight.errors import OverflightError, Unavailable
from overflight.geo.times import iso, parse_utc
from overflight.winds.files import ENVIRONMENT, guarded, held, sha256
from overflight.winds.lacking import as_stored, longest_gap, not_here
from overflight.winds.request import Area, Request, area_contains, checked_area

if TYPE_CHECKING:
    import xarray as xr

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stored file: the winds of one source at one valid time.

    Attributes
    ----------
    source, grid : str
        ``gfs``, ``0p25`` and the like.
    valid, run : datetime
        Time that the field is for, and the analysis time of the model run (for ERA5 the same).
    step_h : float
        Valid time less run. [h]
    levels_hpa : tuple of float
        Levels in the file [hPa], surface first.
    default_levels : bool
        Whether these are the source's own set, not a choice.
    variables : tuple of str
        Of ``u v t z``.
    area : tuple of float or None
        South, west, north, east [degrees]; None is the globe.
    url, sha256, fetched_at : str
        Where it came from, its digest, when.
    size : int
        Length. [bytes]
    path : pathlib.Path
        The file.
    """

    source: str
    grid: str
    valid: datetime
    run: datetime
    step_h: float
    levels_hpa: tuple[float, ...]
    default_levels: bool
    variables: tuple[str, ...]
    area: Area | None
    url: str
    sha256: str
    size: int
    fetched_at: str
    path: Path

    def serves(self, request: Request, *, exact: bool) -> bool:
        """Say whether this file has the area, levels and variables of ``request``.

        With ``exact`` a request that names no levels needs the source's own set; else any will do.
        """
        if request.source != self.source or request.resolution not in (None, self.grid):
            return False
        if not area_contains(self.area, request.area) or not set(request.variables) <= set(self.variables):
            return False
        if request.levels_hpa is None:
            return self.default_levels or not exact
        return set(request.levels_hpa) <= set(self.levels_hpa)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What pruning freed."""

    files: int
    bytes: int

    def __str__(self) -> str:
        """Return one sentence."""
        return f"freed {self.files} files, {self.bytes / 1e6:.1f} MB"


class Store:
    """Fetched winds on this machine.

    Parameters
    ----------
    root : path or None
        The folder; None is ``$OVERFLIGHT_WINDS_STORE``, else ``winds`` in the user's cache folder.
    """

    def __init__(self, root: str | Path | None = None) -> None:
        chosen = root or os.environ.get(ENVIRONMENT) or platformdirs.user_cache_path("overflight") / "winds"
        self.root = Path(chosen).expanduser()

    def entries(self, source: str | None = None) -> tuple[Entry, ...]:
        """Return what is stored, by source, grid and time. Spoiled sidecars are logged and left out."""
        found = []
        for sidecar in self._sidecars(source):
            try:
                found.append(_read_sidecar(sidecar))
            except Unavailable as problem:
                log.warning("%s", problem)
        return tuple(sorted(found, key=lambda e: (e.source, e.grid, e.valid, e.run, e.path.name)))

    def at(self, path: Path) -> Entry | None:
        """Return the entry whose file is ``path``, None where it is not whole."""
        try:
            return _read_sidecar(_sidecar(path))
        except Unavailable:
            return None

    def find(self, request: Request, *, exact: bool = False) -> dict[datetime, Entry]:
        """Return the best file for each stored time inside and about ``request``, all of one grid.

        Best is the newest run, then the most levels. The grid is the one with most of the times.
        """
        by_grid: dict[str, dict[datetime, Entry]] = {}
        for entry in self.entries(request.source):
            if entry.serves(request, exact=exact):
                times = by_grid.setdefault(entry.grid, {})
                if entry.valid not in times or _rank(entry) > _rank(times[entry.valid]):
                    times[entry.valid] = entry
        wanted = set(request.times())
        order = sorted(by_grid, key=lambda grid: (-len(wanted & by_grid[grid].keys()), grid))
        return dict(sorted(by_grid[order[0]].items())) if order else {}

    def missing(self, request: Request) -> tuple[datetime, ...]:
        """Return those times of ``request`` that are not stored."""
        there = self.find(request)
        return tuple(time for time in request.times() if time not in there)

    def have(self, request: Request) -> bool:
        """Say whether the stored times hold the request, with no gap over six hours or its own step."""
        there = self.find(request)
        return bool(_cover(tuple(there), request.start, request.end, longest_gap(request)))

    def open(self, request: Request) -> xr.Dataset:
        """Open stored winds as a canonical dataset.

        Raises
        ------
        OutOfCoverage
            Times, area or levels are not all here; the hint is the command that fetches the rest.
        """
        there = self.find(request)
        times = _cover(tuple(there), request.start, request.end, longest_gap(request))
        if not times:
            raise not_here(request, self.entries(request.source), there)
        return _open([there[time] for time in times], request)

    def open_stored(
        self,
        source: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        area: tuple[float, ...] | None = None,
        levels_hpa: Iterable[float] | None = None,
        place: tuple[float, float] | None = None,
    ) -> xr.Dataset:
        """Open stored winds of ``source`` (``gfs``, or with its grid ``gfs-0p50``); None is what there is.

        ``place`` is a latitude and longitude [degrees] that the area has to hold, where none is named.

        Raises
        ------
        OutOfCoverage
            As `open`.
        """
        name, _, grid = source.partition("-")
        held = tuple(e for e in self.entries(name) if not grid or e.grid == grid)
        first, last = _bounds(held, start, end)
        asked = Request(
            source=name,
            start=first,
            end=last,
            area=None if area is None else checked_area(area),
            levels_hpa=None if levels_hpa is None else tuple(levels_hpa),
            resolution=grid or None,
            variables=("u", "v"),
        )
        # No area asked: the globe where it is stored, else the widest area that is.
        areas = {entry.area for entry in held} - {None} if area is None else set()
        for one in (asked.area, *sorted(areas, key=_width, reverse=True)):
            request = replace(asked, area=one)
            if (place is None or area_contains(one, (*place, *place))) and self.have(request):
                return self.open(request)
        asked = as_stored(asked, held, place)
        raise not_here(asked, self.entries(name), self.find(asked))

    def prune(self, *, source: str | None = None, older_than: timedelta | None = None) -> Freed:
        """Delete stored files, all of them or those of one source or fetched longer ago than a time.

        Parts of broken downloads older than a day go too, and without conditions every part that no
        running download holds.
        """
        limit = datetime.now(UTC) - (older_than or timedelta(0))
        freed = [
            _delete(entry.path, _sidecar(entry.path))
            for entry in self.entries(source)
            if older_than is None or parse_utc(entry.fetched_at) < limit
        ]
        day_s = 0.0 if source is None and older_than is None else 86_400.0
        freed += [_delete(part) for part in self._litter(source, day_s)]
        return Freed(files=len(freed), bytes=sum(freed))

    def verify(self) -> tuple[str, ...]:
        """Check every file against its sidecar and return one line for each that fails."""
        problems = []
        for sidecar in self._sidecars(None):
            try:
                entry = _read_sidecar(sidecar)
                with guarded(entry.path):
                    digest = sha256(entry.path)
            except Unavailable as problem:
                problems.append(str(problem))
                continue
            if digest != entry.sha256:
                problems.append(f"{entry.path}: sha256 {digest[:12]}…, expected {entry.sha256[:12]}…")
        return tuple(problems)

    def place(self, source: str, grid: str, name: str) -> Path:
        """Return the path for a new file, its folder made."""
        folder = self.root / f"{source}-{grid}"
        with guarded(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def commit(self, part: Path, path: Path, facts: dict[str, Any]) -> Entry:
        """Move a checked part into the store as ``path`` and write its sidecar."""
        with guarded(path):
            digest, size = sha256(part), part.stat().st_size
            fetched_at = iso(datetime.now(UTC))
            entry = Entry(**facts, sha256=digest, size=size, fetched_at=fetched_at, path=path)
            part.replace(path)
            text = json.dumps(_plain(entry), indent=1, sort_keys=True)
            beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
            beside.write_text(text + "\n", encoding="utf-8")
            beside.replace(_sidecar(path))
        return entry

    def _sidecars(self, source: str | None) -> list[Path]:
        if not self.root.is_dir():
            return []
        return sorted(self.root.glob(f"{source or '*'}-*/*.json"))

    def _litter(self, source: str | None, age_s: float) -> list[Path]:
        """Return parts, temporary files and files without sidecar that nobody works on."""
        stale = []
        for path in sorted(self.root.glob(f"{source or '*'}-*/*")):
            orphan = path.suffix in (".grib2", ".nc") and not _sidecar(path).exists()
            if orphan or path.suffix in (".part", ".tmp", ".chunks"):
                old = clock.time() - path.stat().st_mtime >= age_s
                if old and not held(path):
                    stale.append(path)
        return stale


def _read_sidecar(sidecar: Path) -> Entry:
    """Read a sidecar; its file must be there with its length.

    Raises
    ------
    Unavailable
        It is no sidecar, or its file is gone or of another length.
    """
    path = sidecar.with_suffix("")
    try:
        facts = json.loads(sidecar.read_text(encoding="utf-8"))
        for key in ("valid", "run"):
            facts[key] = parse_utc(facts[key])
        for key in ("levels_hpa", "variables", "area"):
            facts[key] = None if facts[key] is None else tuple(facts[key])
        entry = Entry(**facts, path=path)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflightError):
        raise Unavailable(f"{sidecar}: a spoiled sidecar; fetch again") from None
    size = path.stat().st_size if path.exists() else None
    if size != entry.size:
        raise Unavailable(f"{path}: {size} bytes, expected {entry.size}; fetch again")
    return entry


def _plain(entry: Entry) -> dict[str, Any]:
    facts = asdict(entry)
    del facts["path"]
    return facts | {"valid": iso(entry.valid), "run": iso(entry.run)}


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _rank(entry: Entry) -> tuple[datetime, int, int]:
    return entry.run, len(entry.levels_hpa), entry.area is None


def _cover(times: tuple[datetime, ...], start: datetime, end: datetime, gap: timedelta) -> tuple[datetime, ...]:
    """Return those of sorted ``times`` that hold ``start`` to ``end``; none where there is a hole."""
    before = [time for time in times if time <= start][-1:]
    after = [time for time in times if time >= end][:1]
    if not before or not after:
        return ()
    chosen = tuple(time for time in times if before[0] <= time <= after[0])
    holes = any(b - a > gap for a, b in pairwise(chosen))
    return () if holes else chosen


def _bounds(held: tuple[Entry, ...], start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """Return the times asked for, and for those that were not, the first and last stored."""
    times = [entry.valid for entry in held]
    # Nothing stored and no times asked: yesterday stands in the command that the message names.
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = start or min(times, default=(end or today) - timedelta(days=1))
    last = end or max([*times, first], default=first)
    both = start is not None and end is not None
    return (first, last) if both or first <= last else (last, last)


def _width(area: Area | None) -> float:
    return 0.0 if area is None else (area[2] - area[0]) * (area[3] - area[1])


def _open(entries: list[Entry], request: Request) -> xr.Dataset:
    from overflight.winds.open import open_winds  # noqa: PLC0415 - it opens specs through this module

    levels = request.levels_hpa
    if levels is None:
        shared = set.intersection(*(set(entry.levels_hpa) for entry in entries))
        mixed = any(set(entry.levels_hpa) != shared for entry in entries)
        levels = tuple(sorted(shared, reverse=True)) if mixed and shared else None
    paths = [entry.path for entry in entries]
    area = request.area
    if area is not None and area[3] - area[1] >= 360:
        area = (area[0], -180.0, area[2], 180.0)
    dataset: xr.Dataset = open_winds(paths, area=area, levels_hpa=levels)
    return dataset


def _delete(*paths: Path) -> int:
    """Delete files, the last first, and return their length in bytes."""
    size = 0
    for path in reversed(paths):
        with guarded(path), contextlib.suppress(FileNotFoundError):
            size += sum(inside.stat().st_size for inside in (path, *path.rglob("*")) if inside.is_file())
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return size
