"""Large winds stay in their files: what is opened, joined, converted or turned is read when it is used, and right."""

from __future__ import annotations

import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from overflight.drift.pack import WindPack
from overflight.winds import open_winds
from overflight.winds.lazy import converted, derived, joined

LEVELS = (500.0, 200.0, 100.0, 50.0)
DIMS = ("time", "level", "latitude", "longitude")


def _store(path, *, times=8, order=DIMS, first_hour=0):
    """A 0.5 degree globe of which no chunk is written: 83 MB a variable, u 3, v 4, t 250 K, z 1000 m2/s2."""
    group = zarr.open_group(str(path), mode="w", zarr_format=3)
    axes = {
        "time": (np.arange(times) + first_hour, {"units": "hours since 2023-02-01"}),
        "level": (np.array(LEVELS), {"units": "hPa"}),
        "latitude": (np.linspace(90, -90, 361), {}),
        "longitude": (np.arange(0, 360, 0.5), {}),
    }
    for name, (values, attributes) in axes.items():
        group.create_array(name, data=values, dimension_names=(name,), attributes=attributes)
    shape = tuple(len(axes[name][0]) for name in order)
    chunk = tuple(1 if name == "time" else len(axes[name][0]) for name in order)
    for name, value, unit in (("u", 3, "m/s"), ("v", 4, "m/s"), ("t", 250, "K"), ("z", 1000, "m2 s-2")):
        group.create_array(
            name,
            shape=shape,
            chunks=chunk,
            dtype="f4",
            fill_value=value,
            dimension_names=order,
            attributes={"units": unit},
        )
    return path


def _peak_mb(work):
    tracemalloc.start()
    try:
        result = work()
        return result, tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("order", [DIMS, ("time", "level", "longitude", "latitude")])
def test_opening_reads_no_winds(tmp_path, order):
    path = _store(tmp_path / "w", order=order)
    open_winds(path)  # imports
    ds, peak = _peak_mb(lambda: open_winds(path))
    assert ds["u"].nbytes > 2**24
    assert peak < 5.0
    one, peak = _peak_mb(lambda: ds["z"].isel(time=3, level=1).values)
    assert one.shape == (361, 720)
    assert np.allclose(one, 1000.0 / 9.80665)
    assert peak < 5.0 * ds["z"].isel(time=0).nbytes / 1e6


def test_heights_from_temperature_are_summed_when_used(tmp_path):
    group = zarr.open_group(str(_store(tmp_path / "w")), mode="a")
    del group["z"]
    ds, peak = _peak_mb(lambda: open_winds(tmp_path / "w"))
    assert peak < 10.0
    assert ds.attrs["height_source"].startswith("hypsometric")
    column = ds["z"].isel(time=2, lat=5, lon=7).values
    expected = column[0] + 287.05287 / 9.80665 * 250.0 * np.log(500.0 / np.array(LEVELS))
    assert column == pytest.approx(expected, abs=0.1)
    assert float(ds["z"].isel(time=2, lat=5, lon=7, level=2)) == pytest.approx(column[2], abs=1e-3)


def test_many_files_are_opened_without_reading_them(tmp_path):
    folder = tmp_path / "many"
    for n in range(6):
        _store(folder / f"{n}", times=2, first_hour=2 * n)
    ds, peak = _peak_mb(lambda: open_winds(folder))
    assert ds.sizes["time"] == 12
    assert peak < 10.0
    assert ds["v"].isel(time=[11, 3], level=0, lat=0, lon=0).values.tolist() == [4.0, 4.0]


WITHOUT_DASK = """
import importlib.util as util, sys
find = util.find_spec
util.find_spec = lambda name, package=None: None if name.split(".")[0] == "dask" else find(name, package)
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "dask":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from overflight.winds import open_winds
ds = open_winds(sys.argv[1])
ds["z"].isel(time=3).values
print(ds.sizes["time"])
"""


def test_files_are_joined_without_dask(tmp_path):
    """Dask is no dependency of a plain installation."""
    for n in range(2):
        _store(tmp_path / "many" / f"{n}", times=2, first_hour=2 * n)
    run = [sys.executable, "-c", WITHOUT_DASK, str(tmp_path / "many")]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip() == "4"


def test_memory_of_packed_winds_is_that_of_two_times_not_of_the_archive(tmp_path):
    def walk(times):
        ds = open_winds(_store(tmp_path / f"w{times}", times=times))
        pack = WindPack(ds)
        for index in range(times - 1):
            pack.release(pack.hold(index, towards=1, until=times - 2))
        pack.close()

    walk(2)
    _, few = _peak_mb(lambda: walk(4))
    _, many = _peak_mb(lambda: walk(12))
    assert many < 1.1 * few
    slab_mb = 362 * 721 * 4 * 4 * 4 / 1e6
    assert many < 4.0 * slab_mb


