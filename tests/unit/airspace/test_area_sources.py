"""Attributes, flight information regions, Natural Earth and Marine Regions: synthetic files, and the real ones."""

from __future__ import annotations

import pytest
import shapely
from area_files import SHAPES, geojson

from overflight.airspace.arrange import arrange
from overflight.airspace.sources import Naming, read_firs, read_marine_regions, read_natural_earth, read_regions
from overflight.airspace.sources.claims import claims_of
from overflight.errors import InvalidInput


def boxes(path, *rows):
    """Write a box of two degrees for each row, three degrees apart."""
    return geojson(path, [shapely.box(3 * n, 0, 3 * n + 2, 2) for n in range(len(rows))], list(rows))


def line(call) -> str:
    with pytest.raises(InvalidInput) as caught:
        call()
    return str(caught.value)


# Regions of the user's own


def test_ids_and_names_are_found_by_the_list_or_by_option(tmp_path):
    rows = [{"ISO_A3": "-99", "ADM0_A3": "SOL", "NAME": "Somaliland", "zone": 7.0}, {"icao": "LFFF", "zone": 8.0}]
    path = boxes(tmp_path / "a.geojson", *rows)
    regions, _ = read_regions(path)
    assert [(region.id, region.name) for region in regions] == [("SOL", "Somaliland"), ("LFFF", "LFFF")]
    regions, _ = read_regions(
        path, kind="fir", naming=Naming(id_attribute="ZONE", source="ours", version="3", licence="CC0")
    )
    assert [(region.id, region.kind) for region in regions] == [("7", "fir"), ("8", "fir")]
    assert (regions[0].source, regions[0].version, regions[0].licence) == ("ours", "3", "CC0")
    assert line(lambda: read_regions(path, naming=Naming(name_attribute="label"))) == (
        "a.geojson: feature 1 (Somaliland): attribute: got no 'label', expected one of ISO_A3, ADM0_A3, NAME, zone"
    )


def test_administration_and_claims_are_two_attributes(tmp_path):
    row = {"id": "x", "administered_by": "RUS", "claimed_by": "UKR; MDA", "note": "disputed"}
    (region,), _ = read_regions(boxes(tmp_path / "a.geojson", row))
    assert (region.administered_by, region.claimed_by, region.note) == ("RUS", ("UKR", "MDA"), "disputed")


def test_two_regions_of_one_id_and_an_unknown_kind_are_refused(tmp_path):
    path = boxes(tmp_path / "a.geojson", {"id": "A"}, {"id": "B"}, {"id": "A"})
    assert line(lambda: read_regions(path)) == (
        "a.geojson: feature 3 (A): id: got 'A' again, as in feature 1 (A), expected one region an id; name another "
        "attribute with id_attribute"
    )
    assert line(lambda: read_regions(path, kind="eez")).startswith("kind: got 'eez', expected one of land, ")


@pytest.mark.parametrize(("row", "floor_m", "ceiling_m"), [
    ({"floor_m": 500, "ceiling_ft": 10000}, 500.0, 3048.0),
    ({"floor": "FL195", "ceiling": "UNL"}, 5943.6, None),
    ({"floor": "GND", "ceiling": "FL 660"}, None, 20116.8),
    ({"lower": "2500 FT AMSL", "upper": "4500 m"}, 762.0, 4500.0),
    ({"LOWER_VAL": 0, "LOWER_UOM": "FT", "UPPER_VAL": 600, "UPPER_UOM": "FL", "UPPER_CODE": "STD"}, None, 18288.0),
    ({"LOWER_VAL": 1200, "LOWER_UOM": "FT", "LOWER_CODE": "SFC", "UPPER_VAL": 17999, "UPPER_UOM": "FT"}, None, 5486.0952),
    ({"floor": "1500FT AGL"}, None, None),
    ({}, None, None),
])  # fmt: skip
def test_limits_in_feet_metres_and_flight_levels(tmp_path, row, floor_m, ceiling_m):
    (region,), _ = read_regions(boxes(tmp_path / "a.geojson", row | {"id": "x"}))
    assert region.floor_m == (None if floor_m is None else pytest.approx(floor_m))
    assert region.ceiling_m == (None if ceiling_m is None else pytest.approx(ceiling_m))


