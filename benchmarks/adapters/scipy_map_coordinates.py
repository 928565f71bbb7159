"""By hand: scipy.ndimage.map_coordinates on a block of four dimensions, RK4 in numpy."""

import importlib.metadata

import numpy as np
from common import KM_SPHERE_M, Task
from scipy.ndimage import map_coordinates


def main() -> None:
    task = Task()
    u, v = (np.concatenate([w, w[..., :1]], axis=-1) for w in task.winds())
    level = np.interp(-np.log(task.release("pressure_hpa")), -np.log(task.axes["level_hpa"]), np.arange(20.0))
    radius = KM_SPHERE_M + task.release("altitude_m")

    def rates(hour: float, lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = [np.full_like(lat, hour / 3.0), level, (lat + 90.0) / 0.5, np.mod(lon, 360.0) / 0.5]
        east, north = (map_coordinates(w, at, order=1, output=np.float64, prefilter=False) for w in (u, v))
        return np.degrees(north / radius), np.degrees(east / (radius * np.cos(np.radians(lat))))

    def run() -> tuple[np.ndarray, np.ndarray]:
        lat, lon, h = task.release("lat"), task.release("lon"), task.step_s
        for i in range(task.steps):
            t0, half = i * h / 3600.0, h / 7200.0
            a, b = rates(t0, lat, lon)
            c, d = rates(t0 + half, lat + 0.5 * h * a, lon + 0.5 * h * b)
            e, f = rates(t0 + half, lat + 0.5 * h * c, lon + 0.5 * h * d)
            g, k = rates(t0 + 2 * half, lat + h * e, lon + h * f)
            lat = lat + h / 6.0 * (a + 2 * c + 2 * e + g)
            lon = lon + h / 6.0 * (b + 2 * d + 2 * f + k)
        return lat, lon

    answer = task.best(run)
    version = importlib.metadata.version("scipy")
    task.save(answer, name="scipy map_coordinates", version=version, radius_m=radius)


if __name__ == "__main__":
    main()
