"""The levels that explain a track best: the likeliest history of level along the path through the sightings.

Blocks of some hours each take a level. What the wind of that level leaves of the block's motion is wind error, which
holds on from block to block as a first-order autoregression; a change of level costs what a rate of one a day makes it
worth. The best history is exact (Viterbi 1967, doi 10.1109/TIT.1967.1054010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.infer.hypotheses.chosen_levels import SWITCHES_A_DAY
from overflight.infer.hypotheses.model import Case
from overflight.infer.hypotheses.reachable import band_levels, band_winds

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

BLOCK_S = 3 * 3600.0
_NO_WIND_MS = 1e6
"""Stands where the winds know nothing: no history goes there."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LevelHistory:
    """Levels of blocks: ``seconds`` (blocks + 1,) from the first sighting [s], ``altitude_m`` (blocks,) standard."""

    seconds: F64
    altitude_m: F64

    @property
    def changes(self) -> int:
        """Number of changes of level."""
        return int(np.count_nonzero(np.diff(self.altitude_m)))


def level_history(case: Case, best: int) -> LevelHistory:
    """Find the likeliest history of level along the path through the sightings, as drift at level ``best`` bends it."""
    scene, seconds = case.scene, case.scene.frame.seconds
    blocks = max(1, round(float(seconds[-1]) / BLOCK_S))
    edges = np.unique(np.searchsorted(seconds, np.linspace(0.0, seconds[-1], blocks + 1)))
    wind = _means(np.nan_to_num(band_winds(case, best)[0], nan=_NO_WIND_MS), seconds, edges)
    path = (scene.frame.unrolled + case.path[best])[edges]
    motion = np.diff(path) / np.diff(seconds[edges])
    size = np.sqrt(np.mean(scene.sd[best] ** 2))
    chosen = _viterbi(motion - wind, float(size), np.diff(seconds[edges]), scene.error.wave_time_s)
    altitude = _means(band_levels(scene), seconds, edges)
    return LevelHistory(seconds=seconds[edges], altitude_m=altitude[chosen, np.arange(chosen.size)])


def _means(values: NDArray, seconds: F64, edges: NDArray[np.intp]) -> NDArray:  # type: ignore[type-arg]
    """Means in time (rows, blocks) of values (rows, n) between edges."""
    steps = np.diff(seconds) * 0.5 * (values[:, 1:] + values[:, :-1])
    sums = np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(steps, axis=1)], axis=1)
    return np.asarray(np.diff(sums[:, edges], axis=1) / np.diff(seconds[edges]))


def _viterbi(left: C128, size_ms: float, block_s: F64, time_s: float) -> NDArray[np.intp]:
    """Levels (blocks,) with the least cost, of errors (levels, blocks) that are an autoregression. [m/s]"""
    levels, blocks = left.shape
    cost = np.abs(left[:, 0]) ** 2 / size_ms**2
    came = np.zeros((levels, blocks), np.intp)
    for k in range(1, blocks):
        hold = np.exp(-0.5 * (block_s[k] + block_s[k - 1]) / time_s)
        fresh = np.abs(left[None, :, k] - hold * left[:, None, k - 1]) ** 2 / (size_ms**2 * (1.0 - hold**2))
        stay = np.exp(-SWITCHES_A_DAY * block_s[k] / 86_400.0)
        change = np.full((levels, levels), -2.0 * np.log((1.0 - stay) / max(levels - 1, 1)))
        np.fill_diagonal(change, -2.0 * np.log(stay))
        total = cost[:, None] + fresh + change
        came[:, k] = np.argmin(total, axis=0)
        cost = total[came[:, k], np.arange(levels)]
    chosen = np.empty(blocks, np.intp)
    chosen[-1] = np.argmin(cost)
    for k in range(blocks - 1, 0, -1):
        chosen[k - 1] = came[chosen[k], k]
    return chosen
