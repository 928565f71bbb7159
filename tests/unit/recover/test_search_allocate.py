"""Allocations of effort, against all that there are on small cases, and against closed forms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from overflight.errors import InvalidInput
from overflight.recover.search import allocate, passes, pod


def exhaustive(p, q, cost, budget, most):
    """Return the largest success of all ways to spend whole passes within a budget."""
    best = 0.0
    for counts in itertools.product(range(most + 1), repeat=len(p)):
        if np.dot(counts, cost) <= budget * (1 + 1e-12):
            best = max(best, success(p, q, counts))
    return best


def success(p, q, counts):
    return math.fsum(pi * (1.0 - (1.0 - qi) ** int(n)) for pi, qi, n in zip(p, q, counts, strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_ranked_passes_of_equal_cost_are_exactly_what_exhaustive_search_finds(seed):
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(4)), rng.uniform(0.2, 0.9, 4)
    ranked = passes(p, q, np.ones(4), most=5)
    for budget in range(1, 6):
        counts = np.bincount(ranked[:budget, 0], minlength=4)
        assert success(p, q, counts) == exhaustive(p, q, np.ones(4), budget, 5)


@pytest.mark.parametrize("seed", range(20))
def test_each_prefix_of_the_ranking_is_the_best_for_what_it_costs_where_costs_differ(seed):
    rng = np.random.default_rng(100 + seed)
    p, q, cost = rng.dirichlet(np.ones(4)), rng.uniform(0.2, 0.9, 4), rng.uniform(0.5, 2.0, 4)
    ranked = passes(p, q, cost, most=4)
    for taken in range(1, 6):
        counts = np.bincount(ranked[:taken, 0], minlength=4)
        if counts.max() < 4:
            assert success(p, q, counts) == exhaustive(p, q, cost, float(counts @ cost), 4)


def test_the_second_pass_of_a_cell_comes_after_its_first():
    ranked = passes([0.7, 0.2, 0.1], [0.9, 0.3, 0.5], [1.0, 2.0, 1.0], most=3)
    for cell in range(3):
        assert ranked[ranked[:, 0] == cell, 1].tolist() == [0, 1, 2]


def test_a_cell_without_probability_gets_no_pass():
    assert 1 not in passes([0.5, 0.0], [0.6, 0.6], [1.0, 1.0], most=2)[:, 0]


def test_two_cells_as_koopman_divides_them():
    """p 2/3 and 1/3, equal cells: the denser one alone up to ln 2 of coverage, then both alike."""
    p, area, width = [2 / 3, 1 / 3], [1e6, 1e6], 100.0
    little = allocate(p, area, width, 0.5 * math.log(2) * 1e4)
    assert little.track_m.tolist() == pytest.approx([0.5 * math.log(2) * 1e4, 0.0])
    much = allocate(p, area, width, 3e4)
    assert much.coverage.tolist() == pytest.approx([(3 + math.log(2)) / 2, (3 - math.log(2)) / 2], rel=1e-12)
    assert much.success == pytest.approx(1 - 2 * math.sqrt(2) / 3 * math.exp(-1.5), rel=1e-12)


@pytest.mark.parametrize("detection", ["random", "regular"])
@pytest.mark.parametrize("seed", range(5))
def test_no_other_division_of_the_same_track_does_better(detection, seed):
    rng = np.random.default_rng(seed)
    p, area, width = rng.dirichlet(np.ones(6)) * 0.9, rng.uniform(1e6, 9e6, 6), rng.uniform(50, 900, 6)
    track = float(rng.uniform(1e3, 1e5))
    best = allocate(p, area, width, track, detection)
    assert best.track_m.sum() == pytest.approx(track, rel=1e-9)
    for share in rng.dirichlet(np.ones(6) * 0.5, 300):
        other = p @ pod(share * track * width / area, detection)
        assert other <= best.success + 1e-12
    nudged = best.track_m + rng.normal(0.0, 0.01 * track, (300, 6))
    nudged = np.maximum(nudged, 0.0)
    nudged *= track / nudged.sum(axis=1, keepdims=True)
    assert np.all(pod(nudged * width / area, detection) @ p <= best.success + 1e-12)


def test_sorting_and_the_root_of_the_slope_come_to_the_same():
    """The exact allocation has one slope p w exp(-w z) in all cells searched, none steeper elsewhere."""
    rng = np.random.default_rng(3)
    p, area, width = rng.dirichlet(np.ones(500)), rng.uniform(1e6, 9e6, 500), 300.0
    found = allocate(p, area, width, 4e5)
    slope = p * width / area * np.exp(-found.coverage)
    searched = found.track_m > 0.0
    assert 0 < searched.sum() < 500
    assert np.ptp(slope[searched]) < 1e-12 * slope[searched].max()
    assert slope[~searched].max() <= slope[searched].min() * (1 + 1e-12)


@pytest.mark.parametrize("track", [-1.0, math.nan, math.inf])
def test_effort_that_is_none_is_refused(track):
    with pytest.raises(InvalidInput, match=r"effort: got .* m of track, expected 0 or more"):
        allocate([1.0], [1e6], 100.0, track)


def test_cells_without_probability_are_refused():
    with pytest.raises(InvalidInput, match="cells: got none to search"):
        allocate([0.0], [1e6], 100.0, 1.0)
