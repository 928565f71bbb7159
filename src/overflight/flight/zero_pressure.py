"""Zero-pressure balloon: vents when full, sinks after sunset, drops ballast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from overflight.errors import InvalidInput
from overflight.flight import kernels
from overflight.flight import zero_pressure_kernels as column
from overflight.flight.bounds import (
    ALTITUDE,
    BALLAST_RATE,
    DRAG,
    FREE_LIFT,
    MASS,
    RELAXATION,
    TEMPERATURE_EXCESS,
    VOLUME,
    Bounds,
    Draw,
    Floats,
    held,
    require,
)
from overflight.flight.gas import Gas, kappa, mass_ratio
from overflight.flight.until import Until
from overflight.geo.spread import Value, centre

_PARAMETERS: tuple[tuple[str, Bounds, int], ...] = (
    ("dry_kg", MASS, column.DRY_MASS),
    ("volume_m3", VOLUME, column.VOLUME),
    ("ballast_kg", MASS, column.BALLAST),
    ("day_excess_k", TEMPERATURE_EXCESS, column.SUPER_DAY),
    ("night_excess_k", TEMPERATURE_EXCESS, column.SUPER_NIGHT),
    ("relaxation_s", RELAXATION, column.RELAXATION),
    ("drag", DRAG, column.DRAG),
    ("ballast_rate_kg_s", BALLAST_RATE, column.BALLAST_RATE),
    ("floor_m", ALTITUDE, column.FLOOR),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroPressure:
    """Quasi-steady zero-pressure balloon with sun, night, venting and ballast.

    Attributes
    ----------
    dry_kg : float or Spread
        Payload and envelope, without gas and ballast. [kg]
    volume_m3 : float or Spread
        Of the full envelope. [m3]
    free_lift : float or Spread
        At launch, as a share of all that is carried and the gas, gas at air temperature.
    gas : {"helium", "hydrogen"}
    ballast_kg : float or Spread
        [kg]
    floor_m : float or Spread
        Altitude below which ballast is dropped to stay up. [m]
    ballast_rate_kg_s : float or Spread
        At most. [kg/s]
    day_excess_k, night_excess_k : float or Spread
        Temperature of the gas above that of the air in full sun and at night; the day must be the warmer. [K]
    relaxation_s : float or Spread
        Time constant of the gas temperature. [s]
    drag : float or Spread
        Drag coefficient of the sphere of equal volume.
    until : Until, optional
        Altitude (reached from below), pressure, density or duration.
    """

    dry_kg: Value
    volume_m3: Value
    free_lift: Value = 0.10
    gas: Gas = "helium"
    ballast_kg: Value = 0.0
    floor_m: Value = 0.0
    ballast_rate_kg_s: Value = 0.1
    day_excess_k: Value = 13.0
    night_excess_k: Value = -4.0
    relaxation_s: Value = 900.0
    drag: Value = 0.8
    until: Until | None = None

    def __post_init__(self) -> None:
        """Refuse parameters out of range, no mass, and a night warmer than the day."""
        for name, bounds, _ in _PARAMETERS:
            require(name, getattr(self, name), bounds)
        require("free_lift", self.free_lift, FREE_LIFT)
        mass_ratio(self.gas)
        if centre(self.dry_kg) <= 0.0:
            raise InvalidInput("dry_kg", "0", "more than 0 kg")
        if centre(self.night_excess_k) > centre(self.day_excess_k):
            raise InvalidInput("night_excess_k", f"{centre(self.night_excess_k):g}", "at most day_excess_k")
        if self.until is not None and self.until.quantity in ("diameter", "next_surface"):
            raise InvalidInput("until", self.until.quantity, "altitude, pressure, density or duration")

    @property
    def code(self) -> int:
        """Kernel law of the phase."""
        return kernels.ZERO_PRESSURE

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write the balloon's parameters; night is brought to the day's excess where a draw is above it."""
        for name, bounds, at in _PARAMETERS:
            rows[:, at] = held(draw(name, getattr(self, name)), bounds)
        rows[:, column.SUPER_NIGHT] = np.minimum(rows[:, column.SUPER_NIGHT], rows[:, column.SUPER_DAY])
        ratio = mass_ratio(self.gas)
        lift = 1.0 + held(draw("free_lift", self.free_lift), FREE_LIFT)
        carried = rows[:, column.DRY_MASS] + rows[:, column.BALLAST]
        rows[:, column.GAS_RATIO] = ratio
        rows[:, column.GAS_KAPPA] = kappa(self.gas)
        rows[:, column.GAS_MASS] = ratio * lift * carried / (1.0 - ratio * lift)
        if self.until is not None:
            self.until.fill(rows, draw, rising=True)
