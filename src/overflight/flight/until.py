"""When a phase ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from overflight.errors import InvalidInput
from overflight.flight import kernels
from overflight.flight.bounds import (
    ALTITUDE,
    DENSITY,
    DIAMETER,
    DURATION,
    PRESSURE,
    Bounds,
    Draw,
    Floats,
    held,
    require,
)
from overflight.geo.spread import Value

Quantity = Literal["altitude", "pressure", "density", "diameter", "duration", "next_surface"]
_BOUNDS: dict[str, Bounds] = {
    "altitude": ALTITUDE,
    "pressure": PRESSURE,
    "density": DENSITY,
    "diameter": DIAMETER,
    "duration": DURATION,
}
_RISING = {
    "altitude": kernels.STOP_ABOVE_M,
    "pressure": kernels.STOP_UNDER_PA,
    "density": kernels.STOP_UNDER_KG_M3,
    "diameter": kernels.STOP_DIAMETER_M,
}
_SINKING = {
    "altitude": kernels.STOP_BELOW_M,
    "pressure": kernels.STOP_OVER_PA,
    "density": kernels.STOP_OVER_KG_M3,
}
SURFACE_QUANTITY = {
    kernels.FLOAT_PRESSURE: "pressure",
    kernels.FLOAT_HEIGHT: "altitude",
    kernels.FLOAT_DENSITY: "density",
}


@dataclass(frozen=True, slots=True)
class Until:
    """Stop rule of a phase.

    Attributes
    ----------
    quantity : {"altitude", "pressure", "density", "diameter", "duration", "next_surface"}
        ``next_surface``: the surface of the float that follows, with the same draw for each member.
    value : float or Spread
        In m, Pa, kg/m3, m or s; not used with ``next_surface``.
    """

    quantity: Quantity
    value: Value = 0.0

    def __post_init__(self) -> None:
        """Refuse an unknown quantity and a value outside its range."""
        if self.quantity == "next_surface":
            return
        if self.quantity not in _BOUNDS:
            raise InvalidInput("until", repr(self.quantity), ", ".join([*_BOUNDS, "next_surface"]))
        require(f"until {self.quantity}", self.value, _BOUNDS[self.quantity])

    def fill(self, rows: Floats, draw: Draw, *, rising: bool) -> None:
        """Write the stop rule into rows of shape (members, N_PARAMETERS)."""
        if self.quantity == "next_surface":
            return  # the flight copies it from the next phase
        value = held(draw(f"until_{self.quantity}", self.value), _BOUNDS[self.quantity])
        if self.quantity == "duration":
            rows[:, kernels.STOP_DURATION] = value
            return
        rows[:, kernels.STOP_RULE] = stop_rule(self.quantity, rising=rising)
        rows[:, kernels.STOP_VALUE] = value


def stop_rule(quantity: str, *, rising: bool) -> int:
    """Return the kernel's code for a quantity met on the way up or down."""
    rules = _RISING if rising else _SINKING
    if quantity not in rules:
        raise InvalidInput("until", quantity, ", ".join([*rules, "duration"]))
    return rules[quantity]


def clear_stop(rows: Floats) -> None:
    """Set rows to a phase without end."""
    rows[:, kernels.STOP_RULE] = kernels.STOP_NEVER
    rows[:, kernels.STOP_DURATION] = np.inf
