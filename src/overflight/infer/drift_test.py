"""Do the winds alone explain a track? Two tests with their power, and what else may explain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from overflight.errors import InvalidInput
from overflight.geo import atmosphere
from overflight.infer.drift_result import (
    JUDGED_SPEED_MS,
    LEAST_POWER,
    Detail,
    DriftTest,
    PValue,
    Sensitivity,
    Verdict,
)
from overflight.infer.hypotheses.factors import bayes_factors
from overflight.infer.hypotheses.judge import Test, p_of_any_levels, p_of_drift, test_of
from overflight.infer.hypotheses.level_history import level_history
from overflight.infer.hypotheses.model import F64, FARTHEST_M, Case, case_of
from overflight.infer.hypotheses.multiplicity import conformal
from overflight.infer.hypotheses.power import ALPHA_DRIFT, ALPHA_POWERED, HOURS, SPEEDS_MS, Power, power_of
from overflight.infer.hypotheses.reachable import LevelFit
from overflight.infer.hypotheses.real_flights import RealFlights
from overflight.infer.hypotheses.sequential import TailProbability
from overflight.infer.hypotheses.speed import air_velocity, steady_speed
from overflight.infer.scene import Inputs, Scene, lay_out
from overflight.infer.track import Track

if TYPE_CHECKING:
    from overflight.sightings import Sighting

MOST_SIGHTINGS = 20
"""More are thinned evenly in time: wind error, not the number of sightings, is what limits the test."""
AMPLITUDES = (0.5, 2.0)
_VAGUE_WIND_MS = 3.5
_LEAST_TIMES = 3


def drift_test(
    sightings: Track | Sequence[Sighting],
    winds: xr.Dataset,
    *,
    seed: int,
    simulated: int = 999,
    inputs: Inputs | None = None,
    real_flights: RealFlights | None = None,
    detail: bool = True,
) -> DriftTest:
    """Test whether the winds alone explain a track.

    Parameters
    ----------
    sightings : Track, or sequence of Sighting in any order; at most ``MOST_SIGHTINGS`` are used, evenly in time.
    winds : canonical wind dataset.
    seed : int
    simulated : int. Most tracks that are simulated for a p-value; the least p-value is 1 / (simulated + 1).
    inputs : Inputs. Wind error and the range of levels.
    real_flights : RealFlights. With them each p-value is the larger of that by simulation and that by these flights.
    detail : bool. Also Bayes factors, the velocity in time, the history of level, sensitivity and the table of power.

    Raises
    ------
    InvalidInput
        A number is out of range, or there is no sighting.
    OutOfCoverage
        The winds do not enclose the sightings.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, ch. 4. See docs/method/drift-test.md.
    """
    if simulated < 99:
        raise InvalidInput("simulated", str(simulated), "99 or more tracks")
    inputs = inputs or Inputs()
    every = sightings.sightings if isinstance(sightings, Track) else tuple(sightings)
    scene = lay_out(_thinned(every), winds, inputs, seed=seed)
    if scene.seen.distinct_times < 2:
        return _nothing_to_test(scene, inputs, len(every), seed)
    case = case_of(scene)
    if not _can_be_tested(case):
        return _nothing_to_test(scene, inputs, len(every), seed)
    test = test_of(case, seed=seed)
    drift, powered, fit = _p_values(test, simulated)
    told = _told(drift, None if real_flights is None else real_flights.drift)
    told_powered = _told(powered, None if real_flights is None else real_flights.any_levels)
    power = power_of(test, fit.drift[0], speeds_ms=SPEEDS_MS if detail else (0.0, JUDGED_SPEED_MS),
                     hours=HOURS if detail else ())  # fmt: skip
    steady = steady_speed(test.ready, test.case.y, seed=seed)
    return DriftTest(
        verdict=_verdict(told.value, told_powered.value, power, scene),
        drift=told,
        any_levels=told_powered,
        air_speed_ms=steady.median_ms,
        air_speed_upper_95_ms=steady.upper_95_ms,
        air_speed_any_levels_ms=float(np.hypot(*fit.velocity[0])),
        power=power,
        level_m=_levels(scene, test.weight),
        band_m=test.reach.band_m,
        level_is_reported=not scene.levels.constant,
        detail=_detail(test, simulated) if detail else None,
        assumptions=_assumptions(scene, inputs, test),
        limits=_limits(case, power),
        used=scene.seen.time.size,
        given=len(every),
        times=scene.seen.distinct_times,
        seed=seed,
    )


def drift_p_values(
    sightings: Sequence[Sighting], winds: xr.Dataset, *, seed: int, simulated: int = 999, inputs: Inputs | None = None
) -> tuple[float, float]:
    """Return the p-values of drift at one level and of any path of levels alone, as ``drift_test`` does."""
    scene = lay_out(_thinned(tuple(sightings)), winds, inputs or Inputs(), seed=seed)
    if scene.seen.distinct_times < 2:
        return 1.0, 1.0
    case = case_of(scene)
    if not _can_be_tested(case):
        return 1.0, 1.0
    drift, powered, _ = _p_values(test_of(case, seed=seed), simulated)
    return drift.value, powered.value


def _thinned(sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
    if len(sightings) <= MOST_SIGHTINGS:
        return sightings
    ordered = sorted(sightings, key=lambda s: (s.time, s.lat, s.lon))
    return tuple(ordered[i] for i in np.linspace(0, len(ordered) - 1, MOST_SIGHTINGS).round().astype(int))


def _can_be_tested(case: Case) -> bool:
    return bool(np.any(np.diff(case.model.seconds)[case.model.kept] > 0.0))


def _p_values(test: Test, simulated: int) -> tuple[TailProbability, TailProbability, LevelFit]:
    powered, fit = p_of_any_levels(test, test.case.y, most=simulated)
    return p_of_drift(test, test.case.y, most=simulated), powered, fit


def _told(simulated: TailProbability, real: tuple[float, ...] | None) -> PValue:
    by_flights = None if real is None else conformal(simulated.value, real)
    return PValue(value=max(simulated.value, by_flights or 0.0), bootstrap=simulated, conformal=by_flights)


def _detail(test: Test, simulated: int) -> Detail:
    return Detail(
        bayes_factors=bayes_factors(test.case, test.ready, test.reach, best=test.best, seed=test.seed),
        air_velocity=air_velocity(test.case),
        level_history=level_history(test.case, test.best),
        sensitivity=tuple(_again(test, factor, simulated) for factor in AMPLITUDES),
    )


def _again(test: Test, factor: float, simulated: int) -> Sensitivity:
    scene = test.case.scene
    case = case_of(replace(scene, sd=factor * scene.sd))
    if not _can_be_tested(case):
        return Sensitivity(factor=factor, p_value=1.0, p_value_powered=1.0)
    drift, powered, _ = _p_values(test_of(case, seed=test.seed), simulated)
    return Sensitivity(factor=factor, p_value=drift.value, p_value_powered=powered.value)


def _verdict(drift: float, powered: float, power: Power, scene: Scene) -> Verdict:
    if scene.seen.distinct_times < _LEAST_TIMES or power.at(JUDGED_SPEED_MS) < LEAST_POWER:
        return "not enough data"
    if powered < ALPHA_POWERED:
        return "needs horizontal air-relative speed"
    if drift < ALPHA_DRIFT or not scene.levels.constant:
        return "consistent with drift only if the level changed"
    return "consistent with constant-level drift"


def _levels(scene: Scene, weight: F64) -> tuple[float, float, float]:
    altitude = atmosphere.altitude_m(np.exp(scene.levels.ln_p))
    every = np.broadcast_to(weight[:, None] if weight.size == altitude.shape[0] else 1.0, altitude.shape).ravel()
    order = np.argsort(altitude.ravel())
    total = np.cumsum(every[order]) / every.sum()
    at = np.minimum(np.searchsorted(total, [0.05, 0.5, 0.95]), order.size - 1)
    low, middle, high = (float(a) for a in altitude.ravel()[order][at])
    return low, middle, high


def _nothing_to_test(scene: Scene, inputs: Inputs, given: int, seed: int) -> DriftTest:
    """One instant: nothing moved, so nothing is told."""
    untold = PValue(value=1.0, bootstrap=TailProbability(value=1.0, standard_error=0.0, simulated=0), conformal=None)
    altitude = atmosphere.altitude_m(np.exp(scene.levels.ln_p))
    low, middle, high = (float(a) for a in np.quantile(altitude, [0.05, 0.5, 0.95]))
    return DriftTest(
        verdict="not enough data",
        drift=untold,
        any_levels=untold,
        air_speed_ms=np.inf,
        air_speed_upper_95_ms=np.inf,
        air_speed_any_levels_ms=np.inf,
        power=Power(speeds_ms=(0.0, JUDGED_SPEED_MS), hours=(0.0,), powered=((0.0, 0.0),), not_drift=(0.0, 0.0),
                    seen_80_ms=(None,), tracks=0),
        level_m=(low, middle, high),
        band_m=(float(altitude.min()), float(altitude.max())),
        level_is_reported=False,
        detail=None,
        assumptions=(),
        limits=(
            "All sightings are of one instant, or so far apart in time that winds cannot be followed from one to the "
            "next: there is no motion to test.",
        ),
        used=scene.seen.time.size,
        given=given,
        times=1,
        seed=seed,
    )  # fmt: skip


def _assumptions(scene: Scene, inputs: Inputs, test: Test) -> tuple[str, ...]:
    error = inputs.wind_error
    stated = scene.air is not None and scene.air.sd is not None
    low, high = (z / 1000.0 for z in test.reach.band_m)
    altitude = atmosphere.altitude_m(np.exp(scene.levels.ln_p)) / 1000.0
    level = "one constant level" if scene.levels.constant else "the levels reported"
    return (
        f"Drift at one level means {level} within {altitude.min():.1f} to {altitude.max():.1f} km, with "
        f"{inputs.wander_sd_m:g} m of wandering about it; any path of levels means any within {low:.1f} to {high:.1f} "
        "km, changed as often and as fast as one likes.",
        f"Wind error {'as the winds state it' if stated else 'of the error model'}, median "
        f"{np.median(scene.sd):.1f} m/s a component, correlated over {error.wave_time_s / 3600:g} and "
        f"{error.slow_time_s / 3600:g} h (times a third and three times as long are allowed for), tails of "
        f"{error.tail_dof:g} degrees of freedom, fitted on {error.fitted_on}.",
        "Winds are linear about the fitted path; sightings err independently of each other, with tails of 4 degrees of "
        "freedom.",
    )


def _limits(case: Case, power: Power) -> tuple[str, ...]:
    scene, left_out = case.scene, case.scene.index.size - 1 - case.model.kept.size
    limits = [
        "A balloon that chooses its levels drifts with the wind at each of them: such steering can imitate drift, and "
        "no track without altitudes tells it from drift whose level changed by itself.",
        "A slow error of the winds cannot be told from a steady speed through the air.",
        "A drifting object may have been launched with intent; a powered one may be a science flight.",
    ]
    if scene.seen.distinct_times < _LEAST_TIMES:
        limits.append(f"There are {scene.seen.distinct_times} distinct times; a test of drift needs {_LEAST_TIMES}.")
    if left_out:
        limits.append(
            f"{left_out} of {scene.index.size - 1} gaps between sightings are left out: winds cannot be "
            f"followed through them to {FARTHEST_M / 1000:g} km."
        )
    if np.median(scene.sd) > _VAGUE_WIND_MS:
        limits.append(f"Winds are too uncertain here ({np.median(scene.sd):.1f} m/s a component) for small speeds to "
                      "show, as in the tropical stratosphere.")  # fmt: skip
    if power.at(JUDGED_SPEED_MS) < LEAST_POWER:
        limits.append(f"A steady {JUDGED_SPEED_MS:g} m/s through the air would show in "
                      f"{100 * power.at(JUDGED_SPEED_MS):.0f} % of such cases only: finding nothing says "
                      "little.")  # fmt: skip
    return tuple(limits)
