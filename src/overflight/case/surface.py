"""What places are made of, by the regions that are shipped: land, lake or sea."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from overflight.airspace import countries
from overflight.recover import ground

F64 = NDArray[np.float64]
_OF_KIND = {"land": ground.LAND, "inland water": ground.LAKE, "territorial sea": ground.SEA}
_BY_HEIGHT = -1
"""Disputed areas are land or sea: the elevation tells."""


@cache
def _of_faces() -> NDArray[np.int8]:
    """Return what each face of the partition is; what no region covers is high seas."""
    layer, found = countries(), []
    for cover in layer.partition.covers:
        kinds = [_OF_KIND.get(layer.regions[i].kind, _BY_HEIGHT) for i in cover]
        plain = [kind for kind in kinds if kind != _BY_HEIGHT]
        # a lake lies on somebody's land, and land takes precedence over nothing else
        found.append(
            ground.LAKE if ground.LAKE in plain else plain[0] if plain else _BY_HEIGHT if kinds else ground.SEA
        )
    return np.array(found, np.int8)


def surface_of_regions(lat: F64, lon: F64) -> NDArray[np.int8]:
    """Return the number of ``ground.SURFACES`` of each place (n,) in degrees."""
    kinds = _of_faces()[countries().partition.faces(lat, lon)]
    doubtful = kinds == _BY_HEIGHT
    if doubtful.any():
        kinds[doubtful] = ground.by_elevation(lat[doubtful], lon[doubtful])
    return kinds
