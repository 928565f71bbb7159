"""The state of an ensemble while it runs: one array a quantity, one element a member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overflight.drift.kernels.lookup import BELOW_LOWEST_M, G_DLAT, G_DLON, G_LAT0, G_LON0, G_NORTH, G_SOUTH, G_XMAX
from overflight.drift.kernels.output import (
    BURST,
    ENDED,
    FLYING,
    LANDED,
    LEFT_DOMAIN,
    OUT_OF_LEVELS,
    OUT_OF_WIND,
)
from overflight.drift.pack import WindPack
from overflight.drift.release import Starts
from overflight.flight import kernels
from overflight.geo import atmosphere, sphere
from overflight.geo.terrain import Ground

if TYPE_CHECKING:
    from overflight.geo.terrain import Terrain

F64 = NDArray[np.float64]
Out = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int8]]

FIRST_ADAPTIVE_STEP_S = 300.0
NO_GROUND: Ground = (np.zeros((1, 1), np.float32), 0.0, 1.0, 0.0, 1.0)
"""The level of the sea everywhere."""
_BELOW_LOWEST_LN_P = BELOW_LOWEST_M / 7_700.0
"""The same reach in ln p, by the scale height of air near 263 K."""


_BY_MEMBER = (
    "place",
    "rows",
    "states",
    "start",
    "stop",
    "known",
    "x",
    "y",
    "z",
    "pressure",
    "level",
    "level_weight",
    "phase",
    "phase_tau",
    "step_next",
    "status",
    "below",
    "out_next",
)


@dataclass(slots=True, kw_only=True)
class Ensemble:
    """Members in flight; all arrays have shape (members, ...). See the kernels for units.

    While it runs, members lie in memory in the order of their cells; ``out`` is always in their own order.
    """

    numbers: range
    place: NDArray[np.int32]
    codes: NDArray[np.int64]
    rows: F64
    states: F64
    start: F64
    stop: F64
    known: F64
    x: F64
    y: F64
    z: F64
    pressure: F64
    level: NDArray[np.int32]
    level_weight: NDArray[np.float32]
    phase: NDArray[np.int32]
    phase_tau: F64
    step_next: F64
    status: NDArray[np.int8]
    below: NDArray[np.bool_]
    out: Out
    out_next: NDArray[np.int32]
    grid: F64
    duration_s: float

    def reorder(self, order: NDArray[np.intp]) -> None:
        """Put members in another order in memory; ``place`` tells which row of the outputs each one writes."""
        for name in _BY_MEMBER:
            setattr(self, name, np.take(getattr(self, name), order, axis=0))

    def is_over(self, tau: float) -> bool:
        """Whether no member has anything left to do after ``tau``."""
        flying = (self.status == FLYING) | (self.status == BURST)
        return not bool(np.any(flying & (self.stop > tau)))

    def lose_wind(self, tau_from: float, tau_to: float) -> None:
        """End members that would fly between two times at which no wind is known. [tau]"""
        flying = (self.status == FLYING) | (self.status == BURST)
        lost = flying & (np.maximum(self.start, tau_from) < np.minimum(self.stop, tau_to) - 1e-6)
        self.status[lost] = OUT_OF_WIND
        self.known[lost] = np.maximum(self.start, tau_from)[lost]

    def fill(self) -> None:
        """Complete the outputs of members that ended early: where they lie, or nothing."""
        lat, lon, altitude, pressure, status = self.out
        late = np.arange(lat.shape[1])[None, :] >= np.maximum(self.out_next, 1)[:, None]
        rest = late & ((self.status == LANDED) | (self.status == ENDED))[:, None]
        gone = late & ~rest
        here_lat, here_lon = self.places()
        for field, value in ((lat, here_lat), (lon, here_lon), (altitude, self.z), (pressure, self.pressure)):
            np.copyto(field, value[:, None].astype(np.float32), where=rest)
            field[gone] = np.nan
        np.copyto(status, self.status[:, None], where=late)

    def places(self) -> tuple[F64, F64]:
        """Return (lat, lon) of every member now. [degrees]"""
        lat = np.degrees(self.grid[G_LAT0] + self.y * self.grid[G_DLAT])
        return lat, sphere.wrap(np.degrees(self.grid[G_LON0] + self.x * self.grid[G_DLON]))


def begin_ensemble(
    pack: WindPack,
    flight: tuple[NDArray[np.int64], F64],
    starts: Starts,
    duration_s: float,
    *,
    numbers: range,
    outputs: int,
    terrain: Terrain | None,
) -> Ensemble:
    """Put members at their starts; ``duration_s`` is signed."""
    (codes, rows), sign, duration_s = flight, float(np.sign(duration_s)), abs(duration_s)
    grid, members = pack.axes.grid, starts.lat.size
    if codes[0] == kernels.RECORDED:
        _end_with_record(rows[:, 0], starts, sign)
    start = sign * (starts.time - pack.epoch) / np.timedelta64(1, "s")
    x = (np.radians(starts.lon) - grid[G_LON0]) / grid[G_DLON]
    turn = 2.0 * np.pi / grid[G_DLON]
    x -= turn * np.floor(x / turn + 1e-9)
    y = (np.radians(starts.lat) - grid[G_LAT0]) / grid[G_DLAT]
    z = _first_height(codes, rows, starts, terrain)
    status = np.full(members, FLYING, np.int8)
    if not pack.axes.period:
        x = np.where(x > grid[G_XMAX] + 0.5 * (turn - grid[G_XMAX]), x - turn, x)
        status[~((x >= 0) & (x <= grid[G_XMAX]))] = LEFT_DOMAIN
    status[~((y >= grid[G_SOUTH]) & (y <= grid[G_NORTH]))] = LEFT_DOMAIN
    pressure = rows[:, 0, 0] if codes[0] == kernels.FLOAT_PRESSURE else atmosphere.pressure_pa(np.nan_to_num(z))
    level, weight = _pressure_levels(pack.log_p, pressure)
    if _keeps_pressure(codes):
        thickness = pack.log_p[0] - pack.log_p[1]
        status[(weight > 1.0 + 1e-9) | (weight * thickness < -_BELOW_LOWEST_LN_P)] = OUT_OF_LEVELS
    lats, lons, altitudes, pressures = (np.empty((members, outputs), np.float32) for _ in range(4))
    out: Out = (lats, lons, altitudes, pressures, np.empty((members, outputs), np.int8))
    ensemble = Ensemble(
        numbers=numbers,
        place=np.arange(members, dtype=np.int32),
        codes=codes,
        rows=rows,
        states=np.zeros((members, kernels.N_STATE)),
        start=start,
        stop=start + duration_s,
        known=start.copy(),
        x=x,
        y=y,
        z=z,
        pressure=np.asarray(pressure, np.float64),
        level=level,
        level_weight=np.clip(weight, 0.0, 1.0).astype(np.float32),
        phase=np.zeros(members, np.int32),
        phase_tau=np.full(members, -np.inf),
        step_next=np.full(members, FIRST_ADAPTIVE_STEP_S),
        status=status,
        below=weight < -1e-9,
        out=out,
        out_next=np.zeros(members, np.int32),
        grid=grid,
        duration_s=duration_s,
    )
    lats[:, 0], lons[:, 0], altitudes[:, 0], pressures[:, 0] = starts.lat, starts.lon, z, pressure
    out[4][:, 0] = status
    return ensemble


def _keeps_pressure(codes: NDArray[np.int64]) -> bool:
    return bool(codes.size == 1 and codes[0] == kernels.FLOAT_PRESSURE)


def _end_with_record(rows: F64, starts: Starts, sign: float) -> None:
    """Let members that start within a record follow it to its end and no further."""
    start = (starts.time - np.datetime64(0, "ns")) / np.timedelta64(1, "s")
    end = rows[:, kernels.RECORD_TO if sign > 0 else kernels.RECORD_FROM]
    rows[:, kernels.STOP_DURATION] = np.maximum(0.0, sign * (end - start))


def _first_height(codes: NDArray[np.int64], rows: F64, starts: Starts, terrain: Terrain | None) -> F64:
    """Height at the start: of the level for floats, else as released, else the ground."""
    code, value = codes[0], rows[:, 0, 0]
    if code == kernels.FLOAT_PRESSURE:
        return atmosphere.altitude_m(value)
    if code == kernels.FLOAT_HEIGHT:
        return value.copy()
    if code == kernels.FLOAT_DENSITY:
        return atmosphere.altitude_of_density_m(value)
    if starts.altitude_m is not None:
        return np.array(starts.altitude_m, np.float64)
    ground = 0.0 if terrain is None else np.asarray(terrain.elevation_m(starts.lat, starts.lon), np.float64)
    return np.zeros(starts.lat.size) + ground


def _pressure_levels(log_p: F64, pressure: F64) -> tuple[NDArray[np.int32], F64]:
    value = np.log(pressure)
    level = np.clip(np.searchsorted(-log_p, -value, side="right") - 1, 0, log_p.size - 2).astype(np.int32)
    return level, (value - log_p[level]) / (log_p[level + 1] - log_p[level])
