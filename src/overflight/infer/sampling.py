"""Equally likely paths: draws of the prior, corrected by what they miss the sightings by (Matheron's rule).

Each is carried through the winds at its own place and level, and its lines of sight are taken about its own place, so
that samples are no more Gaussian than winds and sights are (randomised maximum likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from overflight.geo import rng
from overflight.infer import lines, misfit, tails
from overflight.infer.frame import C128, F64
from overflight.infer.kernels import covariance, solve
from overflight.infer.scene import Scene, error_sd
from overflight.infer.smooth import Posterior, stacked

_SETTLE, _RELAX = 6, 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Equally likely paths.

    Attributes
    ----------
    offset : complex128 (members, n). [m]
    ln_p : float64 (members, n). [ln Pa]
    parts : complex128 (members, 2, parts). Unit parts of the wind error at the first and at the last sighting, in the
        carried frame.
    scale : float64 (members,). Of the whole track's wind error.
    """

    offset: C128
    ln_p: F64
    parts: C128
    scale: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """Draws of the prior: displacement by wind error and start, unit parts at both ends, level, errors of sightings.

    ``wide2`` (members, sightings) is how much larger than stated a sighting's variance is, ``timing`` (members,
    sightings, 2, 2) and ``noise`` its covariance by timing and in all.
    """

    error: C128
    parts: C128
    rise: F64
    missed: C128
    sights: lines.Drawn | None
    wide2: F64
    timing: F64
    noise: F64


def sample(scene: Scene, found: Posterior, *, members: int, seed: int) -> Samples:
    """Draw paths, keyed by seed and member."""
    p, q = _pick(found.log_weight, seed, members)
    scale2 = found.scale2[q]
    drawn = _draw(scene, found, p, scale2, seed)
    base, noise = found.levels.ln_p[p], drawn.noise.copy()
    y = np.broadcast_to(found.y, drawn.missed.shape).copy()
    offset, shear = found.path[p], found.shear[p]
    # A level moved by the sightings moves the path by the candidate's shear: to look winds up there again would not
    # settle where shear is strong.
    drift = scene.drift(offset, _inside(scene, base + drawn.rise))
    factor = np.empty((members, 2 * scene.index.size, 2 * scene.index.size))
    pulled, lifted = np.empty_like(offset), np.zeros(offset.shape)
    for turn in range(_SETTLE):
        _see_lines(scene, drawn, offset, base + drawn.rise + lifted, y, noise)
        if turn == 0 or scene.sight is not None:
            solve.factor_members(p, scale2, found.cross, scene.index, found.level_between, misfit.START_SD_M**2, noise,
                                 factor)  # fmt: skip
        free = drift + drawn.error
        gap = stacked(y - drawn.missed - free[:, scene.index])
        solve.solve_members(factor, gap)
        solve.pull_members(p, scale2, found.cross, found.level_cross, misfit.START_SD_M**2, gap, pulled, lifted)
        offset = free + pulled + misfit.integral(shear * lifted, scene.frame.seconds)
        drift = drift + _RELAX * (scene.drift(offset, _inside(scene, base + drawn.rise)) - drift)
    force = gap[:, : scene.index.size] + 1j * gap[:, scene.index.size :]
    learnt = np.einsum("mesj,mj->mes", found.state_cross[p], force)
    return Samples(
        offset=offset,
        ln_p=_inside(scene, base + drawn.rise + lifted),
        parts=drawn.parts + np.sqrt(scale2)[:, None, None] * learnt,
        scale=np.sqrt(scale2),
    )


def _inside(scene: Scene, ln_p: F64) -> F64:
    return ln_p if scene.air is None else np.clip(ln_p, scene.air.ln_p[-1], scene.air.ln_p[0])


def _draw(scene: Scene, found: Posterior, p: NDArray[np.intp], scale2: F64, seed: int) -> _Drawn:
    members, count = p.size, scene.index.size
    of, levels = misfit.parts(scene.error, scene.frame), found.levels
    sd = error_sd(scene.air, scene.error, levels.ln_p, scene.frame)[p] * np.sqrt(scale2)[:, None]
    error = np.zeros((members, scene.frame.seconds.size), np.complex128)
    parts = np.empty((members, 2, of.share.size), np.complex128)
    streams = np.array([rng.stream_id("track slow"), rng.stream_id("track wave")])
    covariance.draw_errors(seed, streams, scene.frame.seconds, levels.ln_p[p], sd, of.phase, of.share, of.time_s,
                           of.depth, scene.index[[0, -1]], error, parts)  # fmt: skip
    error += misfit.START_SD_M * _complex(seed, "track start", members, 1)
    factor = _pick_factors(found.weight_log_density, seed, members)
    wide = 1.0 / np.sqrt(factor)
    place = np.linalg.cholesky(scene.place_noise)
    normal = _complex(seed, "track sighting", members, count)
    pair = np.einsum("nij,mnj->mni", place, np.stack([normal.real, normal.imag], axis=-1))
    late = scene.seen.time_sd_s * _normals(seed, "track time", members, count)
    late = late + scene.seen.window_s * (2.0 * _uniforms(seed, "track window", members, count) - 1.0)
    missed = wide * (pair[..., 0] + 1j * pair[..., 1])
    sights, v = None, np.stack([found.velocity.real, found.velocity.imag], axis=-1)
    timing = scene.seen.time_variance_s2[:, None, None] * v[:, :, None] * v[:, None, :]
    if scene.sight is not None:
        missed[:, scene.sight.which] = 0.0
        sights = _sights(scene.sight, wide, seed)
    return _Drawn(
        error=error,
        parts=parts,
        rise=_rise(scene, found, p, seed),
        missed=missed + wide * late * found.velocity,
        sights=sights,
        wide2=1.0 / factor,
        timing=timing / factor[:, :, None, None],
        noise=found.noise / factor[:, :, None, None],
    )


