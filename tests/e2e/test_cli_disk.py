"""Full disks, missing permissions and interrupted downloads: one line, the exit code, and only whole files.

Each test calls the command many times in one process of its own, whose limits or rights are taken away first.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_calls import command, leavings, synthetic
from fetch_files import write_gfs
from fetch_server import Server

FORECAST = ["forecast", "--winds", "winds.nc", "--time", "2022-11-11T00:00:00Z", "--lat", "55", "--lon", "55",
            "--pressure", "150", "--hours", "2", "--every", "5", "--members", "150", "--seed", "1"]  # fmt: skip
LAUNCH = ["launch", "--winds", "winds.nc", "--time", "2022-11-11T00:00:00Z", "--lat", "55", "--lon", "55", "--altitude",
          "9500", "--profile", "float_profile", "--float-altitude", "12000", "--stop-datetime", "2022-11-11T01:30:00Z",
          "--members", "150", "--seed", "1"]  # fmt: skip
INVESTIGATE = ["investigate", "s.csv", "--winds", "winds.nc", "--members", "60", "--hours-back", "0.1", "--hours-ahead",
               "0.1", "--seed", "1"]  # fmt: skip
TRACKS = (".nc", ".zarr", ".geojson", ".kml", ".csv", ".parquet", ".png")
CALLER = """
import contextlib, io, json, os, resource, sys
from overflight.cli.main import main

def call(arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

def drop():
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    os.environ["HOME"] = "/nonexistent"

told = []
for step, *what in json.loads(sys.argv[1]):
    if step == "call":
        told.append(call(what[0]))
    elif step == "limit":
        limit(what[0])
    elif step == "drop":
        drop()
print(json.dumps(told))
"""


def calls(folder: Path, *steps, **environment) -> list[tuple[int, str, str]]:
    """Run steps in one process; return (exit code, answer, error output) of each call."""
    own = {"OVERFLIGHT_WINDS_STORE": str(folder / "store"), "XDG_CONFIG_HOME": str(folder / "config")}
    run = [sys.executable, "-W", "ignore", "-c", CALLER, json.dumps(steps)]
    environment = os.environ | own | {"PYTHONDONTWRITEBYTECODE": "1"} | environment
    done = subprocess.run(run, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [tuple(told) for told in json.loads(done.stdout)]


@pytest.fixture
def folder(tmp_path):
    synthetic(u=0.5).to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    (tmp_path / "s.csv").write_text("time,lat,lon,altitude_m\n2022-11-11T00:30:00Z,55,55,13500\n")
    return tmp_path


def test_a_full_disk_leaves_the_old_file_whatever_the_format(folder):
    names = [f"{verb}{suffix}" for verb in ("forecast", "launch") for suffix in TRACKS]
    for name in names:
        if name.endswith(".zarr"):
            (folder / name).mkdir()
            (folder / name / "zarr.json").write_text("old")
        else:
            (folder / name).write_text("old")
    before = leavings(folder)
    verbs = {"forecast": FORECAST, "launch": LAUNCH}
    run = [("call", [*verbs[name.partition(".")[0]], "-o", name]) for name in names]
    warm = [("call", FORECAST), ("call", LAUNCH)]
    told = calls(folder, *warm, ("limit", 1), *run, ("limit", 2000), *run)[len(warm) :]
    for name, (code, out, err) in zip(names * 2, told, strict=True):
        assert (code, out) == (2, ""), name
        assert err == f"overflight: output: got {name} (File too large), expected a place that can be written\n"
    assert leavings(folder) == before
    for name, (code, _, err) in zip(names, calls(folder, *run), strict=True):
        assert code == 0, err
        assert err.endswith(f"written: {name}\n")
        written = folder / name / "zarr.json" if name.endswith(".zarr") else folder / name
        assert written.read_bytes() != b"old"
    assert not list(folder.rglob(".part*"))


def test_a_full_disk_leaves_no_case_and_the_same_command_goes_through(folder):
    warm = [("call", [*INVESTIGATE, "--case", "other"])]
    steps = [step for size in (100, 5_000, 30_000, 200_000) for step in (("limit", size), ("call", INVESTIGATE))]
    for code, out, err in calls(folder, *warm, *steps)[len(warm) :]:
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "File too large" in err or "the disk refused to read or to write" in err  # SQLite names no cause
        assert "unexpected" not in err
    assert not (folder / "incident" / "case").exists()
    assert not list(folder.rglob(".part*"))
    assert command(*INVESTIGATE, cwd=folder).returncode == 0
    assert command("case", "verify", "incident", cwd=folder).returncode == 0


def test_a_full_disk_under_the_ledger(folder):
    names = [f"old{suffix}" for suffix in (".csv", ".parquet", ".json", ".geojson", ".png")]
    run = [("call", ["airspace", "f.nc", "-o", name]) for name in names]
    assert {code for code, _, _ in calls(folder, ("call", [*FORECAST, "-o", "f.nc"]), *run)} == {0}
    before = leavings(folder)
    for name, (code, out, err) in zip(names, calls(folder, ("limit", 1), *run), strict=True):
        assert (code, out) == (2, "")
        assert err == f"overflight: output: got {name} (File too large), expected a place that can be written\n"
    assert leavings(folder) == before


def test_compiled_code_that_cannot_be_kept_is_compiled_anew(folder):
    """The folder of compiled code is on the full disk too."""
    ((code, out, _),) = calls(folder, ("limit", 500), ("call", FORECAST), NUMBA_CACHE_DIR=str(folder / "numba"))
    assert code == 0
    assert out.startswith("150 members forward to 2022-11-11T02:00:00Z")
    ((code, again, _),) = calls(folder, ("call", FORECAST))
    assert (code, again) == (0, out)


@pytest.fixture
def foreign():
    """Return a folder that others may enter and read, but not write, and in it things that only the owner may read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        synthetic(u=0.5).to_netcdf(folder / "winds.nc", engine="h5netcdf")
        (folder / "s.csv").write_text("time,lat,lon,altitude_m\n2022-11-11T00:30:00Z,55,55,13500\n")
        for secret in ("secret.csv", "secret.nc", "private/case/case.sqlite", "store/gfs-0p25/f.grib2"):
            (folder / secret).parent.mkdir(parents=True, exist_ok=True)
            (folder / secret).write_text("secret")
            (folder / secret).chmod(0)
        for secret in ("private", "store"):
            (folder / secret).chmod(0)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o700)
        for secret in ("private", "store"):
            (folder / secret).chmod(0o700)


