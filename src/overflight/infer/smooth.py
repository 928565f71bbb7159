"""The smoother: every candidate level is fitted and weighed.

Given a level, wind error, the wander about the level and sightings are Gaussian, so the path is a Gaussian-process
regression about the drift of the winds. Winds, shear, motion and lines of sight are looked up along the fitted paths
and the fit repeated until it settles (Gauss and Newton). Candidates of no weight are left behind on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from overflight.infer import lines, misfit, tails
from overflight.infer.frame import C128, F64
from overflight.infer.kernels import covariance, solve
from overflight.infer.levels import Levels
from overflight.infer.scene import Scene, with_timing

_ROUNDS, _RELAX = 6, 0.8
_FARTHEST_RISE = 2.0
"""A level is moved by so many of its standard deviations at most in one round: beyond, shear is another."""
_DOUBTED = 0.5
"""Sightings whose mean factor is below this are taken out, worst first, before the others are judged."""
_LEAST_LOG_WEIGHT = -16.0
"""Candidates below this share of the best are not followed further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """What the fit found.

    Attributes
    ----------
    levels : Levels. The candidates, those of the scene.
    path : complex128 (candidates, n). Best path of each candidate, offsets. [m]
    ln_p : float64 (candidates, n). Best level along it. [ln Pa]
    drift : complex128 (candidates, n). Offset that the winds alone bring along it, at the candidate's own level. [m]
    shear : complex128 (candidates, n). Change of the wind with ln p. [m/s]
    cross : complex128 (candidates, n, sightings). Covariance of displacement by wind error. [m2]
    state_cross : complex128 (candidates, 2, parts, sightings). Of the unit parts of wind error at the first and the
        last sighting with displacement. [m]
    level_cross : float64 (candidates, n, 2 sightings). Of the level with the displacement it brings. [m]
    level_between : float64 (candidates, 2 sightings, 2 sightings). Covariance of displacement by the level. [m2]
    log_weight : float64 (candidates, scales). Normalised.
    scale2 : float64 (scales,). Squared scale of wind error of the whole track.
    weight_log_density : float64 (sightings, factors). Posterior of each sighting's precision factor.
    y : complex128 (sightings,). Offsets of the sightings, lines of sight as places about the fitted path. [m]
    noise : float64 (sightings, 2, 2). Covariance of (east, north) of each: as stated, timing included. [m2]
    velocity : complex128 (sightings,). Mean motion at the sightings. [m/s]
    """

    levels: Levels
    path: C128
    ln_p: F64
    drift: C128
    shear: C128
    cross: C128
    state_cross: C128
    level_cross: F64
    level_between: F64
    log_weight: F64
    scale2: F64
    weight_log_density: F64
    y: C128
    noise: F64
    velocity: C128

    @property
    def level_weight(self) -> F64:
        """Posterior probability of each candidate."""
        return np.asarray(np.exp(logsumexp(self.log_weight, axis=1)))

    @property
    def precision(self) -> F64:
        """Mean of each sighting's precision factor; 1 takes the error as stated."""
        return np.asarray(np.exp(self.weight_log_density) @ tails.FACTORS)

    @property
    def outlier_probability(self) -> F64:
        """Probability that a sighting's variance is over ten times what it states."""
        return np.asarray(np.exp(self.weight_log_density)[:, tails.FACTORS < tails.OUTLIER_BELOW].sum(axis=1))


def stacked(places: C128) -> F64:
    """Write places (..., n) as real vectors (..., 2 n), all east parts first."""
    return np.concatenate([places.real, places.imag], axis=-1)


