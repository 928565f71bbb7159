"""Text that XML can hold."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can hold, escaped or not (section 2.2)."""


def allowed(text: str) -> str:
    """Replace what XML cannot hold; the writer escapes the rest."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def add(parent: Any, tag: str, text: str | None = None, **attributes: str) -> Any:
    """Add an element, with text where it has some."""
    element = etree.SubElement(parent, tag, **attributes)
    if text is not None:
        element.text = allowed(text)
    return element


def document(root: Any) -> str:
    """Return a document as text with its declaration."""
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written.decode("utf-8")
