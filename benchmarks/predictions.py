"""Predictions a second through HTTP on loopback, one core a server; side by side with a running Tawhiri.

    python benchmarks/predictions.py --tawhiri VENV/bin/python

Both servers get the same winds: a synthetic flow, 0.5 degree, 47 levels as Tawhiri has them, three times. Each is held
to the same core, the client to another. Launches are over the open sea, where the ground is 0 m to both. Answers are
compared first; rounds alternate, and the ratio is of medians. The processor time that a server spends on a prediction
is told beside: it says what a core of its own would do where others use this machine too.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import xarray as xr

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TIMES_H = (0, 3, 6)
LEVELS_HPA = sorted(
    [10, 20, 30, 50, 70, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 800, 850, 900, 925, 950,
     975, 1000, 1, 2, 3, 5, 7, 125, 175, 225, 275, 325, 375, 425, 475, 525, 575, 625, 675, 725, 775, 825, 875],
    reverse=True,
)  # fmt: skip
NEAR_KM = 3.0
"""How near the landings of both must be: Tawhiri's heights are taken as geometric, ours are."""
SERVER_CORE, CLIENT_CORE = 0, 1
TAWHIRI = """
import sys
from werkzeug.serving import make_server
from tawhiri.api import app
app.config.update(WIND_DATASET_DIR=sys.argv[1], ELEVATION_DATASET=sys.argv[2])
make_server("127.0.0.1", int(sys.argv[3]), app, threaded=True).serve_forever()
"""
SHAPE = (65, 47, 3, 361, 720)
"""Of Tawhiri's file of winds: times, levels, height and u and v, rows from the south, columns; float32."""
ELEVATION_BYTES = 7_466_169_648
"""Of Tawhiri's file of the ground (Ruaumoko)."""
Ask = Callable[[dict[str, Any]], bytes]


def winds() -> xr.Dataset:
    """Return a synthetic flow: a jet that waves, stronger with height, another at each time."""
    lat, lon = np.arange(-90.0, 90.1, 0.5), np.arange(0.0, 360.0, 0.5)
    level = np.array(LEVELS_HPA, float)
    high = np.clip(np.log(1000.0 / level) / np.log(100.0), 0.0, 1.4)[None, :, None, None]
    hour = np.array(TIMES_H, float)[:, None, None, None]
    wave = np.radians(4.0 * lon + 3.0 * hour)
    ns = np.radians(lat)[None, None, :, None]
    u = (4.0 + 30.0 * high) * np.cos(ns) * (1.0 + 0.3 * np.sin(wave))
    v = 10.0 * high * np.cos(ns) ** 2 * np.cos(wave) + 0.0 * u
    stamps = [np.datetime64(EPOCH.replace(tzinfo=None), "ns") + np.timedelta64(h, "h") for h in TIMES_H]
    dims = ("time", "level", "lat", "lon")
    return xr.Dataset(
        {"u": (dims, u.astype("f4"), {"units": "m s-1"}), "v": (dims, v.astype("f4"), {"units": "m s-1"})},
        coords={"time": stamps, "level": ("level", level, {"units": "hPa"}), "lat": lat, "lon": lon},
    )


def launches(count: int, seed: int) -> list[dict[str, Any]]:
    """Return requests over the Pacific, each another."""
    draw = np.random.default_rng(seed)
    return [
        {"launch_latitude": round(float(draw.uniform(-25.0, -15.0)), 5),
         "launch_longitude": round(float(draw.uniform(235.0, 250.0)), 5),
         "launch_datetime": f"2026-01-01T00:{draw.integers(60):02d}:{draw.integers(60):02d}Z", "launch_altitude": 0,
         "ascent_rate": 5, "burst_altitude": 30_000, "descent_rate": 5, "version": 1}
        for _ in range(count)
    ]  # fmt: skip


