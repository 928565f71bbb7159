"""Read ESRI shapefiles of polygons and their attribute tables out of a zip archive.

The format is that of the ESRI white paper of July 1998: a header of 100 bytes, then records of big-endian number and
length and little-endian content. Clockwise rings are shells, the others are holes of the shell that holds them.
"""

import struct
import zipfile
from typing import Any

import numpy as np
import shapely

POLYGON = 5


def polygons(archive: zipfile.ZipFile, stem: str) -> tuple[list[dict[str, str]], list[shapely.Geometry]]:
    """The rows and the valid (Multi)Polygons of a layer, in degrees as they stand in the file."""
    rows = attributes(archive.read(f"{stem}.dbf"))
    shapes = [assembled(rings) for rings in records(archive.read(f"{stem}.shp"))]
    return rows, shapes


def records(content: bytes) -> list[list[np.ndarray]]:
    """The rings of every record."""
    found, at = [], 100
    while at < len(content):
        words = struct.unpack_from(">i", content, at + 4)[0]
        found.append(rings(content[at + 8 : at + 8 + 2 * words]))
        at += 8 + 2 * words
    return found


def rings(record: bytes) -> list[np.ndarray]:
    """The rings of one record, (n, 2) each."""
    kind, parts, points = *struct.unpack_from("<i", record), *struct.unpack_from("<2i", record, 36)
    if kind != POLYGON:
        raise ValueError(f"shapefile: got shape type {kind}, expected {POLYGON}")
    starts = np.frombuffer(record, "<i4", parts, 44)
    xy = np.frombuffer(record, "<f8", 2 * points, 44 + 4 * parts).reshape(-1, 2)
    return np.split(xy, starts[1:])


def assembled(loops: list[np.ndarray]) -> shapely.Geometry:
    """Shells less their holes, made valid; a hole is a ring that runs against the clock."""
    areas = [shapely.Polygon(loop) for loop in loops if len(loop) > 3]
    is_hole = np.array([shapely.is_ccw(shapely.get_exterior_ring(area)) for area in areas])
    every = np.array(areas, object)
    shells = shapely.union_all(shapely.make_valid(every[~is_hole]))
    return shapely.difference(shells, shapely.union_all(shapely.make_valid(every[is_hole])))


def attributes(content: bytes) -> list[dict[str, Any]]:
    """The rows of a dBASE III table as stripped text."""
    count, header, width = struct.unpack_from("<IHH", content, 4)
    fields, at = [], 1
    for descriptor in range(32, header - 1, 32):
        name = content[descriptor : descriptor + 11].split(b"\0")[0].decode()
        size = content[descriptor + 16]
        fields.append((name, at, at + size))
        at += size
    lines = [content[header + i * width : header + (i + 1) * width] for i in range(count)]
    return [{name: line[a:b].decode().strip(" \0") for name, a, b in fields} for line in lines]
