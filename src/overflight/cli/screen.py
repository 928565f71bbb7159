"""What reaches the terminal: the answer on standard output, progress and remarks on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

Progress = Callable[[int, int], None]


def say(text: str) -> None:
    """Print the answer."""
    sys.stdout.write(f"{text}\n")


def say_json(data: Any) -> None:
    """Print the answer as JSON."""
    from overflight.case.log import plain

    sys.stdout.write(json.dumps(plain(data), ensure_ascii=False) + "\n")


def remark(text: str) -> None:
    """Print what is beside the answer."""
    sys.stderr.write(f"{text}\n")


def bar(what: str) -> Progress | None:
    """Return a progress bar on standard error, or nothing where that is no terminal."""
    tell = stages()
    return None if tell is None else lambda done, total: tell(what, done, total)


def stages() -> Callable[[str, int, int], None] | None:
    """Return a progress bar that names its stages, or nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import Progress as Bars

    bars = Bars(console=Console(stderr=True), transient=True)
    task = bars.add_task("starting", total=None)
    bars.start()

    def tell(stage: str, done: int, total: int) -> None:
        bars.update(task, description=stage, completed=done, total=total)
        if done >= total:
            bars.stop()

    return tell
