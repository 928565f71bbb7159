"""Jobs as they are kept: what was asked, how far it is, and who runs it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from overflight.errors import one_line
from overflight.geo.times import iso
from overflight.serve.jobs_verbs import Asked
from overflight.serve.problems import Refusal
from overflight.serve.store import JOBS, Store

STATES = ("queued", "running", "done", "failed", "cancelled")
ENDED = ("done", "failed", "cancelled")
LOST_S = 15.0
"""A job whose runner has not been heard of for so long is run again."""
MOST_ATTEMPTS = 5
"""A job that takes its runner down with it so many times is given up."""
Row = sa.Row[Any]


def now() -> str:
    """Return the time as it is kept."""
    return iso(datetime.now(UTC))


def folder_of(root: Path, job: str) -> Path:
    """Return the folder of a job."""
    return root / "jobs" / job


class Jobs:
    """The table of jobs."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def new_id(self) -> str:
        """Return an id that nobody can guess."""
        return secrets.token_hex(10)

    def add(self, job: str, asked: Asked, digest: str, author: str, most_queued: int) -> None:
        """Queue a job.

        Raises
        ------
        Refusal
            Too many wait already.
        """
        row = {"id": job, "verb": asked.verb, "status": "queued", "made_at": now(), "digest": digest, "author": author,
               "asked": msgspec.json.encode(asked).decode(), "revision": 1, "message": "waiting"}  # fmt: skip
        with self.store.writing() as connection:
            waiting = sa.select(sa.func.count()).select_from(JOBS).where(JOBS.c.status == "queued")
            if connection.execute(waiting).scalar_one() >= most_queued:
                raise Refusal(429, f"jobs: got another beside {most_queued} that wait, expected fewer", wait_s=30.0)
            connection.execute(sa.insert(JOBS).values(**row))

    def find(self, job: str) -> Row:
        """Return a job.

        Raises
        ------
        Refusal
            There is none.
        """
        with self.store.reading() as connection:
            row = connection.execute(sa.select(JOBS).where(JOBS.c.id == job)).first()
        if row is None:
            raise Refusal(404, f"job: got {job[:40]!r}, expected the id of a job")
        return row

    def same(self, digest: str) -> Row | None:
        """Return a job of the same input that waits, runs or is done."""
        good = JOBS.c.status.in_(("queued", "running", "done"))
        query = sa.select(JOBS).where((JOBS.c.digest == digest) & good).order_by(JOBS.c.made_at.desc())
        with self.store.reading() as connection:
            return connection.execute(query).first()

    def page(self, *, status: str = "", verb: str = "", limit: int = 100, offset: int = 0) -> list[Row]:
        """Return jobs, the newest first."""
        query = sa.select(JOBS).order_by(JOBS.c.made_at.desc(), JOBS.c.id).limit(limit).offset(offset)
        if status:
            query = query.where(JOBS.c.status == status)
        if verb:
            query = query.where(JOBS.c.verb == verb)
        with self.store.reading() as connection:
            return list(connection.execute(query))

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        query = sa.select(JOBS.c.status, sa.func.count()).group_by(JOBS.c.status)
        with self.store.reading() as connection:
            found = {status: int(count) for status, count in connection.execute(query)}
        return {status: found.get(status, 0) for status in STATES}

    def claim(self, owner: str) -> Row | None:
        """Take the job that has waited longest, or return nothing."""
        first = sa.select(JOBS).where(JOBS.c.status == "queued").order_by(JOBS.c.made_at).limit(1)
        with self.store.writing() as connection:
            row = connection.execute(first.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            values = {"status": "running", "owner": owner, "attempt": row.attempt + 1, "message": "starting",
                      "started_at": now(), "progress": 0.0, **_moment()}  # fmt: skip
            self._set(connection, row.id, **values)
        return self.find(row.id)

    def beat(self, owner: str) -> None:
        """Say that a runner lives."""
        mine = (JOBS.c.owner == owner) & (JOBS.c.status == "running")
        with self.store.writing() as connection:
            connection.execute(sa.update(JOBS).where(mine).values(alive_at=time.time()))

    def tell(self, job: str, owner: str, progress: float, message: str) -> None:
        """Say how far a job is."""
        with self.store.writing() as connection:
            self._set(connection, job, owner, progress=progress, message=one_line(message, 120))

    def end(self, job: str, owner: str, status: str, message: str, error: str = "") -> bool:
        """End a job, unless it has been cancelled meanwhile."""
        values: dict[str, Any] = {"status": status, "message": one_line(message, 120), "error": one_line(error)}
        values |= {"ended_at": now()} | ({"progress": 1.0} if status == "done" else {})
        with self.store.writing() as connection:
            return self._set(connection, job, owner, **values)

    def give_back(self, job: str, owner: str) -> None:
        """Queue a job again that its runner cannot go on with; that is no attempt."""
        values = {"status": "queued", "owner": "", "progress": 0.0, "message": "waiting", "attempt": JOBS.c.attempt - 1}
        with self.store.writing() as connection:
            self._set(connection, job, owner, **values)

    def give_back_lost(self) -> int:
        """Queue again what runners had that are gone; give up what has taken several with it. Return how many."""
        lost = (JOBS.c.status == "running") & (JOBS.c.alive_at < time.time() - LOST_S)
        error = f"it has been begun {MOST_ATTEMPTS} times, and the service went down with it each time"
        with self.store.writing() as connection:
            rows = connection.execute(sa.select(JOBS.c.id, JOBS.c.attempt).where(lost)).all()
            for row in rows:
                if row.attempt >= MOST_ATTEMPTS:
                    self._set(connection, row.id, status="failed", error=error, message="failed", ended_at=now())
                else:
                    self._set(connection, row.id, status="queued", owner="", progress=0.0, message="waiting")
        return len(rows)

    def mark_lost(self, owners: str) -> None:
        """Say, at a start, that whoever's name begins so runs no more; ``give_back_lost`` sees to their jobs."""
        earlier = (JOBS.c.status == "running") & JOBS.c.owner.startswith(owners, autoescape=True)
        with self.store.writing() as connection:
            values = {"alive_at": 0.0, "revision": JOBS.c.revision + 1}
            connection.execute(sa.update(JOBS).where(earlier).values(**values))

    def cancel(self, job: str) -> Row:
        """Cancel a job that has not ended.

        Raises
        ------
        Refusal
            It has.
        """
        with self.store.writing() as connection:
            row = connection.execute(sa.select(JOBS).where(JOBS.c.id == job).with_for_update()).first()
            if row is not None and row.status in ENDED:
                raise Refusal(409, f"job: got one that is {row.status}, expected one that waits or runs")
            if row is not None:
                self._set(connection, job, status="cancelled", message="cancelled", ended_at=now())
        return self.find(job)

    def status_of(self, jobs: list[str]) -> dict[str, str]:
        """Return the state of some jobs."""
        with self.store.reading() as connection:
            query = sa.select(JOBS.c.id, JOBS.c.status).where(JOBS.c.id.in_(jobs))
            return {row.id: row.status for row in connection.execute(query)}

    def forget(self, before: str) -> Iterator[str]:
        """Forget jobs that ended before a time, all but investigations; yield their ids."""
        old = JOBS.c.status.in_(ENDED) & (JOBS.c.ended_at < before) & (JOBS.c.verb != "investigate")
        with self.store.writing() as connection:
            ids = [row.id for row in connection.execute(sa.select(JOBS.c.id).where(old))]
            connection.execute(sa.delete(JOBS).where(JOBS.c.id.in_(ids)))
        yield from ids

    @staticmethod
    def _set(connection: sa.Connection, job: str, by: str = "", /, **values: Any) -> bool:
        """Change a job; ``by`` a runner only as long as it is its own. Say whether it was changed."""
        where = JOBS.c.id == job
        if by:
            where &= (JOBS.c.owner == by) & (JOBS.c.status == "running")
        done = connection.execute(sa.update(JOBS).where(where).values(**values, revision=JOBS.c.revision + 1))
        return bool(done.rowcount)


def _moment() -> dict[str, float]:
    at = time.time()
    return {"alive_at": at, "began_at": at}


def asked_of(row: Row) -> Asked:
    """Return what a job was asked."""
    return msgspec.json.decode(row.asked, type=Asked)
