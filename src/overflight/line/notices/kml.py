"""KML 2.2 (OGC 07-147r2) with Google's extensions: the course as a track, circles by time, and a tour along it."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

from lxml import etree

from overflight.geo.times import iso
from overflight.line.notices.circles import rings
from overflight.line.notices.course import Fix
from overflight.line.notices.notice import Notice
from overflight.line.notices.recipients import Recipient
from overflight.line.notices.values import utc
from overflight.line.notices.wording import body, recipient_line, title
from overflight.line.notices.xml_text import add, document

KML, GX = "http://www.opengis.net/kml/2.2", "http://www.google.com/kml/ext/2.2"
SECONDS_A_FIX = "2"
RANGE_M = 200_000.0
"""How far from the balloon the tour's eye is, at least. [m]"""
COLOUR = "33f57c1f"


def write_kml(notice: Notice) -> str:
    """Return the notice as KML; text that viewers take for HTML is escaped twice."""
    root = etree.Element(_k("kml"), nsmap={None: KML, "gx": GX})
    doc = add(root, _k("Document"))
    add(doc, _k("name"), f"{title(notice)}, {notice.name}")
    add(doc, _k("description"), _markup("\n".join(body(notice))))
    style = add(doc, _k("Style"), id="circle")
    add(add(style, _k("LineStyle")), _k("width"), "1")
    add(add(style, _k("PolyStyle")), _k("color"), COLOUR)
    _tour(doc, notice)
    _track(doc, notice)
    circles = add(doc, _k("Folder"))
    add(circles, _k("name"), "Where 90 % of the members are")
    for fix in notice.course.positions:
        _circle(circles, fix, notice)
    told = add(doc, _k("Folder"))
    add(told, _k("name"), "To be told, by the time of entry")
    for one in notice.recipients.told:
        _recipient(told, one, notice)
    return document(root)


def _k(name: str) -> str:
    return f"{{{KML}}}{name}"


def _g(name: str) -> str:
    return f"{{{GX}}}{name}"


def _markup(text: str) -> str:
    return html.escape(text).replace("\n", "<br/>")


def _place(fix: Fix) -> str:
    return f"{fix.spot.lon:.5f} {fix.spot.lat:.5f} {max(0.0, fix.level.pressure_altitude_m):.0f}"


def _span(parent: Any, begin: datetime, end: datetime) -> None:
    span = add(parent, _k("TimeSpan"))
    add(span, _k("begin"), iso(begin))
    add(span, _k("end"), iso(end))


def _tour(doc: Any, notice: Notice) -> None:
    tour = add(doc, _g("Tour"))
    add(tour, _k("name"), "Along the course")
    playlist = add(tour, _g("Playlist"))
    for fix in notice.course.positions:
        fly = add(playlist, _g("FlyTo"))
        add(fly, _g("duration"), SECONDS_A_FIX)
        add(fly, _g("flyToMode"), "smooth")
        look = add(fly, _k("LookAt"))
        add(add(look, _g("TimeStamp")), _k("when"), iso(fix.time))
        add(look, _k("longitude"), f"{fix.spot.lon:.5f}")
        add(look, _k("latitude"), f"{fix.spot.lat:.5f}")
        add(look, _k("altitude"), f"{max(0.0, fix.level.pressure_altitude_m):.0f}")
        add(look, _k("range"), f"{max(RANGE_M, 4.0 * fix.spot.radius_m):.0f}")
        add(look, _k("altitudeMode"), "absolute")


def _track(doc: Any, notice: Notice) -> None:
    mark = add(doc, _k("Placemark"))
    add(mark, _k("name"), notice.name)
    track = add(mark, _g("Track"))
    add(track, _k("altitudeMode"), "absolute")
    for fix in notice.course.fixes:
        add(track, _k("when"), iso(fix.time))
    for fix in notice.course.fixes:
        add(track, _g("coord"), _place(fix))


def _circle(folder: Any, fix: Fix, notice: Notice) -> None:
    fixes = notice.course.positions
    following = next((later.time for later in fixes if later.time > fix.time), fix.time + notice.course.step)
    mark = add(folder, _k("Placemark"))
    add(mark, _k("name"), utc(fix.time))
    _span(mark, fix.time, following)
    add(mark, _k("styleUrl"), "#circle")
    many = add(mark, _k("MultiGeometry"))
    for ring in rings(fix.spot):
        outer = add(add(add(many, _k("Polygon")), _k("outerBoundaryIs")), _k("LinearRing"))
        add(outer, _k("coordinates"), " ".join(f"{lon:.5f},{lat:.5f}" for lon, lat in ring))


def _recipient(folder: Any, one: Recipient, notice: Notice) -> None:
    mark = add(folder, _k("Placemark"))
    add(mark, _k("name"), f"{one.name} ({one.id})")
    add(mark, _k("description"), _markup(recipient_line(notice, one)))
    _span(mark, one.entry.q05, one.exit.q95)
