"""Write down the rows that were left out, each with its reason."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from overflight.errors import InvalidInput, one_line
from overflight.sightings.sighting import Problem

HEADER = ("where", "field", "got", "expected", "hint")


def write_rejects(path: str | Path, problems: Iterable[Problem]) -> None:
    """Write problems as CSV: where, field, got, expected, hint; the file comes in its place when it is whole.

    Raises
    ------
    InvalidInput
        The place cannot be written.
    """
    path = Path(path)
    beside = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        with beside.open("w", encoding="utf-8", newline="", errors="backslashreplace") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows([one_line(getattr(problem, name)) for name in HEADER] for problem in problems)
        beside.replace(path)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InvalidInput("rejects", f"{path} ({reason})", "a place that can be written") from None
    finally:
        if "\0" not in str(beside):
            beside.unlink(missing_ok=True)
