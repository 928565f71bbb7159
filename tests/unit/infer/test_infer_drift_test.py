import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from infer_winds import drifting, seen, uniform_winds

from overflight.drift import flows
from overflight.errors import InvalidInput
from overflight.geo.times import to_datetime
from overflight.infer import Inputs, RealFlights, drift_p_values, drift_test, track
from overflight.winds import WindError

HOURS = (0.0, 9.0, 20.0, 31.0, 40.0, 48.0)
SMALL = Inputs(wind_error=WindError().scaled(0.5))


def test_drift_is_consistent_with_drift():
    found = drift_test(drifting(HOURS, altitude_m=16_180.0), uniform_winds(), seed=1, inputs=SMALL)
    assert found.verdict == "consistent with constant-level drift"
    assert found.p_value > 0.1
    assert found.p_value_powered > 0.1
    assert found.air_speed_ms < 2.0
    assert found.air_speed_ms < found.air_speed_upper_95_ms
    assert found.power.at(2.0) < found.power.at(5.0) <= found.power.at(8.0)
    assert str(found).startswith("Consistent with constant-level drift: there is no evidence against drift at one ")
    assert [round(s, 1) for s in found.detail.air_velocity.east_ms] == pytest.approx([0.0] * 33, abs=1.5)


def test_a_motor_is_noticed_where_no_level_has_such_wind():
    sightings = drifting(HOURS, u_ms=-2.0, altitude_m=16_180.0)
    found = drift_test(sightings, uniform_winds(), seed=1, inputs=SMALL)
    assert found.verdict == "needs horizontal air-relative speed"
    assert found.air_speed_ms == pytest.approx(12.0, abs=1.5)
    assert found.air_speed_any_levels_ms == pytest.approx(12.0, abs=1.5)
    assert found.air_speed_upper_95_ms > found.air_speed_ms
    assert np.median(found.detail.air_velocity.east_ms) == pytest.approx(-12.0, abs=2.0)
    factors = {f.story: f.log10 for f in found.detail.bayes_factors}
    assert factors["steady speed"] > 2.0
    half, double = found.detail.sensitivity
    assert half.p_value <= double.p_value


