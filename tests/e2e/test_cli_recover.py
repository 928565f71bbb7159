"""``overflight recover`` on real winds: files of every kind, and one line for what cannot be."""

import json
import subprocess
import sys

import pytest

SEEN = """time,lat,lon,altitude_m
2023-10-13T12:00:00Z,39.35,-8.6,9000
2023-10-13T12:20:00Z,39.36,-8.45,12000
"""


@pytest.fixture
def call(shared_data, tmp_path):
    winds = shared_data / "era5_euroc" / "era5_2023-10-12_15_portugal_pl37.nc"
    if not winds.is_file():
        pytest.skip("no winds of October 2023 in the shared data")
    seen = tmp_path / "seen.csv"
    seen.write_text(SEEN)

    def run(*options):
        words = [sys.executable, "-m", "overflight", "recover", seen, *options, "--winds", winds, "--seed", "1"]
        return subprocess.run([*map(str, words), "--members", "200"], capture_output=True, text=True, check=False)

    return run


def test_cells_by_class(call, tmp_path):
    out = tmp_path / "down.geojson"
    done = call("--event", "cut-down", "--time", "2023-10-13T12:25:00Z", "-o", out, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [c["class"] for c in told["classes"]] == ["payload", "envelope"]
    features = json.loads(out.read_text())["features"]
    assert {f["properties"]["class"] for f in features} == {"payload", "envelope"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--time", "2023-10-13T11:00:00Z"), "before the first sighting"),
        (("--time", "2023-10-13T12:25:00Z", "--altitude", "50"), "the ground there"),
        (("--time", "2023-10-13T12:25:00Z", "--depth", "-1"), "--depth"),
    ],
)
def test_bad_input_is_one_line_and_nothing_written(call, tmp_path, options, says):
    done = call("--event", "burst", *options, "-o", tmp_path / "down.csv")
    assert done.returncode == 2
    assert says in done.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "down.csv").exists()
