"""How long the overflight ledger takes: places against shapely's STRtree, and a million members' crossings.

    OVERFLIGHT_SHARED_DATA=... python benchmarks/airspace.py [--members 1000000] [--load]

Balloons float for ten days from one place in a global GFS forecast of 2.5 degree that is held, with wind error. Both
lookups get the same places of the moving ensemble, first one, then the other; answers are compared before anything is
printed. The ledger looks at each part of the run, an output an hour, and lets it go. ``--load`` times reading the
regions that are shipped, in a process of its own.
"""

import argparse
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely

from overflight.airspace import countries
from overflight.airspace.shapes import shapes
from overflight.airspace.tally import Tally
from overflight.drift import Release, Settings
from overflight.drift.simulate import simulate_parts
from overflight.flight import float_at_pressure
from overflight.winds import WindError, open_winds

FILE = "winds/gfs_20110110T12_f120_global_2p5deg.nc"
HOURS, PART = 239, 25_000
LOAD = """
import time; import numpy, shapely, numba
from overflight.airspace import countries
countries().partition.grid; countries.cache_clear()
begin = time.perf_counter(); countries().partition.grid; print(time.perf_counter() - begin)
"""


def parts(folder: Path, members: int):
    winds = open_winds(folder / FILE)
    start = datetime(2011, 1, 15, 12, tzinfo=UTC)
    release = Release(time=start, lat=30.0, lon=110.0, position_sd_m=100_000.0)
    settings = Settings(wind_error=WindError(), steady=True, memory_bytes=PART * (600 + 25 * (HOURS + 1)))
    return simulate_parts(winds, float_at_pressure(5_000.0), release, hours=HOURS, members=members, seed=1,
                          settings=settings)  # fmt: skip


def lookups(part) -> None:
    """Places of 2,000 members at all outputs, as both lookups find them."""
    lat, lon = (part[name].values[:2000].astype(np.float64).ravel() for name in ("lat", "lon"))
    regions = countries()
    ids = [region.id for region in regions.regions if region.kind in ("land", "inland water", "disputed")]
    polygons = shapes(regions, ids)
    tree, points = shapely.STRtree(polygons), shapely.points(lon, lat)
    tree.query(points[:1000], predicate="within")
    ratios = []
    for _ in range(3):
        begin = time.perf_counter()
        at, which = tree.query(points, predicate="within")
        theirs, begin = time.perf_counter() - begin, time.perf_counter()
        faces = regions.partition.faces(lat, lon)
        ours = time.perf_counter() - begin
        ratios.append(theirs / ours)
    found = np.full(lat.size, -1)
    found[at] = which
    numbers = {region.id: k for k, region in enumerate(regions.regions)}
    of = {numbers[name]: k for k, name in enumerate(ids)}
    from overflight.airspace.labels import strongest

    covers = [[of[r] for r in strongest(c, regions.regions) if r in of] for c in regions.partition.covers]
    apart = sum(found[k] not in (covers[f] or [-1]) for k, f in enumerate(faces))
    times = f"{np.median(ratios):.0f} times as fast ({min(ratios):.0f} to {max(ratios):.0f})"
    print(f"{lat.size:,} places: STRtree {theirs:.2f} s, grid {ours:.3f} s, {times}; {apart} answers differ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--load", action="store_true")
    asked = parser.parse_args()
    if asked.load:
        seconds = [float(subprocess.check_output([sys.executable, "-c", LOAD])) for _ in range(5)]
        middle, least, most = (1e3 * f(seconds) for f in (np.median, min, max))
        print(f"regions loaded in {middle:.0f} ms ({least:.0f} to {most:.0f})")
        return
    folder = Path(os.environ["OVERFLIGHT_SHARED_DATA"])
    tally, spent, members = Tally(countries()), 0.0, 0
    begin = time.perf_counter()
    for number, part in enumerate(parts(folder, asked.members)):
        if number == 0:
            lookups(part)
            tally.add(part.isel(trajectory=slice(0, 10)))  # compiled before anything is timed
            tally.found.clear()
            begin = time.perf_counter()
        at = time.perf_counter()
        tally.add(part)
        spent += time.perf_counter() - at
        members += part.sizes["trajectory"]
    at = time.perf_counter()
    found = tally.ledger()
    spent += time.perf_counter() - at
    print(f"{members:,} members x {part.sizes['obs']} outputs: crossings and ledger {spent:.1f} s, "
          f"run and ledger {time.perf_counter() - begin:.1f} s; {len(found.table)} rows, "
          f"{found.counts @ np.arange(found.counts.size) / members:.1f} countries a member")  # fmt: skip


if __name__ == "__main__":
    main()
