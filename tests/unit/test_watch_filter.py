"""The filter of the watch: honest regions in simulation, poles and antimeridian, and frames that lie."""

from __future__ import annotations

import numpy as np
import pytest

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.serve.watch import Settings
from overflight.serve.watch.batch import Batch, joined, unpacked
from overflight.serve.watch.fleet import CHI2_90, Fleet
from overflight.serve.watch.kernels import filtering as kernels
from overflight.serve.watch.settings import of_service
from overflight.serve.watch.sources import parted

T0 = 1_700_000_000.0
PLACES = {
    "mid": (45.0, 8.0),
    "antimeridian": (10.0, 179.9999),
    "north pole": (89.9999, 0.0),
    "south pole": (-89.99995, 77.0),
}


def fleet(**more):
    return Fleet(Settings(store="none", oldest_h=np.inf, **more))


def batch(names, time, lat, lon, altitude, sd=10.0, high_sd=15.0):
    n = len(names)
    return Batch(
        names=list(names),
        sources=["made up"] * n,
        time=np.full(n, time) if np.isscalar(time) else np.asarray(time),
        lat=np.asarray(lat, float),
        lon=np.asarray(lon, float),
        altitude_m=np.asarray(altitude, float),
        place_sd_m=np.full(n, sd),
        altitude_sd_m=np.full(n, high_sd),
    )


def flown(place, count, steps, dt, seed):
    """Simulate floating balloons by the filter's own model, and feed it; return it, and the truth at the end."""
    draw = np.random.default_rng(seed)
    sd, high_sd, q = 10.0, 15.0, kernels.Q_FLOAT
    lat, lon = np.full(count, place[0]), np.full(count, place[1])
    # Velocities along axes that are carried: the course of each balloon is kept as an azimuth at its own place.
    speed = draw.normal(0, 12, (count, 2))
    altitude, rise = np.full(count, 15_000.0), np.zeros(count)
    names, up = [f"b{i}" for i in range(count)], fleet()
    vector = sphere.unit_vector(lat, lon)
    east = np.cross([0.0, 0.0, 1.0], vector)
    east /= np.linalg.norm(east, axis=1)[:, None]
    velocity = speed[:, :1] * east + speed[:, 1:] * np.cross(vector, east)
    for step in range(steps):
        kick = draw.normal(0, 1, (count, 3))
        kick -= (kick * vector).sum(1)[:, None] * vector
        # Velocity and place of a white acceleration over dt: their exact joint normal, with two draws.
        other = draw.normal(0, 1, (count, 3))
        other -= (other * vector).sum(1)[:, None] * vector
        dv = np.sqrt(q * dt) * kick
        dx = 0.5 * dt * dv + np.sqrt(q * dt**3 / 12.0) * other
        move = velocity * dt + dx
        way = np.linalg.norm(move, axis=1)[:, None]
        unit, arc = move / way, way / sphere.EARTH_RADIUS_M
        ahead = np.cos(arc) * vector + np.sin(arc) * unit
        along = (velocity * unit).sum(1)[:, None]
        velocity = velocity + along * ((np.cos(arc) - 1.0) * unit - np.sin(arc) * vector) + dv
        vector = ahead / np.linalg.norm(ahead, axis=1)[:, None]
        velocity -= (velocity * vector).sum(1)[:, None] * vector
        r = kernels.Q_RISE
        du = draw.normal(0, np.sqrt(r * dt), count)
        altitude = altitude + rise * dt + 0.5 * dt * du + draw.normal(0, np.sqrt(r * dt**3 / 12.0), count)
        rise = rise + du
        lat, lon = sphere.latlon(vector)
        seen = sphere.move(lat, lon, draw.uniform(0, 360, count), sd * np.sqrt(draw.chisquare(2, count)))
        up.learn(
            batch(names, T0 + step * dt, *seen, altitude + draw.normal(0, high_sd, count), sd, high_sd), T0 + step * dt
        )
    return up, lat, lon, altitude


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("dt", [1.0, 30.0])
def test_regions_of_90_percent_hold_the_truth_nine_times_in_ten(where, dt):
    """Binomial: 1,500 cases at 0.9 have a standard deviation of 0.8 %; four of them are allowed."""
    up, lat, lon, altitude = flown(PLACES[where], 1_500, 40, dt, seed=11)
    at = up.standing(np.array([up.index[f"b{i}"] for i in range(1_500)]))
    away = sphere.distance_m(at.lat, at.lon, lat, lon)
    inside = np.mean(away <= np.sqrt(CHI2_90 * at.place_var))
    assert 0.868 < inside < 0.932
    high = np.mean(np.abs(at.altitude_m - altitude) <= 1.6449 * np.sqrt(at.altitude_var))
    assert 0.868 < high < 0.932
    assert np.median(np.sqrt(at.place_var)) < 10.0  # it learns: better than a single frame


