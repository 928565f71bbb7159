"""A whole run: date after date on threads of this machine or on a Dask cluster, each kept as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event, Lock

import xarray as xr

from overflight.airspace.exposure.checkpoint import Checkpoint
from overflight.airspace.exposure.cube import cube_of
from overflight.airspace.exposure.flights import Tell, fly
from overflight.airspace.exposure.plan import Plan, require_winds
from overflight.airspace.exposure.spread import spread

STEPS = 1000
"""Steps of progress that a date counts."""


class _StoppedError(Exception):
    """Raised inside flights that nobody waits for any more."""


class Progress:
    """Progress over all dates, as parts of each; ``tell`` is called with (done, total)."""

    def __init__(self, plan: Plan, waiting: list[str], tell: Tell | None) -> None:
        self.total, self.finished = len(plan.dates), len(plan.dates) - len(waiting)
        self._told, self._parts, self._lock = tell, dict[str, float](), Lock()
        self._tell()

    def within(self, date: str, part: float) -> None:
        """Note how far a date is, 0 to 1."""
        with self._lock:
            self._parts[date] = part
            self._tell()

    def done(self, date: str) -> None:
        """Note that a date is done."""
        with self._lock:
            self._parts.pop(date, None)
            self.finished += 1
            self._tell()

    def _tell(self) -> None:
        if self._told is not None:
            self._told(int(STEPS * (self.finished + sum(self._parts.values()))), STEPS * self.total)


def expose(
    winds: xr.Dataset,
    plan: Plan,
    cube: Path,
    *,
    threads: int = 1,
    scheduler: str | None = None,
    source: str = "",
    progress: Tell | None = None,
) -> xr.Dataset:
    """Run a climatology of exposure, or go on with one that was stopped.

    Parameters
    ----------
    winds : canonical wind dataset, see ``overflight.winds``.
    plan : Plan
    cube : path of the cube to be; what is done is kept beside it until the caller has written the cube, see
        ``checkpoint``.
    threads : int. Dates that fly at once; the result is the same for any number.
    scheduler : address of a Dask scheduler, or ``local:N`` for N processes of this machine.
    source : what workers of a scheduler open the winds by: a path or a stored source, the same on each machine.
    progress : called with (done, total) steps of work.

    Returns
    -------
    Dataset
        See ``cube.cube_of``.

    Raises
    ------
    InvalidInput
        The plan makes no sense, or another run stands there.
    OutOfCoverage
        The winds do not enclose some release.
    Unavailable
        There is no scheduler at the address.
    """
    require_winds(plan, winds)
    kept = Checkpoint.begin(cube, plan)
    waiting = kept.waiting()
    told = Progress(plan, waiting, progress)
    try:
        if scheduler is not None and waiting:
            spread(scheduler, source, plan, waiting, kept, told.done)
        else:
            _on_threads(winds, plan, waiting, kept, told, threads)
    except BaseException:
        kept.remove_if_empty()
        raise
    return cube_of(plan, kept.read, winds)


def _on_threads(
    winds: xr.Dataset, plan: Plan, waiting: list[str], kept: Checkpoint, told: Progress, threads: int
) -> None:
    at_once = max(1, min(threads, len(waiting)))
    stop = Event()

    def one(date: str) -> None:
        def tell(done: int, total: int) -> None:
            if stop.is_set():
                raise _StoppedError
            told.within(date, done / total)

        kept.write(date, fly(winds, plan, date, threads=max(1, threads // at_once), tell=tell))
        told.done(date)

    _all(one, waiting, at_once, stop)


def _all(one: Callable[[str], None], dates: list[str], at_once: int, stop: Event) -> None:
    """Do every date; whatever fails, or Ctrl-C, ends those in flight and begins no others."""
    with ThreadPoolExecutor(at_once, thread_name_prefix="exposure") as pool:
        futures = [pool.submit(one, date) for date in dates]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
