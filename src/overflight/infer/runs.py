"""Before the first sighting and after the last: ensembles that start from the samples of a track."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from overflight import drift
from overflight.errors import InvalidInput
from overflight.flight import float_at_pressure
from overflight.geo.spread import Given
from overflight.geo.times import to_datetime
from overflight.infer.track import Track
from overflight.winds import WindError


def hindcast(
    track: Track,
    winds: xr.Dataset,
    *,
    hours: float,
    seed: int | None = None,
    wind_error: WindError | None = None,
    settings: drift.Settings | None = None,
) -> xr.Dataset:
    """Follow a track back in time from its first sighting.

    Parameters
    ----------
    track : Track. Each of its samples gives one member: its place, its level, held constant.
    winds : canonical wind dataset.
    hours : float. How far back. [h], above 0
    seed : int. Of the wind error; the track's own where None.
    wind_error : WindError, the default model where None. A wind dataset with ``wind_sd`` sets its size.
    settings : drift.Settings. Its ``wind_error`` gives way to the argument.

    Raises
    ------
    InvalidInput
        Hours are not above 0.
    OutOfCoverage
        The winds know no time before the first sighting.
    """
    return _run(track, winds, -_positive(hours), seed, _with_error(settings, wind_error))


def forecast(
    track: Track,
    winds: xr.Dataset,
    *,
    hours: float,
    seed: int | None = None,
    wind_error: WindError | None = None,
    settings: drift.Settings | None = None,
) -> xr.Dataset:
    """Follow a track on in time from its last sighting; parameters as for ``hindcast``."""
    return _run(track, winds, _positive(hours), seed, _with_error(settings, wind_error))


def _positive(hours: float) -> float:
    if not 0.0 < hours < 24.0 * 366:
        raise InvalidInput("hours", str(hours), "a number above 0, up to a year")
    return hours


def _with_error(settings: drift.Settings | None, error: WindError | None) -> drift.Settings:
    return replace(settings or drift.Settings(), wind_error=error or WindError())


def _run(track: Track, winds: xr.Dataset, hours: float, seed: int | None, settings: drift.Settings) -> xr.Dataset:
    """Start at the first or last sighting, with the wind error that the sightings have taught there."""
    end, state = (0, track.first) if hours < 0 else (-1, track.last)
    times = track.samples["time"].values
    at = int(np.argmin(np.abs(times - track.per_sighting[end].time)))
    here = track.samples.isel(obs=at)
    release = drift.Release(
        time=to_datetime(times[at]),
        lat=here["lat"].values.astype(np.float64),
        lon=here["lon"].values.astype(np.float64),
    )
    flight = float_at_pressure(Given(here["pressure"].values.astype(np.float64)))
    seed = track.seed if seed is None else seed
    data = drift.simulate(winds, flight, release, hours=hours, members=here.sizes["trajectory"], seed=seed,
                          settings=settings, error_state=state)  # fmt: skip
    data.attrs["title"] = "hindcast from the first sighting" if hours < 0 else "forecast from the last sighting"
    return data
