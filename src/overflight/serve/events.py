"""Server-sent events of jobs: one look into the store for all who follow, and an end when the service stops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import sqlalchemy as sa

from overflight.errors import OverflightError
from overflight.serve.jobs import ENDED, Row
from overflight.serve.sse import HEARTBEAT_S
from overflight.serve.store import JOBS, Store

LOOK_S = 0.25
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
MEDIA_TYPE = "text/event-stream"


class Hub:
    """Looks into the store for the jobs that somebody follows."""

    def __init__(self, store: Store, stopping: threading.Event) -> None:
        self.store, self.stopping = store, stopping
        self._followed: dict[str, int] = {}
        self._rows: dict[str, Row] = {}
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()

    async def follow(self, job: str) -> AsyncIterator[Row | None]:
        """Yield a job each time it has changed, until it has ended; None where nothing has for a while."""
        self._followed[job] = self._followed.get(job, 0) + 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        seen, quiet = -1, 0.0
        try:
            while not self.stopping.is_set():
                row = self._rows.get(job)
                if row is not None and row.revision != seen:
                    seen, quiet = row.revision, 0.0
                    yield row
                    if row.status in ENDED:
                        return
                elif quiet >= HEARTBEAT_S:
                    quiet = 0.0
                    yield None
                quiet += await self._wait()
        finally:
            self._followed[job] -= 1
            if not self._followed[job]:
                del self._followed[job]
                self._rows.pop(job, None)

    async def _wait(self) -> float:
        began = asyncio.get_running_loop().time()
        try:
            async with self._news:
                await asyncio.wait_for(self._news.wait(), 1.0)
        except TimeoutError:
            pass
        return asyncio.get_running_loop().time() - began

    async def _look(self) -> None:
        while self._followed and not self.stopping.is_set():
            try:
                found = await asyncio.to_thread(self._read, list(self._followed))
            except OverflightError:
                found = {}  # the store is away for a moment; who follows goes on waiting
            self._rows.update({job: row for job, row in found.items() if job in self._followed})
            async with self._news:
                self._news.notify_all()
            await asyncio.sleep(LOOK_S)
        async with self._news:
            self._news.notify_all()

    def _read(self, jobs: list[str]) -> dict[str, Row]:
        with self.store.reading() as connection:
            return {row.id: row for row in connection.execute(sa.select(JOBS).where(JOBS.c.id.in_(jobs)))}
