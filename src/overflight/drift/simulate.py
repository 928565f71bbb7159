"""The engine: winds, a flight and a release become trajectories."""

from __future__ import annotations

import numpy as np
import xarray as xr

from overflight.drift.kernels.float_block import LANES
from overflight.drift.pack import WindPack
from overflight.drift.release import Release
from overflight.drift.run import Job, Run, outputs, pack_for
from overflight.drift.settings import Settings
from overflight.drift.trajectories import joined
from overflight.errors import InvalidInput
from overflight.flight import Flight, kernels

BYTES_AN_OUTPUT = 17


def simulate(
    winds: xr.Dataset | WindPack,
    flight: Flight,
    release: Release,
    *,
    hours: float,
    members: int,
    seed: int,
    settings: Settings | None = None,
) -> xr.Dataset:
    """Carry an ensemble of balloons through the winds.

    Parameters
    ----------
    winds : canonical wind dataset, see ``overflight.winds``; or a WindPack, which many runs may share.
    flight : Flight. What the balloon does vertically; each member draws its own parameters.
    release : Release. Where and when members begin.
    hours : float. How long to follow them; below 0 goes back in time.
    members : int. Their number.
    seed : int. Same seed, same trajectories, on any number of threads and in any number of parts.
    settings : Settings. Step, output, threads, wind error, terrain.

    Returns
    -------
    Dataset
        CF trajectories, see ``overflight.drift.trajectories``.

    Raises
    ------
    InvalidInput
        A number is out of range, or the flight cannot be run backwards.
    OutOfCoverage
        The winds know no time of the run.

    References
    ----------
    Integration on the sphere of the mean Earth radius plus the balloon's height by the classical Runge-Kutta method of
    order 4; winds linear in longitude, latitude, ln p (or height) and time.
    """
    settings = (settings or Settings()).for_flight(flight)
    _require_sense(flight, hours, members, seed)
    starts = release.draw(members, seed)
    size = max(LANES, settings.memory_bytes // (BYTES_AN_OUTPUT * outputs(hours, settings.output_s)))
    parts = [(first, min(first + size, members)) for first in range(0, members, size)]
    pack = winds if isinstance(winds, WindPack) else pack_for(winds, flight, settings)
    results = []
    try:
        for part, (first, last) in enumerate(parts):
            job = Job(flight, starts.part(first, last), hours, seed, first)
            results.append(Run(pack, job, settings, (part, len(parts))).trajectories())
    finally:
        if pack is not winds:
            pack.close()
    return joined(results)


def _require_sense(flight: Flight, hours: float, members: int, seed: int) -> None:
    if not (np.isfinite(hours) and hours != 0.0):
        raise InvalidInput("hours", str(hours), "a finite number other than 0")
    if members < 1:
        raise InvalidInput("members", str(members), "1 or more")
    if not 0 <= seed < 2**63:
        raise InvalidInput("seed", str(seed), "a whole number of 0 to 2^63 - 1")
    reversible = (kernels.FLOAT_PRESSURE, kernels.FLOAT_HEIGHT, kernels.FLOAT_DENSITY, kernels.RECORDED)
    if hours < 0 and any(phase.code not in reversible for phase in flight.phases):
        raise InvalidInput(
            "flight",
            "a flight with ascent or descent",
            "floats or a recorded profile to go back in time",
            hint="a hindcast needs a level, not a launch",
        )
