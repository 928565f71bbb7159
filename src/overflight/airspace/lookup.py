"""Which regions a path crosses: exact segments against polygons, tile by tile.

A path is cut into short pieces of great circle. Each piece is tried against the regions of its own tile only, whose
polygons are clipped to the tile, so that a piece meets tens of vertices and not a country's hundred thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from overflight.airspace.regions import Regions
from overflight.geo.sphere import EARTH_RADIUS_M, latlon, unit_vector

F64 = NDArray[np.float64]

PIECE_M = 10_000.0
"""Longest piece: its straight chord in degrees lies within 40 m of the great circle below 75 degrees."""
TILE_DEG = 4.0
_MARGIN_DEG = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Short pieces of paths; all arrays (n,).

    ``path`` numbers the path, ``lat1, lon1, lat2, lon2`` its ends in degrees (no piece jumps over the antimeridian:
    longitudes may pass 180), ``time1, time2`` seconds, ``altitude`` metres at its middle.
    """

    path: NDArray[np.int64]
    lat1: F64
    lon1: F64
    lat2: F64
    lon2: F64
    time1: F64
    time2: F64
    altitude: F64


def pieces_of(lat: F64, lon: F64, time_s: F64, altitude_m: F64) -> Pieces:
    """Cut paths (members, obs) in degrees into pieces of great circle; what is NaN is no part of a path."""
    start, stop = unit_vector(lat[:, :-1], lon[:, :-1]), unit_vector(lat[:, 1:], lon[:, 1:])
    known = np.isfinite(start).all(axis=-1) & np.isfinite(stop).all(axis=-1)
    path, _ = np.nonzero(known)
    a, b = start[known], stop[known]
    arc = 2.0 * np.arcsin(np.clip(0.5 * np.linalg.norm(a - b, axis=-1), 0.0, 1.0))
    count = np.maximum(1, np.ceil(arc * EARTH_RADIUS_M / PIECE_M)).astype(np.int64)
    which = np.repeat(np.arange(count.size), count)
    first = np.repeat(np.cumsum(count) - count, count)
    f1 = (np.arange(which.size) - first) / count[which]
    f2 = f1 + 1.0 / count[which]
    (lat1, lon1), (lat2, lon2) = (latlon(_between(a[which], b[which], arc[which], f)) for f in (f1, f2))
    lon2 = lon1 + np.mod(lon2 - lon1 + 180.0, 360.0) - 180.0
    t1, t2 = time_s[:, :-1][known][which], time_s[:, 1:][known][which]
    z1, z2 = altitude_m[:, :-1][known][which], altitude_m[:, 1:][known][which]
    middle = z1 + 0.5 * (f1 + f2) * (z2 - z1)
    return Pieces(path[which], lat1, lon1, lat2, lon2, t1 + f1 * (t2 - t1), t1 + f2 * (t2 - t1), middle)


def _between(a: F64, b: F64, arc: F64, fraction: F64) -> F64:
    """Points of great circles at a fraction of the way (spherical linear interpolation)."""
    safe = np.where(arc < 1e-12, 1.0, arc)
    wa = np.where(arc < 1e-12, 1.0 - fraction, np.sin((1.0 - fraction) * safe) / np.sin(safe))
    wb = np.where(arc < 1e-12, fraction, np.sin(fraction * safe) / np.sin(safe))
    return wa[:, None] * a + wb[:, None] * b


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Pieces that lie in a region, wholly or in part; all arrays (n,).

    ``enter`` and ``leave`` are the fractions of the piece at which the part inside begins and ends.
    """

    piece: NDArray[np.int64]
    region: NDArray[np.int64]
    enter: F64
    leave: F64


def hits(pieces: Pieces, regions: Regions) -> Hits:
    """Find every piece's regions."""
    lat, lon = 0.5 * (pieces.lat1 + pieces.lat2), 0.5 * (pieces.lon1 + pieces.lon2)
    lon = np.mod(lon + 180.0, 360.0) - 180.0
    row, column = np.floor((lat + 90.0) / TILE_DEG), np.floor((lon + 180.0) / TILE_DEG)
    tile = (row * 1000 + column).astype(np.int64)
    order = np.argsort(tile, kind="stable")
    bounds = np.flatnonzero(np.diff(tile[order], prepend=-1, append=-1))
    tree = shapely.STRtree(regions.geometries)
    found = [_tile_hits(pieces, order[i:j], regions, tree) for i, j in pairwise(bounds)]
    if not found:
        return Hits(*(np.empty(0, np.int64),) * 2, *(np.empty(0),) * 2)
    return Hits(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _tile_hits(
    pieces: Pieces, at: NDArray[np.int64], regions: Regions, tree: shapely.STRtree
) -> tuple[NDArray[np.int64], NDArray[np.int64], F64, F64]:
    lat1, lat2, lon1, lon2 = (field[at] for field in (pieces.lat1, pieces.lat2, pieces.lon1, pieces.lon2))
    south, north = min(lat1.min(), lat2.min()), max(lat1.max(), lat2.max())
    ends = np.stack([np.column_stack([lon1, lat1]), np.column_stack([lon2, lat2])], axis=1)
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], F64, F64]] = []
    for shift in (-360.0, 0.0, 360.0):
        moved = ends + np.array([shift, 0.0])
        west, east = moved[..., 0].min(), moved[..., 0].max()
        if west >= 180.0 or east < -180.0:  # a piece along the antimeridian itself lies at -180
            continue
        box = (west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG)
        lines = shapely.linestrings(moved)
        for region in tree.query(shapely.box(*box)):
            clipped = shapely.clip_by_rect(regions.geometries[region], *box)
            parts.append(_region_hits(lines, at, int(region), clipped))
    empty = np.empty(0, np.int64)
    return tuple(np.concatenate(p) for p in zip(*parts, strict=True)) if parts else (empty, empty, *(np.empty(0),) * 2)  # type: ignore[return-value]


def _region_hits(
    lines: NDArray[np.object_], at: NDArray[np.int64], region: int, area: shapely.Geometry
) -> tuple[NDArray[np.int64], NDArray[np.int64], F64, F64]:
    shapely.prepare(area)
    inside = np.flatnonzero(shapely.intersects(area, lines))
    enter, leave = np.zeros(inside.size), np.ones(inside.size)
    partly = np.flatnonzero(~shapely.contains_properly(area, lines[inside]))
    for k in partly:
        line = lines[inside[k]]
        ends: Any = shapely.points(shapely.get_coordinates(shapely.intersection(line, area)))
        where = shapely.line_locate_point(line, ends, normalized=True) if len(ends) else np.array([0.0])
        enter[k], leave[k] = where.min(), where.max()
    return at[inside], np.full(inside.size, region, np.int64), enter, leave
