"""Inland water: the lakes of Natural Earth, and the Caspian, which is sea there."""

import zipfile

import shapely
from regions.cover import as_multi
from regions.land import LAYERS
from regions.shapefile import polygons

CASPIAN = (51.0, 42.0)
CASPIAN_BOX = (46.0, 36.0, 55.5, 48.0)
CASPIAN_NOTE = (
    "inland water of its own here; Azerbaijan, Iran, Kazakhstan, Russia and Turkmenistan border it; the Convention on "
    "its legal status of 2018 gives each 15 nautical miles of territorial waters; not drawn here"
)


def lakes(archive: zipfile.ZipFile) -> list[shapely.Geometry]:
    """Lakes, reservoirs and salt lakes."""
    return polygons(archive, f"{LAYERS}/physical/ne_10m_lakes")[1]


def caspian(land: list[shapely.MultiPolygon]) -> shapely.MultiPolygon:
    """The water around a point in the middle of the Caspian, its islands left out."""
    box = shapely.box(*CASPIAN_BOX)
    water = shapely.difference(box, shapely.union_all(shapely.intersection(land, box)))
    middle = shapely.Point(CASPIAN)
    (found,) = (part for part in shapely.get_parts(water) if shapely.contains(part, middle))
    if not shapely.contains_properly(box, found):
        raise ValueError("Caspian: got water that reaches the edge of its box, expected a closed shore")
    return as_multi(found)
