"""What holds of every search: of its update and of its effort."""

from __future__ import annotations

import h3.api.numpy_int as h3_int
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from overflight.geo.density import Density
from overflight.recover.search import Search, allocate, searched_share, update

PLACES = [(45.0, -83.0), (0.0, 179.99), (89.95, 10.0), (-89.95, -170.0), (-17.0, -180.0)]


def density_at(lat: float, lon: float, seed: int, elsewhere: float = 0.1, rings: int = 3) -> Density:
    cells = np.sort(np.array(h3_int.grid_disk(h3_int.latlng_to_cell(lat, lon, 6), rings), np.uint64))
    mass = np.random.default_rng(seed).dirichlet(np.ones(cells.size)) * (1.0 - elsewhere)
    area = np.array([h3_int.cell_area(int(c), "m^2") for c in cells])
    return Density(cells, mass, 1.0 - float(mass.sum()), area)


searches = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0.0, 0.95)), min_size=1, max_size=5)


def made(density: Density, drawn) -> list[Search]:
    return [Search(np.random.default_rng(seed).uniform(size=density.cell.size), pod) for seed, pod in drawn]


@given(searches, st.randoms(use_true_random=False), st.sampled_from(PLACES))
@settings(max_examples=60)
def test_searches_in_any_order_or_at_once_leave_the_same_belief(drawn, shuffle, place):
    density = density_at(*place, seed=1)
    every = made(density, drawn)
    once = update(density, every).density
    shuffle.shuffle(every)
    after = density
    for search in every:
        after = update(after, [search]).density
    assert np.allclose(after.probability, once.probability, rtol=1e-12, atol=1e-15)
    assert after.elsewhere == pytest.approx(once.elsewhere, rel=1e-12)
    assert after.probability.sum() + after.elsewhere == pytest.approx(1.0, abs=1e-12)


@given(searches, st.floats(0.0, 1.0))
@settings(max_examples=60)
def test_what_was_not_searched_never_loses_and_elsewhere_neither(drawn, blind):
    density = density_at(45.0, -83.0, seed=2)
    done = [Search(np.where(np.arange(density.cell.size) < 9, s.share, 0.0), s.pod) for s in made(density, drawn)]
    after = update(density, done, blind=blind)
    assert np.all(after.density.probability[9:] >= density.probability[9:] * (1 - 1e-12))
    assert after.density.elsewhere >= density.elsewhere * (1 - 1e-12)
    assert after.blind >= blind * (1 - 1e-12)
    assert 0.0 <= after.success <= 1.0


@given(st.sampled_from(PLACES), st.integers(0, 1000))
@settings(max_examples=20)
def test_a_perfect_search_leaves_nothing_inside(place, seed):
    density = density_at(*place, seed)
    inside = np.random.default_rng(seed).uniform(size=density.cell.size) < 0.5
    after = update(density, [Search(inside.astype(float), 1.0)]).density
    assert np.all(after.probability[inside] == 0.0)
    assert after.probability.sum() + after.elsewhere == pytest.approx(1.0, abs=1e-12)


def test_a_search_without_effort_teaches_nothing():
    density = density_at(45.0, -83.0, seed=3)
    for search in (Search(np.zeros(density.cell.size), 1.0), Search(np.ones(density.cell.size), 0.0)):
        after = update(density, [search])
        assert np.array_equal(after.density.probability, density.probability)
        assert after.success == pytest.approx(0.0, abs=1e-15)


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(0.0, 1e7), min_size=2, max_size=8),
    st.sampled_from(["random", "regular"]),
)
@settings(max_examples=60)
def test_more_effort_never_lowers_success_and_each_further_metre_adds_less(seed, tracks, detection):
    density = density_at(45.0, -83.0, seed)
    width = np.random.default_rng(seed).uniform(10.0, 3000.0, density.cell.size)
    tracks = sorted(tracks)
    reached = [allocate(density.probability, density.cell_area_m2, width, t, detection).success for t in tracks]
    assert np.all(np.diff(reached) >= -1e-12)
    assert max(reached) <= density.probability.sum() + 1e-12
    a, b = tracks[0], tracks[-1]
    middle = allocate(density.probability, density.cell_area_m2, width, (a + b) / 2, detection).success
    assert middle >= (reached[0] + reached[-1]) / 2 - 1e-12


@pytest.mark.parametrize("place", PLACES)
def test_shares_of_cells_are_shares_of_area_on_the_sphere(place):
    """A band of latitude between two parallels, cut by cells, holds the area of the cells inside it, at any longitude."""
    density = density_at(*place, seed=4, rings=4)
    lat = place[0]
    share = searched_share(density, shapely.box(-180.0, max(-90.0, lat - 0.1), 180.0, min(90.0, lat + 0.1)))
    assert share.max() == pytest.approx(1.0, abs=1e-9)
    whole = searched_share(density, shapely.box(-180.0, -90.0, 180.0, 90.0))
    assert np.allclose(whole, 1.0, atol=1e-9)
    south = searched_share(density, shapely.box(-180.0, -90.0, 180.0, lat))
    north = searched_share(density, shapely.box(-180.0, lat, 180.0, 90.0))
    assert np.allclose(south + north, 1.0, atol=1e-6)
