"""The shipped regions against published areas, Natural Earth itself, places, and distances on the ellipsoid."""

from importlib.resources import files

import numpy as np
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely
from regions.disputes import AREAS, ISLANDS, ROWS
from scipy.spatial import KDTree

from overflight.airspace import pack

GEOD = pyproj.Geod(ellps="WGS84")
ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
AUTHALIC = pyproj.Proj(proj="cea", ellps="WGS84")
TWELVE_MILES = 22_224.0
ROW_OF = (
    {d.id: row for row, d in ROWS.items()}
    | {d.id: row for (_, row), d in AREAS.items()}
    | {d.id: d.administered_by for d, _ in ISLANDS}
)

# Total area, land and inland water. [km2] The CIA World Factbook; Australia by Geoscience Australia.
PUBLISHED = {
    "ARG": 2_780_400, "AUS": 7_688_287, "AUT": 83_871, "BRA": 8_515_770, "CAN": 9_984_670, "CHE": 41_277, "COD": 2_344_858,
    "CUB": 110_860, "DEU": 357_022, "EGY": 1_001_450, "ESP": 505_370, "ISL": 103_000, "KAZ": 2_724_900,
    "MEX": 1_964_375, "MNG": 1_564_116, "POL": 312_685, "TUR": 783_562, "ZMB": 752_618,
}  # fmt: skip

PLACES = [
    (45.1, -82.3, "CAN-water"), (44.6, -83.0, "USA-water"), (47.6, -88.0, "USA-water"), (43.75, -78.0, "CAN-water"),
    (53.5, 108.0, "RUS-water"), (31.5, 35.47, "JOR-water"), (-15.9, -69.4, "PER-water"), (42.0, 51.0, "caspian"),
    (-16.8, 179.99, "FJI-sea"), (-16.9, -179.97, "FJI"), (68.0, 179.5, "RUS"), (66.5, -175.0, "RUS"), (71.2, 179.999, "RUS"),
    (-90.0, 0.0, "antarctica-nor"), (-90.0, 120.0, "antarctica-aus"), (-80.0, -120.0, "ATA"),
    (-85.35, -63.5, "antarctica-arg-chl-gbr"), (90.0, 0.0, ""), (40.0, -150.0, ""),
    (65.78, -169.06, "RUS"), (65.755, -168.93, "USA"), (51.0, 1.45, "GBR-sea"), (50.93, 1.6, "FRA-sea"),
    (1.22, 103.85, "SGP-sea"), (1.17, 103.85, "IDN-sea"), (35.97, -5.6, "ESP-sea"), (35.88, -5.6, "MAR-sea"),
    (41.9033, 12.4535, "VAT"), (43.738, 7.42, "MCO"), (43.94, 12.46, "SMR"), (1.36, 103.82, "SGP"), (-0.53, 166.93, "NRU"),
    (24.0, 121.0, "TWN"), (24.0, 121.8, "TWN-sea"), (-51.75, -58.5, "FLK"), (42.6, 21.0, "XKX"), (33.0, 35.78, "golan-heights"),
    (45.2, 34.2, "crimea"), (25.0, -13.0, "western-sahara"), (35.0, 79.5, "aksai-chin"), (28.0, 94.0, "arunachal-pradesh"),
    (16.83, 112.33, "paracel"), (25.765, 123.53, "senkaku-diaoyu"), (10.377, 114.365, "PGA-sea"), (26.265, 55.3, "greater-tunb"),
    (45.0, 147.8, "southern-kurils"), (37.243, 131.8612, "dokdo-takeshima"), (80.826, -66.33, "hans-island"), (21.9, 33.7, "BRT"),
]  # fmt: skip


@pytest.fixture(scope="module")
def layer():
    return pack.read(files("overflight.airspace").joinpath("data/regions.npz"))


@pytest.fixture(scope="module")
def areas(layer):
    """Area of every region by a line integral over its border, edges straight in degrees, on the ellipsoid. [km2]"""
    p = layer.partition
    lon, lat = (p.vertices / 1e6).T
    arc = np.repeat(np.arange(p.left.size), np.diff(p.arcs))
    same = arc[1:] == arc[:-1]
    x0, y0 = AUTHALIC(lon, lat)
    middle = AUTHALIC(lon[1:], (lat[1:] + lat[:-1]) / 2)[1]
    swept = -(x0[1:] - x0[:-1]) * (y0[1:] + 4 * middle + y0[:-1]) / 6 / 1e6
    by_arc = np.bincount(arc[1:][same], swept[same], minlength=p.left.size)
    by_face = np.bincount(p.left, by_arc, len(p.covers)) - np.bincount(p.right, by_arc, len(p.covers))
    found = dict.fromkeys((region.id for region in layer.regions), 0.0)
    for face, cover in enumerate(p.covers):
        for region in cover:
            found[layer.regions[region].id] += by_face[face]
    return found


