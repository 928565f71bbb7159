import numpy as np
import pytest

from overflight.geo import sphere
from overflight.infer.frame import roll, through

PATHS = {
    "middle": ([40.0, 42.0, 41.0], [-120.0, -110.0, -100.0]),
    "antimeridian": ([10.0, 12.0, 8.0], [170.0, 179.5, -172.0]),
    "over the pole": ([86.0, 89.5, 85.0], [10.0, 60.0, -160.0]),
    "south": ([-80.0, -85.0, -88.0], [0.0, 120.0, -120.0]),
}


@pytest.mark.parametrize("name", PATHS)
def test_places_come_back_from_the_plane(name):
    lat, lon = (np.array(v) for v in PATHS[name])
    seconds = np.linspace(0.0, 86_400.0, 97)
    frame = roll(seconds, np.array([0.0, 43_200.0, 86_400.0]), lat, lon)
    offset = 3e5 * np.exp(1j * np.linspace(0.0, 6.0, 97))
    y, x, _ = frame.place(offset)
    assert np.abs(frame.offset(np.arange(97), y, x) - offset).max() < 1.0


@pytest.mark.parametrize("name", PATHS)
def test_the_path_rolled_out_is_as_long_as_the_path(name):
    lat, lon = (np.array(v) for v in PATHS[name])
    seconds = np.linspace(0.0, 86_400.0, 97)
    frame = roll(seconds, np.array([0.0, 43_200.0, 86_400.0]), lat, lon)
    length = sphere.distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum()
    assert np.abs(np.diff(frame.unrolled)).sum() == pytest.approx(length, rel=1e-6)


def test_a_great_circle_is_a_straight_line_on_the_plane():
    seconds = np.linspace(0.0, 1.0, 201)
    frame = roll(seconds, np.array([0.0, 1.0]), np.array([50.0, 60.0]), np.array([-30.0, 60.0]))
    line = frame.unrolled[-1] * seconds
    assert np.abs(frame.unrolled - line).max() < 2e-4 * abs(frame.unrolled[-1])


def test_sightings_of_one_instant_are_merged():
    seconds, lat, lon = through(np.array([0.0, 5.0, 5.0]), np.array([0.0, 1.0, 3.0]), np.array([0.0, 179.0, -179.0]))
    assert seconds.tolist() == [0.0, 5.0]
    assert lat[1] == pytest.approx(2.0, abs=0.01)
    assert abs(lon[1]) == pytest.approx(180.0, abs=0.1)
