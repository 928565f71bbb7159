"""The same run over a real Dask cluster: two worker processes on this machine."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.cluster import simulate_on
from overflight.errors import InvalidInput, Unavailable
from overflight.flight import float_at_pressure, sounding
from overflight.geo.spread import Spread
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
    with pytest.raises(InvalidInput, match="members: got 0"):
        simulate_on("tcp://127.0.0.1:1", WINDS, FLOAT, RELEASE, hours=1, members=0, seed=1)
