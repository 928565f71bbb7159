"""Every vertical model through the engine: heights, ends and landings against what is known of them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from overflight import flight as fl
from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.settings import LEVEL_CHANGE_STEP_S
from overflight.flight.debris import DebrisClass
from overflight.flight.phases import PARACHUTE_EXPONENT, Ascent, Descent, Float, Lift, Recorded
from overflight.flight.until import Until
from overflight.flight.zero_pressure import ZeroPressure
from overflight.geo import atmosphere, sphere
from overflight.geo.spread import Spread
from overflight.geo.terrain import Terrain

LEVELS = (1010.0, 925.0, 850.0, 700.0, 500.0, 300.0, 200.0, 100.0, 70.0, 50.0, 30.0, 20.0, 10.0, 5.0, 3.0)
START = datetime(2023, 1, 1, 6, tzinfo=UTC)
ZAGROS = (33.0, 48.5)  # mountains upwind, plain downwind
AIR = flows.winds(flows.Uniform(east_ms=(10.0,), north_ms=(1.0,)), step_deg=6.0, hours=np.arange(0.0, 55.0, 6.0),
                  levels_hpa=LEVELS)  # fmt: skip
MEANINGS = ["flying", "landed", "burst", "left_domain", "out_of_wind", "out_of_levels", "ended", "waiting"]


def fly(flight, hours, *, lat=40.0, lon=0.0, altitude_m=None, members=1, start=START, winds=AIR, **settings):
    chosen = Settings(**({"terrain": Terrain.load(), "output_s": 600.0} | settings))
    release = Release(time=start, lat=lat, lon=lon, altitude_m=altitude_m)
    return simulate(winds, flight, release, hours=hours, members=members, seed=2, settings=chosen)


def ends(out):
    return {MEANINGS[s] for s in np.unique(out["end_status"].values)}


def aloft_h(out):
    """Hours from the start to the end of each member."""
    return (out["end_time"].values - out["time"].values.flat[0]) / np.timedelta64(1, "h")


def at_hour(out, hour):
    """Altitude of the first member at an hour of 1 January 2023. [m]"""
    when = np.datetime64("2023-01-01", "ns") + np.timedelta64(round(3600 * hour), "s")
    return float(out["altitude"].values[0, int(np.searchsorted(out["time"].values, when))])


# Floats


def test_floats_keep_their_pressure_altitude_and_density():
    pressure, height = 5_000.0, float(atmosphere.altitude_m(5_000.0))
    density = float(atmosphere.density_kg_m3(height))
    for flight in (fl.float_at_pressure(pressure), fl.float_at_altitude(height), fl.float_at_density(density)):
        out = fly(flight, 24.0)
        assert ends(out) == {"flying"}
        assert out["altitude"].values == pytest.approx(height, abs=3.0)  # densities are linear in ln p between levels
        assert out["pressure"].values == pytest.approx(pressure, rel=1e-3)


def test_members_float_on_their_own_levels():
    out = fly(fl.float_at_unknown_level(16_000.0, 20_000.0), 6.0, members=300)
    heights = np.sort(out["end_altitude"].values)
    assert ends(out) == {"flying"}
    assert np.abs(heights - np.linspace(16_000.0, 20_000.0, 300)).max() < 4_000.0 * 1.63 / np.sqrt(300) + 3.0


def test_a_density_float_follows_the_temperature_of_the_air():
    """At constant density pressure goes as temperature, dp/p = dT/T; in isothermal air that is H dT/T in height."""
    warmer = AIR.assign(t=xr.full_like(AIR["u"], 216.65 * 1.02))
    cold = AIR.assign(t=xr.full_like(AIR["u"], 216.65))
    one, two = (fly(fl.float_at_density(0.1), 6.0, winds=w) for w in (cold, warmer))
    ratio = two["pressure"].values / one["pressure"].values
    assert ratio[:, 1:] == pytest.approx(1.02, rel=1e-4)


def test_a_superpressure_balloon_is_lower_at_night_by_what_its_envelope_gives():
    gross, volume, compliance, warming = 1_640.0, 14_140.0, 2e-5, 20.0
    out = fly(fl.superpressure(gross, volume, compliance_per_pa=compliance, day_warming_k=warming), 40.0)
    night = float(atmosphere.altitude_of_density_m(gross / volume))
    tight = 1.0 + compliance * gross / volume * atmosphere.GAS_CONSTANT_DRY_AIR * warming
    day = float(atmosphere.altitude_of_density_m(gross / volume / tight))
    assert at_hour(out, 12.0) == pytest.approx(day, abs=3.0)
    assert at_hour(out, 22.0) == pytest.approx(night, abs=3.0)
    assert at_hour(out, 36.0) == pytest.approx(day, abs=3.0)
    assert day - night == pytest.approx(6_340.0 * np.log(tight), rel=0.02)  # scale height of 216.65 K


def test_the_day_comes_and_goes_with_the_sun_where_the_balloon_is():
    """On 1 January at 40 N the sun rises at about 7:22 and sets at 16:45 local time; up there some 20 minutes more."""
    out = fly(fl.float_at_density(0.1, day_change=-0.05), 24.0, output_s=120.0)
    height, time = out["altitude"].values[0], out["time"].values
    low, high = height.min(), height.max()
    assert high - low == pytest.approx(-6_340.0 * np.log(0.95), rel=0.02)
    rising = time[np.flatnonzero(height > low + 0.02 * (high - low))[0]]
    hours = (rising - np.datetime64("2023-01-01")) / np.timedelta64(1, "h")
    lon = float(np.interp(hours - 6.0, [0.0, 24.0], [0.0, float(out["end_lon"][0])]))
    assert 6.6 < hours + lon / 15.0 < 7.4


def test_back_in_time_the_sun_is_that_of_the_time():
    out = fly(fl.float_at_density(0.1, day_change=-0.05), -24.0, start=START + timedelta(hours=30))
    night, day = (float(atmosphere.altitude_of_density_m(0.1 * f)) for f in (1.0, 0.95))
    back = out.isel(obs=slice(None, None, -1))
    assert at_hour(back, 12.0) == pytest.approx(day, abs=15.0)  # log densities are linear in ln p between levels
    assert at_hour(back, 23.0) == pytest.approx(night, abs=15.0)


# Zero pressure


def test_a_zero_pressure_balloon_with_ballast_holds_its_floor_by_night_and_rises_higher_the_next_day():
    phase = ZeroPressure(dry_kg=2_000.0, volume_m3=300_000.0, ballast_kg=400.0, floor_m=28_000.0, ballast_rate_kg_s=1.0)
    out = fly(fl.Flight(phases=(phase,)), 40.0, altitude_m=100.0)
    day, night, next_day = (at_hour(out, h) for h in (13.0, 23.0, 36.0))
    assert ends(out) == {"flying"}
    assert 27_500.0 < night <= 28_000.0
    assert night < day < next_day
    assert day == pytest.approx(34_500.0, abs=500.0)


def test_without_ballast_it_falls_after_sunset_and_lands():
    phase = ZeroPressure(dry_kg=2_000.0, volume_m3=300_000.0, day_excess_k=Spread("normal", 13.0, 2.0))
    out = fly(fl.Flight(phases=(phase,)), 40.0, members=20)
    assert ends(out) == {"landed"}
    assert np.ptp(aloft_h(out)) > 0.5  # each member has its own gas
    assert ((aloft_h(out) > 12.0) & (aloft_h(out) < 24.0)).all()


def test_zero_pressure_then_cut_down():
    float_part = ZeroPressure(dry_kg=2_000.0, volume_m3=300_000.0, until=Until("duration", 5 * 3_600.0))
    out = fly(fl.Flight(phases=(float_part, Descent(sea_level_speed_ms=6.0))), 12.0)
    assert ends(out) == {"landed"}
    assert 5.4 < float(aloft_h(out)[0]) < 6.0


def test_quick_gas_needs_no_finer_step_from_the_caller():
    phase = ZeroPressure(dry_kg=2_000.0, volume_m3=300_000.0, relaxation_s=100.0)
    coarse, fine = (fly(fl.Flight(phases=(phase,)), 8.0, altitude_m=100.0, step_s=s) for s in (600.0, 10.0))
    assert coarse["altitude"].values == pytest.approx(fine["altitude"].values, abs=250.0)


# Up and down


def test_ascents_end_where_they_are_told_to():
    top_m = 15_000.0
    pressure, density = (float(f(top_m)) for f in (atmosphere.pressure_pa, atmosphere.density_kg_m3))
    for until in (Until("altitude", top_m), Until("pressure", pressure), Until("density", density),
                  Until("duration", (top_m - 200.0) / 5.0)):  # fmt: skip
        out = fly(fl.Flight(phases=(Ascent(rate_ms=5.0, until=until),)), 3.0, altitude_m=200.0)
        assert ends(out) == {"ended"}
        assert float(out["end_altitude"][0]) == pytest.approx(top_m, abs=5.0)
        assert float(aloft_h(out)[0]) == pytest.approx((top_m - 200.0) / 5.0 / 3_600.0, abs=0.001)


def test_a_latex_balloon_rises_and_bursts_at_its_diameter():
    """Maker's sheet of the Kaymont HAB-1200: 1.19 kg of free lift with 1.05 kg below bursts at 8.63 m, 33.2 km."""
    lift = Lift(payload_kg=1.05, envelope_kg=1.2, free_lift_kg=1.19)
    up = Ascent(lift=lift, until=Until("diameter", 8.63))
    out = fly(fl.Flight(phases=(up, Descent(sea_level_speed_ms=5.0))), 6.0, altitude_m=0.0, output_s=20.0)
    assert ends(out) == {"landed"}
    assert float(out["altitude"].max()) == pytest.approx(33_200.0, abs=700.0)
    climb = np.diff(out["altitude"].values[0, :100]) / 20.0
    assert ((climb > 4.0) & (climb < 7.5)).all()
    assert (out["status"].values[0, -1], out["status"].values[0, 0]) == (1, 0)
    assert 2 in out["status"].values  # burst, on the way down


