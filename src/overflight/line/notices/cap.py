"""Common Alerting Protocol 1.2 (OASIS, 2010-07-01): one info block for each that is to be told, in the order of entry.

Areas are circles along the course, each wide enough to reach half way to the next: a circle is the same at the poles
and over the antimeridian, where a polygon of CAP is not. Heights are in feet, as CAP asks.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from lxml import etree

from overflight.errors import one_line
from overflight.geo import sphere
from overflight.line.notices.course import Fix
from overflight.line.notices.notice import DRAFT, Notice, cap_time
from overflight.line.notices.recipients import Recipient
from overflight.line.notices.values import FOOT_M
from overflight.line.notices.wording import FORECAST, body, heading, item_lines, recipient_line, title
from overflight.line.notices.xml_text import add, document

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
EVENT = "Unmanned free balloon"
TYPES = {"pre-launch": "Alert", "cancellation": "Cancel"}
"""Message types; any other kind updates what it refers to, or is an alert of its own."""
SOON = timedelta(hours=1)


def write_cap(notice: Notice) -> str:
    """Return the notice as a CAP 1.2 alert."""
    alert = etree.Element(_tag("alert"), nsmap={None: NAMESPACE})
    kind = TYPES.get(notice.kind, "Update" if notice.refers_to else "Alert")
    texts = {
        "identifier": notice.identifier,
        "sender": notice.sender,
        "sent": cap_time(notice.sent),
        "status": notice.status,
        "msgType": kind,
        "source": "overflight",
        "scope": "Public",
        "addresses": " ".join(_address(one) for one in notice.recipients.told),
        "note": DRAFT if notice.status == "Draft" else "",
        "references": notice.refers_to,
    }
    for name, text in texts.items():
        if text:
            add(alert, _tag(name), text)
    for one in notice.recipients.told or (None,):
        _info(alert, notice, one)
    return document(alert)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _address(one: Recipient) -> str:
    """Return a name as an address; those with spaces stand in quotation marks."""
    name = one_line(one.name, 100).replace('"', "'")
    return f'"{name}"' if " " in name else name


def _info(alert: Any, notice: Notice, one: Recipient | None) -> None:
    fixes = notice.course.fixes
    start, end = fixes[0].time, fixes[-1].time
    if one is not None:
        start, end = one.entry.q05, one.exit.q95
        fixes = notice.course.between(start, end)
    urgency = "Past" if end < notice.sent else "Immediate" if start <= notice.sent else "Future"
    urgency = "Expected" if notice.sent < start <= notice.sent + SOON else urgency
    info = add(alert, _tag("info"))
    texts = {
        "language": "en",
        "category": "Transport",
        "event": EVENT,
        "responseType": "AllClear" if notice.kind in ("cancellation", "ended") else "Monitor",
        "urgency": urgency,
        "severity": "Unknown",
        "certainty": one.certainty if one else "Unknown",
        "onset": cap_time(start),
        "expires": cap_time(end),
        "senderName": notice.sender,
        "headline": f"{title(notice)}, {notice.name}",
        "description": "\n".join(_description(notice, one)),
    }
    for name, text in texts.items():
        add(info, _tag(name), text)
    for name, text in _parameters(one).items():
        parameter = add(info, _tag("parameter"))
        add(parameter, _tag("valueName"), name)
        add(parameter, _tag("value"), text)
    _area(info, fixes, one)


def _description(notice: Notice, one: Recipient | None) -> list[str]:
    """Return the whole notice, or what of it concerns one that is to be told."""
    if one is None:
        return body(notice)
    forecast = FORECAST.format(members=notice.course.members)
    return [*heading(notice), "", *item_lines(notice), "", recipient_line(notice, one), forecast]


def _parameters(one: Recipient | None) -> dict[str, str]:
    if one is None:
        return {}
    return {
        "recipient": one.id,
        "recipientKind": one.kind,
        "probability": f"{one.probability:.4f}",
        "probabilityLow": f"{one.probability_low:.4f}",
        "probabilityHigh": f"{one.probability_high:.4f}",
        "entryEarliest": cap_time(one.entry.q05),
        "entryMedian": cap_time(one.entry.q50),
        "entryLatest": cap_time(one.entry.q95),
    }


def _area(info: Any, fixes: tuple[Fix, ...], one: Recipient | None) -> None:
    area = add(info, _tag("area"))
    where = f"{one_line(one.name, 60)} ({one.id})" if one else "The course of the balloon"
    add(area, _tag("areaDesc"), f"{where}: where 90 % of the members are, from onset to expiry")
    for fix, reach_m in zip(fixes, reaches(fixes), strict=True):
        add(area, _tag("circle"), f"{fix.spot.lat:.5f},{fix.spot.lon:.5f} {reach_m / 1000.0:.3f}")
    lowest = min(fix.lowest.pressure_altitude_m for fix in fixes)
    highest = max(fix.highest.pressure_altitude_m for fix in fixes)
    add(area, _tag("altitude"), f"{max(0.0, lowest) / FOOT_M:.0f}")
    add(area, _tag("ceiling"), f"{max(0.0, highest) / FOOT_M:.0f}")


def reaches(fixes: tuple[Fix, ...]) -> list[float]:
    """Return the radius of each fix's circle: its spread, and half way to the farther of its neighbours. [m]"""
    legs = [float(sphere.distance_m(a.spot.lat, a.spot.lon, b.spot.lat, b.spot.lon)) for a, b in pairwise(fixes)]
    halves = [max(a, b) / 2.0 for a, b in zip([0.0, *legs], [*legs, 0.0], strict=True)]
    return [max(100.0, fix.spot.radius_m + half) for fix, half in zip(fixes, halves, strict=True)]
