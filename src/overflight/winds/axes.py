"""The axes of a wind dataset: time, level, latitude, longitude and member, made canonical one by one."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.winds.names import PER_HPA, find_axis

_CIRCLE = 360.0
_SINCE = re.compile(r"(?i)^(\w+)\s+since\s+\(?\s*(\d{1,4}-\d{1,2}-\d{1,2})[T ]?\s*([\d:.]*)")


def rename_axes(ds: xr.Dataset, where: str) -> xr.Dataset:
    """Give every axis its canonical name and make a dimension of each but ``member``."""
    for axis in ("time", "level", "lat", "lon", "member"):
        found = find_axis(ds, axis)
        if found is None:
            if axis == "member":
                continue
            raise InvalidInput(axis, "no such axis", f"a coordinate for {axis}", where, _hint(axis))
        ds = _to_dimension(ds, str(found), axis, where)
    return ds


def _hint(axis: str) -> str:
    if axis == "level":
        return "winds must stand on pressure levels"
    return "name it or give it a CF standard_name"


def _to_dimension(ds: xr.Dataset, found: str, axis: str, where: str) -> xr.Dataset:
    """Rename coordinate ``found`` to ``axis`` and make it the dimension of that name."""
    if found not in ds.coords:
        raise InvalidInput(axis, f"a dimension {found} without values", "a coordinate with values", where)
    if ds[found].ndim > 1:
        ds = ds.squeeze([d for d in ds[found].dims if ds.sizes[d] == 1], drop=False)
    if ds[found].ndim > 1:
        shape = " x ".join(str(n) for n in ds[found].shape)
        expected = "one dimension" if axis == "time" else "a regular latitude-longitude grid"
        raise InvalidInput(axis, f"{found} of shape {shape}", expected, where, "regrid or select first")
    taken = [n for n in (*ds.coords, *ds.data_vars, *ds.dims) if n == axis and n != found]
    if taken and axis in ds.dims:
        ds = ds.rename({axis: f"{axis}_of_file"})
    elif taken:
        ds = ds.drop_vars(axis)
    dims = ds[found].dims
    if dims and dims[0] != found:
        ds = ds.swap_dims({dims[0]: found})
    ds = ds.rename({found: axis}) if found != axis else ds
    return ds if axis in ds.dims else ds.expand_dims(axis)


def order_time(ds: xr.Dataset, where: str) -> xr.Dataset:
    """Put times as datetime64[ns], increasing.

    Raises
    ------
    InvalidInput
        Times cannot be read, or one is there twice.
    """
    values = read_times(ds["time"], where)
    if np.isnat(values).any():
        raise InvalidInput("time", "a missing time", "times that are all there", where)
    order = np.argsort(values, kind="stable")
    again = np.flatnonzero(np.diff(values[order]) == np.timedelta64(0))
    if again.size:
        first = np.datetime_as_string(values[order][again[0]], "m")
        raise InvalidInput("time", f"{first}Z twice", "each time once", where, "keep one run a time")
    return _taken(ds, "time", order, values)


def read_times(time: xr.DataArray, where: str) -> NDArray[np.datetime64]:
    """Read a time coordinate, also one whose unit is not written as CF asks.

    Raises
    ------
    InvalidInput
        The unit says no time.
    """
    if np.issubdtype(time.dtype, np.datetime64):
        return np.asarray(time.values).astype("datetime64[ns]")
    unit = str(time.attrs.get("units", ""))
    found = _SINCE.match(unit)
    seconds = {"s": 1, "sec": 1, "second": 1, "minute": 60, "min": 60, "hour": 3600, "h": 3600, "day": 86400}
    scale = seconds.get(found[1].lower().removesuffix("s") or "s") if found else None
    if found is None or scale is None or not np.issubdtype(time.dtype, np.number):
        got = f"unit {unit!r}" if unit else f"values of type {time.dtype}"
        raise InvalidInput("time", got, "'hours since 1900-01-01' or the like", where)
    year, month, day = (int(part) for part in found[2].split("-"))
    clock = [float(part) for part in found[3].rstrip(".").split(":") if part] if found[3] else []
    offset = sum(part * size for part, size in zip(clock, (3600.0, 60.0, 1.0), strict=False))
    epoch = np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "ns")
    values = np.asarray(time.values, np.float64) * scale + offset
    return epoch + np.round(values * 1e3).astype("timedelta64[ms]")


def order_level(ds: xr.Dataset, where: str) -> xr.Dataset:
    """Put levels in hPa, the highest pressure first.

    Raises
    ------
    InvalidInput
        The unit is no pressure, the numbers are model levels, or a level is there twice.
    """
    given = np.asarray(ds["level"].values)
    if not np.issubdtype(given.dtype, np.number):
        raise InvalidInput("level", f"values of type {given.dtype}", "pressures", where)
    values = given.astype(np.float64) * _hpa_per_unit(ds["level"], where)
    if not np.all(np.isfinite(values) & (values > 0.0) & (values < 1200.0)):
        raise InvalidInput("level", f"{values.min():g} to {values.max():g} hPa", "0 to 1200 hPa", where)
    order = np.argsort(-values, kind="stable")
    again = np.flatnonzero(np.diff(values[order]) == 0.0)
    if again.size:
        raise InvalidInput("level", f"{values[order][again[0]]:g} hPa twice", "each level once", where)
    return _taken(ds, "level", order, values)


def _hpa_per_unit(level: xr.DataArray, where: str) -> float:
    unit = str(level.attrs.get("units", "")).strip()
    if unit.lower() in PER_HPA:
        return PER_HPA[unit.lower()]
    values = np.asarray(level.values, np.float64)
    if unit not in ("", "1", "~", "none", "None", "level", "levels"):
        hint = "heights are no pressure levels" if unit in ("m", "km", "gpm") else ""
        raise InvalidInput("level units", repr(unit), "hPa, Pa, mbar or kPa", where, hint)
    numbered = values.size > 2 and np.all(np.abs(np.diff(values)) == 1.0)
    if numbered or unit.startswith("level"):
        raise InvalidInput(
            "level",
            f"numbers {values.min():g} to {values.max():g} without unit",
            "pressure levels",
            where,
            "model levels have to be turned to pressure first",
        )
    return 0.01 if values.max() > 1200.0 else 1.0


def order_lat(ds: xr.Dataset, where: str) -> xr.Dataset:
    """Put latitudes from south to north.

    Raises
    ------
    InvalidInput
        A latitude is missing, beyond a pole, or there twice.
    """
    values = np.asarray(ds["lat"].values, np.float64)
    if not np.all(np.abs(values) <= 90.0 + 1e-6):
        raise InvalidInput("lat", f"{np.nanmin(values):g} to {np.nanmax(values):g}", "-90 to 90", where)
    values = np.clip(values, -90.0, 90.0)
    order = np.argsort(values, kind="stable")
    if np.any(np.diff(values[order]) == 0.0):
        raise InvalidInput("lat", "a latitude twice", "each latitude once", where)
    return _taken(ds, "lat", order, values)


def order_lon(ds: xr.Dataset, where: str) -> xr.Dataset:
    """Put longitudes from west to east, in [-180, 180); a region over the antimeridian goes on past 180.

    Raises
    ------
    InvalidInput
        A longitude is missing or wildly out of range.
    """
    values = np.asarray(ds["lon"].values, np.float64)
    if not np.all(np.abs(values) <= 720.0):
        raise InvalidInput("lon", f"{np.nanmin(values):g} to {np.nanmax(values):g}", "-180 to 360", where)
    wrapped = np.round((values + 180.0) % _CIRCLE - 180.0, 9)
    wrapped[wrapped >= 180.0] -= _CIRCLE
    # A file that repeats its first meridian at 360 gives it once.
    _, order = np.unique(wrapped, return_index=True)
    if order.size < values.size - 1:
        raise InvalidInput("lon", "longitudes that repeat", "each meridian once", where)
    gap = np.diff(np.append(wrapped[order], wrapped[order[0]] + _CIRCLE))
    if gap.size > 1 and gap.max() > 1.5 * np.median(gap):
        start = (int(np.argmax(gap)) + 1) % order.size
        wrapped = np.where(wrapped < wrapped[order[start]], wrapped + _CIRCLE, wrapped)
        order = np.roll(order, -start)
    return _taken(ds, "lon", order, wrapped)


def _taken(ds: xr.Dataset, axis: str, order: NDArray[np.intp], values: NDArray[np.generic]) -> xr.Dataset:
    """Take ``axis`` in an order, by slices where that is enough (they stay lazy), and set its values."""
    n = values.size
    if order.size == n and np.array_equal(order, np.arange(n)):
        index: slice | NDArray[np.intp] | None = None
    elif order.size == n and np.array_equal(order, np.arange(n)[::-1]):
        index = slice(None, None, -1)
    else:
        index = order
    ds = ds if index is None else ds.isel({axis: index})
    return ds.assign_coords({axis: (axis, values[order])})
