"""Bodies of ``multipart/form-data`` (RFC 7578), which browsers and curl send files in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from overflight.errors import InvalidInput

MOST_PARTS = 64
_BOUNDARY = re.compile(r'boundary=(?:"([^"\r\n]{1,70})"|([^;\s"]{1,70}))', re.IGNORECASE)
_FIELD = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: the name of its field, the name of its file if it is one, and its bytes."""

    name: str
    filename: str | None
    data: bytes


def parts_of(body: bytes, content_type: str) -> list[Part]:
    """Take a body apart.

    Raises
    ------
    InvalidInput
        It is no such body, or has been cut off.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise InvalidInput("Content-Type", repr(content_type), "multipart/form-data with its boundary")
    mark = b"--" + (found.group(1) or found.group(2)).encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise InvalidInput("body", "one without its end", "a whole multipart/form-data body")
    if len(pieces) - 2 > MOST_PARTS:
        raise InvalidInput("body", f"{len(pieces) - 2} parts", f"at most {MOST_PARTS}")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, sign, data = piece.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    about = next((line for line in lines if line.lower().startswith("content-disposition:")), "")
    fields = {key.lower(): re.sub(r"\\(.)", r"\1", text) for key, text in _FIELD.findall(about)}
    if not sign or "form-data" not in about or "name" not in fields:
        raise InvalidInput("body", "a part without a name", "Content-Disposition: form-data; name=...")
    return Part(name=fields["name"], filename=fields.get("filename"), data=data)
