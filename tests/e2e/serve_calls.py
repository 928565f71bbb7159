"""A real service on loopback, and the calls that tests make of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from cli_calls import synthetic

LONG_S = 600.0
"""Generous: a first run compiles, and a machine may be busy with other things."""
TIMES = np.arange("2022-11-11T00", "2022-11-12T13", np.timedelta64(3, "h"), dtype="datetime64[h]")
LEVELS = (1000.0, 850.0, 700.0, 500.0, 300.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0)
FORECAST = {"time": "2022-11-11T06:00:00Z", "lat": 55, "lon": 10, "pressure": 100, "hours": 3, "members": 20, "seed": 1}
SIGHTINGS = "time,lat,lon,altitude_m\n2022-11-11T03:00:00Z,55,55,15000\n2022-11-11T06:00:00Z,55.1,56.7,15000\n"
LONG = FORECAST | {"hours": 30, "members": 60_000, "every": 30}
"""A forecast that does not end while a test looks at it."""


def write_winds(folder: Path) -> Path:
    """Write synthetic winds of the whole globe."""
    path = folder / "winds.nc"
    field = synthetic(time=TIMES.astype("datetime64[ns]"), level=LEVELS, lat=np.arange(-90.0, 90.1, 5.0),
                      lon=np.arange(0.0, 360.0, 5.0))  # fmt: skip
    field.to_netcdf(path, engine="h5netcdf")
    return path


@dataclass
class Served:
    """A running service."""

    folder: Path
    process: subprocess.Popen[str]
    url: str
    client: httpx.Client

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Ask."""
        return self.client.get(path, **more)

    def begin(self, verb: str, options: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Begin a job."""
        answer = self.client.post(f"/api/jobs/{verb}", json={"options": options, **more})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def until(self, job: str, *states: str) -> dict[str, Any]:
        """Wait until a job is in one of some states."""
        deadline = time.monotonic() + LONG_S
        while True:
            found = self.get(f"/api/jobs/{job}").json()
            if found["status"] in states:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.1)

    def until_running(self, job: str) -> dict[str, Any]:
        """Wait until a job says how far it is."""
        deadline = time.monotonic() + LONG_S
        while not (found := self.get(f"/api/jobs/{job}").json())["progress"]:
            assert found["status"] in ("queued", "running"), found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the service by a signal; return its exit code."""
        self.client.close()
        self.process.send_signal(number)
        code = self.process.wait(LONG_S)
        self.process.stdout.close()
        return code

    def children(self) -> list[int]:
        """Return the processes that the service has begun."""
        path = Path(f"/proc/{self.process.pid}/task")
        return [int(pid) for task in path.iterdir() for pid in (task / "children").read_text().split()]


def begun(folder: Path, *options: Any, winds: Path | None = None, port: int = 0, **environment: str) -> Served:
    """Start a service, and wait until it answers."""
    winds = winds or folder.parent / "winds.nc"
    words = ["serve", "--folder", folder, "--winds", winds, "--port", port, *options]
    own = {"OVERFLIGHT_WINDS_STORE": str(folder.parent / "store"), "XDG_CONFIG_HOME": str(folder.parent / "config"),
           "OVERFLIGHT_REGIONS_STORE": str(folder.parent.parent / "layers")}  # fmt: skip
    log = folder.parent / f"{folder.name}.log"
    with log.open("a") as stream:
        process = _started(words, stream, own | environment, folder.parent)
    line = process.stdout.readline()
    assert line.startswith("overflight at http://"), (line, log.read_text())
    url = line.split()[2].rstrip("/")
    _await(url)
    return Served(folder, process, url, httpx.Client(base_url=url, timeout=LONG_S))


def _started(words, stream, environment, folder) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "overflight", *map(str, words)], stdout=subprocess.PIPE, text=True,
        stderr=stream, env=os.environ | environment, cwd=folder,
    )  # fmt: skip


def _await(url: str) -> None:
    deadline = time.monotonic() + LONG_S
    while True:
        try:
            assert httpx.get(f"{url}/health", timeout=30.0).status_code == 200
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def until_gone(pid: int) -> None:
    """Wait until a process is no more."""
    deadline = time.monotonic() + LONG_S
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, Path(f"/proc/{pid}/cmdline").read_text()
        time.sleep(0.1)


@contextmanager
def serving(folder: Path, *options: Any, **more: Any) -> Iterator[Served]:
    """Give a service that is ended afterwards."""
    served = begun(folder, *options, **more)
    try:
        yield served
    finally:
        ended(served)


def ended(served: Served) -> None:
    """End a service, if it still runs."""
    served.client.close()
    if served.process.poll() is None:
        served.process.terminate()
        try:
            served.process.wait(30)
        except subprocess.TimeoutExpired:
            served.process.kill()
            served.process.wait()
    served.process.stdout.close()


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Yield the events of a stream: name and data; heartbeats are passed over."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def detail(answer: httpx.Response, status: int) -> str:
    """Check that an answer is a problem of a status, on one line; return the line."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "\n" not in body["detail"]
    return str(body["detail"])
