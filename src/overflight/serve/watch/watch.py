"""The watch: threads that listen, write, look ahead and bring alerts, and the state they share."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import sqlalchemy as sa

from overflight.errors import OverflightError
from overflight.serve.watch import rows
from overflight.serve.watch.alerts import Alerts
from overflight.serve.watch.batch import Batch, joined
from overflight.serve.watch.fleet import Fleet, Learnt, Shown
from overflight.serve.watch.hub import Event, Hub, event_of
from overflight.serve.watch.inbox import Inbox, Taken
from overflight.serve.watch.kernels import filtering as kernels
from overflight.serve.watch.looks import Ahead, Looker
from overflight.serve.watch.pushes import Courier
from overflight.serve.watch.settings import Service, Settings, of_service
from overflight.serve.watch.sources import sources_of
from overflight.serve.watch.store import PLACES, Store

if TYPE_CHECKING:
    from fastapi import APIRouter

log = logging.getLogger(__name__)

SNAPSHOT_S = 10.0
FORGET_S = 10.0
STATED_S = 1.0
"""For so long the same event of all that is up is given to those who come back."""
GRACE_S = 2.0
"""What a look ahead under way may take when the watch stops: what is lost of it is made again at the next start."""
CARRIED = 100_000
"""Messages that are held while the store does not take them."""


class Watch:
    """A watch that runs; see ``start``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.store)
        try:
            self.store.hold()
            self._assemble()
        except BaseException:
            self.store.close()
            raise

    def _assemble(self) -> None:
        settings = self.settings
        self.fleet, self.hub, self.inbox = Fleet(settings), Hub(), Inbox()
        self.alerts = Alerts(self.store, self.hub)
        self.ahead = Ahead(settings, self.fleet, self.alerts)
        self.counts: Counter[str] = Counter()
        self.problem = ""
        self._heard = _restored(self.store, self.fleet, settings)
        self._stated: tuple[float, Event | None] = (-np.inf, None)
        self._stating = threading.Lock()
        self.sources = sources_of(settings, self.inbox, self.store)
        self._writer = _Writer(self)
        self._threads: list[Any] = [self._writer, Looker(self.ahead), Courier(self.store, settings.sender)]
        from overflight.serve.watch.router import router_of  # noqa: PLC0415 - fastapi is slow to import

        self.router: APIRouter = router_of(self)

    def begin(self) -> None:
        """Start all threads."""
        for thread in (*self._threads, *self.sources):
            thread.start()

    def stop(self) -> None:
        """Stop listening, write down what has come, and end."""
        for thread in (*self.sources, *self._threads[1:]):
            thread.stop()
        self.hub.end()
        until = time.monotonic() + GRACE_S
        for thread in (*self.sources, *self._threads[1:]):
            thread.join(timeout=max(0.0, until - time.monotonic()))
        self._writer.stop()
        self._writer.join(timeout=30.0)
        self.store.close()

    @property
    def heard(self) -> int:
        """The number of the last row of frames that is kept."""
        return self._heard

    def keep(self, batch: Batch, offsets: list[tuple[str, str, int]], places: list[dict[str, Any]]) -> None:
        """Keep frames, then learn from them and tell."""
        now = time.time()
        self._heard = self.store.keep(batch, now, offsets, places) or self._heard
        places.clear()

    def learn(self, batch: Batch) -> Learnt:
        """Learn from frames that are kept, and tell what changed."""
        learnt = self.fleet.learn(batch, time.time())
        if learnt.changed.size:
            self.hub.publish("balloons", self.fleet.shown(learnt.changed))
        return learnt

    def features(self) -> list[dict[str, Any]]:
        """Return all balloons that are up as GeoJSON features."""
        return [feature(one) for one in self.fleet.shown(self.fleet.slots())]

    def stated(self, after: int) -> list[Event]:
        """Return all that is up and the alerts after a number (none after -1), as events."""
        with self._stating:
            at, event = self._stated
            if event is None or time.monotonic() - at > STATED_S:
                event = event_of("balloons", self.fleet.shown(self.fleet.slots()), self.hub.mark())
                self._stated = (time.monotonic(), event)
        alerts = self.alerts.listed(after=after, limit=1000) if after >= 0 else []
        return [event, *(event_of("alert", body, self.hub.mark()) for body in alerts)]

    def figures(self) -> dict[str, float]:
        """Return counts and gauges, as for metrics."""
        told: dict[str, float] = {f"frames {name}": count for name, count in self.fleet.counts.items()}
        told |= {f"rows {name}": count for name, count in self.counts.items()}
        return told | {
            "balloons": len(self.fleet), "clients": len(self.hub), "clients dropped": self.hub.dropped,
            "messages lost": self.inbox.lost, "forecasts": self.ahead.renewed, "forecast seconds": self.ahead.spent_s,
        }  # fmt: skip

    def problems(self) -> list[str]:
        """Return what is wrong now, one line each."""
        lines = [self.problem, self.ahead.problem, *(source.problem for source in self.sources)]
        return [line for line in lines if line]


def feature(one: Shown) -> dict[str, Any]:
    """Return a balloon as a GeoJSON feature."""
    point = {"type": "Point", "coordinates": [one.lon, one.lat]}
    return {"type": "Feature", "id": one.balloon, "properties": msgspec.structs.asdict(one), "geometry": point}


