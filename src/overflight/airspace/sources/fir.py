"""Flight information regions: of VATSIM, or of any file whose areas carry ICAO's four letters."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from overflight.airspace.regions import Region
from overflight.airspace.sources.attributes import Attributes
from overflight.airspace.sources.features import Feature, open_file
from overflight.airspace.sources.user import Naming, Read, as_array, limits
from overflight.errors import InvalidInput

log = logging.getLogger(__name__)

DESIGNATORS = ("icao", "icao_id", "icaocode", "designator", "ident", "id", "code", "fir", "name")
TYPES = ("type", "type_code", "local_type", "kind", "class")
VATSIM_SOURCE = "VATSIM, vatspy-data-project Boundaries.geojson"
VATSIM_LICENCE = "CC BY-SA 4.0, VATSIM vatspy-data-project contributors"
VATSIM_NOTE = "a flight simulation network's data, not for navigation"
_LETTERS = re.compile(r"[A-Z]{4}")
_VATSIM_MARKS = {"id", "oceanic", "region", "division"}


@dataclass(frozen=True, slots=True)
class _Part:
    """One area of a flight information region."""

    designator: str
    name: str
    kind: str
    floor_m: float | None
    ceiling_m: float | None
    geometry: Any


def read_firs(path: Path | str, *, naming: Naming | None = None) -> Read:
    """Read flight information regions, ``fir`` and ``uir``.

    VATSIM's layout is known by its attributes: sub-sectors, whose id has a dash, are part of the region before it, and
    ids that are not four letters are groups of a simulator and left out. Rings that cross themselves are repaired,
    and a warning counts them. Any other file has its designators in one of ``DESIGNATORS`` and, where it holds other
    airspace too, the kind in one of ``TYPES``; areas of one designator are united. Numbers without a unit in
    ``LOWERLIMIT`` and ``UPPERLIMIT`` are flight levels, 999 unlimited, as EUROCONTROL writes them.

    Parameters
    ----------
    path : any format of `open_file`.
    naming : source, version, licence, layer; the designator's attribute is ``id_attribute``.

    Returns
    -------
    tuple of list of Region and array of geometries
        A region an ICAO designator, sorted; a UIR over the FIR of the same letters is ``LFFF-UIR``.

    Raises
    ------
    InvalidInput
        The file cannot be read, or no area in it carries four letters.
    """
    naming = naming or Naming()
    path = Path(path)
    file = open_file(path, layer=naming.layer)
    is_vatsim = file.rows[0].properties.keys() >= _VATSIM_MARKS
    features = file.features(repair=is_vatsim or naming.repair)
    parts = list(_vatsim(features, file.name) if is_vatsim else _plain(features, file.name, naming))
    if not parts:
        expected = f"four letters in one of {', '.join(DESIGNATORS)}"
        raise InvalidInput("designator", "none that is ICAO's", expected, path.name)
    about: dict[str, Any] = {
        "source": naming.source or (VATSIM_SOURCE if is_vatsim else file.name),
        "version": naming.version or file.stamp,
        "licence": naming.licence or (VATSIM_LICENCE if is_vatsim else "not stated"),
        "note": VATSIM_NOTE if is_vatsim else "",
    }
    return _united(parts, about)


def _vatsim(features: list[Feature], name: str) -> Iterable[_Part]:
    odd = set()
    for feature in features:
        base = Attributes(feature.properties, feature.where).text("id").partition("-")[0].upper()
        if _LETTERS.fullmatch(base):
            yield _Part(base, base, "fir", None, None, feature.geometry)
        else:
            odd.add(base)
    if odd:
        log.warning("%s: groups of a simulator, not regions of ICAO, were left out: %s", name,
                    ", ".join(sorted(odd)))  # fmt: skip


def _plain(features: list[Feature], name: str, naming: Naming) -> Iterable[_Part]:
    left = 0
    for feature in features:
        part = _part(feature, naming)
        left += part is None
        if part is not None:
            yield part
    if left:
        log.warning("%s: areas that are no FIR or UIR with four letters were left out: %d", name, left)


def _part(feature: Feature, naming: Naming) -> _Part | None:
    found = Attributes(feature.properties, feature.where)
    names = (naming.id_attribute,) if naming.id_attribute else DESIGNATORS
    words = (found.text(name) for name in names)
    designator = next((word for word in words if _LETTERS.fullmatch(word)), None)
    stated = " ".join(found.text(name).upper() for name in TYPES)
    if designator is None or (stated.strip() and not re.search(r"FIR|UIR|OCA|ACC|CTA|ARTCC", stated)):
        return None
    kind = "uir" if "UIR" in stated and "FIR" not in stated else "fir"
    bare = "fl" if "lowerlimit" in found or "upperlimit" in found else ""
    floor, ceiling = limits(found, unit=bare)
    if ceiling is not None and ceiling >= 999 * 30.48:
        ceiling = None
    name = found.text(naming.name_attribute) if naming.name_attribute else found.text("name", "name_en", "title")
    return _Part(designator, name or designator, kind, floor, ceiling, feature.geometry)


def _united(parts: list[_Part], about: dict[str, Any]) -> Read:
    groups: dict[tuple[str, str], list[_Part]] = {}
    for part in parts:
        groups.setdefault((part.designator, part.kind), []).append(part)
    regions, geometries = [], []
    for (letters, kind), group in sorted(groups.items()):
        identity = f"{letters}-UIR" if kind == "uir" and (letters, "fir") in groups else letters
        floors, ceilings = [part.floor_m for part in group], [part.ceiling_m for part in group]
        regions.append(Region(
            id=identity, name=group[0].name, kind=kind,
            floor_m=None if None in floors else min(f for f in floors if f is not None),
            ceiling_m=None if None in ceilings else max(c for c in ceilings if c is not None), **about,
        ))  # fmt: skip
        geometries.append(shapely.union_all([part.geometry for part in group]))
    return regions, as_array(geometries)
