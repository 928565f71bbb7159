import json

import numpy as np
import pytest
from infer_winds import drifting, seen, uniform_winds

from overflight.drift import ErrorState, Settings
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import sphere
from overflight.geo.terrain import Terrain
from overflight.infer import Inputs, Site, origin, track
from overflight.infer.launch_prior import LAND, SEA, LaunchPrior, is_land, land_km2
from overflight.infer.launch_sites import known_sites, labels, read_sites
from overflight.infer.origin_ascent import climbing_at_first
from overflight.winds import WindError

MEMBERS = 1_500


def to_the_ground(**kw):
    """Uniform winds whose lowest level is the sea's."""
    winds = uniform_winds(**kw)
    level = winds["level"].values.copy()
    level[0] = 1013.0
    return winds.assign_coords(level=level)


WINDS = to_the_ground()


@pytest.fixture(scope="module")
def found():
    return track(drifting((0.0, 12.0, 24.0), altitude_m=16_180.0), WINDS, seed=1, members=150)


@pytest.fixture(scope="module")
def result(found):
    return origin(found, WINDS, hours_back=40, members=MEMBERS)


def test_the_posterior_sums_to_one_in_cells_windows_and_parts(result):
    assert result.density.probability.sum() + result.elsewhere == pytest.approx(1.0)
    assert result.windows.probability.sum() + result.elsewhere == pytest.approx(1.0)
    assert result.windows.table.sum(axis=0) == pytest.approx(result.density.probability)
    assert sum(r.probability for r in result.ranked) + result.none_of_these == pytest.approx(1.0, abs=1e-4)
    assert result.launch_time[0] < result.launch_time[1] < result.launch_time[2]
    assert result.windows.edges[-1] == np.datetime64("2023-02-01T00:00", "ns")
    assert [r.probability for r in result.ranked] == sorted((r.probability for r in result.ranked), reverse=True)
    assert result.ranked[0].odds == pytest.approx(result.ranked[0].probability / result.none_of_these)


def test_it_can_be_written_as_json_and_said(result):
    plain = json.loads(json.dumps(result.to_json()))
    assert plain["area_50_km2"] < plain["area_90_km2"] < plain["area_99_km2"]
    assert sum(plain["prior"]["weights"].values()) == pytest.approx(1.0)
    assert set(plain["none_of_these"]) == {"land", "sea", "elsewhere"}
    assert plain["agreement"] is None
    assert plain["wind_error_learned"] is True
    assert "none of these" in str(result)
    assert "drawn anew" not in result.note


def test_the_same_seed_gives_the_same_answer(found, result):
    again = origin(found, WINDS, hours_back=40, members=MEMBERS)
    assert np.array_equal(again.density.probability, result.density.probability)
    other = origin(found, WINDS, hours_back=40, members=MEMBERS, seed=99)
    assert not np.array_equal(other.density.probability[:5], result.density.probability[:5])


def test_the_place_upwind_comes_first(found):
    upwind = drifting((-20.0,))[0]
    sites = [
        Site(name="upwind", lat=upwind.lat, lon=upwind.lon, sd_km=20.0),
        Site(name="downwind", lat=44.0, lon=-105.0, sd_km=20.0),
    ]
    result = origin(found, WINDS, hours_back=40, sites=sites, members=MEMBERS)
    share = dict(result.sites)
    assert share["upwind"] > 0.2
    assert share.get("downwind", 0.0) < 1e-6
    assert sum(share.values()) == pytest.approx(1.0)
    assert result.density.level_of(upwind.lat, upwind.lon) < 0.9
    expected = np.datetime64("2023-01-31T04:00")
    assert abs(result.ranked[0].launch_time - expected) < np.timedelta64(3, "h")


def test_without_sites_all_is_land_and_sea(found):
    result = origin(found, WINDS, hours_back=40, sites=(), members=MEMBERS)
    assert result.sites == ()
    assert result.land + result.sea + result.elsewhere == pytest.approx(1.0)
    assert result.prior["weights"][LAND] + result.prior["weights"][SEA] == pytest.approx(1.0)


def test_the_prior_rules(found):
    weights = {LAND: 0.0, SEA: 1.0}
    result = origin(found, WINDS, hours_back=40, sites=(), prior=LaunchPrior(weights=weights), members=MEMBERS)
    assert result.land == 0.0
    assert result.sea + result.elsewhere == pytest.approx(1.0)
    centres = result.density.centres()
    assert not is_land(*centres[result.density.region(0.5)].T).all()


