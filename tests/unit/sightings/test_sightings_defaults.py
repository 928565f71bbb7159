"""Errors by kind, the text that overrides them, the wider columns of a table, and the file of rejected rows."""

import csv
import math

import pytest

from overflight.errors import InvalidInput
from overflight.sightings import Defaults, Errors, Problem, defaults_of, read, write_rejects
from overflight.sightings.defaults import BY_KIND
from overflight.sightings.formats import FORMATS


def table(tmp_path, header, row):
    path = tmp_path / "s.csv"
    path.write_text(f"time,lat,lon,{header}\n2023-02-01T21:21:00Z,45,-109,{row}\n")
    return path


def test_every_format_has_errors_of_its_own():
    assert set(FORMATS) <= set(BY_KIND)


def test_an_option_overrides_what_it_names_and_leaves_the_rest():
    found = defaults_of(["gpx:position=50m,time=1.5min", "plain: altitude = 1e3ft , bearing=10deg,elevation=3deg"])
    assert found.of("gpx") == Errors(position_sd_m=50.0, time_sd_s=90.0, altitude_sd_m=30.0)
    plain = found.of("plain")
    assert (plain.altitude_sd_m, plain.bearing_sd_deg, plain.elevation_sd_deg) == (pytest.approx(304.8), 10.0, 3.0)
    assert found.of("table") == BY_KIND["table"]
    assert found.of("never heard of") == BY_KIND["table"]
    assert defaults_of(["mine:position=2nm"]).of("mine").position_sd_m == 3704.0


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["gpx"], "--errors: got 'gpx', expected a kind and its errors, as gpx:position=50m,time=1s"),
        (["gpx:"], "expected a kind and its errors"),
        ([":position=50m"], "expected a kind and its errors"),
        (["gpx:place=50m"], "got 'place=50m', expected one of position, time, altitude, bearing, elevation"),
        (["gpx:position=50"], "got 'position=50', expected a number above 0 with its unit (m, km, nm)"),
        (["gpx:position=50s"], "expected a number above 0 with its unit (m, km, nm)"),
        (["gpx:position=0m"], "expected a number above 0"),
        (["gpx:position=-1m"], "expected a number above 0"),
        (["gpx:position=nanm"], "expected a number above 0"),
        (["gpx:position=1e99m"], "expected a number above 0"),
        (["gpx:time=1s,time=2s"], "got 'time' twice"),
        (["gpx:time=1s", "GPX:time=2s"], "got 'gpx' twice"),
    ],
)
def test_option_texts_that_are_wrong(texts, message):
    with pytest.raises(InvalidInput) as problem:
        defaults_of(texts)
    assert message in str(problem.value)


def test_a_table_takes_the_errors_of_its_kind_and_those_set_by_the_caller(tmp_path):
    path = table(tmp_path, "altitude_m,kind", "9000,gpx")
    assert read(path).sightings[0].position_sd_m == BY_KIND["gpx"].position_sd_m
    mine = Errors(position_sd_m=7.0, time_sd_s=8.0, altitude_sd_m=9.0)
    seen = read(path, defaults=Defaults(by_kind={"gpx": mine})).sightings[0]
    assert (seen.position_sd_m, seen.time_sd_s, seen.altitude.sd_m, seen.kind) == (7.0, 8.0, 9.0, "gpx")
    seen = read(table(tmp_path, "position_sd_km,time_sd_min", "3,2")).sightings[0]
    assert (seen.position_sd_m, seen.time_sd_s, seen.kind) == (3000.0, 120.0, "table")


def test_ellipse_bearing_and_window_are_columns(tmp_path):
    seen = read(table(tmp_path, "major_sd_km,minor_sd_km,ellipse_azimuth_deg,time_window_min", "4,3,-90,30")).sightings[
        0
    ]
    assert (seen.ellipse.major_sd_m, seen.ellipse.minor_sd_m, seen.ellipse.azimuth_deg) == (4000.0, 3000.0, 270.0)
    assert seen.position_sd_m == pytest.approx(5000.0 / math.sqrt(2.0))
    assert seen.time_window_s == 1800.0
    seen = read(table(tmp_path, "bearing_deg,elevation_deg", "350,40")).sightings[0]
    assert (seen.bearing.azimuth_deg, seen.bearing.elevation_deg) == (350.0, 40.0)
    assert (seen.bearing.azimuth_sd_deg, seen.bearing.elevation_sd_deg) == (5.0, 5.0)
    seen = read(table(tmp_path, "bearing_deg,bearing_sd_deg,elevation_deg", "-10,2,")).sightings[0]
    assert (seen.bearing.azimuth_deg, seen.bearing.azimuth_sd_deg, seen.bearing.elevation_deg) == (350.0, 2.0, None)
    assert seen.bearing.elevation_sd_deg is None


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("major_sd_km,minor_sd_km", "4,3", "ellipse: got a part of it"),
        ("major_sd_km,minor_sd_km,ellipse_azimuth_deg,position_sd_km", "4,3,0,1", "an ellipse or position_sd_km"),
        (
            "major_sd_km,minor_sd_km,ellipse_azimuth_deg",
            "3,4,0",
            "minor_sd_km: got 4, expected no more than major_sd_km, 3",
        ),
        ("elevation_deg", "10", "elevation_deg: got 10 without bearing_deg, expected both, or none"),
        ("bearing_deg", "NW", "bearing_deg: got 'NW'"),
        ("bearing_deg,elevation_deg", "10,91", "elevation_deg: got '91'"),
        ("time_window_min", "-1", "time_window_min: got '-1'"),
        ("kind", "G P X", "kind: got 'G P X'"),
    ],
)
def test_columns_that_contradict_each_other(tmp_path, header, row, message):
    with pytest.raises(InvalidInput) as problem:
        read(table(tmp_path, header, row))
    assert message in str(problem.value)


def test_observers_far_apart_do_not_contradict_each_other(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text(
        "time,lat,lon,bearing_deg\n2023-02-01T21:21:00Z,45,-109,10\n2023-02-01T21:22:00Z,50,-100,200\n"
        "2023-02-01T21:23:00Z,45,-109,\n2023-02-01T21:24:00Z,50,-100,\n"
    )
    assert read(path).contradictions == ("2023-02-01T21:23:00Z and 2023-02-01T21:24:00Z lie 874 km apart",)


def test_rejects_are_written_whole_or_not_at_all(tmp_path):
    problems = [Problem(where="a.csv:3", field="lat", got="'x,\"y\"'", expected="a number", hint="are\nthey?")] * 2
    path = tmp_path / "rejects.csv"
    write_rejects(path, problems)
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2
    assert rows[0] == {
        "where": "a.csv:3",
        "field": "lat",
        "got": "'x,\"y\"'",
        "expected": "a number",
        "hint": "are they?",
    }

    def breaks():
        yield problems[0]
        raise KeyboardInterrupt

    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_rejects(path, breaks())
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["rejects.csv"]
    for place in (tmp_path / "none" / "rejects.csv", tmp_path):
        with pytest.raises(InvalidInput, match="expected a place that can be written"):
            write_rejects(place, problems)
