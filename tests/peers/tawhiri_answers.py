"""Runs in Tawhiri's own environment: ask its web interface, in this process, for predictions on given winds.

    python tawhiri_answers.py FOLDER

FOLDER holds winds.npz (u, v, z: float32 (time, level, 361, 720), every 3 hours) and requests.json; answers.json is
written there. Tawhiri's file is 9.5 GB long but sparse: levels above the given ones hold only rising heights.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

os.environ["TZ"] = "UTC"
time.tzset()  # Tawhiri reads the name of a data set in local time

import numpy as np  # noqa: E402
from tawhiri import api  # noqa: E402
from tawhiri.dataset import Dataset  # noqa: E402

ELEVATION_CELLS = 24 * 14401 * 10801  # 24 tiles of the data set that its predictor reads


def write_winds(folder):
    with np.load(folder / "winds.npz") as winds:
        start = datetime.fromtimestamp(int(winds["start"]), UTC).replace(tzinfo=None)
        data = Dataset(start, directory=str(folder), new=True)
        array = np.frombuffer(data.array, np.float32).reshape(Dataset.shape)
        times, levels = winds["u"].shape[:2]
        for k, name in enumerate(("z", "u", "v")):
            array[:times, :levels, k] = winds[name]
        for level in range(levels, Dataset.shape[1]):
            array[:times, level, 0] = array[0, levels - 1, 0].max() + 1000.0 * (level - levels + 1)
    return data


def main(folder):
    data = write_winds(folder)
    ground = folder / "elevation"  # all zero: the level of the sea
    with ground.open("wb") as stream:
        stream.truncate(2 * ELEVATION_CELLS)
    api.app.config.update(WIND_DATASET_DIR=str(folder), ELEVATION_DATASET=str(ground))
    client = api.app.test_client()
    requests = json.loads((folder / "requests.json").read_text())
    answers = [client.get("/api/v1/", query_string=request).get_json() for request in requests]
    (folder / "answers.json").write_text(json.dumps(answers))
    Path(data.fn).unlink()
    ground.unlink()


main(Path(sys.argv[1]))
