"""Where and when the members of an ensemble are at one moment of their flights, and how far apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.geo.times import iso

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Members at one moment of their flights, not known where NaN.

    Attributes
    ----------
    time : datetime64[ns] (members,). UTC.
    lat, lon : float64 (members,). [degrees]
    altitude_m : float64 (members,). Above mean sea level. [m]
    """

    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    altitude_m: F64

    def only(self, chosen: NDArray[np.bool_]) -> Moment:
        """Return some of the members, ``chosen`` being bool (members,)."""
        return Moment(self.time[chosen], self.lat[chosen], self.lon[chosen], self.altitude_m[chosen])

    def summary(self) -> dict[str, Any]:
        """Return centre, radii that hold half and 90 % of the members, median altitude and times, as plain data."""
        known = self.only(np.isfinite(self.lat) & np.isfinite(self.lon))
        if not known.lat.size:
            nothing = ("lat", "lon", "radius_50_km", "radius_90_km", "altitude_m", "time", "time_q05", "time_q95")
            return {"members": 0, **dict.fromkeys(nothing)}
        lat, lon = sphere.mean_place(known.lat, known.lon)
        apart_km = sphere.distance_m(lat, lon, known.lat, known.lon) / 1000.0
        ticks = np.sort(known.time)
        at = {name: iso(ticks[round(q * (ticks.size - 1))]) for name, q in (("", 0.5), ("_q05", 0.05), ("_q95", 0.95))}
        return {
            "members": int(known.lat.size),
            "lat": lat,
            "lon": lon,
            "radius_50_km": float(np.quantile(apart_km, 0.5)),
            "radius_90_km": float(np.quantile(apart_km, 0.9)),
            "altitude_m": float(np.median(known.altitude_m)),
            **{f"time{name}": text for name, text in at.items()},
        }


def at_end(data: xr.Dataset) -> Moment:
    """Return where each member's story ended."""
    return Moment(*(data[f"end_{name}"].values for name in ("time", "lat", "lon", "altitude")))


def at_elapsed(data: xr.Dataset, elapsed_s: F64) -> Moment:
    """Return where each member was some time after its own first output; NaN where its story ended before that.

    ``elapsed_s`` (members,) [s], of a run forward. The last leg of outputs before it is carried on, so that a turn just
    after it does not bend the place.
    """
    names = ("lat", "lon", "altitude")
    lat, lon, altitude = (np.asarray(data[name].values, np.float64) for name in names)
    time = np.atleast_2d(data["time"].values) + np.zeros(lat.shape, "timedelta64[ns]")
    interval_s = float((time[0, 1] - time[0, 0]) / np.timedelta64(1, "s"))
    member = np.arange(elapsed_s.size)
    last = np.clip((elapsed_s / interval_s).astype(np.intp), 1, lat.shape[1] - 1)
    a, b = (member, last - 1), (member, last)
    part = elapsed_s / interval_s - last
    leg_m, back = sphere.distance_m(lat[a], lon[a], lat[b], lon[b]), sphere.azimuth_deg(lat[b], lon[b], lat[a], lon[a])
    place = (*sphere.move(lat[b], lon[b], back + 180.0, part * leg_m), altitude[b] + part * (altitude[b] - altitude[a]))
    instants = time[:, 0] + np.round(elapsed_s * 1e9).astype("timedelta64[ns]")
    followed = instants <= data["end_time"].values
    return Moment(instants, *(np.where(followed, field, np.nan) for field in place))