@dataclass(slots=True, kw_only=True)
class Fit:
    """Candidates under way; arrays as in ``Posterior``."""

    scene: Scene
    levels: Levels
    sd: F64
    path: C128
    rise: F64
    drift: C128
    shear: C128 = field(init=False)
    cross: C128 = field(init=False)
    state_cross: C128 = field(init=False)
    level_cross: F64 = field(init=False)
    level_between: F64 = field(init=False)
    log: F64 = field(init=False)
    y: C128 = field(init=False)
    noise: F64 = field(init=False)
    velocity: C128 = field(init=False)
    scale: F64 = field(init=False)

    @classmethod
    def of(cls, scene: Scene, levels: Levels, sd: F64) -> Fit:
        """Begin at the reference path."""
        path: C128 = np.zeros(levels.ln_p.shape, np.complex128)
        fit = cls(scene=scene, levels=levels, sd=sd, path=path, rise=np.zeros(path.shape), drift=path)
        ends = scene.index[[0, -1]]
        of = misfit.parts(scene.error, scene.frame)
        fit.cross, fit.state_cross = misfit.displacement(of, scene.frame, levels.ln_p, sd, scene.index, ends)
        fit.drift, fit.shear = scene.drift_and_shear(path, levels.ln_p, levels.spread)
        fit.level_cross, fit.level_between = level_covariances(scene, levels, fit.shear)
        fit.log = np.full((path.shape[0], misfit.scales(scene.error).size), -np.inf)
        fit.y = np.broadcast_to(scene.y, (path.shape[0], scene.y.size)).copy()
        fit.noise = np.broadcast_to(scene.noise, (path.shape[0], *scene.noise.shape)).copy()
        fit.velocity, fit.scale = np.zeros(fit.y.shape, np.complex128), np.zeros(path.shape[0])
        fit.see_lines(np.arange(path.shape[0]), fit.y)
        return fit

    def look_again(self, active: NDArray[np.intp], relax: float) -> None:
        """Look winds and shear up along the paths of some candidates, and what follows from them."""
        scene, some = self.scene, self.levels.only(active)
        level = some.ln_p + self.rise[active]
        if scene.air is not None:
            level = np.clip(level, scene.air.ln_p[-1], scene.air.ln_p[0])
        drift, shear = scene.drift_and_shear(self.path[active], level, some.spread)
        own = drift - misfit.integral(shear * self.rise[active], scene.frame.seconds)
        self.drift[active] += relax * (own - self.drift[active])
        self.shear[active] = shear
        self.level_cross[active], self.level_between[active] = level_covariances(scene, some, shear)

    def solve(self, active: NDArray[np.intp], precision: F64, scale2: F64) -> None:
        """Weigh some candidates and correct their paths by what the drift misses the sightings by."""
        scene, index = self.scene, self.scene.index
        residual = stacked(self.y[active] - self.drift[active][:, index])
        noise = self.noise[active] / precision[:, None, None]
        log, gap = np.empty((active.size, scale2.size)), np.empty(residual.shape)
        solve.score(residual, self.cross[active], index, scale2, self.level_between[active], misfit.START_SD_M**2,
                    noise, int(np.argmin(np.abs(scale2 - 1.0))), log, gap)  # fmt: skip
        self.log[active] = log + (self.levels.log_prior + self.scale)[active, None]
        spread = _FARTHEST_RISE * self.levels.spread[active]
        self.rise[active] = np.clip(np.einsum("pnj,pj->pn", self.level_cross[active], gap), -spread, spread)
        force = gap[:, : index.size] + 1j * gap[:, index.size :]
        pulled = np.einsum("pnj,pj->pn", self.cross[active], force) + misfit.START_SD_M**2 * force.sum(1)[:, None]
        rising = misfit.integral(self.shear[active] * self.rise[active], scene.frame.seconds)
        self.path[active] = self.drift[active] + pulled + rising

    def share(self, active: NDArray[np.intp]) -> F64:
        """Probability of some candidates among themselves."""
        log = logsumexp(self.log[active], axis=1)
        return np.asarray(np.exp(log - logsumexp(log)))

    def see_again(self, active: NDArray[np.intp]) -> None:
        """Take timing errors along the motion, and lines of sight as places, about the fitted paths."""
        scene = self.scene
        if scene.frame.seconds.size > 1:
            moving = np.gradient(self.path[active] + scene.frame.unrolled, scene.frame.seconds, axis=1)
            self.velocity[active] = moving[:, scene.index]
            timed = with_timing(scene, self.velocity[active], self.share(active))
            self.noise[active] = timed
        self.see_lines(active, self.path[active][:, scene.index])

    def see_lines(self, active: NDArray[np.intp], at: C128) -> None:
        """Take lines of sight as places about the offsets ``at`` (candidates, sightings)."""
        scene = self.scene
        if scene.sight is None:
            return
        which = scene.sight.which
        level = (self.levels.ln_p[active] + self.rise[active])[:, scene.index[which]]
        height, wander = misfit.standard_altitude(level), np.asarray(scene.inputs.wander_sd_m)
        place, cov, scale = lines.equivalent(scene.sight, at[:, which], height, wander)
        timing = self.noise[active][:, which] - scene.place_noise[which]
        self.y[active[:, None], which] = place
        self.noise[active[:, None], which] = cov + timing
        self.scale[active] = scale.sum(axis=1)


