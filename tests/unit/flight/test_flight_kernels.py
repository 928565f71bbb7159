"""The compiled vertical laws, one by one."""

import math

import numpy as np
import pytest

from overflight.flight import kernels, latex
from overflight.flight.sun import daylight

AIR = (5_000.0, 216.65, 0.08)  # Pa, K, kg/m3


def row_of(**columns: float) -> np.ndarray:
    row = np.zeros(kernels.N_PARAMETERS)
    row[kernels.STOP_DURATION] = math.inf
    for name, value in columns.items():
        row[int(name[1:])] = value
    return row


def rate(code: int, row: np.ndarray, density: float = AIR[2], z: float = 20_000.0) -> float:
    return kernels.vertical_rate_ms(code, row, np.zeros(kernels.N_STATE), 0.0, z, AIR[0], AIR[1], density, 0.5)


@pytest.mark.parametrize(
    "code", [kernels.FLOAT_PRESSURE, kernels.FLOAT_HEIGHT, kernels.FLOAT_DENSITY, kernels.RECORDED]
)
def test_what_keeps_a_surface_or_a_table_has_no_rate(code: int) -> None:
    assert rate(code, row_of(c0=7_000.0)) == 0.0


def test_a_constant_ascent_rises_at_its_rate() -> None:
    assert rate(kernels.ASCENT, row_of(c1=5.0)) == 5.0


def test_a_fall_goes_down_and_faster_in_thinner_air() -> None:
    row = row_of(c0=5.0 * math.sqrt(1.225), c2=0.5)
    assert rate(kernels.DESCENT, row, density=1.225) == pytest.approx(-5.0, rel=1e-12)
    assert rate(kernels.DESCENT, row, density=1.225 / 4.0) == pytest.approx(-10.0, rel=1e-12)


def test_a_surface_is_its_value_at_night_and_changed_in_full_sun() -> None:
    row = row_of(c0=0.1, c1=-0.02)
    assert kernels.target(kernels.FLOAT_DENSITY, row, 0.0, -0.5) == 0.1
    assert kernels.target(kernels.FLOAT_DENSITY, row, 0.0, 0.9) == pytest.approx(0.098)
    dusk = [kernels.target(kernels.FLOAT_DENSITY, row, 0.0, s) for s in np.linspace(-0.12, 0.2, 400)]
    assert np.all(np.diff(dusk) <= 0.0)
    assert np.abs(np.diff(dusk)).max() < 0.002 * 0.01  # 1 % of the change a step: no jump


def test_a_surface_without_a_day_change_asks_for_no_sun() -> None:
    assert kernels.target(kernels.FLOAT_PRESSURE, row_of(c0=7_000.0), 0.0, math.nan) == 7_000.0


def test_daylight_is_flat_at_both_ends() -> None:
    assert daylight(-0.2) == 0.0
    assert daylight(0.3) == 1.0
    assert 0.4 < daylight(0.0432) < 0.6


@pytest.mark.parametrize(
    ("rule", "value", "inside", "outside"),
    [
        (kernels.STOP_ABOVE_M, 30_000.0, (29_999.0, 1_200.0, 0.018), (30_001.0, 1_196.0, 0.0179)),
        (kernels.STOP_BELOW_M, 10_000.0, (10_001.0, 26_000.0, 0.41), (9_999.0, 26_010.0, 0.42)),
        (kernels.STOP_UNDER_PA, 1_000.0, (31_000.0, 1_001.0, 0.02), (31_100.0, 999.0, 0.02)),
        (kernels.STOP_OVER_PA, 50_000.0, (6_000.0, 49_000.0, 0.6), (5_000.0, 51_000.0, 0.7)),
        (kernels.STOP_UNDER_KG_M3, 0.1, (17_000.0, 9_000.0, 0.101), (18_000.0, 8_000.0, 0.099)),
        (kernels.STOP_OVER_KG_M3, 0.1, (18_000.0, 8_000.0, 0.099), (17_000.0, 9_000.0, 0.101)),
    ],
)
def test_a_stop_rule_changes_sign_where_it_is_met(
    rule: int, value: float, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    row = row_of(c12=rule, c13=value)
    state = np.zeros(kernels.N_STATE)
    assert kernels.stop_margin(kernels.ASCENT, row, state, 0.0, 10.0, *inside) > 0.0
    assert kernels.stop_margin(kernels.ASCENT, row, state, 0.0, 10.0, *outside) < 0.0


def test_a_duration_ends_a_phase_in_either_direction_of_time() -> None:
    row = row_of(c14=3_600.0)
    state = np.zeros(kernels.N_STATE)
    for sign in (1.0, -1.0):
        margins = [kernels.stop_margin(0, row, state, 0.0, sign * s, 0.0, *AIR[:1], 1.0) for s in (3_599.0, 3_600.0)]
        assert margins[0] > 0.0 >= margins[1]


def test_a_phase_without_end_never_ends() -> None:
    margin = kernels.stop_margin(0, row_of(), np.zeros(kernels.N_STATE), 0.0, 1e9, 0.0, 1e5, 1.0)
    assert margin == math.inf


def test_a_buoyant_balloon_bursts_at_its_diameter() -> None:
    row = row_of(c0=1.0, c1=4.0, c2=1.0, c3=0.3, c12=kernels.STOP_DIAMETER_M, c13=8.0)
    density = 4.0 / (math.pi / 6.0 * 8.0**3)
    state = np.zeros(kernels.N_STATE)
    margins = [kernels.stop_margin(3, row, state, 0.0, 0.0, 3e4, 1e3, density * f) for f in (1.001, 0.999)]
    assert margins[0] > 0.0 > margins[1]


def test_the_drag_equation_is_met_on_the_drag_curve() -> None:
    for density, temperature in ((1.2, 288.0), (0.4, 223.0), (0.018, 228.0)):
        v = latex.buoyant_rate_ms(4.0, 1.0, -1.0, density, temperature)
        r = latex.radius_m(4.0, density)
        reynolds = density * v * r / latex.viscosity_pa_s(temperature)
        drag = 0.5 * density * v * v * math.pi * r * r * latex.drag_curve(reynolds)
        assert drag == pytest.approx(1.0 * 9.80665, rel=1e-9)


def test_no_free_lift_does_not_rise() -> None:
    assert latex.buoyant_rate_ms(4.0, 0.0, 0.3, 1.0, 280.0) == 0.0


def test_begin_clears_the_state_of_the_phase_before() -> None:
    state = np.full(kernels.N_STATE, 9.0)
    kernels.begin(kernels.ASCENT, row_of(c1=5.0), state, 0.0, 0.0, *AIR, 0.1)
    assert (state == 0.0).all()


def test_compiled_and_plain_python_agree() -> None:
    state = np.zeros(kernels.N_STATE)
    row = row_of(c0=1.0, c1=4.0, c2=1.0, c3=-1.0)
    arguments = (kernels.ASCENT, row, state, 0.0, 5_000.0, 54_000.0, 255.0, 0.73, 0.2)
    assert kernels.vertical_rate_ms(*arguments) == pytest.approx(
        kernels.vertical_rate_ms.py_func(*arguments), rel=1e-12
    )
