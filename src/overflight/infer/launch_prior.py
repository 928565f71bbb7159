"""What is believed of a launch before the winds are looked at: where, at what hour, how fast it climbs.

Every number here is a judgement, is printed with the result, and can be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.geo.terrain import Terrain
from overflight.infer.launch_sites import KINDS, Site

F64 = NDArray[np.float64]

LAND, SEA = "land", "sea"
EARTH_KM2 = 4.0 * np.pi * (sphere.EARTH_RADIUS_M / 1000.0) ** 2
SHORELINE_M = 0.5
"""Ground lower than this is sea: the grid of elevations has 0 there."""
DAY_S = 86_400.0

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"given": 0.50, "radiosonde": 0.25, "long_duration": 0.30, "spaceport": 0.02, LAND: 0.38, SEA: 0.05}
)
CLIMBS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"radiosonde": (5.0, 0.2), "long_duration": (3.5, 0.3), "spaceport": (4.0, 0.35), "given": (4.0, 0.35),
     LAND: (4.0, 0.35), SEA: (4.0, 0.35)}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchPrior:
    """Prior of place, hour and ascent of a launch.

    Attributes
    ----------
    weights : kind of place to probability; those of kinds without a site drop out, the rest is scaled to 1. ``land``
        and ``sea`` are uniform over the Earth's land and sea.
    climbs : kind of place to (median, standard deviation of the logarithm) of a log-normal rate of ascent. [m/s]
    synoptic_shares : hour UTC to the share of radiosondes launched for it; what is left is spread over the day.
    lead_min, lead_sd_min : float. How long before that hour they go up. [min]
    """

    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    climbs: Mapping[str, tuple[float, float]] = field(default_factory=lambda: CLIMBS)
    synoptic_shares: Mapping[float, float] = field(
        default_factory=lambda: {0.0: 0.42, 12.0: 0.42, 6.0: 0.03, 18.0: 0.03}
    )
    lead_min: float = 50.0
    lead_sd_min: float = 15.0

    def __post_init__(self) -> None:
        """Refuse what is no prior."""
        known = (*KINDS, LAND, SEA)
        for name, value in self.weights.items():
            if name not in known or not 0.0 <= value < np.inf:
                raise InvalidInput("prior", f"{name} {value}", f"weights of 0 or more for {', '.join(known)}")
        if not sum(self.weights.values()) > 0.0:
            raise InvalidInput("prior", "weights of 0", "at least one above 0")
        shares = list(self.synoptic_shares.values())
        if min(shares, default=0.0) < 0.0 or sum(shares) > 1.0 + 1e-9:
            raise InvalidInput("synoptic_shares", str(sum(shares)), "shares of 0 or more that sum to 1 or less")
        if not self.lead_sd_min > 0.0:
            raise InvalidInput("lead_sd_min", str(self.lead_sd_min), "minutes above 0")

    def normalised(self, sites: Sequence[Site]) -> dict[str, float]:
        """Return the weights of the kinds that there are, which sum to 1.

        Raises
        ------
        InvalidInput
            Nothing of it has weight.
        """
        there = {site.kind for site in sites if site.weight > 0.0} | {LAND, SEA}
        kept = {name: float(w) for name, w in self.weights.items() if name in there}
        total = sum(kept.values())
        if not total > 0.0:
            raise InvalidInput("prior", "no weight on land, sea or any site given", "at least one above 0")
        return {name: w / total for name, w in kept.items()}

    def site_weights(self, sites: Sequence[Site]) -> F64:
        """Return the prior probability of each site, (sites,)."""
        by_kind = self.normalised(sites)
        totals = {kind: sum(s.weight for s in sites if s.kind == kind) for kind in KINDS}
        shares = [by_kind.get(s.kind, 0.0) * s.weight / totals[s.kind] if s.weight > 0.0 else 0.0 for s in sites]
        return np.asarray(shares, np.float64)

    def hour_factor(self, kind: str, times: NDArray[np.datetime64]) -> F64:
        """Return how much likelier a launch of a kind is at UTC times than on the mean over the day."""
        if kind != "radiosonde":
            return np.ones(times.shape)
        second = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "s")
        sd = 60.0 * self.lead_sd_min
        total = np.full(times.shape, 1.0 - sum(self.synoptic_shares.values()))
        for hour, share in self.synoptic_shares.items():
            apart = (second - 3600.0 * hour + 60.0 * self.lead_min + 0.5 * DAY_S) % DAY_S - 0.5 * DAY_S
            total += share * DAY_S / (sd * np.sqrt(2.0 * np.pi)) * np.exp(-0.5 * (apart / sd) ** 2)
        return total

    def climb_log_density(self, kind: str, rate_ms: F64) -> F64:
        """Return the log density of rates of ascent. [per m/s]"""
        median, sd = self.climbs.get(kind, CLIMBS[LAND])
        return log_normal(rate_ms, median, sd)

    def to_json(self, sites: Sequence[Site]) -> dict[str, Any]:
        """Return the prior as it was used, as plain data."""
        weights = self.normalised(sites)
        return {
            "weights": weights,
            "climb_ms": {kind: list(self.climbs.get(kind, CLIMBS[LAND])) for kind in weights},
            "radiosonde_hours": {f"{hour:g}": share for hour, share in self.synoptic_shares.items()},
            "radiosonde_lead_min": [self.lead_min, self.lead_sd_min],
            "sites": {kind: sum(s.kind == kind for s in sites) for kind in KINDS if any(s.kind == kind for s in sites)},
        }


def log_normal(value: F64, median: float, sd: float) -> F64:
    """Return the log density of a log-normal distribution."""
    z = (np.log(value) - np.log(median)) / sd
    return np.asarray(-0.5 * z * z - np.log(value * sd * np.sqrt(2.0 * np.pi)))


def is_land(lat: F64, lon: F64) -> NDArray[np.bool_]:
    """Say which places are land, by the grid of elevations that is shipped."""
    return np.asarray(Terrain.load().elevation_m(lat, lon) > SHORELINE_M)


@cache
def land_km2() -> float:
    """Return the area of the land by that grid. [km2]"""
    terrain = Terrain.load()
    rows = np.radians(terrain.lat0 + terrain.dlat * np.arange(terrain.grid.shape[0]))
    share = (terrain.grid > SHORELINE_M).mean(axis=1)
    return float(EARTH_KM2 * np.average(share, weights=np.maximum(np.cos(rows), 0.0)))
