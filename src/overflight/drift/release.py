"""Where and when the members of an ensemble begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import sphere, times
from overflight.geo.spread import Spread, Value, draw

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Start of an ensemble.

    Attributes
    ----------
    time : aware datetime, or datetime64 array (members,). UTC.
    lat, lon : float or float64 array (members,). [degrees]
    altitude_m : value, spread or array (members,); None begins on the ground or at the flight's own level. [m]
    position_sd_m : float. Standard deviation of each horizontal component of the place. [m]
    time_sd_s : float. Standard deviation of the time. [s]
    """

    time: datetime | NDArray[np.datetime64]
    lat: float | F64
    lon: float | F64
    altitude_m: Value | F64 | None = None
    position_sd_m: float = 0.0
    time_sd_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse places off the Earth and times without zone."""
        lat, lon = np.asarray(self.lat, np.float64), np.asarray(self.lon, np.float64)
        if not np.all(np.abs(lat) <= 90.0):
            raise InvalidInput("lat", _first_bad(lat, 90.0), "degrees in [-90, 90]", hint="are lat and lon swapped?")
        if not np.all(np.abs(lon) <= 360.0):
            raise InvalidInput("lon", _first_bad(lon, 360.0), "degrees in [-180, 360]")
        if isinstance(self.time, datetime):
            times.to_datetime64(self.time)
        elif not np.all(np.isfinite(self.time.astype("datetime64[ns]"))):
            raise InvalidInput("time", "NaT", "a time for each member")
        if isinstance(self.altitude_m, np.ndarray) and not np.all(np.isfinite(self.altitude_m)):
            raise InvalidInput("altitude_m", "a value that is not finite", "metres above mean sea level")
        if not (self.position_sd_m >= 0.0 and self.time_sd_s >= 0.0):
            raise InvalidInput(
                "release", f"{self.position_sd_m} m, {self.time_sd_s} s", "standard deviations of 0 or more"
            )

    def draw(self, members: int, seed: int, *, first_member: int = 0) -> Starts:
        """Return each member's own start, keyed by seed and member number."""

        def normals(name: str) -> F64:
            return Spread("normal", 0.0, 1.0).draw(seed, name, members, first_member=first_member)

        lat, lon = (_each(v, members, n) for v, n in ((self.lat, "lat"), (self.lon, "lon")))
        if self.position_sd_m > 0.0:
            east, north = (self.position_sd_m * normals(n) for n in ("release east", "release north"))
            lat, lon = sphere.move(lat, lon, np.degrees(np.arctan2(east, north)), np.hypot(east, north))
        time = self.time if isinstance(self.time, np.ndarray) else times.to_datetime64(self.time)
        instants = np.asarray(time, "datetime64[ns]")
        if instants.ndim and instants.shape != (members,):
            raise InvalidInput("time", f"{instants.size} values", f"one value, or one for each of {members} members")
        instants = np.broadcast_to(instants, (members,))
        if self.time_sd_s > 0.0:
            instants = instants + np.round(self.time_sd_s * normals("release time") * 1e9).astype("timedelta64[ns]")
        return Starts(instants, lat, sphere.wrap(lon), self._altitudes(members, seed, first_member))

    def _altitudes(self, members: int, seed: int, first_member: int) -> F64 | None:
        if self.altitude_m is None:
            return None
        if isinstance(self.altitude_m, np.ndarray):
            return _each(self.altitude_m, members, "altitude_m")
        return draw(self.altitude_m, seed, "release altitude", members, first_member=first_member)


@dataclass(frozen=True, slots=True)
class Starts:
    """Each member's start: time datetime64[ns], lat, lon [degrees], altitude [m] or None; shape (members,)."""

    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    altitude_m: F64 | None

    @property
    def is_together(self) -> bool:
        """Whether all members start at one time."""
        return bool((self.time == self.time[0]).all())

    def part(self, numbers: range) -> Starts:
        """Return some of the members."""
        some = slice(numbers.start, numbers.stop, numbers.step)
        altitude = None if self.altitude_m is None else self.altitude_m[some]
        return Starts(self.time[some], self.lat[some], self.lon[some], altitude)


def _each(value: float | F64, members: int, field: str) -> F64:
    values = np.asarray(value, np.float64)
    if values.ndim and values.shape != (members,):
        raise InvalidInput(field, f"{values.size} values", f"one value, or one for each of {members} members")
    return np.broadcast_to(values, (members,))


def _first_bad(values: F64, bound: float) -> str:
    flat = np.atleast_1d(values)
    return str(flat[~(np.abs(flat) <= bound)][0])