def test_members_burst_where_they_draw():
    top = Spread("normal", 30_000.0, 1_000.0)
    flight = fl.sounding(Spread("normal", 4.7, 0.7, low=2.0), top, Spread("lognormal", 4.1, 0.17),
                         density_exponent=PARACHUTE_EXPONENT)  # fmt: skip
    out = fly(flight, 6.0, members=200, altitude_m=200.0, output_s=20.0)
    highest = out["altitude"].max("obs").values
    assert ends(out) == {"landed"}
    assert highest == pytest.approx(np.minimum(flight.rows(2, 200)[1][:, 0, 13], 45_000.0), abs=300.0)
    assert np.std(highest) == pytest.approx(1_000.0, rel=0.2)


@pytest.mark.parametrize(
    ("beta", "high_min", "low_min"), [(0.1, 150, 69), (0.5, 67, 31), (2.0, 34, 16), (10.0, 15, 6.9), (200.0, 3.4, 1.6)]
)
def test_debris_falls_for_as_long_as_the_table_says(beta, high_min, low_min):
    """Fall times from 18.3 and 6.1 km in the standard atmosphere, given to two digits."""
    flight = fl.debris([DebrisClass(name="piece", ballistic_kg_m2=beta)])
    for top, minutes in ((18_300.0, high_min), (6_100.0, low_min)):
        out = fly(flight, 4.0, altitude_m=top, terrain=None)
        assert ends(out) == {"landed"}
        assert 60.0 * float(aloft_h(out)[0]) == pytest.approx(minutes, rel=0.035)


