"""Measured winds as a dataset: what soundings and balloons felt, spread over their reach with a stated error.

For every time and level of the dataset the wind is the kernel-weighted mean of the measurements near in height,
with weight ``exp(-(|dt| / time_scale)) exp(-dz^2 / (2 depth^2))`` (nearest in time rules, so that beyond the first and
last measurement of a height the last known wind holds). Its error grows from the measurement outwards::

    sd^2 = sd0^2 + scatter^2 + (S^2 + c^2 V^2) [1 - exp(-|dt| / T)]
           + S^2 [1 - exp(-dz^2 / (2 D^2))] + S^2 [1 - exp(-d^2 / (2 L^2))]

with ``S`` the natural spread of wind, ``V`` the root of the mean square speed that was measured (strong wind changes by
more, and at all heights of a windy column), ``T``, ``D`` and ``L`` its scales in time, height and distance ``d`` from
the measuring balloon, and ``scatter`` the weighted standard deviation of the measurements that were averaged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import atmosphere
from overflight.geo.sphere import distance_m
from overflight.geo.times import iso
from overflight.winds.field import canonical

F64 = NDArray[np.float64]
MOST_NODES = 40_000_000
"""Of measured winds; some 1 GB while they are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far measured winds are taken to hold, and how their error grows.

    Attributes
    ----------
    box_deg : half width of the box about the measurements. [degrees of latitude; of longitude, over cos(lat)]
    height_m : beyond this from the nearest measurement a level has no wind (NaN). [m]
    level_step_m, time_step_s : spacing of the dataset. [m], [s]
    depth_m, time_scale_s : widths of the averaging kernel. [m], [s]
    sd0_ms : error of one measurement of a component. [m/s]
    spread_ms, spread_time_s, spread_depth_m, spread_length_m : natural spread of a component and its scales.
    change_by_speed : the c by which the change in time grows with the speed of the wind (docs/method/winds.md).
    before_s, after_s : how long the first and last measurement are held. [s]
    """

    box_deg: float = 3.0
    height_m: float = 1500.0
    level_step_m: float = 500.0
    time_step_s: float = 1800.0
    depth_m: float = 250.0
    time_scale_s: float = 3600.0
    sd0_ms: float = 0.5
    spread_ms: float = 5.0
    spread_time_s: float = 24 * 3600.0
    spread_depth_m: float = 1500.0
    spread_length_m: float = 500_000.0
    change_by_speed: float = 0.48
    before_s: float = 6 * 3600.0
    after_s: float = 6 * 3600.0

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        for name in self.__slots__:
            value = getattr(self, name)
            if not (np.isfinite(value) and (value > 0.0 or (value == 0.0 and name.endswith(("_ms", "_s", "_speed"))))):
                raise InvalidInput(name, f"{value!r}", "a number above 0")
        if self.box_deg > 30.0:
            raise InvalidInput("box_deg", f"{self.box_deg:g}", "up to 30 degrees")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Wind measured at points: times [datetime64], places [degrees], ``altitude_m``, ``u`` and ``v`` [m/s].

    ``altitude_m`` stands for pressure, by the standard atmosphere; ``height_m``, where it is known too, is the true
    height there [m, geopotential].
    """

    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    altitude_m: F64
    u: F64
    v: F64
    height_m: F64 | None = None


def winds_of(measured: Measured, reach: Reach, *, name: str, source: str) -> xr.Dataset:
    """Lay measurements out as a canonical dataset with ``wind_sd``, uniform over a box around them.

    Raises
    ------
    InvalidInput
        There is no measurement.
    """
    if measured.time.size == 0:
        raise InvalidInput("wind", "no measurement", "measured winds", name)
    order = np.argsort(measured.time, kind="stable")
    m = replace(
        measured,
        **{k: a[order] for k in Measured.__slots__ if (a := getattr(measured, k)) is not None},
    )
    times = _times(m, reach)
    altitudes = _altitudes(m, reach)
    lat, lon = _box(m, reach)
    _require_size(times, altitudes.size * lat.size * lon.size, name)
    u, v, variance = _average(m, reach, times, altitudes)
    sd = _sd_over_box(m, reach, times, lat, lon, variance)
    shape = (times.size, altitudes.size, lat.size, lon.size)
    dims = ("time", "level", "lat", "lon")
    height = _heights(m, altitudes)[None, :, None, None]
    data = {
        q: (dims, np.broadcast_to(a, shape).astype(np.float32), {"units": unit})
        for q, a, unit in (
            ("u", u[..., None, None], "m s-1"),
            ("v", v[..., None, None], "m s-1"),
            ("wind_sd", sd, "m s-1"),
            ("gh", height, "m"),
        )
    }
    coords = {
        "time": times,
        "level": ("level", atmosphere.pressure_pa(altitudes) / 100.0, {"units": "hPa"}),
        "lat": lat,
        "lon": lon,
    }
    attributes = {
        "source": source,
        "title": name,
        "height_source": "altitudes of the balloon" if m.height_m is None else "sounding",
        "reach": f"{reach.box_deg:g} degrees, {reach.height_m:g} m in height, "
        f"{reach.before_s / 3600:g} h before and {reach.after_s / 3600:g} h after",
    }
    return canonical(xr.Dataset(data, coords, attributes), name=name)


