"""A notice: what is said, to whom, and the course that it is about; made of trajectories and what is stated."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import xarray as xr

from overflight import __version__
from overflight.errors import InvalidInput, one_line
from overflight.geo.times import iso
from overflight.line.notices.content import KINDS, LONG_DURATION, Content, items, missing
from overflight.line.notices.course import Course, Fix, Flown, course_of, flown, require_fix
from overflight.line.notices.moments import Moments, moments_of
from overflight.line.notices.recipients import Recipients

DRAFT = "DRAFT TEXT, NOT AN ISSUED NOTICE OR NOTAM"
STATUSES = ("Draft", "Actual", "Exercise", "Test")
NOT_STATED = "NOT STATED"
IN_FLIGHT = ("position", "descent", "loss")
"""Kinds that are about the track from a position on, and for those whom it has still to enter or to leave."""
LEAD = timedelta(hours=1)
"""How long before a planned descent its notice is due (6.4)."""
_CAP_REFERENCE = re.compile(r"[^\s,<&]+,[^\s,<&]+,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Notice:
    """One notice.

    Attributes
    ----------
    kind : one of ``KINDS``.
    content : what Annex 2 asks for.
    course : central places of the track by time.
    recipients : who is to be told.
    sent : datetime
    sender, identifier : str. Without spaces, commas, ``<`` and ``&``, as CAP asks.
    status : one of ``STATUSES``.
    refers_to : str. ``sender,identifier,sent`` of an earlier notice; "" where there is none.
    is_open : bool. Whether the track ends in the air: who is inside then may be so for longer.
    inputs : str. Digests of the winds that the track was made of, where it says.
    """

    kind: str
    content: Content
    course: Course
    recipients: Recipients
    sent: datetime
    sender: str
    identifier: str
    status: str = "Draft"
    refers_to: str = ""
    is_open: bool = False
    inputs: str = ""

    @property
    def name(self) -> str:
        """What the balloon is called."""
        return one_line(self.content.identification or "", 80) or NOT_STATED

    @property
    def reference(self) -> str:
        """How a later notice refers to this one."""
        return f"{self.sender},{self.identifier},{cap_time(self.sent)}"

    def outlasts(self, end: datetime) -> bool:
        """Whether what ends then may last longer, because the track ends in the air."""
        return self.is_open and end >= self.course.fixes[-1].time - timedelta(minutes=1)

    def to_json(self) -> dict[str, Any]:
        """Return the whole notice as plain data in SI units, times in UTC."""
        return {
            "kind": self.kind,
            "identifier": self.identifier,
            "sender": self.sender,
            "sent": iso(self.sent),
            "status": self.status.lower(),
            "refers_to": self.refers_to,
            "reference": self.reference,
            "made_with": f"overflight {__version__}",
            "track_ends_in_the_air": self.is_open,
            "inputs": self.inputs,
            "content": _plain(self.content),
            "missing": [item.asks for item in missing(self.content)],
            "recipients": _plain(self.recipients),
            "course": {
                "members": self.course.members,
                "level_from": "pressure" if self.course.has_pressure else "geometric altitude",
                "fixes": [_plain(fix) for fix in self.course.fixes],
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """When a notice is made, by whom (the operator or the balloon's name where ""), and as what of ``STATUSES``."""

    sent: datetime
    sender: str = ""
    status: str = "Draft"

    def __post_init__(self) -> None:
        """Refuse a status that CAP does not have."""
        if self.status not in STATUSES:
            raise InvalidInput("status", repr(self.status), f"one of {', '.join(STATUSES)}")


def cap_time(instant: datetime) -> str:
    """Write UTC as CAP 1.2 asks: with the offset -00:00, never Z."""
    return iso(instant).removesuffix("Z") + "-00:00"


def notice_of(
    data: xr.Dataset,
    kind: str,
    told: Recipients,
    stated: Mapping[str, Any],
    sending: Sending,
    *,
    incomplete: bool = False,
) -> Notice:
    """Make a notice.

    Parameters
    ----------
    data : trajectories, dims (trajectory, obs), see ``overflight.drift``.
    kind : one of ``KINDS``.
    told : who is to be told, see ``recipients``.
    stated : what the track does not tell, by the names of the content's fields; ``time`` of a position.
    sending : when, by whom and as what.
    incomplete : whether items may be missing; texts then say that they are not stated.

    Raises
    ------
    InvalidInput
        An item is missing, or the track cannot be read.
    """
    if kind not in KINDS:
        raise InvalidInput("kind", repr(kind), f"one of {', '.join(KINDS)}")
    given = {name: value for name, value in stated.items() if value not in (None, "")}
    reference = str(given.get("refers_to", ""))
    if reference and not _CAP_REFERENCE.fullmatch(reference):
        expected = "sender,identifier,sent as an earlier notice has in its reference"
        raise InvalidInput("--refers-to", repr(reference), expected)
    ensemble = flown(data)
    moments, whole = moments_of(data, ensemble), course_of(ensemble)
    fix = _fix(kind, ensemble, moments, given.get("time"), whole)
    course, to = (whole.since(fix), told.since(fix.time)) if kind in IN_FLIGHT else (whole, told)
    derived = _derived(kind, moments, fix)
    content = KINDS[kind](**{name: given.get(name, derived.get(name)) for name in items(KINDS[kind])})
    if not incomplete:
        require_complete(content)
    sent = sending.sent
    called = str(given.get("operator") or given.get("identification") or "overflight")
    return Notice(
        kind=kind, content=content, course=course, recipients=to, sent=sent, status=sending.status,
        refers_to=reference, sender=_token(sending.sender or called),
        identifier=_token(f"{given.get('identification') or 'balloon'}-{kind}-{sent:%Y%m%dT%H%M%SZ}"),
        is_open=not moments.comes_down,
        inputs=str(data.attrs.get("inputs", "")),
    )  # fmt: skip


def require_complete(content: Content) -> None:
    """Refuse a notice that lacks items, and ask for each by name."""
    lacking = missing(content)
    if lacking:
        options = [item.option for item in lacking if item.option]
        untold = [item.asks for item in lacking if not item.option]
        hints = [f"give {', '.join(options)}"] if options else []
        hints += [f"the track does not tell: {', '.join(untold)}"] if untold else []
        got = ", ".join(f"no {item.asks}" for item in lacking)
        hint = f"{'; '.join(hints)}; --incomplete writes it with what is missing marked"
        paragraph = lacking[0].paragraph.split()[0]
        raise InvalidInput("notice", got, f"all that ICAO Annex 2, Appendix 5, {paragraph} asks for", hint=hint)


def _fix(kind: str, ensemble: Flown, of: Moments, at: datetime | None, course: Course) -> Fix:
    """Return where the members are at the time that the notice is about."""
    first, last = course.fixes[0].time, course.fixes[-1].time
    if at is None:
        at = first
        if kind == "descent" and of.descent is not None:
            at = min(max(first, of.descent.q50 - LEAD), last)
    return require_fix(ensemble, at)


def _derived(kind: str, of: Moments, fix: Fix) -> dict[str, Any]:
    """Return what the track tells."""
    return {
        "launch_site": str(of.launch[1]) if of.launch else None,
        "launch_time": of.launch[0].q50 if of.launch else None,
        "balloons": 1 if kind == "pre-launch" else None,
        "direction": of.direction,
        "cruising_level": of.cruising_level,
        "passing": of.passing,
        "termination": of.impact if of.comes_down else LONG_DURATION,
        "time": fix.time,
        "spot": fix.spot,
        "level": fix.level,
        "begin": of.descent if of.comes_down else None,
        "fl600": of.descent_fl600 if of.comes_down else None,
        "impact": of.impact if of.comes_down else None,
    }


def _token(text: str) -> str:
    """Turn a name into one without what CAP forbids in identifiers: spaces, commas, < and &."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^A-Za-z0-9_.@:/+-]+", "-", plain).strip("-")[:80] or "unnamed"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return iso(value) if isinstance(value, datetime) else value
