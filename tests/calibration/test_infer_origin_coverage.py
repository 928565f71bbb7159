"""The 90 % launch region holds the true launch as often as it says; ``origin_incidents`` runs as many as wanted."""

import numpy as np
from origin_incidents import Plan, run
from scipy.stats import binom


def test_the_90_percent_region_holds_the_launch(shared_data):
    scores, _ = run(Plan(cases=40, seed=5, members=1_000), shared_data)
    held, count = sum(s.held_90 for s in scores), len(scores)
    says = float(np.mean([s.mass_90 for s in scores]))
    assert 0.89 < says < 0.97
    assert binom.ppf(0.001, count, 0.9) <= held <= binom.ppf(0.9999, count, says), f"{held} of {count}"
    levels = np.array([s.level for s in scores])
    assert binom.ppf(0.001, count, 0.5) <= (levels < 0.5).sum() <= binom.ppf(0.999, count, 0.5)
    assert np.median([s.area_90_km2 for s in scores]) < 3e6
