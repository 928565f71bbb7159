"""Write a landing to a file: cells by class, their regions for a map, or the figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h3
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from lxml import etree

from overflight.case import export
from overflight.case.placing import placed, require_place, write_figure
from overflight.case.report.recover_section import colours_of, figure
from overflight.geo.density import cell_rings
from overflight.recover import Landing

SUFFIXES = (".geojson", ".kml", ".csv", ".parquet", ".png", ".json")
KML_LEVELS = ((0.9, "66"), (0.5, "b3"))
"""Regions of a KML, and how opaque they are."""


def write_landing(found: Landing, path: Path) -> None:
    """Write a landing; the suffix names the format.

    Raises
    ------
    InvalidInput
        The suffix is not known, or the file cannot be written.
    """
    require_place(path, SUFFIXES)
    suffix = path.suffix.lower()
    if suffix == ".geojson":
        export.write_json(to_geojson(found), path)
    elif suffix == ".json":
        export.write_json(found.to_json(), path)
    elif suffix == ".kml":
        placed(path, lambda beside: _kml(found, beside))
    elif suffix == ".png":
        write_figure(figure(found), path)
    elif suffix == ".parquet":
        placed(path, lambda beside: _parquet(found, beside))
    else:
        export.write(cells(found), path)


def cells(found: Landing) -> pd.DataFrame:
    """Return a row a cell and class, cells of one size; a class sums to 1 with what left the winds."""
    tables = []
    for fallen in found.classes:
        density, centre = fallen.density, fallen.density.centres()
        inside = {level: density.region(level) for level in (0.5, 0.9, 0.99)}
        region = np.select([inside[level] for level in inside], list(inside), 1.0)
        table = {
            "class": fallen.object.name,
            "share": fallen.object.share,
            "cell": [h3.int_to_str(int(c)) for c in density.cell],
            "lat": centre[:, 0],
            "lon": centre[:, 1],
            "probability": density.probability,
            "cell_area_m2": density.cell_area_m2,
            "region": region,
        }
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def to_geojson(found: Landing) -> dict[str, Any]:
    """Return the cells of all classes as one FeatureCollection, ``class`` and ``share`` among their properties."""
    features, colour = [], dict(zip((f.object.name for f in found.classes), colours_of(found), strict=True))
    for fallen in found.classes:
        name = fallen.object.name
        about = {"class": name, "share": fallen.object.share, "fill": colour[name]}
        for feature in fallen.density.to_geojson()["features"]:
            feature["properties"] = about | feature["properties"]
            features.append(feature)
    return {"type": "FeatureCollection", "features": features, "elsewhere": elsewhere_of(found),
            "landing": found.to_json()}  # fmt: skip


def elsewhere_of(found: Landing) -> dict[str, float]:
    """Return, by class, what left the winds."""
    return {fallen.object.name: fallen.density.elsewhere for fallen in found.classes}


def _parquet(found: Landing, path: Path) -> None:
    """Write the cells, and ``elsewhere`` by class in the metadata of their schema, as a plan of a search reads it."""
    table = pa.Table.from_pandas(cells(found), preserve_index=False)
    kept = {"elsewhere": json.dumps(elsewhere_of(found)), "landing": json.dumps(found.to_json(), allow_nan=False)}
    pq.write_table(table.replace_schema_metadata(kept), path)


def _kml(found: Landing, path: Path) -> None:
    """Write the 50 and 90 % region of each class as one placemark of its cells."""
    root = etree.Element(f"{{{export.KML}}}kml", nsmap={None: export.KML})
    document = etree.SubElement(root, f"{{{export.KML}}}Document")
    etree.SubElement(document, f"{{{export.KML}}}name").text = "where it came down"
    for fallen, colour in zip(found.classes, colours_of(found), strict=True):
        inner = fallen.density.region(0.5)
        for level, opacity in KML_LEVELS:
            chosen = inner if level == 0.5 else fallen.density.region(level) & ~inner
            mark = etree.SubElement(document, f"{{{export.KML}}}Placemark")
            etree.SubElement(mark, f"{{{export.KML}}}name").text = f"{fallen.object.name}, {100 * level:.0f} % region"
            style = etree.SubElement(etree.SubElement(mark, f"{{{export.KML}}}Style"), f"{{{export.KML}}}PolyStyle")
            red, green, blue = colour[1:3], colour[3:5], colour[5:7]
            etree.SubElement(style, f"{{{export.KML}}}color").text = f"{opacity}{blue}{green}{red}"
            etree.SubElement(style, f"{{{export.KML}}}outline").text = "0"
            many = etree.SubElement(mark, f"{{{export.KML}}}MultiGeometry")
            for cell in fallen.density.cell[chosen]:
                for ring in cell_rings(int(cell)):
                    _polygon(many, ring)
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _polygon(parent: Any, ring: list[list[float]]) -> None:
    within = parent
    for name in ("Polygon", "outerBoundaryIs", "LinearRing", "coordinates"):
        within = etree.SubElement(within, f"{{{export.KML}}}{name}")
    within.text = " ".join(f"{lon:.5f},{lat:.5f}" for lon, lat in ring)
