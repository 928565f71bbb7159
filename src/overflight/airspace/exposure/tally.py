"""What the balloons of one date did, counted: whole numbers, so that parts add up in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.exposure.crossed import crossed, names
from overflight.airspace.exposure.plan import Plan

I64 = NDArray[np.int64]
LOST = ("left_domain", "out_of_wind", "out_of_levels")
"""How a balloon ends whom the winds do not reach."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Counts of one date, or of a part of its balloons.

    Attributes
    ----------
    pair, hour, balloons, seconds : int64 (n,). For each pair ``release * countries + country`` and each hour after
        release, ascending: how many balloons first entered the country in that hour, and the seconds that those spent
        inside.
    release, number, with_number : int64 (m,). How many balloons of a release crossed so many countries.
    lost : int64 (releases,). Balloons that the winds did not reach to the end.
    """

    pair: I64
    hour: I64
    balloons: I64
    seconds: I64
    release: I64
    number: I64
    with_number: I64
    lost: I64


def tally(data: xr.Dataset, plan: Plan, *, threads: int = 1) -> Tally:
    """Count what trajectories of one date did; ``trajectory`` holds the numbers of the balloons."""
    found, numbers = crossed(data, threads=threads), data["trajectory"].values.astype(np.int64)
    release = numbers // plan.members
    pair = release[found.member] * len(names().ids) + found.country
    hour = np.floor(np.maximum(found.entry_s, 0.0) / 3600.0).astype(np.int64)
    inside = np.round(found.inside_s).astype(np.int64)
    of_country = found.member[names().is_country[found.country]]
    counts = np.bincount(of_country, minlength=numbers.size).astype(np.int64)
    meanings = data["end_status"].attrs["flag_meanings"].split()
    is_lost = np.isin(data["end_status"].values, [meanings.index(name) for name in LOST])
    pairs = _summed((pair, hour), (np.ones_like(pair), inside))
    numbered = _summed((release, counts), (np.ones_like(release),))
    lost = np.bincount(release[is_lost], minlength=plan.releases).astype(np.int64)
    return Tally(*pairs, *numbered, lost)  # type: ignore[call-arg]


def together(parts: Sequence[Tally]) -> Tally:
    """Add up tallies."""
    if len(parts) == 1:
        return parts[0]

    def all_of(name: str) -> I64:
        return np.concatenate([getattr(part, name) for part in parts])

    pairs = _summed((all_of("pair"), all_of("hour")), (all_of("balloons"), all_of("seconds")))
    numbered = _summed((all_of("release"), all_of("number")), (all_of("with_number"),))
    return Tally(*pairs, *numbered, np.sum([part.lost for part in parts], axis=0))  # type: ignore[call-arg]


def _summed(keys: tuple[I64, I64], values: tuple[I64, ...]) -> tuple[I64, ...]:
    """Return keys in ascending order, each pair once, and the sums of the values that share it."""
    order = np.lexsort(keys[::-1])
    first, second = (key[order] for key in keys)
    if not first.size:
        return first, second, *values
    starts = np.flatnonzero(np.append(True, (np.diff(first) != 0) | (np.diff(second) != 0)))
    return first[starts], second[starts], *(np.add.reduceat(value[order], starts) for value in values)
