"""Files of a search: densities, searched areas and tables of sweep widths, and what is wrong with them in one line."""

from __future__ import annotations

import json

import h3
import h3.api.numpy_int as h3_int
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from overflight.errors import InvalidInput
from overflight.geo.density import Density
from overflight.recover.search import Cells, Search, read_area, read_cells, searched_share, update, write_cells
from overflight.recover.search.sensors import from_range, read_table, sweep_widths

PLACE = h3.latlng_to_cell(45.0, -82.5, 7)
NEIGHBOUR = sorted(h3.grid_ring(PLACE, 1))[0]


def feature(cell=PLACE, probability=0.6, **more):
    return {"type": "Feature", "geometry": None, "properties": {"cell": cell, "probability": probability} | more}


def written(path, features, **more):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features} | more))
    return path


@pytest.mark.parametrize("suffix", [".geojson", ".parquet"])
def test_cells_come_back_as_they_were_written(tmp_path, suffix):
    cell = np.sort(np.array(h3_int.grid_disk(h3.str_to_int(PLACE), 3), np.uint64))
    mass = np.random.default_rng(1).dirichlet(np.ones(cell.size)) * 0.8
    area = np.array([h3_int.cell_area(int(c), "m^2") for c in cell])
    terrain = np.where(np.arange(cell.size) < 5, "forest", "").astype("U8")
    before = Cells(Density(cell, mass, 1.0 - float(mass.sum()), area), terrain, ({"area": "a"},), "envelope")
    write_cells(before, tmp_path / f"d{suffix}")
    after = read_cells(tmp_path / f"d{suffix}", "envelope")
    assert np.array_equal(after.density.cell, cell)
    assert np.allclose(after.density.probability, mass, rtol=1e-14)
    assert after.density.elsewhere == before.density.elsewhere
    assert after.terrain.tolist() == terrain.tolist()
    assert after.searches == before.searches


def test_a_density_of_the_house_is_read(tmp_path):
    density = Density.from_points([45.0, 45.1, 45.1], [-82.5, -82.5, -82.4], resolution=7, elsewhere=0.25)
    (tmp_path / "d.geojson").write_text(json.dumps(density.to_geojson()))
    read = read_cells(tmp_path / "d.geojson").density
    assert np.array_equal(read.cell, density.cell)
    assert np.allclose(read.probability, density.probability)
    assert read.elsewhere == 0.25


def test_classes_together_are_summed_and_one_alone_is_scaled(tmp_path):
    rows = [feature(probability=0.5, **{"class": "envelope"}), feature(probability=0.2, **{"class": "payload"}),
            feature(NEIGHBOUR, 0.2, **{"class": "payload"})]  # fmt: skip
    path = written(tmp_path / "d.geojson", rows, elsewhere=0.1)
    both = read_cells(path).density
    assert both.probability[both.cell == h3.str_to_int(PLACE)] == pytest.approx(0.7)
    one = read_cells(path, "payload").density
    assert one.probability.tolist() == pytest.approx([0.45, 0.45])
    assert one.elsewhere == 0.1


def test_classes_that_sum_to_1_each_are_read_one_at_a_time(tmp_path):
    rows = [feature(probability=1.0, **{"class": "envelope"}), feature(probability=0.8, **{"class": "payload"})]
    path = written(tmp_path / "d.geojson", rows, elsewhere={"payload": 0.2})
    assert read_cells(path, "payload").density.elsewhere == 0.2
    with pytest.raises(InvalidInput, match=r"class: got 2 without shares, expected one of them; envelope, payload"):
        read_cells(path)


def test_classes_of_a_landing_weigh_what_their_shares_say(tmp_path):
    rows = [feature(probability=1.0, **{"class": "envelope", "share": 0.75}),
            feature(NEIGHBOUR, 0.8, **{"class": "payload", "share": 0.25})]  # fmt: skip
    read = read_cells(written(tmp_path / "d.geojson", rows, elsewhere={"envelope": 0.0, "payload": 0.2})).density
    assert dict(zip(read.cell.tolist(), read.probability.tolist(), strict=True)) == {
        h3.str_to_int(PLACE): pytest.approx(0.75), h3.str_to_int(NEIGHBOUR): pytest.approx(0.2)}  # fmt: skip
    assert read.elsewhere == pytest.approx(0.05)


def test_what_a_class_of_a_table_lacks_to_1_lies_elsewhere(tmp_path):
    table = {"class": ["a", "b"], "cell": [PLACE, NEIGHBOUR], "probability": [1.0, 0.9]}
    pq.write_table(pa.table(table), tmp_path / "d.parquet")
    assert read_cells(tmp_path / "d.parquet", "b").density.elsewhere == pytest.approx(0.1)
    table["probability"] = [1.0, 1.0]
    pq.write_table(pa.table({name: [*values, values[0]] for name, values in table.items()}), tmp_path / "e.parquet")
    with pytest.raises(InvalidInput, match=r"e.parquet: density: got a sum of 2, expected probabilities that sum to 1"):
        read_cells(tmp_path / "e.parquet", "a")


