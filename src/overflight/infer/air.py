"""Winds near a track, in memory: wind, its stated error and the pressure of heights at many places at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import OutOfCoverage
from overflight.geo import atmosphere, sphere
from overflight.geo.sphere import EARTH_RADIUS_M
from overflight.geo.times import iso, to_datetime
from overflight.infer.frame import Frame
from overflight.infer.kernels import paths
from overflight.winds import coverage as wind_room
from overflight.winds.readable import told_unreadable

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

T = TypeVar("T", bound=np.generic)

MARGIN_DEG = 6.0
"""Winds are read this far around the sightings; beyond, the wind of the edge is taken."""
_MARGIN_DEG_H = 1.0
"""And this much further for each hour beyond them: 30 m/s."""
_MAX_NUMBERS = 1e8
_LN_P_STEP = 0.005
_HEIGHTS_M = atmosphere.altitude_m(np.exp(np.arange(0.0, 12.0, _LN_P_STEP)))
"""Standard altitude by ln p, for what metres of air are on the mean sphere: 40 m there is 6e-6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """Winds around a track.

    Attributes
    ----------
    seconds : float64 (t,). From the first sighting. [s]
    ln_p : float64 (k,). Rising order of height, so falling. [ln Pa]
    lat, lon : float64. Rising; ``lon`` may go on past 180. [degrees]
    wind : complex64 (t, k, lat, lon). ``u + i v``. [m/s]
    sd : float32, the same shape, or None where the winds state no error. [m/s]
    height_m : float32, the same shape, geometric, or None.
    """

    seconds: F64
    ln_p: F64
    lat: F64
    lon: F64
    wind: NDArray[np.complex64]
    sd: F32 | None
    height_m: F32 | None

    def at(self, seconds: F64, ln_p: F64, lat: F64, lon: F64) -> C128:
        """Return the wind at places, NaN where there is none. All of one shape."""
        return _blend(self.wind, self._corners(seconds, ln_p, lat, lon))

    def stated_sd(self, seconds: F64, ln_p: F64, lat: F64, lon: F64) -> F64 | None:
        """Return the standard deviation of a component that the winds state themselves, or None. [m/s]"""
        if self.sd is None:
            return None
        return np.asarray(_blend(self.sd, self._corners(seconds, ln_p, lat, lon)))

    def height_at(self, seconds: F64, ln_p: F64, lat: F64, lon: F64) -> F64 | None:
        """Return the geometric height of pressures at places, or None where the winds know no heights. [m]"""
        if self.height_m is None:
            return None
        height = np.asarray(_blend(self.height_m, self._corners(seconds, ln_p, lat, lon)))
        return np.where(np.isfinite(height), height, atmosphere.altitude_m(np.exp(ln_p)))

    def ln_pressure_at(self, height_m: F64, seconds: F64, lat: F64, lon: F64) -> F64:
        """Return ln p of geometric heights at places (n,), by the winds' own heights where they have them. [ln Pa]"""
        if self.height_m is None:
            return np.asarray(np.log(atmosphere.pressure_pa(height_m)))
        shape = (seconds.size, self.ln_p.size)
        axes = (seconds[:, None], self.ln_p[None, :], lat[:, None], lon[:, None])
        column = _blend(self.height_m, self._corners(*(np.broadcast_to(a, shape) for a in axes)))
        out = np.empty(height_m.shape)
        for i in range(seconds.size):
            fine = np.isfinite(column[i])
            out[i] = _line(height_m[i : i + 1], column[i][fine], self.ln_p[fine])[0]
        return out

    def along(self, frame: Frame, offset: C128, ln_p: F64, spread: F64) -> tuple[C128, C128]:
        """Return the wind along paths ``offset`` (m, n) at ``ln_p``, and its change with ln p over ``spread`` about it.

        Both in the carried frame on the sphere of the mean radius, NaN where there is no wind. [m/s], [m/s per ln p]
        """
        out, shear = np.empty(offset.shape, np.complex128), np.empty(offset.shape, np.complex128)
        shrink = EARTH_RADIUS_M / (EARTH_RADIUS_M + _HEIGHTS_M[_nearest(ln_p)])
        axes = (self.seconds, -self.ln_p, self.lat, self.lon)
        where = (frame.lat, frame.lon, frame.angle)
        level, width, less = (np.ascontiguousarray(a) for a in (ln_p, spread, shrink))
        offset = np.ascontiguousarray(offset)
        paths.winds_along(self.wind, axes, frame.seconds, where, offset, level, width, less, out, shear)
        return out, shear

    def holds(self, ln_p: F64) -> NDArray[np.bool_]:
        """Say which levels lie between the lowest and the highest."""
        return np.asarray((ln_p <= self.ln_p[0] + 1e-9) & (ln_p >= self.ln_p[-1] - 1e-9))

    def _corners(self, seconds: F64, ln_p: F64, lat: F64, lon: F64) -> list[tuple[NDArray[np.intp], F64]]:
        middle = 0.5 * (self.lon[0] + self.lon[-1])
        turned = middle + sphere.wrap(lon - middle)
        axes = (self.seconds, -self.ln_p, self.lat, self.lon)
        return [_place(v, axis) for v, axis in zip((seconds, -ln_p, lat, turned), axes, strict=True)]


