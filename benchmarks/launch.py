"""One flight prediction (ascent, burst, descent) on 0.5 degree winds held in memory, warm: milliseconds.

Three figures: the answer shaped like Tawhiri's, with the winds packed once and shared by all requests, as a service
does; the same flight as a dataset of trajectories; and with the winds packed for each call.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import workload
import xarray as xr
from run import machine

from overflight.drift import Release, Settings, simulate, tawhiri
from overflight.drift.pack import WindPack
from overflight.flight import tawhiri_standard
from overflight.geo.terrain import Terrain

BAR_MS = 2.0


def winds_of(folder: Path) -> xr.Dataset:
    dims = ("time", "level", "lat", "lon")
    u, v = (np.roll(np.load(folder / f"{name}.npy")[:3], 360, axis=-1) for name in "uv")
    heights = workload.geopotential_height_m(workload.LEVELS_HPA).astype(np.float32)[None, :, None, None]
    return xr.Dataset(
        {
            "u": (dims, u, {"units": "m s-1"}),
            "v": (dims, v, {"units": "m s-1"}),
            "z": (dims, np.broadcast_to(heights, u.shape).copy(), {"units": "m"}),
        },
        {
            "time": np.datetime64(workload.START, "ns") + np.arange(3) * np.timedelta64(3, "h"),
            "level": workload.LEVELS_HPA,
            "lat": workload.LAT,
            "lon": workload.LON - 180.0,
        },
        {"source": "benchmark", "sha256": "", "title": "analytic winds"},
    )


def milliseconds(run: Callable[[int], object], runs: int) -> np.ndarray:
    run(0)
    taken = []
    for i in range(runs):
        begin = time.perf_counter()
        run(i)
        taken.append((time.perf_counter() - begin) * 1e3)
    return np.sort(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "overflight-bench")
    parser.add_argument("--runs", type=int, default=300)
    args = parser.parse_args()
    winds = winds_of(workload.write(args.peers / "workload"))
    flight = tawhiri_standard(5.0, 30_000.0, 5.0)
    settings = Settings(step_s=60.0, output_s=60.0, threads=1)
    start = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)

    def predict(source: xr.Dataset | WindPack, i: int) -> xr.Dataset:
        release = Release(time=start + timedelta(minutes=i % 60), lat=52.0 + 0.01 * i, lon=0.5, altitude_m=10.0)
        return simulate(source, flight, release, hours=3.5, members=1, seed=1, settings=settings)

    def ask(i: int) -> object:
        launched = start + timedelta(minutes=i % 60)
        where = {"launch_latitude": 52.0 + 0.01 * i, "launch_longitude": 0.5, "launch_altitude": 10.0}
        how = {"ascent_rate": 5.0, "burst_altitude": 30_000.0, "descent_rate": 5.0}
        return tawhiri.predict(pack, where | how | {"launch_datetime": launched.isoformat()}, ground)

    ground = Settings(terrain=Terrain.load())
    pack = WindPack(winds, densities=True, keep=2)
    asked = milliseconds(ask, args.runs)
    shared = milliseconds(lambda i: predict(pack, i), args.runs)
    fresh = milliseconds(lambda i: predict(winds, i), 5)
    pack.close()
    rows = (("prediction", asked), ("dataset", shared), ("dataset, winds packed each time", fresh))
    for name, taken in rows:
        print(f"{name}: least {taken[0]:.2f} ms, median {taken[taken.size // 2]:.2f} ms, most {taken[-1]:.2f} ms")
    print(f"bar: {BAR_MS} ms; {machine()}")


if __name__ == "__main__":
    main()
