"""The course of an ensemble for those who are to be told: central places by time, with how far apart and how high."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.paths import Paths, paths_of
from overflight.errors import InvalidInput
from overflight.geo import atmosphere, sphere
from overflight.geo.times import iso, to_datetime
from overflight.line.notices.values import Level, Spot

F64 = NDArray[np.float64]
STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120)
STATED_MIN = (120, 60, 30, 15)
MOST_FIXES = 200
"""The step of a course is the shortest of these that needs no more places than this; two hours is the longest (6.1)."""
WITHIN = 0.9
_PASCALS = {"Pa": 1.0, "hPa": 100.0, "mbar": 100.0, "millibar": 100.0}


@dataclass(frozen=True, slots=True)
class Fix:
    """Where the members are at one time.

    Attributes
    ----------
    time : datetime
    spot : Spot. Mean place, and the distance within which 90 % of the members are.
    level : Level. Median.
    lowest, highest : Level. Extremes over all members, to half a step before and after.
    flying : int. Members still in the air.
    """

    time: datetime
    spot: Spot
    level: Level
    lowest: Level
    highest: Level
    flying: int


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Fixes of an ensemble by time; ``has_pressure`` says whether levels are of pressure or of geometric height."""

    fixes: tuple[Fix, ...]
    members: int
    step: timedelta
    has_pressure: bool

    @property
    def positions(self) -> tuple[Fix, ...]:
        """The fixes that texts state: every two hours, more often where that were fewer than six; first and last."""
        first, last = self.fixes[0].time, self.fixes[-1].time
        every = next((m for m in STATED_MIN if last - first >= 6 * timedelta(minutes=m)), STATED_MIN[-1])
        due, following = [self.fixes[0]], first
        for fix in self.fixes:
            if fix.time - following >= timedelta(minutes=every):
                due.append(fix)
                following = fix.time
        return tuple(due) if due[-1] is self.fixes[-1] else (*due, self.fixes[-1])

    def since(self, fix: Fix) -> Course:
        """Return the course from a fix on."""
        return replace(self, fixes=(fix, *(later for later in self.fixes if later.time > fix.time)))

    def between(self, first: datetime, last: datetime) -> tuple[Fix, ...]:
        """Return the fixes of a stretch of time, with one before and one after, so that none lies between."""
        inside = [k for k, fix in enumerate(self.fixes) if first - self.step < fix.time < last + self.step]
        return tuple(self.fixes[k] for k in inside) or (self.nearest(first),)

    def nearest(self, time: datetime) -> Fix:
        """Return the fix next to a time."""
        return min(self.fixes, key=lambda fix: abs(fix.time - time))


@dataclass(frozen=True, slots=True, eq=False)
class Flown:
    """Members as a notice needs them: paths, and pressure altitudes (members, obs) in metres, NaN on the ground."""

    paths: Paths
    level_m: F64
    has_pressure: bool

    def instant(self, seconds: float) -> datetime:
        """Return the time so many seconds after the epoch."""
        return to_datetime(self.paths.epoch + np.timedelta64(round(float(seconds)), "s"))

    def seconds(self, instant: datetime) -> float:
        """Return seconds since the epoch."""
        return (instant - to_datetime(self.paths.epoch)).total_seconds()


def flown(data: xr.Dataset) -> Flown:
    """Read trajectories that run forward in time, with their levels.

    Raises
    ------
    InvalidInput
        No trajectories, none with a height, or a hindcast.
    """
    if data.attrs.get("direction") == "backward":
        raise InvalidInput("tracks", "a hindcast", "trajectories that run forward in time", hint="overflight forecast")
    paths = paths_of(data)
    level = atmosphere.geopotential_m(np.asarray(paths.altitude, np.float64))
    scale = _PASCALS.get(str(data["pressure"].attrs.get("units", "")), 0.0) if "pressure" in data else 0.0
    has_pressure = scale > 0.0 and data["pressure"].shape == data["lat"].shape
    if has_pressure:
        pressure = np.atleast_2d(data["pressure"].values).astype(np.float64) * scale
        good = np.isfinite(pressure) & (pressure > 0.5)
        level[good] = atmosphere.geopotential_m(atmosphere.altitude_m(pressure[good]))
    level[~np.isfinite(paths.lat)] = np.nan
    if not np.isfinite(level).any():
        raise InvalidInput("tracks", "no heights", "trajectories with altitude or pressure")
    return Flown(paths, level, has_pressure)


