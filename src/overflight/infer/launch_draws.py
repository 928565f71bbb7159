"""Which launches are tried: draws of age, level and rate of ascent, first broadly, then where the posterior is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from overflight.geo import rng
from overflight.infer.launch_prior import LaunchPrior, log_normal

F64 = NDArray[np.float64]
Ints = NDArray[np.intp]

FINE_S, COARSE_S = 600.0, 10_800.0
"""Bins of age: the fine ones follow the hours of radiosondes, the coarse ones, shorter for recent launches, are
learnt."""
LEVEL_BINS, LEVEL_BIN_LN_P = 12, 0.2
"""Most bins of level, and the least width of one: about 1.4 km."""
SYNOPTIC_PART = 0.35
RECENT_PART, RECENT_S = 0.3, 10_800.0
"""Part of the broad draws that falls off as 1 / (age + 3 h): recent flights are near each other, and a site among them
counts for much."""
DEFENSIVE_PART = 0.15
"""Part of the later draws that is still made broadly, so that nothing is overlooked."""
CLIMB = (4.2, 0.4)
"""Median [m/s] and standard deviation of the logarithm of the rates drawn: wider than any prior."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Launches to try, arrays (members,).

    Attributes
    ----------
    sample : which sample of the track.
    age_s : time of launch before the first sighting, were the ground at the sea's level. [s]
    rate_ms : of the ascent. [m/s]
    log_rate_density : of the rate as drawn.
    """

    sample: Ints
    age_s: F64
    rate_ms: F64
    log_rate_density: F64


class Proposal:
    """A density over age and level from which launches are drawn, in order of age.

    It is ``base(age)`` times a table over coarse bins of age and bins of level.

    Parameters
    ----------
    first : datetime64. Time of the first sighting.
    window_s : float. Oldest age. [s]
    levels_at : (pressure, altitude), float64 (samples,). Of the track's samples. [Pa], [m]
    prior : LaunchPrior; ``synoptic`` whether there are radiosonde stations.
    """

    def __init__(
        self,
        first: np.datetime64,
        window_s: float,
        levels_at: tuple[F64, F64],
        prior: LaunchPrior,
        *,
        synoptic: bool,
    ) -> None:
        self.window_s = window_s
        pressure_pa, self.altitude_m = levels_at
        bins = max(1, int(np.ceil(window_s / FINE_S)))
        self.edges = np.linspace(0.0, window_s, bins + 1)
        middle = 0.5 * (self.edges[1:] + self.edges[:-1])
        times = first - np.round(middle * 1e9).astype("timedelta64[ns]")
        factor = prior.hour_factor("radiosonde", times) if synoptic else np.ones(bins)
        part = SYNOPTIC_PART if synoptic else 0.0
        recent = 1.0 / (middle + RECENT_S)
        alike = part * factor / factor.mean() + RECENT_PART * recent / recent.mean()
        self.base = ((1.0 - part - RECENT_PART) + alike) / bins
        coarse = max(1, int(np.ceil(window_s / COARSE_S)))
        self.coarse = np.minimum((np.sqrt(middle / window_s) * coarse).astype(np.intp), coarse - 1)
        self.coarse = np.unique(self.coarse, return_inverse=True)[1]
        coarse = int(self.coarse[-1]) + 1
        order = np.argsort(np.argsort(pressure_pa, kind="stable"), kind="stable")
        levels = int(np.clip(np.ptp(np.log(pressure_pa)) / LEVEL_BIN_LN_P, 1, min(LEVEL_BINS, pressure_pa.size)))
        self.level = (order * levels // pressure_pa.size).astype(np.intp)
        share = np.bincount(self.level, minlength=levels) / pressure_pa.size
        self.broad = np.bincount(self.coarse, self.base, coarse)[:, None] * share[None, :]
        self.members = [np.flatnonzero(self.level == k) for k in range(levels)]

    def cells(self, age_s: F64, sample: Ints) -> tuple[Ints, Ints]:
        """Return the coarse bin of age and the bin of level of launches."""
        return self.coarse[self._fine(age_s)], self.level[sample]

    def table(self, age_s: F64, sample: Ints, mass: F64) -> F64:
        """Return the table that follows the mass found so far, a part of it left broad."""
        found = np.zeros(self.broad.shape)
        np.add.at(found, self.cells(age_s, sample), mass)
        if not found.sum() > 0.0:
            return self.broad
        padded = np.pad(found, ((1, 1), (0, 0)), mode="edge")
        found = 0.5 * padded[1:-1] + 0.25 * (padded[2:] + padded[:-2])
        padded = np.pad(found, ((0, 0), (1, 1)), mode="edge")
        found = 0.5 * padded[:, 1:-1] + 0.25 * (padded[:, 2:] + padded[:, :-2])
        return np.asarray((1.0 - DEFENSIVE_PART) * found / found.sum() + DEFENSIVE_PART * self.broad)

    def draw(self, table: F64, count: int, seed: int, first_member: int) -> Draws:
        """Draw launches, stratified in age."""

        def uniform(name: str) -> F64:
            return rng.uniforms(seed, f"origin {name}", count, first_member=first_member)

        u = (np.arange(count) + uniform("stratum")) / count
        total = np.cumsum(table.ravel())
        chosen = np.minimum(np.searchsorted(total / total[-1], u), table.size - 1)
        coarse, level = np.unravel_index(chosen, table.shape)
        sizes = np.array([m.size for m in self.members])
        pick = np.minimum((uniform("sample") * sizes[level]).astype(np.intp), sizes[level] - 1)
        offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        sample = np.concatenate(self.members)[offsets[level] + pick]
        age = self._ages(coarse, uniform("age"))
        rate, log_density = _rates_above(self.altitude_m[sample] / np.maximum(age, 1.0), uniform("climb"))
        return Draws(sample=sample, age_s=age, rate_ms=rate, log_rate_density=log_density)

    def log_density(self, draws: Draws, tables: Sequence[F64], counts: Sequence[int]) -> F64:
        """Return the log density of age [per window] and level of the draws of all rounds together.

        Each round is weighted by its draws (the balance heuristic: Veach and Guibas 1995, doi 10.1145/218380.218498).
        """
        cells = self.cells(draws.age_s, draws.sample)
        mixed = sum(n / sum(counts) * t[cells] for n, t in zip(counts, tables, strict=True))
        base = self.base[self._fine(draws.age_s)] * self.base.size
        return np.asarray(np.log(base * mixed / self.broad[cells]))

    def _fine(self, age_s: F64) -> Ints:
        return np.asarray(np.clip((age_s / self.window_s * self.base.size).astype(np.intp), 0, self.base.size - 1))

    def _ages(self, coarse: Ints, u: F64) -> F64:
        """Draw ages within coarse bins by the base density."""
        total = np.concatenate([[0.0], np.cumsum(self.base)])
        first = np.searchsorted(self.coarse, np.arange(self.broad.shape[0]))
        last = np.append(first[1:], self.base.size)
        low, high = total[first[coarse]], total[last[coarse]]
        return np.asarray(np.interp(low + u * (high - low), total, self.edges))


def _rates_above(least_ms: F64, u: F64) -> tuple[F64, F64]:
    """Draw log-normal rates that bring the balloon up in time, and return their log density."""
    low = ndtr((np.log(np.maximum(least_ms, 1e-6)) - np.log(CLIMB[0])) / CLIMB[1])
    left = np.maximum(1.0 - low, 1e-12)
    z = ndtri(np.clip(low + u * left, 1e-15, 1.0 - 1e-15))
    rate = np.clip(CLIMB[0] * np.exp(CLIMB[1] * z), 0.05, 90.0)
    return rate, log_normal(rate, *CLIMB) - np.log(left)
