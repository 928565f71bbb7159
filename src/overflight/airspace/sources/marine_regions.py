"""Marine Regions' territorial seas, internal and archipelagic waters (Flanders Marine Institute, doi 10.14284/628).

Attributes as https://www.marineregions.org/eezattribute.php gives them: ``MRGID``, ``GEONAME``, ``POL_TYPE``, and up to
three of ``TERRITORYn``, ``ISO_TERn``, ``SOVEREIGNn``, ``ISO_SOVn``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import shapely

from overflight.airspace.regions import Region
from overflight.airspace.sources.attributes import Attributes
from overflight.airspace.sources.features import open_file
from overflight.airspace.sources.user import Naming, Read, as_array
from overflight.errors import InvalidInput

SOURCE = "Marine Regions, Flanders Marine Institute, doi 10.14284/628"
LICENCE = "CC BY 4.0, Flanders Marine Institute"
_KINDS = (  # a word of POL_TYPE, the kind, the tail of the id, what to say
    ("12NM", "territorial sea", "sea", ""),
    ("TERRITORIAL", "territorial sea", "sea", ""),
    ("INTERNAL", "inland water", "water", "internal waters"),
    ("ARCHIPELAGIC", "territorial sea", "archipelagic", "archipelagic waters"),
)
_SHARED = ("JOINT REGIME", "OVERLAPPING CLAIM")


def read_marine_regions(path: Path | str, *, naming: Naming | None = None) -> Read:
    """Read territorial seas, internal waters or archipelagic waters.

    Areas of one state's territory are united: ``NOR-sea``, ``NOR-water``. Overlapping claims and joint regimes are
    ``disputed``, nobody's, and name every party. Rings that cross themselves are repaired, and a warning counts them.

    Raises
    ------
    InvalidInput
        The file cannot be read, lacks ``POL_TYPE``, or holds zones that are not sovereign, as the 200 nautical miles.
    """
    naming = naming or Naming()
    file = open_file(Path(path), layer=naming.layer)
    about: dict[str, Any] = {
        "source": naming.source or SOURCE,
        "version": naming.version or (file.version or f"{Path(file.name).stem}, {file.stamp}"),
        "licence": naming.licence or LICENCE,
    }
    regions: dict[str, Region] = {}
    parts: dict[str, list[Any]] = {}
    for feature in file.features(repair=True):
        region = _region(Attributes(feature.properties, feature.where), file.name, about)
        regions.setdefault(region.id, region)
        parts.setdefault(region.id, []).append(feature.geometry)
    united = [geometries[0] if len(geometries) == 1 else shapely.union_all(geometries) for geometries in parts.values()]
    return list(regions.values()), as_array(united)


def _region(row: Attributes, name: str, about: dict[str, Any]) -> Region:
    stated = row.text("pol_type").upper()
    parties = tuple(dict.fromkeys(filter(None, (row.text(f"iso_sov{n}", f"iso_ter{n}") for n in (1, 2, 3)))))
    if any(word in stated for word in _SHARED):
        words = "joint regime of" if "JOINT" in stated else "claimed by"
        return Region(
            id=f"mrgid-{row.text('mrgid', 'mrgid_eez')}", name=row.text("geoname"), kind="disputed", claimed_by=parties,
            note=f"{words} {', '.join(parties)}", views={} if "JOINT" in stated else {p: p for p in parties}, **about,
        )  # fmt: skip
    stated = stated or name.upper()
    kind, tail, note = next(((k, t, n) for word, k, t, n in _KINDS if word in stated), ("", "", ""))
    if not kind:
        got, hint = repr(row.text("pol_type")), "zones beyond 12 nautical miles are not sovereign"
        raise InvalidInput("POL_TYPE", got, "12NM, internal waters or archipelagic waters", row.where, hint)
    territory = row.text("iso_ter1", "iso_sov1") or f"mrgid-{row.text('mrgid')}"
    holder = row.text("iso_sov1", "iso_ter1")
    return Region(
        id=f"{territory}-{tail}", name=row.text("geoname"), kind=kind, administered_by=holder, note=note, **about,
    )  # fmt: skip