PLACE, CSV, CASE = "a place that can be written", "a file of sightings that can be read", "a folder that can be written"
DENIED = {
    "output: got f.csv (Permission denied), expected " + PLACE: (2, [*FORECAST, "-o", "f.csv"]),
    "output: got f.zarr (Permission denied), expected " + PLACE: (2, [*LAUNCH, "-o", "f.zarr"]),
    "case: got incident (Permission denied), expected " + CASE: (2, INVESTIGATE),
    "case: got incident-shab12v (Permission denied), expected " + CASE: (2, ["demo"]),
    "sightings: got 'secret.csv' (Permission denied), expected " + CSV: (2, ["investigate", "secret.csv", "--winds", "winds.nc", "--case", "OPEN/incident"]),
    "secret.nc: winds: got permission denied, expected a readable file": (2, ["winds", "info", "secret.nc"]),
    "tracks: got secret.nc (PermissionError), expected NetCDF or Zarr trajectories": (2, ["airspace", "secret.nc"]),
    "private/case/case.sqlite: got Permission denied, expected what can be read and written": (2, ["case", "verify", "private"]),
    "@store: permission denied; make it writable, or set OVERFLIGHT_WINDS_STORE to another folder": (3, ["winds", "list"]),
    "/nonexistent: got Permission denied, expected what can be read and written": (2, ["--install-completion", "--shell", "bash"]),
}  # fmt: skip


def test_what_may_not_be_read_or_written(foreign, tmp_path):
    with tempfile.TemporaryDirectory() as opened:
        Path(opened).chmod(0o777)
        before = leavings(foreign)
        run = [("call", [part.replace("OPEN", opened) for part in arguments]) for _, arguments in DENIED.values()]
        # A first whole run loads what a process without rights could not load.
        warm = [("call", [*FORECAST, "-o", f"{tmp_path}/warm.csv"]), ("call", ["airspace", f"{tmp_path}/warm.csv"])]
        warm += [("call", [*INVESTIGATE, "--case", f"{tmp_path}/warm"]), ("call", ["demo", "--winds", "none"])]
        warm += [("call", ["case", "verify", f"{tmp_path}/warm"])]
        told = calls(foreign, *warm, ("drop",), *run)[len(warm) :]
        for (line, (expected, _)), (code, out, err) in zip(DENIED.items(), told, strict=True):
            whole = line.replace("@store", str(foreign / "store"))
            assert (code, out, err) == (expected, "", f"overflight: {whole}\n")
        assert leavings(foreign) == before
        assert leavings(Path(opened)) == {}


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    with contextlib.closing(Server(tmp_path / "www")) as running:
        write_gfs(running.root, datetime(2023, 1, 28, tzinfo=UTC), (0, 3))
        yield running


def fetch_from(server, *more) -> list[str]:
    return ["winds", "fetch", "gfs", "--start", "2023-01-28T00Z", "--end", "2023-01-28T03Z", "--levels", "500,200",
            "--url", server.url, *more]  # fmt: skip


def test_a_download_of_which_a_part_cannot_be_had(server, folder):
    server.faults["f003"] = [("always", "404")]
    ((code, out, err), (code_json, out_json, err_json)) = calls(
        folder, ("call", fetch_from(server)), ("call", fetch_from(server, "--json"))
    )
    assert (code, out) == (3, "")
    assert err.startswith("overflight: 1 of 2 times failed (the others are kept), first 2023-01-28T03:00:00Z: http://")
    assert err.endswith("404 Not Found\n")
    assert (code_json, err_json) == (3, err)
    told = json.loads(out_json)
    assert (told["fetched"], told["reused"], told["bytes"]) == (0, 1, 0)
    assert [time for time, _ in told["failed"]] == ["2023-01-28T03:00:00Z"]
    server.faults.clear()
    done = command(*fetch_from(server), cwd=folder)
    assert done.returncode == 0
    assert done.stdout.startswith("fetched 1 files (")


def test_a_download_that_breaks_goes_on(server, folder):
    server.faults["f000"] = ["", "truncate"]
    server.faults["f003"] = ["", "reset"]
    ((code, out, err),) = calls(folder, ("call", fetch_from(server)))
    assert (code, err) == (0, "")
    assert out.startswith("fetched 2 files (")


def test_a_download_onto_a_full_disk(server, folder):
    ((code, out, err),) = calls(folder, ("limit", 500), ("call", fetch_from(server)))
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert "no space left; free some with `overflight winds list --prune`, or set OVERFLIGHT_WINDS_STORE" in err
    assert command(*fetch_from(server), cwd=folder).returncode == 0
    freed = json.loads(command("winds", "list", "--prune", "--json", cwd=folder).stdout)
    assert freed["files"] == 2
    assert command("winds", "list", "--json", cwd=folder).stdout == "[]\n"