def air_around(
    winds: xr.Dataset,
    times: NDArray[np.datetime64],
    lat: F64,
    lon: F64,
    range_m: tuple[float, float],
    beyond_s: tuple[float, float] = (0.0, 0.0),
) -> Air:
    """Read the winds around sightings, and around the heights that they may have been at.

    ``beyond_s`` is how long before the first and after the last sighting winds are needed; the margin grows with it.

    Raises
    ------
    OutOfCoverage
        A sighting lies outside the winds' times or area, or the area is too large to hold.
    """
    start = times[0]
    ends = np.array([times.min() - _nano(beyond_s[0]), times.max() + _nano(beyond_s[1])])
    wind_room.require(winds, np.concatenate([ends, times]), np.append(lat[[0, -1]], lat), np.append(lon[[0, -1]], lon))
    margin = MARGIN_DEG + _MARGIN_DEG_H * max(beyond_s) / 3600.0
    part = wind_room.subset(
        _near_heights(winds, range_m),
        start=to_datetime(ends[0]),
        end=to_datetime(ends[1]),
        area=_area(winds, lat, lon, margin),
    )
    if float(np.prod(list(part["u"].sizes.values()))) > _MAX_NUMBERS:
        raise OutOfCoverage("winds", "more than memory holds around this track", iso(start), "take fewer levels")
    order = ("time", "level", "lat", "lon")
    with told_unreadable(str(part.attrs.get("title", ""))):
        u, v = (part[n].transpose(*order).values.astype(np.float32) for n in ("u", "v"))
        fields = {n: part[n].transpose(*order).values.astype(np.float32) for n in ("wind_sd", "z") if n in part}
    lons = np.unwrap(np.asarray(part["lon"].values, np.float64), period=360.0)
    wind, heights = np.asarray(u + np.complex64(1j) * v), fields.get("z")
    if wind_room.is_global(part):
        lons = np.append(lons, lons[0] + 360.0)
        wind = _closed(wind)
        fields = {n: _closed(f) for n, f in fields.items()}
        heights = fields.get("z")
    return Air(
        seconds=(part["time"].values.astype("datetime64[ns]") - start) / np.timedelta64(1, "s"),
        ln_p=np.log(np.asarray(part["level"].values, np.float64) * 100.0),
        lat=np.asarray(part["lat"].values, np.float64),
        lon=lons,
        wind=wind,
        sd=fields.get("wind_sd"),
        height_m=None if heights is None else atmosphere.geometric_m(heights).astype(np.float32),
    )


