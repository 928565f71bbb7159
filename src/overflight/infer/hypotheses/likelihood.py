"""How likely displacements are under drift, and with a steady velocity through the air on top.

The likelihood is summed over levels, over the scale of the track's wind error (so that it is heavy-tailed) and over
correlation times a third and three times those stated: a statistic that knows that they may be wrong is moved little
where they are. Wind error and sighting error are brought to independent axes once for each level and time; then each
scale costs a sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, f

from overflight.infer.hypotheses.model import NOMINAL, TIME_FACTORS, Model
from overflight.infer.kernels.marginal import marginals, misfits

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Likelihood:
    """A model made ready; see ``kernels.marginal`` for most arrays.

    ``values`` (levels, times, m) are variances of wind error along the independent axes, in units of all else; ``root``
    (levels, times, scales, 2, 2) factors the precision of a steady velocity [s/m].
    """

    model: Model
    rotate: F64
    shift: F64
    values: F64
    precision: F64
    lean: F64
    root: F64
    log_weight: F64

    @cached_property
    def stated(self) -> tuple[F64, F64, F64, F64]:
        """Rotation, shift, precision and log density of levels, with wind error of the stated times and size."""
        precision = 1.0 / (1.0 + self.values[:, NOMINAL])
        still = np.linalg.slogdet(self.model.still)[1]
        density = self.model.log_prior + 0.5 * np.log(precision).sum(axis=-1) - 0.5 * still
        rotate, shift = (np.ascontiguousarray(part[:, NOMINAL]) for part in (self.rotate, self.shift))
        return rotate, shift, precision, density


def likelihood_of(model: Model) -> Likelihood:
    """Make a model ready for many tracks."""
    root = np.linalg.inv(np.linalg.cholesky(model.still))[:, None]
    values, axes = np.linalg.eigh(root @ model.wind @ root.swapaxes(-1, -2))
    values = np.maximum(values, 0.0)
    rotate = axes.swapaxes(-1, -2) @ root
    precision = 1.0 / (1.0 + model.scale2[:, None] * values[:, :, None, :])
    log_det = np.linalg.slogdet(model.still)[1][:, None, None] - np.log(precision).sum(axis=-1)
    prior = model.log_prior[:, None, None] - np.log(len(TIME_FACTORS) * model.scale2.size)
    lean, power_root = _lean(rotate @ model.design[:, None], precision)
    return Likelihood(
        model=model,
        rotate=np.ascontiguousarray(rotate),
        shift=np.einsum("ltij,lj->lti", rotate, model.drift),
        values=values,
        precision=precision,
        lean=lean,
        root=power_root,
        log_weight=prior - 0.5 * log_det,
    )


def _lean(design: F64, precision: F64) -> tuple[F64, F64]:
    """Rows that turn independent residuals into what a steady velocity explains, in units of its own error.

    Also the factor (levels, times, scales, 2, 2) of the precision of that velocity. [s/m]
    """
    weighted = precision[..., None] * design[:, :, None]
    power = np.einsum("ltia,ltqib->ltqab", design, weighted)
    root = np.linalg.cholesky(power)
    return np.ascontiguousarray(np.linalg.inv(root) @ weighted.swapaxes(-1, -2)), root


def log_likelihoods(ready: Likelihood, y: F64) -> F64:
    """Log likelihood of tracks (tracks, m) without and with the best steady velocity, (tracks, 2)."""
    out = np.empty((y.shape[0], 2))
    marginals(y, ready.rotate, ready.shift, ready.precision, ready.lean, ready.log_weight, out)
    return out


def terms(ready: Likelihood, y: F64) -> tuple[F64, F64]:
    """Log likelihood, weight included, of one track (m,) at each (level, time, scale), under drift.

    Also what a steady velocity explains there, in units of its own error, (levels, times, scales, 2).
    """
    residual = (ready.rotate @ y - ready.shift)[:, :, None]
    log = ready.log_weight - 0.5 * np.sum(residual**2 * ready.precision, axis=-1)
    return np.asarray(log), np.einsum("ltqai,ltqi->ltqa", ready.lean, np.broadcast_to(residual, ready.precision.shape))


def oddness(ready: Likelihood, y: F64) -> F64:
    """Return how odd tracks (tracks, m) are for drift at one level, by misfit or steady velocity, whichever is odder.

    Each is turned into the tail probability that it would have were the level known and every other number right;
    what they are worth is told by simulation alone. Minus the logarithm, (tracks,).
    """
    size, dof = ready.model.size, ready.model.wind_dof
    both = log_likelihoods(ready, y)
    ratio = both[:, 1] - both[:, 0]
    squared = _squared_misfit(ready, y)
    if dof < 1e6:
        fit = -f.logsf(squared * dof / (dof - 2.0) / size, size, dof)
        speed = ratio * (dof + size - 2.0) / (dof + size)
    else:
        fit, speed = -chi2.logsf(squared, size), ratio
    return np.asarray(np.maximum(fit, speed))


def _squared_misfit(ready: Likelihood, y: F64) -> F64:
    """Squared misfit at the level of greatest density, with wind error as stated."""
    rotate, shift, precision, density = ready.stated
    every = np.empty((y.shape[0], density.size))
    misfits(y, rotate, shift, precision, every)
    best = np.argmax(density - 0.5 * every, axis=1)
    return np.asarray(every[np.arange(y.shape[0]), best])


def level_weight(ready: Likelihood, y: F64) -> F64:
    """Posterior probability of each level, given drift, of one track (m,)."""
    log = np.logaddexp.reduce(terms(ready, y)[0].reshape(ready.shift.shape[0], -1), axis=1)
    return np.asarray(np.exp(log - np.logaddexp.reduce(log)))
