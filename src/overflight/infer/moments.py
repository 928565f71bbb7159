"""A track at any time, and the state of its wind error at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift.error_state import ErrorState
from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.geo.times import iso, to_datetime64
from overflight.infer.bands import flat
from overflight.infer.sampling import Samples
from overflight.infer.scene import Scene

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Where it was at some times.

    Attributes
    ----------
    time : datetime64[ns] (times,). UTC.
    lat, lon, altitude_m : float64 (times,). Mean. [degrees], [m]
    covariance_km2 : float64 (times, 2, 2). Of (east, north). [km2]
    samples : Dataset (trajectory, obs). ``lat``, ``lon``, ``altitude``, ``pressure`` of equally likely paths.
    """

    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    altitude_m: F64
    covariance_km2: F64
    samples: xr.Dataset


def instants_of(times: Sequence[datetime] | NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return times as datetime64[ns]."""
    if isinstance(times, np.ndarray):
        return np.atleast_1d(times).astype("datetime64[ns]")
    return np.array([to_datetime64(t) for t in times], "datetime64[ns]")


def moments(samples: xr.Dataset, time: NDArray[np.datetime64]) -> Moments:
    """Interpolate samples along great circles between their outputs, and take their mean and covariance.

    Raises
    ------
    InvalidInput
        A time is outside.
    """
    known = samples["time"].values
    if time.size and (time.min() < known[0] or time.max() > known[-1]):
        worst = time.min() if time.min() < known[0] else time.max()
        raise InvalidInput("time", iso(worst), f"{iso(known[0])} to {iso(known[-1])}",
                           hint="fit the track with hours_before or hours_after")  # fmt: skip
    after = np.clip(np.searchsorted(known, time), 1, max(known.size - 1, 1))
    i, j = np.minimum(after - 1, known.size - 1), np.minimum(after, known.size - 1)
    width = np.maximum((known[j] - known[i]) / np.timedelta64(1, "s"), 1e-9)
    share = np.where(j > i, (time - known[i]) / np.timedelta64(1, "s") / width, 0.0)
    lat, lon = (samples[n].values.astype(np.float64) for n in ("lat", "lon"))
    vectors = sphere.unit_vector(lat, lon)
    between = (1.0 - share)[:, None] * vectors[:, i] + share[:, None] * vectors[:, j]
    lat, lon = sphere.latlon(between)
    mean_lat, mean_lon = sphere.latlon(between.mean(axis=0))
    off = flat(lat, lon, mean_lat, mean_lon)
    cov = np.einsum("mti,mtj->tij", off, off) / max(lat.shape[0] - 1, 1)
    fields = {"lat": lat, "lon": lon}
    for name in ("altitude", "pressure"):
        values = samples[name].values.astype(np.float64)
        fields[name] = (1.0 - share) * values[:, i] + share * values[:, j]
    data = xr.Dataset(
        {n: (("trajectory", "obs"), v, samples[n].attrs) for n, v in fields.items()},
        coords={"trajectory": samples["trajectory"], "time": ("obs", time)},
    )
    altitude = fields["altitude"].mean(axis=0)
    return Moments(time=time, lat=mean_lat, lon=mean_lon, altitude_m=altitude, covariance_km2=cov, samples=data)


def error_states(scene: Scene, drawn: Samples) -> tuple[ErrorState, ErrorState]:
    """Turn the parts of wind error at the first and the last sighting into local east and north."""
    states = []
    for end, k in enumerate(scene.index[[0, -1]]):
        turn = scene.frame.at(np.array([k])).place(drawn.offset[:, [k]])[2][:, 0]
        slow, wave = (drawn.parts[:, end, part] * np.exp(-1j * turn) for part in (0, 1))
        states.append(ErrorState(slow=slow, wave=wave, scale=drawn.scale))
    return states[0], states[1]
