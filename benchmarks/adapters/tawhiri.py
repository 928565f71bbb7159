"""Tawhiri: a data set file of its own shape filled where the workload reaches, its float model, its RK4 of 60 s.

The file is 9.5 GB long but sparse: 10 of 65 times and 20 of 47 levels hold data, the others hold heights only in so far
as its search for the level reads them. Tawhiri finds a level by height, so the heights of the workload go in.
"""

import os
import sys
from datetime import datetime

import numpy as np

sys.path = [p for p in sys.path if os.path.realpath(p or ".") != os.path.dirname(os.path.realpath(__file__))] + [
    os.path.dirname(os.path.realpath(__file__))
]  # this file bears the peer's name: let the peer be found first

from common import Task  # noqa: E402
from tawhiri import __version__, dataset, models, solver  # noqa: E402

EPOCH = datetime(2026, 1, 1)
STEP_S = 60.0


def data_set(task):
    """Levels of the workload stand first; above them heights rise, so that the search stays below."""
    folder = os.path.join(str(task.folder), "tawhiri")
    if not os.path.isdir(folder):
        os.makedirs(folder)
    data = dataset.Dataset(EPOCH, directory=folder, new=True)
    array = np.frombuffer(data.array, np.float32).reshape(dataset.Dataset.shape)
    u, v = task.winds()
    heights = task.axes["height_m"]
    times = len(task.axes["time_h"])
    for k in range(dataset.Dataset.shape[1]):
        inside = k < len(heights)
        array[:times, k, 0] = heights[k] if inside else heights[-1] + 5000.0 * (k - len(heights) + 1)
        if inside:
            array[:times, k, 1], array[:times, k, 2] = u[:, k], v[:, k]
    return data


def main():
    task = Task()
    data = data_set(task)
    model = models.make_wind_velocity(data)
    start = (EPOCH - datetime(1970, 1, 1)).total_seconds()
    # its terminator fires one step late; a bisection then appends a last point, so that the whole day is the one before
    end = models.make_time_termination(start + task.hours * 3600.0 + 0.001)
    steps = round(task.hours * 3600 / STEP_S) + 1

    def run(members=task.members):
        lat, lon = task.release("lat"), task.release("lon")
        height = task.release("height_m")
        for i in range(members):
            stage = solver.solve(start, lat[i], lon[i], height[i], ((model, end),))[0]
            _, lat[i], lon[i], _ = stage[-2]
        return lat, lon

    answer = task.best(run, part=lambda: run(10))
    radius = 6371009.0 + task.release("height_m")
    note = "steps of 60 s, fixed; radius 6371009 m + geopotential height"
    task.save(answer, name="Tawhiri", version=__version__, radius_m=radius, note=note, steps=steps)
    os.remove(data.fn)


if __name__ == "__main__":
    main()
