"""Winds as the kernels read them: one grid, two time slots, float32.

Rows are brought to equal spacing (a Gaussian grid is interpolated linearly between its own latitudes), a global grid
gets its pole rows rebuilt and one column repeated, and velocities become grid cells a second. Only two times lie in
memory; the next is read by a thread while the kernels run.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from overflight.drift.kernels.layout import place_scalar, place_winds, rebuild_poles
from overflight.drift.kernels.lookup import (
    G_DLAT,
    G_DLON,
    G_LAT0,
    G_LEVELS,
    G_LON0,
    G_NORTH,
    G_PERIOD,
    G_SOUTH,
    G_XMAX,
    G_YMAX,
    N_GRID,
)
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import atmosphere, times
from overflight.winds.coverage import edges_of_rows
from overflight.winds.readable import told_unreadable

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

MAX_GAP_S = 12 * 3600.0
"""Winds are not interpolated over a longer gap: sampling at 24 h is sometimes much worse (Knudsen et al. 2001,
doi 10.1029/2000JD900608)."""

_SPACING_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """Where the packed grid lies.

    Attributes
    ----------
    lat, lon : float64. Rows and columns of the packed grid, equally spaced. [degrees]
    log_p : float64 (levels,). Falling. [ln Pa]
    period : int. Columns around the circle, 0 for a regional domain.
    grid : float64 (N_GRID,). The same for the kernels.
    """

    lat: F64
    lon: F64
    log_p: F64
    period: int
    grid: F64

    @property
    def ends_at_poles(self) -> tuple[bool, bool]:
        """Whether it spans the circle and ends at the south and at the north pole."""
        return bool(self.period) and self.lat[0] == -90.0, bool(self.period) and self.lat[-1] == 90.0


def axes(winds: xr.Dataset) -> Axes:
    """Lay the packed grid over a canonical wind dataset."""
    lon = np.asarray(winds["lon"].values, np.float64)
    step = _even_step(lon, "lon")
    period = round(360.0 / step) if abs(lon.size * step - 360.0) < 0.5 * step else 0
    lat = _even_rows(np.asarray(winds["lat"].values, np.float64), bool(period))
    log_p = np.log(_two_levels(np.asarray(winds["level"].values, np.float64)) * 100.0)
    grid = np.zeros(N_GRID)
    grid[[G_LAT0, G_DLAT]] = np.radians(lat[0]), np.radians((lat[-1] - lat[0]) / (lat.size - 1))
    grid[[G_LON0, G_DLON]] = np.radians(lon[0]), np.radians(360.0 / period if period else step)
    grid[G_PERIOD], grid[G_LEVELS] = period, log_p.size
    grid[G_XMAX], grid[G_YMAX] = period or lon.size - 1, lat.size - 1
    found = Axes(lat=lat, lon=lon, log_p=log_p, period=period, grid=grid)
    south, north = found.ends_at_poles
    grid[G_SOUTH], grid[G_NORTH] = -np.inf if south else 0.0, np.inf if north else lat.size - 1
    return found


def _even_step(values: F64, field: str) -> float:
    if values.size < 2:
        raise InvalidInput(field, f"{values.size} value", "at least two columns and rows of winds")
    steps = np.diff(values)
    if np.ptp(steps) > _SPACING_TOLERANCE + 0.01 * abs(float(steps.mean())):
        raise InvalidInput(field, "uneven spacing", "equally spaced longitudes")
    return float(values[-1] - values[0]) / (values.size - 1)


def _even_rows(lat: F64, spans_circle: bool) -> F64:
    """Return equally spaced rows at least as fine as ``lat``, as far as its winds reach."""
    if lat.size < 2:
        raise InvalidInput("lat", f"{lat.size} value", "at least two columns and rows of winds")
    finest, (low, high) = float(np.diff(lat).min()), edges_of_rows(lat, spans_circle)
    rows = round((high - low) / finest) + 1
    if (rows - 1) * finest < high - low - _SPACING_TOLERANCE:
        rows += 1
    return np.linspace(low, high, rows)


def _two_levels(level: F64) -> F64:
    """Give a single level a thickness of 0.5 % of its pressure each way, inside which its wind holds."""
    return level if level.size > 1 else np.array([level[0] * 1.005, level[0] * 0.995])


@dataclass(slots=True, eq=False)
class Slab:
    """Two neighbouring times in memory, as the kernels read them; an even time lies in slot 0, an odd one in slot 1."""

    w: F32
    z: F32
    d: F32
    times: list[int]
    users: int = 0


class WindPack:
    """A wind dataset as the kernels read it: the slab at hand, the next time on its way.

    Parameters
    ----------
    winds : canonical wind dataset.
    densities : also pack the logarithm of the density of each level, beside its height [m, geometric].
    steady : let a single time hold for all times.
    keep : int. Slabs to keep; more than one lets many short runs share the same winds, in one thread or many.
    """

    def __init__(self, winds: xr.Dataset, *, densities: bool = False, steady: bool = False, keep: int = 1) -> None:
        self.winds = winds
        self.axes = axes(winds)
        self.epoch = winds["time"].values.astype("datetime64[ns]")[0]
        self.epoch_unix_s = float(self.epoch.astype(np.int64)) * 1e-9
        self.times_s: F64 = (winds["time"].values - self.epoch) / np.timedelta64(1, "s")
        if "member" in winds.dims:
            raise InvalidInput("winds", "an ensemble", "one member", hint="winds.members parts them")
        self.densities, self.steady, self.keep = densities, steady, keep
        self.log_p = self.axes.log_p
        rows, cols, levels = self.axes.lat.size + 1, self.axes.lon.size + 1, self.log_p.size
        if rows * cols * levels * 4 >= 2**32:
            raise InvalidInput(
                "winds",
                f"{rows * cols * levels * 4:,} numbers for two times",
                "fewer than 4.29 billion",
                hint="take fewer levels or a smaller area",
            )
        self._shape = (rows, cols, levels)
        self._is_standard = "z" not in winds and "t" not in winds
        self.w_strides = (np.uint32(cols * levels * 4), np.uint32(levels * 4))
        self.c_strides = (
            (np.uint32(0), np.uint32(0)) if self._is_standard else (np.uint32(cols * levels * 2), np.uint32(levels * 2))
        )
        self._slabs: list[Slab] = []
        self._lock = Lock()
        self._stated: RegularGridInterpolator | None = None
        self._ahead: tuple[int, Future[_Raw]] | None = None
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wind-read-ahead")

    def seconds(self, instant: np.datetime64) -> float:
        """Return seconds from the wind's first time."""
        return float((instant - self.epoch) / np.timedelta64(1, "s"))

    def intervals(self) -> list[tuple[float, float, int]]:
        """Return (from, to, index of the first time) of every stretch in which winds are known. [s]"""
        if self.steady and self.times_s.size == 1:
            return [(-np.inf, np.inf, 0)]
        return [(a, b, i) for i, (a, b) in enumerate(pairwise(self.times_s)) if b - a <= MAX_GAP_S]

    def require(self, start: float, stop: float) -> None:
        """Raise OutOfCoverage unless some wind is known between two times in seconds."""
        low, high = min(start, stop), max(start, stop)
        if any(max(a, low) < min(b, high) for a, b, _ in self.intervals()):
            return
        first, last = (times.iso(t) for t in (self.winds["time"].values[0], self.winds["time"].values[-1]))
        have = f"only {first}" if self.times_s.size == 1 else f"{first} to {last}"
        hint = "a single time can be held for the whole run (steady)" if self.times_s.size == 1 else ""
        raise OutOfCoverage("winds", f"{self._iso(low)} to {self._iso(high)}", have, hint)

    def _iso(self, seconds: float) -> str:
        return times.iso(self.epoch + np.timedelta64(round(seconds * 1e9), "ns"))

    def hold(self, index: int, *, towards: int, until: int) -> Slab:
        """Return times ``index`` and ``index + 1`` in memory; start to read the next time ``towards`` +1 or -1.

        ``until`` is the last index that this run will hold: nothing beyond it is read ahead. The slab stays as it is
        until ``release``.
        """
        with self._lock:
            return self._hold(index, towards, until)

    def release(self, slab: Slab) -> None:
        """Give back a slab that was held."""
        with self._lock:
            slab.users -= 1
            spare = [s for s in self._slabs if not s.users][: max(0, len(self._slabs) - self.keep)]
            self._slabs = [s for s in self._slabs if s not in spare]

    def _hold(self, index: int, towards: int, until: int) -> Slab:
        last = self.times_s.size - 1
        slab = self._slab({index, min(index + 1, last)})
        for i in {index, min(index + 1, last)}:
            if slab.times[i % 2] != i:
                self._store(slab, i, i % 2)
        if last == 0 and slab.times[1] != 0:
            self._store(slab, 0, 1)
        following = index + 2 if towards > 0 else index - 1
        if index != until and 0 <= following <= last and self.keep == 1:
            self._ahead = (following, self._reader.submit(self._read_fresh, following))
        slab.users += 1
        return slab

    def _slab(self, wanted: set[int]) -> Slab:
        """Return the slab to hold the wanted times: one that has them, the one used longest ago, or a new one."""
        held = [slab for slab in self._slabs if wanted <= set(slab.times)]
        free = [slab for slab in self._slabs if not slab.users]
        if held:
            slab = held[0]
        elif free and len(self._slabs) >= self.keep:
            slab = free[0]
        else:
            slab = self._new_slab()
        self._slabs = [s for s in self._slabs if s is not slab] + [slab]
        return slab

    def _new_slab(self) -> Slab:
        rows, cols, levels = self._shape
        w = np.zeros(rows * cols * levels * 4 + 8, np.float32)
        if self._is_standard:
            standard = atmosphere.altitude_m(np.exp(self.log_p))
            density = np.log(atmosphere.density_kg_m3(standard))
            z, d = (np.pad(np.repeat(one, 2), (0, 8)).astype(np.float32) for one in (standard, density))
            return Slab(w, z, d, [-1, -1])
        column = rows * cols * levels * 2 + 8
        return Slab(w, np.zeros(column, np.float32), np.zeros(column if self.densities else 8, np.float32), [-1, -1])

    def weight(self, seconds: float, index: int) -> float:
        """Return the weight of the second slot at a time between times ``index`` and ``index + 1``."""
        if self.times_s.size == 1:
            return 0.0
        a, b = self.times_s[index], self.times_s[index + 1]
        fraction = (seconds - a) / (b - a)
        return float(fraction if index % 2 == 0 else 1.0 - fraction)

    def stated_sd(self, seconds: float | F64, level_hpa: F64, lat: F64, lon: F64) -> F64:
        """Return the standard deviation of each wind component as the winds state it, held beyond their ends. [m/s]"""
        if self._stated is None:
            field = self.winds["wind_sd"].transpose("time", "level", "lat", "lon").astype(np.float64)
            points = (
                self.times_s,
                -np.log(self.winds["level"].values),
                *(self.winds[n].values for n in ("lat", "lon")),
            )
            self._stated = RegularGridInterpolator(points, field.values)
        points = self._stated.grid
        west = points[3][0]
        wanted = (np.broadcast_to(seconds, lat.shape), -np.log(level_hpa), lat, west + np.mod(lon - west, 360.0))
        held = np.stack([np.clip(w, p[0], p[-1]) for w, p in zip(wanted, points, strict=True)], axis=-1)
        result: F64 = self._stated(held)
        return np.nan_to_num(result, nan=float(np.nanmax(self._stated.values)))

    def close(self) -> None:
        """Let the reading thread go."""
        self._reader.shutdown(wait=True, cancel_futures=True)

    def _read(self, index: int) -> _Raw:
        if self._ahead is not None and self._ahead[0] == index:
            ahead, self._ahead = self._ahead[1], None
            return ahead.result()
        return self._read_fresh(index)

    def _read_fresh(self, index: int) -> _Raw:
        heights = not self._is_standard
        return _read(self.winds, self.axes, index, heights=heights, densities=heights and self.densities)

    def _store(self, slab: Slab, index: int, slot: int) -> None:
        raw, grid, shape = self._read(index), self.axes.grid, self._shape
        slab.times[slot] = index
        w = slab.w[:-8].reshape(*shape, 4)
        place_winds(raw.u, raw.v, grid, slot, w)
        rebuild_poles(grid, self.axes.ends_at_poles, slot, w)
        wraps = bool(self.axes.period)
        if raw.h is not None:
            place_scalar(raw.h, wraps, atmosphere.STANDARD_RADIUS_M, slot, slab.z[:-8].reshape(*shape, 2))
        if raw.d is not None:
            place_scalar(raw.d, wraps, np.inf, slot, slab.d[:-8].reshape(*shape, 2))


