"""``overflight identify``: the Yukon files on a stand-in wind, its answers and refusals."""

import json

import numpy as np
import pytest
from cli_calls import command, refused, synthetic

from overflight.cli.main import main
from overflight.infer.yukon import write_example


@pytest.fixture
def case(tmp_path):
    """The published sighting and candidate, and winds made for the test: not those of the day."""
    sighting, candidates = write_example(tmp_path)
    times = np.datetime64("2023-02-11", "ns") + np.arange(0, 25, 3) * np.timedelta64(1, "h")
    winds = synthetic(time=times, level=(300.0, 200.0, 100.0), lat=np.arange(50.0, 76.0), lon=np.arange(-175.0, -119.0),
                      u=15.0)  # fmt: skip
    winds["v"] = winds["v"] + np.float32(9.5)
    winds.to_netcdf(tmp_path / "stand_in.nc", engine="h5netcdf")
    return tmp_path, ["identify", sighting, "--winds", tmp_path / "stand_in.nc", "--seed", 11], candidates


def test_verdict_table_and_assumptions(case):
    folder, asked, candidates = case
    done = command(*asked, "--candidates", candidates, "-o", "identity.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "K9YO-15" in done.stdout
    assert "none of these" in done.stdout
    assert "p at c=0.3" in done.stdout
    assert "where the list says nothing: 1 over a million km2; judged" in done.stdout
    assert (folder / "identity.csv").read_text(encoding="utf-8").count("\n") == 3


def test_json_with_stations(case, capsys):
    _, asked, candidates = case
    arguments = [*asked, "--candidates", candidates, "--stations", "24h", "--completeness", "beta:6,4", "--json"]
    assert main([str(a) for a in arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["given"] == 1 + 2 * 2345
    assert found["completeness_beta"] == [6.0, 4.0]
    assert found["reachable"] < 500


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        ([], "candidates: got none, expected --candidates FILE or --stations 12h"),
        (["--stations", "noon"], "--stations: got 'noon', expected hours up to 240, as 12h"),
        (["--stations", "12h", "--completeness", "1.2"], "completeness: got (1.2,), expected rising shares between 0 and 1"),
        (["--stations", "12h", "-o", "a.txt"], "output: got 'a.txt', expected a name that ends in .csv, .json, .png"),
    ],
)  # fmt: skip
def test_refusals(case, capsys, extra, line):
    folder, asked, _ = case
    refused(capsys, [*asked, *extra], 2, line, folder)
