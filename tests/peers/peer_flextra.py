"""FLEXTRA 5 (A. Stohl; Debian's build for ECMWF fields): isobaric, Petterssen's scheme, linear interpolation.

It weighs levels by pressure where we weigh them by its logarithm, so it gets the winds on the levels of the floats: its
hybrid levels are laid as thin layers about them, of constant pressure. Its Earth has one radius: winds are handed over
scaled by the ratio of that radius to the mean radius plus the altitude. (Debian's other build, for GFS fields, reads no
wind at all: a status overwrites the number of values before they are copied.)

References
----------
Stohl, Wotawa, Seibert and Kromp-Kolb (1995), J. Appl. Meteorol. 34, 2149-2165.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import BinaryIO

import eccodes
import numpy as np
import xarray as xr
from peer_winds import HOURS, START, Floats

from overflight.geo import atmosphere
from overflight.geo.sphere import EARTH_RADIUS_M

RADIUS_M = 6_371_000.0
CFL = 20.0
"""Steps are so many times shorter than a member needs to cross a cell, or the winds to change."""
T, U, V, Q, SURFACE_PRESSURE, ETA_DOT, TOPOGRAPHY = 130, 131, 132, 133, 134, 77, 129
"""Parameters of ECMWF's table 128."""
HYBRID, GROUND = 109, 1


def run(root: Path, winds: xr.Dataset, members: Floats, folder: Path) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Places (lat, lon) after each of the hours."""
    for name in ("options", "output", "winds"):
        (folder / name).mkdir(parents=True)
    (folder / "pathnames").write_text("options/\noutput/\nwinds/\nAVAILABLE\n=====\n=====\n")
    _write_winds(winds, np.unique(members.hpa), folder)
    _write_options(members, folder / "options")
    done = subprocess.run([str(root / "usr/bin/flextra.ecmwf")], cwd=folder, env=_with_libraries(root), timeout=300,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert "CONGRATULATIONS" in done.stdout, done.stdout[-500:]
    return _places(folder / "output" / "FLIGHTI_peer", members)


def _with_libraries(root: Path) -> dict[str, str]:
    """Libraries and GRIB definitions that were unpacked beside the program, where the system had none."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("ECCODES")}
    env["LD_LIBRARY_PATH"] = ":".join(map(str, {p.parent for p in root.rglob("*.so*")}))
    definitions = root / "usr/share/eccodes/definitions"
    if definitions.is_dir():
        env["ECCODES_DEFINITION_PATH"] = str(definitions)
    return env


def _half_levels(hpa: np.ndarray) -> np.ndarray:
    """Pressures between layers, from the top down: layers of 2 hPa about each float, others between them. [hPa]"""
    return np.sort(np.concatenate([[hpa.min() - 4.0, hpa.max() + 4.0], hpa - 1.0, hpa + 1.0]))


def _write_winds(winds: xr.Dataset, floats_hpa: np.ndarray, folder: Path) -> None:
    """One GRIB file a time; before the first and after the last time the list repeats them, as the program asks."""
    half = _half_levels(floats_hpa)
    hpa = 0.5 * (half[1:] + half[:-1])
    log_p = -np.log(winds["level"].values)
    lower = np.searchsorted(log_p, -np.log(hpa)) - 1
    weight = ((-np.log(hpa) - log_p[lower]) / (log_p[lower + 1] - log_p[lower]))[:, None, None]
    altitude = atmosphere.altitude_m(hpa * 100.0)
    scale = (RADIUS_M / (EARTH_RADIUS_M + altitude))[:, None, None]
    _write_list(winds, folder / "AVAILABLE")
    flat = np.ones((181, 360))
    for i in range(winds.sizes["time"]):
        with (folder / "winds" / f"{i:03d}.grib").open("wb") as stream:
            for parameter, name in ((U, "u"), (V, "v")):
                wind = winds[name].values[i]
                fields = (wind[lower] * (1.0 - weight) + wind[lower + 1] * weight) * scale
                for k, field in enumerate(fields):
                    _write_field(stream, (parameter, HYBRID, k + 1), half, field)
            for k, kelvin in enumerate(atmosphere.temperature_k(altitude)):
                for parameter, value in ((T, float(kelvin)), (Q, 0.0), (ETA_DOT, 0.0)):
                    _write_field(stream, (parameter, HYBRID, k + 1), half, value * flat)
            for parameter, value in ((SURFACE_PRESSURE, 101_325.0), (TOPOGRAPHY, 0.0)):
                _write_field(stream, (parameter, GROUND, 0), half, value * flat)


