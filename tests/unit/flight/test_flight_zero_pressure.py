"""A zero-pressure balloon through days and nights in the standard atmosphere."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from overflight.flight import Flight, kernels
from overflight.flight.zero_pressure import ZeroPressure
from overflight.geo import atmosphere

GAS, BALLAST, EXCESS, LET_GO = 0, 1, 2, 3
DAWN = datetime(2023, 3, 20, 6, 0, tzinfo=UTC).timestamp()
_TABLE_M = np.arange(-500.0, 60_001.0, 20.0)
_TABLE = np.stack([atmosphere.pressure_pa(_TABLE_M), atmosphere.temperature_k(_TABLE_M)])


def air(z: float) -> tuple[float, float, float]:
    p = math.exp(np.interp(z, _TABLE_M, np.log(_TABLE[0])))
    t = float(np.interp(z, _TABLE_M, _TABLE[1]))
    return p, t, p / (287.05287 * t)


def sun(t: float, lat: float) -> float:
    return kernels.sun_sin(t, math.radians(lat), 0.0)


def fly(phase: ZeroPressure, hours: float, *, dt: float = 120.0, lat: float = 40.0) -> np.ndarray:
    """Columns: hours since dawn, altitude, state (4), sine of the sun."""
    row = Flight(phases=(phase,)).rows(1, 1)[1][0, 0]
    state = np.zeros(kernels.N_STATE)
    t, z = DAWN, 100.0
    kernels.begin(kernels.ZERO_PRESSURE, row, state, t, z, *air(z), sun(t, lat))

    def rate(at: float, height: float) -> float:
        return kernels.vertical_rate_ms(kernels.ZERO_PRESSURE, row, state, at, height, *air(height), sun(at, lat))

    path = []
    for _ in range(int(hours * 3600.0 / dt)):
        middle = z + 0.5 * dt * rate(t, z)
        z = max(0.0, z + dt * rate(t + 0.5 * dt, middle))
        t += dt
        kernels.after_step(kernels.ZERO_PRESSURE, row, state, t, dt, z, *air(z), sun(t, lat))
        path.append(((t - DAWN) / 3600.0, z, *state, sun(t, lat)))
    return np.array(path)


def at(path: np.ndarray, hour: float) -> np.ndarray:
    return path[np.searchsorted(path[:, 0], hour)]


HEAVY = {"dry_kg": 2_000.0, "volume_m3": 300_000.0}


def test_by_day_it_floats_where_it_displaces_its_mass() -> None:
    noon = at(fly(ZeroPressure(**HEAVY), 8.0), 6.0)
    gross = 2_000.0 + noon[2 + GAS]
    assert air(noon[1])[2] * 300_000.0 == pytest.approx(gross, rel=1e-3)


def test_without_ballast_it_falls_through_the_night() -> None:
    path = fly(ZeroPressure(**HEAVY), 22.0)
    levels = [at(path, hour)[1] for hour in (10.0, 14.0, 16.0, 18.0)]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] < 0.5 * levels[0]


def test_with_ballast_it_holds_the_floor_by_night_and_is_higher_the_next_day() -> None:
    path = fly(ZeroPressure(**HEAVY, ballast_kg=400.0, floor_m=28_000.0, ballast_rate_kg_s=1.0), 32.0)
    day, night, next_day = (at(path, hour) for hour in (8.0, 20.0, 31.0))
    assert 27_500.0 < night[1] < 28_000.0
    assert night[1] < day[1] < next_day[1]
    used = 400.0 - night[2 + BALLAST]
    assert 0.06 < used / (2_400.0 + day[2 + GAS]) < 0.08  # NASA Balloon Program Office: 6-8 % of system mass


def test_in_polar_day_it_keeps_its_level() -> None:
    path = fly(ZeroPressure(**HEAVY), 30.0, lat=90.0)
    assert path[-1, 6] < 0.02  # the sun of an equinox stands on the horizon at the pole
    levels = path[path[:, 0] > 10.0, 1]
    assert np.ptp(levels) < 300.0


def test_mass_is_conserved() -> None:
    path = fly(ZeroPressure(**HEAVY, ballast_kg=300.0, floor_m=30_000.0), 30.0)
    total = path[:, 2 + GAS] + path[:, 2 + BALLAST] + path[:, 2 + LET_GO]
    np.testing.assert_allclose(total, total[0], rtol=1e-12)
    for column in (2 + GAS, 2 + BALLAST):
        assert (np.diff(path[:, column]) <= 0.0).all()


def test_the_warmer_the_day_the_higher_the_balloon_and_the_deeper_the_night() -> None:
    days, nights = [], []
    for excess in (5.0, 10.0, 20.0, 30.0):
        path = fly(ZeroPressure(**HEAVY, day_excess_k=excess), 16.0)
        days.append(at(path, 8.0)[1])
        nights.append(at(path, 15.0)[1])
    assert days == sorted(days)
    assert nights == sorted(nights, reverse=True)


def test_the_step_does_not_decide_the_level() -> None:
    phase = ZeroPressure(**HEAVY, ballast_kg=400.0, floor_m=28_000.0, ballast_rate_kg_s=1.0)
    coarse, fine = fly(phase, 15.0, dt=300.0), fly(phase, 15.0, dt=30.0)
    for hour in (8.0, 12.0, 14.0):
        assert at(coarse, hour)[1] == pytest.approx(at(fine, hour)[1], abs=400.0)


def test_very_cold_gas_still_moves_with_its_lift() -> None:
    row = Flight(phases=(ZeroPressure(**HEAVY, gas="hydrogen", day_excess_k=-70.0, night_excess_k=-80.0),)).rows(1, 1)
    state = np.zeros(kernels.N_STATE)
    kernels.begin(kernels.ZERO_PRESSURE, row[1][0, 0], state, 0.0, 9_000.0, *air(9_000.0), -1.0)
    rate = kernels.vertical_rate_ms(kernels.ZERO_PRESSURE, row[1][0, 0], state, 0.0, 9_000.0, *air(9_000.0), -1.0)
    assert rate < 0.0


def test_hydrogen_lifts_more_than_helium() -> None:
    gross = {}
    for gas in ("helium", "hydrogen"):
        row = Flight(phases=(ZeroPressure(**HEAVY, gas=gas),)).rows(1, 1)[1][0, 0]  # type: ignore[arg-type]
        gross[gas] = row[3]
    assert gross["hydrogen"] < 0.5 * gross["helium"]
