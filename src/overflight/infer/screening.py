"""Which candidates may have come near a sighting at all: by time and the fastest wind, thousands in a millisecond."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.infer.candidates import Candidate
from overflight.infer.seen_places import SeenPlaces

F64 = NDArray[np.float64]

_MOST_NODES = 2_000_000
_ERROR_MS = 20.0
"""Added to the fastest wind: four standard deviations of its error."""
_SLACK_S = 1_800.0


def fastest_ms(winds: xr.Dataset) -> float:
    """Return the fastest wind of a dataset with a margin; of every few nodes where there are many. [m/s]"""
    u, v = winds["u"], winds["v"]
    step = max(1, int(np.ceil((u.size / _MOST_NODES) ** 0.5)))
    thin = {axis: slice(None, None, step) for axis in ("lat", "lon")}
    speed = np.hypot(u.isel(thin).values, v.isel(thin).values)
    return float(np.nanmax(speed)) * (1.1 if step > 1 else 1.0) + _ERROR_MS


def reachable(
    candidates: Sequence[Candidate], seen: SeenPlaces, speed_ms: float, margin_km: float
) -> NDArray[np.bool_]:
    """Say which candidates (n,) are aloft at every sighting and can have come within ``margin_km`` of the first.

    Time and place of a launch and of the last fix are taken with four standard deviations.
    """
    second = np.timedelta64(1, "s")
    first = (np.array([c.time[0] for c in candidates], "datetime64[ns]") - seen.time[0]) / second
    last = (np.array([c.time[-1] for c in candidates], "datetime64[ns]") - seen.time[0]) / second
    slack = 4.0 * np.array([c.time_sd_s for c in candidates]) + _SLACK_S
    longest = np.array([c.flown.longest_s if c.kind == "launch" else np.inf for c in candidates])
    duration = float((seen.time[-1] - seen.time[0]) / second)
    in_time = (first - slack <= 0.0) & (duration - first - slack <= longest)
    lat, lon = (np.array([getattr(c, n)[_near(c, seen)] for c in candidates]) for n in ("lat", "lon"))
    away_s = np.where(last < 0.0, -last, 0.0) + _gap_s(candidates, seen)
    reach_km = speed_ms * (away_s + slack) / 1000.0 + margin_km
    reach_km += 4.0 * np.array([c.position_sd_m for c in candidates]) / 1000.0
    reach_km += 4.0 * float(np.sqrt(np.trace(seen.cov_km2[0])))
    distance_km = sphere.distance_m(seen.lat[0], seen.lon[0], lat, lon) / 1000.0
    return np.asarray(in_time & (distance_km <= reach_km))


def _near(candidate: Candidate, seen: SeenPlaces) -> int:
    """Return the number of the last fix not after the first sighting."""
    if candidate.time.size == 1:
        return 0
    return max(0, int(np.searchsorted(candidate.time, seen.time[0], side="right")) - 1)


def _gap_s(candidates: Sequence[Candidate], seen: SeenPlaces) -> F64:
    """Return how long before the first sighting the fix before it is, of tracks that go on after it. [s]"""
    out = np.zeros(len(candidates))
    for i, c in enumerate(candidates):
        if c.time.size > 1 and c.time[-1] > seen.time[0]:
            out[i] = max(0.0, float((seen.time[0] - c.time[_near(c, seen)]) / np.timedelta64(1, "s")))
    return out
