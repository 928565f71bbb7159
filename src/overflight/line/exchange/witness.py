"""Hold the other party to its word: its signed heads are kept, and two that cannot be of one log are a fork.

A fork is recorded with both signed statements: whoever has the keys can check it, and the party cannot deny it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from overflight.case.heads import Head
from overflight.case.merkle import is_consistent
from overflight.case.record import Draft
from overflight.line.exchange.line import Line, Row, Work

OTHER_LOG = "signed heads of two logs with one key"
OTHER_ROOT = "signed two heads of {size} records that differ"
NO_CONTINUATION = "signed a head of {second} records that does not continue its head of {first}"
OTHER_MESSAGE = "signed two different messages with number {sequence}"
OTHER_PREVIOUS = "signed message {sequence} as if another had come before it"
CANNOT = "signed a head of {second} records, and now says that its log has {size}"


def fork(work: Work, party: str, what: str, statements: Sequence[Any]) -> str:
    """Record a fork with what proves it, each once, and return what it is."""
    body = {"finding": "fork", "party": party, "what": what, "statements": list(statements)}
    record = work.append([Draft(kind="finding", body=body, label=f"fork of {party}: {what}")], once=True)[0]
    if not work.index.party(party).fork:
        work.index.set_party(party, fork=record.number)
    return what


def witness(
    line: Line, work: Work, party: str, head: Head, envelope: Any, proofs: Sequence[dict[str, Any]], by: Any
) -> str:
    """Take in a head that a party signed; return what is wrong with it, recorded, or "".

    Parameters
    ----------
    envelope : the head as it was signed.
    proofs : that came with it.
    by : the signed statement that brought it, the proof of a proof that does not hold.
    """
    log = work.index.party(party).log
    if not log:
        work.index.set_party(party, log=head.log)
    elif log != head.log:
        held = _latest(work, party)
        return fork(work, party, OTHER_LOG, [line.envelope_in(work, held.record) if held else None, envelope])
    held = work.index.head(party, head.size)
    if held is not None and held.root != head.root:
        return fork(work, party, OTHER_ROOT.format(size=head.size), [line.envelope_in(work, held.record), envelope])
    linked, back = _latest(work, party) is None, []
    for known, hashes in _known(work, party, head, proofs):
        if not holds(known, head.size, head.root, hashes):
            what = NO_CONTINUATION.format(first=known.size, second=head.size)
            return fork(work, party, what, [line.envelope_in(work, known.record), by])
        linked |= bool(known.linked)
        back.append(known.size)
    if held is None:
        draft = Draft(kind="head", body={"party": party, "envelope": envelope}, label=f"{head.log}:{head.size}")
        record = work.append([draft])[0]
        work.index.add_head(party, head.size, head.root, record.number, linked=linked)
    for size in (*back, head.size) if linked else ():
        work.index.link(party, size)
    return ""


def _known(work: Work, party: str, head: Head, proofs: Sequence[dict[str, Any]]) -> Iterator[tuple[Row, list[str]]]:
    """Yield the proofs that are from a head that is held."""
    for proof in proofs:
        known = work.index.head(party, proof["from"])
        if known is not None and known.size < head.size:
            yield known, proof["hashes"]


def holds(first: Row, size: int, root: str, hashes: Sequence[str]) -> bool:
    """Say whether a proof from a head that is held to another one holds."""
    steps = [bytes.fromhex(step) for step in hashes]
    return is_consistent(first.size, bytes.fromhex(first.root), size, bytes.fromhex(root), steps)


def latest_head(work: Work, party: str) -> Row | None:
    """Return the largest head of a party that is held."""
    found = [*work.index.heads(party, linked=True), *work.index.heads(party, linked=False)]
    return max(found, key=lambda row: int(row.size), default=None)


def _latest(work: Work, party: str) -> Row | None:
    linked = work.index.heads(party, linked=True)
    return linked[0] if linked else None