def _require_size(times: NDArray[np.datetime64], nodes: int, name: str) -> None:
    """Refuse what would not fit into memory: years of soundings, or a track around the world."""
    if times.size * nodes > MOST_NODES:
        got = f"{iso(times[0])} to {iso(times[-1])} at {nodes:,} places"
        raise InvalidInput("measured winds", got, "a shorter time or a smaller region", name, "cut the file")


def _times(m: Measured, reach: Reach) -> NDArray[np.datetime64]:
    step = np.timedelta64(int(reach.time_step_s), "s")
    start = m.time[0].astype("datetime64[s]") - np.timedelta64(int(reach.before_s), "s")
    count = int(np.ceil((m.time[-1] - start) / step + reach.after_s / reach.time_step_s)) + 1
    return np.asarray((start + np.arange(count) * step).astype("datetime64[ns]"))


def _altitudes(m: Measured, reach: Reach) -> F64:
    low = max(0.0, float(m.altitude_m.min()) - reach.height_m)
    high = float(m.altitude_m.max()) + reach.height_m
    first, last = np.ceil(low / reach.level_step_m), np.floor(high / reach.level_step_m)
    return np.arange(first, last + 1) * reach.level_step_m


def _heights(m: Measured, altitudes: F64) -> F64:
    """Geopotential height of the levels: the standard's, put right by what was measured."""
    standard = atmosphere.geopotential_m(altitudes)
    if m.height_m is None:
        return standard
    order = np.argsort(m.altitude_m)
    off = m.height_m[order] - atmosphere.geopotential_m(m.altitude_m[order])
    return np.asarray(standard + np.interp(altitudes, m.altitude_m[order], off))


def _box(m: Measured, reach: Reach) -> tuple[F64, F64]:
    """Nodes of a box about all measurements, every degree or so; over the antimeridian it goes on past 180."""
    south, north = max(-90.0, m.lat.min() - reach.box_deg), min(90.0, m.lat.max() + reach.box_deg)
    middle = m.lon[0]
    offset = (m.lon - middle + 180.0) % 360.0 - 180.0
    margin = min(reach.box_deg / max(np.cos(np.radians(np.abs(m.lat).max())), 0.05), 170.0)
    west, east = middle + offset.min() - margin, middle + offset.max() + margin
    east = min(east, west + 350.0)
    return _nodes(south, north), _nodes(west, east)


def _nodes(low: float, high: float) -> F64:
    return np.linspace(low, high, max(3, int(np.ceil(high - low)) + 1))


def _average(m: Measured, reach: Reach, times: NDArray[np.datetime64], altitudes: F64) -> tuple[F64, F64, F64]:
    """Mean winds and variance at (time, level), without the part that grows with distance; NaN out of reach."""
    dt = np.abs((times[:, None] - m.time[None, :]) / np.timedelta64(1, "s"))
    shape = (times.size, altitudes.size)
    u, v, variance = (np.full(shape, np.nan) for _ in range(3))
    change = reach.spread_ms**2 + reach.change_by_speed**2 * float(np.mean(m.u**2 + m.v**2))
    for k, altitude in enumerate(altitudes):
        dz = np.abs(m.altitude_m - altitude)
        near = dz <= max(float(dz.min()) + 2.0 * reach.depth_m, reach.level_step_m)
        if dz.min() > reach.height_m:
            continue
        # The kernel is taken from the nearest outwards, so that a lone far measurement still counts fully.
        cost = dt[:, near] / max(reach.time_scale_s, 1.0) + 0.5 * (dz[near] / reach.depth_m) ** 2
        weight = np.exp(-(cost - cost.min(axis=1, keepdims=True)))
        weight /= weight.sum(axis=1, keepdims=True)
        u[:, k], v[:, k] = weight @ m.u[near], weight @ m.v[near]
        scatter = 0.5 * (weight @ (m.u[near] ** 2 + m.v[near] ** 2) - u[:, k] ** 2 - v[:, k] ** 2)
        far_t, far_z = (weight * dt[:, near]).sum(axis=1), weight @ dz[near]
        in_time = change * (1.0 - np.exp(-far_t / max(reach.spread_time_s, 1.0)))
        in_height = reach.spread_ms**2 * (1.0 - np.exp(-0.5 * (far_z / reach.spread_depth_m) ** 2))
        variance[:, k] = reach.sd0_ms**2 + np.maximum(scatter, 0.0) + in_time + in_height
    return u, v, variance


def _sd_over_box(m: Measured, reach: Reach, times: NDArray[np.datetime64], lat: F64, lon: F64, variance: F64) -> F64:
    """Return the standard deviation at every node: the growth with distance from where the balloon was at that time."""
    seconds = (m.time - m.time[0]) / np.timedelta64(1, "s")
    now = (times - m.time[0]) / np.timedelta64(1, "s")
    unwound = m.lon[0] + (m.lon - m.lon[0] + 180.0) % 360.0 - 180.0
    at_lat, at_lon = np.interp(now, seconds, m.lat), np.interp(now, seconds, unwound)
    d = distance_m(at_lat[:, None, None], at_lon[:, None, None], lat[None, :, None], lon[None, None, :])
    grown = reach.spread_ms**2 * (1.0 - np.exp(-0.5 * (d / reach.spread_length_m) ** 2))
    return np.asarray(np.sqrt(variance[:, :, None, None] + grown[:, None, :, :]))
