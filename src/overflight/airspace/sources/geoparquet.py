"""Read polygons of GeoParquet 1.0 and 1.1 with geometries as well-known binary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from overflight.airspace.sources.crs import require_degrees
from overflight.airspace.sources.raw import Raw, Table, rings_of
from overflight.errors import InvalidInput, one_line


def read(path: Path, layer: str | None = None) -> Table:
    """Read the primary geometry column and the attributes beside it.

    Raises
    ------
    InvalidInput
        It is no GeoParquet, is damaged, or is in other units than degrees.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.read_table(path)
        column = _column(table.schema.metadata or {}, path.name)
        if column not in table.column_names:
            raise InvalidInput("geoparquet", f"no column {column!r}", "the geometry that its metadata name", path.name)
        wkb = table.column(column).to_pylist()
        rows = table.drop([column]).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as problem:  # UnicodeDecodeError is a ValueError
        raise InvalidInput("geoparquet", one_line(str(problem), 120), "a whole Parquet file", path.name) from None
    return Table([
        Raw(n, row, rings_of(shape, f"{path.name}: feature {n}"))
        for n, (row, shape) in enumerate(zip(rows or [{}] * len(wkb), wkb, strict=True), start=1)
    ])  # fmt: skip


def _column(metadata: dict[bytes, bytes], name: str) -> str:
    """Return the geometry column, after checking its encoding and coordinate system."""
    try:
        about: dict[str, Any] = json.loads(metadata[b"geo"])
        column = str(about["primary_column"])
        described = about["columns"][column]
        encoding, crs = described["encoding"], described.get("crs", "OGC:CRS84")
    except (KeyError, ValueError, TypeError, AttributeError):
        raise InvalidInput("geoparquet", "no metadata of geometry", "GeoParquet", name) from None
    if encoding != "WKB":
        raise InvalidInput("geoparquet", f"encoding {encoding!r}", "WKB", name)
    if crs is None:
        raise InvalidInput("crs", "unknown, says the file", "EPSG:4326 (WGS 84)", name)
    require_degrees(crs, name)
    return column
