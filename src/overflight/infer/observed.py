"""Sightings as arrays, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import sphere, times

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
    lat, lon : float64 (n,). [degrees]
    sd_m, time_sd_s : float64 (n,). Standard deviation of each component of the place, and of the time. [m], [s]
    altitude_m, altitude_sd_m : float64 (n,), NaN where none was reported. [m]
    is_pressure : bool (n,). The altitude is that of the standard atmosphere at the balloon's pressure.
    index : int (n,). Which of the sightings given each is.
    given : int. Sightings before thinning.
    inputs : sha256 of the evidence.
    """

    time: NDArray[np.datetime64]
    seconds: F64
    lat: F64
    lon: F64
    sd_m: F64
    time_sd_s: F64
    altitude_m: F64
    altitude_sd_m: F64
    is_pressure: NDArray[np.bool_]
    index: NDArray[np.intp]
    given: int
    inputs: tuple[str, ...]

    @property
    def distinct_times(self) -> int:
        """Number of different instants."""
        return int(np.unique(self.seconds).size)


def observe(sightings: Sequence[Sighting]) -> Observed:
    """Put sightings in order.

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
    return Observed(
        time=time,
        seconds=(time - time[0]) / np.timedelta64(1, "s"),
        lat=np.array([s.lat for s in chosen], np.float64),
        lon=sphere.wrap([s.lon for s in chosen]),
        sd_m=np.maximum(LEAST_SD_M, [s.position_sd_m for s in chosen]),
        time_sd_s=np.array([s.time_sd_s for s in chosen], np.float64),
        altitude_m=np.array([np.nan if a is None else a.value_m for a in heights], np.float64),
        altitude_sd_m=np.array([np.nan if a is None else max(a.sd_m, 10.0) for a in heights], np.float64),
        is_pressure=np.array([a is not None and a.reference == "pressure" for a in heights]),
        index=order,
        given=count,
        inputs=tuple(sorted({s.evidence_sha256 for s in sightings if s.evidence_sha256})),
    )


def _require(one: Sighting) -> None:
    if not (abs(one.lat) <= 90.0 and np.isfinite(one.lon)):
        raise InvalidInput("sighting", f"{one.lat}, {one.lon}", "lat in [-90, 90] and a longitude")
    if not (0.0 <= one.position_sd_m < np.inf and 0.0 <= one.time_sd_s < np.inf):
        raise InvalidInput("sighting", f"{one.position_sd_m} m, {one.time_sd_s} s", "standard deviations of 0 or more")
    if one.altitude is not None and not (np.isfinite(one.altitude.value_m) and 0.0 <= one.altitude.sd_m < np.inf):
        raise InvalidInput("sighting altitude", f"{one.altitude.value_m} m", "a number, with a standard deviation")
