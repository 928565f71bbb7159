"""What exposure costs: does it grow linearly in members and dates, and what do two threads or two processes gain?

    python benchmarks/exposure.py [--days 5] [--grid 20] [--rounds 2]

The winds are those of the study (validation/field.py): two real GFS fields of 2.5 degrees and 15 levels that travel and
turn into one another, six-hourly. Every time is the least of some rounds, after one that is not counted; CPU is that of
this process. Last, what it costs to lay out one wind time for the engine, of a finer grid.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

sys.path.insert(0, str(Path(__file__).parents[1]))

from validation.field import START, travelling

from overflight.airspace.exposure import Plan, dates_between, expose, places_of
from overflight.airspace.exposure.flights import fly
from overflight.airspace.exposure.plan import digest_of
from overflight.drift.pack import WindPack
from overflight.winds import open_winds


def timed(run, rounds: int) -> tuple[float, float]:
    run()
    best = (np.inf, np.inf)
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    return best


def balloon_days(plan: Plan) -> float:
    return plan.releases * plan.members * len(plan.dates) * plan.days


def told(what: str, plan: Plan, wall: float, cpu: float) -> None:
    rate = balloon_days(plan) / cpu if cpu else np.nan
    print(f"{what}: {wall:.2f} s, CPU {cpu:.2f} s; {balloon_days(plan):,.0f} balloon-days, {rate:,.0f} a CPU second")


def in_members(winds: xr.Dataset, plan: Plan, rounds: int) -> None:
    first = None
    for members in (8, 16, 32, 64):
        one = replace(plan, members=members, dates=plan.dates[:1])
        wall, cpu = timed(lambda one=one: fly(winds, one, one.dates[0]), rounds)
        first = first or cpu / members
        told(f"1 date x {members} members (linear would be 1, is {cpu / members / first:.2f})", one, wall, cpu)


def whole(winds: xr.Dataset, plan: Plan, **how) -> None:
    with tempfile.TemporaryDirectory() as folder:
        expose(winds, plan, Path(folder) / "cube.zarr", **how)


def in_dates(winds: xr.Dataset, plan: Plan, rounds: int) -> None:
    first = None
    for dates in (1, 2, 4, 8):
        one = replace(plan, dates=plan.dates[:dates])
        wall, cpu = timed(lambda one=one: whole(winds, one), rounds)
        first = first or cpu / dates
        told(
            f"{dates} dates x {plan.members} members (linear would be 1, is {cpu / dates / first:.2f})", one, wall, cpu
        )


def at_once(winds: xr.Dataset, plan: Plan, rounds: int) -> None:
    """Compare one and two of a kind in turn, so that what else the machine does falls on both."""
    from distributed import Client, LocalCluster

    threads = {n: partial(whole, winds, plan, threads=n) for n in (1, 2)}
    told_in_turn("threads", threads, rounds)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder) / "winds.nc"
        winds.to_netcdf(path, engine="h5netcdf")
        asked = replace(plan, winds_sha256=digest_of(open_winds(path)))
        runs = {}
        for n in (1, 2):
            how = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
            made = stack.enter_context(LocalCluster(n_workers=n, processes=True, **how))
            stack.enter_context(Client(made))
            runs[n] = partial(whole, winds, asked, scheduler=made.scheduler_address, source=str(path))
        told_in_turn("processes", runs, rounds)


def told_in_turn(what: str, runs: dict, rounds: int) -> None:
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, (np.inf, np.inf))
    for _ in range(rounds):
        for n, run in runs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            best[n] = min(best[n], (time.perf_counter() - wall, time.process_time() - cpu))
    (one, cpu_1), (two, cpu_2) = best.values()
    print(f"{what}: 1 {one:.2f} s (CPU here {cpu_1:.2f} s), 2 {two:.2f} s ({cpu_2:.2f} s), {one / two:.2f} times")


def slab(degree: float, levels: int) -> None:
    """Lay out wind times of a finer grid, from memory."""
    lat, lon = np.linspace(-90.0, 90.0, round(180 / degree) + 1), np.arange(-180.0, 180.0, degree)
    shape = (4, levels, lat.size, lon.size)
    field = np.random.default_rng(1).normal(0.0, 10.0, shape).astype(np.float32)
    times = START + np.arange(4) * np.timedelta64(6, "h")
    axes = {"time": times, "level": np.geomspace(300.0, 10.0, levels), "lat": lat, "lon": lon}
    winds = xr.Dataset(dict.fromkeys(("u", "v"), (("time", "level", "lat", "lon"), field)), axes)
    pack = WindPack(winds, keep=2)
    pack.release(pack.hold(0, towards=1, until=0))
    cpu = time.process_time()
    pack.release(pack.hold(2, towards=1, until=2))
    print(f"laying out one time of {degree} degree, {levels} levels: CPU {(time.process_time() - cpu) / 2:.3f} s")
    pack.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=5.0)
    parser.add_argument("--grid", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    winds = travelling()
    dates = dates_between(START, START + np.timedelta64(84, "h"), 12.0)
    places = places_of([f"grid:{asked.grid:g}"])
    plan = Plan(places=places, levels_m=(12_000.0, 18_000.0), dates=dates, days=asked.days, members=16, seed=1)
    print(f"{len(places)} places, 2 levels, {asked.days:g} days")
    in_members(winds, plan, asked.rounds)
    in_dates(winds, plan, asked.rounds)
    at_once(winds, replace(plan, members=48, dates=plan.dates[:4]), asked.rounds)
    for degree in (1.0, 0.5):
        slab(degree, 15)


if __name__ == "__main__":
    main()
