"""Sinking: from where it went under to where it lies on the bed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from overflight.drift.scatter import Moment
from overflight.errors import InvalidInput
from overflight.geo import rng, sphere
from overflight.geo.spread import Value, draw
from overflight.recover.grid import Grid

F64 = NDArray[np.float64]
DEEPEST_M = 11_500.0
GLIDE = 0.3
"""Standard deviation of what a sinking body glides aside, in parts of the depth: flat plates flutter. By judgement."""
SHARE_OF_SURFACE = 0.5
"""Of the current at the surface, in the mean over the column. By judgement."""


def depth_of(depth: float | Grid, lat: F64, lon: F64) -> F64:
    """Return the depth of water at places. [m], 0 or more; where a grid knows none, its median of those it knows."""
    if isinstance(depth, Grid):
        found = np.abs(depth.at(lat, lon, np.zeros(lat.size))[0])
        known = found[np.isfinite(found)]
        return np.where(np.isfinite(found), found, np.median(known) if known.size else 0.0)
    if not 0.0 <= depth <= DEEPEST_M:
        raise InvalidInput("depth", f"{depth:g} m", f"0 to {DEEPEST_M:g} m")
    return np.full(lat.size, float(depth))


def sink(
    under: Moment,
    sunk: NDArray[np.bool_],
    depth: float | Grid,
    *,
    sinks_ms: Value,
    seed: int,
    current: Grid | None = None,
    name: str = "",
) -> Moment:
    """Return where sunken members lie on the bed, with the bed's depth below the surface as a negative altitude.

    The column moves with half the current at the surface; each member glides aside by a normal share of the depth.
    """
    members, lat, lon, z = under.lat.size, under.lat.copy(), under.lon.copy(), under.altitude_m.copy()
    some = np.flatnonzero(sunk & np.isfinite(under.lat))
    y, x = lat[some], lon[some]
    deep = depth_of(depth, y, x)
    speed = np.maximum(draw(sinks_ms, seed, f"{name} sinks", members)[some], 1e-3)
    seconds = (under.time[some] - np.datetime64(0, "ns")) / np.timedelta64(1, "s")
    glide = np.stack([rng.normals(seed, f"{name} glide {c}", members)[some] for c in ("east", "north")])
    east, north = GLIDE * deep * glide
    if current is not None:
        flow = SHARE_OF_SURFACE * np.nan_to_num(current.at(y, x, seconds))
        east, north = np.stack([east, north]) + flow * deep / speed
    lat[some], lon[some] = sphere.move(y, x, np.degrees(np.arctan2(east, north)), np.hypot(east, north))
    z[some] -= deep
    late = np.zeros(members)
    late[some] = deep / speed
    return Moment(under.time + np.round(late * 1e9).astype("timedelta64[ns]"), lat, sphere.wrap(lon), z)
