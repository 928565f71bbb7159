"""What a watch keeps: a SQLite file in WAL mode, or PostgreSQL. What it acknowledges is on the disk.

Frames are kept as they came, many in one row; the rest are tables of single things. One writer at a time: threads of
the watch take turns.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from overflight.case import database
from overflight.case.database import Database
from overflight.errors import InvalidInput, OverflightError, Unavailable, one_line
from overflight.serve.watch.batch import Batch, unpacked

SCHEMA = 1
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=60000", "trusted_schema=OFF", "temp_store=MEMORY",
            "wal_autocheckpoint=2000")  # fmt: skip
"""FULL: each transaction is on the disk when it ends."""

_LOCK = 0x6F766572
"""Number of the lock that a PostgreSQL holds for the one who watches."""

tables = sa.MetaData()
META = sa.Table("watch_meta", tables, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text))
HEARD = sa.Table(
    "watch_heard",
    tables,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("frames", sa.Integer, nullable=False),
    sa.Column("packed", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
FOLLOWED = sa.Table(
    "watch_followed",
    tables,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
)
SNAPSHOT = sa.Table(
    "watch_snapshot",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("heard", sa.BigInteger, nullable=False),
    sa.Column("packed", sa.LargeBinary, nullable=False),
)
PLACES = sa.Table(
    "watch_places",
    tables,
    sa.Column("balloon", sa.Text, nullable=False),
    *(sa.Column(name, sa.Float, nullable=False) for name in ("time", "lat", "lon")),
    sa.Column("altitude_m", sa.Float),
    sa.Index("watch_places_balloon", "balloon", "time"),
)
RULES = sa.Table(
    "watch_rules",
    tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("made_at", sa.Float, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
ALERTS = sa.Table(
    "watch_alerts",
    tables,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("rule", "balloon", "region")),
    sa.Column("repeat", sa.Integer, nullable=False),
    sa.Column("made_at", sa.Float, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("cap", sa.Text),
    sa.Index("watch_alerts_of", "rule", "balloon", "region"),
    sqlite_autoincrement=True,
)
OUTBOX = sa.Table(
    "watch_outbox",
    tables,
    sa.Column("alert", sa.Text, primary_key=True),
    sa.Column("target", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Index("watch_outbox_due", "state", "due"),
)


class Store(Database):
    """The tables of a watch."""

    def __init__(self, place: str | Path) -> None:
        super().__init__(*_engine(place))
        self._turn = threading.Lock()
        self._alone: Any = None
        with self.told():
            tables.create_all(self.engine)
        with self.writing() as connection:
            found = connection.execute(sa.select(META.c.value).where(META.c.name == "schema")).scalar()
            if found is None:
                connection.execute(sa.insert(META).values(name="schema", value=str(SCHEMA)))
            elif found != str(SCHEMA):
                raise InvalidInput("store", f"schema {found}", f"schema {SCHEMA}", self.where)

    def close(self) -> None:
        """Let go of every connection."""
        if self._alone is not None:
            self._alone.close()
        super().close()

    def hold(self) -> None:
        """Be the only process that watches with this store, until it is closed or the process ends.

        Raises
        ------
        Unavailable
            Another one does.
        """
        if self.engine.dialect.name == "sqlite":
            self._alone = open(f"{self.where}.lock", "ab")  # noqa: PTH123, SIM115 - it stays open
            try:
                fcntl.flock(self._alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._alone.close()
                raise Unavailable(f"store: {self.where}: another process watches with it") from None
            return
        with self.told():
            self._alone = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            # It stays open: with the connection goes the lock.
            if not self._alone.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK))).scalar():
                raise Unavailable(f"store: {self.where}: another process watches with it")

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a transaction, to one thread at a time; all in it is on the disk when the block has ended."""
        with self._turn, super().writing() as connection:
            yield connection

    def line(self, text: str) -> OverflightError:
        """Return a complaint as an error of ours."""
        if "not a database" in text or "malformed" in text:
            return InvalidInput("store", "a damaged file, or none of a watch", "the store of a watch", self.where)
        failure = database.failure(text)
        if failure is not None:
            return InvalidInput("store", *failure, self.where)
        return Unavailable(f"store: {self.where}: {one_line(text.splitlines()[0] if text else 'no answer')}")

    def keep(
        self, batch: Batch, now: float, offsets: Sequence[tuple[str, str, int]] = (),
        places: Sequence[dict[str, Any]] = (),
    ) -> int:  # fmt: skip
        """Keep frames, how far the files that they came from are read, and places; return the number of their row."""
        number = 0
        with self.writing() as connection:
            if len(batch):
                row = sa.insert(HEARD).values(at=now, frames=len(batch), packed=batch.packed())
                number = int(connection.execute(row).inserted_primary_key[0])  # type: ignore[index]
            for path, file, offset in offsets:
                connection.execute(sa.delete(FOLLOWED).where(FOLLOWED.c.path == path))
                connection.execute(sa.insert(FOLLOWED).values(path=path, file=file, offset=offset))
            if places:
                connection.execute(sa.insert(PLACES), list(places))
        return number

    def offset(self, path: str) -> tuple[str, int]:
        """Return which file was read under a path, and how far."""
        with self.reading() as connection:
            row = connection.execute(sa.select(FOLLOWED).where(FOLLOWED.c.path == path)).first()
        return ("", 0) if row is None else (row.file, row.offset)

    def snapshot(self, heard: int, packed: bytes, keep_s: float) -> None:
        """Keep the states as they are after row ``heard``, and let go of what is older than is kept."""
        before = time.time() - keep_s
        with self.writing() as connection:
            connection.execute(sa.delete(SNAPSHOT))
            connection.execute(sa.insert(SNAPSHOT).values(id=1, heard=heard, packed=packed))
            connection.execute(sa.delete(HEARD).where(HEARD.c.at < before, HEARD.c.number <= heard))
            connection.execute(sa.delete(PLACES).where(PLACES.c.time < before))

    def last_snapshot(self) -> tuple[int, bytes]:
        """Return the number of the row after which states were kept, and the states; (0, b"") where there are none."""
        with self.reading() as connection:
            row = connection.execute(sa.select(SNAPSHOT)).first()
        return (0, b"") if row is None else (row.heard, row.packed)

    def heard_after(self, number: int, since: float = 0.0) -> Iterator[tuple[int, float, Batch]]:
        """Yield what was kept after a row, a row at a time."""
        with self.reading() as connection:
            rows = sa.select(HEARD).where(HEARD.c.number > number, HEARD.c.at >= since).order_by(HEARD.c.number)
            with connection.execute(rows.execution_options(yield_per=50)) as found:
                for row in found:
                    yield row.number, row.at, unpacked(row.packed)


def _engine(place: str | Path) -> tuple[sa.Engine, str]:
    text = str(place)
    if "://" in text:
        return database.postgresql(text, pool_size=16)
    return database.sqlite(Path(text), _PRAGMAS, pool_size=16), text
