"""At which level a true flight is, hour by hour: held, wandering, or chosen for where the wind leads.

Choosing levels stands here for the study of false alarms alone: what steers by level must not be called powered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from overflight.geo import atmosphere, rng, sphere
from validation.field import Field

F64 = NDArray[np.float64]

WANDER_SD_M, WANDER_TIME_H = 300.0, 24.0
REACH_M = 1_500.0
SWITCH_MEAN_H = 8.0
CHOICES, CHOOSE_EVERY_H = 7, 3
TARGET_M = 1_500_000.0


@dataclass(frozen=True, kw_only=True)
class Now:
    """Where the flights are: hours since the start, time, degrees; (count,)."""

    hour: int
    time: NDArray[np.datetime64]
    lat: F64
    lon: F64


class Levels(Protocol):
    """Gives the level for the hour to come."""

    def at(self, now: Now) -> F64:
        """Return the standard altitude of each flight. [m]"""
        ...


@dataclass
class Held:
    """One level each."""

    level_m: F64

    def at(self, now: Now) -> F64:
        """Return the level."""
        return self.level_m


@dataclass
class Wandering:
    """A level about which the flight wanders, Ornstein and Uhlenbeck, 300 m over 24 h."""

    level_m: F64
    seed: int
    first: int

    def __post_init__(self) -> None:
        """Draw the start."""
        self.off = WANDER_SD_M * self._draw(-1)

    def at(self, now: Now) -> F64:
        """Carry the wandering on by an hour."""
        keep = np.exp(-1.0 / WANDER_TIME_H)
        self.off = keep * self.off + WANDER_SD_M * np.sqrt(1.0 - keep**2) * self._draw(now.hour)
        return np.asarray(self.level_m + self.off)

    def _draw(self, hour: int) -> F64:
        return rng.normals(self.seed, f"truth wander {hour}", self.level_m.size, first_member=self.first)


@dataclass
class Switching:
    """Another level within reach at random times, eight hours apart in the mean."""

    level_m: F64
    seed: int
    first: int

    def __post_init__(self) -> None:
        """Begin at the level given."""
        self.here = self.level_m.copy()

    def at(self, now: Now) -> F64:
        """Switch those whose time has come."""
        n = self.level_m.size
        due, to = (rng.uniforms(self.seed, f"truth {w} {now.hour}", n, first_member=self.first) for w in ("due", "to"))
        switch = due < 1.0 - np.exp(-1.0 / SWITCH_MEAN_H)
        self.here = np.where(switch, self.level_m + REACH_M * (2.0 * to - 1.0), self.here)
        return self.here


@dataclass
class Steering:
    """Every three hours the level within reach whose wind leads best to a place: a far target, or where it began."""

    level_m: F64
    field: Field
    target: tuple[F64, F64] | None = None

    def at(self, now: Now) -> F64:
        """Choose again when it is time."""
        if self.target is None:
            self.target = now.lat.copy(), now.lon.copy()
        if now.hour % CHOOSE_EVERY_H == 0:
            offered = self.level_m[:, None] + REACH_M * np.linspace(-1.0, 1.0, CHOICES)
            hpa = atmosphere.pressure_pa(offered) / 100.0
            time, lat, lon = (np.broadcast_to(a[:, None], hpa.shape) for a in (now.time, now.lat, now.lon))
            wind = self.field.wind(time, hpa, lat, lon)
            way = np.exp(1j * (0.5 * np.pi - np.radians(sphere.azimuth_deg(now.lat, now.lon, *self.target))))
            gap = sphere.distance_m(now.lat, now.lon, *self.target)
            ahead = gap[:, None] * way[:, None] - wind * CHOOSE_EVERY_H * 3600.0
            best = np.argmin(np.abs(ahead), axis=1)
            self.here = offered[np.arange(best.size), best]
        return self.here


def target_of(lat: F64, lon: F64, seed: int, first: int) -> tuple[F64, F64]:
    """Return a place 1500 km off in a random direction from each."""
    heading = 360.0 * rng.uniforms(seed, "truth target", lat.size, first_member=first)
    return sphere.move(lat, lon, heading, np.full(lat.size, TARGET_M))
