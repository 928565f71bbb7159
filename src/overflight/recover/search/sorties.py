"""Legs in an order that can be followed: out from base, along the legs, and back before the endurance ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from overflight.recover.search.effort import Effort
from overflight.recover.search.legs import Sweep
from overflight.recover.search.plane import Place, between, metres

SHORTEST = 0.25
"""A leg that does not fit is cut, unless less than this share of a spacing would be left of it."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight part of a search.

    Attributes
    ----------
    start, end : (lat, lon). [degrees]
    spacing_m : float. To the neighbouring legs: what it sweeps is so wide. [m]
    number : int. Which pass over its cells, from 0.
    """

    start: Place
    end: Place
    spacing_m: float
    number: int

    @property
    def length_m(self) -> float:
        """Return its length. [m]"""
        return metres(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Sortie:
    """One way out and back.

    Attributes
    ----------
    searcher : int. From 1.
    base : (lat, lon). [degrees]
    legs : tuple of Leg. In order.
    effort : Effort. Whose speeds it is at.
    """

    searcher: int
    base: Place
    legs: tuple[Leg, ...]
    effort: Effort

    def places(self) -> list[Place]:
        """Return where it turns, from base to base. [degrees]"""
        turns = [self.base]
        for leg in self.legs:
            turns += [place for place in (leg.start, leg.end) if place != turns[-1]]
        return [*turns, self.base] if turns[-1] != self.base or len(turns) == 1 else turns

    @property
    def search_m(self) -> float:
        """Return the length of its legs. [m]"""
        return sum(leg.length_m for leg in self.legs)

    @property
    def turning_m(self) -> float:
        """Return the length of the ways from leg to leg. [m]"""
        return sum(metres(a.end, b.start) for a, b in zip(self.legs, self.legs[1:], strict=False))

    @property
    def transit_m(self) -> float:
        """Return the length of the ways from base and to it. [m]"""
        return metres(self.base, self.legs[0].start) + metres(self.legs[-1].end, self.base) if self.legs else 0.0

    @property
    def hours(self) -> float:
        """Return how long it lasts, with the time for looking closer. [h]"""
        on_scene = (self.search_m + self.turning_m) / self.effort.speed_ms / self.effort.on_legs
        return (on_scene + self.transit_m / self.effort.transit) / 3600.0


def ordered(all_sweeps: Sequence[Sweep], base: Place) -> list[Leg]:
    """Return the legs of all sweeps, earlier passes first, each time the sweep next whose corner is nearest."""
    left, here, legs = list(all_sweeps), base, []
    while left:
        number = min(sweep.number for sweep in left)
        ways = [
            (metres(here, next(sweep.legs(row, sense))[0]), i, row, sense)
            for i, sweep in enumerate(left)
            if sweep.number == number
            for row in (0, -1)
            for sense in (1, -1)
        ]
        _, i, row, sense = min(ways)
        sweep = left.pop(i)
        legs += [Leg(start, end, sweep.spacing_m, sweep.number) for start, end in sweep.legs(row, sense)]
        here = legs[-1].end
    return legs


def divide(legs: Sequence[Leg], effort: Effort) -> tuple[list[Sortie], bool]:
    """Divide legs among sorties, in order; say too whether all of them are flown.

    A leg that no longer fits is cut where the sortie must turn back; the next sortie goes on from there.
    """
    waiting = list(legs[::-1])
    sorties = []
    for searcher, hours in effort.sorties():
        flown = tuple(_flown(waiting, effort, hours * 3600.0))
        if flown:
            sorties.append(Sortie(searcher, effort.base, flown, effort))
        if not waiting:
            break
    return sorties, not waiting


def _flown(waiting: list[Leg], effort: Effort, seconds: float) -> Iterator[Leg]:
    """Yield the legs of one sortie, and take them from those that wait, the next one last."""
    here, spent, pace = effort.base, 0.0, 1.0 / (effort.speed_ms * effort.on_legs)
    while waiting:
        leg = waiting[-1]
        way = metres(here, leg.start) * (1.0 / effort.transit if here == effort.base else pace)
        start = spent + way
        home = metres(leg.end, effort.base) / effort.transit
        if start + leg.length_m * pace + home <= seconds:
            waiting.pop()
            yield leg
            here, spent = leg.end, start + leg.length_m * pace
            continue
        cut = _cut(leg, effort, seconds - start)
        if cut is not None:
            waiting[-1] = Leg(cut.end, leg.end, leg.spacing_m, leg.number)
            yield cut
        return


def _cut(leg: Leg, effort: Effort, seconds: float) -> Leg | None:
    """Return as much of a leg as leaves time to be back at base; None where too little of it does."""
    pace, low, high = leg.length_m / (effort.speed_ms * effort.on_legs), 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2.0
        turn = between(leg.start, leg.end, middle)
        fits = middle * pace + metres(turn, effort.base) / effort.transit <= seconds
        low, high = (middle, high) if fits else (low, middle)
    if low * leg.length_m < SHORTEST * leg.spacing_m:
        return None
    return Leg(leg.start, between(leg.start, leg.end, low), leg.spacing_m, leg.number)
