"""GeoJSON, KML, GPX and SondeHub say the same of a flight as a table does; files of small make are made up."""

import csv
import gzip
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from overflight.errors import InvalidInput
from overflight.sightings import read, read_all

KML = '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>{}</Document></kml>'
GPX = '<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">{}</gpx>'
TIMES = ("2023-02-01T12:00:00Z", "2023-02-01T12:10:00Z")


@pytest.fixture
def flight(shared_data):
    """Fixes of a real solar balloon, SHAB12V: (time, lat, lon, altitude)."""
    with (shared_data / "flights" / "shab" / "SHAB12V-APRS.csv").open() as stream:
        rows = list(csv.DictReader(stream))[::10]
    return [(f"{r['time'].replace(' ', 'T')}Z", float(r["lat"]), float(r["lng"]), float(r["altitude"])) for r in rows]


def as_table(fixes):
    return "time,lat,lon,altitude_m,object\n" + "".join(f"{t},{a},{o},{z},SHAB12V\n" for t, a, o, z in fixes)


def as_geojson(fixes):
    line = {"type": "LineString", "coordinates": [[o, a, z] for _, a, o, z in fixes]}
    about = {"object": "SHAB12V", "coordTimes": [t for t, *_ in fixes]}
    return json.dumps(
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": about, "geometry": line}]}
    )


