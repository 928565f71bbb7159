"""What reaches the terminal: the answer on standard output, progress and remarks on standard error.

Remarks wait for the answer: a run that fails says one line, why.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from overflight.errors import InvalidInput, one_line

Progress = Callable[[int, int], None]
PROGRESS_FD = "OVERFLIGHT_PROGRESS_FD"
PAUSE_S = 0.1
_remarks: list[str] = []
_bars: list[Any] = []


class _Notes(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Turn a warning of the library into a remark."""
        remark(one_line(f"note: {record.getMessage()}"))


@contextmanager
def session() -> Iterator[None]:
    """Take the library's warnings as remarks, and leave the terminal as it was found."""
    notes, logger = _Notes(logging.WARNING), logging.getLogger("overflight")
    logger.addHandler(notes)
    try:
        yield
    finally:
        logger.removeHandler(notes)
        _stop_bars()
        _remarks.clear()


def say(text: str) -> None:
    """Print the answer.

    Raises
    ------
    InvalidInput
        Standard output takes no more: its disk is full.
    """
    settle()
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        let_go()
        raise
    except OSError as problem:
        let_go()
        raise refused("standard output", problem) from None


def refused(what: str, problem: OSError) -> InvalidInput:
    """Return the line for what the system would not read or write."""
    return InvalidInput(what, problem.strerror or str(problem), "what can be read and written")


def let_go() -> None:
    """Point standard output nowhere, so that the interpreter's own last flush has nothing to complain of."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def say_json(data: Any) -> None:
    """Print the answer as JSON."""
    from overflight.case.canonical import plain

    say(json.dumps(plain(data), ensure_ascii=False, allow_nan=False))


def remark(text: str) -> None:
    """Keep what is beside the answer until there is one."""
    _remarks.append(text)


def settle() -> None:
    """Take the progress bars away and print the remarks."""
    _stop_bars()
    for text in _remarks:
        _write_error(text)
    _remarks.clear()


def fail(text: str, code: int) -> int:
    """Print the one line of a failure instead of all remarks, and return the exit code."""
    _stop_bars()
    _remarks.clear()
    _write_error(f"overflight: {one_line(text)}")
    return code


def _write_error(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")


def bar(what: str) -> Progress | None:
    """Return a progress bar on standard error, or nothing where that is no terminal."""
    tell = stages()
    return None if tell is None else lambda done, total: tell(what, done, total)


def stages() -> Callable[[str, int, int], None] | None:
    """Return a progress bar that names its stages, or nothing where standard error is no terminal.

    A program that runs the command may ask for lines of JSON, [stage, done, total], by the number of an open file.
    """
    if PROGRESS_FD in os.environ:
        return _told_lines(os.environ[PROGRESS_FD])
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import Progress as Bars

    bars = Bars(console=Console(stderr=True), transient=True)
    task = bars.add_task("starting", total=None)
    bars.start()
    _bars.append(bars)

    def tell(stage: str, done: int, total: int) -> None:
        is_new = bars.tasks[0].description != stage  # a stage is drawn at once, so that a short one shows too
        bars.update(task, description=stage, completed=done, total=total, refresh=is_new)

    return tell


def _told_lines(number: str) -> Callable[[str, int, int], None]:
    last = [0.0]

    def tell(stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] >= PAUSE_S:
            last[0] = now
            with contextlib.suppress(OSError, ValueError):  # nobody reads it any more, or it was no number
                os.write(int(number), json.dumps([stage, done, total]).encode() + b"\n")

    return tell


def _stop_bars() -> None:
    while _bars:
        _bars.pop().stop()
