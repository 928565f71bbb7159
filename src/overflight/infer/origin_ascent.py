"""Whether an object was still climbing when it was first seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from overflight.sightings import Sighting

SOON_S = 7_200.0
"""Longer than this no ascent is followed. [s]"""
SLOWEST_MS, FASTEST_MS = 0.7, 12.0
SIGNIFICANT = 3.0


@dataclass(frozen=True, slots=True)
class Climb:
    """Rate of ascent at the first sighting and its standard deviation. [m/s]"""

    rate_ms: float
    sd_ms: float


def climbing_at_first(sightings: Sequence[Sighting]) -> Climb | None:
    """Return the climb that the first two reported altitudes show, or None where they show none.

    They must lie within two hours of the first sighting and differ by three standard deviations at the rate of an
    ascent. Slower or later changes are those of a float.
    """
    ordered = sorted(sightings, key=lambda s: s.time)
    told = [s for s in ordered if s.altitude is not None]
    if len(told) < 2 or told[0] is not ordered[0]:
        return None
    start = told[0].time
    soon = [s for s in told[1:] if 0.0 < (s.time - start).total_seconds() <= SOON_S]
    if not soon or told[0].altitude is None or soon[0].altitude is None:
        return None
    seconds = (soon[0].time - start).total_seconds()
    rise = soon[0].altitude.value_m - told[0].altitude.value_m
    sd = float(np.hypot(soon[0].altitude.sd_m, told[0].altitude.sd_m))
    rate = rise / seconds
    if not (SLOWEST_MS <= rate <= FASTEST_MS and rise > SIGNIFICANT * sd):
        return None
    return Climb(rate, max(sd / seconds, 0.1 * rate))
