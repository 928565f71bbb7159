"""Many blocks: in order, over processes or over Dask; each finished block is a file, and is never computed again.

A shard is written beside its place and renamed, by the one process that gathers: whatever stops a study, at any moment,
``run`` goes on where it was. Rows depend on the seed, the stratum, the variant and the number of the case alone, so
that neither the size of blocks nor the workers change them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from overflight import __version__
from validation.cases import SKY, Block, Row, Study, run_block
from validation.strata import POWER_SPEEDS_MS, POWER_STRATA, STRATA
from validation.truth import ERROR_VARIANTS, LEVEL_VARIANTS

STUDY = "study.json"
BLOCK_CASES = 250


class OtherStudyError(ValueError):
    """A folder holds a study with other settings."""


def planned(
    parts: Sequence[str],
    cases: int,
    *,
    variants: Sequence[str] = ("passive",),
    strata: Sequence[str] = (),
    size: int = BLOCK_CASES,
) -> list[Block]:
    """Return the blocks of a study, strata in turn so that an unfinished one is even."""
    names = list(strata) or [s.name for s in STRATA]
    starts = range(0, cases, size)
    return [
        Block(part=part, stratum=name, variant=variant, first=first, count=min(size, cases - first))
        for first in starts
        for part in parts
        for variant in (variants if part in ("track", "forecast", "drift", "verdict") else ("passive",))
        for name in ((SKY,) if part == "identify" else names)
    ]


def planned_power(cases: int, *, size: int = BLOCK_CASES) -> list[Block]:
    """Return the blocks of the power curves: speeds through the air by hours, in three climates."""
    every = [(s.name, f"powered-{speed:g}") for s in POWER_STRATA for speed in POWER_SPEEDS_MS]
    return [
        Block(part="drift", stratum=name, variant=variant, first=first, count=min(size, cases - first))
        for first in range(0, cases, size)
        for name, variant in every
    ]


def misfit_variants() -> tuple[str, ...]:
    """Return the variants whose truth is not what the judge believes."""
    return (*LEVEL_VARIANTS, *ERROR_VARIANTS, "finer")


def settle(folder: Path, study: Study) -> None:
    """Note the settings of a study in its folder, or make sure that they are the same."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {**asdict(study), "overflight": __version__}
    note = folder / STUDY
    if note.exists():
        there = json.loads(note.read_text(encoding="utf-8"))
        if there != told:
            raise OtherStudyError(f"{folder}: settings: got {told}, expected those of this study, {there}")
        return
    _placed(note, json.dumps(told, indent=1, sort_keys=True) + "\n")


def carry_out(blocks: Sequence[Block], study: Study, folder: Path, *, workers: int = 1, dask: str = "") -> int:
    """Compute the blocks that are not there yet; return how many were computed."""
    settle(folder, study)
    left = [b for b in blocks if not (folder / b.name).exists()]
    with _bar() as bar:
        task = bar.add_task("cases", total=sum(b.count for b in left))
        for block, rows in _computed(left, study, workers, dask):
            _placed(folder / block.name, "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))
            bar.update(task, advance=block.count, description=block.stratum)
    return len(left)


def _computed(
    blocks: Sequence[Block], study: Study, workers: int, dask: str
) -> Iterator[tuple[Block, list[Row]]]:  # fmt: skip
    if dask:
        yield from _over_dask(blocks, study, workers, dask)
    elif workers > 1:
        yield from _over_processes(blocks, study, workers)
    else:
        for block in blocks:
            yield block, run_block(block, study)


def _over_processes(blocks: Sequence[Block], study: Study, workers: int) -> Iterator[tuple[Block, list[Row]]]:
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=one_thread)
    try:
        waiting = {pool.submit(run_block, block, study): block for block in blocks}
        for done in as_completed(waiting):
            yield waiting.pop(done), done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _over_dask(blocks: Sequence[Block], study: Study, workers: int, address: str) -> Iterator[tuple[Block, list[Row]]]:
    from distributed import Client, LocalCluster, as_completed  # an extra, and slow to import

    local = (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) if address == "local" else None
    )
    try:
        with Client(local or address) as client:
            waiting = {client.submit(run_block, block, study, pure=False): block for block in blocks}
            for done in as_completed(list(waiting)):
                yield waiting.pop(done), done.result()
    finally:
        if local is not None:
            local.close()


def one_thread() -> None:
    """Keep the libraries of a process to one thread: the processes are what runs side by side."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _placed(path: Path, text: str) -> None:
    """Write a file whole: beside its place, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    )


def rows_of(folder: Path) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """Return all rows of a study by (part, stratum, variant), in order of the case."""
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*/*/*/*.jsonl")):
        key = (path.parts[-4], path.parts[-3], path.parts[-2])
        lines = path.read_text(encoding="utf-8").splitlines()
        found.setdefault(key, []).extend(json.loads(line) for line in lines)
    return found
