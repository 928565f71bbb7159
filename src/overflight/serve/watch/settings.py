"""What a watch is told: where sightings come from, where they are kept, and how far ahead it looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from overflight.airspace import Regions

FILE = "watch.sqlite"
SONDEHUB = "sondehub"
"""In place of an address: the live feed of SondeHub."""
Require = Callable[[str], Callable[..., Any]]
"""Takes a role, gives the FastAPI dependency that lets in who has it."""


def everybody(role: str) -> Callable[..., Any]:
    """Let everybody in, whatever the role."""

    def let_in() -> str:
        return role

    return let_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a watch is told.

    Attributes
    ----------
    store : path of a SQLite file, or ``postgresql://user@host/base``.
    mqtt : addresses of brokers (``mqtt://host/topic/#``), or ``sondehub``.
    topics : what is subscribed to where an address names none.
    follow : files of NDJSON or CSV rows that grow.
    winds : as of ``--winds``; None extrapolates the present motion, and says so.
    known : CSV of known flights and launches, as of ``overflight identify``.
    stations : whether the launches of radiosonde stations are known launches.
    layers : regions beside the countries that are shipped, as flight information regions.
    tick_s : how long frames are gathered before they are written and told. [s]
    members : of the ensemble of each balloon.
    hours : how far ahead is looked. [h]
    renew_s : a forecast is renewed when it is as old as that; or when the balloon leaves it. [s]
    forget_h : a balloon that was not heard for so long is let go. [h]
    oldest_h : frames that are older when they come are kept and not shown; inf takes all, as of a replayed file. [h]
    keep_h : how long frames are kept in the store. [h]
    ring, ring_every_s : how many past places of each balloon are held in memory, one in so many seconds.
    most_balloons : more are refused.
    least_probability : below it a region is left out.
    seed : int. Of the ensembles.
    sender : who sends CAP messages and e-mail.
    require : Require. Roles: read, report, investigate.
    """

    store: str | Path
    mqtt: tuple[str, ...] = ()
    topics: tuple[str, ...] = ("sondes/#",)
    follow: tuple[Path, ...] = ()
    winds: str | None = None
    known: Path | None = None
    stations: bool = False
    layers: tuple[Regions, ...] = ()
    tick_s: float = 0.15
    members: int = 48
    hours: float = 24.0
    renew_s: float = 600.0
    forget_h: float = 12.0
    oldest_h: float = 24.0
    keep_h: float = 72.0
    ring: int = 240
    ring_every_s: float = 30.0
    most_balloons: int = 50_000
    least_probability: float = 0.01
    seed: int = 7
    sender: str = "overflight"
    require: Require = field(default=everybody)

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name, low, high in (
            ("tick_s", 0.01, 5.0), ("members", 16, 2_000), ("hours", 1.0, 240.0), ("renew_s", 1.0, 86_400.0),
            ("forget_h", 0.01, 10_000.0), ("oldest_h", 0.01, math.inf), ("keep_h", 1.0, 1e6), ("ring", 2, 100_000),
            ("ring_every_s", 0.0, 86_400.0), ("most_balloons", 1, 10_000_000), ("least_probability", 0.0, 1.0),
        ):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise InvalidInput(name, str(getattr(self, name)), f"{low:g} to {high:g}")


class Service(Protocol):
    """What a service is told that has a watch in it."""

    @property
    def folder(self) -> Path:
        """Where everything is kept."""

    @property
    def store(self) -> str:
        """URL of a PostgreSQL, or "" for a file in the folder."""

    @property
    def winds(self) -> str:
        """Winds, as of ``--winds``."""

    @property
    def sondehub(self) -> bool:
        """Whether the live feed of SondeHub is listened to."""

    @property
    def mqtt(self) -> tuple[str, ...]:
        """Addresses of brokers."""

    @property
    def follow(self) -> tuple[Path, ...]:
        """Files that grow."""


def of_service(service: Service) -> Settings:
    """Return the settings of the watch in a service; its doors are the service's own."""
    return Settings(
        store=service.store or service.folder / FILE, winds=service.winds or None, follow=service.follow,
        mqtt=(*service.mqtt, *((SONDEHUB,) if service.sondehub else ())),
    )  # fmt: skip
