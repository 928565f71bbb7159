"""Put a file in its place whole or not at all: written beside, then renamed."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAJECTORIES = (".nc", ".zarr", ".geojson", ".kml", ".csv", ".parquet", ".png")
STREAMED = (".zarr",)
"""Of these, what is written part by part."""
LEDGER_TABLES = (".csv", ".parquet", ".json", ".geojson")
LEDGER = (*LEDGER_TABLES, ".png")
"""Suffixes of what can be written, for trajectories and for a ledger."""
ZARR_MARKS = ("zarr.json", ".zgroup")


def require_place(path: Path, suffixes: Collection[str]) -> None:
    """Refuse, before anything is computed, a name that cannot be written.

    Raises
    ------
    InvalidInput
        Its suffix is not known, there is no such folder, or what stands there is no file to be replaced.
    """
    if path.suffix.lower() not in suffixes:
        raise InvalidInput("output", repr(path.name), f"a name that ends in {', '.join(suffixes)}")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise InvalidInput("output", f"{path} (no folder {folder})", "a place that can be written")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput("output", f"{path} (Permission denied)", "a place that can be written")
    _require_replaceable(path)


def _require_replaceable(path: Path) -> None:
    if path.suffix.lower() == ".zarr":
        if path.exists() and not any((path / mark).is_file() for mark in ZARR_MARKS):
            raise InvalidInput("output", f"{path}, which is there and no Zarr group", "another name")
    elif path.exists() and not path.is_file():
        raise InvalidInput("output", f"{path}, which is no file", "another name")


def placed(path: Path, writer: Callable[[Path], None]) -> None:
    """Let ``writer`` write beside, and rename what it wrote; what was there stays until then.

    Raises
    ------
    InvalidInput
        The disk is full, the folder may not be written, and the like.
    """
    target = path.resolve()
    beside = target.with_name(f".part-{os.getpid()}-{target.name}")
    try:
        _require_replaceable(path)
        writer(beside)
        _swap(beside, target)
    except OSError as problem:
        reason = os.strerror(problem.errno) if problem.errno else str(problem)
        raise InvalidInput("output", f"{path} ({reason})", "a place that can be written") from None
    finally:
        remove(beside)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the form that the suffix names; raises as ``placed``."""
    placed(path, lambda beside: figure.savefig(beside, dpi=150, format=path.suffix[1:].lower()))


def _swap(beside: Path, target: Path) -> None:
    """Rename over what is there; a folder cannot be renamed over and goes aside first."""
    if not target.is_dir():
        beside.replace(target)
        return
    aside = target.with_name(f".part-{os.getpid()}-old-{target.name}")
    target.replace(aside)
    try:
        beside.replace(target)
    except OSError:
        aside.replace(target)
        raise
    remove(aside)


def remove(path: Path) -> None:
    """Remove a file or a folder that is no longer wanted, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8."""
    path.write_text(text, encoding="utf-8")
