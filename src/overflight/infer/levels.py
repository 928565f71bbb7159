"""The levels that a balloon may have flown at: candidates with prior weights, about which it wanders.

Where nothing is reported, or most reports agree on one level, a candidate is one constant level. Where reports differ
by more than that, the one candidate is the history through the reports. About each the level wanders as a stationary
Ornstein-Uhlenbeck process in ln p; reports are conditioned on exactly, each with the weight that outliers leave it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import atmosphere
from overflight.infer import tails
from overflight.infer.air import Air
from overflight.infer.frame import Frame
from overflight.infer.observed import Observed

F64 = NDArray[np.float64]

UNKNOWN_LEVEL_M = (10_000.0, 25_000.0)
"""Range of a level of which nothing is reported, standard altitude; uniform."""
WIDE, FINE = 61, 41
"""Candidates over that range, and about reported altitudes."""
HIGHEST_M = 80_000.0
_FINE_SPREADS = 4.0
_LEAST_LOG = -20.0
_DISAGREE = 0.25
"""A larger share of reports off one level is no accident but a change of level."""
_SPIKE_SDS, _SPIKE_SHARE, _SPIKE_WEIGHT = 6.0, 0.25, 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wander:
    """How a level changes with nothing reported.

    Attributes
    ----------
    sd_m, time_s : float. Of an Ornstein-Uhlenbeck process about the level. [m], [s]
    changes_per_day : float. Rate of changes to any other level.
    outlier_share : float. Of reports, see ``tails``.
    """

    sd_m: float
    time_s: float
    changes_per_day: float
    outlier_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Candidate levels.

    Attributes
    ----------
    ln_p : float64 (candidates, n). Mean of ln p at each instant, reports included. [ln Pa]
    base : float64 (candidates, n). The same before reports. [ln Pa]
    log_prior : float64 (candidates,). Up to a constant.
    report_log : float64 (candidates, m). What each report adds to it.
    width : float64 (candidates,). Of the part of the prior that each stands for, 0 for histories. [ln p]
    sd : float64 (candidates,). Of the wander before reports. [ln p]
    clock : float64 (n,). Time in units of its correlation time; it runs faster where reports change more.
    spread : float64 (candidates, n). Standard deviation of the level once reports are known. [ln p]
    reports : int (m,). Instants of the reported altitudes.
    report_ln_p : float64 (m,). What they say. [ln Pa]
    report_sd : float64 (candidates, m). Errors of these, outliers' enlarged. [ln p]
    report_weight : float64 (candidates, m). Factor on their stated precision.
    gain : float64 (candidates, n, m). What a report that is off moves the level by.
    constant : bool. Each candidate is one level.
    """

    ln_p: F64
    base: F64
    log_prior: F64
    report_log: F64
    width: F64
    sd: F64
    clock: F64
    spread: F64
    reports: NDArray[np.intp]
    report_ln_p: F64
    report_sd: F64
    report_weight: F64
    gain: F64
    constant: bool

    def only(self, chosen: NDArray[np.generic]) -> Levels:
        """Return some of the candidates, by mask or number."""
        return Levels(
            ln_p=self.ln_p[chosen],
            base=self.base[chosen],
            log_prior=self.log_prior[chosen],
            report_log=self.report_log[chosen],
            width=self.width[chosen],
            sd=self.sd[chosen],
            clock=self.clock,
            spread=self.spread[chosen],
            reports=self.reports,
            report_ln_p=self.report_ln_p,
            report_sd=self.report_sd[chosen],
            report_weight=self.report_weight[chosen],
            gain=self.gain[chosen],
            constant=self.constant,
        )


def candidates(
    seen: Observed, frame: Frame, air: Air | None, wander: Wander, *, range_m: tuple[float, float] = UNKNOWN_LEVEL_M
) -> Levels:
    """Lay out the candidates for sightings.

    Raises
    ------
    InvalidInput
        The range of levels is empty.
    OutOfCoverage
        No candidate lies within the levels of the winds.
    """
    if not 0.0 <= range_m[0] < range_m[1] <= HIGHEST_M:
        raise InvalidInput("level range", f"{range_m[0]:g} to {range_m[1]:g} m", "a low below the high, 0 to 80000 m")
    known = np.flatnonzero(np.isfinite(seen.altitude_m))
    altitude, sd = _standard(seen, frame, air)[known], seen.altitude_sd_m[known]
    at = np.searchsorted(frame.seconds, seen.seconds[known])
    if known.size and not _agree(altitude, sd, seen.seconds[known], wander):
        levels = _history(altitude, sd, at, frame, wander)
        return levels if air is None else _held(levels, air)
    level_m, width_m, is_fine = _grid(altitude, sd, wander, range_m)
    levels = _constants(level_m, width_m, (altitude, sd, at), frame, wander)
    kept = levels.log_prior > levels.log_prior.max() + _LEAST_LOG
    if air is not None:
        inside = air.holds(np.log(atmosphere.pressure_pa(level_m)))
        if not (inside & is_fine).any():
            raise _no_level(level_m[is_fine], air)
        kept &= inside
    return _held(levels.only(kept), air) if air is not None else levels.only(kept)


