"""Read and write a density of places as a file of cells."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h3
import h3.api.numpy_int as h3_int
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from overflight.errors import InvalidInput, one_line
from overflight.geo import basemap
from overflight.geo.density import Density
from overflight.recover.search.sensors import TERRAINS

SUFFIXES = (".geojson", ".json", ".parquet")
SURFACES = {"land": "", "ice": "open", "lake": "water", "sea": "water", "water": "water"}
"""What a surface is to a searcher; land is what the plan says that land is."""
WHOLE = 1e-6
"""How near to 1 the probabilities of a file sum."""
F64 = NDArray[np.float64]
IsWater = Callable[[F64, F64], NDArray[np.bool_]]
"""From latitudes and longitudes (n,) [degrees] to what is water."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A density, what stands on its cells, and the searches it has learnt from.

    Attributes
    ----------
    density : Density
    terrain : str (n,). Terrain of each cell, "" where the file does not say.
    searches : tuple of dict. Searches that found nothing and that the density has learnt from, in order.
    object_class : str. Class of the object; "" where the file names none, or for all classes together.
    """

    density: Density
    terrain: NDArray[np.str_]
    searches: tuple[dict[str, Any], ...] = ()
    object_class: str = ""

    def ground(self, land: str = "open", is_water: IsWater | None = None) -> NDArray[np.str_]:
        """Return the terrain of each cell (n,): the file's, else water where there is some, else ``land``.

        ``is_water`` says which places (n,) in degrees are water; without, all that the basemap has no country for.
        """
        if land not in TERRAINS:
            raise InvalidInput("terrain", repr(land), f"one of {', '.join(TERRAINS)}")
        centres = self.density.centres()
        wet = (is_water or at_sea)(centres[:, 0], centres[:, 1]) & (self.terrain != "land")
        unsaid = np.isin(self.terrain, ["", "land"])
        return np.asarray(np.where(unsaid, np.where(wet, "water", land), self.terrain), np.str_)


def at_sea(lat: F64, lon: F64) -> NDArray[np.bool_]:
    """Return which places (n,) in degrees lie in no country of the basemap; it knows no lakes."""
    dry = np.zeros(lat.size, np.bool_)
    dry[shapely.STRtree(basemap.polygons()).query(shapely.points(lon, lat), predicate="intersects")[0]] = True
    return ~dry


@dataclass(slots=True)
class _Rows:
    """Rows of a file, before they are a density."""

    cell: list[int] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    terrain: list[str] = field(default_factory=list)
    share: list[float] = field(default_factory=list)

    def add(self, row: Mapping[str, Any], where: str) -> None:
        """Take a row, or say what is wrong with it."""
        self.cell.append(_cell(row.get("cell"), where))
        value = row.get("probability")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            raise InvalidInput("probability", _told(value), "a number from 0 to 1", where)
        self.probability.append(float(value))
        self.kind.append(str(row.get("class") or ""))
        self.terrain.append(_terrain(row, where))
        self.share.append(float(row["share"]) if is_share(row.get("share")) else math.nan)


def read_cells(path: Path, object_class: str = "") -> Cells:
    """Read GeoJSON or Parquet of H3 cells with ``cell``, ``probability``, and where known ``class`` and ``terrain``.

    Parameters
    ----------
    object_class : str. Which class of object; all of them together where "".

    Notes
    -----
    What lies outside all cells is ``elsewhere`` of the collection, or of the metadata of the Parquet schema. Classes of
    a file sum to 1 together with it, and one of them alone is scaled to 1. Where ``elsewhere`` has a number for each
    class, each class sums to 1 with its own, and all together are weighted by the ``share`` of their cells. So too in
    Parquet with classes and without ``elsewhere``: what a class lacks to 1 lies elsewhere.

    Raises
    ------
    InvalidInput
        It is no such file, the probabilities do not sum to 1, or there is no such class.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidInput("density", repr(path.name), f"a file that ends in {', '.join(SUFFIXES)}")
    try:
        rows, top = _parquet(path) if suffix == ".parquet" else _geojson(path)
    except OSError as problem:
        raise InvalidInput("density", f"{path} ({problem.strerror or problem})", "a file of cells") from None
    if not rows.cell:
        raise InvalidInput("density", "no cells", "at least one H3 cell with its probability", path.name)
    searches = top.get("searches")
    kept = tuple(s for s in searches if isinstance(s, dict)) if isinstance(searches, list) else ()
    density, terrain = _density(rows, top.get("elsewhere", 0.0), object_class, path.name)
    return Cells(density, terrain, kept, object_class)