def test_heavier_debris_comes_down_sooner_and_nearer():
    flight = fl.debris()
    out = fly(flight, 12.0, members=400, altitude_m=18_300.0, terrain=None)
    names = flight.debris_classes(2, 400)
    assert ends(out) == {"landed"}
    far = sphere.distance_m(40.0, 0.0, out["end_lat"].values, out["end_lon"].values)
    median = [np.median(far[names == n]) for n in ("film", "envelope", "truss", "dense payload")]
    assert median == sorted(median, reverse=True)


# Records


TIMES = np.datetime64("2023-01-01T06", "ns") + np.arange(4) * np.timedelta64(1, "h")
RECORD = fl.Flight(phases=(Recorded(times=TIMES, altitude_m=[1_000.0, 9_000.0, 20_000.0, 5_000.0]),))


@pytest.mark.parametrize(("begin", "hours"), [(0.0, 6.0), (1.5, 6.0), (3.0, -6.0), (2.0, -6.0), (-1.0, 6.0)])
def test_a_record_is_followed_to_its_end_from_wherever_one_starts(begin, hours):
    out = fly(RECORD, hours, start=START + timedelta(hours=begin), lat=0.0, lon=-30.0)
    assert ends(out) == {"ended"}
    end = TIMES[-1] if hours > 0 else TIMES[0]
    assert abs(out["end_time"].values[0] - end) < np.timedelta64(1, "s")
    seconds, heights = RECORD.recorded()
    flown = out["time"].values <= end if hours > 0 else out["time"].values >= end
    at = out["time"].values[flown].astype(np.int64) * 1e-9
    assert out["altitude"].values[0, flown] == pytest.approx(np.interp(at, seconds, heights), abs=2.0)