@pytest.fixture(scope="module")
def natural_earth(shared_data):
    rows = pq.read_table(shared_data / "geo" / "ne10_countries.parquet").to_pylist()
    return [row["ADM0_A3"] for row in rows], [shapely.make_valid(shapely.from_wkb(row["geometry"])) for row in rows]


def names_at(layer, lat, lon):
    """Id of the region at each place, "" on the high seas."""
    names = [[layer.regions[k].id for k in cover] for cover in layer.partition.covers]
    assert max(map(len, names)) == 1
    return np.array(["".join(n) for n in names])[layer.partition.faces(np.asarray(lat), np.asarray(lon))]


def row_of(name):
    """Natural Earth's letters of the row that the land, water or sea of a region belongs to."""
    name = name.removesuffix("-sea").removesuffix("-water")
    if name.startswith("antarctica"):
        return "ATA"
    return ROW_OF.get(name) or {"SSD": "SDS", "ALA": "ALD"}.get(name, name)


@pytest.mark.parametrize(("code", "expected"), PUBLISHED.items())
def test_countries_have_their_published_areas(layer, areas, code, expected):
    own = [r.id for r in layer.regions if r.administered_by == code and not r.id.endswith("-sea")]

    assert sum(areas[name] for name in own) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("name", "slack"), [("NRU", 0.002), ("NIU", 0.002), ("CLP", 0.002), ("BRB", 0.01)])
def test_the_sea_of_a_lone_island_has_the_area_of_steiners_formula(layer, areas, name, slack):
    """Steiner (1840): what lies within r of a convex body beyond it is its perimeter times r and a circle of radius r."""
    p = layer.partition
    index = {r.id: k for k, r in enumerate(layer.regions)}
    faces = [f for f, cover in enumerate(p.covers) if cover in {(index[name],), (index.get(f"{name}-water"),)}]
    border = [k for k in range(p.left.size) if (p.left[k] in faces) != (p.right[k] in faces)]
    coast = np.concatenate([p.vertices[p.arcs[k] : p.arcs[k + 1]] for k in border]) / 1e6
    hull = shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(coast)))
    whole, around = GEOD.polygon_area_perimeter(*hull.T)
    expected = (abs(whole) + around * TWELVE_MILES + np.pi * TWELVE_MILES**2) / 1e6

    assert areas[name] + areas[f"{name}-sea"] == pytest.approx(expected, rel=slack)


def test_the_sea_of_somalia_has_its_published_area(areas):
    """68,849 km2: WRI, EarthTrends country profiles (2003), from Pruett and Cimino, Global Maritime Boundaries Database."""
    assert areas["SOM-sea"] + areas["SOL-sea"] == pytest.approx(68_849, rel=0.01)


def test_areas_agree_with_natural_earth(layer, areas, natural_earth):
    codes, shapes = natural_earth
    ours = dict.fromkeys(codes, 0.0)
    for region in layer.regions:
        if region.id != "caspian" and not region.id.endswith("-sea"):
            ours[row_of(region.id)] += areas[region.id]
    ours["ATA"] += (
        2 * AUTHALIC(180.0, 0.0)[0] * AUTHALIC(0.0, 90.0)[1] / 1e6
    )  # the integral leaves out the edge at the pole
    off = {}
    for code, shape in zip(codes, shapes, strict=True):
        theirs = abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shapely.segmentize(shape, 0.05)))[0]) / 1e6
        if abs(ours[code] / theirs - 1) > 1e-3:
            off[code] = round(ours[code] / theirs - 1, 4)

    assert off == {}


def test_random_points_agree_with_natural_earth(layer, natural_earth):
    codes, shapes = natural_earth
    rng = np.random.default_rng(5)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1, 1, 100_000))), rng.uniform(-180, 180, 100_000)
    theirs = np.full(lat.size, "", object)
    tree = shapely.STRtree(shapely.points(lon, lat))
    for code, shape in zip(codes, shapes, strict=True):
        shapely.prepare(shape)
        near = tree.query(shapely.box(*shape.bounds))
        theirs[near[shapely.contains_xy(shape, lon[near], lat[near])]] = code
    found = names_at(layer, lat, lon)
    ours = np.array(["" if n == "caspian" or n.endswith("-sea") else row_of(n) for n in found], object)
    land = shapely.STRtree(shapely.get_parts(shapes))
    lines = shapely.boundary(shapely.get_parts(shapes))

    differ = np.flatnonzero(ours != theirs)
    for k in differ:
        point = shapely.Point(lon[k], lat[k])
        nearest = min(lines[land.query_nearest(point)], key=lambda line: shapely.distance(line, point))
        foot = shapely.get_coordinates(shapely.shortest_line(point, nearest))
        assert GEOD.inv(*foot[0], *foot[1])[2] < 1_000.0, (lat[k], lon[k], ours[k], theirs[k])
    assert (theirs != "").mean() == pytest.approx(0.29, abs=0.01)


