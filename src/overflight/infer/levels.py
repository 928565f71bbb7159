"""The levels that a balloon may have flown at: candidates with prior weights.

With no altitude reported, or reports that agree on one level, each candidate is one constant level. Where reports
differ by more than their errors, each candidate is a history of altitude: through draws of the reports, with Brownian
bridges between them whose diffusion is that of the reports themselves, ``mean(dz^2 / dt)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import atmosphere, rng
from overflight.infer.air import Air
from overflight.infer.frame import Frame
from overflight.infer.observed import Observed

F64 = NDArray[np.float64]

UNKNOWN_LEVEL_M = (10_000.0, 25_000.0)
"""Range of a level of which nothing is reported, standard altitude; uniform."""
CANDIDATES, HISTORIES = 61, 300
_WANDER_M = 100.0
"""A float rises and sinks by about so much about its level."""
_LOWEST_M = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Candidate levels.

    Attributes
    ----------
    ln_p : float64 (candidates, n). Logarithm of pressure at each instant of the fit. [ln Pa]
    log_prior : float64 (candidates,). Up to a constant.
    spacing : float. Distance of neighbouring constant levels, 0 for histories. [ln Pa]
    constant : bool. Each candidate is one level.
    """

    ln_p: F64
    log_prior: F64
    spacing: float
    constant: bool


def candidates(
    seen: Observed,
    frame: Frame,
    air: Air | None,
    *,
    seed: int,
    range_m: tuple[float, float] = UNKNOWN_LEVEL_M,
) -> Levels:
    """Lay out the candidates for sightings.

    Raises
    ------
    InvalidInput
        The range of levels is empty.
    OutOfCoverage
        No candidate lies within the levels of the winds.
    """
    if not 0.0 <= range_m[0] < range_m[1] <= 80_000.0:
        raise InvalidInput("level range", f"{range_m[0]:g} to {range_m[1]:g} m", "a low below the high, 0 to 80000 m")
    altitude = _standard(seen, frame, air)
    known = np.isfinite(altitude)
    levels = (
        _histories(seen, altitude, frame, seed)
        if _changes(altitude, seen)
        else _constants(altitude[known], seen.altitude_sd_m[known], frame, range_m)
    )
    return levels if air is None else _inside(levels, air)


def _standard(seen: Observed, frame: Frame, air: Air | None) -> F64:
    """Turn reported altitudes into standard altitudes of the pressure they mean. [m]"""
    if air is None or not np.isfinite(seen.altitude_m[~seen.is_pressure]).any():
        return seen.altitude_m
    index = np.searchsorted(frame.seconds, seen.seconds)
    ln_p = np.diagonal(
        air.ln_pressure(np.broadcast_to(seen.altitude_m[:, None], (seen.time.size, frame.seconds.size)), frame)[
            :, index
        ]
    )
    return np.where(seen.is_pressure, seen.altitude_m, atmosphere.altitude_m(np.exp(ln_p)))


def _changes(altitude: F64, seen: Observed) -> bool:
    """Whether the reported altitudes differ by more than chance allows (chi-squared, 99.9 %)."""
    known = np.isfinite(altitude)
    if np.unique(seen.seconds[known]).size < 2:
        return False
    weight = 1.0 / (seen.altitude_sd_m[known] ** 2 + _WANDER_M**2)
    mean = np.average(altitude[known], weights=weight)
    statistic = float(np.sum(weight * (altitude[known] - mean) ** 2))
    return statistic > float(chi2.ppf(0.999, known.sum() - 1))


def _constants(altitude: F64, sd: F64, frame: Frame, range_m: tuple[float, float]) -> Levels:
    low, high = range_m
    prior = np.zeros(CANDIDATES)
    if altitude.size:
        spread = np.hypot(sd, _WANDER_M)
        mean, wide = float(np.average(altitude, weights=spread**-2.0)), 4.0 * float(spread.min())
        low, high = max(_LOWEST_M, mean - wide), mean + wide
    level_m = np.linspace(low, high, CANDIDATES)
    for value, one in zip(altitude, np.hypot(sd, _WANDER_M), strict=True):
        prior -= 2.5 * np.log1p(((level_m - value) / one) ** 2 / 4.0)
    ln_p = np.log(atmosphere.pressure_pa(level_m))
    whole = np.broadcast_to(ln_p[:, None], (CANDIDATES, frame.seconds.size))
    return Levels(ln_p=whole, log_prior=prior, spacing=float(np.abs(np.diff(ln_p)).mean()), constant=True)


def _histories(seen: Observed, altitude: F64, frame: Frame, seed: int) -> Levels:
    known = np.isfinite(altitude)
    at, n = np.unique(seen.seconds[known]), frame.seconds.size
    mean = np.array([altitude[known][seen.seconds[known] == s].mean() for s in at])
    sd = np.array([seen.altitude_sd_m[known][seen.seconds[known] == s].min() for s in at])
    diffusion = float(np.mean(np.diff(mean) ** 2 / np.diff(at)))
    noise = rng.normals(seed, "level history", HISTORIES * n).reshape(HISTORIES, n)
    walk = np.sqrt(diffusion * np.diff(frame.seconds, prepend=frame.seconds[0])) * noise
    walk = np.cumsum(walk, axis=1)
    draw = mean + sd * rng.normals(seed, "level report", HISTORIES * at.size).reshape(HISTORIES, at.size)
    gap = draw - walk[:, np.searchsorted(frame.seconds, at)]
    bridge = np.stack([np.interp(frame.seconds, at, row) for row in gap])
    history = np.maximum(walk + bridge, _LOWEST_M)
    ln_p = np.log(atmosphere.pressure_pa(np.minimum(history, 80_000.0)))
    return Levels(ln_p=ln_p, log_prior=np.zeros(HISTORIES), spacing=0.0, constant=False)


def _inside(levels: Levels, air: Air) -> Levels:
    """Keep what the winds reach; a history is held at the winds' own ends."""
    if not levels.constant:
        held = np.clip(levels.ln_p, air.ln_p[-1], air.ln_p[0])
        return Levels(ln_p=held, log_prior=levels.log_prior, spacing=0.0, constant=False)
    fine = air.holds(levels.ln_p).all(axis=1)
    if not fine.any():
        low, high = (float(atmosphere.altitude_m(np.exp(p))) for p in (levels.ln_p.max(), levels.ln_p.min()))
        have = f"{np.exp(air.ln_p[0]) / 100:.0f} to {np.exp(air.ln_p[-1]) / 100:.0f} hPa"
        raise OutOfCoverage("levels of the winds", f"{low:.0f} to {high:.0f} m", have, "fetch more levels")
    return Levels(ln_p=levels.ln_p[fine], log_prior=levels.log_prior[fine], spacing=levels.spacing, constant=True)
