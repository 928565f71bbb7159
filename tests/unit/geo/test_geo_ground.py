"""The ground that every room stands on."""

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from overflight.errors import InvalidInput
from overflight.geo import atmosphere, basemap, rng, sphere, times
from overflight.geo.density import Density
from overflight.geo.spread import Spread
from overflight.geo.terrain import Terrain

LAT, LON = st.floats(-90, 90), st.floats(-180, 180, exclude_max=True)


@given(LAT, LON, st.floats(0, 360), st.floats(0, 1.9e7))
def test_a_move_goes_as_far_as_it_says(lat, lon, azimuth, distance):
    end_lat, end_lon = sphere.move(lat, lon, azimuth, distance)
    assert -180.0 <= end_lon < 180.0
    assert sphere.distance_m(lat, lon, end_lat, end_lon) == pytest.approx(distance, abs=0.5)


@given(st.floats(-1e6, 1e6))
def test_longitudes_wrap_once(lon):
    wrapped = float(sphere.wrap(lon))
    assert -180.0 <= wrapped < 180.0
    assert np.cos(np.radians(wrapped)) == pytest.approx(np.cos(np.radians(lon)), abs=1e-6)


@pytest.mark.parametrize(
    ("feet", "hpa", "density"),
    [
        (20_000, 466.0, 0.6531),
        (38_910, 198.3, 0.3189),
        (60_000, 72.3, 0.1163),
        (65_000, 57.0, 0.0916),
        (100_000, 11.1, 0.0171),
    ],
)
def test_standard_atmosphere_anchors(feet, hpa, density):
    z = feet * 0.3048
    assert atmosphere.pressure_pa(z) / 100 == pytest.approx(hpa, rel=6e-3)
    assert atmosphere.density_kg_m3(z) == pytest.approx(density, rel=6e-3)


@given(st.floats(0, 80_000))
def test_altitude_inverts_pressure_and_density(z):
    assert float(atmosphere.altitude_m(atmosphere.pressure_pa(z))) == pytest.approx(z, abs=0.01)
    assert float(atmosphere.altitude_of_density_m(atmosphere.density_kg_m3(z))) == pytest.approx(z, abs=0.2)


@pytest.mark.parametrize(
    "text", ["2023-02-01T00:00:00", "noon", "", "2023-02-30T00:00:00Z", "0001-01-01T00:00:00+05:00"]
)
def test_times_without_offset_or_sense_are_refused(text):
    with pytest.raises(InvalidInput, match="time"):
        times.parse_utc(text)


def test_times_are_utc():
    assert times.iso(times.parse_utc("2023-02-01T16:21:00-05:00")) == "2023-02-01T21:21:00Z"
    with pytest.raises(InvalidInput, match="zone"):
        times.to_datetime64(datetime(2023, 1, 1))  # noqa: DTZ001 - a naive time is the point


def test_draws_are_keyed_by_member():
    whole = rng.normals(7, "x", 100_000)
    assert np.array_equal(rng.normals(7, "x", 10, first_member=50), whole[50:60])
    assert not np.array_equal(rng.normals(8, "x", 10), whole[:10])
    assert abs(whole.mean()) < 3 / np.sqrt(1e5)
    assert whole.var() == pytest.approx(1.0, abs=3 * np.sqrt(2 / 1e5))
    assert abs(np.corrcoef(whole[1:], whole[:-1])[0, 1]) < 3 / np.sqrt(1e5)
    uniform = rng.uniforms(7, "x", 100_000)
    assert uniform.min() > 0.0
    assert uniform.max() < 1.0


@pytest.mark.parametrize(
    "args", [("normal", 0.0, -1.0), ("lognormal", 0.0, 1.0), ("uniform", 2.0, 1.0), ("beta", 0.0, 1.0)]
)
def test_spreads_that_are_none_are_refused(args):
    with pytest.raises(InvalidInput, match="spread"):
        Spread(*args)


