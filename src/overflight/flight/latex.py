"""Compiled rates of an elastic (latex) balloon: buoyancy against drag.

An elastic envelope keeps the gas near the pressure and temperature of the air, so the mass of displaced air,
and with it the free lift, stays constant while the volume grows as 1/density. With a constant drag
coefficient the ascent rate then grows as density^(-1/6).

References
----------
Gallice, A., Wienhold, F. G., Hoyle, C. R., Immler, F., Peter, T. (2011): Modeling the ascent of sounding
balloons: derivation of the vertical air motion. Atmos. Meas. Tech. 4, 2235-2253,
doi 10.5194/amt-4-2235-2011 (eq. 6: drag curve of ten night flights, radius-based Reynolds number).
U.S. Standard Atmosphere (1976), eq. 51: dynamic viscosity (Sutherland).
"""

import math

from overflight.geo.kernel import kernel

GRAVITY_MS2 = 9.80665
_LN_RE_AT_LEAST = math.log(3.0e4)
_LN_RE_AT_MOST = math.log(1.0e6)
_A, _B, _C = 4.808e-2, -1.406, 10.490
_NEWTON_ROUNDS = 4


@kernel
def viscosity_pa_s(temperature_k: float) -> float:
    """Dynamic viscosity of air [Pa s]."""
    return 1.458e-6 * temperature_k * math.sqrt(temperature_k) / (temperature_k + 110.4)


@kernel
def radius_m(displaced_kg: float, density_kg_m3: float) -> float:
    """Radius of the sphere that displaces this mass of air [m]."""
    return float((3.0 * displaced_kg / (4.0 * math.pi * density_kg_m3)) ** (1.0 / 3.0))


@kernel
def _curve(log_reynolds: float) -> float:
    x = min(_LN_RE_AT_MOST, max(_LN_RE_AT_LEAST, log_reynolds))
    return (_A * x + _B) * x + _C


@kernel
def drag_curve(reynolds: float) -> float:
    """Drag coefficient of a sounding balloon at a radius-based Reynolds number (Gallice et al. 2011, eq. 6).

    Held constant outside 3e4 to 1e6, the range of the flights behind the fit.
    """
    return _curve(math.log(max(reynolds, 1.0)))


@kernel
def buoyant_rate_ms(
    displaced_kg: float, free_lift_kg: float, drag: float, density_kg_m3: float, temperature_k: float
) -> float:
    """Terminal ascent rate of an elastic balloon [m/s].

    ``drag`` above 0 is a constant drag coefficient; below 0 minus the factor on the Gallice et al. curve.
    """
    r = radius_m(displaced_kg, density_kg_m3)
    if free_lift_kg <= 0.0:
        return 0.0
    force_term = 2.0 * free_lift_kg * GRAVITY_MS2 / (density_kg_m3 * math.pi * r * r)
    if drag > 0.0:
        return math.sqrt(force_term / drag)
    nu = viscosity_pa_s(temperature_k) / density_kg_m3
    log_scale, log_force = math.log(r / nu), math.log(force_term / -drag)
    log_rate = 0.5 * log_force + 0.5
    for _ in range(_NEWTON_ROUNDS):  # 2 ln v + ln Cd(ln v + ln(r / nu)) = ln force; its slope stays above 1.5
        log_re = log_rate + log_scale
        cd = _curve(log_re)
        slope = 2.0 * _A * log_re + _B if _LN_RE_AT_LEAST < log_re < _LN_RE_AT_MOST else 0.0
        log_rate -= (2.0 * log_rate + math.log(cd) - log_force) / (2.0 + slope / cd)
    return math.exp(log_rate)
