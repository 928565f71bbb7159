"""``overflight airspace``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.airspace_fetch import fetch_, list_
from overflight.cli.options import Json
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["airspace", "fetch_", "list_", "trajectories"]


def airspace(
    tracks: Annotated[Path, Parameter(help="Trajectories as NetCDF or Zarr: dims (trajectory, obs), lat, lon, time.")],
    *,
    output: Annotated[
        Path | None,
        Parameter(
            name=["--output", "-o"],
            help="File to write: the ledger as .csv, .parquet or .json, the countries crossed as .geojson, a map of "
            "the paths as .png.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the countries that a track or an ensemble crossed, with times and probability."""
    from overflight.airspace import ledger
    from overflight.case import export
    from overflight.case.placing import LEDGER, require_place

    if output is not None:
        require_place(output, LEDGER)
    data = trajectories(tracks)
    found = ledger(data)
    if output is not None:
        export.write_ledger(found, data, output)
        remark(f"written: {output}")
    if json:
        say_json(found.to_json())
    else:
        say(str(found))


def trajectories(path: Path) -> xr.Dataset:
    """Open a file of trajectories."""
    import xarray as xr

    if not path.exists():
        raise InvalidInput("tracks", f"{path} (No such file or directory)", "a file of trajectories")
    how = {"engine": "zarr", "consolidated": False} if path.is_dir() else {"engine": "h5netcdf"}
    try:
        data: xr.Dataset = xr.open_dataset(path, **how)
        for name in ("lat", "lon", "altitude", "time", "status"):
            if name in data.variables:
                data[name].load()
    except Exception as problem:  # readers of damaged files raise what they like
        got = f"{path.name} ({type(problem).__name__})"
        raise InvalidInput("tracks", got, "NetCDF or Zarr trajectories") from None
    return data
