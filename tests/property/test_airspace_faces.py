"""Faces and crossings against polygons themselves: shapely for places, dense sampling for paths."""

import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from overflight.airspace import Region, crossings
from overflight.airspace.arrange import arrange
from overflight.airspace.shapes import shapes
from overflight.geo import sphere

# Corners on whole degrees make shared edges, shared corners, borders along the antimeridian and at the poles likely.
LON, LAT = st.integers(-180, 180), st.integers(-90, 90)


@st.composite
def boxes(draw):
    west, east = sorted(draw(st.lists(LON, min_size=2, max_size=2, unique=True)))
    south, north = sorted(draw(st.lists(LAT, min_size=2, max_size=2, unique=True)))
    return shapely.box(west, south, east, north)


@st.composite
def triangles(draw):
    shape = shapely.Polygon(draw(st.lists(st.tuples(LON, LAT), min_size=3, max_size=3, unique=True)))
    return shape if shape.area > 1e-3 else shapely.box(0, 0, 1, 1)


def layer(polygons):
    regions = [Region(id=str(k), name=str(k), kind="user") for k in range(len(polygons))]
    return arrange(regions, np.array(polygons, object))


def places(seed, n):
    rng = np.random.default_rng(seed)
    return np.degrees(np.arcsin(rng.uniform(-1, 1, n))), rng.uniform(-180, 180, n)


@settings(max_examples=60)
@given(st.lists(st.one_of(boxes(), triangles()), min_size=1, max_size=5), st.integers(0, 2**32))
def test_a_place_is_in_the_regions_whose_polygons_hold_it(polygons, seed):
    made = layer(polygons)
    lat, lon = places(seed, 400)
    found = made.partition.faces(lat, lon)
    for point, face in zip(shapely.points(lon, lat), found, strict=True):
        near = [shapely.distance(shapely.boundary(p), point) < 1e-5 for p in polygons]
        expected = tuple(k for k, p in enumerate(polygons) if p.contains(point))
        assert any(near) or made.partition.covers[face] == expected


@settings(max_examples=30)
@given(st.lists(st.one_of(boxes(), triangles()), min_size=1, max_size=4))
def test_the_polygons_come_out_again(polygons):
    made = layer(polygons)
    for shape, polygon in zip(shapes(made, [str(k) for k in range(len(polygons))]), polygons, strict=True):
        assert shape.symmetric_difference(polygon).area < 1e-4 * max(1.0, polygon.area)


def trajectories(lat, lon, hours=1.0):
    time = np.datetime64("2023-02-01", "ns") + (np.arange(lat.shape[1]) * hours * 3.6e12).astype("timedelta64[ns]")
    fields = {"lat": lat, "lon": sphere.wrap(lon), "altitude": np.full(lat.shape, 18_000.0)}
    return xr.Dataset({n: (("trajectory", "obs"), f) for n, f in fields.items()}, {"time": ("obs", time)})


def dense(data, steps):
    """Places along the great circles of paths, ``steps`` a leg, at the middle of each step."""
    ends = sphere.unit_vector(data["lat"].values, data["lon"].values)
    a, b = ends[:, :-1, None], ends[:, 1:, None]
    f = ((np.arange(steps) + 0.5) / steps)[:, None]
    arc = np.arccos(np.clip((a * b).sum(-1, keepdims=True), -1, 1))
    return sphere.latlon((np.sin((1 - f) * arc) * a + np.sin(f * arc) * b) / np.sin(arc))


@settings(max_examples=25)
@given(
    st.lists(st.one_of(boxes(), triangles()), min_size=1, max_size=3),
    st.integers(0, 2**32),
    st.sampled_from([(0.0, 180.0), (88.0, 0.0), (-89.0, 90.0), (45.0, 10.0), (0.0, 0.0)]),
)
def test_time_inside_is_that_of_dense_sampling(polygons, seed, start):
    rng = np.random.default_rng(seed)
    legs, members, steps = 12, 6, 400
    lat, lon = np.full((members, legs + 1), start[0]), np.full((members, legs + 1), start[1])
    for k in range(legs):  # legs of 20 to 400 km
        lat[:, k + 1], lon[:, k + 1] = sphere.move(lat[:, k], lon[:, k], rng.uniform(0, 360, members), rng.uniform(2e4, 4e5, members))  # fmt: skip
    data, made = trajectories(lat, lon), layer(polygons)
    found = crossings(data, made)
    points = shapely.points(*dense(data, steps)[::-1])
    for k, polygon in enumerate(polygons):
        shapely.prepare(polygon)
        sampled = shapely.contains(polygon, points).sum((1, 2)) / steps * 3600.0
        inside = np.zeros(members)
        rows = found.of(str(k))
        inside[found.member[rows]] = found.inside_s[rows]
        borders = 2.0 + found.passes[rows].max(initial=0) * 2.0  # each end of a pass falls within a step
        assert np.abs(inside - sampled).max() <= borders * 3600.0 / steps


def test_stretches_in_all_regions_and_outside_make_up_the_whole_path():
    made = layer([shapely.box(0, 0, 30, 20), shapely.box(40, -10, 60, 60)])
    rng = np.random.default_rng(2)
    lat, lon = rng.uniform(-20, 50, (50, 30)), np.cumsum(rng.uniform(0, 4, (50, 30)), 1) - 10
    found = crossings(trajectories(lat, lon), made)
    assert np.bincount(found.member, found.inside_s) == pytest.approx(np.full(50, 29 * 3600.0), abs=1e-3)