@dataclass(frozen=True, slots=True)
class _Raw:
    """One time on the packed grid, ``[lat][lon][level]``: winds [m/s], geopotential heights [m], ln density [kg/m3]."""

    u: F32
    v: F32
    h: F32 | None
    d: F32 | None


def _read(winds: xr.Dataset, packed: Axes, index: int, *, heights: bool, densities: bool) -> _Raw:
    one = winds.isel(time=index)
    lat = np.asarray(winds["lat"].values, np.float64)
    u, v = (_levels_last(one, name) for name in ("u", "v"))
    h = _heights(one, packed) if heights else None
    d = _log_densities(one, packed, h) if densities and h is not None else None
    rows, source = _Rows.between(lat, packed.lat), lat
    if any(packed.ends_at_poles) and rows.weight is not None:
        source, u, v = _winds_with_poles(lat, packed, u, v)
        h, d = (None if field is None else _with_poles(lat, packed, field)[1] for field in (h, d))
        rows = _Rows.between(source, packed.lat)
    return _Raw(rows.of(u), rows.of(v), *(None if field is None else rows.of(field) for field in (h, d)))


def _log_densities(one: xr.Dataset, packed: Axes, h: F32) -> F32:
    t = _levels_last(one, "t") if "t" in one else _layer_temperatures(h, packed.log_p)
    log_density: F32 = (packed.log_p - np.log(atmosphere.GAS_CONSTANT_DRY_AIR)).astype(np.float32) - np.log(t)
    return log_density


