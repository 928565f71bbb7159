"""The head of a log, how many records and which root, and statements of it that are signed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from overflight.case.canonical import canonical_text, parsed
from overflight.case.envelope import opened, payload_of, signed
from overflight.case.keys import PublicKey, SecretKey
from overflight.errors import InvalidInput

HEAD_TYPE = "application/vnd.overflight.head+json"
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a log is at one size; two heads of one log that do not agree are a fork.

    Attributes
    ----------
    log : hash of the log's first record, its name.
    size : records.
    root : root of the Merkle tree, hex.
    hash : hash of the last record.
    made_at : when it was taken, ISO 8601.
    """

    log: str
    size: int
    root: str
    hash: str
    made_at: str

    def signed(self, key: SecretKey) -> dict[str, Any]:
        """Return the head in a signed envelope."""
        return signed(canonical_text(asdict(self)), HEAD_TYPE, key)


def opened_head(envelope: Any, keys: Iterable[PublicKey]) -> tuple[Head, PublicKey]:
    """Return a head from its envelope, and the key among ``keys`` that signed it.

    Raises
    ------
    InvalidInput
        It is no head, or of an unknown party.
    Tampered
        Its signature does not hold.
    """
    payload, key = opened(envelope, HEAD_TYPE, keys)
    return _head_of(payload), key


def read_head(envelope: Any) -> tuple[Head, str]:
    """Return a head from its envelope and the id of the key that it names, with no signature checked."""
    payload, kind, ids = payload_of(envelope)
    if kind != HEAD_TYPE:
        raise InvalidInput("envelope", f"payloadType {kind!r}", HEAD_TYPE)
    return _head_of(payload), ids[0]


def _head_of(payload: bytes) -> Head:
    data = parsed(payload, "head")
    names = set(Head.__dataclass_fields__)
    if not isinstance(data, dict) or set(data) != names:
        raise InvalidInput("head", "other fields", ", ".join(sorted(names)))
    is_text = all(isinstance(data[n], str) for n in names - {"size"})
    if (
        not is_text
        or type(data["size"]) is not int
        or not all(_HEX.fullmatch(data[n]) for n in ("log", "root", "hash"))
    ):
        raise InvalidInput("head", "a value of another form", "digests in hex, a size and a time")
    return Head(**data)
