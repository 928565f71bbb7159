"""Signed envelopes: DSSE, the Dead Simple Signing Envelope, with Ed25519.

References
----------
secure-systems-lab/dsse, protocol.md and envelope.md, version 1.0.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature

from overflight.case.keys import PublicKey, SecretKey
from overflight.errors import InvalidInput, Tampered

MOST_SIGNATURES = 64


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Return what is signed: ``DSSEv1 LEN(type) type LEN(payload) payload``, lengths in bytes as decimals."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def signed(payload: bytes, payload_type: str, key: SecretKey) -> dict[str, Any]:
    """Return an envelope of a payload, ready for JSON."""
    signature = key.sign(pre_authentication(payload_type, payload))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": key.public.id, "sig": base64.b64encode(signature).decode()}],
    }


def opened(envelope: Any, payload_type: str, keys: Iterable[PublicKey]) -> tuple[bytes, PublicKey]:
    """Return the payload of an envelope, and which of ``keys`` signed it.

    Raises
    ------
    InvalidInput
        It is no envelope, of another type, or none of the keys is named in it.
    Tampered
        A signature that names one of the keys does not hold.
    """
    payload, kind, signatures = _parts(envelope)
    if kind != payload_type:
        raise InvalidInput("envelope", f"payloadType {kind!r}", payload_type)
    known = {key.id: key for key in keys}
    authenticated = pre_authentication(kind, payload)
    for name, signature in signatures:
        if name in known:
            try:
                known[name].verify(signature, authenticated)
            except InvalidSignature:
                raise Tampered(f"the signature of {known[name].fingerprint} does not hold") from None
            return payload, known[name]
    names = ", ".join(name[:16] for name, _ in signatures) or "none"
    raise InvalidInput("envelope", f"a signature by an unknown party (keyid {names})", "one by a key that is known")


def payload_of(envelope: Any) -> tuple[bytes, str, tuple[str, ...]]:
    """Return payload, type and the ids of the keys, with no signature checked."""
    payload, kind, signatures = _parts(envelope)
    return payload, kind, tuple(name for name, _ in signatures)


def _parts(envelope: Any) -> tuple[bytes, str, list[tuple[str, bytes]]]:
    if not isinstance(envelope, Mapping):
        raise InvalidInput("envelope", type(envelope).__name__, "a DSSE envelope")
    payload, kind, listed = (envelope.get(name) for name in ("payload", "payloadType", "signatures"))
    if not isinstance(kind, str) or not isinstance(listed, list) or not 1 <= len(listed) <= MOST_SIGNATURES:
        raise InvalidInput("envelope", "other fields", "payload, payloadType and signatures of a DSSE envelope")
    signatures = []
    for one in listed:
        if not isinstance(one, Mapping) or not isinstance(one.get("keyid", ""), str):
            raise InvalidInput("envelope", "a signature of another form", "keyid and sig")
        signatures.append((one.get("keyid", ""), _bytes_of(one.get("sig"))))
    return _bytes_of(payload), kind, signatures


def _bytes_of(text: Any) -> bytes:
    """Decode base64, of either alphabet as DSSE allows."""
    if not isinstance(text, str):
        raise InvalidInput("envelope", type(text).__name__, "base64")
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise InvalidInput("envelope", str(problem), "base64") from None
