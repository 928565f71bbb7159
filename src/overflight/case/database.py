"""Databases by SQLAlchemy: a SQLite file of which transactions begin when we say, or PostgreSQL by its URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from overflight.errors import InvalidInput, OverflightError

_WRITES = "overflight_writes"
"""Execution option of a connection whose transactions lock the file from their begin."""

_FAILURES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("disk is full", "No space left", "could not extend file"), "No space left on device", "a disk with room"),
    (("readonly", "read-only", "permission denied"), "Permission denied", "a place that can be written"),
    (("unable to open",), "it cannot be opened", "a file that can be read"),
    (("disk I/O error",), "the disk refused to read or to write", "a disk that is sound and has room"),
    (("database is locked",), "another writer that holds it", "one that is free; try again"),
)


class Database:
    """What all stores share: transactions, and the complaints of a database as one clear line.

    Attributes
    ----------
    where : str. What messages call it: a path, or a URL without its password.
    """

    def __init__(self, engine: sa.Engine, where: str) -> None:
        self.engine, self.where = engine, where

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a transaction to write in; all in it is on the disk when the block has ended."""
        with self.told(), self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a transaction to read in."""
        with self.told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what the database complains of into one clear line."""
        try:
            yield
        except sa.exc.DBAPIError as problem:
            raise self.line(str(problem.orig or problem)) from None

    def line(self, text: str) -> OverflightError:
        """Return a complaint as an error of ours."""
        raise NotImplementedError


def failure(text: str) -> tuple[str, str] | None:
    """Return what a database complains of and what it wants, where the place is at fault and not what is in it."""
    return next(((got, wanted) for signs, got, wanted in _FAILURES if any(sign in text for sign in signs)), None)


def sqlite(path: Path, pragmas: Sequence[str], **options: Any) -> sa.Engine:
    """Return an engine of a file; each connection has ``pragmas`` set; ``options`` are those of SQLAlchemy."""

    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver begins none of its own, see _begun
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), pool_reset_on_return="rollback", **options)
    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", _begun)
    return engine


def _begun(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


def postgresql(url: str, field: str = "store", **options: Any) -> tuple[sa.Engine, str]:
    """Return an engine of a PostgreSQL (``postgresql://user@host/base``), and its URL without the password.

    Raises
    ------
    InvalidInput
        The URL is none of a PostgreSQL, or its driver is not installed; ``field`` is what the message names.
    """
    expected = "a URL as postgresql://user@host/base"
    try:
        parts = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise InvalidInput(field, repr(url), expected) from None
    if parts.get_backend_name() != "postgresql":
        raise InvalidInput(field, parts.drivername, expected)
    try:
        engine = sa.create_engine(parts.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **options)
    except ImportError:
        raise InvalidInput(field, "postgresql", "psycopg", hint="pip install overflight[postgresql]") from None
    return engine, parts.render_as_string(hide_password=True)
