"""How a simulation is run: steps, output, threads, memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from overflight.errors import InvalidInput
from overflight.flight import Flight, kernels

if TYPE_CHECKING:
    from overflight.geo.terrain import Terrain
    from overflight.winds.error import WindError

Method = Literal["rk4", "rk2", "adaptive", "embedded"]
Progress = Callable[[int, int], None]

DEFAULT_STEP_S = 600.0
"""From the work-precision diagram: at 0.5 degree the error of a day is far under 1 % of wind error."""

LEVEL_CHANGE_STEP_S = 60.0
"""Longest step of a flight that climbs, falls or follows a record. On soundings of 2 hours in 26 levels of GFS winds a
step of 600 s costs 0.6 km in the median and 2.4 km at most, one of 60 s 8 m and 31 m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a simulation is run.

    ``wind_error``, ``terrain`` and ``steady`` change what is simulated; ``step_s``, ``method`` and ``tolerance_m`` the
    error of the numerics; ``output_s`` which moments are kept. The others change nothing in the result.

    Attributes
    ----------
    step_s : float. Longest step of integration; a flight that changes level takes at most 60 s. [s]
    output_s : float. Interval of output; it does not shorten the step. [s]
    method : {"rk4", "rk2", "adaptive", "embedded"}. Runge-Kutta of order 4 or 2, order 4 with step doubling, or order 3
        with order 2 in it, which is cheaper where a tolerance of tens of metres serves.
    tolerance_m : float. Largest error of one step of adaptive length. [m]
    wind_error : WindError or None. Perturb each member's wind; None follows the winds as given.
    terrain : Terrain or None. Ground to land on; None is the level of the sea.
    threads : int. Threads; the result is the same for any number.
    memory_bytes : int. Largest part of a result, of 16 members at least; a larger one is computed in parts.
    steady : bool. Hold a single wind time for the whole run.
    progress : called with (done, total) steps of work.
    """

    step_s: float = DEFAULT_STEP_S
    output_s: float = 3600.0
    method: Method = "rk4"
    tolerance_m: float = 1.0
    wind_error: WindError | None = None
    terrain: Terrain | None = None
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    memory_bytes: int = 2 * 2**30
    steady: bool = False
    progress: Progress | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name in ("step_s", "output_s", "tolerance_m"):
            value = getattr(self, name)
            if not 0.0 < value < float("inf"):
                raise InvalidInput(name, str(value), "a number above 0")
        if self.method not in get_args(Method):
            raise InvalidInput("method", repr(self.method), ", ".join(get_args(Method)))
        if self.threads < 1:
            raise InvalidInput("threads", str(self.threads), "1 or more")
        if self.memory_bytes < 2**20:
            raise InvalidInput("memory", f"{self.memory_bytes} bytes", "at least 1 MiB")

    def for_flight(self, flight: Flight) -> Settings:
        """Return settings whose step does not leap over the levels that a flight passes."""
        if all(phase.code in kernels.SURFACES for phase in flight.phases):
            return self
        return replace(self, step_s=min(self.step_s, LEVEL_CHANGE_STEP_S))
