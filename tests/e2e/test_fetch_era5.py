"""ERA5 from a Zarr laid out as ARCO-ERA5, served by a local server."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr
from fetch_files import LAT, LON, write_arco
from fetch_server import Server

from overflight.errors import OutOfCoverage, Unavailable
from overflight.winds.download import fetch
from overflight.winds.request import Request
from overflight.winds.sources.http import Client
from overflight.winds.store import Store

START = datetime(2023, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    with contextlib.closing(Server(tmp_path / "www")) as running:
        write_arco(running.root / "era5", START, 8)
        yield running


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def get(server, store, **more):
    asked = {"start": START, "end": START + timedelta(hours=6), "levels_hpa": (500, 200)} | more
    client = Client(tries=3, backoff_s=0.01, timeout_s=2.0)
    return fetch(Request(source="era5", **asked), store=store, config={"era5": server.url + "/era5"}, client=client)


def test_only_the_chunks_of_the_times_asked_for_are_read(server, store):
    report = get(server, store)
    assert [entry.valid.hour for entry in report.fetched] == [0, 3, 6]
    assert {path for path, _ in server.requests if "wind/" in path and "/." not in path} == {
        f"/era5/{name}_component_of_wind/{hour}.0.0.0" for name in "uv" for hour in (0, 3, 6)
    }
    assert report.bytes > 0
    assert not list(store.root.rglob("*.part*"))


@pytest.mark.parametrize("version", [2, 3])
def test_values_axes_and_units(server, store, version):
    write_arco(server.root / "era5", START, 8, version=version)
    entry = get(server, store).fetched[1]
    with xr.open_dataset(entry.path, engine="h5netcdf") as winds:
        assert winds["level"].values.tolist() == [500.0, 200.0]
        assert (np.diff(winds["lat"]) > 0).all()
        assert winds["lon"].values[0] == -180.0
        assert winds.sizes == {"time": 1, "level": 2, "lat": 19, "lon": 36}
        at = winds.sel(level=200.0, lat=40.0).isel(time=0)
        assert at["u"].sel(lon=90.0) == pytest.approx(2.0 + 3.0 + 1.0)
        assert at["u"].sel(lon=-90.0) == pytest.approx(2.0 + 3.0 - 1.0)
        assert at["z"].sel(lon=0.0) == pytest.approx(44330 * (1 - (200 / 1013.25) ** 0.19), rel=1e-5)
        assert winds["z"].attrs["units"] == "m"


@pytest.mark.parametrize(
    ("area", "lon"),
    [
        ((-20, 20, 20, 40), [10, 20, 30, 40, 50]),
        ((-20, -15, 20, 15), [-20, -10, 0, 10, 20]),
        ((-20, 170, 20, -170), [160, 170, 180, 190, 200]),
        ((-20, -180, 20, -170), [170, 180, 190, 200]),
        ((-20, 0, 20, 360), list(range(-180, 180, 10))),
    ],
)
def test_an_area_is_cut_with_a_margin(server, store, area, lon):
    report = get(server, store, area=area, end=START)
    with xr.open_dataset(report.fetched[0].path, engine="h5netcdf") as winds:
        assert sorted(float(x) % 360 for x in winds["lon"]) == sorted(float(x) % 360 for x in lon)
        assert (np.diff(winds["lon"]) > 0).all()
        assert winds["lat"].values.tolist() == [-30, -20, -10, 0, 10, 20, 30]
        true = 2.0 + np.sin(np.radians(winds["lon"].values))
        assert winds["u"].sel(level=200.0, lat=0.0).isel(time=0).values == pytest.approx(true, abs=1e-5)


def test_a_smaller_area_is_served_by_a_larger_one(server, store):
    get(server, store, area=(-40, 150, 40, -150))
    asked = len(server.requests)
    assert len(get(server, store, area=(-20, 170, 20, -170)).reused) == 3
    assert len(server.requests) == asked


def test_the_stored_winds_open(server, store):
    get(server, store, area=(-20, 170, 20, -170))
    winds = store.open_stored("era5", start=START, end=START + timedelta(hours=5), area=(-10, 170, 10, -170))
    assert winds.sizes["time"] == 3
    assert winds["u"].sel(level=500.0, lat=0.0, lon=180.0).values.tolist() == pytest.approx([5.0, 8.0, 11.0])


def test_no_area_asked_opens_the_area_that_is_there(server, store):
    get(server, store, area=(-20, 170, 20, -170))
    winds = store.open_stored("era5")
    assert winds["lon"].values.tolist() == [170, 180, 190]
    assert winds.sizes["time"] == 3


@pytest.mark.parametrize("fault", ["500", "truncate", "reset", "ignore-range", "stall"])
def test_faults_that_pass(server, store, fault):
    server.faults["u_component_of_wind/3."] = ["", fault]
    server.faults[".zmetadata"] = [fault]
    client = Client(tries=3, backoff_s=0.01, timeout_s=0.4)
    request = Request(source="era5", start=START, end=START + timedelta(hours=6), levels_hpa=(200,))
    report = fetch(request, store=store, config={"era5": server.url + "/era5"}, client=client)
    assert len(report.fetched) == 3
    assert store.verify() == ()


def test_a_chunk_that_is_not_there_is_no_field_of_zeros(server, store):
    (server.root / "era5/v_component_of_wind/3.0.0.0").unlink()
    report = get(server, store)
    assert [time.hour for time, _ in report.failed] == [3]
    assert "v_component_of_wind/3.0.0.0: 404 Not Found" in report.failed[0][1]
    with pytest.raises(Unavailable, match="1 of 3 times failed"):
        report.or_raise()


def test_a_chunk_of_garbage(server, store):
    chunk = server.root / "era5/v_component_of_wind/3.0.0.0"
    chunk.write_bytes(b"\x01" * 100)
    assert "not a readable Zarr archive of winds" in get(server, store).failed[0][1]


def test_a_broken_chunk_goes_on_where_it_broke(server, store):
    # u came whole and v by half; then the server refuses.
    server.faults["v_component_of_wind/0."] = ["", "reset", ("always", "403")]
    with pytest.raises(Unavailable):
        get(server, store, end=START)
    server.faults.clear()
    server.requests.clear()
    assert len(get(server, store, end=START).fetched) == 1
    ranges = [asked for path, asked in server.requests if path.endswith("_of_wind/0.0.0.0") and asked != "bytes=0-0"]
    assert len(ranges) == 1
    assert not ranges[0].startswith("bytes=0-")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"levels_hpa": (70,)}, "asked for 70 hPa, have 50 100 200 500 1000 hPa; choose --levels"),
        (
            {"end": START + timedelta(days=2)},
            "have 2023-02-01T00:00:00Z..2023-02-01T07:00:00Z; for later times use gfs",
        ),
        ({"start": START - timedelta(days=2)}, "asked for 2023-01-30T00:00:00Z"),
    ],
)
def test_what_the_archive_never_has(server, store, more, words):
    with pytest.raises(OutOfCoverage) as caught:
        get(server, store, **more)
    assert words in str(caught.value)


def test_a_regional_archive_says_its_area(server, store):
    write_arco(server.root / "era5", START, 8, lat=LAT[4:9], lon=LON[3:9])
    with pytest.raises(OutOfCoverage, match=r"asked for global, have 10..50 N 30..80 E; choose --area"):
        get(server, store)
    assert len(get(server, store, area=(20, 40, 40, 70)).fetched) == 3


@pytest.mark.parametrize("made", ["nothing", "html", "other"])
def test_an_address_without_an_archive(server, store, made):
    folder = server.root / "none"
    folder.mkdir()
    if made == "html":
        (folder / ".zgroup").write_text("<html>")
    if made == "other":
        xr.Dataset({"x": ("y", [1.0])}).to_zarr(folder, zarr_format=2, consolidated=False, mode="w")
    with pytest.raises(Unavailable) as caught:
        fetch(Request(source="era5", start=START, end=START), store=store, config={"era5": server.url + "/none"})
    assert "would fetch 1 files, about 300 MB" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_local_folder_is_a_mirror_too(server, store):
    config = {"era5": str(server.root / "era5")}
    report = fetch(Request(source="era5", start=START, end=START, levels_hpa=(200,)), store=store, config=config)
    assert len(report.fetched) == 1
    assert server.requests == []


def test_real_fields_keep_their_values(shared_data, server, store):
    """The global ERA5 field of 1959 (Gaussian, 64 x 32), written as ARCO is, comes back equal."""
    with xr.open_dataset(shared_data / "winds/era5_19590102T00_global_tl31.nc", engine="h5netcdf") as file:
        axis = {name: next(n for n in file.dims if n.startswith(name)) for name in ("lat", "lon", "lev")}
        rename = {axis["lat"]: "latitude", axis["lon"]: "longitude", axis["lev"]: "level"}
        real = file.squeeze(drop=True).rename(rename).load()
    real = real.transpose("level", "latitude", "longitude").rename(
        u="u_component_of_wind", v="v_component_of_wind", t="temperature", z="geopotential"
    )
    when = np.datetime64("1959-01-02T00", "ns")
    real = real.expand_dims(time=[when])
    real["time"].encoding = {"units": "hours since 1900-01-01", "dtype": "int64"}
    real.to_zarr(server.root / "real", zarr_format=2, consolidated=True)
    start = datetime(1959, 1, 2, tzinfo=UTC)
    report = fetch(Request(source="era5", start=start, end=start), store=store, config={"era5": server.url + "/real"})
    with xr.open_dataset(report.fetched[0].path, engine="h5netcdf") as got:
        assert got.sizes == {"time": 1, "level": 37, "lat": 32, "lon": 64}
        lat, lon = real["latitude"].values[5], real["longitude"].values[50]
        here = got.sel(lat=lat, lon=(lon + 180) % 360 - 180, method="nearest").isel(time=0).sortby("level")
        there = real.sel(latitude=lat, longitude=lon).isel(time=0).sortby("level")
        assert here["u"].values == pytest.approx(there["u_component_of_wind"].values)
        assert here["z"].values == pytest.approx(there["geopotential"].values / 9.80665, rel=1e-6)
