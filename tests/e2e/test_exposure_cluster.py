"""Exposure over a real Dask cluster: two worker processes on this machine, one of which dies."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from cli_calls import command

from overflight.airspace.exposure import Plan, dates_between, expose, open_cube, places_of
from overflight.airspace.exposure.checkpoint import folder_of
from overflight.airspace.exposure.plan import digest_of
from overflight.drift import flows
from overflight.errors import InvalidInput
from overflight.winds import open_winds

distributed = pytest.importorskip("distributed", reason="dask is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::Warning")  # the cluster warns of ports, of memory and of lost workers


@pytest.fixture(scope="module")
def winds(tmp_path_factory):
    path = tmp_path_factory.mktemp("winds") / "winds.nc"
    flows.winds(flows.Wave(), step_deg=10.0, hours=np.arange(0, 121, 12)).to_netcdf(path, engine="h5netcdf")
    return path


def plan_of(winds, **changed) -> Plan:
    asked = {"places": places_of(["grid:60"]), "levels_m": (12_000.0, 18_000.0), "members": 4, "days": 2.0, "seed": 5,
             "dates": dates_between(np.datetime64("2023-01-01"), np.datetime64("2023-01-03"), 6.0),
             "winds_sha256": digest_of(open_winds(winds))}  # fmt: skip
    return Plan(**(asked | changed))


def test_a_worker_killed_in_mid_run_changes_nothing(winds, tmp_path):
    plan, opened = plan_of(winds, members=30), open_winds(winds)
    alone = expose(opened, plan, tmp_path / "alone.zarr")
    answers = []
    made = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with made, distributed.Client(made) as client:
        asked = {"scheduler": made.scheduler_address, "source": str(winds)}
        run = threading.Thread(target=lambda: answers.append(expose(opened, plan, tmp_path / "cube.zarr", **asked)))
        run.start()
        while run.is_alive() and not list(folder_of(tmp_path / "cube.zarr").glob("[0-9]*.zip")):
            time.sleep(0.005)
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        left = len(plan.dates) - len(list(folder_of(tmp_path / "cube.zarr").glob("[0-9]*.zip")))
        run.join(300)
    assert left > 0
    assert answers, "the run ended without an answer"
    assert answers[0].identical(alone)


def test_workers_whose_winds_are_others_are_refused(winds, tmp_path):
    other = tmp_path / "other.nc"
    flows.winds(flows.Jet(), step_deg=10.0, hours=np.arange(0, 121, 12)).to_netcdf(other, engine="h5netcdf")
    with pytest.raises(
        InvalidInput, match=r"worker: .*other\.nc: winds: got sha256 \w{12}, expected \w{12}, as the run"
    ):
        expose(open_winds(winds), plan_of(winds), tmp_path / "cube.zarr", scheduler="local:1", source=str(other))
    assert not folder_of(tmp_path / "cube.zarr").exists()


def test_the_command_runs_on_one_process_on_two_and_on_threads(winds, tmp_path):
    ask = ["exposure", "--from", "grid:60", "--float", "18000", "--start", "2023-01-01", "--end", "2023-01-02", "--every",
           "12", "--days", "2", "--members", "3", "--winds", str(winds), "--seed", "3", "-o"]  # fmt: skip
    cubes = []
    for name, more in (("threads", []), ("one", ["--scheduler", "local:1"]), ("two", ["--scheduler", "local:2"])):
        done = command(*ask, f"{name}.zarr", *more, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, f"written: {name}.zarr\n")
        cubes.append(open_cube(tmp_path / f"{name}.zarr"))
        del cubes[-1].attrs["command"]
    assert cubes[1].identical(cubes[0])
    assert cubes[2].identical(cubes[0])
