"""Scores of forecasts by samples, and intervals for counts.

All are negatively oriented: less is better. Samples are equally likely; ``fair`` forms leave out the bias that few
samples bring.

References
----------
Gneiting and Raftery (2007), doi 10.1198/016214506000001437; Ferro (2014), doi 10.1002/qj.2270 (fair scores); Clopper
and Pearson (1934), doi 10.1093/biomet/26.4.404; Wilson (1927), doi 10.1080/01621459.1927.10502953.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta, kstest, norm

F64 = NDArray[np.float64]


def crps(samples: F64, truth: float) -> float:
    """Return the fair continuous ranked probability score of samples (m,), in their unit."""
    m = samples.size
    ordered = np.sort(samples)
    spread = float(np.sum((2.0 * np.arange(1, m + 1) - m - 1.0) * ordered))  # sum over pairs of |x - x'|
    return float(np.mean(np.abs(samples - truth))) - spread / (m * (m - 1))


def crps_normal(mean: ArrayLike, sd: ArrayLike, truth: ArrayLike) -> F64:
    """Return the score of a normal distribution in closed form."""
    z = (np.asarray(truth, np.float64) - mean) / sd
    return np.asarray(sd * (z * (2.0 * norm.cdf(z) - 1.0) + 2.0 * norm.pdf(z) - 1.0 / np.sqrt(np.pi)))


def energy(samples: F64, truth: F64) -> float:
    """Return the fair energy score of samples (m, d) against a point (d,), in their unit."""
    m = samples.shape[0]
    apart = np.sqrt(np.maximum(_squares(samples), 0.0)).sum()
    return float(np.mean(np.linalg.norm(samples - truth, axis=1)) - 0.5 * apart / (m * (m - 1)))


def _squares(samples: F64) -> F64:
    """Squared distances of all pairs, about their mean so that large coordinates lose no digits."""
    centred = samples - samples.mean(axis=0)
    size = np.einsum("ia,ia->i", centred, centred)
    squares = size[:, None] + size[None, :] - 2.0 * centred @ centred.T
    np.fill_diagonal(squares, 0.0)
    return np.asarray(squares)


def log_score(samples: F64, truth: F64) -> float:
    """Return minus the logarithm of the density of a normal with the samples' mean and covariance."""
    d = samples.shape[1]
    covariance = np.atleast_2d(np.cov(samples.T))
    off = truth - samples.mean(axis=0)
    _, log_det = np.linalg.slogdet(covariance)
    return float(0.5 * (d * np.log(2.0 * np.pi) + log_det + off @ np.linalg.solve(covariance, off)))


def rank(samples: F64, truth: F64) -> float:
    """Return the share of samples (m, d) nearer to their mean than the truth, by their own covariance: 0 to 1.

    The ellipse of probability ``level`` holds the truth where the rank is below ``level``.
    """
    mean, inverse = samples.mean(axis=0), np.linalg.inv(np.atleast_2d(np.cov(samples.T)))
    off = samples - mean
    far = np.einsum("ia,ab,ib->i", off, inverse, off)
    true = (truth - mean) @ inverse @ (truth - mean)
    return float(np.mean(far < true))


def clopper_pearson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share."""
    tail = 0.5 * (1.0 - confidence)
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(1.0 - tail, hits + 1, n - hits))
    return low, high


def wilson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a share; shorter than the exact one, and right on average."""
    z = float(norm.ppf(0.5 + 0.5 * confidence))
    middle = (hits + 0.5 * z * z) / (n + z * z)
    half = z / (n + z * z) * float(np.sqrt(hits * (n - hits) / n + 0.25 * z * z))
    return max(0.0, middle - half), min(1.0, middle + half)


def uniformity(values: ArrayLike) -> float:
    """Return the p-value of Kolmogorov and Smirnov's test that values are uniform on 0 to 1."""
    return float(kstest(np.asarray(values, np.float64), "uniform").pvalue)


def reliability(told: ArrayLike, happened: ArrayLike, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return (mean probability told, share that happened, cases) for each bin that holds any."""
    told, happened = np.asarray(told, np.float64), np.asarray(happened, np.float64)
    at = np.minimum((told * bins).astype(int), bins - 1)
    return [
        (float(told[at == b].mean()), float(happened[at == b].mean()), int(np.count_nonzero(at == b)))
        for b in range(bins)
        if np.any(at == b)
    ]