@pytest.mark.parametrize(
    ("features", "more", "message"),
    [
        ([feature()], {}, "d.geojson: density: got a sum of 0.6, expected probabilities that sum to 1 with elsewhere"),
        ([feature()], {"elsewhere": 0.5}, "d.geojson: density: got a sum of 1.1, expected probabilities that sum to 1 "
         "with elsewhere"),
        ([], {}, "d.geojson: density: got no cells, expected at least one H3 cell with its probability"),
        ([feature(probability=-0.1)], {}, "d.geojson: feature 1: probability: got -0.1, expected a number from 0 to 1"),
        ([feature(probability="0.6")], {}, "d.geojson: feature 1: probability: got '0.6', expected a number from 0 to 1"),
        ([feature(cell="nowhere")], {}, "d.geojson: feature 1: cell: got 'nowhere', expected an H3 cell"),
        ([feature(terrain="swamp")], {"elsewhere": 0.4}, "d.geojson: feature 1: terrain: got 'swamp', expected one of "
         "open, hilly, mountain, forest, water"),
        ([feature()], {"elsewhere": 1.4}, "d.geojson: elsewhere: got 1.4, expected a number from 0 to below 1"),
        ([feature(), feature(h3.cell_to_parent(PLACE), 0.4)], {}, "d.geojson: cell: got cells of several sizes, expected "
         "H3 cells of one resolution"),
        ([3], {}, "d.geojson: feature 1: properties: got none, expected cell and probability"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_density_is_one_line(tmp_path, features, more, message):
    with pytest.raises(InvalidInput) as told:
        read_cells(written(tmp_path / "d.geojson", features, **more))
    assert str(told.value) == message


def test_parquet_that_is_none_or_lacks_columns_is_refused(tmp_path):
    (tmp_path / "d.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InvalidInput, match=r"d.parquet: density: got .*, expected Parquet"):
        read_cells(tmp_path / "d.parquet")
    pq.write_table(pa.table({"cell": [PLACE]}), tmp_path / "e.parquet")
    with pytest.raises(InvalidInput, match=r"e.parquet: density: got no column probability, expected cell and prob"):
        read_cells(tmp_path / "e.parquet")
    with pytest.raises(InvalidInput, match=r"density: got 'd.csv', expected a file that ends in .geojson"):
        read_cells(tmp_path / "d.csv")


SQUARE = [[-83, 44], [-82, 44], [-82, 46], [-83, 46], [-83, 44]]


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, "got a Point, expected a Polygon or MultiPolygon"),
        ({"type": "LineString", "coordinates": SQUARE}, "got a LineString, expected a Polygon or MultiPolygon"),
        (None, "got no geometry, expected a Polygon or MultiPolygon"),
        ({"type": "Polygon", "coordinates": []}, "got a polygon without a ring, expected closed rings"),
        ({"type": "Polygon", "coordinates": [SQUARE[:4]]}, "got a ring of 4 places that is not closed, expected closed "
         "rings of four places or more"),
        ({"type": "Polygon", "coordinates": [SQUARE[:2]]}, "got a ring of 2 places, expected closed rings of four places "
         "or more"),
        ({"type": "Polygon", "coordinates": [[["a", 1]] * 4]}, "got coordinates that are no places, expected [longitude, "
         "latitude]"),
        ({"type": "Polygon", "coordinates": [[[44, 95], [44, 93], [45, 93], [44, 95]]]}, "got a place off the Earth, "
         "expected [longitude, latitude] in degrees; are lat and lon swapped?"),
        ({"type": "Polygon", "coordinates": [[[1, 1], [2, 2], [3, 3], [1, 1]]]}, "got a ring around nothing, expected a "
         "polygon with an area"),
    ],
)  # fmt: skip
def test_a_searched_area_that_is_no_polygon_is_one_line(tmp_path, geometry, message):
    path = written(tmp_path / "a.geojson", [{"type": "Feature", "properties": {}, "geometry": geometry}])
    with pytest.raises(InvalidInput) as told:
        read_area(path)
    assert str(told.value) == f"a.geojson: feature 1: searched area: {message}"


def test_a_file_without_any_polygon_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"a.geojson: searched area: got no area, expected at least one Polygon"):
        read_area(written(tmp_path / "a.geojson", []))
    (tmp_path / "b.geojson").write_text("{")
    with pytest.raises(InvalidInput, match=r"b.geojson: searched area: got .*, expected JSON in UTF-8"):
        read_area(tmp_path / "b.geojson")


def test_an_area_over_the_antimeridian_is_one_however_it_is_written(tmp_path):
    uncut = [[179, -18], [-179, -18], [-179, -16], [179, -16], [179, -18]]
    beyond = [[179, -18], [181, -18], [181, -16], [179, -16], [179, -18]]
    halves = [[[[179, -18], [180, -18], [180, -16], [179, -16], [179, -18]]],
              [[[-180, -18], [-179, -18], [-179, -16], [-180, -16], [-180, -18]]]]  # fmt: skip
    shapes = [{"type": "Polygon", "coordinates": [uncut]}, {"type": "Polygon", "coordinates": [beyond]},
              {"type": "MultiPolygon", "coordinates": halves}]  # fmt: skip
    for number, shape in enumerate(shapes):
        path = tmp_path / f"{number}.geojson"
        path.write_text(json.dumps(shape))
        area = read_area(path)
        assert area.area == pytest.approx(4.0)
        assert area.covers(shapely.points([[179.5, -17.0], [-179.5, -17.0]])).all()


