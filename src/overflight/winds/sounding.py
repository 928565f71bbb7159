"""Radiosonde soundings as winds: NOAA RAOB NetCDF, IGRA 2 text and SondeHub JSON."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import atmosphere
from overflight.geo.sphere import distance_m
from overflight.geo.times import iso
from overflight.winds.measured import Measured, Reach, winds_of
from overflight.winds.netcdf import read_netcdf

_RAOB_MISSING = 9e4
_ASCENT_MS = 5.0
"""A sonde's climb, to date the wind at a height."""
MOST_BYTES = 512 * 2**20
"""Largest file that an archive may unfold to. [bytes]"""
_STRONGEST_MS = 200.0
_LONGEST_S = 31 * 86_400.0
_BESIDE_S = 2 * 86_400.0
_FARTHEST_KM = 600.0
"""A sonde drifts up to some 300 km."""
T = TypeVar("T")
F64 = NDArray[np.float64]
Row = tuple[float, float, float, float, float, float, float]
"""Seconds since 1970, latitude, longitude, altitude of the pressure [m], u and v [m/s], height [m]."""
SONDE = Reach(time_step_s=3600.0, before_s=6 * 3600.0, after_s=12 * 3600.0, depth_m=150.0, time_scale_s=6 * 3600.0)
"""Reach of soundings: the two of a day meet half-way."""


def is_raob(ds: xr.Dataset) -> bool:
    """Say whether a dataset is NOAA's form of radiosonde soundings."""
    return {"wdMan", "wsMan", "prMan", "staLat"} <= {str(n) for n in ds.variables}


def is_packed(head: bytes) -> bool:
    """Say whether a file is a zip or gzip archive, as IGRA and SondeHub hand out theirs."""
    return head[:4] == b"PK\x03\x04" or head[:2] == b"\x1f\x8b"


def winds_of_soundings(
    path: str | Path, *, reach: Reach = SONDE, near: tuple[datetime, datetime] | None = None
) -> xr.Dataset:
    """Turn radiosonde soundings of one place into a canonical wind dataset with ``wind_sd``.

    Parameters
    ----------
    near : (start, end), optional
        Of a file over more than 31 days only the soundings within two days of this time are taken.

    Raises
    ------
    InvalidInput
        The file is of none of the three forms, has no wind, covers months and ``near`` is not given, or holds
        sondes of places far apart.
    """
    file = Path(path)
    content = unpacked(file.read_bytes(), file.name)
    table = np.array([row for row in _reader(content)(file, content, near) if _is_sound(row)])
    if not table.size:
        raise InvalidInput("wind", "no measured wind", "soundings with wind", file.name)
    low, high = _window(table[:, 0], near, file)
    table = table[(table[:, 0] >= low) & (table[:, 0] <= high)]
    _require_one_place(table, file)
    time = np.round(table[:, 0] * 1e3).astype("datetime64[ms]").astype("datetime64[ns]")
    measured = Measured(
        time=time,
        lat=table[:, 1],
        lon=table[:, 2],
        altitude_m=table[:, 3],
        u=table[:, 4],
        v=table[:, 5],
        height_m=table[:, 6],
    )
    ds = winds_of(measured, reach, name=file.name, source=f"radiosonde soundings in {file.name}")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return ds.assign_attrs(sha256=[digest], measurements=len(table))


def unpacked(content: bytes, name: str) -> bytes:
    """Return a file's bytes; of an archive, those of the one file in it.

    Raises
    ------
    InvalidInput
        The archive cannot be read, holds no or several files, or unfolds to too much.
    """
    if not is_packed(content):
        return content
    try:
        unfolded = _unfolded(content)
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise InvalidInput("sounding", "an archive that cannot be read", "one file in it", name) from None
    if len(unfolded) > MOST_BYTES:
        got = f"an archive that unfolds to over {MOST_BYTES >> 20} MiB"
        raise InvalidInput("sounding", got, "soundings of one station", name)
    return unfolded


def _unfolded(content: bytes) -> bytes:
    """Return what an archive holds, and no more than one byte over the bound of it."""
    if content[:2] != b"PK":
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return stream.read(MOST_BYTES + 1)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = archive.namelist()
        with archive.open(name) as stream:
            return stream.read(MOST_BYTES + 1)


def _window(seconds: F64, near: tuple[datetime, datetime] | None, file: Path) -> tuple[float, float]:
    """Return which times to take: all of a month, else those about a time; years would not fit into memory."""
    if np.ptp(seconds) <= _LONGEST_S:
        return -np.inf, np.inf
    have = " to ".join(iso(np.datetime64(int(edge), "s")) for edge in (seconds.min(), seconds.max()))
    if near is None:
        hint = "name a start and an end, as a forecast does"
        raise InvalidInput("soundings", have, "up to 31 days", file.name, hint)
    low, high = near[0].timestamp() - _BESIDE_S, near[1].timestamp() + _BESIDE_S
    if not np.any((seconds >= low) & (seconds <= high)):
        raise OutOfCoverage(f"soundings in {file.name}", f"{iso(near[0])} to {iso(near[1])}", have)
    return low, high


