"""OpenDrift's leeway model in one wind and one current: ``opendrift_leeway.py QUESTION.json ANSWER.npz``.

The answer holds, by class, where members are at the end, and the coefficients of the list that OpenDrift ships.
"""

import json
import logging
import os
import sys
from datetime import datetime, timedelta

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path = [p for p in sys.path if os.path.realpath(p or ".") != HERE]  # a file here bears the peer's name

import numpy as np  # noqa: E402
from opendrift.models.leeway import Leeway  # noqa: E402


def drifted(question, name, jibes):
    """Return end longitudes, latitudes and the coefficients of one class."""
    model = Leeway(loglevel=logging.CRITICAL)
    for key, value in {
        "x_wind": question["wind"][0], "y_wind": question["wind"][1],
        "x_sea_water_velocity": question["current"][0], "y_sea_water_velocity": question["current"][1],
        "land_binary_mask": 0, "horizontal_diffusivity": 0,
    }.items():  # fmt: skip
        if f"environment:constant:{key}" in model._config:
            model.set_config(f"environment:constant:{key}", value)
    for key in ("drift:current_uncertainty", "drift:wind_uncertainty"):
        model.set_config(key, 0)
    model.set_config("seed:jibe_probability", jibes)
    names = [one["OBJKEY"].strip() for one in model.leewayprop.values()]
    keys = list(model.leewayprop)
    number = keys[names.index(name)]
    model.seed_elements(lon=question["lon"], lat=question["lat"], number=question["members"], radius=0,
                        time=datetime(2023, 2, 4), object_type=number)  # fmt: skip
    np.random.seed(1)  # noqa: NPY002 - it draws from there
    model.run(duration=timedelta(hours=question["hours"]), time_step=600, time_step_output=3600 * question["hours"])
    row = model.leewayprop[number]
    table = [[row[f"{part}{way}"] for part in ("DW", "CWR", "CWL")] for way in ("SLOPE", "OFFSET", "STD")]
    return np.array(model.elements.lon), np.array(model.elements.lat), np.array(table, float).T


def main():
    with open(sys.argv[1]) as stream:
        question = json.load(stream)
    np.random.seed(1)  # noqa: NPY002
    answer = {}
    for name in question["classes"]:
        for jibes in (0.0, 0.04):
            lon, lat, table = drifted(question, name, jibes)
            answer |= {f"{name} {jibes:g} lon": lon, f"{name} {jibes:g} lat": lat, f"{name} table": table}
    np.savez(sys.argv[2], **answer)


main()
