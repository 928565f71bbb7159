"""The same simulation over many machines: parts of the ensemble as tasks of a Dask cluster.

Draws are keyed by seed and member number, so a part gives the same trajectories wherever it runs; a worker that dies
costs its tasks a second run, nothing else. Every worker holds the winds; where the last that held them dies, they are
sent again, and what was done is kept.
"""

from __future__ import annotations

from typing import Any

import xarray as xr

from overflight.drift.parts import Part, field_of, joined, marked, parts_of
from overflight.drift.release import Release
from overflight.drift.run import Job, Run, pack_for
from overflight.drift.settings import Settings
from overflight.errors import InvalidInput, Unavailable
from overflight.flight import Flight

RETRIES = 3
ROUNDS = 5
PARTS_A_THREAD = 2


def simulate_on(  # noqa: PLR0913 - the arguments of simulate, and where to run it
    scheduler: str | Any,
    winds: xr.Dataset,
    flight: Flight,
    release: Release,
    *,
    hours: float,
    members: int,
    seed: int,
    settings: Settings | None = None,
    parts: int | None = None,
) -> xr.Dataset:
    """Carry an ensemble through the winds on a Dask cluster; arguments and answer are those of ``simulate``.

    Parameters
    ----------
    scheduler : address of a scheduler, or a client.
    parts : int. Number of tasks; by default two for each thread of the cluster.

    Raises
    ------
    Unavailable
        There is no scheduler at the address, or dask is not installed.
    """
    try:
        import distributed  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise Unavailable("dask is not installed; type: pip install 'overflight[cluster]'") from None
    if members < 1:
        raise InvalidInput("members", str(members), "1 or more")
    try:
        client: Any = _connected(distributed, scheduler) if isinstance(scheduler, str) else scheduler
    except (OSError, ValueError) as problem:
        raise Unavailable(f"no Dask scheduler at {scheduler}: {problem}") from None
    try:
        chosen = (settings or Settings()).for_flight(flight)
        return _spread(client, winds, (flight, release), (hours, members, seed), chosen, parts)
    finally:
        if isinstance(scheduler, str):
            client.close()


def _connected(distributed: Any, address: str) -> Any:
    return distributed.Client(address, timeout=10)


def _spread(
    client: Any, winds: xr.Dataset, what: tuple[Flight, Release], run: tuple[float, int, int], settings: Settings,
    parts: int | None,
) -> xr.Dataset:  # fmt: skip
    (flight, release), (hours, members, seed) = what, run
    count = min(members, parts or PARTS_A_THREAD * max(1, sum(client.nthreads().values())))
    starts = release.draw(members, seed)
    waiting = parts_of(members, winds.sizes.get("member", 1), -(-members // count))
    done: list[xr.Dataset] = []
    for _ in range(ROUNDS):
        air = client.scatter(winds, hash=False, broadcast=True)
        futures = {}
        for part in waiting:
            job = Job(flight, starts.part(part.numbers), hours, seed, part.numbers)
            futures[client.submit(_fly, air, part, job, _portable(settings), pure=False, retries=RETRIES)] = part
        lost = _gathered(futures, done)
        if not lost:
            return joined(done)
        waiting = lost
    raise Unavailable(f"{len(waiting)} parts were lost {ROUNDS} times, each time with the workers that held the winds")


def _gathered(futures: dict[Any, Part], done: list[xr.Dataset]) -> list[Part]:
    """Take the answers of tasks as they end; return the parts that were lost with the winds they needed."""
    from distributed import CancelledError  # noqa: PLC0415 - an optional dependency

    lost = []
    for future, part in futures.items():
        try:
            done.append(future.result())
        except CancelledError:
            lost.append(part)
    return lost


def _portable(settings: Settings) -> dict[str, Any]:
    """Return settings without what cannot travel: the caller's progress."""
    names = ("step_s", "output_s", "method", "tolerance_m", "wind_error", "terrain", "memory_bytes", "steady")
    return {name: getattr(settings, name) for name in names}


def _fly(winds: xr.Dataset, part: Part, job: Job, settings: dict[str, Any]) -> xr.Dataset:
    held = Settings(**settings, threads=1)
    pack = pack_for(field_of(winds, part), job.flight, held)
    try:
        return marked(Run(pack, job, held).trajectories(), part, winds)
    finally:
        pack.close()
