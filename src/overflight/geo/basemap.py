"""Land and borders for drawing, Natural Earth 1:50m; see ``data/SOURCES.md``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray


@cache
def polygons() -> NDArray[Any]:
    """Return countries as shapely MultiPolygons (n,), in degrees, cut at the antimeridian."""
    with files("overflight.geo").joinpath("data/basemap.npz").open("rb") as stream, np.load(stream) as packed:
        coordinates = np.cumsum(packed["steps"], axis=0, dtype=np.int32) / 1e6
        offsets = (packed["rings"], packed["polygons"], packed["multis"])
    return np.asarray(shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, coordinates, offsets))
