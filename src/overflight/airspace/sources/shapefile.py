"""Read polygons of a Shapefile (ESRI white paper, July 1998).

Beside ``.shp`` stand ``.dbf`` with the attributes, ``.prj`` with the coordinate system and ``.cpg`` with the encoding.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from overflight.airspace.sources.crs import require_degrees
from overflight.airspace.sources.polygons import F64, Rings
from overflight.airspace.sources.raw import Raw, Table
from overflight.errors import InvalidInput, one_line

_POLYGONS = (5, 15, 25)
_OTHERS = (0, 1, 3, 8, 11, 13, 18, 21, 23, 28)


def read(path: Path, layer: str | None = None) -> Table:
    """Read the shapes and the table of attributes beside them.

    Raises
    ------
    InvalidInput
        A file is missing, cut short, or damaged; attributes are in another encoding than they say.
    """
    projection = _beside(path, ".prj")
    if projection is not None:
        require_degrees(projection.read_text(encoding="utf-8", errors="replace"), path.name)
    try:
        shapes = list(_shapes(path.read_bytes(), path.name))
        rows = _attributes(path)
    except (struct.error, ValueError, IndexError):
        raise InvalidInput("shapefile", "a file that is damaged or cut short", "a whole one", path.name) from None
    if len(rows) != len(shapes):
        got = f"{len(shapes)} shapes and {len(rows)} rows of attributes"
        raise InvalidInput("shapefile", got, "as many of one as of the other", path.name)
    return Table([Raw(n, row, rings) for n, (row, rings) in enumerate(zip(rows, shapes, strict=True), start=1)])


def _beside(path: Path, suffix: str) -> Path | None:
    """Return a file of the same name, whichever case its suffix is in."""
    found = [path.with_suffix(s) for s in (suffix, suffix.upper())]
    return next((file for file in found if file.exists()), None)


def _shapes(content: bytes, name: str) -> Iterator[Rings]:
    """Yield the polygons of each record: big-endian number and length in 16-bit words, little-endian content."""
    code, words = struct.unpack_from(">i20xi", content)
    if code != 9994:
        raise InvalidInput("shapefile", "another kind of file", "a .shp", name)
    if len(content) < 2 * words:
        raise InvalidInput("shapefile", f"{len(content)} bytes", f"the {2 * words} that its header names", name)
    at, number = 100, 0
    while at < 2 * words:
        number += 1
        record = content[at + 8 : at + 8 + 2 * struct.unpack_from(">i", content, at + 4)[0]]
        yield _polygons(record, f"{name}: feature {number}")
        at += 8 + len(record)


def _polygons(record: bytes, where: str) -> Rings:
    (kind,) = struct.unpack_from("<i", record)
    if kind in _OTHERS:
        return []
    if kind not in _POLYGONS:
        raise InvalidInput("geometry", f"shape type {kind}", "5 (polygons)", where)
    parts, points = struct.unpack_from("<2i", record, 36)
    starts = np.frombuffer(record, "<i4", parts, 44)
    places = np.frombuffer(record, "<f8", 2 * points, 44 + 4 * parts).reshape(-1, 2)
    return _assembled(np.split(places, starts[1:]), where)


def _assembled(rings: list[F64], where: str) -> Rings:
    """Return each clockwise ring with the others, which are holes, that lie in it."""
    clockwise = [_doubled_area(ring) <= 0.0 for ring in rings]
    shells: Rings = [[ring] for ring, outer in zip(rings, clockwise, strict=True) if outer]
    holes = [ring for ring, outer in zip(rings, clockwise, strict=True) if not outer]
    if not shells:  # all turn the wrong way, as some programs write a single ring
        return [[ring] for ring in holes]
    if len(shells) == 1:
        return [shells[0] + holes]
    for hole in holes:
        _shell_of(hole, shells, where).append(hole)
    return shells


def _doubled_area(ring: F64) -> float:
    x, y = (ring - ring[:1]).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _shell_of(hole: F64, shells: Rings, where: str) -> list[F64]:
    inside = shapely.Polygon(hole).representative_point() if len(hole) > 3 else shapely.Point(hole[0])
    around = [shell for shell in shells if len(shell[0]) > 3 and shapely.intersects(shapely.Polygon(shell[0]), inside)]
    if not around:
        raise InvalidInput("geometry", f"a hole at {hole[0][0]:g} {hole[0][1]:g} in no polygon", "holes inside", where)
    return min(around, key=lambda shell: abs(_doubled_area(shell[0])))


def _attributes(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a dBASE table that are not marked as deleted."""
    table = _beside(path, ".dbf")
    if table is None:
        raise InvalidInput("shapefile", "no .dbf beside it", "the file with the attributes", path.name)
    content, encoding = table.read_bytes(), _encoding(path)
    count, header, width = struct.unpack_from("<IHH", content, 4)
    fields, at = [], 1
    for descriptor in range(32, header - 1, 32):
        if content[descriptor] == 0x0D:
            break
        name = content[descriptor : descriptor + 11].split(b"\0")[0].decode("ascii", "replace")
        fields.append((name, chr(content[descriptor + 11]), at, at + content[descriptor + 16]))
        at += content[descriptor + 16]
    if len(content) < header + count * width:
        raise struct.error
    lines = [content[header + i * width : header + (i + 1) * width] for i in range(count)]
    try:
        return [{name: _value(line[a:b].decode(encoding), kind) for name, kind, a, b in fields} for line in lines]
    except UnicodeDecodeError:
        hint = "a .cpg file beside it names the encoding, as ISO-8859-1"
        raise InvalidInput("attributes", f"text that is no {encoding}", encoding, table.name, hint) from None


def _encoding(path: Path) -> str:
    for suffix in (".cpg", ".cst"):
        file = _beside(path, suffix)
        if file is not None:
            name = file.read_text(encoding="ascii", errors="replace").strip()
            name = f"cp{name}" if name.isdigit() else name
            try:
                return codecs.lookup(name.removeprefix("ANSI ").strip()).name
            except LookupError:
                raise InvalidInput("encoding", repr(one_line(name, 40)), "a known one", file.name) from None
    return "utf-8"


def _value(text: str, kind: str) -> Any:
    text = text.strip(" \0")
    if kind not in "NF":
        return text
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return None
