"""The one workload that every engine runs: analytic winds on a 0.5 degree grid and seeded releases.

Everything follows from formulas and one seed, so that anybody can make the same files. Written as plain ``.npy`` and
``.npz``, which every peer's interpreter reads. Wind arrays are float32, dims (time, level, lat, lon), longitudes from
0 to 359.5, latitudes from -90 to 90, levels from 1000 to 10 hPa (the surface first).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

SEED = 20260101
START = "2026-01-01T00:00:00"
HOURS = 24
TIMES_H = np.arange(10) * 3.0
LEVELS_HPA = np.array(
    [1000, 925, 850, 700, 600, 500, 400, 300, 250, 200, 175, 150, 125, 100, 70, 50, 40, 30, 20, 10], np.float64
)
LAT = np.linspace(-90.0, 90.0, 361)
LON = np.arange(720) * 0.5
MEMBERS = 100_000
REFERENCE_MEMBERS = 2_000
EARTH_RADIUS_M = 6_371_008.8
STANDARD_RADIUS_M = 6_356_766.0


def geopotential_height_m(pressure_hpa: np.ndarray) -> np.ndarray:
    """Geopotential height of a pressure in the US Standard Atmosphere 1976, up to 32 km."""
    p = np.asarray(pressure_hpa, np.float64)
    troposphere = 288.15 / 6.5e-3 * (1.0 - (p / 1013.25) ** (287.05287 * 6.5e-3 / 9.80665))
    tropopause = 11_000.0 + 287.05287 * 216.65 / 9.80665 * np.log(226.3206 / np.maximum(p, 1e-3))
    above = 20_000.0 + 216.65 / 1.0e-3 * ((p / 54.7489) ** (-287.05287e-3 / 9.80665) - 1.0)
    return np.where(p > 226.3206, troposphere, np.where(p > 54.7489, tropopause, above))


def _bell(x: np.ndarray, centre: float, width: float) -> np.ndarray:
    return np.exp(-(((x - centre) / width) ** 2))


def mean_flow_ms(lat: np.ndarray, height_km: float) -> np.ndarray:
    """Zonal mean wind: two subtropical jets near 12 km, a polar night jet above 25 km, tropical easterlies."""
    jets = 38.0 * _bell(lat, 36.0, 13.0) + 34.0 * _bell(lat, -42.0, 14.0)
    polar_night = 36.0 * _bell(lat, 62.0, 14.0)
    easterlies = -22.0 * _bell(lat, -5.0, 22.0)
    aloft = 1.0 / (1.0 + np.exp(-(height_km - 21.0) / 3.0))
    return jets * _bell(np.float64(height_km), 11.8, 7.0) + polar_night * aloft + easterlies * aloft


def waves() -> np.ndarray:
    """Amplitude m/s, wave number, angular speed 1/h, phase, tilt with latitude 1/rad and height 1/km; (wave, 7)."""
    rng = np.random.default_rng(SEED)
    number = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 12], np.float64)
    amplitude = 13.0 / np.sqrt(number) * rng.uniform(0.7, 1.3, number.size)
    period_h = rng.uniform(30.0, 160.0, number.size) * rng.choice([-1.0, 1.0], number.size, p=[0.2, 0.8])
    phase = rng.uniform(0.0, 2 * np.pi, (2, number.size))
    tilt = rng.uniform(-4.0, 4.0, number.size)
    lean = rng.uniform(-0.12, 0.12, number.size)
    return np.stack([amplitude, number, 2 * np.pi / period_h, phase[0], phase[1], tilt, lean], axis=1)


def wind_ms(
    hour: float, height_km: float, lat: np.ndarray = LAT, lon: np.ndarray = LON
) -> tuple[np.ndarray, np.ndarray]:
    """Wind on a grid from pole to pole at one time and height, (lat, lon) float32 twice. It fades towards the poles."""
    lat_rad, lon_rad = np.radians(lat)[:, None], np.radians(lon)[None, :]
    cos2 = np.cos(lat_rad) ** 2
    fade = cos2 / (cos2 + 0.05)
    swell = 0.55 + 0.45 * _bell(np.float64(height_km), 12.0, 8.0)
    u = mean_flow_ms(lat, height_km)[:, None] + np.zeros((1, lon.size))
    v = np.zeros_like(u)
    for amplitude, number, speed, phase_u, phase_v, tilt, lean in waves():
        argument = number * lon_rad - speed * hour + tilt * lat_rad + lean * number * height_km
        size = amplitude * swell
        u = u + 0.6 * size * np.sin(argument + phase_u)
        v = v + 0.6 * size * np.sin(argument + phase_v)
    u, v = u * fade, v * fade
    u[[0, -1]] = v[[0, -1]] = 0.0
    return u.astype(np.float32), v.astype(np.float32)


def releases() -> dict[str, np.ndarray]:
    """Places even over the sphere within 75 degrees, pressures even in the logarithm from 200 to 20 hPa."""
    rng = np.random.default_rng(SEED + 1)
    lat = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, MEMBERS) * np.sin(np.radians(75.0))))
    lon = rng.uniform(0.0, 360.0, MEMBERS)
    pressure_hpa = np.exp(rng.uniform(np.log(20.0), np.log(200.0), MEMBERS))
    height = np.interp(-np.log(pressure_hpa), -np.log(LEVELS_HPA), geopotential_height_m(LEVELS_HPA))
    altitude = STANDARD_RADIUS_M * height / (STANDARD_RADIUS_M - height)
    return {"lat": lat, "lon": lon, "pressure_hpa": pressure_hpa, "height_m": height, "altitude_m": altitude}


def write(folder: Path) -> Path:
    """Write the workload once; a complete folder is left as it is."""
    stamp = folder / "workload.json"
    about = {"seed": SEED, "version": 1, "start": START, "members": MEMBERS}
    if stamp.exists() and json.loads(stamp.read_text()) == about:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    shape = (TIMES_H.size, LEVELS_HPA.size, LAT.size, LON.size)
    u = np.lib.format.open_memmap(folder / "u.npy", mode="w+", dtype=np.float32, shape=shape)
    v = np.lib.format.open_memmap(folder / "v.npy", mode="w+", dtype=np.float32, shape=shape)
    heights = geopotential_height_m(LEVELS_HPA)
    for i, hour in enumerate(TIMES_H):
        for k, height in enumerate(heights):
            u[i, k], v[i, k] = wind_ms(hour, height / 1000.0)
    u.flush()
    v.flush()
    axes = {"time_h": TIMES_H, "level_hpa": LEVELS_HPA, "height_m": heights, "grid_lat": LAT, "grid_lon": LON}
    members = {f"release_{name}": values for name, values in releases().items()}
    np.savez(folder / "axes.npz", **axes, **members)
    stamp.write_text(json.dumps(about))
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(write(parser.parse_args().folder))
