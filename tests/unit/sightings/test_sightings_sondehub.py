"""Telemetry of SondeHub in every form that its files take; all rows are made up after the universal telemetry format."""

import gzip
import hashlib
import json
import random

import numpy as np
import pytest

from overflight.errors import InvalidInput
from overflight.sightings import json_rows as rows_module
from overflight.sightings import read, read_all, write_rejects
from overflight.sightings.sondehub import telemetry


def row(frame=1, serial="S1234567", receiver="N0CALL", **more):
    made = {
        "software_name": "made up", "time_received": "2023-02-01T12:00:05Z", "uploader_callsign": receiver,
        "uploader_position": "50.0,8.0", "manufacturer": "Vaisala", "type": "RS41", "serial": serial, "frame": frame,
        "datetime": f"2023-02-01T12:{frame // 60 % 60:02d}:{frame % 60:02d}.000000Z", "lat": round(50 + frame * 1e-4, 5),
        "lon": 8.0, "alt": 1000.0 + 5 * frame,
    }  # fmt: skip
    return made | more


ROWS = [row(frame, receiver=receiver) for frame in range(1, 31) for receiver in ("N1CALL", "N0CALL")]
FORMS = {
    "an array": json.dumps(ROWS),
    "an array over many lines": json.dumps(ROWS, indent=2),
    "one row a line": "\n".join(map(json.dumps, ROWS)),
    "one row a line, ended": "".join(json.dumps(one) + "\r\n" for one in ROWS),
    "rows one after the other": "".join(map(json.dumps, ROWS)),
    "rows over many lines, one after the other": "\n".join(json.dumps(one, indent=1) for one in ROWS),
    "an array that ends in a comma": json.dumps(ROWS)[:-1] + ",]",
    "a mark of the byte order": "\ufeff" + json.dumps(ROWS),
    "numbers as texts": json.dumps(
        [one | {key: str(one[key]) for key in ("lat", "lon", "alt", "frame")} for one in ROWS]
    ),
    "a row that holds rows": json.dumps([one | {"more": [{"a": 1}, {"b": "}, {"}]} for one in ROWS]),
    "unknown height": json.dumps([one | {"alt": None} for one in ROWS]),
    "callsigns of amateurs": json.dumps([one | {"serial": None, "payload_callsign": "S1234567"} for one in ROWS]),
}


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("block", [64, 1000, 2**21])
@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_each_frame_once(tmp_path, monkeypatch, name, block):
    monkeypatch.setattr(rows_module, "BLOCK_BYTES", block)
    found = telemetry([put(tmp_path / "f.json", FORMS[name])])
    assert [str(problem) for problem in found.problems] == []
    assert found.rows == 60
    assert found.serials == ("S1234567",)
    assert found.columns.frame.tolist() == list(range(1, 31))
    assert found.receivers.tolist() == [2] * 30
    assert found.repeated.tolist() == [1] * 30
    assert found.columns.row.tolist() == list(range(1, 61, 2))
    assert np.allclose(found.columns.lat, 50 + np.arange(1, 31) * 1e-4)
    assert np.array_equal(
        found.time, np.datetime64("2023-02-01T12:00:00", "ns") + np.arange(1, 31) * np.timedelta64(1, "s")
    )


def test_a_reading_of_one_flight(tmp_path):
    path = put(tmp_path / "serial" / "S1234567.json.gz", gzip.compress(json.dumps(ROWS).encode()))
    reading = read(path)
    assert len(reading.sightings) == 30
    seen = reading.sightings[0]
    assert (seen.kind, seen.source, seen.object_label, seen.note) == ("sondehub", "SondeHub", "S1234567", "2 receivers")
    assert (seen.altitude.value_m, seen.altitude.reference) == (1005.0, "geometric")
    assert seen.evidence_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert reading.duplicates == ("S1234567: 30 rows repeating frames, as several receivers send them",)
    assert str(reading).endswith(
        "json.gz; left out: S1234567: 30 rows repeating frames, as several receivers send them"
    )
    assert read(path, assume_utc=True, object_label="S1234567").sightings == reading.sightings


