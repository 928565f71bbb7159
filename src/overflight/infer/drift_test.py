"""Did it drift with the winds? A test with its power, and the speed through the air that would be needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import gammaincinv

from overflight.errors import InvalidInput
from overflight.geo import atmosphere, rng
from overflight.infer import statistics as st
from overflight.infer.scene import Inputs, Scene, lay_out
from overflight.infer.smooth import SIGHTING_DOF, Posterior, smooth
from overflight.infer.statistics import C128, F64, Model
from overflight.infer.track import Track

if TYPE_CHECKING:
    from overflight.sightings import Sighting

Verdict = Literal[
    "consistent with constant-level drift",
    "consistent with drift only if the level changed",
    "needs horizontal air-relative speed",
    "not enough data",
]
SPEEDS_MS = (2.0, 5.0, 8.0)
LEAST_POWER = 0.5
"""Below this at 5 m/s a test that finds nothing has said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftTest:
    """What the sightings say of drift.

    Attributes
    ----------
    verdict : one of four sentences; none of them says innocent or intentional.
    p_value : float. Chance of a track as odd as this if it drifted at one level (at the reported levels where they
        change): as odd by the worse of the two tests that follow.
    p_value_fit, p_value_speed : float. Each alone: residuals of any form (T2), a steady speed through the air (T1).
    p_value_free : float. Chance of a worse fit where the level may change at every sighting.
    statistic, statistic_speed, statistic_free : float. T2 and T1 of the best level, T2 of the best free levels.
    air_speed_needed_ms : float. Constant speed through the air that fits best. [m/s]
    air_speed_upper_95_ms : float. Speeds above are excluded at 95 %, if the assumptions hold. [m/s]
    power : speed [m/s] to probability that a constant speed of it, in any direction, would be noticed.
    level_posterior : 5, 50, 95 % quantiles of the standard altitude. [m]
    level_is_reported : bool. Altitudes were reported and change by more than their errors.
    assumptions : what the numbers rest on.
    n, n_times : sightings, and distinct times among them.
    alpha : level of the test.
    simulated : tracks simulated for the p-values.
    seed : int
    """

    verdict: Verdict
    p_value: float
    p_value_fit: float
    p_value_speed: float
    p_value_free: float
    statistic: float
    statistic_speed: float
    statistic_free: float
    air_speed_needed_ms: float
    air_speed_upper_95_ms: float
    power: dict[float, float]
    level_posterior: tuple[float, float, float]
    level_is_reported: bool
    assumptions: tuple[str, ...]
    n: int
    n_times: int
    alpha: float
    simulated: int
    seed: int

    def __str__(self) -> str:
        """Return the finding as sentences."""
        noticed = f"a steady 5 m/s through the air would be noticed in {100 * self.power[5.0]:.0f} % of such cases"
        level = "at the levels reported, which change," if self.level_is_reported else "at one level"
        fits = (
            f"drift {level} fits with p = {self.p_value:.2g}"
            if self.p_value >= self.alpha
            else (f"drift {level} fits badly, p = {self.p_value:.2g}; with free levels p = {self.p_value_free:.2g}")
        )
        return (
            f"{self.verdict.capitalize()}: {fits}; {noticed}; the speed through the air that fits best is "
            f"{self.air_speed_needed_ms:.1f} m/s, above {self.air_speed_upper_95_ms:.1f} m/s is excluded at 95 %."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "power": {f"{w:g}": p for w, p in self.power.items()},
                "assumptions": list(self.assumptions), "level_posterior": list(self.level_posterior)}  # fmt: skip


