"""Leeway against OpenDrift's model: the same wind, current and classes, the same cloud.

The energy distance is ``2 E|X - Y| - E|X - X'| - E|Y - Y'|`` of places, in kilometres: 0 for the same cloud, and for two
draws of it as often below 0 as above. OpenDrift 1.14 drifts what the list calls right of the wind to its left; it shows
where the two sides differ, as those of the oil drum do. Here ours is turned to match. At a jibe it turns the slope and
leaves the offset, ours takes the other side's line.
"""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from overflight.drift.scatter import Moment
from overflight.geo import sphere
from overflight.recover import Sea, ground, objects_of, water
from overflight.recover.grid import Grid
from overflight.recover.landing import Fallen
from overflight.recover.leeway import CLASSES, Leeway

ADAPTER = Path(__file__).parents[2] / "benchmarks" / "adapters" / "opendrift_leeway.py"
AT = np.datetime64("2023-02-04T00:00", "ns")
QUESTION = {"wind": [8.0, 3.0], "current": [0.1, -0.05], "lon": -82.5, "lat": 45.0, "members": 1000, "hours": 24,
            "classes": sorted(CLASSES)}  # fmt: skip
ASKED = ("SLDMB", "SEWAGE", "MED-WASTE-1", "FV-DEBRIS", "OIL-DRUM")


def steady(east: float, north: float) -> Grid:
    value = np.array([np.full((1, 2, 2), east), np.full((1, 2, 2), north)])
    return Grid(np.zeros(1), np.array([0.0, 80.0]), np.array([-170.0, 170.0]), value)


def at_sea(lat, lon):
    return np.full(lat.size, ground.SEA, np.int8)


def ours(name: str) -> tuple[np.ndarray, np.ndarray]:
    members = QUESTION["members"]
    one = replace(objects_of("parachute")[0], leeway=name, floats_h=1e6)
    end = Moment(np.full(members, AT), *(np.full(members, v) for v in (QUESTION["lat"], QUESTION["lon"], 0.0)))
    fallen = Fallen(object=one, end=end, surface=at_sea(end.lat, end.lon), density=None)
    sea = Sea(wind=steady(*QUESTION["wind"]), current=steady(*QUESTION["current"]), surface=at_sea)
    found = water.drift(fallen, sea, AT + np.timedelta64(QUESTION["hours"], "h"), 1).end
    return found.lon, found.lat


def plane_km(lon, lat) -> np.ndarray:
    away = sphere.distance_m(QUESTION["lat"], QUESTION["lon"], lat, lon) / 1e3
    course = np.radians(sphere.azimuth_deg(QUESTION["lat"], QUESTION["lon"], lat, lon))
    return np.stack([away * np.sin(course), away * np.cos(course)], axis=1)


def energy_km(one: np.ndarray, other: np.ndarray) -> float:
    """Twice the mean distance between, less those within, without the pairs of a member with itself. [km]"""
    n, m = len(one), len(other)
    within = cdist(one, one).sum() / (n * (n - 1)) + cdist(other, other).sum() / (m * (m - 1))
    return float(2.0 * cdist(one, other).mean() - within)


@pytest.fixture(scope="module")
def theirs(opendrift, tmp_path_factory):
    folder = tmp_path_factory.mktemp("leeway")
    (folder / "question.json").write_text(json.dumps(QUESTION))
    command = [opendrift, str(ADAPTER), str(folder / "question.json"), str(folder / "answer.npz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(folder / "answer.npz") as answer:
        return dict(answer)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_coefficients_are_those_of_the_published_list(theirs, name):
    """Rows down, right, left; columns slope [%], offset and standard deviation [cm/s]."""
    one = CLASSES[name]
    assert np.array([one.down, one.right, one.left]) == pytest.approx(theirs[f"{name} table"], abs=1e-9)


def mirrored(name: str) -> Leeway:
    """Return a class with its right where the wind's left is."""
    one = CLASSES[name]
    right, left = ((-a, -b, sd) for a, b, sd in (one.left, one.right))
    return replace(one, right=right, left=left)


@pytest.mark.parametrize("jibes", ["0", "0.04"])
@pytest.mark.parametrize("name", ASKED)
def test_clouds_agree(theirs, monkeypatch, name, jibes):
    monkeypatch.setattr(water, "JIBES_AN_HOUR", float(jibes))
    monkeypatch.setattr(water, "leeway_of", mirrored)
    mine = plane_km(*ours(name))
    peer = plane_km(theirs[f"{name} {jibes} lon"], theirs[f"{name} {jibes} lat"])
    drift = float(np.hypot(*mine.mean(0)))
    apart, energy = float(np.hypot(*(mine.mean(0) - peer.mean(0)))), energy_km(mine, peer)
    print(f"{name}, jibing {jibes}: drift {drift:.1f} km, energy distance {energy:.4f} km, means {apart:.2f} km apart")  # noqa: T201 - for -rP
    assert energy < 0.01 * drift
    assert apart < 0.03 * drift
