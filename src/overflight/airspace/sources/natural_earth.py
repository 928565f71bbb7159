"""Natural Earth's admin-0 layers, as the user downloads them: countries, and disputed areas.

The view is Natural Earth's own, that of who administers. Other claimants are read from ``NOTE_BRK``, and points of view
from ``ADM0_A3_xx``, whose an area is on the maps of a country, or ``FCLASS_xx``, whether it is recognised there.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from overflight.airspace.regions import Region
from overflight.airspace.sources.attributes import Attributes
from overflight.airspace.sources.claims import claims_of
from overflight.airspace.sources.features import open_file
from overflight.airspace.sources.user import Naming, Read, as_array, require_unique
from overflight.errors import InvalidInput

SOURCE = "Natural Earth"
LICENCE = "public domain"
VIEWS = {
    "AR": "ARG", "BD": "BGD", "BR": "BRA", "CN": "CHN", "DE": "DEU", "EG": "EGY", "ES": "ESP", "FR": "FRA",
    "GB": "GBR", "GR": "GRC", "ID": "IDN", "IL": "ISR", "IN": "IND", "IT": "ITA", "JP": "JPN", "KO": "KOR",
    "MA": "MAR", "NL": "NLD", "NP": "NPL", "PK": "PAK", "PL": "POL", "PS": "PSE", "PT": "PRT", "RU": "RUS",
    "SA": "SAU", "SE": "SWE", "TR": "TUR", "TW": "TWN", "UA": "UKR", "US": "USA", "VN": "VNM",
}  # fmt: skip
"""Natural Earth's letters of a point of view and ISO's."""
_LETTERS = {"KOS": "XKX", "PSX": "PSE", "SAH": "ESH", "SDS": "SSD"}
_OWN = frozenset({"COK", "NIU", "PSX", "SAH"})
"""They act for themselves, though Natural Earth files them under another or calls them indeterminate."""
_UNSAID = {"KOS": ("SRB",), "TWN": ("CHN",)}
"""Claims that the countries' notes leave out and the disputed areas' state."""


def read_natural_earth(path: Path | str, *, naming: Naming | None = None) -> Read:
    """Read ``ne_10m_admin_0_countries`` or ``ne_10m_admin_0_disputed_areas``, in any format and at any scale.

    Countries have kind ``land``, or ``disputed`` where somebody else claims all of one. Their id is
    ISO 3166-1 alpha-3; parts that share their country's code, and what ISO has no code for, keep Natural Earth's
    letters. ``administered_by`` is the sovereign: DNK for Greenland. The id of a disputed area is its name in small
    letters. Rings that cross themselves are repaired, and a warning counts them.

    Raises
    ------
    InvalidInput
        The file cannot be read, or lacks ``ADM0_A3``.
    """
    naming = naming or Naming()
    file = open_file(Path(path), layer=naming.layer)
    features = file.features(repair=True)
    rows = [Attributes(feature.properties, feature.where) for feature in features]
    if not all(row.text("adm0_a3") for row in rows):
        hint = "take admin_0_countries or admin_0_disputed_areas"
        raise InvalidInput("ADM0_A3", "nothing", "Natural Earth's letters in every feature", file.name, hint)
    about: dict[str, Any] = {
        "source": naming.source or f"{SOURCE}, {Path(file.name).stem}",
        "version": naming.version or file.stamp,
        "licence": naming.licence or LICENCE,
    }
    is_disputed = any("claim" in row.text("featurecla").lower() for row in rows)
    regions = _disputed(rows, about) if is_disputed else _countries(rows, about)
    require_unique([region.id for region in regions], [row.where for row in rows])
    return regions, as_array([feature.geometry for feature in features])


def _countries(rows: list[Attributes], about: dict[str, Any]) -> list[Region]:
    ids = _ids(rows)
    holders = {row.text("admin"): ids[row.text("adm0_a3")] for row in rows}
    return [_country(row, ids, holders, about) for row in rows]


def _ids(rows: list[Attributes]) -> dict[str, str]:
    """Return the id of each of Natural Earth's letters: ISO's, unless another row has them."""
    taken = {row.text("adm0_a3") for row in rows}
    found = {}
    for row in rows:
        letters, iso = row.text("adm0_a3"), row.text("iso_a3_eh", "iso_a3")
        found[letters] = _LETTERS.get(letters) or (letters if not iso or iso in taken else iso)
    return found


def _country(row: Attributes, ids: dict[str, str], holders: dict[str, str], about: dict[str, Any]) -> Region:
    letters, note = row.text("adm0_a3"), row.text("note_brk").removeprefix("None")
    code, said = ids[letters], claims_of(note)
    claimants = said.claimants or _UNSAID.get(letters, ())
    sovereign = code if letters in _OWN else holders.get(row.text("sovereignt"), code)
    nobody = row.text("type") == "Indeterminate" and letters not in _OWN and not said.is_own
    holder = said.holder or ("" if nobody else sovereign)
    claimants = tuple(claimant for claimant in claimants if claimant != holder)
    views = {claimant: claimant for claimant in claimants}
    if claimants or holder == code:  # who does not recognise a lease or a dependency sees its holder there
        views |= _views(row, ids, claimants)
    return Region(
        id=code, name=row.text("admin", "name_en", "name"), kind="disputed" if claimants else "land",
        administered_by=holder, claimed_by=claimants, note=note,
        views={viewer: whose for viewer, whose in sorted(views.items()) if whose != holder}, **about,
    )  # fmt: skip


def _views(row: Attributes, ids: dict[str, str], claimants: tuple[str, ...]) -> dict[str, str]:
    """Return whose it is from each point of view that the file holds and that differs."""
    other = claimants[0] if len(claimants) == 1 else ""
    views = {}
    for letters, viewer in VIEWS.items():
        whose, status = row.text(f"adm0_a3_{letters}"), row.text(f"fclass_{letters}")
        if whose in ids and whose != row.text("adm0_a3"):
            views[viewer] = ids[whose]
        elif status == "Unrecognized" or (status.startswith("Admin-1") and other):
            views[viewer] = viewer if viewer in claimants else other
    return views


def _disputed(rows: list[Attributes], about: dict[str, Any]) -> list[Region]:
    seen: Counter[str] = Counter()
    regions = []
    for row in rows:
        name, note, letters = row.text("brk_name", "name"), row.text("note_brk"), row.text("adm0_a3")
        said = claims_of(note)
        itself = _LETTERS.get(letters) or letters
        free = row.text("type") == "Indeterminate" and not said.is_own
        holder = said.holder or ("" if free or itself in said.claimants else itself)
        slug = _slug(name)
        seen[slug] += 1
        views = {claimant: claimant for claimant in said.claimants} | _views(row, {}, said.claimants)
        regions.append(Region(
            id=slug if seen[slug] == 1 else f"{slug}-{seen[slug]}", name=name, kind="disputed", administered_by=holder,
            claimed_by=said.claimants, note=note, views=views, **about,
        ))  # fmt: skip
    return regions


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
