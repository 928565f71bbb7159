"""Put messages in the outbox, and take the receipts that come for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from overflight.case.canonical import canonical_text
from overflight.case.envelope import signed
from overflight.case.heads import opened_head
from overflight.case.keyring import KEY_TYPE, rotation
from overflight.case.keys import SecretKey
from overflight.case.record import Draft
from overflight.errors import InvalidInput
from overflight.line.exchange.line import Line, Row, Work, key_path, now, party_of, write_key
from overflight.line.exchange.message import KINDS, MOST_HEADS, Message, opened_receipt
from overflight.line.exchange.witness import latest_head, witness

SENDABLE = tuple(kind for kind in KINDS if kind != "key")


def send(line: Line, party: str, kind: str, body: Mapping[str, Any], in_reply_to: str = "") -> str:
    """Sign a message, write it to the log, and return its id; it goes out when the party can be reached.

    Raises
    ------
    InvalidInput
        The party is unknown, the kind is none, or the message is too large.
    """
    if kind not in SENDABLE:
        raise InvalidInput("kind", repr(kind), ", ".join(SENDABLE))
    with line.writing() as work:
        return _send(line, work, party, kind, body, in_reply_to)


def answer(line: Line, start: str, body: Mapping[str, Any], kind: str = "answer") -> str:
    """Reply to a message that came, named by its id or the start of it, and return the reply's id."""
    with line.writing() as work:
        row = work.index.find(start)
        if row.direction != "in":
            raise InvalidInput("id", f"{start}, which was sent", "the id of a message that came")
        if kind == "answer" and row.kind != "query":
            raise InvalidInput("id", f"{start}, of kind {row.kind}", "the id of a query")
        return _send(line, work, row.party, kind, body, row.id)


def _send(line: Line, work: Work, party: str, kind: str, body: Mapping[str, Any], in_reply_to: str = "") -> str:
    row, last = work.index.party(party), work.index.last("out", party)
    head = line.head(work)
    message = Message(
        to=row.first_key, sequence=1 if last is None else last.sequence + 1,
        previous="" if last is None else last.id, kind=kind, made_at=now(), in_reply_to=in_reply_to, body=body,
        receipts=work.index.receipted(party), head=head.signed(line.key),
        proofs=line.proofs({row.stated, row.receipted}, head.size), heads=_heads_of_others(line, work, party),
    )  # fmt: skip
    envelope, name = message.signed(line.key)
    draft = Draft(kind="message", body={"direction": "out", "party": party, "envelope": envelope}, label=name)
    record = work.append([draft])[0]
    work.index.add_message(
        "out", party, message.sequence, id=name, kind=kind, in_reply_to=in_reply_to, made_at=message.made_at,
        at=message.made_at, record=record.number,
    )  # fmt: skip
    work.index.set_party(party, stated=head.size)
    return name


def _heads_of_others(line: Line, work: Work, party: str) -> list[dict[str, Any]]:
    """Return the last signed heads of other parties, so that none can show two logs to two of us."""
    rows = [latest_head(work, row.party) for row in work.index.parties() if row.party != party]
    found = [line.envelope_in(work, row.record) for row in rows[:MOST_HEADS] if row is not None]
    return [envelope for envelope in found if envelope is not None]


def take_receipt(line: Line, envelope: Any) -> tuple[str, bool]:
    """Take a receipt that came; return the id of its message, and whether it is new.

    Raises
    ------
    InvalidInput
        It is none, or of a message that was not sent, or of an unknown party.
    Tampered
        Its signature does not hold.
    """
    line.refresh()
    receipt, key = opened_receipt(envelope, line.their_keys())
    head, _ = opened_head(receipt.head, [key])
    party = party_of(line, key)
    with line.writing() as work:
        row = work.index.message("out", party, receipt.sequence)
        if row is None or row.id != receipt.of:
            raise InvalidInput("receipt", f"one of another message {receipt.sequence}", f"what was sent to {party}")
        line.ring.require(key.id)
        is_new = not row.receipt
        if is_new:
            body = {"direction": "in", "party": party, "envelope": envelope}
            record = work.append([Draft(kind="acknowledgement", body=body, label=row.id)])[0]
            work.index.set_message(row, receipt=record.number, receipt_at=now())
        witness(line, work, party, head, receipt.head, receipt.proofs, envelope)
    return row.id, is_new


def outgoing(line: Line, party: str, sequence: int) -> tuple[Row, dict[str, Any]] | None:
    """Return a message to a party by its number with its envelope, or the first not acknowledged where that is 0."""
    with line.reading() as index:
        waiting = index.waiting(party)
        row = index.message("out", party, sequence) if sequence else (waiting[0] if waiting else None)
    if row is None:
        return None
    envelope = line.envelope(row.record)
    if envelope is None:
        raise InvalidInput("message", f"{row.id[:12]}, which was redacted", "one that can be sent")
    return row, envelope


def rotate(line: Line, passphrase: str, reason: str = "") -> SecretKey:
    """Take a new key, signed by the old one in the log, and tell all parties; return it."""
    former, key = line.key, SecretKey.new()
    write_key(line.folder, key, passphrase)
    try:
        with line.writing() as work:
            for row in work.index.parties():
                said = canonical_text({"public_key": key.public.text, "to": row.first_key})
                body = {
                    "action": "rotate", "public_key": key.public.text, "reason": reason,
                    "possession": signed(said, KEY_TYPE, key),
                }  # fmt: skip
                _send(line, work, row.party, "key", body)
            work.append([rotation(line.name, former, key.public, reason)])
    except BaseException:
        for path in (key_path(line.folder, key.public), key_path(line.folder, key.public).with_suffix(".pub")):
            path.unlink(missing_ok=True)
        raise
    line.key = key
    line.refresh()
    return key
