"""The flights of one date: all places, levels and members in one ensemble, so that each wind slab is read once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import numpy as np
import xarray as xr

from overflight.airspace.exposure.plan import Plan, span_of
from overflight.airspace.exposure.tally import Tally, tally, together
from overflight.drift import Release, Settings
from overflight.drift.pack import WindPack
from overflight.drift.parts import largest_part
from overflight.drift.run import pack_for
from overflight.drift.simulate import simulate_parts
from overflight.flight import Flight, float_at_pressure
from overflight.geo.spread import Given
from overflight.geo.terrain import Terrain
from overflight.winds import members as members_of
from overflight.winds.error import WindError

MEMORY_BYTES = 512 * 2**20
"""Trajectories of one date that are held at once; a date with more of them flies in parts."""
SLABS_BYTES = 2 * 2**30
"""Wind slabs that are kept for the parts of a date, so that they need not be read again."""
OUTPUT_S = 3600.0

Tell = Callable[[int, int], None]


def fly(winds: xr.Dataset, plan: Plan, date: str, *, threads: int = 1, tell: Tell | None = None) -> Tally:
    """Release every balloon of a date, follow them all, and count what they did.

    Parameters
    ----------
    winds : canonical wind dataset that encloses the flights, see ``plan.require_winds``.
    tell : called with (done, total) steps of work; what it raises ends the flights.
    """
    held = winds_of(winds, plan, date)
    balloons = plan.releases * plan.members
    flight = float_at_pressure(Given(plan.pressures_pa(date)))
    lat, lon = (np.repeat([getattr(p, n) for p in plan.places], balloons // len(plan.places)) for n in ("lat", "lon"))
    release = Release(time=np.broadcast_to(plan.instant(date), (balloons,)), lat=lat, lon=lon)
    settings = Settings(output_s=OUTPUT_S, threads=threads, memory_bytes=MEMORY_BYTES, steady=plan.steady,
                        wind_error=WindError() if plan.wind_error else None, terrain=Terrain.load(),
                        progress=tell).for_flight(flight)  # fmt: skip
    with closing(_packed(held, flight, settings, plan)) as pack:
        parts = simulate_parts(pack, flight, release, hours=plan.hours, members=balloons, seed=plan.date_seed(date),
                               settings=settings)  # fmt: skip
        return together([tally(part, plan, threads=threads) for part in parts])


def winds_of(winds: xr.Dataset, plan: Plan, date: str) -> xr.Dataset:
    """Return the winds that enclose the flights of a date, and no others: its result depends on nothing else."""
    one = members_of(winds)[0]
    if plan.steady and one.sizes["time"] == 1:
        return one
    first, last = span_of(plan, date, one["time"].values.astype("datetime64[ns]"))
    return one.isel(time=slice(first, last + 1))


def _packed(winds: xr.Dataset, flight: Flight, settings: Settings, plan: Plan) -> WindPack:
    """Pack the winds of a date; where its balloons fly in parts, keep as many slabs as memory allows."""
    slabs = max(1, winds.sizes["time"] - 1)
    is_whole = plan.releases * plan.members <= largest_part(plan.hours, settings)
    slab_bytes = 64 * winds.sizes["lat"] * winds.sizes["lon"] * winds.sizes["level"]
    keep = 1 if is_whole or slabs * slab_bytes > SLABS_BYTES else slabs
    return pack_for(winds, flight, settings, keep=keep)
