"""Identify: densities, prefilter, the prior, the verdict, and winds whose answer is known."""

import json
from dataclasses import replace

import infer_winds as made
import numpy as np
import pytest
from scipy.stats import chi2

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import sphere
from overflight.geo.times import to_datetime64
from overflight.infer import identify
from overflight.infer.candidates import PICO, SOUNDING, BaseRate, Candidate, Completeness
from overflight.infer.identity import graded
from overflight.infer.match import bridge, kernels, log_density, log_student
from overflight.infer.screening import reachable
from overflight.infer.seen_places import ellipse_km2, seen_places
from overflight.infer.yukon import write_example
from overflight.sightings import Bearing

START = to_datetime64(made.START)


def at(hours):
    return START + np.timedelta64(round(hours * 3600), "s")


def heard(name="pico", *, lat=40.0, lon=-120.0, hours=0.0, altitude_m=12_000.0, **kw):
    return Candidate(name=name, kind="last_heard", time=at(hours), lat=lat, lon=lon, altitude_m=altitude_m, **kw)


@pytest.fixture(scope="module")
def winds():
    return made.uniform_winds(10.0, 2.0)


def test_student_integrates_to_one_in_the_plane():
    covariance = np.array([[4.0, 1.0], [1.0, 2.0]])
    x = np.linspace(-60, 60, 241)
    grid = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    total = np.exp(log_student(-grid, covariance)).sum() * 0.25
    assert total == pytest.approx(1.0, abs=2e-3)  # what lies beyond 30 standard deviations


def test_kernels_keep_mean_and_covariance():
    points = np.random.default_rng(1).normal(size=(4000, 2)) @ np.array([[80.0, 0.0], [40.0, 30.0]]) + [300.0, -50.0]
    centres, covariance = kernels(points, 1)
    assert np.allclose(centres.mean(axis=0), points.mean(axis=0))
    total = np.cov(centres.T) + covariance
    assert np.allclose(total, np.cov(points.T), rtol=0.02, atol=6.0)  # the least width of 2 km is added


@pytest.mark.parametrize("sigmas", [0.0, 2.0, 4.0])
def test_the_density_is_that_of_a_gaussian_near_it_and_larger_in_its_tail(sigmas):
    """A tail that is too thin would say "impossible" of the truth now and then."""
    logs = []
    for seed in range(20):
        points = np.random.default_rng(seed).normal(size=(200, 2)) * 100.0 + [100.0 * sigmas, 0.0]
        logs.append(log_density(points, np.eye(2), 1))
    true = -np.log(2 * np.pi * 100.0**2) - 0.5 * sigmas**2
    assert np.mean(logs) >= true - 0.35
    assert np.mean(logs) <= true + (0.2 if sigmas < 3 else 4.0)


def test_one_member_or_none_still_has_a_density():
    assert log_density(np.zeros((0, 2)), np.eye(2), 1) == -np.inf
    assert -15.0 < log_density(np.zeros((1, 2)), np.eye(2), 1) < -9.0  # some 100 km wide


def test_between_fixes_the_error_is_zero_at_both_and_grows_with_the_gap():
    def sd(t, gap):
        one = np.array([float(t)])
        return float(np.sqrt(max(bridge(one, 0 * one, 0 * one + gap, 8.0, 10_800.0)[0, 0], 0.0)))

    assert sd(0, 3600) < 1.0
    assert sd(3600, 3600) < 1.0
    assert sd(300, 600) < sd(1800, 3600) < sd(6 * 3600, 12 * 3600)
    far = 1e7  # many memories: a Brownian bridge of diffusivity s^2 T
    assert sd(far / 2, far) == pytest.approx(np.sqrt(2 * 8.0**2 * 10_800.0 * far / 4), rel=0.01)


def test_instants_in_different_gaps_are_independent():
    t, a, b = np.array([100.0, 200.0, 900.0]), np.array([0.0, 0.0, 600.0]), np.array([600.0, 600.0, 1200.0])
    covariance = bridge(t, a, b, 8.0, 10_800.0)
    assert covariance[0, 2] == covariance[1, 2] == 0.0
    assert covariance[0, 1] > 0.0
    assert np.all(np.linalg.eigvalsh(covariance) > -1e-6)


def test_an_ellipse_lies_along_its_azimuth():
    covariance = ellipse_km2(50.0, 5.0, 30.0)
    along = np.array([np.sin(np.radians(30)), np.cos(np.radians(30))])
    assert along @ covariance @ along == pytest.approx(2500.0)
    assert np.linalg.det(covariance) == pytest.approx(2500.0 * 25.0)


