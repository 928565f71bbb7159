"""Where it came down: a density for each class of object, and what it came down on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift import Release, Settings, simulate
from overflight.drift.kernels.output import LANDED, LEFT_DOMAIN, OUT_OF_LEVELS
from overflight.drift.pack import WindPack
from overflight.drift.scatter import Moment, at_end
from overflight.errors import OutOfCoverage
from overflight.geo import atmosphere, sphere
from overflight.geo.density import Density
from overflight.geo.terrain import Terrain
from overflight.geo.times import iso
from overflight.recover import ground
from overflight.recover.event import Event
from overflight.recover.grid import Grid
from overflight.recover.objects import ObjectClass
from overflight.recover.smooth import densities
from overflight.recover.wind_error import error_below
from overflight.winds import WindError

F64 = NDArray[np.float64]
LONGEST_H = 48.0
"""The slowest film falls 30 km in 12 hours."""
TOLERANCE_M = 20.0
"""Of a step: ends are then within 0.1 km of those of the finest steps, half of them within 6 m."""
FATES = ("floats", "stranded", "sunk", "rests", "gone")
"""On water; ashore after it drifted; below; where it came down; beyond the winds."""
FLOATS, STRANDED, SUNK, RESTS, GONE = range(5)
HIGHEST_FLOOR_M = 3_000.0
"""How far above the ground the lowest level of the winds may lie."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fallen:
    """Members of one class where they came down.

    Attributes
    ----------
    object : ObjectClass
    end : Moment. NaN where a member left the winds.
    surface : int8 (members,). Number of ``ground.SURFACES``.
    density : Density. What left the winds lies elsewhere.
    middle : (lat, lon) or None. Where one fall of all that is drawn at its middle ends; None where it did not land.
    fate : int8 (members,) or None. Number of ``FATES``, where it was followed on after it came down.
    """

    object: ObjectClass
    end: Moment
    surface: NDArray[np.int8]
    density: Density
    middle: tuple[float, float] | None = None
    fate: NDArray[np.int8] | None = None

    @property
    def lost(self) -> float:
        """Share of the members that left the winds."""
        return float(np.mean(~np.isfinite(self.end.lat)))

    def point(self) -> tuple[float, float]:
        """Return the single place (lat, lon) to name: the fall of the middle. [degrees]

        Else that with as many members east as west of it and north as south, which wanders by chance.
        """
        if self.middle is not None:
            return self.middle
        known = np.isfinite(self.end.lat)
        return middle_of(self.end.lat[known], self.end.lon[known])

    def to_json(self) -> dict[str, Any]:
        """Return the class as plain data."""
        density = self.density
        fate = {} if self.fate is None else {"fate": ground.shares(self.fate, FATES)}
        return {
            "class": self.object.name,
            "share": self.object.share,
            **self.end.summary(),
            "point": list(self.point()),
            "mode": list(density.mode()),
            "area_50_km2": density.area_m2(0.5) / 1e6,
            "area_90_km2": density.area_m2(0.9) / 1e6,
            "elsewhere": density.elsewhere,
            "surface": ground.shares(self.surface),
            **fate,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landing:
    """Where everything came down.

    Attributes
    ----------
    event : Event
    start : Release. Where each member began to fall.
    classes : tuple of Fallen
    seed, members : int
    source : str. Of the winds.
    """

    event: Event
    start: Release
    classes: tuple[Fallen, ...]
    seed: int
    members: int
    source: str

    def to_json(self) -> dict[str, Any]:
        """Return the landing without its cells, as plain data."""
        return {
            "event": self.event.kind,
            "time": iso(self.event.time),
            "seed": self.seed,
            "members": self.members,
            "winds": self.source,
            "classes": [fallen.to_json() for fallen in self.classes],
        }


def land(  # noqa: PLR0913 - what happened, to what, in which winds, over which ground
    winds: xr.Dataset | WindPack,
    event: Event,
    track: xr.Dataset,
    objects: Sequence[ObjectClass],
    *,
    members: int,
    seed: int,
    terrain: Terrain | None = None,
    surface: ground.Surface = ground.by_elevation,
    ice: Grid | None = None,
    wind_error: WindError | None = None,
    steady: bool = False,
) -> Landing:
    """Let each class fall from the event to the ground.

    Parameters
    ----------
    winds : canonical wind dataset, or a WindPack with densities.
    event : Event
    track : trajectories (trajectory, obs), equally likely paths that reach the event.
    objects : classes that fall; member i of each begins at the same time and place in the same wind error.
    members : int. Of each class.
    seed : int. Same seed, same landing.
    terrain : Terrain. None takes that which is shipped.
    surface : tells land, lake and sea apart.
    ice : concentration of ice on water, where there is a mask.
    wind_error : None takes ``error_below`` of the winds.
    steady : bool. Hold winds of a single time.

    Raises
    ------
    InvalidInput
        The event is outside the track, or below the ground.
    OutOfCoverage
        The winds do not hold the layer that is fallen through.
    """
    terrain = terrain or Terrain.load()
    start = event.release(track, members, seed, terrain)
    field = winds.winds if isinstance(winds, WindPack) else winds
    require_layer(field, start, terrain)
    pack = winds if isinstance(winds, WindPack) else None
    if pack is None and "member" not in field.dims:
        pack = WindPack(field, densities=True, steady=steady, keep=4)
    settings = settings_of(terrain, wind_error or error_below(field), steady=steady)
    try:
        ends = [_fallen(pack or field, one, start, (members, seed), settings) for one in objects]
        middles = [_middle(pack, one, start, settings) for one in objects]
    finally:
        if pack is not None and pack is not winds:
            pack.close()
    found = densities([(end.lat, end.lon) for end in ends], seed)
    classes = [
        Fallen(object=one, end=end, surface=surface_of(end, surface, ice, seed), density=density, middle=middle)
        for one, end, density, middle in zip(objects, ends, found, middles, strict=True)
    ]
    source = str(field.attrs.get("source", ""))
    return Landing(event=event, start=start, classes=tuple(classes), seed=seed, members=members, source=source)


def settings_of(
    terrain: Terrain, wind_error: WindError, *, steady: bool = False, threads: int | None = None
) -> Settings:
    """Return how a fall is simulated: steps as long as the tolerance allows, and no output on the way."""
    one = Settings(method="embedded", tolerance_m=TOLERANCE_M, output_s=LONGEST_H * 3600.0, terrain=terrain,
                   steady=steady, wind_error=wind_error)  # fmt: skip
    return one if threads is None else replace(one, threads=threads)


def _fallen(
    winds: xr.Dataset | WindPack, one: ObjectClass, start: Release, draws: tuple[int, int], settings: Settings
) -> Moment:
    members, seed = draws
    data = simulate(winds, one.flight, start, hours=LONGEST_H, members=members, seed=seed, settings=settings)
    status, end = data["end_status"].values, at_end(data)
    down = status == LANDED
    if not down.any():
        why = (
            "area" if (status == LEFT_DOMAIN).mean() > 0.5 else "levels" if (status == OUT_OF_LEVELS).any() else "time"
        )
        high = f"{np.median(end.altitude_m):,.0f} m at {iso(np.sort(end.time)[end.time.size // 2])}"
        raise OutOfCoverage("winds", f"a fall of {one.name} that leaves their {why} at {high}",
                            "winds down to the ground")  # fmt: skip
    return Moment(end.time, *(np.where(down, v, np.nan) for v in (end.lat, end.lon, end.altitude_m)))


def _middle(pack: WindPack | None, one: ObjectClass, start: Release, settings: Settings) -> tuple[float, float] | None:
    """Return where one fall of the middle ends, in the winds as given; None in an ensemble of winds."""
    if pack is None:
        return None
    lat, lon = middle_of(np.asarray(start.lat), np.asarray(start.lon))
    ticks = np.sort(np.asarray(start.time))
    begin = Release(
        time=ticks[[ticks.size // 2]],
        lat=lat,
        lon=lon,
        altitude_m=float(np.median(np.asarray(start.altitude_m, np.float64))),
    )
    data = simulate(pack, one.typical.flight, begin, hours=LONGEST_H, members=1, seed=0,
                    settings=replace(settings, wind_error=None))  # fmt: skip
    if data["end_status"].values[0] != LANDED:
        return None
    return float(data["end_lat"].values[0]), float(data["end_lon"].values[0])


def middle_of(lat: F64, lon: F64) -> tuple[float, float]:
    """Return the place with as many places east as west of it and north as south. [degrees]"""
    at = sphere.mean_place(lat, lon)
    away, course = sphere.distance_m(*at, lat, lon), np.radians(sphere.azimuth_deg(*at, lat, lon))
    east, north = (float(np.median(away * f(course))) for f in (np.sin, np.cos))
    y, x = sphere.move(*at, np.degrees(np.arctan2(east, north)), np.hypot(east, north))
    return float(y), float(sphere.wrap(x))


def require_layer(winds: xr.Dataset, start: Release, terrain: Terrain) -> None:
    """Refuse winds that do not hold the layer between the event and the ground.

    Raises
    ------
    OutOfCoverage
        They end below the event, or begin far above the ground.
    """
    altitude, lat, lon = (np.asarray(v, np.float64) for v in (start.altitude_m, start.lat, start.lon))
    level = winds["level"].values
    low_m, high_m = (_height_m(winds, i, float(level[i])) for i in (0, -1))
    middle, floor = float(np.median(altitude)), float(np.median(terrain.elevation_m(lat, lon)))
    have = f"{low_m:,.0f} to {high_m:,.0f} m"
    if middle > high_m:
        raise OutOfCoverage("winds", f"an event at {middle:,.0f} m", f"winds of that layer; these hold {have}")
    if low_m - floor > HIGHEST_FLOOR_M:
        raise OutOfCoverage("winds", f"a fall to the ground at {floor:,.0f} m",
                            f"winds down to {HIGHEST_FLOOR_M:,.0f} m above it; these hold {have}")  # fmt: skip


def _height_m(winds: xr.Dataset, i: int, level_hpa: float) -> float:
    if "z" in winds and np.isfinite(winds["z"].isel(level=i)).any():
        return float(atmosphere.geometric_m(float(winds["z"].isel(level=i).median())))
    return float(atmosphere.altitude_m(100.0 * level_hpa))


def surface_of(end: Moment, surface: ground.Surface, ice: Grid | None, seed: int) -> NDArray[np.int8]:
    """Return what each member lies on; unknown where it left the winds."""
    known = np.isfinite(end.lat)
    found = np.full(known.size, ground.UNKNOWN, np.int8)
    lat, lon = end.lat[known], end.lon[known]
    kinds = surface(lat, lon)
    if ice is not None:
        seconds = (end.time[known] - np.datetime64(0, "ns")) / np.timedelta64(1, "s")
        kinds = ground.with_ice(kinds, lat, lon, seconds, ice, seed)
    found[known] = kinds
    return found
