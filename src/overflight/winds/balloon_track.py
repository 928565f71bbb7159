"""The wind that another balloon drifted with: its track becomes winds at its heights."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo.sphere import EARTH_RADIUS_M
from overflight.winds.measured import Measured, Reach, winds_of

_LAT, _LON = ("lat", "latitude"), ("lng", "lon", "long", "longitude")
_TIME, _ALTITUDE = ("time", "datetime", "timestamp"), ("altitude", "alt", "altitude_m", "alt_m")
_FASTEST_MS = 150.0
_HIGHEST_M = 60_000.0
F64 = NDArray[np.float64]


def winds_of_track(path: str | Path, *, window_s: float = 300.0, reach: Reach | None = None) -> xr.Dataset:
    """Turn the track of a passive balloon into a canonical wind dataset with ``wind_sd``.

    Parameters
    ----------
    path : CSV with a header: time (UTC where no offset is written), lat, lng or lon, altitude in metres.
    window_s : drift is the slope of position over this window; it takes out the swing of position errors. [s]
    reach : how far the winds hold; its defaults are documented at `Reach`.

    Raises
    ------
    InvalidInput
        The file has no such columns, or fewer than three sound fixes.

    Notes
    -----
    Fixes that cannot be (out of range, faster than 150 m/s, out of order, repeated) are left out and counted in
    ``attrs['fixes']``.
    """
    file = Path(path)
    if not (np.isfinite(window_s) and window_s > 0.0):
        raise InvalidInput("window_s", f"{window_s!r}", "seconds above 0")
    time, lat, lon, altitude, told = read_fixes(file)
    measured = _drift((time, lat, lon, altitude), window_s, file.name)
    ds = winds_of(measured, reach or Reach(), name=file.name, source=f"drift of the balloon in {file.name}")
    return ds.assign_attrs(fixes=told, window_s=window_s, sha256=[hashlib.sha256(file.read_bytes()).hexdigest()])


def read_fixes(file: Path) -> tuple[NDArray[np.datetime64], F64, F64, F64, str]:
    """Read the sound fixes of a track: times, latitudes, longitudes [degrees], altitudes [m], and how many.

    Raises
    ------
    InvalidInput
        The file has no such columns, or fewer than three sound fixes.
    """
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InvalidInput("track", str(problem), "a CSV text", file.name) from None
    names = {str(n).strip().lower(): n for n in (rows[0] if rows else {}) if n}
    columns = []
    for wanted in (_TIME, _LAT, _LON, _ALTITUDE):
        found = [names[n] for n in wanted if n in names]
        if not found:
            raise InvalidInput(wanted[0], f"columns {', '.join(names) or 'none'}", " or ".join(wanted), file.name)
        columns.append(found[0])
    read = [fix for row in rows if (fix := _fix(*(row.get(c) for c in columns))) is not None]
    sound = _sound(read)
    if len(sound) < 3:
        raise InvalidInput("track", f"{len(sound)} sound fixes of {len(rows)} rows", "3 or more", file.name)
    values = np.array([s[1:] for s in sound])
    time = np.array([s[0] for s in sound], "datetime64[ms]").astype("datetime64[ns]")
    told = f"{len(sound)} used of {len(rows)}"
    return time, values[:, 0], values[:, 1], values[:, 2], told


def _fix(time: str | None, lat: str | None, lon: str | None, altitude: str | None) -> tuple[float, ...] | None:
    """Read a row as (milliseconds since 1970, lat, lon, altitude), or None where it is not sound."""
    try:
        y, x, z = float(lat or "nan"), float(lon or "nan"), float(altitude or "nan")
        ms = pd.to_datetime(str(time), utc=True).timestamp() * 1e3
    except (ValueError, OverflowError):
        return None
    fine = abs(y) <= 90.0 and abs(x) <= 360.0 and -500.0 <= z <= _HIGHEST_M and np.isfinite(ms)
    return (ms, y, x, z) if fine and (x, y) != (0.0, 0.0) else None


def _sound(fixes: list[tuple[float, ...]]) -> list[tuple[int, float, float, float]]:
    """Drop repeated times and fixes that would need a speed no balloon has."""
    out: list[tuple[int, float, float, float]] = []
    for ms, lat, lon, altitude in sorted(fixes):
        if out:
            dt = (ms - out[-1][0]) / 1e3
            east, north = _offsets(np.array([lat]), np.array([lon]), out[-1][1], out[-1][2])
            if dt <= 0.0 or np.hypot(east[0], north[0]) > _FASTEST_MS * dt + 200.0:
                continue
        out.append((round(ms), lat, lon, altitude))
    return out


def _offsets(lat: F64, lon: F64, lat0: float, lon0: float) -> tuple[F64, F64]:
    """Metres east and north of a place; fine for the few kilometres of a window, also near the poles."""
    a, b, dlon = np.radians(lat), np.radians(lat0), np.radians((lon - lon0 + 180.0) % 360.0 - 180.0)
    east = EARTH_RADIUS_M * np.cos(a) * np.sin(dlon)
    north = EARTH_RADIUS_M * (np.sin(a) * np.cos(b) - np.cos(a) * np.sin(b) * np.cos(dlon))
    return east, north


def _drift(fixes: tuple[NDArray[np.datetime64], F64, F64, F64], window_s: float, name: str) -> Measured:
    """Velocity at the middle of each two fixes and their neighbours, by least squares over the window."""
    time, lat, lon, altitude = fixes
    seconds = (time - time[0]) / np.timedelta64(1, "s")
    middle = 0.5 * (seconds[1:] + seconds[:-1])
    rows = []
    for i, at in enumerate(middle):
        low = min(int(np.searchsorted(seconds, at - 0.5 * window_s)), i)
        high = max(int(np.searchsorted(seconds, at + 0.5 * window_s, side="right")), i + 2)
        t = seconds[low:high] - at
        if t[-1] - t[0] > 4.0 * max(window_s, 300.0):
            continue
        east, north = _offsets(lat[low:high], lon[low:high], lat[i], lon[i])
        centred = t - t.mean()
        u, v = (centred @ x / (centred @ centred) for x in (east, north))
        rows.append((at, 0.5 * (lat[i] + lat[i + 1]), lon[i], 0.5 * (altitude[i] + altitude[i + 1]), u, v))
    if not rows:
        raise InvalidInput("track", "fixes too far apart", f"fixes within {4 * max(window_s, 300.0):g} s", name)
    at, y, x, z, u, v = np.array(rows).T
    when = time[0] + np.round(at * 1e3).astype("timedelta64[ms]")
    return Measured(time=when, lat=y, lon=x, altitude_m=z, u=u, v=v)
