"""Zones within 12 nautical miles of the coast, each point given to the nearest coast.

Worked in tiles of 2 degrees of latitude, each in its own azimuthal equidistant projection of the ellipsoid: inside a
tile and the 22 km around it the projection's distances are right to 3 m, and the chords of the outer line to 4.4 m.
Where the coasts of several units come near each other, the Voronoi diagram of points every 100 m along the coasts gives
the median line.
"""

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Proj
from regions.cover import GRID, as_multi
from scipy.spatial import KDTree, Voronoi

REACH = 22_224.0
MARGIN = 0.21  # degrees of latitude: the reach, and a little
STEP = 0.01  # degrees between the vertices of a coast before it is projected
ARCS = 28  # chords to a quarter of a circle: each leaves it by 8.8 m at most, so half of that is added to the reach
CHORD = REACH * (1.0 - np.cos(np.pi / ARCS / 4.0))
TOLERANCE = 2.0 / 111_000.0  # degrees of latitude
TILE = 2.0
NEAR, FAR = 100.0, 400.0  # metres between the points of a coast: near a neighbour's, and elsewhere

Edges = tuple[NDArray[np.float64], NDArray[np.int64]]


def coast_edges(shapes: list[shapely.MultiPolygon]) -> Edges:
    """The edges (n, 2, 2) that bound one unit only, and that unit: those of two units are borders."""
    edges, owner = [], []
    for index, shape in enumerate(shapes):
        for ring in shapely.get_rings(shapely.get_parts(shape)):
            points = np.round(shapely.get_coordinates(ring) / GRID).astype(np.int64)
            edges.append(np.stack([points[:-1], points[1:]], axis=1))
            owner.append(np.full(len(points) - 1, index))
    every, owners = np.concatenate(edges), np.concatenate(owner)
    keys = every[..., 0] * 2_000_000_000 + every[..., 1]
    _, which, count = np.unique(np.sort(keys, axis=1), axis=0, return_inverse=True, return_counts=True)
    seam = (np.abs(every[..., 0]) == 180_000_000).all(axis=1) | (every[..., 1] == -90_000_000).all(axis=1)
    single = (count[which.reshape(-1)] == 1) & ~seam
    return every[single] * GRID, owners[single]