def test_a_folder_as_the_archive_lays_it_out(tmp_path):
    day = tmp_path / "date" / "2023" / "02" / "01"
    for serial in ("S1", "S2"):
        put(day / f"{serial}.json", json.dumps([row(frame, serial) for frame in (1, 300, 600)]))
    put(
        tmp_path / "serial" / "S1.json.gz",
        gzip.compress(json.dumps([row(frame, "S1") for frame in range(1, 601)]).encode()),
    )
    put(tmp_path / "readme.txt", "no telemetry")
    found = telemetry([tmp_path])
    assert found.serials == ("S1", "S2")
    assert [len(found.of(serial)) for serial in ("S1", "S2", "S3")] == [600, 3, 0]
    assert len(found.files) == 3
    assert {seen.object_label for seen in found.sightings(found.of("S2"))} == {"S2"}
    with pytest.raises(InvalidInput, match="object: got 2 objects, expected one of 'S1', 'S2'"):
        read(tmp_path)
    reading = read(tmp_path, object_label="S1")
    assert len(reading.sightings) == 600
    assert reading.duplicates == ("S1: 3 rows repeating frames, as several receivers send them",)
    drawn_on = {seen.evidence_sha256 for seen in reading.sightings}
    assert {file.sha256 for file in reading.files} == drawn_on, "of a folder, only what is drawn on is evidence"
    assert len(read_all([day / "S2.json", tmp_path / "serial"], object_label="S2").sightings) == 3
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=r"got the folder .*empty, expected a file of sightings"):
        read(tmp_path / "empty")


def test_the_same_frame_number_of_another_flight_is_another_frame(tmp_path):
    again = row(1, datetime="2023-02-03T12:00:01Z")
    late = row(1, receiver="N9CALL", datetime="2023-02-01T12:00:31Z")
    found = telemetry([put(tmp_path / "f.json", json.dumps([row(1), again, late, row(1, receiver="N0CALL")]))])
    assert found.receivers.tolist() == [2, 1]
    assert found.repeated.tolist() == [2, 0]
    no_frame = [one | {"frame": None} for one in (row(1), row(1, receiver="N9"), row(2))]
    assert telemetry([put(tmp_path / "g.json", json.dumps(no_frame))]).receivers.tolist() == [2, 1]


def test_receivers_that_place_a_frame_apart_contradict_each_other(tmp_path):
    rows = [row(1), row(1, receiver="N9CALL", lat=51.0), row(2), row(2, receiver="N9CALL", lat=50.0003)]
    reading = read(put(tmp_path / "f.json", json.dumps(rows)))
    assert reading.contradictions == ("S1234567: receivers place 1 frame up to 111 km apart",)


