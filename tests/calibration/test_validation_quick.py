"""The small study of validation/: gross failure of a region, a test or a map shows within minutes."""

import numpy as np
import pytest
from scipy.stats import binom
from validation import quick
from validation.strata import STRATA
from validation.tables import POWERED, sound

STRICT = 1e-4
"""Chance that a sound count fails, a side."""


@pytest.fixture(scope="module")
def found():
    return quick.found(seed=20_230_201)


def rows(found, part, variant="passive"):
    return [r for (p, _, v), some in found.items() if (p, v) == (part, variant) for r in some]


def within(hits, n, share):
    return binom.ppf(STRICT, n, share) <= hits <= binom.ppf(1.0 - STRICT, n, share)


def test_no_case_is_refused(found):
    assert all(len(sound(some)) == len(some) for some in found.values())


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_ellipses_of_tracks_hold_the_truth_as_often_as_they_say(found, level):
    rank = np.array([r["rank"] for r in rows(found, "track")])
    assert rank.size == quick.TRACK_CASES * len(STRATA)
    held = int(np.count_nonzero(rank < level))
    assert within(held, rank.size, level), f"{held} of {rank.size} in {level}"


def test_passive_flights_are_seldom_rejected(found):
    p = np.array([r["p_value"] for r in rows(found, "drift")])
    odd = int(np.count_nonzero(p <= 0.05))
    assert odd <= binom.ppf(1.0 - STRICT, p.size, 0.05), f"{odd} of {p.size}"


def test_passive_flights_are_not_called_powered(found):
    called = sum(r["p_value_powered"] < 0.01 for r in rows(found, "drift"))
    assert called <= binom.ppf(1.0 - STRICT, quick.DRIFT_CASES * len(STRATA), 0.01), called


def test_a_motor_of_10_ms_is_noticed(found):
    told = rows(found, "verdict", f"powered-{quick.POWERED_MS}")
    assert np.mean([r["verdict"] == POWERED for r in told]) > 0.6


def test_the_verdict_not_enough_data_goes_by_the_power_told(found):
    every = rows(found, "verdict", f"powered-{quick.POWERED_MS}")
    assert all(r["verdict"] == "not enough data" for r in every if r["power_5"] < 0.5)


def test_maps_of_launches_hold_the_true_place(found):
    told = rows(found, "origin")
    held = sum(r["level"] < 0.9 for r in told)
    assert held >= binom.ppf(STRICT, len(told), 0.9)


def test_maps_of_launches_are_even_where_a_cell_is_taken_in_part(found):
    told = [r["level"] + r["share"] * r["cell"] for r in rows(found, "origin")]
    for level in (0.5, 0.9):
        held = sum(v < level for v in told)
        assert binom.ppf(STRICT, len(told), level) <= held <= binom.ppf(1.0 - STRICT, len(told), level)