def _rise(scene: Scene, found: Posterior, p: NDArray[np.intp], seed: int) -> F64:
    """Draw the level about each member's candidate: its place within the candidate's width, and the wander."""
    levels, seconds, members = found.levels, scene.frame.seconds, p.size
    fade = np.exp(-np.diff(levels.clock))
    normal = _normals(seed, "track wander", members, seconds.size)
    rise = np.empty((members, seconds.size))
    rise[:, 0] = normal[:, 0]
    for k in range(seconds.size - 1):
        rise[:, k + 1] = fade[k] * rise[:, k] + np.sqrt(1.0 - fade[k] ** 2) * normal[:, k + 1]
    rise *= levels.sd[p][:, None]
    rise += ((rng.uniforms(seed, "track level", members) - 0.5) * levels.width[p])[:, None]
    if not levels.reports.size:
        return rise
    error = levels.report_sd[p] * _normals(seed, "track altitude", members, levels.reports.size)
    return np.asarray(rise - np.einsum("mnr,mr->mn", levels.gain[p], rise[:, levels.reports] + error))


def _sights(sight: lines.Sight, wide: F64, seed: int) -> lines.Drawn:
    """Draw the errors of lines of sight."""
    shape = (wide.shape[0], sight.which.size)
    some, seen = wide[:, sight.which], sight.seen
    flat = 2.0 * np.pi * (_uniforms(seed, "track bearing round", *shape) - 0.5)
    turn = some * seen.azimuth_sd * _normals(seed, "track bearing", *shape)
    return lines.Drawn(
        turn=np.where(lines.is_round(seen), flat, turn),
        rise=some * np.nan_to_num(seen.elevation_sd) * _normals(seed, "track elevation", *shape),
        share=_uniforms(seed, "track range", *shape),
    )


def _see_lines(scene: Scene, drawn: _Drawn, offset: C128, ln_p: F64, y: C128, noise: F64) -> None:
    """Write lines of sight as places about each member's own, into ``y`` and ``noise``."""
    if scene.sight is None:
        return
    which = scene.sight.which
    at = scene.index[which]
    height = misfit.standard_altitude(ln_p[:, at])
    place, cov, _ = lines.equivalent(scene.sight, offset[:, at], height, np.zeros(1), drawn.sights)
    y[:, which] = place
    noise[:, which] = cov * drawn.wide2[:, which, None, None] + drawn.timing[:, which]


def _pick(log_weight: F64, seed: int, members: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw (candidate, scale), stratified over the members in an order that the seed shuffles."""
    strata = np.argsort(rng.uniforms(seed, "track order", members))
    u = (strata + rng.uniforms(seed, "track candidate", members)) / members
    flat = np.searchsorted(np.cumsum(np.exp(log_weight).ravel()), u)
    p, q = np.unravel_index(np.minimum(flat, log_weight.size - 1), log_weight.shape)
    return p, q


def _pick_factors(log_density: F64, seed: int, members: int) -> F64:
    """Draw each sighting's precision factor for each member, (members, sightings)."""
    count = log_density.shape[0]
    u = ndtr(rng.normals(seed, "track weight", members * count)).reshape(members, count)
    total = np.cumsum(np.exp(log_density), axis=1)
    picked = [np.searchsorted(total[i], u[:, i]) for i in range(count)]
    return np.stack([tails.FACTORS[np.minimum(i, tails.FACTORS.size - 1)] for i in picked], axis=1)


def _normals(seed: int, name: str, members: int, n: int) -> F64:
    return rng.normals(seed, name, members * n).reshape(members, n)


def _uniforms(seed: int, name: str, members: int, n: int) -> F64:
    return rng.uniforms(seed, name, members * n).reshape(members, n)


def _complex(seed: int, name: str, members: int, n: int) -> C128:
    """Complex normals of unit variance per component, (members, n)."""
    return np.asarray(_normals(seed, f"{name} east", members, n) + 1j * _normals(seed, f"{name} north", members, n))
