"""Where winds end: every edge, every way of being lost, and what is said of it, by both kernels."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.pack import WindPack
from overflight.drift.tawhiri import predict
from overflight.errors import InvalidInput
from overflight.flight import Flight, float_at_altitude, float_at_pressure
from overflight.flight.phases import Recorded
from overflight.geo.spread import Spread
from overflight.geo.terrain import Terrain

START = datetime(2023, 1, 1, tzinfo=UTC)
MEANINGS = ["flying", "landed", "burst", "left_domain", "out_of_wind", "out_of_levels", "ended"]
KERNELS = {"lanes": float_at_pressure(5000.0), "members": float_at_altitude(20_600.0)}
LEVELS = (1000.0, 200.0, 100.0, 50.0, 20.0)


def air(lat, lon, hours, u, v, z=None):
    """Winds of ``u`` and ``v`` [m/s], each a number or an array over (time, 1, lat, lon)."""
    lat, lon, hours = np.asarray(lat, np.float64), np.asarray(lon, np.float64), np.asarray(hours, np.float64)
    shape, dims = (hours.size, len(LEVELS), lat.size, lon.size), ("time", "level", "lat", "lon")
    fields = {"u": u, "v": v} | ({} if z is None else {"z": z})
    data = {n: (dims, np.broadcast_to(np.asarray(f, np.float32), shape).copy()) for n, f in fields.items()}
    time = flows.EPOCH + np.round(hours * 3.6e12).astype("timedelta64[ns]")
    return xr.Dataset(data, {"time": time, "level": np.array(LEVELS), "lat": lat, "lon": lon})


def run(winds, flight, lat, lon, hours, *, start=START, members=1, time_sd_s=0.0, **settings):
    release = Release(time=start, lat=lat, lon=lon, time_sd_s=time_sd_s)
    chosen = Settings(**({"threads": 1} | settings))
    return simulate(winds, flight, release, hours=hours, members=members, seed=3, settings=chosen)


def fate(out, member=0):
    return MEANINGS[int(out["end_status"][member])]


def aloft_s(out, member=0):
    first = np.atleast_2d(out["time"].values)[min(member, np.atleast_2d(out["time"].values).shape[0] - 1), 0]
    return float((out["end_time"].values[member] - first) / np.timedelta64(1, "s"))


GLOBE = np.arange(-180.0, 180.0, 2.0)
DAY = (0.0, 6.0, 12.0, 18.0, 24.0)


@pytest.mark.parametrize("flight", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize(
    ("rows", "lat", "north_ms"),
    [
        (np.arange(20.0, 61.0, 2.0), 55.0, 30.0),
        (np.arange(20.0, 61.0, 2.0), 25.0, -30.0),
        (np.arange(-82.0, 82.1, 2.0), 79.0, 30.0),
        (np.arange(-82.0, 82.1, 2.0), -79.0, -30.0),
    ],
    ids=["band, north", "band, south", "nearly a globe, north", "nearly a globe, south"],
)
def test_a_band_of_all_longitudes_is_left_at_its_edge(flight, rows, lat, north_ms):
    out = run(air(rows, GLOBE, DAY, 0.0, north_ms), flight, lat, 179.0, 24.0)
    assert fate(out) == "left_domain"
    edge = rows[-1] if north_ms > 0 else rows[0]
    assert abs(float(out["end_lat"][0]) - edge) < 0.2  # one step of 600 s
    assert np.nanmax(np.abs(out["lat"].values)) <= abs(edge) if abs(edge) > 30.0 else True


@pytest.mark.parametrize("flight", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("lon", [175.0, -175.0, -160.0])
@pytest.mark.parametrize("hours", [3.0, -3.0])
def test_an_arctic_region_over_the_antimeridian(flight, lon, hours):
    winds = air(np.arange(60.0, 90.0), np.arange(150.0, 241.0), DAY, 10.0, 0.0)
    out = run(winds, flight, 86.0, lon, hours, start=START + timedelta(hours=6))
    assert fate(out) == "flying"
    moved = (float(out["end_lon"][0]) - lon + 180.0) % 360.0 - 180.0
    radius = (6_371_008.8 + 20_600.0) * np.cos(np.radians(86.0))
    assert moved == pytest.approx(np.sign(hours) * np.degrees(10.0 * 10_800.0 / radius), rel=1e-3)


@pytest.mark.parametrize("flight", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("every_s", [600.0, 3600.0, 21_600.0, 86_400.0])
def test_the_last_time_belongs_to_the_last_place(flight, every_s):
    winds = air(np.arange(-10.0, 10.1), np.arange(0.0, 10.1), DAY, 30.0, 0.0)
    out = run(winds, flight, 0.0, 5.0, 24.0, output_s=every_s)
    assert fate(out) == "left_domain"
    metres = np.radians(float(out["end_lon"][0]) - 5.0) * (6_371_008.8 + 20_600.0)
    assert metres == pytest.approx(30.0 * aloft_s(out), rel=1e-3)
    assert np.nanmax(out["lon"].values) <= 10.0  # no output lies beyond


@pytest.mark.parametrize("flight", KERNELS.values(), ids=KERNELS)
def test_where_times_end_members_end_there_and_then(flight):
    out = run(air(np.arange(-90.0, 90.1, 2.0), GLOBE, DAY[:4], 30.0, 0.0), flight, 0.0, 5.0, 48.0, output_s=86_400.0)
    assert fate(out) == "out_of_wind"
    assert aloft_s(out) == 18 * 3600.0
    metres = np.radians(float(out["end_lon"][0]) - 5.0) * (6_371_008.8 + 20_600.0)
    assert metres == pytest.approx(30.0 * 18 * 3600.0, rel=1e-3)


@pytest.mark.parametrize("flight", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("missing", ["u", "v", "uv"])
def test_members_are_lost_in_missing_winds_beside_others_that_fly_on(flight, missing):
    rows, columns = np.arange(-90.0, 90.1, 2.0), GLOBE
    winds = air(rows, columns, DAY, 20.0, 0.0)
    for name in missing:
        winds[name].values[2:, :, :, columns > 0.0] = np.nan  # from 12 h on, east of Greenwich
    out = run(winds, flight, 10.0, np.array([10.0, -100.0]), 24.0, members=2)
    assert [fate(out, m) for m in (0, 1)] == ["out_of_wind", "flying"]
    assert np.isfinite(out["end_lon"].values).all()
    metres = np.radians(float(out["end_lon"][0]) - 10.0) * (6_371_008.8 + 20_600.0) * np.cos(np.radians(10.0))
    assert metres == pytest.approx(20.0 * aloft_s(out), rel=2e-3)
    alone = run(winds, flight, 10.0, 10.0, 24.0)
    assert float(alone["end_lon"][0]) == float(out["end_lon"][0])


def rough_air():
    """Winds of jets and waves with heights that slope, every six hours on two degrees."""
    rows = np.arange(-90.0, 90.1, 2.0)
    lat, lon = np.radians(rows)[:, None], np.radians(GLOBE)[None, :]
    times = np.arange(9)[:, None, None, None]
    u = (40.0 * np.cos(lat) ** 2 + 15.0 * np.cos(lat) * np.sin(3 * lon + 0.3 * times)).astype(np.float32)
    v = (12.0 * np.cos(lat) * np.cos(4 * lon - 0.2 * times)).astype(np.float32)
    heights = np.array([100.0, 11_800.0, 16_200.0, 20_600.0, 26_500.0])[None, :, None, None]
    z = heights + 400.0 * np.sin(2 * lat) * np.cos(lon + 0.1 * times)
    return air(rows, GLOBE, np.arange(9) * 6.0, u, v, z)


@pytest.mark.parametrize("flight", [float_at_pressure(Spread("uniform", 3000.0, 15_000.0)),
                                    float_at_altitude(Spread("uniform", 14_000.0, 20_000.0))],
                         ids=KERNELS)  # fmt: skip
@pytest.mark.parametrize("start_h", [4.5, 9.0])
@pytest.mark.parametrize("time_sd_s", [0.0, 3000.0])
def test_a_path_is_the_members_own_in_winds_with_heights(flight, start_h, time_sd_s):
    winds, start = rough_air(), START + timedelta(hours=start_h)
    ask = {"lat": 40.0, "lon": 170.0, "hours": 24.0, "start": start, "time_sd_s": time_sd_s, "output_s": 3600.0}
    whole = run(winds, flight, members=2500, **ask)
    for other in (run(winds, flight, members=2500, **ask | {"threads": 3}),
                  run(winds, flight, members=2500, **ask | {"memory_bytes": 2**20})):  # fmt: skip
        assert np.array_equal(whole["end_lon"].values, other["end_lon"].values)
        assert np.array_equal(whole["lat"].values, other["lat"].values)
    few = run(winds, flight, members=40, **ask)
    assert np.array_equal(few["end_lon"].values, whole["end_lon"].values[:40])


@pytest.mark.parametrize("flight", KERNELS.values(), ids=KERNELS)
def test_a_path_is_the_members_own_in_steady_winds(flight):
    winds = rough_air().isel(time=[0])
    two = Release(time=np.array(["2023-01-01T00", "2023-01-01T19"], "datetime64[ns]"), lat=30.0, lon=0.0)
    one = Release(time=np.array(["2023-01-01T00"], "datetime64[ns]"), lat=30.0, lon=0.0)
    settings = Settings(steady=True, step_s=1000.0)
    ends = [
        simulate(winds, flight, release, hours=30.0, members=n, seed=1, settings=settings)["end_lon"].values[0]
        for release, n in ((one, 1), (two, 2))
    ]
    assert ends[0] == ends[1]


@pytest.mark.parametrize("flight", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("method", ["rk4", "rk2"])
def test_no_step_goes_beyond_a_pole(flight, method):
    winds = air(np.arange(-90.0, 90.1, 2.0), GLOBE, DAY, 0.0, 60.0)
    out = run(winds, flight, 80.0, 0.0, 12.0, step_s=21_600.0, method=method, output_s=3600.0)
    assert np.abs(out["lat"].values).max() <= 90.0


def test_output_inside_a_step_follows_the_path():
    for flight in KERNELS.values():
        coarse = run(rough_air(), flight, 60.0, 178.0, 12.0, step_s=600.0, output_s=60.0)
        fine = run(rough_air(), flight, 60.0, 178.0, 12.0, step_s=60.0, output_s=60.0)
        apart = np.hypot(coarse["lat"].values - fine["lat"].values,
                         ((coarse["lon"].values - fine["lon"].values + 180.0) % 360.0 - 180.0) / 2.0)  # fmt: skip
        assert apart.max() * 111_200.0 < 15.0


def test_a_recorded_descent_into_high_ground_has_landed():
    hours = np.arange(0.0, 7.0)
    record = Recorded(times=flows.EPOCH + (hours * 3600).astype("timedelta64[s]"),
                      altitude_m=9000.0 - 1500.0 * hours)  # fmt: skip
    winds = air(np.arange(20.0, 41.0), np.arange(70.0, 100.0), DAY, 1.0, 0.0)
    out = run(winds, Flight(phases=(record,)), 33.0, 88.0, 6.0, terrain=Terrain.load())
    assert fate(out) == "landed"
    ground = float(Terrain.load().elevation_m(out["end_lat"].values, out["end_lon"].values)[0])
    assert ground > 4500.0
    assert float(out["end_altitude"][0]) == pytest.approx(ground, abs=0.1)


def test_winds_shared_by_threads_answer_each_as_alone():
    rows = np.arange(-90.0, 90.1, 2.0)
    hours = np.arange(0.0, 61.0, 6.0)
    winds = air(rows, GLOBE, hours, 5.0 * np.arange(hours.size)[:, None, None, None], 3.0)
    pack = WindPack(winds, densities=True, keep=2)

    def landing(hour):
        request = {"launch_latitude": 10.0, "launch_longitude": 8.0, "ascent_rate": 5.0, "burst_altitude": 25_000.0,
                   "descent_rate": 5.0, "launch_datetime": (START + timedelta(hours=hour)).isoformat()}  # fmt: skip
        return predict(pack, request)["prediction"][-1]["trajectory"][-1]["longitude"]

    asked = [1, 7, 13, 19, 25, 31, 37, 43] * 12
    alone = [landing(hour) for hour in asked]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(landing, asked)) == alone
    assert len(pack._slabs) <= 2
    pack.close()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"time": np.array(["2023-01-01", "NaT"], "datetime64[ns]")}, "time: got NaT, expected a time for each member"),
        ({"altitude_m": np.array([1.0, np.nan])},
         "altitude_m: got a value that is not finite, expected metres above mean sea level"),
    ],
)  # fmt: skip
def test_a_release_of_missing_values_is_refused(change, line):
    with pytest.raises(InvalidInput) as problem:
        Release(**({"time": START, "lat": 0.0, "lon": 0.0} | change))
    assert str(problem.value) == line


def test_a_release_of_another_size_is_refused():
    release = Release(time=np.array(["2023-01-01"] * 3, "datetime64[ns]"), lat=0.0, lon=0.0)
    with pytest.raises(InvalidInput, match="time: got 3 values, expected one value, or one for each of 2 members"):
        release.draw(2, 1)


def test_the_ground_of_the_engine_is_that_of_the_terrain():
    terrain = Terrain.load()
    lat, lon = np.array([33.0, -89.9, 46.5, 27.9]), np.array([88.0, 179.99, -179.99, 86.9])
    assert terrain.elevation_m(lat, lon)[0] == pytest.approx(5092.0, abs=1.0)
    assert terrain.elevation_m(np.array([np.nan, 10.0]), 0.0).shape == (2,)
    assert np.isnan(terrain.elevation_m(np.nan, 0.0))
