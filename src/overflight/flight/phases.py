"""The phases of a flight: floats, ascents, descents and recorded altitudes.

A phase is a frozen object with ``code`` (which kernel law), ``until`` (its stop rule, or None) and
``fill(rows, draw)``, which writes one parameter row a member. Anything with these three is a phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overflight.errors import InvalidInput
from overflight.flight import kernels
from overflight.flight.bounds import (
    ALTITUDE,
    BALLISTIC,
    DENSITY,
    DRAG,
    EXPONENT,
    FRACTION,
    MASS,
    PRESSURE,
    RATE,
    Draw,
    Floats,
    held,
    require,
)
from overflight.flight.gas import Gas, mass_ratio
from overflight.flight.until import Until
from overflight.geo import atmosphere
from overflight.geo.spread import Spread, Value

SEA_LEVEL_KG_M3 = 1.225
"""Air density of the standard atmosphere at sea level. [kg/m3]"""
TAWHIRI_SEA_LEVEL_FACTOR = 1.1045
"""Square root of sea-level density in the Tawhiri predictor's descent law."""

PARACHUTE_EXPONENT = Spread("normal", 0.56, 0.05, low=0.4, high=0.75)
"""Density exponent of parachute descents from about 30 km, fitted on 18 flights (docs/method/flight.md)."""

Surface = Literal["pressure", "height", "density"]
_SURFACES = {
    "pressure": (kernels.FLOAT_PRESSURE, PRESSURE),
    "height": (kernels.FLOAT_HEIGHT, ALTITUDE),
    "density": (kernels.FLOAT_DENSITY, DENSITY),
}


