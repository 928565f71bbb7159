"""Where members are at one moment, at the pole and over the antimeridian too, and where none is known."""

import numpy as np
import pytest
import xarray as xr

from overflight.drift.scatter import Moment, at_elapsed
from overflight.geo import sphere

START = np.datetime64("2023-02-01", "ns")


def around(lat, lon, km, members=1000):
    azimuth = np.linspace(0.0, 360.0, members, endpoint=False)
    places = sphere.move(lat, lon, azimuth, 1000.0 * km)
    times = START + np.arange(members) * np.timedelta64(1, "s")
    return Moment(times, *places, np.full(members, 12_000.0))


@pytest.mark.parametrize(("lat", "lon"), [(52.0, 10.0), (90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (60.0, -180.0)])
def test_a_ring_has_its_centre_and_its_radius(lat, lon):
    told = around(lat, lon, 30.0).summary()
    assert sphere.distance_m(lat, lon, told["lat"], told["lon"]) < 1.0  # a metre: the mean of 1,000 unit vectors
    assert (told["radius_50_km"], told["radius_90_km"]) == pytest.approx((30.0, 30.0), abs=1e-3)
    assert told["members"] == 1000
    times = ("2023-02-01T00:00:50Z", "2023-02-01T00:08:20Z", "2023-02-01T00:15:49Z")
    assert (told["time_q05"], told["time"], told["time_q95"]) == times


def test_members_that_are_not_known_do_not_count():
    moment = around(52.0, 10.0, 30.0, members=10)
    moment.lat[:4] = np.nan
    assert moment.summary()["members"] == 6
    moment.lat[:] = np.nan
    told = moment.summary()
    assert told["members"] == 0
    assert set(told.values()) == {0, None}


@pytest.mark.parametrize(("lat", "lon"), [(10.0, 20.0), (89.95, 0.0), (0.0, 179.98)])
def test_the_last_leg_is_carried_on_to_the_turn(lat, lon):
    """A path of 60 m/s along a great circle, an output a minute, that turns 40 s after the last but one."""
    course = 90.0 if lat < 80.0 else 0.0
    seconds = np.array([0.0, 60.0, 120.0, 180.0])
    places = sphere.move(lat, lon, course, 60.0 * np.where(seconds > 160.0, 160.0, seconds))
    altitude = np.array([0.0, 300.0, 600.0, 100.0])
    fields = {name: (("trajectory", "obs"), [values]) for name, values in zip(("lat", "lon"), places, strict=True)}
    fields["altitude"] = (("trajectory", "obs"), [altitude])
    data = xr.Dataset(fields, {"time": ("obs", START + (seconds * 1e9).astype("timedelta64[ns]"))})
    turn = at_elapsed(data, np.array([160.0]))
    expected = sphere.move(lat, lon, course, 60.0 * 160.0)
    assert sphere.distance_m(*expected, turn.lat[0], turn.lon[0]) < 0.1
    assert turn.altitude_m[0] == pytest.approx(800.0)
    assert turn.time[0] == START + np.timedelta64(160, "s")
