"""The ledger through the real command: views, regions, own areas, limits, services, and runs followed step by step."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cli_calls import command, refused, synthetic

from overflight.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("OVERFLIGHT_REGIONS_STORE", str(tmp_path / "regions"))
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "winds"))
    return tmp_path


def write_paths(path, lat, lon, altitude=18_000.0):
    lat, lon = np.atleast_2d(lat).astype(float), np.atleast_2d(lon).astype(float)
    time = np.datetime64("2023-02-01", "ns") + np.arange(lat.shape[1]) * np.timedelta64(1, "h")
    fields = {"lat": lat, "lon": lon, "altitude": np.broadcast_to(altitude, lat.shape)}
    data = xr.Dataset({n: (("trajectory", "obs"), f) for n, f in fields.items()}, {"time": ("obs", time)})
    data.to_netcdf(path, engine="h5netcdf")


def answer(capsys, *arguments):
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def rows(capsys, *arguments):
    return {row["id"]: row for row in json.loads(answer(capsys, *arguments, "--json"))["crossings"]}


def test_a_disputed_area_stands_apart_until_a_view_is_stated(folder, capsys):
    write_paths("t.nc", [[46.5, 45.3]], [[33.5, 34.2]])  # from Kherson to Crimea
    neutral = rows(capsys, "airspace", "t.nc")
    assert neutral["crimea"]["disputed"]
    assert neutral["crimea"]["claimed_by"] == "UKR"
    assert "RUS" not in neutral
    assert "crimea" not in rows(capsys, "airspace", "t.nc", "--view", "ukr")
    assert {"UKR", "RUS"} <= rows(capsys, "airspace", "t.nc", "--view", "RUS").keys()
    assert "claimed by" in answer(capsys, "airspace", "t.nc").lower()


def test_land_sea_and_lake_by_region(folder, capsys):
    write_paths("t.nc", [[43.5, 43.5, 43.5]], [[-84.0, -82.0, -80.0]])  # Michigan, Lake Huron, Ontario
    assert {"USA", "USA-water", "CAN-water", "CAN"} <= rows(capsys, "airspace", "t.nc", "--by", "region").keys()
    assert set(rows(capsys, "airspace", "t.nc")) == {"USA", "CAN"}


def test_only_what_is_flown_between_floor_and_ceiling_counts(folder, capsys):
    write_paths("t.nc", [[47.0, 47.0]], [[7.0, 9.0]], altitude=[[10_000.0, 20_000.0]])
    whole = rows(capsys, "airspace", "t.nc")["CHE"]
    half = rows(capsys, "airspace", "t.nc", "--floor", 15_000)["CHE"]
    assert half["hours_q50"] == pytest.approx(whole["hours_q50"] / 2, abs=0.01)
    assert half["altitude_low_m"] == pytest.approx(15_000.0, abs=1.0)
    assert rows(capsys, "airspace", "t.nc", "--ceiling", 9_000) == {}


def test_how_many_countries_and_what_is_missing_is_said(folder, capsys):
    write_paths("t.nc", [[47.0, 47.0]] * 100, [[7.0, 14.0]] * 100)
    text = answer(capsys, "airspace", "t.nc", "--at-least", 3)
    assert "At least 3: 100.0% (97.0% to 100.0%)" in text
    assert "overflight airspace fetch fir" in text
    assert "No height is agreed" in text
    told = json.loads(answer(capsys, "airspace", "t.nc", "--json"))
    assert sum(told["countries_crossed"]) == 100
    assert "fetch fir" in told["flight_information_regions"]["missing"]


def test_services_are_a_table_of_their_own(folder, capsys, shared_data):
    write_paths("t.nc", [[47.0, 47.0]], [[7.0, 14.0]])
    assert main(["airspace", "fetch", "fir", "--from", str(shared_data / "geo" / "vatsim_fir_boundaries.geojson")]) == 0
    capsys.readouterr()
    told = json.loads(answer(capsys, "airspace", "t.nc", "--json"))
    services = {row["id"] for row in told["flight_information_regions"]["crossings"]}
    assert {"LSAZ", "LOVV"} <= services
    assert not services & {row["id"] for row in told["crossings"]}
    assert "not whose the airspace is" in answer(capsys, "airspace", "t.nc")


def test_own_areas_take_the_place_of_countries(folder, capsys):
    ring = [[8.0, 46.0], [9.0, 46.0], [9.0, 48.0], [8.0, 48.0], [8.0, 46.0]]
    area = {"type": "Feature", "properties": {"id": "zone-1", "name": "Zone 1"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    (folder / "own.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [area]}))
    write_paths("t.nc", [[47.0, 47.0]], [[7.0, 10.0]])
    found = rows(capsys, "airspace", "t.nc", "--regions", "own.geojson")
    assert list(found) == ["zone-1"]
    assert found["zone-1"]["hours_q50"] == pytest.approx(1 / 3, abs=1e-3)
    answer(capsys, "airspace", "t.nc", "--regions", "own.geojson", "-o", "crossed.geojson")
    assert [f["properties"]["id"] for f in json.loads((folder / "crossed.geojson").read_text())["features"]] == [
        "zone-1"
    ]


def test_a_run_followed_step_by_step_writes_its_ledger(folder):
    synthetic(lat=np.arange(40.0, 61.0), lon=np.arange(0.0, 31.0)).to_netcdf("w.nc", engine="h5netcdf")
    asked = ["forecast", "--winds", "w.nc", "--time", "2022-11-11T00:00Z", "--lat", "47.5", "--lon", "9.3",
             "--pressure", "200", "--hours", "2", "--every", "60", "--members", "50", "--seed", "1"]  # fmt: skip
    done = command(*asked, "--ledger", "l.csv", "-o", "f.nc", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv("l.csv").loc[0, "id"] in {"CHE", "DEU", "AUT"}
    alone = command(*asked, "-o", "alone.nc", cwd=folder)
    assert alone.returncode == 0
    with (
        xr.open_dataset("f.nc", engine="h5netcdf") as with_ledger,
        xr.open_dataset("alone.nc", engine="h5netcdf") as plain,
    ):
        assert with_ledger.equals(plain)


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        (["--view", "XYZ"], 2, r"~view: got 'XYZ', expected one of .*"),
        (["--floor", "9000", "--ceiling", "8000"], 2, "floor: got 9000 m, the ceiling 8000 m, expected a floor below the ceiling"),
        (["--by", "planet"], 2, "airspace: --by: got 'planet', expected one of country, region"),
        (["--regions", "none.geojson"], 2, r"~.*none\.geojson.*"),
        (["--regions", "unknown"], 3, r"~layers of regions: asked for unknown, have none.*"),
        (["--at-least", "0"], 2, "airspace: --at-least: got 0, expected 1 to 1,000"),
    ],
)  # fmt: skip
def test_what_no_ledger_can_be_made_of_is_refused_in_one_line(folder, capsys, options, code, line):
    write_paths("t.nc", [[47.0, 47.0]], [[7.0, 10.0]])
    refused(capsys, ["airspace", "t.nc", *options], code, line, folder)
