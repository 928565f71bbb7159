"""A record of a case: a header that is hashed and chained, and a body that the header commits to by a salted digest.

The header is canonical JSON (RFC 8785) of author, body_sha256, id, inputs, kind, label, made_at, previous and version.
``hash`` is its SHA-256; ``body_sha256`` is the SHA-256 of 16 random bytes followed by the body. A body can therefore be
taken out without a change to any hash, and what it said cannot be guessed from its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from overflight.case.canonical import canonical_text
from overflight.errors import InvalidInput

Kind = Literal[
    "opening", "evidence", "sighting", "statement", "claim", "finding", "file", "notice", "acknowledgement",
    "correction", "redaction", "closing", "key", "head", "stamp", "message",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
VERSION = 1
SALT_BYTES = 16
LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be appended.

    Attributes
    ----------
    kind : one of KINDS.
    body : plain data.
    inputs : digests of files, or hashes of records, that it rests on.
    label : a name to find it by; it stays when the body is redacted. Unique in its kind where ``once`` is asked.
    """

    kind: str
    body: Mapping[str, Any]
    inputs: Sequence[str] = ()
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse what no record may be."""
        if self.kind not in KINDS:
            raise InvalidInput("kind", repr(self.kind), ", ".join(KINDS))
        if len(self.label) > LONGEST_LABEL:
            raise InvalidInput("label", f"{len(self.label)} characters", f"at most {LONGEST_LABEL}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it is kept.

    Attributes
    ----------
    number : int. From 1, without a gap.
    body : dict, or None where it was redacted.
    salt : bytes before the body in its digest, or None where it was redacted.
    body_sha256, previous, hash : str, hex.
    """

    number: int
    kind: str
    made_at: str
    author: str
    label: str
    inputs: tuple[str, ...]
    body: dict[str, Any] | None
    salt: bytes | None
    body_sha256: str
    previous: str
    hash: str

    def header(self) -> dict[str, Any]:
        """Return what the hash is of."""
        return {
            "author": self.author, "body_sha256": self.body_sha256, "id": self.number, "inputs": list(self.inputs),
            "kind": self.kind, "label": self.label, "made_at": self.made_at, "previous": self.previous,
            "version": VERSION,
        }  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain data."""
        salt = None if self.salt is None else self.salt.hex()
        return {**self.header(), "hash": self.hash, "salt": salt, "body": self.body}


def hash_of(header: Mapping[str, Any]) -> str:
    """Return the hash of a record: the SHA-256 of its header."""
    return hashlib.sha256(canonical_text(header)).hexdigest()


def digest_of_body(salt: bytes, body: bytes) -> str:
    """Return what a header says of a body."""
    return hashlib.sha256(salt + body).hexdigest()
