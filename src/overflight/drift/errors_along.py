"""Wind error along the tracks of an ensemble: its knots, its amplitude, its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overflight.drift.ensemble import Ensemble
from overflight.drift.kernels import wind_error as kernel
from overflight.drift.kernels.lookup import G_DLAT, G_DLON
from overflight.drift.pack import WindPack
from overflight.geo import atmosphere
from overflight.geo.sphere import EARTH_RADIUS_M

if TYPE_CHECKING:
    from overflight.winds.error import WindError

KNOT_S = 3600.0
CLIMBING_KNOT_S = 600.0
"""Errors change with height too, so a member that climbs or falls has its error renewed more often."""


class ErrorAlong:
    """Each member's own wind error, or none."""

    def __init__(self, error: WindError | None, pack: WindPack, ensemble: Ensemble, seed: int, sign: float) -> None:
        members = ensemble.x.size
        self.error, self.pack, self.ensemble, self.seed, self.sign = error, pack, ensemble, seed, sign
        self.e_from = np.zeros((members, 2), np.float32)
        self.e_to = np.zeros((members, 2), np.float32)
        if error is None:
            return
        self.parameters = np.array(
            [
                error.slow_share,
                error.slow_time_s,
                error.wave_time_s,
                error.rotation,
                error.tail_dof,
                error.depth_ln_p,
            ]
        )
        self.numbers = np.arange(ensemble.first_member, ensemble.first_member + members)
        self.state, self.scale = np.empty((members, 4)), np.empty(members)
        self.knot_s = KNOT_S if ensemble.codes.max() <= 2 else CLIMBING_KNOT_S
        self.ln_p = np.log(ensemble.pressure)
        kernel.begin_error(seed, self.parameters, self.numbers, self.state, self.scale)
        self._write(error, self.e_to, float(ensemble.start.min()))

    def knots(self, tau_from: float, tau_to: float) -> list[float]:
        """Return the knots strictly between two times, on whole multiples of the knot interval. [tau]"""
        if self.error is None:
            return []
        first = int(np.floor(tau_from / self.knot_s + 1e-9)) + 1
        last = int(np.ceil(tau_to / self.knot_s - 1e-9))
        return [k * self.knot_s for k in range(first, last)]

    def advance(self, tau_from: float, tau_to: float) -> None:
        """Carry the error from one end of a segment to the other."""
        if self.error is None:
            return
        e = self.ensemble
        np.copyto(self.e_from, self.e_to)
        ln_p = np.log(e.pressure) if self.knot_s == KNOT_S else self._ln_p_now()
        lat, _ = e.places()
        kernel.advance_error(
            self.seed,
            self.parameters,
            self.numbers,
            0,
            lat.size,
            self.state,
            np.radians(lat),
            ln_p - self.ln_p,
            self.sign * (tau_to - tau_from),
            1 + round(tau_to) % 2**31,
        )
        self.ln_p = ln_p
        self._write(self.error, self.e_to, tau_to)

    def _ln_p_now(self) -> NDArray[np.float64]:
        """Logarithm of pressure by height, near enough to tell how far a member has climbed."""
        return np.log(atmosphere.pressure_pa(np.clip(self.ensemble.z, 0.0, 80_000.0)))

    def _write(self, error: WindError, target: NDArray[np.float32], tau: float) -> None:
        e, grid = self.ensemble, self.pack.axes.grid
        lat, lon = e.places()
        sd = self._sd(error, lat, lon, tau)
        kernel.error_cells(
            self.parameters,
            0,
            lat.size,
            self.state,
            self.scale,
            np.ascontiguousarray(sd),
            1.0 / (EARTH_RADIUS_M * grid[G_DLON]),
            1.0 / (EARTH_RADIUS_M * grid[G_DLAT]),
            target,
        )

    def _sd(
        self, error: WindError, lat: NDArray[np.float64], lon: NDArray[np.float64], tau: float
    ) -> NDArray[np.float64]:
        """Return each member's standard deviation of wind error: of the winds themselves where they state it. [m/s]"""
        level_hpa = np.exp(self.ln_p) / 100.0
        if "wind_sd" in self.pack.winds:
            return self.pack.stated_sd(self.sign * tau, level_hpa, lat, lon)
        return np.broadcast_to(np.asarray(error.sd(level_hpa, lat), np.float64), lat.shape)
