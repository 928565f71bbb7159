"""``overflight recover live`` on a real descent: a file of rows, and a broker on this machine."""

import json
import subprocess
import sys

import numpy as np
import pytest
from checks import flown
from checks.landings import instant
from checks.live import rows_of
from test_sondehub_live import broker, sender

from overflight.geo import sphere


@pytest.fixture(scope="module")
def flight(shared_data, tmp_path_factory):
    """Give a descent as rows, and the wind of its ascent as a file."""
    path = shared_data / flown.FOLDER / "19-2-2.csv"
    if not path.is_file():
        pytest.skip("no weather-balloon flights in the shared data")
    one = flown.read_flight(path)
    folder = tmp_path_factory.mktemp("flight")
    fixes = np.concatenate([one.up, [flown.beyond(one)]])
    rows = [f"{np.datetime_as_string(instant(t), 's')}Z,{lat},{lon},{z}" for t, lat, lon, z in fixes]
    (folder / "ascent.csv").write_text("\n".join(["time,lat,lon,altitude", *rows]))
    (folder / "rows.jsonl").write_bytes(b"\n".join(rows_of(one)))
    return folder, one


def call(*words):
    line = [sys.executable, "-m", "overflight", "recover", "live", *map(str, words), "--seed", "1", "--members", "100"]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_a_file_of_rows_is_followed_and_the_density_can_be_searched(flight, tmp_path):
    folder, one = flight
    out = tmp_path / "down.parquet"
    done = call(one.name, "--frames", folder / "rows.jsonl", "--winds", folder / "ascent.csv", "--json", "-o", out)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) > 10
    assert told[-1]["radius_90_km"] < 0.3 * told[0]["radius_90_km"]
    away = [float(sphere.distance_m(*x["point"], one.down[-1, 1], one.down[-1, 2])) for x in told]
    assert away[-1] < 0.5 * away[0]
    planned = subprocess.run(
        [sys.executable, "-m", "overflight", "recover", "plan", str(out), "--hours", "1", "--base", "46.5,7.5", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert planned.returncode == 0, planned.stderr


def test_the_live_feed_is_followed(flight, tmp_path):
    folder, one = flight
    kept = tmp_path / "heard.jsonl"
    with broker() as (address, _), sender(address, [(f"sondes/{one.name}", row) for row in rows_of(one)[:6]]):
        done = call(one.name, "--broker", address, "--seconds", "8", "--winds", folder / "ascent.csv", "--heard", kept)
    assert done.returncode == 0, done.stderr
    assert "lands at" in done.stdout
    assert len(done.stdout.splitlines()) >= 4
    assert one.name in kept.read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("X9",), "serial: got 'X9', expected one of 19-2-2"),
        (("19-2-2", "--fall-speed", "fast"), "--fall-speed: got 'fast'"),
        (("19-2-2", "-o", "down.txt"), "down.txt"),
    ],
)
def test_bad_input_is_one_line(flight, words, says):
    folder, _ = flight
    done = call(*words, "--frames", folder / "rows.jsonl", "--winds", folder / "ascent.csv")
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr.strip().splitlines()[-1]
