"""Float of a closed, stiff envelope."""

from __future__ import annotations

from dataclasses import dataclass

from overflight.flight import kernels
from overflight.flight.bounds import (
    COMPLIANCE,
    DENSITY,
    MASS,
    TEMPERATURE_EXCESS,
    VOLUME,
    Draw,
    Floats,
    held,
    require,
)
from overflight.flight.phases import check_float_end, fill_float_end
from overflight.flight.until import Until
from overflight.geo.atmosphere import GAS_CONSTANT_DRY_AIR
from overflight.geo.spread import Value, centre


@dataclass(frozen=True, slots=True, kw_only=True)
class Superpressure:
    """Float on the density at which a closed, full envelope displaces its own mass.

    Attributes
    ----------
    gross_kg : float or Spread
        Payload, envelope and gas. [kg]
    volume_m3 : float or Spread
        Of the full envelope at night. [m3]
    compliance_per_pa : float or Spread
        Relative growth of the volume per Pa of overpressure: 0 for a stiff envelope. [1/Pa]
    day_warming_k : float or Spread
        By how much sunlight warms the gas beyond its night excess over the air. [K]
    until : Until, optional
        A duration.

    Notes
    -----
    Full sun adds the overpressure ``dp = rho R_air dT`` (ideal gas in a nearly fixed volume, at night near
    the pressure of the air), the volume grows by ``compliance dp``, and the float density falls as
    ``rho_day = rho_night / (1 + compliance dp)``.
    """

    gross_kg: Value
    volume_m3: Value
    compliance_per_pa: Value = 0.0
    day_warming_k: Value = 0.0
    until: Until | None = None

    def __post_init__(self) -> None:
        """Refuse masses and volumes out of range, and a density that no air has."""
        require("gross_kg", self.gross_kg, MASS)
        require("volume_m3", self.volume_m3, VOLUME)
        require("compliance_per_pa", self.compliance_per_pa, COMPLIANCE)
        require("day_warming_k", self.day_warming_k, TEMPERATURE_EXCESS)
        require("gross_kg / volume_m3", centre(self.gross_kg) / centre(self.volume_m3), DENSITY)
        check_float_end(self.until)

    @property
    def code(self) -> int:
        """Kernel law of the phase."""
        return kernels.FLOAT_DENSITY

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write the night density, its change by day and the duration."""
        gross, volume = (
            held(draw("gross_kg", self.gross_kg), MASS),
            held(draw("volume_m3", self.volume_m3), VOLUME),
        )
        density = held(gross / volume, DENSITY)
        warming = held(draw("day_warming_k", self.day_warming_k), TEMPERATURE_EXCESS)
        compliance = held(draw("compliance_per_pa", self.compliance_per_pa), COMPLIANCE)
        rows[:, 0] = density
        rows[:, 1] = 1.0 / (1.0 + compliance * density * GAS_CONSTANT_DRY_AIR * warming) - 1.0
        fill_float_end(self.until, rows, draw)
