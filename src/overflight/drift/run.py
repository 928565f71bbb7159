"""One run of an ensemble: segments of time, each handed to the kernels in chunks of members."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift.ensemble import NO_GROUND, Ensemble, begin_ensemble
from overflight.drift.error_state import ErrorState
from overflight.drift.errors_along import ErrorAlong
from overflight.drift.kernels.flight_members import ADAPTIVE, EMBEDDED, fly_members
from overflight.drift.kernels.float_block import cell_number, float_block
from overflight.drift.kernels.lanes import LANES
from overflight.drift.pack import Slab, WindPack
from overflight.drift.release import Starts
from overflight.drift.settings import Settings
from overflight.drift.trajectories import trajectories
from overflight.flight import Flight, kernels
from overflight.flight.phases import Float

RK = {"rk4": 4, "rk2": 2, "adaptive": ADAPTIVE, "embedded": EMBEDDED}
SORT_FROM_MEMBERS = 2_000
CHUNKS_A_THREAD = 4
DAY_S = 86_400.0
HIGHEST_GROUND_PA = 30_000.0
"""Less than the pressure over the highest ground, which the kernels take to be 9000 m."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be simulated: a flight from its starts, for some hours.

    ``numbers`` are those of the members in their whole ensemble, by which draws are keyed; ``error_state`` is the wind
    error that each of them starts with, drawn where None.
    """

    flight: Flight
    starts: Starts
    hours: float
    seed: int
    numbers: range
    error_state: ErrorState | None = None

    def parameters(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the codes of the flight's phases, and each member's parameters."""
        first, step = self.numbers.start, self.numbers.step
        codes, rows = self.flight.rows(self.seed, step * (len(self.numbers) - 1) + 1, first_member=first)
        return codes, np.ascontiguousarray(rows[::step])


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the run inside one wind interval. [tau]"""

    tau_from: float
    tau_to: float
    index: int
    steps: int


def outputs(hours: float, output_s: float) -> int:
    """Return the number of outputs a member has."""
    return int(np.ceil(abs(hours) * 3600.0 / output_s - 1e-9)) + 1


def stays_on_pressure(flight: Flight, settings: Settings) -> bool:
    """Whether the fast kernel for fixed levels can run the flight: it knows no ground."""
    first = flight.phases[0]
    if len(flight.phases) > 1 or settings.method in ("adaptive", "embedded"):
        return False
    if not isinstance(first, Float) or first.code != kernels.FLOAT_PRESSURE or not first.is_steady:
        return False
    return settings.terrain is None or first.highest_pressure_pa() < HIGHEST_GROUND_PA


def pack_for(winds: xr.Dataset, flight: Flight, settings: Settings, *, keep: int = 1) -> WindPack:
    """Pack winds with what a flight needs of them."""
    return WindPack(winds, densities=not stays_on_pressure(flight, settings), steady=settings.steady, keep=keep)


def require_winds(pack: WindPack, starts: Starts, hours: float) -> None:
    """Refuse a run in whose time no wind is known; of one that is in parts, that is the time of all."""
    first, last = (pack.seconds(instant) for instant in (starts.time.min(), starts.time.max()))
    pack.require(first + min(3600.0 * hours, 0.0), last + max(3600.0 * hours, 0.0))


def _profile(flight: Flight, pack: WindPack) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a recorded profile in seconds from the wind's first time, or one that is never read."""
    recorded = flight.recorded()
    if recorded is None:
        return np.zeros(1), np.zeros(1)
    seconds, altitude_m = recorded
    return np.ascontiguousarray(seconds - pack.epoch_unix_s), np.ascontiguousarray(altitude_m)