@pytest.mark.parametrize(("lat", "lon", "expected"), PLACES)
def test_places(layer, lat, lon, expected):
    assert names_at(layer, [lat], [lon]).tolist() == [expected]


def test_the_bering_strait_is_split_halfway(layer):
    """Between the Diomedes the line runs where both islands are as near; elsewhere it is nobody's edge."""
    lon = np.linspace(-169.06, -168.93, 1_301)
    found = names_at(layer, np.full(lon.size, 65.77), lon)

    assert set(found) <= {"RUS", "RUS-sea", "USA-sea", "USA"}
    assert lon[found == "USA-sea"].min() == pytest.approx(-169.0, abs=0.03)
    assert lon[found == "RUS-sea"].max() < lon[found == "USA-sea"].min()


@pytest.fixture(scope="module")
def coasts(natural_earth, shared_data):
    """Points every 400 m or less on all outlines, on the ellipsoid, and the row of each; with the disputed islands."""
    codes, shapes = natural_earth
    disputed = pq.read_table(shared_data / "geo" / "ne10_disputed_areas.parquet").to_pylist()
    disputed = [row for row in disputed if (row["BRK_NAME"], row["ADM0_A3"]) in AREAS]
    islands = [shapely.make_valid(shapely.from_wkb(row["geometry"])) for row in disputed]
    islands += [shapely.Polygon(ring) for _, ring in ISLANDS]
    rows = [codes.index(row["ADM0_A3"]) for row in disputed] + [codes.index(d.administered_by) for d, _ in ISLANDS]
    lines = shapely.segmentize(shapely.boundary([*shapes, *islands]), 0.0035)
    points, line = shapely.get_coordinates(lines, return_index=True)
    row = np.array([*range(len(codes)), *rows])[line]
    inner = (np.abs(points[:, 0]) < 180.0) & (points[:, 1] > -89.9)
    return points[inner], row[inner], KDTree(ecef(points[inner]))


def ecef(lonlat):
    return np.column_stack(ECEF.transform(lonlat[:, 0], lonlat[:, 1], np.zeros(len(lonlat))))


def test_territorial_seas_are_what_is_nearest_to_a_coast_within_twelve_miles(layer, natural_earth, coasts):
    codes, _ = natural_earth
    points, row, tree = coasts
    rng = np.random.default_rng(7)
    start = points[rng.integers(0, len(points), 8_000)]
    lon, lat, _ = GEOD.fwd(*start.T, rng.uniform(0, 360, 8_000), rng.uniform(0, 40e3, 8_000))
    found = names_at(layer, lat, lon)
    at_sea = np.array([n == "" or n.endswith("-sea") for n in found])
    place, found = np.column_stack([lon, lat])[at_sea], found[at_sea]
    chord, nearest = tree.query(ecef(place))
    distance = GEOD.inv(*place.T, *points[nearest].T)[2]
    owner = np.array(codes)[row[nearest]]
    checked = owner != "ATA"  # one part of Antarctica has no sea
    assert checked.sum() > 2_000
    for k in np.flatnonzero(checked):
        if abs(distance[k] - TWELVE_MILES) < 12.0:
            continue
        expected = owner[k] if distance[k] < TWELVE_MILES else ""
        if row_of(found[k]) == expected:
            continue
        near = tree.query_ball_point(ecef(place[k : k + 1])[0], chord[k] + 100.0)
        rivals = {codes[r] for r in row[near]}
        assert row_of(found[k]) in rivals, (place[k], found[k], expected, distance[k])


def test_the_outer_lines_of_territorial_seas_are_twelve_miles_from_a_coast(layer, coasts):
    """Vertices and middles of edges of a sample of arcs between a sea and the high seas, in metres."""
    points, _, tree = coasts
    p = layer.partition
    is_sea = np.array([any(layer.regions[k].id.endswith("-sea") for k in cover) for cover in p.covers])
    is_high = np.array([not cover for cover in p.covers])
    outer = np.flatnonzero((is_sea[p.left] & is_high[p.right]) | (is_high[p.left] & is_sea[p.right]))
    lines = [p.vertices[p.arcs[k] : p.arcs[k + 1]] / 1e6 for k in outer]
    places = np.concatenate([np.vstack([line, (line[1:] + line[:-1]) / 2]) for line in lines])
    places = places[places[:, 1] > -60.0]  # one part of Antarctica has no sea, and an edge beside those that have
    places = places[np.random.default_rng(3).choice(len(places), 20_000, replace=False)]
    _, nearest = tree.query(ecef(places))
    error = GEOD.inv(*places.T, *points[nearest].T)[2] - TWELVE_MILES

    assert np.quantile(np.abs(error), 0.99) < 8.0
    assert np.abs(error).max() < 12.0  # 1 m of this is the spacing of the points
