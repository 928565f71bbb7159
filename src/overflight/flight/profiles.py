"""Ready-made flights: one call for what is flown often."""

from __future__ import annotations

from collections.abc import Sequence

from overflight.errors import InvalidInput
from overflight.flight.debris import STANDARD_CLASSES, DebrisClass, DebrisFall
from overflight.flight.flight import Flight
from overflight.flight.phases import Ascent, Descent, Float, Surface
from overflight.flight.superpressure import Superpressure
from overflight.flight.until import Until
from overflight.geo.spread import Spread, Value


def float_at_pressure(pressure_pa: Value) -> Flight:
    """Drift at constant pressure [Pa]."""
    return Flight(phases=(Float(surface="pressure", value=pressure_pa),))


def float_at_altitude(altitude_m: Value) -> Flight:
    """Drift at constant geometric altitude above mean sea level [m]."""
    return Flight(phases=(Float(surface="height", value=altitude_m),))


def float_at_density(density_kg_m3: Value, *, day_change: Value = 0.0) -> Flight:
    """Drift at constant air density, as a stiff superpressure balloon does [kg/m3]."""
    return Flight(phases=(Float(surface="density", value=density_kg_m3, day_change=day_change),))


def float_at_unknown_level(low_m: float = 8_000.0, high_m: float = 24_000.0, *, surface: Surface = "density") -> Flight:
    """Drift at a level of which only the range is known: uniform in standard altitude.

    Parameters
    ----------
    low_m, high_m : float
        Altitudes in the standard atmosphere. [m]
    surface : {"density", "pressure", "height"}
        What stays constant once the level is drawn.

    Raises
    ------
    InvalidInput
        The range is empty or out of bounds.
    """
    if not low_m < high_m:
        raise InvalidInput("level", f"{low_m:g} to {high_m:g} m", "a low below the high")
    level = Spread("uniform", low_m, high_m)
    return Flight(phases=(Float(surface=surface, standard_altitude_m=level),))


def superpressure(
    gross_kg: Value, volume_m3: Value, *, compliance_per_pa: Value = 0.0, day_warming_k: Value = 0.0
) -> Flight:
    """Drift of a superpressure balloon of this gross mass [kg] and full volume [m3]."""
    phase = Superpressure(
        gross_kg=gross_kg,
        volume_m3=volume_m3,
        compliance_per_pa=compliance_per_pa,
        day_warming_k=day_warming_k,
    )
    return Flight(phases=(phase,))


def sounding(
    ascent_rate_ms: Value,
    burst_altitude_m: Value,
    descent_rate_ms: Value,
    *,
    density_exponent: Value = 0.5,
) -> Flight:
    """Ascent at a constant rate, burst, and descent that is ``descent_rate_ms`` at sea level."""
    rise = Ascent(rate_ms=ascent_rate_ms, until=Until("altitude", burst_altitude_m))
    fall = Descent(sea_level_speed_ms=descent_rate_ms, density_exponent=density_exponent)
    return Flight(phases=(rise, fall))


def tawhiri_standard(ascent_rate_ms: Value, burst_altitude_m: Value, descent_rate_ms: Value) -> Flight:
    """Like ``sounding``, with the air density and constant of the Tawhiri predictor's standard profile."""
    rise = Ascent(rate_ms=ascent_rate_ms, until=Until("altitude", burst_altitude_m))
    return Flight(phases=(rise, Descent(sea_level_speed_ms=descent_rate_ms, air="tawhiri")))


def tawhiri_float(ascent_rate_ms: Value, float_altitude_m: Value, *, duration_s: float | None = None) -> Flight:
    """Ascent at a constant rate to a geometric altitude and float there, as Tawhiri's float profile.

    ``duration_s`` is the time at float; None floats to the end of the run.
    """
    rise = Ascent(rate_ms=ascent_rate_ms, until=Until("next_surface"))
    end = None if duration_s is None else Until("duration", duration_s)
    return Flight(phases=(rise, Float(surface="height", value=float_altitude_m, until=end)))


def debris(classes: Sequence[DebrisClass] = STANDARD_CLASSES) -> Flight:
    """Fall of the pieces of a break-up, each member one piece."""
    return Flight(phases=(DebrisFall(classes=tuple(classes)),))