def _density(rows: _Rows, elsewhere: Any, wanted: str, name: str) -> tuple[Density, NDArray[np.str_]]:
    kind, mass = np.array(rows.kind), np.array(rows.probability)
    classes = sorted(set(rows.kind))
    if wanted and wanted not in classes:
        raise InvalidInput("class", repr(wanted), f"one of {', '.join(filter(None, classes)) or 'none'}", name)
    if isinstance(elsewhere, Mapping):
        weight, outside = _mixed(rows, elsewhere, wanted, name)
        mass *= np.array([weight[one] for one in rows.kind])
        chosen = np.array([weight[one] > 0.0 for one in rows.kind])
    else:
        outside = _share(elsewhere, name)
        _require_whole(float(mass.sum()) + outside, name)
        chosen = kind == wanted if wanted else np.ones(kind.size, np.bool_)
    cells, first, index = np.unique(np.array(rows.cell, np.uint64)[chosen], return_index=True, return_inverse=True)
    summed = np.asarray(np.bincount(index, mass[chosen], cells.size), np.float64)
    if not summed.sum() > 0.0:
        raise InvalidInput("density", "no probability in any cell", "some", name)
    summed *= (1.0 - outside) / summed.sum()
    if len({h3_int.get_resolution(int(c)) for c in cells}) > 1:
        raise InvalidInput("cell", "cells of several sizes", "H3 cells of one resolution", name)
    area = np.array([h3_int.cell_area(int(c), "m^2") for c in cells])
    return Density(cells, summed, outside, area), np.array(rows.terrain, np.str_)[chosen][first]


def _mixed(rows: _Rows, elsewhere: Mapping[str, Any], wanted: str, name: str) -> tuple[dict[str, float], float]:
    """Return what each class weighs where each sums to 1 by itself, and what lies elsewhere of all that weigh."""
    total: dict[str, float] = {}
    share: dict[str, float] = {}
    for kind, probability, part in zip(rows.kind, rows.probability, rows.share, strict=True):
        total[kind] = total.get(kind, 0.0) + probability
        share[kind] = part
    outside = {kind: _share(elsewhere.get(kind, 0.0), name) for kind in total}
    for kind, mass in total.items():
        _require_whole(mass + outside[kind], name)
    if wanted or len(total) == 1:
        share = {kind: float(kind == (wanted or next(iter(total)))) for kind in total}
    whole = sum(share.values())
    if not whole > 0.0:  # NaN where a class has no share
        raise InvalidInput("class", f"{len(total)} without shares", "one of them", name, ", ".join(sorted(total)))
    weight = {kind: part / whole for kind, part in share.items()}
    return weight, sum(weight[kind] * outside[kind] for kind in total)


def _require_whole(total: float, name: str) -> None:
    if not abs(total - 1.0) < WHOLE:
        raise InvalidInput("density", f"a sum of {total:.6g}", "probabilities that sum to 1 with elsewhere", name)


