"""Canonical JSON (RFC 8785), what findings become to be written so, and digests."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import rfc8785

from overflight.errors import InvalidInput
from overflight.geo.times import iso

_LARGEST_INTEGER = 2**53 - 1
_DEEPEST = 200
_UNUSUAL = re.compile(rb"[\xee-\xff]|\\u0000|[0-9]{16}|[0-9][eE]|NaN|Infinity")
"""Letters that UTF-16 sorts otherwise, nulls, and numbers that json writes otherwise: they take the slow way."""
_FLOAT = re.compile(rb'"\\u0000([-0-9.]+)"')


def canonical(value: Any) -> bytes:
    """Return plain data as canonical JSON.

    Raises
    ------
    InvalidInput
        It holds what JSON cannot say: a lone surrogate, too deep a nesting.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, ValueError, RecursionError) as problem:
        raise InvalidInput("record", str(problem), "what canonical JSON (RFC 8785) can hold") from None


def canonical_text(value: Mapping[str, Any]) -> bytes:
    """Return the same as ``canonical``, ten times as fast, for texts and whole numbers under ASCII keys."""
    try:
        return _SORTED.encode(value)
    except ValueError as problem:
        raise InvalidInput("record", str(problem), "text in Unicode without lone surrogates") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def is_canonical(data: bytes) -> bool:
    """Say whether bytes are canonical JSON; fast where keys and numbers are of the usual kinds."""
    return _is_plainly_canonical(data) or _is_canonical(data)


def _is_canonical(data: bytes) -> bool:
    try:
        return canonical(parsed(data)) == data
    except InvalidInput:
        return False


def _is_plainly_canonical(data: bytes) -> bool:
    """Compare with what json writes, its floats left as they stand; False where that says nothing."""
    if _UNUSUAL.search(data):
        return False
    try:
        return _FLOAT.sub(rb"\1", _SORTED.encode(_FLOATS_AS_TEXT.decode(data.decode()))) == data
    except (ValueError, RecursionError):
        return False


def _float_text(text: str) -> str:
    if repr(float(text)) != text or text.endswith(".0"):
        raise ValueError(text)
    return f"\0{text}"


_SORTED = msgspec.json.Encoder(order="sorted")
_FLOATS_AS_TEXT = json.JSONDecoder(parse_float=_float_text, object_pairs_hook=_once)


def parsed(data: bytes | str, what: str = "JSON") -> Any:
    """Return JSON that is no deeper than it may be, has no name twice, and no NaN.

    Raises
    ------
    InvalidInput
        It is none.
    """
    try:
        value = json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_number)
    except RecursionError:
        raise InvalidInput(what, "a nesting too deep", f"JSON of at most {_DEEPEST} levels") from None
    except (ValueError, OverflowError) as problem:
        raise InvalidInput(what, str(problem), "JSON") from None
    return value


def _number(text: str) -> int | float:
    """Return a whole number, as a float where a double cannot tell it from its neighbours."""
    number = float(text)
    return int(text) if abs(number) <= _LARGEST_INTEGER else number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line a type
    """Turn what findings hold into JSON that RFC 8785 can write: NaN is null, large integers and times are text."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value) if abs(int(value)) <= _LARGEST_INTEGER else str(int(value))
    if isinstance(value, float | np.floating):
        return _finite(float(value))
    if isinstance(value, datetime | np.datetime64):
        return iso(value)
    return value if value is None or isinstance(value, str) else str(value)


def _finite(value: float) -> float | str | None:
    """Return a float, or text where it would be read as a whole number that is too large."""
    if not math.isfinite(value):
        return None
    return str(int(value)) if _LARGEST_INTEGER < abs(value) < 1e21 else value
