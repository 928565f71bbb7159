"""Real ensembles of winds: each trajectory is carried by one of their members, in turn."""

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr

from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.simulate import simulate_parts
from overflight.flight import float_at_pressure
from overflight.geo.spread import Given, Spread
from overflight.winds.error import WindError

START = datetime(2023, 1, 1, tzinfo=UTC)
NUMBERS = [3, 7, 11]


@pytest.fixture(scope="module")
def ensemble():
    each = [flows.winds(flows.Uniform(east_ms=(10.0 * (i + 1),), north_ms=(0.0,)), step_deg=5.0) for i in range(3)]
    return xr.concat(each, dim="member").assign_coords(member=NUMBERS)


def run(winds, members, flight=None, **settings):
    flight = flight or float_at_pressure(Spread("uniform", 3000.0, 8000.0))
    release = Release(time=START, lat=20.0, lon=175.0, position_sd_m=1000.0)
    return simulate(winds, flight, release, hours=12, members=members, seed=4, settings=Settings(**settings))


def test_trajectories_follow_the_members_in_turn(ensemble):
    out = run(ensemble, 8, output_s=3600.0)
    assert out["trajectory"].values.tolist() == list(range(8))
    assert out["wind_member"].values.tolist() == [3, 7, 11, 3, 7, 11, 3, 7]
    turned = np.mod(out["lon"].values[:, -1] - out["lon"].values[:, 0], 360.0)
    assert turned == pytest.approx(turned[0] * np.array([1, 2, 3, 1, 2, 3, 1, 2]), rel=0.01)


@pytest.mark.parametrize("error", [None, WindError()])
def test_a_member_flies_as_in_its_own_winds_alone(ensemble, error):
    whole = run(ensemble, 7, wind_error=error)
    alone = run(ensemble.isel(member=1, drop=True), 7, wind_error=error)
    for name in ("lat", "lon", "end_lat"):
        assert np.array_equal(whole[name].values[1::3], alone[name].values[1::3])


def test_given_values_stay_with_their_members(ensemble):
    levels = np.linspace(3000.0, 8000.0, 10)
    out = run(ensemble, 10, float_at_pressure(Given(levels)))
    assert out["pressure"].values[:, 0] == pytest.approx(levels)


def test_parts_of_bounded_size_make_up_the_whole(ensemble):
    asked = {"hours": 12, "members": 100, "seed": 4}
    release, flight = Release(time=START, lat=20.0, lon=175.0), float_at_pressure(Spread("uniform", 3000.0, 8000.0))
    settings = Settings(output_s=10.0, memory_bytes=2**20)
    parts = list(simulate_parts(ensemble, flight, release, settings=settings, **asked))
    assert len(parts) > 3
    assert max(part.sizes["trajectory"] for part in parts) <= 2**20 // (17 * 4321) + 16
    whole = simulate(ensemble, flight, release, settings=Settings(output_s=10.0), **asked)
    assert sorted(n for part in parts for n in part["trajectory"].values) == list(range(100))
    for part in parts:
        assert np.array_equal(part["lon"].values, whole["lon"].sel(trajectory=part["trajectory"]).values)
