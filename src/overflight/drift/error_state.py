"""The wind error of each member at one instant: what a fit has learnt, and what a run starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput


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

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other, and values that are no numbers."""
        members = self.scale.shape
        if len(members) != 1 or self.slow.shape != members or self.wave.shape != members:
            shapes = f"{self.slow.shape}, {self.wave.shape}, {members}"
            raise InvalidInput("error state", shapes, "slow, wave and scale, one each a member")
        fine = np.isfinite(self.slow) & np.isfinite(self.wave) & np.isfinite(self.scale) & (self.scale >= 0.0)
        if not fine.all():
            raise InvalidInput("error state", "a value that is not finite", "numbers, a scale of 0 or more")

    @staticmethod
    def of(state: NDArray[np.float64], scale: NDArray[np.float64]) -> ErrorState:
        """Return what the engine holds, ``state`` (members, 4) and ``scale`` (members,), as a state."""
        return ErrorState(slow=state[:, 0] + 1j * state[:, 1], wave=state[:, 2] + 1j * state[:, 3], scale=scale.copy())

    def fill(self, state: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
        """Write the state as the engine holds it.

        Raises
        ------
        InvalidInput
            It is of another number of members.
        """
        if self.scale.size != scale.size:
            raise InvalidInput("error state", f"{self.scale.size} members", f"one for each of {scale.size} members")
        state[:, 0], state[:, 1] = self.slow.real, self.slow.imag
        state[:, 2], state[:, 3] = self.wave.real, self.wave.imag
        scale[:] = self.scale

    def take(self, chosen: NDArray[np.intp] | slice) -> ErrorState:
        """Return the state of some of the members, some of them more than once."""
        return ErrorState(slow=self.slow[chosen], wave=self.wave[chosen], scale=self.scale[chosen])
