"""Fetch what is asked for and not yet in the store: in parallel, resumable, checked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime

from overflight.errors import Interrupted, InvalidInput, OutOfCoverage, Unavailable
from overflight.geo.times import iso
from overflight.winds.files import StoreBroken, guarded, locked
from overflight.winds.request import SOURCES, Request, area_text
from overflight.winds.sources.ecmwf import Ecmwf
from overflight.winds.sources.gefs import Gefs
from overflight.winds.sources.gfs import Gfs
from overflight.winds.sources.http import Client
from overflight.winds.sources.job import Job, Source
from overflight.winds.sources.ranged import plan_path
from overflight.winds.store import Entry, Store

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """What a fetch did.

    Attributes
    ----------
    fetched, reused : tuple of Entry
        Files that came now, and files that were in the store.
    failed : tuple of (datetime, str)
        Times that could not be had, and why.
    bytes : int
        What came over the network. [bytes]
    """

    fetched: tuple[Entry, ...]
    reused: tuple[Entry, ...]
    failed: tuple[tuple[datetime, str], ...]
    bytes: int

    def __str__(self) -> str:
        """Return one sentence."""
        lost = f", {len(self.failed)} failed" if self.failed else ""
        mega = self.bytes / 1e6
        return f"fetched {len(self.fetched)} files ({mega:.1f} MB), {len(self.reused)} were here{lost}"

    def or_raise(self) -> FetchReport:
        """Return the report if nothing failed.

        Raises
        ------
        Unavailable
            Some times could not be had; the others are kept.
        """
        if self.failed:
            times = len(self.failed) + len(self.fetched) + len(self.reused)
            kept = f"{len(self.failed)} of {times} times failed (the others are kept)"
            raise Unavailable(f"{kept}, first {iso(self.failed[0][0])}: {self.failed[0][1]}")
        return self


def fetch(
    request: Request,
    *,
    store: Store | None = None,
    config: Mapping[str, str] | None = None,
    workers: int = 4,
    progress: Progress | None = None,
    client: Client | None = None,
    now: datetime | None = None,
) -> FetchReport:
    """Bring the winds of ``request`` into the store.

    Parameters
    ----------
    config : mapping of str
        URL of a source by its name: a template, or the root of a mirror. None is the public servers.
    workers : int
        Downloads at once; a source may allow fewer.
    progress : callable or None
        Called with (files done, files in all).
    client : Client or None
        Retries and timeouts.
    now : datetime or None
        The present; decides which runs can be there.

    Raises
    ------
    Unavailable
        The source cannot be reached at all, or the store cannot be written. One file that fails stands in
        the report.
    OutOfCoverage
        The source never has such times, levels or area.
    Interrupted
        Ctrl-C; the same call resumes.
    """
    if workers < 1:
        raise InvalidInput("workers", str(workers), "1 or more")
    store, source = store or Store(), source_of(request, config)
    # Where everything is in the store no server is asked, so that this works offline.
    here = _here(request, store)
    with client or Client() as http:
        try:
            if here is not None and all(_settled(entry) for entry in here.reused):
                return here
            jobs = source.jobs(request, http, now or datetime.now(UTC))
        except KeyboardInterrupt:
            raise _stopped(request) from None
        except Unavailable as problem:
            if here is not None:
                log.warning("%s; the forecast in the store stands", problem)
                return here
            raise Unavailable(f"{problem}; {_advice(request, source)}") from None
        work = _Work(request=request, source=source, store=store, client=http)
        report = work.run(jobs, min(workers, source.workers), progress or (lambda done, total: None))
    if report.failed and not report.fetched and not report.reused:
        raise Unavailable(f"{report.failed[0][1]}; {_advice(request, source)}")
    return report


def estimate(request: Request, *, store: Store | None = None, config: Mapping[str, str] | None = None) -> str:
    """Say in one line, without a network, what a fetch would bring."""
    store, source = store or Store(), source_of(request, config)
    there = store.find(request, exact=True)
    lacking = [time for time in request.times() if time not in there]
    if not lacking:
        return f"nothing to fetch: all {len(request.times())} files are here"
    return f"would fetch {_size(lacking, request, source)} from {source.template()}"


def source_of(request: Request, config: Mapping[str, str] | None = None) -> Source:
    """Return the source of ``request`` at its configured address.

    Raises
    ------
    InvalidInput
        ``config`` names a source that does not exist.
    """
    for name in config or {}:
        if name not in SOURCES:
            raise InvalidInput("config", repr(name), f"one of {', '.join(SOURCES)}")
    url = (config or {}).get(request.source)
    if request.source == "era5":
        from overflight.winds.sources.era5_arco import Era5Arco  # noqa: PLC0415 - zarr is slow to import

        return Era5Arco(url=url) if url else Era5Arco()
    if request.source == "ecmwf":
        return Ecmwf(url=url) if url else Ecmwf()
    if request.source == "gefs":
        return Gefs(url=url) if url else Gefs()
    return Gfs(url=url) if url else Gfs()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One fetch on its way."""

    request: Request
    source: Source
    store: Store
    client: Client

    def run(self, jobs: tuple[Job, ...], workers: int, progress: Progress) -> FetchReport:
        """Do the jobs in threads; a full disk or Ctrl-C ends all, one bad file only itself."""
        there = self.store.find(self.request, exact=True)
        fetched: list[Entry] = []
        reused: list[Entry] = []
        failed: list[tuple[datetime, str]] = []
        came = 0
        pool = ThreadPoolExecutor(workers, thread_name_prefix="winds")
        try:
            futures = {pool.submit(self._one, job, there.get(job.valid)): job for job in jobs}
            for done, future in enumerate(as_completed(futures), start=1):
                try:
                    entry, network_bytes = future.result()
                except (StoreBroken, Interrupted):
                    raise
                except (Unavailable, OutOfCoverage) as problem:
                    failed.append((futures[future].valid, str(problem)))
                else:
                    (reused if network_bytes is None else fetched).append(entry)
                    came += network_bytes or 0
                progress(done, len(jobs))
        except KeyboardInterrupt:
            raise _stopped(self.request) from None
        finally:
            self.client.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self.client.stop.clear()
        return FetchReport(
            fetched=tuple(sorted(fetched, key=_valid)),
            reused=tuple(sorted(reused, key=_valid)),
            failed=tuple(sorted(failed)),
            bytes=came,
        )

    def _one(self, job: Job, there: Entry | None) -> tuple[Entry, int | None]:
        """Return the file for ``job`` and what came over the network, None where it was in the store."""
        if there is not None and there.run >= job.run:
            return there, None
        path = self.store.place(job.source, job.grid, job.stem + job.suffix)
        part = path.with_name(path.name + ".part")
        with locked(path, self.client.stop.is_set):
            other = self.store.at(path)
            if other is not None:
                return other, None
            made = self.source.make(job, part, self.client)
            facts = {name: getattr(job, name) for name in ("source", "grid", "valid", "run", "step_h")}
            facts |= {name: getattr(made, name) for name in ("levels_hpa", "variables", "area", "url")}
            entry = self.store.commit(part, path, facts | {"default_levels": not job.exact})
            with guarded(part):
                plan_path(part).unlink(missing_ok=True)
        return entry, made.network_bytes


