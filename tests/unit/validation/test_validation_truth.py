"""True flights of the study against the engine and the error model that they are to follow."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ks_2samp
from validation import truth as room
from validation.field import SETTINGS, field
from validation.levels import Held, Steering
from validation.seen import see
from validation.strata import STRATA, stratum
from validation.wind_error import ErrorWalk, misstated

from overflight.drift import Release, simulate
from overflight.flight import float_at_pressure
from overflight.geo import atmosphere, sphere
from overflight.geo.spread import Given

MIDDLE = stratum("middle-20km-48h-6-table-reported")
CALM = replace(field().error, sd_ms=tuple((0.0,) * 5 for _ in range(7)))


def flown(variant="passive", *, of=MIDDLE, count=40, first=0, seed=5):
    return room.draw(of, field(of.product), variant, seed=seed, first=first, count=count)


def test_without_error_and_motor_a_flight_is_the_engines_own():
    start = room.draw_start(MIDDLE, 3, 0, 30)
    calm = replace(field(), error=CALM)
    ours = room.fly(calm, start, Held(start.level_m), ErrorWalk(CALM, 3, 0, 30), hours=24, motor=np.zeros(30, complex))
    release = Release(time=start.time, lat=start.lat, lon=start.lon)
    flight = float_at_pressure(Given(atmosphere.pressure_pa(start.level_m)))
    theirs = simulate(field().pack, flight, release, hours=24, members=30, seed=0, settings=SETTINGS)
    apart = sphere.distance_m(ours.lat[:, -1], ours.lon[:, -1], theirs["end_lat"], theirs["end_lon"])
    assert np.max(apart) < 50.0  # one run of 24 hours against 24 of one hour


def test_wind_error_displaces_as_the_engines_does():
    members = 1_500
    start = room.draw_start(MIDDLE, 4, 0, members)
    start = replace(start, time=np.full(members, start.time[0]), lat=np.full(members, 45.0),
                    lon=np.full(members, 10.0), level_m=np.full(members, 18_000.0))  # fmt: skip
    walk = ErrorWalk(field().error, 4, 0, members)
    ours = room.fly(field(), start, Held(start.level_m), walk, hours=24, motor=np.zeros(members, complex))
    settings = replace(SETTINGS, wind_error=field().error)
    release = Release(time=start.time, lat=start.lat, lon=start.lon)
    flight = float_at_pressure(float(atmosphere.pressure_pa(18_000.0)))
    theirs = simulate(field().pack, flight, release, hours=24, members=members, seed=9, settings=settings)
    for a, b in ((ours.lat[:, -1], theirs["end_lat"].values), (ours.lon[:, -1], theirs["end_lon"].values)):
        assert ks_2samp(a, b).pvalue > 1e-3


def test_a_case_is_the_same_in_any_block():
    whole, part = flown("passive"), flown("passive", first=30, count=5)
    np.testing.assert_array_equal(whole.lat[30:35], part.lat)
    a, b = see(whole, MIDDLE, seed=5, first=0), see(part, MIDDLE, seed=5, first=30)
    np.testing.assert_array_equal(a.lon[30:35], b.lon)
    np.testing.assert_array_equal(a.hour[30:35], b.hour)


def test_a_motor_moves_a_flight_by_its_speed():
    still, going = flown(), flown("powered-5")
    apart = sphere.distance_m(still.lat[:, 1], still.lon[:, 1], going.lat[:, 1], going.lon[:, 1])
    # 5 m/s for an hour, a sphere 20 km larger, and what the wind differs by over 18 km
    assert np.all(np.abs(apart / 18_000.0 - 1.0) < 0.1)


@pytest.mark.parametrize("variant", [*room.VARIANTS, "powered-10"])
def test_every_variant_flies_and_stays_where_there_is_wind(variant):
    found = flown(variant, count=10)
    assert np.all(np.isfinite(found.lat))
    assert np.all((found.altitude_m > 9_000.0) & (found.altitude_m < 25_000.0))


def test_steering_comes_nearer_to_its_target_than_holding():
    start = room.draw_start(MIDDLE, 6, 0, 60)
    far = sphere.move(start.lat, start.lon, np.full(60, 90.0), np.full(60, 1.5e6))
    ends = []
    for levels in (Held(start.level_m), Steering(start.level_m, field(), far)):
        walk = ErrorWalk(field().error, 6, 0, 60)
        end = room.fly(field(), start, levels, walk, hours=48, motor=np.zeros(60, complex))
        goal = far[0][:, None], far[1][:, None]
        ends.append(sphere.distance_m(end.lat, end.lon, *goal).min(axis=1))
    assert np.mean(ends[1]) < 0.9 * np.mean(ends[0])


def test_a_misstated_error_differs_in_what_its_name_says():
    error = field().error
    assert misstated(error, "double") == (error, 2.0)
    assert misstated(error, "slow3")[0].wave_time_s == 3.0 * error.wave_time_s
    assert misstated(error, "tails3")[0].tail_dof == 3.0


def test_an_unknown_variant_is_named():
    with pytest.raises(ValueError, match="variant: got 'powered-x', expected passive"):
        room.speed_of("powered-x")


def test_sightings_keep_their_ends_and_leave_an_hour_out():
    for of in STRATA:
        seen = see(flown(of=of, count=8), of, seed=5, first=0)
        assert seen.hour.shape == (8, of.sightings)
        assert np.all(seen.hour[:, 0] == 0)
        assert np.all(seen.hour[:, -1] == of.hours)
        assert np.all(np.diff(seen.hour, axis=1) > 0)
        assert not np.any(seen.hour == seen.held_out[:, None])


def test_the_winds_of_the_study_turn_with_height_and_time():
    wind = field().winds
    u = wind["u"].sel(level=[100.0, 50.0])
    assert float(np.abs(u[:, 0] - u[:, 1]).mean()) > 2.0
    assert float(np.abs(u[16] - u[0]).mean()) > 2.0
    assert set(field("stated").winds.data_vars) == {"u", "v", "wind_sd"}
    assert field("coarse").winds.sizes["lat"] == 37


def test_wind_and_size_of_error_are_looked_up_where_the_engine_finds_them():
    stated = field("stated")
    time = np.array([stated.winds["time"].values[3]])
    at = {"time": time[0], "level": 70.0, "lat": 45.0, "lon": -120.0}
    here = np.array([45.0]), np.array([-120.0])
    found = stated.wind(time, np.array([70.0]), *here)[0]
    assert found.real == pytest.approx(float(stated.winds["u"].sel(at)), abs=1e-4)
    assert found.imag == pytest.approx(float(stated.winds["v"].sel(at)), abs=1e-4)
    assert stated.sd(np.array([70.0]), here[0])[0] == pytest.approx(float(stated.winds["wind_sd"].sel(at)), abs=1e-4)
