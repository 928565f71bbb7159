import json

import numpy as np
import pytest
from infer_winds import drifting, uniform_winds

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import sphere
from overflight.infer import Site, forecast, hindcast, origin, track

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


def test_origin_ranks_the_place_upwind_first(found):
    upwind = drifting((-20.0,))
    sites = [Site(name="upwind", lat=upwind[0].lat, lon=upwind[0].lon), Site(name="downwind", lat=44.0, lon=-105.0)]
    result = origin(found, WINDS, hours_back=40, sites=sites)
    ranked = [name for name, _ in result.sites]
    assert ranked.index("upwind") < ranked.index("downwind")
    assert dict(result.sites)["upwind"] > 100.0 * dict(result.sites)["downwind"]
    assert sum(p for _, p in result.sites) == pytest.approx(1.0)
    assert {n for n, _ in result.sites} == {"upwind", "downwind", "none of these"}
    assert result.density.probability.sum() + result.density.elsewhere == pytest.approx(1.0)
    assert result.density.level_of(upwind[0].lat, upwind[0].lon) < 0.9
    assert result.launch_time[0] < result.launch_time[1] < result.launch_time[2]
    assert "no posterior" in result.note
    assert f"{ranked[0]} comes first" in str(result)
    assert json.loads(json.dumps(result.to_json()))["area_90_km2"] > result.to_json()["area_50_km2"]


def test_what_leaves_the_winds_is_elsewhere():
    small = uniform_winds(area=(20, -130, 60, -90))
    found = track(drifting((0.0, 12.0, 24.0), altitude_m=16_180.0), small, seed=1, members=100)
    assert origin(found, small, hours_back=48).elsewhere > 0.2
    assert origin(found, small, hours_back=12).elsewhere < 0.05


def test_origin_needs_winds_before_the_track():
    winds = uniform_winds(hours=(0, 48))
    found = track(drifting((0.0, 12.0, 24.0)), winds, seed=1, members=50)
    with pytest.raises(OutOfCoverage):
        origin(found, winds, hours_back=12)


def test_resolution_is_checked(found):
    with pytest.raises(InvalidInput, match="resolution"):
        origin(found, WINDS, hours_back=3, resolution=12)
