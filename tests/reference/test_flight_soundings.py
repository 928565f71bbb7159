"""The vertical models against twenty weather-balloon flights and two parachute descents."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from checks.descents import VEHICLES, Vehicle
from checks.soundings import (
    DOCUMENT,
    FOLDER,
    Leg,
    Sounding,
    exponent_of,
    fall_slowness,
    forecast,
    layer_s,
    read_all,
    table_row,
)

from overflight.flight import kernels, latex, sounding
from overflight.flight.phases import PARACHUTE_EXPONENT
from overflight.geo import atmosphere


@pytest.fixture
def soundings(shared_data: Path) -> list[Sounding]:
    if not (shared_data / FOLDER).is_dir():
        pytest.skip("no weather-balloon flights in the shared data")
    return read_all(shared_data)


def descents(soundings: list[Sounding]) -> list[Leg]:
    return [s.down for s in soundings if s.down is not None]


def rms(values: list[float]) -> float:
    return math.sqrt(float(np.mean(np.square(values))))


def test_all_twenty_are_read(soundings: list[Sounding]) -> None:
    assert len(soundings) == 20
    assert sum(s.refused for s in soundings) == 0
    assert len(descents(soundings)) == 18  # 19-2-9 stops at 16.8 km, 18-8-11 has a gap down to 8.8 km
    for s in soundings:
        assert (np.diff(s.up.z) > 0.0).all()
        assert s.up.seconds < 4.0 * 3_600.0


def test_burst_altitudes_lie_where_soundings_burst(soundings: list[Sounding]) -> None:
    burst = [s.burst_m for s in soundings if s.name != "19-2-9"]
    assert np.median(burst) == pytest.approx(30_341.0, abs=1.0)
    assert min(burst) > 23_000.0
    assert max(burst) < 33_000.0


def test_ascent_rates_are_those_of_the_default_spread(soundings: list[Sounding]) -> None:
    rates = np.array([s.up.rate for s in soundings])
    assert rates.mean() == pytest.approx(4.7, abs=0.3)
    assert rates.std(ddof=1) == pytest.approx(0.7, abs=0.15)


def ascent_errors(soundings: list[Sounding], slowness) -> list[float]:  # type: ignore[no-untyped-def]
    return [forecast(s.up, slowness)[1] for s in soundings]


def drag_curve_slowness(z: np.ndarray) -> np.ndarray:
    air = zip(atmosphere.density_kg_m3(z), atmosphere.temperature_k(z), strict=True)
    return np.array([1.0 / latex.buoyant_rate_ms(4.3, 1.2, -1.0, float(rho), float(t)) for rho, t in air])


def test_a_constant_rate_or_the_drag_curve_describes_the_ascent_and_constant_drag_does_not(
    soundings: list[Sounding],
) -> None:
    constant = ascent_errors(soundings, np.ones_like)
    curve = ascent_errors(soundings, drag_curve_slowness)
    sixth = ascent_errors(soundings, lambda z: atmosphere.density_kg_m3(z) ** (1.0 / 6.0))
    assert abs(np.median(constant)) < 0.03
    assert abs(np.median(curve)) < 0.03
    assert np.median(sixth) < -0.08
    assert rms(sixth) > 1.5 * max(rms(constant), rms(curve))


def test_the_rate_hardly_changes_with_height(soundings: list[Sounding]) -> None:
    exponents = [exponent_of(s.up) for s in soundings]
    assert abs(np.median(exponents)) < 0.05  # 1/6 with a constant drag coefficient


def test_the_descent_law_predicts_the_time_to_the_ground(soundings: list[Sounding]) -> None:
    law = [forecast(leg, fall_slowness(0.5))[1] for leg in descents(soundings)]
    assert -0.08 < np.median(law) < -0.03  # the upper half falls faster than the square root says
    assert np.median(np.abs(law)) < 0.08
    assert isinstance(PARACHUTE_EXPONENT.a, float)
    fitted = [forecast(leg, fall_slowness(PARACHUTE_EXPONENT.a))[1] for leg in descents(soundings)]
    assert abs(np.median(fitted)) < 0.01
    assert np.median(np.abs(fitted)) < 0.5 * np.median(np.abs(law))


def test_the_exponent_holds_on_flights_that_did_not_choose_it(soundings: list[Sounding]) -> None:
    legs = descents(soundings)
    grid = np.arange(0.45, 0.70, 0.01)
    errors = np.array([[forecast(leg, fall_slowness(n))[1] for n in grid] for leg in legs])
    left_out = []
    for i in range(len(legs)):
        others = np.abs(np.median(np.delete(errors, i, axis=0), axis=0))
        left_out.append(abs(errors[i, others.argmin()]))
    assert np.median(left_out) < 0.5 * np.median(np.abs(errors[:, 5]))  # column 5 is 0.50


def test_the_kernel_falls_as_fast_as_the_fit(soundings: list[Sounding]) -> None:
    leg = descents(soundings)[0]
    v0, _ = forecast(leg, fall_slowness(0.56))
    row = sounding(5.0, 30_000.0, v0, density_exponent=0.56).rows(1, 1)[1][0, 1]
    state = np.zeros(kernels.N_STATE)

    def slowness(z: np.ndarray) -> np.ndarray:
        density = atmosphere.density_kg_m3(z)
        fall = [
            kernels.vertical_rate_ms(kernels.DESCENT, row, state, 0, h, 1e4, 250, d, 0)
            for h, d in zip(z, density, strict=True)
        ]
        return -1.0 / np.array(fall)

    assert layer_s(leg, slowness) == pytest.approx(layer_s(leg, fall_slowness(0.56)) / v0, rel=1e-9)


@pytest.mark.parametrize(
    ("vehicle", "v0", "within"), [(VEHICLES[0], 4.39, 0.04), (VEHICLES[1], 24.3, 0.03)], ids=lambda v: str(v)[:7]
)
def test_descents_of_october_2023(shared_data: Path, vehicle: Vehicle, v0: float, within: float) -> None:
    """Halcyon under its parachute from 3.5 km, Camoes (27 m/s) from 3.0 km; above 50 m over the ground."""
    path = shared_data / "flights" / f"{vehicle.file}_altitude.csv"
    if not path.is_file():
        pytest.skip("no parachute descents in the shared data")
    t, z, _ = np.loadtxt(path, delimiter=",", skiprows=1).T
    top = int(z.argmax())
    flying = (t > t[top] + 15.0) & (np.arange(t.size) > top) & (z > 50.0)
    leg = Leg(t[flying], z[flying] + vehicle.ground_m)
    speed, error = forecast(leg, fall_slowness(0.5))
    assert speed == pytest.approx(v0, rel=0.01)
    assert abs(error) < within


def test_the_table_in_the_documentation_is_what_comes_out(soundings: list[Sounding]) -> None:
    lines = re.findall(r"^\| (\d\d-\d+-\d+(?:_\d)? \|.*)\|$", DOCUMENT.read_text(), flags=re.MULTILINE)
    assert [[cell.strip() for cell in line.split("|")] for line in lines] == [table_row(s) for s in soundings]
