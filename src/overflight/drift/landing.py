"""Many flights of one launch: where and when they turn, and where and when they end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from overflight.drift.kernels.output import BURST, ENDED, FLYING, LANDED
from overflight.drift.pack import WindPack
from overflight.drift.release import Release
from overflight.drift.scatter import Moment, at_elapsed, at_end
from overflight.drift.settings import Settings
from overflight.drift.simulate import simulate
from overflight.drift.tawhiri import FLOAT, Request, first_height_m, still_up
from overflight.errors import OutOfCoverage
from overflight.flight import Flight, kernels
from overflight.geo.times import iso

RATE = 1
"""Column of an ascent's parameters that holds its constant rate. [m/s]"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landings:
    """An ensemble of flights.

    Attributes
    ----------
    trajectories : Dataset (trajectory, obs), up to where the last member ended.
    top : Moment. Each member at the end of its ascent.
    end : Moment. Those members whose flight ended as planned, on the ground or at the end of the float.
    """

    trajectories: xr.Dataset
    top: Moment
    end: Moment


def landings(
    winds: xr.Dataset | WindPack, asked: Request, flight: Flight, *, members: int, seed: int, settings: Settings
) -> Landings:
    """Fly a launch many times, each member with its own draws of the flight's parameters and of wind error.

    Raises
    ------
    InvalidInput
        The ground at the launch is above the end of the ascent, or no member is down in the longest time.
    OutOfCoverage
        No member's flight ends within the winds.
    """
    first_height_m(asked, settings.terrain)
    release = Release(time=asked.launch, lat=asked.latitude, lon=asked.longitude, altitude_m=asked.altitude_m)
    data = simulate(winds, flight, release, hours=asked.hours, members=members, seed=seed, settings=settings)
    done = (LANDED, ENDED, FLYING) if asked.profile == FLOAT else (LANDED, ENDED)
    planned = np.isin(data["end_status"].values, done)
    up = np.isin(data["end_status"].values, (FLYING, BURST))
    if not planned.any() and up.any():
        raise still_up(asked, float(np.median(data["end_altitude"].values[up])))
    if not planned.any():
        raise OutOfCoverage("winds", f"whole flights from {iso(asked.launch)}", f"winds that none of {members} ends in")
    flying = np.isin(data["status"].values, (FLYING, BURST)).any(axis=0)
    last = int(np.flatnonzero(flying)[-1]) + 2
    kept, ascent = data.isel(obs=slice(0, last)), flight.rows(seed, members)[1][:, 0]
    rise_m = ascent[:, kernels.STOP_VALUE] - kept["altitude"].values[:, 0]
    top = at_elapsed(kept, np.maximum(rise_m, 0.0) / ascent[:, RATE])
    return Landings(trajectories=kept, top=top, end=at_end(data).only(planned))
