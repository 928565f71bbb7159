"""Which winds are at hand: a short text that changes when they do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path


def signature(winds: str) -> str:
    """Return the state of winds: of a stored source what the store holds, of files their sizes and times."""
    from overflight.winds.open import is_stored  # noqa: PLC0415 - it brings xarray, which a start need not wait for
    from overflight.winds.store import Store  # noqa: PLC0415

    rows: Iterable[str]
    if is_stored(winds):
        source = winds.partition("-")[0].lower()
        rows = (f"{e.source} {e.grid} {e.valid} {e.size} {e.sha256}" for e in Store().entries(source))
    else:
        rows = _files(winds)
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


def _files(winds: str) -> Iterator[str]:
    path = Path(winds).expanduser()
    found = [path] if path.exists() else Path(path.anchor or ".").glob(str(path.relative_to(path.anchor)))
    for one in found:
        for file in one.rglob("*") if one.is_dir() else (one,):
            about = file.stat()
            yield f"{file} {about.st_size} {about.st_mtime_ns}"