def as_points(fixes):
    features = [
        {
            "type": "Feature",
            "properties": {"Time": t, "object": "SHAB12V"},
            "geometry": {"type": "Point", "coordinates": [o, a, z]},
        }
        for t, a, o, z in fixes
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def as_kml(fixes):
    whens = "".join(f"<when>{t}</when>" for t, *_ in fixes)
    coords = "".join(f"<gx:coord>{o} {a} {z}</gx:coord>" for _, a, o, z in fixes)
    track = f"<gx:Track><altitudeMode>absolute</altitudeMode>{whens}{coords}</gx:Track>"
    return KML.format(f"<Placemark><name>SHAB12V</name>{track}</Placemark>")


def as_places(fixes):
    about = '<ExtendedData><Data name="object"><value>SHAB12V</value></Data></ExtendedData>'
    point = "<Point><altitudeMode>absolute</altitudeMode><coordinates>\n{},{},{}\n</coordinates></Point>"
    mark = "<Placemark><TimeStamp><when>{}</when></TimeStamp>{}{}</Placemark>"
    return KML.format("".join(mark.format(t, about, point.format(o, a, z)) for t, a, o, z in fixes))


def as_gpx(fixes):
    points = "".join(f'<trkpt lat="{a}" lon="{o}"><ele>{z}</ele><time>{t}</time></trkpt>' for t, a, o, z in fixes)
    return GPX.format(f"<trk><name>SHAB12V</name><trkseg>{points}</trkseg></trk>")


def as_sondehub(fixes):
    rows = [
        {"serial": "SHAB12V", "datetime": t, "lat": a, "lon": o, "alt": z, "frame": n}
        for n, (t, a, o, z) in enumerate(fixes)
    ]
    return json.dumps(rows)


def as_kmz(fixes):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images/icon.png", b"\x89PNG")
        archive.writestr("doc.kml", as_kml(fixes))
    return held.getvalue()


FORMS = {
    "f.geojson": (as_geojson, "geojson", 1000.0),
    "points.json": (as_points, "geojson", 1000.0),
    "f.kml": (as_kml, "kml-track", 10.0),
    "places.kml": (as_places, "kml", 1000.0),
    "f.kmz": (as_kmz, "kml-track", 10.0),
    "f.gpx": (as_gpx, "gpx", 10.0),
    "f.gpx.gz": (lambda fixes: gzip.compress(as_gpx(fixes).encode()), "gpx", 10.0),
    "f.json": (as_sondehub, "sondehub", 10.0),
    "f.json.gz": (lambda fixes: gzip.compress(as_sondehub(fixes).encode()), "sondehub", 10.0),
}


def put(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("name", FORMS)
def test_a_real_flight_reads_the_same_in_every_format(tmp_path, flight, name):
    make, kind, sd_m = FORMS[name]
    table = read(put(tmp_path / "t.csv", as_table(flight))).or_raise()
    path = put(tmp_path / name, make(flight))
    reading = read(path).or_raise()
    assert len(reading.sightings) == len(table.sightings) == 65

    def told(seen):
        return seen.time, seen.lat, seen.lon, seen.altitude.value_m, seen.altitude.reference, seen.object_label

    assert [told(seen) for seen in reading.sightings] == [told(seen) for seen in table.sightings]
    assert {(seen.kind, seen.position_sd_m) for seen in reading.sightings} == {(kind, sd_m)}
    assert {seen.evidence_sha256 for seen in reading.sightings} == {hashlib.sha256(path.read_bytes()).hexdigest()}
    assert not reading.duplicates
    assert not reading.contradictions


def test_files_of_one_flight_become_one_reading(tmp_path, flight):
    half = len(flight) // 2
    paths = [put(tmp_path / "a.gpx", as_gpx(flight[:half])), put(tmp_path / "b.kml", as_kml(flight[half - 2 :]))]
    paths.append(put(tmp_path / "c.csv", as_table(flight[:1]).replace(",object", "").replace(",SHAB12V", "")))
    reading = read_all(paths)
    assert len(reading.sightings) == len(flight) + 1
    assert [file.path for file in reading.files] == paths
    assert [file.format for file in reading.files] == ["gpx", "kml", "table"]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert [file.sha256 for file in reading.files] == digests
    assert {seen.evidence_sha256 for seen in reading.sightings} == set(digests)
    assert (reading.path, reading.evidence_sha256) == (paths[0], digests[0])
    assert reading.duplicates == (f"b.kml:1 repeats a.gpx:{half - 1}", f"b.kml:2 repeats a.gpx:{half}")
    assert str(reading) == f"{len(flight) + 1} sightings read from a.gpx and 2 more files; 2 repeated rows left out"


def test_several_files_and_several_objects(tmp_path, flight):
    one, other = (
        put(tmp_path / "a.gpx", as_gpx(flight)),
        put(tmp_path / "b.gpx", as_gpx(flight[:5]).replace("SHAB12V", "B")),
    )
    with pytest.raises(InvalidInput, match=r"a\.gpx: object: got 2 objects, expected one of 'B', 'SHAB12V'"):
        read_all([one, other])
    assert len(read_all([one, other], object_label="B").sightings) == 5
    assert len(read_all([one, other], object_label=["B", "SHAB12V"]).sightings) == len(flight) + 5
    with pytest.raises(InvalidInput, match="got 'C', expected one of 'B', 'SHAB12V'"):
        read_all([one, other], object_label="C")
    with pytest.raises(InvalidInput, match="got a file twice, expected each file once"):
        read_all([one, one])
    with pytest.raises(InvalidInput, match="which are the same, expected each file once"):
        read_all([one, put(tmp_path / "c.gpx", one.read_bytes())])
    with pytest.raises(InvalidInput, match=r"sightings: got the folder .*, expected a file of sightings"):
        read(tmp_path, "gpx")
    with pytest.raises(InvalidInput, match="sightings: got no file"):
        read_all([])
    with pytest.raises(InvalidInput, match=r"none\.gpx"):
        read_all([one, tmp_path / "none.gpx"])


def test_contradictions_show_across_files(tmp_path):
    here = put(tmp_path / "a.gpx", as_gpx([(TIMES[0], 50.0, 8.0, 9000.0)]))
    there = put(tmp_path / "b.kml", as_kml([(TIMES[1], 40.0, 8.0, 9000.0)]))
    reading = read_all([here, there], object_label=["SHAB12V"])
    assert reading.contradictions == ("2023-02-01T12:00:00Z and 2023-02-01T12:10:00Z lie 1112 km apart",)


def test_a_format_is_told_by_name_and_content_and_can_be_named(tmp_path):
    table = as_table([(TIMES[0], 50.0, 8.0, 9000.0)])
    for name in ("s.txt", "s", "s.dat", "s.csv.gz"):
        data = gzip.compress(table.encode()) if name.endswith("gz") else table
        assert read(put(tmp_path / name, data)).files[0].format == "table"
    gpx = put(tmp_path / "flight.xml", as_gpx([(TIMES[0], 50.0, 8.0, 9000.0)]))
    assert read(gpx).files[0].format == "gpx"
    assert read(put(tmp_path / "o.csv", gpx.read_bytes()), "gpx").files[0].format == "gpx"
    with pytest.raises(InvalidInput, match="format: got 'shp', expected one of table, geojson, kml"):
        read(gpx, "shp")
    with pytest.raises(
        InvalidInput,
        match=r"o\.json: format: got a file that may be geojson, sondehub, expected one of them; choose with --format NAME",
    ):
        read(put(tmp_path / "o.json", b"{}"))
    with pytest.raises(InvalidInput, match=r"o\.txt: format: got a file that may be table, aprs, wspr, igra, plain"):
        read(put(tmp_path / "o.txt", b"seen at noon"))


ONE = (TIMES[0], 50.0, 8.0, 9000.0)
BROKEN = {
    "no xml": ("a.gpx", "time,lat,lon\n", "a.gpx:1: xml: got Start tag expected"),
    "kml in gpx": ("a.gpx", as_kml([ONE]), "a.gpx: xml: got the element 'kml', expected a gpx element"),
    "cut off": ("a.kml", as_kml([ONE])[:-20], "xml: got"),
    "a document type": ("a.kml", '<!DOCTYPE kml [<!ENTITY a "b">]>' + as_kml([ONE]), "a.kml: xml: got a document type declaration, expected none"),
    "entities that unfold": ("a.gpx", '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + GPX.format("&b;"), "expected none"),
    "a zip without kml": ("a.kmz", b"PK\5\6" + bytes(18), "xml: got"),
    "a broken zip": ("a.kmz", as_kmz([ONE])[:-30], "a.kmz: kmz: got a zip file that is broken"),
    "no json": ("a.geojson", "{", "a.geojson: geojson: got Input data was truncated, expected JSON"),
    "no features": ("a.geojson", '{"type":"Topology"}', "a.geojson: geojson: got type 'Topology', expected a FeatureCollection or a Feature"),
    "no points": ("a.gpx", GPX.format(""), "a.gpx: sightings: got no rows, expected at least one"),
    "no time": ("a.gpx", GPX.format('<wpt lat="1" lon="2"/>'), "a.gpx:1: time: got ''"),
    "gzip cut off": ("a.gpx.gz", gzip.compress(as_gpx([ONE]).encode())[:-9], "a.gpx.gz: gzip: got a file that breaks off, expected a whole file"),
    "gzip broken": ("a.csv.gz", b"\x1f\x8b\x08\0" + b"\xff" * 40, "a.csv.gz: gzip: got broken bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_cannot_be_read_have_one_line(tmp_path, name):
    file, data, message = BROKEN[name]
    with pytest.raises(InvalidInput) as problem:
        read(put(tmp_path / file, data))
    assert message in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_zip_that_unfolds_without_end_is_refused(tmp_path):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("doc.kml", "w") as stream:
        for _ in range(80):
            stream.write(b" " * 2**20)
    assert len(held.getvalue()) < 2**20
    with pytest.raises(InvalidInput, match="over 64 MiB of KML in it"):
        read(put(tmp_path / "a.kmz", held.getvalue()))
    with pytest.raises(InvalidInput, match="over 64 MiB unpacked"):
        read(put(tmp_path / "a.gpx.gz", gzip.compress(b"<gpx>" + b" " * (70 * 2**20))))


def test_rows_that_cannot_be_read_are_listed_and_the_rest_goes_on(tmp_path):
    points = [
        '<trkpt lat="north" lon="8"><time>2023-02-01T12:00:00Z</time></trkpt>',
        '<trkpt lat="50" lon="8"><time>2023-02-01T12:00:00Z</time><extensions><a:b xmlns:a="x">1</a:b></extensions></trkpt>',
        '<trkpt lat="50" lon="8"><ele>high</ele><time>2023-02-01T12:00:00Z</time></trkpt>',
        '<trkpt lat="91" lon="8"><time>2023-02-01T12:00:00Z</time></trkpt>',
        '<trkpt lat="50" lon="8"><time>yesterday</time></trkpt>',
        '<trkpt lat="51" lon="8"><time>2023-02-01T12:10:00</time><sat>many</sat></trkpt>',
    ]
    reading = read(put(tmp_path / "a.gpx", GPX.format(f"<trk><trkseg>{''.join(points)}</trkseg></trk>")))
    assert [seen.time for seen in reading.sightings] == [datetime(2023, 2, 1, 12, m, tzinfo=UTC) for m in (0, 10)]
    assert [(p.where, p.field) for p in reading.problems] == [
        ("a.gpx:1", "lat"), ("a.gpx:3", "ele"), ("a.gpx:4", "lat"), ("a.gpx:5", "time"),
    ]  # fmt: skip
    mark = "<Placemark>{}</Placemark>"
    stamped = "<TimeStamp><when>2023-02-01T12:00:00Z</when></TimeStamp>"
    point = "<Point><coordinates>{}</coordinates></Point>"
    marks = [point.format("8,50"), stamped + point.format("8"), stamped, stamped + point.format("8,50,9000"),
             "<gx:Track><when>2023-02-01T12:00:00Z</when></gx:Track>"]  # fmt: skip
    reading = read(put(tmp_path / "a.kml", KML.format("".join(map(mark.format, marks)))))
    assert [(p.where, p.field) for p in reading.problems] == [
        ("a.kml:1", "time"), ("a.kml:2", "lat"), ("a.kml:3", "placemark"), ("a.kml:5", "track"),
    ]  # fmt: skip
    assert reading.sightings[0].altitude is None, "clamped to the ground, an altitude is to be left out"
    line = {"type": "LineString", "coordinates": [[8, 50], [8, 51]]}
    places = [
        (line, {"coordTimes": list(TIMES)}), (line, {"coordTimes": [TIMES[0]]}), (None, {}),
        ({"type": "Polygon", "coordinates": []}, {}), ({"type": "Point", "coordinates": [8]}, {"time": TIMES[0]}),
        ({"type": "Point", "coordinates": [8, True]}, {"time": TIMES[0]}),
        ({"type": "Point", "coordinates": [8, 52, 9000]}, {"time": TIMES[1], "kind": "gpx", "altitude_ft": 30000}),
    ]  # fmt: skip
    features = [{"type": "Feature", "geometry": g, "properties": p} for g, p in places]
    reading = read(put(tmp_path / "a.geojson", json.dumps({"type": "FeatureCollection", "features": features})))
    assert [(p.where, p.field) for p in reading.problems] == [
        ("a.geojson:3", "coordTimes"), ("a.geojson:4", "geometry"), ("a.geojson:5", "geometry"),
        ("a.geojson:6", "coordinates"), ("a.geojson:7", "lat"),
    ]  # fmt: skip
    assert reading.sightings[-1].position_sd_m == 10.0
    assert reading.sightings[-1].altitude.value_m == pytest.approx(9144.0)


def test_a_span_of_time_is_a_window(tmp_path):
    span = "<TimeSpan><begin>2023-02-01T12:00:00Z</begin><end>2023-02-01T13:00:00+00:00</end></TimeSpan>"
    text = KML.format(
        f"<Placemark><name>over the town</name>{span}<Point><coordinates>8,50</coordinates></Point></Placemark>"
    )
    seen = read(put(tmp_path / "a.kml", text)).sightings[0]
    assert seen.time == datetime(2023, 2, 1, 12, 30, tzinfo=UTC)
    assert timedelta(seconds=seen.time_window_s) == timedelta(minutes=30)
    assert seen.note == "over the town"
    with pytest.raises(InvalidInput, match="end: got '2023-02-01T13:00:00"):
        read(put(tmp_path / "b.kml", text.replace("12:00:00Z", "14:00:00Z")))
