"""CZML, as Cesium reads it: the balloon along its course, a circle that holds 90 % of the members, who is to be told.

Cesium takes ``description`` for HTML: text is escaped. It joins places in Cartesian space, so that neither poles
nor the antimeridian need care.
"""

from __future__ import annotations

import html
import json
from typing import Any

from overflight.geo.times import iso
from overflight.line.notices.circles import SMALLEST_M
from overflight.line.notices.notice import Notice
from overflight.line.notices.recipients import Recipient
from overflight.line.notices.wording import body, recipient_line, title

ORANGE, CLEAR = [245, 124, 31, 255], [245, 124, 31, 60]
SPEED = 600


def write_czml(notice: Notice) -> str:
    """Return the notice as a list of packets."""
    packets = [_document(notice), _balloon(notice)]
    packets += [_recipient(k, one, notice) for k, one in enumerate(notice.recipients.told, 1)]
    return json.dumps(packets, ensure_ascii=False, allow_nan=False)


def _document(notice: Notice) -> dict[str, Any]:
    first, last = iso(notice.course.fixes[0].time), iso(notice.course.fixes[-1].time)
    return {
        "id": "document",
        "version": "1.0",
        "name": f"{title(notice)}, {notice.name}",
        "clock": {"interval": f"{first}/{last}", "currentTime": first, "multiplier": SPEED, "range": "CLAMPED"},
    }


def _balloon(notice: Notice) -> dict[str, Any]:
    fixes = notice.course.fixes
    start = fixes[0].time
    seconds = [(fix.time - start).total_seconds() for fix in fixes]
    places: list[float] = []
    radii: list[float] = []
    for s, fix in zip(seconds, fixes, strict=True):
        height = max(0.0, fix.level.pressure_altitude_m)
        places += [s, round(fix.spot.lon, 5), round(fix.spot.lat, 5), round(height, 1)]
        radii += [s, round(max(SMALLEST_M, fix.spot.radius_m), 1)]
    held = {"epoch": iso(start), "number": radii, "interpolationAlgorithm": "LINEAR", "interpolationDegree": 1}
    return {
        "id": "balloon",
        "name": notice.name,
        "description": html.escape("\n".join(body(notice))).replace("\n", "<br/>"),
        "availability": f"{iso(start)}/{iso(fixes[-1].time)}",
        "position": {
            "epoch": iso(start), "cartographicDegrees": places,
            "interpolationAlgorithm": "LINEAR", "interpolationDegree": 1,
        },
        "point": {"pixelSize": 8, "color": {"rgba": ORANGE}},
        "path": {"width": 2, "material": {"solidColor": {"color": {"rgba": ORANGE}}}},
        "ellipse": {
            "semiMajorAxis": held, "semiMinorAxis": held, "height": 0,
            "material": {"solidColor": {"color": {"rgba": CLEAR}}},
        },
    }  # fmt: skip


def _recipient(number: int, one: Recipient, notice: Notice) -> dict[str, Any]:
    return {
        "id": f"recipient-{number}",
        "name": f"{one.name} ({one.id})",
        "description": html.escape(recipient_line(notice, one)),
        "availability": f"{iso(one.entry.q05)}/{iso(one.exit.q95)}",
        "properties": {
            "kind": one.kind, "region": one.id, "probability": one.probability,
            "entry_q05": iso(one.entry.q05), "entry_q50": iso(one.entry.q50), "entry_q95": iso(one.entry.q95),
        },
    }  # fmt: skip
