"""Success against effort where it is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from overflight.recover.search import allocate, pod


def circular_normal(sigma_m: float, step_m: float, reach: float = 6.0):
    """Return probability and radius of square cells over a circular normal distribution."""
    half = np.arange(step_m / 2, reach * sigma_m, step_m)
    x = np.concatenate([-half[::-1], half])
    from scipy.special import ndtr

    edges = np.append(x - step_m / 2, x[-1] + step_m / 2)
    line = np.diff(ndtr(edges / sigma_m))
    return np.outer(line, line).ravel(), np.hypot(*np.meshgrid(x, x)).ravel()


@pytest.mark.parametrize("effort", [0.1, 0.5, 1.0, 2.0, 5.0, 20.0])
def test_circular_normal_as_koopman_1957_and_stone_1975_solve_it(effort):
    """With H2 = W L / (pi sigma2): coverage H - r2 / 2 sigma2 within r2 = 2 sigma2 H, success 1 - (1 + H) exp(-H).

    Koopman (1957), doi 10.1287/opre.5.5.613; Stone (1975), example 2.2.7. On cells of sigma / 25 the density within a
    cell differs by a few per cent, so that success agrees to 1e-3.
    """
    sigma, width, step = 10_000.0, 500.0, 400.0
    h = math.sqrt(effort)
    p, radius = circular_normal(sigma, step)
    found = allocate(p, np.full(p.size, step**2), width, effort * math.pi * sigma**2 / width)
    assert found.success == pytest.approx(1.0 - (1.0 + h) * math.exp(-h), abs=1e-3)
    expected = np.maximum(0.0, h - radius**2 / (2.0 * sigma**2))
    assert np.abs(found.coverage - expected).max() < 2e-3 * max(1.0, h)
    assert radius[found.track_m > 0.0].max() == pytest.approx(sigma * math.sqrt(2.0 * h), abs=step)


def test_uniform_area_is_covered_evenly():
    """Stone (1975), section 2.2: over one area of even density the best is random search of all of it."""
    found = allocate(np.full(50, 1 / 50), np.full(50, 2e6), 200.0, 7e5)
    assert np.ptp(found.coverage) < 1e-12
    assert found.success == pytest.approx(1.0 - math.exp(-200.0 * 7e5 / 1e8), rel=1e-12)


def test_detection_by_coverage_as_iamsar_draws_it():
    """IAMSAR II, Appendix N: at coverage 1 random search sees 63 %, regular sweeps in ideal conditions 79 %."""
    assert pod(1.0) == pytest.approx(0.632, abs=5e-4)
    assert pod(1.0, "regular") == pytest.approx(0.79, abs=5e-3)
    assert pod(0.5, "regular") == pytest.approx(0.47, abs=5e-3)
