"""Broken, wrong and strange tables of sightings: one clear line each, and nothing left behind; never a guess."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cli_calls import refused, synthetic

from overflight.errors import InvalidInput
from overflight.sightings import read

HEADER = "time,lat,lon,altitude_m,altitude_sd_m,position_sd_km,time_sd_min,object,note\n"
ISO = "expected an ISO 8601 time with offset"
OFFSET = "write the offset, as in 2023-02-01T21:21:00Z or 2023-02-01T16:21:00-05:00"
YEARS = "expected a time between the years 1678 and 2261"
LAT, LON = "expected a number from -90 to 90", "expected a number from -180 to 360"
UTF8 = "save the table as CSV UTF-8"
NUL = "sightings: got a NUL byte, as of a binary file or UTF-16, expected a CSV text in UTF-8"
QUOTE = "quote a text that holds the delimiter, and write a decimal point"


def row(time="2022-11-11T00:10:00Z", lat="55", lon="55", altitude="", **more):
    cells = {"altitude_sd_m": "", "position_sd_km": "", "time_sd_min": "", "object": "", "note": ""} | more
    return ",".join([time, lat, lon, altitude, *cells.values()]) + "\n"


LATER = row("2022-11-11T01:10:00Z", "55.25", "55.5")
GOOD = HEADER + row() + LATER
FILES = {
    "empty": ("", "s.csv: sightings: got an empty file, expected a header and at least one row"),
    "blank lines": ("\n \n\r\n", "s.csv: sightings: got an empty file, expected a header and at least one row"),
    "a header alone": (HEADER, "s.csv: sightings: got no rows, expected at least one"),
    "UTF-16": (GOOD.encode("utf-16"), f"s.csv: encoding: got UTF-16, expected UTF-8; {UTF8}"),
    "UTF-16 without its mark": (GOOD.encode("utf-16-le"), f"s.csv:1: {NUL}"),
    "Latin-1": ((HEADER + row() + row(note="über")).encode("latin-1"), f"s.csv:3: encoding: got byte 0xfc, expected UTF-8; {UTF8}"),
    "Windows-1252": ((HEADER + row(note="“seen”")).encode("cp1252"), f"s.csv:2: encoding: got byte 0x93, expected UTF-8; {UTF8}"),
    "UTF-8 with a mark, then Latin-1": (b"\xef\xbb\xbf" + (HEADER + row(note="über")).encode("latin-1"), f"s.csv:2: encoding: got byte 0xfc, expected UTF-8; {UTF8}"),
    "a NUL byte": (HEADER + row() + row(note="\0"), f"s.csv:3: {NUL}"),
    "a spreadsheet": (b"PK\x03\x04\x14\x00\x06\x00" + bytes(50), f"s.csv:1: {NUL}"),
    "a page of a web server": ("<!DOCTYPE html><title>Login</title>", "s.csv:1: header: got '<!doctype html><title>login</title>', expected columns time, lat and lon (time, lat, lon missing)"),
    "JSON": ('{"lat": 55}', "s.csv:1: header: got '{\"lat\": 55}', expected columns time, lat and lon (time, lat, lon missing)"),
    "no header": (row("t", note="n"), "s.csv:1: header: got 't', '55', '55', '', '', '', '', '', 'n', expected columns time, lat and lon (time, lat, lon missing)"),
    "parted by spaces": (GOOD.replace(",", " "), "s.csv:1: header: got 'time lat lon altitude_m altitude_sd_m position_sd_km time_sd_min object note', expected columns time, lat and lon (time, lat, lon missing)"),
    "no column of time": ("when,lat,lon\nnow,1,2\n", "s.csv:1: header: got 'when', 'lat', 'lon', expected columns time, lat and lon (time missing)"),
    "a column twice": (HEADER.replace("note", "lat") + row(), "s.csv:1: header: got 'lat' twice, expected each column once"),
    "a column under two names": (HEADER.replace("note", "latitude") + row(), "s.csv:1: header: got 'lat' and 'latitude', expected one of them"),
    "a quote that stays open": (HEADER + '"' + row() + LATER, "s.csv:2: sightings: got a quote that is never closed, expected a CSV table"),
    "a quote that stays open at the end": (HEADER + row() + row(note='"seen'), "s.csv:3: sightings: got a quote that is never closed, expected a CSV table"),
    "a quote in a quote": (HEADER + row(note='"so he said "there" and left"'), "s.csv:2: sightings: got a quote inside a quoted cell, expected a CSV table"),
    "a line of 200,000 letters": (HEADER + row(note="x" * 200_000), "s.csv:2: sightings: got field larger than field limit (131072), expected a CSV table"),
    "several objects": (HEADER + row(object="A") + row(object="B"), "s.csv: object: got 2 objects, expected one of 'A', 'B'; choose with --object NAME"),
}  # fmt: skip
ROWS = {
    "time without offset": (row("2022-11-11T00:10:00"), f"time: got '2022-11-11T00:10:00', expected a time with its UTC offset; {OFFSET}; --assume-utc takes times without offset as UTC"),
    "a date alone": (row("2022-11-11"), f"time: got '2022-11-11', expected a time with its UTC offset; {OFFSET}; --assume-utc takes times without offset as UTC"),
    "no time": (row(""), f"time: got '', {ISO}; {OFFSET}"),
    "time in words": (row("about noon"), f"time: got 'about noon', {ISO}; {OFFSET}"),
    "German time": (row("11.11.2022 00:10"), f"time: got '11.11.2022 00:10', {ISO}; {OFFSET}"),
    "American time": (row("11/11/2022 12:10 AM"), f"time: got '11/11/2022 12:10 AM', {ISO}; {OFFSET}"),
    "seconds since 1970": (row("1668125400"), f"time: got '1668125400', {ISO}; {OFFSET}"),
    "a zone by its name": (row("2022-11-11T00:10:00 EST"), f"time: got '2022-11-11T00:10:00 EST', {ISO}; {OFFSET}"),
    "a zone of 25 hours": (row("2022-11-11T00:10:00+25:00"), f"time: got '2022-11-11T00:10:00+25:00', {ISO}; {OFFSET}"),
    "hour 24": (row("2022-11-10T24:00:00Z"), f"time: got '2022-11-10T24:00:00Z', {ISO}; write midnight at the end of a day as 00:00 of the next"),
    "a leap second": (row("2016-12-31T23:59:60Z"), f"time: got '2016-12-31T23:59:60Z', {ISO}; write a leap second as the second 59"),
    "30 February": (row("2022-02-30T00:00:00Z"), f"time: got '2022-02-30T00:00:00Z', {ISO}; {OFFSET}"),
    "year 0": (row("0000-11-11T00:00:00Z"), f"time: got '0000-11-11T00:00:00Z', {ISO}; {OFFSET}"),
    "year 1": (row("0001-01-01T00:00:00Z"), f"time: got '0001-01-01T00:00:00+00:00', {YEARS}"),
    "year 2999": (row("2999-11-11T00:00:00Z"), f"time: got '2999-11-11T00:00:00+00:00', {YEARS}"),
    "lat and lon swapped": (row(lat="-109.5", lon="45"), f"lat: got '-109.5', {LAT}; are lat and lon swapped?"),
    "no lat": (row(lat=""), f"lat: got nothing, {LAT}"),
    "lat in words": (row(lat="north"), f"lat: got 'north', {LAT}"),
    "lat with its unit": (row(lat="55°"), f"lat: got '55°', {LAT}"),
    "lat in degrees and minutes": (row(lat="55 30 00 N"), f"lat: got '55 30 00 N', {LAT}"),
    "lat not a number": (row(lat="nan"), f"lat: got 'nan', {LAT}"),
    "lon infinite": (row(lon="inf"), f"lon: got 'inf', {LON}"),
    "lon beyond floating point": (row(lon="1e400"), f"lon: got '1e400', {LON}"),
    "lon too far": (row(lon="400"), f"lon: got '400', {LON}"),
    "lat of 5,000 digits": (row(lat="5" * 5000), f"lat: got '{'5' * 238}…, {LAT}"),
    "a mark in a number": (row(lat="5_5"), f"lat: got '5_5', {LAT}"),
    "a hexadecimal number": (row(lat="0x37"), f"lat: got '0x37', {LAT}"),
    "altitude with its unit": (row(altitude="60000ft"), "altitude_m: got '60000ft', expected a number from -430 to 60000"),
    "altitude in feet": (row(altitude="65000"), "altitude_m: got '65000', expected a number from -430 to 60000; are these feet? name the column altitude_ft; leave unknown ones empty"),
    "altitude not known": (row(altitude="-9999"), "altitude_m: got '-9999', expected a number from -430 to 60000; are these feet? name the column altitude_ft; leave unknown ones empty"),
    "a position error below 0": (row(position_sd_km="-1"), "position_sd_km: got '-1', expected a number from 0 to 20000"),
    "an altitude error below 0": (row(altitude="15000", altitude_sd_m="-5"), "altitude_sd_m: got '-5', expected a number from 0 to 20000"),
    "a time error not a number": (row(time_sd_min="nan"), "time_sd_min: got 'nan', expected a number from 0 to 1e+06"),
    "too few cells": ("2022-11-11T00:10:00Z,55\n", f"lon: got nothing, {LON}"),
    "a decimal comma": (row(lat="55,5"), f"row: got 10 cells, expected no more than the header has; {QUOTE}"),
    "a comma in a note": (row(note="seen, then lost"), f"row: got 10 cells, expected no more than the header has; {QUOTE}"),
}  # fmt: skip
OTHERS = {
    "a decimal comma beside semicolons": ("time;lat;lon\n2022-11-11T00:10:00Z;55,5;55\n", f"s.csv:2: lat: got '55,5', {LAT}; write a decimal point, not a comma"),
    "an altitude of another reference": ("time,lat,lon,altitude_m,altitude_reference\n2022-11-11T00:10:00Z,55,55,9000,QNH\n", "s.csv:2: altitude_reference: got 'qnh', expected geometric or pressure"),
    "two altitudes": ("time,lat,lon,altitude_m,altitude_ft\n2022-11-11T00:10:00Z,55,55,9000,9000\n", "s.csv:2: altitude: got 9000 m and 9000 ft, expected one altitude"),
}  # fmt: skip
MISSING = {
    "another place": (HEADER + row(lat="-55", lon="-170") + LATER, "2022-11-11T00:10:00Z -55.00 -170.00 (and 1 more)"),
    "another century": (HEADER + row("1922-11-11T00:10:00Z") + LATER, "1922-11-11T00:10:00Z 55.00 55.00 (and 1 more)"),
    "another time": (HEADER + row("2023-11-11T00:10:00Z"), "2023-11-11T00:10:00Z 55.00 55.00 (and 2 more)"),
}


@pytest.fixture
def refused_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    synthetic().to_netcdf("winds.nc", engine="h5netcdf")

    def check(table, code, line, *more):
        Path("s.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
        refused(capsys, ["investigate", "s.csv", "--winds", "winds.nc", *more], code, line, tmp_path)

    return check


@pytest.mark.parametrize("name", FILES | OTHERS)
def test_tables_that_cannot_be_read(refused_table, name):
    refused_table(*((FILES | OTHERS)[name][0], 2, (FILES | OTHERS)[name][1]))


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_cannot_be_read(refused_table, tmp_path, name):
    text, problem = ROWS[name]
    refused_table(HEADER + text, 2, f"s.csv:2: {problem}")
    # Among good rows it is left out, and told.
    Path("s.csv").write_text(HEADER + row() + text + LATER)
    reading = read("s.csv")
    assert [str(found) for found in reading.problems] == [f"s.csv:3: {problem}"]
    assert len(reading.sightings) == 2
    assert str(reading).startswith("2 sightings read from s.csv; 1 row left out (first: s.csv:3: ")


@pytest.mark.parametrize("name", MISSING)
def test_sightings_where_there_is_no_wind(refused_table, name):
    table, place = MISSING[name]
    extent = "2022-11-11T00:00:00Z to 2022-11-11T02:00:00Z, 50 to 60 north, 50 to 60 east, 300 to 100 hPa"
    refused_table(table, 3, f"winds: asked for {place}, have {extent}")


def test_sightings_and_options_that_do_not_fit(refused_table):
    refused_table(GOOD, 2, "s.csv: object: got 'B', expected one of ''", "--object", "B")
    refused_table(GOOD, 2, "investigate: --members: got 1, expected 2 to 100,000", "--members", "1")
    refused_table(GOOD, 2, "investigate: --hours-back: got -1, expected 0.01 to 2,400 h", "--hours-back", "-1")


def test_places_of_sightings_that_are_no_files(refused_table, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    winds = ["--winds", "winds.nc"]
    lines = {
        "none.csv": "sightings: got 'none.csv' (No such file or directory), expected a file of sightings that can be read",
        "folder": "sightings: got the folder folder, expected a file of sightings, or a folder of SondeHub's archive",
        "s.csv/t.csv": "sightings: got 's.csv/t.csv' (Not a directory), expected a file of sightings that can be read",
    }
    (tmp_path / "s.csv").write_text(GOOD)
    for path, line in lines.items():
        refused(capsys, ["investigate", path, *winds], 2, line, tmp_path)


def test_a_gigabyte_on_one_line_is_refused_in_bounded_memory(tmp_path):
    with (tmp_path / "s.csv").open("wb") as stream:
        stream.write(HEADER.encode())
        stream.truncate(2**30)  # a sparse file: it is NUL bytes, and too large to be looked at
    script = (
        f"import resource\nresource.setrlimit(resource.RLIMIT_AS, ({3 * 2**30}, {3 * 2**30}))\n"
        "from overflight.sightings import read\nfrom overflight.errors import InvalidInput\n"
        "try:\n    read('s.csv')\nexcept InvalidInput as problem:\n    print(problem)\n"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True)
    assert done.stdout == "s.csv: sightings: got over 256 MiB, expected a smaller table; split the file\n"


FORMS = {
    "a mark of the byte order": "\ufeff" + GOOD,
    "lines that end as on old Macs": GOOD.replace("\n", "\r"),
    "lines that end as on Windows": GOOD.replace("\n", "\r\n"),
    "semicolons": GOOD.replace(",", ";"),
    "tabs": GOOD.replace(",", "\t"),
    "bars": GOOD.replace(",", "|"),
    "blank lines": "\n" + GOOD.replace("\n", "\n\n"),
    "empty cells at the end of each line": GOOD.replace("\n", ",,\n"),
    "a quoted note over two lines": HEADER + row(note='"seen,\nthen lost"') + LATER,
    "an hour as its week": GOOD.replace("2022-11-11T00:10", "2022-W45-5T00:10"),
    "a space before the hour": GOOD.replace("2022-11-11T00:10", "2022-11-11 00:10"),
    "seconds in the offset": GOOD.replace("00:10:00Z", "01:10:30+01:00:30"),
    "everything twice": GOOD + row() + LATER,
}


@pytest.mark.parametrize("name", FORMS)
def test_strange_but_sound_tables_say_the_same(tmp_path, name):
    path = tmp_path / "s.csv"
    path.write_bytes(FORMS[name].encode())
    reading = read(path).or_raise()
    assert [(s.time.hour, s.time.minute, s.lat, s.lon) for s in reading.sightings] == [
        (0, 10, 55.0, 55.0),
        (1, 10, 55.25, 55.5),
    ]


def test_a_typesetters_minus_is_a_minus(tmp_path):
    (tmp_path / "s.csv").write_text(HEADER + row(lon="\N{MINUS SIGN}55"), encoding="utf-8")
    assert read(tmp_path / "s.csv").sightings[0].lon == -55.0


PIECES = [
    "\n",
    ",",
    '"',
    ";",
    "\t",
    "nan",
    "-",
    "1e999",
    "2022",
    "Z",
    "\0",
    "\ufeff",
    "é",
    "lat",
    "time",
    "  ",
    "'",
    "|",
    "\r",
    "9" * 400,
]


@pytest.mark.parametrize("seed", range(3))
def test_any_mutation_is_read_or_refused_in_one_line(tmp_path, seed):
    draw = random.Random(seed)  # noqa: S311 - a mutator that repeats itself
    path = tmp_path / "s.csv"
    outcomes = set()
    for _ in range(700):
        data = bytearray((GOOD + row(object="A", note="x")).encode())
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(data) + 1)
            change = draw.choice((b"", bytes([draw.randrange(256)]), draw.choice(PIECES).encode(), bytes(data[:at])))
            data[at : at + draw.randint(0, 8)] = change
        path.write_bytes(bytes(data))
        try:
            outcomes.add(len(read(path).sightings))
        except InvalidInput as problem:
            outcomes.add("refused")
            assert "\n" not in str(problem)
            assert str(problem).startswith("s.csv")
    assert {"refused", 1, 2} <= outcomes
