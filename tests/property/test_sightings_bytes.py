"""Whatever a file holds, it is read or refused in one line: any bytes, and any change of a sound file, in every format."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overflight.errors import InvalidInput
from overflight.sightings import FORMATS, Reading, defaults_of, read

TABLE = b"time,lat,lon,altitude_m,bearing_deg,kind\n2023-02-01T21:21:00Z,45.71,-109.54,18288,10,gpx\n"
KML = (
    b'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/'
    b'kml/ext/2.2"><Placemark><name>A</name><gx:Track><altitudeMode>absolute</altitudeMode><when>2023-02-01T21:21:00Z'
    b"</when><gx:coord>8 50 9000</gx:coord></gx:Track></Placemark><Placemark><ExtendedData><Data name='object'><value>A"
    b"</value></Data></ExtendedData><TimeSpan><begin>2023-02-01T21:31:00Z</begin><end>2023-02-01T21:41:00Z</end></TimeSpan>"
    b"<Point><coordinates>8,50,9</coordinates></Point></Placemark></kml>"
)
GPX = (
    b'<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="50" lon="8"><time>2023-02-01'
    b'T21:21:00Z</time></wpt><trk><trkseg><trkpt lat="50" lon="8"><ele>9</ele><time>2023-02-01T21:31:00Z</time></trkpt>'
    b"</trkseg></trk></gpx>"
)
ROW = {"serial": "A", "datetime": "2023-02-01T21:21:00Z", "lat": 50, "lon": "8", "alt": 9.5, "frame": 1}
POINT = {"type": "Point", "coordinates": [8, 50, 9000]}
LINE = {"type": "LineString", "coordinates": [[8, 50], [8, 51]]}
STAMPS = ["2023-02-01T21:21:00Z", "2023-02-01T21:31:00Z"]
FEATURES = [
    {"type": "Feature", "geometry": POINT, "properties": {"time": STAMPS[0], "note": "x"}},
    {"type": "Feature", "geometry": LINE, "properties": {"coordTimes": STAMPS}},
]


def kmz() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", KML)
    return held.getvalue()


SOUND = {
    "table": [TABLE],
    "geojson": [json.dumps({"type": "FeatureCollection", "features": FEATURES}).encode()],
    "kml": [KML, kmz()],
    "gpx": [GPX],
    "sondehub": [
        json.dumps([ROW, ROW | {"frame": 2}]).encode(),
        b"\n".join([json.dumps(ROW).encode()] * 2),
        gzip.compress(json.dumps([ROW]).encode(), mtime=0),
    ],
}
PIECES = [b"", b"<", b">", b"&a;", b'"', b"{", b"}", b"[", b"]", b",", b"\0", b"\xff", b"1e999", b"9" * 400, b"-", b"nan",
          b"<!DOCTYPE a>", b"\xef\xbb\xbf", b"null", b"\n", b"0000", b"9999", b"\\ud800"]  # fmt: skip
HERE = sorted(
    name for name, form in FORMATS.items() if find_spec(f"overflight.sightings.{form.reader.partition(':')[0]}")
)


def outcome(folder, name: str | None, data: bytes, file: str = "any.bin") -> Reading | None:
    path = folder / file
    path.write_bytes(data)
    try:
        reading = read(path, name)
    except InvalidInput as problem:
        assert "\n" not in str(problem)
        return None
    assert reading.sightings
    assert all("\n" not in str(problem) for problem in reading.problems)
    return reading


@pytest.mark.parametrize("name", HERE)
@settings(max_examples=60)
@given(data=st.binary(max_size=300))
def test_any_bytes(tmp_path_factory, name, data):
    outcome(tmp_path_factory.getbasetemp(), name, data)


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_read(tmp_path, name):
    for data in SOUND[name]:
        assert outcome(tmp_path, name, data) is not None
        assert outcome(tmp_path, None, data, "unnamed") is not None, "its format is told from its content"


@pytest.mark.parametrize("name", SOUND)
@settings(max_examples=150)
@given(pick=st.integers(0, 9), changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 9), st.sampled_from(PIECES) | st.binary(max_size=3)), min_size=1, max_size=5))  # fmt: skip
def test_any_change_of_a_sound_file(tmp_path_factory, name, pick, changes):
    data = bytearray(SOUND[name][pick % len(SOUND[name])])
    for at, length, piece in changes:
        begin = at % (len(data) + 1)
        data[begin : begin + length] = piece
    outcome(tmp_path_factory.getbasetemp(), name, bytes(data))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
    | st.just(STAMPS[0])
    | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ROW, "type", "features", "geometry", "properties", "coordinates", "coordTimes"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(values=st.lists(json_values, max_size=4), good=st.booleans(), lines=st.booleans())
def test_any_json_beside_sound_rows(tmp_path_factory, values, good, lines):
    folder = tmp_path_factory.getbasetemp()
    rows = [ROW, *values, ROW | {"frame": 7}] if good else values
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    found = outcome(folder, "sondehub", text.encode())
    assert found is not None or not good
    outcome(folder, "geojson", json.dumps({"type": "FeatureCollection", "features": values}).encode())
    features = [{"type": "Feature", "geometry": value, "properties": value} for value in values] + FEATURES
    assert outcome(folder, "geojson", json.dumps({"type": "FeatureCollection", "features": features}).encode())


@settings(max_examples=200)
@given(st.text(max_size=30) | st.from_regex(r"[a-z]{1,5}:(position|time)=[0-9.e+-]{1,6}(m|km|s|h)?(,[a-z]+=.{0,5})?"))
def test_any_text_of_errors_is_read_or_refused(text):
    try:
        found = defaults_of([text])
    except InvalidInput as problem:
        assert "\n" not in str(problem)
    else:
        errors = next(iter(found.by_kind.values()))
        assert errors.position_sd_m > 0
        assert errors.time_sd_s > 0