@contextlib.contextmanager
def server(words: list[str], port: int, path: str) -> Iterator[tuple[Ask, int]]:
    """Run a server on one core, and give a way to ask it on one connection that stays."""
    process = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def ask(request: dict[str, Any]) -> bytes:
            connection.request("GET", f"{path}?{urlencode(request)}")
            answer = connection.getresponse()
            data = answer.read()
            assert answer.status == 200, data[:400]
            return data

        yield ask, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _await(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise SystemExit("the server does not answer")


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def ours(folder: Path, field: xr.Dataset) -> tuple[list[str], int]:
    """Return the command of our server."""
    field.to_netcdf(folder / "winds.nc", engine="h5netcdf")
    port = free_port()
    words = [sys.executable, "-m", "overflight", "serve", "--folder", str(folder / "service"), "--winds",
             str(folder / "winds.nc"), "--port", str(port), "--rate", "0", "--log", "problems"]  # fmt: skip
    return words, port


def tawhiri(folder: Path, field: xr.Dataset, python: str) -> tuple[list[str], int]:
    """Fill a data set of Tawhiri's own shape, and return the command of its server."""
    from overflight.geo.atmosphere import altitude_m

    (folder / "tawhiri").mkdir()
    data = np.memmap(folder / "tawhiri" / EPOCH.strftime("%Y%m%d%H"), np.float32, "w+", shape=SHAPE)  # sparse
    data[: len(TIMES_H), :, 0] = altitude_m(np.array(LEVELS_HPA, float) * 100.0)[None, :, None, None]
    data[: len(TIMES_H), :, 1], data[: len(TIMES_H), :, 2] = field["u"].values, field["v"].values
    data.flush()
    elevation = folder / "elevation"
    with elevation.open("wb") as stream:  # sparse: all of it is the level of the sea
        stream.truncate(ELEVATION_BYTES)
    port = free_port()
    return [python, "-c", TAWHIRI, str(folder / "tawhiri"), str(elevation), str(port)], port


def rate(ask: Ask, requests: list[dict[str, Any]]) -> float:
    """Return predictions a second."""
    began = time.perf_counter()
    for request in requests:
        ask(request)
    return len(requests) / (time.perf_counter() - began)


def landing(data: bytes) -> tuple[float, float]:
    """Return where a prediction ends."""
    last = json.loads(data)["prediction"][-1]["trajectory"][-1]
    return last["latitude"], last["longitude"]


def apart_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return how far apart two near places are."""
    north, east = a[0] - b[0], (a[1] - b[1]) * np.cos(np.radians(a[0]))
    return float(111.2 * np.hypot(north, east))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tawhiri", help="the Python of an environment with Tawhiri")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {CLIENT_CORE})
    field = winds()
    with tempfile.TemporaryDirectory() as room, contextlib.ExitStack() as running:
        folder = Path(room)
        servers = {"overflight": running.enter_context(server(*ours(folder, field), "/api/v1/"))}
        if asked.tawhiri:
            words, port = tawhiri(folder, field, asked.tawhiri)
            servers["Tawhiri"] = running.enter_context(server(words, port, "/api/v1/"))
        time.sleep(20.0)  # what is made after a start is made
        measure(servers, asked.count, asked.rounds)


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has spent."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def measure(servers: dict[str, tuple[Ask, int]], count: int, rounds: int) -> None:
    """Compare answers, then alternate; print medians, ranges and the ratio."""
    first = launches(20, 0)
    places = {name: [landing(ask(request)) for request in first] for name, (ask, _) in servers.items()}
    if len(servers) == 2:
        far = [apart_km(a, b) for a, b in zip(*places.values(), strict=True)]
        print(f"landings apart: {statistics.median(far):.2f} km in the median, {max(far):.2f} km at most")
        assert max(far) < NEAR_KM, far
    found: dict[str, list[float]] = {name: [] for name in servers}
    before = {name: cpu_s(pid) for name, (_, pid) in servers.items()}
    for number in range(rounds):
        order = list(servers.items())
        for name, (ask, _) in order if number % 2 else reversed(order):
            found[name].append(rate(ask, launches(count, 1 + number)))
    for name, rates in found.items():
        spent = 1e3 * (cpu_s(servers[name][1]) - before[name]) / (rounds * count)
        told = f"{statistics.median(rates):.0f} predictions a second ({min(rates):.0f}-{max(rates):.0f})"
        print(f"{name}: {told}; {spent:.2f} ms of processor time each")
    if len(found) == 2:
        ratios = [a / b for a, b in zip(*found.values(), strict=True)]
        print(f"ratio: {statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})")
    print(f"{rounds} rounds of {count}; {platform.machine()}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