def test_after_the_record_the_next_phase_goes_on():
    flight = fl.Flight(phases=(*RECORD.phases, Descent(sea_level_speed_ms=5.0)))
    out = fly(flight, 6.0, lat=0.0, lon=-30.0)
    assert ends(out) == {"landed"}
    assert 3.2 < float(aloft_h(out)[0]) < 3.4


def test_an_error_of_the_record_shifts_each_member():
    record = Recorded(times=TIMES, altitude_m=[9_000.0] * 4, offset_m=Spread("normal", 0.0, 100.0))
    out = fly(fl.Flight(phases=(record,)), 3.0, members=300, lat=0.0, lon=-30.0)
    assert np.std(out["altitude"].values[:, 5]) == pytest.approx(100.0, rel=0.15)


# Chains and ground


def test_up_along_and_down():
    level = Float(surface="density", standard_altitude_m=Spread("uniform", 16_000.0, 20_000.0),
                  until=Until("duration", 10 * 3_600.0))  # fmt: skip
    flight = fl.Flight(phases=(Ascent(rate_ms=4.0, until=Until("next_surface")), level, Descent(ballistic_kg_m2=2.0)))
    out = fly(flight, 24.0, members=30, altitude_m=0.0)
    assert ends(out) == {"landed"}
    levels = atmosphere.altitude_of_density_m(flight.rows(2, 30)[1][:, 1, 0])
    assert out["altitude"].max("obs").values == pytest.approx(levels, abs=15.0)  # log densities are linear in ln p
    assert aloft_h(out) == pytest.approx(levels / 4.0 / 3_600.0 + 10.0 + 0.6, abs=0.15)


def test_landing_is_on_the_ground_that_lies_there():
    release = {"lat": ZAGROS[0] + np.linspace(-1.5, 1.5, 40), "lon": np.full(40, ZAGROS[1]), "altitude_m": 12_000.0}
    out = fly(fl.Flight(phases=(Descent(sea_level_speed_ms=5.0),)), 4.0, members=40, **release)
    ground = Terrain.load().elevation_m(out["end_lat"].values, out["end_lon"].values)
    assert ends(out) == {"landed"}
    assert np.ptp(ground) > 1_500.0
    assert out["end_altitude"].values == pytest.approx(ground, abs=0.5)
    sea = fly(fl.Flight(phases=(Descent(sea_level_speed_ms=5.0),)), 4.0, members=40, terrain=None, **release)
    assert (aloft_h(out) < aloft_h(sea)).all()


def test_a_flight_starts_from_the_ground_where_no_altitude_is_given():
    out = fly(fl.sounding(5.0, 10_000.0, 5.0), 3.0, lat=ZAGROS[0], lon=ZAGROS[1])
    assert float(out["altitude"][0, 0]) == pytest.approx(float(Terrain.load().elevation_m(*ZAGROS)), abs=0.5)
    assert float(out["altitude"][0, 0]) > 1_000.0


