"""What something comes down on: land, lake, sea or ice.

Whose lakes and coasts they are is not this room's business: it is handed a ``Surface``, a function that says of places
what they are. ``by_elevation`` knows no lakes and serves where there is none better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from overflight.geo import rng
from overflight.geo.terrain import Terrain
from overflight.recover.grid import Grid

F64 = NDArray[np.float64]
I8 = NDArray[np.int8]
SURFACES = ("land", "lake", "sea", "ice", "unknown")
LAND, LAKE, SEA, ICE, UNKNOWN = range(5)
Surface = Callable[[F64, F64], I8]
"""From latitudes and longitudes (n,) [degrees] to numbers of ``SURFACES``."""


def by_elevation(lat: F64, lon: F64) -> I8:
    """Take for land what stands above the sea."""
    return np.where(Terrain.load().elevation_m(lat, lon) > 0.0, LAND, SEA).astype(np.int8)


def with_ice(surface: I8, lat: F64, lon: F64, seconds: F64, ice: Grid, seed: int) -> I8:
    """Take for ice the share of the members on water that the mask's concentration says; ``seconds`` since 1970.

    A concentration that is not known leaves water. A mask of percent is told by values above 1.
    """
    share = np.nan_to_num(ice.at(lat, lon, seconds)[0])
    share = share / 100.0 if ice.most > 1.5 else share
    frozen = rng.uniforms(seed, "ice", lat.size) < share
    return np.where(np.isin(surface, (LAKE, SEA)) & frozen, ICE, surface).astype(np.int8)


def shares(numbers: I8, names: Sequence[str] = SURFACES) -> dict[str, float]:
    """Return the probability of each name, ``numbers`` (members,) being theirs."""
    counts = np.bincount(numbers, minlength=len(names)) / max(numbers.size, 1)
    return {name: float(share) for name, share in zip(names, counts, strict=True)}
