"""Values with physical bounds: checked when a phase is made, held when a member draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo.spread import Given, Spread, Value, centre, draw

Floats = NDArray[np.float64]
Draw = Callable[[str, Value], Floats]
"""Turns the name of a parameter and its value into one number a member, shape (members,)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Closed range of a physical quantity, with its unit as text.

    Attributes
    ----------
    low, high : float
    unit : str
    """

    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        """Return the range as words."""
        return f"{self.low:g} to {self.high:g} {self.unit}".strip()


RATE = Bounds(0.01, 100.0, "m/s")
ALTITUDE = Bounds(-500.0, 60_000.0, "m")
PRESSURE = Bounds(20.0, 110_000.0, "Pa")
DENSITY = Bounds(1e-4, 2.0, "kg/m3")
DURATION = Bounds(0.0, 4e8, "s")
MASS = Bounds(0.0, 1e5, "kg")
VOLUME = Bounds(1e-4, 1e7, "m3")
DIAMETER = Bounds(0.05, 300.0, "m")
BALLISTIC = Bounds(1e-3, 1e5, "kg/m2")
DRAG = Bounds(0.02, 5.0, "")
TEMPERATURE_EXCESS = Bounds(-80.0, 120.0, "K")
COMPLIANCE = Bounds(0.0, 1e-3, "1/Pa")
RELAXATION = Bounds(10.0, 1e5, "s")
BALLAST_RATE = Bounds(0.0, 100.0, "kg/s")
EXPONENT = Bounds(0.2, 0.9, "")
FREE_LIFT = Bounds(0.0, 1.0, "")
FRACTION = Bounds(-0.5, 0.5, "")


def require(field: str, value: Value, bounds: Bounds) -> None:
    """Refuse a value whose centre lies outside its physical range.

    Raises
    ------
    InvalidInput
        The value, the median of its distribution, or a given value, is NaN, infinite or outside ``bounds``.
    """
    if not isinstance(value, (int, float, np.number, Spread, Given)) or isinstance(value, bool):
        raise InvalidInput(field, repr(value), "a number, a Spread or Given values")
    for one in (value.values.min(), value.values.max()) if isinstance(value, Given) else (centre(value),):
        if not math.isfinite(one) or not bounds.low <= one <= bounds.high:
            raise InvalidInput(field, f"{one:g}", str(bounds))


def held(drawn: Floats, bounds: Bounds) -> Floats:
    """Bring draws that fell outside the physical range to its nearer end."""
    return np.clip(drawn, bounds.low, bounds.high)


def drawing(seed: int, prefix: str, members: int, first_member: int) -> Draw:
    """Return the drawing of one phase: keyed by seed, ``prefix.name`` and member number."""

    def draw_one(name: str, value: Value) -> Floats:
        return draw(value, seed, f"{prefix}.{name}", members, first_member=first_member)

    return draw_one
