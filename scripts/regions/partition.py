"""All regions put together: each point of the Earth in one region, or in none, which is the high seas."""

import zipfile
from typing import Any

import numpy as np
import shapely
from regions import sea, water
from regions.cover import covering, faces_of, inside_points, merged
from regions.land import NATURAL_EARTH
from regions.units import units

SLIVER = 5e-6  # degrees: an uncovered face as narrow as this, half a metre, is a flaw of the sources or of rounding
NO_SEA = {"ATA"}  # no state, no territorial sea


def partition(archive: zipfile.ZipFile) -> tuple[list[dict[str, Any]], list[shapely.MultiPolygon]]:
    """Regions and shapes, edge to edge: disputed area before inland water before land before territorial sea."""
    regions, land = units(archive)
    print(f"land: {len(regions)} units", flush=True)
    zones = sea.zones(land)
    lakes = water.lakes(archive)
    caspian = water.caspian(land)
    faces = faces_of([*land, *zones, *lakes, caspian])
    points = inside_points(faces)
    print(f"partition: {len(faces)} faces", flush=True)
    n = len(regions)
    on_land, in_zone, in_lake = (covering(points, shapes) for shapes in (land, zones, lakes))
    is_disputed = np.array([region["kind"] == "disputed" for region in regions])
    has_sea = np.array([region["id"] not in NO_SEA for region in regions])
    label = np.where((in_zone >= 0) & has_sea[in_zone], n + in_zone, -1)
    label = np.where(on_land >= 0, on_land, label)
    label = np.where((in_lake >= 0) & (on_land >= 0) & ~is_disputed[on_land], 2 * n + on_land, label)
    label = np.where(covering(points, [caspian]) == 0, 3 * n, label)
    label = without_slivers(faces, label)
    rows = [*regions, *map(sea_of, regions), *map(water_of, regions), caspian_row()]
    shapes = merged(faces, label, len(rows))
    kept = [index for index, shape in enumerate(shapes) if not shape.is_empty]
    return [rows[index] for index in kept], [shapes[index] for index in kept]


def without_slivers(faces: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Labels where a sliver that no region covers takes the region of the neighbour with the longest common edge."""
    label = label.copy()
    narrow = 2.0 * shapely.area(faces) < SLIVER * shapely.length(faces)
    slivers = np.flatnonzero((label < 0) & narrow)
    tree = shapely.STRtree(faces)
    for sliver in slivers:
        near = tree.query(faces[sliver], predicate="intersects")
        near = near[label[near] >= 0]
        if len(near):
            common = shapely.length(shapely.intersection(shapely.boundary(faces[sliver]), faces[near]))
            label[sliver] = label[near[np.argmax(common)]]
    print(f"partition: {len(slivers)} slivers", flush=True)
    return label


def sea_of(region: dict[str, Any]) -> dict[str, Any]:
    """The row of a unit's sea: disputed if the coast is."""
    kind = "disputed" if region["kind"] == "disputed" else "territorial sea"
    return region | {"id": f"{region['id']}-sea", "name": f"{region['name']}, territorial sea", "kind": kind}


def water_of(region: dict[str, Any]) -> dict[str, Any]:
    """The row of a unit's lakes."""
    return region | {"id": f"{region['id']}-water", "name": f"{region['name']}, inland water", "kind": "inland water"}


def caspian_row() -> dict[str, Any]:
    return {"id": "caspian", "name": "Caspian Sea", "kind": "inland water", "administered_by": "", "claimed_by": [],
            "note": water.CASPIAN_NOTE, "views": {}} | NATURAL_EARTH  # fmt: skip