def _require_one_place(table: F64, file: Path) -> None:
    """Refuse sondes far apart: their mean would be the wind of neither."""
    middle = table[len(table) // 2]
    far_km = float(distance_m(middle[1], middle[2], table[:, 1], table[:, 2]).max()) / 1e3
    if far_km > _FARTHEST_KM:
        raise InvalidInput("soundings", f"sondes {far_km:.0f} km apart", f"up to {_FARTHEST_KM:g} km", file.name,
                           "one place a file")  # fmt: skip


def _reader(content: bytes) -> Callable[[Path, bytes, tuple[datetime, datetime] | None], list[Row]]:
    if content[:3] == b"CDF" or content[:4] == b"\x89HDF":
        return _raob
    return _igra if content[:1] == b"#" else _sondehub


def _is_sound(row: Row) -> bool:
    return bool(np.all(np.isfinite(row)) and np.hypot(row[4], row[5]) < _STRONGEST_MS and abs(row[1]) <= 90.0)


def components(direction_deg: F64 | float, speed_ms: F64 | float) -> tuple[Any, Any]:
    """Eastward and northward wind from the direction it comes from [degrees true] and its speed [m/s]."""
    angle = np.radians(direction_deg)
    return -np.asarray(speed_ms) * np.sin(angle), -np.asarray(speed_ms) * np.cos(angle)


def _raob(file: Path, content: bytes, near: tuple[datetime, datetime] | None) -> list[Row]:
    """Mandatory and significant levels; heights that lack are those of the sounding's own pressure to height."""
    ds = read_netcdf(file)
    if not is_raob(ds):
        raise InvalidInput("sounding", "a NetCDF of another form", "NOAA RAOB NetCDF", file.name)
    rows: list[Row] = []
    for i in range(ds["wdMan"].shape[0]):
        release = _released(ds, i)
        station = [float(ds[n].values[i]) for n in ("staLat", "staLon", "staElev")]
        altitude, height, direction, speed = _levels(ds, i)
        u, v = components(direction, speed)
        for x, z, a, b in zip(altitude, height, u, v, strict=True):
            rows.append((release + max(z - station[2], 0.0) / _ASCENT_MS, station[0], station[1], x, a, b, z))
    return rows


def _released(ds: xr.Dataset, i: int) -> float:
    """Seconds since 1970 of the release, else of the nominal hour."""
    for name in ("relTime", "synTime"):
        if name in ds:
            value = ds[name].values[i]
            seconds = float(value.astype("datetime64[s]").astype(float)) if ds[name].dtype.kind == "M" else float(value)
            if 0.0 < seconds < 1e11:
                return seconds
    return float("nan")


def _levels(ds: xr.Dataset, i: int) -> tuple[F64, F64, F64, F64]:
    """Return altitude of the pressure, height, direction and speed of all levels with wind, each height once."""

    def column(name: str) -> F64:
        values = np.asarray(ds[name].values[i], np.float64) if name in ds else np.empty(0)
        return np.where((values > _RAOB_MISSING) | (values < -_RAOB_MISSING), np.nan, values)

    pressure, height = column("prMan"), column("htMan")
    by_pressure = _height_of(pressure, height)
    height = np.where(np.isnan(height), by_pressure(pressure), height)
    parts = [(height, column("wdMan"), column("wsMan"))]
    if {"wdSigW", "wsSigW"} <= set(ds.variables):
        wind_height = column("htSigW")
        if "prSigW" in ds:
            wind_height = np.where(np.isnan(wind_height), by_pressure(column("prSigW")), wind_height)
        parts.append((wind_height, column("wdSigW"), column("wsSigW")))
    z, direction, speed = (np.concatenate(c) for c in zip(*parts, strict=True))
    fine = np.isfinite(z + direction + speed) & (speed >= 0.0)
    _, once = np.unique(z[fine], return_index=True)
    z = z[fine][once]
    known = np.isfinite(pressure + height)
    return _altitude_of(z, pressure[known], height[known]), z, direction[fine][once], speed[fine][once]


def _altitude_of(z: F64, pressure_hpa: F64, height: F64) -> F64:
    """Altitude in the standard atmosphere of the pressure at heights, from the sounding's own pairs."""
    if height.size < 2:
        return atmosphere.geometric_m(z)
    order = np.argsort(height)
    off = atmosphere.altitude_m(pressure_hpa[order] * 100.0) - atmosphere.geometric_m(height[order])
    return np.asarray(atmosphere.geometric_m(z) + np.interp(z, height[order], off))


def _height_of(pressure: F64, height: F64) -> Callable[[F64], F64]:
    """Height of a pressure from the sounding's own pairs, else of the standard atmosphere."""
    known = np.isfinite(pressure) & np.isfinite(height) & (pressure > 0.0)
    x, y = -np.log(pressure[known]), height[known]
    order = np.argsort(x)

    def of(values: F64) -> F64:
        safe = np.where(values > 0.0, values, np.nan)
        if x.size < 2:
            return atmosphere.altitude_m(np.where(np.isnan(safe), 1e5, safe) * 100.0) + 0.0 * safe
        return np.interp(-np.log(safe), x[order], y[order], left=np.nan, right=np.nan)

    return of


def _igra(file: Path, content: bytes, near: tuple[datetime, datetime] | None) -> list[Row]:
    """IGRA 2 (NOAA/NCEI, doi 10.7289/V5X63K0Q): fixed columns, -9999 and -8888 missing."""
    lines = content.decode("ascii", "replace").splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("#")]
    heads = [_igra_read(igra_head, lines[start], file, start) for start in starts]
    low, high = _window(np.array([head[0] for head in heads]), near, file)
    rows: list[Row] = []
    for head, start, end in zip(heads, starts, [*starts[1:], len(lines)], strict=True):
        if not low <= head[0] <= high:
            continue
        read = (_igra_read(igra_level, lines[n], file, n) for n in range(start + 1, end) if lines[n].strip())
        levels = [level for level in read if level is not None]
        ground = levels[0][1] if levels else 0.0
        for altitude, z, u, v in levels:
            rows.append((head[0] + max(z - ground, 0.0) / _ASCENT_MS, head[1], head[2], altitude, u, v, z))
    return rows


