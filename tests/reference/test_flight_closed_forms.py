"""Vertical models against published values and closed forms."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from overflight import flight as fl
from overflight.flight import kernels
from overflight.flight.phases import Ascent, Descent, Lift
from overflight.flight.until import Until
from overflight.geo import atmosphere

FOOT_M = 0.3048
G = 9.80665


def first_row(flight: fl.Flight, phase: int = 0) -> np.ndarray:
    return flight.rows(1, 1)[1][0, phase]


def fall_rate(row: np.ndarray, z: float, density: float) -> float:
    state = np.zeros(kernels.N_STATE)
    return kernels.vertical_rate_ms(kernels.DESCENT, row, state, 0.0, z, 1e4, 220.0, density, 0.0)


def time_to_fall_s(row: np.ndarray, top: float, density_of, steps: int = 4_000) -> float:  # type: ignore[no-untyped-def]
    """RK4 for dt/dz: the fourth-order sum over height of 1/rate is Simpson's rule."""
    z = np.linspace(0.0, top, 2 * steps + 1)
    slowness = np.array([-1.0 / fall_rate(row, float(h), float(density_of(h))) for h in z])
    weight = np.ones(z.size)
    weight[1:-1:2], weight[2:-1:2] = 4.0, 2.0
    return float((weight * slowness).sum() * (z[1] - z[0]) / 3.0)


# U.S. Standard Atmosphere 1976, table I (geometric altitude; pressure hPa, density kg/m3)
USSA76 = [
    (20_000, 466.0, 0.6531),
    (38_910, 198.3, 0.3189),
    (40_000, 188.2, 0.3027),
    (60_000, 72.3, 0.1163),
    (65_000, 57.0, 0.0916),
    (100_000, 11.1, 0.0171),
]


@pytest.mark.parametrize(("feet", "pressure_hpa", "density"), USSA76)
def test_a_float_given_as_a_standard_altitude_has_the_tabulated_pressure_and_density(
    feet: int, pressure_hpa: float, density: float
) -> None:
    altitude = feet * FOOT_M
    for surface, expected in (("pressure", pressure_hpa * 100.0), ("density", density)):
        row = first_row(fl.float_at_unknown_level(altitude - 0.01, altitude + 0.01, surface=surface))  # type: ignore[arg-type]
        assert row[0] == pytest.approx(expected, rel=6e-3 if pressure_hpa < 12 else 1e-3)  # digits of the table


@pytest.mark.parametrize("altitude", [500.0, 9_000.0, 11_000.0, 12_300.0, 18_288.0, 20_100.0, 33_000.0, 45_000.0])
def test_float_altitude_comes_back_within_a_metre(altitude: float) -> None:
    density = float(atmosphere.density_kg_m3(altitude))
    row = first_row(fl.superpressure(density * 50.0, 50.0))
    assert float(atmosphere.altitude_of_density_m(row[0])) == pytest.approx(altitude, abs=1.0)
    row = first_row(fl.float_at_pressure(float(atmosphere.pressure_pa(altitude))))
    assert float(atmosphere.altitude_m(row[0])) == pytest.approx(altitude, abs=1.0)


def test_a_gram_of_a_pico_balloon_needs_3_14_litres_at_38910_feet() -> None:
    density = float(atmosphere.density_kg_m3(38_910 * FOOT_M))
    assert 1.0 / density == pytest.approx(3.14, abs=0.01)


def test_a_buoyant_ascent_goes_as_density_to_the_minus_one_sixth() -> None:
    lift = Lift(payload_kg=1.0, envelope_kg=1.2, free_lift_kg=1.0, drag=0.3)
    row = first_row(fl.Flight(phases=(Ascent(lift=lift, until=Until("altitude", 3e4)),)))
    state = np.zeros(kernels.N_STATE)
    density = np.geomspace(1.225, 0.018, 30)
    rate = [kernels.vertical_rate_ms(3, row, state, 0.0, 0.0, 1e5, 250.0, float(d), 0.0) for d in density]
    slope = np.diff(np.log(rate)) / np.diff(np.log(density))
    np.testing.assert_allclose(slope, -1.0 / 6.0, rtol=1e-9)
    radius = (3.0 * row[1] / (4.0 * math.pi * 1.225)) ** (1.0 / 3.0)
    closed = math.sqrt(8.0 * G * radius * (1.0 / row[1]) / (3.0 * 0.3))  # net lift over displaced air = 1 kg / row[1]
    assert rate[0] == pytest.approx(closed, rel=1e-9)


