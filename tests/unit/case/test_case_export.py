"""Files are whole, or not there."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from lxml import etree

from overflight.case import export
from overflight.case.export import cut_at_antimeridian, write
from overflight.drift import Release, Settings, flows, simulate
from overflight.drift.simulate import simulate_parts
from overflight.errors import InvalidInput
from overflight.flight import float_at_pressure
from overflight.geo.spread import Spread


def tracks():
    time = np.datetime64("2023-01-01", "ns") + np.arange(4) * np.timedelta64(1, "h")
    lon = np.array([[178.0, 179.5, -179.0, -178.0], [10.0, 11.0, np.nan, np.nan]], np.float32)
    lat = np.where(np.isnan(lon), np.nan, 10.0).astype(np.float32)
    fields = {n: (("trajectory", "obs"), v) for n, v in (("lat", lat), ("lon", lon), ("altitude", 18_000 + 0 * lat))}
    coords = {"time": ("obs", time), "trajectory": [0, 1]}
    return xr.Dataset(fields, coords, {"featureType": "trajectory"})


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".geojson", ".kml", ".csv", ".parquet", ".png"])
def test_every_format_is_written_and_nothing_else_is_left(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    write(tracks(), path)
    write(tracks(), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_formats_read_back(tmp_path):
    for suffix in (".nc", ".csv", ".parquet", ".geojson", ".kml"):
        write(tracks(), tmp_path / f"t{suffix}")
    assert np.array_equal(xr.open_dataset(tmp_path / "t.nc", engine="h5netcdf")["time"], tracks()["time"])
    for table in (pd.read_csv(tmp_path / "t.csv", parse_dates=["time"]), pd.read_parquet(tmp_path / "t.parquet")):
        assert len(table) == 6
        assert list(table.columns) == ["trajectory", "time", "lat", "lon", "altitude"]
    features = json.loads((tmp_path / "t.geojson").read_text())["features"]
    assert [f["geometry"]["type"] for f in features] == ["MultiLineString", "LineString"]
    hours = [[f"2023-01-01T{hour:02}:00:00Z" for hour in range(count)] for count in (4, 2)]
    assert [f["properties"]["times"] for f in features] == hours  # a time an output, none for where it was cut
    root = etree.parse(str(tmp_path / "t.kml")).getroot()
    assert len(root.findall(".//{http://www.google.com/kml/ext/2.2}coord")) == 6


def test_lines_are_cut_on_both_sides_of_the_antimeridian():
    lines = cut_at_antimeridian(np.array([[179.0, 0.0, 1.0], [-179.0, 10.0, 3.0]]))
    assert lines == [[[179.0, 0.0, 1.0], [180.0, 5.0, 2.0]], [[-180.0, 5.0, 2.0], [-179.0, 10.0, 3.0]]]


@pytest.mark.parametrize("name", ["t.xyz", "t", "t.json"])
def test_unknown_formats_are_refused(tmp_path, name):
    with pytest.raises(InvalidInput, match=r"\.nc"):
        write(tracks(), tmp_path / name)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput, match="can be written"):
        write(tracks(), tmp_path / "file" / "t.csv")
    with pytest.raises(InvalidInput, match="can be written"):
        write(tracks(), tmp_path / "none" / "t.nc")


@pytest.mark.parametrize("time_sd_s", [0.0, 900.0])
def test_parts_make_up_the_whole_in_one_group(tmp_path, time_sd_s):
    asked = {"hours": 12, "members": 90, "seed": 4}
    winds = flows.winds(flows.Wave(), step_deg=5.0)
    release = Release(time=datetime(2023, 1, 1, 3, tzinfo=UTC), lat=20.0, lon=175.0, time_sd_s=time_sd_s)
    flight = float_at_pressure(Spread("uniform", 3000.0, 8000.0))
    parts = simulate_parts(winds, flight, release, settings=Settings(output_s=10.0, memory_bytes=2**20), **asked)
    kept = export.write_parts(parts, tmp_path / "all.zarr")
    whole = simulate(winds, flight, release, settings=Settings(output_s=10.0), **asked)
    read = xr.open_zarr(tmp_path / "all.zarr", consolidated=False)
    assert read["trajectory"].values.tolist() == list(range(90))
    for name in ("lat", "lon", "altitude", "end_lat", "end_status"):
        assert np.array_equal(read[name].values, whole[name].values)
    assert np.abs(read["time"].values - whole["time"].values).max() <= np.timedelta64(1, "ms")
    assert kept.sizes == {"trajectory": 90, "obs": 1}
    assert np.array_equal(kept["end_lon"].values, whole["end_lon"].values)


STAGGERED = {
    "each at its own time, the last alone": np.arange(33) * 600,
    "part by part, the last alone": np.repeat([0, 7200, 14_400], 16)[:33],
    "the last beyond the winds": np.append(np.zeros(32, int), 30 * 86_400),
    "all at one time, the last alone": np.zeros(33, int),
}


@pytest.mark.parametrize("seconds", STAGGERED.values(), ids=STAGGERED)
@pytest.mark.parametrize("fields", [1, 2])
def test_members_that_start_one_after_the_other_are_written_as_they_are_in_memory(tmp_path, seconds, fields):
    """Parts of sixteen, so that the last holds one member."""
    air = flows.winds(flows.Wave(), step_deg=10.0)
    winds = air if fields == 1 else xr.concat([air, air * 1.5], dim=xr.DataArray([0, 1], dims="member", name="member"))
    start = np.datetime64("2023-01-01T03", "ns") + seconds * np.timedelta64(1, "s")
    asked = {"hours": 3, "members": 33, "seed": 4}
    flown = winds, float_at_pressure(Spread("uniform", 3000.0, 8000.0)), Release(time=start, lat=20.0, lon=175.0)
    parts = list(simulate_parts(*flown, settings=Settings(output_s=2.0, memory_bytes=2**20), **asked))
    assert min(part.sizes["trajectory"] for part in parts) == 1
    kept = export.write_parts(parts, tmp_path / "all.zarr")
    whole = simulate(*flown, settings=Settings(output_s=2.0), **asked)
    with xr.open_zarr(tmp_path / "all.zarr", consolidated=False) as stored:
        read = stored.load().sortby("trajectory")
    assert set(read.variables) == set(whole.variables)
    for name in read.variables:
        assert read[name].dims == whole[name].dims
        assert np.array_equal(read[name].values, in_file(whole[name].values), equal_nan=whole[name].dtype.kind == "f")
    assert np.array_equal(kept["time"].values, whole["time"].values[..., :1])


def in_file(values):
    """Return what a file holds of values: of times whole milliseconds."""
    is_time = values.dtype.kind == "M"
    return values.astype("datetime64[ms]").astype("datetime64[ns]") if is_time else values


def test_a_broken_run_leaves_no_group(tmp_path):
    def broken():
        yield from simulate_parts(
            flows.winds(flows.Jet(), step_deg=10.0), float_at_pressure(5000.0),
            Release(time=datetime(2023, 1, 1, 3, tzinfo=UTC), lat=20.0, lon=0.0), hours=3, members=5, seed=1,
        )  # fmt: skip
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export.write_parts(broken(), tmp_path / "f.zarr")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidInput, match=r"a name that ends in \.zarr"):
        export.write_parts(broken(), tmp_path / "f.nc")
