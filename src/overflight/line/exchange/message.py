"""What goes over a line: messages and receipts, each a DSSE envelope, with the sender's signed head in it.

A message is numbered for the party it goes to, and names the one before it. Its id is the SHA-256 of its payload. With
its head go proofs that this log only grew since the heads that the party was given before (RFC 9162).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from overflight.case.canonical import canonical, parsed, plain
from overflight.case.envelope import opened, signed
from overflight.case.keys import PublicKey, SecretKey
from overflight.errors import InvalidInput
from overflight.geo.times import parse_utc

VERSION = 1
MESSAGE_TYPE = "application/vnd.overflight.message+json"
RECEIPT_TYPE = "application/vnd.overflight.receipt+json"
KINDS = ("notice", "query", "answer", "evidence", "statement", "acknowledgement", "correction", "key")
LARGEST_PAYLOAD = 3 * 2**20
"""Bytes of a message before it is put in its envelope; a file of 2 MiB fits in."""
MOST_PROOFS, MOST_STEPS, MOST_HEADS, LARGEST_SEQUENCE = 4, 128, 16, 2**53 - 1
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message.

    Attributes
    ----------
    to : id of the first key that the recipient was known by.
    sequence : from 1, for each recipient.
    previous : id of the message before it, or "".
    kind : one of KINDS.
    made_at : when it was made, ISO 8601, by the sender's clock.
    in_reply_to : id of a message, or "".
    body : ``text``, ``files`` (name, sha256, data in base64), and what else the kind asks for.
    receipts : the sender holds the recipient's receipts for its own messages up to this number; the rest may be lost.
    head : the sender's signed head, in an envelope.
    proofs : ``from`` and ``hashes``: the log only grew since the head of this size.
    heads : signed heads of other parties, as the sender holds them.
    """

    to: str
    sequence: int
    previous: str
    kind: str
    made_at: str
    in_reply_to: str
    body: Mapping[str, Any]
    receipts: int
    head: Mapping[str, Any]
    proofs: list[dict[str, Any]]
    heads: list[dict[str, Any]]

    def signed(self, key: SecretKey) -> tuple[dict[str, Any], str]:
        """Return the message in a signed envelope, and its id."""
        payload = canonical(plain({"version": VERSION, **asdict(self)}))
        if len(payload) > LARGEST_PAYLOAD:
            raise InvalidInput(
                "message", f"{len(payload):,} bytes", f"at most {LARGEST_PAYLOAD:,}", hint="send a digest, and the file"
                " by mail or disk",
            )  # fmt: skip
        return signed(payload, MESSAGE_TYPE, key), hashlib.sha256(payload).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the recipient signs of a message that it has applied.

    Attributes
    ----------
    of : id of the message.
    sequence : its number.
    received_at : when it was applied, ISO 8601, by the recipient's clock.
    head, proofs : as in a message; the head covers the record of the message.
    """

    of: str
    sequence: int
    received_at: str
    head: Mapping[str, Any]
    proofs: list[dict[str, Any]]

    def signed(self, key: SecretKey) -> dict[str, Any]:
        """Return the receipt in a signed envelope."""
        return signed(canonical(plain({"version": VERSION, **asdict(self)})), RECEIPT_TYPE, key)


def opened_message(envelope: Any, keys: Iterable[PublicKey]) -> tuple[Message, str, PublicKey]:
    """Return a message from its envelope, its id, and the key among ``keys`` that signed it.

    Raises
    ------
    InvalidInput
        It is no message, of a newer version, or signed by an unknown party.
    Tampered
        Its signature does not hold.
    """
    payload, key = opened(envelope, MESSAGE_TYPE, keys)
    data = _fields(payload, Message, "message")
    message = Message(**data)
    if message.kind not in KINDS:
        raise InvalidInput("kind", repr(message.kind), ", ".join(KINDS), "message")
    _require_digests("message", message.to, *filter(None, (message.previous, message.in_reply_to)))
    parse_utc(message.made_at, field="made_at", where="message")
    _require_files(message.body)
    if len(message.heads) > MOST_HEADS:
        raise InvalidInput("heads", str(len(message.heads)), f"at most {MOST_HEADS}", "message")
    return message, hashlib.sha256(payload).hexdigest(), key


def opened_receipt(envelope: Any, keys: Iterable[PublicKey]) -> tuple[Receipt, PublicKey]:
    """Return a receipt from its envelope, and the key among ``keys`` that signed it; raises as ``opened_message``."""
    payload, key = opened(envelope, RECEIPT_TYPE, keys)
    receipt = Receipt(**_fields(payload, Receipt, "receipt"))
    _require_digests("receipt", receipt.of)
    parse_utc(receipt.received_at, field="received_at", where="receipt")
    return receipt, key


def version_of(data: Any, what: str) -> None:
    """Refuse what is no object, or of another version."""
    if not isinstance(data, dict):
        raise InvalidInput(what, type(data).__name__, "an object")
    if data.get("version") != VERSION:
        raise InvalidInput("version", repr(data.get("version")), str(VERSION), what, "a newer overflight may read it")


def _fields(payload: bytes, kind: type[Message] | type[Receipt], what: str) -> dict[str, Any]:
    """Return the fields of a payload, each of its type."""
    if len(payload) > LARGEST_PAYLOAD:
        raise InvalidInput(what, f"{len(payload):,} bytes", f"at most {LARGEST_PAYLOAD:,}")
    data = parsed(payload, what)
    version_of(data, what)
    data = {name: value for name, value in data.items() if name != "version"}
    wanted = {field.name: _TYPES[str(field.type).partition("[")[0]] for field in fields(kind)}
    if set(data) != set(wanted):
        raise InvalidInput(what, "other fields", ", ".join(wanted))
    wrong = [name for name, of in wanted.items() if type(data[name]) is not of]
    if wrong:
        raise InvalidInput(wrong[0], type(data[wrong[0]]).__name__, wanted[wrong[0]].__name__, what)
    if not 1 <= data["sequence"] <= LARGEST_SEQUENCE:
        raise InvalidInput("sequence", str(data["sequence"])[:40], "a number from 1", what)
    _require_proofs(data["proofs"], what)
    return data


_TYPES: dict[str, type] = {"str": str, "int": int, "Mapping": dict, "list": list}


def _require_digests(what: str, *texts: str) -> None:
    for text in texts:
        if not _HEX.fullmatch(text):
            raise InvalidInput("id", repr(text[:80]), "a SHA-256 in hex", what)


def _require_proofs(proofs: list[Any], what: str) -> None:
    whole = len(proofs) <= MOST_PROOFS and all(
        isinstance(proof, dict)
        and type(proof.get("from")) is int
        and isinstance(proof.get("hashes"), list)
        and len(proof["hashes"]) <= MOST_STEPS
        and all(isinstance(step, str) and _HEX.fullmatch(step) for step in proof["hashes"])
        for proof in proofs
    )
    if not whole:
        raise InvalidInput("proofs", "others", "a size and hashes each", what)


def _require_files(body: Mapping[str, Any]) -> None:
    files = body.get("files", [])
    if not isinstance(body.get("text", ""), str) or not isinstance(files, list):
        raise InvalidInput("body", "other fields", "text and files", "message")
    for file in files:
        if not isinstance(file, dict) or any(not isinstance(file.get(n, ""), str) for n in ("name", "sha256", "data")):
            raise InvalidInput("body", "a file of another form", "name, sha256 and data", "message")
