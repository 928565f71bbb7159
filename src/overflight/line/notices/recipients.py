"""Who is to be told: states and flight information regions of a ledger, in the order in which it matters to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pandas as pd

from overflight.airspace import Ledger
from overflight.airspace.ledger import chance
from overflight.errors import InvalidInput
from overflight.line.notices.values import When

STATE, DISPUTED, SERVICE = "state", "disputed area", "flight information region"
_LIKELY = 0.5
"""Above this CAP calls it likely, at or below possible."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One state, disputed area or flight information region that the track may enter.

    Attributes
    ----------
    id, name : str
    kind : "state" (land, inland waters and territorial sea), "disputed area" or "flight information region".
    administered_by, claimed_by, note : of a disputed area, every party, none before the other.
    probability, probability_low, probability_high : share of members, and its 95 % interval.
    chance : str. The probability in words that the number of members allows.
    grazing : float. Share of those that came nowhere more than 2 km inside.
    entry, exit : When. Over the members that enter.
    hours : float. Median time inside. [h]
    """

    id: str
    name: str
    kind: str
    administered_by: str
    claimed_by: str
    note: str
    probability: float
    probability_low: float
    probability_high: float
    chance: str
    grazing: float
    entry: When
    exit: When
    hours: float

    @property
    def certainty(self) -> str:
        """The word that CAP 1.2 has for it."""
        return "Likely" if self.probability > _LIKELY else "Possible"

    @property
    def parties(self) -> str:
        """Every state that a disputed area concerns."""
        sides = (self.administered_by and f"administered by {self.administered_by}",
                 self.claimed_by and f"claimed by {self.claimed_by}")  # fmt: skip
        return "; ".join(side for side in sides if side) if self.kind == DISPUTED else ""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is to be told.

    Attributes
    ----------
    told : tuple of Recipient. Entered with at least the stated probability, by the time of entry.
    near : tuple of Recipient. Below it, but the 95 % interval reaches it: too few members to tell.
    tell : float. The stated probability.
    missing : str. How to get flight information regions, where they are not at hand.
    sources : where the boundaries come from.
    """

    told: tuple[Recipient, ...]
    near: tuple[Recipient, ...]
    tell: float
    missing: str
    sources: tuple[str, ...]

    @property
    def services(self) -> tuple[Recipient, ...]:
        """The flight information regions that are to be told."""
        return tuple(one for one in self.told if one.kind == SERVICE)

    def since(self, time: datetime) -> Recipients:
        """Return those whom it has still to enter or to leave at a time."""
        told, near = (tuple(one for one in group if one.exit.q95 >= time) for group in (self.told, self.near))
        return replace(self, told=told, near=near)


def recipients(states: Ledger, services: Ledger | str, *, tell: float) -> Recipients:
    """Find who is to be told.

    Parameters
    ----------
    states : the ledger by country.
    services : the ledger of flight information regions, or how to get them.
    tell : the probability of entry from which one is told.

    Raises
    ------
    InvalidInput
        The probability is none.
    """
    if not 0.0 < tell <= 1.0:
        raise InvalidInput("tell", f"{tell:g}", "a probability above 0, at most 1")
    ledgers = [states] if isinstance(services, str) else [states, services]
    every = sorted(
        (one for ledger in ledgers for one in _rows(ledger)), key=lambda one: (one.entry.q05, one.kind, one.id)
    )
    return Recipients(
        tuple(one for one in every if one.probability >= tell),
        tuple(one for one in every if one.probability < tell <= one.probability_high),
        tell,
        services if isinstance(services, str) else "",
        tuple(dict.fromkeys(source for ledger in ledgers for source in ledger.sources)),
    )


def _rows(ledger: Ledger) -> Iterator[Recipient]:
    for _, row in ledger.crossed.iterrows():
        service = row["kind"] in ("fir", "uir")
        yield Recipient(
            id=str(row["id"]),
            name=str(row["name"]),
            kind=SERVICE if service else DISPUTED if row["disputed"] else STATE,
            administered_by=str(row["administered_by"] or ""),
            claimed_by=str(row["claimed_by"] or ""),
            note=str(row["note"] or ""),
            probability=float(row["probability"]),
            probability_low=float(row["probability_low"]),
            probability_high=float(row["probability_high"]),
            chance=chance(row, ledger.members),
            grazing=float(row["grazing"]),
            entry=_when(row, "entry"),
            exit=_when(row, "exit"),
            hours=float(row["hours_q50"]),
        )


def _when(row: pd.Series, what: str) -> When:
    q05, q50, q95 = (_utc(row[f"{what}_{q}"]) for q in ("q05", "q50", "q95"))
    return When(q05, q50, q95)


def _utc(stamp: pd.Timestamp) -> datetime:
    instant: datetime = stamp.to_pydatetime(warn=False)
    return instant.replace(tzinfo=UTC)
