"""The parts of the drift test against brute force, closed forms and peers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from infer_winds import drifting, uniform_winds
from scipy.linalg import expm
from scipy.optimize import nnls
from scipy.stats import binom, false_discovery_control, multivariate_normal

from overflight.errors import InvalidInput
from overflight.infer import Inputs, false_discovery, misfit
from overflight.infer.hypotheses.chosen_levels import chosen_levels
from overflight.infer.hypotheses.judge import test_of as judged
from overflight.infer.hypotheses.level_history import _viterbi
from overflight.infer.hypotheses.likelihood import likelihood_of, log_likelihoods, terms
from overflight.infer.hypotheses.model import NOMINAL, case_of, gap_noise
from overflight.infer.hypotheses.multiplicity import conformal
from overflight.infer.hypotheses.reachable import best_paths
from overflight.infer.hypotheses.real_flights import read_real_flights
from overflight.infer.hypotheses.sequential import tail_probability
from overflight.infer.hypotheses.simulate import draw_errors, errors_of
from overflight.infer.kernels import gap, level_path
from overflight.infer.scene import lay_out

HOURS = (0.0, 9.0, 20.0, 31.0, 48.0)


@pytest.fixture(scope="module")
def case():
    winds = uniform_winds(shear_ms_km=3.0)
    return case_of(lay_out(drifting(HOURS, altitude_m=16_180.0), winds, Inputs(), seed=1))


def polygons(rng, legs, corners=12):
    angle = 2.0 * np.pi * np.arange(corners) / corners
    size = rng.uniform(0.3, 2.0, (legs, 1, 2))
    return np.stack([np.cos(angle), np.sin(angle)], -1) * size + rng.normal(0.0, 0.5, (legs, 1, 2))


@pytest.mark.parametrize("seed", range(6))
def test_the_best_level_path_is_the_least_there_is(seed):
    rng = np.random.default_rng(seed)
    legs = int(rng.integers(1, 5))
    m = 2 * legs
    half = rng.normal(size=(m, m))
    precision = half @ half.T + 0.3 * np.eye(m)
    polygon, y = polygons(rng, legs), rng.normal(0.0, 2.0, m)
    paths, out = np.empty((1, 2, m)), np.empty((1, 2))
    level_path.fits(y[None], polygon, np.eye(m), precision[None], np.zeros(1), np.ones((m, 2)) * np.eye(2)[
        np.arange(m) % 2], paths, out)  # fmt: skip

    # The same as non-negative least squares of the weights of corners, which sum to 1 in each polygon.
    root, corners = np.linalg.cholesky(precision).T, polygon.shape[1]
    whole = np.zeros((m, legs * corners))
    for leg in range(legs):
        whole[2 * leg : 2 * leg + 2, leg * corners : (leg + 1) * corners] = polygon[leg].T
    sums = 1e4 * np.kron(np.eye(legs), np.ones((1, corners)))
    _, rest = nnls(np.vstack([root @ whole, sums]), np.concatenate([root @ y, np.full(legs, 1e4)]))
    assert -2.0 * out[0, 0] == pytest.approx(rest**2, rel=1e-3, abs=1e-3)
    assert out[0, 1] >= out[0, 0]


def test_a_point_for_a_polygon_leaves_no_choice():
    y, polygon = np.array([3.0, -1.0]), np.broadcast_to([1.0, 1.0], (1, 24, 2)).copy()
    paths, out = np.empty((1, 2, 2)), np.empty((1, 2))
    level_path.fits(y[None], polygon, np.eye(2), np.eye(2)[None], np.zeros(1), np.eye(2), paths, out)
    assert paths[0, 0] == pytest.approx([1.0, 1.0])
    assert out[0] == pytest.approx([-4.0, 0.0])


@pytest.mark.parametrize("alpha", [0.02, 0.05, 0.3])
def test_a_p_value_that_stops_early_is_exactly_valid(alpha):
    rng, tracks = np.random.default_rng(3), 4_000
    p = [tail_probability(rng.normal(), lambda first, count: rng.normal(size=count), most=499).value
         for _ in range(tracks)]  # fmt: skip
    hits = int(np.count_nonzero(np.array(p) <= alpha + 1e-12))
    assert hits <= binom.ppf(0.9995, tracks, alpha)
    if alpha < 0.2:
        assert hits >= binom.ppf(0.0005, tracks, alpha)


def test_the_number_of_a_track_does_not_depend_on_the_batch_it_comes_in(case):
    errors, level = errors_of(case.model), np.zeros(40, int)
    whole = draw_errors(errors, level, seed=5, name="x")
    part = draw_errors(errors, level[:7], seed=5, name="x", first=20)
    np.testing.assert_array_equal(whole[20:27], part)


def test_drawn_errors_have_the_covariance_of_the_model(case):
    model = replace(case.model, wind_dof=np.inf, sighting_dof=1e9)
    level = 3
    drawn = draw_errors(errors_of(model), np.full(40_000, level), seed=5, name="x")
    want = model.wind[level, NOMINAL] + model.still[level]
    sd = np.sqrt(np.diag(want))
    assert np.cov(drawn.T) / np.outer(sd, sd) == pytest.approx(want / np.outer(sd, sd), abs=0.03)


def test_likelihoods_are_those_of_normal_distributions(case):
    model, y = case.model, case.y + 1000.0
    ready = likelihood_of(model)
    level, time, scale = 4, 2, 7
    whole = model.scale2[scale] * model.wind[level, time] + model.still[level]
    told = multivariate_normal(model.drift[level], whole).logpdf(y) + 0.5 * y.size * np.log(2.0 * np.pi)
    weight = model.log_prior[level] - np.log(3 * model.scale2.size)
    assert terms(ready, y)[0][level, time, scale] == pytest.approx(told + weight)
    both = log_likelihoods(ready, np.stack([y, y + 5.0 * model.design[0, :, 0]]))
    assert both[0, 0] == pytest.approx(np.logaddexp.reduce(terms(ready, y)[0].ravel()))
    assert (both[:, 1] > both[:, 0]).all()


def test_rows_follow_the_flow():
    """In a flow of constant gradient, an error grows by its exponential."""
    seconds, g = np.linspace(0.0, 36_000.0, 61), np.array([[2e-5, -3e-5], [1e-5, -1e-5]])
    gradient = np.broadcast_to(g, (1, 61, 2, 2)).copy()
    rows, carry = np.zeros((1, 2, 1, 61), complex), np.empty((1, 1, 2, 2))
    gap.rows_of(seconds, gradient, np.array([0, 60]), rows, carry)
    assert carry[0, 0] == pytest.approx(expm(g * 36_000.0), rel=1e-4)
    ones = np.array([(row.conj() * 1.0).real.sum() for row in rows[0, :, 0]])
    grown = np.linalg.solve(g, (expm(g * 36_000.0) - np.eye(2)) @ [1.0, 0.0])
    assert ones == pytest.approx(grown, rel=1e-3)


def test_error_covariance_is_the_double_sum(case):
    scene, rows = case.scene, case.rows
    of = misfit.parts(scene.error, scene.frame)
    flat = rows[2].reshape(-1, rows.shape[-1])
    seconds, size = scene.frame.seconds, scene.sd[2]
    want = np.zeros((flat.shape[0], flat.shape[0]))
    for share, time_s, phase in zip(of.share, of.time_s, of.phase, strict=True):
        fade = np.exp(-np.abs(seconds[:, None] - seconds) / time_s)
        turned = flat * size * np.exp(-1j * phase)
        want += share * (turned.conj() @ fade @ turned.T).real
    assert case.model.wind[2, NOMINAL] == pytest.approx(want, rel=1e-6)


def test_noise_of_neighbouring_gaps_is_shared():
    noise = np.stack([np.diag([1.0, 2.0]), np.diag([3.0, 4.0]), np.diag([5.0, 6.0])])
    got = gap_noise(noise, np.broadcast_to(np.eye(2), (1, 2, 2, 2)))[0]
    assert np.diag(got) == pytest.approx([4.0, 8.0, 6.0, 10.0])
    assert got[0, 1] == -3.0
    assert got[2, 3] == -4.0
    assert got[0, 2] == 0.0


def test_chosen_levels_of_one_wind_are_drift(case):
    """Where all levels have one wind, choosing among them is drifting."""
    winds = uniform_winds()
    still = case_of(lay_out(drifting(HOURS, altitude_m=16_180.0), winds, Inputs(), seed=1))
    test = judged(still, seed=1)
    got = chosen_levels(still, test.reach, best=test.best, seed=1)
    left = still.y - still.model.drift[test.best]
    log = test.reach.log_weight - 0.5 * np.einsum("i,tij,j->t", left, test.reach.precisions, left)
    assert got.value == pytest.approx(np.logaddexp.reduce(log), abs=4.0 * got.standard_error + 0.05)


def test_a_steered_track_lies_within_reach_and_a_motor_does_not(case):
    test = judged(case, seed=1)
    corner = test.reach.polygon[:, 3]
    steered = (test.reach.bring @ corner.ravel()) + test.reach.shift
    motor = steered + 15.0 * test.reach.design @ np.array([np.cos(np.pi / 4), np.sin(np.pi / 4)])
    ratio = best_paths(test.reach, np.stack([steered, motor])).ratio
    assert ratio[0] < 0.05
    assert ratio[1] > 3.0


@pytest.mark.parametrize("seed", range(4))
def test_the_history_of_level_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    levels, blocks = 3, 5
    left = rng.normal(size=(levels, blocks)) + 1j * rng.normal(size=(levels, blocks))
    span, size, time_s = np.full(blocks, 10_800.0), 1.3, 43_200.0
    hold, stay = np.exp(-10_800.0 / time_s), np.exp(-10_800.0 / 86_400.0)

    def cost(path):
        error = left[list(path), np.arange(blocks)]
        total = abs(error[0]) ** 2 / size**2
        for k in range(1, blocks):
            total += abs(error[k] - hold * error[k - 1]) ** 2 / (size**2 * (1.0 - hold**2))
            total += -2.0 * np.log(stay if path[k] == path[k - 1] else (1.0 - stay) / (levels - 1))
        return total

    best = min(product(range(levels), repeat=blocks), key=cost)
    assert tuple(_viterbi(left, size, span, time_s)) == best


def test_false_discovery_rates_are_those_of_scipy():
    p = np.random.default_rng(1).uniform(size=40) ** 3
    assert false_discovery(p) == pytest.approx(false_discovery_control(p))
    with pytest.raises(InvalidInput, match="p-values"):
        false_discovery([0.5, 1.5])


def test_conformal_p_values_count_the_flights():
    assert conformal(0.04, [0.01, 0.04, 0.2, 0.9]) == 0.6
    assert conformal(0.001, [0.5] * 99) == 0.01
    with pytest.raises(InvalidInput, match="real flights"):
        conformal(0.5, [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("p_value\n0.5\n", "no such table"),
        ("p_value,p_value_powered\n", "no such table"),
        ("p_value,p_value_powered\n0.5,0.2\n0.5,two\n", "r.csv:3: p_value_powered: got 'two'"),
    ],
)
def test_a_table_of_real_flights_is_checked(tmp_path, text, told):
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(InvalidInput) as bad:
        read_real_flights(tmp_path / "r.csv")
    assert told in str(bad.value)


def test_real_flights_are_read(tmp_path):
    (tmp_path / "r.csv").write_text("name,p_value,p_value_powered\na,0.5,0.25\nb,1,0\n")
    found = read_real_flights(tmp_path / "r.csv")
    assert found.drift == (0.5, 1.0)
    assert found.any_levels == (0.25, 0.0)
