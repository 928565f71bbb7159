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


def followed(lat, lon, altitude, seconds, end_s):
    """One member with outputs at ``seconds``, whose story ends after ``end_s``."""
    fields = {"lat": lat, "lon": lon, "altitude": altitude}
    data = {name: (("trajectory", "obs"), [values]) for name, values in fields.items()}
    data["end_time"] = ("trajectory", [START + np.timedelta64(round(end_s * 1e9), "ns")])
    return xr.Dataset(data, {"time": ("obs", START + (seconds * 1e9).astype("timedelta64[ns]"))})


@pytest.mark.parametrize(("lat", "lon"), [(10.0, 20.0), (89.95, 0.0), (0.0, 179.98)])
def test_the_last_leg_is_carried_on_to_the_turn(lat, lon):
    """A path of 60 m/s along a great circle, an output a minute, that turns 40 s after the last but one."""
    course = 90.0 if lat < 80.0 else 0.0
    seconds = np.array([0.0, 60.0, 120.0, 180.0])
    places = sphere.move(lat, lon, course, 60.0 * np.where(seconds > 160.0, 160.0, seconds))
    altitude = np.array([0.0, 300.0, 600.0, 100.0])
    turn = at_elapsed(followed(*places, altitude, seconds, 180.0), np.array([160.0]))
    expected = sphere.move(lat, lon, course, 60.0 * 160.0)
    assert sphere.distance_m(*expected, turn.lat[0], turn.lon[0]) < 0.1
    assert turn.altitude_m[0] == pytest.approx(800.0)
    assert turn.time[0] == START + np.timedelta64(160, "s")


@pytest.mark.parametrize(("end_s", "known"), [(100.0, 100.0), (180.0, 180.0), (99.9, None), (30.0, None)])
def test_nothing_is_known_after_the_end_of_a_story(end_s, known):
    """An ascent of 5 m/s whose level is reached after 100 or 180 s, if it lasts so long."""
    seconds = np.array([0.0, 60.0, 120.0, 180.0])
    data = followed(10.0 + seconds / 1e5, 20.0 + 0.0 * seconds, 5.0 * seconds, seconds, end_s)
    moment = at_elapsed(data, np.array([known or 100.0]))
    if known is None:
        assert np.isnan([moment.lat[0], moment.lon[0], moment.altitude_m[0]]).all()
        assert moment.summary()["members"] == 0
    else:
        assert moment.altitude_m[0] == pytest.approx(5.0 * known)
        assert moment.summary()["members"] == 1
