"""The wind error of each member at one instant: what a fit has learnt, and what a run starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorState:
    """Both parts of the wind error of each member, see ``winds.WindError``.

    Attributes
    ----------
    slow, wave : complex128 (members,). ``east + i north`` at the member's place, unit variance a component before
        anything is learnt: the error is ``scale * sd * (sqrt(share) * slow + sqrt(1 - share) * wave)``.
    scale : float64 (members,). Scale of the whole track's error, mean square 1 before anything is learnt.
    """

    slow: NDArray[np.complex128]
    wave: NDArray[np.complex128]
    scale: NDArray[np.float64]
