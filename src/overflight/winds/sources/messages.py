"""GRIB messages as bytes: are they whole, and are they the ones asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import eccodes

from overflight.errors import Unavailable
from overflight.geo.times import iso


def check_messages(path: Path, *, levels_hpa: Collection[float], valid: datetime, url: str) -> int:
    """Check every message of a GRIB file and return how many there are.

    Each must begin with ``GRIB``, be as long as it says, end with ``7777``, and hold a field at one of
    ``levels_hpa`` for the time ``valid``.

    Raises
    ------
    Unavailable
        A message fails.
    """
    count = 0
    with path.open("rb") as stream:
        for message in _messages(stream, url):
            level_hpa, time = _label(message, url)
            if level_hpa not in levels_hpa:
                raise Unavailable(f"{url}: got a field at {level_hpa:g} hPa that was not asked for: stale index?")
            if time != valid:
                raise Unavailable(f"{url}: got a field for {iso(time)}, expected {iso(valid)}")
            count += 1
    if not count:
        raise Unavailable(f"{url}: no GRIB message came")
    return count


def _messages(stream: BinaryIO, url: str) -> Iterator[bytes]:
    number = 0
    while head := stream.read(16):
        number += 1
        if len(head) < 16 or head[:4] != b"GRIB" or head[7] not in (1, 2):
            raise Unavailable(f"{url}: message {number} is not GRIB: it begins with {head[:8]!r}")
        size = int.from_bytes(head[8:16] if head[7] == 2 else head[4:7], "big")
        message = head + stream.read(max(0, size - 16))
        if len(message) != size or message[-4:] != b"7777":
            raise Unavailable(f"{url}: message {number} is cut short or spoiled")
        yield message


def _label(message: bytes, url: str) -> tuple[float, datetime]:
    """Return level [hPa] and valid time of a message's first field."""
    handle = None
    try:
        handle = eccodes.codes_new_from_message(message)
        level = float(eccodes.codes_get(handle, "level"))
        if eccodes.codes_get(handle, "typeOfLevel") == "isobaricInPa":
            level /= 100.0
        day, clock = (int(eccodes.codes_get(handle, key)) for key in ("validityDate", "validityTime"))
    except (eccodes.CodesInternalError, ValueError) as problem:
        raise Unavailable(f"{url}: a message cannot be decoded: {problem}") from None
    finally:
        if handle is not None:
            eccodes.codes_release(handle)
    return level, datetime(day // 10000, day // 100 % 100, day % 100, clock // 100, clock % 100, tzinfo=UTC)
