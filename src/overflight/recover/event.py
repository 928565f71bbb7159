"""What happened, when and how high: the uncertain start of a fall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift import Release
from overflight.errors import InvalidInput
from overflight.geo import rng, sphere
from overflight.geo.spread import Value, centre, draw
from overflight.geo.terrain import Terrain
from overflight.geo.times import iso, to_datetime64

F64 = NDArray[np.float64]
Kind = Literal["burst", "cut-down", "loss-of-lift", "brought-down"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The end of a flight.

    Attributes
    ----------
    kind : {"burst", "cut-down", "loss-of-lift", "brought-down"}
    time : aware datetime, UTC; time_sd_s its standard deviation. [s]
    altitude_m : value or spread, above mean sea level; None takes that of the track. [m]
    """

    kind: Kind
    time: datetime
    time_sd_s: float = 0.0
    altitude_m: Value | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown kind, a time without zone and a spread below 0."""
        if self.kind not in KINDS:
            raise InvalidInput("event", repr(self.kind), ", ".join(KINDS))
        to_datetime64(self.time)
        if not 0.0 <= self.time_sd_s < np.inf:
            raise InvalidInput("time error", f"{self.time_sd_s:g} s", "0 s or more")

    def release(self, track: xr.Dataset, members: int, seed: int, terrain: Terrain | None) -> Release:
        """Return where each member begins to fall: an equally likely path of the track at its own time of the event.

        Parameters
        ----------
        track : trajectories (trajectory, obs) with ``time``, ``lat``, ``lon`` and, unless the event has its own,
            ``altitude``.

        Raises
        ------
        InvalidInput
            The event is before the first or after the last time of the track, or below the ground.
        """
        instants = self._instants(track, members, seed)
        lat, lon, altitude = _places(track, instants, seed)
        if self.altitude_m is not None:
            altitude = draw(self.altitude_m, seed, "event altitude", members)
        elif not np.isfinite(altitude).all():
            raise InvalidInput("altitude", "a track without altitudes", "the altitude of the event",
                               hint="--altitude 18000+-500")  # fmt: skip
        ground = np.zeros(members) if terrain is None else terrain.elevation_m(lat, lon)
        middle = float(np.median(altitude)) if self.altitude_m is None else centre(self.altitude_m)
        if middle <= float(np.median(ground)):
            raise InvalidInput("altitude", f"{middle:.0f} m", f"more than {np.median(ground):.0f} m, the ground there")
        return Release(time=instants, lat=lat, lon=lon, altitude_m=np.maximum(altitude, ground + 1.0))

    def _instants(self, track: xr.Dataset, members: int, seed: int) -> NDArray[np.datetime64]:
        known = track["time"].values.astype("datetime64[ns]")
        first, last = known[~np.isnat(known)].min(), known[~np.isnat(known)].max()
        at = to_datetime64(self.time)
        if at < first:
            raise InvalidInput("time", iso(at), f"a time of the track, from {iso(first)}",
                               hint="the event is before the first sighting")  # fmt: skip
        if at > last:
            raise InvalidInput("time", iso(at), f"a time of the track, up to {iso(last)}",
                               hint="follow the track on to the event")  # fmt: skip
        off = self.time_sd_s * rng.normals(seed, "event time", members)
        instants = at + np.round(off * 1e9).astype("timedelta64[ns]")
        return np.asarray(np.clip(instants, first, last))


def _places(track: xr.Dataset, instants: NDArray[np.datetime64], seed: int) -> tuple[F64, F64, F64]:
    """Interpolate a path for each member, drawn among those known there, along the great circle between its outputs."""
    lat, lon = (np.atleast_2d(np.asarray(track[n].values, np.float64)) for n in ("lat", "lon"))
    height = np.atleast_2d(track["altitude"].values.astype(np.float64)) if "altitude" in track else np.nan * lat
    known = np.broadcast_to(np.atleast_2d(track["time"].values).astype("datetime64[ns]"), lat.shape)
    path = _deal(lat.shape[0], instants.size, seed)
    found = np.full((3, instants.size), np.nan)
    for number in np.unique(path):
        mine = path == number
        fine = np.isfinite(lat[number]) & np.isfinite(lon[number]) & ~np.isnat(known[number])
        if fine.any():
            at = (known[number][fine], lat[number][fine], lon[number][fine], height[number][fine])
            found[:, mine] = _along(at, instants[mine])
    ended = ~np.isfinite(found[0])
    if ended.all():
        raise InvalidInput("track", "no path at the time of the event", "a track that reaches it")
    if ended.any():  # those whose path had ended take the place of another member
        alive = np.flatnonzero(~ended)
        found[:, ended] = found[:, alive[np.arange(int(ended.sum())) % alive.size]]
    return found[0], sphere.wrap(found[1]), found[2]


def _deal(paths: int, members: int, seed: int) -> NDArray[np.intp]:
    """Deal paths to members evenly, in an order of chance."""
    order = np.argsort(rng.uniforms(seed, "event path", paths))
    return np.asarray(order[np.arange(members) % paths])


def _along(path: tuple[NDArray[np.datetime64], F64, F64, F64], instants: NDArray[np.datetime64]) -> F64:
    time, lat, lon, height = path
    seconds, want = ((t - time[0]) / np.timedelta64(1, "s") for t in (time, instants))
    if seconds.size == 1:
        where = np.array([lat[0], lon[0], height[0]])[:, None] + np.zeros(want.size)
        return np.where(np.abs(want) < 1.0, where, np.nan)
    i = np.clip(np.searchsorted(seconds, want) - 1, 0, seconds.size - 2)
    share = np.clip((want - seconds[i]) / np.maximum(seconds[i + 1] - seconds[i], 1e-9), 0.0, 1.0)
    ends = sphere.unit_vector(lat, lon)
    y, x = sphere.latlon((1.0 - share)[:, None] * ends[i] + share[:, None] * ends[i + 1])
    found = np.stack([y, x, (1.0 - share) * height[i] + share * height[i + 1]])
    return np.where((want < seconds[0] - 1.0) | (want > seconds[-1] + 1.0), np.nan, found)
