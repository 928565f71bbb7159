"""Ask a party to prove that two heads it signed are of one log, and answer when it asks."""

from __future__ import annotations

from typing import Any

from overflight.case.canonical import canonical_text, parsed
from overflight.case.envelope import opened, signed
from overflight.errors import InvalidInput
from overflight.line.exchange.line import Line, Row
from overflight.line.exchange.message import MOST_STEPS, VERSION, version_of
from overflight.line.exchange.witness import CANNOT, NO_CONTINUATION, fork, holds

PROOF_TYPE = "application/vnd.overflight.proof+json"


def prove(line: Line, first: Any, second: Any) -> dict[str, Any]:
    """Return a signed proof that the log of ``second`` records continues that of ``first``, or that it has fewer.

    Raises
    ------
    InvalidInput
        These are no sizes.
    """
    if type(first) is not int or type(second) is not int or not 0 < first < second:
        raise InvalidInput("proof", f"{first!r:.40} to {second!r:.40}", "two sizes of a log, the smaller first")
    line.refresh()
    steps = line.proofs({first}, second)[0]["hashes"] if second <= line.size else []
    data = {"version": VERSION, "first": first, "second": second, "size": line.size, "hashes": steps}
    return signed(canonical_text(data), PROOF_TYPE, line.key)


def unproved(line: Line, party: str) -> tuple[Row, Row] | None:
    """Return two heads of a party, the smaller first, that are not proved to be of one log; None where all are."""
    with line.reading() as index:
        if index.party(party).fork:
            return None
        loose = index.heads(party, linked=False)
        if not loose:
            return None
        below = index.heads(party, linked=True, below=loose[0].size)
        if below:
            return below[0], loose[0]
        return loose[0], index.heads(party, linked=True)[0]


def take_proof(line: Line, party: str, pair: tuple[Row, Row], envelope: Any) -> str:
    """Take in the proof for a pair of heads; return what is wrong, recorded as a fork, or "".

    Raises
    ------
    InvalidInput, Tampered
        It is no proof of what was asked, or the party did not sign it.
    """
    line.refresh()
    payload, _ = opened(envelope, PROOF_TYPE, line.ring.live(party))
    data = parsed(payload, "proof")
    version_of(data, "proof")
    first, second = pair
    hashes = data.get("hashes")
    if (data.get("first"), data.get("second")) != (first.size, second.size) or type(data.get("size")) is not int:
        raise InvalidInput("proof", "one of other heads", f"{first.size} to {second.size}")
    if not isinstance(hashes, list) or len(hashes) > MOST_STEPS or not all(_is_step(step) for step in hashes):
        raise InvalidInput("proof", "other fields", "hashes in hex")
    with line.writing() as work:
        statements = [line.envelope_in(work, row.record) for row in pair] + [envelope]
        if data["size"] < second.size:
            return fork(work, party, CANNOT.format(second=second.size, size=data["size"]), statements)
        if not holds(first, second.size, second.root, hashes):
            return fork(work, party, NO_CONTINUATION.format(first=first.size, second=second.size), statements)
        for row in pair:
            work.index.link(party, row.size)
    return ""


def _is_step(step: Any) -> bool:
    return isinstance(step, str) and len(step) == 64 and all(c in "0123456789abcdef" for c in step)