def test_holes_are_not_searched(tmp_path):
    hole = [[-82.6, 44.9], [-82.4, 44.9], [-82.4, 45.1], [-82.6, 45.1], [-82.6, 44.9]]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [SQUARE, hole]}))
    density = Density.from_points([45.0, 44.5], [-82.5, -82.5], resolution=7)
    share = searched_share(density, read_area(path))
    assert sorted(share.tolist()) == [0.0, pytest.approx(1.0)]


def test_half_a_cell_searched_loses_half_of_what_is_seen(tmp_path):
    lat, lon = h3.cell_to_latlng(PLACE)
    density = Density.from_points([lat, lat + 0.5], [lon, lon], resolution=7)
    half = shapely.box(-180.0, -90.0, lon, 90.0)
    share = searched_share(density, half)
    at = int(density.index_of(lat, lon)[0])
    assert share[at] == pytest.approx(0.5, abs=0.01)
    after = update(density, [Search(np.where(np.arange(2) == at, 0.5, 0.0), 0.6)])
    assert after.success == pytest.approx(0.15)
    assert after.density.probability[at] == pytest.approx(0.35 / 0.85)


def test_mass_returns_to_the_last_known_place_where_the_beacons_may_have_been_silent():
    """As with Air France 447: a circle searched by beacon first; that both were silent brings mass back into it.

    Stone et al. (2014), doi 10.1214/13-STS420: 0.9 of detection where beacons work. Synthetic: one cell searched.
    """
    density = Density.from_points([3.0] * 3 + [3.6], [-30.6] * 4, resolution=6)
    near = int(density.index_of(3.0, -30.6)[0])
    search = Search(np.where(np.arange(2) == near, 1.0, 0.0), 0.9)
    working, doubted = update(density, [search]), update(density, [search], blind=0.25)
    assert working.density.probability[near] == pytest.approx(0.075 / 0.325)
    assert doubted.density.probability[near] == pytest.approx(0.75 * 0.325 / (0.75 * 0.325 + 0.25))
    assert doubted.density.probability[near] > 2 * working.density.probability[near]
    assert doubted.blind == pytest.approx(0.25 / (0.75 * 0.325 + 0.25))


@pytest.mark.parametrize("pod", [-0.1, 1.01, float("nan")])
def test_a_pod_outside_0_to_1_is_refused(pod):
    with pytest.raises(InvalidInput, match=r"pod: got .*, expected a probability from 0 to 1"):
        Search(np.ones(1), pod)


def test_searches_that_leave_no_place_are_refused():
    density = Density.from_points([45.0], [-82.5], resolution=7)
    with pytest.raises(InvalidInput, match="pod: got searches that leave no place"):
        update(density, [Search(np.ones(1), 1.0)])
    with pytest.raises(InvalidInput, match="blind: got 2, expected a probability from 0 to 1"):
        update(density, [], blind=2.0)


def test_every_row_of_the_table_has_a_source_and_less_is_seen_in_thicker_cover():
    assert all(row["source"] for row in read_table())
    for sensor in ("aircraft", "helicopter"):
        for size in ("small", "large"):
            width = sweep_widths(sensor, size).width_m
            assert width["open"] > width["hilly"] > width["mountain"] > width["forest"] > 0.0


def test_detection_range_gives_the_width_that_koester_et_al_2014_found():
    assert from_range(50.0, "high").width_m["forest"] == pytest.approx(90.0)
    assert from_range(50.0, "low").width_m["open"] == pytest.approx(55.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sensor,terrain\n", "t.csv: sensors: got no column object, sweep_width_m, source, expected columns sensor, "
         "terrain, object, sweep_width_m, source"),
        ("sensor,terrain,object,sweep_width_m,source\ndrone,swamp,small,50,own\n", "t.csv:2: terrain: got 'swamp', "
         "expected one of open, hilly, mountain, forest, water"),
        ("sensor,terrain,object,sweep_width_m,source\ndrone,open,small,wide,own\n", "t.csv:2: sweep_width_m: got 'wide', "
         "expected metres, 0 to 100,000"),
        ("sensor,terrain,object,sweep_width_m,source\nkite,open,small,50,own\n", "sensor: got drone (small), which has no "
         "row, expected one of kite (small); give --sweep-width, or --detection-range: from how far away a like object is "
         "just noticed"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_one_line(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InvalidInput) as told:
        sweep_widths("drone", "small", tmp_path / "t.csv")
    assert str(told.value) == message


def test_a_table_of_ones_own_replaces_the_one_shipped(tmp_path):
    (tmp_path / "t.csv").write_text("sensor,terrain,object,sweep_width_m,source\ndrone,open,small,50,own trial\n")
    found = sweep_widths("drone", "small", tmp_path / "t.csv")
    assert found.width_m == {"open": 50.0}
    assert found.source == {"open": "own trial"}
