"""A million members for ten days on 0.5 degree winds: wall time, and peak memory beside the wind slabs.

The winds are those of the workload, repeated for ten days and handed over lazily from disk, as an archive would be.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import workload
import xarray as xr
from run import machine
from xarray.backends import BackendArray
from xarray.core import indexing

from overflight.drift import Release, Settings, simulate
from overflight.flight import Flight
from overflight.flight.phases import Float
from overflight.geo.spread import Spread
from overflight.winds.error import WindError

DAYS = 10


class Repeated(BackendArray):
    """A file of 9 wind times, read again and again; longitudes turned to begin at -180."""

    def __init__(self, path: Path, times: int) -> None:
        self.source = np.load(path, mmap_mode="r")
        self.shape = (times, *self.source.shape[1:])
        self.dtype = self.source.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple) -> np.ndarray:
        when, *rest = key
        wanted = np.arange(self.shape[0])[when]
        if np.ndim(wanted) == 0:
            return self._one(int(wanted))[tuple(rest)]
        return np.stack([self._one(int(t))[tuple(rest)] for t in wanted])

    def _one(self, time: int) -> np.ndarray:
        field, half = self.source[time % 8], self.shape[3] // 2
        turned = np.empty(field.shape, field.dtype)
        turned[..., :half], turned[..., half:] = field[..., half:], field[..., :half]
        return turned


def archive(folder: Path) -> xr.Dataset:
    times = DAYS * 8 + 2
    dims = ("time", "level", "lat", "lon")
    heights = workload.geopotential_height_m(workload.LEVELS_HPA).astype(np.float32)[None, :, None, None]
    lazy = {n: indexing.LazilyIndexedArray(Repeated(folder / f"{n}.npy", times)) for n in "uv"}
    start = np.datetime64(workload.START, "ns")
    return xr.Dataset(
        {
            "u": (dims, lazy["u"], {"units": "m s-1", "standard_name": "eastward_wind"}),
            "v": (dims, lazy["v"], {"units": "m s-1", "standard_name": "northward_wind"}),
            "z": (dims, np.broadcast_to(heights, (times, 20, 361, 720)), {"units": "m"}),
        },
        {
            "time": start + np.arange(times) * np.timedelta64(3, "h"),
            "level": workload.LEVELS_HPA,
            "lat": workload.LAT,
            "lon": workload.LON - 180.0,
        },
        {"source": "benchmark", "sha256": "", "title": "analytic winds, repeated"},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "overflight-bench")
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--step-s", type=float, default=None, help="default: the engine's own")
    parser.add_argument("--output-h", type=float, default=240.0)
    parser.add_argument("--wind-error", action="store_true", help="perturb each member's wind, as a forecast does")
    args = parser.parse_args()
    winds = archive(workload.write(args.peers / "workload"))
    flight = Flight(phases=(Float(surface="pressure", value=Spread("uniform", 5_000.0, 10_000.0)),))
    release = Release(time=datetime(2026, 1, 1, tzinfo=UTC), lat=46.0, lon=7.0, position_sd_m=200_000.0)
    given = {} if args.step_s is None else {"step_s": args.step_s}
    error = WindError() if args.wind_error else None
    settings = Settings(output_s=args.output_h * 3600.0, wind_error=error, **given)

    def run(members: int, hours: float) -> xr.Dataset:
        return simulate(winds, flight, release, hours=hours, members=members, seed=1, settings=settings)

    run(10_000, 6.0)  # compiled code and file cache warm
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    begin = time.perf_counter()
    result = run(args.members, DAYS * 24.0)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    slabs = 2 * 20 * 361 * 721 * 8 / 2**30
    flying = float((result["status"].to_numpy()[:, -1] == 0).mean()) if "status" in result else float("nan")
    how = "with wind error" if args.wind_error else "winds as given"
    print(f"{args.members:,} members, {DAYS} days, step {settings.step_s:.0f} s, {how}: {seconds:.1f} s wall")
    print(
        f"peak memory {peak:.2f} GiB (before the run {before:.2f}, two wind slabs {slabs:.2f}); bars 60 s, 2 GiB beside"
    )
    print(f"still flying at the end: {flying:.3f}; {machine()}")


if __name__ == "__main__":
    main()
