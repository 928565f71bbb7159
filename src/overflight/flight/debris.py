"""What a break-up leaves: a mixture of classes that fall at different speeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.flight import kernels
from overflight.flight.bounds import BALLISTIC, Draw, Floats, held, require
from overflight.flight.phases import check_sinking
from overflight.flight.until import Until
from overflight.geo.atmosphere import STANDARD_GRAVITY_MS2
from overflight.geo.spread import Spread, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class DebrisClass:
    """One kind of piece.

    Attributes
    ----------
    name : str
    ballistic_kg_m2 : float or Spread
        Mass / (drag coefficient x area). [kg/m2]
    share : float
        Weight of the class among the pieces; weights need not sum to 1.
    """

    name: str
    ballistic_kg_m2: Value
    share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a ballistic coefficient out of range and a weight below 0."""
        require(f"ballistic_kg_m2 of {self.name}", self.ballistic_kg_m2, BALLISTIC)
        if not (math.isfinite(self.share) and self.share >= 0.0):
            raise InvalidInput(f"share of {self.name}", f"{self.share:g}", "0 or more")


STANDARD_CLASSES = (
    DebrisClass(name="film", ballistic_kg_m2=Spread("lognormal", 0.1, 0.5, low=0.03, high=0.3)),
    DebrisClass(name="envelope", ballistic_kg_m2=Spread("lognormal", 0.6, 0.5, low=0.2, high=2.0)),
    DebrisClass(name="truss", ballistic_kg_m2=Spread("lognormal", 40.0, 0.4, low=20.0, high=80.0)),
    DebrisClass(name="dense payload", ballistic_kg_m2=Spread("lognormal", 200.0, 0.5, low=80.0, high=500.0)),
)
"""Film shreds, ragged envelope, truss and solar panels, dense payload: ranges by judgement, not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebrisFall:
    """Fall of pieces, each member one piece of a class drawn by share.

    Attributes
    ----------
    classes : tuple of DebrisClass
    until : Until, optional
    """

    classes: tuple[DebrisClass, ...] = field(default=STANDARD_CLASSES)
    until: Until | None = None

    def __post_init__(self) -> None:
        """Refuse no classes and no weight."""
        if not self.classes or sum(c.share for c in self.classes) <= 0.0:
            raise InvalidInput("debris", "no class with a share above 0", "one or more classes")
        if self.until is not None:
            check_sinking(self.until)

    @property
    def code(self) -> int:
        """Kernel law of the phase."""
        return kernels.DESCENT

    def pick(self, draw: Draw) -> NDArray[np.int64]:
        """Return the class number of each member, shape (members,)."""
        return _pick(self.classes, draw)

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write the coefficient of each member's class and the stop rule."""
        beta = np.stack([held(draw(f"ballistic.{c.name}", c.ballistic_kg_m2), BALLISTIC) for c in self.classes])
        chosen = beta[self.pick(draw), np.arange(rows.shape[0])]
        rows[:, 0] = np.sqrt(2.0 * chosen * STANDARD_GRAVITY_MS2)
        rows[:, 1] = kernels.AIR_GIVEN
        rows[:, 2] = 0.5
        if self.until is not None:
            self.until.fill(rows, draw, rising=False)


def _pick(classes: Sequence[DebrisClass], draw: Draw) -> NDArray[np.int64]:
    edges = np.cumsum([c.share for c in classes])
    return np.searchsorted(edges, draw("class", Spread("uniform", 0.0, float(edges[-1]))), side="right").clip(
        0, len(classes) - 1
    )
