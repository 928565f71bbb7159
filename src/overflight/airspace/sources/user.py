"""Regions of the user's own: any file of areas."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overflight.airspace.regions import KINDS, Region
from overflight.airspace.sources.attributes import CEILINGS, FLOORS, IDS, NAMES, Attributes
from overflight.airspace.sources.features import Feature, File, open_file
from overflight.errors import InvalidInput

Read = tuple[list[Region], NDArray[Any]]
"""Regions, and their shapely geometries in an array of the same length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How a file of the user's is to be read.

    Attributes
    ----------
    layer : which one, of a GeoPackage or archive with several.
    id_attribute, name_attribute : their names, where they are not in ``attributes.IDS`` and ``NAMES``.
    source, version, licence : what to say of the file; its name, its sha256 and "not stated" where not given.
    repair : bool. Whether rings that cross themselves are made valid rather than refused.
    """

    layer: str | None = None
    id_attribute: str | None = None
    name_attribute: str | None = None
    source: str = ""
    version: str = ""
    licence: str = ""
    repair: bool = False


def read_regions(path: Path | str, *, kind: str = "user", naming: Naming | None = None) -> Read:
    """Read areas of any kind from GeoJSON, GeoPackage, KML, KMZ, GeoParquet or a Shapefile, zipped or not.

    Attributes taken are id and name, ``administered_by``, ``claimed_by`` (parted by commas), ``note``,
    floor and ceiling (`attributes`). Without an id the name is taken, without both the file's name and a number.

    Parameters
    ----------
    path : the file.
    kind : of the regions, one of ``regions.KINDS``.

    Raises
    ------
    InvalidInput
        One line: the file, the feature, and what is wrong with it.

    Examples
    --------
    >>> regions, geometries = read_regions("ranges.geojson")  # doctest: +SKIP
    """
    if kind not in KINDS:
        raise InvalidInput("kind", repr(kind), f"one of {', '.join(KINDS)}")
    naming = naming or Naming()
    file = open_file(Path(path), layer=naming.layer)
    features = file.features(repair=naming.repair)
    regions = [_region(feature, n, file, kind, naming) for n, feature in enumerate(features, start=1)]
    require_unique([region.id for region in regions], [feature.where for feature in features])
    return regions, as_array([feature.geometry for feature in features])


def require_unique(ids: list[str], wheres: list[str]) -> None:
    """Refuse two regions of one id."""
    twice = next((name for name, count in Counter(ids).items() if count > 1), None)
    if twice is not None:
        first, second = [where for name, where in zip(ids, wheres, strict=True) if name == twice][:2]
        other = first.rpartition(": ")[2]
        raise InvalidInput("id", f"{twice!r} again, as in {other}", "one region an id", second,
                           "name another attribute with id_attribute")  # fmt: skip


def as_array(geometries: list[Any]) -> NDArray[Any]:
    """Return geometries as an array of objects."""
    array = np.empty(len(geometries), object)
    array[:] = geometries
    return array


def limits(attributes: Attributes, *, unit: str = "") -> tuple[float | None, float | None]:
    """Return floor and ceiling, which must lie above it. [m]"""
    floor, ceiling = attributes.limit_m(FLOORS, unit=unit), attributes.limit_m(CEILINGS, unit=unit)
    if floor is not None and ceiling is not None and ceiling <= floor:
        raise InvalidInput("ceiling", f"{ceiling:g} m over a floor of {floor:g} m", "a ceiling above the floor",
                           attributes.where)  # fmt: skip
    return floor, ceiling


def _region(feature: Feature, number: int, file: File, kind: str, naming: Naming) -> Region:
    found = Attributes(feature.properties, feature.where)
    for chosen in (naming.id_attribute, naming.name_attribute):
        if chosen is not None and not found.text(chosen):
            has = ", ".join(feature.properties) or "none"
            raise InvalidInput("attribute", f"no {chosen!r}", f"one of {has}", feature.where)
    name = found.text(naming.name_attribute) if naming.name_attribute else found.text(*NAMES)
    by_id = found.text(naming.id_attribute) if naming.id_attribute else found.text(*IDS)
    identity = by_id or name or f"{Path(file.name).stem}-{number}"
    floor, ceiling = limits(found)
    return Region(
        id=identity, name=name or identity, kind=kind, administered_by=found.text("administered_by"),
        claimed_by=found.listed("claimed_by"), note=found.text("note"), source=naming.source or file.name,
        version=naming.version or file.stamp, licence=naming.licence or "not stated", floor_m=floor, ceiling_m=ceiling,
    )  # fmt: skip