def drift_test(
    sightings: Track | Sequence[Sighting],
    winds: xr.Dataset,
    *,
    seed: int,
    simulated: int = 499,
    alpha: float = 0.05,
    inputs: Inputs | None = None,
) -> DriftTest:
    """Test whether sightings fit drift with the winds at one unknown level.

    Parameters
    ----------
    sightings : Track, or sequence of Sighting in any order.
    winds : canonical wind dataset.
    seed : int
    simulated : int. Simulated tracks; the least p-value is 1 / (simulated + 1).
    alpha : float. p-values below reject.
    inputs : Inputs. Wind error and the range of levels.

    Raises
    ------
    InvalidInput
        A number is out of range, or there is no sighting.
    OutOfCoverage
        The winds do not enclose the sightings.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, ch. 4. See docs/method/infer.md.
    """
    if simulated < 19:
        raise InvalidInput("simulated", str(simulated), "19 or more tracks")
    if not 0.0 < alpha < 0.5:
        raise InvalidInput("alpha", str(alpha), "a number above 0, below 0.5")
    inputs = inputs or Inputs()
    scene = lay_out(sightings.sightings if isinstance(sightings, Track) else sightings, winds, inputs, seed=seed)
    found = smooth(scene)
    judged = judge(_model(scene, found), found.y, simulated=simulated, alpha=alpha, seed=seed)
    return DriftTest(
        verdict=_verdict(judged, scene, alpha),
        level_posterior=_levels(scene, found),
        level_is_reported=not scene.levels.constant,
        assumptions=_assumptions(scene, inputs),
        n=scene.seen.time.size,
        n_times=scene.seen.distinct_times,
        alpha=alpha,
        simulated=simulated,
        seed=seed,
        **{name: getattr(judged, name) for name in Judged.__slots__},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The numbers of the test; see DriftTest."""

    p_value: float
    p_value_fit: float
    p_value_speed: float
    p_value_free: float
    statistic: float
    statistic_speed: float
    statistic_free: float
    air_speed_needed_ms: float
    air_speed_upper_95_ms: float
    power: dict[float, float]


def judge(model: Model, y: C128, *, simulated: int, alpha: float, seed: int) -> Judged:
    """Test one track ``y`` (n,) against simulated ones, the level estimated anew for each."""
    weight = _level_weight(model, y)
    level = _draw(weight, rng.uniforms(seed, "drift test level", simulated))
    null = st.simulate(model, model.drift[level], level, seed=seed, name="drift test")
    known = _statistics(model, null)
    observed = _statistics(model, y[None])
    # Each simulated track is held against the others, as the observed one is against all.
    tails = st.tail_probabilities(known, known) - 1.0 / (simulated + 1)
    both = st.tail_probabilities(observed, known)[:, 0]
    best = st.best_level(model, y[None]).level
    free, path = st.free_levels(model, y[None], best)
    again = np.broadcast_to(best, (simulated,))
    steered = st.simulate(model, np.repeat(path, simulated, axis=0), again, seed=seed, name="drift test free")
    free_null, _ = st.free_levels(model, steered, st.best_level(model, steered).level)
    needed, upper = _speeds(model, y, seed)
    least = tails.min(axis=0)
    return Judged(
        p_value=float((1 + np.count_nonzero(least <= both.min())) / (simulated + 1)),
        p_value_fit=float(both[0]),
        p_value_speed=float(both[1]),
        p_value_free=float(st.tail_probabilities(free[None], free_null[None])[0, 0]),
        statistic=float(observed[0, 0]),
        statistic_speed=float(observed[1, 0]),
        statistic_free=float(free[0]),
        air_speed_needed_ms=needed,
        air_speed_upper_95_ms=upper,
        power=_power(model, null, known, float(np.quantile(least, alpha)), seed),
    )


def _statistics(model: Model, y: C128) -> F64:
    """T2 and T1 of the best constant level, (2, tracks)."""
    best = st.best_level(model, y)
    speed = st.air_velocity(model, y, best.level)
    return np.stack([best.statistic, np.abs(speed.velocity_ms / speed.sd_ms) ** 2])


def _power(model: Model, null: C128, known: F64, critical: float, seed: int) -> dict[float, float]:
    """Share of simulated tracks that are noticed when they also go at a steady speed in a random direction."""
    heading = np.exp(2j * np.pi * rng.uniforms(seed, "drift test heading", null.shape[0]))
    way = heading[:, None] * (model.seconds - model.seconds[0])
    power = {}
    for speed in SPEEDS_MS:
        tails = st.tail_probabilities(_statistics(model, null + speed * way), known)
        power[speed] = float(np.mean(tails.min(axis=0) <= critical))
    return power


def _speeds(model: Model, y: C128, seed: int) -> tuple[float, float]:
    """Best constant speed, and its 95 % limit over levels, tails and a flat prior on velocity. [m/s]"""
    draws = 4_000
    every = np.arange(model.log_prior.size)
    fitted = st.air_velocity(model, np.broadcast_to(y, model.drift.shape), every)
    moved = y - fitted.velocity_ms[:, None] * (model.seconds - model.seconds[0])
    # Levels are weighed anew: with a free velocity another level may fit better.
    score = _scores(model, moved)
    again = np.exp(score - score.max())
    best = int(np.argmax(score))
    level = _draw(again / again.sum(), rng.uniforms(seed, "drift test speed level", draws))
    east, north = (rng.normals(seed, f"drift test speed {c}", draws) for c in ("east", "north"))
    dof = model.wind_dof if model.wind_dof < 1e6 else 1e6
    heavy = np.sqrt(dof / np.maximum(2.0 * _gamma(seed, draws, 0.5 * dof), 1e-3)) if dof < 1e6 else 1.0
    speed = np.abs(fitted.velocity_ms[level] + heavy * fitted.sd_ms[level] * (east + 1j * north))
    return float(np.abs(fitted.velocity_ms[best])), float(np.quantile(speed, 0.95))


def _gamma(seed: int, draws: int, shape: float) -> F64:
    return np.asarray(gammaincinv(shape, rng.uniforms(seed, "drift test speed tail", draws)))


def _scores(model: Model, y: C128) -> F64:
    """Log posterior density of each level, each with its own track ``y`` (levels, n), up to a constant."""
    white, log_det = model.whitening()
    residual = np.einsum("lij,lj->li", white, y - model.drift)
    return np.asarray(model.log_prior - log_det - 0.5 * np.sum(np.abs(residual) ** 2, axis=1))


def _level_weight(model: Model, y: C128) -> F64:
    score = _scores(model, np.broadcast_to(y, model.drift.shape))
    weight = np.exp(score - score.max())
    return np.asarray(weight / weight.sum())


def _draw(weight: F64, u: F64) -> NDArray[np.intp]:
    return np.minimum(np.searchsorted(np.cumsum(weight), u), weight.size - 1)


def _model(scene: Scene, found: Posterior) -> Model:
    """Candidate levels each by itself, with what the level wanders as part of the covariance."""
    count = scene.index.size
    drift, covariance = found.drift[:, scene.index], found.cross[:, scene.index]
    prior = scene.levels.log_prior
    east, north = found.level_between[:, :count], found.level_between[:, count:]
    covariance = covariance + 0.5 * (east[..., :count] + north[..., count:])
    covariance = covariance + 0.5j * (north[..., :count] - east[..., count:])
    return Model(
        drift=drift,
        covariance=covariance,
        noise=0.5 * np.trace(found.noise, axis1=1, axis2=2),
        log_prior=prior,
        seconds=scene.seen.seconds,
        wind_dof=scene.error.tail_dof,
        sighting_dof=SIGHTING_DOF,
    )


def _levels(scene: Scene, found: Posterior) -> tuple[float, float, float]:
    altitude = atmosphere.altitude_m(np.exp(scene.levels.ln_p))
    weight = np.broadcast_to(found.level_weight[:, None], altitude.shape).ravel()
    order = np.argsort(altitude.ravel())
    total = np.cumsum(weight[order]) / weight.sum()
    at = np.minimum(np.searchsorted(total, [0.05, 0.5, 0.95]), order.size - 1)
    low, middle, high = (float(a) for a in altitude.ravel()[order][at])
    return low, middle, high


def _verdict(judged: Judged, scene: Scene, alpha: float) -> Verdict:
    if scene.seen.distinct_times < 3 or judged.power[5.0] < LEAST_POWER:
        return "not enough data"
    if judged.p_value >= alpha:
        constant = scene.levels.constant
        return "consistent with constant-level drift" if constant else "consistent with drift only if the level changed"
    if judged.p_value_free >= alpha:
        return "consistent with drift only if the level changed"
    return "needs horizontal air-relative speed"


def _assumptions(scene: Scene, inputs: Inputs) -> tuple[str, ...]:
    error = inputs.wind_error
    size = "as the winds state it" if scene.air is not None and scene.air.sd is not None else "of the error model"
    altitude = atmosphere.altitude_m(np.exp(scene.levels.ln_p)) / 1000.0
    level = "one constant level" if scene.levels.constant else "levels through the reported altitudes"
    return (
        f"{level} within {altitude.min():.1f} to {altitude.max():.1f} km",
        f"wind error {size}, median {np.median(scene.sd):.1f} m/s a component, correlated over "
        f"{error.wave_time_s / 3600:g} and {error.slow_time_s / 3600:g} h, tails of {error.tail_dof:g} degrees of "
        f"freedom, fitted on {error.fitted_on}",
        "a slow error of the winds cannot be told from a steady speed through the air",
        "steering by choice of level is drift here; a drifting object may have been launched with intent",
        "winds linear about the fitted path; sightings in error independently of each other",
    )
