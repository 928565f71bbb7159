"""Lines of sight: what a bearing or an elevation says of a place, as an equivalent place with its covariance.

About a place at range r of the observer a bearing of error s is a place on the line of sight whose error across is
``r s``. Along the line an elevation ``e`` of an object at height h says ``tan e = (cos c - R / (R + h)) / sin c`` with
``c = r / R``; without one, any range up to the horizon of that height is equally likely. Refraction and the
observer's own height are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.geo.sphere import EARTH_RADIUS_M

if TYPE_CHECKING:
    from overflight.sightings import Sighting

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]
BOOL = NDArray[np.bool_]

LEAST_RANGE_M = 1_000.0
_ELEVATION_SD_DEG = 3.0
"""By eye, where none is stated."""
_ALL_ROUND_DEG = 60.0
"""Bearings less sure than this say nothing of the direction."""
_TOGETHER_S = 3600.0
"""Lines of sight this near in time are first crossed with each other."""
_LARGEST_TURN = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearings:
    """Lines of sight, arrays (n,), NaN where a sighting is none.

    Attributes
    ----------
    lat, lon : of the observer. [degrees]
    azimuth, azimuth_sd : clockwise from north. [rad]
    elevation, elevation_sd : NaN where none was reported. [rad]
    """

    lat: F64
    lon: F64
    azimuth: F64
    azimuth_sd: F64
    elevation: F64
    elevation_sd: F64

    def only(self, which: NDArray[np.intp]) -> Bearings:
        """Return some of them."""
        return Bearings(lat=self.lat[which], lon=self.lon[which], azimuth=self.azimuth[which],
                        azimuth_sd=self.azimuth_sd[which], elevation=self.elevation[which],
                        elevation_sd=self.elevation_sd[which])  # fmt: skip

    @property
    def there(self) -> BOOL:
        """Which sightings are lines of sight."""
        return np.asarray(np.isfinite(self.azimuth))

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self.there.any())


def bearings_of(sightings: Sequence[Sighting]) -> Bearings:
    """Collect the lines of sight."""
    seen = [s.bearing for s in sightings]
    nan = float("nan")
    rows = [
        (nan,) * 4
        if b is None
        else (
            b.azimuth_deg,
            b.azimuth_sd_deg,
            nan if b.elevation_deg is None else b.elevation_deg,
            nan if b.elevation_deg is None else (b.elevation_sd_deg or _ELEVATION_SD_DEG),
        )
        for b in seen
    ]
    azimuth, azimuth_sd, elevation, elevation_sd = np.radians(np.array(rows, np.float64)).T
    lat, lon = (np.array([getattr(s, n) for s in sightings], np.float64) for n in ("lat", "lon"))
    return Bearings(lat=lat, lon=sphere.wrap(lon), azimuth=azimuth, azimuth_sd=azimuth_sd, elevation=elevation,
                    elevation_sd=elevation_sd)  # fmt: skip


def horizon_m(height_m: F64) -> F64:
    """Distance over ground at which an object of a height stands on the horizon. [m]"""
    return np.asarray(EARTH_RADIUS_M * np.arccos(EARTH_RADIUS_M / (EARTH_RADIUS_M + np.maximum(height_m, 10.0))))


def elevation_of(range_m: F64, height_m: F64) -> F64:
    """Elevation at which an object stands. [rad]"""
    c = range_m / EARTH_RADIUS_M
    return np.asarray(np.arctan2(np.cos(c) - EARTH_RADIUS_M / (EARTH_RADIUS_M + height_m), np.sin(c)))


def range_of(elevation: F64, height_m: F64) -> F64:
    """Distance over ground of an object seen at an elevation, at most that of the horizon. [m]"""
    e = np.maximum(elevation, 0.0)
    c = np.arccos(np.clip(EARTH_RADIUS_M * np.cos(e) / (EARTH_RADIUS_M + np.maximum(height_m, 10.0)), -1.0, 1.0)) - e
    return np.asarray(np.maximum(EARTH_RADIUS_M * c, LEAST_RANGE_M))


def first_places(seen: Bearings, seconds: F64, lat: F64, lon: F64, height_m: F64) -> tuple[F64, F64]:
    """Return a first guess of the place of every sighting: lines of sight crossed where they are together in time."""
    lat, lon, there = lat.copy(), lon.copy(), seen.there
    far = np.where(np.isfinite(seen.elevation), range_of(seen.elevation, height_m), 0.5 * horizon_m(height_m))
    for i in np.flatnonzero(there):
        near = np.flatnonzero(there & (np.abs(seconds - seconds[i]) <= _TOGETHER_S))
        crossed = _crossing(seen, int(i), near, float(horizon_m(height_m)[i])) if near.size > 1 else None
        r = far[i] if crossed is None else crossed
        place = sphere.move(seen.lat[i], seen.lon[i], np.degrees(seen.azimuth[i]), 0.0 if is_round(seen)[i] else r)
        lat[i], lon[i] = (float(v) for v in place)
    return lat, lon


def _crossing(seen: Bearings, i: int, near: NDArray[np.intp], horizon: float) -> float | None:
    """Range along line ``i`` that lies nearest to the other lines, or None where they do not cross it well."""
    ranges = np.linspace(LEAST_RANGE_M, 1.2 * horizon, 120)
    lat, lon = sphere.move(seen.lat[i], seen.lon[i], np.degrees(seen.azimuth[i]), ranges)
    misfit = np.zeros(ranges.size)
    for j in near:
        if j != i:
            turn = np.radians(sphere.azimuth_deg(seen.lat[j], seen.lon[j], lat, lon)) - seen.azimuth[j]
            misfit += (np.arctan2(np.sin(turn), np.cos(turn)) / seen.azimuth_sd[j]) ** 2
    best = int(np.argmin(misfit))
    is_inside = 0 < best < ranges.size - 1 and misfit.max() > misfit[best] + 4.0
    return float(ranges[best]) if is_inside else None


def is_round(seen: Bearings) -> BOOL:
    """Which say nothing of the direction."""
    return np.asarray(seen.azimuth_sd > np.radians(_ALL_ROUND_DEG))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Lines of sight on the rolled plane at the sightings' instants; arrays (n,) of those that are lines.

    Attributes
    ----------
    which : int. Numbers of the sightings.
    observer : complex128. Offset of the observer. [m]
    direction : float64. Of the line of sight on the plane. [rad]
    seen : Bearings of these.
    """

    which: NDArray[np.intp]
    observer: C128
    direction: F64
    seen: Bearings


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Errors drawn for members: of bearing and elevation [rad], and a share of the horizon's distance."""

    turn: F64
    rise: F64
    share: F64