def test_above_the_highest_level_the_winds_end():
    out = fly(fl.Flight(phases=(Ascent(rate_ms=5.0, until=Until("altitude", 50_000.0)),)), 6.0, altitude_m=30_000.0)
    assert ends(out) == {"out_of_levels"}
    top = float(atmosphere.altitude_m(300.0))
    assert float(out["end_altitude"][0]) == pytest.approx(top, abs=5.0 * LEVEL_CHANGE_STEP_S)


EVERY = {
    "pressure": (fl.float_at_pressure(Spread("normal", 5_000.0, 300.0)), None),
    "altitude": (fl.float_at_altitude(Spread("normal", 20_000.0, 300.0)), None),
    "density": (fl.float_at_density(Spread("normal", 0.09, 0.003), day_change=-0.02), None),
    "superpressure": (fl.superpressure(Spread("normal", 10.0, 0.1), 100.0), None),
    "zero pressure": (fl.Flight(phases=(ZeroPressure(dry_kg=Spread("normal", 2e3, 50.0), volume_m3=3e5),)), 100.0),
    "sounding": (fl.sounding(Spread("normal", 5.0, 0.5), 30_000.0, Spread("lognormal", 5.0, 0.2)), 100.0),
    "debris": (fl.debris(), 18_000.0),
    "recorded": (fl.Flight(phases=(Recorded(times=TIMES, altitude_m=[1e3, 9e3, 2e4, 5e3],
                                            offset_m=Spread("normal", 0.0, 50.0)),)), None),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("method", ["rk4", "rk2", "adaptive", "embedded"])
def test_every_flight_runs_the_same_in_parts_and_threads_and_by_every_method(name, method):
    flight, altitude = EVERY[name]
    parts = [
        fly(flight, 6.0, members=50, altitude_m=altitude, method=method, threads=t, memory_bytes=m)
        for t, m in ((1, 2**31), (3, 2**20))
    ]
    assert np.array_equal(parts[0]["end_lon"].values, parts[1]["end_lon"].values)
    assert np.array_equal(parts[0]["altitude"].values, parts[1]["altitude"].values, equal_nan=True)
    assert len(np.unique(parts[0]["altitude"].values[:, 3])) > 40  # each member has its own life
    fine = fly(flight, 6.0, members=50, altitude_m=altitude, step_s=20.0)
    apart = sphere.distance_m(*(o[f"end_{n}"].values for o in (parts[0], fine) for n in ("lat", "lon")))
    assert np.median(apart) < 200.0


@pytest.mark.parametrize(
    ("flight", "step_s"),
    [(fl.float_at_density(0.1), 600.0), (fl.sounding(5.0, 3e4, 5.0), 60.0), (RECORD, 60.0), (fl.debris(), 60.0)],
)
def test_what_changes_level_takes_shorter_steps(flight, step_s):
    assert Settings().for_flight(flight).step_s == step_s
    assert Settings(step_s=30.0).for_flight(flight).step_s == 30.0


@pytest.mark.parametrize("flight", [fl.float_at_pressure(85_000.0), fl.float_at_altitude(1_400.0)])
def test_a_float_that_meets_the_ground_has_landed(flight):
    out = fly(flight, 24.0, lat=46.0, lon=3.0)  # from the Loire into the Alps
    assert ends(out) == {"landed"}


def test_a_float_at_a_pressure_reports_the_height_that_the_winds_have_there():
    standard = atmosphere.geopotential_m(atmosphere.altitude_m(100.0 * AIR["level"].values))
    level = xr.DataArray(0.98 * standard.astype(np.float32), dims="level")
    lowered = AIR.assign(z=(AIR["u"] * 0.0 + level).transpose(*AIR["u"].dims))
    out = fly(fl.float_at_pressure(5_000.0), 6.0, winds=lowered)
    assert float(out["end_altitude"][0]) == pytest.approx(0.98 * float(atmosphere.altitude_m(5_000.0)), abs=30.0)
