"""Compiled vertical models, chosen by an integer code: numbers in, numbers out.

A phase of one member is a code and a row of ``N_PARAMETERS`` float64; a member carries ``N_STATE`` float64 of
its own. Times are seconds (``t_s`` from any fixed zero, ``phase_time_s`` since the phase began), altitudes
geometric metres above mean sea level, rates positive up. Columns 12 to 14 of every row hold the stop rule.

======== ====================================================================================
code     columns of the row
======== ====================================================================================
FLOAT_*  0 value [Pa | m | kg/m3] at night; 1 relative change of the value in full sun
ASCENT   0 law (0 constant, 1 buoyant); constant: 1 rate; buoyant: 1 displaced air [kg], 2 free
         lift [kg], 3 drag coefficient (below 0: minus the factor on the drag curve)
DESCENT  0 coefficient of v = coefficient / density^exponent; 1 air (0 given density, 1 NASA
         Glenn model); 2 exponent
RECORDED 0 offset added to the recorded altitude [m]; 1, 2 first and last time of the record [s since 1970 UTC]
ZERO_PRESSURE  see ``zero_pressure_kernels``
all      12 stop rule; 13 its value; 14 longest duration [s], inf for none; 15 free
======== ====================================================================================
"""

import math

import numpy as np
from numpy.typing import NDArray

from overflight.flight.fall import fall_speed_ms, nasa_density_kg_m3
from overflight.flight.latex import buoyant_rate_ms, radius_m
from overflight.flight.sun import daylight, sun_sin
from overflight.flight.zero_pressure_kernels import (
    begin_zero_pressure,
    zero_pressure_after_step,
    zero_pressure_rate_ms,
)
from overflight.geo.kernel import kernel

__all__ = [
    "ASCENT",
    "DESCENT",
    "FLOAT_DENSITY",
    "FLOAT_HEIGHT",
    "FLOAT_PRESSURE",
    "N_PARAMETERS",
    "N_STATE",
    "RECORDED",
    "ZERO_PRESSURE",
    "after_step",
    "begin",
    "needs_air",
    "stop_margin",
    "sun_sin",
    "target",
    "vertical_rate_ms",
]

FLOAT_PRESSURE = 0
FLOAT_HEIGHT = 1
FLOAT_DENSITY = 2
ASCENT = 3
DESCENT = 4
RECORDED = 5
ZERO_PRESSURE = 6
SURFACES = (FLOAT_PRESSURE, FLOAT_HEIGHT, FLOAT_DENSITY)

N_PARAMETERS = 16
N_STATE = 4

LAW_CONSTANT, LAW_BUOYANT = 0.0, 1.0
RECORD_FROM, RECORD_TO = 1, 2
AIR_GIVEN, AIR_NASA = 0.0, 1.0

STOP_RULE, STOP_VALUE, STOP_DURATION = 12, 13, 14
STOP_NEVER = 0
STOP_ABOVE_M = 1
STOP_BELOW_M = 2
STOP_UNDER_PA = 3
STOP_OVER_PA = 4
STOP_UNDER_KG_M3 = 5
STOP_OVER_KG_M3 = 6
STOP_DIAMETER_M = 7

Row = NDArray[np.float64]


@kernel
def target(code: int, row: Row, t_s: float, sun_sin: float) -> float:
    """Value of the surface that a float phase keeps to: Pa, m or kg/m3 by code.

    ``value (1 + change * daylight(sun_sin))``: by day a superpressure envelope is tighter and a little
    larger, so its density is lower (a change below 0). Without a change the sun may be NaN.
    """
    if row[1] == 0.0:
        return float(row[0])
    return float(row[0] * (1.0 + row[1] * daylight(sun_sin)))


@kernel
def vertical_rate_ms(
    code: int,
    row: Row,
    state: Row,
    t_s: float,
    z_m: float,
    p_pa: float,
    temperature_k: float,
    density_kg_m3: float,
    sun_sin: float,
) -> float:
    """Vertical speed dz/dt, positive up; 0 for phases that follow a surface or a table [m/s]."""
    if code == ASCENT:
        if row[0] == LAW_CONSTANT:
            return float(row[1])
        return buoyant_rate_ms(row[1], row[2], row[3], density_kg_m3, temperature_k)
    if code == DESCENT:
        air = nasa_density_kg_m3(z_m) if row[1] == AIR_NASA else density_kg_m3
        return -fall_speed_ms(row[0], air, row[2])
    if code == ZERO_PRESSURE:
        return zero_pressure_rate_ms(row, state, p_pa, temperature_k, density_kg_m3)
    return 0.0


@kernel
def needs_air(code: int, row: Row) -> bool:
    """Whether the vertical speed depends on pressure, temperature or density."""
    return not (code == ASCENT and row[0] == LAW_CONSTANT)


@kernel
def begin(
    code: int,
    row: Row,
    state: Row,
    t_s: float,
    z_m: float,
    p_pa: float,
    temperature_k: float,
    density_kg_m3: float,
    sun_sin: float,
) -> None:
    """Set the member's state on entering a phase."""
    for i in range(N_STATE):
        state[i] = 0.0
    if code == ZERO_PRESSURE:
        begin_zero_pressure(row, state, sun_sin)


@kernel
def after_step(
    code: int,
    row: Row,
    state: Row,
    t_s: float,
    dt_s: float,
    z_m: float,
    p_pa: float,
    temperature_k: float,
    density_kg_m3: float,
    sun_sin: float,
) -> None:
    """Bring the member's state up to date after a step that ended here."""
    if code == ZERO_PRESSURE:
        zero_pressure_after_step(row, state, dt_s, z_m, p_pa, temperature_k, sun_sin)


@kernel
def _rule_margin(row: Row, z_m: float, p_pa: float, density_kg_m3: float) -> float:
    rule, value = int(row[STOP_RULE]), float(row[STOP_VALUE])
    margin = math.inf
    if rule == STOP_ABOVE_M:
        margin = (value - z_m) / 1000.0
    elif rule == STOP_BELOW_M:
        margin = (z_m - value) / 1000.0
    elif rule == STOP_UNDER_PA:
        margin = p_pa / value - 1.0
    elif rule == STOP_OVER_PA:
        margin = 1.0 - p_pa / value
    elif rule == STOP_UNDER_KG_M3:
        margin = density_kg_m3 / value - 1.0
    elif rule == STOP_OVER_KG_M3:
        margin = 1.0 - density_kg_m3 / value
    elif rule == STOP_DIAMETER_M:  # only a buoyant ascent has one: column 1 is the mass of displaced air
        margin = 1.0 - 2.0 * radius_m(row[1], density_kg_m3) / value
    return margin


@kernel
def stop_margin(
    code: int,
    row: Row,
    state: Row,
    t_s: float,
    phase_time_s: float,
    z_m: float,
    p_pa: float,
    density_kg_m3: float,
) -> float:
    """Positive while the phase goes on, 0 or less once its stop rule or longest duration is met.

    The smaller of the rule's margin (relative, or in km) and the time left in hours: continuous along a path.
    """
    left = (row[STOP_DURATION] - abs(phase_time_s)) / 3600.0
    return float(min(left, _rule_margin(row, z_m, p_pa, density_kg_m3)))
