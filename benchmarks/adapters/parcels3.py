"""Parcels 3: winds as a field set in memory, its RK4 kernel compiled to C by gcc, one that wraps longitude."""

import logging
import math
from datetime import timedelta

import numpy as np
import parcels
from common import Task

HALO = 12
RADIUS_M = 1852.0 * 60.0 * 180.0 / math.pi  # its spherical mesh: 60 nautical miles to the degree


def wrap(particle, fieldset, time):
    if particle.lon + particle_dlon < 0.0:  # noqa: F821, a name of the peer's kernel language
        particle_dlon += 360.0
    if particle.lon + particle_dlon >= 360.0:
        particle_dlon -= 360.0


def field_set(task):
    axes = task.axes
    lon = axes["grid_lon"]
    dims = {
        "lon": np.concatenate([lon[-HALO:] - 360.0, lon, lon[:HALO] + 360.0]),
        "lat": axes["grid_lat"],
        "depth": -np.log(axes["level_hpa"]),
        "time": task.times(),
    }
    wide = (np.concatenate([w[..., -HALO:], w, w[..., :HALO]], axis=-1) for w in task.winds())
    return parcels.FieldSet.from_data(dict(zip("UV", wide)), dims, mesh="spherical")  # noqa: B905


def main():
    logging.getLogger("parcels.tools.loggers").setLevel(logging.ERROR)
    task = Task()
    fields = field_set(task)

    def run(hours=task.hours):
        particles = parcels.ParticleSet(
            fields,
            pclass=parcels.JITParticle,
            lon=task.release("lon"),
            lat=task.release("lat"),
            depth=-np.log(task.release("pressure_hpa")),
            time=np.full(task.members, task.start),
            lonlatdepth_dtype=np.float64,
        )
        particles.execute(
            [parcels.AdvectionRK4, wrap],
            runtime=timedelta(hours=hours),
            dt=timedelta(seconds=task.step_s),
            verbose_progress=False,
        )
        ahead = particles.particledata.data  # its lon and lat stay one step behind until the next loop
        return np.array(ahead["lat_nextloop"]), np.array(ahead["lon_nextloop"])

    answer = task.best(run)
    note = "no longer developed; float64 positions"
    task.save(answer, name="Parcels 3", version=parcels.__version__, radius_m=RADIUS_M, note=note)


if __name__ == "__main__":
    main()
