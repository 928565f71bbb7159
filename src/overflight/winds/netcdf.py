"""NetCDF: classic files through SciPy, NetCDF4 through HDF5, in the canonical form."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from overflight.errors import InvalidInput
from overflight.winds.field import canonical


def open_netcdf(path: str | Path) -> xr.Dataset:
    """Open the winds of a NetCDF file in the canonical form, lazily.

    Raises
    ------
    InvalidInput
        The file is no NetCDF, broken, or holds no wind on pressure levels.
    """
    file = Path(path)
    return canonical(read_netcdf(file), name=file.name)


def read_netcdf(file: Path) -> xr.Dataset:
    """Open a NetCDF file as it stands; times that are not as CF asks stay numbers.

    Raises
    ------
    InvalidInput
        The file is no NetCDF or broken.
    """
    with file.open("rb") as stream:
        engine = "scipy" if stream.read(3) == b"CDF" else "h5netcdf"
    for decode in (True, False):
        try:
            # Steps of a forecast are wanted as numbers only where they help to date it.
            return xr.open_dataset(file, engine=engine, decode_times=decode, decode_timedelta=decode, cache=False)
        except Exception as problem:
            reason = f"{type(problem).__name__}: {problem}"
    raise InvalidInput("NetCDF", f"a file that cannot be read ({reason})"[:240], "a whole NetCDF file", file.name)
