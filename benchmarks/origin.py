"""How long a launch posterior takes: 10 sightings, launches up to three days back, 200,000 tried.

    OVERFLIGHT_SHARED_DATA=... python benchmarks/origin.py [--members 200000] [--degree 1.0]

The winds are one global GFS forecast of 2.5 degree with 26 levels, brought to a finer grid and held at six-hourly
times: its size is that of real winds, its changes in time are none. Wall clock and CPU are of the second of two runs,
so that compiling is not counted.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import xarray as xr

from overflight import infer
from overflight.drift import Release, Settings, simulate
from overflight.flight import float_at_pressure
from overflight.geo.times import to_datetime
from overflight.sightings import Altitude, Sighting
from overflight.winds import WindError, open_winds

FILE = "winds/gfs_20110110T12_f120_global_2p5deg.nc"
FIRST = np.datetime64("2011-01-15T12:00", "ns")
PRESSURE_PA, ALTITUDE_M = 7_000.0, 18_500.0


def winds_of(folder: Path, degree: float) -> xr.Dataset:
    one = open_winds(folder / FILE).load().isel(time=0, drop=True)
    lat = np.linspace(-90.0, 90.0, round(180.0 / degree) + 1)
    lon = np.arange(-180.0, 180.0, degree)
    edge = one.isel(lon=[0]).assign_coords(lon=one["lon"].values[:1] + 360.0)
    fine = xr.concat([one, edge], dim="lon").interp(lat=lat, lon=lon).astype(np.float32)
    times = FIRST + np.arange(-78, 37, 6) * np.timedelta64(1, "h")
    return fine.expand_dims(time=times).transpose("time", "level", "lat", "lon").assign_attrs(one.attrs)


def sightings(winds: xr.Dataset) -> list[Sighting]:
    release = Release(time=to_datetime(FIRST), lat=47.0, lon=-110.0)
    flown = simulate(winds, float_at_pressure(PRESSURE_PA), release, hours=30, members=1, seed=3,
                     settings=Settings(wind_error=WindError()))  # fmt: skip
    altitude = Altitude(value_m=ALTITUDE_M, sd_m=300.0, reference="pressure")
    return [
        Sighting(time=to_datetime(FIRST + np.timedelta64(h, "h")), time_sd_s=300.0, lat=float(flown.lat[0, h]),
                 lon=float(flown.lon[0, h]), position_sd_m=5_000.0, altitude=altitude, object_label="", source="",
                 note="", evidence_sha256="")
        for h in range(0, 30, 3)
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument("--degree", type=float, default=1.0)
    parser.add_argument("--hours-back", type=float, default=72.0)
    asked = parser.parse_args()
    winds = winds_of(Path(os.environ["OVERFLIGHT_SHARED_DATA"]), asked.degree)
    seen = sightings(winds)
    print(f"{len(seen)} sightings, winds {dict(winds.sizes)}")
    for members in (2_000, asked.members):
        wall, cpu = time.perf_counter(), time.process_time()
        track = infer.track(seen, winds, seed=7, members=400)
        half = time.perf_counter(), time.process_time()
        found = infer.origin(track, winds, hours_back=asked.hours_back, members=members)
        wall_2, cpu_2 = time.perf_counter(), time.process_time()
        print(f"{members:,} members: track {half[0] - wall:.1f} s ({half[1] - cpu:.1f} s CPU), origin "
              f"{wall_2 - half[0]:.1f} s ({cpu_2 - half[1]:.1f} s CPU), ESS {found.ess:,.0f}")  # fmt: skip
    print(found)


if __name__ == "__main__":
    main()
