"""`overflight exposure` for real: killed at any moment and taken up again, stopped, refused, read."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr
from cli_calls import command, refused

from overflight.airspace.exposure import open_cube
from overflight.drift import flows

RUN = ["--from", "grid:45", "--from", "Kiruna", "--float", "12000,18000+-300", "--start", "2023-01-01", "--end",
       "2023-01-03", "--every", "6", "--days", "2", "--members", "8", "--winds", "winds.nc", "--crossing", "5"]  # fmt: skip
DATES = 9


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder of winds, and the cube of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("made")
    winds = flows.winds(flows.Wave(), step_deg=10.0, hours=np.arange(0, 121, 12))
    winds.to_netcdf(folder / "winds.nc", engine="h5netcdf")
    done = command("exposure", *RUN, "--seed", "1", "-o", "whole.zarr", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture
def folder(made, tmp_path):
    (tmp_path / "winds.nc").write_bytes((made[0] / "winds.nc").read_bytes())
    return tmp_path


def started(folder, *more):
    ask = [sys.executable, "-m", "overflight", "exposure", *RUN, "-o", "cube.zarr", *more]
    return subprocess.Popen(ask, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def dates_in(folder) -> list:
    return sorted((folder / "cube.zarr.dates").glob("[0-9]*.zarr.zip"))


def wait_for(process, folder, dates: int) -> None:
    while process.poll() is None and len(dates_in(folder)) < dates:
        time.sleep(0.005)


def assert_same(cube, whole) -> None:
    one, other = open_cube(cube), open_cube(whole)
    xr.testing.assert_identical(one.drop_attrs(deep=False), other.drop_attrs(deep=False))
    assert one.attrs | {"command": ""} == other.attrs | {"command": ""}


def test_the_answer_of_an_undisturbed_run(made):
    folder, done = made
    assert "21 places x 2 altitudes x 9 dates x 8 balloons, each followed 2 days (seed 1)" in done.stdout
    assert done.stdout.count("DJF, 1") == 2
    assert done.stderr == "written: whole.zarr\n"
    assert not (folder / "whole.zarr.dates").exists()
    whole = open_cube(folder / "whole.zarr")
    assert whole.attrs["command"].startswith("overflight exposure --from grid:45 --from Kiruna --start 2023-01-01")
    assert whole.attrs["command"].endswith("--seed 1 --output whole.zarr")
    assert len(whole.attrs["winds_sha256"]) == 64
    assert whole["probability"].dims == ("launch", "level", "season", "country")


def test_killed_at_random_moments_the_same_command_comes_to_the_same_cube(made, folder):
    kills, moments = 0, np.random.default_rng()
    for _ in range(4):
        process = started(folder, "--seed", "1", "--threads", "2")
        wait_for(process, folder, len(dates_in(folder)) + moments.integers(0, 3))
        time.sleep(moments.uniform(0.0, 0.1))
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 2
    # The last run names no seed and takes that of the run that was begun, unless every kill came before there was one.
    named = [] if (folder / "cube.zarr.dates" / "plan.json").exists() else ["--seed", "1"]
    done = command("exposure", *RUN, "-o", "cube.zarr", *named, "--threads", "1", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert_same(folder / "cube.zarr", made[0] / "whole.zarr")
    assert not (folder / "cube.zarr.dates").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_the_line_says_how_to_go_on(made, folder, number):
    process = started(folder, "--seed", "1")
    wait_for(process, folder, 1)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("overflight: stopped with ")
    assert err.count("\n") == 1
    again = err.rstrip("\n").partition("the same command resumes: overflight ")[2]
    assert not list(folder.rglob(".part*"))
    done = subprocess.run([sys.executable, "-m", "overflight", *again.split()], cwd=folder, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert_same(folder / "cube.zarr", made[0] / "whole.zarr")


def test_a_changed_setting_is_refused_in_one_line(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    process = started(folder, "--seed", "1")
    wait_for(process, folder, 1)
    process.kill()
    process.communicate()
    for path in folder.rglob(".part*"):
        path.unlink()  # what was being written when it was killed
    refused(capsys, ["exposure", *RUN, "--seed", "2", "-o", "cube.zarr"], 2,
            "cube.zarr.dates: --seed: got 2, expected 1, with which it was begun; give the same settings, or another "
            "--output", folder)  # fmt: skip


def test_a_whole_cube_is_not_flown_again_nor_taken_for_another(made, capsys, monkeypatch):
    folder, first = made
    monkeypatch.chdir(folder)
    again = command("exposure", *RUN, "-o", "whole.zarr", cwd=folder)
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert again.stderr == "whole.zarr is whole: nothing was flown\n"
    other = [*RUN, "--seed", "3", "-o", "whole.zarr"]
    refused(capsys, ["exposure", *other], 2, "whole.zarr: seed: got 3, expected 1: the cube belongs to another run; give "
            "the same settings, or another --output", folder)  # fmt: skip


def test_netcdf_holds_the_same(made, folder):
    done = command("exposure", *RUN, "--seed", "1", "-o", "cube.nc", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert_same(folder / "cube.nc", made[0] / "whole.zarr")


def test_a_cube_answers_where_balloons_come_from(made, tmp_path):
    cube = made[0] / "whole.zarr"
    answer = json.loads(command("exposure", cube, "--json", cwd=tmp_path).stdout)
    top = answer["ranking"][0]
    told = command("exposure", cube, "--over", top["id"], "-o", "origins.csv", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert f"of all hours over {top['id']}" in told.stdout
    rows = json.loads(command("exposure", cube, "--over", top["id"], "--json", cwd=tmp_path).stdout)["origins"]
    assert sum(row["share"] for row in rows) == pytest.approx(1.0)
    assert len((tmp_path / "origins.csv").read_text().splitlines()) == len(rows) + 1
    for more in ([], ["--over", top["id"]]):
        drawn = command("exposure", cube, *more, "-o", "map.png", cwd=tmp_path)
        assert drawn.returncode == 0, drawn.stderr
        assert (tmp_path / "map.png").read_bytes()[:4] == b"\x89PNG"


def test_steady_winds_are_called_no_climatology(folder):
    with xr.open_dataset(folder / "winds.nc", engine="h5netcdf") as winds:
        winds.isel(time=[0]).load().to_netcdf(folder / "one.nc", engine="h5netcdf")
    ask = [w if w != "winds.nc" else "one.nc" for w in RUN]
    done = command("exposure", *ask, "--steady", "--seed", "1", "-o", "cube.zarr", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "winds of one time, held for the whole run: this is no climatology"
    cube = open_cube(folder / "cube.zarr")
    assert cube.attrs["steady_winds"] == 1
    assert cube.attrs["title"].endswith("this is no climatology")


BASE = {"--from": "Kiruna", "--float": "18000", "--start": "2023-01-01", "--end": "2023-01-02", "--days": "2",
        "--members": "2", "--winds": "winds.nc", "--seed": "1", "-o": "cube.zarr"}  # fmt: skip
BAD = {
    "an unknown site": ({"--from": "Atlantis Bay"}, 2, "~--from: got 'Atlantis Bay', expected a site, LAT,LON .*"),
    "reversed times": ({"--end": "2022-12-31"}, 2, "--end: got 2022-12-31T00:00:00Z, expected a time not before --start, "
                       "2023-01-01T00:00:00Z"),
    "no date": ({"--start": "yesterday"}, 2, "~--start: got 'yesterday', expected an ISO 8601 time with offset; .*"),
    "no start": ({"--start": None}, 2, "exposure: --start: got nothing, expected a value; or name a cube that was written"),
    "a level above the winds": ({"--float": "45000"}, 3, "~winds: asked for a float at 45000 m, 1.491 hPa, have 2023-01-01.*"),
    "a level that is none": ({"--float": "high"}, 2, "~--float: got 'high', expected a number from -500 to 60000 m, .*"),
    "dates without winds": ({"--end": "2023-01-05"}, 3, "~winds: asked for 1 of 5 dates of release with 2 days after each "
                            r"\(2023-01-05T00:00:00Z\), have 2023-01-01T00:00:00Z to 2023-01-06T00:00:00Z.*"),
    "a level twice": ({"--float": "18000,18000"}, 2, "--float: got 18000, 18000, expected each altitude once"),
    "an output of no known kind": ({"-o": "cube.png"}, 2, "output: got 'cube.png', expected a name that ends in .zarr, .nc"),
    "no scheduler": ({"--scheduler": "tcp://127.0.0.1:1"}, 3, "~no Dask scheduler at tcp://127.0.0.1:1: .*"),
    "no process": ({"--scheduler": "local:0"}, 2, "~--scheduler: got 'local:0', expected local:1 to local:1024, or .*"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "code", "line"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line(changed, code, line, folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    asked = [word for name, value in (BASE | changed).items() if value is not None for word in (name, value)]
    refused(capsys, ["exposure", *asked], code, line, folder)


def test_an_unknown_country_and_a_file_that_is_no_cube(made, capsys, monkeypatch):
    folder, _ = made
    monkeypatch.chdir(folder)
    refused(capsys, ["exposure", "whole.zarr", "--over", "CAX"], 2,
            "~--over: got 'CAX', expected a country of the cube, as CAN.*", folder)  # fmt: skip
    refused(capsys, ["exposure", "winds.nc"], 2, "cube: got winds.nc without exposure, expected what `overflight exposure` "
            "wrote", folder)  # fmt: skip
    refused(capsys, ["exposure", "none.zarr"], 2, "cube: got none.zarr (No such file or directory), expected a cube of "
            "exposure", folder)  # fmt: skip
