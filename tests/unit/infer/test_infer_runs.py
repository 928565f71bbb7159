import numpy as np
import pytest
from infer_winds import drifting, uniform_winds

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.infer import forecast, hindcast, track

WINDS = uniform_winds()


@pytest.fixture(scope="module")
def found():
    return track(drifting((0.0, 12.0, 24.0), altitude_m=16_180.0), WINDS, seed=1, members=150)


@pytest.mark.parametrize(("run", "end", "expected"), [(hindcast, 0, -0.36e6), (forecast, -1, 0.36e6)])
def test_ensembles_start_at_the_samples_and_go_with_the_wind(found, run, end, expected):
    data = run(found, WINDS, hours=10)
    start, edge = data.isel(obs=0), found.samples.isel(obs=end)
    assert np.abs(start.lat.values - edge.lat.values).max() < 1e-4
    assert np.abs(start.pressure.values / edge.pressure.values - 1.0).max() < 1e-4
    assert start.time.values == edge.time.values
    last = sphere.mean_place(data.lat.values[:, -1], data.lon.values[:, -1])
    first = sphere.mean_place(start.lat.values, start.lon.values)
    east = sphere.distance_m(*first, *last) * np.sin(np.radians(sphere.azimuth_deg(*first, *last)))
    assert float(east) == pytest.approx(expected, rel=0.15)
    assert np.ptp(data.lat.values[:, -1]) > 2.0 * np.ptp(start.lat.values)


def test_the_same_seed_gives_the_same_ensemble(found):
    assert hindcast(found, WINDS, hours=5).equals(hindcast(found, WINDS, hours=5))
    assert not hindcast(found, WINDS, hours=5).equals(hindcast(found, WINDS, hours=5, seed=99))


@pytest.mark.parametrize("hours", [0.0, -3.0, np.nan, 1e6])
def test_hours_are_above_zero(found, hours):
    with pytest.raises(InvalidInput, match="hours"):
        hindcast(found, WINDS, hours=hours)
