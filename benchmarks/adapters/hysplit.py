"""HYSPLIT: its particle program, isobaric, without turbulence, on the winds in its packed form; one byte a value.

It brings all winds to levels of its own, 1.3 to 1.9 km apart at these heights, and so rounds off what bends at a level.
Timed from its start to its end: reading and unpacking the winds is in it. Only in an interpreter of the benchmarks.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

import hysplit_files  # noqa: E402
import workload  # noqa: E402
from common import Task  # noqa: E402


def write_winds(task, path):
    axes = task.axes
    u, v = task.winds()
    height = axes["height_m"][:, None, None] * np.ones((1, *u.shape[2:]))
    kelvin = np.interp(axes["height_m"], [0.0, 11e3, 20e3, 32e3], [288.15, 216.65, 216.65, 228.65])
    still = {"HGTS": height, "TEMP": kelvin[:, None, None] * np.ones_like(height), "WWND": np.zeros_like(height)}
    with path.open("wb") as stream:
        for i, time in enumerate(task.times()):
            fields = {**still, "UWND": u[i].astype(np.float64), "VWND": v[i].astype(np.float64)}
            hysplit_files.write_time(stream, str(time), 0.0, list(axes["level_hpa"]), fields)


def main():
    task = Task()
    home = Path(task.option)
    folder = Path(tempfile.mkdtemp(dir=str(task.folder)))
    write_winds(task, folder / "winds.arl")
    height = workload.geopotential_height_m(task.release("pressure_hpa"))
    places = np.stack([task.release("lat"), task.release("lon"), height], axis=1)
    step_min = int(task.step_s / 60)

    def run():
        hysplit_files.write_control(home, folder, str(task.start), places, task.hours, step_min)
        hysplit_files.run(home, folder)
        return hysplit_files.read_dumps(folder, task.members)[-1]

    answer = task.best(run)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    note = "winds of one byte a value on levels of its own; reading them included"
    version = (home / "bin" / "version").read_text().strip().lstrip("v")
    task.save(answer, name="HYSPLIT", version=version, radius_m=hysplit_files.RADIUS_M, note=note)


if __name__ == "__main__":
    main()
