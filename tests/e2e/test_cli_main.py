"""The real command on real files."""

import contextlib
import json
import shutil
from datetime import UTC, datetime

import pytest
import xarray as xr
from cli_calls import command, leavings, synthetic
from fetch_files import write_arco
from fetch_server import Server

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
            "forecast.nc", "origin.geojson", "sightings.csv"} <= names  # fmt: skip
    assert found["ledger"]["crossings"][0]["id"] == "USA"
    assert found["drift_test"]["verdict"].startswith("consistent with drift")
    median_km = float(found["sentences"][-1].split(" lies ")[1].split(" km")[0])
    assert median_km < 10.0


def test_the_report_stands_alone(incident):
    page = (incident[0] / "incident" / "report.html").read_text()
    assert page.count("<svg ") == 6
    for outside in ('src="http', 'href="http', "@import", "url(http"):
        assert outside not in page


def test_the_same_seed_gives_the_same_findings(incident):
    folder, found = incident
    again = json.loads(command("demo", "--case", "again", "--json", cwd=folder).stdout)
    assert again["sentences"] == found["sentences"]


def test_a_changed_case_is_found(incident, tmp_path):
    assert command("case", "verify", "incident", cwd=incident[0]).returncode == 0
    shutil.copytree(incident[0] / "incident" / "case", tmp_path / "changed")
    log = tmp_path / "changed" / "log.jsonl"
    log.write_text(log.read_text().replace("overflight demo", "overflight dem0", 1))
    done = command("case", "verify", "changed", cwd=tmp_path)
    assert done.returncode == 1
    assert "record" in done.stderr


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