class Run:
    """One part of an ensemble, from its starts to its trajectories."""

    def __init__(self, pack: WindPack, job: Job, settings: Settings, part: tuple[int, int] = (0, 1)) -> None:
        self.pack, self.job, self.settings, self.part = pack, job, settings, part
        self.sign = 1.0 if job.hours > 0 else -1.0
        self.advance_chunk = self._float if stays_on_pressure(job.flight, settings) else self._fly
        self.table = _profile(job.flight, pack)
        self.epoch_unix_s = pack.epoch_unix_s if job.flight.needs_sun else np.nan
        self.ensemble: Ensemble = begin_ensemble(
            pack,
            job.parameters(),
            job.starts,
            self.sign * abs(job.hours) * 3600.0,
            numbers=job.numbers,
            outputs=outputs(job.hours, settings.output_s),
            terrain=settings.terrain,
        )
        if self.advance_chunk == self._float:
            self.ensemble.rows = self.ensemble.rows[:, :0]  # all they hold is in level and pressure
        self.errors = ErrorAlong(settings.wind_error, pack, self.ensemble, job.seed, self.sign, job.error_state)

    def trajectories(self) -> xr.Dataset:
        """Run, and return the CF dataset."""
        return trajectories(self.fly(), self.pack, self.settings, self.job.seed, self.sign)

    def fly(self) -> Ensemble:
        """Run, and return the ensemble as it ended, its outputs complete."""
        e = self.ensemble
        segments = self._segments()
        known, done = -np.inf, 0
        with ThreadPoolExecutor(self.settings.threads) as pool:
            for index, group in groupby(segments, key=lambda segment: segment.index):
                with self._holding(index, segments[-1].index) as slab:
                    self._sort()
                    for segment in group:
                        e.lose_wind(known, segment.tau_from)
                        self._advance(segment, slab, pool)
                        known, done = segment.tau_to, done + 1
                        self._tell(done, len(segments))
                if e.is_over(known):
                    break
        self._tell(len(segments), len(segments))
        e.lose_wind(known, np.inf)
        self._reorder(np.argsort(e.place))
        e.fill()
        return e

    @contextmanager
    def _holding(self, index: int, until: int) -> Iterator[Slab]:
        slab = self.pack.hold(index, towards=int(self.sign), until=until)
        try:
            yield slab
        finally:
            self.pack.release(slab)

    def _segments(self) -> list[Segment]:
        """Cut the run at wind times and, with wind error, at its knots, else at the days of winds that hold for ever.

        Cuts and steps do not depend on when members start, so that a member's answer does not depend on the others.
        """
        low, high = float(self.ensemble.start.min()), float(self.ensemble.stop.max())
        segments = []
        for a, b, index in self.pack.intervals():
            tau_a, tau_b = sorted((self.sign * a, self.sign * b))
            if not max(tau_a, low) < min(tau_b, high):
                continue
            if tau_b == np.inf:
                tau_a, tau_b = np.floor(low / DAY_S) * DAY_S, np.ceil(high / DAY_S) * DAY_S
            cuts = self.errors.knots(tau_a, tau_b) or list(np.arange(tau_a + DAY_S, tau_b, DAY_S))
            for c, d in pairwise([tau_a, *cuts, tau_b]):
                if max(c, low) < min(d, high):
                    segments.append(Segment(c, d, index, max(1, int(np.ceil((d - c) / self.settings.step_s - 1e-9)))))
        return sorted(segments, key=lambda s: s.tau_from)

    def _tell(self, done: int, of: int) -> None:
        if self.settings.progress:
            part, parts = self.part
            self.settings.progress(part * of + done, parts * of)

    def _sort(self) -> None:
        """Put members that share cells beside each other; each member's own answer does not depend on it."""
        e = self.ensemble
        if e.x.size >= SORT_FROM_MEMBERS:
            cells = np.empty(e.x.size, np.int32)
            cell_number(self.pack.axes.grid, e.x, e.y, cells)
            self._reorder(np.argsort(cells, kind="stable"))

    def _reorder(self, order: NDArray[np.intp]) -> None:
        self.ensemble.reorder(order)
        self.errors.reorder(order)

    def _advance(self, segment: Segment, slab: Slab, pool: ThreadPoolExecutor) -> None:
        members = self.ensemble.x.size
        self.errors.look_ahead(segment.tau_to)
        chunks = max(1, min(self.settings.threads * CHUNKS_A_THREAD, members // (8 * LANES)))
        size = -(-members // chunks)
        size += -size % LANES
        bounds = [(first, min(first + size, members)) for first in range(0, members, size)]
        if len(bounds) == 1:
            self.advance_chunk(segment, slab, *bounds[0])
            return
        for future in [pool.submit(self.advance_chunk, segment, slab, *chunk) for chunk in bounds]:
            future.result()

    def _weights(self, segment: Segment) -> tuple[float, float]:
        weight, sign = self.pack.weight, self.sign
        return weight(sign * segment.tau_from, segment.index), weight(sign * segment.tau_to, segment.index)

    def _float(self, segment: Segment, slab: Slab, first: int, last: int) -> None:
        e, p, errors, s = self.ensemble, self.pack, self.errors, self.settings
        errors.advance(first, last, segment.tau_from, segment.tau_to)
        # fmt: off
        float_block(slab.w, p.w_strides, slab.z, p.c_strides, p.axes.grid, self.sign, e.place, first, last, e.x, e.y,
                    e.level, e.level_weight, e.start, e.stop, errors.e, e.status, e.known, segment.tau_from,
                    segment.tau_to, segment.steps, *self._weights(segment), RK[s.method], e.z, e.pressure, e.out,
                    e.out_next, s.output_s)
        # fmt: on

    def _fly(self, segment: Segment, slab: Slab, first: int, last: int) -> None:
        e, p, errors, s = self.ensemble, self.pack, self.errors, self.settings
        errors.advance(first, last, segment.tau_from, segment.tau_to)
        air = (slab.w, p.w_strides, slab.z, p.c_strides, slab.d, p.c_strides, p.axes.grid, p.log_p)
        span = segment.tau_to - segment.tau_from
        clock = (self.sign, self.epoch_unix_s, segment.tau_from, span, *self._weights(segment))
        # fmt: off
        ground = NO_GROUND if s.terrain is None else s.terrain.ground
        fly_members(air, clock, self.table, ground, e.codes, e.rows, e.states, e.place, first, last, e.x, e.y, e.z,
                    e.level, e.phase, e.phase_tau, e.start, e.stop, segment.tau_to, segment.steps, errors.e, e.status,
                    e.known, e.below, e.step_next, RK[s.method], s.tolerance_m, e.out, e.out_next, s.output_s)
        # fmt: on
