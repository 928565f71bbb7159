"""The canonical form of winds: any dataset with wind on pressure levels is brought to it, subset and questioned.

Dimensions ``(time, level, lat, lon)``, after an optional leading ``member``; times increase, levels fall from the
surface up in hPa, latitudes and longitudes increase. ``u``, ``v`` [m/s], and where the file has them ``z``
(geopotential height [m]), ``t`` [K], ``w`` [Pa/s] and ``wind_sd`` [m/s]. A missing value is NaN.
"""

from __future__ import annotations

import logging

import numpy as np
import xarray as xr

from overflight.errors import InvalidInput
from overflight.geo.atmosphere import STANDARD_GRAVITY_MS2
from overflight.winds.axes import order_lat, order_level, order_lon, order_time, rename_axes
from overflight.winds.coverage import covers, gaps, is_global, require, subset
from overflight.winds.names import find_variable

__all__ = ["canonical", "covers", "gaps", "is_global", "require", "subset"]

_LOG = logging.getLogger(__name__)
DIMS = ("time", "level", "lat", "lon")
ATTRIBUTES: dict[str, dict[str, str]] = {
    "u": {"units": "m s-1", "standard_name": "eastward_wind"},
    "v": {"units": "m s-1", "standard_name": "northward_wind"},
    "z": {"units": "m", "standard_name": "geopotential_height"},
    "t": {"units": "K", "standard_name": "air_temperature"},
    "w": {"units": "Pa s-1", "standard_name": "lagrangian_tendency_of_air_pressure"},
    "wind_sd": {"units": "m s-1", "long_name": "standard deviation of the error of each wind component"},
    "level": {"units": "hPa", "standard_name": "air_pressure", "positive": "down", "axis": "Z"},
    "lat": {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"},
    "lon": {"units": "degrees_east", "standard_name": "longitude", "axis": "X"},
    "time": {"standard_name": "time", "axis": "T"},
    "member": {"standard_name": "realization"},
}
_SPEED = {"kt": 0.514444, "kts": 0.514444, "knots": 0.514444, "knot": 0.514444, "km/h": 1 / 3.6, "cm/s": 0.01}
_METRES_A_SECOND = ("", "ms-1", "m/s", "m*s**-1", "metres/second", "meters/second", "mpersecond", "m.s-1")
_BIG_BYTES = 2**27
"""Above this a file is read a time at a time."""


def canonical(ds: xr.Dataset, *, name: str = "") -> xr.Dataset:
    """Bring a dataset with winds on pressure levels to the canonical form.

    Parameters
    ----------
    ds : Dataset
        With CF standard names or common names; may be lazy and stays so.
    name : str
        What to call it in messages, a file's name.

    Raises
    ------
    InvalidInput
        There is no wind in it, an axis or unit is not understood, or an axis repeats.
    """
    chosen = _choose(_one_version(ds), name)
    shaped = rename_axes(chosen, name)
    for order in (order_time, order_level, order_lat, order_lon):
        shaped = order(shaped, name)
    extra = [d for d in shaped.dims if d not in (*DIMS, "member")]
    if extra:
        sizes = ", ".join(f"{d} ({shaped.sizes[d]})" for d in extra)
        raise InvalidInput("dimensions", sizes, "time, level, latitude, longitude", name, "select one first")
    lead = ("member",) if "member" in shaped.dims else ()
    coords = {c: shaped[c].variable for c in (*DIMS, *lead) if c in shaped.coords}
    full = _units(shaped, name)
    out = xr.Dataset(
        {n: _single(full[n]).transpose(*(d for d in (*lead, *DIMS) if d in full[n].dims)) for n in full},
        coords=coords,
        attrs={
            "source": str(ds.attrs.get("source", "") or name),
            "title": str(ds.attrs.get("title", "") or name),
            "sha256": ds.attrs.get("sha256", ""),
            **{k: ds.attrs[k] for k in ("height_source", "reach", "license") if k in ds.attrs},
        },
    )
    return _told_of_missing(_with_attributes(out), name)


def _with_attributes(ds: xr.Dataset) -> xr.Dataset:
    for key, attributes in ATTRIBUTES.items():
        if key in ds.variables:
            ds[key].attrs = dict(attributes)
    return ds


def _one_version(ds: xr.Dataset) -> xr.Dataset:
    """Join the final and the preliminary ERA5, which some files keep on an axis of their own."""
    if "expver" not in ds.dims:
        return ds
    parts = [ds.isel(expver=i, drop=True) for i in range(ds.sizes["expver"])]
    first = parts[0]
    for part in parts[1:]:
        first = first.combine_first(part)
    return first


def _choose(ds: xr.Dataset, where: str) -> xr.Dataset:
    """Keep the wind and what goes with it, under canonical names (``gh`` and ``z`` still as in the file)."""
    found = {q: n for q in ("u", "v", "t", "w", "gh", "z", "wind_sd") if (n := find_variable(ds, q)) is not None}
    lost = [q for q in ("u", "v") if q not in found]
    if lost:
        got = ", ".join(str(n) for n in list(ds.data_vars)[:8]) or "no variable"
        wants = "eastward and northward wind" if len(lost) == 2 else f"{lost[0]} beside the other component"
        raise InvalidInput("wind", got, wants, where)
    kept = ds[list(found.values())]
    return kept.rename({n: q for q, n in found.items() if n != q})


def _units(ds: xr.Dataset, where: str) -> dict[str, xr.DataArray]:
    """Convert each quantity to its unit."""
    out: dict[str, xr.DataArray] = {}
    for q in ("u", "v", "wind_sd"):
        if q in ds:
            out[q] = _speed(ds[q], where)
    if "t" in ds:
        celsius = str(ds["t"].attrs.get("units", "")).lower() in ("c", "degc", "celsius", "deg_c", "°c")
        out["t"] = _single(ds["t"]) + np.float32(273.15) if celsius else ds["t"]
    if "w" in ds and "pa" in str(ds["w"].attrs.get("units", "pa")).lower():
        out["w"] = ds["w"]
    height = _height(ds)
    if height is not None:
        out["z"] = height
    return {q: _spread_over(a, ds) for q, a in out.items()}


def _spread_over(array: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    """Give a quantity every axis: one that lacks an axis holds all along it."""
    lacking = {d: ds.sizes[d] for d in DIMS if d not in array.dims}
    return array.expand_dims(lacking) if lacking else array


def _speed(array: xr.DataArray, where: str) -> xr.DataArray:
    unit = "".join(str(array.attrs.get("units", "")).lower().split())
    if unit in _METRES_A_SECOND or unit in ("ms**-1", "ms^-1", "meters/sec", "meter/sec", "m/sec", "mps"):
        return array
    if unit in _SPEED:
        return _single(array) * np.float32(_SPEED[unit])
    raise InvalidInput(f"{array.name} units", repr(unit), "m s-1 or knots", where)


def _height(ds: xr.Dataset) -> xr.DataArray | None:
    """Geopotential height in metres, from it or from geopotential; None where the file has neither."""
    for q in ("gh", "z"):
        if q not in ds:
            continue
        unit = "".join(str(ds[q].attrs.get("units", "")).lower().split())
        if unit in ("m", "gpm", "meters", "metres", "meter", "geopotentialmeters", "dam", "gpdam"):
            return _single(ds[q]) * np.float32(10.0) if "dam" in unit else ds[q]
        if unit in ("m2s-2", "m**2s**-2", "m2/s2", "m^2s^-2", "m**2/s**2", "jkg-1", "j/kg"):
            return _single(ds[q]) * np.float32(1.0 / STANDARD_GRAVITY_MS2)
        if unit == "":
            return ds[q] if q == "gh" else _single(ds[q]) * np.float32(1.0 / STANDARD_GRAVITY_MS2)
    return None


def _single(array: xr.DataArray) -> xr.DataArray:
    """As float32; a large one a time at a time and only when it is asked for."""
    if array.dtype == np.float32:
        return array
    if array.nbytes > _BIG_BYTES and array.chunks is None and "time" in array.dims:
        array = array.chunk({"time": 1})
    return array.astype(np.float32)


def _told_of_missing(ds: xr.Dataset, where: str) -> xr.Dataset:
    """Count the missing winds of a dataset small enough to look through; refuse one with none at all."""
    if ds["u"].nbytes > _BIG_BYTES // 2 or ds["u"].chunks is not None:
        return ds
    missing = int((np.isnan(ds["u"].values) | np.isnan(ds["v"].values)).sum())
    if missing == ds["u"].size:
        raise InvalidInput("wind", "missing values only", "some wind", where)
    if missing:
        ds.attrs["missing"] = f"{missing} of {ds['u'].size} winds are missing"
        _LOG.info("%s: %s", where, ds.attrs["missing"])
    return ds
