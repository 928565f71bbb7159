"""What falls: classes of objects, the state that an event leaves them in, and how they behave on water."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from overflight.errors import InvalidInput
from overflight.flight import Flight
from overflight.flight.debris import STANDARD_CLASSES, DebrisClass
from overflight.flight.phases import PARACHUTE_EXPONENT, Descent
from overflight.geo.spread import Spread, Value, centre

PARACHUTE_SPEED_MS = Spread("lognormal", 5.0, 0.25, low=1.5, high=20.0)
"""Speed at sea level under a parachute. 16 of 18 measured descents lie at 4 to 8 m/s (docs/method/flight.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectClass:
    """One class of what comes down.

    Attributes
    ----------
    name : str
    fall : Descent. How it falls.
    share : float. Weight of the class in the density of all.
    leeway : str. The class of the leeway table (``recover.leeway``) that it drifts like; "" does not float.
    floats_h : float or Spread. Hours until it sinks. [h]
    sinks_ms : float or Spread. Speed through water once it sinks. [m/s]
    """

    name: str
    fall: Descent
    share: float = 1.0
    leeway: str = ""
    floats_h: Value = 0.0
    sinks_ms: Value = 0.3

    @property
    def flight(self) -> Flight:
        """The fall as a flight."""
        return Flight(phases=(self.fall,))

    @property
    def typical(self) -> ObjectClass:
        """The class with its fall at the medians of what is drawn."""
        fall = self.fall
        beta, speed = (None if v is None else centre(v) for v in (fall.ballistic_kg_m2, fall.sea_level_speed_ms))
        middle = replace(
            fall, ballistic_kg_m2=beta, sea_level_speed_ms=speed, density_exponent=centre(fall.density_exponent)
        )
        return replace(self, fall=middle)


def _under_parachute(name: str, speed: Value) -> ObjectClass:
    fall = Descent(sea_level_speed_ms=speed, density_exponent=PARACHUTE_EXPONENT)
    return ObjectClass(name=name, fall=fall, leeway="MED-WASTE-1", floats_h=Spread("lognormal", 72.0, 1.0),
                       sinks_ms=Spread("lognormal", 0.3, 0.4))  # fmt: skip


def _piece(debris: DebrisClass, leeway: str, floats_h: Value, sinks_ms: float) -> ObjectClass:
    return ObjectClass(name=debris.name, fall=Descent(ballistic_kg_m2=debris.ballistic_kg_m2), share=debris.share,
                       leeway=leeway, floats_h=floats_h, sinks_ms=Spread("lognormal", sinks_ms, 0.4))  # fmt: skip


_ON_WATER: Mapping[str, tuple[str, Value, float]] = {
    "film": ("SEWAGE", Spread("lognormal", 24.0, 1.0), 0.02),
    "envelope": ("FV-DEBRIS", Spread("lognormal", 12.0, 1.0), 0.05),
    "truss": ("", 0.0, 0.8),
    "dense payload": ("", 0.0, 1.0),
}
"""Of each standard class of debris: what it drifts like, for how long, and how fast it sinks. By judgement."""
_TORN = DebrisClass(name="torn balloon", ballistic_kg_m2=Spread("lognormal", 1.5, 0.6, low=0.3, high=8.0))
_BARE = DebrisClass(name="payload", ballistic_kg_m2=Spread("lognormal", 10.0, 0.4, low=4.0, high=40.0))
STATES = ("parachute", "torn", "separated", "fragments")
"""Under its parachute; torn envelope with the payload below it; payload and envelope apart; fragments."""
USUAL = {"burst": "parachute", "cut-down": "separated", "loss-of-lift": "torn", "brought-down": "fragments"}
"""The state that is taken after an event where none is given."""


def objects_of(state: str, fall_speed_ms: Value | None = None) -> tuple[ObjectClass, ...]:
    """Return the classes of a state.

    Parameters
    ----------
    state : one of ``STATES``
    fall_speed_ms : speed at sea level under the parachute; None takes ``PARACHUTE_SPEED_MS``. [m/s]

    Raises
    ------
    InvalidInput
        The state is unknown, or a speed is given where nothing hangs under a parachute.
    """
    speed = PARACHUTE_SPEED_MS if fall_speed_ms is None else fall_speed_ms
    if state not in STATES:
        raise InvalidInput("state", repr(state), ", ".join(STATES))
    if fall_speed_ms is not None and state not in ("parachute", "separated"):
        raise InvalidInput("fall speed", f"one with state {state}", "state parachute or separated")
    pieces = {c.name: c for c in STANDARD_CLASSES}
    if state == "parachute":
        return (_under_parachute("under parachute", speed),)
    if state == "torn":
        return (_piece(_TORN, "MED-WASTE-1", Spread("lognormal", 24.0, 1.0), 0.3),)
    if state == "separated":
        payload = _piece(_BARE, "MED-WASTE-1", Spread("lognormal", 24.0, 1.0), 0.5)
        if fall_speed_ms is not None:
            payload = _under_parachute("payload", speed)
        return payload, _piece(pieces["envelope"], *_ON_WATER["envelope"])
    return tuple(_piece(c, *_ON_WATER[c.name]) for c in STANDARD_CLASSES)
