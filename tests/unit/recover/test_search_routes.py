"""Legs that can be followed: they cover what was chosen, cost what is paid, and are read by others."""

from __future__ import annotations

import io
import itertools
import json

import gpxpy
import h3.api.numpy_int as h3_int
import numpy as np
import pytest
import shapely
from lxml import etree

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.geo.density import Density
from overflight.recover.search import WRITERS, Cells, Effort, plan, sweep_widths
from overflight.recover.search.legs import sweeps
from overflight.recover.search.plane import Plane
from overflight.recover.search.sensors import fixed
from overflight.recover.search.sorties import ordered
from overflight.recover.search.swept import Ground

PLACES = {"lake": (45.0, -82.5), "antimeridian": (-17.0, 179.98), "pole": (89.97, 30.0), "south": (-89.99, 0.0)}


def cells_at(lat: float, lon: float, rings: int = 5, resolution: int = 7) -> Cells:
    """Return a peak of probability about a place, 5 % elsewhere."""
    cell = np.sort(np.array(h3_int.grid_disk(h3_int.latlng_to_cell(lat, lon, resolution), rings), np.uint64))
    centre = np.array([h3_int.cell_to_latlng(int(c)) for c in cell])
    away = sphere.distance_m(lat, lon, centre[:, 0], centre[:, 1])
    mass = np.exp(-0.5 * (away / 6000.0) ** 2)
    mass *= 0.95 / mass.sum()
    area = np.array([h3_int.cell_area(int(c), "m^2") for c in cell])
    return Cells(Density(cell, mass, 1.0 - float(mass.sum()), area), np.full(cell.size, "", "U8"))


def effort_at(lat: float, lon: float, **changed) -> Effort:
    y, x = sphere.move(lat, lon, 250.0, 30_000.0)
    return Effort(**{"hours": 5.0, "speed_ms": 50.0, "base": (float(y), float(x)), "endurance_h": 2.5} | changed)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("spacing", [400.0, 1500.0, 20_000.0])
def test_legs_cover_every_place_of_the_cells_at_the_stated_spacing(place, number, spacing):
    density = cells_at(*place).density
    chosen = np.flatnonzero(density.region(0.6))
    outlines = [density.outlines()[i] for i in chosen]
    laid = sweeps(outlines, spacing, number)
    ground = Ground(density, np.full(density.cell.size, spacing), np.ones(density.cell.size, bool))
    legs = ordered(laid, place)
    swept = shapely.union_all(ground.swaths(legs))
    wanted = shapely.union_all(ground.shapes[chosen], grid_size=1e-3)
    left = shapely.difference(wanted, shapely.buffer(swept, 0.001 * spacing + 1.0))
    assert left.area < 1e-6 * wanted.area


def test_neighbouring_rows_stand_a_spacing_apart():
    density = cells_at(45.0, -82.5).density
    (sweep,) = sweeps([density.outlines()[i] for i in np.flatnonzero(density.region(0.6))], 700.0)
    plane = Plane(45.0, -82.5)
    middle = []
    for row in sweep.rows:
        (a, b) = row[0][0], row[-1][1]
        middle.append(np.column_stack(plane.xy([a[0], b[0]], [a[1], b[1]])))
    for a, b in itertools.pairwise(middle):
        along = (a[1] - a[0]) / np.hypot(*(a[1] - a[0]))
        across = abs(float(along[0] * (b[0] - a[0])[1] - along[1] * (b[0] - a[0])[0]))
        assert across == pytest.approx(700.0, rel=1e-3)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_plan_spends_what_it_has_and_each_sortie_comes_home(place):
    effort = effort_at(*place, searchers=2)
    found = plan(cells_at(*place), fixed(600.0), effort)
    assert 1 <= len(found.sorties) <= len(effort.sorties()) == 4
    for sortie, (_, hours) in zip(found.sorties, effort.sorties(), strict=False):
        places = np.array(sortie.places())
        assert tuple(places[0]) == tuple(places[-1]) == effort.base
        flown = sphere.distance_m(places[:-1, 0], places[:-1, 1], places[1:, 0], places[1:, 1]).sum()
        assert flown == pytest.approx(sortie.search_m + sortie.turning_m + sortie.transit_m, rel=1e-9)
        assert sortie.hours <= hours * (1 + 1e-9)
        on_scene = (sortie.search_m + sortie.turning_m) / (50.0 * 0.85) / 3600.0
        assert sortie.hours == pytest.approx(on_scene + sortie.transit_m / 50.0 / 3600.0, rel=1e-12)
        assert sphere.distance_m(places[:-1, 0], places[:-1, 1], places[1:, 0], places[1:, 1]).max() < 100_000.0
    assert found.track_m == pytest.approx(sum(leg.length_m for s in found.sorties for leg in s.legs))
    spent = float((found.coverage / found.sweep_width_m * found.density.cell_area_m2).sum())
    assert 0.8 * found.track_m < spent <= found.track_m * 1.001  # what is swept beyond the last cell is not counted


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_plan_finds_nearly_as_often_as_the_best_of_as_much_track(place):
    found = plan(cells_at(*place), fixed(600.0), effort_at(*place))
    assert 0.8 * found.best < found.success <= found.best + 1e-6
    assert found.success == pytest.approx(float(found.density.probability @ found.pod))
    assert found.success <= found.containment
    assert found.curve.planned[-1] == pytest.approx(found.success, rel=1e-9)
    assert np.all(np.diff(found.curve.planned) >= -1e-12)
    assert np.all(np.diff(found.curve.best) >= -1e-12)


