"""Peak memory of the command on global 0.25 degree winds of 31 levels, read from a NetCDF file.

The winds are those of the workload, brought to four times as many columns and half as many more levels.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import workload
from h5netcdf import legacyapi
from run import machine

LEVELS_HPA = np.array([1000, 975, 950, 925, 900, 850, 800, 750, 700, 650, 600, 550, 500, 450, 400, 350, 300, 250, 200,
                       150, 125, 100, 85, 70, 60, 50, 40, 30, 25, 20, 10], np.float64)  # fmt: skip
TIMES = 9
BAR_GIB = 3.0
FLIGHTS = {
    "floats at 50 hPa": ("forecast", "--pressure", "50", "--hours", "22"),
    "floats at 18 km": ("forecast", "--altitude", "18000", "--hours", "22"),
    "soundings": ("launch", "--burst-altitude", "28000", "--descent-rate", "5"),
}


def write(folder: Path) -> Path:
    """Write the winds once; 5 GB."""
    path = folder / "quarter-degree.nc"
    if path.exists():
        return path
    lat, lon = np.linspace(-90.0, 90.0, 721), np.arange(-180.0, 180.0, 0.25)
    source = workload.write(folder / "workload")
    fields = {name: np.load(source / f"{name}.npy", mmap_mode="r") for name in "uv"}
    level = np.abs(np.log(workload.LEVELS_HPA)[None] - np.log(LEVELS_HPA)[:, None]).argmin(axis=1)
    row, column = np.arange(721) // 2, (np.arange(1440) // 2 + 360) % 720
    beside = path.with_suffix(".part")
    with legacyapi.Dataset(beside, "w") as data:
        for name, values in (("time", 3.0 * np.arange(TIMES)), ("level", LEVELS_HPA), ("lat", lat), ("lon", lon)):
            data.createDimension(name, values.size)
            data.createVariable(name, "f8", (name,))[:] = values
        data["time"].units = f"hours since {workload.START}"
        data["level"].units, data["lat"].units, data["lon"].units = "hPa", "degrees_north", "degrees_east"
        for name, unit in (("u", "m s-1"), ("v", "m s-1"), ("t", "K"), ("z", "m")):
            data.createVariable(name, "f4", ("time", "level", "lat", "lon"), chunksizes=(1, 1, 721, 1440)).units = unit
        data["z"].standard_name = "geopotential_height"
        heights = workload.geopotential_height_m(LEVELS_HPA)
        for t in range(TIMES):
            for i, k in enumerate(level):
                data["u"][t, i], data["v"][t, i] = (fields[n][t][k][row][:, column] for n in "uv")
                data["t"][t, i], data["z"][t, i] = 220.0, heights[i]
    return beside.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "overflight-bench")
    parser.add_argument("--members", type=int, default=10_000)
    args = parser.parse_args()
    winds, command = write(args.peers), Path(sys.executable).with_name("overflight")
    place = ("--winds", winds, "--time", "2026-01-01T00:30:00Z", "--lat", "46", "--lon", "7", "--seed", "1")
    for name, (verb, *how) in FLIGHTS.items():
        begin = time.perf_counter()
        run = subprocess.Popen([command, verb, *place, *how, "--members", str(args.members)], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(run.pid, 0)
        if status:
            sys.exit(f"{name}: exit code {os.waitstatus_to_exitcode(status)}")
        seconds, peak = time.perf_counter() - begin, used.ru_maxrss / 2**20
        print(f"{name}: {args.members:,} members, {seconds:.1f} s, peak {peak:.2f} GiB; bar {BAR_GIB} GiB")
    print(machine())


if __name__ == "__main__":
    main()