def _levels_last(one: xr.Dataset, name: str) -> F32:
    field = one[name]
    axes = [field.dims.index(axis) for axis in ("lat", "lon", "level")]
    with told_unreadable(str(one.attrs.get("title", ""))):
        values = np.asarray(field.values, np.float32).transpose(axes)  # read first: a lazy array transposes slowly
    return values if values.shape[2] > 1 else np.repeat(values, 2, axis=2)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Linear interpolation from the file's rows to the packed rows; a plain copy where they agree."""

    lower: NDArray[np.intp]
    weight: F32 | None

    @staticmethod
    def between(source: F64, target: F64) -> _Rows:
        lower = np.clip(np.searchsorted(source, target, side="right") - 1, 0, source.size - 2)
        weight = np.clip((target - source[lower]) / (source[lower + 1] - source[lower]), 0.0, 1.0)
        if source.size == target.size and np.allclose(source, target, atol=_SPACING_TOLERANCE):
            return _Rows(np.arange(source.size), None)
        return _Rows(lower, weight.astype(np.float32)[:, None, None])

    def of(self, values: F32) -> F32:
        if self.weight is None:
            return values
        return values[self.lower] + self.weight * (values[self.lower + 1] - values[self.lower])


def _with_poles(lat: F64, packed: Axes, field: F32) -> tuple[F64, F32]:
    """Add the pole rows that the winds reach without having them, each the mean of the ring beside it."""
    for row in (0, -1):
        pole = packed.lat[row]
        if abs(lat[row] - pole) > _SPACING_TOLERANCE:
            mean = np.broadcast_to(field[row].mean(axis=0), field[row].shape)[None]
            at = 0 if row == 0 else lat.size
            lat, field = np.insert(lat, at, pole), np.concatenate([mean, field] if row == 0 else [field, mean])
    return lat, field


