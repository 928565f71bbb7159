"""Drafts in the NOTAM format (ICAO Annex 15; PANS-AIM, Doc 10066, Appendix 3), one a flight information region.

Only an aeronautical information service issues a NOTAM. What is written here has the word DRAFT in place of a number,
so that no system can take it for one. Item D is left out, as ICAO asks where the time is one unbroken stretch. Text
has the characters of ITA-2 that ICAO allows, lines of at most 69 characters and 1,800 characters in all (Annex 10,
volume II).
"""

from __future__ import annotations

import math
import re
import textwrap
import unicodedata
from datetime import datetime

from overflight.geo import sphere
from overflight.line.notices.content import PreLaunch
from overflight.line.notices.course import Fix
from overflight.line.notices.notice import DRAFT, Notice
from overflight.line.notices.recipients import Recipient
from overflight.line.notices.values import NAUTICAL_MILE_M, Spot, place_text
from overflight.line.notices.wording import TITLES, said

LINE, LENGTH = 69, 1800
WORDS = {
    "launch_time": "LAUNCH",
    "launch_site": "FROM",
    "passing": "TIME",
    "begin": "DESCENT",
    "fl600": "PASSING FL600 IN DESCENT",
    "impact": "IMPACT",
    "termination": "END",
}
"""Items that item E states, with the word before each."""
UNKNOWN_FIR = "XXXX"
ASCENT, CANCELLED = "QWLLW", "QWLCN"
"""Ascent of free balloon: will take place; cancelled (Doc 8126, NOTAM selection criteria)."""
_FOREIGN = re.compile(r"[^A-Z0-9 \-?:.,'=/+]")
_MARKS = {"NNNN": "NN NN", "ZCZC": "ZC ZC"}
"""Marks that begin and end a message of the fixed network."""
_LOW_FT100 = 15
"""Below this many hundreds of feet the draft says the surface. [100 ft]"""


def letters(text: str) -> str:
    """Return text in the characters of ITA-2; what has none is a question mark, brackets are commas."""
    flat = unicodedata.normalize("NFKD", text).upper()
    flat = "".join(c for c in flat if not unicodedata.combining(c))
    flat = re.sub(r"\s*[(\[{]\s*", ", ", re.sub(r"\s*[)\]}]", "", flat))
    flat = " ".join(_FOREIGN.sub("?", flat).split())
    for mark, broken in _MARKS.items():
        while mark in flat:
            flat = flat.replace(mark, broken)
    return flat


def drafts(notice: Notice) -> list[str]:
    """Return a draft for each region that is to be told; one for the whole course where regions are not known."""
    services = notice.recipients.services
    if notice.recipients.missing or not notice.recipients.sources:
        return [draft(notice, None)]
    return [draft(notice, one) for one in services]


def draft(notice: Notice, service: Recipient | None) -> str:
    """Return one draft; without a region ``XXXX`` stands where it belongs."""
    fixes = notice.course.fixes if service is None else notice.course.between(service.entry.q05, service.exit.q95)
    fir = service.id.removesuffix("-UIR") if service else UNKNOWN_FIR
    start = fixes[0].time if service is None else max(service.entry.q05, notice.course.fixes[0].time)
    end = fixes[-1].time if service is None else service.exit.q95
    cancels = notice.kind == "cancellation"
    later = " EST" if notice.outlasts(end) else ""
    low, high = limits(fixes)
    code = f"{CANCELLED if cancels else ASCENT}/IV/M/W"
    head = [
        f"(DRAFT {'NOTAMC' if cancels else 'NOTAMN'}",
        f"Q) {fir}/{code}/{low or 0:03d}/{high or 999:03d}/{circle(fixes)}",
        f"A) {fir} B) {stamp(start)}" + ("" if cancels else f" C) {stamp(end)}{later}"),
    ]
    foot = [] if cancels else [f"F) {'SFC' if low is None else f'FL{low:03d}'} G) {_upper(high)}"]
    return _fitted(head, _texts(notice, fixes, service), foot)


def limits(fixes: tuple[Fix, ...]) -> tuple[int | None, int | None]:
    """Return the levels between which the course lies, hundreds of feet outward to tens; None: surface, unlimited."""
    low = math.floor(min(fix.lowest.hundreds_ft for fix in fixes) / 10.0) * 10
    high = math.ceil(max(fix.highest.hundreds_ft for fix in fixes) / 10.0) * 10
    return (None if low < _LOW_FT100 else min(low, 990)), (None if high > 990 else max(high, 10))


def _upper(high: int | None) -> str:
    return "UNL" if high is None else f"FL{high:03d}"


def stamp(instant: datetime) -> str:
    """Write a time as NOTAMs do: YYMMDDHHMM, UTC."""
    return f"{instant:%y%m%d%H%M}"


def circle(fixes: tuple[Fix, ...]) -> str:
    """Return centre and radius in NM of a circle around the course: ``5212N00005E008``."""
    centre, radius_m = around(fixes)
    radius = min(999, max(1, math.ceil(radius_m / NAUTICAL_MILE_M)))
    return f"{place_text(centre.lat, centre.lon).replace(' ', '')}{radius:03d}"


def around(fixes: tuple[Fix, ...]) -> tuple[Spot, float]:
    """Return the centre of a circle around the fixes with their spread, and its radius. [m]"""
    lat, lon = [fix.spot.lat for fix in fixes], [fix.spot.lon for fix in fixes]
    middle = sphere.mean_place(lat, lon)
    reach = sphere.distance_m(*middle, lat, lon) + [fix.spot.radius_m for fix in fixes]
    return Spot(*middle), float(reach.max())


def _texts(notice: Notice, fixes: tuple[Fix, ...], service: Recipient | None) -> list[str]:
    """Return what item E says, the most needed first; what does not fit is cut from the end."""
    c = notice.content
    texts = [f"{DRAFT}.", f"UNMANNED FREE BALLOON {notice.name}: {TITLES[notice.kind]}."]
    if notice.kind == "cancellation":
        return [*texts, f"REF {notice.refers_to}." if notice.refers_to else ""]
    if isinstance(c, PreLaunch):
        texts += [f"CLASS {said(c.classification)}, {said(c.description)}. SSR OR NDB {said(c.transponder)}.",
                  f"OPERATOR {said(c.operator)}, PHONE {said(c.phone)}."]  # fmt: skip
    if service is not None:
        texts += [f"PROBABILITY OF ENTRY {_per_cent(service.chance)}. ENTRY {service.entry}. EXIT {service.exit}."]
    for name, word in WORDS.items():
        if (value := getattr(c, name, None)) is not None:
            texts.append(f"{word} {said(value)}.")
    return [*texts, *(f"POSITION {stamp(fix.time)} {fix.spot}." for fix in _thinned(fixes))]


def _thinned(fixes: tuple[Fix, ...], most: int = 12) -> tuple[Fix, ...]:
    every = max(1, math.ceil(len(fixes) / most))
    return fixes[::every]


def _per_cent(text: str) -> str:
    return text.replace(">", "OVER").replace("%", " PER CENT")


def _fitted(head: list[str], texts: list[str], foot: list[str]) -> str:
    """Put a draft together, within the length of a message; whole sentences are left out at the end."""
    kept = [letters(text) for text in texts if text]
    while True:
        lines = textwrap.wrap(f"E) {' '.join(kept)}", LINE, break_on_hyphens=False)
        text = "\n".join([*head, *lines, *foot]) + ")"
        if len(text) <= LENGTH or len(kept) <= 1:
            return text
        kept.pop()
