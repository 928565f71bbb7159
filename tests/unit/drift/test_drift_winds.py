"""Which wind a balloon meets: heights of levels by what the winds know, and what happens where they end."""

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr

from overflight.drift import Release, Settings, simulate
from overflight.flight import float_at_altitude, float_at_density, float_at_pressure, sounding
from overflight.geo import atmosphere
from overflight.geo.sphere import EARTH_RADIUS_M
from overflight.winds.heights import with_heights

START = datetime(2023, 1, 1, tzinfo=UTC)
LEVEL = np.array([1000.0, 700.0, 500.0, 300.0, 200.0, 100.0, 50.0, 20.0, 10.0])
KELVIN = 230.0
FLYING, LEFT_DOMAIN, OUT_OF_WIND, OUT_OF_LEVELS = 0, 3, 4, 5
FLOATS = {
    "pressure": float_at_pressure(10_000.0),
    "altitude": float_at_altitude(16_000.0),
    "density": float_at_density(0.16),
}


def shear(*, z=None, t=None):
    """Northward wind that is minus the logarithm of pressure [hPa]: where a balloon goes tells its pressure."""
    lat, lon = np.linspace(-20.0, 20.0, 21), np.linspace(-20.0, 20.0, 21)
    time = np.datetime64("2023-01-01", "ns") + np.arange(3) * np.timedelta64(6, "h")
    dims, shape = ("time", "level", "lat", "lon"), (3, LEVEL.size, 21, 21)
    column = {"u": 0.0 * LEVEL, "v": 10.0 * np.log(1000.0 / LEVEL), "z": z, "t": t}
    data = {
        name: (dims, np.broadcast_to(np.asarray(values, np.float32)[None, :, None, None], shape).copy())
        for name, values in column.items()
        if values is not None
    }
    return xr.Dataset(data, {"time": time, "level": LEVEL, "lat": lat, "lon": lon})


def run(winds, flight, *, lat=0.0, lon=0.0, hours=2.0, altitude_m=None):
    release = Release(time=START, lat=lat, lon=lon, altitude_m=altitude_m)
    return simulate(winds, flight, release, hours=hours, members=1, seed=1, settings=Settings())


def pressure_of(out):
    """Pressure at which a balloon in ``shear`` has flown, by how far north it came. [hPa]"""
    speed = np.radians(float(out["end_lat"][0])) * (EARTH_RADIUS_M + float(out["altitude"][0, 0])) / 7200.0
    return 1000.0 * np.exp(-speed / 10.0)


STANDARD_Z = atmosphere.geopotential_m(atmosphere.altitude_m(LEVEL * 100.0))
ISOTHERMAL_Z = float(STANDARD_Z[0]) + atmosphere.GAS_CONSTANT_DRY_AIR / 9.80665 * KELVIN * np.log(1000.0 / LEVEL)


@pytest.mark.parametrize(
    ("known", "z"),
    [
        ({"z": STANDARD_Z - 800.0}, STANDARD_Z - 800.0),
        ({"z": STANDARD_Z - 800.0, "t": np.full(LEVEL.size, KELVIN)}, STANDARD_Z - 800.0),
        ({"t": np.full(LEVEL.size, KELVIN)}, ISOTHERMAL_Z),
        ({}, STANDARD_Z),
    ],
    ids=["file", "file before temperature", "temperature", "standard"],
)
def test_an_altitude_is_met_at_the_height_that_the_winds_know_best(known, z):
    winds = with_heights(shear(**known))
    expected = np.exp(np.interp(float(atmosphere.geopotential_m(16_000.0)), z, np.log(LEVEL)))
    # Heights between levels are linear in ln p here and in the engine, but geometric there: some metres.
    assert pressure_of(run(winds, FLOATS["altitude"])) == pytest.approx(expected, rel=3e-3)


def test_the_three_heights_differ_by_far_more_than_the_bound():
    """What the cases above would take for each other lies 4 % apart and more."""
    at = [np.interp(float(atmosphere.geopotential_m(16_000.0)), z, np.log(LEVEL)) for z in
          (STANDARD_Z - 800.0, ISOTHERMAL_Z, STANDARD_Z)]  # fmt: skip
    assert min(abs(a - b) for i, a in enumerate(at) for b in at[:i]) > 10 * 3e-3


