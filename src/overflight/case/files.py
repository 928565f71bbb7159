"""Files that records name: evidence in the case's folder, what a run wrote beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from overflight.case.canonical import sha256_of
from overflight.errors import InvalidInput


def names_file(kind: str, body: Mapping[str, Any]) -> bool:
    """Say whether a record names a file that is to be there."""
    return kind == "file" or (kind == "evidence" and bool(body.get("kept")))


def file_problem(folder: Path, kind: str, body: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a file that a record names: evidence lies in the case, other files beside it."""
    named = str(body.get("kept" if kind == "evidence" else "path", ""))
    what = f"evidence {body.get('name')}" if kind == "evidence" else named
    home = (folder if kind == "evidence" else folder / "..").resolve()
    try:
        path = (home / named).resolve()
        if not path.is_relative_to(home):
            return f"{what} lies outside the folder"
        if not path.is_file():
            return f"{what} is missing"
        found = sha256_of(path)
    except (OSError, ValueError, RuntimeError) as problem:  # a link to itself, a null in a name
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InvalidInput("case", f"{what} ({reason})", "a place that can be read and written") from None
    return None if found == body.get("sha256") else f"{what} differs: {found} for {body.get('sha256')}"
