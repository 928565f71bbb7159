"""Winds from the command line: fetched, listed, opened, flown in, missed, and freed; measured winds as they come."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr
from fetch_files import write_arco, write_ecmwf, write_gefs, write_gfs
from fetch_server import Server

from overflight.cli.main import main

DAY = datetime(2023, 1, 28, tzinfo=UTC)
SPAN = ("--start", "2023-01-28T00:00:00Z", "--end", "2023-01-28T06:00:00Z")
FLOAT = ("--pressure", 100, "--members", 4, "--seed", 1)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The four public archives on this machine; the environment names it, the store is empty."""
    (tmp_path / "www").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "store"))
    with contextlib.closing(Server(tmp_path / "www")) as running:
        for name in ("GFS", "GEFS", "ECMWF"):
            monkeypatch.setenv(f"OVERFLIGHT_{name}_URL", running.url)
        monkeypatch.setenv("OVERFLIGHT_ERA5_URL", running.url + "/era5")
        yield running


@pytest.fixture
def gfs(server):
    for hour in (0, 6, 12):
        write_gfs(server.root, DAY + timedelta(hours=hour), (0, 3))
    return server


def typed(capsys, *arguments, code=0):
    """Run the command; return what it wrote to standard output and error."""
    try:
        got = main([str(a) for a in arguments])
    except SystemExit as done:
        got = done.code
    out, err = capsys.readouterr()
    assert got == code, err
    return out, err


def flown(capsys, winds, *more, time="2023-01-28T01:00:00Z", lat=10, lon=20, code=0, hours=3):
    where = ("--time", time, "--lat", lat, "--lon", lon, "--hours", hours)
    return typed(capsys, "forecast", "--winds", winds, *where, *(more or FLOAT), code=code)


def only_line(err):
    (line,) = err.splitlines()
    return line


def pasted(err):
    """The command that a message ends with, as a shell would split it."""
    command = only_line(err).split("fetch the rest: ")[1]
    words = shlex.split(command)
    assert words[0] == "overflight"
    return words[1:]


def test_fetch_list_info_fly_and_free(gfs, capsys):
    out, _ = typed(capsys, "winds", "fetch", "gfs", *SPAN, "--levels", "500,200,100,50")
    assert out.startswith("fetched 3 files")
    out, _ = typed(capsys, "winds", "fetch", "gfs", *SPAN, "--levels", "500,200,100,50", "--json")
    assert json.loads(out) == {"fetched": 0, "reused": 3, "failed": [], "bytes": 0}
    out, _ = typed(capsys, "winds", "list")
    assert out.startswith("gfs-0p25: 2023-01-28T00:00:00Z..2023-01-28T06:00:00Z, 3 times, 4 levels 500..50 hPa, global")
    out, _ = typed(capsys, "winds", "info", "gfs")
    told = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert told["times"] == "3, 2023-01-28T00:00:00Z to 2023-01-28T06:00:00Z, every 3 h"
    assert told["area"] == "-90 to 90 N, all longitudes"
    assert told["variables"] == "u, v, t, z"
    assert told["missing"] == "none"
    asked = len(gfs.requests)
    out, err = flown(capsys, "gfs", "--altitude", 16_000, "--members", 4, "--seed", 1)
    assert "4 members forward to 2023-01-28T04:00:00Z" in out
    assert err == ""
    assert len(gfs.requests) == asked
    out, _ = typed(capsys, "winds", "list", "--prune")
    assert out.startswith("freed 3 files")
    assert typed(capsys, "winds", "list")[0].startswith("the store is empty")


def test_winds_that_are_not_there_name_the_command_that_fetches_them(gfs, capsys):
    _, err = flown(capsys, "gfs", code=3)
    assert only_line(err) == (
        "overflight: stored winds of gfs: asked for 2023-01-28T01:00:00Z..2023-01-28T04:00:00Z (global), have nothing; "
        "fetch the rest: overflight winds fetch gfs --start 2023-01-28T01:00:00Z --end 2023-01-28T04:00:00Z"
    )
    typed(capsys, *pasted(err))
    flown(capsys, "gfs")


