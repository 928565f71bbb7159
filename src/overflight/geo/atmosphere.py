"""U.S. Standard Atmosphere 1976 to 84.8 km: pressure, temperature, density, and back to altitude.

References
----------
U.S. Standard Atmosphere, 1976. NOAA, NASA, USAF. NASA-TM-X-74335.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

STANDARD_GRAVITY_MS2 = 9.80665
GAS_CONSTANT_DRY_AIR = 287.05287
"""R*/M0 of the standard. [J/(kg K)]"""
STANDARD_RADIUS_M = 6_356_766.0
"""Radius that turns geometric into geopotential altitude in the standard. [m]"""

_BASE_M = np.array([0.0, 11_000.0, 20_000.0, 32_000.0, 47_000.0, 51_000.0, 71_000.0])
_LAPSE = np.array([-6.5e-3, 0.0, 1.0e-3, 2.8e-3, 0.0, -2.8e-3, -2.0e-3])
_BASE_K = np.array([288.15, 216.65, 216.65, 228.65, 270.65, 270.65, 214.65])
_G_R = STANDARD_GRAVITY_MS2 / GAS_CONSTANT_DRY_AIR


def _ratio(
    temperature_ratio: NDArray[np.float64],
    lapse: NDArray[np.float64],
    dh_m: NDArray[np.float64],
    base_k: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Pressure ratio across ``dh_m`` in one layer (eqs 33a and 33b of the standard)."""
    safe = np.where(lapse == 0.0, 1.0, lapse)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(lapse == 0.0, np.exp(-_G_R * dh_m / base_k), temperature_ratio ** (-_G_R / safe))


def _bases() -> NDArray[np.float64]:
    pressure = [101_325.0]
    for i in range(len(_BASE_M) - 1):
        dh = np.asarray(_BASE_M[i + 1] - _BASE_M[i])
        ratio = _ratio(np.asarray(_BASE_K[i + 1] / _BASE_K[i]), np.asarray(_LAPSE[i]), dh, np.asarray(_BASE_K[i]))
        pressure.append(float(pressure[-1] * ratio))
    return np.array(pressure)


_BASE_PA = _bases()


def geopotential_m(altitude_m: ArrayLike) -> NDArray[np.float64]:
    """Geometric to geopotential altitude. [m]"""
    z = np.asarray(altitude_m, np.float64)
    return np.asarray(STANDARD_RADIUS_M * z / (STANDARD_RADIUS_M + z))


def geometric_m(geopotential: ArrayLike) -> NDArray[np.float64]:
    """Geopotential to geometric altitude. [m]"""
    h = np.asarray(geopotential, np.float64)
    return np.asarray(STANDARD_RADIUS_M * h / (STANDARD_RADIUS_M - h))


def temperature_k(altitude_m: ArrayLike) -> NDArray[np.float64]:
    """Temperature at a geometric altitude of -5,000 to 84,852 m. [K]"""
    h = geopotential_m(altitude_m)
    i = np.clip(np.searchsorted(_BASE_M, h, side="right") - 1, 0, 6)
    return np.asarray(_BASE_K[i] + _LAPSE[i] * (h - _BASE_M[i]))


def pressure_pa(altitude_m: ArrayLike) -> NDArray[np.float64]:
    """Pressure at a geometric altitude of -5,000 to 84,852 m. [Pa]"""
    h = geopotential_m(altitude_m)
    i = np.clip(np.searchsorted(_BASE_M, h, side="right") - 1, 0, 6)
    dh = h - _BASE_M[i]
    return np.asarray(_BASE_PA[i] * _ratio((_BASE_K[i] + _LAPSE[i] * dh) / _BASE_K[i], _LAPSE[i], dh, _BASE_K[i]))


def density_kg_m3(altitude_m: ArrayLike) -> NDArray[np.float64]:
    """Air density at a geometric altitude of -5,000 to 84,852 m. [kg/m3]"""
    return np.asarray(pressure_pa(altitude_m) / (GAS_CONSTANT_DRY_AIR * temperature_k(altitude_m)))


def altitude_m(pressure: ArrayLike) -> NDArray[np.float64]:
    """Geometric altitude at which the standard atmosphere has this pressure in Pa. [m]"""
    p = np.asarray(pressure, np.float64)
    i = np.clip(np.searchsorted(-_BASE_PA, -p, side="right") - 1, 0, 6)
    ratio, lapse = p / _BASE_PA[i], _LAPSE[i]
    safe = np.where(lapse == 0.0, 1.0, lapse)
    gradient = _BASE_K[i] / safe * (ratio ** (-safe / _G_R) - 1.0)
    return geometric_m(_BASE_M[i] + np.where(lapse == 0.0, -_BASE_K[i] / _G_R * np.log(ratio), gradient))


def altitude_of_density_m(density: ArrayLike) -> NDArray[np.float64]:
    """Geometric altitude at which the standard atmosphere has this density in kg/m3. [m]

    Density falls steadily with height, so a table of 10 m steps in log density is inverted linearly:
    within 0.1 m below 84 km.
    """
    table = np.arange(-5_000.0, 84_001.0, 10.0)
    return np.asarray(np.interp(-np.log(np.asarray(density, np.float64)), -np.log(density_kg_m3(table)), table))
