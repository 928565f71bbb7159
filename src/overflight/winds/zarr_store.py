"""Zarr: a folder of chunks, in the canonical form."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from overflight.errors import InvalidInput
from overflight.winds.field import canonical

MARKERS = ("zarr.json", ".zgroup", ".zmetadata", ".zattrs")


def is_zarr(path: Path) -> bool:
    """Say whether a folder is a Zarr group."""
    return path.is_dir() and any((path / marker).exists() for marker in MARKERS)


def open_zarr(path: str | Path) -> xr.Dataset:
    """Open the winds of a local Zarr group (version 2 or 3) in the canonical form, lazily.

    Raises
    ------
    InvalidInput
        The group is broken or holds no wind on pressure levels.
    """
    folder = Path(path)
    consolidated = (folder / ".zmetadata").exists() or None
    try:
        ds = xr.open_dataset(
            folder, engine="zarr", consolidated=consolidated or False, decode_timedelta=True, cache=False
        )
    except Exception as problem:
        reason = f"{type(problem).__name__}: {problem}"[:200]
        raise InvalidInput(
            "Zarr", f"a group that cannot be read ({reason})", "a whole Zarr group", folder.name
        ) from None
    return canonical(ds, name=folder.name)