def test_a_time_that_is_missing_is_fetched_alone(gfs, capsys):
    typed(capsys, "winds", "fetch", "gfs", *SPAN, "--levels", "200,100,50")
    _, err = flown(capsys, "gfs", time="2023-01-28T05:00:00Z", hours=6, code=3)
    line = only_line(err)
    assert "have 2023-01-28T00:00:00Z..2023-01-28T06:00:00Z (global);" in line
    assert line.endswith("gfs --start 2023-01-28T09:00:00Z --end 2023-01-28T11:00:00Z --levels 200,100,50")
    gfs.requests.clear()
    typed(capsys, *pasted(err))
    assert {path.rsplit("/", 1)[1][:5] for path, _ in gfs.requests} == {"gfs.t"}
    assert not [path for path, _ in gfs.requests if "/00/" in path]
    flown(capsys, "gfs", time="2023-01-28T05:00:00Z", hours=6)


def test_a_region_that_is_missing_is_fetched_around_the_place(server, capsys):
    write_arco(server.root / "era5", DAY, 8)
    typed(capsys, "winds", "fetch", "era5", *SPAN, "--area=-20,0,40,40", "--levels", "200,100")
    flown(capsys, "era5")
    _, err = flown(capsys, "era5", lat=-60, lon=175, code=3)
    line = only_line(err)
    assert "have 2023-01-28T00:00:00Z..2023-01-28T06:00:00Z (-20..40 N 0..40 E)" in line
    assert "--area=-68,153,-52,197 --levels 200,100" in line
    typed(capsys, *pasted(err))
    flown(capsys, "era5", lat=-60, lon=175)
    flown(capsys, "era5")


def test_another_grid_alone_in_the_store_is_asked_for_again(server, capsys):
    for hour in (0, 6):
        write_gfs(server.root, DAY + timedelta(hours=hour), (0, 3), res="1p00")
    typed(capsys, "winds", "fetch", "gfs", *SPAN[:2], "--end", "2023-01-28T00:00:00Z", "--resolution", "1.0")
    _, err = flown(capsys, "gfs", code=3)
    assert "--resolution 1p00" in err
    typed(capsys, *pasted(err))
    flown(capsys, "gfs")


def test_members_of_gefs_carry_members_in_turn(server, capsys, tmp_path):
    write_gefs(server.root, DAY, (0, 3))
    typed(capsys, "winds", "fetch", "gefs", *SPAN[:2], "--end", "2023-01-28T03:00:00Z", "--levels", "200,100,50")
    out, _ = typed(capsys, "winds", "info", "gefs")
    assert "members   31, 0 to 30" in out
    more = ("--pressure", 100, "--members", 62, "--seed", 1, "--no-wind-error", "-o", tmp_path / "f.nc")
    flown(capsys, "gefs", *more, time="2023-01-28T00:00:00Z", lat=0, lon=0)
    with xr.open_dataset(tmp_path / "f.nc", engine="h5netcdf") as out:
        assert out["wind_member"].values.tolist() == [*range(31), *range(31)]
        east = out["end_lon"].values
    assert np.all(np.diff(east[:31]) > 0.0)  # u of member n is n m/s higher
    assert np.allclose(east[:31], east[31:])


def test_ecmwf_by_its_variable(server, capsys):
    write_ecmwf(server.root, datetime(2026, 3, 2, tzinfo=UTC), (0, 3))
    span = ("--start", "2026-03-02T00:00:00Z", "--end", "2026-03-02T03:00:00Z")
    typed(capsys, "winds", "fetch", "ecmwf", *span)
    flown(capsys, "ecmwf", time="2026-03-02T00:00:00Z")


def test_a_server_by_url_without_a_variable(gfs, capsys, monkeypatch):
    monkeypatch.delenv("OVERFLIGHT_GFS_URL")
    typed(capsys, "winds", "fetch", "gfs", *SPAN, "--url", gfs.url)


IGRA = "#USM00091285 2023 09 01 12 1105    4 ncdc-gts ncdc-gts  197200 -1550700\n" + "".join(
    f"10 -9999 {pressure:6d}B{height:5d}B -100B-9999 -9999 {direction:5d} {speed:5d}\n"
    for pressure, height, direction, speed in (
        (100_000, 95, 90, 50),
        (50_000, 5880, 70, 80),
        (10_000, 16_500, 270, 100),
        (7000, 18_600, 270, 100),
        (5000, 20_600, 90, 150),
    )
)


