"""The wind error of each true flight, drawn by the stated model or by a wrong one; written apart from the engine's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from overflight.geo import rng
from overflight.winds import WindError

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

EARTH_ROTATION_RAD_S = 7.292115e-5
STEP_S = 1800.0
"""Twice an hour: the turning of the error at high latitude is then met to half a per cent of its displacement."""


def misstated(error: WindError, variant: str) -> tuple[WindError, float]:
    """Return the error that truth has where the judge believes ``error``, and a factor on its size."""
    if variant == "tails3":
        return replace(error, tail_dof=3.0), 1.0
    if variant in ("slow3", "fast3"):
        factor = 3.0 if variant == "slow3" else 1.0 / 3.0
        longer = {n: factor * getattr(error, n) for n in ("slow_time_s", "wave_time_s")}
        return replace(error, **longer), 1.0
    return error, {"half": 0.5, "double": 2.0}.get(variant, 1.0)


@dataclass
class ErrorWalk:
    """The error of each flight, carried on in steps of half an hour.

    Attributes
    ----------
    error : WindError
    seed, first, count : draws are keyed by seed and case number, so that blocks of any size draw alike.
    """

    error: WindError
    seed: int
    first: int
    count: int

    def __post_init__(self) -> None:
        """Draw the stationary start and the scale of each whole track."""
        self.knot = 0
        self.slow, self.wave = self._pair("slow"), self._pair("wave")
        dof = self.error.tail_dof
        share = rng.uniforms(self.seed, "truth scale", self.count, first_member=self.first)
        chi2 = 2.0 * gammaincinv(0.5 * dof, share) if np.isfinite(dof) else np.full(self.count, np.inf)
        self.scale = np.sqrt((dof - 2.0) / chi2) if np.isfinite(dof) else np.ones(self.count)

    def step(self, lat: F64, change_ln_p: F64) -> None:
        """Carry the error on by half an hour at latitudes [degrees] through a change of level."""
        self.knot += 1
        apart = np.exp(-np.abs(change_ln_p) / self.error.depth_ln_p)
        slow = apart * np.exp(-STEP_S / self.error.slow_time_s)
        wave = apart * np.exp(-STEP_S / self.error.wave_time_s)
        turn = -2.0 * EARTH_ROTATION_RAD_S * np.sin(np.radians(lat)) * self.error.rotation * STEP_S
        self.slow = slow * self.slow + np.sqrt(1.0 - slow**2) * self._pair("slow")
        self.wave = wave * np.exp(1j * turn) * self.wave + np.sqrt(1.0 - wave**2) * self._pair("wave")

    def now(self) -> C128:
        """Return the error in units of its size, east + i north, (count,)."""
        share = self.error.slow_share
        return np.asarray(self.scale * (np.sqrt(share) * self.slow + np.sqrt(1.0 - share) * self.wave))

    def _pair(self, name: str) -> C128:
        def normals(axis: str) -> F64:
            return rng.normals(self.seed, f"truth {name} {axis} {self.knot}", self.count, first_member=self.first)

        return np.asarray(normals("east") + 1j * normals("north"))
