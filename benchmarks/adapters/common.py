"""What every adapter shares: the workload's arrays, one pinned core, the clock, the answer file. Needs numpy only.

Plain enough for Python 3.6, which the oldest peer needs.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

KM_SPHERE_M = 6_371_008.8


class Task:
    """The workload as this process was asked to run it."""

    def __init__(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("folder", type=Path)
        parser.add_argument("answer", type=Path)
        parser.add_argument("--members", type=int, required=True)
        parser.add_argument("--step-s", type=float, default=300.0)
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--core", type=int, default=0)
        parser.add_argument("--option", default="")
        parser.add_argument("--hours", type=int, default=24)
        given = parser.parse_args()
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {given.core})
        self.folder, self.answer = given.folder, given.answer
        self.members, self.step_s, self.rounds, self.option = (
            given.members,
            given.step_s,
            given.rounds,
            given.option,
        )
        with np.load(given.folder / "axes.npz") as axes:
            self.axes = {name: axes[name] for name in axes.files}
        self.start = np.datetime64(json.loads((given.folder / "workload.json").read_text())["start"], "ns")
        self.hours = given.hours

    def winds(self):
        """u and v, float32 (time, level, lat, lon), in memory."""
        return np.load(self.folder / "u.npy"), np.load(self.folder / "v.npy")

    def release(self, name):
        """One release array of the first members."""
        return self.axes[f"release_{name}"][: self.members].copy()

    @property
    def steps(self):
        return round(self.hours * 3600 / self.step_s)

    def times(self):
        return self.start + (self.axes["time_h"] * 3600e9).astype("timedelta64[ns]")

    def best(self, run, *, part=None):
        """Run once to warm up, then ``rounds`` times; the least time counts. ``part`` runs on a tenth to warm up.

        With no rounds the answer is all that is asked for: one run, no clock.
        """
        if self.rounds:
            (part or run)()
        seconds = []
        for _ in range(max(1, self.rounds)):
            begin = time.perf_counter()
            lat, lon = run()
            seconds.append(time.perf_counter() - begin)
        return {"lat": np.asarray(lat, np.float64), "lon": np.asarray(lon, np.float64), "seconds": np.array(seconds)}

    def save(self, answer, *, name, version, radius_m, flattening=0.0, note="", steps=None):
        """Write the answer file. ``radius_m`` and ``flattening`` say on which Earth the engine moved its members."""
        np.savez(
            self.answer,
            name=name,
            version=version,
            radius_m=np.broadcast_to(np.asarray(radius_m, np.float64), (self.members,)),
            flattening=flattening,
            members=self.members,
            steps=self.steps if steps is None else steps,
            note=note,
            **answer,
        )
