"""The chance to see an object that is there, by how thickly its place was covered.

Coverage is sweep width x track length / area. One regular sweep at a spacing of one sweep width has coverage 1.

References
----------
Koopman (1957), The theory of search III, Operations Research 5:613, doi 10.1287/opre.5.5.613.
Koopman (1980), Search and Screening, Pergamon, section 3.4 (inverse cube law).
IAMSAR Manual, Volume II, Appendix N, POD against coverage: regular sweeps in ideal conditions, random search.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf

F64 = NDArray[np.float64]
Detection = Literal["random", "regular"]
DETECTIONS: tuple[Detection, ...] = get_args(Detection)


def pod(coverage: ArrayLike, detection: Detection = "random") -> F64:
    """Return the probability of detection of a coverage (...), from 0.

    ``random`` is 1 - exp(-C), Koopman's random search: what search units reach in practice. ``regular`` is
    erf(sqrt(pi) C / 2), the inverse cube law for parallel legs flown exactly: what they reach at best.
    """
    c = np.asarray(coverage, np.float64)
    return -np.expm1(-c) if detection == "random" else np.asarray(erf(np.sqrt(np.pi) / 2.0 * c), np.float64)


def coverage_at_slope(log_slope: ArrayLike, detection: Detection = "random") -> F64:
    """Return the coverage (...) at which ``pod`` rises with a slope of exp(``log_slope``), and 0 where it never does.

    The slope is 1 at coverage 0 for both, and falls with coverage: POD is concave.
    """
    steep = np.maximum(0.0, -np.asarray(log_slope, np.float64))
    return steep if detection == "random" else np.asarray(np.sqrt(4.0 / np.pi * steep), np.float64)