class _Writer(threading.Thread):
    """Takes what has come, some times a second: keeps it, acknowledges it, learns from it, tells it."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(name="write", daemon=True)
        self.watch = watch
        self.over = threading.Event()
        self._carried: list[bytes] = []
        self._places: list[dict[str, Any]] = []
        self._snapshot = self._forgot = time.monotonic()

    def run(self) -> None:
        """Go on until stopped, and write down what has come by then."""
        tick = self.watch.settings.tick_s
        while not self.over.is_set():
            if self.watch.inbox.wait(0.5):
                self.over.wait(tick)
            self._step()
        self._step()
        self._keep_snapshot()

    def stop(self) -> None:
        """End after one more look."""
        self.over.set()
        self.watch.inbox.wake()

    def _step(self) -> None:
        try:
            taken = self.watch.inbox.take()
            if taken or self._carried:
                self._take(taken)
            self._tidy()
        except Exception as problem:
            log.exception("write")
            self.watch.problem = f"{type(problem).__name__}: {problem}"

    def _take(self, taken: Taken) -> None:
        """Keep and learn; where the store does not take it, those who wait are told, and messages are held."""
        messages = self._carried + taken.messages
        heard = rows.of_messages(messages)
        batch = joined([heard.batch, *(given.batch for given in taken.given)])
        offsets = [given.offset for given in taken.given if given.offset is not None]
        try:
            self.watch.keep(batch, offsets, self._places)
        except Exception as problem:
            self._carried = messages[-CARRIED:]
            for given in taken.given:
                given.done.set_exception(problem)
            if not isinstance(problem, OverflightError):
                raise
            self.watch.problem = str(problem)
            return
        self._carried, self.watch.problem = [], ""
        for given in taken.given:
            if given.done.set_running_or_notify_cancel():
                given.done.set_result(len(given.batch))
        self.watch.counts["refused"] += len(heard.rejected)
        self._note(self.watch.learn(batch))

    def _note(self, learnt: Learnt) -> None:
        """Hold places that went into rings, to be kept with the next frames."""
        slots, *columns = learnt.kept
        names = self.watch.fleet.names
        self._places += [
            {"balloon": names[slot], "time": at, "lat": lat, "lon": lon, "altitude_m": None if high != high else high}  # noqa: PLR0124
            for slot, at, lat, lon, high in zip(slots.tolist(), *(c.tolist() for c in columns), strict=True)
        ]

    def _tidy(self) -> None:
        now = time.monotonic()
        if now - self._forgot > FORGET_S:
            self._forgot = now
            gone = self.watch.fleet.forget(time.time())
            if gone:
                self.watch.ahead.forget(gone)
                self.watch.hub.publish("gone", gone)
        if now - self._snapshot > SNAPSHOT_S:
            self._keep_snapshot()

    def _keep_snapshot(self) -> None:
        self._snapshot = time.monotonic()
        try:
            if self._places:
                self.watch.keep(joined([]), [], self._places)
            packed = self.watch.fleet.packed()
            self.watch.store.snapshot(self.watch.heard, packed, 3600.0 * self.watch.settings.keep_h)
        except OverflightError as problem:
            self.watch.problem = str(problem)


def _restored(store: Store, fleet: Fleet, settings: Settings) -> int:
    """Bring the balloons back as they were when the last frame was kept; return the number of its row."""
    number, packed = store.last_snapshot()
    if packed:
        fleet.unpack(packed)
        _refill(store, fleet, settings)
    since = time.time() - 3600.0 * settings.forget_h
    last = number
    for one, at, batch in store.heard_after(number, since):
        fleet.learn(batch, at)
        last = one
    fleet.forget(time.time())
    fleet.counts.clear()
    return last


def _refill(store: Store, fleet: Fleet, settings: Settings) -> None:
    """Fill the rings from what was kept of them, up to the snapshot."""
    last = {name: float(fleet.states[slot, kernels.RING_TIME]) for name, slot in fleet.index.items()}
    since = min(last.values(), default=0.0) - settings.ring * max(settings.ring_every_s, 1.0)
    places: dict[str, list[tuple[float, ...]]] = {}
    query = sa.select(PLACES).where(PLACES.c.time >= since).order_by(PLACES.c.balloon, PLACES.c.time)
    with store.reading() as connection, connection.execute(query.execution_options(yield_per=5_000)) as found:
        for row in found:
            if row.time <= last.get(row.balloon, -np.inf) + 1e-6:
                high = np.nan if row.altitude_m is None else row.altitude_m
                places.setdefault(row.balloon, []).append((row.time, row.lat, row.lon, high))
    for name, rows_ in places.items():
        fleet.refill(name, np.array(rows_))


def start(settings: Settings | Service) -> Watch:
    """Start a watch: it listens, writes, looks ahead and brings alerts until it is stopped.

    Parameters
    ----------
    settings : Settings, or those of the service that it is a part of.

    Raises
    ------
    InvalidInput
        The store, the list of known flights or a setting is wrong.
    Unavailable
        Another process watches with the same store.
    """
    watch = Watch(settings if isinstance(settings, Settings) else of_service(settings))
    watch.begin()
    return watch
