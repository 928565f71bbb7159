"""Parcels 4: winds as an SGRID field set held in memory, its own RK4 kernel and a kernel that wraps longitude."""

import numpy as np
import parcels
import xarray as xr
from common import KM_SPHERE_M, Task
from parcels import kernels

HALO = 12


def wrap(particles, fieldset):
    ahead = particles.x + particles.dx
    particles.dx += np.where(ahead < 0.0, 360.0, 0.0) - np.where(ahead >= 360.0, 360.0, 0.0)


def field_set(task: Task) -> parcels.FieldSet:
    axes = task.axes
    lon = axes["grid_lon"]
    lon = np.concatenate([lon[-HALO:] - 360.0, lon, lon[:HALO] + 360.0])
    coords = {
        "time": ("time", task.times(), {"axis": "T"}),
        "depth": ("depth", -np.log(axes["level_hpa"]), {"axis": "Z"}),
        "latitude": ("latitude", axes["grid_lat"], {"axis": "Y"}),
        "longitude": ("longitude", lon, {"axis": "X"}),
    }
    fields = {}
    # by the option "altitude" members move on the mean sphere enlarged by their altitude; the peer has one radius only
    larger = 1.0 if task.option != "altitude" else KM_SPHERE_M / (KM_SPHERE_M + axes["altitude_m"])
    for name, given in zip("UV", task.winds(), strict=True):
        wind = given * np.reshape(np.float32(larger), (-1, 1, 1))
        wide = np.concatenate([wind[..., -HALO:], wind, wind[..., :HALO]], axis=-1)
        fields[name] = xr.DataArray(wide, dims=("time", "depth", "latitude", "longitude"), coords=coords, name=name)
    dataset = parcels.convert.copernicusmarine_to_sgrid(fields=fields)
    return parcels.FieldSet.from_sgrid_conventions(dataset, mesh=parcels.SphericalMesh(radius=KM_SPHERE_M))


def main() -> None:
    task = Task()
    fields = field_set(task)

    def run(hours: float = task.hours) -> tuple[np.ndarray, np.ndarray]:
        particles = parcels.ParticleSet(
            fields,
            t=np.full(task.members, task.start),
            x=task.release("lon"),
            y=task.release("lat"),
            z=-np.log(task.release("pressure_hpa")),
        )
        particles.execute(
            [kernels.AdvectionRK4, wrap],
            dt=np.timedelta64(int(task.step_s), "s"),
            runtime=np.timedelta64(int(hours * 3600), "s"),
            verbose_progress=False,
        )
        return np.array(particles.y), np.array(particles.x)

    answer = task.best(run, part=lambda: run(0.5))
    note = "float32 positions"
    task.save(answer, name="Parcels 4", version=parcels.__version__, radius_m=KM_SPHERE_M, note=note)


if __name__ == "__main__":
    main()
