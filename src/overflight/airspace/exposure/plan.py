"""What an exposure run flies: places, levels and dates of release, and all else that its result depends on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight import __version__
from overflight.airspace.exposure.places import Place
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import atmosphere, rng
from overflight.geo.spread import Spread, centre, draw
from overflight.geo.times import iso, to_datetime
from overflight.winds.coverage import extent

Seasons = Literal["quarter", "month", "all"]
SEASONS: dict[Seasons, tuple[str, ...]] = {
    "quarter": ("DJF", "MAM", "JJA", "SON"),
    "month": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "all": ("all",),
}
MAX_GAP = np.timedelta64(12, "h")
"""Winds are not interpolated over a longer gap, see ``drift.pack``."""
_LEVEL_SLACK = 1e-3
_SEED_STREAM = rng.stream_id("exposure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A climatology of releases: from each place, at each level, at each date, so many members.

    Attributes
    ----------
    places : tuple of Place
    levels_m : tuple of float or Spread. Altitudes of float, in the standard atmosphere. [m]
    dates : tuple of str. UTC, ascending, as ``2023-01-01T00:00:00Z``.
    days : float. How long each balloon is followed. [days]
    members : int. Of each place, level and date.
    seed : int
    seasons : {"quarter", "month", "all"}. What dates are put together, by the month of release (UTC).
    wind_error : bool. Perturb each member's wind.
    steady : bool. Hold winds of a single time.
    winds_sha256, regions_version : str. Of what the run reads.
    version : str. Of this package.
    """

    places: tuple[Place, ...]
    levels_m: tuple[float | Spread, ...]
    dates: tuple[str, ...]
    days: float
    members: int
    seed: int
    seasons: Seasons = "quarter"
    wind_error: bool = True
    steady: bool = False
    winds_sha256: str = ""
    regions_version: str = ""
    version: str = __version__

    def __post_init__(self) -> None:
        """Refuse what cannot be flown."""
        if not (0.0 < self.days <= 400.0):
            raise InvalidInput("--days", f"{self.days:g}", "more than 0 and at most 400 days")
        if self.members < 1:
            raise InvalidInput("--members", str(self.members), "1 or more")
        if not (self.places and self.levels_m and self.dates):
            raise InvalidInput("exposure", "nothing to release", "a place, a level and a date at least")
        centres = [centre(level) for level in self.levels_m]
        if len(set(centres)) < len(centres):
            raise InvalidInput("--float", ", ".join(f"{z:g}" for z in centres), "each altitude once")
        if self.seasons not in SEASONS:
            raise InvalidInput("--season", repr(self.seasons), ", ".join(SEASONS))

    @property
    def releases(self) -> int:
        """Number of pairs of place and level; release ``place * levels + level``."""
        return len(self.places) * len(self.levels_m)

    @property
    def hours(self) -> float:
        """How long each balloon is followed. [h]"""
        return 24.0 * self.days

    def instant(self, date: str) -> np.datetime64:
        """Return a date as datetime64[ns], UTC."""
        return np.datetime64(date.removesuffix("Z"), "ns")

    def season_of(self, date: str) -> int:
        """Return the number of the season that a date belongs to."""
        month = int(self.instant(date).astype("datetime64[M]").astype(np.int64)) % 12
        return {"quarter": (month + 1) % 12 // 3, "month": month, "all": 0}[self.seasons]

    def date_seed(self, date: str) -> int:
        """Return the seed of a date's draws, which depends on the run's seed and on the date alone."""
        minute = int(self.instant(date).astype("datetime64[m]").astype(np.int64))
        return int(rng.key(self.seed, _SEED_STREAM, minute, 0)) >> 1

    def pressures_pa(self, date: str) -> NDArray[np.float64]:
        """Return the pressure that each balloon of a date floats at, (places * levels * members,). [Pa]

        Draws are keyed by seed, date and the balloon's number, ``(place * levels + level) * members + member``.
        """
        total, seed = self.releases * self.members, self.date_seed(date)
        altitude = np.empty((len(self.places), len(self.levels_m), self.members))
        for number, level in enumerate(self.levels_m):
            every = draw(level, seed, "exposure level", total).reshape(altitude.shape)
            altitude[:, number] = every[:, number]
        return np.asarray(atmosphere.pressure_pa(altitude.ravel()), np.float64)

    def to_json(self) -> dict[str, Any]:
        """Return all that the result depends on, as plain data."""
        data = asdict(self)
        data["places"] = [[p.name, p.lat, p.lon] for p in self.places]
        data["levels_m"] = [level_text(level) for level in self.levels_m]
        data["dates"] = list(self.dates)
        return data

    def digest(self) -> str:
        """Return the SHA-256 of all that the result depends on."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()


def level_text(level: float | Spread) -> str:
    """Write a level as it is asked for: ``18000``, or ``18000+-300``. [m]"""
    return f"{level.a:g}+-{level.b:g}" if isinstance(level, Spread) else f"{level:g}"


def dates_between(start: np.datetime64, end: np.datetime64, every_hours: float) -> tuple[str, ...]:
    """Return the dates of release from ``start`` to ``end``, which is one of them where the step meets it.

    Raises
    ------
    InvalidInput
        The end lies before the start, or the step is none.
    """
    if end < start:
        raise InvalidInput("--end", iso(end), f"a time not before --start, {iso(start)}")
    if not 0.0 < every_hours < np.inf:
        raise InvalidInput("--every", f"{every_hours:g} h", "hours above 0")
    step = np.timedelta64(round(every_hours * 3600), "s")
    return tuple(iso(t) for t in np.arange(start, end + np.timedelta64(1, "s"), step))


def window(dates: tuple[str, ...], days: float) -> tuple[datetime, datetime]:
    """Return the time that flights take up, from the first release to the last end."""
    last = np.datetime64(dates[-1].removesuffix("Z"), "ns") + np.timedelta64(round(days * 86_400), "s")
    return to_datetime(np.datetime64(dates[0].removesuffix("Z"), "ns")), to_datetime(last)


def digest_of(winds: xr.Dataset) -> str:
    """Return one SHA-256 for winds of any number of files; none for winds that were never in a file."""
    digests = [str(d) for d in np.atleast_1d(winds.attrs.get("sha256") or [])]
    if not digests:
        return ""
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def require_winds(plan: Plan, winds: xr.Dataset) -> None:
    """Demand that the winds enclose every release of a plan, in time and in level.

    Raises
    ------
    OutOfCoverage
        A level or the time of some release lies outside; the message names them.
    InvalidInput
        The winds are an ensemble.
    """
    if winds.sizes.get("member", 1) > 1:
        raise InvalidInput("winds", f"an ensemble of {winds.sizes['member']}", "one member",
                           hint="an exposure run perturbs the winds itself")  # fmt: skip
    _require_levels(plan, winds)
    times = winds["time"].values.astype("datetime64[ns]")
    if plan.steady and times.size == 1:
        return
    lacking = [date for date in plan.dates if not _is_covered(plan, date, times)]
    if lacking:
        shown = ", ".join(lacking[:3]) + (f" ... {lacking[-1]}" if len(lacking) > 3 else "")
        asked = f"{len(lacking)} of {len(plan.dates)} dates of release with {plan.days:g} days after each ({shown})"
        hint = "winds of a single time can be held with --steady, which is no climatology" if times.size == 1 else ""
        raise OutOfCoverage("winds", asked, extent(winds), hint)


def _require_levels(plan: Plan, winds: xr.Dataset) -> None:
    level = winds["level"].values.astype(np.float64)
    for wanted in plan.levels_m:
        hpa = float(atmosphere.pressure_pa(centre(wanted))) / 100.0
        if not level.min() * (1.0 - _LEVEL_SLACK) <= hpa <= level.max() * (1.0 + _LEVEL_SLACK):
            raise OutOfCoverage("winds", f"a float at {centre(wanted):g} m, {hpa:.4g} hPa", extent(winds))


def _is_covered(plan: Plan, date: str, times: NDArray[np.datetime64]) -> bool:
    first, last = span_of(plan, date, times)
    held = times[first : last + 1]
    start, stop = plan.instant(date), plan.instant(date) + np.timedelta64(round(plan.hours * 3600), "s")
    if not (held.size and held[0] <= start and held[-1] >= stop):
        return False
    return bool((np.diff(held) <= MAX_GAP).all())


def span_of(plan: Plan, date: str, times: NDArray[np.datetime64]) -> tuple[int, int]:
    """Return the numbers of the first and the last wind time that a release needs."""
    start = plan.instant(date)
    stop = start + np.timedelta64(round(plan.hours * 3600), "s")
    first = max(0, int(np.searchsorted(times, start, side="right")) - 1)
    return first, min(times.size - 1, int(np.searchsorted(times, stop, side="left")))
