"""Every way in which a table of sightings can be wrong has its own clear line."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overflight.errors import InvalidInput
from overflight.sightings import read

HEADER = "time,lat,lon,altitude_m,position_sd_km,object,note\n"
ROW = "2023-02-01T21:21:00Z,45.71,-109.54,18288,80,A,seen\n"


def given_file(tmp_path, data):
    path = tmp_path / "s.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_a_sound_row_is_read_with_its_units(tmp_path):
    reading = read(given_file(tmp_path, HEADER + ROW))
    seen = reading.sightings[0]
    assert seen.time == datetime(2023, 2, 1, 21, 21, tzinfo=UTC)
    assert (seen.lat, seen.lon, seen.position_sd_m) == (45.71, -109.54, 80_000.0)
    assert seen.altitude is not None
    assert (seen.altitude.value_m, seen.altitude.sd_m, seen.altitude.reference) == (18288.0, 300.0, "geometric")
    assert not reading.problems


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("\ufeff" + HEADER + ROW, lambda s: s.lat == 45.71),
        (HEADER.replace("\n", "\r\n") + ROW.replace("\n", "\r\n"), lambda s: s.note == "seen"),
        ((HEADER + ROW).replace(",", ";"), lambda s: s.lon == -109.54),
        ((HEADER + ROW).replace(",", "\t"), lambda s: s.lon == -109.54),
        ("time,lat,lng,altitude_ft\n2023-02-01T16:21:00-05:00,45,250.5,60000\n",
         lambda s: s.lon == -109.5 and s.altitude.value_m == pytest.approx(18288.0) and s.time.hour == 21),
        (HEADER + "\n" + ROW + "\n\n", lambda s: s.object_label == "A"),
        ("time,lat,lon\n2023-02-01T21:21Z,-90,180\n", lambda s: (s.lat, s.lon) == (-90.0, -180.0)),
    ],
)  # fmt: skip
def test_forms_that_are_read(tmp_path, text, check):
    assert check(read(given_file(tmp_path, text)).sightings[0])


BAD_FILES = {
    "empty": (b"", "empty file"),
    "blank": (b" \n\n", "empty file"),
    "header only": (HEADER.encode(), "no rows"),
    "no time column": (b"lat,lon\n1,2\n", "time missing"),
    "no header": (ROW.encode(), "missing"),
    "column twice": (b"time,lat,lon,lat\n2023-02-01T21:21:00Z,1,2,3\n", "'lat' twice"),
    "utf-16": ((HEADER + ROW).encode("utf-16"), "UTF-16"),
    "latin-1": ((HEADER + ROW.replace("seen", "gesehen über")).encode("latin-1"), "byte 0xfc"),
    "binary": (b"GRIB\x00\x00\x01\x02", "binary"),
    "time without offset": (b"time,lat,lon\n2023-02-01T21:21:00,1,2\n", "assume-utc"),
    "time in words": (b"time,lat,lon\nyesterday,1,2\n", "ISO 8601"),
    "time empty": (b"time,lat,lon\n,1,2\n", "ISO 8601"),
    "month 13": (b"time,lat,lon\n2023-13-01T00:00:00Z,1,2\n", "ISO 8601"),
    "year 10000": (b"time,lat,lon\n9999-12-31T23:59:59-23:00,1,2\n", "between years"),
    "lat 91": (b"time,lat,lon\n2023-02-01T21:21:00Z,-109.5,45.7\n", "swapped"),
    "lat empty": (b"time,lat,lon\n2023-02-01T21:21:00Z,,2\n", "lat: got nothing"),
    "lat word": (b"time,lat,lon\n2023-02-01T21:21:00Z,north,2\n", "'north'"),
    "lat nan": (b"time,lat,lon\n2023-02-01T21:21:00Z,nan,2\n", "'nan'"),
    "lon inf": (b"time,lat,lon\n2023-02-01T21:21:00Z,1,inf\n", "'inf'"),
    "lon 400": (b"time,lat,lon\n2023-02-01T21:21:00Z,1,400\n", "-180 to 360"),
    "decimal comma": (b"time;lat;lon\n2023-02-01T21:21:00Z;45,7;2\n", "decimal point"),
    "altitude in feet": (b"time,lat,lon,altitude_m\n2023-02-01T21:21:00Z,1,2,65000\n", "feet"),
    "altitude both": (b"time,lat,lon,altitude_m,altitude_ft\n2023-02-01T21:21:00Z,1,2,100,9000\n", "one altitude"),
    "altitude unit": (b"time,lat,lon,altitude_m\n2023-02-01T21:21:00Z,1,2,18 km\n", "'18 km'"),
    "reference": (
        b"time,lat,lon,altitude_m,altitude_reference\n2023-02-01T21:21:00Z,1,2,9,agl\n",
        "geometric or pressure",
    ),
    "sd below 0": (b"time,lat,lon,position_sd_km\n2023-02-01T21:21:00Z,1,2,-1\n", "position_sd_km"),
    "time sd word": (b"time,lat,lon,time_sd_min\n2023-02-01T21:21:00Z,1,2,about 5\n", "time_sd_min"),
    "row too short": (b"time,lat,lon\n2023-02-01T21:21:00Z,1\n", "lon: got nothing"),
    "open quote": (
        b'time,lat,lon\n"2023-02-01T21:21:00Z,1,2\n',
        "s.csv:2: sightings: got a quote that is never closed",
    ),
    "two objects": ((HEADER + ROW + ROW.replace(",A,", ",B,")).encode(), "--object"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_broken_files_have_one_clear_line(tmp_path, name):
    data, message = BAD_FILES[name]
    with pytest.raises(InvalidInput) as problem:
        read(given_file(tmp_path, data))
    text = str(problem.value)
    assert message in text
    assert "\n" not in text
    assert problem.value.exit_code == 2


def test_one_bad_row_is_counted_and_the_rest_go_on(tmp_path):
    rows = "".join(ROW.replace("21:21", f"{h:02d}:00") for h in range(20))
    reading = read(given_file(tmp_path, HEADER + rows + "rubbish\n" + ROW))
    assert len(reading.sightings) == 21
    assert [p.where for p in reading.problems] == ["s.csv:22"]
    with pytest.raises(InvalidInput, match=r"s\.csv:22"):
        reading.or_raise()


def test_duplicates_and_contradictions_are_shown(tmp_path):
    far = "2023-02-01T21:22:00Z,45.71,10.0,,1,A,far\n"
    reading = read(given_file(tmp_path, HEADER + ROW + ROW + far))
    assert len(reading.sightings) == 2
    assert reading.duplicates == ("row 3 repeats row 2",)
    assert len(reading.contradictions) == 1


def test_the_published_reports_of_2023_read_as_they_are(shared_data):
    path = shared_data / "incident-2023" / "incident_2023.csv"
    reading = read(path, object_label="Chinese balloon (Jan-Feb 2023)").or_raise()
    assert len(reading.sightings) == 12
    with pytest.raises(InvalidInput, match="6 objects"):
        read(path)
    with pytest.raises(InvalidInput, match="'No such thing'"):
        read(path, object_label="No such thing")


def test_missing_files_and_folders(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path, tmp_path / "a" / "b.csv", "bad\0name"):
        with pytest.raises(InvalidInput):
            read(path)


@given(st.binary(max_size=400))
def test_any_bytes_give_a_reading_or_one_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    try:
        assert read(path).sightings
    except InvalidInput as problem:
        assert "\n" not in str(problem)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6))
def test_any_mutation_of_a_sound_file(tmp_path_factory, changes):
    data = bytearray((HEADER + ROW + ROW.replace("21:21", "22:00")).encode())
    for at, value in changes:
        data[at % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "mutated.csv"
    path.write_bytes(bytes(data))
    try:
        read(path)
    except InvalidInput as problem:
        assert "\n" not in str(problem)
