"""The same simulation over many machines: parts of the ensemble as tasks of a Dask cluster.

Draws are keyed by seed and member number, so a part gives the same trajectories wherever it runs; a worker that dies
costs its tasks a second run, nothing else. Every worker holds the winds and the ground; where the last that held them
dies, they are sent again, and what was done is kept.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import xarray as xr

from overflight.drift.parts import Part, field_of, joined, marked, parts_of
from overflight.drift.release import Release
from overflight.drift.run import Job, Run, pack_for, require_winds
from overflight.drift.settings import Settings
from overflight.drift.simulate import require_sense
from overflight.errors import Unavailable
from overflight.flight import Flight
from overflight.winds import members as members_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from overflight.geo.terrain import Terrain

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
    InvalidInput, OutOfCoverage
        As ``simulate``, before anything is sent.
    Unavailable
        There is no scheduler at the address, or dask is not installed.
    """
    try:
        import distributed  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise Unavailable("dask is not installed; type: pip install 'overflight[cluster]'") from None
    require_sense(flight, hours, members, seed)
    starts, chosen = release.draw(members, seed), (settings or Settings()).for_flight(flight)
    with closing(pack_for(members_of(winds)[0], flight, chosen)) as pack:
        require_winds(pack, starts, hours)
    try:
        client: Any = _connected(distributed, scheduler) if isinstance(scheduler, str) else scheduler
    except (OSError, ValueError) as problem:
        raise Unavailable(f"no Dask scheduler at {scheduler}: {problem}") from None
    try:
        return _spread(client, winds, Job(flight, starts, hours, seed, range(members)), chosen, parts)
    finally:
        if isinstance(scheduler, str):
            client.close()


def _connected(distributed: Any, address: str) -> Any:
    return distributed.Client(address, timeout=10)


def _spread(client: Any, winds: xr.Dataset, whole: Job, settings: Settings, parts: int | None) -> xr.Dataset:
    members = len(whole.numbers)
    count = min(members, parts or PARTS_A_THREAD * max(1, sum(client.nthreads().values())))
    waiting = parts_of(members, winds.sizes.get("member", 1), -(-members // count))
    done: list[xr.Dataset] = []
    total, tell = len(waiting), settings.progress or (lambda _done, _total: None)
    portable = replace(settings, terrain=None, progress=None, threads=1)
    for _ in range(ROUNDS):
        held = client.scatter([winds, settings.terrain], hash=False, broadcast=True)
        futures = {}
        for part in waiting:
            job = replace(whole, starts=whole.starts.part(part.numbers), numbers=part.numbers)
            asked = (part, job, portable, whole.starts.is_together)
            futures[client.submit(_fly, *held, *asked, pure=False, retries=RETRIES)] = part
        lost = _gathered(futures, done, lambda: tell(len(done), total))
        if not lost:
            return joined(done)
        waiting = lost
    raise Unavailable(f"{len(waiting)} parts were lost {ROUNDS} times, each time with the workers that held the winds")


def _gathered(futures: dict[Any, Part], done: list[xr.Dataset], tell: Callable[[], None]) -> list[Part]:
    """Take the answers of tasks as they end; return the parts that were lost with the winds they needed."""
    from distributed import CancelledError  # noqa: PLC0415 - an optional dependency

    lost = []
    for future, part in futures.items():
        try:
            done.append(future.result())
            tell()
        except CancelledError:
            lost.append(part)
    return lost


def _fly(
    winds: xr.Dataset, terrain: Terrain | None, part: Part, job: Job, settings: Settings, together: bool
) -> xr.Dataset:
    chosen = replace(settings, terrain=terrain)
    with closing(pack_for(field_of(winds, part), job.flight, chosen)) as pack:
        return marked(Run(pack, job, chosen).trajectories(), part, winds, together=together)
