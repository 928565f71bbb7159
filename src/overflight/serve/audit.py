"""The audit log: one line of JSON for whoever changed something, or was kept out; lines are only added."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from overflight.errors import one_line

FILE = "audit.jsonl"


class Audit:
    """An open audit log; a line is written in one go, so that several processes can share the file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, **what: Any) -> None:
        """Add a line; texts are cut and freed of control characters."""
        clean = {name: one_line(value, 300) if isinstance(value, str) else value for name, value in what.items()}
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        os.write(self._file, msgspec.json.encode({"at": at, **clean}) + b"\n")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
