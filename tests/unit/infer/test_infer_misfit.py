import numpy as np
import pytest

from overflight.infer import misfit
from overflight.infer.frame import roll
from overflight.winds import WindError


def displacement_variance(error, hours, lat):
    seconds = np.linspace(0.0, hours * 3600.0, 401)
    frame = roll(seconds, np.array([0.0]), np.array([lat]), np.array([0.0]))
    unit = misfit.unit_covariance(error, frame, np.zeros(seconds.size))
    cross = misfit.cross_covariance(unit, np.full(seconds.size, 3.0), seconds, np.array([400]))
    return float(cross[400, 0].real)


@pytest.mark.parametrize("hours", [1.0, 12.0, 24.0, 120.0])
def test_displacement_is_that_of_an_ornstein_uhlenbeck_process(hours):
    # rms(t) = s T sqrt(2 (x - 1 + exp(-x))), x = t / T
    scale = 6 * 3600.0
    x = hours * 3600.0 / scale
    expected = (3.0 * scale) ** 2 * 2.0 * (x - 1.0 + np.exp(-x))
    error = WindError(slow_share=1.0, slow_time_s=scale)
    assert displacement_variance(error, hours, 0.0) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("lat", [-45.0, 0.0, 30.0, 60.0])
def test_turning_errors_displace_less_at_high_latitude(lat):
    # var = 2 s^2 Re[t / a - (1 - exp(-a t)) / a^2], a = 1 / T + i f
    t, scale = 24 * 3600.0, 12 * 3600.0
    a = 1.0 / scale + 1j * 1.2 * 2.0 * 7.292115e-5 * np.sin(np.radians(lat))
    expected = 2.0 * 9.0 * (t / a - (1.0 - np.exp(-a * t)) / a**2).real
    error = WindError(slow_share=0.0, wave_time_s=scale, rotation=1.2)
    assert displacement_variance(error, 24.0, lat) == pytest.approx(expected, rel=2e-3)


def test_residuals_left_out_are_those_of_a_fit_without_them():
    rng = np.random.default_rng(3)
    root = rng.normal(size=(5, 5)) + 1j * rng.normal(size=(5, 5))
    covariance, r = 1e8 * root @ root.conj().T, 1e4 * (rng.normal(size=5) + 1j * rng.normal(size=5))
    whole = covariance + misfit.START_SD_M**2
    rest = [0, 1, 2, 4]
    weights = np.linalg.solve(whole[np.ix_(rest, rest)], r[rest])
    found = misfit.leave_out(r, covariance)
    assert found.residual[3] == pytest.approx(r[3] - whole[3, rest] @ weights, rel=1e-5)
    gain = np.linalg.solve(whole[np.ix_(rest, rest)], whole[rest, 3])
    assert found.variance[3] == pytest.approx((whole[3, 3] - whole[3, rest] @ gain).real, rel=1e-5)
