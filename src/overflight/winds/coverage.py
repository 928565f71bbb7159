"""What a canonical wind dataset covers, and a part of it by time, area and levels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo.times import iso, to_datetime, to_datetime64

_SLACK = 1e-6
_LEVEL_SLACK = 1e-3


def is_global(ds: xr.Dataset) -> bool:
    """Say whether the longitudes go round the circle."""
    lon = np.asarray(ds["lon"].values)
    return lon.size > 1 and bool(360.0 - (lon[-1] - lon[0]) <= 1.5 * np.median(np.diff(lon)))


def gaps(ds: xr.Dataset, *, longer_than_s: float | None = None) -> list[tuple[datetime, datetime]]:
    """Return the holes between times that are longer than a limit, as pairs of UTC datetimes.

    The limit [s] is 6 h, or 1.5 usual steps of the winds where that is longer.
    """
    times = ds["time"].values
    steps = np.diff(times) / np.timedelta64(1, "s")
    if longer_than_s is None:
        longer_than_s = max(6 * 3600.0, 1.5 * float(np.median(steps))) if steps.size else np.inf
    wide = np.flatnonzero(steps > longer_than_s)
    return [(to_datetime(times[i]), to_datetime(times[i + 1])) for i in wide]


def covers(
    ds: xr.Dataset, times: ArrayLike, lat: ArrayLike, lon: ArrayLike, level_hpa: ArrayLike | None = None
) -> NDArray[np.bool_]:
    """Say for each place and time whether the winds enclose it; the winds are never extrapolated.

    Parameters
    ----------
    times : datetime64, scalar or ndarray (n,), UTC.
    lat, lon : float or ndarray (n,). [degrees], any turn of the circle.
    level_hpa : float or ndarray (n,), optional. [hPa]

    Returns
    -------
    ndarray of bool (n,).
    """
    inside = _within(np.asarray(times, "datetime64[ns]"), ds["time"].values)
    inside = inside & _lat_within(ds, lat) & _lon_within(ds, lon)
    if level_hpa is not None:
        level = np.asarray(level_hpa, np.float64)
        edge = ds["level"].values
        inside = inside & (level <= edge[0] + _LEVEL_SLACK) & (level >= edge[-1] - _LEVEL_SLACK)
    return np.asarray(inside)


def _within(value: NDArray[np.datetime64], axis: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    return np.asarray((value >= axis[0]) & (value <= axis[-1]))


def edges_of_rows(lat: NDArray[np.float64], spans_circle: bool) -> tuple[float, float]:
    """Return how far south and north winds on rows ``lat`` reach. [degrees]

    To the pole where all longitudes are there and the last row is no further from it than two rows are from each other
    (Gaussian grids stop short): the pole is then rebuilt from the ring beside it, not extrapolated.
    """
    step = 1.1 * float(np.diff(lat).max()) if lat.size > 1 and spans_circle else -1.0
    south = -90.0 if lat[0] - step <= -90.0 else float(lat[0])
    north = 90.0 if lat[-1] + step >= 90.0 else float(lat[-1])
    return south, north


def _lat_within(ds: xr.Dataset, lat: ArrayLike) -> NDArray[np.bool_]:
    value, axis = np.asarray(lat, np.float64), ds["lat"].values
    south, north = edges_of_rows(axis, is_global(ds))
    return np.asarray((value >= south - _SLACK) & (value <= north + _SLACK))


def _lon_within(ds: xr.Dataset, lon: ArrayLike) -> NDArray[np.bool_]:
    value = np.asarray(lon, np.float64)
    if is_global(ds):
        return np.isfinite(value)
    west, east = float(ds["lon"].values[0]), float(ds["lon"].values[-1])
    return np.asarray((value - west + _SLACK) % 360.0 <= east - west + 2 * _SLACK)


def require(
    ds: xr.Dataset, times: ArrayLike, lat: ArrayLike, lon: ArrayLike, level_hpa: ArrayLike | None = None
) -> None:
    """Demand that the winds enclose every place and time.

    Raises
    ------
    OutOfCoverage
        One does not lie inside; the message names the first and what there is.
    """
    inside = np.atleast_1d(covers(ds, times, lat, lon, level_hpa))
    if inside.all():
        return
    arrays = np.broadcast_arrays(
        np.asarray(times, "datetime64[ns]"),
        np.asarray(lat, float),
        np.asarray(lon, float),
        np.asarray(np.nan if level_hpa is None else level_hpa, float),
        inside,
    )
    first = int(np.argmin(inside))
    time, y, x, p = (a.ravel()[first] for a in arrays[:4])
    at = "" if np.isnan(p) else f" at {p:g} hPa"
    count = f" (and {int((~inside).sum()) - 1} more)" if (~inside).sum() > 1 else ""
    raise OutOfCoverage("winds", f"{iso(time)} {y:.2f} {x:.2f}{at}{count}", extent(ds))


def extent(ds: xr.Dataset) -> str:
    """Say in one line what times, area and levels there are."""
    time, level, lat, lon = (ds[d].values for d in ("time", "level", "lat", "lon"))
    when = f"{iso(time[0])} to {iso(time[-1])}" if time.size > 1 else f"{iso(time[0])} only"
    where = "all longitudes" if is_global(ds) else f"{lon[0]:g} to {lon[-1]:g} east"
    return f"{when}, {lat[0]:g} to {lat[-1]:g} north, {where}, {level[0]:g} to {level[-1]:g} hPa"


def subset(
    ds: xr.Dataset,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    area: tuple[float, float, float, float] | None = None,
    levels_hpa: Iterable[float] | None = None,
) -> xr.Dataset:
    """Take the part that encloses times, an area and levels, with one row more outside where there is one.

    Parameters
    ----------
    start, end : datetime with zone.
    area : (south, west, north, east). [degrees]; west > east crosses the antimeridian.
    levels_hpa : pressures that must all be levels of the dataset. [hPa]

    Raises
    ------
    OutOfCoverage
        Some of it is not there.
    InvalidInput
        The area is none.
    """
    ds = _times(ds, start, end)
    ds = ds if area is None else _area(ds, area)
    return ds if levels_hpa is None else _levels(ds, list(levels_hpa))


def _times(ds: xr.Dataset, start: datetime | None, end: datetime | None) -> xr.Dataset:
    axis = ds["time"].values
    first = axis[0] if start is None else to_datetime64(start)
    last = axis[-1] if end is None else to_datetime64(end)
    if last < first:
        raise InvalidInput("end", iso(last), f"a time not before {iso(first)}")
    if first < axis[0] or last > axis[-1]:
        hint = "a file of one time holds at that time only" if axis.size == 1 else ""
        raise OutOfCoverage("times of the winds", f"{iso(first)} to {iso(last)}", extent(ds), hint)
    low = int(np.searchsorted(axis, first, side="right")) - 1
    high = int(np.searchsorted(axis, last, side="left"))
    return ds.isel(time=slice(low, high + 1))


def _area(ds: xr.Dataset, area: tuple[float, float, float, float]) -> xr.Dataset:
    south, west, north, east = (float(v) for v in area)
    if not (-90.0 <= south <= north <= 90.0 and -360.0 <= west <= 360.0 and -360.0 <= east <= 360.0):
        raise InvalidInput("area", f"{area}", "south, west, north, east in degrees, south below north")
    if not (_lat_within(ds, [south, north]).all() and _lon_within(ds, [west, east]).all()):
        raise OutOfCoverage("area of the winds", f"{south:g},{west:g},{north:g},{east:g}", extent(ds))
    lat = ds["lat"].values
    low = max(0, int(np.searchsorted(lat, south, side="right")) - 1)
    high = min(lat.size - 1, int(np.searchsorted(lat, north, side="left")))
    return _meridians(ds.isel(lat=slice(low, high + 1)), west, east)


def _meridians(ds: xr.Dataset, west: float, east: float) -> xr.Dataset:
    lon = ds["lon"].values
    width = (east - west) % 360.0 or (360.0 if east != west else 0.0)
    if width >= 360.0 - 1e-9:
        return ds
    shifted = (lon - west + 1e-9) % 360.0 - 1e-9
    order = np.argsort(shifted, kind="stable")
    inside = int((shifted <= width + 1e-9).sum())
    after = (inside + 1) if shifted[order[max(inside - 1, 0)]] < width - 1e-9 or not inside else inside
    before = 0 if inside and shifted[order[0]] <= 1e-9 else 1
    if before + min(after, lon.size) > lon.size:
        return ds
    chosen = np.roll(order, before)[: before + after]
    values = lon[chosen]
    values = values[0] + np.round((values - values[0]) % 360.0, 9)
    values = values - 360.0 if values[0] >= 180.0 else values
    if np.array_equal(chosen, np.arange(chosen[0], chosen[0] + chosen.size)):
        return ds.isel(lon=slice(int(chosen[0]), int(chosen[-1]) + 1))
    return ds.isel(lon=chosen).assign_coords(lon=("lon", values, ds["lon"].attrs))


def _levels(ds: xr.Dataset, wanted: list[float]) -> xr.Dataset:
    have = ds["level"].values
    near = [int(np.argmin(np.abs(have - p))) for p in wanted]
    lacking = [p for p, i in zip(wanted, near, strict=True) if abs(have[i] - p) > 0.01 + _LEVEL_SLACK * p]
    if lacking or not wanted:
        asked = " ".join(f"{p:g}" for p in lacking) or "no level"
        raise OutOfCoverage("levels of the winds", f"{asked} hPa", " ".join(f"{p:g}" for p in have) + " hPa")
    return ds.isel(level=sorted(set(near)))
