"""Time-stamps of a log's head by an authority of one's choice (RFC 3161), over any URL that answers.

References
----------
Adams et al. (2001), Internet X.509 Public Key Infrastructure Time-Stamp Protocol, RFC 3161.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509

from overflight.case.canonical import canonical_text
from overflight.case.case_file import Case
from overflight.case.record import Record
from overflight.errors import InvalidInput, Tampered, Unavailable
from overflight.geo.times import iso

KIND = "stamp"
FIELDS = ("log", "size", "root", "hash")
_TYPE = "application/timestamp-query"
LARGEST_ANSWER = 2**20
_TIMEOUT_S = 30.0


def library() -> Any:
    """Return the library that reads and checks stamps.

    Raises
    ------
    InvalidInput
        It is not installed.
    """
    try:
        return importlib.import_module("rfc3161_client")
    except ImportError:
        raise InvalidInput("stamp", "no rfc3161-client", "it", hint="pip install overflight[stamp]") from None


def stamp(case: Case, url: str) -> Record:
    """Let an authority stamp the head of a case, and append its answer.

    Raises
    ------
    Unavailable
        The authority does not answer.
    InvalidInput
        Its answer is no stamp of this head.
    """
    client = library()
    head = case.head()
    body = {"url": url, "head": {name: getattr(head, name) for name in FIELDS}}
    message = stamped_text(body["head"])
    request = client.TimestampRequestBuilder().data(message).hash_algorithm(client.HashAlgorithm.SHA256).build()
    answer = _post(url, request.as_bytes())
    try:
        response = client.decode_timestamp_response(answer)
        info = response.tst_info
        is_of_it = info.nonce == request.nonce and info.message_imprint.message == _sha256(message)
        made_at = iso(info.gen_time)
    except (ValueError, TypeError) as problem:
        raise InvalidInput("stamp", str(problem) or "no stamp", "a granted time-stamp (RFC 3161)", url) from None
    if not is_of_it:
        raise InvalidInput("stamp", "one of something else", "a time-stamp of this log's head", url)
    return case.append(KIND, {**body, "time": made_at, "response": base64.b64encode(answer).decode()})


def stamped_text(head: Any) -> bytes:
    """Return what is stamped of a head."""
    if not isinstance(head, Mapping) or set(head) != set(FIELDS):
        raise InvalidInput("stamp", "another form of head", ", ".join(FIELDS))
    return canonical_text(head)


def check_stamp(body: Mapping[str, Any], roots: Sequence[x509.Certificate]) -> str:
    """Return the time of a stamp, when it is one of its head; by one of the root certificates, where any are given.

    Raises
    ------
    Tampered
        It is not.
    """
    client = library()
    message = stamped_text(body.get("head"))
    try:
        response = client.decode_timestamp_response(base64.b64decode(str(body.get("response")), validate=True))
        info = response.tst_info
        if info.message_imprint.message != _sha256(message):
            raise Tampered("the time-stamp is of something else")
        if roots:
            builder = client.VerifierBuilder(roots=list(roots))
            builder.build().verify_message(response, message)
        made_at = iso(info.gen_time)
    except client.VerificationError as problem:
        raise Tampered(f"the time-stamp does not hold: {problem}") from None
    except (ValueError, TypeError) as problem:
        raise Tampered(f"the time-stamp cannot be read: {problem}") from None
    if made_at != body.get("time"):
        raise Tampered(f"the time-stamp is of {made_at}, the record says {body.get('time')}")
    return made_at


def read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """Read root certificates of authorities from a PEM file.

    Raises
    ------
    InvalidInput
        There is none in it.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except OSError as problem:
        raise InvalidInput("--tsa", f"{path} ({problem.strerror})", "a file that can be read") from None
    except ValueError:
        raise InvalidInput("--tsa", "no certificate", "root certificates in PEM", str(path)) from None


def _post(url: str, request: bytes) -> bytes:
    try:
        with httpx.stream("POST", url, content=request, headers={"Content-Type": _TYPE}, timeout=_TIMEOUT_S) as answer:
            answer.raise_for_status()
            data = b""
            for part in answer.iter_bytes():
                data += part
                if len(data) > LARGEST_ANSWER:
                    raise InvalidInput("stamp", "an answer that is too long", "a time-stamp", url)
            return data
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
        raise Unavailable(f"stamp: {url}: {problem}") from None


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
