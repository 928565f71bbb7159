"""Errors that readers of files raise, as one line: a damaged file often opens, and breaks only when it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from overflight.errors import InvalidInput, OverflightError, one_line


@contextmanager
def told_unreadable(name: str) -> Iterator[None]:
    """Turn what a reader raises over a damaged file into one line.

    Parameters
    ----------
    name : what is read, a file's name.

    Raises
    ------
    InvalidInput
        The file cannot be read; ``OverflightError`` and want of memory pass as they are.
    """
    try:
        yield
    except (OverflightError, MemoryError):
        raise
    except Exception as problem:
        got = one_line(f"values that cannot be read ({type(problem).__name__}: {problem})", 200)
        raise InvalidInput("winds", got, "a whole file of numbers", name) from None
