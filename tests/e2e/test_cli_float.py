"""``overflight forecast`` and ``hindcast`` at the edges of a small synthetic wind: what is refused, and what is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from cli_calls import leavings, refused, synthetic

from overflight.cli.main import main

FLOAT = ["--winds", "winds.nc", "--time", "2022-11-11T01:00:00Z", "--lat", "55", "--seed", "1", "--hours", "1"]
CALM = ["--members", "5", "--no-wind-error"]
EXTENT = "2022-11-11T00:00:00Z to 2022-11-11T02:00:00Z, 50 to 60 north, 50 to 60 east, 300 to 100 hPa"
REFUSED = f"winds: asked for 55.00 north 55.00 east at 10 hPa, 2022-11-11T01:00:00Z (out of levels), have {EXTENT}"


@pytest.fixture
def place(tmp_path, monkeypatch):
    synthetic().to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.mark.parametrize("output", [[], ["-o", "f.zarr"], ["-o", "f.nc"]], ids=["no file", "in parts", "whole"])
@pytest.mark.parametrize(("verb", "lon"), [("forecast", "59.95"), ("hindcast", "50.05")])
def test_a_life_shorter_than_the_interval_of_output_is_a_life(place, capsys, verb, lon, output):
    """3.2 km from the edge in 10 m/s the winds are left after some five minutes, of an hour to the first output."""
    assert main([verb, *FLOAT, "--lon", lon, "--pressure", "150", *CALM, *output, "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["status"] == {"left_domain": 5}
    end = np.datetime64(told["end"].removesuffix("Z"))
    assert 0 < abs(end - np.datetime64("2022-11-11T01:00:00")) / np.timedelta64(1, "s") <= 600.0  # a step
    assert err.endswith(f"the winds hold {EXTENT}\n")
    assert (place / output[1]).exists() if output else len(leavings(place)) == 1


@pytest.mark.parametrize("memory", ["1MiB", "1GiB"], ids=["in parts", "in one"])
@pytest.mark.parametrize("name", ["f.zarr", "f.nc"])
def test_a_run_without_any_way_leaves_the_file_that_was_there(place, capsys, name, memory):
    asked = ["--lon", "55", "--members", "40", "--every", "0.1", "--memory", memory, "-o", name]
    assert main(["forecast", *FLOAT, *asked, "--pressure", "150"]) == 0
    capsys.readouterr()
    refused(capsys, ["forecast", *FLOAT, *asked, "--pressure", "10"], 3, REFUSED, place)
    how = {"engine": "zarr", "consolidated": False} if name == "f.zarr" else {"engine": "h5netcdf"}
    with xr.open_dataset(name, **how) as kept:
        assert set(kept["pressure"].values[:, 0]) == {15_000.0}


def test_one_part_that_gets_on_is_enough(place, capsys):
    """Of some hundred members around the edge, in parts of sixteen, the first alone may all start outside."""
    around = ["--lon", "59.99", "--position-sd-km", "30", "--members", "96", "--every", "0.1", "--memory", "1MiB"]
    assert main(["forecast", *FLOAT, *around, "--pressure", "150", "-o", "f.zarr", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["members"] == 96
    assert told["status"]["left_domain"] > 48
