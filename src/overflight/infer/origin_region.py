"""The posterior of a launch as regions, windows of time and ranked sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overflight.geo.density import Density
from overflight.geo.times import iso
from overflight.infer.launch_sites import Site, labels
from overflight.infer.origin_weights import Points

F64 = NDArray[np.float64]

RESOLUTIONS = (4, 3, 2)
"""H3 resolutions tried, the finest first: cells of about 1,770, 12,400 and 86,800 km2."""
POINTS_A_CELL = 8.0
WINDOWS = 24
SHORTEST_WINDOW_S = 3_600.0
LEAST_SHARE = 1e-7
_NS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOdds:
    """A site in the ranking.

    Attributes
    ----------
    name, kind : str
    lat, lon : float. [degrees]
    probability : float. Posterior.
    odds : float. Against "none of these".
    launch_time : datetime64. Median, given that it came from there. UTC.
    """

    name: str
    kind: str
    lat: float
    lon: float
    probability: float
    odds: float
    launch_time: np.datetime64

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data."""
        names = ("name", "kind", "lat", "lon", "probability", "odds")
        return {**{n: getattr(self, n) for n in names}, "launch_time": iso(self.launch_time)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """The posterior by window of the time of launch, the earliest first.

    Attributes
    ----------
    edges : datetime64 (n + 1,). UTC.
    probability : float64 (n,). With ``elsewhere`` of the density they sum to 1.
    table : float64 (n, cells). Probability of each window and cell of the density.
    """

    edges: NDArray[np.datetime64]
    probability: F64
    table: F64

    def to_json(self) -> list[dict[str, Any]]:
        """Return the windows as plain data."""
        return [
            {"from": iso(a), "to": iso(b), "probability": float(p)}
            for a, b, p in zip(self.edges, self.edges[1:], self.probability, strict=False)
        ]


def density_of(points: Points, elsewhere: float, resolution: int | None) -> Density:
    """Count points by cell, at the finest resolution that the launches from no known site fill."""
    tried = (resolution,) if resolution is not None else RESOLUTIONS
    ground = points.part < 0
    own = np.bincount(points.member[ground], points.mass[ground])
    filling = float(own.sum() ** 2 / np.maximum(np.sum(own**2), 1e-300)) if own.size else 0.0
    for number in tried:
        density = Density.from_points(points.lat, points.lon, points.mass, resolution=number, elsewhere=elsewhere)
        if POINTS_A_CELL * int(density.region(0.9).sum()) <= filling:
            break
    return density


def windows_of(points: Points, first: np.datetime64, window_s: float, density: Density) -> Windows:
    """Sum points by window of time and cell."""
    count = int(np.clip(window_s // SHORTEST_WINDOW_S, 1, WINDOWS))
    length = window_s / count
    at = count - 1 - np.clip((points.age_s / length).astype(np.intp), 0, count - 1)
    table = np.zeros((count, density.cell.size))
    np.add.at(table, (at, density.index_of(points.lat, points.lon)), points.mass)
    steps = np.round((window_s - length * np.arange(count + 1)) * _NS).astype("timedelta64[ns]")
    return Windows(edges=first - steps, probability=table.sum(axis=1), table=table)


def ranked_sites(points: Points, sites: Sequence[Site], first: np.datetime64, elsewhere: float) -> tuple[SiteOdds, ...]:
    """Return the sites with any probability, the likeliest first."""
    at = np.flatnonzero(points.part >= 0)
    share = np.bincount(points.part[at], points.mass[at], len(sites)) if sites else np.zeros(0)
    none = elsewhere + float(points.mass[points.part < 0].sum())
    names, out = labels(sites), []
    for i in np.argsort(-share, kind="stable"):
        if share[i] < LEAST_SHARE:
            break
        own = at[points.part[at] == i]
        out.append(
            SiteOdds(
                name=names[i],
                kind=sites[i].kind,
                lat=sites[i].lat,
                lon=sites[i].lon,
                probability=float(share[i]),
                odds=float(share[i] / none) if none > 0.0 else float("inf"),
                launch_time=first - np.timedelta64(round(_median(points.age_s[own], points.mass[own]) * _NS), "ns"),
            )
        )
    return tuple(out)


def _median(values: F64, mass: F64) -> float:
    order = np.argsort(values)
    share = np.cumsum(mass[order])
    return float(values[order[int(np.searchsorted(share, 0.5 * share[-1]))]])
