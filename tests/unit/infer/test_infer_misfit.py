import numpy as np
import pytest

from overflight.infer import misfit
from overflight.infer.frame import roll
from overflight.winds import WindError


def plain_covariance(error, frame, ln_p, sd, index):
    """Displacement at all instants against that at ``index``, by the trapezoid rule twice over the kernel."""
    seconds = frame.seconds
    apart = np.abs(seconds[:, None] - seconds)
    f = 2.0 * 7.292115e-5 * np.sin(np.radians(frame.lat))
    psi = misfit.integral(-error.rotation * f.astype(complex), seconds).real
    wave = np.exp(-apart / error.wave_time_s + 1j * (psi[:, None] - psi))
    unit = error.slow_share * np.exp(-apart / error.slow_time_s) + (1.0 - error.slow_share) * wave
    unit = unit * np.exp(-np.abs(ln_p[:, None] - ln_p) / error.depth_ln_p)
    whole = misfit.integral(misfit.integral(sd[:, None] * unit * sd, seconds), seconds, axis=0)
    return whole[:, index]


def displacement_variance(error, hours, lat):
    seconds = np.linspace(0.0, hours * 3600.0, 401)
    frame = roll(seconds, np.array([0.0]), np.array([lat]), np.array([0.0]))
    path, index = np.zeros((1, seconds.size)), np.array([0, 400])
    exact, _ = misfit.displacement(misfit.parts(error, frame), frame, path, path + 3.0, index, index)
    return float(exact[0, 400, 1].real)


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
    n, one = 5, [3, 8]
    rest = [i for i in range(2 * n) if i not in one]
    root, r = rng.normal(size=(2 * n, 2 * n)), 1e4 * rng.normal(size=2 * n)
    whole = 1e8 * root @ root.T + misfit.START_SD_M**2 * np.kron(np.eye(2), np.ones((n, n)))
    gain = np.linalg.solve(whole[np.ix_(rest, rest)], whole[np.ix_(rest, one)]).T
    found = misfit.leave_out(r, whole)
    assert found.residual[3] == pytest.approx(r[one] - gain @ r[rest], rel=1e-5)
    assert found.covariance[3] == pytest.approx(whole[np.ix_(one, one)] - gain @ whole[np.ix_(rest, one)], rel=1e-5)


@pytest.mark.parametrize("depth", [0.15, 100.0])
def test_compiled_covariance_is_that_of_the_kernel_integrated_finely(depth):
    error = WindError(depth_ln_p=depth)
    fine = np.linspace(0.0, 36 * 3600.0, 601)
    frame = roll(fine, np.array([0.0]), np.array([45.0]), np.array([0.0]))
    ln_p, sd = np.linspace(9.0, 8.6, fine.size), 2.0 + np.sin(fine / 3e4)
    index = np.array([0, 150, 400, 600])
    plain = plain_covariance(error, frame, ln_p, sd, index)
    exact, state = misfit.displacement(misfit.parts(error, frame), frame, ln_p[None], sd[None], index, index[[0, -1]])
    assert np.abs(exact[0] - plain).max() < 2e-4 * np.abs(plain).max()
    assert state.shape == (1, 2, 2, 4)
    assert np.all(state[0, :, :, 0] == 0.0)
