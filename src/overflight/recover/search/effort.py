"""The effort at hand: how many search, how fast, how long, and from where."""

from __future__ import annotations

import math
from dataclasses import dataclass

from overflight.errors import InvalidInput

ON_LEGS = 0.85
"""Share of the time on scene that legs are followed; the rest looks closer (U.S. National SAR Manual 1991, 532)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What can be spent.

    Attributes
    ----------
    hours : float. Hours of each searcher away from base, in all. [h]
    speed_ms : float. Along the legs. [m/s]
    base : (lat, lon). Where each sortie begins and ends. [degrees]
    searchers : int. Units that search apart from each other: aircraft, boats, persons.
    endurance_h : float or None. Longest sortie, transit included; ``hours`` where None. [h]
    transit_ms : float or None. To the first leg and back from the last; ``speed_ms`` where None. [m/s]
    on_legs : float. Share of the time on scene that legs are followed.
    """

    hours: float
    speed_ms: float
    base: tuple[float, float]
    searchers: int = 1
    endurance_h: float | None = None
    transit_ms: float | None = None
    on_legs: float = ON_LEGS

    def __post_init__(self) -> None:
        """Refuse what is no effort."""
        checks = (
            ("hours", self.hours, "h", self.hours > 0.0),
            ("speed", self.speed_ms, "m/s", self.speed_ms > 0.0),
            ("transit speed", self.transit, "m/s", self.transit > 0.0),
            ("endurance", self.longest_h, "h", self.longest_h > 0.0),
            ("searchers", self.searchers, "", self.searchers >= 1),
        )
        for field, value, unit, good in checks:
            if not (good and math.isfinite(value)):
                raise InvalidInput(field, f"{value:g} {unit}".strip(), "more than 0")
        if not 0.0 < self.on_legs <= 1.0:
            raise InvalidInput("share on legs", f"{self.on_legs:g}", "more than 0, at most 1")
        lat, lon = self.base
        if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 360.0):
            raise InvalidInput("base", f"{lat:g},{lon:g}", "latitude and longitude in degrees")

    @property
    def longest_h(self) -> float:
        """Return how long a sortie may last. [h]"""
        return self.hours if self.endurance_h is None else min(self.hours, self.endurance_h)

    @property
    def transit(self) -> float:
        """Return the speed to and from the legs. [m/s]"""
        return self.speed_ms if self.transit_ms is None else self.transit_ms

    @property
    def reach_m(self) -> float:
        """Return how far from base the farthest point of a sortie can lie. [m]"""
        return 1800.0 * self.longest_h * self.transit

    def sorties(self) -> list[tuple[int, float]]:
        """Return searcher, from 1, and longest duration of every sortie, one of each searcher in turn. [h]"""
        whole = int(self.hours / self.longest_h * (1.0 + 1e-12))
        rest = self.hours - whole * self.longest_h
        lengths = [self.longest_h] * whole + ([rest] if rest > 1e-9 * self.hours else [])
        return [(who, hours) for hours in lengths for who in range(1, self.searchers + 1)]
