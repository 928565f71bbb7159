"""Files are whole, or not there."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from lxml import etree

from overflight.case.export import cut_at_antimeridian, write
from overflight.errors import InvalidInput


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