def test_the_drag_curve_takes_its_published_values() -> None:
    from overflight.flight.latex import drag_curve

    # Gallice et al. (2011), eq. 6 and the values read from it in their discussion: 0.26 to 0.32 near 5 to 8e5
    assert 0.25 < drag_curve(8e5) < drag_curve(5e5) < 0.33
    assert drag_curve(3e4) == pytest.approx(1.1, abs=0.1)


# manufacturers' sheets: envelope, payload, free lift [kg], burst diameter, burst altitude [m]
BURSTS = [
    ("Kaymont HAB-1200", 1.2, 1.05, 1.19, 8.63, 33_200.0),
    ("Pawan CPR-1200", 1.2, 1.0, 1.18, 8.00, 31_000.0),
    ("Hwoyee HY-1200", 1.2, 0.25, 2.24, 9.10, 33_000.0),
]


@pytest.mark.parametrize(("name", "envelope", "payload", "free", "diameter", "altitude"), BURSTS)
def test_bursts_by_diameter_are_those_of_the_makers_sheets(
    name: str, envelope: float, payload: float, free: float, diameter: float, altitude: float
) -> None:
    lift = Lift(payload_kg=payload, envelope_kg=envelope, free_lift_kg=free)
    row = first_row(fl.Flight(phases=(Ascent(lift=lift, until=Until("diameter", diameter)),)))
    state = np.zeros(kernels.N_STATE)

    def margin(z: float) -> float:
        density = float(atmosphere.density_kg_m3(z))
        return kernels.stop_margin(kernels.ASCENT, row, state, 0.0, 0.0, z, 1e3, density)

    assert margin(altitude - 700.0) > 0.0 > margin(altitude + 700.0), name  # 700 m: 10 % of the gas


@pytest.mark.parametrize(("diameter", "tonnes"), [(20.0, 0.49), (25.0, 0.95), (30.0, 1.64), (40.0, 3.9), (60.0, 13.2)])
def test_gross_mass_of_a_sphere_at_60000_feet(diameter: float, tonnes: float) -> None:
    row = first_row(fl.superpressure(1_000.0 * tonnes, math.pi / 6.0 * diameter**3))
    assert float(atmosphere.altitude_of_density_m(row[0])) == pytest.approx(18_300.0, abs=100.0)


@pytest.mark.parametrize("v0", [1.3, 5.0, 57.0])
def test_isothermal_fall_time(v0: float) -> None:
    scale, top = 7_000.0, 30_000.0
    row = first_row(fl.Flight(phases=(Descent(sea_level_speed_ms=v0),)))
    time = time_to_fall_s(row, top, lambda z: 1.225 * math.exp(-z / scale))
    closed = 2.0 * scale / v0 * (1.0 - math.exp(-top / (2.0 * scale)))
    assert time == pytest.approx(closed, rel=1e-6)  # asked: 0.1 %


@pytest.mark.parametrize("exponent", [0.5, 0.56, 0.7])
def test_isothermal_fall_time_for_any_exponent(exponent: float) -> None:
    scale, top, v0 = 7_000.0, 30_000.0, 5.0
    row = first_row(fl.Flight(phases=(Descent(sea_level_speed_ms=v0, density_exponent=exponent),)))
    time = time_to_fall_s(row, top, lambda z: 1.225 * math.exp(-z / scale))
    closed = scale / (exponent * v0) * (1.0 - math.exp(-exponent * top / scale))
    assert time == pytest.approx(closed, rel=1e-6)


# ballistic coefficient; sea-level speed; minutes from 18.3 km and from 6.1 km in the standard atmosphere
FALLS = [
    (0.1, 1.3, 150, 69),
    (0.5, 2.8, 67, 31),
    (2.0, 5.7, 34, 16),
    (10.0, 12.6, 15, 6.9),
    (50.0, 28.0, 6.7, 3.1),
    (200.0, 57.0, 3.4, 1.6),
]


@pytest.mark.parametrize(("beta", "v0", "high_min", "low_min"), FALLS)
def test_fall_times_of_debris(beta: float, v0: float, high_min: float, low_min: float) -> None:
    row = first_row(fl.Flight(phases=(Descent(ballistic_kg_m2=beta),)))
    assert -fall_rate(row, 0.0, 1.225) == pytest.approx(v0, rel=0.03)
    for top, minutes in ((18_300.0, high_min), (6_100.0, low_min)):
        time = time_to_fall_s(row, top, atmosphere.density_kg_m3, steps=300) / 60.0
        assert time == pytest.approx(minutes, rel=0.035)  # the table has two digits