@pytest.mark.parametrize("where", PLACES)
def test_speed_and_course_are_those_flown_everywhere(where):
    lat, lon = PLACES[where]
    up = fleet()
    for step in range(200):
        here = sphere.move(lat, lon, 60.0, 25.0 * step)
        up.learn(batch(["a"], T0 + step, [here[0]], [here[1]], [10_000.0 + 5.0 * step], 1.0, 1.0), T0 + step)
    at = up.standing(up.slots())
    end = sphere.move(lat, lon, 60.0, 25.0 * 199)
    assert sphere.distance_m(at.lat, at.lon, *end)[0] < 5.0
    assert np.hypot(at.east_ms, at.north_ms)[0] == pytest.approx(25.0, abs=0.5)
    assert at.rise_ms[0] == pytest.approx(5.0, abs=0.3)
    back = np.mod(sphere.azimuth_deg(*end, *sphere.move(lat, lon, 60.0, 25.0 * 100)) + 180.0, 360.0)
    course = np.mod(np.degrees(np.arctan2(at.east_ms, at.north_ms))[0], 360.0)
    assert abs(sphere.wrap(course - back)) < 2.0


def test_frames_that_lie_are_doubted_until_others_agree_with_them():
    up = fleet()
    for step in range(30):
        up.learn(batch(["a"], T0 + step, [50.0], [8.0 + 1e-4 * step], [12_000.0]), T0 + step)
    learnt = up.learn(batch(["a"], T0 + 30, [51.0], [8.0], [12_000.0]), T0 + 30)
    assert learnt.counts["doubted"] == 1
    assert not learnt.changed.size
    learnt = up.learn(batch(["a"], T0 + 31, [50.0], [8.0031], [12_000.0]), T0 + 31)
    assert learnt.counts["used"] == 1
    before = up.standing(up.slots())
    assert sphere.distance_m(before.lat, before.lon, 50.0, 8.0031)[0] < 30.0
    # A jump that goes on is where it is: a clock or a receiver was set right.
    counts = [
        up.learn(batch(["a"], T0 + t, [50.5], [8.0 + 1e-4 * t], [12_000.0]), T0 + t).counts for t in range(40, 50)
    ]
    assert [c["doubted"] for c in counts[:2]] == [1, 1]
    assert counts[2]["restarted"] == 1
    assert all(c["used"] == 1 for c in counts[3:])
    after = up.standing(up.slots())
    assert sphere.distance_m(after.lat, after.lon, 50.5, 8.0049)[0] < 60.0


def test_a_clock_that_runs_ahead_blocks_nothing():
    up = fleet()
    up.learn(batch(["a"], T0, [50.0], [8.0], [12_000.0]), T0)
    assert up.learn(batch(["a"], T0 + 86_400.0, [50.0], [8.0], [12_000.0]), T0 + 1).counts["ahead of the clock"] == 1
    assert up.learn(batch(["a"], T0 + 2, [50.0], [8.0], [12_000.0]), T0 + 2).counts["used"] == 1


def test_a_burst_is_followed():
    up, altitude, rise = fleet(), 28_000.0, 5.0
    for step in range(400):
        rise = rise if step < 200 else max(-40.0, rise - 5.0)
        altitude += rise
        up.learn(batch(["a"], T0 + step, [50.0], [8.0], [altitude]), T0 + step)
    at = up.standing(up.slots())
    assert at.rise_ms[0] == pytest.approx(-40.0, abs=3.0)
    assert at.altitude_m[0] == pytest.approx(altitude, abs=60.0)


