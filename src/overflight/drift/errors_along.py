"""Wind error along the tracks of an ensemble: its knots, its amplitude, its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overflight.drift.ensemble import Ensemble
from overflight.drift.error_state import ErrorState
from overflight.drift.kernels import wind_error as kernel
from overflight.drift.pack import WindPack
from overflight.geo import atmosphere

if TYPE_CHECKING:
    from overflight.winds.error import WindError

KNOT_S = 3600.0
CLIMBING_KNOT_S = 600.0
"""Errors change with height too, so a member that climbs or falls has its error renewed more often."""

_NOTHING: NDArray[np.float64] = np.empty(0)


class ErrorAlong:
    """Each member's own wind error, or none.

    ``e`` float32 (members, 4): the error at both ends of the segment at hand, (u, v) and (u, v). [cells/s]
    """

    def __init__(
        self,
        error: WindError | None,
        pack: WindPack,
        ensemble: Ensemble,
        seed: int,
        sign: float,
        begin: ErrorState | None = None,
    ) -> None:
        members = ensemble.x.size
        self.error, self.pack, self.ensemble, self.seed, self.sign = error, pack, ensemble, seed, sign
        self.e = np.zeros((members, 4), np.float32)
        self.sd = _NOTHING
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
        table = np.asarray(error.sd_ms, np.float64)
        self.sizes = (-np.log(np.asarray(error.levels_hpa, np.float64)), np.asarray(error.latitudes, np.float64), table)
        self.state, self.scale = np.empty((members, 4)), np.empty(members)
        self.knot_s = KNOT_S if ensemble.codes.max() <= 2 else CLIMBING_KNOT_S
        self.ln_p = np.repeat(np.log(ensemble.pressure)[:, None], 2, axis=1)
        self.numbering = (ensemble.numbers.start, ensemble.numbers.step)
        if begin is None:
            kernel.begin_error(seed, self.parameters, self.numbering, self.state, self.scale)
        else:
            begin.fill(self.state, self.scale)
        self.sd = self._stated(ensemble.start)
        self._renew((0, members), (0.0, np.inf), -1)

    def error_state(self) -> ErrorState | None:
        """Return the state of every member now, in the order in which members lie; None without wind error."""
        if self.error is None:
            return None
        return ErrorState.of(self.state, self.scale)

    def reorder(self, order: NDArray[np.intp]) -> None:
        """Put members in another order, as the ensemble does."""
        for name in () if self.error is None else ("state", "scale", "ln_p", "e"):
            setattr(self, name, np.take(getattr(self, name), order, axis=0))

    def knots(self, tau_from: float, tau_to: float) -> list[float]:
        """Return the knots strictly between two times, on whole multiples of the knot interval. [tau]"""
        if self.error is None:
            return []
        first = int(np.floor(tau_from / self.knot_s + 1e-9)) + 1
        last = int(np.ceil(tau_to / self.knot_s - 1e-9))
        return [k * self.knot_s for k in range(first, last)]

    def look_ahead(self, tau_to: float) -> None:
        """Note what the errors at the end of a segment depend on: the height of members now, and the winds' word."""
        if self.error is None:
            return
        if self.knot_s == CLIMBING_KNOT_S:
            self.ln_p[:, 1] = np.log(atmosphere.pressure_pa(np.clip(self.ensemble.z, 0.0, 80_000.0)))
        self.sd = self._stated(tau_to)

    def advance(self, first: int, last: int, tau_from: float, tau_to: float) -> None:
        """Carry the error of members ``first`` to ``last`` from one end of a segment to the other."""
        if self.error is not None:
            self._renew((first, last), (self.sign * (tau_to - tau_from), tau_to), 1 + round(tau_to) % 2**31)

    def _renew(self, part: tuple[int, int], clock: tuple[float, float], knot: int) -> None:
        e = self.ensemble
        kernel.renew_error(
            self.seed,
            self.parameters,
            self.sizes,
            part,
            self.numbering,
            e.place,
            e.grid,
            e.y,
            e.start,
            e.stop,
            self.ln_p,
            self.sd,
            clock,
            knot,
            self.state,
            self.scale,
            self.e,
        )

    def _stated(self, tau: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each member's standard deviation of wind error where the winds state it, else nothing. [m/s]"""
        if "wind_sd" not in self.pack.winds:
            return _NOTHING
        lat, lon = self.ensemble.places()
        return self.pack.stated_sd(self.sign * tau, np.exp(self.ln_p[:, 1]) / 100.0, lat, lon)
