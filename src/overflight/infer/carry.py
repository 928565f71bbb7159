"""Candidates carried to the instants of the sightings by the engine, many candidates in one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift import Release, Settings, simulate
from overflight.drift.kernels.output import BURST, FLYING, LEFT_DOMAIN, OUT_OF_LEVELS, OUT_OF_WIND
from overflight.drift.pack import WindPack
from overflight.errors import OutOfCoverage
from overflight.flight import Flight, float_at_pressure
from overflight.flight.phases import Ascent, Descent
from overflight.flight.until import Until
from overflight.geo import atmosphere, rng, sphere
from overflight.geo.spread import Given, Spread, Value, draw
from overflight.infer.candidates import Candidate
from overflight.winds import WindError

F64 = NDArray[np.float64]
Times = NDArray[np.datetime64]
_MOST_MEMBERS = 20_000
"""Members of one run."""
_WINDOW_NS = 12 * 3600 * 10**9
"""They start within so long, for all of a run fly as long as its first."""
_PACKED_BYTES, _SLAB_BYTES = 2**30, 32
"""Memory for winds, and what a node takes in two times: two winds, height and density."""
_FLOAT_OUTPUT_S, _CLIMB_OUTPUT_S = 1_800.0, 300.0
_LEVEL_LIMITS_M = (100.0, 45_000.0)
_SECOND = np.timedelta64(1, "s")
_ALOFT = (FLYING, BURST)
_LOST = (LEFT_DOMAIN, OUT_OF_WIND, OUT_OF_LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Where members are at instants; all arrays are (candidates, members, instants).

    Attributes
    ----------
    lat, lon : float64, NaN where a member is not aloft. [degrees]
    altitude_m, pressure_pa : float64. [m], [Pa]
    speed_ms : complex128. Eastward + i northward. [m/s]
    climb_ms : float64. Upward. [m/s]
    lost : bool. The winds do not reach there, so that nothing is known of the member.
    """

    lat: F64
    lon: F64
    altitude_m: F64
    pressure_pa: F64
    speed_ms: NDArray[np.complex128]
    climb_ms: F64
    lost: NDArray[np.bool_]

    @property
    def aloft(self) -> NDArray[np.bool_]:
        """Say which members are in the air and known."""
        return np.isfinite(self.lat)

    @staticmethod
    def nowhere(shape: tuple[int, int, int]) -> Carried:
        """Return members of which none is aloft."""
        nan = [np.full(shape, np.nan) for _ in range(4)]
        return Carried(lat=nan[0], lon=nan[1], altitude_m=nan[2], pressure_pa=nan[3], climb_ms=np.zeros(shape),
                       speed_ms=np.zeros(shape, np.complex128), lost=np.zeros(shape, np.bool_))  # fmt: skip

    def put(self, rows: NDArray[np.intp], other: Carried, where: NDArray[np.bool_] | None = None) -> None:
        """Take over the candidates ``rows`` of another, or of them what ``where`` says."""
        for name in ("lat", "lon", "altitude_m", "pressure_pa", "speed_ms", "climb_ms", "lost"):
            mine, new = getattr(self, name), getattr(other, name)
            mine[rows] = new if where is None else np.where(where, new, mine[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Winds, the same as the engine reads them, the seed of all draws, and how the engine is run."""

    winds: xr.Dataset
    flown: xr.Dataset | WindPack
    seed: int
    settings: Settings

    @staticmethod
    def of(winds: xr.Dataset, seed: int, settings: Settings | None = None) -> Carrier:
        """Pack winds once for all runs; winds of one time are held, and the default wind error is taken if none is."""
        settings = settings or Settings(steady=winds.sizes["time"] == 1)
        settings = replace(settings, wind_error=settings.wind_error or WindError())
        if "member" in winds.dims:
            return Carrier(winds=winds, flown=winds, seed=seed, settings=settings)
        slab = _SLAB_BYTES * winds.sizes["level"] * winds.sizes["lat"] * winds.sizes["lon"]
        keep = int(np.clip(_PACKED_BYTES // slab, 2, max(2, winds.sizes["time"])))
        pack = WindPack(winds, densities=True, steady=settings.steady, keep=keep)
        return Carrier(winds=winds, flown=pack, seed=seed, settings=settings)

    def carry(self, candidates: Sequence[Candidate], instants: Times, members: int) -> Carried:
        """Carry launches, and balloons from where they were last heard, to instants (n,).

        Raises
        ------
        OutOfCoverage
            The winds know no time of the way of any of them; of some, those are lost.
        """
        out, refused, flown = Carried.nowhere((len(candidates), members, instants.size)), None, False
        for rows in _batches(candidates, members):
            some = [candidates[i] for i in rows]
            batch = _Batch.of(some, members, self.seed, int(rows[0]))
            how = {"last_heard": self._floats, "launch": self._launches, "track": self._ends}[some[0].kind]
            try:
                out.put(rows, how(some, batch, instants))
                flown = True
            except OutOfCoverage as problem:
                out.lost[rows], refused = True, problem
        if refused is not None and not flown:
            raise refused
        return out

    def drift(self, time: np.datetime64, lat: F64, lon: F64, pressure_pa: F64, instants: Times, step: int) -> Carried:
        """Drift members (hypotheses, members) from a time at their pressures to instants; ``step`` keys the draws."""
        count, members = lat.shape
        start = np.full(lat.size, time, "datetime64[ns]")
        batch = _Batch(count=count, members=members, seed=(self.seed * 1_000_003 + 500_009 * step) % 2**62, time=start,
                       lat=lat.ravel(), lon=lon.ravel())  # fmt: skip
        release = Release(time=start, lat=batch.lat, lon=batch.lon)
        seconds = float((instants[-1] - time) / _SECOND)
        output_s = float(np.clip(seconds / 2.0, 60.0, _FLOAT_OUTPUT_S))
        return self._run(float_at_pressure(Given(pressure_pa.ravel())), release, instants, batch, output_s)

    def _floats(self, some: list[Candidate], batch: _Batch, instants: Times) -> Carried:
        """Drift at the level at which they were heard, or at one of their profile's."""
        level = batch.each([c.altitude_m[-1] for c in some])
        level = level + batch.each([c.altitude_sd_m for c in some]) * batch.normals("level")
        unknown = np.isnan(level)
        if unknown.any():
            level = np.where(unknown, batch.drawn("top", [c.flown.top_m for c in some]), level)
        return self._float_from(batch, batch.time, batch.lat, batch.lon, level, instants)

    def _float_from(self, batch: _Batch, time: Times, lat: F64, lon: F64, level_m: F64, instants: Times) -> Carried:
        pressure = pressure_at(self.winds, time, lat, lon, np.clip(level_m, *_LEVEL_LIMITS_M))
        release = Release(time=time, lat=lat, lon=lon)
        return self._run(float_at_pressure(Given(pressure)), release, instants, batch, _FLOAT_OUTPUT_S)

    def _launches(self, some: list[Candidate], batch: _Batch, instants: Times) -> Carried:
        """Climb; then burst and fall, or float."""
        ground = np.nan_to_num(batch.each([c.altitude_m[0] for c in some]))
        top = np.maximum(batch.drawn("top", [c.flown.top_m for c in some]), ground + 500.0)
        rise = Ascent(
            rate_ms=Given(batch.drawn("ascent", [c.flown.ascent_ms for c in some])), until=Until("altitude", Given(top))
        )
        release = Release(time=batch.time, lat=batch.lat, lon=batch.lon, altitude_m=ground)
        if some[0].flown.descent_ms is not None:
            return self._run(Flight(phases=(rise, _fall(some, batch))), release, instants, batch, _CLIMB_OUTPUT_S)
        climbed = self._climb(rise, release, batch, float(np.max((top - ground) / rise.rate_ms.values)))  # type: ignore[union-attr]
        end = climbed["end_time"].values
        lat, lon = (climbed[f"end_{n}"].values.astype(np.float64) for n in ("lat", "lon"))
        afloat = self._float_from(batch, end, lat, lon, top, instants)
        below = _at_instants(climbed, instants, batch)
        late = batch.shaped(end)[..., None] <= instants
        below.put(np.arange(len(some)), afloat, late)
        return below

    def _ends(self, some: list[Candidate], batch: _Batch, instants: Times) -> Carried:
        """Go on from the last fix of a track: falling where it fell."""
        altitude = np.maximum(np.nan_to_num(batch.each([c.altitude_m[-1] for c in some])), 10.0)
        release = Release(time=batch.time, lat=batch.lat, lon=batch.lon, altitude_m=altitude)
        return self._run(Flight(phases=(_fall(some, batch),)), release, instants, batch, _CLIMB_OUTPUT_S)

    def _climb(self, rise: Ascent, release: Release, batch: _Batch, longest_s: float) -> xr.Dataset:
        settings = replace(self.settings, output_s=_CLIMB_OUTPUT_S)
        return self._simulated(Flight(phases=(rise,)), release, longest_s / 3600.0 + 0.1, batch, settings)

    def _run(self, flight: Flight, release: Release, instants: Times, batch: _Batch, output_s: float) -> Carried:
        seconds = float((instants[-1] - np.asarray(release.time).min()) / _SECOND)
        if seconds <= 0.0:
            return Carried.nowhere((batch.count, batch.members, instants.size))
        settings = replace(self.settings, output_s=output_s)
        data = self._simulated(flight, release, (seconds + 2.0 * output_s) / 3600.0, batch, settings)
        return _at_instants(data, instants, batch)

    def _simulated(
        self, flight: Flight, release: Release, hours: float, batch: _Batch, settings: Settings
    ) -> xr.Dataset:
        size = batch.count * batch.members
        data = simulate(self.flown, flight, release, hours=hours, members=size, seed=batch.seed, settings=settings)
        return data.sortby("trajectory") if "member" in self.winds.dims else data


def _fall(some: list[Candidate], batch: _Batch) -> Descent:
    speeds: list[Value] = [5.0 if c.flown.descent_ms is None else c.flown.descent_ms for c in some]
    return Descent(sea_level_speed_ms=Given(batch.drawn("descent", speeds)))


def _batches(candidates: Sequence[Candidate], members: int) -> Iterator[NDArray[np.intp]]:
    """Yield the numbers of candidates that go in one run: of one kind of flight, and near in time."""
    groups: dict[tuple[str, bool, int], list[int]] = {}
    for i, c in enumerate(candidates):
        window = int(c.time[-1].astype(np.int64) // _WINDOW_NS)
        groups.setdefault((c.kind, c.flown.descent_ms is None, window), []).append(i)
    size = max(1, _MOST_MEMBERS // members)
    for rows in groups.values():
        ordered = np.array(sorted(rows, key=lambda i: candidates[i].time[-1]), np.intp)
        for first in range(0, ordered.size, size):
            yield ordered[first : first + size]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The members of some candidates, one after the other; arrays are (count * members,)."""

    count: int
    members: int
    seed: int
    time: Times
    lat: F64
    lon: F64

    @staticmethod
    def of(some: list[Candidate], members: int, seed: int, first: int) -> _Batch:
        """Draw when and where members start."""
        key = (seed * 1_000_003 + first) % 2**62
        empty = np.empty(0)
        blank = _Batch(count=len(some), members=members, seed=key, time=np.empty(0, "M8[ns]"), lat=empty, lon=empty)
        sd = blank.each([c.position_sd_m for c in some])
        east, north = (sd * blank.normals(axis) for axis in ("east", "north"))
        lat, lon = (blank.each([getattr(c, name)[-1] for c in some]) for name in ("lat", "lon"))
        lat, lon = sphere.move(lat, lon, np.degrees(np.arctan2(east, north)), np.hypot(east, north))
        shift = blank.each([c.time_sd_s for c in some]) * blank.normals("time")
        start = np.repeat(np.array([c.time[-1] for c in some]), members)
        return replace(blank, time=start + np.round(shift * 1e9).astype("timedelta64[ns]"), lat=lat, lon=lon)

    def each(self, values: Sequence[float]) -> F64:
        """Repeat a value of each candidate for its members."""
        return np.repeat(np.asarray(values, np.float64), self.members)

    def normals(self, name: str) -> F64:
        """Draw a standard normal a member."""
        return rng.normals(self.seed, f"identify {name}", self.count * self.members)

    def drawn(self, name: str, values: Sequence[Value]) -> F64:
        """Draw from each candidate's own distribution."""
        parts = []
        for i, value in enumerate(values):
            if isinstance(value, Spread):
                first = i * self.members
                parts.append(draw(value, self.seed, f"identify {name}", self.members, first_member=first))
            else:
                parts.append(draw(value, self.seed, name, self.members))
        return np.concatenate(parts)

    def shaped(self, values: NDArray) -> NDArray:  # type: ignore[type-arg]
        """Return (count, members, ...) of (count * members, ...)."""
        return values.reshape(self.count, self.members, *values.shape[1:])


def _at_instants(data: xr.Dataset, instants: Times, batch: _Batch) -> Carried:
    """Read trajectories at instants, between outputs along great circles."""
    status = data["status"].values
    time = np.broadcast_to(data["time"].values, status.shape)
    step_s = float((time[0, 1] - time[0, 0]) / _SECOND)
    age = (instants[None, :] - time[:, :1]) / _SECOND / step_s
    left = np.clip(np.floor(age).astype(np.intp), 0, status.shape[1] - 2)
    share = np.clip(age - left, 0.0, 1.0)
    rows = np.arange(status.shape[0])[:, None]
    state, later = status[rows, left], status[rows, left + 1]
    started = (age >= 0.0) & (age < status.shape[1] - 1)
    lost = started & (np.isin(state, _LOST) | (np.isin(state, _ALOFT) & np.isin(later, _LOST)))
    aloft = started & np.isin(state, _ALOFT) & ~lost
    ends = [[data[n].values[rows, left + k].astype(np.float64) for k in (0, 1)] for n in ("lat", "lon")]
    a, b = (sphere.unit_vector(ends[0][k], ends[1][k]) for k in (0, 1))
    lat, lon = sphere.latlon((1.0 - share[..., None]) * a + share[..., None] * b)
    course = np.radians(sphere.azimuth_deg(ends[0][0], ends[1][0], ends[0][1], ends[1][1]))
    speed = sphere.distance_m(ends[0][0], ends[1][0], ends[0][1], ends[1][1]) / step_s
    heights = [[data[n].values[rows, left + k].astype(np.float64) for k in (0, 1)] for n in ("altitude", "pressure")]
    altitude, pressure = ((1.0 - share) * low + share * high for low, high in heights)
    fields = [np.where(aloft, f, np.nan) for f in (lat, lon, altitude, pressure)]
    climb = (heights[0][1] - heights[0][0]) / step_s
    return Carried(
        lat=batch.shaped(fields[0]),
        lon=batch.shaped(fields[1]),
        altitude_m=batch.shaped(fields[2]),
        pressure_pa=batch.shaped(fields[3]),
        speed_ms=batch.shaped(np.where(aloft, np.nan_to_num(speed * np.exp(1j * (0.5 * np.pi - course))), 0.0)),
        climb_ms=batch.shaped(np.where(aloft, np.nan_to_num(climb), 0.0)),
        lost=batch.shaped(lost),
    )


def pressure_at(winds: xr.Dataset, time: Times, lat: F64, lon: F64, altitude_m: F64) -> F64:
    """Return the pressure of geometric altitudes by the winds' own heights at the nearest node. [Pa]

    By the standard atmosphere where the winds know no heights, or none there.
    """
    standard = np.asarray(atmosphere.pressure_pa(altitude_m))
    if "z" not in winds:
        return standard
    field = winds["z"].isel(member=0) if "member" in winds.dims else winds["z"]
    i, j, k = (_nearest(field[axis].values, values) for axis, values in (("time", time), ("lat", lat), ("lon", lon)))
    places, inverse = np.unique(np.stack([i, j, k]), axis=1, return_inverse=True)
    index = {axis: xr.DataArray(places[n], dims="place") for n, axis in enumerate(("time", "lat", "lon"))}
    columns = atmosphere.geometric_m(field.isel(index).transpose("place", "level").values.astype(np.float64))
    ln_p = np.log(np.asarray(winds["level"].values, np.float64) * 100.0)
    out = np.log(standard)
    for place, column in enumerate(columns):
        fine, mine = np.isfinite(column), np.ravel(inverse) == place
        inside = mine & (altitude_m >= column[fine].min(initial=np.inf)) & (altitude_m <= column[fine].max(initial=0.0))
        order = np.argsort(column[fine])
        if inside.any():
            out[inside] = np.interp(altitude_m[inside], column[fine][order], ln_p[fine][order])
    return np.exp(out)


def _nearest(axis: NDArray, values: NDArray) -> NDArray[np.intp]:  # type: ignore[type-arg]
    """Return the nearest node of each value; longitudes may be off by turns."""
    if np.issubdtype(axis.dtype, np.datetime64):
        axis, values = (
            axis.astype("datetime64[s]").astype(np.float64),
            values.astype("datetime64[s]").astype(np.float64),
        )
    elif axis[-1] - axis[0] > 180.0:
        values = axis[0] + np.mod(values - axis[0], 360.0)
    right = np.clip(np.searchsorted(axis, values), 1, max(axis.size - 1, 1))
    if axis.size == 1:
        return np.zeros(values.shape, np.intp)
    return np.where(values - axis[right - 1] < axis[right] - values, right - 1, right)
