"""Compiled rates of what falls: terminal speed by air density.

References
----------
U.S. Standard Atmosphere (1976), NASA-TM-X-74335.
NASA Glenn Research Center, Earth Atmosphere Model (metric units): the three-layer atmosphere behind the
standard prediction profile of the Cambridge University Spaceflight predictor (Tawhiri).
"""

import math

from overflight.geo.kernel import kernel


@kernel
def nasa_density_kg_m3(altitude_m: float) -> float:
    """Air density of the NASA Glenn Earth Atmosphere Model at a geometric altitude [kg/m3]."""
    if altitude_m > 25_000.0:
        celsius = -131.21 + 0.00299 * altitude_m
        kilopascal = 2.488 * ((celsius + 273.1) / 216.6) ** -11.388
    elif altitude_m > 11_000.0:
        celsius = -56.46
        kilopascal = 22.65 * math.exp(1.73 - 0.000157 * altitude_m)
    else:
        celsius = 15.04 - 0.00649 * altitude_m
        kilopascal = 101.29 * ((celsius + 273.1) / 288.08) ** 5.256
    return float(kilopascal / (0.2869 * (celsius + 273.1)))


@kernel
def fall_speed_ms(coefficient: float, density_kg_m3: float, exponent: float) -> float:
    """Terminal speed ``coefficient / density^exponent``, positive down [m/s].

    With the exponent 1/2 of a constant drag coefficient, ``coefficient`` is sqrt(2 beta g) or v0 sqrt(rho0).
    """
    if exponent == 0.5:
        return coefficient / math.sqrt(density_kg_m3)
    return float(coefficient * density_kg_m3**-exponent)
