"""Trajectories as the page plays them: a few hundred members, their places in time, as one small file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import xarray as xr

from overflight.case.placing import placed
from overflight.geo.times import iso

MOST_MEMBERS, MOST_TIMES = 300, 200


def paths_of(data: xr.Dataset) -> dict[str, Any]:
    """Return members of trajectories on one row of times.

    Returns
    -------
    dict
        ``times`` (n,), ``members`` each with ``lon``, ``lat`` [degrees] and ``altitude_m``, null where it does not fly;
        ``of`` says how many members there are in all.
    """
    members, outputs = (data.sizes[name] for name in ("trajectory", "obs"))
    chosen = np.unique(np.linspace(0, members - 1, min(members, MOST_MEMBERS)).round().astype(int))
    shown = np.unique(np.linspace(0, outputs - 1, min(outputs, MOST_TIMES)).round().astype(int))
    part = data.isel(trajectory=chosen, obs=shown)
    time = part["time"].values
    row = time if time.ndim == 1 else time[0]
    fields = {"lon": (part["lon"].values, 4), "lat": (part["lat"].values, 4)}
    if "altitude" in part:
        fields["altitude_m"] = (part["altitude"].values, 0)
    listed = {name: [_numbers(one, digits) for one in values] for name, (values, digits) in fields.items()}
    return {
        "times": [iso(at) for at in row],
        "of": int(members),
        "members": [dict(zip(listed, one, strict=True)) for one in zip(*listed.values(), strict=True)],
    }


def _numbers(values: Any, digits: int) -> list[float | None]:
    return [round(float(v), digits) if np.isfinite(v) else None for v in values]


def write_paths(source: Path, target: Path) -> None:
    """Write the paths of a file of trajectories."""
    with xr.open_dataset(source, engine="h5netcdf") as data:
        found = paths_of(data)
    placed(target, lambda beside: _write(beside, msgspec.json.encode(found)))


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
