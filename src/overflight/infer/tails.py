"""Outliers: most reports err as stated, some by much more.

The true variance of a report is what it states over a factor ``w``: 1 but for a share of outliers, whose ``w`` is
uniform between 0 and 1, so that one in a hundred of these errs by ten times what is stated. Errors are a scale mixture
of normals with tails as heavy as those of a Student-t with 2 degrees of freedom (West 1984; slash distribution).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

F64 = NDArray[np.float64]

_CELLS = 60
FACTORS = np.concatenate([np.exp(np.log(1e-6) * (np.arange(_CELLS, 0, -1) - 0.5) / _CELLS), [1.0]])
"""Values of ``w``, rising, the last that of a report that errs as stated."""
OUTLIER_BELOW = 0.1


def log_prior(share: float) -> F64:
    """Return the logarithm of the prior of each factor, where ``share`` of reports are outliers."""
    prior = max(share, 1e-300) * FACTORS / FACTORS[:-1].sum()
    prior[-1] = 1.0 - share
    return np.asarray(np.log(prior))


def weigh_scalar(residual: F64, others: F64, own: F64, share: float) -> tuple[F64, F64]:
    """Weigh scalar reports.

    Parameters
    ----------
    residual : float64 (...). Report minus what else is known.
    others, own : float64, broadcast. Variance of what else is known, and that which the report states.
    share : float. Of outliers.

    Returns
    -------
    Log density of each residual, and the mean of its factor.
    """
    variance = others[..., None] + own[..., None] / FACTORS
    log = log_prior(share) - 0.5 * np.log(variance) - 0.5 * residual[..., None] ** 2 / variance
    total = logsumexp(log, axis=-1)
    return np.asarray(total), np.asarray(np.exp(log - total[..., None]) @ FACTORS)


def weigh_places(residual: F64, others: F64, own: F64, share: float) -> F64:
    """Return the log posterior (n, factors) of reports of places.

    ``residual`` (n, 2) report minus what the others say, ``others`` and ``own`` (n, 2, 2) their covariances.
    """
    whole = others[:, None] + own[:, None] / FACTORS[:, None, None]
    a, b, c = whole[..., 0, 0], whole[..., 1, 1], whole[..., 0, 1]
    det = np.maximum(a * b - c * c, 1e-12)
    x, y = residual[:, None, 0], residual[:, None, 1]
    log = log_prior(share) - 0.5 * np.log(det) - 0.5 * (b * x * x - 2.0 * c * x * y + a * y * y) / det
    return np.asarray(log - logsumexp(log, axis=1, keepdims=True))