def _write_list(winds: xr.Dataset, path: Path) -> None:
    lines = ["-", "-", "-"]
    hours = ((winds["time"].values - START) / np.timedelta64(1, "h")).astype(int)
    step = int(hours[1] - hours[0])
    for hour in range(-step, int(hours[-1]) + 3 * step, step):
        i = int(np.clip(np.searchsorted(hours, hour), 0, hours.size - 1))
        time = str(START + np.timedelta64(hour, "h")).replace("-", "").replace(":", "")
        lines.append(f"{time[:8]} {time[9:15]}      {f'{i:03d}.grib':18}      ON DISC")
    path.write_text("\n".join(lines) + "\n")


def _write_field(stream: BinaryIO, what: tuple[int, int, int], half_hpa: np.ndarray, field: np.ndarray) -> None:
    """A GRIB1 message from 90 N and 180 W, of a field that begins at 90 S; hybrid levels of constant pressure."""
    message = eccodes.codes_grib_new_from_samples("GRIB1")
    parameter, kind, level = what
    keys = {
        "Ni": 360, "Nj": 181, "latitudeOfFirstGridPointInDegrees": 90.0, "latitudeOfLastGridPointInDegrees": -90.0,
        "longitudeOfFirstGridPointInDegrees": -180.0, "longitudeOfLastGridPointInDegrees": 179.0,
        "iDirectionIncrementInDegrees": 1.0, "jDirectionIncrementInDegrees": 1.0, "bitsPerValue": 24,
        "indicatorOfParameter": parameter, "indicatorOfTypeOfLevel": kind, "level": level,
    }  # fmt: skip
    for key, value in {"dataRepresentationType": 0, "table2Version": 128, "centre": 98, **keys}.items():
        eccodes.codes_set(message, key, value)
    eccodes.codes_set(message, "PVPresent", 1)
    eccodes.codes_set_array(message, "pv", np.concatenate([half_hpa * 100.0, 0.0 * half_hpa]))
    eccodes.codes_set_values(message, field[::-1].ravel().astype(float))
    eccodes.codes_write(message, stream)
    eccodes.codes_release(message)


def _write_options(members: Floats, folder: Path) -> None:
    date = f"{str(START)[:10].replace('-', '')} 000000"
    length, linear, flight_mode = f"{max(HOURS):03d}0000", 2, 3
    command = ["'peer'", 1, length, date, date, "0010000", f"1 {HOURS[0] * 3600}", "0 1. 2. 0. 0. 0.", linear, CFL, CFL]
    (folder / "COMMAND").write_text("\n".join(map(str, ["-"] * 6 + command + [flight_mode])) + "\n")
    isobaric, hectopascal = 4, 3
    lines = ["-"] * 27 + ["peer", isobaric, hectopascal, "-"]
    for lat, lon, hpa in zip(members.lat, members.lon, members.hpa, strict=True):
        lines += [date, f"{lon:.4f}", f"{lat:.4f}", hpa, "-"]
    (folder / "STARTFLIGHT").write_text("\n".join(map(str, lines)) + "\n")


def _places(output: Path, members: Floats) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Places by member: blocks come in the order in which trajectories ended, so each is known by its start."""
    lines = output.read_text("latin-1").splitlines()
    first = [i + 2 for i, line in enumerate(lines) if line.startswith("DATE:")]
    columns = (slice(9, 18), slice(18, 27), slice(34, 41))  # longitude, latitude, hPa: fixed widths
    rows = np.array([[[line[c] for c in columns] for line in lines[i : i + len(HOURS) + 1]] for i in first], float)
    assert len(first) == members.lat.size
    order = []
    for lat, lon, hpa in zip(members.lat, members.lon, members.hpa, strict=True):
        apart = np.abs(rows[:, 0] - (lon, lat, hpa)).sum(axis=1)
        order.append(int(apart.argmin()))
        assert apart.min() < 0.1
    return {hour: (rows[order, k + 1, 1], rows[order, k + 1, 0]) for k, hour in enumerate(HOURS)}