def _near_heights(winds: xr.Dataset, range_m: tuple[float, float]) -> xr.Dataset:
    """Keep the levels about a range of heights, with one more on either side."""
    level = winds["level"].values
    low, high = atmosphere.pressure_pa(np.clip(range_m, 0.0, 80_000.0)) / 100.0
    first = max(int(np.searchsorted(-level, -low, side="right")) - 2, 0)
    last = min(int(np.searchsorted(-level, -high)) + 1, level.size - 1)
    return winds.isel(level=slice(min(first, max(last - 1, 0)), last + 1))


def _nano(seconds: float) -> np.timedelta64:
    return np.timedelta64(round(seconds * 1e9), "ns")


def _area(winds: xr.Dataset, lat: F64, lon: F64, margin: float) -> tuple[float, float, float, float]:
    """Return a box around places, with a margin, inside the winds."""
    axis_lat, axis_lon = winds["lat"].values, winds["lon"].values
    south, north = max(lat.min() - margin, axis_lat[0]), min(lat.max() + margin, axis_lat[-1])
    widest = np.cos(np.radians(min(max(abs(south), abs(north)), 89.0)))
    first = float(sphere.mean_place(lat, lon)[1])
    offset = sphere.wrap(lon - first)
    west, east = first + offset.min() - margin / widest, first + offset.max() + margin / widest
    if not wind_room.is_global(winds):
        centre = 0.5 * (axis_lon[0] + axis_lon[-1])
        shift = centre + float(sphere.wrap(first - centre)) - first
        west, east = max(west + shift, axis_lon[0]), min(east + shift, axis_lon[-1])
    elif east - west > 300.0:
        west, east = -180.0, 180.0
    elif east > 360.0:
        west, east = west - 360.0, east - 360.0
    elif west < -360.0:
        west, east = west + 360.0, east + 360.0
    return float(south), float(west), float(north), float(east)


def _nearest(ln_p: F64) -> NDArray[np.intp]:
    return np.clip(np.rint(ln_p / _LN_P_STEP).astype(np.intp), 0, _HEIGHTS_M.size - 1)


def _closed(field: NDArray[T]) -> NDArray[T]:
    return np.concatenate([field, field[..., :1]], axis=-1)


def _place(value: F64, axis: F64) -> tuple[NDArray[np.intp], F64]:
    """Index of the node below and the weight of the node above; the ends hold."""
    if axis.size == 1:
        return np.zeros(value.shape, np.intp), np.zeros(value.shape)
    held = np.clip(value, axis[0], axis[-1])
    i = np.clip(np.searchsorted(axis, held, side="right") - 1, 0, axis.size - 2)
    return i, (held - axis[i]) / (axis[i + 1] - axis[i])


def _blend(field: NDArray, corners: list[tuple[NDArray[np.intp], F64]]) -> NDArray:  # type: ignore[type-arg]
    """Linear interpolation over four axes."""
    flat, strides = field.reshape(-1), [int(np.prod(field.shape[a + 1 :])) for a in range(4)]
    total = np.zeros(corners[0][0].shape, np.result_type(field.dtype, np.float64))
    for corner in range(16):
        weight, index = np.ones(total.shape), np.zeros(total.shape, np.intp)
        for axis, (i, share) in enumerate(corners):
            up = corner >> axis & 1
            weight = weight * (share if up else 1.0 - share)
            index = index + np.minimum(i + up, field.shape[axis] - 1) * strides[axis]
        total += np.where(weight > 0.0, weight * flat[index], 0.0)
    return total


def _line(x: F64, xs: F64, ys: F64) -> F64:
    """Linear interpolation that goes on beyond its ends with the last slope."""
    if xs.size < 2:
        return np.asarray(np.log(atmosphere.pressure_pa(x)))
    i = np.clip(np.searchsorted(xs, x, side="right") - 1, 0, xs.size - 2)
    return np.asarray(ys[i] + (x - xs[i]) * (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]))
