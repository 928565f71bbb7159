"""The size of the drift test on flights that the engine flies, with wind error of their own."""

import numpy as np
import pytest
from scipy.stats import binom
from validation.cases import Block, Study, run_block
from validation.judges import Effort

CASES, STRICT = 120, 2e-4
STRATA = ("middle-20km-48h-6-table-reported", "tropics-12km-12h-6-table-none", "polar-12km-96h-3-table-none")
STUDY = Study(seed=11, effort=Effort(simulated=199))


def p_values(stratum, variant, cases=CASES):
    rows = run_block(Block(part="drift", stratum=stratum, variant=variant, first=0, count=cases), STUDY)
    assert not any("error" in row for row in rows)
    return np.array([[row["p_value"], row["p_value_powered"]] for row in rows])


@pytest.mark.parametrize("stratum", STRATA)
def test_passive_flights_are_rejected_as_often_as_is_said(stratum):
    p = p_values(stratum, "passive")
    for alpha in (0.05, 0.1):
        assert np.count_nonzero(p[:, 0] <= alpha) <= binom.ppf(1.0 - STRICT, CASES, 1.3 * alpha)
        assert np.count_nonzero(p[:, 1] <= alpha) <= binom.ppf(1.0 - STRICT, CASES, 1.3 * alpha)
    assert np.mean(p[:, 0] <= 0.5) > 0.25


@pytest.mark.parametrize("variant", ["slow3", "steered"])
def test_neither_slow_errors_nor_steering_by_level_look_powered(variant):
    p = p_values(STRATA[0], variant)
    assert np.count_nonzero(p[:, 1] <= 0.01) <= binom.ppf(1.0 - STRICT, CASES, 0.02)


def test_a_motor_of_8_ms_is_seen():
    p = p_values(STRATA[0], "powered-8", 40)
    assert np.mean(p[:, 1] <= 0.05) > 0.6
