"""The words of a notice, as plain lines: its items, who is to be told, and where it will be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from overflight.errors import one_line
from overflight.line.notices.content import stated
from overflight.line.notices.course import Fix
from overflight.line.notices.notice import DRAFT, NOT_STATED, Notice
from overflight.line.notices.recipients import Recipient
from overflight.line.notices.values import utc

TITLES = {
    "pre-launch": "NOTICE OF AN INTENDED FLIGHT",
    "launch": "NOTICE OF LAUNCH",
    "position": "POSITION REPORT",
    "descent": "NOTICE OF DESCENT",
    "cancellation": "NOTICE OF CANCELLATION",
    "loss": "NOTICE OF LOST POSITION",
    "ended": "NOTICE OF THE END OF THE OPERATION",
}
FORECAST = "Times and places are forecasts over {members} members; none is certain."
GEOMETRIC = "Levels are of geometric height: the track holds no pressure."


def title(notice: Notice) -> str:
    """Return what the notice is."""
    return f"UNMANNED FREE BALLOON, {TITLES[notice.kind]}"


def said(value: Any) -> str:
    """Say one value on one line."""
    if value in (None, ""):
        return NOT_STATED
    return utc(value) if isinstance(value, datetime) else one_line(str(value), 300)


def item_lines(notice: Notice) -> list[str]:
    """Return a line an item."""
    return [f"{item.asks[0].upper()}{item.asks[1:]}: {said(value)}" for item, value in stated(notice.content)]


def position_line(fix: Fix, members: int) -> str:
    """Say one fix: time, place, levels, and how many fly where not all do."""
    band = f"{fix.lowest} TO {fix.highest}" if str(fix.lowest) != str(fix.highest) else f"{fix.level}"
    some = "" if fix.flying == members else f", {fix.flying} OF {members} MEMBERS FLYING"
    return f"{utc(fix.time)} {fix.spot} {band}{some}"


def recipient_line(notice: Notice, one: Recipient) -> str:
    """Say who, with what probability, and when."""
    later = " OR LATER, THE TRACK ENDS INSIDE" if notice.outlasts(one.exit.q95) else ""
    extra = "; ".join(
        filter(None, (one.parties, one.note, f"{one.grazing:.0%} graze the border" if one.grazing >= 0.005 else ""))
    )
    name = one_line(f"{one.name} ({one.id})" if one.name != one.id else one.id, 120)
    return (
        f"{name}, {one.kind}: {one.chance}; enters {one.entry}; leaves {one.exit}{later}; "
        f"{one.hours:.1f} h inside{f'; {one_line(extra, 300)}' if extra else ''}"
    )


def recipient_lines(notice: Notice) -> list[str]:
    """Say who is to be told, who nearly is, and what is not known."""
    to = notice.recipients
    lines = [f"To be told: entered with a probability of {to.tell:.1%} or more, by the time of entry"]
    lines += [f"  {k}. {recipient_line(notice, one)}" for k, one in enumerate(to.told, 1)] or ["  nobody"]
    if to.near:
        lines += ["Below it, but too few members to be sure of that"]
        lines += [f"  - {recipient_line(notice, one)}" for one in to.near]
    if to.missing:
        lines += [f"Flight information regions are not at hand: {to.missing}."]
    return [*lines, f"Boundaries: {one_line('; '.join(to.sources), 300)}"] if to.sources else lines


def heading(notice: Notice) -> list[str]:
    """Say what it is, its status, and by whom it is sent."""
    refers = [f"Refers to {one_line(notice.refers_to, 300)}"] if notice.refers_to else []
    return [
        DRAFT if notice.status == "Draft" else f"STATUS {notice.status.upper()}",
        title(notice),
        f"Sent {utc(notice.sent)} by {notice.sender}; {notice.identifier}",
        *refers,
    ]


def body(notice: Notice) -> list[str]:
    """Return the notice as lines of text, without drafts of NOTAMs."""
    remarks = [FORECAST.format(members=notice.course.members)]
    remarks += [] if notice.course.has_pressure else [GEOMETRIC]
    return [
        *heading(notice),
        "",
        *item_lines(notice),
        "",
        "Positions",
        *(f"  {position_line(fix, notice.course.members)}" for fix in notice.course.positions),
        *remarks,
        "",
        *recipient_lines(notice),
    ]