def course_of(ensemble: Flown) -> Course:
    """Sum up where the members are, from the first time to the last at which any flies."""
    time = ensemble.paths.time_s
    alive = np.isfinite(ensemble.paths.lat) & np.isfinite(np.broadcast_to(time, ensemble.paths.lat.shape))
    seconds = np.broadcast_to(time, alive.shape)[alive]
    first, last = float(seconds.min()), float(seconds.max())
    minutes = next((m for m in STEPS_MIN if (last - first) / 60.0 / m <= MOST_FIXES), STEPS_MIN[-1])
    grid = np.append(np.arange(first, last, 60.0 * minutes), last)
    found = [fix for s in grid if (fix := fix_at(ensemble, float(s), 30.0 * minutes)) is not None]
    step = timedelta(minutes=minutes)
    return Course(tuple(found), int(ensemble.paths.known.sum()), step, ensemble.has_pressure)


def fix_at(ensemble: Flown, seconds: float, half_s: float) -> Fix | None:
    """Return where the members are at one time; None where none flies."""
    places, level = _at(ensemble, seconds)
    if not len(places):
        return None
    lat, lon = sphere.latlon(places)
    centre = sphere.mean_place(lat, lon)
    radius = float(np.quantile(sphere.distance_m(*centre, lat, lon), WITHIN))
    middle = float(np.median(level))
    near = _around(ensemble, seconds, half_s)
    extremes = np.concatenate([near, level])
    return Fix(
        ensemble.instant(seconds), Spot(centre[0], centre[1], radius), Level(middle),
        Level(float(extremes.min())), Level(float(extremes.max())), len(places),
    )  # fmt: skip


def require_fix(ensemble: Flown, instant: datetime) -> Fix:
    """Return where the members are at an instant.

    Raises
    ------
    InvalidInput
        None flies then.
    """
    fix = fix_at(ensemble, ensemble.seconds(instant), 60.0)
    if fix is None:
        raise InvalidInput("--at", iso(instant), "a time at which a member of the track flies")
    return fix


def _at(ensemble: Flown, seconds: float) -> tuple[F64, F64]:
    """Return unit vectors (n, 3) and levels (n,) of the members that fly at one time."""
    lat, lon = ensemble.paths.lat, ensemble.paths.lon
    time = np.broadcast_to(ensemble.paths.time_s, lat.shape)
    if lat.shape[1] == 1:
        before = after = np.zeros(len(lat), np.intp)
    else:
        last = (ensemble.paths.time_s <= seconds).sum(axis=1) - 1
        before = np.broadcast_to(np.clip(last, 0, lat.shape[1] - 2), len(lat))
        after = before + 1
    rows = np.arange(len(lat))
    t0, t1 = time[rows, before], time[rows, after]
    here = np.where(np.abs(seconds - t0) < 1e-6, 0.0, -1.0)  # nothing is known after: it has a place at t0 alone
    share = np.where(t1 > t0, (seconds - t0) / np.where(t1 > t0, t1 - t0, 1.0), here)
    share = np.where(np.abs(share) < 1e-9, 0.0, share)  # a member that ends here has no place after
    exact = np.where(share == 0.0, before, after)
    a, b = (sphere.unit_vector(lat[rows, k], lon[rows, k]) for k in (before, exact))
    low, high = ensemble.level_m[rows, before], ensemble.level_m[rows, exact]
    places, level = a + share[:, None] * (b - a), low + share * (high - low)
    good = np.isfinite(places).all(axis=1) & np.isfinite(level) & (share >= 0.0) & (share <= 1.0)
    return places[good], level[good]


def _around(ensemble: Flown, seconds: float, half_s: float) -> F64:
    """Return the levels of all outputs near a time."""
    time = ensemble.paths.time_s
    if len(time) == 1:
        levels = ensemble.level_m[:, np.abs(time[0] - seconds) <= half_s]
    else:
        levels = ensemble.level_m[np.abs(time - seconds) <= half_s]
    return np.asarray(levels[np.isfinite(levels)])