def _winds_with_poles(lat: F64, packed: Axes, u: F32, v: F32) -> tuple[F64, F32, F32]:
    """Add such pole rows of winds, each the mean vector of the ring beside it in the plane of the pole."""
    lon = np.radians(packed.lon)
    sine, cosine = np.sin(lon).astype(np.float32)[:, None], np.cos(lon).astype(np.float32)[:, None]
    north = np.sign(lat).astype(np.float32)[:, None, None]
    x, y = -u * sine - north * v * cosine, u * cosine - north * v * sine
    rows, x = _with_poles(lat, packed, x)
    _, y = _with_poles(lat, packed, y)
    north = np.sign(rows).astype(np.float32)[:, None, None]
    return rows, y * cosine - x * sine, -north * (x * cosine + y * sine)


def _heights(one: xr.Dataset, packed: Axes) -> F32:
    """Geopotential heights ``[lat][lon][level]``, from the file or the standard atmosphere."""
    if "z" in one:
        return _levels_last(one, "z")
    standard = atmosphere.geopotential_m(atmosphere.altitude_m(np.exp(packed.log_p))).astype(np.float32)
    return np.broadcast_to(standard, (one.sizes["lat"], one.sizes["lon"], standard.size))


def _layer_temperatures(h: F32, log_p: F64) -> F32:
    """Temperatures at levels from the thickness of the layers beside them (hypsometric equation)."""
    scale = atmosphere.STANDARD_GRAVITY_MS2 / atmosphere.GAS_CONSTANT_DRY_AIR
    layer = (np.diff(h, axis=2) / -np.diff(log_p)) * scale
    padded = np.concatenate([layer[..., :1], layer, layer[..., -1:]], axis=2)
    return np.asarray(0.5 * (padded[..., 1:] + padded[..., :-1]), np.float32)
