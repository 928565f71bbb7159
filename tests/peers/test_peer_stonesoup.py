"""The track without winds against Stone Soup's Kalman filter and smoother, on the same linear Gaussian case."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from environments import last_line

from overflight.geo import sphere
from overflight.infer import Inputs, misfit
from overflight.infer.kernels import solve
from overflight.infer.scene import Scene, kinematic_error, lay_out
from overflight.infer.smooth import smooth, stacked
from overflight.sightings import Sighting
from overflight.sightings.sighting import Ellipse

ADAPTER = Path(__file__).parents[2] / "benchmarks" / "adapters" / "stonesoup_track.py"
SD_MS, TIME_S = 12.0, 5 * 3600.0


def a_scene() -> Scene:
    """Seven sightings near the equator, one an ellipse, with a velocity of known size and memory."""
    rng = np.random.default_rng(5)
    sightings = []
    for number, hours in enumerate((0.0, 3.0, 4.5, 11.0, 19.0, 26.0, 33.3)):
        lat, lon = sphere.move(0.0, 0.0, 80.0 + 6.0 * rng.normal(), 30e3 * hours + 5e3 * rng.normal())
        ellipse = Ellipse(major_sd_m=20e3, minor_sd_m=2e3, azimuth_deg=30.0) if number == 3 else None
        sightings.append(Sighting(
            time=datetime(2023, 2, 1, tzinfo=UTC) + timedelta(hours=hours), time_sd_s=0.0, lat=float(lat),
            lon=float(lon), position_sd_m=4e3, altitude=None, object_label="", source="", note="", evidence_sha256="",
            ellipse=ellipse,
        ))  # fmt: skip
    scene = lay_out(sightings, None, Inputs(outlier_share=0.0), seed=1)
    one = scene.levels.only(np.array([0]))
    sd = np.full(one.ln_p.shape, SD_MS)
    return replace(scene, error=kinematic_error(SD_MS, TIME_S), levels=one, sd=sd)


def ours(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n, 2) and covariance (n, 2, 2) of the place on the plane. [m], [m2]"""
    found, index, n = smooth(scene), scene.index, scene.frame.seconds.size
    every = np.arange(n)
    of = misfit.parts(scene.error, scene.frame)
    cross, _ = misfit.displacement(of, scene.frame, scene.levels.ln_p, scene.sd, every, index[:0])
    whole = np.empty((2 * index.size, 2 * index.size))
    solve.compose(cross[0][:, index], index, 1.0, np.zeros(whole.shape), misfit.START_SD_M**2, found.noise, whole)
    back = cross[0][:, index].real + misfit.START_SD_M**2
    prior = np.diagonal(cross[0]).real + misfit.START_SD_M**2
    k, zero = index.size, np.zeros_like(back)
    both = np.stack([np.concatenate([back, zero], 1), np.concatenate([zero, back], 1)], axis=1)
    cov = np.eye(2) * prior[:, None, None] - both @ np.linalg.solve(whole, np.swapaxes(both, 1, 2))
    assert both.shape == (n, 2, 2 * k)
    place = found.path[0] + scene.frame.unrolled
    return stacked(place[:, None]), cov


def test_the_kinematic_track_is_that_of_a_kalman_smoother(stonesoup, tmp_path):
    scene = a_scene()
    y = scene.y + scene.frame.unrolled[scene.index]
    np.savez(tmp_path / "question.npz", seconds=scene.frame.seconds, seen=scene.index, y=stacked(y[:, None]),
             noise=scene.noise, sd_ms=SD_MS, time_s=TIME_S, start_sd_m=misfit.START_SD_M)  # fmt: skip
    command = [str(stonesoup), str(ADAPTER), str(tmp_path / "question.npz"), str(tmp_path / "answer.npz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, last_line(done.stderr)
    mean, covariance = ours(scene)
    with np.load(tmp_path / "answer.npz") as theirs:
        far = np.abs(mean - theirs["mean"]).max()
        wide = np.abs(covariance - theirs["covariance"]).max() / np.abs(theirs["covariance"]).max()
    print(f"largest difference of the mean {far:.2g} m, of the covariance {wide:.2g} of its largest")  # noqa: T201 - for -rP
    # A start of 1000 km beside errors of 4 km costs (1e6 / 4e3)^2 = 6e4 of the 1e16 of a double.
    assert far < 0.05
    assert wide < 1e-6
    assert mean.shape == (scene.frame.seconds.size, 2)