def test_sites_of_one_name_stay_apart(found):
    upwind = drifting((-20.0, -26.0))
    sites = [Site(name="same", lat=s.lat, lon=s.lon, sd_km=20.0) for s in upwind] + [
        Site(name="same", lat=upwind[0].lat, lon=upwind[0].lon)
    ]
    result = origin(found, WINDS, hours_back=40, sites=sites, members=MEMBERS)
    names = [name for name, _ in result.sites]
    assert len(names) == len(set(names))
    assert len(result.ranked) == 3


def test_what_leaves_the_winds_is_elsewhere():
    small = to_the_ground(area=(20, -130, 60, -90))
    path = track(drifting((0.0, 12.0, 24.0), altitude_m=16_180.0), small, seed=1, members=100)
    far = origin(path, small, hours_back=60, members=MEMBERS, sites=()).elsewhere
    near = origin(path, small, hours_back=10, members=MEMBERS, sites=()).elsewhere
    assert near < 0.02
    assert far > 0.1
    assert "outside the winds" in str(origin(path, small, hours_back=60, members=MEMBERS, sites=()))


def test_winds_that_do_not_reach_back_far_enough_leave_the_rest_elsewhere(found):
    short = WINDS.sel(time=slice("2023-01-31T00:00", None))
    assert origin(found, short, hours_back=72, members=MEMBERS, sites=()).elsewhere > 0.2
    assert (
        origin(
            found, WINDS.sel(time=slice("2023-01-30T00:00", None)), hours_back=24, members=MEMBERS, sites=()
        ).elsewhere
        < 0.02
    )


def test_there_must_be_winds_before_the_track():
    winds = to_the_ground(hours=(0, 48))
    path = track(drifting((0.0, 12.0, 24.0), altitude_m=16_180.0), winds, seed=1, members=50)
    with pytest.raises(OutOfCoverage):
        origin(path, winds, hours_back=12, members=200)


def test_winds_that_end_above_the_ground_widen_the_place(found, result):
    high = uniform_winds()
    path = track(drifting((0.0, 12.0, 24.0), altitude_m=16_180.0), high, seed=1, members=150)
    wide = origin(path, high, hours_back=40, members=MEMBERS)
    assert "end above the ground" in wide.note
    assert wide.elsewhere < 0.05
    assert "end above the ground" not in result.note


@pytest.mark.parametrize(
    ("what", "word"),
    [({"hours_back": 0.0}, "hours_back"), ({"hours_back": np.nan}, "hours_back"), ({"hours_back": 0.2}, "ascent"),
     ({"resolution": 12}, "resolution"), ({"members": 3}, "members")],
)  # fmt: skip
def test_bad_questions_are_refused(found, what, word):
    with pytest.raises(InvalidInput, match=word):
        origin(found, WINDS, **{"hours_back": 12.0, "members": 200, **what})


def test_an_error_learnt_at_the_first_sighting_is_followed_back(found):
    samples = found.samples.sizes["trajectory"]
    west = ErrorState(slow=np.full(samples, -3.0 + 0j), wave=np.zeros(samples, complex), scale=np.ones(samples))
    plain = origin(found, WINDS, hours_back=40, members=MEMBERS, sites=())
    told = origin(found, WINDS, hours_back=40, members=MEMBERS, sites=(), error_state=west)
    assert told.is_learned
    assert "drawn anew" not in told.note
    places = [sphere.mean_place(*r.density.centres().T, r.density.probability) for r in (plain, told)]
    assert places[1][1] > places[0][1] + 0.5  # the true wind was weaker, so that it came from less far west
    with pytest.raises(InvalidInput, match="error state"):
        origin(found, WINDS, hours_back=40, members=200, error_state=west.take(slice(0, 7)))


def test_a_known_level_gives_a_smaller_region():
    winds = to_the_ground(shear_ms_km=3.0)
    told = track(drifting((0.0,), altitude_m=16_180.0), winds, seed=1, members=200)
    untold = track(drifting((0.0,)), winds, seed=1, members=200, inputs=Inputs(level_range_m=(12_000.0, 22_000.0)))
    areas = [
        origin(t, winds, hours_back=48, members=MEMBERS, sites=(), resolution=3).density.area_m2(0.9)
        for t in (told, untold)
    ]
    assert areas[1] > 1.5 * areas[0]


def test_a_balloon_first_seen_while_it_climbs_was_launched_below():
    rate, lat, lon = 5.0, 40.0, -120.0
    climb = [
        seen(h, lat, lon + 0.1 * h, altitude_m=2_000.0 + 3600.0 * h * rate, altitude_sd_m=100.0, sd_m=1_000.0)
        for h in (0.0, 0.25, 0.5, 1.0)
    ]
    assert climbing_at_first(climb).rate_ms == pytest.approx(rate)
    path = track(climb, WINDS, seed=1, members=150)
    result = origin(
        path, WINDS, hours_back=24, members=MEMBERS, sites=[Site(name="below", lat=lat, lon=lon - 0.03, sd_km=5.0)]
    )
    assert dict(result.sites)["below"] > 0.5
    assert result.launch_time[0] > np.datetime64("2023-01-31T23:30")
    assert "climbing" in result.note


