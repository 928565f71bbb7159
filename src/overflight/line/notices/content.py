"""What each unmanned free balloon notice has to say, and what is missing of it.

The items are those of ICAO Annex 2 (Rules of the Air), Appendix 5, sections 5 and 6, which the European rules repeat as
SERA Appendix 2 (Commission Implementing Regulation (EU) No 923/2012). 14 CFR 101.37 and 101.39 of the United States ask
for nearly the same; what they ask for beside it (dimensions, payload, suspension, antenna) stands in ``description``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, get_type_hints

from overflight.line.notices.values import Heading, Impact, Level, Passing, Spot, When

LONG_DURATION = "LONG DURATION"
"""The Appendix's own words where end and impact cannot be forecast with accuracy (5.1.2 k)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a notice: where it is asked for, in which words, how to state it, and whether it may be left out."""

    paragraph: str
    asks: str
    option: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreLaunch:
    """Notice of an intended flight (5.1.2)."""

    identification: Annotated[
        str | None, Item("5.1.2 a", "balloon flight identification or project code name", "--id")
    ] = None
    classification: Annotated[str | None, Item("5.1.2 b", "classification (light, medium or heavy)", "--class")] = None
    description: Annotated[str | None, Item("5.1.2 b", "description of the balloon", "--description")] = None
    transponder: Annotated[
        str | None, Item("5.1.2 c", "SSR code, aircraft address or NDB frequency (or none)", "--transponder")
    ] = None
    operator: Annotated[str | None, Item("5.1.2 d", "operator's name", "--operator")] = None
    phone: Annotated[str | None, Item("5.1.2 d", "operator's telephone number", "--phone")] = None
    launch_site: Annotated[str | None, Item("5.1.2 e", "launch site", "--site")] = None
    launch_time: Annotated[datetime | None, Item("5.1.2 f", "estimated time of launch", "--launch-time")] = None
    balloons: Annotated[int | None, Item("5.1.2 g", "number of balloons", "--balloons")] = None
    interval: Annotated[str | None, Item("5.1.2 g", "interval between launches", "--interval", optional=True)] = None
    direction: Annotated[Heading | None, Item("5.1.2 h", "expected direction of ascent")] = None
    cruising_level: Annotated[Level | None, Item("5.1.2 i", "cruising level")] = None
    passing: Annotated[
        Passing | None, Item("5.1.2 j", "elapsed time to pass 60 000 ft or to reach cruising level, and where")
    ] = None
    termination: Annotated[Impact | str | None, Item("5.1.2 k", "time of termination and location of impact")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Notice right after a launch (5.2)."""

    identification: Annotated[
        str | None, Item("5.2 a", "balloon flight identification or project code name", "--id")
    ] = None
    launch_site: Annotated[str | None, Item("5.2 b", "launch site", "--site")] = None
    launch_time: Annotated[datetime | None, Item("5.2 c", "actual time of launch", "--launch-time")] = None
    passing: Annotated[
        Passing | None, Item("5.2 d", "time to pass 60 000 ft or to reach cruising level, and where")
    ] = None
    balloons: Annotated[
        int | None, Item("5.2 e", "number of balloons, where it changed", "--balloons", optional=True)
    ] = None
    interval: Annotated[
        str | None, Item("5.2 e", "interval between launches, where it changed", "--interval", optional=True)
    ] = None
    direction: Annotated[Heading | None, Item("5.2 e", "expected direction of ascent")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position, recorded or forecast, and the track ahead (6.1, 6.2)."""

    identification: Annotated[str | None, Item("6.1", "balloon flight identification or project code name", "--id")] = (
        None
    )
    time: Annotated[datetime | None, Item("6.1", "time of the position", "--at")] = None
    spot: Annotated[Spot | None, Item("6.1", "position")] = None
    level: Annotated[Level | None, Item("6.1", "level (pressure altitude)")] = None
    termination: Annotated[Impact | str | None, Item("6.1", "forecast of the end of the flight", optional=True)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """Notice one hour before a planned descent (6.4)."""

    identification: Annotated[str | None, Item("6.4", "balloon flight identification or project code name", "--id")] = (
        None
    )
    time: Annotated[datetime | None, Item("6.4", "time of the position", "--at")] = None
    spot: Annotated[Spot | None, Item("6.4 a", "current geographical position")] = None
    level: Annotated[Level | None, Item("6.4 b", "current level (pressure altitude)")] = None
    begin: Annotated[When | None, Item("6.4", "forecast time at which the descent begins")] = None
    fl600: Annotated[When | None, Item("6.4 c", "forecast time of passing 60 000 ft in descent", optional=True)] = None
    impact: Annotated[Impact | None, Item("6.4 d", "forecast time and location of ground impact")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Notice that an intended flight will not take place (5.3)."""

    identification: Annotated[str | None, Item("5.3", "balloon flight identification or project code name", "--id")] = (
        None
    )
    refers_to: Annotated[
        str | None, Item("5.3", "reference of the notice that it cancels (sender,identifier,sent)", "--refers-to")
    ] = None
    reason: Annotated[str | None, Item("5.3", "reason", "--reason", optional=True)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Notice that the position can no longer be recorded (6.3)."""

    identification: Annotated[str | None, Item("6.3", "balloon flight identification or project code name", "--id")] = (
        None
    )
    time: Annotated[datetime | None, Item("6.3", "time of the last recorded position", "--at")] = None
    spot: Annotated[Spot | None, Item("6.3", "last recorded position")] = None
    level: Annotated[Level | None, Item("6.3", "last recorded level (pressure altitude)")] = None
    termination: Annotated[
        Impact | str | None, Item("6.3", "revised forecast of the end of the flight", optional=True)
    ] = None
    reason: Annotated[str | None, Item("6.3", "reason", "--reason", optional=True)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Notice that the operation has ended (6.5)."""

    identification: Annotated[str | None, Item("6.5", "balloon flight identification or project code name", "--id")] = (
        None
    )
    impact: Annotated[Impact | None, Item("6.5", "time and location of ground impact")] = None


Content = PreLaunch | Launch | Position | Descent | Cancellation | Loss | Ended
KINDS: dict[str, type[Content]] = {
    "pre-launch": PreLaunch,
    "launch": Launch,
    "position": Position,
    "descent": Descent,
    "cancellation": Cancellation,
    "loss": Loss,
    "ended": Ended,
}


def items(content: Content | type[Content]) -> dict[str, Item]:
    """Return the items of a notice by the names of its fields, in their order."""
    of = content if isinstance(content, type) else type(content)
    hints = get_type_hints(of, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def missing(content: Content) -> list[Item]:
    """Return the items that the notice has to state and does not."""
    return [item for name, item in items(content).items() if not item.optional and not _is_stated(content, name)]


def stated(content: Content) -> list[tuple[Item, Any]]:
    """Return each item with its value; of those that may be left out only what is stated."""
    told = items(content).items()
    return [(item, getattr(content, name)) for name, item in told if not item.optional or _is_stated(content, name)]


def _is_stated(content: Content, name: str) -> bool:
    return getattr(content, name) not in (None, "")
