"""The size of the drift test: tracks that only drift are called odd as often as is said."""

import numpy as np
import pytest
from scipy.stats import binom, kstest

from overflight.infer import misfit, statistics
from overflight.infer.drift_test import judge
from overflight.infer.frame import roll
from overflight.winds import WindError

HOURS = np.array([0.0, 9.0, 20.0, 31.0, 48.0])
LEVELS = 31


def sheared_model(*, wind_dof: float = 4.0) -> statistics.Model:
    """Levels over 2 km whose drift differs by 4 m/s a km, and whose wind turns in time."""
    seconds = HOURS * 3600.0
    grid = np.union1d(np.arange(0.0, seconds[-1] + 1.0, 1800.0), seconds)
    frame = roll(grid, seconds, np.full(HOURS.size, 45.0), -130.0 + HOURS)
    unit = misfit.unit_covariance(WindError(), frame, np.full(grid.size, np.log(6_000.0)))
    index = np.searchsorted(grid, seconds)
    covariance = misfit.cross_covariance(unit, np.full(grid.size, 2.5), grid, index)[index]
    dz_km = np.linspace(-1.0, 1.0, LEVELS)
    turn = np.exp(2j * np.pi * grid / (36 * 3600.0))
    drift = misfit.integral(4.0 * dz_km[:, None] * turn[None, :], grid)[:, index]
    return statistics.Model(
        drift=drift,
        covariance=np.broadcast_to(covariance, (LEVELS, *covariance.shape)),
        noise=np.full(HOURS.size, 5_000.0**2),
        log_prior=np.zeros(LEVELS),
        seconds=seconds,
        wind_dof=wind_dof,
        sighting_dof=4.0,
    )


def p_values(model: statistics.Model, *, tracks: int, seed: int, kind: str = "p_value") -> np.ndarray:
    level = np.random.default_rng(seed).integers(0, LEVELS, tracks)
    y = statistics.simulate(model, model.drift[level], level, seed=seed, name="truth")
    return np.array([getattr(judge(model, row, simulated=99, alpha=0.05, seed=i), kind) for i, row in enumerate(y)])


@pytest.mark.parametrize("wind_dof", [4.0, np.inf])
def test_size_is_right_at_5_and_10_percent(wind_dof):
    tracks = 300
    p = p_values(sheared_model(wind_dof=wind_dof), tracks=tracks, seed=11)
    for alpha in (0.05, 0.1):
        odd = int(np.count_nonzero(p <= alpha))
        assert binom.ppf(0.0005, tracks, alpha) <= odd <= binom.ppf(0.9995, tracks, alpha), f"{odd} at {alpha}"
    assert kstest(p, "uniform").pvalue > 1e-3


def test_a_steady_speed_is_found_and_power_is_told_truly():
    tracks = 150
    model = sheared_model()
    level = np.random.default_rng(5).integers(0, LEVELS, tracks)
    y = statistics.simulate(model, model.drift[level], level, seed=5, name="truth")
    heading = np.exp(2j * np.pi * np.random.default_rng(6).uniform(size=tracks))
    moved = y + 5.0 * heading[:, None] * model.seconds
    found = [judge(model, row, simulated=99, alpha=0.05, seed=i) for i, row in enumerate(moved)]
    noticed = float(np.mean([f.p_value <= 0.05 for f in found]))
    told = float(np.mean([f.power[5.0] for f in found]))
    assert abs(noticed - told) < 0.12, (noticed, told)
    assert noticed > 0.6


def test_speeds_above_the_limit_are_excluded_about_19_times_in_20():
    tracks = 200
    model = sheared_model()
    level = np.random.default_rng(8).integers(0, LEVELS, tracks)
    heading = np.exp(2j * np.pi * np.random.default_rng(9).uniform(size=tracks))
    y = statistics.simulate(model, model.drift[level], level, seed=8, name="truth")
    y = y + 4.0 * heading[:, None] * model.seconds
    limits = [judge(model, row, simulated=19, alpha=0.05, seed=i).air_speed_upper_95_ms for i, row in enumerate(y)]
    assert np.mean(np.array(limits) >= 4.0) > 0.9
