"""``overflight track``, ``drift-test`` and ``investigate`` on files of several formats, through the real command."""

import csv
import json

import numpy as np
import pytest
from cli_calls import command, refused, synthetic

from overflight.case.case_file import Case
from overflight.cli.main import main

ROWS = [(f"2023-01-01T{h:02d}:00:00Z", 40.0, round(0.4221 * h, 4)) for h in (0, 6, 12, 18, 23)]
"""What a wind of 10 m/s from the west carries along at 40 degrees north."""


def table(rows, extra=""):
    return "time,lat,lon,altitude_m,position_sd_km\n" + "".join(f"{t},{a},{o},16000,5\n" for t, a, o in rows) + extra


@pytest.fixture
def folder(tmp_path):
    times = np.datetime64("2022-12-31", "ns") + np.arange(0, 73, 6) * np.timedelta64(1, "h")
    winds = synthetic(time=times, level=(300.0, 200.0, 100.0, 50.0), lat=np.arange(25.0, 56.0, 1.0),
                      lon=np.arange(-20.0, 51.0, 1.0), u=10.0)  # fmt: skip
    winds["v"] = winds["v"] * np.float32(0.0)
    winds.to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    (tmp_path / "s.csv").write_text(table(ROWS))
    motor = [(t, a, round(4.0 * o, 4)) for t, a, o in ROWS]
    (tmp_path / "motor.csv").write_text(table(motor))
    features = [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [o, a]},
                 "properties": {"time": t, "altitude_m": 16000}} for t, a, o in ROWS[1:3]]  # fmt: skip
    (tmp_path / "more.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return tmp_path


def asked(capsys, *arguments):
    assert main([str(a) for a in arguments]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("suffix", ["geojson", "csv", "kml", "nc", "png", "svg", "json"])
def test_a_track_is_written(folder, suffix):
    done = command("track", folder / "s.csv", "--winds", folder / "winds.nc", "--seed", 1, "--members", 60, "-o",
                   folder / f"t.{suffix}", cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Track from 2023-01-01T00:00:00Z to 2023-01-01T23:00:00Z through 5 sightings")
    assert (folder / f"t.{suffix}").stat().st_size > 500


def test_a_track_without_winds_from_two_formats_goes_beyond_its_sightings(folder, capsys):
    (folder / "few.csv").write_text(table([ROWS[0], ROWS[4]]))
    found = asked(
        capsys, "track", folder / "few.csv", folder / "more.geojson", "--seed", 1, "--hours-after", 3, "--json"
    )
    assert found["kind"] == "kinematic"
    assert len(found["per_sighting"]) == 4
    assert found["mean"][-1]["time"] == "2023-01-02T02:00:00Z"


def test_drift_is_told_from_a_motor(folder, capsys):
    winds = ("--winds", folder / "winds.nc", "--seed", 3)
    still = asked(capsys, "drift-test", folder / "s.csv", *winds, "--json")
    moved = asked(capsys, "drift-test", folder / "motor.csv", *winds, "--no-detail", "--json")
    assert still["p_value"] > 0.05
    assert moved["verdict"] == "needs horizontal air-relative speed"
    assert moved["detail"] is None
    assert moved["air_speed_ms"] == pytest.approx(30.0, abs=5.0)
    assert {f["story"] for f in still["detail"]["bayes_factors"]} >= {"chosen levels", "holding still"}


def test_many_objects_are_tested_with_their_false_discovery_rates(folder):
    done = command("drift-test", "s.csv", "motor.csv", "--each", "--no-detail", "--winds", "winds.nc", "--seed", 3,
                   cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    head, first, second = done.stdout.strip().split("\n")
    assert head.startswith("2 objects tested")
    assert first.startswith("motor.csv: needs horizontal air-relative speed")
    assert "false discovery rate" in second


def test_a_drift_test_is_drawn_and_held_against_real_flights(folder):
    (folder / "real.csv").write_text("p_value,p_value_powered\n0.2,0.4\n0.9,0.6\n0.5,0.001\n")
    done = command("drift-test", "motor.csv", "--winds", "winds.nc", "--seed", 3, "--real-flights", "real.csv", "-o",
                   "d.png", cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "d.png").stat().st_size > 20_000
    assert "(p = 0.5)" in done.stdout
    assert "log10 Bayes factor of chosen levels" in done.stdout


def test_rejects_are_written_and_the_rest_goes_on(folder, capsys):
    (folder / "s.csv").write_text(table(ROWS, "2023-01-01T12:00:00Z,95.0,3,16000,5\n"))
    found = asked(capsys, "track", folder / "s.csv", "--winds", folder / "winds.nc", "--seed", 1, "--members", 20,
                  "--rejects", folder / "rejects.csv", "--json")  # fmt: skip
    assert len(found["per_sighting"]) == 5
    with (folder / "rejects.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["where"], row["field"]) == ("s.csv:7", "lat")


def test_errors_by_kind_are_set(folder, capsys):
    (folder / "s.csv").write_text(table(ROWS).replace(",16000,5\n", ",16000,\n"))
    wide = asked(capsys, "track", folder / "s.csv", "--seed", 1, "--errors", "table:position=40km", "--json")
    fine = asked(capsys, "track", folder / "s.csv", "--seed", 1, "--json")
    assert wide["mean"][0]["sd_km"] > 5.0 * fine["mean"][0]["sd_km"]


def test_an_incident_keeps_every_file_and_asks_about_candidates(folder, capsys):
    (folder / "few.csv").write_text(table([ROWS[0], ROWS[3], ROWS[4]]))
    (folder / "candidates.csv").write_text(
        "name,kind,time,lat,lon,altitude_m\npico,last_heard,2022-12-31T12:00:00Z,40.0,-5.0,16000\n"
    )
    found = asked(capsys, "investigate", folder / "few.csv", folder / "more.geojson", "--winds", folder / "winds.nc",
                  "--case", folder / "incident", "--seed", 2, "--members", 60, "--hours-back", 12, "--hours-ahead", 6,
                  "--candidates", folder / "candidates.csv", "--json")  # fmt: skip
    assert found["identity"]["given"] == 1
    assert found["origin"]["area_90_km2"] > 0.0
    page = (folder / "incident" / "report.html").read_text()
    assert "Which known balloon could it be?" in page
    assert "Do the winds alone explain it?" in page
    assert main(["case", "verify", str(folder / "incident")]) == 0
    with Case.open(folder / "incident" / "case") as case:
        assert len(case.records("evidence")) >= 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["drift-test", "s.csv", "--each", "-o", "a.png"], "--output: got --each, expected one object; --json prints all of them"),
        (["drift-test", "s.csv", "--level", "9"], "--level: got 1 numbers, expected 2 numbers parted by commas"),
        (["drift-test", "s.csv", "--real-flights", "none.csv"], "~real flights: got none.csv .*"),
        (["track", "s.csv", "-o", "a.txt"], "~output: got 'a.txt', expected a name that ends in .*"),
        (["track", "s.csv", "--format", "xml"], "~format: got 'xml', expected one of table.*"),
        (["track", "s.csv", "--errors", "gpx"], "~--errors: got 'gpx', expected a kind and its errors.*"),
    ],
)  # fmt: skip
def test_refusals(folder, capsys, monkeypatch, arguments, line):
    monkeypatch.chdir(folder)
    winds = ["--winds", "winds.nc"] if arguments[0] == "drift-test" else []
    refused(capsys, [*arguments, *winds], 2, line, folder)
