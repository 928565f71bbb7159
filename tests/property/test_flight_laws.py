"""Laws that hold for any flight."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from overflight import flight as fl
from overflight.errors import InvalidInput
from overflight.flight import kernels
from overflight.flight.phases import Descent, Float
from overflight.geo.spread import Spread

any_number = st.floats(allow_nan=True, allow_infinity=True)


@given(any_number, any_number, any_number)
def test_a_sounding_is_flown_or_refused(rate: float, burst: float, descent: float) -> None:
    try:
        flight = fl.sounding(rate, burst, descent)
    except InvalidInput:
        return
    rows = flight.rows(1, 2)[1]
    assert np.isfinite(rows[..., :14]).all()


@given(st.sampled_from(["pressure", "height", "density"]), any_number, any_number)
def test_a_float_is_flown_or_refused(surface: str, value: float, change: float) -> None:
    try:
        flight = fl.Flight(phases=(Float(surface=surface, value=value, day_change=change),))  # type: ignore[arg-type]
    except InvalidInput:
        return
    row = flight.rows(1, 1)[1][0, 0]
    targets = [kernels.target(int(flight.phases[0].code), row, 0.0, s) for s in (-1.0, 0.0, 1.0)]
    assert np.isfinite(targets).all()


@settings(max_examples=50)
@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(0, 30))
def test_draws_depend_on_seed_and_member_only(seed: int, members: int, first: int) -> None:
    flight = fl.sounding(Spread("normal", 5.0, 0.5), Spread("uniform", 25e3, 33e3), Spread("lognormal", 5.0, 0.2))
    whole = flight.rows(seed, first + members)[1]
    np.testing.assert_array_equal(flight.rows(seed, members, first_member=first)[1], whole[first:])


@given(st.floats(1e-3, 2.0), st.floats(1e-3, 2.0), st.floats(0.05, 400.0))
def test_denser_air_or_lighter_pieces_fall_slower(density_a: float, density_b: float, beta: float) -> None:
    state = np.zeros(kernels.N_STATE)

    def speed(ballistic: float, density: float) -> float:
        row = fl.Flight(phases=(Descent(ballistic_kg_m2=ballistic),)).rows(1, 1)[1][0, 0]
        return -kernels.vertical_rate_ms(kernels.DESCENT, row, state, 0.0, 0.0, 1e4, 250.0, density, 0.0)

    low, high = sorted((density_a, density_b))
    assert speed(beta, low) >= speed(beta, high) > 0.0
    assert speed(2.0 * beta, low) > speed(beta, low)


@given(st.floats(-4e9, 4e9), st.floats(-math.pi / 2, math.pi / 2), st.floats(-7.0, 7.0))
def test_the_sun_is_a_direction_and_turns_with_longitude(t: float, lat: float, lon: float) -> None:
    sine = kernels.sun_sin(t, lat, lon)
    assert -1.0 - 1e-12 <= sine <= 1.0 + 1e-12
    assert abs(sine - kernels.sun_sin(t, lat, lon + 2.0 * math.pi)) < 1e-9
    assert abs(sine + kernels.sun_sin(t, -lat, lon + math.pi)) < 1e-9  # the antipode sees minus the sine


@given(st.floats(0.02, 8.0), st.floats(0.01, 5.0), st.floats(0.018, 1.3), st.floats(190.0, 310.0))
def test_a_buoyant_ascent_is_finite_and_grows_with_free_lift(
    carried: float, free: float, density: float, temperature: float
) -> None:
    from overflight.flight.latex import buoyant_rate_ms

    displaced = (carried + free) / 0.86
    rates = [buoyant_rate_ms(displaced, f, -1.0, density, temperature) for f in (0.5 * free, free)]
    assert 0.0 < rates[0] < rates[1] < 100.0
