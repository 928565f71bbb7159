"""Trajectories as a CF dataset: discrete sampling geometry, names that trajectory tools look for."""

from __future__ import annotations

import numpy as np
import xarray as xr

from overflight import __version__
from overflight.drift.ensemble import Ensemble
from overflight.drift.kernels.output import LEFT_DOMAIN, MEANINGS, OUT_OF_LEVELS, OUT_OF_WIND
from overflight.drift.pack import WindPack
from overflight.drift.settings import Settings

FIELDS = {
    "lat": {"standard_name": "latitude", "units": "degrees_north"},
    "lon": {"standard_name": "longitude", "units": "degrees_east"},
    "altitude": {
        "standard_name": "altitude",
        "units": "m",
        "positive": "up",
        "long_name": "geometric height above mean sea level",
    },
    "pressure": {"standard_name": "air_pressure", "units": "Pa"},
}
LOST = (LEFT_DOMAIN, OUT_OF_WIND, OUT_OF_LEVELS)
"""How a member ends whom the winds do not reach."""
STATUS = {
    "long_name": "state of the member",
    "flag_values": np.arange(len(MEANINGS.split()), dtype=np.int8),
    "flag_meanings": MEANINGS,
}


def trajectories(e: Ensemble, pack: WindPack, settings: Settings, seed: int, sign: float) -> xr.Dataset:
    """Write the ensemble as a dataset with dims (trajectory, obs).

    ``time`` has dims (obs,) where all members start together, else (trajectory, obs). ``end_*`` say where and when
    each member's story ended: on the ground, at the end of its flight, or at the last place the winds reach.
    """
    offsets = np.minimum(np.arange(e.out[0].shape[1]) * settings.output_s, e.duration_s)
    shared = bool(np.ptp(e.start) == 0.0)
    tau = e.start[0] + offsets if shared else e.start[:, None] + offsets
    end_lat, end_lon = e.places()
    data = xr.Dataset(
        {name: (("trajectory", "obs"), field, FIELDS[name]) for name, field in zip(FIELDS, e.out[:4], strict=True)},
        coords={
            "trajectory": (
                "trajectory",
                np.asarray(e.numbers),
                {"cf_role": "trajectory_id", "long_name": "member"},
            )
        },
    )
    data["status"] = (("trajectory", "obs"), e.out[4], STATUS)
    data = data.assign_coords(
        time=(
            ("obs",) if shared else ("trajectory", "obs"),
            _instants(pack, sign * tau),
            {"standard_name": "time"},
        )
    )
    lost = np.isin(e.status, LOST)
    data["end_time"] = (
        "trajectory",
        _instants(pack, sign * np.where(lost, e.known, e.stop)),
        {"long_name": "time of the last place known"},
    )
    for name, values in (("lat", end_lat), ("lon", end_lon), ("altitude", e.z)):
        data[f"end_{name}"] = ("trajectory", values, {"units": FIELDS[name]["units"]})
    data["end_status"] = ("trajectory", e.status.copy(), STATUS)
    below = int(e.below.sum())
    data.attrs = {
        "Conventions": "CF-1.11",
        "featureType": "trajectory",
        "overflight_version": __version__,
        "seed": seed,
        "source": str(pack.winds.attrs.get("source", "")),
        "inputs": pack.winds.attrs.get("sha256", ""),
        "step_s": settings.step_s,
        "method": settings.method,
        "direction": "forward" if sign > 0 else "backward",
        "members_below_lowest_level": below,
        "steady_winds": int(settings.steady and pack.times_s.size == 1),
    }
    return data


def thinned(data: xr.Dataset, keep: int) -> xr.Dataset:
    """Return every ``keep``-th output of trajectories, and the last."""
    last = data.sizes["obs"] - 1
    return data if keep == 1 else data.isel(obs=np.unique(np.append(np.arange(0, last, keep), last)))


def _instants(
    pack: WindPack, seconds: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]:
    return np.asarray(pack.epoch + np.round(seconds * 1e9).astype("timedelta64[ns]"))
