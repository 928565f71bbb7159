"""Parse XML from strangers: no document type, no entities, no network, and refusals in one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from overflight.errors import InvalidInput, one_line


def root_of(data: bytes, name: str, kind: str) -> Any:
    """Return the root element of a document.

    A document type declaration is refused: neither KML nor GPX has one, and entities are declared there.

    Raises
    ------
    InvalidInput
        It is no XML that is well formed, declares a type, or its root is not ``kind``.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as problem:
        line = getattr(problem, "lineno", None)
        where = f"{name}:{line}" if line else name
        raise InvalidInput("xml", one_line(str(problem), 120), f"{kind.upper()} that is well formed", where) from None
    if root is None or local(root) != kind:
        got = "nothing" if root is None else f"the element {one_line(local(root), 60)!r}"
        raise InvalidInput("xml", got, f"a {kind} element", name)
    if root.getroottree().docinfo.doctype:
        raise InvalidInput("xml", "a document type declaration", "none", name)
    return root


def local(element: Any) -> str:
    """Return the name of an element without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Any, *names: str) -> Iterator[Any]:
    """Yield the children of some names, whatever their namespace."""
    return (child for child in element if local(child) in names)


def text_in(element: Any, name: str) -> str:
    """Return the text of the first child of a name, empty where there is none."""
    child = next(children(element, name), None)
    return "" if child is None or child.text is None else child.text.strip()