@pytest.mark.parametrize(("lat", "lon"), [(60.0, 179.9), (-17.0, -179.9), (89.9, 10.0), (-89.9, 0.0), (0.0, 0.0)])
def test_a_density_sums_to_one_and_its_cells_are_sound(lat, lon):
    generator = np.random.default_rng(2)
    azimuth, distance = generator.uniform(0, 360, 800), np.abs(generator.normal(0, 2e5, 800))
    density = Density.from_points(
        *sphere.move(lat, lon, azimuth, distance), resolution=3, elsewhere=0.1, smooth_rings=1
    )
    assert density.probability.sum() + density.elsewhere == pytest.approx(1.0)
    for level in (0.5, 0.8):
        assert level <= density.probability[density.region(level)].sum() < level + 0.05
    assert density.level_of(lat, lon) < 0.5
    assert density.level_of(-lat + 20.0 if lat == 0 else -lat, lon) == 1.0
    for feature in density.to_geojson()["features"]:
        shape = shapely.from_geojson(str(feature["geometry"]).replace("'", '"'))
        assert shapely.is_valid(shape)
        assert shape.bounds[0] >= -180.0
        assert shape.bounds[2] <= 180.0


def test_a_place_is_in_every_region_above_its_level_and_in_none_below():
    rng = np.random.default_rng(5)
    lat, lon = 40.0 + rng.normal(0.0, 1.0, 500), -100.0 + rng.normal(0.0, 1.5, 500)
    density = Density.from_points(lat, lon, resolution=3)
    for y, x in zip(lat[:50], lon[:50], strict=True):
        level, own, at = density.level_of(y, x), density.probability_of(y, x), int(density.index_of(y, x)[0])
        assert own == density.probability[at] > 0.0
        assert density.region(level + own / 2.0)[at]
        assert level == 0.0 or not density.region(level * (1.0 - 1e-9))[at]
    assert density.probability_of(-40.0, 0.0) == 0.0
    assert min(density.level_of(*c) for c in density.centres()) == 0.0


def test_points_that_are_none_are_refused():
    with pytest.raises(InvalidInput, match="points"):
        Density.from_points([], [], resolution=3)
    with pytest.raises(InvalidInput, match="resolution"):
        Density.from_points([0.0], [0.0], resolution=99)


def test_terrain_at_known_places():
    terrain = Terrain.load()
    for lat, lon, low, high in ((39.74, -104.99, 1500, 1750), (31.5, 35.5, -430, -300), (27.99, 86.93, 5000, 8850),
                                (0.0, -30.0, -1, 1), (-90.0, 0.0, 2500, 3000), (72.0, -40.0, 2500, 3300)):  # fmt: skip
        assert low <= float(terrain.elevation_m(lat, lon)) <= high
    assert float(terrain.elevation_m(20.0, 179.99)) == pytest.approx(float(terrain.elevation_m(20.0, -180.01)), abs=1.0)


def test_terrain_against_airports():
    airports = pytest.importorskip("airportsdata").load().values()
    lat, lon, elevation = (np.array([a[k] for a in airports]) for k in ("lat", "lon", "elevation"))
    error = np.abs(Terrain.load().elevation_m(lat, lon) - 0.3048 * elevation)
    assert np.median(error) < 20.0
    assert np.quantile(error, 0.9) < 150.0


def test_the_basemap_has_land_where_there_is_land():
    tree = shapely.STRtree(basemap.polygons())
    for lat, lon, land in (
        (46.0, 7.0, True),
        (-80.0, 90.0, True),
        (66.0, -175.0, True),
        (0.0, -30.0, False),
        (65.0, 179.9, False),
    ):
        assert bool(len(tree.query(shapely.Point(lon, lat), predicate="within"))) is land, (lat, lon)


@pytest.mark.parametrize("year", [1500, 2300])
def test_times_that_nanoseconds_cannot_count_are_refused(year):
    with pytest.raises(InvalidInput, match="1678"):
        times.to_datetime64(datetime(year, 1, 1, tzinfo=UTC))


def test_naive_and_missing_times_are_not_written():
    with pytest.raises(InvalidInput, match="zone"):
        times.iso(datetime(2023, 1, 1))  # noqa: DTZ001 - a naive time is the point
    with pytest.raises(InvalidInput, match="NaT"):
        times.to_datetime(np.datetime64("NaT"))


def test_a_density_without_cells_holds_no_place():
    assert Density.from_points([np.nan], [np.nan], resolution=3).level_of(0.0, 0.0) == 1.0
