"""The service's own tables: jobs and tokens, in a SQLite file of its folder or in PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from overflight.case import database
from overflight.case.database import Database
from overflight.errors import InvalidInput, OverflightError, Unavailable, one_line

FILE = "serve.sqlite"
SCHEMA = 1
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=20000", "trusted_schema=OFF")

TABLES = sa.MetaData()


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, default="")


def _double(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double, nullable=False, default=0.0)


ABOUT = sa.Table("overflight_serve_about", TABLES, sa.Column("schema", sa.Integer, primary_key=True))
JOBS = sa.Table(
    "overflight_serve_jobs", TABLES,
    sa.Column("id", sa.Text, primary_key=True),
    *(_text(name) for name in ("verb", "status", "message", "made_at", "started_at", "ended_at", "asked", "digest")),
    *(_text(name) for name in ("error", "author", "owner")),
    *(_double(name) for name in ("progress", "alive_at", "began_at")),
    *(sa.Column(name, sa.BigInteger, nullable=False, default=0) for name in ("revision", "attempt")),
    sa.Index("overflight_serve_jobs_status", "status", "made_at"),
    sa.Index("overflight_serve_jobs_digest", "digest"),
)  # fmt: skip
TOKENS = sa.Table(
    "overflight_serve_tokens", TABLES,
    sa.Column("name", sa.Text, primary_key=True),
    *(_text(name) for name in ("digest", "role", "made_at", "expires_at")),
    sa.Index("overflight_serve_tokens_digest", "digest", unique=True),
)  # fmt: skip


class Store(Database):
    """The tables of a service."""

    @staticmethod
    def open(folder: Path, url: str = "") -> Store:
        """Open the store of a service, and make its tables where they are not there.

        Raises
        ------
        InvalidInput
            It is no store, or a newer version of overflight made it.
        Unavailable
            The server does not answer.
        """
        file = folder / FILE
        store = (
            Store(*database.postgresql(url, "--store")) if url else Store(database.sqlite(file, _PRAGMAS), str(file))
        )
        try:
            with store.told():
                store._make()
        except BaseException:
            store.close()
            raise
        return store

    def _make(self) -> None:
        TABLES.create_all(self.engine)
        with self.writing() as connection:
            found = connection.execute(sa.select(ABOUT.c.schema)).scalar()
            if found is None:
                connection.execute(sa.insert(ABOUT).values(schema=SCHEMA))
            elif found != SCHEMA:
                hint = "a newer overflight reads it"
                raise InvalidInput("store", f"schema {found}", f"schema {SCHEMA}", self.where, hint)

    def line(self, text: str) -> OverflightError:
        """Return a complaint as an error of ours."""
        if "not a database" in text or "malformed" in text:
            return InvalidInput("store", one_line(text, 120), "a store of overflight serve", self.where)
        failure = database.failure(text)
        if failure is not None:
            return InvalidInput("store", *failure, self.where)
        return Unavailable(f"{self.where}: {one_line(text, 200)}")