def _measured(kind, folder, shared):
    if kind == "raob":
        return shared / "soundings/raob_hilo_20230901-02.nc"
    if kind == "igra":
        (folder / "igra.txt").write_text(IGRA)
        return folder / "igra.txt"
    start = np.datetime64("2023-09-01T11:00:00")
    fixes = [(start + np.timedelta64(10 * i, "s"), 19.7, -155.0 - i / 2e3, 400.0 + 50.0 * i) for i in range(500)]
    if kind == "sondehub":
        frames = [
            {"datetime": f"{t}Z", "lat": y, "lon": x, "alt": z, "heading": 270.0, "vel_h": 5.2} for t, y, x, z in fixes
        ]
        (folder / "sonde.json").write_text(json.dumps({"S1": {f["datetime"]: f for f in frames}}))
        return folder / "sonde.json"
    rows = [f"{t},{y},{x},{z}" for t, y, x, z in fixes]
    (folder / "track.csv").write_text("\n".join(["time,lat,lon,altitude", *rows]))
    return folder / "track.csv"


@pytest.mark.parametrize("kind", ["raob", "igra", "sondehub", "track"])
def test_measured_winds_are_flown_in_as_they_come(server, capsys, shared_data, kind):
    path = _measured(kind, server.root, shared_data)
    out, _ = typed(capsys, "winds", "info", path)
    told = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert told["reach"].startswith("3 degrees, 1500 m in height, 6 h before")
    low, high = (float(n) for n in re.findall(r"\d+\.\d", told["wind_sd"]))
    assert 0.4 < low < high < 20.0
    spread = []
    for place in ((19.7, -155.1), (21.5, -156.5)):
        for level in (("--pressure", 60), ("--altitude", 19_000)):
            more = (*level, "--members", 60, "--seed", 3, "--json")
            out, _ = flown(capsys, path, *more, time="2023-09-01T12:30:00Z", lat=place[0], lon=place[1], hours=1)
            found = json.loads(out)
            assert found["status"] == {"flying": 60}
            spread.append(found["radius_50_km"])
    # Further from the measurement the winds are less sure.
    assert spread[2] > 1.05 * spread[0]
    assert spread[3] > 1.05 * spread[1]


def _winds(path, change=lambda ds: ds):
    time = np.datetime64("2023-01-28", "ns") + np.arange(0, 13, 3) * np.timedelta64(1, "h")
    coords = {
        "time": time,
        "level": [500.0, 200.0, 100.0, 50.0],
        "lat": np.arange(0.0, 31.0, 5.0),
        "lon": np.arange(0.0, 41.0, 5.0),
    }
    dims = tuple(coords)
    fields = {name: (dims, np.full((5, 4, 7, 9), value, np.float32)) for name, value in (("u", 10.0), ("v", 2.0))}
    ds = xr.Dataset(fields, coords)
    ds["level"].attrs["units"] = "hPa"
    change(ds).to_netcdf(path, engine="h5netcdf")
    return path


HIGH = ("--altitude", 16_000, "--members", 4, "--seed", 1)


def test_heights_of_the_standard_atmosphere_are_told_where_they_matter(server, capsys):
    path = _winds(server.root / "w.nc")
    assert flown(capsys, path)[1] == ""
    note = "heights are those of the standard atmosphere: these winds have neither heights nor temperatures"
    assert only_line(flown(capsys, path, *HIGH)[1]) == note
    _, err = typed(capsys, "hindcast", "--winds", path, "--time", "2023-01-28T06:00:00Z", "--lat", 10, "--lon", 20,
                   "--hours", 2, *HIGH)  # fmt: skip
    assert only_line(err) == note
    warm = _winds(server.root / "t.nc", lambda ds: ds.assign(t=(ds["u"].dims, np.full(ds["u"].shape, 220.0))))
    assert flown(capsys, warm, *HIGH)[1] == ""


def test_a_gap_is_told_and_what_it_costs(server, capsys):
    late = np.datetime64("2023-01-28T03:00", "ns") + np.array([-3, 0, 14, 17]) * np.timedelta64(1, "h")
    path = _winds(server.root / "w.nc", lambda ds: ds.isel(time=slice(0, 4)).assign_coords(time=late))
    out, err = flown(capsys, path, hours=6)
    assert "4 of 4 members: out of wind" in out
    assert err.splitlines() == [
        "the winds have no time between 2023-01-28T03:00:00Z and 2023-01-28T17:00:00Z",
        "the winds hold 2023-01-28T00:00:00Z to 2023-01-28T20:00:00Z, 0 to 30 north, 0 to 40 east, 500 to 50 hPa",
    ]
    assert flown(capsys, path, hours=2)[1] == ""


