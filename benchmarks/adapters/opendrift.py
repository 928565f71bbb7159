"""OpenDrift: its ocean drift model with winds in the place of currents, RK4, no land, no vertical motion."""

import logging
import os
import sys
from datetime import timedelta

import numpy as np
import pandas as pd
import xarray as xr

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path = [p for p in sys.path if os.path.realpath(p or ".") != HERE] + [HERE]  # this file bears the peer's name

import opendrift  # noqa: E402
from common import Task  # noqa: E402
from opendrift.models.oceandrift import OceanDrift  # noqa: E402
from opendrift.readers.basereader.consts import standard_names  # noqa: E402
from opendrift.readers.reader_netCDF_CF_generic import Reader  # noqa: E402

# It takes a sea current above 15 m/s for missing and fills the hole from the level above: our currents are winds.
for component in "xy":
    standard_names[f"{component}_sea_water_velocity"].update(valid_min=-200.0, valid_max=200.0)
SCALE = 1000.0  # depth is log pressure times this: its levels and members must lie below a surface


def depth_of(pressure_hpa):
    return SCALE * np.log(np.asarray(pressure_hpa) / 9.0)


def dataset(task):
    axes = task.axes
    coords = {
        "time": ("time", task.times(), {"standard_name": "time"}),
        "depth": (
            "depth",
            depth_of(axes["level_hpa"])[::-1],
            {"standard_name": "depth", "positive": "down", "units": "m"},
        ),
        "lat": ("lat", axes["grid_lat"], {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": ("lon", np.append(axes["grid_lon"], 360.0), {"standard_name": "longitude", "units": "degrees_east"}),
    }
    # one column more than the circle: past the last one the reader would look for the nearest number
    u, v = (np.concatenate([w, w[..., :1]], axis=-1) for w in task.winds())
    dims = ("time", "depth", "lat", "lon")
    unit = {"units": "m s-1"}
    return xr.Dataset(
        {
            "u": (dims, u[:, ::-1], {"standard_name": "x_sea_water_velocity", **unit}),
            "v": (dims, v[:, ::-1], {"standard_name": "y_sea_water_velocity", **unit}),
        },
        coords,
    )


def main():
    logging.disable(logging.CRITICAL)
    task = Task()
    winds = dataset(task)
    start = pd.Timestamp(task.start).to_pydatetime()

    def run(hours=task.hours):
        model = OceanDrift(loglevel=50)
        model.set_config("general:use_auto_landmask", False)
        model.set_config("environment:constant:land_binary_mask", 0)
        model.set_config("drift:advection_scheme", "runge-kutta4")
        model.set_config("drift:vertical_advection", False)
        model.set_config("drift:vertical_mixing", False)
        model.set_config("drift:current_uncertainty", 0.0)
        model.set_config("drift:max_speed", 150.0)
        model.set_config("environment:fallback:sea_floor_depth_below_sea_level", 10000.0)
        model.set_config("environment:constant:x_wind", 0.0)
        model.set_config("environment:constant:y_wind", 0.0)
        reader = Reader(winds)
        reader.verticalbuffer = winds.sizes["depth"]  # else a block read for few members' depths serves all the others
        model.add_reader(reader)
        model.seed_elements(
            lon=task.release("lon"),
            lat=task.release("lat"),
            z=-depth_of(task.release("pressure_hpa")),
            time=start,
            wind_drift_factor=0.0,
        )
        model.run(
            duration=timedelta(hours=hours),
            time_step=task.step_s,
            time_step_output=timedelta(hours=hours),
            stop_on_error=True,
        )
        lat, lon = np.full(task.members, np.nan), np.full(task.members, np.nan)
        alive = model.elements.ID - 1 if model.elements.ID.min() == 1 else model.elements.ID
        lat[alive], lon[alive] = model.elements.lat, model.elements.lon
        return lat, lon

    answer = task.best(run, part=lambda: run(1.0))
    task.save(
        answer,
        name="OpenDrift",
        version=opendrift.__version__,
        radius_m=6378137.0,
        flattening=1 / 298.257223563,
        note="WGS84 ellipsoid",
    )


if __name__ == "__main__":
    main()
