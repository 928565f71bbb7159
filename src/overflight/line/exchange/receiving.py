"""Apply a message that came: once, in its order, and with a signed receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from overflight.case.canonical import canonical_text, parsed
from overflight.case.envelope import opened, payload_of
from overflight.case.heads import Head, opened_head, read_head
from overflight.case.keyring import KEY_TYPE, new_key, revocation
from overflight.case.keys import PublicKey
from overflight.case.record import Draft
from overflight.errors import InvalidInput, OverflightError
from overflight.geo.times import parse_utc
from overflight.line.exchange.line import Line, Row, Work, now, party_of
from overflight.line.exchange.message import Message, Receipt, opened_message
from overflight.line.exchange.witness import OTHER_MESSAGE, OTHER_PREVIOUS, fork, witness

MOST_SKEW_S = 300
"""Clocks that differ by more are remarked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a message.

    Attributes
    ----------
    status : "applied", "duplicate" (it was applied before), "gap" (one before it is not here yet) or "fork".
    party : who sent it.
    sequence : its number; in a gap, the number that is awaited.
    receipt : signed, where it is applied.
    what : what is wrong with it.
    held : in a fork, the other message that the party signed.
    """

    status: str
    party: str
    sequence: int
    receipt: dict[str, Any] | None = None
    what: str = ""
    held: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """A message whose signature holds."""

    message: Message
    name: str
    key: PublicKey
    party: str
    head: Head
    envelope: Any


def take(line: Line, envelope: Any) -> Outcome:
    """Apply a message.

    Raises
    ------
    InvalidInput
        It is none, of a newer version, for another, or of an unknown party or a key that is not live.
    Tampered
        Its signature does not hold.
    """
    line.refresh()
    message, name, key = opened_message(envelope, line.their_keys())
    if message.to not in line.own_keys():
        raise InvalidInput("to", message.to[:16], "a message for this line")
    head, _ = opened_head(message.head, [key])
    came = _Arrival(message=message, name=name, key=key, party=party_of(line, key), head=head, envelope=envelope)
    with line.writing() as work:
        return _placed(line, work, came)


def _placed(line: Line, work: Work, came: _Arrival) -> Outcome:
    """Find a message's place in the order, and apply it where it is the next."""
    party, sequence = came.party, came.message.sequence
    last = work.index.last("in", party)
    expected = 1 if last is None else last.sequence + 1
    if sequence > expected:
        what = f"message {sequence} came before message {expected}"
        return Outcome(status="gap", party=party, sequence=expected, what=what)
    row = work.index.message("in", party, sequence)
    if row is not None and row.id == came.name:
        return Outcome(status="duplicate", party=party, sequence=sequence, receipt=_receipt_again(line, work, row))
    if row is not None:
        return _forked(line, work, came, OTHER_MESSAGE, row)
    if came.message.previous != ("" if last is None else last.id):
        return _forked(line, work, came, OTHER_PREVIOUS, last)
    line.ring.require(came.key.id)
    row = _apply(line, work, came)
    return Outcome(status="applied", party=party, sequence=sequence, receipt=_receipt(line, work, row))


def _forked(line: Line, work: Work, came: _Arrival, what: str, row: Row | None) -> Outcome:
    held = line.envelope_in(work, row.record) if row is not None else None
    said = fork(work, came.party, what.format(sequence=came.message.sequence), [held, came.envelope])
    return Outcome(status="fork", party=came.party, sequence=came.message.sequence, what=said, held=held)


def _apply(line: Line, work: Work, came: _Arrival) -> Row:
    message, party = came.message, came.party
    key = _new_key(line, came) if message.kind == "key" else None
    at = now()
    body: dict[str, Any] = {"direction": "in", "party": party, "envelope": came.envelope}
    ahead = (parse_utc(message.made_at) - parse_utc(at)).total_seconds()
    if ahead > MOST_SKEW_S:
        body["clock"] = f"made {ahead:.0f} s after it came, by the clocks of both"
    record = work.append([Draft(kind="message", body=body, label=came.name)])[0]
    work.index.add_message(
        "in", party, message.sequence, id=came.name, kind=message.kind, in_reply_to=message.in_reply_to,
        made_at=message.made_at, at=at, record=record.number,
    )  # fmt: skip
    known = work.index.party(party)
    skew = {"skew_s": round(ahead)} if ahead > MOST_SKEW_S else {}
    work.index.set_party(party, they_hold=max(known.they_hold, message.receipts), **skew)
    witness(line, work, party, came.head, message.head, message.proofs, came.envelope)
    _hear(line, work, came)
    if key is not None:
        reason = f"replaced by its owner in message {message.sequence}"
        work.append([*(revocation(party, old, reason) for old in line.ring.live(party)), new_key(party, key)])
    row = work.index.message("in", party, message.sequence)
    if row is None:
        raise AssertionError("a message that was added is not there")
    return row


def _hear(line: Line, work: Work, came: _Arrival) -> None:
    """Take in the heads of third parties that a message brings, of those that are known here."""
    for envelope in came.message.heads:
        try:
            _, name = read_head(envelope)
            state = line.ring.states.get(name)
            if state is None or not state.is_live() or state.party in (came.party, line.name):
                continue
            head, _ = opened_head(envelope, [state.key])
        except OverflightError:
            continue  # not signed by whom it names: of no weight
        witness(line, work, state.party, head, envelope, (), envelope)


def _new_key(line: Line, came: _Arrival) -> PublicKey:
    """Return the key that a party goes over to, which has signed that it does."""
    body = came.message.body
    key = PublicKey.of_text(body.get("public_key"))
    said, _ = opened(body.get("possession"), KEY_TYPE, [key])
    if body.get("action") != "rotate" or said != canonical_text({"public_key": key.text, "to": came.message.to}):
        raise InvalidInput("key", "another statement", "a rotation that the new key signed", "message")
    if key.id in line.ring.states:
        raise InvalidInput("key", f"{key.fingerprint}, which the log knows", "a new key", "message")
    return key


def _receipt(line: Line, work: Work, row: Row) -> dict[str, Any]:
    """Sign that a message is applied, under the head that covers its record."""
    head, party = line.head(work), work.index.party(row.party)
    at = now()
    receipt = Receipt(
        of=row.id, sequence=row.sequence, received_at=at, head=head.signed(line.key),
        proofs=line.proofs({party.stated, party.receipted}, head.size),
    )  # fmt: skip
    envelope = receipt.signed(line.key)
    body = {"direction": "out", "party": row.party, "envelope": envelope}
    record = work.append([Draft(kind="acknowledgement", body=body, label=row.id)])[0]
    work.index.set_message(row, receipt=record.number, receipt_at=at)
    work.index.set_party(row.party, receipted=head.size)
    return envelope


def _receipt_again(line: Line, work: Work, row: Row) -> dict[str, Any]:
    """Return the receipt that was given, or a new one where it is gone or the key has changed since."""
    envelope = line.envelope_in(work, row.receipt) if row.receipt else None
    if envelope is not None and payload_of(envelope)[2][0] == line.key.public.id:
        return envelope
    return _receipt(line, work, row)


def text_of(envelope: Any) -> dict[str, Any]:
    """Return the fields of a message in an envelope that was checked when it was taken."""
    data: dict[str, Any] = parsed(payload_of(envelope)[0], "message")
    return data
