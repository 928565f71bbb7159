"""Real flights through the engine: sister balloons, parachute descents, falls of weather balloons."""

from pathlib import Path

import numpy as np
import pytest
from checks import descents, page, sisters, soundings

from overflight.drift import Release, Settings, flows, simulate
from overflight.flight import Flight
from overflight.flight.phases import PARACHUTE_EXPONENT, Descent
from overflight.flight.until import Until
from overflight.geo import sphere


@pytest.fixture(scope="module")
def pairs():
    return {pair: sisters.carried(*pair) for pair in sisters.PAIRS}


def test_one_balloon_drifts_in_the_wind_of_its_sister(pairs):
    """Altitude against time-mean air speed ends 43 km off over a path of 306 km."""
    there = pairs["SHAB12V", "SHAB14V"]
    assert there.track.path_km == pytest.approx(306.0, abs=1.0)
    assert there.miss_km[-1] < sisters.CRUDE_KM["SHAB12V"]
    assert np.interp(2.0, there.hours, there.miss_km) < 5.0
    assert there.hours_inside > 0.9


def test_the_other_way_round_the_height_was_not_measured(pairs):
    """SHAB14V spent hours higher than SHAB12V came: the winds fail there, and do not know by how much."""
    back = pairs["SHAB14V", "SHAB12V"]
    assert back.track.altitude_m.max() > sisters.track_of("SHAB12V").altitude_m.max() + 500.0
    assert np.interp(2.0, back.hours, back.miss_km) < 5.0
    assert 100.0 < back.miss_km[-1] < 200.0


@pytest.mark.parametrize("name", ["SHAB12V", "SHAB14V"])
def test_a_balloon_in_its_own_wind_comes_back_to_its_track(name):
    own = sisters.carried(name, name, members=10)
    assert own.miss_km.max() < 6.0  # what averaging over an hour and 250 m costs
    assert own.miss_km[-1] < 3.0


def test_the_table_of_the_sisters_is_what_comes_out(pairs):
    assert page.alike(sisters.rows(pairs), page.documented("sisters"), relative=0.02, absolute=0.1)


@pytest.fixture(scope="module")
def falls(shared_data):
    if not (shared_data / descents.WINDS).is_file():
        pytest.skip("no winds of October 2023 in the shared data")
    return descents.predictions(shared_data)


def test_descents_follow_the_track(falls):
    for track, ways in falls.values():
        recorded, seen, published = ways
        assert recorded.end_miss_m < 3.5 * (track.t[-1] - track.t[0])  # 3.5 m/s of wind, all to one side
        assert seen.end_miss_m < 3.5 * (track.t[-1] - track.t[track.seen_to])
        assert abs(seen.end_late_s) < 0.1 * (track.t[-1] - track.t[track.seen_to])
        assert published.end_late_s < 0.0  # both parachutes were slower than published


def test_where_descents_end_lies_in_the_90_percent_region(falls):
    for name, (_, ways) in falls.items():
        for way in ways:
            assert way.share < 0.9, (name, way.how)


def test_landing_is_found_where_the_record_goes_down_to_the_ground(falls):
    track, (_, seen, _) = falls["Camoes"]
    assert sphere.distance_m(*seen.end, track.lat[-1], track.lon[-1]) < 200.0


def test_the_hour_of_lift_off_matters_little(shared_data, falls):
    """The teams give it to the nearest hour or so: half an hour either way moves the end less than wind error does."""
    winds = descents.open_winds(shared_data / descents.WINDS)
    for vehicle in descents.VEHICLES:
        track = falls[vehicle.name][0]
        for minutes in (-30, 30):
            other = descents.Record(track.t, track.lat, track.lon, track.altitude_m,
                                    track.lift_off + np.timedelta64(minutes, "m"))  # fmt: skip
            moved = descents.predict(vehicle, other, winds, "recorded", members=10)
            assert abs(moved.end_miss_m - falls[vehicle.name][1][0].end_miss_m) < 0.1 * moved.travelled_m + 100.0


def test_the_table_of_descents_is_what_comes_out(falls):
    assert page.alike(descents.rows(falls), page.documented("descents"), relative=0.05, absolute=3.0)


def test_the_engine_falls_as_fast_as_the_law_fitted_to_each_flight(shared_data: Path) -> None:
    """Eighteen descents from 13 to 30 km: the time from the first fix to the last at the fitted speed."""
    if not (shared_data / soundings.FOLDER).is_dir():
        pytest.skip("no weather-balloon flights in the shared data")
    still = flows.winds(flows.Uniform(east_ms=(0.0,), north_ms=(0.0,)), step_deg=10.0, hours=[0.0],
                        levels_hpa=[1010.0, 850.0, 700.0, 500.0, 300.0, 250.0, 200.0, 100.0, 70.0, 50.0, 30.0, 20.0,
                                    10.0, 5.0])  # fmt: skip
    legs = [s.down for s in soundings.read_all(shared_data) if s.down is not None]
    assert len(legs) == 18
    for leg in legs:
        law = soundings.fall_slowness(PARACHUTE_EXPONENT.a)
        speed = soundings.layer_s(leg, law) / leg.seconds
        fall = Descent(sea_level_speed_ms=speed, density_exponent=PARACHUTE_EXPONENT.a,
                       until=Until("altitude", float(leg.z[-1])))  # fmt: skip
        release = Release(time=np.array([flows.EPOCH]), lat=46.0, lon=8.0, altitude_m=float(leg.z[0]))
        out = simulate(still, Flight(phases=(fall,)), release, hours=3.0, members=1, seed=1,
                       settings=Settings(steady=True))  # fmt: skip
        assert float(out["end_altitude"][0]) == pytest.approx(leg.z[-1], abs=1.0)
        seconds = (out["end_time"].values[0] - flows.EPOCH) / np.timedelta64(1, "s")
        assert seconds == pytest.approx(leg.seconds, rel=0.005)
