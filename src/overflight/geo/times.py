"""Times: UTC always, an offset demanded, ISO 8601 with Z on the way out."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np

from overflight.errors import InvalidInput

_FIRST, _LAST = datetime(1678, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)
"""What 64 bits of nanoseconds can count; numpy wraps around beyond, without a word."""
HINT = "write the offset, as in 2023-02-01T21:21:00Z or 2023-02-01T16:21:00-05:00"

_REFUSED = {
    r"[T ]24(:|$)": "write midnight at the end of a day as 00:00 of the next",
    r":60([^0-9:]|$)": "write a leap second as the second 59",
}
"""Times that some versions of Python read and others do not, and what to write instead."""


def parse_utc(text: str, *, field: str = "time", where: str = "", naive_is_utc: bool = False) -> datetime:
    """Read an ISO 8601 instant that states its offset; ``naive_is_utc`` takes one without offset as UTC.

    Raises
    ------
    InvalidInput
        The text is no instant, or has no offset.
    """
    instant = _instant(text, field, where)
    if instant.tzinfo is None and naive_is_utc:
        return instant.replace(tzinfo=UTC)
    if instant.tzinfo is None:
        raise InvalidInput(field, repr(text), "a time with its UTC offset", where, HINT)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(field, repr(text), "a time between years 1 and 9999", where, HINT) from None


def _instant(text: str, field: str, where: str) -> datetime:
    expected = "an ISO 8601 time with offset"
    for pattern, hint in _REFUSED.items():
        if re.search(pattern, text):
            raise InvalidInput(field, repr(text), expected, where, hint)
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(field, repr(text), expected, where, HINT) from None


def to_datetime64(instant: datetime, *, field: str = "time") -> np.datetime64:
    """Turn an aware datetime into datetime64[ns] in UTC."""
    if instant.tzinfo is None:
        raise InvalidInput(field, repr(instant.isoformat()), "a datetime with zone", hint=HINT)
    if not _FIRST <= instant <= _LAST:
        raise InvalidInput(field, repr(instant.isoformat()), "a time between the years 1678 and 2261")
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "ns")


def to_datetime(value: np.datetime64) -> datetime:
    """Turn datetime64 (UTC by convention) into an aware datetime, to the microsecond."""
    if np.isnat(value):
        raise InvalidInput("time", "NaT", "a time")
    micro: datetime = value.astype("datetime64[us]").item()
    return micro.replace(tzinfo=UTC)


def iso(value: datetime | np.datetime64) -> str:
    """Write an instant as ISO 8601 with Z, to the second."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise InvalidInput("time", repr(value.isoformat()), "a datetime with zone", hint=HINT)
    instant = to_datetime(value) if isinstance(value, np.datetime64) else value.astimezone(UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