@pytest.mark.parametrize(("row", "said"), [
    ({"floor": 245}, "floor: got '245', expected a height as FL245, 9500 ft or 2900 m; or name the attribute floor_m or _ft"),
    ({"ceiling": "high"}, "ceiling: got 'high', expected a height as FL245, 9500 ft or 2900 m"),
    ({"ceiling_m": 1e9}, "ceiling_m: got '1000000000', expected a height of -500 m to 100 km"),
    ({"floor": "FL300", "ceiling": "FL200"}, "ceiling: got 6096 m over a floor of 9144 m, expected a ceiling above the floor"),
])  # fmt: skip
def test_limits_that_are_none(tmp_path, row, said):
    path = boxes(tmp_path / "a.geojson", {"id": "x"} | row)
    assert line(lambda: read_regions(path)) == f"a.geojson: feature 1 (x): {said}"


# Flight information regions


def vatsim(identity):
    return {"id": identity, "oceanic": "0", "label_lon": "0", "label_lat": "0", "region": "R", "division": "D"}


def test_sub_sectors_of_vatsim_are_part_of_their_region(tmp_path, caplog):
    path = boxes(tmp_path / "Boundaries.geojson", *map(vatsim, ("CZEG", "CZEG-N", "CZEG", "NAT", "ADR-W", "ZWWW-1")))
    regions, geometries = read_firs(path)
    assert [region.id for region in regions] == ["CZEG", "ZWWW"]
    assert geometries[0].area == pytest.approx(12.0)
    assert {(region.kind, region.administered_by, region.note) for region in regions} == {
        ("fir", "", "a flight simulation network's data, not for navigation")
    }
    assert regions[0].licence.startswith("CC BY-SA 4.0, VATSIM")
    assert caplog.messages == [
        "Boundaries.geojson: groups of a simulator, not regions of ICAO, were left out: ADR, NAT"
    ]


def test_firs_of_an_aviation_authority(tmp_path, caplog):
    rows = [
        {"IDENT": "LFFF", "NAME": "PARIS FIR", "TYPE": "FIR", "LOWERLIMIT": 0, "UPPERLIMIT": 195},
        {"IDENT": "LFFF", "NAME": "FRANCE UIR", "TYPE": "UIR", "LOWERLIMIT": 195, "UPPERLIMIT": 660},
        {"IDENT": "EDUU", "NAME": "RHEIN UIR", "TYPE": "UIR", "LOWERLIMIT": 245, "UPPERLIMIT": 999},
        {"IDENT": "LFPG", "NAME": "PARIS TMA", "TYPE": "TMA"},
        {"IDENT": "R-12", "NAME": "a range", "TYPE": "FIR"},
    ]
    regions, _ = read_firs(
        boxes(tmp_path / "firs.geojson", *rows), naming=Naming(source="AIP", version="2311", licence="its own")
    )
    assert [(r.id, r.name, r.kind) for r in regions] == [
        ("EDUU", "RHEIN UIR", "uir"), ("LFFF", "PARIS FIR", "fir"), ("LFFF-UIR", "FRANCE UIR", "uir"),
    ]  # fmt: skip
    assert regions[0].floor_m == pytest.approx(7467.6)
    assert regions[0].ceiling_m is None
    assert (regions[1].floor_m, regions[1].ceiling_m) == (None, pytest.approx(5943.6))
    assert (regions[1].source, regions[1].version, regions[1].licence, regions[1].note) == (
        "AIP",
        "2311",
        "its own",
        "",
    )
    assert caplog.messages == ["firs.geojson: areas that are no FIR or UIR with four letters were left out: 2"]


