"""Trajectories as the kernels read them: paths of members, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput

F64 = NDArray[np.float64]
Floats = NDArray[np.floating]

IN_FLIGHT = (0, 2)
"""Status of members that fly, before and after a burst."""
_SLACK = 1e-3
"""What rounding to single precision may add to a place. [degrees]"""


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Paths of members; where one is not known, its latitude is NaN.

    Attributes
    ----------
    lat, lon, altitude : (members, obs) [degrees, m]
    time_s : (members or 1, obs) [s] since ``epoch``
    epoch : datetime64
    """

    lat: Floats
    lon: Floats
    altitude: Floats
    time_s: F64
    epoch: np.datetime64

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether each member has a path (members,)."""
        return np.asarray(np.isfinite(self.lat).any(axis=1))

    def members(self, first: int, last: int) -> Paths:
        """Return the paths of some members."""
        time = self.time_s if len(self.time_s) == 1 else self.time_s[first:last]
        return Paths(self.lat[first:last], self.lon[first:last], self.altitude[first:last], time, self.epoch)


def paths_of(data: xr.Dataset) -> Paths:
    """Read the paths of trajectories; time on the ground is no part of them.

    Raises
    ------
    InvalidInput
        The dataset holds no trajectories.
    """
    missing = [name for name in ("lat", "lon", "time") if name not in data.variables]
    if missing:
        raise InvalidInput("trajectories", f"no {', '.join(missing)}", "lat, lon and time with dims (trajectory, obs)")
    _require_paths(data)
    lat, lon = (np.atleast_2d(_floats(data[name])) for name in ("lat", "lon"))
    altitude = np.atleast_2d(_floats(data["altitude"])) if "altitude" in data else np.full_like(lat, np.nan)
    times = np.atleast_2d(data["time"].values.astype("datetime64[ns]"))
    if np.isnat(times).all():
        raise InvalidInput("trajectories", "no times", "at least one time")
    epoch = np.nanmin(times)
    lost = ~np.isfinite(lon) | np.isnat(times)
    if "status" in data:
        grounded = ~np.isin(np.atleast_2d(data["status"].values), IN_FLIGHT)
        grounded[:, 1:] &= grounded[:, :-1]  # the leg that ends on the ground was flown
        lost |= grounded
    if lost.any():
        lat = np.where(lost, np.nan, lat)
    if not np.isfinite(lat).any():
        raise InvalidInput("trajectories", "no places", "at least one member with a path")
    seconds = np.where(np.isnat(times), np.nan, (times - epoch) / np.timedelta64(1, "s"))
    return Paths(lat, lon, altitude, np.ascontiguousarray(seconds), epoch)


def _floats(values: xr.DataArray) -> Floats:
    """Return single or double precision as it is, anything else as double."""
    array = values.values
    return np.ascontiguousarray(array if array.dtype in (np.float32, np.float64) else array.astype(np.float64))


def _require_paths(data: xr.Dataset) -> None:
    """Refuse what has places and times, but not one beside the other, as a grid has."""
    dims = data["lat"].dims
    alike = data["lon"].dims == dims and set(data["time"].dims) <= set(dims) and dims[-1:] == data["time"].dims[-1:]
    if not (alike and 1 <= len(dims) <= 2):
        got = ", ".join(f"{name} ({', '.join(map(str, data[name].dims))})" for name in ("lat", "lon", "time"))
        raise InvalidInput("trajectories", got, "lat, lon and time with dims (trajectory, obs)")
    if not np.issubdtype(data["time"].dtype, np.datetime64):
        raise InvalidInput("trajectories", f"time of type {data['time'].dtype}", "times with their CF unit")
    for name, most in (("lat", 90.0), ("lon", 360.0)):
        if data[name].dtype.kind not in "fiu":
            raise InvalidInput("trajectories", f"{name} of type {data[name].dtype}", "degrees as numbers")
        far = max(np.nanmax(data[name].values, initial=0.0), -np.nanmin(data[name].values, initial=0.0))
        if most + _SLACK < far < np.inf:
            raise InvalidInput("trajectories", f"{name} of {far:g}", f"degrees of -{most:g} to {most:g}")
