"""Scores of the study against closed forms, published values and brute force."""

import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal
from validation import scores


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_crps_of_a_standard_normal_at_its_mean():
    # (sqrt(2) - 1) / sqrt(pi): Gneiting et al. (2005), doi 10.1175/MWR2904.1, eq. 5 at z = 0
    assert scores.crps_normal(0.0, 1.0, 0.0) == pytest.approx((np.sqrt(2.0) - 1.0) / np.sqrt(np.pi), rel=1e-12)


@pytest.mark.parametrize("truth", [-3.0, 0.0, 0.7, 2.5])
def test_crps_of_many_normal_samples_is_the_closed_form(truth, rng):
    found = scores.crps(2.0 + 1.5 * rng.standard_normal(200_000), truth)
    assert found == pytest.approx(float(scores.crps_normal(2.0, 1.5, truth)), abs=0.02)  # six standard errors


def test_crps_of_few_samples_is_fair(rng):
    # unbiased: its mean over samples and truths is that of the distribution itself, sd / sqrt(pi)
    few = [scores.crps(rng.standard_normal(3), rng.standard_normal()) for _ in range(40_000)]
    assert np.mean(few) == pytest.approx(1.0 / np.sqrt(np.pi), abs=4.0 * np.std(few) / np.sqrt(len(few)))


@pytest.mark.parametrize("m", [2, 5, 40])
def test_crps_and_energy_score_equal_their_definition(m, rng):
    x, y = rng.standard_normal((m, 2)) * 30.0 + 1e4, rng.standard_normal(2) * 30.0 + 1e4
    pairs = sum(np.linalg.norm(a - b) for a in x for b in x) / (2.0 * m * (m - 1))
    assert scores.energy(x, y) == pytest.approx(np.linalg.norm(x - y, axis=1).mean() - pairs, rel=1e-9)
    pairs = np.abs(x[:, 0, None] - x[None, :, 0]).sum() / (2.0 * m * (m - 1))
    assert scores.crps(x[:, 0], y[0]) == pytest.approx(np.abs(x[:, 0] - y[0]).mean() - pairs, rel=1e-9)


def test_energy_score_in_one_dimension_is_crps(rng):
    x, y = rng.standard_normal(50), 0.3
    assert scores.energy(x[:, None], np.array([y])) == pytest.approx(scores.crps(x, y), rel=1e-9)


def test_log_score_is_minus_the_log_density(rng):
    x, y = rng.standard_normal((30, 2)), np.array([0.5, -1.0])
    density = multivariate_normal(x.mean(axis=0), np.cov(x.T)).logpdf(y)
    assert scores.log_score(x, y) == pytest.approx(-density, rel=1e-12)


def test_ranks_of_truths_from_the_same_distribution_are_uniform(rng):
    spread = np.array([[3.0, 0.0], [2.0, 0.5]])
    ranks = [scores.rank(rng.standard_normal((200, 2)) @ spread, rng.standard_normal(2) @ spread) for _ in range(2_000)]
    assert binom.ppf(1e-4, 2_000, 0.9) <= np.sum(np.array(ranks) < 0.9) <= binom.ppf(1 - 1e-4, 2_000, 0.9)
    assert scores.uniformity(ranks) > 1e-3


def test_intervals_are_those_of_the_textbook():
    # Brown, Cai and DasGupta (2001), doi 10.1214/ss/1009213286: 0 of 10 and 5 of 10 at 95 %
    assert scores.clopper_pearson(0, 10) == pytest.approx((0.0, 0.30850), abs=1e-5)
    assert scores.clopper_pearson(5, 10) == pytest.approx((0.18709, 0.81291), abs=1e-5)
    assert scores.wilson(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-5)
    assert scores.clopper_pearson(10, 10)[1] == 1.0


def test_reliability_of_true_probabilities_lies_on_the_diagonal(rng):
    told = rng.uniform(size=50_000)
    for mean, share, cases in scores.reliability(told, rng.uniform(size=told.size) < told):
        assert abs(mean - share) < 4.5 * np.sqrt(0.25 / cases)
