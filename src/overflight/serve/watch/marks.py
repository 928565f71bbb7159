"""When each balloon's forecast was made and where it expects the balloon, as arrays: which are due is one sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.serve.watch.cone import LEAST_ALOFT, Outlook
from overflight.serve.watch.fleet import Standing

F64 = NDArray[np.float64]

NEAR = 13
"""Instants of a forecast that are held: its first hours."""
LEAVES, SLACK_M = 1.5, 500.0
"""A balloon has left its forecast beyond so many radii of 90 % and so many metres."""
LEAST_S = 60.0
"""A forecast is not renewed sooner, wherever the balloon is; less where all are renewed sooner. [s]"""


class Marks:
    """Rows by slot, each valid for one balloon, by its ticket."""

    def __init__(self) -> None:
        self._grow(256)

    def _grow(self, size: int) -> None:
        fresh = {
            "ticket": np.full(size, -1, np.int64), "made": np.full(size, -np.inf),
            "epoch": np.zeros(size), "seen": np.zeros(size),
            "way": np.zeros(size, np.int8), "hours": np.full((size, NEAR), np.inf),
            "centre": np.zeros((size, NEAR, 3), np.float32), "radius": np.full((size, NEAR), np.inf, np.float32),
        }  # fmt: skip
        for name, new in fresh.items():
            if hasattr(self, name):
                new[: len(getattr(self, name))] = getattr(self, name)
            setattr(self, name, new)

    ticket: NDArray[np.int64]
    made: F64
    epoch: F64
    seen: F64
    way: NDArray[np.int8]
    hours: F64
    centre: NDArray[np.float32]
    radius: NDArray[np.float32]

    def put(self, at: Standing, ways: NDArray[np.int8], made: float, looks: Sequence[Outlook]) -> None:
        """Mark forecasts as made."""
        slots = at.slots
        while slots.max(initial=0) >= len(self.ticket):
            self._grow(2 * len(self.ticket))
        self.ticket[slots], self.made[slots], self.way[slots] = at.tickets, made, ways
        self.epoch[slots], self.seen[slots] = looks[0].epoch, at.time
        count = min(NEAR, looks[0].hours.size)
        self.hours[slots], self.radius[slots] = np.inf, np.inf
        self.hours[slots, :count] = looks[0].hours[:count]
        lat, lon = (np.stack([getattr(one, name)[:count] for one in looks]) for name in ("lat", "lon"))
        self.centre[slots, :count] = sphere.unit_vector(lat, lon)
        few = np.stack([one.aloft[:count] for one in looks]) < LEAST_ALOFT
        radius = np.stack([one.radius_m()[:count] for one in looks])
        self.radius[slots, :count] = np.where(few, np.inf, radius)

    def expire(self) -> None:
        """Let every forecast be made anew."""
        self.made[:] = -np.inf

    def due(self, at: Standing, ways: NDArray[np.int8], now: float, renew_s: float) -> NDArray[np.intp]:
        """Return which balloons want a forecast, those longest without first."""
        while at.slots.max(initial=0) >= len(self.ticket):
            self._grow(2 * len(self.ticket))
        slots = at.slots
        made = np.where(self.ticket[slots] == at.tickets, self.made[slots], -np.inf)
        is_old = (now - made >= renew_s) & ((made == -np.inf) | (at.time > self.seen[slots]))
        wants = is_old.copy()
        check = np.flatnonzero(~is_old & np.isfinite(made) & (now - made >= min(LEAST_S, renew_s)))
        if check.size:
            wants[check] = (ways[check] != self.way[slots[check]]) | self._has_left(at, check)
        found = np.flatnonzero(wants)
        return found[np.argsort(made[found], kind="stable")]

    def _has_left(self, at: Standing, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether balloons are where their forecasts did not expect them."""
        slots = at.slots[rows]
        hour = (at.time[rows] - self.epoch[slots]) / 3600.0
        k = (self.hours[slots] <= hour[:, None]).sum(axis=1)
        inside = (k > 0) & (k < NEAR)
        k = np.clip(k, 1, NEAR - 1)
        before, after = self.hours[slots, k - 1], self.hours[slots, k]
        inside &= np.isfinite(after)
        with np.errstate(invalid="ignore"):
            share = np.where(inside, (hour - before) / (after - before), 0.0)
            reach = LEAVES * ((1.0 - share) * self.radius[slots, k - 1] + share * self.radius[slots, k]) + SLACK_M
        centre = (1.0 - share)[:, None] * self.centre[slots, k - 1] + share[:, None] * self.centre[slots, k]
        lat, lon = sphere.latlon(centre)
        away = sphere.distance_m(lat, lon, at.lat[rows], at.lon[rows])
        return np.asarray(inside & (away > reach))
