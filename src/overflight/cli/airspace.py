"""``overflight airspace``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from overflight.cli.options import Json, Output
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput


def airspace(
    tracks: Annotated[Path, Parameter(help="Trajectories as NetCDF or Zarr: dims (trajectory, obs), lat, lon, time.")],
    *,
    output: Output = None,
    json: Json = False,
) -> None:
    """List the countries that a track or an ensemble crossed, with times and probability."""
    import xarray as xr

    from overflight.airspace import ledger
    from overflight.case import export

    if not tracks.exists():
        raise InvalidInput("tracks", str(tracks), "a file of trajectories")
    try:
        data = (
            xr.open_zarr(tracks, consolidated=False) if tracks.is_dir() else xr.open_dataset(tracks, engine="h5netcdf")
        )
    except (OSError, ValueError, KeyError) as problem:
        raise InvalidInput(
            "tracks", f"{tracks.name} ({type(problem).__name__})", "NetCDF or Zarr trajectories"
        ) from None
    found = ledger(data)
    if output is not None:
        export.write(found.table, output)
        remark(f"written: {output}")
    if json:
        say_json(found.to_json())
    else:
        say(str(found))