class Phase(Protocol):
    """What a flight asks of a phase."""

    @property
    def code(self) -> int:
        """Kernel law of the phase."""

    @property
    def until(self) -> Until | None:
        """Stop rule, or None for a phase that ends on the ground or with the run."""

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write parameters into rows of shape (members, N_PARAMETERS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Float:
    """Constant-level flight on a surface of pressure, height or density.

    Attributes
    ----------
    surface : {"pressure", "height", "density"}
    value : float or Spread, optional
        Of the surface at night. [Pa, m above mean sea level, or kg/m3]
    standard_altitude_m : float or Spread, optional
        Instead of ``value``: the altitude at which the U.S. Standard Atmosphere 1976 has it (for pressure,
        the pressure altitude that a transponder reports). [m]
    day_change : float or Spread
        Relative change of the value in full sun, below 0 for a density that falls as the envelope grows.
    until : Until, optional
    """

    surface: Surface
    value: Value | None = None
    standard_altitude_m: Value | None = None
    day_change: Value = 0.0
    until: Until | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown surface, none or two values, and values out of range."""
        if self.surface not in _SURFACES:
            raise InvalidInput("surface", repr(self.surface), ", ".join(_SURFACES))
        if (self.value is None) == (self.standard_altitude_m is None):
            raise InvalidInput("float", "both or neither", "value or standard_altitude_m")
        if self.value is not None:
            require(f"float {self.surface}", self.value, _SURFACES[self.surface][1])
        if self.standard_altitude_m is not None:
            require("standard_altitude_m", self.standard_altitude_m, ALTITUDE)
        require("day_change", self.day_change, FRACTION)
        check_float_end(self.until)

    @property
    def code(self) -> int:
        """Kernel law of the phase."""
        return _SURFACES[self.surface][0]

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write value and day change."""
        bounds = _SURFACES[self.surface][1]
        if self.value is not None:
            rows[:, 0] = held(draw("value", self.value), bounds)
        elif self.standard_altitude_m is not None:
            altitude_m = held(draw("value", self.standard_altitude_m), ALTITUDE)
            rows[:, 0] = held(self._of_altitude(altitude_m), bounds)
        rows[:, 1] = held(draw("day_change", self.day_change), FRACTION)
        fill_float_end(self.until, rows, draw)

    def _of_altitude(self, altitude_m: Floats) -> Floats:
        if self.surface == "pressure":
            return atmosphere.pressure_pa(altitude_m)
        return atmosphere.density_kg_m3(altitude_m) if self.surface == "density" else altitude_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """What makes an elastic balloon rise: masses, gas and drag.

    Attributes
    ----------
    payload_kg : float or Spread
        All that hangs below the envelope. [kg]
    envelope_kg : float or Spread
        [kg]
    free_lift_kg : float or Spread
        Lift beyond what holds the balloon up. [kg]
    gas : {"helium", "hydrogen"}
    drag : float or Spread, optional
        Constant drag coefficient of the sphere; None for the curve of Gallice et al. (2011).
    curve_factor : float or Spread
        Factor on that curve; flights scatter by a quarter about 1.
    """

    payload_kg: Value
    envelope_kg: Value
    free_lift_kg: Value
    gas: Gas = "helium"
    drag: Value | None = None
    curve_factor: Value = 1.0

    def __post_init__(self) -> None:
        """Refuse masses and drag out of range."""
        for name in ("payload_kg", "envelope_kg", "free_lift_kg"):
            require(name, getattr(self, name), MASS)
        require("drag", self.curve_factor if self.drag is None else self.drag, DRAG)
        mass_ratio(self.gas)

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write displaced air, free lift and drag."""
        free = held(draw("free_lift_kg", self.free_lift_kg), MASS)
        carried = held(draw("payload_kg", self.payload_kg), MASS) + held(draw("envelope_kg", self.envelope_kg), MASS)
        rows[:, 0] = kernels.LAW_BUOYANT
        rows[:, 1] = (carried + free) / (1.0 - mass_ratio(self.gas))
        rows[:, 2] = free
        if self.drag is None:
            rows[:, 3] = -held(draw("curve_factor", self.curve_factor), DRAG)
        else:
            rows[:, 3] = held(draw("drag", self.drag), DRAG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ascent:
    """Rise at a constant rate, or as buoyancy and drag give it, until a height, pressure, diameter or time.

    Attributes
    ----------
    rate_ms : float or Spread, optional
        Constant ascent rate. [m/s]
    lift : Lift, optional
        Instead of ``rate_ms``.
    until : Until
    """

    until: Until
    rate_ms: Value | None = None
    lift: Lift | None = None

    def __post_init__(self) -> None:
        """Refuse none or two laws of ascent, and a diameter where no gas is known."""
        if (self.rate_ms is None) == (self.lift is None):
            raise InvalidInput("ascent", "both or neither", "rate_ms or lift")
        if self.rate_ms is not None:
            require("ascent rate", self.rate_ms, RATE)
        if self.until.quantity == "diameter" and self.lift is None:
            raise InvalidInput("until", "a diameter", "an altitude or pressure", hint="a diameter needs lift=Lift(...)")

    @property
    def code(self) -> int:
        """Kernel law of the phase."""
        return kernels.ASCENT

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write the law of ascent and the stop rule."""
        if self.lift is not None:
            self.lift.fill(rows, draw)
        elif self.rate_ms is not None:
            rows[:, 0] = kernels.LAW_CONSTANT
            rows[:, 1] = held(draw("rate_ms", self.rate_ms), RATE)
        self.until.fill(rows, draw, rising=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """Fall at terminal speed, which grows as 1/sqrt(density) with height for a constant drag coefficient.

    Attributes
    ----------
    ballistic_kg_m2 : float or Spread, optional
        Mass / (drag coefficient x area). [kg/m2]
    sea_level_speed_ms : float or Spread, optional
        Instead: the speed at sea level of the standard atmosphere. [m/s]
    air : {"winds", "tawhiri"}
        Density from the air of the run, or by the formulas and factor of the Tawhiri predictor, to compare.
    density_exponent : float or Spread
        n of ``v = v0 (rho0 / rho)^n``, with ``sea_level_speed_ms`` only. 0.5 is a constant drag coefficient;
        real weather-balloon descents under parachute ask for ``PARACHUTE_EXPONENT``.
    until : Until, optional
        None: until the ground.
    """

    ballistic_kg_m2: Value | None = None
    sea_level_speed_ms: Value | None = None
    air: Literal["winds", "tawhiri"] = "winds"
    density_exponent: Value = 0.5
    until: Until | None = None

    def __post_init__(self) -> None:
        """Refuse none or two laws of fall, and values out of range."""
        if (self.ballistic_kg_m2 is None) == (self.sea_level_speed_ms is None):
            raise InvalidInput("descent", "both or neither", "ballistic_kg_m2 or sea_level_speed_ms")
        if self.ballistic_kg_m2 is not None:
            require("ballistic_kg_m2", self.ballistic_kg_m2, BALLISTIC)
        if self.sea_level_speed_ms is not None:
            require("sea_level_speed_ms", self.sea_level_speed_ms, RATE)
        if self.air not in ("winds", "tawhiri"):
            raise InvalidInput("air", repr(self.air), "winds or tawhiri")
        require("density_exponent", self.density_exponent, EXPONENT)
        if self.density_exponent != 0.5 and (self.sea_level_speed_ms is None or self.air == "tawhiri"):
            raise InvalidInput("density_exponent", "one other than 0.5", "0.5", hint="it needs sea_level_speed_ms")
        if self.until is not None:
            check_sinking(self.until)

    @property
    def code(self) -> int:
        """Kernel law of the phase."""
        return kernels.DESCENT

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write coefficient, air and exponent of v = coefficient / density^exponent, and the stop rule."""
        exponent = held(draw("density_exponent", self.density_exponent), EXPONENT)
        if self.ballistic_kg_m2 is not None:
            beta = held(draw("ballistic_kg_m2", self.ballistic_kg_m2), BALLISTIC)
            rows[:, 0] = np.sqrt(2.0 * beta * atmosphere.STANDARD_GRAVITY_MS2)
        elif self.sea_level_speed_ms is not None:
            factor = TAWHIRI_SEA_LEVEL_FACTOR if self.air == "tawhiri" else SEA_LEVEL_KG_M3**exponent
            rows[:, 0] = held(draw("sea_level_speed_ms", self.sea_level_speed_ms), RATE) * factor
        rows[:, 1] = kernels.AIR_NASA if self.air == "tawhiri" else kernels.AIR_GIVEN
        rows[:, 2] = exponent
        if self.until is not None:
            self.until.fill(rows, draw, rising=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded:
    """Altitude as it was recorded; the air only carries the balloon sideways.

    Attributes
    ----------
    times : array_like of datetime64 (n,)
        UTC, strictly increasing.
    altitude_m : array_like (n,)
        Geometric, above mean sea level. [m]
    offset_m : float or Spread
        Error of the record, the same at all times. [m]
    """

    times: ArrayLike
    altitude_m: ArrayLike
    offset_m: Value = 0.0

    def __post_init__(self) -> None:
        """Refuse records that are too short, out of order or out of range."""
        times = np.asarray(self.times, "datetime64[ns]")
        altitude = np.asarray(self.altitude_m, np.float64)
        if times.ndim != 1 or times.shape != altitude.shape or times.size < 2:
            raise InvalidInput("recorded", f"{times.shape} times, {altitude.shape} altitudes", "two or more of each")
        if np.isnat(times).any() or not (np.diff(times) > np.timedelta64(0)).all():
            raise InvalidInput("recorded times", "a repeated, missing or earlier time", "strictly increasing times")
        if not ((altitude >= ALTITUDE.low) & (altitude <= ALTITUDE.high)).all():
            raise InvalidInput("recorded altitude", "a value outside or missing", str(ALTITUDE))
        require("offset_m", self.offset_m, ALTITUDE)

    @property
    def code(self) -> int:
        """Kernel law of the phase."""
        return kernels.RECORDED

    @property
    def until(self) -> Until:
        """The record ends with its last time."""
        span = np.asarray(self.times, "datetime64[ns]")
        return Until("duration", float((span[-1] - span[0]) / np.timedelta64(1, "s")))

    def table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times in seconds since 1970-01-01 UTC and altitudes in m, each float64 of shape (n,)."""
        seconds = (np.asarray(self.times, "datetime64[ns]") - np.datetime64(0, "ns")) / np.timedelta64(1, "s")
        return seconds.astype(np.float64), np.asarray(self.altitude_m, np.float64)

    def fill(self, rows: Floats, draw: Draw) -> None:
        """Write the offset, the first and last time, and the span between them."""
        seconds, _ = self.table()
        rows[:, 0] = draw("offset_m", self.offset_m)
        rows[:, kernels.RECORD_FROM], rows[:, kernels.RECORD_TO] = seconds[0], seconds[-1]
        self.until.fill(rows, draw, rising=True)


def check_sinking(until: Until) -> None:
    """Refuse a stop rule that means nothing on the way down."""
    if until.quantity in ("diameter", "next_surface"):
        raise InvalidInput("until", until.quantity, "altitude, pressure, density or duration")


def check_float_end(until: Until | None) -> None:
    """Refuse any end of a float but a duration."""
    if until is not None and until.quantity != "duration":
        raise InvalidInput("until", until.quantity, "duration", hint="a float keeps its level")


def fill_float_end(until: Until | None, rows: Floats, draw: Draw) -> None:
    """Write the duration of a float, if it has one."""
    if until is not None:
        until.fill(rows, draw, rising=True)
