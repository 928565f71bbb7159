"""Real landings with everything after burst held out; the figures are those of docs/method/recover.md."""

import numpy as np
import pytest
from checks import landings


@pytest.fixture(scope="module")
def balloons(shared_data):
    if not (shared_data / landings.FOLDER).is_dir():
        pytest.skip("no weather-balloon flights in the shared data")
    return landings.weather_balloons(shared_data, members=300)


def test_points_are_about_as_good_as_a_plain_prediction(balloons):
    ours, plain = (np.array([getattr(x, n) for x in balloons]) for n in ("ours_km", "plain_km"))
    assert len(balloons) == 17
    assert ours.mean() < 1.1 * plain.mean()
    assert np.median(ours) < 5.0


def test_most_landings_lie_in_the_region(balloons):
    assert sum(x.level < 0.98 for x in balloons) >= 15


def test_vehicles_under_parachute(shared_data):
    for x in landings.vehicles(shared_data, members=300):
        assert x.ours_km < 1.05 * x.plain_km + 0.02
        assert x.level < 0.9