@pytest.mark.parametrize("heights", [(16_000.0, 16_100.0), (16_000.0, 15_000.0), (16_000.0, None), (2_000.0, 30_000.0)])
def test_other_changes_of_height_are_no_climb(heights):
    rows = [seen(0.5 * i, 40.0, -120.0, altitude_m=z, altitude_sd_m=100.0) for i, z in enumerate(heights)]
    assert climbing_at_first(rows) is None
    assert climbing_at_first(rows[:1]) is None


@pytest.mark.parametrize(("lat", "lon"), [(60.0, 179.5), (88.5, 10.0), (-75.0, -179.9)])
def test_poles_and_the_antimeridian_are_ordinary_places(lat, lon):
    path = track([seen(0.0, lat, lon, altitude_m=16_180.0)], WINDS, seed=1, members=100)
    result = origin(path, WINDS, hours_back=24, members=MEMBERS, sites=())
    assert result.elsewhere < 0.02
    assert result.density.area_m2(0.9) > 1e9
    y, x = sphere.mean_place(*result.density.centres().T, result.density.probability)
    assert float(sphere.distance_m(lat, lon, y, x)) < 1.2e6


def test_flights_forward_agree_with_flights_back(found):
    settings = Settings(wind_error=WindError(), terrain=Terrain.load())
    result = origin(found, WINDS, hours_back=24, members=MEMBERS, check=True, settings=settings)
    assert result.agreement.ratio == pytest.approx(1.0, abs=5.0 * result.agreement.ratio_sd + 0.05)
    assert "Forward over backward" in str(result.agreement)


def test_sites_that_are_shipped():
    sites = known_sites()
    kinds = {s.kind for s in sites}
    assert kinds == {"radiosonde", "long_duration", "spaceport"}
    assert len(set(labels(sites))) == len(sites) > 2_000
    assert LaunchPrior().site_weights(sites).sum() == pytest.approx(0.57)
    fort = next(s for s in sites if s.name == "Fort Sumner")
    assert float(sphere.distance_m(fort.lat, fort.lon, 34.489, -104.216)) < 5_000.0


def test_sites_of_ones_own(tmp_path):
    table = tmp_path / "sites.csv"
    table.write_text("name,lat,lon,kind,sd_km,weight\nA,45,-125,,,\nB,46,10,radiosonde,3,2\n")
    a, b = read_sites(table)
    assert (a.kind, a.sd_km, a.weight) == ("given", 2.0, 1.0)
    assert (b.kind, b.sd_km, b.weight) == ("radiosonde", 3.0, 2.0)


@pytest.mark.parametrize(
    ("text", "word"),
    [("name,lat\nA,4\n", "lon"), ("name,lat,lon\nA,x,4\n", "lat"), ("name,lat,lon\nA,95,4\n", "row 2"), ("", "no row"),
     ("name,lat,lon,kind\nA,9,4,castle\n", "castle"), ("name,lat,lon,sd_km\nA,9,4,-1\n", "-1")],
)  # fmt: skip
def test_tables_that_are_none_are_refused(tmp_path, text, word):
    table = tmp_path / "sites.csv"
    table.write_text(text)
    with pytest.raises(InvalidInput, match=word):
        read_sites(table)


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="No such file"):
        read_sites(tmp_path / "none.csv")


def test_radiosondes_go_up_before_the_synoptic_hours():
    hours = np.datetime64("2023-02-01", "ns") + np.arange(0, 1440, 10) * np.timedelta64(1, "m")
    factor = LaunchPrior().hour_factor("radiosonde", hours)
    assert factor.mean() == pytest.approx(1.0, rel=0.01)
    assert str(hours[np.argmax(factor)])[11:16] in ("11:10", "23:10")
    assert LaunchPrior().hour_factor(LAND, hours) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "wrong", [{"weights": {LAND: -1.0}}, {"weights": {LAND: 0.0}}, {"weights": {"moon": 1.0}},
              {"synoptic_shares": {0.0: 1.2}}, {"lead_sd_min": 0.0}],
)  # fmt: skip
def test_a_prior_that_is_none_is_refused(wrong):
    with pytest.raises(InvalidInput):
        LaunchPrior(**wrong)


def test_land_covers_what_it_does():
    assert land_km2() == pytest.approx(149e6, rel=0.02)
    assert is_land(np.array([47.0, 0.0]), np.array([-110.0, -140.0])).tolist() == [True, False]
