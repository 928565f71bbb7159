"""HYSPLIT's files: winds in its packed form, its control files, its particle dump. Needs numpy only.

Its form keeps each value as one byte, the difference from its neighbour in units of a power of two, so winds lose
digits. Members float isobaric, turbulence is off.

References
----------
Draxler and Hess (1997), NOAA Technical Memorandum ERL ARL-224, on the packed data and on advection.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

RADIUS_M = 6_371_200.0
TABLES = ("ASCDATA.CFG", "LANDUSE.ASC", "ROUGLEN.ASC", "TERRAIN.ASC")
DUMP_H = 24
MODEL_TOP_M = 36_000.0


def pack(fields: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fields (n, lat, lon) as bytes, what the bytes stand for, and each field's exponent of two."""
    along = np.abs(np.diff(fields, axis=2)).max(axis=(1, 2))
    largest = np.maximum(along, np.abs(np.diff(fields[:, :, 0])).max(axis=1))
    exponent = np.floor(np.log2(np.maximum(largest, 1e-6))).astype(int) + 1
    unit = 2.0 ** (exponent - 7)
    code, value = np.empty(fields.shape, np.uint8), np.empty(fields.shape)

    def put(place: tuple, before: np.ndarray, unit: np.ndarray) -> None:
        steps = ((fields[place] - before) / unit + 127.5).astype(np.int64)
        code[place], value[place] = steps, before + (steps - 127) * unit

    before = fields[:, 0, 0].astype(np.float32).astype(np.float64)
    for j in range(fields.shape[1]):  # the first column follows itself up the rows, the others their row
        put(np.s_[:, j, 0], before, unit)
        before = value[:, j, 0]
    for i in range(1, fields.shape[2]):
        put(np.s_[:, :, i], value[:, :, i - 1], unit[:, None])
    return code, value, exponent


def write_time(stream: BinaryIO, time: str, west: float, level_hpa: Sequence[float], upper: dict) -> None:
    """Append one ISO time: fields (level, lat, lon) from 90 S and ``west`` by their names, over flat ground."""
    rows, columns = next(iter(upper.values())).shape[1:]
    ground = {"PRSS": np.full((1, rows, columns), 1013.25), "T02M": np.full((1, rows, columns), 288.15)}
    done = [{name: pack(stack) for name, stack in kind.items()} for kind in (ground, upper)]
    stamp = f"{int(time[2:4]):2d}{int(time[5:7]):2d}{int(time[8:10]):2d}{int(time[11:13]):2d} 0"
    body, catalogue = [], ""
    for k, level in enumerate([0.0, *level_hpa]):
        here = ground if k == 0 else upper
        catalogue += f"{round(float(level), 4)!s:.6}".ljust(6) + f"{len(here):2d}"
        for name, stack in here.items():
            code, _, exponent = done[min(k, 1)][name]
            n = max(0, k - 1)
            catalogue += f"{name}{(int(code[n].sum(dtype=np.int64)) - 1) % 255 + 1:3d} "
            label = f"{stamp}{k:2d}99{name}{exponent[n]:4d}{2.0 ** exponent[n] / 254:14.7E}{stack[n, 0, 0]:14.7E}"
            body.append(label.encode() + code[n].tobytes())
    step = 360.0 / columns
    grid = (90.0, west + 360.0 - step, step, step, 0.0, 0.0, 0.0, 1.0, 1.0, -90.0, west, 0.0)
    shape = f"{columns:3d}{rows:3d}{len(level_hpa) + 1:3d} 2{108 + len(catalogue):4d}"
    index = f"{stamp} 099INDX   0{0.0:14.7E}{0.0:14.7E}TEST  0 0{''.join(f'{g:7.2f}' for g in grid)}{shape}{catalogue}"
    stream.write(index.ljust(50 + rows * columns).encode() + b"".join(body))


def write_control(home: Path, folder: Path, start: str, places: np.ndarray, hours: int, step_min: int) -> None:
    """Set up a run on ``winds.arl`` in ``folder``; places are (lat, lon, geopotential height [m]), a row a member."""
    for table in TABLES:
        shutil.copy(home / "data" / table, folder)
    begin = start[2:16].replace("-", " ").replace("T", " ").replace(":", " ")
    starts = [f"{lat:.4f} {lon:.4f} {height:.1f}" for lat, lon, height in places]
    isobaric, never = 1, "00 00 00 00 00"
    lines = [begin, len(places), *starts, hours, isobaric, MODEL_TOP_M, 1, "./", "winds.arl"]
    lines += [1, "test", 1, 0.01, never]
    lines += [1, "0.0 0.0", "0.5 0.5", "30.0 30.0", "./", "cdump", 1, 100, never, never, "00 24 00"]
    lines += [1, "0.0 0.0 0.0", "0.0 0.0 0.0 0.0 0.0", "0.0 0.0 0.0", 0.0, 0.0]
    (folder / "CONTROL").write_text("\n".join(map(str, lines)) + "\n")
    setup = {
        "INITD": 0, "NUMPAR": len(places), "MAXPAR": 4 * len(places), "NTURB": 1, "KRAND": 3, "DELT": step_min,
        "KMSL": 1, "KHMAX": 9999, "NDUMP": DUMP_H, "NCYCL": DUMP_H, "POUTF": "'PARDUMP'",
    }  # fmt: skip
    (folder / "SETUP.CFG").write_text("\n".join(["$SETUP", *(f"{k}={v}," for k, v in setup.items()), "$END"]) + "\n")


def run(home: Path, folder: Path) -> None:
    """Run the program on what lies in the folder."""
    program = next((home / "bin").glob("*/hycs_std")).resolve()
    subprocess.run([str(program)], cwd=folder, capture_output=True, timeout=600, check=True)


def read_dumps(folder: Path, members: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places (lat, lon) every 24 hours: Fortran records, big-endian, members in the order of their starts."""
    one = [("a", ">i4", 4), ("place", ">f4", 6), ("b", ">i4", 2), ("more", ">i4", 5), ("c", ">i4")]
    head = [("mark", ">i4"), ("members", ">i4"), ("rest", ">i4", 6), ("end", ">i4")]
    dumps = np.fromfile(folder / "PARDUMP", np.dtype([("head", head), ("member", one, members)]))
    order = dumps["member"]["more"][..., 4]
    if not (np.all(dumps["head"]["members"] == members) and np.all(np.diff(order, axis=1) == 1)):
        raise ValueError(f"{folder}: HYSPLIT lost members")
    places = dumps["member"]["place"].astype(np.float64)
    return [(p[:, 0], p[:, 1]) for p in places]
