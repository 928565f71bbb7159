"""The same run over a real Dask cluster: two worker processes on this machine."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np
import pytest

from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.cluster import simulate_on
from overflight.errors import InvalidInput, OutOfCoverage, Unavailable
from overflight.flight import float_at_pressure, sounding
from overflight.geo.spread import Spread
from overflight.geo.terrain import Terrain
from overflight.winds.error import WindError

distributed = pytest.importorskip("distributed", reason="dask is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::Warning")  # the cluster warns of ports, of memory and of lost workers

START = datetime(2023, 1, 1, 3, tzinfo=UTC)
WINDS = flows.winds(flows.Wave(), step_deg=2.0, hours=(0.0, 6.0, 12.0, 18.0, 24.0))
RELEASE = Release(time=START, lat=80.0, lon=179.0, position_sd_m=5000.0, time_sd_s=1800.0)
FLOAT = float_at_pressure(Spread("uniform", 3000.0, 15_000.0))


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made:
        yield made


def same(a, b):
    names = ("trajectory", "lat", "lon", "altitude", "pressure", "status", "end_lat", "end_lon", "end_status")
    return all(np.array_equal(a[name].values, b[name].values, equal_nan=True) for name in names)


@pytest.mark.parametrize(
    ("flight", "settings", "members"),
    [(FLOAT, Settings(wind_error=WindError()), 201), (sounding(5.0, 20_000.0, 5.0), Settings(output_s=600.0), 30)],
    ids=["floats", "soundings"],
)
def test_the_answer_is_that_of_one_machine(cluster, flight, settings, members):
    asked = {"hours": 12, "members": members, "seed": 5, "settings": settings}
    with distributed.Client(cluster) as client:
        spread = simulate_on(client, WINDS, flight, RELEASE, parts=7, **asked)
    assert same(spread, simulate(WINDS, flight, RELEASE, **asked))


def test_it_tells_of_every_part_that_is_done(cluster):
    told = []
    settings = Settings(progress=lambda done, total: told.append((done, total)))
    with distributed.Client(cluster) as client:
        simulate_on(client, WINDS, FLOAT, RELEASE, parts=4, hours=2, members=16, seed=5, settings=settings)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_worker_killed_in_mid_run_loses_nothing():
    asked = {"hours": 20, "members": 4000, "seed": 6, "settings": Settings(step_s=5.0, wind_error=WindError())}
    made = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with made, distributed.Client(made) as client:
        simulate_on(client, WINDS, FLOAT, RELEASE, parts=2, **(asked | {"members": 20}))  # compiled code is loaded
        answers = []
        whole = threading.Thread(
            target=lambda: answers.append(simulate_on(client, WINDS, FLOAT, RELEASE, parts=12, **asked))
        )
        whole.start()
        while not any(client.processing().values()):
            time.sleep(0.01)
        victim = next(pid for pid in client.run(os.getpid).values())
        os.kill(victim, signal.SIGKILL)
        still_running = whole.is_alive()
        whole.join(300)
    assert still_running
    assert answers, "the run ended without an answer"
    assert same(answers[0], simulate(WINDS, FLOAT, RELEASE, **asked))


def test_the_command_runs_on_a_scheduler(cluster, tmp_path):
    WINDS.to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    ask = ["forecast", "--winds", "winds.nc", "--time", "2023-01-01T03:00:00Z", "--lat", "50", "--lon", "10"]
    ask += ["--pressure", "70", "--hours", "12", "--members", "40", "--seed", "3", "--json"]
    run = [sys.executable, "-m", "overflight", *ask]
    alone, spread = (
        subprocess.run([*run, *more], capture_output=True, text=True, cwd=tmp_path, check=False)
        for more in ([], ["--scheduler", cluster.scheduler_address])
    )
    assert spread.returncode == 0, spread.stderr
    assert json.loads(spread.stdout) == json.loads(alone.stdout)


def test_no_scheduler_is_one_clear_line():
    with pytest.raises(Unavailable, match=r"no Dask scheduler at tcp://127\.0\.0\.1:1"):
        simulate_on("tcp://127.0.0.1:1", WINDS, FLOAT, RELEASE, hours=1, members=1, seed=1)


SOUNDING = sounding(5.0, 20_000.0, 5.0)
LATER = Release(time=START.replace(year=2024), lat=80.0, lon=179.0)
LISTED = Release(time=np.full(4, np.datetime64("2023-01-01T03", "ns")), lat=80.0, lon=179.0)
NONSENSE = {
    "no member": (FLOAT, RELEASE, {"members": 0}),
    "no time": (FLOAT, RELEASE, {"hours": 0}),
    "a time that is no number": (FLOAT, RELEASE, {"hours": float("nan")}),
    "a seed below 0": (FLOAT, RELEASE, {"seed": -1}),
    "a launch back in time": (SOUNDING, RELEASE, {"hours": -3}),
    "a year without winds": (FLOAT, LATER, {}),
    "starts of four members": (FLOAT, LISTED, {}),
}


@pytest.mark.parametrize(("flight", "release", "wrong"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_as_on_one_machine_before_a_scheduler_is_asked(flight, release, wrong):
    asked = {"hours": 3, "members": 5, "seed": 1} | wrong
    with pytest.raises((InvalidInput, OutOfCoverage)) as alone:
        simulate(WINDS, flight, release, **asked)
    with pytest.raises((InvalidInput, OutOfCoverage)) as spread:
        simulate_on("tcp://127.0.0.1:1", WINDS, flight, release, **asked)
    assert str(spread.value) == str(alone.value)


def test_members_that_start_one_after_the_other(cluster):
    """The last part is one member, and starts where there is no wind."""
    hours = np.append(np.arange(9), 900)
    release = Release(time=np.datetime64("2023-01-01T03", "ns") + hours * np.timedelta64(1, "h"), lat=20.0, lon=9.0)
    asked = {"hours": 6, "members": 10, "seed": 5}
    with distributed.Client(cluster) as client:
        spread = simulate_on(client, WINDS, FLOAT, release, parts=4, **asked)
    alone = simulate(WINDS, FLOAT, release, **asked)
    assert same(spread, alone)
    assert np.array_equal(spread["time"].values, alone["time"].values)
    assert (int(alone["end_status"][-1]), int(alone["end_status"][0])) == (4, 0)


class Sent(Terrain):
    """A terrain that counts how often it is packed to be sent."""

    times: ClassVar[list[int]] = []

    def __reduce__(self):
        self.times.append(1)
        return Terrain, (self.grid, self.lat0, self.dlat, self.lon0, self.dlon)


def test_the_ground_is_sent_once_however_many_the_parts(cluster):
    ground = Sent(np.full((19, 36), 1234.0, np.float32), -90.0, 10.0, 0.0, 10.0)
    asked = {"hours": 6, "members": 12, "seed": 5, "settings": Settings(output_s=600.0, terrain=ground)}
    counts = []
    with distributed.Client(cluster) as client:
        for parts in (2, 12):
            Sent.times.clear()
            spread = simulate_on(client, WINDS, SOUNDING, RELEASE, parts=parts, **asked)
            counts.append(len(Sent.times))
            assert spread["end_altitude"].values == pytest.approx(1234.0, abs=0.01)
    assert counts[0] == counts[1] > 0
