"""Winds and floats that every engine is given: one field on a 1 degree grid, the same numbers for all.

Between grid points the field is linear in longitude and latitude. A peer that wants a 0.5 degree grid gets the same
function: a bilinear field keeps its values when points are put halfway between its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import workload
import xarray as xr

from overflight.drift import Release, Settings, simulate
from overflight.flight import float_at_pressure
from overflight.geo import atmosphere
from overflight.winds import open_winds

START = np.datetime64("2026-01-01T00:00:00", "ns")
HOURS = (24, 48)
LEVEL_HPA = np.array([300.0, 250.0, 200.0, 150.0, 100.0, 70.0, 50.0, 30.0, 20.0, 10.0])
LAT, LON = np.linspace(-90.0, 90.0, 181), np.arange(-180.0, 180.0)
FLOAT_HPA = np.array([200.0, 140.0, 100.0, 70.0, 50.0, 40.0, 30.0, 20.0])
EACH = 25
SEED = 20260102


def dataset(fields, hours, level_hpa):
    """A canonical dataset of float32 fields (time, level, lat, lon) on the 1 degree grid from 180 W and 90 S."""
    dims = ("time", "level", "lat", "lon")
    time = START + (np.asarray(hours) * 3600e9).astype("timedelta64[ns]")
    coords = {"time": time, "level": level_hpa, "lat": LAT, "lon": LON}
    return xr.Dataset({name: (dims, field.astype(np.float32)) for name, field in fields.items()}, coords)


def on_one_degree(given: xr.Dataset) -> xr.Dataset:
    """Global fields of one time, (level, lat, lon), brought to the 1 degree grid by linear interpolation."""
    step = float(given["lon"][1] - given["lon"][0])
    wide = given.pad(lon=(1, 1), mode="wrap")
    wide["lon"] = float(given["lon"][0]) + step * (np.arange(wide.sizes["lon"]) - 1.0)
    return wide.interp(lon=LON, lat=LAT).transpose("level", "lat", "lon")


def analytic():
    """The workload of the benchmarks: jets and ten moving waves, every 3 hours for 48."""
    hours = np.arange(17) * 3.0
    heights_km = workload.geopotential_height_m(LEVEL_HPA) / 1000.0
    u, v = (np.empty((hours.size, LEVEL_HPA.size, LAT.size, LON.size), np.float32) for _ in "uv")
    for i, hour in enumerate(hours):
        for k, height in enumerate(heights_km):
            u[i, k], v[i, k] = workload.wind_ms(hour, height, LAT, LON)
    return dataset({"u": u, "v": v}, hours, LEVEL_HPA)


def real(file: Path):
    """A global GFS field, brought to 1 degree and held for 48 hours: real shapes, no change in time."""
    given = on_one_degree(open_winds([str(file)]).isel(time=0).sel(level=LEVEL_HPA)[["u", "v"]])
    hours = np.arange(17) * 3.0
    held = {n: np.broadcast_to(given[n].values, (hours.size, *given[n].shape)) for n in given}
    return dataset(held, hours, LEVEL_HPA)


@dataclass(frozen=True)
class Floats:
    """Members at the start: degrees, hPa; equal numbers at each pressure."""

    lat: np.ndarray
    lon: np.ndarray
    hpa: np.ndarray

    @property
    def altitude_m(self):
        return atmosphere.altitude_m(self.hpa * 100.0)


def floats() -> Floats:
    """Places even over the sphere within 60 degrees of the equator."""
    rng = np.random.default_rng(SEED)
    count = FLOAT_HPA.size * EACH
    lat = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, count) * np.sin(np.radians(60.0))))
    return Floats(np.round(lat, 4), np.round(rng.uniform(-180.0, 180.0, count), 4), np.repeat(FLOAT_HPA, EACH))


def ours(winds: xr.Dataset, members: Floats) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Our engine's places (lat, lon) after each of the hours, with its defaults."""
    places = {hour: (np.empty(members.lat.size), np.empty(members.lat.size)) for hour in HOURS}
    for hpa in FLOAT_HPA:
        at = members.hpa == hpa
        release = Release(time=np.full(at.sum(), START), lat=members.lat[at], lon=members.lon[at])
        for hour in HOURS:
            out = simulate(winds, float_at_pressure(hpa * 100.0), release, hours=hour, members=int(at.sum()), seed=1,
                           settings=Settings(threads=1))  # fmt: skip
            places[hour][0][at], places[hour][1][at] = out["end_lat"], out["end_lon"]
    return places


def as_workload(winds: xr.Dataset, members: Floats, folder: Path) -> Path:
    """Write winds and members as the adapters of the benchmarks read them: 0.5 degree, from 0 E and 90 S."""
    folder.mkdir(parents=True)
    for name in "uv":
        np.save(folder / f"{name}.npy", eastward(winds[name].values))
    heights = workload.geopotential_height_m(LEVEL_HPA)
    levels = {"level_hpa": LEVEL_HPA, "height_m": heights, "altitude_m": atmosphere.altitude_m(LEVEL_HPA * 100.0)}
    hours = (winds["time"].values - START) / np.timedelta64(1, "h")
    release = {
        "release_lat": members.lat,
        "release_lon": members.lon % 360.0,
        "release_pressure_hpa": members.hpa,
        # Tawhiri finds a level by height: the height at which it will weigh two levels as ln p does
        "release_height_m": np.interp(-np.log(members.hpa), -np.log(LEVEL_HPA), heights),
        "release_altitude_m": members.altitude_m,
    }
    np.savez(folder / "axes.npz", time_h=hours, grid_lat=workload.LAT, grid_lon=workload.LON, **levels, **release)
    (folder / "workload.json").write_text(json.dumps({"start": str(START)}))
    return folder


def eastward(field: np.ndarray) -> np.ndarray:
    """The same bilinear field on 0.5 degree from 0 E: a point halfway between every two."""
    field = np.roll(field, -180, axis=-1)
    between = 0.5 * (field + np.roll(field, -1, axis=-1))
    rows = np.stack([field, between], axis=-1).reshape(*field.shape[:-1], -1)
    out = np.empty((*rows.shape[:-2], 361, 720), np.float32)
    out[..., ::2, :] = rows
    out[..., 1::2, :] = 0.5 * (rows[..., 1:, :] + rows[..., :-1, :])
    return out
