"""Regions as GeoJSON: cut at the antimeridian, and simplified so that neighbours keep one border between them.

The faces of the partition are simplified together, as a coverage; regions are put together from them afterwards.
"""

from __future__ import annotations

import hashlib
import lzma
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from overflight import __version__
from overflight.airspace import countries
from overflight.airspace.labels import by_region
from overflight.airspace.partition import MICRODEGREES
from overflight.airspace.regions import Region, Regions
from overflight.airspace.sources.layers import find_layer, layers, root
from overflight.case.placing import placed
from overflight.errors import InvalidInput, Unavailable, one_line

TOLERANCES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Tolerances that are served, so that few are made; what is asked for is rounded down to one of them. [degrees]"""
COUNTRIES = "countries"
USUAL, LONGEST_S = 0.05, 300.0
SHIPPED = files("overflight.serve") / "drawn" / "countries.geojson.xz"
"""Countries at the usual tolerance, see scripts/build_drawn.py: to draw them takes a minute."""
Feature = dict[str, Any]
_MAKING = threading.Lock()
"""Whoever asks while a layer is made waits for it, and does not make it again."""


def layer_names() -> list[str]:
    """Return the layers at hand."""
    return [COUNTRIES, *(layer.name for layer in layers() if layer.name != COUNTRIES)]


def layer_of(name: str) -> Regions:
    """Return a layer.

    Raises
    ------
    OutOfCoverage, InvalidInput
        It is not at hand, or no name of one.
    """
    return countries() if name == COUNTRIES else find_layer(name)


def place() -> Path:
    """Return the folder in which what has been drawn is kept, for all services of this user: it costs a while."""
    return root() / "drawn"


def step_of(tolerance: float) -> float:
    """Return the tolerance that is served for one that is asked. [degrees]"""
    return max(step for step in TOLERANCES if step <= tolerance)


def features(name: str, tolerance: float, folder: Path) -> bytes:
    """Return a layer as a GeoJSON FeatureCollection; what is not shipped is made once, and kept in ``folder``.

    Raises
    ------
    InvalidInput
        The tolerance is out of range.
    OutOfCoverage
        The layer is not at hand.
    """
    if not 0.0 <= tolerance <= 5.0:
        raise InvalidInput("tolerance", f"{tolerance:g}", "0 to 5 degrees")
    step = step_of(tolerance)
    if (name, step) == (COUNTRIES, USUAL):
        return _shipped()
    kept = folder / f"{_state(name)}-{step:g}.geojson"
    with _MAKING:
        if kept.is_file():
            return kept.read_bytes()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_apart(name, step, kept)
        return kept.read_bytes()


@lru_cache(maxsize=1)
def _shipped() -> bytes:
    return lzma.decompress(SHIPPED.read_bytes())


def _make_apart(name: str, step: float, target: Path) -> None:
    """Make a file in a process of its own: what simplifies a coverage lets no other thread run meanwhile."""
    layer_of(name)  # says why, where it is not at hand
    words = [sys.executable, "-m", "overflight.serve.regions", name, str(step), str(target)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST_S, check=False)  # noqa: S603
    if done.returncode:
        raise Unavailable(f"regions: {name} could not be drawn ({one_line(done.stderr[-300:])})")


def main(name: str, step: float, target: Path) -> None:
    """Write a layer as GeoJSON."""
    data = collection(layer_of(name), step)
    placed(target, lambda beside: _write(beside, data))


def collection(layer: Regions, step: float) -> bytes:
    """Draw a layer as a GeoJSON FeatureCollection."""
    return msgspec.json.encode({"type": "FeatureCollection", "features": list(drawn(layer, step))})


def _state(name: str) -> str:
    about = "" if name == COUNTRIES else next((layer.sha256 for layer in layers() if layer.name == name), "")
    return f"{name}-{hashlib.sha256(f'{__version__} {about}'.encode()).hexdigest()[:12]}"


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def drawn(regions: Regions, tolerance: float) -> Iterator[Feature]:
    """Yield each region as a feature; one that the tolerance leaves nothing of is left out."""
    faces = _faces(regions)
    if tolerance:
        faces = np.asarray(shapely.coverage_simplify(faces, tolerance))
    labels = by_region(regions)
    owners = np.repeat(np.arange(labels.first.size - 1), np.diff(labels.first))
    digits = 6 if tolerance == 0.0 else 4 if tolerance < 0.02 else 3
    for number, region in enumerate(regions.regions):
        own = owners[labels.items == labels.names.index(region.id)]
        area = _large(shapely.coverage_union_all(faces[own]), tolerance)
        area = shapely.set_precision(area, 10.0**-digits)
        if not area.is_empty:
            yield _feature(number, region, area, digits)


def _faces(regions: Regions) -> NDArray[Any]:
    """Return the polygons of all faces: together they are the world, each place once."""
    partition, edge = regions.partition, _Edge(regions)
    numbers = np.repeat(np.arange(partition.arcs.size - 1), np.diff(partition.arcs))
    lines: NDArray[Any] = np.asarray(shapely.linestrings(partition.vertices / MICRODEGREES, indices=numbers))
    beside = np.concatenate([partition.left, partition.right])
    order = np.argsort(beside, kind="stable")
    ends = np.searchsorted(beside[order], np.arange(len(partition.covers) + 1))
    areas = []
    for face, (first, last) in enumerate(pairwise(ends)):
        arcs, times = np.unique(order[first:last] % lines.size, return_counts=True)
        border = lines[arcs[times == 1]]  # an arc with the same face on both sides bounds nothing
        areas.append(shapely.build_area(shapely.geometrycollections([*border, *edge.pieces[edge.faces == face]])))
    return np.array(areas, object)


def _large(area: Any, tolerance: float) -> Any:
    """Leave out islands and lakes that are smaller than the tolerance shows; the largest part stays."""
    parts = shapely.get_parts(area)
    sizes = shapely.area(parts)
    kept = parts[(sizes >= (2.0 * tolerance) ** 2) | (sizes == sizes.max(initial=0.0))]
    return shapely.orient_polygons(shapely.multipolygons(kept))


class _Edge:
    """The edge of the map, where areas are cut: pieces between the ends of borders, and what face lies within each."""

    def __init__(self, regions: Regions) -> None:
        partition = regions.partition
        ends = partition.vertices[np.concatenate([partition.arcs[:-1], partition.arcs[1:] - 1])] / MICRODEGREES
        pieces, within = [], []
        for across, at, reach in ((0, -180.0, 90.0), (0, 180.0, 90.0), (1, -90.0, 180.0), (1, 90.0, 180.0)):
            cuts = np.unique(np.concatenate([[-reach, reach], ends[ends[:, across] == at, 1 - across]]))
            side, middle = np.full(cuts.size, at), 0.5 * (cuts[1:] + cuts[:-1])
            points = np.stack([side, cuts] if across == 0 else [cuts, side], axis=1)
            pieces += [shapely.LineString(pair) for pair in pairwise(points)]
            near = side[1:] - np.sign(at) * 1e-7
            within.append(partition.faces(*((middle, near) if across == 0 else (near, middle))))
        self.pieces, self.faces = np.array(pieces, object), np.concatenate(within)


def _feature(number: int, region: Region, area: Any, digits: int) -> Feature:
    about = {name: value for name, value in asdict(region).items() if value not in ("", None, (), {})}
    about.pop("views", None)
    about |= {"region": region.id, "disputed": region.is_disputed}
    about.pop("id")
    rings = [[_ring(ring, digits) for ring in (one.exterior, *one.interiors)] for one in shapely.get_parts(area)]
    south, west = area.bounds[1], area.bounds[0]
    north, east = area.bounds[3], area.bounds[2]
    box = [round(value, digits) for value in (west, south, east, north)]
    return {"type": "Feature", "id": region.id, "bbox": box, "properties": {"number": number, **about},
            "geometry": {"type": "MultiPolygon", "coordinates": rings}}  # fmt: skip


def _ring(ring: Any, digits: int) -> list[list[float]]:
    found: Sequence[Sequence[float]] = np.round(shapely.get_coordinates(ring), digits).tolist()
    return [list(point) for point in found]


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