def test_a_searcher_on_foot_covers_a_part_of_one_cell():
    effort = effort_at(45.0, -82.5, hours=6.0, speed_ms=0.7, transit_ms=15.0, endurance_h=None)
    found = plan(cells_at(45.0, -82.5), fixed(40.0), effort)
    assert 0.0 < found.success < 0.01
    assert found.hours <= 6.0


def test_a_second_pass_crosses_the_first_where_there_is_effort_left():
    found = plan(cells_at(45.0, -82.5, rings=2), fixed(900.0), effort_at(45.0, -82.5, hours=10.0, endurance_h=5.0))
    assert {leg.number for sortie in found.sorties for leg in sortie.legs} >= {0, 1}
    assert found.coverage.max() > 1.5


def test_a_base_too_far_for_the_endurance_is_refused():
    with pytest.raises(InvalidInput, match=r"base: got 17\.3 km to the nearest cell") as told:
        plan(cells_at(45.0, -82.5), fixed(600.0), effort_at(45.0, -82.5, endurance_h=0.1))
    assert "expected less than 9.0 km, half of 0.1 h at 180 km/h, with time left" in str(told.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hours": 0.0}, "hours: got 0 h, expected more than 0"),
        ({"speed_ms": -1.0}, "speed: got -1 m/s, expected more than 0"),
        ({"searchers": 0}, "searchers: got 0, expected more than 0"),
        ({"endurance_h": 0.0}, "endurance: got 0 h, expected more than 0"),
        ({"transit_ms": float("nan")}, "transit speed: got nan m/s, expected more than 0"),
        ({"on_legs": 0.0}, "share on legs: got 0, expected more than 0, at most 1"),
        ({"base": (91.0, 0.0)}, "base: got 91,0, expected latitude and longitude in degrees"),
    ],
)
def test_effort_that_is_none_is_refused(changed, message):
    with pytest.raises(InvalidInput) as told:
        effort_at(45.0, -82.5, **changed)
    assert str(told.value) == message


def test_terrain_of_the_file_and_the_sea_set_the_sweep_width():
    cells = cells_at(45.0, -82.5)
    cells.terrain[:3] = "forest"
    found = plan(cells, sweep_widths("aircraft", "small"), effort_at(45.0, -82.5), land="hilly")
    assert found.terrain[:3].tolist() == ["forest"] * 3
    assert set(found.sweep_width_m) == {90.0, 450.0}
    at_sea = plan(cells_at(50.0, -30.0), sweep_widths("helicopter", "large"), effort_at(50.0, -30.0))
    assert set(at_sea.terrain) == {"water"}
    assert set(at_sea.sweep_width_m) == {4074.0}
    with pytest.raises(InvalidInput, match="terrain: got 'open', expected one that the sensor has a width for: water"):
        plan(cells_at(45.0, -82.5), sweep_widths("boat", "large"), effort_at(45.0, -82.5))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_gpx_is_read_by_gpxpy(place):
    found = plan(cells_at(*place), fixed(600.0), effort_at(*place))
    read = gpxpy.parse(io.BytesIO(WRITERS[".gpx"](found)))
    assert [w.name for w in read.waypoints] == ["base"]
    assert len(read.routes) == len(found.sorties)
    for route, sortie in zip(read.routes, found.sorties, strict=True):
        written = np.array([(p.latitude, p.longitude) for p in route.points])
        wanted = np.array(sortie.places())
        off = sphere.distance_m(written[:, 0], written[:, 1], wanted[:, 0], wanted[:, 1])
        assert off.max() < 0.2  # six digits of a degree
        assert np.all((written[:, 1] >= -180.0) & (written[:, 1] < 180.0))
        assert route.points[0].name == route.points[-1].name == "base"


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_kml_and_geojson_hold_the_same_lines_and_none_runs_round_the_earth(place):
    found = plan(cells_at(*place), fixed(600.0), effort_at(*place))
    root = etree.fromstring(WRITERS[".kml"](found))
    spaces = {"k": "http://www.opengis.net/kml/2.2"}
    marks = root.findall(".//k:Placemark", spaces)
    drawn = [
        [[float(v) for v in place.split(",")] for place in line.text.split()]
        for line in root.findall(".//k:LineString/k:coordinates", spaces)
    ]
    assert len(marks) == 1 + len(found.sorties)
    document = json.loads(WRITERS[".geojson"](found))
    lines = [
        line
        for feature in document["features"]
        if feature["properties"]["kind"] == "sortie"
        for line in (
            [feature["geometry"]["coordinates"]]
            if feature["geometry"]["type"] == "LineString"
            else feature["geometry"]["coordinates"]
        )
    ]
    assert len(lines) == len(drawn)
    for a, b in zip(lines, drawn, strict=True):
        assert np.allclose(a, b, atol=2e-6)
        assert np.abs(np.diff(np.array(a)[:, 0])).max() <= 180.0
        assert np.abs(np.array(a)[:, 0]).max() <= 180.0
    swept = [f["properties"] for f in document["features"] if f["properties"]["kind"] == "swept"]
    assert sum(s["success"] for s in swept) == pytest.approx(found.success, rel=0.01)
    assert all(shapely.from_geojson(json.dumps(f["geometry"])).is_valid for f in document["features"])