def test_two_thousand_launches_are_screened_by_time_and_reach(winds):
    draw = np.random.default_rng(3)
    seen = seen_places([made.seen(0.0, 40.0, -120.0)])
    many = [
        Candidate(name=str(i), kind="launch", time=at(h), lat=y, lon=x, altitude_m=0.0, profile=SOUNDING)
        for i, (h, y, x) in enumerate(zip(draw.uniform(-24, 24, 2000), draw.uniform(-60, 80, 2000),
                                          draw.uniform(-180, 180, 2000), strict=True))
    ]  # fmt: skip
    kept = reachable(many, seen, 50.0, 0.0)
    times = np.array([(c.time[0] - START) / np.timedelta64(1, "h") for c in many])
    assert not kept[(times > 1.0) | (times < -7.5)].any()
    assert 0 < kept.sum() < 40
    beside = heard(lat=40.0, lon=-119.9, hours=-1.0)
    assert reachable([beside], seen, 50.0, 0.0).all()


def test_the_balloon_that_drifts_there_is_found_and_the_one_that_does_not_is_not(winds):
    seen = made.drifting([24], altitude_m=12_000.0)
    found = identify(seen, [heard(), heard("north", lat=48.0), heard("late", hours=30.0)], winds, seed=1)
    assert found.matches[0].name == "pico"
    assert found.matches[0].posterior > 0.9
    assert found.matches[0].sigmas < 1.0
    assert sum(m.posterior for m in found.matches) + found.p_none[1] == pytest.approx(1.0)
    assert found.reachable == 2
    lat, lon = found.matches[0].lat, found.matches[0].lon
    assert abs(lat - seen[0].lat) < 0.5
    assert abs(lon - seen[0].lon) < 0.5


def test_none_of_these_grows_as_the_list_is_held_to_be_less_complete(winds):
    found = identify(made.drifting([24]), [heard()], winds, seed=1)
    assert found.p_none[0] > found.p_none[1] > found.p_none[2] > 0.0


def test_a_far_candidate_changes_nothing(winds):
    """The prior is a rate over area, not a share split among all that are listed."""
    seen = made.drifting([24], altitude_m=12_000.0)
    alone = identify(seen, [heard()], winds, seed=1)
    many = identify(seen, [heard(), *(heard(f"far {i}", lat=-40.0, lon=30.0) for i in range(50))], winds, seed=1)
    assert many.p_none == pytest.approx(alone.p_none, rel=1e-6)


def test_taking_the_candidate_off_the_list_leaves_none(winds):
    seen = made.drifting([12, 18, 24], altitude_m=12_000.0)
    assert identify(seen, [heard("north", lat=48.0)], winds, seed=1).grade == "none of the listed"
    assert identify(seen, [], winds, seed=1).p_none == pytest.approx((1.0, 1.0, 1.0))


def test_several_sightings_at_the_speed_of_another_level_count_against_it():
    """All sightings are of one balloon: near its place each, but never as fast."""
    winds = made.uniform_winds(10.0, 0.0, shear_ms_km=4.0)
    seen = made.drifting([6, 12, 18, 24], u_ms=10.0, v_ms=0.0, altitude_m=16_200.0)
    right = identify(seen, [heard(altitude_m=16_200.0)], winds, seed=1)
    wrong = identify(seen, [heard(altitude_m=20_500.0, altitude_sd_m=300.0)], winds, seed=1)
    assert right.p_none[1] < 0.05
    assert wrong.p_none[1] > 0.95


def test_a_flown_track_needs_no_winds_between_its_fixes():
    track = Candidate(name="flown", kind="track", time=[at(0), at(1), at(2)], lat=[40.0, 40.1, 40.2],
                      lon=[-120.0, -119.6, -119.2], altitude_m=[12_000.0, 12_100.0, 12_000.0])  # fmt: skip
    found = identify([made.seen(1.5, 40.15, -119.4, altitude_m=12_050.0)], [track], None, seed=1)
    assert found.grade == "identified"
    assert "Identified as far as list and base rate hold. flown: above 0.99" in str(found)
    with pytest.raises(InvalidInput, match="winds: got none, expected winds; only flights with fixes"):
        identify([made.seen(3.0, 40.15, -119.4)], [track], None, seed=1)


def test_a_track_goes_on_after_its_last_fix_and_one_that_landed_does_not(winds):
    seen = made.drifting([12], altitude_m=12_000.0)
    (lat, lon), earlier = (40.0, -120.0), made.drifting([-1])[0]
    aloft = Candidate(name="aloft", kind="track", time=[at(-1), at(0)], lat=[earlier.lat, lat], lon=[earlier.lon, lon],
                      altitude_m=[12_000.0, 12_000.0])  # fmt: skip
    landed = Candidate(name="landed", kind="track", time=[at(-1), at(0)], lat=[earlier.lat, lat],
                       lon=[earlier.lon, lon], altitude_m=[3_000.0, 100.0])  # fmt: skip
    found = identify(seen, [aloft, landed], winds, seed=1)
    assert [m.name for m in found.matches] == ["aloft"]


def test_same_seed_same_answer(winds):
    seen = made.drifting([12, 24])
    first, again, other = (identify(seen, [heard()], winds, seed=s).to_json() for s in (1, 1, 2))
    assert first == again
    assert first["p_none"] != other["p_none"]


