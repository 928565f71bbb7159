"""HYSPLIT on winds that our engine gets too, as they are after HYSPLIT has packed them and brought them to its levels.

Members move on a sphere of 6371.2 km there, so winds are handed over scaled by the ratio of that radius to the mean
radius plus the member's altitude: the same angles a second.
"""

from __future__ import annotations

from pathlib import Path

import hysplit_files
import numpy as np
import xarray as xr
from peer_winds import HOURS, START, Floats

from overflight.geo import atmosphere
from overflight.geo.sphere import EARTH_RADIUS_M

INNER_M = 30.0 * np.arange(19, 33) ** 2 - 25.0 * np.arange(19, 33) + 5.0
"""Heights of its own levels from 10 to 30 km, on which it brings all winds. [m]"""
BELOW_HPA = np.array([1000.0, 850.0, 700.0, 500.0, 400.0])


def _enlarged(winds: xr.Dataset) -> np.ndarray:
    """By how much the sphere at each level is larger than HYSPLIT's."""
    altitude = atmosphere.altitude_m(winds["level"].values * 100.0)
    return ((EARTH_RADIUS_M + altitude) / hysplit_files.RADIUS_M)[:, None, None]


def packed(winds: xr.Dataset) -> xr.Dataset:
    """The winds as HYSPLIT will have them: on its own levels, linear in ln p from ours, with the digits that it keeps."""
    level = atmosphere.pressure_pa(atmosphere.geometric_m(INNER_M)) / 100.0
    log_p = -np.log(winds["level"].values)
    lower = np.clip(np.searchsorted(log_p, -np.log(level)) - 1, 0, log_p.size - 2)
    weight = ((-np.log(level) - log_p[lower]) / (log_p[lower + 1] - log_p[lower]))[:, None, None]
    kept = xr.Dataset(coords={**winds.coords, "level": level})
    for name in "uv":
        given = winds[name].values
        kept[name] = winds[name].dims, given[:, lower] * (1.0 - weight) + given[:, lower + 1] * weight
    scale = _enlarged(kept)
    for name in "uv":
        for i in range(winds.sizes["time"]):
            kept[name][i] = hysplit_files.pack(kept[name].values[i] / scale)[1] * scale
    return kept.astype(np.float32)


def run(home: Path, winds: xr.Dataset, members: Floats, folder: Path) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Places (lat, lon) after each of the hours."""
    folder.mkdir(parents=True)
    _write_winds(winds, folder / "winds.arl")
    heights = atmosphere.geopotential_m(members.altitude_m)
    places = np.stack([members.lat, members.lon, heights], axis=1)
    hysplit_files.write_control(home, folder, str(START), places, max(HOURS), step_min=5)
    hysplit_files.run(home, folder)
    return dict(zip(HOURS, hysplit_files.read_dumps(folder, members.lat.size), strict=True))


def _write_winds(winds: xr.Dataset, path: Path) -> None:
    """Write winds, below their lowest level those of that level, in the standard atmosphere."""
    level = np.concatenate([BELOW_HPA, winds["level"].values])
    altitude = atmosphere.altitude_m(level * 100.0)
    columns = {
        "HGTS": atmosphere.geopotential_m(altitude),
        "TEMP": atmosphere.temperature_k(altitude),
        "WWND": 0 * level,
    }
    rows = np.array([0] * BELOW_HPA.size + list(range(winds.sizes["level"])))
    fields = {n: v[:, None, None] * np.ones((1, *winds["u"].shape[2:])) for n, v in columns.items()}
    with path.open("wb") as stream:
        for i, time in enumerate(winds["time"].values):
            for name, wind in (("UWND", "u"), ("VWND", "v")):
                fields[name] = (winds[wind].values[i] / _enlarged(winds))[rows]
            hysplit_files.write_time(stream, str(time), -180.0, list(level), fields)
