"""Sightings as arrays, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import sphere, times
from overflight.infer import lines

if TYPE_CHECKING:
    from overflight.sightings import Sighting

F64 = NDArray[np.float64]

MAX_SIGHTINGS = 100
"""More are thinned evenly in time, and the track says so."""
LEAST_SD_M = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was seen.

    Attributes
    ----------
    time : datetime64[ns] (n,). Not decreasing.
    seconds : float64 (n,). From the first. [s]
    lat, lon : float64 (n,). Of the object; for a bearing a first guess along it. [degrees]
    place_cov : float64 (n, 2, 2). Covariance of (east, north) as reported. [m2]
    time_sd_s, window_s : float64 (n,). Standard deviation of the time, and half width of its window. [s]
    altitude_m, altitude_sd_m : float64 (n,), NaN where none was reported. [m]
    is_pressure : bool (n,). The altitude is that of the standard atmosphere at the balloon's pressure.
    bearings : Bearings. Lines of sight; NaN where there is none.
    index : int (n,). Which of the sightings given each is.
    given : int. Sightings before thinning.
    inputs : sha256 of the evidence.
    """

    time: NDArray[np.datetime64]
    seconds: F64
    lat: F64
    lon: F64
    place_cov: F64
    time_sd_s: F64
    window_s: F64
    altitude_m: F64
    altitude_sd_m: F64
    is_pressure: NDArray[np.bool_]
    bearings: lines.Bearings
    index: NDArray[np.intp]
    given: int
    inputs: tuple[str, ...]

    @property
    def distinct_times(self) -> int:
        """Number of different instants."""
        return int(np.unique(self.seconds).size)

    @property
    def time_variance_s2(self) -> F64:
        """Variance of the time; a window of half width w has w^2 / 3. [s2]"""
        return np.asarray(self.time_sd_s**2 + self.window_s**2 / 3.0)


def observe(sightings: Sequence[Sighting], *, level_m: float = 18_000.0) -> Observed:
    """Put sightings in order; bearings are first placed as if the object flew at ``level_m``.

    Raises
    ------
    InvalidInput
        There are none, or one has a place or an error that is no number.
    """
    if not sightings:
        raise InvalidInput("sightings", "none", "at least one sighting")
    for one in sightings:
        _require(one)
    count = len(sightings)
    order = np.array(
        sorted(range(count), key=lambda i: (sightings[i].time, sightings[i].lat, sightings[i].lon)), np.intp
    )
    if count > MAX_SIGHTINGS:
        order = order[np.unique(np.linspace(0, count - 1, MAX_SIGHTINGS).round().astype(int))]
    chosen = [sightings[i] for i in order]
    time = np.array([times.to_datetime64(s.time) for s in chosen])
    heights = [s.altitude for s in chosen]
    seconds = (time - time[0]) / np.timedelta64(1, "s")
    altitude = np.array([np.nan if a is None else a.value_m for a in heights], np.float64)
    bearings = lines.bearings_of(chosen)
    lat, lon = np.array([s.lat for s in chosen], np.float64), sphere.wrap([s.lon for s in chosen])
    if bearings.any:
        lat, lon = lines.first_places(bearings, seconds, lat, lon, np.where(np.isfinite(altitude), altitude, level_m))
    return Observed(
        time=time,
        seconds=seconds,
        lat=lat,
        lon=lon,
        place_cov=np.stack([_place_cov(s) for s in chosen]),
        time_sd_s=np.array([s.time_sd_s for s in chosen], np.float64),
        window_s=np.array([s.time_window_s for s in chosen], np.float64),
        altitude_m=altitude,
        altitude_sd_m=np.array([np.nan if a is None else max(a.sd_m, 10.0) for a in heights], np.float64),
        is_pressure=np.array([a is not None and a.reference == "pressure" for a in heights]),
        bearings=bearings,
        index=order,
        given=count,
        inputs=tuple(sorted({s.evidence_sha256 for s in sightings if s.evidence_sha256})),
    )


def _place_cov(one: Sighting) -> F64:
    """Covariance of (east, north). [m2]"""
    if one.ellipse is None:
        return np.asarray(np.eye(2) * max(LEAST_SD_M, one.position_sd_m) ** 2)
    azimuth = np.radians(one.ellipse.azimuth_deg)
    along = np.array([np.sin(azimuth), np.cos(azimuth)])
    across = np.array([along[1], -along[0]])
    major, minor = (max(LEAST_SD_M, sd) for sd in (one.ellipse.major_sd_m, one.ellipse.minor_sd_m))
    return np.asarray(major**2 * np.outer(along, along) + minor**2 * np.outer(across, across))


def _require(one: Sighting) -> None:
    if not (abs(one.lat) <= 90.0 and np.isfinite(one.lon)):
        raise InvalidInput("sighting", f"{one.lat}, {one.lon}", "lat in [-90, 90] and a longitude")
    sizes = [one.position_sd_m, one.time_sd_s, one.time_window_s]
    sizes += [] if one.ellipse is None else [one.ellipse.major_sd_m, one.ellipse.minor_sd_m]
    if not all(0.0 <= size < np.inf for size in sizes):
        raise InvalidInput("sighting", f"{one.position_sd_m} m, {one.time_sd_s} s", "standard deviations of 0 or more")
    if one.altitude is not None and not (np.isfinite(one.altitude.value_m) and 0.0 <= one.altitude.sd_m < np.inf):
        raise InvalidInput("sighting altitude", f"{one.altitude.value_m} m", "a number, with a standard deviation")
    seen = one.bearing
    if seen is not None and not (np.isfinite(seen.azimuth_deg) and 0.0 < seen.azimuth_sd_deg < np.inf):
        raise InvalidInput("sighting bearing", f"{seen.azimuth_deg} degrees", "a direction, with a standard deviation")
    if seen is not None and seen.elevation_deg is not None and not -2.0 <= seen.elevation_deg <= 90.0:
        raise InvalidInput("sighting elevation", f"{seen.elevation_deg:g} degrees", "-2 to 90 degrees")
