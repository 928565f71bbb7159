"""Drift on water: leeway in the wind, the current below it, until it sinks, strands or the time is over.

References
----------
Breivik and Allen (2008), doi 10.1016/j.jmarsys.2007.02.010: ``L = (a + e/20) W + b + e/2`` down and across the wind, e
normal and fixed for a member, which side a member drifts to by chance; 4 % of members jibe in an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift.scatter import Moment
from overflight.geo import atmosphere, rng, sphere
from overflight.geo.spread import draw
from overflight.recover import ground
from overflight.recover.grid import Grid
from overflight.recover.landing import FLOATS, GONE, RESTS, STRANDED, SUNK, Fallen
from overflight.recover.leeway import Leeway, leeway_of

F64 = NDArray[np.float64]
STEP_S = 600.0
JIBES_AN_HOUR = 0.04
ROUGHNESS_M, SURFACE_LAYER_M, TEN_M = 2e-4, 100.0, 10.0
"""Roughness of the open sea, and the height up to which the logarithmic profile is followed. [m]"""
CM = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Afloat:
    """Members some time after they came down.

    Attributes
    ----------
    end : Moment
    fate : int8 (members,). Number of ``FATES``.
    """

    end: Moment
    fate: NDArray[np.int8]


def wind_at_10_m(winds: xr.Dataset) -> Grid:
    """Return the wind of the lowest level, brought to 10 m over the open sea.

    By the logarithmic profile of neutral air over a roughness of 0.2 mm, from the level's median height or from 100 m
    where it is higher: at most a factor of 0.82. Of an ensemble of winds the first member is taken.
    """
    ds = winds.isel(member=0) if "member" in winds.dims else winds
    low = ds.isel(level=0)
    height = float(low["z"].median()) if "z" in low else float(atmosphere.altitude_m(100.0 * float(low["level"])))
    factor = reduction(height)
    values = np.stack([np.asarray(low[n].transpose("time", "lat", "lon").values, np.float64) for n in ("u", "v")])
    seconds = (ds["time"].values - np.datetime64(0, "ns")) / np.timedelta64(1, "s")
    return Grid(seconds, ds["lat"].values.astype(np.float64), ds["lon"].values.astype(np.float64), factor * values)


def reduction(height_m: float) -> float:
    """Return the wind at 10 m over that at a height."""
    if not height_m > TEN_M:
        return 1.0
    return float(np.log(TEN_M / ROUGHNESS_M) / np.log(min(height_m, SURFACE_LAYER_M) / ROUGHNESS_M))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sea:
    """What moves things on water.

    Attributes
    ----------
    wind : Grid. East and north at 10 m. [m/s]
    current : Grid or None. East and north at the surface; None and where it is not known is still water. [m/s]
    current_sd_ms : float. Standard deviation of each component of the current, fixed for a member. [m/s]
    surface : tells where a member strands.
    """

    wind: Grid
    current: Grid | None = None
    current_sd_ms: float = 0.0
    surface: ground.Surface = ground.by_elevation


def drift(fallen: Fallen, sea: Sea, until: np.datetime64, seed: int, *, step_s: float = STEP_S) -> Afloat:
    """Carry the members of a class that came down on water to a time; those on land, ice and the bed stay.

    A member sinks where it is when its time afloat is over, one of a class that does not float at once.
    """
    end, members = fallen.end, fallen.end.lat.size
    wet = np.isin(fallen.surface, (ground.LAKE, ground.SEA))
    fate = np.where(wet, FLOATS, np.where(fallen.surface == ground.UNKNOWN, GONE, RESTS)).astype(np.int8)
    one = fallen.object
    if not one.leeway:
        return Afloat(end=end, fate=np.where(wet, SUNK, fate).astype(np.int8))
    begin = (end.time - np.datetime64(0, "ns")) / np.timedelta64(1, "s")
    last = float((until - np.datetime64(0, "ns")) / np.timedelta64(1, "s"))
    sinks = begin + 3600.0 * np.maximum(draw(one.floats_h, seed, f"{one.name} afloat", members), 0.0)
    stop = np.where(wet, np.maximum(np.minimum(last, sinks), begin), begin)
    motion = _Motion(leeway_of(one.leeway), sea, members, seed, one.name)
    lat, lon, now = end.lat.copy(), end.lon.copy(), begin.copy()
    steps = int(np.ceil(max(float(np.max((stop - begin)[wet], initial=0.0)), 0.0) / step_s))
    for step in range(steps):
        moving = np.flatnonzero((fate == FLOATS) & (now < stop))
        if not moving.size:
            break
        dt = np.minimum(step_s, stop[moving] - now[moving])
        ahead = motion.step(lat[moving], lon[moving], (now[moving], dt), moving, step)
        known = np.isfinite(ahead[0])
        fate[moving[~known]] = GONE
        moving, dt = moving[known], dt[known]
        lat[moving], lon[moving] = ahead[0][known], ahead[1][known]
        now[moving] += dt
        ashore = np.isin(sea.surface(lat[moving], lon[moving]), (ground.LAND,))
        fate[moving[ashore]] = STRANDED
    fate[(fate == FLOATS) & (sinks <= last)] = SUNK
    instants = end.time + np.round((now - begin) * 1e9).astype("timedelta64[ns]")
    return Afloat(end=Moment(instants, lat, lon, end.altitude_m), fate=fate)


class _Motion:
    """Leeway of members, each with its own coefficients."""

    def __init__(self, leeway: Leeway, sea: Sea, members: int, seed: int, name: str) -> None:
        self.sea, self.seed, self.name, self.members = sea, seed, name, members

        def normal(what: str) -> F64:
            return rng.normals(seed, what, members)

        self.right = rng.uniforms(seed, f"{name} side", members) < 0.5
        self.lines = {key: _line(getattr(leeway, key), normal(f"{name} {'down' if key == 'down' else 'across'}"))
                      for key in ("down", "right", "left")}  # fmt: skip
        self.current = sea.current_sd_ms * np.stack([normal(f"{name} current {c}") for c in ("east", "north")])

    def step(self, lat: F64, lon: F64, clock: tuple[F64, F64], which: NDArray[np.intp], number: int) -> tuple[F64, F64]:
        """Move members by the midpoint rule; NaN beyond the wind."""
        seconds, dt = clock
        self._jibe(which, dt, number)
        half = _moved(lat, lon, self.velocity(lat, lon, seconds, which), 0.5 * dt)
        there = _moved(lat, lon, self.velocity(*half, seconds + 0.5 * dt, which), dt)
        return there[0], sphere.wrap(there[1])

    def velocity(self, lat: F64, lon: F64, seconds: F64, which: NDArray[np.intp]) -> F64:
        """Return the motion over ground east and north. [m/s]"""
        u, v = self.sea.wind.at(lat, lon, seconds)
        speed = np.hypot(u, v)
        calm = np.maximum(speed, 1e-9)
        along, to_right = np.stack([u, v]) / calm, np.stack([v, -u]) / calm
        right = self.right[which]
        down = _at(self.lines["down"], which, speed)
        across = np.where(right, _at(self.lines["right"], which, speed), _at(self.lines["left"], which, speed))
        total = down * along + across * to_right + self.current[:, which]
        if self.sea.current is not None:
            total = total + np.nan_to_num(self.sea.current.at(lat, lon, seconds))
        return np.asarray(total)

    def _jibe(self, which: NDArray[np.intp], dt: F64, number: int) -> None:
        chance = rng.uniforms(self.seed, f"{self.name} jibe {number}", self.members)[which]
        turns = chance < JIBES_AN_HOUR * dt / 3600.0
        self.right[which[turns]] = ~self.right[which[turns]]


def _line(coefficients: tuple[float, float, float], unit: F64) -> F64:
    """Return slope [m/s a m/s] and offset [m/s] of each member, (2, members)."""
    slope, offset, sd = coefficients
    error = sd * unit
    return np.stack([CM * slope + CM * error / 20.0, CM * (offset + error / 2.0)])


def _at(line: F64, which: NDArray[np.intp], speed: F64) -> F64:
    return np.asarray(line[0, which] * speed + line[1, which])


def _moved(lat: F64, lon: F64, velocity: F64, dt: F64) -> tuple[F64, F64]:
    east, north = velocity
    return sphere.move(lat, lon, np.degrees(np.arctan2(east, north)), np.hypot(east, north) * dt)
