"""The canonical form of winds: any dataset with wind on pressure levels is brought to it, subset and questioned.

Dimensions ``(time, level, lat, lon)``, after an optional leading ``member``; times increase, levels fall from the
surface up in hPa, latitudes and longitudes increase. ``u``, ``v`` [m/s], and where the file has them ``z``
(geopotential height [m]), ``t`` [K], ``w`` [Pa/s] and ``wind_sd`` [m/s]. A missing value is NaN.
"""

from __future__ import annotations

import logging
from itertools import pairwise

import numpy as np
import xarray as xr

from overflight.errors import InvalidInput
from overflight.geo.atmosphere import STANDARD_GRAVITY_MS2
from overflight.winds.axes import order_lat, order_level, order_lon, order_time, rename_axes
from overflight.winds.coverage import covers, gaps, is_global, require, subset
from overflight.winds.lazy import BIG_BYTES, converted, joined
from overflight.winds.names import find_axis, find_variable

__all__ = ["canonical", "covers", "gaps", "is_global", "require", "subset", "told_of_missing"]

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
_KEPT = ("height_source", "reach", "license", "institution", "member")
_SPEED = {"kt": 0.514444, "kts": 0.514444, "knots": 0.514444, "knot": 0.514444, "km/h": 1 / 3.6, "cm/s": 0.01}
_METRES_A_SECOND = ("", "ms-1", "m/s", "m*s**-1", "metres/second", "meters/second", "mpersecond", "m.s-1")


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
    chosen = _one_member(_choose(_one_version(ds), name))
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
        {n: converted(a, dims=tuple(d for d in (*lead, *DIMS) if d in a.dims)) for n, a in full.items()},
        coords=coords,
        attrs={
            "source": str(ds.attrs.get("source", "") or name),
            "title": str(ds.attrs.get("title", "") or name),
            "sha256": ds.attrs.get("sha256", ""),
            **{k: chosen.attrs[k] for k in _KEPT if k in chosen.attrs},
        },
    )
    return told_of_missing(_with_attributes(out), name)


def _with_attributes(ds: xr.Dataset) -> xr.Dataset:
    for key, attributes in ATTRIBUTES.items():
        if key in ds.variables:
            ds[key].attrs = dict(attributes)
    return ds


def _one_member(ds: xr.Dataset) -> xr.Dataset:
    """Note which member of an ensemble a file of one member holds, so that files of several can be joined."""
    axis = find_axis(ds, "member")
    if axis not in ds.coords or ds[axis].size != 1 or not np.issubdtype(ds[axis].dtype, np.integer):
        return ds
    number = int(ds[axis].values.item())
    ds = ds.isel(dict.fromkeys(ds[axis].dims, 0), drop=True).drop_vars([axis], errors="ignore")
    return ds.assign_attrs(member=number)


def _one_version(ds: xr.Dataset) -> xr.Dataset:
    """Join the final and the preliminary ERA5, which some files keep on an axis of their own: each time has one."""
    if "expver" not in ds.dims:
        return ds
    wind, axis = find_variable(ds, "u"), find_axis(ds, "time")
    time = ds[axis].dims[0] if axis is not None and ds[axis].ndim == 1 else None
    if wind is None:
        return ds
    # One point tells which version a time is of, so that nothing else has to be read.
    point = ds[wind].isel({d: ds.sizes[d] // 2 for d in ds[wind].dims if d not in ("expver", time)})
    if time not in point.dims:
        return ds.isel(expver=int(np.argmax(np.isfinite(point.values))), drop=True)
    version = np.argmax(np.isfinite(point.transpose(time, "expver").values), axis=1)
    cuts = [0, *(np.flatnonzero(np.diff(version)) + 1).tolist(), version.size]
    runs = [ds.isel({"expver": version[a], time: slice(a, b)}, drop=True) for a, b in pairwise(cuts)]
    return runs[0] if len(runs) == 1 else joined(runs, time)


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
        out["t"] = converted(ds["t"], offset=273.15) if celsius else ds["t"]
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
        return converted(array, scale=_SPEED[unit])
    raise InvalidInput(f"{array.name} units", repr(unit), "m s-1 or knots", where)


def _height(ds: xr.Dataset) -> xr.DataArray | None:
    """Geopotential height in metres, from it or from geopotential; None where the file has neither."""
    for q in ("gh", "z"):
        if q not in ds:
            continue
        unit = "".join(str(ds[q].attrs.get("units", "")).lower().split())
        if unit in ("m", "gpm", "meters", "metres", "meter", "geopotentialmeters", "dam", "gpdam"):
            return converted(ds[q], scale=10.0) if "dam" in unit else ds[q]
        if unit in ("m2s-2", "m**2s**-2", "m2/s2", "m^2s^-2", "m**2/s**2", "jkg-1", "j/kg"):
            return converted(ds[q], scale=1.0 / STANDARD_GRAVITY_MS2)
        if unit == "":
            return ds[q] if q == "gh" else converted(ds[q], scale=1.0 / STANDARD_GRAVITY_MS2)
    return None


def told_of_missing(ds: xr.Dataset, where: str, *, limit_bytes: int = BIG_BYTES) -> xr.Dataset:
    """Count the missing winds of a dataset small enough to look through; refuse one with none at all.

    Raises
    ------
    InvalidInput
        All its winds are missing.
    """
    ds.attrs.pop("missing", None)
    if ds["u"].nbytes > limit_bytes:
        return ds
    missing = int((np.isnan(ds["u"].values) | np.isnan(ds["v"].values)).sum())
    if missing == ds["u"].size:
        raise InvalidInput("wind", "missing values only", "some wind", where)
    if missing:
        ds.attrs["missing"] = f"{missing} of {ds['u'].size} winds are missing"
        _LOG.info("%s: %s", where, ds.attrs["missing"])
    return ds