def test_a_file_without_designators_is_no_file_of_firs(tmp_path):
    path = geojson(tmp_path / "a.geojson", SHAPES)
    assert line(lambda: read_firs(path)) == (
        "a.geojson: designator: got none that is ICAO's, expected four letters in one of icao, icao_id, icaocode, designator, "
        "ident, id, code, fir, name"
    )


def test_the_real_regions_of_vatsim(shared_data, caplog):
    regions, geometries = read_firs(shared_data / "geo" / "vatsim_fir_boundaries.geojson")
    assert len(regions) == 430
    assert shapely.is_valid(geometries).all()
    by_id = {region.id: geometry for region, geometry in zip(regions, geometries, strict=True)}
    places = {
        "PAZA": [(-150, 65), (-179.99, 52), (179.99, 52)], "CZEG": [(-135.05, 60.7)], "CZYZ": [(-82.3, 45.1)],
        "KZLC": [(-108.5, 45.8)], "KZJX": [(-78.9, 33.7)], "ZJSA": [(110, 19.5)], "RCAA": [(121, 24)], "UKFV": [(34, 45)],
        "KZAK": [(-150, 35)], "FAJO": [(0, -89)],
    }  # fmt: skip
    for letters, points in places.items():
        for lon, lat in points:
            assert shapely.contains_xy(by_id[letters], lon, lat), (letters, lon, lat)
    assert "were repaired: 15, the first feature 35 (DAAA-SW), a ring that crosses itself at 3 28.5" in caplog.text
    assert len(arrange(regions, geometries)) == 430


# Natural Earth


@pytest.mark.parametrize(("note", "holder", "claimants"), [
    ("Admin. by Russia; Claimed by Ukraine", "RUS", ("UKR",)),
    ("Admin by U.K.; Claimed by Ireland, Denmark, and Iceland", "GBR", ("DNK", "IRL", "ISL")),
    ("Admin. by New Caledonia for France; Claimed by Vanuatu", "FRA", ("VUT",)),
    ("Leased to U.S.A. by Cuba; Claimed by Cuba", "USA", ("CUB",)),
    ("Leased to Russia by Kazakhstan", "", ()),
    ("Self admin.; Claimed by Azer.", "", ("AZE",)),
    ("Admin. by Chile; Claimed by Bolivia after ceded to Chile in 1884", "CHL", ("BOL",)),
    ("", "", ()),
])  # fmt: skip
def test_the_words_of_natural_earth(note, holder, claimants):
    said = claims_of(note)
    assert (said.holder, said.claimants, said.unread) == (holder, claimants, ())


def test_the_real_countries(shared_data):
    regions, geometries = read_natural_earth(shared_data / "geo" / "ne10_countries.parquet")
    by_id = {region.id: region for region in regions}
    assert len(by_id) == len(geometries) == 258
    assert (by_id["GRL"].kind, by_id["GRL"].administered_by) == ("land", "DNK")
    assert (by_id["XKX"].administered_by, by_id["XKX"].claimed_by, by_id["XKX"].views["CHN"]) == (
        "XKX",
        ("SRB",),
        "SRB",
    )
    assert (by_id["TWN"].kind, by_id["TWN"].views["CHN"]) == ("disputed", "CHN")
    assert (by_id["FLK"].administered_by, by_id["FLK"].claimed_by, by_id["FLK"].views) == (
        "GBR",
        ("ARG",),
        {"ARG": "ARG"},
    )
    assert (by_id["KAB"].kind, by_id["KAB"].administered_by) == ("land", "KAZ")
    assert (by_id["ATA"].administered_by, by_id["BRT"].administered_by, by_id["PSE"].administered_by) == ("", "", "PSE")
    assert by_id["CAN"].licence == "public domain"


