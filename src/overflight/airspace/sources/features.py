"""Areas of a file of the user's: their attributes and checked polygons, whatever the format."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely

from overflight.airspace.sources import geojson, geopackage, geoparquet, kml, shapefile
from overflight.airspace.sources.archive import unpacked
from overflight.airspace.sources.polygons import area_of
from overflight.airspace.sources.raw import Raw, Table
from overflight.errors import InvalidInput, one_line
from overflight.winds.files import sha256

log = logging.getLogger(__name__)
Reader = Callable[[Path, str | None], Table]

READERS: dict[str, Reader] = {
    ".geojson": geojson.read, ".json": geojson.read, ".gpkg": geopackage.read, ".kml": kml.read, ".kmz": kml.read,
    ".parquet": geoparquet.read, ".geoparquet": geoparquet.read, ".shp": shapefile.read,
}  # fmt: skip
SUFFIXES = (*READERS, ".zip")
_HEADS = ((b"PK\3\4", ".zip"), (b"SQLite format 3\0", ".gpkg"), (b"PAR1", ".parquet"), (b"{", ".geojson"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One area.

    Attributes
    ----------
    where : str. File and number, for messages.
    properties : its attributes.
    geometry : shapely MultiPolygon. Degrees, cut at the antimeridian, closed through the poles.
    repaired : str. What was wrong with it, where it was repaired.
    """

    where: str
    properties: Mapping[str, Any]
    geometry: shapely.MultiPolygon
    repaired: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of areas, its polygons not yet checked.

    Attributes
    ----------
    rows : tuple of Raw, those that hold polygons.
    name, digest : the file's name and sha256.
    version : str. As a file beside the data states it, else "".
    passed_over : int. Features that are no areas: points, lines, nothing.
    """

    rows: tuple[Raw, ...]
    name: str
    digest: str
    version: str
    passed_over: int

    @property
    def stamp(self) -> str:
        """The version, or the beginning of the file's sha256 where it states none."""
        return self.version or f"sha256 {self.digest[:12]}"

    def features(self, *, repair: bool = False) -> list[Feature]:
        """Return the areas, checked.

        Parameters
        ----------
        repair : bool. Whether what crosses itself is made valid, with a warning, rather than refused.

        Raises
        ------
        InvalidInput
            One is not sound: one line that names it.
        """
        found = [self._checked(row, repair) for row in self.rows]
        mended = [feature for feature in found if feature.repaired]
        if mended:
            first = f"{mended[0].where.removeprefix(self.name + ': ')}, {mended[0].repaired}"
            log.warning("%s: areas that were not sound were repaired: %d, the first %s", self.name, len(mended), first)
        return found

    def _checked(self, row: Raw, repair: bool) -> Feature:
        where = f"{self.name}: feature {row.number}{_called(row.properties)}"
        geometry, repaired = area_of(row.polygons, where, repair=repair)
        return Feature(where=where, properties=row.properties, geometry=geometry, repaired=repaired)


def open_file(path: Path, *, layer: str | None = None) -> File:
    """Read the areas of a file; its suffix names the format.

    Parameters
    ----------
    path : GeoJSON, GeoPackage, KML, KMZ, GeoParquet, Shapefile, or a zip file of one of them.
    layer : which one, where a file holds several.

    Raises
    ------
    InvalidInput
        The file cannot be read, or holds no areas.
    """
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise InvalidInput("regions", f"the suffix {path.suffix!r}", f"one of {known}", path.name)
    try:
        if not path.stat().st_size:
            raise InvalidInput("regions", "an empty file", "areas", path.name)
        digest = sha256(path)
        table = _table(path, layer)
    except OSError as problem:
        raise InvalidInput("regions", problem.strerror or str(problem), "a file to read", str(path)) from None
    areas = tuple(row for row in table.rows if row.polygons)
    left = len(table.rows) - len(areas)
    if not areas:
        got = f"features without polygons ({left})" if left else "no features"
        raise InvalidInput("regions", got, "at least one polygon", path.name)
    if left:
        log.warning("%s: features that are no areas were left out: %d", path.name, left)
    return File(rows=areas, name=path.name, digest=digest, version=table.version, passed_over=left)


def suffix_of(path: Path) -> str:
    """Return the suffix that fits how a file begins.

    Raises
    ------
    InvalidInput
        It begins like none that can be read: a web page, say.
    """
    with path.open("rb") as stream:
        head = stream.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
    found = next((suffix for begin, suffix in _HEADS if head.startswith(begin)), "")
    if not found and b"<kml" in head:
        return ".kml"
    if not found:
        got = "a web page" if b"<html" in head.lower() or b"<!doctype html" in head.lower() else "another kind of file"
        raise InvalidInput("regions", got if head else "an empty file", f"one of {', '.join(sorted(SUFFIXES))}")
    return found


def _table(path: Path, layer: str | None) -> Table:
    if path.suffix.lower() != ".zip":
        return READERS[path.suffix.lower()](path, layer)
    with unpacked(path, READERS.keys(), layer) as (file, version):
        inner = None if layer == file.stem else layer
        return replace(READERS[file.suffix.lower()](file, inner), version=version)


def _called(properties: Mapping[str, Any]) -> str:
    """Return what a person would look for in the file."""
    for key in ("id", "name", "NAME", "GEONAME", "ADMIN", "icao", "ident", "designator"):
        value = properties.get(key)
        if isinstance(value, str | int) and str(value).strip():
            return f" ({one_line(str(value), 60)})"
    return ""
