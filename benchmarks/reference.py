"""The answer that all engines are held against: RK4 at 10 s in float64, linear in every direction.

Members move on an ellipsoid of semi-major axis ``radius_m`` and a flattening (0 is a sphere), each on its own radius,
so that an engine can be judged on the Earth that it uses.
"""

from __future__ import annotations

import math
from pathlib import Path

import numba
import numpy as np

STEP_S = 10.0


@numba.njit(cache=False, error_model="numpy")
def _rates(winds, hour, level, lat, lon, radius, e2):
    t = hour / 3.0
    y = (lat + 90.0) / 0.5
    x = (lon % 360.0) / 0.5
    i, k, j, m = int(t), int(level), int(y), int(x)
    ft, fk, fy, fx = t - i, level - k, y - j, x - m
    m = m % 720
    east = north = 0.0
    for a in range(2):
        for b in range(2):
            for c in range(2):
                for d in range(2):
                    w = (ft if a else 1 - ft) * (fk if b else 1 - fk) * (fy if c else 1 - fy) * (fx if d else 1 - fx)
                    if w != 0.0:
                        at = (i + a, k + b, j + c, (m + d) % 720)
                        east += w * winds[0][at]
                        north += w * winds[1][at]
    phi = math.radians(lat)
    q = 1.0 - e2 * math.sin(phi) ** 2
    prime_vertical = radius / math.sqrt(q)
    meridian = radius * (1.0 - e2) / (q * math.sqrt(q))
    return math.degrees(north / meridian), math.degrees(east / (prime_vertical * math.cos(phi)))


@numba.njit(cache=False, error_model="numpy", parallel=True)
def _drift(winds, lat, lon, level, radius, e2, step_s, steps):
    for n in numba.prange(lat.size):
        y, x, z, r = lat[n], lon[n], level[n], radius[n]
        for s in range(steps):
            t, half = s * step_s / 3600.0, step_s / 7200.0
            a, b = _rates(winds, t, z, y, x, r, e2)
            c, d = _rates(winds, t + half, z, y + 0.5 * step_s * a, x + 0.5 * step_s * b, r, e2)
            e, f = _rates(winds, t + half, z, y + 0.5 * step_s * c, x + 0.5 * step_s * d, r, e2)
            g, h = _rates(winds, t + 2 * half, z, y + step_s * e, x + step_s * f, r, e2)
            y += step_s / 6.0 * (a + 2 * c + 2 * e + g)
            x += step_s / 6.0 * (b + 2 * d + 2 * f + h)
        lat[n], lon[n] = y, x


def ends(
    folder: Path, radius_m: np.ndarray, *, flattening: float = 0.0, hours: float = 24.0, step_s: float = STEP_S
) -> tuple[np.ndarray, np.ndarray]:
    """End positions (lat, lon) of the first ``radius_m.size`` members of the workload. [degrees]"""
    n = radius_m.size
    with np.load(folder / "axes.npz") as axes:
        lat, lon = axes["release_lat"][:n].copy(), axes["release_lon"][:n].copy()
        level = np.interp(-np.log(axes["release_pressure_hpa"][:n]), -np.log(axes["level_hpa"]), np.arange(20.0))
    winds = (np.load(folder / "u.npy"), np.load(folder / "v.npy"))
    e2 = flattening * (2.0 - flattening)
    _drift(winds, lat, lon, level, np.asarray(radius_m, np.float64), e2, step_s, round(hours * 3600 / step_s))
    return lat, lon


def distance_m(lat1: np.ndarray, lon1: np.ndarray, lat2: np.ndarray, lon2: np.ndarray) -> np.ndarray:
    """Great-circle distance on the mean sphere (haversine). [m]"""
    a, b = np.radians(lat1), np.radians(lat2)
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    return 2 * 6_371_008.8 * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