def test_a_density_is_met_by_the_temperature_of_the_winds():
    winds = with_heights(shear(t=np.full(LEVEL.size, KELVIN)))
    expected = 0.16 * atmosphere.GAS_CONSTANT_DRY_AIR * KELVIN / 100.0
    assert pressure_of(run(winds, FLOATS["density"])) == pytest.approx(expected, rel=2e-3)
    standard = with_heights(shear())
    altitude = float(atmosphere.altitude_of_density_m(0.16))
    expected = float(atmosphere.pressure_pa(altitude)) / 100.0
    assert pressure_of(run(standard, FLOATS["density"])) == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("kind", FLOATS)
def test_missing_winds_end_a_flight_where_it_meets_them(kind):
    winds = shear(z=STANDARD_Z)
    winds["v"][:, :, 11:] = np.nan  # north of 0 degrees nothing is known
    out = run(winds, FLOATS[kind], lat=-1.0, hours=9.0)
    assert out["end_status"].values[0] == OUT_OF_WIND
    assert out["status"].values[0, -1] == OUT_OF_WIND
    known = np.isfinite(out["lat"].values[0])
    assert not known[-1]
    assert np.array_equal(out["status"].values[0] == FLYING, known)
    assert -1.0 < float(out["lat"].max()) <= float(out["end_lat"][0]) <= 0.0


@pytest.mark.parametrize("kind", FLOATS)
def test_a_gap_over_twelve_hours_ends_a_flight_and_one_up_to_twelve_does_not(kind):
    winds = shear(z=STANDARD_Z)
    for hours, status in ((12, FLYING), (13, OUT_OF_WIND)):
        late = winds.isel(time=[1]).assign_coords(time=winds["time"].values[[1]] + np.timedelta64(hours, "h"))
        out = run(xr.concat([winds.isel(time=[0, 1]), late], "time"), FLOATS[kind], hours=8.0)
        assert out["end_status"].values[0] == status
        if status == OUT_OF_WIND:
            assert out["end_time"].values[0] == winds["time"].values[1]


@pytest.mark.parametrize("flight", [float_at_pressure(500.0), float_at_altitude(40_000.0), float_at_density(0.003)])
def test_above_the_highest_level_there_is_no_wind(flight):
    out = run(shear(z=STANDARD_Z), flight)
    assert out["end_status"].values[0] == OUT_OF_LEVELS
    assert float(out["end_lat"][0]) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("below_m", "status", "counted"), [(-300.0, FLYING, 0), (300.0, FLYING, 1), (900.0, OUT_OF_LEVELS, 0)]
)
@pytest.mark.parametrize("kind", ["pressure", "altitude"])
def test_just_below_the_lowest_level_its_wind_holds_and_is_counted(kind, below_m, status, counted):
    winds = shear(z=STANDARD_Z).isel(level=slice(2, None))
    altitude = float(atmosphere.altitude_m(50_000.0)) - below_m
    pressure = float(atmosphere.pressure_pa(altitude))
    flight = float_at_altitude(altitude) if kind == "altitude" else float_at_pressure(pressure)
    out = run(winds, flight)
    assert out["end_status"].values[0] == status
    if status == FLYING:
        assert out.attrs["members_below_lowest_level"] == counted
        assert pressure_of(out) == pytest.approx(min(500.0, pressure / 100.0), rel=5e-3)


def test_a_flight_out_of_a_region_says_so():
    out = run(shear(z=STANDARD_Z), FLOATS["pressure"], lat=19.5, hours=9.0)
    assert out["end_status"].values[0] == LEFT_DOMAIN
    assert 19.9 < float(out["end_lat"][0]) < 21.0


def test_a_sounding_that_climbs_past_the_levels_says_so():
    winds = shear(z=STANDARD_Z).isel(level=slice(0, 6))
    out = run(winds, sounding(5.0, 25_000.0, 5.0), hours=4.0, altitude_m=100.0)
    assert out["end_status"].values[0] == OUT_OF_LEVELS
    assert float(out["end_altitude"][0]) == pytest.approx(float(atmosphere.altitude_m(10_000.0)), abs=3500.0)
