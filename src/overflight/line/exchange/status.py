"""What is open on a line: queries without an answer, messages not acknowledged, clocks that differ, forks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from overflight.case.case_file import told
from overflight.errors import InvalidInput, one_line
from overflight.geo.times import parse_utc
from overflight.line.exchange.line import Line
from overflight.line.exchange.receiving import text_of
from overflight.line.exchange.tables import Index, Row

SHORT = 12
"""Characters of an id that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """How it stands with a party.

    Attributes
    ----------
    fingerprint : of its live key, or "" where it was revoked.
    waiting : messages that it has not acknowledged.
    problem : why the last try failed, or "".
    next_try_s : seconds to the next try, 0 where it is due.
    skew_s : how far its clock is ahead of this one; 0 where it is not remarkable.
    unproved : signed heads not yet proved to be of one log with the others.
    forks : what it signed that cannot be of one log, each with the number of the record that proves it.
    """

    party: str
    fingerprint: str
    address: str
    waiting: int
    tries: int
    problem: str
    next_try_s: float
    skew_s: int
    unproved: int
    forks: tuple[tuple[int, str], ...]

    def lines(self) -> list[str]:
        """Return what is to be said of it."""
        said = f"{self.party} ({self.fingerprint or 'no live key'}) at {self.address or 'no address'}: "
        said += f"{self.waiting} sent and not acknowledged" if self.waiting else "nothing waits"
        if self.problem:
            said += f"; tries: {self.tries}, again in {self.next_try_s:.0f} s: {self.problem}"
        lines = [said]
        lines += [f"FORK: {self.party} {what}; both statements are in record {number}" for number, what in self.forks]
        if self.skew_s:
            side = "ahead of" if self.skew_s > 0 else "behind"
            lines.append(f"clock: that of {self.party} is {duration(abs(self.skew_s))} {side} this one")
        if self.unproved:
            lines.append(f"{self.party}: signed heads that wait for a proof that its log only grew: {self.unproved}")
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query without an answer.

    Attributes
    ----------
    direction : "out" where the other party is to answer, "in" where this one is.
    open_s : seconds since it was sent, or came.
    """

    id: str
    party: str
    direction: str
    open_s: float
    acknowledged: bool
    text: str

    def __str__(self) -> str:
        """Return the query in one line."""
        if self.direction == "in":
            return (
                f"query {self.id[:SHORT]} of {self.party}: open for {duration(self.open_s)}, not answered: {self.text}"
            )
        got = "received" if self.acknowledged else "not acknowledged"
        return (
            f"query {self.id[:SHORT]} to {self.party} ({got}): open for {duration(self.open_s)}, no answer: {self.text}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is open on a line."""

    name: str
    fingerprint: str
    records: int
    parties: tuple[Party, ...]
    queries: tuple[Query, ...]

    def __str__(self) -> str:
        """Return it, what matters most first in each part."""
        lines = [f"{self.name} ({self.fingerprint}): a log of {self.records} records"]
        lines += [text for party in self.parties for text in party.lines()]
        return "\n".join([*lines, *map(str, self.queries)])


def status(line: Line) -> Status:
    """Return what is open on a line."""
    line.refresh()
    forks: dict[str, list[tuple[int, str]]] = {}
    for record in line.case.records("finding"):
        if record.body is not None and record.body.get("finding") == "fork":
            forks.setdefault(record.body["party"], []).append((record.number, record.body["what"]))
    with line.reading() as index:
        parties = [_party(line, index, row, tuple(forks.get(row.party, ()))) for row in index.parties()]
        queries = index.open_queries()
    return Status(
        name=line.name, fingerprint=line.public().fingerprint, records=line.size, parties=tuple(parties),
        queries=tuple(_query(line, row) for row in queries),
    )  # fmt: skip


def _party(line: Line, index: Index, row: Row, forks: tuple[tuple[int, str], ...]) -> Party:
    live = line.ring.live(row.party)
    return Party(
        party=row.party, fingerprint=live[-1].fingerprint if live else "", address=row.address,
        waiting=index.count_waiting(row.party), tries=row.tries, problem=row.error,
        next_try_s=max(0.0, row.next_try - time.time()), skew_s=row.skew_s,
        unproved=len(index.heads(row.party, linked=False, limit=1000)), forks=forks,
    )  # fmt: skip


def _query(line: Line, row: Row) -> Query:
    since = (datetime.now(UTC) - parse_utc(row.at)).total_seconds()
    text = fields_of(line, row).get("body", {}).get("text", "")
    return Query(id=row.id, party=row.party, direction=row.direction, open_s=max(0.0, since),
                 acknowledged=bool(row.receipt), text=one_line(text, 80))  # fmt: skip


def fields_of(line: Line, row: Row) -> dict[str, Any]:
    """Return the fields of a message, none where it was redacted."""
    envelope = line.envelope(row.record)
    return {} if envelope is None else text_of(envelope)


def listed(line: Line, direction: str, party: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Return the last messages that came ("in") or were sent ("out"), ready for JSON."""
    with line.reading() as index:
        rows = list(index.messages(direction, party, limit=limit))
    return [summary(line, row) for row in rows]


def summary(line: Line, row: Row) -> dict[str, Any]:
    """Return a message without the bytes of its files, ready for JSON."""
    body = fields_of(line, row).get("body")
    said = {"text": "redacted"} if body is None else {k: v for k, v in body.items() if k not in ("files", "possession")}
    files = [{k: f.get(k) for k in ("name", "sha256", "bytes")} for f in (body or {}).get("files", [])]
    names = ("id", "party", "sequence", "kind", "in_reply_to", "made_at", "at", "record", "receipt_at")
    return {name: getattr(row, name) for name in names} | {"body": said, "files": files}


def show(line: Line, start: str, output: Path | None = None) -> dict[str, Any]:
    """Return one message by its id or the start of it; write its files to a folder where one is given.

    Raises
    ------
    InvalidInput
        There is no such message, or a file is there already or does not have the digest that was signed.
    """
    with line.reading() as index:
        row = index.find(start)
    said = summary(line, row)
    if output is not None:
        said["written"] = [
            str(_written(output, row.id, file))
            for file in fields_of(line, row)["body"].get("files", [])
            if "data" in file
        ]
    return said


def _written(folder: Path, message: str, file: dict[str, Any]) -> Path:
    name = PurePosixPath(str(file.get("name", "")).replace("\\", "/")).name
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name).lstrip(".")[-100:] or "file"
    path = folder / f"{message[:SHORT]}-{safe}"
    try:
        data = base64.b64decode(str(file["data"]), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("file", f"{safe}, which is no base64", "a file as line send writes it") from None
    found = hashlib.sha256(data).hexdigest()
    if found != file.get("sha256"):
        raise InvalidInput("file", f"{safe} of digest {found}", f"that of the message, {file.get('sha256')}")
    with told(path):
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            stream.write(data)
    return path


def duration(seconds: float) -> str:
    """Return a time span for people: 40 s, 12 min, 3 h 12 min, 2 d 4 h."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes // 60 % 24} h"
