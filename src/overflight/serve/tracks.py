"""Tracks of jobs and cases as features: lines with their times, cut at the antimeridian by who wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from overflight.serve.cases import folders
from overflight.serve.features import Feature
from overflight.serve.jobs import Jobs
from overflight.serve.jobs_request import files_of

NAMES = ("track.geojson", "forecast.geojson", "hindcast.geojson")
MOST_BYTES = 32 * 2**20


@lru_cache(maxsize=32)
def parsed_once(data: bytes) -> list[Feature]:
    """Return the features of a collection; the same bytes are read once."""
    found: dict[str, Any] = msgspec.json.decode(data)
    listed: list[Feature] = found.get("features", [])
    return listed


@lru_cache(maxsize=64)
def _read(path: Path, changed_ns: int) -> tuple[Feature, ...]:
    try:
        data = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return ()
    listed = data.get("features", []) if isinstance(data, dict) else []
    return tuple(one for one in listed if isinstance(one, dict) and one.get("geometry"))


def tracks(root: Path, jobs: Jobs) -> list[Feature]:
    """Return every feature of every track, forecast and hindcast that is kept."""
    return [feature for kind, owner, path in _sources(root, jobs) for feature in _features(kind, owner, path)]


def _sources(root: Path, jobs: Jobs) -> Iterator[tuple[str, str, Path]]:
    for case, folder in folders(root):
        yield from (("case", case, folder / name) for name in NAMES if (folder / name).is_file())
    for row in jobs.page(status="done", limit=1000):
        if row.verb in ("track", "forecast", "hindcast"):
            found = files_of(root / "jobs" / row.id)
            yield from (("job", row.id, path) for name, path in found.items() if name in NAMES)


def _features(kind: str, owner: str, path: Path) -> Iterator[Feature]:
    about = path.stat()
    if about.st_size > MOST_BYTES:
        return
    for number, feature in enumerate(_read(path, about.st_mtime_ns)):
        extra = {kind: owner, "part_of": path.stem}
        properties = {**(feature.get("properties") or {}), **extra}
        yield {**feature, "id": f"{owner}-{path.stem}-{number}", "properties": properties}
