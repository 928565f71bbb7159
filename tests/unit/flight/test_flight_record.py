"""A flight as plain data and back."""

import json

import numpy as np
import pytest

from overflight import flight as fl
from overflight.errors import InvalidInput
from overflight.flight.phases import PARACHUTE_EXPONENT, Ascent, Descent, Lift, Recorded
from overflight.flight.until import Until
from overflight.flight.zero_pressure import ZeroPressure
from overflight.geo.spread import Spread

LIFT = Lift(payload_kg=1.0, envelope_kg=Spread("normal", 1.2, 0.02), free_lift_kg=1.0)
TIMES = np.array(["2018-05-06T04:00", "2018-05-06T04:01"], "datetime64[ns]")
FLIGHTS = [
    fl.sounding(Spread("normal", 4.7, 0.7, low=2.0), 30_000.0, 4.1, density_exponent=PARACHUTE_EXPONENT),
    fl.tawhiri_float(5.0, Spread("uniform", 15_000.0, 20_000.0), duration_s=3_600.0),
    fl.float_at_unknown_level(),
    fl.superpressure(10.0, 100.0, compliance_per_pa=1e-5, day_warming_k=20.0),
    fl.debris(),
    fl.Flight(phases=(Ascent(lift=LIFT, until=Until("diameter", 8.0)), Descent(ballistic_kg_m2=5.0))),
    fl.Flight(phases=(ZeroPressure(dry_kg=100.0, volume_m3=1e4, gas="hydrogen"),)),
    fl.Flight(phases=(Recorded(times=TIMES, altitude_m=np.array([500.0, 800.0])),)),
]


@pytest.mark.parametrize("flight", FLIGHTS, ids=lambda f: type(f.phases[0]).__name__)
def test_a_flight_comes_back_from_json_and_draws_the_same(flight: fl.Flight) -> None:
    text = json.dumps(fl.to_record(flight), allow_nan=False)
    back = fl.from_record(json.loads(text))
    np.testing.assert_array_equal(back.rows(3, 20)[1], flight.rows(3, 20)[1])
    assert json.dumps(fl.to_record(back), allow_nan=False) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("ascent", "flight: got str, expected a list of phases"),
        ([5], "phase 1: got no phase"),
        ([{"type": "spread", "kind": "normal", "a": 1.0, "b": 1.0}], "phase 1: got no phase"),
        ([{"type": "rocket"}], "type: got 'rocket', expected ascent, debris_class"),
        ([{"type": "float", "surface": "height", "valve": 1.0}], "float field: got valve, expected surface, value"),
        ([{"type": "descent", "sea_level_speed_ms": "fast"}], "sea_level_speed_ms: got 'fast'"),
        ([{"type": "ascent", "rate_ms": 5.0}], "ascent: got"),
        ([{"type": "ascent", "rate_ms": 5.0, "until": 7}], "ascent: got"),
        ([{"type": "recorded", "times": ["noon", "night"], "altitude_m": [1, 2]}], "recorded: got"),
        ([[[[[[[[[[1]]]]]]]]]], "nested too deep"),
    ],
)
def test_what_is_no_flight_is_refused_in_one_line(data: object, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        fl.from_record(data)  # type: ignore[arg-type]
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
