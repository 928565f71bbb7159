"""A flight: a chain of phases, and the parameter rows that the compiled engine reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.flight import kernels
from overflight.flight.bounds import Floats, drawing
from overflight.flight.debris import DebrisFall
from overflight.flight.phases import Ascent, Descent, Float, Phase, Recorded
from overflight.flight.until import SURFACE_QUANTITY, Until, clear_stop, stop_rule
from overflight.geo.spread import centre

_MAX_PHASES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """How something moves up and down: phases in the order they are flown.

    Attributes
    ----------
    phases : tuple of phases
        Each but the last needs an end.

    Examples
    --------
    >>> from overflight.flight.phases import Ascent, Descent
    >>> from overflight.flight.until import Until
    >>> flight = Flight(phases=(Ascent(rate_ms=5.0, until=Until("altitude", 30_000.0)),
    ...                         Descent(sea_level_speed_ms=5.0)))
    >>> codes, rows = flight.rows(seed=1, members=3)
    >>> codes.tolist(), rows.shape
    ([3, 4], (3, 2, 16))
    """

    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        """Refuse an empty chain, phases that are never reached, and ends that contradict each other."""
        if not 1 <= len(self.phases) <= _MAX_PHASES:
            raise InvalidInput("flight", f"{len(self.phases)} phases", f"1 to {_MAX_PHASES}")
        for number, phase in enumerate(self.phases[:-1], start=1):
            if phase.until is None:
                raise InvalidInput(f"phase {number}", f"{_name(phase)} without end", "until=Until(...)")
        if sum(isinstance(p, Recorded) for p in self.phases) > 1:
            raise InvalidInput("flight", "two recorded altitudes", "one", hint="join the records")
        for number, phase in enumerate(self.phases, start=1):
            if phase.until is not None and phase.until.quantity == "next_surface":
                self._surface_after(number)
        self._check_heights()

    @property
    def is_reversible(self) -> bool:
        """Whether the flight can be run backward: floats and recorded altitudes can, a launch or a fall cannot."""
        return all(phase.code in (*kernels.SURFACES, kernels.RECORDED) for phase in self.phases)

    @property
    def needs_sun(self) -> bool:
        """Whether the sun's elevation matters to any phase."""
        codes, rows = self.rows(seed=0, members=1)
        surface = np.isin(codes, list(SURFACE_QUANTITY))
        return bool((codes == kernels.ZERO_PRESSURE).any() or rows[:, surface, 1].any())

    def rows(self, seed: int, members: int, *, first_member: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Draw each member's own parameters.

        Parameters
        ----------
        seed : int
        members : int
            1 or more.
        first_member : int
            Number of the first member: a run in parts draws the same as a run in one.

        Returns
        -------
        codes : int64 (phases,)
        rows : float64 (members, phases, N_PARAMETERS)
        """
        if members < 1:
            raise InvalidInput("members", str(members), "1 or more")
        codes = np.array([p.code for p in self.phases], np.int64)
        rows = np.zeros((members, len(self.phases), kernels.N_PARAMETERS))
        for i in reversed(range(len(self.phases))):
            phase, view = self.phases[i], rows[:, i]
            clear_stop(view)
            phase.fill(view, drawing(seed, f"flight.{i}", members, first_member))
            if phase.until is not None and phase.until.quantity == "next_surface":
                quantity = self._surface_after(i + 1)
                view[:, kernels.STOP_RULE] = stop_rule(quantity, rising=isinstance(phase, Ascent))
                view[:, kernels.STOP_VALUE] = rows[:, i + 1, 0]
        return codes, rows

    def recorded(self) -> tuple[Floats, Floats] | None:
        """Return the recorded times [s since 1970 UTC] and altitudes [m], or None."""
        for phase in self.phases:
            if isinstance(phase, Recorded):
                return phase.table()
        return None

    def debris_classes(self, seed: int, members: int, *, first_member: int = 0) -> NDArray[np.str_] | None:
        """Return the name of the debris class that each member of ``rows`` is, shape (members,), or None."""
        for i, phase in enumerate(self.phases):
            if isinstance(phase, DebrisFall):
                names = np.array([c.name for c in phase.classes])
                return names[phase.pick(drawing(seed, f"flight.{i}", members, first_member))]
        return None

    def check_launch(self, altitude_m: float) -> None:
        """Refuse a flight that starts above the end of its first ascent.

        Raises
        ------
        InvalidInput
            The first phase rises to an altitude, or to a float at one, at or below ``altitude_m``.
        """
        first, what = self.phases[0], "burst altitude"
        top = _altitude_end(first)
        if first.until is not None and first.until.quantity == "next_surface":
            top, what = _altitude_of(self.phases[1]), "float altitude"
        if isinstance(first, Ascent) and top is not None and top <= altitude_m:
            raise InvalidInput(what, f"{top:g} m", f"more than the launch altitude of {altitude_m:g} m")

    def _surface_after(self, number: int) -> str:
        """Quantity of the float that follows phase ``number`` (counted from 1)."""
        code = self.phases[number].code if number < len(self.phases) else -1
        if code not in SURFACE_QUANTITY:
            raise InvalidInput(f"phase {number}", "until the next surface", "a float after it")
        return SURFACE_QUANTITY[code]

    def _check_heights(self) -> None:
        reached: float | None = None
        for number, phase in enumerate(self.phases, start=1):
            end = _altitude_end(phase)
            if end is None:
                reached = None if phase.until is None or isinstance(phase, (Ascent, Descent)) else reached
                continue
            rises = not isinstance(phase, (Descent, DebrisFall))
            if reached is not None and (end <= reached if rises else end >= reached):
                side = "above" if rises else "below"
                raise InvalidInput(f"phase {number}", f"an end at {end:g} m", f"{side} {reached:g} m, where it starts")
            reached = end


def _altitude_end(phase: Phase) -> float | None:
    until: Until | None = phase.until
    return centre(until.value) if until is not None and until.quantity == "altitude" else None


def _altitude_of(phase: Phase) -> float | None:
    """Altitude at which a float at an altitude floats."""
    if isinstance(phase, Float) and phase.surface == "height" and phase.value is not None:
        return centre(phase.value)
    return None


def _name(phase: Phase) -> str:
    return type(phase).__name__.lower()