def test_a_change_of_level_explains_what_one_level_does_not():
    # 10 m/s and 30 m/s in turn: winds of two levels 5 km apart, of which nothing is reported.
    winds = uniform_winds(shear_ms_km=4.0, v_ms=0.0)
    here, sightings = -120.0, [seen(0.0, 40.0, -120.0)]
    for leg, speed in enumerate((10.0, 10.0, 36.0, 36.0, 10.0)):
        here += speed * 10 * 3600.0 / 85_180.0
        sightings.append(seen(10.0 * (leg + 1), 40.0, here))
    found = drift_test(sightings, winds, seed=1, inputs=SMALL)
    assert found.p_value < 0.05
    assert found.p_value_powered > 0.05
    assert found.verdict in ("consistent with drift only if the level changed", "not enough data")
    levels = found.detail.level_history.altitude_m
    assert found.detail.level_history.changes >= 2
    assert levels[len(levels) * 6 // 10] > levels[0] + 3_000.0
    assert {f.story: f.log10 for f in found.detail.bayes_factors}["chosen levels"] > 1.0


def test_an_object_that_holds_its_place_is_called_neither_drifting_nor_by_levels():
    found = drift_test([seen(h, 40.0, -120.0) for h in HOURS], uniform_winds(), seed=1, inputs=SMALL)
    factors = {f.story: f.log10 for f in found.detail.bayes_factors}
    assert found.verdict == "needs horizontal air-relative speed"
    assert factors["holding still"] == max(f for f in factors.values() if f is not None)


def test_reported_changes_of_level_are_named():
    sightings = [s for h, z in zip(HOURS, (15e3, 17e3, 16e3, 15e3, 17e3, 16e3), strict=True)
                 for s in drifting((h,), altitude_m=z)]  # fmt: skip
    found = drift_test(sightings, uniform_winds(), seed=1, inputs=SMALL)
    assert found.level_is_reported
    assert found.verdict == "consistent with drift only if the level changed"


def test_two_times_are_not_enough():
    found = drift_test(drifting((0.0, 30.0)), uniform_winds(), seed=1)
    assert found.verdict == "not enough data"
    assert found.times == 2
    assert any("2 distinct times" in text for text in found.limits)


@pytest.mark.parametrize("hours", [(0.0,), (0.0, 0.0, 0.0)])
def test_one_instant_tells_nothing(hours):
    found = drift_test(drifting(hours), uniform_winds(), seed=1)
    assert found.verdict == "not enough data"
    assert (found.p_value, found.p_value_powered) == (1.0, 1.0)
    json.dumps(found.to_json(), allow_nan=False)
    assert "no motion to test" in " ".join(found.limits)


def test_an_hour_is_not_enough():
    found = drift_test(drifting((0.0, 0.5, 1.0)), uniform_winds(), seed=1, detail=False)
    assert found.power.at(5.0) < 0.5
    assert found.verdict == "not enough data"
    assert any("would show in" in text for text in found.limits)


def test_a_finding_is_plain_data_and_repeats():
    first, again = (drift_test(drifting(HOURS), uniform_winds(), seed=2, simulated=99) for _ in range(2))
    assert first.to_json() == again.to_json()
    fitted = track(drifting(HOURS), None, seed=9)
    assert first.to_json() == drift_test(fitted, uniform_winds(), seed=2, simulated=99).to_json()
    data = json.loads(json.dumps(first.to_json(), allow_nan=False))
    assert set(data["detail"]) == {"bayes_factors", "air_velocity", "level_history", "sensitivity"}
    assert any("slow error" in a for a in data["limits"])
    alone = drift_p_values(drifting(HOURS), uniform_winds(), seed=2, simulated=99)
    assert alone == (first.p_value, first.p_value_powered)


def test_order_of_sightings_changes_nothing():
    ordered = drift_test(drifting(HOURS), uniform_winds(), seed=2, detail=False).to_json()
    assert drift_test(drifting(HOURS)[::-1], uniform_winds(), seed=2, detail=False).to_json() == ordered


def test_the_antimeridian_is_an_ordinary_place():
    here, there = (drift_p_values(drifting(HOURS, lon=lon, altitude_m=16_180.0), uniform_winds(), seed=4)
                   for lon in (-120.0, 170.0))  # fmt: skip
    assert here == there


def test_over_the_pole_drift_is_drift():
    """A flow that is uniform over the pole, and what it carries along past it."""
    winds = flows.winds(flows.Uniform(east_ms=(0.0,), north_ms=(0.0,)), step_deg=5.0, hours=np.arange(0.0, 73.0, 6.0))
    lon = np.radians(winds["lon"].values)
    winds["u"] = winds["u"] * 0.0 + xr.DataArray(-10.0 * np.sin(lon), dims="lon").astype(np.float32)
    winds["v"] = winds["v"] * 0.0 + xr.DataArray(-10.0 * np.cos(lon), dims="lon").astype(np.float32)
    start = winds["time"].values[0]
    near = [(h, (h - 20.0) * 36.0 / 111.2) for h in (0, 12, 24, 36, 44)]
    sightings = [replace(seen(0.0, 90.0 - abs(d), -180.0 if d < 0 else 0.0, altitude_m=18_000.0),
                         time=to_datetime(start + np.timedelta64(h, "h"))) for h, d in near]  # fmt: skip
    drift, powered = drift_p_values(sightings, winds, seed=4)
    assert drift > 0.2
    assert powered > 0.2


def test_real_flights_can_only_raise_a_p_value():
    sightings = drifting(HOURS, u_ms=-2.0, altitude_m=16_180.0)
    flights = RealFlights(drift=(0.001, 0.2, 0.7), any_levels=(0.3, 0.6, 0.9))
    found = drift_test(sightings, uniform_winds(), seed=1, inputs=SMALL, real_flights=flights, detail=False)
    assert found.any_levels.conformal == 0.25
    assert found.p_value_powered == 0.25
    assert found.any_levels.bootstrap.value < 0.01
    assert found.verdict != "needs horizontal air-relative speed"


def test_many_sightings_are_thinned_and_counted():
    found = drift_test(drifting(tuple(np.linspace(0.0, 48.0, 60))), uniform_winds(), seed=1, detail=False)
    assert (found.used, found.given) == (20, 60)


def test_bad_numbers_are_refused():
    with pytest.raises(InvalidInput, match="simulated"):
        drift_test(drifting(HOURS), uniform_winds(), seed=1, simulated=3)


def test_a_track_far_round_the_pole_finds_its_winds():
    """The box of winds about it goes on past 360 degrees east."""
    places = ((0.0, 78.0, 150.0), (12.0, 78.0, 160.0), (24.0, 78.0, 170.0), (60.0, 78.0, 335.0))
    sightings = [seen(h, lat, (lon + 180.0) % 360.0 - 180.0, altitude_m=16_180.0) for h, lat, lon in places]
    drift, _ = drift_p_values(sightings, uniform_winds(u_ms=15.0, v_ms=0.0), seed=1)
    assert 0.0 < drift <= 1.0