def _standard(seen: Observed, frame: Frame, air: Air | None) -> F64:
    """Turn reported altitudes into standard altitudes of the pressure they mean. [m]"""
    given = np.isfinite(seen.altitude_m) & ~seen.is_pressure
    if air is None or not given.any():
        return seen.altitude_m
    index = np.searchsorted(frame.seconds, seen.seconds)
    ln_p = air.ln_pressure_at(seen.altitude_m, seen.seconds, frame.lat[index], frame.lon[index])
    return np.where(given, atmosphere.altitude_m(np.exp(ln_p)), seen.altitude_m)


def _agree(altitude: F64, sd: F64, seconds: F64, wander: Wander) -> bool:
    """Whether reports lie about one level, but for few outliers."""
    if np.unique(seconds).size < 2:
        return True
    variance = sd**2 + wander.sd_m**2
    trial = altitude[:, None] - altitude[None, :]
    own = np.asarray(sd**2)[:, None]
    log, weight = tails.weigh_scalar(trial, np.asarray(wander.sd_m**2), own, wander.outlier_share)
    good = weight[:, int(np.argmax(log.sum(axis=0)))] > 0.5
    if np.count_nonzero(~good) > _DISAGREE * altitude.size:
        return False
    mean = np.average(altitude[good], weights=1.0 / variance[good])
    statistic = float(np.sum((altitude[good] - mean) ** 2 / variance[good]))
    return statistic <= float(chi2.ppf(0.999, max(int(good.sum()) - 1, 1)))


