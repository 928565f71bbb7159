"""Gridded fields of the surface from CF NetCDF: currents, ice, depths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput

F64 = NDArray[np.float64]
CURRENTS = (
    (("surface_eastward_sea_water_velocity", "eastward_sea_water_velocity"), ("uo", "u", "water_u", "uos")),
    (("surface_northward_sea_water_velocity", "northward_sea_water_velocity"), ("vo", "v", "water_v", "vos")),
)
ICE = ((("sea_ice_area_fraction",), ("siconc", "ice", "ice_conc", "ci")),)
DEPTH = (
    (("sea_floor_depth_below_sea_surface", "sea_floor_depth_below_geoid", "depth"), ("depth", "deptho", "bathymetry")),
)
_AXES = {"lat": ("latitude", "lat"), "lon": ("longitude", "lon"), "time": ("time",)}


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Fields over time, latitude and longitude, linear between nodes; not known beside them or where one is missing.

    Attributes
    ----------
    seconds : float64 (t,), since 1970; one node holds for all times. [s]
    lat, lon : float64, rising. [degrees]
    values : float64 (fields, t, lat, lon)
    """

    seconds: F64
    lat: F64
    lon: F64
    values: F64

    @property
    def most(self) -> float:
        """The largest value."""
        return float(np.nanmax(self.values))

    def at(self, lat: F64, lon: F64, seconds: F64) -> F64:
        """Return the fields (fields, n) at places [degrees] and times since 1970 [s]; NaN where not known."""
        t, a = _between(np.asarray(seconds, np.float64), self.seconds, holds=self.seconds.size == 1)
        y, b = _between(lat, self.lat)
        x, c = self._column(lon)
        total = np.zeros((len(self.values), lat.size))
        for dt in (0, 1):
            for dy in (0, 1):
                for dx in (0, 1):
                    weight = np.abs(1 - dt - a) * np.abs(1 - dy - b) * np.abs(1 - dx - c)
                    i = np.minimum(t + dt, self.seconds.size - 1)
                    j, k = np.minimum(y + dy, self.lat.size - 1), (x + dx) % self.lon.size
                    node = self.values[:, i, j, k]
                    total += np.where(weight == 0.0, 0.0, weight * node)
        return total

    def _column(self, lon: F64) -> tuple[NDArray[np.intp], F64]:
        """Find columns; a grid round the circle goes on from its last to its first."""
        off = (np.asarray(lon) - self.lon[0]) % 360.0
        if self.lon.size > 1 and 360.0 - (self.lon[-1] - self.lon[0]) <= 1.5 * np.median(np.diff(self.lon)):
            return _between(off, np.append(self.lon - self.lon[0], 360.0))
        return _between(off, self.lon - self.lon[0])


def _between(value: F64, axis: F64, *, holds: bool = False) -> tuple[NDArray[np.intp], F64]:
    """Return the node before and the weight of the next, NaN beside the axis."""
    value = np.asarray(value, np.float64)
    if holds:
        return np.zeros(value.shape, np.intp), np.zeros(value.shape)
    i = np.clip(np.searchsorted(axis, value, side="right") - 1, 0, max(axis.size - 2, 0))
    width = axis[np.minimum(i + 1, axis.size - 1)] - axis[i]
    weight = np.where(width > 0.0, (value - axis[i]) / np.where(width > 0.0, width, 1.0), 0.0)
    return i, np.where((value >= axis[0] - 1e-9) & (value <= axis[-1] + 1e-9), np.clip(weight, 0.0, 1.0), np.nan)


def read_grid(path: Path, wanted: Sequence[tuple[Sequence[str], Sequence[str]]], what: str) -> Grid:
    """Read fields from a CF NetCDF file, of several depths the one nearest the surface.

    Parameters
    ----------
    wanted : of each field its standard names, and names that files use.
    what : the option, for messages.

    Raises
    ------
    InvalidInput
        The file cannot be read, or has no such field on latitudes and longitudes.
    """
    try:
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            ds = opened.load()
    except Exception as problem:  # readers of damaged files raise what they like
        raise InvalidInput(what, f"{path.name} ({type(problem).__name__})", "a NetCDF file") from None
    fields = [_field(ds, standard, names, path, what) for standard, names in wanted]
    lat, lon = (_axis(ds, name, path, what) for name in ("lat", "lon"))
    first = fields[0]
    timed = "time" in first.dims
    seconds = np.zeros(1)
    if timed:
        seconds = (ds["time"].values - np.datetime64(0, "ns")) / np.timedelta64(1, "s")
    order = ("time", lat, lon) if timed else (lat, lon)
    values = np.stack([_plane(f, order) for f in fields])
    return _rising(seconds, np.asarray(ds[lat].values, np.float64), np.asarray(ds[lon].values, np.float64), values)


def _field(ds: xr.Dataset, standard: Sequence[str], names: Sequence[str], path: Path, what: str) -> xr.DataArray:
    for name, variable in ds.data_vars.items():
        if variable.attrs.get("standard_name") in standard or str(name).lower() in names:
            return variable
    raise InvalidInput(what, f"variables {', '.join(map(str, ds.data_vars)) or 'none'}", standard[0], path.name)


def _axis(ds: xr.Dataset, which: str, path: Path, what: str) -> str:
    for name in ds.dims:
        about = ds[name].attrs if name in ds else {}
        if str(name).lower() in _AXES[which] or about.get("standard_name") == _AXES[which][0]:
            return str(name)
    got = f"dimensions {', '.join(map(str, ds.dims))}"
    raise InvalidInput(what, got, "latitude and longitude as axes", path.name)


def _plane(field: xr.DataArray, order: tuple[str, ...]) -> F64:
    for extra in [d for d in field.dims if d not in order]:
        nearest = int(np.argmin(np.abs(field[extra].values))) if extra in field.coords else 0
        field = field.isel({extra: nearest})
    values = np.asarray(field.transpose(*order).values, np.float64)
    return values if len(order) == 3 else values[None]


def _rising(seconds: F64, lat: F64, lon: F64, values: F64) -> Grid:
    if lat.size > 1 and lat[0] > lat[-1]:
        lat, values = lat[::-1], values[:, :, ::-1]
    start = lon[0]
    unwound = start + (lon - start) % 360.0
    order = np.argsort(unwound, kind="stable")
    return Grid(seconds, lat, unwound[order], np.ascontiguousarray(values[..., order]))
