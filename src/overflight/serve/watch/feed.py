"""CAP messages as an Atom feed, as aggregators of warnings read them (RFC 4287; OASIS CAP Feeds 1.0)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from lxml import etree

from overflight.geo.times import iso
from overflight.line.notices.xml_text import add, document

ATOM = "http://www.w3.org/2005/Atom"


def write_feed(caps: Sequence[tuple[str, float, str, dict[str, Any]]], base: str) -> str:
    """Return the feed of messages (id, time, XML, alert); each is at ``base`` + id + ``/cap``."""
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    last = caps[0][1] if caps else time.time()
    for name, text in (("id", base), ("title", "overflight alerts"), ("updated", _iso(last))):
        add(feed, f"{{{ATOM}}}{name}", text)
    add(feed, f"{{{ATOM}}}link", rel="self", href=f"{base}feed")
    add(add(feed, f"{{{ATOM}}}author"), f"{{{ATOM}}}name", "overflight")
    for alert, made_at, _, body in caps:
        entry = add(feed, f"{{{ATOM}}}entry")
        for name, text in (("id", f"urn:overflight:alert:{alert}"), ("title", body["sentence"]),
                           ("updated", _iso(made_at)), ("summary", body["sentence"])):  # fmt: skip
            add(entry, f"{{{ATOM}}}{name}", text)
        add(entry, f"{{{ATOM}}}link", type="application/cap+xml", href=f"{base}{alert}/cap")
    return document(feed)


def _iso(at: float) -> str:
    return iso(np.datetime64(round(at), "s"))
