"""Our engine through its front door: a canonical wind dataset in memory in, trajectories out, one thread."""

import numpy as np
import xarray as xr
from common import KM_SPHERE_M, Task

import overflight
from overflight.drift import Release, Settings, simulate
from overflight.flight import float_at_pressure
from overflight.geo.spread import Given


def canonical(task: Task) -> xr.Dataset:
    axes = task.axes
    half = axes["grid_lon"].size // 2
    u, v = (np.ascontiguousarray(np.roll(w, half, axis=-1)) for w in task.winds())
    dims = ("time", "level", "lat", "lon")
    heights = np.broadcast_to(axes["height_m"].astype(np.float32)[None, :, None, None], u.shape)
    return xr.Dataset(
        {
            "u": (dims, u, {"units": "m s-1", "standard_name": "eastward_wind"}),
            "v": (dims, v, {"units": "m s-1", "standard_name": "northward_wind"}),
            "z": (dims, heights, {"units": "m", "standard_name": "geopotential_height"}),
        },
        {
            "time": task.times(),
            "level": axes["level_hpa"],
            "lat": axes["grid_lat"],
            "lon": axes["grid_lon"] - 180.0,
        },
        {"source": "benchmark", "sha256": "", "title": "analytic winds"},
    )


def main() -> None:
    task = Task()
    winds = canonical(task)
    lon = (task.release("lon") + 180.0) % 360.0 - 180.0
    starts = Release(time=np.full(task.members, task.start), lat=task.release("lat"), lon=lon)
    flight = float_at_pressure(Given(task.release("pressure_hpa") * 100.0))
    method, _, tolerance_m = (task.option or "rk4").partition(":")
    settings = Settings(
        step_s=task.step_s,
        output_s=task.hours * 3600.0,
        threads=1,
        method=method,
        tolerance_m=float(tolerance_m or 1.0),
    )

    def run(hours: float = 24.0) -> tuple[np.ndarray, np.ndarray]:
        result = simulate(winds, flight, starts, hours=hours, members=task.members, seed=1, settings=settings)
        return result["lat"].to_numpy()[:, -1], result["lon"].to_numpy()[:, -1]

    answer = task.best(run)
    radius = KM_SPHERE_M + task.release("altitude_m")
    task.save(answer, name="overflight", version=overflight.__version__, radius_m=radius)


if __name__ == "__main__":
    main()