def test_the_real_disputed_areas(shared_data):
    regions, _ = read_natural_earth(shared_data / "geo" / "ne10_disputed_areas.parquet")
    by_id = {region.id: region for region in regions}
    assert len(by_id) == 80
    assert {region.kind for region in regions} == {"disputed"}
    assert (by_id["crimea"].administered_by, by_id["crimea"].views) == ("RUS", {"UKR": "UKR"})
    assert by_id["spratly-is"].claimed_by == ("BRN", "CHN", "MYS", "PHL", "TWN")
    assert by_id["w-sahara"].administered_by == "MAR"
    assert by_id["w-sahara-2"].administered_by == "ESH"


def test_points_of_view_that_the_file_states_come_first(tmp_path):
    rows = [
        {"ADM0_A3": "TWN", "SOV_A3": "TWN", "ADMIN": "Taiwan", "SOVEREIGNT": "Taiwan", "ISO_A3_EH": "TWN", "ADM0_A3_JP": "TWN",
         "ADM0_A3_CN": "CHN", "NOTE_BRK": "Self admin.; Claimed by China", "FCLASS_JP": "Unrecognized"},
        {"ADM0_A3": "CHN", "SOV_A3": "CH1", "ADMIN": "China", "SOVEREIGNT": "China", "ISO_A3_EH": "CHN"},
    ]  # fmt: skip
    (taiwan, _), _ = read_natural_earth(boxes(tmp_path / "a.geojson", *rows))
    assert taiwan.views == {"CHN": "CHN", "JPN": "CHN"}


def test_a_layer_of_natural_earth_without_its_letters(tmp_path):
    path = boxes(tmp_path / "lakes.geojson", {"name": "Huron"})
    assert line(lambda: read_natural_earth(path)) == (
        "lakes.geojson: ADM0_A3: got nothing, expected Natural Earth's letters in every feature; take admin_0_countries or "
        "admin_0_disputed_areas"
    )


# Marine Regions


def test_marine_regions_are_united_by_state_and_claims_name_every_party(tmp_path):
    state = {"GEONAME": "Fijian 12 NM", "POL_TYPE": "12NM", "ISO_TER1": "FJI", "ISO_SOV1": "FJI", "MRGID": 49001}
    rows = [
        state, state | {"MRGID": 49002, "ISO_TER1": None},
        {"MRGID": 48970, "GEONAME": "Overlapping claim", "POL_TYPE": "Overlapping claim", "ISO_SOV1": "GBR", "ISO_SOV2": "ARG"},
        {"MRGID": 48971, "GEONAME": "Joint regime", "POL_TYPE": "Joint regime", "ISO_SOV1": "COL", "ISO_SOV2": "JAM"},
        state | {"POL_TYPE": "Internal waters", "GEONAME": "Fijian Internal Waters"},
        state | {"POL_TYPE": "Archipelagic waters", "GEONAME": "Fijian Archipelagic Waters"},
    ]  # fmt: skip
    regions, geometries = read_marine_regions(boxes(tmp_path / "World_12NM_v4.geojson", *rows))
    assert [(r.id, r.kind, r.administered_by, r.claimed_by) for r in regions] == [
        ("FJI-sea", "territorial sea", "FJI", ()), ("mrgid-48970", "disputed", "", ("GBR", "ARG")),
        ("mrgid-48971", "disputed", "", ("COL", "JAM")), ("FJI-water", "inland water", "FJI", ()),
        ("FJI-archipelagic", "territorial sea", "FJI", ()),
    ]  # fmt: skip
    assert geometries[0].area == pytest.approx(8.0)
    assert regions[1].views == {"GBR": "GBR", "ARG": "ARG"}
    assert regions[0].version.startswith("World_12NM_v4, sha256 ")


def test_zones_that_are_not_sovereign_are_refused(tmp_path):
    path = boxes(tmp_path / "eez.geojson", {"MRGID": 8325, "GEONAME": "Fijian EEZ", "POL_TYPE": "200NM"})
    assert line(lambda: read_marine_regions(path)) == (
        "eez.geojson: feature 1 (Fijian EEZ): POL_TYPE: got '200NM', expected 12NM, internal waters or archipelagic waters; "
        "zones beyond 12 nautical miles are not sovereign"
    )
