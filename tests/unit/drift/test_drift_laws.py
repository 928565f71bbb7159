"""Laws that the engine must keep, on flows with known answers."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from overflight.drift import Release, Settings, simulate
from overflight.drift.pack import WindPack
from overflight.drift.tawhiri import predict, read_request
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.flight import float_at_altitude, float_at_density, float_at_pressure, sounding
from overflight.geo import atmosphere, sphere
from overflight.geo.spread import Spread
from overflight.winds.error import WindError

START = datetime(2023, 1, 1, tzinfo=UTC)
LEVEL = np.array([1000.0, 500.0, 200.0, 100.0, 50.0, 20.0, 10.0])


def flow(u, v, *, step_deg=0.5, hours=6, times=5, lat=None, lon=None):
    """Winds u(lat, lon, seconds), v(...) in m/s on all levels."""
    lat = np.arange(-90.0, 90.01, step_deg) if lat is None else lat
    lon = np.arange(-180.0, 180.0, step_deg) if lon is None else lon
    grid = np.meshgrid(lat, lon, indexing="ij")
    seconds = np.arange(times) * hours * 3600.0
    fields = {
        name: np.stack([np.broadcast_to(f(*grid, s), grid[0].shape) for s in seconds])[:, None].repeat(
            LEVEL.size, axis=1
        )
        for name, f in (("u", u), ("v", v))
    }
    time = np.datetime64("2023-01-01", "ns") + (seconds * 1e9).astype("timedelta64[ns]")
    coords = {"time": time, "level": LEVEL, "lat": lat, "lon": lon}
    return xr.Dataset({n: (("time", "level", "lat", "lon"), f.astype(np.float32)) for n, f in fields.items()}, coords)


def still():
    return flow(lambda a, b, s: 0.0 * a, lambda a, b, s: 0.0 * a, step_deg=2.0)


def run(winds, flight, lat, lon, hours, *, members=1, seed=1, altitude_m=None, time=START, **settings):
    release = Release(time=time, lat=lat, lon=lon, altitude_m=altitude_m)
    return simulate(winds, flight, release, hours=hours, members=members, seed=seed, settings=Settings(**settings))


def wavy():
    def u(lat, lon, s):
        return 30.0 * np.cos(np.radians(lat)) + 8.0 * np.cos(np.radians(lat)) * np.sin(
            np.radians(3 * lon) + s / 20000.0
        )

    def v(lat, lon, s):
        return 10.0 * np.cos(np.radians(lat)) ** 2 * np.cos(np.radians(4 * lon) - s / 30000.0)

    return flow(u, v, step_deg=1.0, times=21)


def test_agrees_with_an_independent_integrator_within_a_kilometre_a_day():
    from scipy.interpolate import RegularGridInterpolator

    winds = wavy()
    rng = np.random.default_rng(5)
    lat, lon = rng.uniform(-70, 70, 20), rng.uniform(-179, 179, 20)
    out = run(winds, float_at_pressure(5000.0), lat, lon, 48.0, members=20)
    seconds = (winds["time"].values - winds["time"].values[0]) / np.timedelta64(1, "s")
    edge = np.concatenate([winds["lon"].values, [180.0]])
    fields = [
        RegularGridInterpolator((seconds, winds["lat"].values, edge), np.concatenate([f, f[..., :1]], axis=-1))
        for f in (winds[n].sel(level=50.0).values.astype(np.float64) for n in ("u", "v"))
    ]
    radius = sphere.EARTH_RADIUS_M + float(atmosphere.altitude_m(5000.0))

    def rate(a, b, s):
        at = np.column_stack([np.full(a.size, s), a, np.mod(b + 180.0, 360.0) - 180.0])
        u, v = (f(at) for f in fields)
        return np.degrees(v / radius), np.degrees(u / radius / np.cos(np.radians(a)))

    a, b, h = lat.copy(), lon.copy(), 60.0
    for i in range(int(48 * 3600 / h)):
        s = i * h
        a1, b1 = rate(a, b, s)
        a2, b2 = rate(a + h / 2 * a1, b + h / 2 * b1, s + h / 2)
        a3, b3 = rate(a + h / 2 * a2, b + h / 2 * b2, s + h / 2)
        a4, b4 = rate(a + h * a3, b + h * b3, s + h)
        a, b = a + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4), b + h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
    apart = sphere.distance_m(a, b, out["end_lat"].values, out["end_lon"].values)
    assert np.median(apart) < 100.0  # the bar is 1 km a day; float32 winds and another step cost far less
    assert apart.max() < 10_000.0


def test_output_interval_changes_neither_the_end_nor_the_path():
    winds = wavy()
    coarse = run(winds, float_at_pressure(5000.0), 60.0, 10.0, 24.0, output_s=86400.0)
    fine = run(winds, float_at_pressure(5000.0), 60.0, 10.0, 24.0, output_s=420.0)
    stepped = run(winds, float_at_pressure(5000.0), 60.0, 10.0, 24.0, output_s=420.0, step_s=420.0)
    assert float(coarse["end_lon"][0]) == float(fine["end_lon"][0])
    apart = sphere.distance_m(fine["lat"].values, fine["lon"].values, stepped["lat"].values, stepped["lon"].values)
    assert apart.max() < 10.0


@pytest.mark.parametrize("error", [None, WindError()])
def test_the_same_answer_on_any_number_of_threads_and_in_parts(error):
    flight = float_at_pressure(Spread("uniform", 3000.0, 15000.0))
    release = {"time_sd_s": 2400.0, "position_sd_m": 5000.0}
    winds = wavy()

    def ends(members, **more):
        settings = Settings(output_s=60.0, wind_error=error, **more)
        out = simulate(winds, flight, Release(time=START + timedelta(hours=3), lat=80.0, lon=179.0, **release), hours=24,
                       members=members, seed=9, settings=settings)  # fmt: skip
        return out["end_lat"].values, out["end_lon"].values, out["lat"].values

    whole = ends(300, threads=1)
    smallest = 2**20  # some forty members of so many outputs
    for other in (ends(300, threads=5), ends(300, threads=2, memory_bytes=smallest)):
        assert all(np.array_equal(a, b) for a, b in zip(whole, other, strict=True))
    assert np.array_equal(ends(100)[0], whole[0][:100])


def test_floats_on_pressure_height_and_density_agree_in_the_standard_atmosphere():
    winds = wavy()
    height = float(atmosphere.altitude_m(5000.0))
    ends = [
        run(winds, flight, 30.0, 30.0, 24.0)
        for flight in (float_at_pressure(5000.0), float_at_altitude(height),
                       float_at_density(float(atmosphere.density_kg_m3(height))))
    ]  # fmt: skip
    for other in ends[1:]:
        assert sphere.distance_m(ends[0]["end_lat"], ends[0]["end_lon"], other["end_lat"], other["end_lon"])[0] < 300.0


def test_a_sounding_rises_bursts_falls_and_lands_on_the_sea():
    out = run(still(), sounding(5.0, 25_000.0, 5.0), 0.0, -150.0, 6.0, altitude_m=0.0, step_s=60.0, output_s=300.0)
    status = [out["status"].attrs["flag_meanings"].split()[s] for s in out["status"].values[0]]
    assert status[0] == "flying"
    assert "burst" in status
    assert status[-1] == "landed"
    assert float(out["end_altitude"][0]) == pytest.approx(0.0, abs=0.1)
    assert float(out["altitude"].max()) == pytest.approx(25_000.0, abs=1500.0)
    density = atmosphere.density_kg_m3(np.arange(0.0, 25_000.0, 1.0) + 0.5)
    fall_s = np.sum(np.sqrt(density / 1.225) / 5.0)
    seconds = (out["end_time"].values[0] - out["time"].values[0]) / np.timedelta64(1, "s")
    assert seconds == pytest.approx(5000.0 + fall_s, rel=0.003)


def test_what_the_winds_do_not_reach_is_told():
    one = still().isel(time=[0])
    with pytest.raises(OutOfCoverage, match="only 2023-01-01T00:00:00Z"):
        run(one, float_at_pressure(5000.0), 0.0, 0.0, 6.0)
    assert int(run(one, float_at_pressure(5000.0), 0.0, 0.0, 6.0, steady=True)["end_status"][0]) == 0
    gap = still().isel(time=[0, 1, 4])
    out = run(gap, float_at_pressure(5000.0), 0.0, 0.0, 24.0)
    assert out["end_status"].values[0] == 4
    assert np.isnan(out["lat"].values[0, -1])
    assert run(still(), float_at_pressure(500.0), 0.0, 0.0, 6.0)["end_status"].values[0] == 5
    box = flow(
        lambda a, b, s: 30.0 + 0 * a, lambda a, b, s: 0.0 * a, lat=np.arange(30.0, 41.0), lon=np.arange(0.0, 11.0)
    )
    out = run(box, float_at_pressure(5000.0), 35.0, 9.0, 24.0)
    assert out["end_status"].values[0] == 3
    holed = still()
    holed["u"][2:] = np.nan
    assert run(holed, float_at_pressure(5000.0), 0.0, 0.0, 24.0)["end_status"].values[0] == 4


def test_trajectories_read_back_in_xarray_alone(tmp_path):
    from overflight.case.export import write

    out = run(wavy(), float_at_pressure(5000.0), 10.0, 10.0, 6.0, members=3)
    for name in ("t.nc", "t.zarr"):
        write(out, tmp_path / name)
    read = [
        xr.open_dataset(tmp_path / "t.nc", engine="h5netcdf"),
        xr.open_zarr(tmp_path / "t.zarr", consolidated=False),
    ]
    for again in read:
        assert again.attrs["featureType"] == "trajectory"
        assert np.array_equal(again["lat"].values, out["lat"].values)
        assert np.array_equal(again["time"].values, out["time"].values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hours": 0.0}, "hours"),
        ({"members": 0}, "members"),
        ({"seed": -1}, "seed"),
        ({"hours": float("nan")}, "hours"),
    ],
)
def test_nonsense_is_refused(change, message):
    asked = {"hours": 1.0, "members": 1, "seed": 1} | change
    with pytest.raises(InvalidInput, match=message):
        simulate(still(), float_at_pressure(5000.0), Release(time=START, lat=0.0, lon=0.0), **asked)


def test_an_ascent_cannot_be_run_backward():
    with pytest.raises(InvalidInput, match="hindcast needs a level"):
        run(still(), sounding(5.0, 20_000.0, 5.0), 0.0, 0.0, -3.0, altitude_m=0.0)


REQUEST = {
    "launch_latitude": "52.2", "launch_longitude": "0.09", "launch_datetime": "2023-01-01T00:00:00Z",
    "ascent_rate": "5", "burst_altitude": "30000", "descent_rate": "5", "launch_altitude": "0",
}  # fmt: skip


def test_tawhiri_request_gives_its_response():
    pack = WindPack(still(), densities=True, keep=2)
    answer = predict(pack, REQUEST)
    ascent, descent = answer["prediction"]
    assert (ascent["stage"], descent["stage"]) == ("ascent", "descent")
    assert ascent["trajectory"][-1] == descent["trajectory"][0]
    assert ascent["trajectory"][-1]["altitude"] == 30_000.0
    assert ascent["trajectory"][-1]["datetime"] == "2023-01-01T01:40:00Z"
    end = descent["trajectory"][-1]
    assert set(end) == {"latitude", "longitude", "altitude", "datetime"}
    assert end["altitude"] == pytest.approx(0.0, abs=0.1)
    assert 0.0 <= end["longitude"] < 360.0
    pack.close()


def test_tawhiri_response_repeats_its_request_and_names_its_winds():
    pack = WindPack(still(), densities=True, keep=2)
    asked = {k: v for k, v in REQUEST.items() if k not in ("burst_altitude", "descent_rate", "launch_altitude")}
    stop = {"profile": "float_profile", "float_altitude": "15000", "stop_datetime": "2023-01-01T02:00:00Z"}
    answer = predict(pack, asked | stop)
    pack.close()
    assert answer["request"] == {
        "version": 1, "profile": "float_profile", "dataset": "2023-01-01T00:00:00Z", "launch_latitude": 52.2,
        "launch_longitude": 0.09, "launch_altitude": 0.0, "launch_datetime": "2023-01-01T00:00:00Z", "ascent_rate": 5.0,
        "float_altitude": 15_000.0, "stop_datetime": "2023-01-01T02:00:00Z",
    }  # fmt: skip
    ascent, floating = answer["prediction"]
    assert ascent["trajectory"][-1] == floating["trajectory"][0]
    assert floating["trajectory"][0]["datetime"] == "2023-01-01T00:50:00Z"
    assert floating["trajectory"][-1]["altitude"] == pytest.approx(15_000.0, abs=0.01)


@pytest.mark.parametrize(
    ("name", "value"),
    [("launch_latitude", "91"), ("launch_longitude", "-1"), ("launch_datetime", "2023-01-01T00:00:00"), ("ascent_rate", "0"),
     ("burst_altitude", "x"), ("profile", "other"), ("descent_rate", None)],
)  # fmt: skip
def test_tawhiri_request_is_checked(name, value):
    with pytest.raises(InvalidInput, match=name):
        read_request(REQUEST | {name: value})
