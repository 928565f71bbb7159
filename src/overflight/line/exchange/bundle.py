"""A bundle: a file of signed messages and receipts for a party, for mail or disk; one envelope a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from overflight.case.canonical import parsed
from overflight.case.case_file import told
from overflight.case.envelope import payload_of
from overflight.errors import InvalidInput, OverflightError
from overflight.line.exchange.line import Line
from overflight.line.exchange.message import MESSAGE_TYPE, RECEIPT_TYPE, VERSION
from overflight.line.exchange.receiving import take
from overflight.line.exchange.request import LARGEST_BODY
from overflight.line.exchange.sending import take_receipt

MOST_REFUSALS = 20


@dataclass(slots=True)
class Imported:
    """What a bundle came to.

    Attributes
    ----------
    applied, known : messages that are new, and that were applied before.
    receipts : that are new.
    refused : one line each, of the first few.
    refusals : how many there were.
    """

    applied: int = 0
    known: int = 0
    receipts: int = 0
    refused: list[str] = field(default_factory=list)
    refusals: int = 0

    def __str__(self) -> str:
        """Return the finding in one line."""
        return f"messages applied: {self.applied}, known before: {self.known}; new receipts: {self.receipts}"

    def refuse(self, what: str) -> None:
        """Keep what is wrong with a line."""
        self.refusals += 1
        if len(self.refused) < MOST_REFUSALS:
            self.refused.append(what)


def write_bundle(line: Line, party: str, path: Path) -> tuple[int, int]:
    """Write what a party has not acknowledged, and the receipts that it does not hold; return how many of each.

    Raises
    ------
    InvalidInput
        The party is unknown, or the file is there or cannot be written.
    """
    with line.reading() as index:
        row = index.party(party)
    messages = receipts = 0
    beside = path.with_name(f"{path.name}.part")
    with told(path):
        if path.exists():
            raise InvalidInput("output", f"{path}, which is there", "the name of a new file")
        with beside.open("w", encoding="ascii") as stream:
            stream.write(json.dumps({"overflight_bundle": VERSION, "to": row.first_key}) + "\n")
            for envelope in _waiting(line, party):
                stream.write(json.dumps(envelope) + "\n")
                messages += 1
            for envelope in _receipts(line, party, row.they_hold):
                stream.write(json.dumps(envelope) + "\n")
                receipts += 1
        beside.replace(path)
    return messages, receipts


def _waiting(line: Line, party: str) -> Iterator[dict[str, Any]]:
    with line.reading() as index:
        after = index.receipted(party)
    yield from _envelopes(line, "out", party, after, "record")


def _receipts(line: Line, party: str, after: int) -> Iterator[dict[str, Any]]:
    yield from _envelopes(line, "in", party, after, "receipt")


def _envelopes(line: Line, direction: str, party: str, after: int, column: str) -> Iterator[dict[str, Any]]:
    with line.reading() as index:
        numbers = [getattr(row, column) for row in index.messages(direction, party, after=after)]
    for number in filter(None, numbers):
        envelope = line.envelope(number)
        if envelope is not None:
            yield envelope


def read_bundle(line: Line, path: Path) -> Imported:
    """Take all that a bundle holds; a line that is refused does not keep the others out.

    Raises
    ------
    InvalidInput
        It is no bundle, of a newer version, or for another line.
    """
    found = Imported()
    with told(path), path.open("rb") as stream:
        _require_bundle(line, path, next(_lines(stream), b""))
        for number, text in enumerate(_lines(stream), start=2):
            try:
                _take(line, parsed(text, "envelope"), found)
            except OverflightError as problem:
                found.refuse(f"{path}:{number}: {problem}")
    return found


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    while text := stream.readline(LARGEST_BODY):
        if not text.endswith(b"\n"):
            raise InvalidInput("bundle", "a line without an end", f"lines of at most {LARGEST_BODY:,} bytes",
                               hint="it was cut off on its way")  # fmt: skip
        yield text


def _require_bundle(line: Line, path: Path, first: bytes) -> None:
    data = parsed(first, str(path)) if first else None
    if not isinstance(data, dict) or "overflight_bundle" not in data:
        raise InvalidInput("bundle", "another file", "one that line export wrote", str(path))
    if data["overflight_bundle"] != VERSION:
        raise InvalidInput("bundle", f"version {data['overflight_bundle']!r}", f"version {VERSION}", str(path),
                           "a newer overflight reads it")  # fmt: skip
    if data.get("to") not in line.own_keys():
        raise InvalidInput("to", str(data.get("to"))[:16], "a bundle for this line", str(path))


def _take(line: Line, envelope: Any, found: Imported) -> None:
    kind = payload_of(envelope)[1]
    if kind == RECEIPT_TYPE:
        found.receipts += take_receipt(line, envelope)[1]
        return
    if kind != MESSAGE_TYPE:
        raise InvalidInput("envelope", f"payloadType {kind!r}", "a message or a receipt")
    outcome = take(line, envelope)
    if outcome.status == "gap":
        raise InvalidInput("sequence", outcome.what, f"message {outcome.sequence} of {outcome.party}",
                           hint="import the bundle that holds it first")  # fmt: skip
    if outcome.status == "fork":
        raise InvalidInput("fork", f"{outcome.party} {outcome.what}", "one message of a number; both are recorded")
    found.applied += outcome.status == "applied"
    found.known += outcome.status == "duplicate"
