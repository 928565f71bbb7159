"""The real command on real files."""

import contextlib
import html
import json
import re
import shlex
import shutil
import sqlite3
from datetime import UTC, datetime

import pytest
import xarray as xr
from cli_calls import command, leavings, synthetic
from fetch_files import write_arco
from fetch_server import Server

from overflight.case.case_file import Case
from overflight.case.demo import FEBRUARY_LEVELS_HPA, shipped
from overflight.cli.main import main


@pytest.fixture(scope="module")
def incident(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    done = command("demo", "--case", "incident", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_the_demo_finds_the_withheld_track(incident):
    folder, found = incident
    names = {p.name for p in (folder / "incident").iterdir()}
    assert {"report.html", "map.png", "case", "track.nc", "track.geojson", "track.csv", "ledger.csv", "hindcast.nc",
            "forecast.nc", "origin.geojson", "truth.csv", "sightings.csv"} <= names  # fmt: skip
    assert found["ledger"]["crossings"][0]["id"] == "USA"
    assert found["drift_test"]["verdict"] == "not enough data"  # eleven hours, and levels that change by kilometres
    assert found["drift_test"]["p_value_powered"] > 0.05
    median_km = float(found["sentences"][-1].split(" lies ")[1].split(" km")[0])
    assert median_km < 10.0


def test_the_report_stands_alone(incident):
    page = (incident[0] / "incident" / "report.html").read_text()
    assert page.count("<svg ") == 7
    for outside in ('src="http', 'href="http', "@import", "url(http"):
        assert outside not in page
    assert "The withheld track (576 fixes) lies " in page


def test_the_report_is_the_one_that_the_case_gives(incident, tmp_path):
    shutil.copytree(incident[0] / "incident", tmp_path / "incident")
    page = tmp_path / "incident" / "report.html"
    first = page.read_bytes()
    page.write_text("lost")
    assert command("report", "incident", "-o", page, cwd=tmp_path).returncode == 0
    assert page.read_bytes() == first


def test_the_same_seed_gives_the_same_findings(incident):
    folder, found = incident
    again = json.loads(command("demo", "--case", "again", "--json", cwd=folder).stdout)
    assert again["sentences"] == found["sentences"]


def test_a_changed_case_is_found(incident, tmp_path):
    assert command("case", "verify", "incident", cwd=incident[0]).returncode == 0
    shutil.copytree(incident[0] / "incident" / "case", tmp_path / "changed")
    log = tmp_path / "changed" / "case.sqlite"
    log.write_bytes(log.read_bytes().replace(b"overflight demo", b"overflight dem0", 1))
    done = command("case", "verify", "changed", cwd=tmp_path)
    assert done.returncode == 1
    assert "record" in done.stderr


def test_what_was_cut_off_changed_or_removed_is_found(incident, tmp_path):
    def verify():
        done = command("case", "verify", "incident", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    folder = tmp_path / "incident"
    shutil.copytree(incident[0] / "incident", folder)
    log = folder / "case" / "case.sqlite"
    whole = log.read_bytes()
    with sqlite3.connect(log) as connection:
        ((last,),) = connection.execute("SELECT hash FROM overflight_records WHERE kind = 'closing'").fetchall()
        connection.execute("DELETE FROM overflight_records WHERE kind = 'closing'")
    connection.close()
    assert "its tail is cut off, or it is not done" in verify()
    log.write_bytes(whole)
    truth = (folder / "truth.csv").read_text()
    (folder / "truth.csv").write_text(truth.replace("2022", "2023", 1))
    assert "truth.csv differs" in verify()
    (folder / "truth.csv").write_text(truth)
    (folder / "track.nc").rename(tmp_path / "track.nc")
    assert "track.nc is missing" in verify()
    (tmp_path / "track.nc").rename(folder / "track.nc")
    told = json.loads(command("case", "verify", "incident", "--json", cwd=tmp_path).stdout)
    assert (told["problems"], told["evidence"], told["files"]) == ([], 1, 11)
    assert told["head"] == last


def test_findings_computed_again_are_the_same_and_a_false_one_is_named(incident, tmp_path):
    done = command("case", "verify", "incident", "--rerun", "--json", cwd=incident[0])
    told = json.loads(done.stdout)
    assert (done.returncode, told["problems"], told["rerun"]["problems"]) == (0, [], [])
    assert (told["rerun"]["findings"], told["rerun"]["files"]) == (5, 11)
    shutil.copytree(incident[0] / "incident", tmp_path / "incident")
    with Case.open(tmp_path / "incident" / "case") as case:
        (origin,) = [r for r in case.records("finding") if r.label == "origin"]
        origin.body["result"]["area_90_km2"] = 1.0
        false = case.append("finding", origin.body, inputs=origin.inputs, label="origin")
    done = command("case", "verify", "incident", "--rerun", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"record {false.number}: origin: result.area_90_km2 is " in done.stderr
    assert "when computed again, the record says 1" in done.stderr


AREA = {
    "type": "Polygon",
    "coordinates": [[[-106.2, 35.1], [-106.05, 35.1], [-106.05, 35.2], [-106.2, 35.2], [-106.2, 35.1]]],
}


def test_where_the_remains_lie_is_recorded_reported_and_computed_again(incident, tmp_path):
    shutil.copytree(incident[0] / "incident", tmp_path / "incident")
    (tmp_path / "area.geojson").write_text(json.dumps(AREA))
    with shipped("shab14v_2022-08-22_aprs.csv") as winds:
        fell = ("recover", "incident", "--event", "burst", "--time", "2022-08-23T01:50:00Z", "--winds", winds,
                "--members", "200", "--seed", "3")  # fmt: skip
        searched = ("recover", "update", "incident", "--searched", "area.geojson", "--pod", "0.8")
        refused = command(*searched, cwd=tmp_path)
        assert (refused.returncode, refused.stdout) == (2, "")
        line = "overflight: case: got incident, which does not say where the remains may lie, expected one that does"
        assert refused.stderr == f"{line}; overflight recover says it first\n"
        assert "recorded" not in command(*fell, "--no-record", cwd=tmp_path).stderr
        found = command(*fell, "--json", cwd=tmp_path)
        assert found.stderr == "recorded in the case, with incident/recovery.geojson\n"
        learnt = command(*searched, "--json", cwd=tmp_path)
        assert learnt.stderr == "recorded in the case, with incident/recovery-2.geojson\n"
        (tmp_path / "area.geojson").unlink()  # the case keeps it
        with Case.open(tmp_path / "incident" / "case") as case:
            first, second = [r for r in case.records("finding") if r.label == "recovery"]
            (area,) = [r for r in case.records("evidence") if r.body["name"] == "area.geojson"]
            (track,) = [r for r in case.records("file") if r.body["path"] == "track.nc"]
        assert (first.body["result"], second.body["result"]) == (json.loads(found.stdout), json.loads(learnt.stdout))
        assert track.body["sha256"] in first.inputs
        assert area.body["sha256"] in second.inputs
        done = command("case", "verify", "incident", "--rerun", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["problems"], told["rerun"]["problems"]) == (0, [], [])
    assert (told["rerun"]["findings"], told["rerun"]["files"]) == (7, 13)
    assert command("report", "incident", "-o", "r.html", cwd=tmp_path).returncode == 0
    page = (tmp_path / "r.html").read_text()
    assert 'figure class="recovery"' in page
    assert "It has learnt from searches that found nothing: 1." in page
    (tmp_path / "incident" / "recovery-2.geojson").write_text("{}")
    done = command(*searched, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        "overflight: recovery-2.geojson differs from what the case records of it\n",
    )


def test_claims_stand_beside_findings(incident, tmp_path):
    shutil.copytree(incident[0] / "incident", tmp_path / "incident")
    window = ("--from", "2022-08-22T16:00:00Z", "--to", "2022-08-22T18:00:00Z")
    for party, *claim in (
        ("north", "passed-over", "USA", *window),
        ("south", "passed-over", "USA", "--not", *window),
        ("south", "passed-over", "Canada", *window),
        ("south", "passed-over", "Canada"),
        ("south", "passed-over", "Canada", "--from", "2021-08-22T16:00:00Z"),
        ("south", "launched-from", "34.5,-106.8", "--radius-km", "150"),
        ("south", "launched-from", "Canada"),
        ("north", "at-altitude", "5000", *window),
        ("north", "was-drifting"),
        ("north", "was-civil"),
        ("north", "purpose", "to look at the weather"),
    ):
        assert main(["case", "claim", str(tmp_path / "incident"), *claim, "--party", party]) == 0
    done = command("case", "weigh", "incident", "--json", cwd=tmp_path)
    weighed = json.loads(done.stdout)
    assert [one["outcome"] for one in weighed] == [
        "supported", "contradicted", "contradicted", "open", "open", "supported", "contradicted", "contradicted",
        "open", "untestable", "untestable",
    ]  # fmt: skip
    assert [b["finding"] for one in weighed for b in one["bearings"]] == (
        ["ledger"] * 5 + ["origin"] * 2 + ["track", "drift_test"]
    )
    assert weighed[2]["sentence"].startswith(
        "south says that it passed over Canada between 2022-08-22T16:00:00Z and 2022-08-22T18:00:00Z: the findings "
        "contradict it (very strongly by the ledger, record "
    )
    assert "cannot be tested with what is known" in weighed[3]["sentence"]
    assert "not testable by this tool" in weighed[10]["sentence"]
    with Case.open(tmp_path / "incident" / "case") as case:
        for one in weighed:
            assert case.record(one["record"]).hash == one["hash"]
            assert all(case.record(b["record"]).kind == "finding" for b in one["bearings"])
    assert command("report", "incident", "-o", "r.html", cwd=tmp_path).returncode == 0
    page = (tmp_path / "r.html").read_text()
    rows = page.split('<section id="claims"')[1].split("</section>")[0].split("<tr>")[2:]
    results = ["supported", "contradicted", "contradicted", *["cannot be tested with what is known"] * 2, "supported",
               "contradicted", "contradicted", "cannot be tested with what is known",
               *["not testable by this tool"] * 2]  # fmt: skip
    for row, one, result in zip(rows, weighed, results, strict=True):
        links = re.findall(r'href="#r(\d+)"', row)
        assert links[0] == str(one["record"])
        assert set(links[1:]) == {str(b["record"]) for b in one["bearings"]}
        assert f"<td>{result} </td>" in row
        for bearing in one["bearings"]:
            least = {"very strongly": 0.99, "strongly": 0.95, "moderately": 0.8}.get(bearing["strength"], 0.0)
            if bearing["probability"] is not None:
                low, high = bearing["probability"]
                assert (low >= least) if bearing["direction"] == "supports" else (high <= 1.0 - least)
            if bearing["direction"] != "neither":
                assert f"{bearing['direction']} {bearing['strength']} (probability of the claim " in row
    assert all(f'id="r{number}"' in page for number in re.findall(r'href="#r(\d+)"', page))
    (tmp_path / "incident" / "origin.geojson").write_text("{}")
    weighed = json.loads(command("case", "weigh", "incident", "--json", cwd=tmp_path).stdout)
    assert [one["outcome"] for one in weighed[5:7]] == ["open", "open"]


@pytest.mark.parametrize("name", ["sightings.csv", "map.png", "track.nc"])
def test_a_demo_does_not_write_over_what_it_did_not_write(tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("mine")
    done = command("demo", "--case", "mine", cwd=tmp_path)
    line = f"case: got mine, which holds {name}, expected a folder without {name}; give another with --case DIR"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"overflight: {line}\n")
    assert leavings(tmp_path / "mine") == {name: 4}


def found_in(folder):
    """Return the command a case names, its findings, and the digests of its files."""
    with Case.open(folder / "case") as case:
        records = [record.to_json() for record in case.records()]
    findings = {r["body"]["name"]: r["body"]["result"] for r in records if r["kind"] == "finding"}
    (asked,) = {r["body"]["parameters"]["command"] for r in records if r["kind"] == "finding"}
    files = {r["body"]["path"]: r["body"]["sha256"] for r in records if r["kind"] == "file"}
    page = (folder / "report.html").read_text()
    assert html.escape(asked, quote=True).replace("&#x27;", "&#39;") in page
    return asked, findings, files


def test_the_command_that_the_demo_names_finds_the_same(incident):
    folder, _ = incident
    asked, findings, files = found_in(folder / "incident")
    assert asked == "overflight demo shab12v --seed 7"
    assert command(*shlex.split(asked)[1:], "--case", "repeated", cwd=folder).returncode == 0
    assert found_in(folder / "repeated") == (asked, findings, files)


def test_the_command_that_an_investigation_names_finds_the_same(tmp_path):
    synthetic(u=0.5).to_netcdf(tmp_path / "my winds.nc", engine="h5netcdf")
    rows = [
        "time,lat,lon,altitude_m,object",
        "2022-11-11T00:30,55,55,13500,the white one",
        "2022-11-11T00:40,57,57,,other",
    ]
    (tmp_path / "s.csv").write_text("\n".join(rows))
    first = ["investigate", "s.csv", "--winds", "my winds.nc", "--members", "60", "--hours-back", "0.25", "--assume-utc",
             "--object", "the white one", "--case", "first"]  # fmt: skip
    done = command(*first, cwd=tmp_path, OVERFLIGHT_INVESTIGATE_HOURS_AHEAD="0.2")
    assert done.returncode == 0, done.stderr
    asked, findings, files = found_in(tmp_path / "first")
    assert re.sub(r"--seed \d+", "--seed N", asked) == (
        "overflight investigate s.csv --winds 'my winds.nc' --seed N --members 60 --hours-back 0.25 --hours-ahead 0.2 "
        "--assume-utc --object 'the white one'"
    )
    done = command(*shlex.split(asked)[1:], "--case", "second", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert found_in(tmp_path / "second") == (asked, findings, files)


def test_airspace_reads_what_was_written(incident, tmp_path):
    done = command("airspace", incident[0] / "incident" / "track.nc", "-o", "ledger.parquet", cwd=tmp_path)
    assert done.returncode == 0
    assert "United States of America" in done.stdout
    assert (tmp_path / "ledger.parquet").exists()


def test_a_forecast_in_real_winds_is_written_in_every_format(shared_data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    winds = str(shared_data / "winds" / "era5_20221111T00-02_urals_kazakhstan.nc")
    where = ["forecast", "--winds", winds, "--time", "2022-11-11T00:00:00Z", "--lat", "55", "--lon", "55"]
    for name in ("f.nc", "f.geojson", "f.kml", "f.csv", "f.parquet", "f.png", "f.zarr"):
        assert main([*where, "--pressure", "150", "--hours", "2", "--members", "20", "--seed", "1", "-o", name]) == 0
        assert capsys.readouterr().err == f"written: {name}\n"
        assert (tmp_path / name).exists()


def test_hostile_notes_are_shown_as_text(tmp_path):
    folder = tmp_path
    with shipped("shab14v_2022-08-22_aprs.csv") as winds:
        rows = ["time,lat,lon,altitude_m,position_sd_km,note"]
        rows += [
            f"2022-08-22T{h}:00:00Z,{34.5 + (h - 17) / 20},-106.7,17000,20,<script>alert({h})</script>"
            for h in (17, 19, 21)
        ]
        (folder / "s.csv").write_text("\n".join(rows))
        done = command("investigate", "s.csv", "--winds", winds, "--seed", 1, "--members", 60, "--hours-back", 1,
                       "--hours-ahead", 1, "--case", "out", cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (folder / "out" / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(17)" in page


def test_a_demo_again_in_its_folder_changes_nothing(incident):
    folder, _ = incident
    before = leavings(folder / "incident")
    done = command("demo", "--case", "incident", "--seed", "3", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert leavings(folder / "incident") == before


def test_the_ledger_is_written_in_every_format(incident, tmp_path):
    track = incident[0] / "incident" / "track.nc"
    for name in ("l.csv", "l.parquet", "l.json", "l.geojson", "l.png"):
        assert command("airspace", track, "-o", name, cwd=tmp_path).stderr == f"written: {name}\n"
    crossed = json.loads((tmp_path / "l.geojson").read_text())["features"]
    assert [f["properties"]["id"] for f in crossed] == ["USA"]
    assert crossed[0]["geometry"]["type"] == "MultiPolygon"
    assert json.loads((tmp_path / "l.json").read_text())[0]["name"] == "United States of America"
    assert (tmp_path / "l.png").read_bytes().startswith(b"\x89PNG")


def test_the_demo_of_february_2023_through_a_mirror(tmp_path):
    """Synthetic winds in the place of ERA5: what is tested is that they are fetched, enclose the reports, and serve."""
    (tmp_path / "www").mkdir()
    with contextlib.closing(Server(tmp_path / "www")) as server:
        write_arco(server.root / "arco", datetime(2023, 1, 27, tzinfo=UTC), 24 * 10 + 1, levels=FEBRUARY_LEVELS_HPA)
        done = command("demo", "february-2023", "--json", cwd=tmp_path, OVERFLIGHT_ERA5_URL=f"{server.url}/arco")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["missing"] == []
    assert found["track"]["sightings_given"] == 11
    assert {"USA", "CAN"} <= {crossing["id"] for crossing in found["ledger"]["crossings"]}
    stored = json.loads(command("winds", "list", "--json", cwd=tmp_path).stdout)
    assert len(stored[0]["times"]) == 41
    again = command("demo", "february-2023", "--case", "again", "--json", cwd=tmp_path)  # the server is gone
    assert json.loads(again.stdout)["sentences"] == found["sentences"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    synthetic().to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    (tmp_path / "s.csv").write_text("time,lat,lon\n2022-11-11T00:30:00Z,55,55\n2022-11-11T01:10:00Z,55.02,55.38\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


WHERE = ["--winds", "winds.nc", "--lat", "55", "--lon", "55", "--pressure", "150", "--members", "5", "--seed", "1"]


def test_every_verb_gives_its_answer_as_json(place, capsys):
    calls = [
        ["forecast", *WHERE, "--time", "2022-11-11T00:00:00Z", "--hours", "1", "-o", "f.nc"],
        ["hindcast", *WHERE, "--time", "2022-11-11T01:00:00Z", "--hours", "1"],
        ["airspace", "f.nc"],
        [
            "investigate",
            "s.csv",
            "--winds",
            "winds.nc",
            "--members",
            "50",
            "--hours-back",
            "0.2",
            "--hours-ahead",
            "0.2",
        ],
        ["case", "verify", "incident"],
        ["winds", "info", "winds.nc"],
        ["winds", "list"],
        ["winds", "list", "--prune"],
    ]
    for arguments in calls:
        assert main([*arguments, "--json"]) == 0, capsys.readouterr().err
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        json.loads(out)


def test_a_float_with_the_wind_and_back_closes(place, capsys):
    calm = [*WHERE[:-4], "--members", "1", "--no-wind-error", "--hours", "2", "--json"]
    assert main(["forecast", *calm, "--time", "2022-11-11T00:00:00Z"]) == 0
    there = json.loads(capsys.readouterr().out)
    back = [str(there["lat"]) if part == "55" else part for part in calm]
    back[5] = str(there["lon"])
    assert main(["hindcast", *back, "--time", "2022-11-11T02:00:00Z"]) == 0
    home = json.loads(capsys.readouterr().out)
    assert (home["lat"], home["lon"]) == pytest.approx((55.0, 55.0), abs=1e-5)
    assert (there["end"], home["end"]) == ("2022-11-11T02:00:00Z", "2022-11-11T00:00:00Z")


def test_a_file_holds_the_same_run_as_the_answer(place, capsys):
    run = ["forecast", *WHERE, "--time", "2022-11-11T00:00:00Z", "--hours", "2", "--json"]
    assert main(run) == 0
    without = capsys.readouterr().out
    assert main([*run, "-o", "f.nc"]) == 0
    assert capsys.readouterr().out == without
    with xr.open_dataset("f.nc", engine="h5netcdf") as data:
        assert dict(data.sizes) == {"trajectory": 5, "obs": 3}
        assert data.attrs["seed"] == 1