def level_covariances(scene: Scene, levels: Levels, shear: C128) -> tuple[F64, F64]:
    """Covariances of the wandering level with the displacement it brings, and of that; reports conditioned on."""
    count, shape = scene.index.size, levels.ln_p.shape
    at_nodes, between = np.zeros((*shape, 2 * count)), np.zeros((shape[0], 2 * count, 2 * count))
    if scene.air is None:
        covariance.level_cross(scene.frame.seconds, np.zeros(shape, np.complex128), levels.sd, levels.clock,
                               scene.index, at_nodes, between)  # fmt: skip
        return at_nodes, between
    covariance.level_cross(scene.frame.seconds, shear, levels.sd, levels.clock, scene.index, at_nodes, between)
    if levels.reports.size:
        known = at_nodes[:, levels.reports]
        clock = levels.clock[levels.reports]
        fade = np.exp(-np.abs(clock[:, None] - clock))
        whole = levels.sd[:, None, None] ** 2 * fade + np.eye(fade.shape[0]) * levels.report_sd[:, :, None] ** 2
        between -= np.swapaxes(known, 1, 2) @ np.linalg.solve(whole, known)
        at_nodes -= levels.gain @ known
    return at_nodes, between


def smooth(scene: Scene) -> Posterior:
    """Fit every candidate level and weigh it by how well it meets the sightings."""
    fit, active, _ = fitted(scene, rounds=_ROUNDS)
    return _posterior(fit, active, _weigh(fit))


def fitted(scene: Scene, *, rounds: int) -> tuple[Fit, NDArray[np.intp], F64]:
    """Return the fit after some rounds, which candidates it still follows, and each sighting's mean factor."""
    scale2 = misfit.scales(scene.error)
    fit = Fit.of(scene, scene.levels, scene.sd)
    active = np.arange(scene.levels.log_prior.size)
    precision = np.ones(scene.index.size)
    for turn in range(rounds):
        if turn:
            fit.look_again(active, _RELAX)
        fit.solve(active, precision, scale2)
        active = _followed(fit, active) if turn else active
        fit.see_again(active)
        precision = np.exp(_weigh(fit)) @ tails.FACTORS
    return fit, active, precision


def _followed(fit: Fit, active: NDArray[np.intp]) -> NDArray[np.intp]:
    log = logsumexp(fit.log[active], axis=1)
    return np.asarray(active[log > log.max() + _LEAST_LOG_WEIGHT])


def _weigh(fit: Fit) -> F64:
    """Log posterior of each sighting's precision factor from its residual against all others.

    What is worst is doubted first, and the rest held against each other without it: else one that is far off would
    make all look off.
    """
    scene = fit.scene
    share, count = scene.inputs.outlier_share, scene.index.size
    if count < 3 or share == 0.0:  # nothing to hold them against: they err as stated
        return np.broadcast_to(tails.log_prior(0.0), (count, tails.FACTORS.size)).copy()
    top, q = divmod(int(np.argmax(fit.log)), fit.log.shape[1])
    own, precision = fit.noise[top], np.ones(count)
    residual = stacked(fit.y[top] - fit.drift[top, scene.index])
    whole = np.empty((2 * count, 2 * count))
    for _ in range(count):
        noise = own / precision[:, None, None]
        solve.compose(fit.cross[top], scene.index, misfit.scales(scene.error)[q], fit.level_between[top],
                      misfit.START_SD_M**2, noise, whole)  # fmt: skip
        left = misfit.leave_out(residual, whole)
        log = tails.weigh_places(left.residual, left.covariance - noise, own, share)
        mean = np.exp(log) @ tails.FACTORS
        worst = int(np.argmin(np.where(precision == 1.0, mean, 2.0)))
        if precision[worst] < 1.0 or mean[worst] > _DOUBTED or np.count_nonzero(precision < 1.0) >= count // 2:
            break
        precision[worst] = mean[worst]
    return log


def _posterior(fit: Fit, active: NDArray[np.intp], weights: F64) -> Posterior:
    share = fit.share(active)
    return Posterior(
        levels=fit.levels,
        path=fit.path,
        ln_p=fit.levels.ln_p + fit.rise,
        drift=fit.drift,
        shear=fit.shear,
        cross=fit.cross,
        state_cross=fit.state_cross,
        level_cross=fit.level_cross,
        level_between=fit.level_between,
        log_weight=np.asarray(fit.log - logsumexp(fit.log)),
        scale2=misfit.scales(fit.scene.error),
        weight_log_density=weights,
        y=share @ fit.y[active],
        noise=np.tensordot(share, fit.noise[active], axes=1),
        velocity=share @ fit.velocity[active],
    )
