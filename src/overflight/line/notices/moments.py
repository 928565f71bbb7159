"""The moments of a flight that notices state: launch, passing of 60 000 ft, cruise, descent and impact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.geo.times import to_datetime
from overflight.line.notices.course import F64, WITHIN, Flown
from overflight.line.notices.values import FL600_M, Heading, Impact, Level, Passing, Spot, When

LANDED, BURST = 1, 2
HIGHEST_SITE_M = 6_000.0
"""A track that begins above this begins in the air, and says nothing of a launch. [m]"""
AT_LEVEL_M = 300.0
"""How near to its highest level a member is at its level. [m]"""
CRUISE_S = 1800.0
"""Who is at its level for less has none to cruise at: its highest stands for it. [s]"""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What a track tells of its flight; None where it does not.

    Attributes
    ----------
    launch : When and where, of a track that begins near the ground.
    direction : over the ground, from launch to the level passed or reached.
    cruising_level : median over members.
    passing : of 60 000 ft, or of the cruising level where that is lower.
    descent, descent_fl600 : when it begins, and passes 60 000 ft, of members that land.
    impact : of members that land.
    """

    launch: tuple[When, Spot] | None
    direction: Heading | None
    cruising_level: Level
    passing: Passing | None
    descent: When | None
    descent_fl600: When | None
    impact: Impact | None

    @property
    def comes_down(self) -> bool:
        """Whether at least half of the members land within the track, so that an impact can be forecast."""
        return self.impact is not None and self.impact.share >= 0.5


def moments_of(data: xr.Dataset, ensemble: Flown) -> Moments:
    """Find the moments of a flight."""
    level = ensemble.level_m
    rows = np.flatnonzero(np.isfinite(level).any(axis=1))
    level = level[rows]
    top = np.nanmax(level, axis=1)
    near = level >= (top - AT_LEVEL_M)[:, None]
    reached, left = near.argmax(axis=1), level.shape[1] - 1 - near[:, ::-1].argmax(axis=1)
    burst = np.zeros(level.shape, bool)
    if "status" in data:
        burst = np.atleast_2d(data["status"].values)[rows] == BURST
        left = np.where(burst.any(axis=1), np.minimum(left, np.maximum(burst.argmax(axis=1), reached)), left)
    stays = _time(ensemble, rows, left) - _time(ensemble, rows, reached) >= CRUISE_S
    middle = [float(np.nanmedian(line[a : b + 1])) for line, a, b in zip(level, reached, left, strict=True)]
    cruising = Level(float(np.median(np.where(stays, middle, top))))
    launch = _launch(ensemble, rows)
    passing = _passing(ensemble, rows, reached, cruising) if launch else None
    heading = None
    if launch and passing:
        ends = launch[1].lat, launch[1].lon, passing.spot.lat, passing.spot.lon
        heading = Heading(float(sphere.azimuth_deg(*ends))) if sphere.distance_m(*ends) > 1.0 else None
    landed = _landed(data)[rows]
    begin = _when(ensemble, _time(ensemble, rows, left)[landed])
    fl600 = _falling(ensemble, rows, left)[landed]
    fell = np.isfinite(fl600)
    through = _when(ensemble, fl600[fell]) if 2 * fell.sum() > fell.size else None
    return Moments(launch, heading, cruising, passing, begin, through, _impact(data, len(rows)))


def _landed(data: xr.Dataset) -> NDArray[np.bool_]:
    members = data.sizes.get("trajectory", 1)
    if "end_status" not in data:
        return np.zeros(members, bool)
    return np.asarray(np.atleast_1d(data["end_status"].values) == LANDED)


def _time(ensemble: Flown, rows: NDArray[np.intp], column: NDArray[np.intp]) -> F64:
    return np.asarray(np.broadcast_to(ensemble.paths.time_s, ensemble.level_m.shape)[rows, column])


def _when(ensemble: Flown, seconds: F64) -> When | None:
    if not seconds.size:
        return None
    q05, q50, q95 = np.quantile(seconds, (0.05, 0.5, 0.95))
    return When(ensemble.instant(q05), ensemble.instant(q50), ensemble.instant(q95))


def _spot(lat: F64, lon: F64) -> Spot:
    centre = sphere.mean_place(lat, lon)
    return Spot(*centre, float(np.quantile(sphere.distance_m(*centre, lat, lon), WITHIN)))


def _launch(ensemble: Flown, rows: NDArray[np.intp]) -> tuple[When, Spot] | None:
    first = np.isfinite(ensemble.level_m[rows]).argmax(axis=1)
    if np.median(ensemble.level_m[rows, first]) > HIGHEST_SITE_M:
        return None
    when = _when(ensemble, _time(ensemble, rows, first))
    lat, lon = (np.asarray(place[rows, first], np.float64) for place in (ensemble.paths.lat, ensemble.paths.lon))
    return None if when is None else (when, _spot(lat, lon))


def _passing(ensemble: Flown, rows: NDArray[np.intp], reached: NDArray[np.intp], cruising: Level) -> Passing | None:
    """Return when and where 60 000 ft are passed, or the cruising level is reached where most stay below."""
    level = ensemble.level_m[rows]
    above = level >= FL600_M
    is_passed = bool(above.any(axis=1).mean() > 0.5)
    who = above.any(axis=1) if is_passed else np.ones(len(rows), bool)
    column = (above.argmax(axis=1) if is_passed else reached)[who]
    members = rows[who]
    start = np.isfinite(level).argmax(axis=1)[who]
    elapsed = _time(ensemble, members, column) - _time(ensemble, members, start)
    lat, lon = (np.asarray(place[members, column], np.float64) for place in (ensemble.paths.lat, ensemble.paths.lon))
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        return None
    at = Level(FL600_M) if is_passed else cruising
    return Passing(float(np.median(elapsed)), at, _spot(lat[known], lon[known]), is_passed)


def _falling(ensemble: Flown, rows: NDArray[np.intp], left: NDArray[np.intp]) -> F64:
    """Return when each member falls through 60 000 ft, seconds since the epoch; NaN where it does not."""
    level = ensemble.level_m[rows]
    columns = np.arange(level.shape[1])
    below = (columns > left[:, None]) & (level < FL600_M)
    came = below.any(axis=1) & (np.nanmax(level, axis=1) >= FL600_M)
    return np.where(came, _time(ensemble, rows, below.argmax(axis=1)), np.nan)


def _impact(data: xr.Dataset, members: int) -> Impact | None:
    landed = _landed(data)
    if not landed.any():
        return None
    lat, lon = (np.atleast_1d(data[f"end_{name}"].values)[landed].astype(np.float64) for name in ("lat", "lon"))
    times = np.atleast_1d(data["end_time"].values)[landed].astype("datetime64[s]")
    epoch = times.min()
    seconds = np.quantile((times - epoch).astype(np.float64), (0.05, 0.5, 0.95))
    q05, q50, q95 = (to_datetime(epoch + np.timedelta64(round(float(s)), "s")) for s in seconds)
    return Impact(When(q05, q50, q95), _spot(lat, lon), min(1.0, float(landed.sum()) / members))