def _igra_read(read: Callable[[str], T], line: str, file: Path, number: int) -> T:
    try:
        return read(line)
    except ValueError:
        raise InvalidInput("sounding", repr(line[:40]), "an IGRA 2 record", f"{file.name}:{number + 1}") from None


def igra_head(line: str) -> tuple[float, float, float]:
    """Return the release of a sounding, else its nominal hour [seconds since 1970], latitude and longitude [degrees].

    Raises
    ------
    ValueError
        The line is no header of IGRA 2.
    """
    year, month, day, hour = (int(line[a:b]) for a, b in ((13, 17), (18, 20), (21, 23), (24, 26)))
    clock = line[27:31].strip()
    minutes = 0
    if clock.isdigit() and clock != "9999":
        # A release just before midnight belongs to the nominal hour after it.
        hour_of, minute = int(clock[:-2] or 0), int(clock[-2:])
        minutes = (0 if minute == 99 else minute) + 60 * (hour_of - (0 if hour == 99 else hour))
        minutes = minutes - 1440 if minutes > 720 else minutes + 1440 if minutes < -720 else minutes
    day_of = np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "s").astype(float)
    start = float(day_of) + 3600.0 * (0 if hour == 99 else hour) + 60.0 * minutes
    return start, int(line[55:62]) / 1e4, int(line[63:71]) / 1e4


def igra_level(line: str) -> tuple[float, float, float, float] | None:
    """Return altitude of the pressure, height [m] and wind [m/s] of a level; None where it has no wind.

    Raises
    ------
    ValueError
        The line is no level of IGRA 2.
    """
    pressure, height = (int(line[a:b]) for a, b in ((9, 15), (16, 21)))
    direction, speed = int(line[40:45]), int(line[46:51])
    if direction < 0 or speed < 0:
        return None
    if max(pressure, height) < -1000 or (height < -1000 and pressure <= 0):
        return None
    altitude = float(atmosphere.altitude_m(float(pressure)) if pressure > 0 else atmosphere.geometric_m(height))
    height_m = float(height) if height > -1000 else float(atmosphere.geopotential_m(altitude))
    u, v = components(float(direction), speed / 10.0)
    return altitude, height_m, float(u), float(v)


def _sondehub(file: Path, content: bytes, near: tuple[datetime, datetime] | None) -> list[Row]:
    """SondeHub frames: a list, or an object of lists or of frames by time; wind is the drift ``vel_h``, ``heading``."""
    try:
        frames = list(_frames(json.loads(content)))
    except (ValueError, RecursionError):
        raise InvalidInput("sounding", "text that is no JSON", "SondeHub JSON", file.name) from None
    rows: list[Row] = []
    for frame in frames:
        try:
            when = pd.to_datetime(str(frame["datetime"]), utc=True).timestamp()
            lat, lon, alt = (float(frame[k]) for k in ("lat", "lon", "alt"))
            # Heading is where the sonde goes to; the wind comes from the other side.
            u, v = components(float(frame["heading"]) + 180.0, float(frame["vel_h"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if -500.0 < alt < 50_000.0 and alt != 0.0:
            rows.append((when, lat, lon, alt, float(u), float(v), float(atmosphere.geopotential_m(alt))))
    return _thinned(rows)


def _frames(node: Any) -> Any:
    if isinstance(node, dict) and "datetime" in node:
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _frames(child)


def _thinned(rows: list[Row], step_s: float = 30.0) -> list[Row]:
    """Average frames over half a minute: a sonde swings below its balloon."""
    if not rows:
        return rows
    table = np.array(sorted(rows))
    _, cell = np.unique(np.floor(table[:, 0] / step_s), return_inverse=True)
    sums = np.zeros((cell.max() + 1, 7))
    np.add.at(sums, cell, table - table[0] * [1, 0, 1, 0, 0, 0, 0])
    means = sums / np.bincount(cell)[:, None] + table[0] * [1, 0, 1, 0, 0, 0, 0]
    return [tuple(row) for row in means.tolist()]
