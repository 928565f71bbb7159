"""Which countries the balloons of a date crossed: first entry and time inside, a row a balloon and country."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.ledger import _paths
from overflight.airspace.lookup import hits, pieces_of
from overflight.airspace.regions import SOURCE, countries


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """A row a balloon and country that it crossed; all arrays (n,).

    ``member`` is the row of the trajectories, ``country`` the number of the country in ``labels``, ``entry_s`` its
    first entry in seconds after release, ``inside_s`` all its time inside.
    """

    member: NDArray[np.int64]
    country: NDArray[np.int64]
    entry_s: NDArray[np.float64]
    inside_s: NDArray[np.float64]


def labels() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids and the names of the countries, in the order of their numbers."""
    regions = countries().regions
    return tuple(r.id for r in regions), tuple(r.name for r in regions)


def regions_version() -> str:
    """Say where the boundaries come from."""
    return SOURCE


def crossed(data: xr.Dataset) -> Crossed:
    """Find what trajectories that start together crossed."""
    lat, lon, altitude, time_s, _ = _paths(data)
    pieces = pieces_of(lat, lon, time_s, altitude)
    found = hits(pieces, countries())
    span = pieces.time2[found.piece] - pieces.time1[found.piece]
    ends = pieces.time1[found.piece] + np.stack([found.enter, found.leave]) * span
    first, last = ends.min(axis=0), ends.max(axis=0)
    regions = len(countries())
    pair, index = np.unique(pieces.path[found.piece] * regions + found.region, return_inverse=True)
    entry = np.full(pair.size, np.inf)
    np.minimum.at(entry, index, first)
    inside = np.bincount(index, last - first, pair.size).astype(np.float64)
    return Crossed(pair // regions, pair % regions, entry, inside)