def _share(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < 1.0:
        raise InvalidInput("elsewhere", _told(value), "a number from 0 to below 1", name)
    return float(value)


def _cell(value: Any, where: str) -> int:
    try:
        number = h3.str_to_int(value) if isinstance(value, str) else int(value)
        if h3_int.is_valid_cell(number):
            return int(number)
    except (ValueError, TypeError, OverflowError, h3.H3BaseException):
        pass
    raise InvalidInput("cell", _told(value), "an H3 cell", where)


def _terrain(row: Mapping[str, Any], where: str) -> str:
    given = row.get("terrain")
    if given in (None, ""):
        surface = str(row.get("surface") or "")
        return "land" if surface == "land" else SURFACES.get(surface, "")
    if given not in TERRAINS:
        raise InvalidInput("terrain", _told(given), f"one of {', '.join(TERRAINS)}", where)
    return str(given)


def _told(value: Any) -> str:
    return "none" if value is None else one_line(repr(value), 40)


def _geojson(path: Path) -> tuple[_Rows, dict[str, Any]]:
    document = read_json(path, "density")
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise InvalidInput("density", "no FeatureCollection", "cells as features", path.name)
    rows = _Rows()
    for number, feature in enumerate(features, start=1):
        row = feature.get("properties") if isinstance(feature, dict) else None
        where = f"{path.name}: feature {number}"
        if not isinstance(row, dict):
            raise InvalidInput("properties", "none", "cell and probability", where)
        if row.get("kind", "cell") == "cell":
            rows.add(row, where)
    return rows, document


def read_json(path: Path, what: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    InvalidInput
        The file cannot be read, or holds something else.
    """
    try:
        document = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as problem:
        raise InvalidInput(what, f"{path} ({problem.strerror or problem})", "a file that can be read") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidInput(what, one_line(str(problem), 120), "JSON in UTF-8", path.name) from None
    if not isinstance(document, dict):
        raise InvalidInput(what, "no object", "GeoJSON", path.name)
    return document


def _parquet(path: Path) -> tuple[_Rows, dict[str, Any]]:
    try:
        table = pq.read_table(path)
    except pa.ArrowException as problem:
        raise InvalidInput("density", one_line(str(problem), 120), "Parquet", path.name) from None
    if missing := {"cell", "probability"} - set(table.column_names):
        raise InvalidInput("density", f"no column {', '.join(sorted(missing))}", "cell and probability", path.name)
    rows = _Rows()
    for number, row in enumerate(table.to_pylist(), start=1):
        rows.add(row, f"{path.name}: row {number}")
    top: dict[str, Any] = {}
    for key, value in (table.schema.metadata or {}).items():
        if key in (b"elsewhere", b"searches"):
            try:
                top[key.decode()] = json.loads(value)
            except ValueError:
                raise InvalidInput(key.decode(), _told(value), "JSON", path.name) from None
    if "elsewhere" not in top and any(rows.kind):
        kind, mass = np.array(rows.kind), np.array(rows.probability)
        lacking = {str(one): 1.0 - float(mass[kind == one].sum()) for one in np.unique(kind)}
        top["elsewhere"] = {one: max(0.0, lack) for one, lack in lacking.items()}
    return rows, top


def to_geojson(cells: Cells) -> dict[str, Any]:
    """Return a FeatureCollection of the cells, with terrain where known, class, ``elsewhere`` and the searches."""
    document = cells.density.to_geojson()
    for feature, terrain in zip(document["features"], cells.terrain, strict=True):
        feature["properties"] |= ({"terrain": str(terrain)} if terrain in TERRAINS else {}) | (
            {"class": cells.object_class} if cells.object_class else {}
        )
    return document | ({"searches": list(cells.searches)} if cells.searches else {})


def write_cells(cells: Cells, path: Path) -> None:
    """Write cells as GeoJSON, or as Parquet with ``elsewhere`` and the searches in the metadata of its schema."""
    if path.suffix.lower() != ".parquet":
        path.write_text(json.dumps(to_geojson(cells), allow_nan=False), encoding="utf-8")
        return
    columns: dict[str, Any] = {
        "cell": [h3.int_to_str(int(c)) for c in cells.density.cell],
        "probability": cells.density.probability,
    }
    if np.any(cells.terrain != ""):
        columns["terrain"] = ["" if t == "land" else str(t) for t in cells.terrain]
    if cells.object_class:
        columns["class"] = [cells.object_class] * len(cells.terrain)
    kept = {"elsewhere": json.dumps(cells.density.elsewhere), "searches": json.dumps(list(cells.searches))}
    pq.write_table(pa.table(columns).replace_schema_metadata(kept), path)


def is_share(value: Any) -> bool:
    """Say whether a value is a number from 0 to 1."""
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1
