"""Read polygons of a GeoPackage (OGC 12-128r19): a SQLite file whose geometries are well-known binary with a header."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from pathlib import Path
from typing import Any

from overflight.airspace.sources.crs import require_degrees
from overflight.airspace.sources.polygons import Rings
from overflight.airspace.sources.raw import Raw, Table, rings_of
from overflight.errors import InvalidInput, one_line

_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_LAYERS = """
SELECT c.table_name, g.column_name, s.organization, s.organization_coordsys_id, s.definition, g.geometry_type_name
FROM gpkg_contents c JOIN gpkg_geometry_columns g USING (table_name) JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id
WHERE c.data_type = 'features' ORDER BY c.table_name
"""


def read(path: Path, layer: str | None = None) -> Table:
    """Read one layer; it may be left out where only one holds areas.

    Raises
    ------
    InvalidInput
        It is no GeoPackage, is damaged, has no such layer, or is in other units than degrees.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.execute("PRAGMA trusted_schema=OFF")
            base.execute("PRAGMA cell_size_check=ON")
            return _table(base, path.name, layer)
    except (sqlite3.Error, UnicodeDecodeError) as problem:
        raise InvalidInput("geopackage", one_line(str(problem), 120), "a whole GeoPackage", path.name) from None


def _table(base: sqlite3.Connection, name: str, layer: str | None) -> Table:
    rows = base.execute(_LAYERS).fetchall()
    layers = {row[0]: row for row in rows if "POINT" not in row[5].upper() and "LINE" not in row[5].upper()}
    if layer is not None and layer not in layers:
        raise InvalidInput("layer", repr(layer), f"one of {', '.join(layers)}", name)
    if layer is None and len(layers) != 1:
        got = f"{len(layers)} layers of areas" + (f": {', '.join(layers)}" if layers else "")
        raise InvalidInput("layer", got, "one, or its name", name)
    table, column, body, code, definition, _ = layers[layer] if layer else next(iter(layers.values()))
    crs = f"{body}:{code}".upper()
    require_degrees(crs if body.upper() in ("EPSG", "OGC") else definition, f"{name}: {table}")
    quoted = '"{}"'.format(table.replace('"', '""'))
    cursor = base.execute(f"SELECT * FROM {quoted}")  # noqa: S608 - quoted, and from the file's own list
    columns = [described[0] for described in cursor.description]
    return Table([_raw(n, dict(zip(columns, row, strict=True)), column, name) for n, row in enumerate(cursor, start=1)])


def _raw(number: int, row: dict[str, Any], column: str, name: str) -> Raw:
    where = f"{name}: feature {number}"
    return Raw(number, {key: value for key, value in row.items() if key != column}, _rings(row.get(column), where))


def _rings(blob: Any, where: str) -> Rings:
    if blob is None:
        return []
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        raise InvalidInput("geometry", "no GeoPackage geometry", "one", where)
    (flags,) = struct.unpack_from("<B", blob, 3)
    envelope = _ENVELOPE_BYTES.get(flags >> 1 & 7)
    if envelope is None or flags & 32:
        raise InvalidInput("geometry", "an extended GeoPackage geometry", "a standard one", where)
    return [] if flags & 16 else rings_of(blob[8 + envelope :], where)
