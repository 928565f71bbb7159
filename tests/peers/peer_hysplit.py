"""HYSPLIT (NOAA ARL; its particle program with turbulence off, isobaric) on winds in its packed form.

Its form keeps each value as one byte, the difference from its neighbour, so winds lose digits: ``packed`` says what is
left, and that is what our engine gets too. Members move on a sphere of 6371.2 km there, so winds are handed over scaled
by the ratio of that radius to the mean radius plus the member's altitude: the same angles a second.

References
----------
Draxler and Hess (1997), NOAA Technical Memorandum ERL ARL-224, on the packed data and on advection.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import xarray as xr
from peer_winds import HOURS, START, Floats

from overflight.geo import atmosphere
from overflight.geo.sphere import EARTH_RADIUS_M

RADIUS_M = 6_371_200.0
TOP_M = 36_000.0
INNER_M = 30.0 * np.arange(19, 33) ** 2 - 25.0 * np.arange(19, 33) + 5.0
"""Heights of its own levels from 10 to 30 km, on which it brings all winds. [m]"""
BELOW_HPA = np.array([1000.0, 850.0, 700.0, 500.0, 400.0])
TABLES = ("ASCDATA.CFG", "LANDUSE.ASC", "ROUGLEN.ASC", "TERRAIN.ASC")


def pack(fields: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fields (n, lat, lon) as bytes, what the bytes stand for, and each field's exponent of two."""
    largest = np.maximum(
        np.abs(np.diff(fields, axis=2)).max(axis=(1, 2)), np.abs(np.diff(fields[:, :, 0])).max(axis=1)
    )
    exponent = np.floor(np.log2(np.maximum(largest, 1e-6))).astype(int) + 1
    unit = 2.0 ** (exponent - 7)
    code, value = np.empty(fields.shape, np.uint8), np.empty(fields.shape)

    def put(place, before, unit):
        steps = ((fields[place] - before) / unit + 127.5).astype(np.int64)
        code[place], value[place] = steps, before + (steps - 127) * unit

    before = fields[:, 0, 0].astype(np.float32).astype(np.float64)
    for j in range(fields.shape[1]):  # the first column follows itself down the rows, the others their row
        put(np.s_[:, j, 0], before, unit)
        before = value[:, j, 0]
    for i in range(1, fields.shape[2]):
        put(np.s_[:, :, i], value[:, :, i - 1], unit[:, None])
    return code, value, exponent


def _enlarged(winds: xr.Dataset) -> np.ndarray:
    """By how much the sphere at each level is larger than HYSPLIT's."""
    altitude = atmosphere.altitude_m(winds["level"].values * 100.0)
    return ((EARTH_RADIUS_M + altitude) / RADIUS_M)[:, None, None]


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
            kept[name][i] = pack(kept[name].values[i] / scale)[1] * scale
    return kept.astype(np.float32)


def write_arl(winds: xr.Dataset, path: Path) -> None:
    """Write winds, below their lowest level those of that level, in the standard atmosphere over flat ground."""
    level = np.concatenate([BELOW_HPA, winds["level"].values])
    altitude = atmosphere.altitude_m(level * 100.0)
    columns = {"HGTS": atmosphere.geopotential_m(altitude), "TEMP": atmosphere.temperature_k(altitude)}
    rows = np.array([0] * BELOW_HPA.size + list(range(winds.sizes["level"])))
    shape = (level.size, 181, 360)
    with path.open("wb") as stream:
        for i, time in enumerate(winds["time"].values):
            upper = {n: np.broadcast_to(v[:, None, None], shape) for n, v in columns.items()}
            for name, wind in (("UWND", "u"), ("VWND", "v")):
                upper[name] = (winds[wind].values[i] / _enlarged(winds))[rows]
            ground = {"PRSS": np.full((1, 181, 360), 1013.25), "T02M": np.full((1, 181, 360), 288.15)}
            upper["WWND"] = np.zeros(shape)
            _write_time(stream, str(time), [0.0, *level], [ground, *[upper] * level.size])


