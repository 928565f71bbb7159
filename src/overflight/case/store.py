"""Where records are kept: a SQLite file in the case's folder, or PostgreSQL; rows are added, never changed.

The one exception is a redaction, which takes a body and its salt out; the row's hashes stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from overflight.case import database
from overflight.case.database import Database
from overflight.case.record import Record
from overflight.errors import InvalidInput, OverflightError, Tampered, Unavailable

SCHEMA = 1
FILE = "case.sqlite"
_PRAGMAS = ("synchronous=EXTRA", "secure_delete=ON", "busy_timeout=60000", "trusted_schema=OFF", "temp_store=MEMORY")
"""EXTRA: a record is on the disk, the end of its journal too, when it is acknowledged."""

_tables = sa.MetaData()
CASES = sa.Table(
    "overflight_cases",
    _tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("schema", sa.Integer, nullable=False),
)
RECORDS = sa.Table(
    "overflight_records",
    _tables,
    sa.Column("case_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "made_at", "author", "label", "inputs")),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("body", sa.LargeBinary),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("body_sha256", "previous", "hash")),
    sa.Index("overflight_records_label", "case_id", "kind", "label"),
)

_DAMAGED = ("malformed", "not a database", "no such column", "no such table", "unsupported file format", "corrupt",
            "Could not decode", "no such index", "incomplete input", "syntax error")  # fmt: skip


class Store(Database):
    """The records of one case.

    Attributes
    ----------
    where : str. What messages call it: a path, or a URL without its password.
    case_id : str.
    """

    def __init__(self, engine: sa.Engine, case_id: str, where: str) -> None:
        super().__init__(engine, where)
        self.case_id = case_id

    @staticmethod
    def of_file(path: Path, *, create: bool = False) -> Store:
        """Open or make the store in a file.

        Raises
        ------
        InvalidInput
            It cannot be read or written, or a newer version of overflight made it.
        Tampered
            It is no SQLite file, or a damaged one.
        """
        engine = database.sqlite(path, _PRAGMAS)
        return Store(engine, "case", str(path)).begun(create=create)

    @staticmethod
    def of_url(url: str, case_id: str, *, create: bool = False) -> Store:
        """Open or make the store of a case in PostgreSQL (``postgresql+psycopg://user@host/base``).

        Raises
        ------
        InvalidInput
            The URL is none of a PostgreSQL, or there is no such case in it.
        Unavailable
            The server does not answer.
        """
        engine, where = database.postgresql(url)
        return Store(engine, case_id, where).begun(create=create)

    def begun(self, *, create: bool) -> Store:
        """Return this store, its case made or there; let go of it where it is neither."""
        try:
            with self.told():
                if create:
                    self.make()
                self.check_schema()
        except BaseException:
            self.close()
            raise
        return self

    def make(self) -> None:
        """Make the tables, where they are not there, and the case."""
        _tables.create_all(self.engine)
        with self.engine.begin() as connection:
            connection.execute(sa.insert(CASES).values(id=self.case_id, schema=SCHEMA))

    def check_schema(self) -> None:
        """Refuse a case that is not there, or that a newer version made."""
        with self.engine.begin() as connection:
            if not sa.inspect(connection).has_table(CASES.name):
                raise InvalidInput("case", self.where, "the store of a case")
            found = connection.execute(sa.select(CASES.c.schema).where(CASES.c.id == self.case_id)).scalar()
        if found is None:
            raise InvalidInput("case", f"{self.where} without this case", "the store of the case")
        if found != SCHEMA:
            raise InvalidInput("case", f"schema {found}", f"schema {SCHEMA}", self.where, "a newer overflight reads it")

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a transaction that no other writer shares; all in it is on the disk when the block has ended."""
        with super().writing() as connection:
            if self.engine.dialect.name != "sqlite":  # there BEGIN IMMEDIATE has locked the file
                connection.execute(sa.select(CASES.c.id).where(CASES.c.id == self.case_id).with_for_update())
            yield connection

    def line(self, text: str) -> OverflightError:
        """Return a complaint as an error of ours; a file that does not hold what it should was changed."""
        failure = database.failure(text)
        if failure is not None:
            return InvalidInput("case", *failure, self.where)
        if self.engine.dialect.name != "sqlite":
            return Unavailable(f"store: {self.where}: {text.splitlines()[0]}")
        if any(sign in text for sign in _DAMAGED):
            return Tampered(f"{self.where}: the file is damaged ({text})")
        return Tampered(f"{self.where}: {text}")

    def add(self, connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows at the end."""
        connection.execute(sa.insert(RECORDS), [{"case_id": self.case_id, **row} for row in rows])

    def last(self, connection: sa.Connection) -> Record | None:
        """Return the last record."""
        rows = self._select().order_by(RECORDS.c.number.desc()).limit(1)
        row = connection.execute(rows).first()
        return None if row is None else record_of(row)

    def one(self, connection: sa.Connection, number: int) -> Record | None:
        """Return a record by its number."""
        row = connection.execute(self._select().where(RECORDS.c.number == number)).first()
        return None if row is None else record_of(row)

    def labelled(self, connection: sa.Connection, kind: str, label: str) -> Record | None:
        """Return the first record of a kind with a label."""
        rows = self._select().where(RECORDS.c.kind == kind, RECORDS.c.label == label).order_by(RECORDS.c.number)
        row = connection.execute(rows.limit(1)).first()
        return None if row is None else record_of(row)

    def records(self, connection: sa.Connection, kinds: Sequence[str] = (), after: int = 0) -> Iterator[Record]:
        """Yield the records of some kinds, of all where none is named, in order."""
        for row in self.rows(connection, kinds, after):
            yield record_of(row)

    def rows(self, connection: sa.Connection, kinds: Sequence[str] = (), after: int = 0) -> Iterator[sa.Row[Any]]:
        """Yield the same as they lie in the store."""
        rows = self._select().where(RECORDS.c.number > after).order_by(RECORDS.c.number)
        if kinds:
            rows = rows.where(RECORDS.c.kind.in_(kinds))
        with connection.execute(rows.execution_options(yield_per=2000)) as found:
            yield from found

    def hashes(self, connection: sa.Connection, after: int = 0) -> list[bytes]:
        """Return the raw hash of every record after one."""
        rows = sa.select(RECORDS.c.hash).where(RECORDS.c.case_id == self.case_id, RECORDS.c.number > after)
        return [bytes.fromhex(text) for text in connection.execute(rows.order_by(RECORDS.c.number)).scalars()]

    def redact(self, connection: sa.Connection, number: int) -> None:
        """Take a body out."""
        row = (RECORDS.c.case_id == self.case_id) & (RECORDS.c.number == number)
        connection.execute(sa.update(RECORDS).where(row).values(body=None, salt=None))

    def _select(self) -> sa.Select[Any]:
        return sa.select(RECORDS).where(RECORDS.c.case_id == self.case_id)


def record_of(row: sa.Row[Any]) -> Record:
    """Return a row as a record.

    Raises
    ------
    Tampered
        Its fields are not those of a record.
    """
    try:
        body = None if row.body is None else msgspec.json.decode(row.body)
        inputs = () if row.inputs == "[]" else tuple(msgspec.json.decode(row.inputs))
    except (ValueError, TypeError, RecursionError):
        raise Tampered(f"record {row.number}: its body or inputs are no JSON") from None
    return Record(
        number=row.number, kind=row.kind, made_at=row.made_at, author=row.author, label=row.label, inputs=inputs,
        body=body, salt=row.salt, body_sha256=row.body_sha256, previous=row.previous, hash=row.hash,
    )  # fmt: skip
