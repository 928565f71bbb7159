"""All balloons that are up: one slot each in arrays that the filter runs over, and a ring of past places."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.serve.watch.batch import Batch
from overflight.serve.watch.kernels import filtering as kernels
from overflight.serve.watch.settings import Settings

F64 = NDArray[np.float64]
Slots = NDArray[np.intp]

CHI2_90 = 4.605170185988092
"""Square of the radius that holds 90 % of a plane normal of variance 1 an axis."""
AHEAD_S = 120.0
"""A frame dated later than that after it came tells of a wrong clock. [s]"""
CODES = {kernels.USED: "used", kernels.FIRST: "used", kernels.RESET: "restarted", kernels.REPEATED: "repeated",
         kernels.LATE: "late", kernels.DOUBTED: "doubted"}  # fmt: skip
PENDING = "pending"
_FIRST_SLOTS = 256


class Shown(msgspec.Struct, gc=False):
    """A balloon as it is told: names with their units, times in UTC."""

    balloon: str
    seen_at: str
    lon: float
    lat: float
    altitude_m: float | None
    vertical_speed_ms: float | None
    speed_ms: float
    track_deg: float
    known_launch: str | None
    match: str
    source: str
    radius_90_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What came of a batch: slots that changed, places that went into rings (slot, time, lat, lon, altitude)."""

    changed: Slots
    kept: tuple[Slots, F64, F64, F64, F64]
    counts: Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """States of some balloons (n,): place, velocity eastward, northward and upward, and their variances.

    ``tickets`` are numbers that no other balloon had or will have; ``time`` is in seconds since 1970.
    """

    slots: Slots
    tickets: NDArray[np.int64]
    names: list[str]
    time: F64
    lat: F64
    lon: F64
    altitude_m: F64
    east_ms: F64
    north_ms: F64
    rise_ms: F64
    place_var: F64
    speed_var: F64
    altitude_var: F64
    rise_var: F64


