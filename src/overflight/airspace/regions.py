"""Countries: where they are, who administers them, what is disputed, and where the boundaries come from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

SOURCE = "Natural Earth 1:10m by npm world-atlas 2.0.2"
LICENCE = "public domain"
_SCALE = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One region of a set.

    Attributes
    ----------
    id : ISO 3166-1 alpha-3, or Natural Earth's letters where ISO has none.
    name, administered_by, note : who holds it in the source's view, and who else claims it.
    kind : "land"
    disputed : bool
    """

    id: str
    name: str
    administered_by: str
    note: str
    kind: str
    disputed: bool
    source: str = SOURCE
    licence: str = LICENCE


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Regions with their geometries, in degrees, cut at the antimeridian; lakes count as land.

    Attributes
    ----------
    regions : tuple of Region (n,)
    geometries : array of shapely MultiPolygon (n,)
    """

    regions: tuple[Region, ...]
    geometries: NDArray[Any]

    def __len__(self) -> int:
        """Return the number of regions."""
        return len(self.regions)


@cache
def countries() -> Regions:
    """Return the countries that are shipped."""
    with files("overflight.airspace").joinpath("data/countries.npz").open("rb") as stream, np.load(stream) as packed:
        rows = json.loads(packed["rows"].tobytes())
        coordinates = np.cumsum(packed["steps"], axis=0, dtype=np.int32) / _SCALE
        offsets = (packed["rings"], packed["polygons"], packed["multis"])
    geometries = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, coordinates, offsets)
    regions = tuple(
        Region(kind="land", **{key: row[key] for key in ("id", "name", "administered_by", "note", "disputed")})
        for row in rows
    )
    return Regions(regions, np.asarray(geometries))