def test_a_beta_is_the_mean_over_its_completeness(winds):
    seen = made.drifting([24])
    a, b = 600_000.0, 400_000.0  # as good as 0.6 exactly
    beta = identify(seen, [heard()], winds, seed=1, completeness=Completeness(beta=(a, b)))
    plain = identify(seen, [heard()], winds, seed=1, completeness=Completeness(values=(0.6,)))
    assert beta.p_none[1] == pytest.approx(plain.p_none[0], rel=1e-3)


def test_winds_that_do_not_cover_a_candidate_are_said_to(winds):
    seen = made.drifting([24], altitude_m=12_000.0)
    old = heard("a week ago", hours=-160.0)
    found = identify(seen, [heard(), old], winds, seed=1)
    assert found.not_followed == ("a week ago",)
    assert "do not cover the way of 1 candidate: a week ago" in found.assumptions()[-1]
    assert found.to_json()["inputs"] == ["ab" * 32, "cd" * 32]


def test_winds_that_cover_none_of_them_are_refused():
    late = made.uniform_winds(hours=(60, 96))
    with pytest.raises(OutOfCoverage, match="winds: asked for"):
        identify(made.drifting([24]), [heard()], late, seed=1)


def test_a_place_along_a_bearing_and_a_window_of_time():
    seen = replace(made.seen(0.0, 40.0, -120.0, altitude_m=12_000.0), time_window_s=600.0,
                   bearing=Bearing(azimuth_deg=90.0, azimuth_sd_deg=2.0, elevation_deg=30.0, elevation_sd_deg=2.0))  # fmt: skip
    found = seen_places([seen])
    assert sphere.distance_m(40.0, -120.0, found.lat[0], found.lon[0]) == pytest.approx(
        12_000.0 / np.tan(np.pi / 6), rel=1e-6
    )
    assert found.time_sd_s[0] == pytest.approx(600.0 / np.sqrt(3.0))


def test_verdicts_by_their_rule():
    def grade(best, none, second=(0.0, 0.0, 0.0)):
        return graded(np.array([best, second]), np.array(none), 1)

    assert grade((0.91, 0.96, 0.99), (0.09, 0.04, 0.01)) == "identified"
    assert graded(np.array([(0.99, 0.99, 0.99)]), np.array((0.01, 0.01, 0.01)), 1, 3.2) == "possible"
    assert grade((0.89, 0.96, 0.99), (0.11, 0.04, 0.01)) == "possible"
    assert grade((0.94, 0.94, 0.94), (0.06, 0.06, 0.06)) == "possible"
    assert grade((0.2, 0.3, 0.5), (0.8, 0.7, 0.5)) == "cannot be told"
    assert grade((0.0, 0.01, 0.05), (1.0, 0.99, 0.95)) == "none of the listed"
    assert grade((0.0, 0.04, 0.2), (1.0, 0.96, 0.8)) == "cannot be told"


def test_the_finding_is_json_without_certainty(winds):
    found = identify(made.drifting([24]), [heard()], winds, seed=1)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert '"base_rate"' in text
    assert "judged" in found.to_json()["base_rate"]["source"]
    assert not any(word in found.verdict for word in (" 1.000", " 0.000", "certain"))


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: heard(altitude_m=[1.0, 2.0]), "candidate 'pico' times and places: got [1, 2] values, expected as many of each"),
        (lambda: heard(lat=91.0), "candidate 'pico' place: got 91.0, -120.0, expected degrees"),
        (lambda: heard(weight=0.0), "candidate 'pico' weight: got 0, expected above 0, at most 1"),
        (lambda: Completeness(values=(0.6, 0.3)), "completeness: got (0.6, 0.3), expected rising shares between 0 and 1"),
        (lambda: Completeness(beta=(1.0, 2.0)), "completeness: got beta 1, 2, expected a above 1 and b above 0"),
        (lambda: BaseRate(per_million_km2=0.0), "base rate: got 0, expected balloons per million km2, above 0"),
    ],
)  # fmt: skip
def test_what_is_no_candidate_is_refused(make, line):
    with pytest.raises(InvalidInput) as bad:
        make()
    assert str(bad.value) == line


def test_yukon_files_run_on_a_wind_that_is_not_the_real_one(tmp_path):
    """A uniform stand-in wind, made so that it leads there, and its opposite: the real winds are not here."""
    from overflight.infer.candidate_table import read_candidates
    from overflight.sightings import read

    sighting, listed = write_example(tmp_path)
    seen, candidates = read(sighting).or_raise().sightings, read_candidates(listed)
    assert candidates[0].profile == PICO
    verdicts = {}
    for name, u, v in (("towards", 15.0, 10.5), ("away", -15.0, -10.5)):
        winds = made.uniform_winds(u, v)
        winds = winds.assign_coords(time=np.datetime64("2023-02-10", "ns") + (winds.time.values - winds.time.values[0]))
        verdicts[name] = identify(seen, candidates, winds, seed=11)
    assert verdicts["towards"].matches[0].sigmas < np.sqrt(chi2.ppf(0.99, 2))
    assert verdicts["towards"].p_none[1] < 0.5
    assert verdicts["away"].grade == "none of the listed"
