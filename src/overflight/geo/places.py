"""Towns for maps to name: GeoNames, 50,000 people and more; see ``data/SOURCES.md``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Towns, the largest first.

    Attributes
    ----------
    name : tuple of str (n,)
    lat, lon : float32 (n,). [degrees]
    population : int32 (n,)
    """

    name: tuple[str, ...]
    lat: NDArray[np.float32]
    lon: NDArray[np.float32]
    population: NDArray[np.int32]

    @staticmethod
    @cache
    def load() -> Places:
        """Return the towns that are shipped, read once."""
        with files("overflight.geo").joinpath("data/places.npz").open("rb") as stream, np.load(stream) as packed:
            names = tuple(packed["names"].tobytes().decode("utf-8").split("\n"))
            return Places(names, packed["lat"], packed["lon"], packed["population"])