def along(edges: NDArray[np.float64], spacing: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points on the edges at most `spacing` apart (in the unit of the edges), and the edge of each."""
    lengths = np.hypot(*(edges[:, 1] - edges[:, 0]).T)
    pieces = np.maximum(np.ceil(lengths / spacing).astype(np.int64), 1)
    edge = np.repeat(np.arange(len(edges)), pieces + 1)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(pieces + 1) - pieces - 1, pieces + 1)) / pieces[edge]
    return edges[edge, 0] + share[:, None] * (edges[edge, 1] - edges[edge, 0]), edge


def zones(shapes: list[shapely.MultiPolygon]) -> list[shapely.MultiPolygon]:
    """For each unit all that is nearest to its coast and within reach of it, land and sea, in degrees."""
    edges, owners = coast_edges(shapes)
    found: list[list[shapely.Geometry]] = [[] for _ in shapes]
    pieces, piece_tree = split(shapes)
    todo = list(tiles_near(along(edges, STEP)[0]))
    tree = shapely.STRtree(shapely.linestrings(edges))
    for number, box in enumerate(todo):
        if number % 500 == 0:
            print(f"sea: tile {number} of {len(todo)}", flush=True)
        for owner, zone in tile_zones(box, edges, owners, tree, pieces, piece_tree):
            found[owner].append(zone)
    print(f"sea: {len(todo)} tiles done", flush=True)
    return [as_multi(shapely.union_all(parts, grid_size=GRID)) if parts else shapely.MultiPolygon() for parts in found]


def split(shapes: list[shapely.MultiPolygon]) -> tuple[NDArray[np.object_], shapely.STRtree]:
    """The land in pieces of at most 10 degrees, with an index."""
    parts = shapely.get_parts(shapes)
    tree = shapely.STRtree(parts)
    pieces = []
    for west in range(-180, 180, 10):
        for south in range(-90, 90, 10):
            box = shapely.box(west, south, west + 10, south + 10)
            pieces.append(shapely.get_parts(shapely.intersection(parts[tree.query(box)], box)))
    every = np.concatenate(pieces)
    return every, shapely.STRtree(every)


def tiles_near(points: NDArray[np.float64]) -> Iterator[tuple[float, float, float, float]]:
    """The tiles (west, south, east, north) that have a point of a coast within the margin."""
    wanted: set[int] = set()
    for dy in (-MARGIN, 0.0, MARGIN):
        row = np.floor((points[:, 1] + dy) / TILE).astype(np.int64)
        count = columns(row)
        stretch = MARGIN / np.cos(np.radians(np.minimum(np.abs(points[:, 1]) + MARGIN, 89.0)))
        for side in (-1.0, 0.0, 1.0):
            column = np.floor((points[:, 0] + side * stretch + 180.0) / 360.0 * count).astype(np.int64) % count
            wanted.update(np.unique(row * 1_000 + column).tolist())
    for row_, column_ in (divmod(key, 1_000) for key in sorted(wanted)):
        n = int(columns(np.array([row_]))[0])
        west, east = (round(-180.0 + 360.0 * k / n, 6) for k in (column_, column_ + 1))
        yield west, TILE * row_, east, TILE * (row_ + 1)


def columns(row: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many tiles a row of tiles has: about as wide as they are high."""
    return np.maximum(np.round(360.0 / TILE * np.cos(np.radians(TILE * (row + 0.5)))), 6).astype(np.int64)


def windows(box: tuple[float, float, float, float]) -> list[shapely.Geometry]:
    """The tile with its margin, in pieces within [-180, 180]."""
    west, south, east, north = box
    stretch = MARGIN / np.cos(np.radians(min(max(abs(south), abs(north)) + MARGIN, 89.0)))
    west, east, south, north = west - stretch, east + stretch, max(south - MARGIN, -90.0), min(north + MARGIN, 90.0)
    found = [shapely.box(max(west, -180.0), south, min(east, 180.0), north)]
    if west < -180.0:
        found.append(shapely.box(west + 360.0, south, 180.0, north))
    if east > 180.0:
        found.append(shapely.box(-180.0, south, east - 360.0, north))
    return found


def tile_zones(box: tuple[float, float, float, float], edges: NDArray[np.float64], owners: NDArray[np.int64],
               tree: shapely.STRtree, pieces: NDArray[np.object_], piece_tree: shapely.STRtree
               ) -> Iterator[tuple[int, shapely.Geometry]]:  # fmt: skip
    """The zones in one tile as (unit, polygon in degrees)."""
    frames = windows(box)
    centre = (box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0
    there = Proj(proj="aeqd", lon_0=centre[0], lat_0=centre[1], ellps="WGS84")
    land = [shapely.intersection(pieces[piece_tree.query(frame)], frame) for frame in frames]
    flat = projected(shapely.segmentize(np.concatenate(land), STEP), there)
    near = np.unique(np.concatenate([tree.query(frame) for frame in frames]))
    reach = within_reach(shapely.union_all(shapely.make_valid(flat)))
    lines, labels = [shapely.boundary(reach)], owners[near]
    points, edge = along(edges[near], STEP)
    xy = np.column_stack(there(*points.T))
    if len(np.unique(labels)) > 1:
        median, xy, labels = median_lines(xy, edge, labels)
        lines.append(shapely.intersection(median, shapely.buffer(reach, NEAR)))  # so that it crosses the outer line
        faces = shapely.get_parts(shapely.polygonize(thinned(lines, there, centre)))
        inside = np.column_stack(there(*shapely.get_coordinates(shapely.point_on_surface(faces)).T))
        keep = shapely.contains_xy(reach, inside)
        faces, unit = faces[keep], labels[KDTree(xy).query(inside[keep])[1]]
    else:
        area = shapely.make_valid(shapely.polygonize(thinned(lines, there, centre)))
        faces = shapely.get_parts(area)
        inside = np.column_stack(there(*shapely.get_coordinates(shapely.point_on_surface(faces)).T))
        faces = faces[shapely.contains_xy(reach, inside)]
        unit = np.full(len(faces), labels[0])
    for owner in np.unique(unit):
        zone = shapely.union_all(shapely.intersection(faces[unit == owner], shapely.box(*box)), grid_size=GRID)
        if not zone.is_empty:
            yield int(owner), zone


def within_reach(land: shapely.Geometry) -> shapely.Geometry:
    """All within reach of the land; GEOS leaves out dents of a coast, so vertices that are off are set right."""
    wanted = REACH + CHORD / 2.0

    def at_wanted(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        points = shapely.points(xy)
        shapely.prepare(land)
        off = np.abs(shapely.distance(points, land) - REACH) > CHORD / 2.0 + 0.5
        feet = shapely.get_coordinates(shapely.shortest_line(points[off], land)).reshape(-1, 2, 2)[:, 1]
        away = xy[off] - feet
        xy = xy.copy()
        xy[off] = feet + away * (wanted / np.hypot(*away.T))[:, None]
        return xy

    rough = shapely.segmentize(shapely.buffer(land, wanted, quad_segs=ARCS), 1_000.0)
    return shapely.make_valid(shapely.transform(rough, at_wanted))


def projected(geometries: NDArray[np.object_], there: Proj) -> NDArray[np.object_]:
    return shapely.transform(geometries, lambda xy: np.column_stack(there(*xy.T)))


def median_lines(xy: NDArray[np.float64], edge: NDArray[np.int64], labels: NDArray[np.int64]
                 ) -> tuple[shapely.Geometry, NDArray[np.float64], NDArray[np.int64]]:  # fmt: skip
    """The lines between the cells of different units; and the points of the coasts with their units.

    Points are close where another unit's coast is within twice the reach: only there a median line can run.
    """
    far, unit = resampled(xy, edge, labels, FAR)
    close = np.zeros(len(far), bool)
    for owner in np.unique(unit):
        mine = unit == owner
        close[mine] = KDTree(far[~mine]).query(far[mine], distance_upper_bound=2.0 * REACH + 2.0 * FAR)[0] < np.inf
    fine, fine_unit = resampled(xy, edge, labels, NEAR)
    if close.any():
        near = KDTree(far[close]).query(fine, distance_upper_bound=FAR)[0] < np.inf
        far, unit = np.vstack([far[~close], fine[near]]), np.concatenate([unit[~close], fine_unit[near]])
    sites, unit = unshared(far, unit)
    corners = 3e6 * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    diagram = Voronoi(np.vstack([sites, corners]))
    ends = np.append(unit, [-1, -1, -1, -1])[diagram.ridge_points]
    ridges = np.array(diagram.ridge_vertices)
    differ = (ends[:, 0] != ends[:, 1]) & (ends >= 0).all(axis=1) & (ridges >= 0).all(axis=1)
    return shapely.MultiLineString(list(shapely.linestrings(diagram.vertices[ridges[differ]]))), sites, unit


def unshared(points: NDArray[np.float64], unit: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each point once, and none that two units share: the sea off a border's end is split by the points beside it."""
    _, first, which = np.unique(np.round(points, 2), axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1)
    lowest, highest = np.full(len(first), unit.max()), np.zeros(len(first), np.int64)
    np.minimum.at(lowest, which, unit)
    np.maximum.at(highest, which, unit)
    kept = first[lowest == highest]
    return points[kept], unit[kept]


def resampled(xy: NDArray[np.float64], edge: NDArray[np.int64], labels: NDArray[np.int64], spacing: float
              ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:  # fmt: skip
    """Projected coasts with points at most `spacing` metres apart."""
    same = edge[1:] == edge[:-1]
    points, piece = along(np.stack([xy[:-1][same], xy[1:][same]], axis=1), spacing)
    return points, labels[edge[1:][same][piece]]


def thinned(lines: list[shapely.Geometry], there: Proj, centre: tuple[float, float]) -> NDArray[np.object_]:
    """The noded lines in degrees near the tile's own longitude, simplified within 2 m between their junctions."""
    metres = shapely.segmentize(shapely.line_merge(shapely.union_all(lines)), 1_000.0)
    squeeze = np.array([np.cos(np.radians(centre[1])), 1.0])

    def degrees(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = there(*xy.T, inverse=True)
        return np.column_stack([centre[0] + (lon - centre[0] + 180.0) % 360.0 - 180.0, lat]) * squeeze

    chains = shapely.get_parts(shapely.simplify(shapely.transform(metres, degrees), TOLERANCE))
    noded = shapely.get_parts(shapely.union_all(chains))
    return shapely.transform(noded, lambda xy: xy / squeeze)
