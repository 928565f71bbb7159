"""Regions of tracks of every kind hold the truth; a small study, the large one is ``python track_cases.py 300``."""

import pytest
from scipy.stats import binom
from track_cases import HELD_OUT, KINDS, coverage


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "kinematic"])
def test_the_90_percent_region_holds_the_truth(kind):
    cases = 25
    found = coverage(kind, cases, members=100)
    # Three places of one balloon are not independent: the band is that of the cases alone.
    low, high = (binom.ppf(q, cases, 0.9) / cases for q in (0.001, 0.999))
    assert low <= found["90 %"] <= high, found
    assert len(HELD_OUT) == 3