def _grid(altitude: F64, sd: F64, wander: Wander, range_m: tuple[float, float]) -> tuple[F64, F64, NDArray[np.bool_]]:
    """Return levels, the widths that each stands for [m], and which lie about the reports."""
    if not altitude.size:
        level = np.linspace(*range_m, WIDE)
        return level, np.full(WIDE, level[1] - level[0]), np.ones(WIDE, np.bool_)
    spread = float(np.hypot(sd.min(), wander.sd_m))
    middle = float(np.median(altitude))
    low, high = max(middle - _FINE_SPREADS * spread, 0.0), min(middle + _FINE_SPREADS * spread, HIGHEST_M)
    fine = np.linspace(low, high, FINE)
    wide = np.linspace(*range_m, WIDE // 2)
    wide = wide[(wide < low) | (wide > high)]
    level = np.concatenate([fine, wide])
    width = np.concatenate([np.full(FINE, (high - low) / (FINE - 1)), np.full(wide.size, np.diff(range_m)[0] / 29.0)])
    return level, width, np.arange(level.size) < FINE


def _constants(
    level_m: F64, width_m: F64, reported: tuple[F64, F64, NDArray[np.intp]], frame: Frame, wander: Wander
) -> Levels:
    """Make each level a candidate, about which the reports are conditioned on."""
    altitude, sd, at = reported
    ln_p, per_m = np.log(atmosphere.pressure_pa(level_m)), 1.0 / _scale_height(level_m)
    log, weight = tails.weigh_scalar(
        altitude - level_m[:, None], np.asarray(wander.sd_m**2), np.asarray(sd**2), wander.outlier_share
    ) if altitude.size else (np.zeros((level_m.size, 0)), np.ones((level_m.size, 0)))  # fmt: skip
    whole = np.broadcast_to(ln_p[:, None], (level_m.size, frame.seconds.size))
    return conditioned(
        Levels(
            ln_p=whole,
            base=whole,
            log_prior=log.sum(axis=1) + np.log(width_m / width_m.max()),
            report_log=log,
            width=width_m * per_m,
            sd=wander.sd_m * per_m,
            clock=frame.seconds / wander.time_s,
            spread=np.broadcast_to((wander.sd_m * per_m)[:, None], whole.shape),
            reports=at,
            report_ln_p=np.log(atmosphere.pressure_pa(altitude)),
            report_sd=sd * per_m[:, None] / np.sqrt(weight),
            report_weight=weight,
            gain=np.zeros((level_m.size, frame.seconds.size, at.size)),
            constant=True,
        )
    )


def _history(altitude: F64, sd: F64, at: NDArray[np.intp], frame: Frame, wander: Wander) -> Levels:
    """Make a candidate of the history through the reports, which wanders as fast as they do."""
    seconds = frame.seconds[at]
    weight = np.where(_is_spike(altitude, sd, seconds), _SPIKE_WEIGHT, 1.0)
    good = weight == 1.0
    unique = np.unique(seconds[good])
    mean = np.array([altitude[good & (seconds == s)].mean() for s in unique])
    ln_p = np.log(atmosphere.pressure_pa(mean))
    least = wander.sd_m / float(_scale_height(mean).mean())
    slow = 2.0 * least**2 / wander.time_s
    diffusion = np.maximum(_diffusion(ln_p, unique), slow)
    variance = 0.5 * float(diffusion.max()) * wander.time_s
    gap = np.clip(np.searchsorted(unique, frame.seconds[1:]) - 1, 0, diffusion.size - 1)
    pace = diffusion[gap] * np.diff(frame.seconds) / (2.0 * variance)
    per_m = 1.0 / _scale_height(altitude)
    base = np.log(atmosphere.pressure_pa(np.interp(frame.seconds, unique, mean)))[None, :]
    levels = Levels(
        ln_p=base,
        base=base,
        log_prior=np.zeros(1),
        report_log=np.zeros((1, at.size)),
        width=np.zeros(1),
        sd=np.array([np.sqrt(variance)]),
        clock=np.concatenate([[0.0], np.cumsum(pace)]),
        spread=np.full(base.shape, np.sqrt(variance)),
        reports=at,
        report_ln_p=np.log(atmosphere.pressure_pa(altitude)),
        report_sd=(sd * per_m / np.sqrt(weight))[None, :],
        report_weight=weight[None, :],
        gain=np.zeros((*base.shape, at.size)),
        constant=False,
    )
    return conditioned(levels)


def _diffusion(ln_p: F64, seconds: F64) -> F64:
    """Diffusion of the level in each gap between reports. [ln p squared a s]

    A third of the change squared, half of the gap's own and half of its neighbours': half way any level between two
    reports is then about equally likely. No less than what all gaps but the largest have: what moved once may have
    moved between two reports that agree.
    """
    if ln_p.size < 2:
        return np.zeros(1)
    own = np.diff(ln_p) ** 2 / np.diff(seconds)
    beside = np.concatenate([own[:1], own, own[-1:]])
    others = np.sort(own)[:-1]
    usual = others.sum() / max(others.size - 2, 1)  # their variance is itself estimated: the mean of its posterior
    return np.asarray(np.maximum((0.5 * own + 0.25 * (beside[:-2] + beside[2:])) / 3.0, usual))


def _is_spike(altitude: F64, sd: F64, seconds: F64) -> NDArray[np.bool_]:
    """Which reports lie far off both neighbours, while these agree with each other."""
    spike = np.zeros(altitude.size, np.bool_)
    if altitude.size < 3:
        return spike
    share = np.diff(seconds)[:-1] / np.maximum(seconds[2:] - seconds[:-2], 1.0)
    off = altitude[1:-1] - (altitude[:-2] + share * (altitude[2:] - altitude[:-2]))
    spike[1:-1] = np.abs(off) > _SPIKE_SDS * sd[1:-1]
    spike[1:-1] &= np.abs(altitude[2:] - altitude[:-2]) < _SPIKE_SHARE * np.abs(off)
    return spike


def conditioned(levels: Levels) -> Levels:
    """Condition the wander about the base on the reports."""
    if not levels.reports.size:
        return levels
    at = levels.reports
    fade = np.exp(-np.abs(levels.clock[:, None] - levels.clock[at]))
    variance = levels.sd[:, None, None] ** 2
    whole = variance * fade[at] + np.eye(at.size) * levels.report_sd[:, :, None] ** 2
    gain = np.swapaxes(np.linalg.solve(whole, variance * fade.T), 1, 2)
    moved = np.einsum("pnm,pm->pn", gain, levels.report_ln_p - levels.base[:, at])
    left = levels.sd[:, None] ** 2 * (1.0 - np.einsum("pnm,nm->pn", gain, fade))
    return replace(levels, ln_p=levels.base + moved, gain=gain, spread=np.sqrt(np.maximum(left, 0.0)))


def _scale_height(altitude_m: F64) -> F64:
    """Metres per unit of ln p in the standard atmosphere. [m]"""
    up = np.asarray(altitude_m, np.float64) + 50.0
    return np.asarray(100.0 / np.log(atmosphere.pressure_pa(up - 100.0) / atmosphere.pressure_pa(up)))


def _held(levels: Levels, air: Air) -> Levels:
    """Hold histories at the winds' own ends."""
    return replace(levels, ln_p=np.clip(levels.ln_p, air.ln_p[-1], air.ln_p[0]))


def _no_level(level_m: F64, air: Air) -> OutOfCoverage:
    have = f"{np.exp(air.ln_p[0]) / 100:.0f} to {np.exp(air.ln_p[-1]) / 100:.0f} hPa"
    asked = f"{level_m.min():.0f} to {level_m.max():.0f} m"
    return OutOfCoverage("levels of the winds", asked, have, "fetch more levels")
