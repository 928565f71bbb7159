"""One set of synthetic areas in every format that is read, written without the code under test."""

from __future__ import annotations

import json
import sqlite3
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

SQUARE = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(2, 2), (2, 4), (4, 4), (4, 2)]])
PAIR = shapely.MultiPolygon([shapely.box(20, 0, 22, 2), shapely.box(24, 0, 26, 2)])
ROWS = [{"id": "A", "name": "Ärea", "floor_ft": 1000, "ceiling_fl": 245}, {"id": "B", "name": "Pair"}]
SHAPES = [SQUARE, PAIR]
WGS84 = 'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'


def geojson(path: Path, shapes=SHAPES, rows=ROWS, **more) -> Path:
    features = [
        {"type": "Feature", "properties": row, "geometry": json.loads(shapely.to_geojson(shape)) if shape else None}
        for row, shape in zip(rows, shapes, strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features} | more), encoding="utf-8")
    return path


def rings(path: Path, *polygons, **properties) -> Path:
    """Write one feature whose rings need not be sound."""
    geometry = {"type": "MultiPolygon", "coordinates": list(polygons)}
    path.write_text(json.dumps({"type": "Feature", "properties": properties, "geometry": geometry}))
    return path


def geopackage(path: Path, shapes=SHAPES, rows=ROWS, srs=4326, layers=("areas",)) -> Path:
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.executescript("""
        CREATE TABLE gpkg_spatial_ref_sys (srs_name, srs_id INTEGER, organization, organization_coordsys_id, definition);
        CREATE TABLE gpkg_contents (table_name, data_type, srs_id);
        CREATE TABLE gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m);
    """)
    base.execute("INSERT INTO gpkg_spatial_ref_sys VALUES ('x', ?, 'EPSG', ?, '')", (srs, srs))
    for layer in layers:
        base.execute("INSERT INTO gpkg_contents VALUES (?, 'features', ?)", (layer, srs))
        base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)", (layer, srs))
        base.execute(f'CREATE TABLE "{layer}" (fid INTEGER PRIMARY KEY, geom BLOB, id, name, floor_ft, ceiling_fl)')
        for row, shape in zip(rows, shapes, strict=True):
            blob = struct.pack("<2sBBi4d", b"GP", 0, 3, srs, 0, 1, 0, 1) + shapely.to_wkb(shape)
            values = (blob, row.get("id"), row.get("name"), row.get("floor_ft"), row.get("ceiling_fl"))
            base.execute(f'INSERT INTO "{layer}" (geom, id, name, floor_ft, ceiling_fl) VALUES (?, ?, ?, ?, ?)', values)  # noqa: S608
    base.commit()
    base.close()
    return path


def geoparquet(path: Path, shapes=SHAPES, rows=ROWS, **column) -> Path:
    about = {"version": "1.1.0", "primary_column": "shape", "columns": {"shape": {"encoding": "WKB"} | column}}
    names = ("id", "name", "floor_ft", "ceiling_fl")
    table = pa.table({name: [row.get(name) for row in rows] for name in names} | {"shape": shapely.to_wkb(shapes)})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(about)}), path)
    return path


def kml(path: Path, shapes=SHAPES, rows=ROWS) -> Path:
    def ring(coordinates, side):
        text = " ".join(f"{x},{y},0" for x, y in coordinates)
        return f"<{side}BoundaryIs><LinearRing><coordinates>{text}</coordinates></LinearRing></{side}BoundaryIs>"

    marks = []
    for row, shape in zip(rows, shapes, strict=True):
        polygons = "".join(
            f"<Polygon>{ring(p.exterior.coords, 'outer')}{''.join(ring(h.coords, 'inner') for h in p.interiors)}</Polygon>"
            for p in shapely.get_parts(shape)
        )
        data = "".join(f"<Data name='{k}'><value>{v}</value></Data>" for k, v in row.items() if k != "name")
        marks.append(f"<Placemark><name>{row['name']}</name><ExtendedData>{data}</ExtendedData><MultiGeometry>{polygons}"
                     "</MultiGeometry></Placemark>")  # fmt: skip
    document = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{"".join(marks)}</Document></kml>'
    if path.suffix == ".kmz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("doc.kml", document)
    else:
        path.write_text(document, encoding="utf-8")
    return path


def shapefile(path: Path, shapes=SHAPES, rows=ROWS, encoding="utf-8", prj=WGS84) -> Path:
    records = b""
    for number, shape in enumerate(shapes, start=1):
        parts, points = [], []
        for polygon in shapely.get_parts(shape):
            turned = shapely.orient_polygons(polygon, exterior_cw=True)
            for ring in (turned.exterior, *turned.interiors):
                parts.append(len(points))
                points += list(ring.coords)
        body = struct.pack("<i4d2i", 5, *shape.bounds, len(parts), len(points)) + struct.pack(f"<{len(parts)}i", *parts)
        body += b"".join(struct.pack("<2d", *point) for point in points)
        records += struct.pack(">2i", number, len(body) // 2) + body
    header = struct.pack(">i20xi", 9994, (100 + len(records)) // 2) + struct.pack("<2i8d", 1000, 5, *[0.0] * 8)
    path.write_bytes(header + records)
    fields = [("id", "C", 10), ("name", "C", 20), ("floor_ft", "N", 8), ("ceiling_f", "N", 8)]
    width = 1 + sum(size for _, _, size in fields)
    table = struct.pack("<4BIHH20x", 3, 123, 1, 1, len(rows), 33 + 32 * len(fields), width)
    for name, kind, size in fields:
        table += struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), size, 0)
    table += b"\r"
    for row in rows:
        cells = [str(row.get(key, "")).encode(encoding) for key in ("id", "name", "floor_ft", "ceiling_fl")]
        table += b" " + b"".join(cell.ljust(size) for cell, (_, _, size) in zip(cells, fields, strict=True))
    path.with_suffix(".dbf").write_bytes(table + b"\x1a")
    path.with_suffix(".prj").write_text(prj)
    return path


def zipped(path: Path, *members: Path, **texts: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            for file in sorted(member.parent.glob(f"{member.stem}.*")):
                if file != path:
                    archive.write(file, f"folder/{file.name}")
        for name, text in texts.items():
            archive.writestr(f"folder/{name}.VERSION.txt", text)
    return path
