"""Bayes factors: how many times likelier the sightings are under each story than under drift at one level.

Priors are stated with the factors; each story has the same wind error, wander and sighting errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import halfnorm

from overflight.infer.hypotheses.chosen_levels import SWITCHES_A_DAY, chosen_levels
from overflight.infer.hypotheses.likelihood import Likelihood, likelihood_of, terms
from overflight.infer.hypotheses.model import Case, both, gap_noise, real_vector
from overflight.infer.hypotheses.reachable import Reachable
from overflight.infer.hypotheses.speed import SPEED_SD_MS, SPEED_TIME_S, with_changing_speed

F64 = NDArray[np.float64]

HOLDING_RADII_KM = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
HOLDING_TIME_S = 6 * 3600.0
_SPEEDS, _HEADINGS, _SIZES = 24, 24, 5
PRIORS = {
    "steady speed": f"one velocity through the air, its speed half-normal of {SPEED_SD_MS:g} m/s, any heading",
    "changing speed": f"a velocity through the air that changes over {SPEED_TIME_S / 3600:g} h, its size half-normal "
    f"of {SPEED_SD_MS:g} m/s",
    "chosen levels": f"levels in the band changed at random, at a rate of Gamma(1, {SWITCHES_A_DAY:g} a day)",
    "holding still": f"within {HOLDING_RADII_KM[0]:g} to {HOLDING_RADII_KM[-1]:g} km of one place",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Of one story against drift at one level.

    Attributes
    ----------
    story, prior : str
    log10 : float or None. Logarithm of the Bayes factor; None where it cannot be computed well.
    standard_error : float. Of ``log10``, by simulation.
    """

    story: str
    prior: str
    log10: float | None
    standard_error: float = 0.0


def bayes_factors(case: Case, ready: Likelihood, reach: Reachable, *, best: int, seed: int) -> tuple[Factor, ...]:
    """Weigh each story against drift at one level."""
    y = case.y
    drift = float(_log_sum(terms(ready, y)[0]))
    levels = chosen_levels(case, reach, best=best, seed=seed)
    logs = {
        "steady speed": (_steady(ready, y), 0.0),
        "changing speed": (_changing(case), 0.0),
        "chosen levels": (levels.value, levels.standard_error),
        "holding still": (_holding(case), 0.0),
    }
    return tuple(
        Factor(story=name, prior=PRIORS[name], standard_error=float(error / np.log(10.0)),
               log10=None if log is None else float((log - drift) / np.log(10.0)))
        for name, (log, error) in logs.items()
    )  # fmt: skip


def _log_sum(log: F64) -> float:
    return float(np.logaddexp.reduce(np.ravel(log)))


def _steady(ready: Likelihood, y: F64) -> float:
    """Sum over speeds and headings, each term being a Gaussian of the velocity."""
    speed = halfnorm.ppf((np.arange(_SPEEDS) + 0.5) / _SPEEDS, scale=SPEED_SD_MS)
    angle = 2.0 * np.pi * np.arange(_HEADINGS) / _HEADINGS
    velocity = (speed[:, None, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)).reshape(-1, 2)
    log, gain = (part.reshape(-1, *part.shape[3:]) for part in terms(ready, y))
    scaled = np.einsum("kba,vb->kva", ready.root.reshape(-1, 2, 2), velocity)
    whole = log[:, None] + np.einsum("kva,ka->kv", scaled, gain) - 0.5 * np.sum(scaled**2, axis=-1)
    return _log_sum(whole) - float(np.log(velocity.shape[0]))


def _changing(case: Case) -> float:
    sizes = halfnorm.ppf((np.arange(_SIZES) + 0.5) / _SIZES, scale=SPEED_SD_MS) / np.sqrt(2.0)
    moving = [with_changing_speed(case, float(size)) for size in sizes]
    return _log_sum(np.array([_log_sum(terms(likelihood_of(m), case.y)[0]) for m in moving])) - float(np.log(_SIZES))


def _holding(case: Case) -> float:
    """Stay about a place of which nothing is known, an Ornstein-Uhlenbeck process, each radius equally likely."""
    scene = case.scene
    gaps, kept = scene.index.size - 1, case.model.kept
    chosen = both(kept, gaps)
    where = case.y + real_vector(scene.frame.unrolled[scene.index])[chosen]
    noise = gap_noise(case.model.noise, np.broadcast_to(np.eye(2), (1, gaps, 2, 2)))[0][chosen[:, None], chosen]
    apart = np.abs(scene.seen.seconds[:, None] - scene.seen.seconds[None, :])
    held = np.diff(np.diff(np.exp(-apart / HOLDING_TIME_S), axis=0), axis=1)[kept[:, None], kept]
    logs = []
    for radius in HOLDING_RADII_KM:
        whole = (1000.0 * radius) ** 2 * np.kron(np.eye(2), held) + noise
        logs.append(-0.5 * (np.linalg.slogdet(whole)[1] + where @ np.linalg.solve(whole, where)))
    return _log_sum(np.array(logs)) - float(np.log(len(logs)))
