"""Compiled quasi-steady model of a zero-pressure balloon.

The envelope is open below, so the gas has the pressure of the air. Gas temperature is air temperature plus a
supertemperature that relaxes, with one time constant, between a night and a day value. Two things limit the
vertical speed: drag, and the gas itself: rising gas cools (and sinking gas warms) adiabatically faster than
the air around it, and only as fast as heat flows in can it go on. The slower of the two rules.

State: gas mass [kg], ballast [kg], supertemperature [K], gas and ballast let go so far [kg].
Row: the columns named below (masses in kg, volume m3, temperatures K, times s, rate kg/s, floor m).

References
----------
Carlson, L. A., Horn, W. J. (1981): A unified thermal and vertical trajectory model for the prediction of high
altitude balloon performance. NASA contractor report, NTRS 19820008175 (heat budget, venting, ballast).
Dwyer, J. F. (1985): Factors affecting the vertical motion of a zero-pressure, polyethylene, free balloon.
AFGL-TR-85-0130 (drag).
"""

import math

import numpy as np
from numpy.typing import NDArray

from overflight.flight.sun import daylight
from overflight.geo.kernel import kernel

DRY_MASS, VOLUME, GAS_RATIO, GAS_MASS, BALLAST = 0, 1, 2, 3, 4
SUPER_DAY, SUPER_NIGHT, RELAXATION, DRAG, BALLAST_RATE, FLOOR, GAS_KAPPA = 5, 6, 7, 8, 9, 10, 11
GAS, BALLAST_LEFT, SUPERTEMPERATURE, LET_GO = 0, 1, 2, 3

_GRAVITY_MS2 = 9.80665
_GAS_CONSTANT = 287.05287
_TROPOPAUSE_PA = 22_632.0
_TROPOSPHERE_LAPSE = 6.5e-3
_LEAST_STABILITY = 1e-3
"""Keeps very cold gas from moving against its lift [K/m]."""

Row = NDArray[np.float64]


@kernel
def begin_zero_pressure(row: Row, state: Row, sun_sin: float) -> None:
    """Fill the state on entering the phase."""
    state[GAS] = row[GAS_MASS]
    state[BALLAST_LEFT] = row[BALLAST]
    state[SUPERTEMPERATURE] = super_goal_k(row, sun_sin)


@kernel
def super_goal_k(row: Row, sun_sin: float) -> float:
    """Supertemperature that the gas would reach if the sun stood still [K]."""
    return float(row[SUPER_NIGHT] + (row[SUPER_DAY] - row[SUPER_NIGHT]) * daylight(sun_sin))


@kernel
def gas_held_kg(row: Row, state: Row, p_pa: float, temperature_k: float) -> float:
    """Gas that stays inside once the envelope is full: the mass held, or what the full volume takes [kg]."""
    gas_temperature = temperature_k + state[SUPERTEMPERATURE]
    full_kg = p_pa * row[VOLUME] * row[GAS_RATIO] / (_GAS_CONSTANT * gas_temperature)
    return float(min(state[GAS], full_kg))


@kernel
def displaced_kg(row: Row, gas_kg: float, supertemperature_k: float, temperature_k: float) -> float:
    """Mass of the displaced air; pressure and the gas constant cancel [kg]."""
    return float(gas_kg / row[GAS_RATIO] * (1.0 + supertemperature_k / temperature_k))


@kernel
def gross_kg(row: Row, state: Row, gas_kg: float) -> float:
    """Mass of all that flies [kg]."""
    return float(row[DRY_MASS] + state[BALLAST_LEFT] + gas_kg)


@kernel
def zero_pressure_rate_ms(row: Row, state: Row, p_pa: float, temperature_k: float, density_kg_m3: float) -> float:
    """Vertical speed, positive up [m/s].

    ``1/v^2 = 1/v_drag^2 + 1/v_heat^2`` with the speed where drag takes up the net lift,
    ``v_drag^2 = 2 g |F| / (rho Cd A)``, and the speed at which heat flow makes up for adiabatic change,
    ``v_heat = T_gas (|F| / displaced) / (tau (adiabatic lapse of the gas - lapse of the air))``.
    """
    gas = gas_held_kg(row, state, p_pa, temperature_k)
    displaced = displaced_kg(row, gas, state[SUPERTEMPERATURE], temperature_k)
    net = displaced - gross_kg(row, state, gas)
    volume = displaced / density_kg_m3
    area = math.pi * (3.0 * volume / (4.0 * math.pi)) ** (2.0 / 3.0)
    drag_squared = 2.0 * _GRAVITY_MS2 * abs(net) / (density_kg_m3 * row[DRAG] * area)
    gas_temperature = temperature_k + state[SUPERTEMPERATURE]
    gas_lapse = row[GAS_KAPPA] * _GRAVITY_MS2 / _GAS_CONSTANT * gas_temperature / temperature_k
    air_lapse = _TROPOSPHERE_LAPSE if p_pa > _TROPOPAUSE_PA else 0.0
    heat = gas_temperature * net / displaced / (row[RELAXATION] * max(gas_lapse - air_lapse, _LEAST_STABILITY))
    if drag_squared <= 0.0:
        return 0.0
    return float(heat / math.sqrt(1.0 + heat * heat / drag_squared))


@kernel
def zero_pressure_after_step(
    row: Row, state: Row, dt_s: float, z_m: float, p_pa: float, temperature_k: float, sun_sin: float
) -> None:
    """Warm or cool the gas, vent what no longer fits, drop ballast below the floor."""
    goal = super_goal_k(row, sun_sin)
    state[SUPERTEMPERATURE] = goal + (state[SUPERTEMPERATURE] - goal) * math.exp(-abs(dt_s) / row[RELAXATION])
    gas = gas_held_kg(row, state, p_pa, temperature_k)
    state[LET_GO] += state[GAS] - gas
    state[GAS] = gas
    if z_m < row[FLOOR]:
        displaced = displaced_kg(row, gas, state[SUPERTEMPERATURE], temperature_k)
        shortage = gross_kg(row, state, gas) - displaced
        drop = max(0.0, min(shortage, row[BALLAST_RATE] * abs(dt_s), state[BALLAST_LEFT]))
        state[BALLAST_LEFT] -= drop
        state[LET_GO] += drop
