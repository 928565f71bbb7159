"""Simulated skies, small: stated probabilities hold, and nothing is named wrongly but now and then."""

import pytest
from scipy.stats import binom

from overflight.infer.sky import Rules, simulate_skies
from overflight.infer.sky_scores import scores
from overflight.infer.stations import read_stations
from overflight.winds import open_winds

FILES = ("gfs_20041209T12_f072_global_2p5deg.nc", "gfs_20110110T12_f120_global_2p5deg.nc")
RULES = Rules(launches_a_day=400, cases=6, members=64)


@pytest.fixture(scope="module")
def cases(shared_data):
    winds = [open_winds(str(shared_data / "winds" / name)) for name in FILES]
    return simulate_skies(winds, read_stations(), skies=4, seed=100, rules=RULES)


def test_the_likeliest_answer_is_right_as_often_as_it_says(cases):
    found = scores(cases)
    right = round(found.right * found.cases)
    assert binom.ppf(0.001, found.cases, found.mean_best) <= right <= binom.ppf(0.999, found.cases, found.mean_best)


def test_what_is_not_on_the_list_is_hardly_ever_named(cases):
    """At a bar of 0.95 one in twenty could be wrong by chance; the list without the truth is the harder test."""
    found = scores(cases)
    trials = found.unlisted + found.without
    assert found.unlisted_named + found.wrong_without <= binom.ppf(0.999, trials, 0.02)
    assert found.wrong <= binom.ppf(0.999, max(found.identified, 1), 0.05)


def test_a_listed_truth_is_followed_and_mostly_first(cases):
    found = scores(cases)
    assert found.lost <= 0.15
    assert found.first >= 0.7
