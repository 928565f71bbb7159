"""Landings in winds with known answers, and what they refuse."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from overflight.drift.pack import WindPack
from overflight.drift.scatter import Moment
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import sphere
from overflight.geo.spread import Spread
from overflight.recover import Event, Sea, ground, land, objects_of, settle, water
from overflight.recover.grid import Grid
from overflight.recover.lake import sink
from overflight.recover.landing import SUNK, Fallen
from overflight.recover.leeway import CLASSES
from overflight.recover.live import Frame, LiveDescent
from overflight.recover.wind_error import between_levels_sd_ms
from overflight.winds import canonical

AT = np.datetime64("2023-02-04T19:00", "ns")
WHEN = datetime(2023, 2, 4, 20, tzinfo=UTC)


def jet(top_hpa: float = 10.0) -> xr.Dataset:
    level = np.array([1000, 900, 800, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 10], float)
    level = level[level >= top_hpa]
    lat, lon = np.arange(28.0, 48.1), np.arange(-62.0, -29.9)
    time = AT + np.arange(0, 49, 6) * np.timedelta64(1, "h")
    shape = (time.size, level.size, lat.size, lon.size)
    dims = ("time", "level", "lat", "lon")
    data = {"u": (dims, np.full(shape, 10.0)), "v": (dims, np.zeros(shape))}
    return canonical(xr.Dataset(data, {"time": time, "level": level, "lat": lat, "lon": lon}), name="jet")


def track() -> xr.Dataset:
    place = {"lat": 38.0, "lon": -50.0, "altitude": 15_000.0}
    fields = {n: (("trajectory", "obs"), np.full((3, 2), v)) for n, v in place.items()}
    return xr.Dataset(fields, {"time": ("obs", AT + np.array([0, 2]) * np.timedelta64(1, "h"))})


def test_pieces_fall_as_far_as_the_wind_and_their_time_say():
    found = land(jet(), Event(kind="brought-down", time=WHEN), track(), objects_of("fragments"), members=200, seed=1)
    assert [f.object.name for f in found.classes] == ["film", "envelope", "truss", "dense payload"]
    for fallen in found.classes:
        seconds = (fallen.end.time - found.start.time) / np.timedelta64(1, "s")
        away = sphere.distance_m(38.0, -50.0, fallen.end.lat, fallen.end.lon)
        assert np.median(away) == pytest.approx(10.0 * np.median(seconds), rel=0.3)
        assert float(fallen.density.probability.sum()) + fallen.density.elsewhere == pytest.approx(1.0)
        assert ground.shares(fallen.surface)["sea"] > 0.99
    miles = [f.point()[1] for f in found.classes]
    assert miles == sorted(miles, reverse=True)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (Event(kind="burst", time=datetime(2023, 2, 4, 18, tzinfo=UTC)), "before the first sighting"),
        (Event(kind="burst", time=datetime(2023, 2, 5, 18, tzinfo=UTC)), "follow the track on"),
        (Event(kind="burst", time=WHEN, altitude_m=-100.0), "the ground there"),
    ],
)
def test_events_outside_the_track_or_below_the_ground_are_refused(event, says):
    with pytest.raises(InvalidInput, match=says):
        land(jet(), event, track(), objects_of("parachute"), members=50, seed=1)


def test_no_wind_for_the_layer_is_refused():
    with pytest.raises(OutOfCoverage, match="winds of that layer"):
        land(jet(top_hpa=300.0), Event(kind="burst", time=WHEN), track(), objects_of("parachute"), members=50, seed=1)
    high = jet().sel(level=slice(300, 10))
    with pytest.raises(OutOfCoverage, match="a fall to the ground"):
        land(high, Event(kind="burst", time=WHEN), track(), objects_of("parachute"), members=50, seed=1)


def steady(east: float, north: float) -> Grid:
    value = np.array([np.full((1, 2, 2), east), np.full((1, 2, 2), north)])
    return Grid(np.zeros(1), np.array([0.0, 80.0]), np.array([-170.0, 170.0]), value)


def at_sea(lat, lon):
    return np.full(lat.size, ground.SEA, np.int8)


def afloat(leeway: str, members: int = 500) -> Fallen:
    one = replace(objects_of("parachute")[0], leeway=leeway, floats_h=1e6)
    end = Moment(np.full(members, AT), np.full(members, 60.0), np.full(members, 3.0), np.zeros(members))
    return Fallen(object=one, end=end, surface=at_sea(end.lat, end.lon), density=None)


def test_a_marker_buoy_drifts_with_the_current():
    sea = Sea(wind=steady(12.0, 0.0), current=steady(0.0, 0.2), surface=at_sea)
    end = water.drift(afloat("SLDMB", 3), sea, AT + np.timedelta64(10, "h"), 1).end
    assert sphere.distance_m(60.0, 3.0, end.lat, end.lon) == pytest.approx(0.2 * 36_000.0, rel=1e-3)
    assert end.lon == pytest.approx(3.0, abs=1e-6)


@pytest.mark.parametrize("name", ["SEWAGE", "MED-WASTE-1"])
def test_the_mean_drift_is_the_slope_of_the_table(name):
    sea = Sea(wind=steady(0.0, 10.0), surface=at_sea)
    end = water.drift(afloat(name, 4000), sea, AT + np.timedelta64(5, "h"), 2).end
    north = (end.lat - 60.0) * 111_195.0
    slope, _, sd = CLASSES[name].down
    expected, spread = 0.01 * slope * 10.0 * 18_000.0, 0.01 * sd * 18_000.0
    assert north.mean() == pytest.approx(expected, abs=4.0 * spread / np.sqrt(4000))
    assert north.std() == pytest.approx(spread, rel=0.05)


def test_what_does_not_float_sinks_to_the_bed():
    deep = sink(afloat("SLDMB").end, np.ones(500, bool), 60.0, sinks_ms=0.5, seed=1, current=steady(0.1, 0.0))
    assert deep.altitude_m == pytest.approx(-60.0)
    assert np.median(deep.lon - 3.0) * 55_800.0 == pytest.approx(0.05 * 120.0, abs=3.0)
    found = land(jet(), Event(kind="brought-down", time=WHEN), track(), objects_of("fragments")[2:], members=60, seed=1)
    later = settle(found, Sea(wind=water.wind_at_10_m(jet())), AT + np.timedelta64(20, "h"), depth=200.0)
    assert (later.classes[0].fate == SUNK).all()


def test_ice_takes_its_share():
    half = Grid(np.zeros(1), np.array([0.0, 80.0]), np.array([-170.0, 170.0]), np.full((1, 1, 2, 2), 0.5))
    lat, lon = np.full(4000, 60.0), np.full(4000, 3.0)
    found = ground.with_ice(at_sea(lat, lon), lat, lon, np.zeros(4000), half, seed=1)
    assert np.mean(found == ground.ICE) == pytest.approx(0.5, abs=0.04)


def test_less_is_known_between_levels_far_apart():
    sd = between_levels_sd_ms(np.array([0.02, 0.2, 0.7]))
    assert sd[0] < sd[1] < sd[2] < 8.0


def test_a_descent_that_is_followed_tightens():
    pack = WindPack(jet(), densities=True, keep=3)
    live, radii, z, lon = LiveDescent(pack, seed=1, members=200), [], 12_000.0, -50.0
    for minute in range(0, 40, 5):
        frame = Frame(time=AT + np.timedelta64(minute, "m"), lat=38.0, lon=lon, altitude_m=z)
        radii.append(live.update(frame).end.summary()["radius_90_km"])
        z, lon = z - 5.0 * 300.0, lon + 10.0 * 300.0 / 87_600.0
        if z < 1_000.0:
            break
    pack.close()
    assert radii[-1] < 0.3 * radii[0]
    assert all(b < 1.05 * a for a, b in pairwise(radii))


def test_a_frame_out_of_order_is_refused():
    pack = WindPack(jet(), densities=True, keep=3)
    live = LiveDescent(pack, seed=1, members=50, speed=Spread("lognormal", 5.0, 0.2))
    frame = Frame(time=AT, lat=38.0, lon=-50.0, altitude_m=5_000.0)
    live.update(frame)
    with pytest.raises(InvalidInput, match="a time after"):
        live.update(frame)
    pack.close()
