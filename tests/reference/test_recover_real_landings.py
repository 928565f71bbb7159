"""Real landings with everything after burst held out; the figures are those of docs/method/recover.md."""

import numpy as np
import pytest
from checks import change, flown, landings
from scipy.stats import binom


@pytest.fixture(scope="module")
def balloons(shared_data):
    if not (shared_data / flown.FOLDER).is_dir():
        pytest.skip("no weather-balloon flights in the shared data")
    return landings.weather_balloons(shared_data, members=300)


def test_points_are_no_worse_than_a_plain_prediction(balloons):
    ours, plain = (np.array([getattr(x, n) for x in balloons]) for n in ("ours_km", "plain_km"))
    assert len(balloons) == 17
    assert np.median(ours) < np.median(plain)
    assert ours.mean() < 1.01 * plain.mean()


def test_points_hold_beside_a_plain_fall_from_the_same_burst(balloons):
    ours, between = (np.array([getattr(x, n) for x in balloons]) for n in ("ours_km", "between_km"))
    assert np.median(ours) < 1.02 * np.median(between)
    assert ours.mean() < 1.08 * between.mean()


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_regions_hold_as_many_landings_as_are_due(balloons, share):
    inside = sum(x.level < share for x in balloons)
    low, high = binom.ppf((0.1, 0.9), len(balloons), share)
    assert low <= inside <= high


def test_vehicles_under_parachute(shared_data):
    for x in landings.vehicles(shared_data, members=300):
        assert x.ours_km < 1.05 * x.plain_km + 0.02
        assert x.level < 0.9


def test_wind_changes_by_more_where_it_is_strong(shared_data):
    if not (shared_data / flown.FOLDER).is_dir():
        pytest.skip("no weather-balloon flights in the shared data")
    seen = [change.change_of(flight) for flight in flown.flights(shared_data)]
    without = change.left_out(seen)
    reach, error = change.Reach(), change.WindError()
    assert reach.change_by_speed == pytest.approx(change.fit(seen), abs=0.01)
    assert min(without.values()) > 0.4
    assert max(without.values()) < 0.65
    none, fitted = (change.unlikelihood(c, seen, reach, error) for c in (0.0, reach.change_by_speed))
    assert none - fitted > 10.0
