"""Exposure: chances and their errors, first arrivals by a closed form, who is exposed, and what is refused."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import shapely
import xarray as xr

from overflight.airspace import countries
from overflight.airspace.exposure import (
    Plan,
    crossing_many,
    dates_between,
    expose,
    flights,
    lorenz,
    open_cube,
    origins,
    places_of,
    ranking,
)
from overflight.airspace.exposure.checkpoint import Checkpoint, folder_of
from overflight.airspace.exposure.crossed import names
from overflight.airspace.exposure.cube import interval
from overflight.airspace.exposure.flights import fly
from overflight.airspace.exposure.tally import together
from overflight.airspace.shapes import shapes
from overflight.case import export
from overflight.drift import Settings, flows
from overflight.drift.parts import largest_part
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import sphere
from overflight.geo.spread import Spread

SPIN = flows.winds(flows.SolidRotation(days=10.0, altitude_m=18_000.0), step_deg=10.0, hours=np.arange(0, 121, 12))
WAVE = flows.winds(flows.Wave(), step_deg=10.0, hours=np.arange(0, 121, 12))
DEGREES_AN_HOUR = 1.5


def plan_of(**changed) -> Plan:
    asked = {
        "places": places_of(["grid:60"]),
        "levels_m": (12_000.0, Spread("normal", 18_000.0, 300.0)),
        "dates": dates_between(np.datetime64("2023-01-01"), np.datetime64("2023-01-03"), 24.0),
        "days": 2.0,
        "members": 3,
        "seed": 7,
    }
    return Plan(**(asked | changed))


def same(a: xr.Dataset, b: xr.Dataset) -> bool:
    return a.identical(b)


# Places


@pytest.mark.parametrize(
    ("text", "name", "lat", "lon"),
    [
        ("Fort Sumner", "Fort Sumner, US", 34.4731, -104.2422),
        ("kiruna", "Esrange, Kiruna, SE", 67.8833, 21.1167),
        ("-10.5, 300", "10.5S 60W", -10.5, -60.0),
        ("0,180", "0N 180W", 0.0, -180.0),
    ],
)
def test_a_place_by_name_or_by_latitude_and_longitude(text, name, lat, lon):
    (place,) = places_of([text])
    assert place.name == name
    assert (place.lat, place.lon) == pytest.approx((lat, lon))


@pytest.mark.parametrize("step", [5.0, 10.0, 22.5])
def test_places_of_a_grid_stand_evenly_over_the_earth(step):
    places = places_of([f"grid:{step:g}"])
    lat, lon = (np.array([getattr(p, n) for p in places]) for n in ("lat", "lon"))
    apart = sphere.distance_m(lat[:, None], lon[:, None], lat, lon) / 111_195.0
    np.fill_diagonal(apart, np.inf)
    assert len({p.name for p in places}) == len(places) == pytest.approx(41_253.0 / step**2, rel=0.05)
    assert apart.min(axis=1).max() < 1.15 * step
    assert np.mean(np.sin(np.radians(lat)) ** 2) == pytest.approx(1.0 / 3.0, abs=0.02)  # as of points even on a sphere


def test_all_sites_of_a_kind_and_a_place_named_twice():
    assert len(places_of(["sites:long_duration"])) == 24
    assert len(places_of(["Kiruna", "esrange, kiruna", "1,1", "1,1"])) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Fort Sumnr", "--from: got 'Fort Sumnr', expected a site, LAT,LON in degrees, grid:10 in degrees, or "
         "sites:long_duration; did you mean Fort Sumner?"),
        ("100,20", "--from: got '100,20', expected degrees in [-90, 90] and [-180, 360]; are lat and lon swapped?"),
        ("grid:0.1", "--from: got 'grid:0.1', expected a grid of 1 to 90 degrees, as grid:10"),
        ("grid:nan", "--from: got 'grid:nan', expected a grid of 1 to 90 degrees, as grid:10"),
        ("sites:castle", "--from: got 'sites:castle', expected a kind of radiosonde, long_duration, spaceport"),
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused(text, line):
    with pytest.raises(InvalidInput) as refused:
        places_of([text])
    assert str(refused.value) == line


def test_a_name_that_many_sites_have_lists_some_of_them():
    with pytest.raises(InvalidInput, match=r"'airport', which \d+ sites have, expected the name of one; .*; .*\.\.\."):
        places_of(["airport"])


# Plans


@pytest.mark.parametrize(
    ("seasons", "date", "season"),
    [("quarter", "2023-12-01", 0), ("quarter", "2023-02-28", 0), ("quarter", "2023-03-01", 1), ("quarter", "1969-11-30", 3),
     ("month", "2023-12-31", 11), ("month", "1960-01-01", 0), ("all", "2023-07-01", 0)],
)  # fmt: skip
def test_the_season_of_a_date(seasons, date, season):
    assert plan_of(seasons=seasons).season_of(f"{date}T00:00:00Z") == season


def test_dates_end_with_the_last_that_the_step_meets():
    start, end = np.datetime64("2023-01-01T06"), np.datetime64("2023-01-02T07")
    assert dates_between(start, end, 12.0) == (
        "2023-01-01T06:00:00Z",
        "2023-01-01T18:00:00Z",
        "2023-01-02T06:00:00Z",
    )
    with pytest.raises(
        InvalidInput, match=r"--end: got 2023-01-01T06:00:00Z, expected a time not before --start, 2023"
    ):
        dates_between(end, start, 12.0)


def test_levels_spread_as_they_are_asked_for_and_keep_to_their_balloon():
    plan = plan_of(members=400)
    pressure = plan.pressures_pa(plan.dates[0]).reshape(len(plan.places), 2, 400)
    assert np.ptp(pressure[:, 0]) == 0.0
    assert np.log(pressure[:, 1]).std() == pytest.approx(300.0 / 6_341.0, rel=0.05)  # scale height at 216.65 K
    more = replace(plan, places=(*plan.places, *places_of(["1,1"])))
    assert np.array_equal(more.pressures_pa(plan.dates[0])[: pressure.size], pressure.ravel())
    assert not np.array_equal(plan.pressures_pa(plan.dates[1]), pressure.ravel())


REFUSED = {
    "a level above the winds": ({"levels_m": (40_000.0,)}, "a float at 40000 m, 2.871 hPa, have 2023-01-01"),
    "a level below the winds": ({"levels_m": (-400.0,)}, "a float at -400 m, 1062 hPa, have 2023-01-01"),
    "some dates": (
        {"days": 4.0},
        "1 of 3 dates of release with 4 days after each (2023-01-03T00:00:00Z), have 2023-01-01T00:00:00Z to 2023-01-06",
    ),
}


@pytest.mark.parametrize(("changed", "words"), REFUSED.values(), ids=REFUSED)
def test_what_the_winds_do_not_cover_is_refused_by_name(changed, words, tmp_path):
    with pytest.raises(OutOfCoverage) as refused:
        expose(SPIN, plan_of(**changed), tmp_path / "cube.zarr")
    assert f"winds: asked for {words}" in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_winds_with_a_hole_are_refused_for_the_dates_over_it(tmp_path):
    holed = SPIN.isel(time=[0, 1, 2, 3, 4, 7, 8, 9, 10])
    with pytest.raises(OutOfCoverage, match=r"3 of 3 dates of release with 2\.5 days after each"):
        expose(holed, plan_of(days=2.5), tmp_path / "cube.zarr")


# Flights


def _border_lon(country: str, lat: float, west: float) -> float:
    """Return where a parallel first enters a country, going east."""
    (shape,) = shapes(countries(), [country], by="country")
    inside = shapely.intersection(shape, shapely.LineString([(west, lat), (179.0, lat)]))
    return float(shapely.get_coordinates(inside)[:, 0].min())


def test_first_arrivals_and_hours_are_those_of_a_known_flight(tmp_path):
    """From 8 N 30 W, 1.5 degrees an hour to the east, over Sierra Leone, Guinea, Ivory Coast and so on."""
    plan = plan_of(places=places_of(["8,-30"]), levels_m=(18_000.0,), wind_error=False, members=2)
    cube = expose(SPIN, plan, tmp_path / "cube.zarr").isel(launch=0, level=0, season=0).set_index(country="country")
    for country in ("SLE", "GIN", "CIV", "GHA", "NGA", "CMR", "TCD"):
        one = cube.sel(country=country)
        hours = (_border_lon(country, 8.0, -30.0) + 30.0) / DEGREES_AN_HOUR
        assert float(one["probability"]) == 1.0
        assert one["first_arrival"].values.tolist() == [np.floor(hours)] * 3
    assert float(cube["probability"].sel(country="BRA")) == 0.0
    assert float(cube["lost"]) == 0.0
    inside = shapely.intersection(
        shapely.union_all(shapes(countries(), names().ids, by="country")),
        shapely.LineString([(-30.0, 8.0), (-30.0 + 72.0, 8.0)]),
    )
    assert float(cube["hours"].sum()) == pytest.approx(inside.length / DEGREES_AN_HOUR, abs=0.1)


def test_the_cube_is_the_same_on_any_number_of_threads_and_in_any_parts(tmp_path, monkeypatch):
    plan = plan_of(members=30)
    one = expose(WAVE, plan, tmp_path / "one.zarr", threads=1)
    assert same(expose(WAVE, plan, tmp_path / "two.zarr", threads=2), one)
    assert same(expose(WAVE, plan, tmp_path / "six.zarr", threads=6), one)
    monkeypatch.setattr(flights, "MEMORY_BYTES", 2**20)
    assert largest_part(plan.hours, Settings(memory_bytes=2**20)) < plan.releases * plan.members
    assert same(expose(WAVE, plan, tmp_path / "parts.zarr"), one)


def test_a_place_a_date_and_more_winds_change_nothing_of_the_others(tmp_path):
    plan = plan_of(dates=("2023-01-02T00:00:00Z",))
    one = expose(WAVE, plan, tmp_path / "one.zarr")
    more = replace(plan, places=(*plan.places, *places_of(["10,10"])))
    assert same(expose(WAVE, more, tmp_path / "more.zarr").isel(launch=slice(0, -1)).assign_attrs(one.attrs), one)
    cut = WAVE.isel(time=slice(2, 7))
    assert same(expose(cut, plan, tmp_path / "cut.zarr"), one)


def test_tallies_add_up_in_any_order():
    plan = plan_of()
    parts = [fly(WAVE, plan, date) for date in plan.dates]
    forth, back = together(parts), together(parts[::-1])
    for field in fields(forth):
        assert np.array_equal(getattr(forth, field.name), getattr(back, field.name))
    assert forth.with_number.sum() == len(plan.dates) * plan.releases * plan.members
    release, area = np.divmod(forth.pair, len(names().ids))
    per_country = np.bincount(release, forth.balloons * names().is_country[area], plan.releases)
    assert np.array_equal(per_country, np.bincount(forth.release, forth.number * forth.with_number, plan.releases))


def test_balloons_that_leave_the_winds_are_counted_as_lost(tmp_path):
    regional = flows.winds(flows.SolidRotation(days=10.0), step_deg=10.0, hours=np.arange(0, 121, 12))
    regional = regional.sel(lon=slice(0.0, 60.0), lat=slice(-20.0, 40.0))
    plan = plan_of(places=places_of(["10,10", "10,50"]), levels_m=(18_000.0,), days=1.0, wind_error=False)
    cube = expose(regional, plan, tmp_path / "cube.zarr")
    assert cube["lost"].values.ravel().tolist() == [0.0, 1.0]


# Chances and their errors


def _counted(counts, members):
    """Return a probability and its standard error from the balloons of each date that crossed."""
    k = np.asarray(counts, float)
    return k.mean() / members, (k / members).std(ddof=1) / np.sqrt(k.size)


def test_errors_are_taken_from_the_spread_of_the_dates(tmp_path):
    plan = plan_of(members=4)
    cube = expose(WAVE, plan, tmp_path / "cube.zarr")
    tallies = [fly(WAVE, plan, date) for date in plan.dates]
    n = len(names().ids)
    counts = np.stack([np.bincount(t.pair, t.balloons, plan.releases * n) for t in tallies])
    seconds = np.stack([np.bincount(t.pair, t.seconds, plan.releases * n) for t in tallies])
    for name, values in (("probability", counts), ("hours", seconds / 3600.0)):
        mean, error = np.apply_along_axis(_counted, 0, values, plan.members)
        assert cube[name].isel(season=0).values.ravel() == pytest.approx(mean, rel=1e-6)
        assert cube[f"{name}_se"].isel(season=0).values.ravel() == pytest.approx(error, rel=1e-5, abs=1e-9)


def test_the_interval_holds_the_truth_where_balloons_of_a_date_fly_alike():
    """Dates of which all balloons cross or none: as many independent trials as dates, whatever the members."""
    rng = np.random.default_rng(5)
    truth, dates, members, runs = 0.3, 40, 50, 4000
    k = members * rng.binomial(1, truth, (runs, dates))
    p, se = k.mean(axis=1) / members, (k / members).std(axis=1, ddof=1) / np.sqrt(dates)
    low, high = interval(p, se, dates, members)
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.95, abs=0.02)


def test_an_interval_never_says_never_or_always():
    low, high = interval(np.array([0.0, 1.0]), np.zeros(2), 60, 10)
    assert low.tolist() == [0.0, 0.95]
    assert high.tolist() == [0.05, 1.0]


def test_the_error_of_a_single_date_is_not_known(tmp_path):
    cube = expose(WAVE, plan_of(dates=("2023-01-01T00:00:00Z",)), tmp_path / "cube.zarr")
    assert np.isnan(cube["probability_se"]).all()
    assert (cube["probability_high"] >= cube["probability"]).all()


# Answers


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    plan = plan_of(places=places_of(["grid:30"]), days=3.0, seasons="month")
    return expose(WAVE, plan, tmp_path_factory.mktemp("cube") / "cube.zarr")


def test_shares_add_up_and_the_chances_agree_with_each_other(cube):
    table = ranking(cube)
    assert table["share"].sum() == pytest.approx(1.0)
    assert table["hours"].is_monotonic_decreasing
    expected = float(cube["probability"].isel(country=cube["is_country"].values.astype(bool)).sum("country").mean())
    numbers = cube["probability_at_least"].isel(number=slice(1, None)).sum("number")
    assert float(numbers.mean()) == pytest.approx(
        expected, rel=1e-5
    )  # the mean is the sum of the chances of at least n
    assert (cube["probability_at_least"].diff("number") <= 1e-7).all()
    assert (cube["probability_at_least"].isel(number=0) == 1.0).all()
    top = str(table["id"][0])
    from_where = origins(cube, top)
    assert from_where["share"].sum() == pytest.approx(1.0)
    assert from_where["share"].is_monotonic_decreasing
    assert origins(cube, str(table["name"][0]).upper()).equals(from_where)


def test_the_count_of_places_is_that_of_the_chances(cube):
    table = crossing_many(cube, 3)
    chance = cube["probability_at_least"].isel(number=3)
    assert len(table) == cube.sizes["level"] * cube.sizes["season"]
    assert table["places_any"].tolist() == (chance > 0).sum("launch").values.ravel().tolist()
    assert table["places_likely"].tolist() == (chance >= 0.5).sum("launch").values.ravel().tolist()
    assert (table["places_any"] > 0).any()
    assert (crossing_many(cube, 200)["places_any"] == 0).all()


@pytest.mark.parametrize(
    ("hours", "gini"), [([1.0, 1.0, 1.0, 1.0], 0.0), ([0.0, 0.0, 0.0, 8.0], 0.75), ([0.0, 1.0], 0.5)]
)
def test_the_curve_of_exposure(hours, gini):
    data = xr.Dataset({"hours": (("launch", "level", "season", "country"), np.reshape(hours, (1, 1, 1, -1))),
                       "dates": ("season", [3])})  # fmt: skip
    curve = lorenz(data)
    assert curve.gini == pytest.approx(gini)
    assert (curve.hours <= curve.countries + 1e-12).all()
    assert curve.hours[[0, -1]].tolist() == [0.0, 1.0]


def test_an_unknown_country_is_refused(cube):
    with pytest.raises(
        InvalidInput, match=r"--over: got 'Canadia', expected a country of the cube, as CAN; did you mean Can"
    ):
        origins(cube, "Canadia")


@pytest.mark.parametrize("name", ["cube.zarr", "cube.nc"])
@pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning")
def test_a_cube_is_read_as_it_was_written(cube, name, tmp_path):
    export.write(cube, tmp_path / name)
    back = open_cube(tmp_path / name)
    xr.testing.assert_equal(back, cube)
    assert {k: v for k, v in back.attrs.items() if v != ""} == {k: v for k, v in cube.attrs.items() if v != ""}


def test_what_is_no_cube_is_refused(tmp_path):
    (tmp_path / "text.nc").write_text("no cube")
    SPIN.to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    for name, words in (("none.nc", "No such file"), ("text.nc", "OSError"), ("winds.nc", "without exposure")):
        with pytest.raises(InvalidInput, match=words):
            open_cube(tmp_path / name)


# What is kept


def test_a_run_goes_on_with_what_is_done(tmp_path):
    plan = plan_of()
    whole = expose(WAVE, plan, tmp_path / "whole.zarr")
    kept = Checkpoint.begin(tmp_path / "cube.zarr", plan)
    kept.write(plan.dates[1], fly(WAVE, plan, plan.dates[1]))
    assert kept.waiting() == [plan.dates[0], plan.dates[2]]
    told = []
    assert same(
        expose(WAVE, plan, tmp_path / "cube.zarr", progress=lambda done, total: told.append((done, total))), whole
    )
    assert (told[0], told[-1]) == ((1000, 3000), (3000, 3000))
    assert told == sorted(told)


CHANGES = {
    "seed": ({"seed": 8}, "--seed: got 8, expected 7, with which it was begun"),
    "members": ({"members": 5}, "--members: got 5, expected 3, with which it was begun"),
    "levels": (
        {"levels_m": (12_000.0, 14_000.0)},
        "--float: got 2 (14000 among them), expected 2 (18000+-300 among them)",
    ),
    "winds": ({"winds_sha256": "ab"}, "--winds: got ab, expected , with which"),
    "two": ({"seed": 8, "days": 1.0}, "--days: got 1.0 (and 1 more settings), expected 2.0, with which it was begun"),
}


@pytest.mark.parametrize(("changed", "line"), CHANGES.values(), ids=CHANGES)
def test_a_changed_setting_is_refused(changed, line, tmp_path):
    Checkpoint.begin(tmp_path / "cube.zarr", plan_of())
    with pytest.raises(InvalidInput) as refused:
        Checkpoint.begin(tmp_path / "cube.zarr", plan_of(**changed))
    assert str(refused.value).startswith(f"cube.zarr.dates: {line}")
    assert "\n" not in str(refused.value)


def test_a_damaged_date_is_named(tmp_path):
    plan = plan_of(dates=("2023-01-01T00:00:00Z",))
    expose(WAVE, plan, tmp_path / "cube.zarr")
    (file,) = folder_of(tmp_path / "cube.zarr").glob("*.zip")
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(InvalidInput, match=r"cube\.zarr\.dates: date: got 2023-01-01T000000Z\.zarr\.zip .*flown anew"):
        expose(WAVE, plan, tmp_path / "cube.zarr")


def test_dates_without_a_plan_are_refused(tmp_path):
    plan = plan_of(dates=("2023-01-01T00:00:00Z",))
    expose(WAVE, plan, tmp_path / "cube.zarr")
    (folder_of(tmp_path / "cube.zarr") / "plan.json").write_text("{")
    with pytest.raises(InvalidInput, match=r"got dates without a readable plan\.json"):
        expose(WAVE, plan, tmp_path / "cube.zarr")


def test_a_plan_is_kept_whole(tmp_path):
    plan = plan_of()
    Checkpoint.begin(tmp_path / "cube.zarr", plan)
    kept = json.loads((folder_of(tmp_path / "cube.zarr") / "plan.json").read_text())
    assert kept == json.loads(json.dumps(plan.to_json()))
    assert kept["levels_m"] == ["12000", "18000+-300"]