def equivalent(
    sight: Sight, at: C128, height_m: F64, height_sd_m: F64, drawn: Drawn | None = None
) -> tuple[C128, F64, F64]:
    """Turn lines of sight into places about ``at`` (..., n), linear in the angles there.

    Parameters
    ----------
    sight : Sight
    at : complex128 (..., n). Offsets about which to linearise. [m]
    height_m, height_sd_m : float64, broadcast. Height of the object and its error. [m]
    drawn : Drawn or None. Errors to add to what was seen.

    Returns
    -------
    place complex128 (..., n) [m]; covariance (..., n, 2, 2) [m2]; log_scale (..., n), the logarithm of metres of
    place per radian of what was seen, squared where both angles were.
    """
    turn, rise, share = (0.0, 0.0, 0.5) if drawn is None else (drawn.turn, drawn.rise, drawn.share)
    horizon = horizon_m(height_m)
    way = at - sight.observer
    r = np.clip(np.abs(way), LEAST_RANGE_M, 1.2 * horizon)
    all_round = is_round(sight.seen)
    unit = np.where(np.abs(way) > 1.0, way / np.maximum(np.abs(way), 1.0), np.exp(1j * sight.direction))
    off = np.angle(np.exp(1j * (sight.direction - turn)) / unit)
    off = np.clip(off, -_LARGEST_TURN, _LARGEST_TURN)
    slope = np.maximum(np.abs(_slope(r, height_m)), 1e-9)
    has = np.isfinite(sight.seen.elevation)
    low = elevation_of(r, height_m) - np.nan_to_num(sight.seen.elevation) - rise
    r_seen = np.clip(r + low / slope, 0.5 * r, 2.0 * r)
    target = np.where(has, r_seen, share * horizon)
    per_height = np.abs(elevation_of(r, height_m + 50.0) - elevation_of(r, height_m - 50.0)) / 100.0
    angle = np.hypot(np.where(has, sight.seen.elevation_sd, 0.0), per_height * height_sd_m)
    along = np.where(has, angle / slope, horizon / np.sqrt(12.0))
    across = r * sight.seen.azimuth_sd
    place = sight.observer + unit * (target + 1j * r * off)
    place = np.where(all_round, sight.observer + (0.0 if drawn is None else target * np.exp(1j * turn)), place)
    along, across = (np.where(all_round, r / np.sqrt(2.0), a) for a in (along, across))
    scale = np.where(all_round, 0.0, np.log(r)) - np.where(has & ~all_round, np.log(slope), 0.0)
    return place, _shape(unit, along, across), scale


def _slope(r: F64, height_m: F64) -> F64:
    """Change of the elevation with range. [rad/m]"""
    step = 0.01 * r
    return np.asarray((elevation_of(r + step, height_m) - elevation_of(r - step, height_m)) / (2.0 * step))


def _shape(unit: C128, along: F64, across: F64) -> F64:
    """Covariance with standard deviations along and across a direction."""
    x, y = unit.real, unit.imag
    a, b = along**2, across**2
    xy = (a - b) * x * y
    return np.stack([np.stack([a * x * x + b * y * y, xy], -1), np.stack([xy, a * y * y + b * x * x], -1)], -2)
