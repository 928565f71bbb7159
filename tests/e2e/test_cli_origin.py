"""``overflight origin`` on a synthetic wind from the west."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from cli_calls import refused, synthetic

from overflight.cli.main import main

ROWS = (
    "time,lat,lon,altitude_m,altitude_reference,position_sd_km\n"
    "2022-11-11T18:00:00Z,55.0,60.0,15000,pressure,3\n"
    "2022-11-11T22:00:00Z,55.13,62.24,15000,pressure,3\n"
)
SITES = "name,lat,lon,sd_km\nwest,54.8,56.5,10\neast,55,69,10\n"
ORIGIN = ["origin", "sightings.csv", "--winds", "winds.nc", "--hours-back", "12", "--members", "1000", "--seed", "1"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    time = np.datetime64("2022-11-11", "ns") + np.arange(0, 25, 6) * np.timedelta64(1, "h")
    winds = synthetic(
        time=time, level=(1050.0, 500.0, 200.0, 100.0), lat=np.arange(45.0, 66.0), lon=np.arange(40.0, 81.0)
    )
    winds.to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    (tmp_path / "sightings.csv").write_text(ROWS)
    (tmp_path / "sites.csv").write_text(SITES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def test_regions_sites_and_prior_are_said(place, capsys):
    assert main([*ORIGIN, "--sites", "sites.csv", "--output", "map.png"]) == 0
    said = capsys.readouterr().out
    for words in (
        "west",
        "none of these: land",
        "regions 50 %",
        "prior: given",
        "Forward over backward",
        "1000 launches",
    ):
        assert words in said, words
    assert (place / "map.png").stat().st_size > 20_000


def test_the_files_hold_what_is_printed(place, capsys):
    assert main([*ORIGIN, "--sites", "sites.csv", "--json", "--no-check", "-o", "cells.csv"]) == 0
    found = json.loads(capsys.readouterr().out)
    table = pd.read_csv(place / "cells.csv")
    assert table["probability"].sum() + found["elsewhere"] == pytest.approx(1.0, abs=1e-6)
    assert found["sites"][0]["name"] == "west"
    assert main([*ORIGIN, "--no-check", "--prior", "land=1,sea=0,radiosonde=0", "--output", "cells.geojson"]) == 0
    capsys.readouterr()
    cells = json.loads((place / "cells.geojson").read_text())
    assert cells["finding"]["prior"]["weights"]["sea"] == 0.0
    assert {f["properties"]["region"] for f in cells["features"]} >= {0.5, 0.9}


@pytest.mark.parametrize(
    ("more", "words"),
    [(["--prior", "moon=1"], ("--prior", "moon")), (["--prior", "land"], ("--prior",)), (["--sites", "none.csv"], ("none.csv",)),
     (["--output", "map.pdf"], (".geojson",)), (["--level", "5"], ("--level",))],
)  # fmt: skip
def test_bad_questions_are_one_line(place, capsys, more, words):
    refused(capsys, [*ORIGIN, *more], 2, "~" + "".join(f"(?=.*{re.escape(w)})" for w in words) + ".*", place)
