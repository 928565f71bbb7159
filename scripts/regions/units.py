"""Land cut into units: a country's undisputed land, or one disputed area; Antarctica by who claims."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import shapely
from regions.cover import covering, faces_of, inside_points, merged
from regions.disputes import AREAS, ISLANDS, LEFT_OUT, TREATY, WHOLE, Dispute
from regions.land import countries, disputed

DATA = Path(__file__).parent.parent / "data"
CLAIMANTS = {"Argentine": "ARG", "Australia": "AUS", "Chile": "CHL", "France": "FRA", "New Zealand": "NZL",
             "Norway": "NOR", "United Kingdom": "GBR"}  # fmt: skip


def units(archive: zipfile.ZipFile) -> tuple[list[dict[str, Any]], list[shapely.MultiPolygon]]:
    """Regions of kind land and disputed with their land, edge to edge; together they are all land."""
    regions, shapes, ids = countries(archive)
    row_of = {region["id"]: index for index, region in enumerate(regions)}
    areas = disputed_areas({code: row_of[letters] for code, letters in ids.items() if letters in row_of})
    claims = antarctic_claims()
    faces = faces_of([*shapes, *(shape for _, _, shape in areas), *claims.values()])
    points = inside_points(faces)
    label = covering(points, shapes)
    sectors = sector_labels(points, label, row_of["ATA"], claims, regions)
    label = overlaid(points, label, sectors, areas, len(regions))
    regions += [disputed(dispute, {}) for dispute, _, _ in areas]
    found = merged(faces, label, len(regions))
    return regions, found


def overlaid(points: np.ndarray, row: np.ndarray, label: np.ndarray, areas: list[tuple[Dispute, int, shapely.Geometry]],
             first: int) -> np.ndarray:  # fmt: skip
    """Labels with the disputed areas put over the land of their row, and their islands that no row has."""
    parts, area = shapely.get_parts([shape for _, _, shape in areas], return_index=True)
    part = covering(points, parts)
    rows = np.array([index for _, index, _ in areas])
    on_land = (part >= 0) & (row == rows[area[part]])
    island = (part >= 0) & (row < 0) & ~np.isin(part, part[row >= 0])
    return np.where(on_land | island, first + area[part], label)


def disputed_areas(row_of: dict[str, int]) -> list[tuple[Dispute, int, shapely.Geometry]]:
    """Each disputed area, the country row it lies in and its shape."""
    found = []
    for row in pq.read_table(DATA / "ne10_disputed_areas.parquet").to_pylist():
        key = (row["BRK_NAME"], row["ADM0_A3"])
        if key in AREAS:
            shape = shapely.make_valid(shapely.from_wkb(row["geometry"]))
            found.append((AREAS[key], row_of[row["ADM0_A3"]], shape))
        elif key not in LEFT_OUT.keys() | WHOLE:
            raise KeyError(f"ne10_disputed_areas.parquet: {key} is in no table of scripts/regions/disputes.py")
    return found + [(dispute, row_of[dispute.administered_by], shapely.Polygon(ring)) for dispute, ring in ISLANDS]


def antarctic_claims() -> dict[str, shapely.Geometry]:
    """The official claims by claimant."""
    claims: dict[str, list[shapely.Geometry]] = {}
    for row in pq.read_table(DATA / "ne10_antarctic_claims.parquet").to_pylist():
        if row["TYPE"] == "Official":
            claims.setdefault(CLAIMANTS[row["SOVEREIGNT"]], []).append(shapely.from_wkb(row["geometry"]))
    return {claimant: shapely.union_all(shapely.make_valid(parts)) for claimant, parts in sorted(claims.items())}


def sector_labels(points: np.ndarray, label: np.ndarray, antarctica: int, claims: dict[str, shapely.Geometry],
                  regions: list[dict[str, Any]]) -> np.ndarray:  # fmt: skip
    """Labels with Antarctica split by the set of its claimants; the new regions are appended."""
    label = label.copy()
    there = np.flatnonzero(label == antarctica)
    held = np.array([covering(points[there], [claim]) == 0 for claim in claims.values()])
    names = np.array(list(claims))
    regions[antarctica] |= {"administered_by": "", "note": f"no state claims this part; {TREATY}"}
    for column in np.unique(held, axis=1).T:
        who = tuple(names[column].tolist())
        if not who:
            continue
        label[there[(held == column[:, None]).all(axis=0)]] = len(regions)
        name = f"Antarctica, claimed by {', '.join(who)}"
        regions.append(disputed(Dispute(f"antarctica-{'-'.join(who).lower()}", name, "", who, TREATY), {}))
    return label
