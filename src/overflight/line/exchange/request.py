"""A request over HTTP says in its header, signed, who asks and what its body is: strangers are refused unread."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from overflight.case.canonical import canonical_text, parsed
from overflight.case.envelope import opened, signed
from overflight.case.keys import SecretKey
from overflight.errors import InvalidInput
from overflight.geo.times import parse_utc
from overflight.line.exchange.line import Line, party_of
from overflight.line.exchange.message import LARGEST_PAYLOAD, VERSION, version_of

REQUEST_TYPE = "application/vnd.overflight.request+json"
SCHEME = "Overflight"
LARGEST_BODY = LARGEST_PAYLOAD // 3 * 4 + 64 * 1024
LARGEST_HEADER = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a header says.

    Attributes
    ----------
    party : who asks, as this line calls it.
    key_id : the key that it was signed with.
    bytes, sha256 : of the body.
    skew_s : how far the other clock is ahead of this one, and the way here. [s]
    """

    party: str
    key_id: str
    bytes: int
    sha256: str
    skew_s: float


def authorization(to: str, body: bytes, key: SecretKey) -> str:
    """Return the header for a body that goes to a party, by the id of the first key that it was known by."""
    data = {
        "version": VERSION, "to": to, "at": datetime.now(UTC).isoformat(), "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip
    envelope = signed(canonical_text(data), REQUEST_TYPE, key)
    return f"{SCHEME} {base64.b64encode(json.dumps(envelope).encode()).decode()}"


def read_authorization(line: Line, header: str) -> Request:
    """Return what a header says.

    Raises
    ------
    InvalidInput
        It is none, for another line, or of an unknown party.
    Tampered
        Its signature does not hold.
    """
    scheme, _, text = header.partition(" ")
    if scheme != SCHEME or len(header) > LARGEST_HEADER:
        raise InvalidInput("Authorization", f"{header:.40}" or "nothing", f"{SCHEME} and a signed request")
    try:
        envelope = parsed(base64.b64decode(text, validate=True), "Authorization")
    except (binascii.Error, ValueError):
        raise InvalidInput("Authorization", "no base64", "a signed request") from None
    line.refresh()
    payload, key = opened(envelope, REQUEST_TYPE, line.their_keys())
    data = parsed(payload, "request")
    version_of(data, "request")
    is_whole = type(data.get("bytes")) is int and all(isinstance(data.get(n), str) for n in ("to", "at", "sha256"))
    if not is_whole or data["bytes"] < 0:
        raise InvalidInput("request", "other fields", "to, at, bytes and sha256")
    if data["to"] not in line.own_keys():
        raise InvalidInput("to", data["to"][:16], "a request for this line")
    skew = (parse_utc(data["at"], field="at", where="request") - datetime.now(UTC)).total_seconds()
    return Request(party=party_of(line, key), key_id=key.id, bytes=data["bytes"], sha256=data["sha256"], skew_s=skew)
