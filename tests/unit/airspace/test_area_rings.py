"""Rings over the antimeridian and round the poles, and rings that are not sound."""

from __future__ import annotations

import pytest
import shapely
from area_files import rings

from overflight.airspace.sources import Naming, read_regions
from overflight.errors import InvalidInput


def area(tmp_path, *polygons, **options):
    _, (geometry,) = read_regions(rings(tmp_path / "a.geojson", *polygons, name="Box"), **options)
    assert geometry.is_valid
    west, south, east, north = geometry.bounds
    assert west >= -180
    assert east <= 180
    assert south >= -90
    assert north <= 90
    return geometry


def refused(tmp_path, *polygons) -> str:
    with pytest.raises(InvalidInput) as caught:
        area(tmp_path, *polygons)
    return str(caught.value).removeprefix("a.geojson: feature 1 (Box): geometry: ")


def has(geometry, lon, lat) -> bool:
    return bool(shapely.contains_xy(geometry, lon, lat))


JUMPS = [[170, -20], [-170, -20], [-170, -10], [170, -10], [170, -20]]
ON = [[170, -20], [190, -20], [190, -10], [170, -10], [170, -20]]
BACK = [[-190, -20], [-170, -20], [-170, -10], [-190, -10], [-190, -20]]


@pytest.mark.parametrize("ring", [JUMPS, JUMPS[::-1], ON, BACK], ids=["jumps", "turned", "on", "back"])
def test_a_ring_over_the_antimeridian_is_cut(tmp_path, ring):
    cut = area(tmp_path, [ring])
    assert cut.area == pytest.approx(200.0)
    assert has(cut, 179, -15)
    assert has(cut, -179, -15)
    assert not has(cut, 0, -15)


@pytest.mark.parametrize("hole", [
    [[178, -16], [-178, -16], [-178, -14], [178, -14], [178, -16]],
    [[-179, -16], [-177, -16], [-177, -14], [-179, -14], [-179, -16]],
])  # fmt: skip
def test_a_hole_goes_with_its_ring_over_the_antimeridian(tmp_path, hole):
    cut = area(tmp_path, [JUMPS, hole])
    assert cut.area == pytest.approx(200.0 - abs(shapely.Polygon([((x + 360) % 360, y) for x, y in hole]).area))
    assert not has(cut, -178.5, -15)


@pytest.mark.parametrize(("lat", "pole"), [(-70, -89.9), (75, 89.9)])
@pytest.mark.parametrize("turn", [1, -1])
def test_a_ring_round_a_pole_is_closed_through_it(tmp_path, lat, pole, turn):
    ring = [[lon, lat + lon % 7 / 10] for lon in range(-180, 180, 30)][::turn]
    cap = area(tmp_path, [[*ring, ring[0]]])
    for lon in (-179.5, -60, 0, 120, 179.5):
        assert has(cap, lon, pole)
        assert not has(cap, lon, 0)


def test_a_ring_that_is_closed_through_the_pole_already_stays(tmp_path):
    ring = [[-180, -90], [180, -90], [180, -70], [0, -65], [-180, -70], [-180, -90]]
    assert area(tmp_path, [ring]).equals(shapely.Polygon(ring))


def test_a_band_around_the_globe_stays(tmp_path):
    assert area(tmp_path, [[[-180, 0], [180, 0], [180, 30], [-180, 30], [-180, 0]]]).area == pytest.approx(360 * 30)


def test_a_ring_round_the_globe_that_names_no_pole_is_refused(tmp_path):
    ring = [[lon, 10 if lon % 60 else -10] for lon in range(-180, 180, 30)]
    assert refused(tmp_path, [[*ring, ring[0]]]) == (
        "got a ring around the globe, between -10 and 10 degrees north, expected one that says which pole is inside; cut it "
        "at the antimeridian and close it along the pole"
    )


def test_an_edge_that_may_go_either_way_round_is_refused(tmp_path):
    assert refused(tmp_path, [[[-100, 0], [100, 0], [100, 10], [-100, 10], [-100, 0]]]) == (
        "got an edge from -100 0 to 100 0, that may go either way round, expected edges of less than 180 degrees; put places "
        "between, or cut it at the antimeridian (RFC 7946, 3.1.9)"
    )


def test_a_ring_that_crosses_itself_is_refused_with_the_place_and_repaired_only_where_asked(tmp_path, caplog):
    bow = [[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]
    assert refused(tmp_path, [bow]) == (
        "got a ring that crosses itself at 1 1, expected rings that do not cross; mend it in the program that drew it, or "
        "let it be repaired with repair=True"
    )
    assert area(tmp_path, [bow], naming=Naming(repair=True)).area == pytest.approx(2.0)
    assert caplog.messages == [
        "a.geojson: areas that were not sound were repaired: 1, the first feature 1 (Box), a ring that crosses itself at 1 1"
    ]


def test_a_ring_that_touches_itself_has_one_inside(tmp_path):
    ring = [[0, 0], [4, 0], [4, 4], [2, 0], [0, 4], [0, 0]]
    assert area(tmp_path, [ring]).area == pytest.approx(8.0)


@pytest.mark.parametrize(("polygons", "said"), [
    ([[[[0, 0], [1, 0], [1, 1], [0, 1]]]], "got a ring from 0 0 that ends at 0 1, expected rings that end where they begin"),
    ([[[[0, 0], [1, 0], [0, 0]]]], "got a ring of 3 places, expected at least four, the last as the first"),
    ([[[[0, 0], [1, 0], [2, 0], [0, 0]]]], "got "),
    ([[[[10, 138], [12, 138], [12, 140], [10, 138]]]], "got the place 10 138, expected longitude and latitude in degrees; are lat and lon swapped?"),
    ([[[[5e5, 5e6], [6e5, 5e6], [6e5, 6e6], [5e5, 5e6]]]], "got the place 500000 5e+06, expected longitude and latitude in degrees; is it in metres? reproject it to EPSG:4326"),
    ([[[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[8, 8], [9, 8], [9, 9], [8, 8]]]], "got a hole at 8 8 outside its polygon, expected holes inside"),
    ([[[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]], [[[2, 2], [6, 2], [6, 6], [2, 6], [2, 2]]]], "got parts that overlap at "),
])  # fmt: skip
def test_rings_that_are_not_sound(tmp_path, polygons, said):
    assert refused(tmp_path, *polygons).startswith(said)


def test_parts_that_were_cut_along_a_line_are_joined(tmp_path):
    halves = [[[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]], [[[2, 0], [4, 0], [4, 2], [2, 2], [2, 0]]]]
    assert area(tmp_path, *halves).equals(shapely.box(0, 0, 4, 2))
