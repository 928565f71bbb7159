"""APRS frames as text: who sent what, and the position and time in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from overflight.errors import InvalidInput
from overflight.sightings.aprs_position import Fix, decode, mic_e

_FRAME = re.compile(r"([A-Za-z0-9/-]{1,12})>([^:,\s]{1,12})((?:,[^:\s]*)?):(.*)", re.DOTALL)
_STAMP = re.compile(r"(\d\d)(\d\d)(\d\d)([zh/])")
_NOT_POSITIONS = {
    "T": "telemetry", ">": "status", ":": "message", "_": "weather without a position", "<": "capabilities",
    "?": "query", "[": "locator beacon", "{": "user-defined", "$": "raw NMEA", "%": "other", ",": "test",
    "#": "weather without a position", "*": "weather without a position",
}  # fmt: skip
_FAR = timedelta(hours=1)
"""A frame's own time that lies farther from when it was heard is a wrong clock or a replayed frame."""
_DEEPEST = 3
"""Frames inside frames (third-party traffic) that are opened."""


@dataclass(frozen=True, slots=True)
class Position:
    """A position report.

    Attributes
    ----------
    sender : str. Callsign of the frame.
    of : str. What the position is of: the object's name, else the sender.
    time : aware datetime, UTC.
    time_sd_s : float or None. Of the frame's own time; None where it has none and ``time`` is that of hearing it. [s]
    fix : Fix
    """

    sender: str
    of: str
    time: datetime
    time_sd_s: float | None
    fix: Fix


def read_frame(text: str, heard: datetime | None, depth: int = 0) -> Position | str:
    """Read a frame; of one that is no position report return what it is.

    Parameters
    ----------
    text : as in ``W7XYZ-11>APRS,WIDE1-1:!4903.50N/07201.75W>``.
    heard : when it was heard; None where the log does not say.

    Raises
    ------
    InvalidInput
        It is no frame, or its position or time cannot be read.
    """
    match = _FRAME.fullmatch(text)
    if match is None:
        raise InvalidInput("frame", repr(text[:60]), "CALLSIGN>DESTINATION,PATH:information")
    sender, destination, body = match[1], match[2], match[4]
    kind, rest = body[:1], body[1:]
    if kind == "}":
        if depth == _DEEPEST:
            raise InvalidInput("frame", f"{depth + 1} frames inside one another", f"{_DEEPEST} or fewer")
        return read_frame(rest, heard, depth + 1)
    if kind in ("`", "'", "\x1c", "\x1d"):
        return Position(sender, sender, _heard(heard), None, mic_e(destination, rest))
    if kind in (";", ")"):
        return _object(sender, kind, rest, heard)
    return _report(sender, body, heard)


def _report(sender: str, body: str, heard: datetime | None) -> Position | str:
    kind, rest = body[:1], body[1:]
    if kind in ("!", "="):
        return Position(sender, sender, _heard(heard), None, decode(rest))
    if kind in ("/", "@"):
        time, sd = _time(rest[:7], heard)
        return Position(sender, sender, time, sd, decode(rest[7:]))
    # A header of old nodes may stand before the data type of a position (protocol reference, chapter 5).
    at = body.find("!", 0, 40)
    known = kind in _NOT_POSITIONS and not (kind == "T" and body[1:2] != "#")
    if at > 0 and not known and re.match(r"\d{4}\.", body[at + 1 :]):
        return Position(sender, sender, _heard(heard), None, decode(body[at + 1 :]))
    return _NOT_POSITIONS.get(kind, "other")


def _object(sender: str, kind: str, rest: str, heard: datetime | None) -> Position | str:
    """Read an object (a name of nine characters and a time) or an item (a name, no time)."""
    match = re.fullmatch(r"(.{9})([*_])(.{7})(.*)" if kind == ";" else r"([^!_]{3,9})([!_])()(.*)", rest, re.DOTALL)
    if match is None:
        raise InvalidInput("object", repr(rest[:18]), "a name, * or _, a time and a position")
    if match[2] == "_":
        return "object taken away"
    time, sd = _time(match[3], heard) if kind == ";" else (_heard(heard), None)
    return Position(sender, match[1].strip() or sender, time, sd, decode(match[4]))


def _heard(heard: datetime | None) -> datetime:
    if heard is None:
        raise InvalidInput("time", "none in front of the frame", "when it was heard, as in 2022-08-22T14:06:28Z")
    return heard


def _time(stamp: str, heard: datetime | None) -> tuple[datetime, float | None]:
    """Return the instant nearest to the hearing that a stamp can mean, and its standard deviation.

    A stamp names no month; one in local time, of a zone that nobody states, is not used at all.
    """
    near = _heard(heard)
    match = _STAMP.fullmatch(stamp)
    if match is None:
        raise InvalidInput("time", repr(stamp), "as in 092345z or 234517h")
    if match[4] == "/":
        return near, None
    found = [when for day in (-1, 0, 1) if (when := _on(match, near, day)) is not None]
    best = min(found, key=lambda when: abs(when - near), default=None)
    if best is None or abs(best - near) > _FAR:
        expected = f"within {_FAR.total_seconds() / 3600:g} h of {near:%Y-%m-%dT%H:%M:%SZ}"
        raise InvalidInput("time", repr(stamp), expected, hint="its clock is wrong, or the frame is replayed")
    # Day, hour and minute are cut off: the middle of the minute, and its width over the root of 12.
    return (best + timedelta(seconds=30), 17.3) if match[4] == "z" else (best, 1.0)


def _on(match: re.Match[str], near: datetime, day: int) -> datetime | None:
    """Return what a stamp means on the day beside that of hearing it; None where it cannot be of that day."""
    first, second, third = int(match[1]), int(match[2]), int(match[3])
    hour, minute, seconds = (first, second, third) if match[4] == "h" else (second, third, 0)
    try:
        date = near + timedelta(days=day)
        when = date.replace(hour=hour, minute=minute, second=seconds, microsecond=0)
    except (ValueError, OverflowError):
        return None
    return when if match[4] == "h" or date.day == first else None