def test_repeated_and_late_frames_change_nothing_and_order_in_a_batch_does_not_count():
    rows = [(T0 + s, 50.0 + 1e-4 * s, 8.0, 12_000.0 + 5 * s) for s in range(20)]
    time, lat, lon, high = (np.array(c) for c in zip(*rows, strict=True))
    straight, mixed = fleet(), fleet()
    straight.learn(batch(["a"] * 20, time, lat, lon, high), T0 + 20)
    order = np.random.default_rng(3).permutation(np.repeat(np.arange(20), 3))  # three receivers, any order
    learnt = mixed.learn(batch(["a"] * 60, time[order], lat[order], lon[order], high[order]), T0 + 20)
    assert learnt.counts["repeated"] == 40
    assert np.array_equal(straight.states[straight.slots()], mixed.states[mixed.slots()])
    late = mixed.learn(batch(["a"], T0 + 5, [50.0], [8.0], [12_000.0]), T0 + 21)
    assert late.counts["late"] == 1
    assert np.array_equal(straight.states[straight.slots()], mixed.states[mixed.slots()])


def test_unknown_altitude_stays_unknown_and_is_learnt_when_told():
    up = fleet()
    up.learn(batch(["a"], T0, [50.0], [8.0], [np.nan]), T0)
    assert up.shown(up.slots())[0].altitude_m is None
    up.learn(batch(["a"], T0 + 1, [50.0], [8.0], [9_000.0]), T0 + 1)
    assert up.shown(up.slots())[0].altitude_m == 9_000.0


def test_rings_and_slots_are_bounded_and_balloons_are_forgotten():
    up = fleet(ring=5, ring_every_s=10.0, most_balloons=300, forget_h=1.0)
    for step in range(100):
        up.learn(batch(["a"], T0 + step, [50.0 + 1e-4 * step], [8.0], [12_000.0]), T0 + step)
    past = up.past(up.index["a"])
    assert [row[0] - T0 for row in past] == [50, 60, 70, 80, 90]
    many = [f"m{i}" for i in range(400)]
    learnt = up.learn(batch(many, T0 + 100, np.zeros(400), np.arange(400) / 4, np.full(400, 9e3)), T0 + 100)
    assert len(up) == 300
    assert learnt.counts["more balloons than are watched"] == 101
    gone = up.forget(T0 + 100 + 3_601)
    assert len(gone) == 300
    assert len(up) == 0
    up.learn(batch(["new"], T0 + 9_999, [1.0], [2.0], [np.nan]), T0 + 9_999)
    assert up.past(up.index["new"])[0][1:3] == (2.0, 1.0)  # nothing of who had the slot before


def test_states_come_back_from_bytes_and_frames_too():
    up = fleet()
    frames = batch(["a", "b", "a"], [T0, T0, T0 + 1], [50, -60, 50.0001], [8, 9, 8], [1e4, np.nan, 1e4])
    up.learn(frames, T0 + 1)
    again = fleet()
    again.unpack(up.packed())
    assert again.shown(again.slots()) == up.shown(up.slots())
    back = unpacked(frames.packed())
    assert back.names == frames.names
    assert back.sources == frames.sources
    for name in ("time", "lat", "lon", "altitude_m", "place_sd_m"):
        assert np.array_equal(getattr(back, name), getattr(frames, name), equal_nan=True)
    assert len(joined([frames, back])) == 6


def test_a_service_hands_its_own_settings_over(tmp_path):
    class Told:
        folder, store, winds = tmp_path, "", "gfs"
        sondehub, mqtt, follow = True, ("mqtt://host/a/#",), ()

    found = of_service(Told())
    assert found.store == tmp_path / "watch.sqlite"
    assert found.mqtt == ("mqtt://host/a/#", "sondehub")
    assert found.winds == "gfs"
    assert parted(found.mqtt[0], ("sondes/#",)) == ("mqtt://host", ("a/#",))
    assert parted("wss://host/path?x=1", ("sondes/#",)) == ("wss://host/path?x=1", ("sondes/#",))


@pytest.mark.parametrize(("name", "value"), [("members", 3), ("renew_s", 0.0), ("oldest_h", np.nan), ("ring", 1)])
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(InvalidInput, match=name):
        Settings(store="x", **{name: value})