def _write_time(stream, time: str, levels: list[float], fields: list[dict[str, np.ndarray]]) -> None:
    stamp = f"{time[2:4]:>2}{int(time[5:7]):2d}{int(time[8:10]):2d}{int(time[11:13]):2d} 0"
    body, catalogue = [], ""
    done = [{name: pack(stack) for name, stack in kind.items()} for kind in fields[:2]]
    for k, (level, here) in enumerate(zip(levels, fields, strict=True)):
        catalogue += f"{str(round(level, 4)):.6}".ljust(6) + f"{len(here):2d}"
        for name, stack in here.items():
            code, _, exponent = done[min(k, 1)][name]
            n = max(0, k - 1)
            catalogue += f"{name}{(int(code[n].sum(dtype=np.int64)) - 1) % 255 + 1:3d} "
            label = f"{stamp}{k:2d}99{name}{exponent[n]:4d}{2.0 ** exponent[n] / 254:14.7E}{stack[n, 0, 0]:14.7E}"
            body.append(label.encode() + code[n].tobytes())
    grid = (90.0, 179.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, -90.0, -180.0, 0.0)
    head = f"TEST  0 0{''.join(f'{g:7.2f}' for g in grid)}360181{len(levels):3d} 2{108 + len(catalogue):4d}"
    index = f"{stamp} 099INDX   0{0.0:14.7E}{0.0:14.7E}{head}{catalogue}"
    stream.write(index.ljust(50 + 360 * 181).encode() + b"".join(body))


def run(home: Path, winds: xr.Dataset, members: Floats, folder: Path, step_min=5):
    """Places (lat, lon) after each of the hours, and the pressure [hPa] at which HYSPLIT let each member float."""
    folder.mkdir(parents=True)
    write_arl(winds, folder / "winds.arl")
    for table in TABLES:
        shutil.copy(home / "data" / table, folder)
    begin = str(START)[2:16].replace("-", " ").replace("T", " ").replace(":", " ")
    heights = atmosphere.geopotential_m(members.altitude_m)
    places = [f"{a:.4f} {b:.4f} {c:.1f}" for a, b, c in zip(members.lat, members.lon, heights, strict=True)]
    lines = [begin, str(members.lat.size), *places, str(max(HOURS)), "1", f"{TOP_M}", "1", "./", "winds.arl"]
    grid = ["0.0 0.0", "0.5 0.5", "30.0 30.0", "./", "cdump", "1", "100", "00 00 00 00 00", "00 00 00 00 00", "00 2 00"]
    lines += ["1", "test", "1", "0.01", "00 00 00 00 00", "1", *grid]
    lines += ["1", "0.0 0.0 0.0", "0.0 0.0 0.0 0.0 0.0", "0.0 0.0 0.0", "0.0", "0.0"]
    (folder / "CONTROL").write_text("\n".join(lines) + "\n")
    setup = {
        "INITD": 0, "NUMPAR": members.lat.size, "MAXPAR": 4 * members.lat.size, "NTURB": 1, "KRAND": 3, "DELT": step_min,
        "KMSL": 1, "KHMAX": 9999, "NDUMP": 24, "NCYCL": 24, "POUTF": "'PARDUMP'",
    }  # fmt: skip
    (folder / "SETUP.CFG").write_text("\n".join(["$SETUP", *(f"{k}={v}," for k, v in setup.items()), "$END"]) + "\n")
    program = next((home / "bin").glob("*/hycs_std")).resolve()
    subprocess.run([str(program)], cwd=folder, capture_output=True, timeout=300, check=True)
    return _places(folder / "PARDUMP", members.lat.size)


def _places(dump: Path, members: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Read the dumps, one for each of the hours: Fortran records, big-endian, members in the order of their starts."""
    mark = (">i4",)
    one = [("a", ">i4", 4), ("place", ">f4", 6), ("b", ">i4", 2), ("more", ">i4", 5), ("c", *mark)]
    head = [("mark", *mark), ("members", *mark), ("rest", ">i4", 6), ("end", *mark)]
    dumps = np.fromfile(dump, np.dtype([("head", head), ("member", one, members)]))
    assert dumps.size == len(HOURS)
    assert np.all(dumps["head"]["members"] == members)
    assert np.all(np.diff(dumps["member"]["more"][..., 4], axis=1) == 1)
    return {h: (d["place"][:, 0].astype(float), d["place"][:, 1].astype(float)) for h, d in zip(HOURS, dumps["member"])}
