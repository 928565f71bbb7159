"""Launches in Python: what the ground forbids, what takes too long, and who comes to the end of the ascent."""

import numpy as np
import pytest

from overflight.drift import Settings, flows
from overflight.drift.kernels.output import OUT_OF_WIND
from overflight.drift.landing import RATE, landings
from overflight.drift.pack import WindPack
from overflight.drift.tawhiri import predict, read_request
from overflight.errors import InvalidInput
from overflight.flight import tawhiri_float, tawhiri_standard
from overflight.geo.spread import Spread
from overflight.geo.terrain import Terrain

WINDS = flows.winds(flows.Jet(speed_ms=5.0), step_deg=10.0, hours=tuple(np.arange(0.0, 37.0, 6.0)))
TIBET = {"launch_latitude": 33.0, "launch_longitude": 88.0, "launch_datetime": "2023-01-01T00:00:00Z"}
BURST = TIBET | {"ascent_rate": 5.0, "burst_altitude": 3000.0, "descent_rate": 5.0}
FLOAT = TIBET | {
    "profile": "float_profile",
    "ascent_rate": 5.0,
    "float_altitude": 3000.0,
    "stop_datetime": "2023-01-01T01:00:00Z",
}


@pytest.fixture(scope="module")
def pack():
    made = WindPack(WINDS, densities=True, keep=2)
    yield made
    made.close()


def settings(**more):
    return Settings(step_s=60.0, output_s=60.0, threads=1, **more)


@pytest.mark.parametrize("altitude", [{}, {"launch_altitude": 100.0}], ids=["from the ground", "from under it"])
@pytest.mark.parametrize("request_", [BURST, FLOAT], ids=["burst", "float"])
def test_a_level_below_the_ground_is_refused(pack, request_, altitude):
    """The ground at 33 north 88 east is at 5,092 m."""
    kind = "float" if request_ is FLOAT else "burst"
    line = f"^{kind} altitude: got 3000 m, expected more than 5092 m, the ground there$"
    with pytest.raises(InvalidInput, match=line):
        predict(pack, request_ | altitude, settings(terrain=Terrain.load()))
    asked = read_request(request_ | altitude)
    with pytest.raises(InvalidInput, match=line):
        landings(pack, asked, asked.flight, members=3, seed=1, settings=settings(terrain=Terrain.load()))
    assert predict(pack, request_ | altitude)["request"]["launch_altitude"] == altitude.get("launch_altitude", 0.0)


def test_a_level_below_the_sea_but_above_the_ground_is_none_to_refuse(pack):
    """The shore of the Dead Sea lies below sea level."""
    shore = Terrain(np.full((19, 36), -400.0, np.float32), -90.0, 10.0, 0.0, 10.0)
    told = predict(pack, BURST | {"burst_altitude": 0.0}, settings(terrain=shore))
    assert told["prediction"][0]["trajectory"][-1]["altitude"] == pytest.approx(0.0, abs=0.01)
    assert told["request"]["launch_altitude"] == pytest.approx(-400.0)


@pytest.mark.parametrize("slow", [{"ascent_rate": 0.02}, {"descent_rate": 0.02}], ids=["still rising", "still falling"])
def test_a_flight_that_takes_days_is_refused_with_where_it_is(pack, slow):
    request = BURST | slow
    line = r"^flight: got \d,\d\d\d m after 24 h, expected the ground within 24 h; a higher rate of ascent or descent$"
    with pytest.raises(InvalidInput, match=line):
        predict(pack, request)
    asked = read_request(request)
    with pytest.raises(InvalidInput, match=line):
        landings(pack, asked, asked.flight, members=3, seed=1, settings=settings())


def test_who_reaches_the_float_is_who_had_the_time(pack):
    """An hour for 18 km is 5 m/s: with a spread of the rate about half of the flights come so far."""
    asked = read_request(FLOAT | {"float_altitude": 18_000.0})
    rates = tawhiri_float(Spread("normal", 5.0, 0.5), 18_000.0)
    found = landings(pack, asked, rates, members=40, seed=1, settings=settings())
    reached = found.trajectories["end_altitude"].values > 18_000.0 - 0.01
    assert np.array_equal(np.isfinite(found.top.lat), reached)
    assert 0 < reached.sum() < 40
    assert found.top.altitude_m[reached] == pytest.approx(18_000.0, abs=0.1)
    assert np.isnan(found.top.altitude_m[~reached]).all()


def test_who_is_lost_on_the_way_up_does_not_burst():
    """Winds end two hours after the launch; 18 km at 2.5 m/s are two hours."""
    few = WINDS.isel(time=slice(0, 2))
    asked = read_request(BURST | {"launch_datetime": "2023-01-01T04:00:00Z", "burst_altitude": 18_000.0})
    rates = tawhiri_standard(Spread("uniform", 1.25, 8.0), 18_000.0, 90.0)
    found = landings(few, asked, rates, members=40, seed=1, settings=settings())
    fast = rates.rows(1, 40)[1][:, 0, RATE] > 2.5
    assert 0 < fast.sum() < 40
    assert np.array_equal(np.isfinite(found.top.lat), fast)
    assert (found.trajectories["end_status"].values[~fast] == OUT_OF_WIND).all()