# altitude; NASA Glenn model worked by hand (temperature C, pressure kPa) in each of its three layers
TAWHIRI = [
    (0.0, 15.04, 101.40),
    (5_000.0, -17.41, 54.05),
    (11_000.0, -56.35, 22.71),
    (15_000.0, -56.46, 12.12),
    (25_000.0, -56.46, 2.523),
    (30_000.0, -41.51, 1.1612),
]


@pytest.mark.parametrize(("z", "celsius", "kilopascal"), TAWHIRI)
def test_tawhiri_descent(z: float, celsius: float, kilopascal: float) -> None:
    row = first_row(fl.tawhiri_standard(5.0, 30_000.0, 6.0), phase=1)
    density = kilopascal / (0.2869 * (celsius + 273.1))
    expected = -6.0 * 1.1045 / math.sqrt(density)
    assert fall_rate(row, z, 9.9) == pytest.approx(expected, rel=1e-3)  # the given density is not used


def test_tawhiri_air_is_within_three_percent_of_the_standard_atmosphere() -> None:
    ours = first_row(fl.sounding(5.0, 30_000.0, 6.0), phase=1)
    theirs = first_row(fl.tawhiri_standard(5.0, 30_000.0, 6.0), phase=1)
    for z in np.linspace(0.0, 30_000.0, 31):
        a, b = (fall_rate(row, z, float(atmosphere.density_kg_m3(z))) for row in (ours, theirs))
        assert a == pytest.approx(b, rel=0.03)


def test_the_buoyancy_oscillation_is_too_fast_to_resolve_and_lasts_196_s() -> None:
    """``w0^2 = (2 g / 3 T)(g/R + dT/dz)`` of a stiff balloon and its added mass, isothermal at 216.65 K."""
    omega = math.sqrt(2.0 * G / (3.0 * 216.65) * (G / atmosphere.GAS_CONSTANT_DRY_AIR))
    assert 2.0 * math.pi / omega == pytest.approx(196.0, abs=0.5)
    # the same from the density gradient: restoring force on one and a half times the mass
    z = np.array([15_000.0, 15_100.0])
    gradient = -np.diff(np.log(atmosphere.density_kg_m3(z)))[0] / 100.0
    assert 2.0 * math.pi / math.sqrt(G * gradient / 1.5) == pytest.approx(196.0, abs=1.0)


def test_solar_position_of_the_nrel_report() -> None:
    """Reda and Andreas (2003), NREL/TP-560-34302, A.5: zenith 50.11162 degrees after 0.0164 of refraction."""
    time = datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC).timestamp()
    sine = kernels.sun_sin(time, math.radians(39.742476), math.radians(-105.1786))
    zenith = 90.0 - math.degrees(math.asin(sine))
    assert zenith == pytest.approx(50.11162, abs=0.05)
    assert zenith == pytest.approx(50.11162 + 0.0164, abs=0.01)


# almanac instants of 2023 (UTC): equinoxes and solstices; apparent declination of the sun there
SEASONS = [
    (datetime(2023, 3, 20, 21, 24, tzinfo=UTC), 0.0),
    (datetime(2023, 6, 21, 14, 58, tzinfo=UTC), 23.44),
    (datetime(2023, 9, 23, 6, 50, tzinfo=UTC), 0.0),
    (datetime(2023, 12, 22, 3, 27, tzinfo=UTC), -23.44),
]


@pytest.mark.parametrize(("time", "declination"), SEASONS)
def test_the_sun_at_the_pole_stands_at_its_declination(time: datetime, declination: float) -> None:
    sine = kernels.sun_sin(time.timestamp(), math.pi / 2, 0.0)
    assert math.degrees(math.asin(sine)) == pytest.approx(declination, abs=0.02)


def test_sunset_of_the_equinox_at_the_equator_is_twelve_hours_after_sunrise() -> None:
    start = datetime(2023, 3, 20, tzinfo=UTC).timestamp()
    t = start + np.arange(0, 86_400, 20)
    up = np.array([kernels.sun_sin(float(s), 0.0, 0.0) for s in t]) > 0.0
    assert up.mean() * 24.0 == pytest.approx(12.0, abs=0.02)
    noon = t[up].mean() - start - 43_200.0
    assert noon / 60.0 == pytest.approx(7.5, abs=0.3)  # equation of time on 20 March: -7.5 min
