"""Every shared file opens with the right axes and with the numbers that its own library reads from it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import eccodes
import h5py
import numpy as np
import pytest
from scipy.io import netcdf_file

from overflight.geo import atmosphere
from overflight.winds import open_winds

SHARED = Path(os.environ.get("OVERFLIGHT_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data are not here")
GFS_GRIB = "gfs/gfs_2p5deg_2011-01-10T12_f120.grib2"
FILES = {
    "era5_euroc/era5_2020-02-22_switzerland_pl14.nc": (5, 14, 9, 9, "2020-02-22T00", 46.0, 8.0, 600.0),
    "era5_euroc/era5_2020-02-23T16_great_lakes_pl37.nc": (1, 37, 97, 101, "2020-02-23T16", 30.0, -100.0, 1.0),
    "era5_euroc/era5_2023-10-12_15_portugal_pl37.nc": (44, 37, 5, 9, "2023-10-12T08", 39.0, -9.0, 1.0),
    GFS_GRIB: (1, 26, 73, 144, "2011-01-15T12", -90.0, -180.0, 10.0),
    "soundings/era5_hilo_20230901-02.nc": (4, 8, 1, 1, "2023-09-01T00", 19.72, -155.1, 10.0),
    "winds/era5_19590102T00_global_tl31.nc": (1, 37, 32, 64, "1959-01-02T00", -85.7606, -180.0, 1.0),
    "winds/era5_20221111T00-02_urals_kazakhstan.nc": (3, 9, 45, 133, "2022-11-11T00", 49.0, 44.0, 100.0),
    "winds/era5_20250501T00-02_alps_germany.nc": (3, 37, 19, 15, "2025-05-01T00", 45.25, 8.25, 1.0),
    "winds/gfs_20041209T12_f072_global_2p5deg.nc": (1, 26, 73, 144, "2004-12-12T12", -90.0, -180.0, 10.0),
    "winds/gfs_20110110T12_f120_global_2p5deg.nc": (1, 26, 73, 144, "2011-01-15T12", -90.0, -180.0, 10.0),
    "winds/gfs_20220101T00_f000-006_north_atlantic_hourly.nc": (7, 3, 17, 17, "2022-01-01T00", 40.0, -40.0, 200.0),
}


@pytest.mark.parametrize("name", FILES)
def test_axes(name):
    *shape, start, south, west, top = FILES[name]
    ds = open_winds(SHARED / name)
    assert ds["u"].shape == ds["v"].shape == ds["z"].shape == tuple(shape)
    assert ds["time"].values[0] == np.datetime64(start)
    assert [float(ds[a][0]) for a in ("lat", "lon")] == pytest.approx([south, west], abs=1e-3)
    assert float(ds["level"][-1]) == top
    assert np.all(np.diff(ds["lat"]) > 0)
    assert np.all(np.diff(ds["lon"]) > 0)
    assert np.all(np.diff(ds["level"]) < 0)
    standard = atmosphere.geopotential_m(atmosphere.altitude_m(top * 100.0))
    assert float(ds["z"][0, -1].mean()) == pytest.approx(float(standard), rel=0.08)
    assert np.isfinite(ds["u"].values).all()


@pytest.mark.parametrize("name", [n for n in FILES if n.endswith(".nc")])
def test_numbers_are_those_of_hdf5(name):
    path = SHARED / name
    if path.read_bytes()[:3] == b"CDF":
        pytest.skip("a classic NetCDF file")
    ds = open_winds(path).isel(time=-1)
    with h5py.File(path) as raw:
        axes = {a: raw[n][()] for n in raw for a in ("latitude", "longitude") if n == a}
        level = next(raw[n][()] for n in ("level", "isobaricInhPa", "pressure_level") if n in raw)
        packed = raw["u"]
        dims = [str(d[0].name).strip("/") if len(d) else "" for d in packed.dims]
        at = {"latitude": axes["latitude"].size // 3, "longitude": axes["longitude"].size // 4}
        index = tuple(at.get(d, 1 if "evel" in d or "isob" in d else -1) for d in dims)
        index = tuple(0 if packed.shape[i] == 1 else k for i, k in enumerate(index))
        scale, offset = (np.ravel(packed.attrs.get(k, d))[0] for k, d in (("scale_factor", 1.0), ("add_offset", 0.0)))
        expected = packed[index] * scale + offset
        place = {
            "lat": float(axes["latitude"][at["latitude"]]),
            "lon": (float(axes["longitude"][at["longitude"]]) + 180.0) % 360.0 - 180.0,
            "level": float(np.ravel(level)[1]),
        }
    assert float(ds["u"].sel(place, method="nearest")) == pytest.approx(float(expected), abs=1e-3)


def test_grib_equals_netcdf_and_eccodes():
    grib = open_winds(SHARED / GFS_GRIB)
    netcdf = open_winds(SHARED / "winds/gfs_20110110T12_f120_global_2p5deg.nc")
    for q in ("u", "v"):
        assert float(np.abs(grib[q] - netcdf[q]).max()) < 0.005
    assert float(np.abs(grib["z"] - netcdf["z"]).max()) < 0.1
    eccodes.codes_grib_multi_support_on()
    seen = 0
    with (SHARED / GFS_GRIB).open("rb") as stream:
        while (handle := eccodes.codes_grib_new_from_file(stream)) is not None:
            key = [eccodes.codes_get(handle, k) for k in ("shortName", "typeOfLevel", "level")]
            if key[0] in ("u", "v", "t") and key[1] == "isobaricInhPa" and key[2] in (20, 500):
                near = eccodes.codes_grib_find_nearest(handle, 45.0, 250.0)[0]
                got = float(grib[key[0]].sel(level=key[2], lat=near.lat, lon=(near.lon + 180) % 360 - 180)[0])
                assert got == pytest.approx(near.value, abs=1e-3)
                seen += 1
            eccodes.codes_release(handle)
    assert seen == 6
    assert sorted(p.suffix for p in (SHARED / "gfs").iterdir()) == [".grib2"]


def test_sondes_at_hilo_stand_near_era5():
    sonde = open_winds(SHARED / "soundings/raob_hilo_20230901-02.nc")
    era5 = open_winds(SHARED / "soundings/era5_hilo_20230901-02.nc")
    at = era5.isel(lat=0, lon=0)
    near = sonde.sel(lat=19.72, lon=-155.1, method="nearest")
    height = np.log(near["level"].values)
    for q in ("u", "v"):
        ours = near[q].interp(time=at["time"] + np.timedelta64(3600, "s"), kwargs={"bounds_error": True}).values
        for p in (20.0, 30.0, 50.0, 70.0, 100.0, 150.0):
            mine = [np.interp(-np.log(p), -height, row) for row in ours]
            assert np.sqrt(np.mean((np.array(mine) - at[q].sel(level=p).values) ** 2)) < 5.0
    assert float(sonde["wind_sd"].min()) > 0.4


def test_sondes_keep_the_measured_wind_of_a_mandatory_level():
    with _raob() as raw:
        i = int(np.flatnonzero(np.abs(raw["prMan"][0] - 100.0) < 0.01)[0])
        direction, speed, release = raw["wdMan"][0, i], raw["wsMan"][0, i], raw["relTime"][0]
        height = raw["htMan"][0, i]
    ds = open_winds(SHARED / "soundings/raob_hilo_20230901-02.nc")
    when = np.datetime64(int(release + height / 5.0), "s")
    one = ds.sel(lat=19.72, lon=-155.07, method="nearest").sel(time=when, level=100.0, method="nearest")
    u, v = -speed * np.sin(np.radians(direction)), -speed * np.cos(np.radians(direction))
    assert float(np.hypot(one["u"] - u, one["v"] - v)) < 2.5
    assert float(one["z"]) == pytest.approx(float(height), abs=300.0)


def _raob():
    path = SHARED / "soundings/raob_hilo_20230901-02.nc"
    if path.read_bytes()[:3] != b"CDF":
        return h5py.File(path)
    file = netcdf_file(path, mmap=False)
    return contextlib.nullcontext({k: v[:].copy() for k, v in file.variables.items()})


@pytest.mark.parametrize(
    "name", ["SHAB3V-APRS.csv", "SHAB5V_APRS_Processed.csv", "SHAB10V-APRS.csv", "SHAB12V-APRS.csv"]
)
def test_every_track_opens(name):
    ds = open_winds(SHARED / "flights/shab" / name)
    assert float(np.abs(ds["u"]).max()) < 60.0
    assert float(ds["wind_sd"].min()) >= 0.5
    assert float(ds["level"][-1]) < 80.0