class Fleet:
    """The balloons that are up; every method may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        self.index: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self._free: list[int] = []
        self._tickets = 0
        self._grow(_FIRST_SLOTS)

    def _grow(self, size: int) -> None:
        """Make room for so many slots."""
        have = len(getattr(self, "states", ()))
        ring = self.settings.ring
        fresh: dict[str, Any] = {
            "states": np.zeros((size, kernels.N_STATE)), "heard": np.zeros(size), "ring_t": np.zeros((size, ring)),
            "ring_p": np.zeros((size, ring, 4), np.float32), "ring_n": np.zeros(size, np.int64),
            "ticket": np.full(size, -1, np.int64),
            "names": [""] * size, "sources": [""] * size, "known": [None] * size, "match": [PENDING] * size,
        }  # fmt: skip
        for name, new in fresh.items():
            if have:
                new[:have] = getattr(self, name)
            setattr(self, name, new)
        self._free = list(range(size - 1, have - 1, -1)) + self._free

    states: F64
    heard: F64
    ring_t: F64
    ring_p: NDArray[np.float32]
    ring_n: NDArray[np.int64]
    ticket: NDArray[np.int64]
    names: list[str]
    sources: list[str]
    known: list[str | None]
    match: list[str]

    def __len__(self) -> int:
        """Return the number of balloons."""
        return len(self.index)

    def learn(self, batch: Batch, now: float) -> Learnt:
        """Take frames in, and say which balloons changed. ``now`` is when they came. [s since 1970]"""
        with self.lock:
            good = batch.time <= now + AHEAD_S
            fresh = batch.time >= now - 3600.0 * self.settings.oldest_h
            counts = Counter({"ahead of the clock": int((~good).sum()), "too old": int((good & ~fresh).sum())})
            batch = batch.at(good & fresh)
            slot = self._slots(batch)
            if (slot < 0).any():
                counts["more balloons than are watched"] += int((slot < 0).sum())
                batch, slot = batch.at(slot >= 0), slot[slot >= 0]
            learnt = self._update(batch, slot, now, counts)
            self.counts += learnt.counts
            return learnt

    def _slots(self, batch: Batch) -> Slots:
        """Return the slot of each frame's balloon; new balloons take a free one; -1 where there is none."""
        found = []
        for name, source in zip(batch.names, batch.sources, strict=True):
            slot = self.index.get(name)
            if slot is None:
                slot = self._new(name)
            if slot >= 0:
                self.sources[slot] = source
            found.append(slot)
        return np.array(found, np.intp)

    def _new(self, name: str) -> int:
        if len(self.index) >= self.settings.most_balloons:
            return -1
        if not self._free:
            self._grow(2 * len(self.states))
        slot = self._free.pop()
        self.states[slot] = 0.0
        self.ring_n[slot] = 0
        self._tickets += 1
        self.ticket[slot] = self._tickets
        self.names[slot], self.known[slot], self.match[slot] = name, None, PENDING
        self.index[name] = slot
        return slot

    def _update(self, batch: Batch, slot: Slots, now: float, counts: Counter[str]) -> Learnt:
        order = np.lexsort((batch.time, slot))
        slot, codes = slot[order], np.empty(order.size, np.int64)
        touched = np.unique(slot)
        before = self.ring_n[touched]
        place = sphere.unit_vector(batch.lat[order], batch.lon[order])
        kernels.update_all(self.states, slot, batch.time[order], place, batch.altitude_m[order],
                           batch.place_sd_m[order], batch.altitude_sd_m[order],
                           (self.ring_t, self.ring_p, self.ring_n), self.settings.ring_every_s, codes)  # fmt: skip
        self.heard[touched] = now
        for code, count in zip(*np.unique(codes, return_counts=True), strict=True):
            counts[CODES[int(code)]] += int(count)
        used = np.isin(codes, (kernels.USED, kernels.FIRST, kernels.RESET))
        return Learnt(changed=np.unique(slot[used]), kept=self._kept(touched[self.ring_n[touched] != before]),
                      counts=counts)  # fmt: skip

    def _kept(self, slots: Slots) -> tuple[Slots, F64, F64, F64, F64]:
        """Return the last place in the ring of some balloons."""
        at = (self.ring_n[slots] - 1) % self.settings.ring
        places = self.ring_p[slots, at].astype(np.float64)
        return slots, self.ring_t[slots, at], *sphere.latlon(places[:, :3]), places[:, 3]

    def forget(self, now: float) -> list[str]:
        """Let balloons go that were not heard for long; return their names."""
        with self.lock:
            since = now - 3600.0 * self.settings.forget_h
            gone = [(name, slot) for name, slot in self.index.items() if self.heard[slot] < since]
            for name, slot in gone:
                del self.index[name]
                self._free.append(slot)
                self.states[slot], self.names[slot] = 0.0, ""
            return [name for name, _ in gone]

    def slots(self) -> Slots:
        """Return the slots of all balloons that have a state."""
        with self.lock:
            slots = np.fromiter(self.index.values(), np.intp, len(self.index))
            return np.asarray(slots[self.states[slots, kernels.TIME] != 0.0])

    def shown(self, slots: Slots) -> list[Shown]:
        """Return balloons as they are told."""
        with self.lock:
            at = self.standing(slots)
            rows = slots.tolist()
            labels = [(self.known[s], self.match[s], self.sources[s]) for s in rows]
        seen = np.datetime_as_string((at.time * 1e3).astype("datetime64[ms]"), unit="ms").tolist()
        altitude, rise = (_told(values, 1) for values in (at.altitude_m, at.rise_ms))
        speed = np.hypot(at.east_ms, at.north_ms)
        track = np.mod(np.degrees(np.arctan2(at.east_ms, at.north_ms)), 360.0)
        rest = [np.round(v, n).tolist() for v, n in (
            (at.lon, 5), (at.lat, 5), (speed, 1), (track, 1), (np.sqrt(CHI2_90 * at.place_var), 0)
        )]  # fmt: skip
        return [
            Shown(name, f"{when}Z", lon, lat, high, up, fast, course, known, match, source, radius)
            for name, when, high, up, lon, lat, fast, course, radius, (known, match, source) in zip(
                at.names, seen, altitude, rise, *rest, labels, strict=True
            )
        ]

    def standing(self, slots: Slots) -> Standing:
        """Return the states of some balloons."""
        with self.lock:
            s, tickets = self.states[slots], self.ticket[slots]
            names = [self.names[slot] for slot in slots.tolist()]
        lat, lon = sphere.latlon(s[:, :3])
        phi, lam = np.radians(lat), np.radians(lon)
        east = s[:, 4] * np.cos(lam) - s[:, 3] * np.sin(lam)
        north = s[:, 5] * np.cos(phi) - np.sin(phi) * (s[:, 3] * np.cos(lam) + s[:, 4] * np.sin(lam))
        has = np.isfinite(s[:, kernels.ALT])
        rise = np.where(has, s[:, kernels.RISE], np.nan)
        return Standing(slots=slots, tickets=tickets, names=names, time=s[:, kernels.TIME], lat=lat, lon=lon,
                        altitude_m=s[:, kernels.ALT], east_ms=east, north_ms=north, rise_ms=rise,
                        place_var=s[:, kernels.HXX], speed_var=s[:, kernels.HVV], altitude_var=s[:, kernels.AXX],
                        rise_var=s[:, kernels.AVV])  # fmt: skip

    def past(self, slot: int) -> list[tuple[float, float, float, float | None]]:
        """Return the places in a balloon's ring, oldest first: time, lon, lat, altitude."""
        with self.lock:
            count, size = int(self.ring_n[slot]), self.settings.ring
            at = np.arange(max(0, count - size), count) % size
            time, places = self.ring_t[slot, at], self.ring_p[slot, at].astype(np.float64)
        lat, lon = sphere.latlon(places[:, :3])
        rows = zip(time.tolist(), np.round(lon, 5).tolist(), np.round(lat, 5).tolist(), _told(places[:, 3], 1),
                   strict=True)  # fmt: skip
        return list(rows)

    def settle(self, name: str, match: str, known: str | None) -> None:
        """Say whether a balloon is of a known launch."""
        with self.lock:
            slot = self.index.get(name)
            if slot is not None:
                self.match[slot], self.known[slot] = match, known

    def packed(self) -> bytes:
        """Return all states as bytes, their rings left out."""
        with self.lock:
            slots = self.slots()
            rows = slots.tolist()
            labels = [(self.names[s], self.sources[s], self.known[s], self.match[s]) for s in rows]
            return msgspec.msgpack.encode((labels, self.states[slots].tobytes(), self.heard[slots].tobytes()))

    def unpack(self, data: bytes) -> None:
        """Take over states that ``packed`` gave."""
        labels, states, heard = msgspec.msgpack.decode(data)
        with self.lock:
            rows = np.frombuffer(states, np.float64).reshape(-1, kernels.N_STATE)
            for (name, source, known, match), state, at in zip(labels, rows, np.frombuffer(heard), strict=True):
                slot = self._new(name)
                if slot >= 0:
                    self.states[slot], self.heard[slot] = state, at
                    self.sources[slot], self.known[slot], self.match[slot] = source, known, match

    def refill(self, name: str, places: F64) -> None:
        """Put places (n, 4) of time, lat, lon and altitude into the ring of a balloon that has none."""
        with self.lock:
            slot = self.index.get(name)
            if slot is None or self.ring_n[slot]:
                return
            last = places[-self.settings.ring :]
            self.ring_t[slot, : len(last)] = last[:, 0]
            self.ring_p[slot, : len(last), :3] = sphere.unit_vector(last[:, 1], last[:, 2])
            self.ring_p[slot, : len(last), 3] = last[:, 3]
            self.ring_n[slot] = len(last)


def _told(values: F64, digits: int) -> list[float | None]:
    """Return numbers with None for what is not known."""
    return [None if value != value else value for value in np.round(values, digits).tolist()]  # noqa: PLR0124 - NaN
