"""Values of a notice: held in SI units, said in those of aviation (feet, flight levels, nautical miles, UTC)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from overflight.geo import sphere

FOOT_M = 0.3048
NAUTICAL_MILE_M = 1852.0
FL600_M = 60_000 * FOOT_M
"""Pressure altitude above which reports are rarer (ICAO Annex 2, Appendix 5, 6.1). [m]"""
_POINTS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def utc(instant: datetime) -> str:
    """Say an instant: ``11 NOV 2022 0436 UTC``, months in ICAO's letters whatever the locale."""
    return f"{instant.day:02d} {_MONTHS[instant.month - 1]} {instant.year} {instant:%H%M} UTC"


def place_text(lat: float, lon: float) -> str:
    """Say a place to the minute, as ICAO writes it: ``5212N 00005E``."""
    return f"{_angle(lat, 2, 'NS')} {_angle(float(sphere.wrap(lon)), 3, 'EW')}"


def _angle(degrees: float, digits: int, signs: str) -> str:
    minutes = round(abs(degrees) * 60.0)
    return f"{minutes // 60:0{digits}d}{minutes % 60:02d}{signs[degrees < 0.0 and minutes > 0]}"


@dataclass(frozen=True, slots=True)
class Level:
    """A pressure altitude in the standard atmosphere. [m]"""

    pressure_altitude_m: float

    @property
    def hundreds_ft(self) -> float:
        """The flight level, not rounded."""
        return self.pressure_altitude_m / FOOT_M / 100.0

    def __str__(self) -> str:
        return f"FL{max(0, round(self.hundreds_ft)):03d}"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, and within how far of it 90 % of the members are. [degrees, m]"""

    lat: float
    lon: float
    radius_m: float = 0.0

    def __str__(self) -> str:
        within = math.ceil(self.radius_m / NAUTICAL_MILE_M) if self.radius_m >= 10.0 else 0
        return place_text(self.lat, self.lon) + (f" WITHIN {within} NM (90 PER CENT)" if within else "")


@dataclass(frozen=True, slots=True)
class When:
    """A time as 5 %, 50 % and 95 % quantile over the members."""

    q05: datetime
    q50: datetime
    q95: datetime

    def __str__(self) -> str:
        if f"{self.q05:%Y%m%d%H%M}" == f"{self.q95:%Y%m%d%H%M}":
            return utc(self.q50)
        return f"{utc(self.q50)} (90 PER CENT {_short(self.q05, self.q50)} TO {_short(self.q95, self.q50)})"


def _short(instant: datetime, beside: datetime) -> str:
    return f"{instant:%H%M}" if instant.date() == beside.date() else f"{instant:%d} {instant:%H%M}"


@dataclass(frozen=True, slots=True)
class Passing:
    """When after launch, and where, a level is passed or reached."""

    elapsed_s: float
    level: Level
    spot: Spot
    is_passed: bool

    def __str__(self) -> str:
        hours, minutes = divmod(round(self.elapsed_s / 60.0), 60)
        return f"{hours} H {minutes:02d} MIN TO {'PASS' if self.is_passed else 'REACH'} {self.level}, AT {self.spot}"


@dataclass(frozen=True, slots=True)
class Heading:
    """A direction over the ground, from true north. [degrees]"""

    true_deg: float

    def __str__(self) -> str:
        return f"{round(self.true_deg) % 360:03d} DEG TRUE ({_POINTS[round(self.true_deg / 45.0) % 8]})"


@dataclass(frozen=True, slots=True)
class Impact:
    """When and where it comes down, and the share of the members that do so within the track."""

    when: When
    spot: Spot
    share: float

    def __str__(self) -> str:
        some = "" if self.share >= 0.995 else f", {self.share:.0%} OF MEMBERS".replace("%", " PER CENT")
        return f"{self.when}, {self.spot}{some}"
