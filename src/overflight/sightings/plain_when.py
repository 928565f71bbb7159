"""When, in words: ``2023-02-01 between 16:00 and 17:30 local``, ``1 February 2023 about noon UTC``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from overflight.errors import InvalidInput
from overflight.geo import times
from overflight.sightings.gazetteer import Place

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS)
_DATE = re.compile(
    rf"(?:on )?(?:(?P<iso>\d{{4}}-\d\d-\d\d)|(?P<d1>\d{{1,2}}) (?P<m1>{_MONTH})\.? (?P<y1>\d{{4}})"
    rf"|(?P<m2>{_MONTH})\.? (?P<d2>\d{{1,2}}) (?P<y2>\d{{4}}))(?:$| )"
)
_CLOCK = r"noon|\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?|\d{1,2} ?[ap]\.?m\.?"
_ABOUT = r"about|around|approximately|roughly|circa|~"
_ZONE = r"local(?: time)?|utc|gmt|z|(?:utc|gmt)? ?[+-]\d{1,2}(?::?\d\d)?|[a-z]{3,4}"
_PHRASES = (
    re.compile(rf"(?:between|from) (?P<first>{_CLOCK}) (?:and|to|until) (?P<last>{_CLOCK})(?: ?(?P<zone>{_ZONE}))?"),
    re.compile(rf"(?:at )?(?:(?P<about>{_ABOUT}) ?)?(?P<first>{_CLOCK})(?: ?(?P<zone>{_ZONE}))?"),
    re.compile(
        r"(?:in the |during the )?(?P<part>(?:early |late )?(?:morning|afternoon|evening)|midday|daytime)"
        rf"(?: (?P<zone>{_ZONE}))?"
    ),
)
_PARTS = {
    "early morning": (5, 8), "morning": (6, 12), "late morning": (10, 12), "midday": (11, 13), "daytime": (6, 18),
    "early afternoon": (12, 15), "afternoon": (12, 18), "late afternoon": (15, 18), "early evening": (17, 20),
    "evening": (18, 22), "late evening": (20, 23),
}  # fmt: skip
"""Hours that a part of the day means."""
_ABOUT_HOUR, _ABOUT_MINUTE = timedelta(hours=1), timedelta(minutes=15)
"""Half width of "about": of an hour, and of an hour with minutes."""
_NORTH_AMERICAN = {
    "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
"""Hours from UTC of zones whose letters mean others elsewhere: they are read of places in the US and Canada alone."""
_HINT = "write the offset, as in 16:00 -05:00"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in words; ``last`` of a window, ``about`` of one time."""

    first: time
    last: time | None
    about: timedelta
    zone: str
    words: str


@dataclass(frozen=True, slots=True)
class When:
    """An instant, or the middle of a window with half its width in seconds (0: none)."""

    middle: datetime
    half_s: float


def read_date(text: str) -> tuple[date, str] | None:
    """Return the date that a text begins with and the rest; None where it begins with none.

    Raises
    ------
    InvalidInput
        It is a date that does not exist.
    """
    match = _DATE.match(text.lower())
    if match is None:
        return None
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
    else:
        which = "1" if match["d1"] else "2"
        day, year = int(match["d" + which]), int(match["y" + which])
        month = next(n for n, name in enumerate(_MONTHS, start=1) if name.startswith(match["m" + which][:3]))
    try:
        return date(year, month, day), text[match.end() :].strip()
    except ValueError:
        raise InvalidInput("time", repr(match[0].strip()), "a date that exists") from None


def read_clock(text: str) -> Clock | None:
    """Return a time of day in words; None where the text is none.

    Raises
    ------
    InvalidInput
        It names an hour or a minute that no day has.
    """
    words = text.lower()
    match = next((found for phrase in _PHRASES if (found := phrase.fullmatch(words))), None)
    if match is None:
        return None
    said = match.groupdict()
    zone = (said["zone"] or "").strip()
    if said.get("part"):
        first, last = _PARTS[said["part"]]
        return Clock(time(first), time(last), timedelta(0), zone, text)
    first_time = _time(said["first"])
    if said.get("last"):
        return Clock(first_time, _time(said["last"]), timedelta(0), zone, text)
    about = _ABOUT_MINUTE if ":" in said["first"] else _ABOUT_HOUR
    return Clock(first_time, None, about if said.get("about") else timedelta(0), zone, text)


def _time(text: str) -> time:
    if text == "noon":
        return time(12)
    half = re.search(r"([ap])\.?m", text)
    parts = [int(part) for part in re.findall(r"\d+", text)]
    hour, minute, second = (*parts, 0, 0)[:3]
    if half and not 1 <= hour <= 12:
        raise InvalidInput("time", repr(text), "an hour from 1 to 12 before am or pm")
    if half:
        hour = hour % 12 + (12 if half[1] == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise InvalidInput("time", repr(text), "a time from 00:00 to 23:59") from None


def when(day: date, clock: Clock, place: Place | None, assume_utc: bool) -> When:
    """Return the instant or window that a date and a time of day mean at a place.

    Raises
    ------
    InvalidInput
        The zone is not known, or its clocks were changed so that the time came twice or never.
    """
    zone = _zone(clock, place, assume_utc)
    first = _instant(datetime.combine(day, clock.first), zone, clock)
    if clock.last is None:
        return When(first, clock.about.total_seconds())
    # A window that ends before it begins ends on the next day.
    end_day = day + timedelta(days=1) if clock.last < clock.first else day
    last = _instant(datetime.combine(end_day, clock.last), zone, clock)
    half = (last - first) / 2
    return When(first + half, half.total_seconds())


def _zone(clock: Clock, place: Place | None, assume_utc: bool) -> tzinfo:
    zone = clock.zone
    if zone in ("utc", "gmt", "z") or (not zone and assume_utc):
        return UTC
    if not zone:
        raise InvalidInput("time", repr(clock.words), "local, UTC or an offset after it", hint=_HINT)
    offset = re.fullmatch(r"(?:utc|gmt)? ?([+-])(\d{1,2})(?::?(\d\d))?", zone)
    if offset:
        minutes = 60 * int(offset[2]) + int(offset[3] or 0)
        if minutes > 14 * 60:
            raise InvalidInput("time", repr(clock.words), "an offset of up to 14 hours")
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if zone.startswith("local"):
        return _local(clock, place)
    if zone in _NORTH_AMERICAN and place is not None and place.country in ("US", "CA"):
        return timezone(timedelta(hours=_NORTH_AMERICAN[zone]))
    raise InvalidInput("time", repr(clock.words), "local, UTC or an offset", hint=_HINT)


def _local(clock: Clock, place: Place | None) -> tzinfo:
    if place is None:
        expected = "an offset, as coordinates name no time zone"
        raise InvalidInput("time", repr(clock.words), expected, hint=_HINT)
    try:
        return ZoneInfo(place.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            "time", f"local time of {place}, zone {place.zone!r}", "a zone that is known", hint=_HINT
        ) from None


def _instant(naive: datetime, zone: tzinfo, clock: Clock) -> datetime:
    early, late = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        got = f"{clock.words!r}, when the clocks there were changed on {naive:%Y-%m-%d}"
        raise InvalidInput("time", got, "an offset", hint=_HINT)
    try:
        instant = early.astimezone(UTC)
    except OverflowError:
        raise InvalidInput("time", repr(clock.words), "a time between the years 1678 and 2261") from None
    times.to_datetime64(instant)
    return instant