BAD = {
    "no serial": ({"serial": ...}, "serial: got nothing, expected a serial, or payload_callsign"),
    "serial a number": ({"serial": 5}, "serial: got JSON of type int, expected a text"),
    "no time": ({"datetime": ...}, "datetime: got '', expected an ISO 8601 time with offset"),
    "time without offset": ({"datetime": "2023-02-01T12:00:00"}, "datetime: got '2023-02-01T12:00:00', expected a time with its UTC offset"),
    "year 3000": ({"datetime": "3000-02-01T12:00:00Z"}, "expected a time between the years 1678 and 2261"),
    "hour 24": ({"datetime": "2023-02-01T24:00:00Z"}, "write midnight"),
    "no lat": ({"lat": ...}, "lat: got nothing, expected a number from -90 to 90"),
    "lat true": ({"lat": True}, "lat: got JSON of type bool, expected a number"),
    "lat a word": ({"lat": "north"}, "lat: got 'north'"),
    "lat a text of no number": ({"lat": "nan"}, "lat: got 'nan'"),
    "lat 91": ({"lat": 91}, "lat: got 91.0"),
    "lon infinite": ({"lon": "inf"}, "lon: got 'inf'"),
    "no fix": ({"lat": 0, "lon": 0.0}, "lat: got 0 north, 0 east, expected a place"),
    "altitude in space": ({"alt": 1e6}, "alt: got 1000000.0, expected a number from -430 to 60000"),
    "frame below 0": ({"frame": -5}, "frame: got -5"),
    "frame a half": ({"frame": 1.5}, "frame: got 1.5, expected a whole number from 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_named_and_the_rest_goes_on(tmp_path, name):
    change, message = BAD[name]
    wrong = {key: value for key, value in (row(2) | change).items() if value is not ...}
    rows = [row(1), wrong, row(3)]
    for form in (json.dumps(rows), "\n".join(map(json.dumps, rows))):
        found = telemetry([put(tmp_path / "f.json", form)])
        assert [problem.where for problem in found.problems] == ["f.json:2"]
        assert message in str(found.problems[0])
        assert found.columns.frame.tolist() == [1, 3]
    with pytest.raises(InvalidInput, match=r"f\.json:1: "):
        read(put(tmp_path / "f.json", json.dumps(rows[1:2])), "sondehub")


def test_time_without_offset_can_be_taken_as_utc(tmp_path):
    path = put(tmp_path / "f.json", json.dumps([row(1, datetime="2023-02-01T12:00:01"), row(2)]))
    assert telemetry([path], assume_utc=True).columns.frame.tolist() == [1, 2]


BREAKS = {
    "a quote too many": lambda text: text.replace('"lat"', '"la"t"'),
    "a brace too few": lambda text: text[:-1],
    "not a number": lambda text: text.replace("8.0", "NaN"),
    "no UTF-8": lambda text: text.replace("S123", "\udcff"),
    "cut short": lambda text: text[: len(text) // 2] + "}",
    "nested without end": lambda text: text.replace("8.0", "[" * 5000),
}


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize("lines", [True, False])
def test_broken_json_costs_its_own_row_alone(tmp_path, name, lines):
    texts = [json.dumps(row(frame)) for frame in range(1, 501)]
    texts[99], texts[299] = BREAKS[name](texts[99]), BREAKS[name](texts[299])
    text = "\n".join(texts) if lines else f"[{', '.join(texts)}]"
    found = telemetry([put(tmp_path / "f.json", text.encode("utf-8", "surrogateescape"))])
    assert [problem.where for problem in found.problems] == ["f.json:100", "f.json:300"]
    assert found.columns.frame.tolist() == [n for n in range(1, 501) if n not in (100, 300)]
    write_rejects(tmp_path / "rejects.csv", found.problems)
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 3


def test_a_file_that_breaks_off_gives_what_is_before(tmp_path):
    text = json.dumps(ROWS).encode()
    found = telemetry([put(tmp_path / "f.json", text[: len(text) // 2])])
    assert len(found.problems) == 1
    assert len(found) == 15
    draw = random.Random(1)  # noqa: S311 - a text that does not shrink
    rows = [one | {"note": draw.randbytes(20000).hex()} for one in ROWS]
    packed = gzip.compress(json.dumps(rows).encode())
    path = put(tmp_path / "f.json.gz", packed[: len(packed) // 2])
    found = telemetry([path])
    assert 5 < len(found) < 20
    assert "gzip: got a file that breaks off, expected a whole file" in str(found.problems[-1])
    assert found.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_rows_in_any_order_give_the_same_frames(tmp_path):
    draw = random.Random(5)  # noqa: S311 - an order that repeats itself
    mixed = ROWS + [row(frame, "S2") for frame in range(1, 20)]
    draw.shuffle(mixed)
    found = telemetry([put(tmp_path / "f.json", json.dumps(mixed))])
    assert found.serials == ("S1234567", "S2")
    assert found.columns.frame.tolist() == [*range(1, 31), *range(1, 20)]
    assert found.receivers.tolist() == [2] * 30 + [1] * 19
