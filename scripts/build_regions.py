"""Build the country regions and the basemap that are shipped, from pinned npm packages.

    npm pack world-atlas@2.0.2
    npm pack i18n-iso-countries@7.14.0
    python scripts/build_regions.py world-atlas-2.0.2.tgz i18n-iso-countries-7.14.0.tgz

world-atlas holds Natural Earth (public domain) as TopoJSON. Rings that jump over the antimeridian are unrolled and cut
there; Antarctica's ring is closed through the pole; invalid rings are made valid. i18n-iso-countries (MIT) gives the
ISO 3166-1 letters of the numeric codes.
"""

import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import affinity

SHA256 = {
    "world-atlas": "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97",
    "i18n-iso-countries": "bb418ebfb965789fcfbcce7dee59888d901ef64b03601da78b2e224cd6f5825c",
}
PACKAGE = Path(__file__).parent.parent / "src" / "overflight"
SCALE = 1e6

# Areas that have no ISO code in the source: an id of Natural Earth, who administers, what is disputed.
WITHOUT_CODE = {
    "Kosovo": ("XKX", "Kosovo", "claimed by Serbia"),
    "Somaliland": ("SOL", "Somaliland", "claimed by Somalia"),
    "N. Cyprus": ("CYN", "Northern Cyprus", "claimed by Cyprus"),
    "Cyprus U.N. Buffer Zone": ("CNM", "United Nations", "claimed by Cyprus"),
    "Dhekelia": ("ESB", "United Kingdom", "sovereign base area"),
    "Akrotiri": ("WSB", "United Kingdom", "sovereign base area"),
    "USNB Guantanamo Bay": ("USG", "United States of America", "leased from Cuba; the lease is contested by Cuba"),
    "Siachen Glacier": ("KAS", "India", "claimed by India and Pakistan"),
    "Baikonur": ("KAB", "Kazakhstan", "leased to Russia"),
    "Indian Ocean Ter.": ("IOA", "Australia", ""),
    "Coral Sea Is.": ("CSI", "Australia", ""),
    "Spratly Is.": ("PGA", "several", "claimed by Brunei, China, Malaysia, Philippines, Taiwan and Vietnam"),
    "Clipperton I.": ("CLP", "France", ""),
    "Bajo Nuevo Bank": ("BJN", "Colombia", "claimed by Colombia, Jamaica, Nicaragua and the United States"),
    "Serranilla Bank": ("SER", "Colombia", "claimed by Colombia, Honduras, Nicaragua and the United States"),
    "Scarborough Reef": ("SCR", "undetermined", "claimed by China, Philippines and Taiwan"),
}
# Lost in the quantisation of the source; the ring of Natural Earth 1:10m itself (public domain).
VATICAN = [(12.453137, 41.902752), (12.452714, 41.903016), (12.452767, 41.903439), (12.453031, 41.903915),
           (12.453983, 41.903862), (12.454035, 41.902752), (12.453137, 41.902752)]  # fmt: skip
NOTES = {
    "Taiwan": "administered by Taiwan; claimed by China",
    "W. Sahara": "partly administered by Morocco; claimed by Morocco and the Sahrawi Arab Democratic Republic",
    "Russia": "includes Crimea as administered by Russia; claimed by Ukraine",
    "Falkland Is.": "administered by the United Kingdom; claimed by Argentina",
    "Israel": "includes the Golan Heights as administered by Israel; claimed by Syria",
    "Palestine": "status disputed",
    "Antarctica": "claims to sovereignty are held in abeyance by the Antarctic Treaty",
}


def member(archive: Path, name: str) -> Any:
    package = next(key for key in SHA256 if archive.name.startswith(key))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256[package]:
        sys.exit(f"{archive}: sha256 is {digest}, expected {SHA256[package]}")
    with tarfile.open(archive) as tar:
        stream = tar.extractfile(f"package/{name}")
        return json.load(stream) if stream else sys.exit(f"{archive}: no {name}")


def decoded(topology: Any) -> list[np.ndarray]:
    scale, translate = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    return [np.cumsum(np.array(arc), axis=0) * scale + translate for arc in topology["arcs"]]


def ring(arcs: list[np.ndarray], indices: list[int]) -> np.ndarray:
    parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def unrolled(points: np.ndarray) -> np.ndarray:
    """Make longitudes continuous; close a ring around the pole through it."""
    lon = np.degrees(np.unwrap(np.radians(points[:, 0])))
    points = np.column_stack([lon, points[:, 1]])
    if abs(lon[-1] - lon[0]) > 180.0:
        pole = -90.0 if points[:, 1].mean() < 0 else 90.0
        points = np.vstack([points, [lon[-1], pole], [lon[0], pole], points[:1]])
    return points


