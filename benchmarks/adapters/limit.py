"""The hand-written C kernel, compiled when it runs. Option: wide (default) or gather."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from common import KM_SPHERE_M, Task

SOURCE = Path(__file__).parent.parent / "limit.c"
FLAGS = ["-O3", "-mavx2", "-mfma", "-mtune=native", "-shared", "-fPIC", "-Wall", "-Wextra"]
MEMBER = np.dtype(
    [(n, "i4") for n in ("bx", "by", "level", "id")] + [(n, "f4") for n in ("dx", "dy", "rate", "weight")]
)
CELL_DEG = 0.5


def compiled() -> ctypes.CDLL:
    library = Path(tempfile.mkdtemp()) / "limit.so"
    subprocess.run(["gcc", *FLAGS, str(SOURCE), "-o", str(library), "-lm"], check=True)
    return ctypes.CDLL(str(library))


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def members_of(task: Task) -> np.ndarray:
    lat, lon = task.release("lat"), task.release("lon")
    grid = np.interp(-np.log(task.release("pressure_hpa")), -np.log(task.axes["level_hpa"]), np.arange(20.0))
    members = np.zeros(task.members, MEMBER)
    x, y = lon / CELL_DEG, (lat + 90.0) / CELL_DEG
    members["bx"], members["by"], members["level"] = x, y, np.minimum(grid, 18)
    members["dx"], members["dy"], members["weight"] = x - np.floor(x), y - np.floor(y), grid - np.floor(grid)
    members["id"] = np.arange(task.members)
    members["rate"] = np.degrees(1.0 / (KM_SPHERE_M + task.release("altitude_m"))) / CELL_DEG
    return members


def main() -> None:
    task = Task()
    library = compiled()
    u, v = task.winds()
    slab = np.zeros(361 * 721 * 80 + 8, np.float32)
    slab = slab[(-slab.ctypes.data // 4) % 8 :]
    first = members_of(task)
    spare = np.empty_like(first)
    kernel_s: list[float] = []

    def run() -> tuple[np.ndarray, np.ndarray]:
        members, inside = first.copy(), 0.0
        per_slab = round(3 * 3600 / task.step_s)
        for i in range(task.hours // 3):
            library.pack(*(pointer(a) for a in (u[i], v[i], u[i + 1], v[i + 1], slab)))
            begin = time.perf_counter()
            library.drift(
                pointer(slab),
                pointer(members),
                pointer(spare),
                ctypes.c_long(task.members),
                per_slab,
                ctypes.c_float(task.step_s),
                ctypes.c_float(0.0),
                ctypes.c_float(1.0 / per_slab),
                int(task.option == "gather"),
            )
            inside += time.perf_counter() - begin
        kernel_s.append(inside)
        order = np.argsort(members["id"])
        lat = (members["by"] + members["dy"].astype(np.float64)) * CELL_DEG - 90.0
        lon = (members["bx"] + members["dx"].astype(np.float64)) * CELL_DEG
        return lat[order], lon[order]

    answer = task.best(run)
    answer["kernel_seconds"] = np.array(kernel_s[1:])
    which = task.option or "wide"
    radius = KM_SPHERE_M + task.release("altitude_m")
    task.save(answer, name=f"C AVX2 {which}", version="", radius_m=radius)


if __name__ == "__main__":
    main()
