"""The dates of a run as tasks of a Dask cluster.

A date depends on the plan and on the winds alone, so that it comes to the same wherever it is flown; a worker that dies
costs its dates a second flight, nothing else. Workers open the winds themselves, and send back counts.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import xarray as xr

from overflight.airspace.exposure.flights import fly
from overflight.airspace.exposure.plan import Plan, digest_of, window
from overflight.airspace.exposure.tally import Tally
from overflight.errors import InvalidInput, Unavailable
from overflight.winds.open import open_for_run

if TYPE_CHECKING:
    from overflight.airspace.exposure.checkpoint import Checkpoint

IN_FLIGHT = 3
"""Tasks sent ahead for each thread of the cluster."""
RETRIES = 3
MOST_PROCESSES = 1024
LOCAL = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": logging.CRITICAL}


def spread(
    scheduler: str,
    source: str,
    plan: Plan,
    waiting: list[str],
    kept: Checkpoint,
    done: Callable[[str], None],
) -> None:
    """Fly dates on a cluster, and keep each as it comes.

    Raises
    ------
    Unavailable
        There is no scheduler at the address, dask is not installed, or workers die again and again.
    """
    try:
        import distributed as dask  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise Unavailable("dask is not installed; type: pip install 'overflight[cluster]'") from None
    distributed: Any = dask
    with _client(distributed, scheduler) as client:
        left = iter(waiting)
        ahead = IN_FLIGHT * max(1, sum(client.nthreads().values()))
        flown = distributed.as_completed()
        dates = dict[Any, str]()

        def send() -> None:
            for date in left:
                future = client.submit(_fly, source, plan, date, pure=False, retries=RETRIES)
                dates[future.key] = date
                flown.add(future)
                return

        for _ in range(ahead):
            send()
        for future in flown:
            date = dates.pop(future.key)
            kept.write(date, _answer(future, distributed, date))
            future.release()
            done(date)
            send()


def _answer(future: Any, distributed: Any, date: str) -> Tally:
    try:
        answer: Tally = future.result()
    except (distributed.KilledWorker, distributed.CancelledError) as problem:
        why = f"the workers that flew {date} died ({type(problem).__name__}); the same command resumes"
        raise Unavailable(why) from None
    return answer


@contextmanager
def _client(distributed: Any, scheduler: str) -> Iterator[Any]:
    """Connect to a scheduler, or start processes of this machine."""
    with ExitStack() as stack:
        where: Any = scheduler
        if scheduler.startswith("local:"):
            processes = _processes(scheduler)
            with _deaf():
                where = stack.enter_context(distributed.LocalCluster(n_workers=processes, **LOCAL))
        try:
            client = distributed.Client(where, timeout=10)
        except (OSError, ValueError) as problem:
            raise Unavailable(f"no Dask scheduler at {scheduler}: {problem}") from None
        stack.enter_context(client)
        yield client


@contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that are started now take no Ctrl-C: it is for the one that started them, which ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


def _processes(scheduler: str) -> int:
    number = scheduler.removeprefix("local:")
    if not (number.isdecimal() and 1 <= int(number) <= MOST_PROCESSES):
        raise InvalidInput("--scheduler", repr(scheduler), f"local:1 to local:{MOST_PROCESSES}, or an address")
    return int(number)


def _fly(source: str, plan: Plan, date: str) -> Tally:
    return fly(_winds(source, plan), plan, date)


@lru_cache(maxsize=1)
def _winds(source: str, plan: Plan) -> xr.Dataset:
    """Open the winds once a process, and see that they are those of the run."""
    winds = open_for_run(source, *window(plan.dates, plan.days))
    if digest_of(winds) != plan.winds_sha256:
        got, expected = f"sha256 {digest_of(winds)[:12]}", f"{plan.winds_sha256[:12]}, as the run was begun with"
        raise InvalidInput("winds", got, expected, f"worker: {source}")
    return winds
