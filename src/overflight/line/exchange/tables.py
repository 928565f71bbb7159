"""Tables beside the log: an index of messages, parties and heads, written in the transaction of the records it is of.

The log is what counts. These say where to find a thing in it, and how far a delivery has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from overflight.errors import InvalidInput

_tables = sa.MetaData()


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, default="")


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=False, default=0)


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, primary_key=True)


PARTIES = sa.Table(
    "overflight_line_parties", _tables, _key("case_id"), _key("party"),
    *(_text(name) for name in ("first_key", "address", "certificate", "log", "error")),
    *(_number(name) for name in ("stated", "receipted", "they_hold", "tries", "skew_s", "fork")),
    *(sa.Column(name, sa.Double, nullable=False, default=0.0) for name in ("next_try", "seen_at")),
)  # fmt: skip
MESSAGES = sa.Table(
    "overflight_line_messages", _tables, _key("case_id"), _key("direction"), _key("party"),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    *(_text(name) for name in ("id", "kind", "in_reply_to", "made_at", "at", "receipt_at")),
    *(_number(name) for name in ("record", "receipt")),
    sa.Index("overflight_line_messages_id", "case_id", "id"),
    sa.Index("overflight_line_messages_reply", "case_id", "in_reply_to"),
    sa.Index("overflight_line_messages_receipt", "case_id", "direction", "party", "receipt"),
)  # fmt: skip
HEADS = sa.Table(
    "overflight_line_heads", _tables, _key("case_id"), _key("party"),
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("root"), _number("record"), _number("linked"),
    sa.Index("overflight_line_heads_linked", "case_id", "party", "linked", "size"),
)  # fmt: skip
Row = sa.Row[Any]


def make(engine: sa.Engine) -> None:
    """Make the tables, where they are not there."""
    _tables.create_all(engine)


class Index:
    """The tables of one line, in one transaction."""

    def __init__(self, connection: sa.Connection, case_id: str) -> None:
        self.connection, self.case_id = connection, case_id

    def parties(self) -> list[Row]:
        """Return all parties by name."""
        rows = sa.select(PARTIES).where(PARTIES.c.case_id == self.case_id).order_by(PARTIES.c.party)
        return list(self.connection.execute(rows))

    def party(self, name: str) -> Row:
        """Return a party.

        Raises
        ------
        InvalidInput
            It is unknown.
        """
        where = (PARTIES.c.case_id == self.case_id) & (PARTIES.c.party == name)
        row = self.connection.execute(sa.select(PARTIES).where(where)).first()
        if row is None:
            known = ", ".join(r.party for r in self.parties()) or "none yet"
            raise InvalidInput(
                "party", repr(name), f"a party that this line trusts ({known})", hint="line trust NAME KEY"
            )
        return row

    def add_party(self, name: str, **values: Any) -> None:
        """Insert a party."""
        self.connection.execute(sa.insert(PARTIES).values(case_id=self.case_id, party=name, **values))

    def set_party(self, name: str, **values: Any) -> None:
        """Change what is known of a party."""
        where = (PARTIES.c.case_id == self.case_id) & (PARTIES.c.party == name)
        self.connection.execute(sa.update(PARTIES).where(where).values(**values))

    def add_message(self, direction: str, party: str, sequence: int, **values: Any) -> None:
        """Insert a message."""
        row = {"case_id": self.case_id, "direction": direction, "party": party, "sequence": sequence}
        self.connection.execute(sa.insert(MESSAGES).values(**row, **values))

    def set_message(self, row: Row, **values: Any) -> None:
        """Change what is known of a message."""
        where = self._of(row.direction, row.party) & (MESSAGES.c.sequence == row.sequence)
        self.connection.execute(sa.update(MESSAGES).where(where).values(**values))

    def message(self, direction: str, party: str, sequence: int) -> Row | None:
        """Return a message by its number."""
        where = self._of(direction, party) & (MESSAGES.c.sequence == sequence)
        return self.connection.execute(sa.select(MESSAGES).where(where)).first()

    def last(self, direction: str, party: str) -> Row | None:
        """Return the last message of a stream."""
        rows = sa.select(MESSAGES).where(self._of(direction, party)).order_by(MESSAGES.c.sequence.desc())
        return self.connection.execute(rows.limit(1)).first()

    def find(self, start: str) -> Row:
        """Return a message by its id, or the start of it.

        Raises
        ------
        InvalidInput
            There is none, or several.
        """
        where = (MESSAGES.c.case_id == self.case_id) & MESSAGES.c.id.startswith(start, autoescape=True)
        found = self.connection.execute(sa.select(MESSAGES).where(where).limit(2)).all()
        if len(found) != 1 or len(start) < 6:
            got = f"{start!r}, which {'several ids start' if len(found) > 1 else 'no id starts'} with"
            raise InvalidInput("id", got, "the id of a message, or its first 6 characters or more")
        return found[0]

    def waiting(self, party: str, limit: int = 1) -> list[Row]:
        """Return messages to a party that it has not acknowledged, in order."""
        where = self._of("out", party) & (MESSAGES.c.receipt == 0)
        return list(
            self.connection.execute(sa.select(MESSAGES).where(where).order_by(MESSAGES.c.sequence).limit(limit))
        )

    def count_waiting(self, party: str) -> int:
        """Return how many messages a party has not acknowledged."""
        where = self._of("out", party) & (MESSAGES.c.receipt == 0)
        return int(self.connection.execute(sa.select(sa.func.count()).select_from(MESSAGES).where(where)).scalar_one())

    def receipted(self, party: str) -> int:
        """Return up to which number a party's receipts are here."""
        first = self.waiting(party)
        if first:
            return int(first[0].sequence) - 1
        last = self.last("out", party)
        return 0 if last is None else int(last.sequence)

    def messages(self, direction: str, party: str = "", *, after: int = 0, limit: int = 0) -> Iterator[Row]:
        """Yield messages in the order of the log, the last ``limit`` where that is given."""
        where = (MESSAGES.c.case_id == self.case_id) & (MESSAGES.c.direction == direction)
        where &= MESSAGES.c.sequence > after
        if party:
            where &= MESSAGES.c.party == party
        rows = sa.select(MESSAGES).where(where)
        if limit:
            last = rows.order_by(MESSAGES.c.record.desc()).limit(limit).subquery()
            rows = sa.select(last).order_by(last.c.record)
        else:
            rows = rows.order_by(MESSAGES.c.record)
        yield from self.connection.execute(rows.execution_options(yield_per=1000))

    def open_queries(self) -> list[Row]:
        """Return the queries, of either side, that have no answer."""
        answer = MESSAGES.alias("answer")
        answered = sa.exists().where(
            (answer.c.case_id == self.case_id) & (answer.c.in_reply_to == MESSAGES.c.id) & (answer.c.kind == "answer")
            & (answer.c.party == MESSAGES.c.party) & (answer.c.direction != MESSAGES.c.direction)
        )  # fmt: skip
        where = (MESSAGES.c.case_id == self.case_id) & (MESSAGES.c.kind == "query") & ~answered
        return list(self.connection.execute(sa.select(MESSAGES).where(where).order_by(MESSAGES.c.record).limit(10_000)))

    def head(self, party: str, size: int) -> Row | None:
        """Return the head of a party at a size."""
        where = self._heads(party) & (HEADS.c.size == size)
        return self.connection.execute(sa.select(HEADS).where(where)).first()

    def heads(self, party: str, *, linked: bool, below: int | None = None, limit: int = 1) -> list[Row]:
        """Return the largest heads of a party that are proved to be of one log with the others, or that are not."""
        where = self._heads(party) & (HEADS.c.linked == int(linked))
        if below is not None:
            where &= HEADS.c.size < below
        return list(self.connection.execute(sa.select(HEADS).where(where).order_by(HEADS.c.size.desc()).limit(limit)))

    def add_head(self, party: str, size: int, root: str, record: int, *, linked: bool) -> None:
        """Insert a head."""
        row = {"case_id": self.case_id, "party": party, "size": size, "root": root}
        self.connection.execute(sa.insert(HEADS).values(**row, record=record, linked=int(linked)))

    def link(self, party: str, size: int) -> None:
        """Say that a head is proved to be of one log with the others."""
        where = self._heads(party) & (HEADS.c.size == size)
        self.connection.execute(sa.update(HEADS).where(where).values(linked=1))

    def _heads(self, party: str) -> sa.ColumnElement[bool]:
        return (HEADS.c.case_id == self.case_id) & (HEADS.c.party == party)

    def _of(self, direction: str, party: str) -> sa.ColumnElement[bool]:
        where = (MESSAGES.c.case_id == self.case_id) & (MESSAGES.c.direction == direction)
        return where & (MESSAGES.c.party == party)
