"""``overflight notify`` through the real command: from a forecast to files, what is refused, and what is left."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from cli_calls import command, leavings, refused, synthetic
from lxml import etree
from tests.unit.line.notice_tracks import burst, floating

from overflight.case import export
from overflight.cli.main import main

OPERATOR = ["--id", "TEST-1", "--class", "light", "--description", "latex, 1.2 kg", "--transponder", "none",
            "--operator", "A university", "--phone", "+44 1234 5678", "--sent", "2022-11-10T12:00:00Z"]  # fmt: skip
ID = ["--id", "TEST-1"]
SUFFIXES = ["txt", "xml", "geojson", "kml", "czml", "json"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    export.write(burst(), tmp_path / "flight.nc")
    export.write(floating(hours=20), tmp_path / "float.nc")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("OVERFLIGHT_REGIONS_STORE", str(tmp_path / "regions"))
    return tmp_path


def test_from_a_forecast_to_a_notice_in_processes_of_their_own(tmp_path):
    times = np.arange("2022-11-11T00", "2022-11-11T12", dtype="datetime64[h]").astype("datetime64[ns]")
    synthetic(time=times).to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    flown = command("forecast", "--winds", "winds.nc", "--time", "2022-11-11T01:00:00Z", "--lat", 55, "--lon", 52,
                    "--pressure", 150, "--hours", 6, "--members", 20, "--seed", 1, "-o", "f.nc", cwd=tmp_path)  # fmt: skip
    assert flown.returncode == 0, flown.stderr
    done = command("notify", "f.nc", "--kind", "position", *ID, "-o", "n.xml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "to be told: 1" in done.stdout
    assert "Russia" in done.stdout
    assert "overflight airspace fetch fir" in done.stdout
    assert done.stderr == "written: n.xml\n"
    assert etree.parse(str(tmp_path / "n.xml")).getroot().tag.endswith("}alert")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_is_written_whole_and_the_same_again(place, capsys, suffix):
    asked = ["notify", "flight.nc", "--kind", "pre-launch", *OPERATOR, "-o", f"n.{suffix}"]
    assert main(asked) == 0
    first = (place / f"n.{suffix}").read_bytes()
    assert main([*asked, "--json"]) == 0
    assert (place / f"n.{suffix}").read_bytes() == first
    assert b"TEST-1" in first
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["missing"] == []
    assert told["recipients"]["told"][0]["id"] == "GBR"


def test_without_a_file_the_text_is_printed_and_marked_as_a_draft(place, capsys):
    assert main(["notify", "flight.nc", "--kind", "descent", *ID]) == 0
    out = capsys.readouterr().out
    assert out.startswith("DRAFT TEXT, NOT AN ISSUED NOTICE OR NOTAM\n")
    assert "(DRAFT NOTAMN" in out
    assert "not at hand: `overflight airspace fetch fir`" in out


def test_with_regions_each_has_a_draft_of_its_own(place, capsys):
    areas = [
        {"type": "Feature", "properties": {"icao": name}, "geometry": json.loads(shapely.to_geojson(box))}
        for name, box in {"AAAA": shapely.box(-10, 40, 5, 60), "BBBB": shapely.box(5, 40, 40, 60)}.items()
    ]
    (place / "fir.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": areas}))
    assert main(["airspace", "fetch", "fir", "--from", "fir.geojson"]) == 0
    assert main(["notify", "float.nc", "--kind", "position", *ID]) == 0
    out = capsys.readouterr().out
    assert out.index("Q) AAAA/") < out.index("Q) BBBB/")
    assert "XXXX" not in out
    assert "not at hand" not in out


def test_a_cancellation_refers_to_the_notice_that_it_cancels(place, capsys):
    assert main(["notify", "flight.nc", "--kind", "pre-launch", *OPERATOR, "-o", "n.json"]) == 0
    reference = capsys.readouterr().out.splitlines()[-1].removeprefix("reference ")
    assert json.loads((place / "n.json").read_text())["reference"] == reference
    assert main(["notify", "flight.nc", "--kind", "cancellation", *ID, "--refers-to", reference, "-o", "c.xml"]) == 0
    root = etree.parse(str(place / "c.xml")).getroot()
    assert root.findtext("{*}msgType") == "Cancel"
    assert root.findtext("{*}references") == reference


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["flight.nc", "--kind", "position"],
         "notice: got no balloon flight identification or project code name, expected all that ICAO Annex 2, "
         "Appendix 5, 6.1 asks for; give --id; --incomplete writes it with what is missing marked"),
        (["flight.nc", "--kind", "position", *ID, "-o", "n.doc"],
         "output: got 'n.doc', expected a name that ends in .txt, .xml, .geojson, .kml, .czml, .json"),
        (["none.nc", "--kind", "position", *ID],
         "tracks: got none.nc (No such file or directory), expected a file of trajectories"),
        (["flight.nc", "--kind", "position", *ID, "--tell", "0"], "notify: --tell: got 0, expected 0.001 to 1.0"),
        (["flight.nc", "--kind", "position", *ID, "--at", "2022-11-11T03:00:00"], "~--at: got .*offset.*"),
        (["flight.nc", "--kind", "position", *ID, "--at", "2023-11-11T03:00:00Z"],
         "--at: got 2023-11-11T03:00:00Z, expected a time at which a member of the track flies"),
        (["flight.nc", "--kind", "party", *ID], "~notify: --kind: got 'party', expected one of pre-launch.*"),
        (["flight.nc", "--kind", "launch", *ID, "--interval", "10 min"],
         "--interval: got '10 min', expected --balloons 2 or more beside it"),
        (["float.nc", "--kind", "descent", *ID],
         "~notice: got no forecast time at which the descent begins.*the track does not tell.*"),
        (["flight.nc", "--kind", "cancellation", *ID, "--refers-to", "that one"],
         "--refers-to: got 'that one', expected sender,identifier,sent as an earlier notice has in its reference"),
        (["flight.nc", "--kind", "position", *ID, "--view", "XXX"], "~view: got 'XXX', expected .*"),
    ],
)  # fmt: skip
def test_what_is_refused_is_one_line_and_leaves_nothing(place, capsys, arguments, line):
    refused(capsys, ["notify", *arguments], 2, line, place)


def test_a_file_that_is_refused_leaves_the_one_before(place, capsys):
    assert main(["notify", "flight.nc", "--kind", "position", *ID, "-o", "n.kml"]) == 0
    before = leavings(place)
    assert main(["notify", "flight.nc", "--kind", "pre-launch", *ID, "-o", "n.kml"]) == 2
    capsys.readouterr()
    assert leavings(place) == before