def test_missing_winds_are_told(server, capsys):
    path = _winds(server.root / "w.nc", lambda ds: ds.where((ds["lat"] < 20.0) | (ds["level"] != 100.0)))
    out, err = flown(capsys, path, lat=14.5, hours=11, time="2023-01-28T00:00:00Z")
    assert "4 of 4 members: out of wind" in out
    assert err.startswith("135 of 1260 winds are missing; a balloon that comes to one ends there\n")


def test_levels_that_do_not_reach_are_told(server, capsys):
    path = _winds(server.root / "w.nc")
    for level in (("--pressure", 20), ("--altitude", 26_000), ("--density", 0.03)):
        line = only_line(flown(capsys, path, *level, "--members", 4, "--seed", 1, code=3)[1])
        assert "(out of levels), have 2023-01-28T00:00:00Z to 2023-01-28T12:00:00Z" in line
        assert line.endswith("500 to 50 hPa")
    out, _ = flown(capsys, path, "--pressure", 530, "--members", 4, "--seed", 1)
    assert "4 members flew below the lowest level, in its wind" in out


def test_a_place_or_time_outside_a_file_is_one_line(server, capsys):
    path = _winds(server.root / "w.nc")
    line = only_line(flown(capsys, path, lat=-5, code=3)[1])
    assert line.endswith(
        "have 2023-01-28T00:00:00Z to 2023-01-28T12:00:00Z, 0 to 30 north, 0 to 40 east, 500 to 50 hPa"
    )
    assert "asked for" in line
    line = only_line(flown(capsys, path, time="2023-02-28T01:00:00Z", code=3)[1])
    assert "asked for 2023-02-28T01:00:00Z to 2023-02-28T04:00:00Z, have 2023-01-28T00:00:00Z to" in line


def test_a_single_time_holds_only_where_told(server, capsys):
    path = _winds(server.root / "w.nc", lambda ds: ds.isel(time=[0]))
    line = only_line(flown(capsys, path, time="2023-01-28T00:00:00Z", code=3)[1])
    assert "have only 2023-01-28T00:00:00Z; a single time can be held for the whole run (steady)" in line
    assert "4 members forward" in flown(capsys, path, *FLOAT, "--steady", time="2023-01-28T00:00:00Z")[0]


def test_an_investigation_tells_of_its_winds_too(server, capsys, tmp_path):
    late = np.datetime64("2023-01-28T03:00", "ns") + np.array([-3, 0, 14, 17]) * np.timedelta64(1, "h")
    path = _winds(server.root / "w.nc", lambda ds: ds.isel(time=slice(0, 4)).assign_coords(time=late))
    rows = [
        "time,lat,lon,altitude_m,position_sd_km",
        *(f"2023-01-28T0{h}:00:00Z,10.0,{18 + 0.3 * h},16000,20" for h in (1, 2)),
    ]
    (tmp_path / "s.csv").write_text("\n".join(rows))
    out, err = typed(capsys, "investigate", "s.csv", "--winds", path, "--seed", 1, "--members", 20, "--hours-back", 0.5,
                     "--hours-ahead", 3, "--case", "case")  # fmt: skip
    assert "the winds have no time between 2023-01-28T03:00:00Z and 2023-01-28T17:00:00Z" in err
    assert "heights are those of the standard atmosphere" in err
    assert "In the forecast, 20 of 20 members out of wind" in out


@pytest.mark.parametrize(
    "name",
    ["gfs/gfs_2p5deg_2011-01-10T12_f120.grib2", "winds/era5_19590102T00_global_tl31.nc",
     "winds/gfs_20220101T00_f000-006_north_atlantic_hourly.nc", "soundings/era5_hilo_20230901-02.nc",
     "era5_euroc/era5_2023-10-12_15_portugal_pl37.nc"],
)  # fmt: skip
def test_info_of_real_files(server, capsys, shared_data, name):
    told = json.loads(typed(capsys, "winds", "info", shared_data / name, "--json")[0])
    assert {"times", "levels", "area", "grid", "variables", "missing", "heights", "source", "licence", "sha256"} <= set(
        told
    )
    assert len(told["sha256"]) == 64
    assert ("gaps" in told and bool(told["gaps"])) is ("portugal" in name)
    if "grib2" in name:
        assert told["licence"] == "public domain (NOAA/NCEP)"
