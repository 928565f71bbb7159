"""The engine: winds, a flight and a release become trajectories."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from overflight.drift.error_state import ErrorState
from overflight.drift.pack import WindPack
from overflight.drift.parts import field_of, joined, largest_part, marked, parts_of
from overflight.drift.release import Release
from overflight.drift.run import Job, Run, pack_for, require_winds
from overflight.drift.settings import Settings
from overflight.errors import InvalidInput
from overflight.flight import Flight


def simulate(  # noqa: PLR0913 - what is flown, where, how long, how many, and how
    winds: xr.Dataset | WindPack,
    flight: Flight,
    release: Release,
    *,
    hours: float,
    members: int,
    seed: int,
    settings: Settings | None = None,
    error_state: ErrorState | None = None,
) -> xr.Dataset:
    """Carry an ensemble of balloons through the winds.

    Parameters
    ----------
    winds : canonical wind dataset, see ``overflight.winds``; or a WindPack, which many runs may share. An ensemble of
        winds (dimension ``member``) carries members in turn: trajectory i follows wind member i modulo their number,
        and ``wind_member`` names it.
    flight : Flight. What the balloon does vertically; each member draws its own parameters.
    release : Release. Where and when members begin.
    hours : float. How long to follow them; below 0 goes back in time.
    members : int. Their number.
    seed : int. Same seed, same trajectories, on any number of threads and in any number of parts.
    settings : Settings. Step, output, threads, wind error, terrain.
    error_state : ErrorState. The wind error that each member starts with, as a track has learnt it; drawn where None.

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
    return joined(list(simulate_parts(winds, flight, release, hours=hours, members=members, seed=seed,
                                      settings=settings, error_state=error_state)))  # fmt: skip


def simulate_parts(  # noqa: PLR0913 - as simulate
    winds: xr.Dataset | WindPack,
    flight: Flight,
    release: Release,
    *,
    hours: float,
    members: int,
    seed: int,
    settings: Settings | None = None,
    error_state: ErrorState | None = None,
) -> Iterator[xr.Dataset]:
    """Carry an ensemble through the winds, and hand its trajectories over in parts of bounded size.

    Parameters and errors are those of ``simulate``, whose answer the parts are together. No part of more than sixteen
    members holds more than ``settings.memory_bytes``, so that an ensemble of any size can be written as it comes.
    """
    settings = (settings or Settings()).for_flight(flight)
    require_sense(flight, hours, members, seed)
    if error_state is not None and error_state.scale.size != members:
        raise InvalidInput("error state", f"{error_state.scale.size} members", f"one for each of {members} members")
    starts = release.draw(members, seed)
    given = winds.winds if isinstance(winds, WindPack) else winds
    parts = parts_of(members, given.sizes.get("member", 1), largest_part(hours, settings))
    pack, packed = (winds, 0) if isinstance(winds, WindPack) else (None, -1)
    try:
        for number, part in enumerate(parts):
            if pack is None or part.field != packed:
                if pack is not None:
                    pack.close()
                pack, packed = pack_for(field_of(given, part), flight, settings), part.field
            if number == 0:
                require_winds(pack, starts, hours)
            begin = None if error_state is None else error_state.take(np.asarray(part.numbers))
            job = Job(flight, starts.part(part.numbers), hours, seed, part.numbers, begin)
            data = Run(pack, job, settings, (number, len(parts))).trajectories()
            yield marked(data, part, given, together=starts.is_together)
    finally:
        if pack is not None and pack is not winds:
            pack.close()


def require_sense(flight: Flight, hours: float, members: int, seed: int) -> None:
    """Refuse a run that makes no sense, before anything is computed."""
    if not (np.isfinite(hours) and hours != 0.0):
        raise InvalidInput("hours", str(hours), "a finite number other than 0")
    if members < 1:
        raise InvalidInput("members", str(members), "1 or more")
    if not 0 <= seed < 2**63:
        raise InvalidInput("seed", str(seed), "a whole number of 0 to 2^63 - 1")
    if hours < 0 and not flight.is_reversible:
        raise InvalidInput(
            "flight",
            "a flight with ascent or descent",
            "floats or a recorded profile to go back in time",
            hint="a hindcast needs a level, not a launch",
        )
