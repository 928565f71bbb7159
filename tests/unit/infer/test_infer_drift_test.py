import json

import pytest
from infer_winds import drifting, seen, uniform_winds

from overflight.errors import InvalidInput
from overflight.infer import Inputs, drift_test, track
from overflight.winds import WindError

HOURS = (0.0, 9.0, 20.0, 31.0, 40.0, 48.0)
SMALL = Inputs(wind_error=WindError().scaled(0.5))


def test_drift_is_consistent_with_drift():
    found = drift_test(drifting(HOURS, altitude_m=16_180.0), uniform_winds(), seed=1, inputs=SMALL)
    assert found.verdict == "consistent with constant-level drift"
    assert found.p_value > 0.1
    assert found.air_speed_needed_ms < 1.0
    assert found.power[2.0] < found.power[5.0] <= found.power[8.0]
    assert str(found).startswith("Consistent with constant-level drift: ")


def test_a_motor_is_noticed_where_no_level_has_such_wind():
    sightings = drifting(HOURS, u_ms=-2.0, altitude_m=16_180.0)
    found = drift_test(sightings, uniform_winds(), seed=1, inputs=SMALL)
    assert found.verdict == "needs horizontal air-relative speed"
    assert found.air_speed_needed_ms == pytest.approx(12.0, abs=1.5)
    assert found.air_speed_upper_95_ms > found.air_speed_needed_ms


def test_a_change_of_level_explains_what_one_level_does_not():
    # 10 m/s and 30 m/s in turn: winds of two levels 5 km apart, of which nothing is reported.
    winds = uniform_winds(shear_ms_km=4.0, v_ms=0.0)
    here, sightings = -120.0, [seen(0.0, 40.0, -120.0)]
    for leg, speed in enumerate((10.0, 10.0, 36.0, 36.0, 10.0)):
        here += speed * 10 * 3600.0 / 85_180.0
        sightings.append(seen(10.0 * (leg + 1), 40.0, here))
    found = drift_test(sightings, winds, seed=1, inputs=SMALL)
    assert found.p_value < 0.05
    assert found.p_value_free > 0.05
    assert found.verdict in ("consistent with drift only if the level changed", "not enough data")


def test_reported_changes_of_level_are_named():
    sightings = [s for h, z in zip(HOURS, (15e3, 17e3, 16e3, 15e3, 17e3, 16e3), strict=True)
                 for s in drifting((h,), altitude_m=z)]  # fmt: skip
    found = drift_test(sightings, uniform_winds(), seed=1, inputs=SMALL)
    assert found.level_is_reported
    assert found.verdict == "consistent with drift only if the level changed"


def test_two_times_are_not_enough():
    found = drift_test(drifting((0.0, 30.0)), uniform_winds(), seed=1)
    assert found.verdict == "not enough data"
    assert found.n_times == 2


def test_an_hour_is_not_enough():
    found = drift_test(drifting((0.0, 0.5, 1.0)), uniform_winds(), seed=1)
    assert found.power[5.0] < 0.5
    assert found.verdict == "not enough data"


def test_a_finding_is_plain_data_and_repeats():
    first, again = (drift_test(drifting(HOURS), uniform_winds(), seed=2, simulated=99) for _ in range(2))
    assert first == again
    assert first == drift_test(track(drifting(HOURS), None, seed=9), uniform_winds(), seed=2, simulated=99)
    data = json.loads(json.dumps(first.to_json()))
    assert set(data["power"]) == {"2", "5", "8"}
    assert any("slow error" in a for a in data["assumptions"])


@pytest.mark.parametrize(("kwargs", "field"), [({"simulated": 3}, "simulated"), ({"alpha": 0.7}, "alpha")])
def test_bad_numbers_are_refused(kwargs, field):
    with pytest.raises(InvalidInput, match=field):
        drift_test(drifting(HOURS), uniform_winds(), seed=1, **kwargs)
