"""Debris to the ground: 100,000 members of the standard classes from 20 km, over the terrain that is shipped.

The bar is under 3 s on 2 cores. Winds are a made-up jet of 26 levels on a grid of half a degree over 40 by 40 degrees;
the first run compiles and is not counted. ``python benchmarks/recover.py [members]``
"""

import sys
import time

import numpy as np
import xarray as xr

from overflight.drift import Release, simulate
from overflight.drift.pack import WindPack
from overflight.flight import debris
from overflight.geo.terrain import Terrain
from overflight.recover.landing import settings_of
from overflight.recover.wind_error import error_below
from overflight.winds import canonical


def winds() -> xr.Dataset:
    """A westerly jet at 250 hPa, turning with height, every 3 hours."""
    level = np.array([1000, 975, 950, 925, 900, 850, 800, 750, 700, 650, 600, 550, 500, 450, 400, 350, 300, 250, 200,
                      150, 100, 70, 50, 30, 20, 10], float)  # fmt: skip
    lat, lon = np.arange(30.0, 70.1, 0.5), np.arange(-130.0, -89.9, 0.5)
    time_ = np.datetime64("2023-02-04T12", "ns") + 3 * np.arange(9) * np.timedelta64(1, "h")
    speed = 8.0 + 30.0 * np.exp(-(np.log(level / 250.0) ** 2))
    shape = (time_.size, level.size, lat.size, lon.size)
    u = np.broadcast_to(speed[None, :, None, None] * np.cos(np.radians(lat - 50.0))[None, None, :, None], shape)
    v = np.broadcast_to(5.0 * np.sin(np.radians(4.0 * lon)), shape)
    fields = {"u": (("time", "level", "lat", "lon"), u), "v": (("time", "level", "lat", "lon"), v)}
    return canonical(xr.Dataset(fields, {"time": time_, "level": level, "lat": lat, "lon": lon}), name="jet")


def main(members: int = 100_000) -> None:
    pack = WindPack(winds(), densities=True, keep=9)
    settings = settings_of(Terrain.load(), error_below(pack.winds), threads=2)
    release = Release(time=np.repeat(np.datetime64("2023-02-04T19:39", "ns"), members), lat=50.0, lon=-115.0,
                      altitude_m=20_000.0, position_sd_m=2_000.0)  # fmt: skip
    for turn in range(3):
        began, busy = time.perf_counter(), time.process_time()
        data = simulate(pack, debris(), release, hours=24.0, members=members, seed=turn, settings=settings)
        took, busy = time.perf_counter() - began, time.process_time() - busy
        landed = float((data["end_status"].values == 1).mean())
        what = "with compilation" if turn == 0 else "the processors had other work" if busy < 1.2 * took else ""
        print(f"{members:,} members to the ground in {took:.2f} s, {busy:.2f} s of processor time, "
              f"{100 * landed:.1f} % landed {what}")  # fmt: skip


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
