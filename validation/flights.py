"""Recorded flights, and the winds that exist for them.

The data stand beside the clone, with their provenance in a README of their own; nothing of them is in the package.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.winds import open_winds
from overflight.winds.balloon_track import read_fixes, winds_of_track

F64 = NDArray[np.float64]

SHAB = {
    "SHAB3V": "shab/SHAB3V-APRS.csv",
    "SHAB5V": "shab/SHAB5V_APRS_Processed.csv",
    "SHAB10V": "shab/SHAB10V-APRS.csv",
    "SHAB12V": "shab/SHAB12V-APRS.csv",
    "SHAB14V": "shab14v_2022-08-22_aprs.csv",
}
SISTERS = {"SHAB12V": "SHAB14V", "SHAB14V": "SHAB12V"}
SOUNDINGS = "hab-alps-greenland-morocco"
DESCENTS = {"Halcyon": ("descent_halcyon_2023-10-13", "2023-10-13T13:00", 130.0),
            "Camoes": ("descent_camoes_2023-10-14", "2023-10-14T13:00", 107.0)}  # fmt: skip
"""File, lift-off (both teams give 14 h local time, about), height of the ground [m]."""
PORTUGAL = "era5_euroc/era5_2023-10-12_15_portugal_pl37.nc"
LONGEST_GAP_S = 3_600.0
STANDING_M = 150.0


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One flight from launch to landing, as far as it was recorded.

    Attributes
    ----------
    name, kind : str
    time : datetime64[ns] (n,). UTC, rising.
    lat, lon, altitude_m : float64 (n,). [degrees], above mean sea level [m]
    position_sd_m, altitude_sd_m : what a report of it is said to err by. [m]
    winds : canonical winds of its place and time, or None where none exist.
    winds_told : whose winds, in words.
    """

    name: str
    kind: str
    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    altitude_m: F64
    position_sd_m: float = 500.0
    altitude_sd_m: float = 100.0
    winds: xr.Dataset | None = None
    winds_told: str = "none"

    @property
    def hours(self) -> float:
        """Time from first to last fix. [h]"""
        return float((self.time[-1] - self.time[0]) / np.timedelta64(1, "h"))

    @property
    def path_km(self) -> float:
        """Way from fix to fix. [km]"""
        return float(sphere.distance_m(self.lat[1:], self.lon[1:], self.lat[:-1], self.lon[:-1]).sum()) / 1e3


def all_flights(data: Path) -> Iterator[Recorded]:
    """Yield every flight of the folder, those with winds first.

    Raises
    ------
    FileNotFoundError
        The folder holds no flights.
    """
    flights = data / "flights"
    if not flights.is_dir():
        raise FileNotFoundError(f"{data}: no flights; expected the folder of real winds and flights")
    for name in sorted(SHAB, key=lambda n: n not in SISTERS):
        yield solar(name, flights)
    for name in DESCENTS:
        yield descent(name, data)
    for path in sorted((flights / SOUNDINGS).glob("*.csv")):
        yield sounding(path)
    yield pico(flights / "pico-nibbb" / "w9bln_2022-06.csv")


def solar(name: str, flights: Path) -> Recorded:
    """Read a solar balloon; for two of them the other one measured the wind."""
    time, lat, lon, altitude, _ = read_fixes(flights / SHAB[name])
    sister = SISTERS.get(name)
    return Recorded(
        name=name,
        kind="solar balloon",
        time=time,
        lat=lat,
        lon=lon,
        altitude_m=altitude,
        winds=None if sister is None else winds_of_track(flights / SHAB[sister]),
        winds_told="none" if sister is None else f"drift of {sister}",
    )


def descent(name: str, data: Path) -> Recorded:
    """Read a vehicle under parachute in hourly ERA5, from 20 s after its highest point until it lies."""
    file, lift_off, ground_m = DESCENTS[name]
    height, fixes = (
        np.loadtxt(data / "flights" / f"{file}_{kind}.csv", delimiter=",", skiprows=1).T
        for kind in ("altitude", "gnss")
    )
    start = height[0][height[1].argmax()] + 20.0
    lies = height[0][(height[0] > start) & (height[1] < height[1][-1] + 10.0)]
    t = fixes[0]
    keep = (t > start) & (t < (lies[0] if lies.size else height[0][-1])) & (fixes[3] >= 8)
    t, lat, lon = t[keep], fixes[1][keep], fixes[2][keep]
    return Recorded(
        name=name,
        kind="parachute descent",
        time=np.datetime64(lift_off, "ns") + np.round(t * 1e9).astype("timedelta64[ns]"),
        lat=lat,
        lon=lon,
        altitude_m=np.interp(t, height[0], height[1]) + ground_m,
        position_sd_m=50.0,
        altitude_sd_m=30.0,
        winds=open_winds(data / PORTUGAL),
        winds_told="ERA5, hourly",
    )


def sounding(path: Path) -> Recorded:
    """Read a weather balloon from launch to landing; days on the ground and rows of a bad clock fall off."""
    fixes = sorted(fix for line in path.read_text(encoding="utf-8").splitlines() if (fix := _fix(line)) is not None)
    seconds, lat, lon, altitude = np.array(fixes).T
    top = first = last = int(altitude.argmax())
    while first > 0 and altitude[first - 1] < altitude[first] and _near(seconds, first - 1):
        first -= 1
    while last + 1 < altitude.size and _near(seconds, last) and altitude[last] - altitude[last + 1] > STANDING_M:
        last += 1
    part = slice(first, max(last, top) + 1)
    return Recorded(
        name=path.stem,
        kind="weather balloon",
        time=np.round(seconds[part] * 1e9).astype("datetime64[ns]"),
        lat=lat[part],
        lon=lon[part],
        altitude_m=altitude[part],
    )


def _near(seconds: F64, i: int) -> bool:
    return bool(seconds[i + 1] - seconds[i] < LONGEST_GAP_S)


def _fix(line: str) -> tuple[float, float, float, float] | None:
    """Read (seconds since 1970, lat, lon, altitude) of a row, with or without a tracker's id before it."""
    cells = [text.strip() for text in line.split(",")]
    cells = cells[1:] if cells[0].startswith("RB") else cells
    try:
        time = datetime.strptime(f"{cells[0]} {cells[1]}", "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
        return time.timestamp(), float(cells[2]), float(cells[3]), float(cells[4])
    except (ValueError, IndexError):
        return None


def pico(path: Path) -> Recorded:
    """Read the published positions of a pico balloon: three locators in ten days."""
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    lat, lon, altitude = (np.array([float(r[n]) for r in rows]) for n in ("lat", "lon", "alt_m"))
    time = np.array([r["time_utc"].rstrip("Z") for r in rows], "datetime64[ns]")
    return Recorded(name="W9BLN", kind="pico balloon", time=time, lat=lat, lon=lon, altitude_m=altitude,
                    position_sd_m=4_000.0, altitude_sd_m=500.0)  # fmt: skip
