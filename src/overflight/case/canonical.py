"""Canonical JSON (RFC 8785), what findings become to be written so, and digests."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rfc8785

from overflight.errors import InvalidInput
from overflight.geo.times import iso

_LARGEST_INTEGER = 2**53 - 1
_DEEPEST = 200


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
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except ValueError as problem:
        raise InvalidInput("record", str(problem), "text in Unicode without lone surrogates") from None


def parsed(data: bytes | str, what: str = "JSON") -> Any:
    """Return JSON that is no deeper than it may be, has no name twice, and no NaN.

    Raises
    ------
    InvalidInput
        It is none.
    """
    try:
        value = json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise InvalidInput(what, "a nesting too deep", f"JSON of at most {_DEEPEST} levels") from None
    except (ValueError, OverflowError) as problem:
        raise InvalidInput(what, str(problem), "JSON") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


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
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime | np.datetime64):
        return iso(value)
    return value if value is None or isinstance(value, str) else str(value)