def _here(request: Request, store: Store) -> FetchReport | None:
    """Return the report of a request that the store holds in full, else None."""
    there = store.find(request, exact=True)
    if any(time not in there for time in request.times()):
        return None
    return FetchReport(fetched=(), reused=tuple(there[time] for time in request.times()), failed=(), bytes=0)


def _stopped(request: Request) -> Interrupted:
    return Interrupted(f"stopped; the same command resumes: {request.command()}")


def _settled(entry: Entry) -> bool:
    """Say whether no later run can give a better field for this time."""
    return entry.step_h < (12 if entry.source == "ecmwf" else 6)


def _valid(entry: Entry) -> datetime:
    return entry.valid


def _size(times: Sequence[datetime], request: Request, source: Source) -> str:
    span = f"{iso(times[0])}..{iso(times[-1])}"
    size = source.bytes_each(request) * len(times) / 1e6
    return f"{len(times)} files, about {size:,.0f} MB, {span} ({area_text(request.area)})"


def _advice(request: Request, source: Source) -> str:
    """Say what would have come and how to have it from elsewhere."""
    size = _size(request.times(), request, source)
    variable = f"OVERFLIGHT_{request.source.upper()}_URL"
    return f"would fetch {size}; give a mirror with --url or {variable}, or a file with --winds FILE"