def cut(polygon: shapely.Geometry) -> shapely.Geometry:
    """Bring a polygon with continuous longitudes into [-180, 180]."""
    if polygon.is_empty:
        return polygon
    west, _, east, _ = polygon.bounds
    pieces = []
    for turn in range(int(np.floor((west + 180.0) / 360.0)), int(np.floor((east + 180.0 - 1e-12) / 360.0)) + 1):
        window = shapely.box(-180.0 + 360.0 * turn, -90.0, 180.0 + 360.0 * turn, 90.0)
        pieces.append(affinity.translate(shapely.intersection(polygon, window), -360.0 * turn))
    return shapely.union_all(pieces)


def polygons_of(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    parts = [p for p in shapely.get_parts(shapely.get_parts(geometry)) if p.geom_type == "Polygon" and p.area > 0]
    return shapely.MultiPolygon(parts)


def filled(points: np.ndarray) -> shapely.Geometry:
    """The area inside one ring; a ring of fewer than four points has none."""
    return cut(polygons_of(shapely.make_valid(shapely.Polygon(points)))) if len(points) > 3 else shapely.MultiPolygon()


def shape(arcs: list[np.ndarray], feature: Any) -> shapely.MultiPolygon:
    groups = [feature["arcs"]] if feature["type"] == "Polygon" else feature["arcs"]
    pieces = []
    for group in groups:
        rings = [ring(arcs, indices) for indices in group]
        coasts = [points for points in rings if points[:, 1].max() > -89.9]  # 1:50m draws a circle about the south pole
        outer, *holes = (filled(unrolled(points)) for points in coasts)
        pieces.append(shapely.difference(outer, shapely.union_all(holes)) if holes else outer)
    return polygons_of(shapely.make_valid(polygons_of(shapely.union_all(pieces))))


def packed(shapes: list[shapely.MultiPolygon]) -> dict[str, np.ndarray]:
    shapes = [polygons_of(shapely.set_precision(s, 1.0 / SCALE)) for s in shapes]
    _, coordinates, (rings, polygons, multis) = shapely.to_ragged_array(shapes)
    whole = np.round(coordinates * SCALE).astype(np.int32)
    return {"steps": np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int32)), "rings": rings.astype(np.int32),
            "polygons": polygons.astype(np.int32), "multis": multis.astype(np.int32)}  # fmt: skip


def main(atlas: Path, codes: Path) -> None:
    letters = {numeric: (two, three) for two, three, numeric, _ in member(codes, "codes.json")}
    topology = member(atlas, "countries-10m.json")
    arcs = decoded(topology)
    rows, shapes = [], []
    for feature in topology["objects"]["countries"]["geometries"]:
        if feature["type"] not in ("Polygon", "MultiPolygon"):
            continue
        name = feature["properties"]["name"]
        if "id" in feature:
            two, three = ("", "ATC") if name == "Ashmore and Cartier Is." else letters[feature["id"]]
            row = {"id": three, "iso2": two, "name": name, "administered_by": name, "note": NOTES.get(name, "")}
        else:
            code, holder, note = WITHOUT_CODE[name]
            row = {"id": code, "iso2": "", "name": name, "administered_by": holder, "note": note}
        rows.append(
            row | {"disputed": "claim" in row["note"] or "disputed" in row["note"] or "contested" in row["note"]}
        )
        shapes.append(shape(arcs, feature))
    names = [row["name"] for row in rows]
    shapes[names.index("Vatican")] = polygons_of(shapely.MultiPolygon([shapely.Polygon(VATICAN)]))
    italy = names.index("Italy")
    shapes[italy] = polygons_of(shapely.difference(shapes[italy], shapes[names.index("Vatican")]))
    target = PACKAGE / "airspace" / "data" / "countries.npz"
    np.savez_compressed(target, rows=np.frombuffer(json.dumps(rows).encode(), np.uint8), **packed(shapes))
    print(f"{target.name}: {len(rows)} countries, {target.stat().st_size:,} bytes")
    basemap(atlas)


def basemap(atlas: Path) -> None:
    """Write the land and borders of 1:50m for drawing."""
    topology = member(atlas, "countries-50m.json")
    arcs = decoded(topology)
    features = [f for f in topology["objects"]["countries"]["geometries"] if f["type"] in ("Polygon", "MultiPolygon")]
    shapes = [polygons_of(shapely.make_valid(shapely.simplify(shape(arcs, f), 0.02))) for f in features]
    target = PACKAGE / "geo" / "data" / "basemap.npz"
    np.savez_compressed(target, **packed([s for s in shapes if not s.is_empty]))
    print(f"{target.name}: {len(shapes)} shapes, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