def _numbers(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def _lazy(values, dims):
    """An array that is no numpy array in memory: what a file gives."""
    from xarray.core import indexing

    return xr.Variable(dims, indexing.LazilyIndexedArray(indexing.NumpyIndexingAdapter(values)))


KEYS = st.one_of(
    st.integers(0, 3),
    st.slices(4).filter(lambda s: range(4)[s]),
    st.lists(st.integers(0, 3), min_size=1, max_size=5).map(np.array),
)


@settings(max_examples=80, deadline=None)
@given(time=KEYS, lat=KEYS, lon=KEYS, cut=st.integers(1, 3), turned=st.booleans())
def test_a_joined_array_is_indexed_as_the_whole(time, lat, lon, cut, turned):
    whole = _numbers(4, 4, 4)
    dims = ("time", "lat", "lon")
    parts = [whole[:cut], whole[cut:]]
    second = _lazy(parts[1].transpose(0, 2, 1), ("time", "lon", "lat")) if turned else _lazy(parts[1], dims)
    sets = [
        xr.Dataset({"u": _lazy(parts[0], dims)}, {"time": np.arange(cut)}),
        xr.Dataset({"u": second}, {"time": np.arange(cut, 4)}),
    ]
    out = joined(sets, "time")["u"]
    expected = xr.Variable(dims, whole)[time, lat, lon]
    assert np.array_equal(out[time, lat, lon].values, expected.values)


@settings(max_examples=80, deadline=None)
@given(time=KEYS, level=KEYS, lon=KEYS)
def test_a_derived_array_is_indexed_as_the_whole(time, level, lon):
    from overflight.winds import lazy

    whole, dims = _numbers(4, 4, 4), ("time", "lon", "level")
    source = xr.DataArray(_lazy(whole.transpose(0, 2, 1), ("time", "level", "lon")))
    try:
        lazy.BIG_BYTES, kept = 0, lazy.BIG_BYTES
        summed = derived(source, lambda a: np.cumsum(a, axis=-1), dims=dims, along="level")
        line = converted(source, scale=2.0, offset=1.0, dims=dims)
    finally:
        lazy.BIG_BYTES = kept
    for out, expected in ((summed, np.cumsum(whole, axis=-1)), (line, 2.0 * whole + 1.0)):
        assert np.array_equal(
            out.variable[time, lon, level].values, xr.Variable(dims, expected)[time, lon, level].values
        )


def test_members_without_the_dimension_are_laid_side_by_side():
    sets = [xr.Dataset({"u": _lazy(_numbers(2, 3) + 100 * n, ("time", "lat"))}) for n in range(3)]
    out = joined(sets, "member", np.array([1, 5, 7]))
    assert out["u"].dims == ("member", "time", "lat")
    assert out["u"].isel(member=[2, 0], time=1, lat=2).values.tolist() == [205.0, 5.0]
    assert out["member"].values.tolist() == [1, 5, 7]


def test_many_threads_read_one_dataset(tmp_path):
    ds = open_winds(_store(tmp_path / "w"))
    wrong = []

    def read(index):
        values = ds["v"].isel(time=index % 8, level=index % 4).values
        if not (values == 4.0).all():
            wrong.append(index)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_next_time_is_read_while_two_are_held():
    read = []

    def noted(values):
        read.append(int(values.flat[0]))
        return values

    times = 5
    field = np.arange(times, dtype=np.float32)[:, None, None, None] * np.ones((1, 16, 64, 64), np.float32)
    dims = ("time", "level", "lat", "lon")
    coords = {
        "time": np.datetime64("2023-02-01", "ns") + np.arange(times) * np.timedelta64(3, "h"),
        "level": np.linspace(1000.0, 10.0, 16),
        "lat": np.linspace(0.0, 60.0, 64),
        "lon": np.linspace(0.0, 60.0, 64),
    }
    u = derived(xr.DataArray(_lazy(field, dims), coords), noted)
    pack = WindPack(xr.Dataset({"u": u, "v": (dims, field)}))
    read.clear()
    for index in range(times - 1):
        slab = pack.hold(index, towards=1, until=times - 2)
        pack.release(slab)
        held = slab.w[:-8].reshape(65, 65, 16, 4)[0, 0, 0, [1, 3]] * 6_371_229.0 * np.radians(60.0 / 63.0)
        assert sorted(held.round(3).tolist()) == pytest.approx([index, index + 1], abs=0.01)
    pack.close()
    assert read == [0, 1, 2, 3, 4]  # each once, ahead of its use or not
    pack = WindPack(xr.Dataset({"u": u, "v": (dims, field)}))
    read.clear()
    pack.release(pack.hold(0, towards=1, until=3))
    pack.close()
    assert read == [0, 1, 2]  # the third without being asked for
    read.clear()
    pack = WindPack(xr.Dataset({"u": u, "v": (dims, field)}))
    pack.release(pack.hold(3, towards=-1, until=0))
    pack.close()
    assert sorted(read) == [2, 3, 4]
