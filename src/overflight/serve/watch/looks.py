"""Look ahead for all balloons: renew forecasts, list what they enter, match them, and hold them against the rules."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from overflight.drift import Settings as Drift
from overflight.errors import OutOfCoverage, OverflightError
from overflight.serve.watch.ahead import Entered, Sky
from overflight.serve.watch.alerts import Alerts, Looked
from overflight.serve.watch.cap import cap_of
from overflight.serve.watch.cone import NO_WINDS, Cones, Outlook, by_persistence, by_winds, offsets_h, outlooks, phase
from overflight.serve.watch.fleet import PENDING, Fleet, Standing
from overflight.serve.watch.known import MATCHED, UNMATCHED, Known
from overflight.serve.watch.marks import Marks
from overflight.serve.watch.settings import Settings

if TYPE_CHECKING:
    from overflight.infer.carry import Carrier

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Balloons in one run of the engine."""
PAUSE_S = 0.5
REOPEN_S = 3 * 3600.0
"""Winds are looked for anew after that. [s]"""
MATCHING_S = 5.0
"""For so long balloons that were not matched are tried again in one run. [s]"""


class Ahead:
    """What is held of each balloon's future."""

    def __init__(self, settings: Settings, fleet: Fleet, alerts: Alerts) -> None:
        self.settings, self.fleet, self.alerts = settings, fleet, alerts
        self.sky = Sky(settings.layers)
        self.known = Known.of(settings)
        self.hours = offsets_h(settings.hours)
        self.problem = ""
        self.renewed = 0
        self.spent_s = 0.0
        self._held: dict[str, tuple[Outlook, list[Entered]]] = {}
        self._marks = Marks()
        self._carrier: tuple[Carrier | None, float, float] = (None, -np.inf, np.nan)

    def of(self, name: str) -> tuple[Outlook, list[Entered]] | None:
        """Return the forecast of a balloon and what it enters; None where none was made yet."""
        return self._held.get(name)

    def forget(self, names: list[str]) -> None:
        """Let go of balloons."""
        for name in names:
            self._held.pop(name, None)

    def renew(self, now: float, most: int = AT_ONCE) -> int:
        """Renew the forecasts that are due, those longest due first, and return how many."""
        at = self.fleet.standing(self.fleet.slots())
        due = self._marks.due(at, phase(at), now, self.settings.renew_s)[:most]
        if not due.size:
            return 0
        begun = time.perf_counter()
        some = self.fleet.standing(at.slots[due])
        cones = self._cones(some)
        entered = self.sky.entered(cones, self.settings.least_probability)
        looks = outlooks(cones)
        self._marks.put(some, phase(some), now, looks)
        for name, outlook, rows in zip(some.names, looks, entered, strict=True):
            self._held[name] = outlook, rows
        self._match(some)
        self._consider(some, cones, entered)
        self.renewed += due.size
        self.spent_s += time.perf_counter() - begun
        return int(due.size)

    def _cones(self, at: Standing) -> Cones:
        """Make the cones of some balloons, by winds where they are at hand."""
        try:
            carrier = self._winds(at)
            if carrier is not None:
                found = by_winds(carrier, at, self.hours, self.settings.members)
                if np.isfinite(found.lat[:, :, 0]).any():
                    self.problem = ""
                    return found
                self._say("the winds do not reach where the balloons are")
        except OverflightError as problem:
            self._say(str(problem))
        note = f"; {self.problem}" if self.settings.winds and self.problem else ""
        return by_persistence(at, self.hours, self.settings.members, self.settings.seed, NO_WINDS + note)

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("%s", problem)
        self.problem = problem

    def _winds(self, at: Standing) -> Carrier | None:
        """Return the winds, packed once; opened anew from time to time."""
        if self.settings.winds is None:
            return None
        carrier, opened, start = self._carrier
        first, now = float(at.time.min()), time.monotonic()
        if now - opened < REOPEN_S and abs(first - start) < 2.0 * REOPEN_S:
            return carrier
        from overflight.infer.carry import Carrier  # noqa: PLC0415 - the engine is slow to import
        from overflight.winds.open import open_for_run  # noqa: PLC0415

        self._carrier = (None, now, first)
        begin = datetime.fromtimestamp(first, UTC)
        field = open_for_run(self.settings.winds, begin, begin + timedelta(hours=self.settings.hours))
        steady = field.sizes["time"] == 1
        made = Carrier.of(field, self.settings.seed, Drift(threads=1, steady=steady))
        self._carrier = (made, now, first)
        return made

    def _match(self, at: Standing) -> None:
        """Match balloons that were not looked at yet to known launches."""
        carrier = self._carrier[0]
        winds: xr.Dataset | None = None if carrier is None else carrier.winds
        is_empty = not self.known.listed and not self.known.stations
        until = time.monotonic() + MATCHING_S
        for name, slot in zip(at.names, at.slots.tolist(), strict=True):
            match = self.fleet.match[slot]
            if match == MATCHED or self.fleet.names[slot] != name or (match != PENDING and time.monotonic() > until):
                continue
            found = None if is_empty else self.known.match(name, self.fleet.past(slot), winds, self.settings.seed)
            self.fleet.settle(name, UNMATCHED if found is None else MATCHED, found)

    def _consider(self, at: Standing, cones: Cones, entered: list[list[Entered]]) -> None:
        if not self.alerts.rules:
            return
        shown = self.fleet.shown(at.slots)
        looked = [
            Looked(shown=one, entered=entered[i], basis=cones.basis,
                   cap=partial(cap_of, self.sky, cones, i, name, self.settings.sender))
            for i, (name, one) in enumerate(zip(at.names, shown, strict=True))
            if one.balloon == name
        ]  # fmt: skip
        self.alerts.consider(looked)

    def reconsider(self) -> None:
        """Let every forecast be made anew, as after a new rule."""
        self._marks.expire()


class Looker(threading.Thread):
    """Looks ahead in a thread of its own."""

    def __init__(self, ahead: Ahead) -> None:
        super().__init__(name="look", daemon=True)
        self.ahead = ahead
        self.over = threading.Event()

    def run(self) -> None:
        """Go on until stopped; what a look meets is said, and does not end it."""
        while not self.over.is_set():
            done: Any = 0
            try:
                done = self.ahead.renew(time.time())
            except (OverflightError, OutOfCoverage) as problem:
                self.ahead._say(str(problem))
            except Exception:
                log.exception("look")
            self.over.wait(0.02 if done else PAUSE_S)

    def stop(self) -> None:
        """End after the look under way."""
        self.over.set()
