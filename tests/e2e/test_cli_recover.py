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
def winds(shared_data):
    winds = shared_data / "era5_euroc" / "era5_2023-10-12_15_portugal_pl37.nc"
    if not winds.is_file():
        pytest.skip("no winds of October 2023 in the shared data")
    return winds


@pytest.fixture
def call(winds, tmp_path):
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


def overflight(*words, cwd):
    line = [sys.executable, "-m", "overflight", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.fixture
def track(winds, tmp_path):
    (tmp_path / "seen.csv").write_text(SEEN)
    done = overflight(
        "track", "seen.csv", "--winds", winds, "--seed", "1", "--members", "60", "-o", "track.nc", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    return tmp_path / "track.nc"


@pytest.mark.parametrize("from_folder", [False, True], ids=["track", "incident"])
def test_what_was_tracked_comes_down(winds, track, from_folder):
    folder = track.parent
    if from_folder:
        (folder / "incident").mkdir()
        (folder / "incident" / "track.nc").write_bytes(track.read_bytes())
    what = "incident" if from_folder else "track.nc"
    event = (
        "--event",
        "cut-down",
        "--time",
        "2023-10-13T12:15:00Z",
        "--winds",
        winds,
        "--seed",
        "1",
        "--members",
        "100",
    )
    done = overflight("recover", what, *event, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert 39.2 < json.loads(done.stdout)["classes"][0]["point"][0] < 39.7
    late = overflight("recover", what, *event, "--time", "2023-10-13T12:25:00Z", cwd=folder)
    assert late.returncode == 2
    early = overflight("recover", what, *event[:3], "2023-10-13T11:00:00Z", *event[4:], cwd=folder)
    assert early.returncode == 2
    assert "the event is before the first sighting" in early.stderr


def test_after_the_last_sighting_an_incident_goes_on_by_its_forecast(winds, track):
    folder = track.parent / "incident"
    folder.mkdir()
    (folder / "track.nc").write_bytes(track.read_bytes())
    done = overflight("forecast", "--time", "2023-10-13T12:20:00Z", "--lat", "39.36", "--lon", "-8.45", "--altitude", "12000",
                      "--hours", "2", "--members", "50", "--winds", winds, "--seed", "1", "-o", folder / "forecast.nc",
                      cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = overflight("recover", "incident", "--event", "burst", "--time", "2023-10-13T13:00:00Z", "--winds", winds,
                      "--seed", "1", "--members", "100", "--json", cwd=track.parent)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["classes"][0]["time"] > "2023-10-13T13:10"


def test_winds_that_end_below_the_event_are_told(call, tmp_path):
    done = call(
        "--event", "burst", "--time", "2023-10-13T12:25:00Z", "--altitude", "55000", "-o", tmp_path / "down.csv"
    )
    assert done.returncode == 3
    assert "an event at 55,000 m" in done.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "down.csv").exists()


def test_from_where_it_came_down_to_a_second_search(call, tmp_path):
    """Parquet of two classes is planned on, a search of it fails, and the next is planned on what it teaches."""
    out = tmp_path / "down.parquet"
    assert call("--event", "cut-down", "--time", "2023-10-13T12:25:00Z", "-o", out).returncode == 0
    plan = ("--hours", "4", "--base", "39.4,-8.4", "--object", "small", "-o", "plan.geojson", "--json")
    first = overflight("recover", "plan", out, *plan, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    done = overflight(
        "recover", "update", out, "--searched", "plan.geojson", "-o", "after.parquet", "--json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert 0.0 < json.loads(done.stdout)["chance_to_find"] < 1.0
    again = overflight("recover", "plan", "after.parquet", *plan[:6], "-o", "again.gpx", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "S1-01" in (tmp_path / "again.gpx").read_text()
