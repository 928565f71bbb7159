"""Broken, wrong and strange files of winds: one clear line each, its exit code, and nothing left behind."""

from __future__ import annotations

import gzip
import io
import zlib

import h5py
import numpy as np
import pytest
import xarray as xr
from cli_calls import TIMES, refused, synthetic
from fetch_files import LEVELS, message

FORMS = "GRIB, NetCDF, Zarr, a sounding or a track"
EXTENT = "2022-11-11T00:00:00Z to 2022-11-11T02:00:00Z, 50 to 60 north, 50 to 60 east, 300 to 100 hPa"
ASKED = ["--time", "2022-11-11T00:00:00Z", "--lat", "55", "--lon", "55", "--pressure", "150", "--hours", "2"]


def netcdf(ds: xr.Dataset) -> bytes:
    return bytes(ds.to_netcdf(engine="scipy"))


def with_units(name: str, units: str) -> bytes:
    ds = synthetic()
    ds[name].attrs["units"] = units
    return netcdf(ds)


def with_time(values, **attributes) -> bytes:
    return netcdf(synthetic().assign_coords(time=("time", values, attributes)))


def with_wind(value: float, part=...) -> bytes:
    ds = synthetic()
    ds["u"].values[part] = value
    return netcdf(ds)


def curvilinear() -> bytes:
    fields = {n: (("time", "level", "y", "x"), np.zeros((1, 2, 3, 3), "f4"), {"units": "m s-1"}) for n in "uv"}
    places = {n: (("y", "x"), np.arange(9.0).reshape(3, 3)) for n in ("lat", "lon")}
    levels = ("level", [200.0, 100.0], {"units": "hPa"})
    return netcdf(xr.Dataset(fields, coords={"time": TIMES[:1], "level": levels, **places}))


def grib(count: int | None = None) -> bytes:
    when = TIMES[0].astype("datetime64[s]").item()
    whole = b"".join(message(name, level, when, 0) for level in LEVELS for name in "uv")
    return whole[:count]


def hdf5(tmp_path) -> bytes:
    path = tmp_path / "made.nc"
    ds = synthetic(lat=np.linspace(50, 60, 81), lon=np.linspace(50, 60, 81))
    for name in "uv":
        ds[name].values[:] = np.random.default_rng(1).normal(size=ds[name].shape)
    ds.to_netcdf(path, engine="h5netcdf", encoding={name: {"compression": "gzip"} for name in "uv"})
    data = path.read_bytes()
    path.unlink()
    return data


def garbled(tmp_path) -> bytes:
    """Return a file of which the first chunk of u is spoiled."""
    data = bytearray(hdf5(tmp_path))
    with h5py.File(io.BytesIO(data)) as file:
        chunk = file["u"].id.get_chunk_info(0)
    data[chunk.byte_offset : chunk.byte_offset + chunk.size] = b"\xff" * chunk.size
    return bytes(data)


def packed_zeros() -> bytes:
    once = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = bytes(2**20)
    return b"".join([*(once.compress(megabyte) for _ in range(600)), once.flush()])


def bomb(tmp_path) -> bytes:
    """Return a few kilobytes that claim to be 25 GB."""
    path = tmp_path / "made.nc"
    axes = {"time": [0.0, 1.0], "level": [200.0, 100.0], "lat": np.linspace(-90, 90, 20001)}
    axes["lon"] = np.linspace(0, 359.99, 40000)
    with h5py.File(path, "w") as file:
        for name, values in axes.items():
            file[name] = values
            file[name].make_scale(name)
        file["time"].attrs["units"], file["level"].attrs["units"] = "hours since 2022-11-11", "hPa"
        for name in "uv":
            field = file.create_dataset(
                name, shape=tuple(map(len, axes.values())), dtype="f4", chunks=(1, 1, 2000, 4000)
            )
            field.attrs["units"] = "m s-1"
            for number, axis in enumerate(axes):
                field.dims[number].attach_scale(file[axis])
    data = path.read_bytes()
    path.unlink()
    return data


FILES = {
    "an empty file": (b"", f"f: winds: got an empty file, expected {FORMS}"),
    "a page of a web server": (b"<!DOCTYPE html><html><body>404 Not Found</body></html>", f"f: winds: got a file of no known form, expected {FORMS}"),
    "an error in JSON": (b'{"error": "not found"}', "f: wind: got no measured wind, expected soundings with wind"),
    "JSON cut short": (b'[{"datetime":', "f: sounding: got text that is no JSON, expected SondeHub JSON"),
    "zeros": (bytes(10_000), f"f: winds: got a file of no known form, expected {FORMS}"),
    "a zip archive": (b"PK\x03\x04" + bytes(400), "f: sounding: got an archive that cannot be read, expected one file in it"),
    "a gzipped file cut short": (gzip.compress(b"rubbish")[:-6], "f: sounding: got an archive that cannot be read, expected one file in it"),
    "GRIB cut short": (grib(-100), r"~f: GRIB: got message \d+ broken \(.*\), expected whole messages; the file may be cut short"),
    "GRIB of which little is there": (grib(90), r"~f: GRIB: got message 1 broken \(.*\), expected whole messages; the file may be cut short"),
    "nothing but the mark of GRIB": (b"GRIB" + bytes(500), r"~f: GRIB: got message 1 broken \(.*\), expected whole messages; the file may be cut short"),
    "GRIB that claims an exabyte": (b"GRIB\0\0\0\x02" + (2**60).to_bytes(8, "big") + bytes(500), r"~f: GRIB: got message 1 broken \(.*\), expected whole messages; the file may be cut short"),
    "GRIB without wind": (message("t", 500, TIMES[0].astype("datetime64[s]").item(), 0), "f: wind: got t, expected eastward and northward wind"),
    "GRIB with a wind from the west only": (message("u", 500, TIMES[0].astype("datetime64[s]").item(), 0), "f: wind: got u, expected v beside the other component"),
    "nothing but the mark of HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(5000), r"~f: NetCDF: got a file that cannot be read \(.*\), expected a whole NetCDF file"),
    "a classic file cut short": (netcdf(synthetic())[:400], r"~f: (NetCDF|wind|winds): got .*, expected .*"),
    "a classic file of another kind": (b"CDF\x05" + b"\xff" * 100, r"~f: NetCDF: got a file that cannot be read \(.*\), expected a whole NetCDF file"),
    "no wind": (netcdf(synthetic().drop_vars(["u", "v"])), "f: wind: got no variable, expected eastward and northward wind"),
    "wind from the west only": (netcdf(synthetic().drop_vars("v")), "f: wind: got u, expected v beside the other component"),
    "a speed of no unit that is known": (with_units("u", "furlongs/fortnight"), "f: u units: got 'furlongs/fortnight', expected m s-1 or knots"),
    "a speed in kelvin": (with_units("v", "K"), "f: v units: got 'k', expected m s-1 or knots"),
    "levels in metres": (with_units("level", "m"), "f: level units: got 'm', expected hPa, Pa, mbar or kPa; heights are no pressure levels"),
    "model levels": (netcdf(synthetic(level=np.arange(1.0, 138.0), units="1")), "f: level: got numbers 1 to 137 without unit, expected pressure levels; model levels have to be turned to pressure first"),
    "levels that are no pressure": (netcdf(synthetic(level=(3000.0, 2000.0, -5.0))), "f: level: got -5 to 3000 hPa, expected 0 to 1200 hPa"),
    "a level twice": (netcdf(synthetic(level=(300.0, 200.0, 200.0))), "f: level: got 200 hPa twice, expected each level once"),
    "no level": (netcdf(synthetic().isel(level=0, drop=True)), "f: level: got no such axis, expected a coordinate for level; winds must stand on pressure levels"),
    "no latitude": (netcdf(synthetic().rename(lat="row").drop_vars("row")), "f: lat: got no such axis, expected a coordinate for lat; name it or give it a CF standard_name"),
    "latitudes beyond the pole": (netcdf(synthetic(lat=np.arange(90.0, 101.0))), "f: lat: got 90 to 100, expected -90 to 90"),
    "a latitude missing": (netcdf(synthetic(lat=[50.0, np.nan, 52.0])), "f: lat: got 50 to 52, expected -90 to 90"),
    "longitudes out of the world": (netcdf(synthetic(lon=np.arange(5000.0, 5011.0))), "f: lon: got 5000 to 5010, expected -180 to 360"),
    "longitudes unevenly spaced": (netcdf(synthetic(lon=[50.0, 51.0, 52.0, 54.0, 57.0, 60.0])), "lon: got uneven spacing, expected equally spaced longitudes"),
    "a single meridian": (netcdf(synthetic(lon=[55.0])), "lon: got 1 value, expected at least two columns and rows of winds"),
    "a curvilinear grid": (curvilinear(), "f: lat: got lat of shape 3 x 3, expected a regular latitude-longitude grid; regrid or select first"),
    "a dimension too many": (netcdf(synthetic().expand_dims(scenario=3)), "f: dimensions: got scenario (3), expected time, level, latitude, longitude; select one first"),
    "a time twice": (netcdf(synthetic(time=TIMES[[0, 0]])), "f: time: got 2022-11-11T00:00Z twice, expected each time once; keep one run a time"),
    "times without unit": (with_time([0.0, 1.0, 2.0]), "f: time: got values of type float64, expected 'hours since 1900-01-01' or the like"),
    "times of no unit that is known": (with_time([0.0, 1.0, 2.0], units="fortnights since yesterday"), "f: time: got unit 'fortnights since yesterday', expected 'hours since 1900-01-01' or the like"),
    "a time missing": (with_time([0.0, np.nan, 2.0], units="hours since 2022-11-11"), "f: time: got a missing time, expected times that are all there"),
    "no time at all": (netcdf(synthetic(time=TIMES[:0])), "f: wind: got missing values only, expected some wind"),
    "nothing but missing values": (with_wind(np.nan), "f: wind: got missing values only, expected some wind"),
    "missing values that are not declared": (with_wind(1e20, (0, 0, 0, 0)), "f: u: got 1e+20 m/s, expected winds; is it a missing value that is not declared as such?"),
    "a track without altitude": (b"time,lat,lon\n2022-11-11T00:00:00Z,55,55\n", "f: altitude: got columns time, lat, lon, expected altitude or alt or altitude_m or alt_m"),
    "a track of one fix": (b"time,lat,lng,altitude\n2022-11-11T00:00:00Z,55,55,15000\n", "f: track: got 1 sound fixes of 1 rows, expected 3 or more"),
    "a track in Latin-1": ("time,lat,lng,altitude,note\n2022-11-11T00:00:00Z,55,55,15000,über\n".encode("latin-1"), r"~f: track: got .* byte 0xfc .*, expected a CSV text"),
    "a sounding of rubbish": (b"#USM00072293 2022 11 11 00 2300   10\nrubbish\n", "~f:1: sounding: got '#USM00072293 .*', expected an IGRA 2 record"),
}  # fmt: skip
MADE = {
    "NetCDF4 cut short": (lambda p: hdf5(p)[:-2000], r"~f: NetCDF: got a file that cannot be read \(.*truncated file.*\), expected a whole NetCDF file"),
    "NetCDF4 with a broken chunk": (garbled, r"~f: winds: got values that cannot be read \(.*\), expected a whole file of numbers"),
    "a few kilobytes that unfold to 600 MB": (lambda _: packed_zeros(), "f: sounding: got an archive that unfolds to over 512 MiB, expected soundings of one station"),
    "a few kilobytes that unfold to 25 GB": (bomb, "winds: got 6,400,800,016 numbers for two times, expected fewer than 4.29 billion; take fewer levels or a smaller area"),
}  # fmt: skip
MISSING = {
    "a time with a hole after it": (netcdf(synthetic(time=np.array(["2022-11-11T00", "2022-11-13T00"], "datetime64[ns]"))), "winds: asked for 2022-11-11T00:00:00Z to 2022-11-11T02:00:00Z, have 2022-11-11T00:00:00Z to 2022-11-13T00:00:00Z"),
    "a single time": (netcdf(synthetic(time=TIMES[:1])), "winds: asked for 2022-11-11T00:00:00Z to 2022-11-11T02:00:00Z, have only 2022-11-11T00:00:00Z; a single time can be held for the whole run (steady)"),
    "levels that do not reach": (netcdf(synthetic(level=(100.0, 50.0))), f"winds: asked for 55.00 north 55.00 east at 150 hPa, 2022-11-11T00:00:00Z (out of levels), have {EXTENT.replace('300 to 100', '100 to 50')}"),
    "an area that does not reach": (netcdf(synthetic(lat=np.arange(10.0, 21.0))), f"winds: asked for 2022-11-11T00:00:00Z 55.00 55.00, have {EXTENT.replace('50 to 60 north', '10 to 20 north')}"),
    "a level that is missing": (with_wind(np.nan, (slice(None), 1)), f"winds: asked for 55.00 north 55.00 east at 150 hPa, 2022-11-11T00:00:00Z (out of wind), have {EXTENT}"),
    "infinite winds": (with_wind(np.inf), f"winds: asked for 55.00 north 55.00 east at 150 hPa, 2022-11-11T00:00:00Z (out of wind), have {EXTENT}"),
}  # fmt: skip


@pytest.fixture
def refused_winds(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "store"))

    def check(data: bytes, code: int, line: str) -> None:
        (tmp_path / "f").write_bytes(data)
        refused(capsys, ["forecast", "--winds", "f", *ASKED, "--members", "4", "-o", "out.csv"], code, line, tmp_path)

    return check


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_winds(refused_winds, name):
    refused_winds(FILES[name][0], 2, FILES[name][1])


@pytest.mark.parametrize("name", MADE)
def test_files_that_break_when_read(refused_winds, tmp_path, name):
    make, line = MADE[name]
    refused_winds(make(tmp_path), 2, line)


@pytest.mark.parametrize("name", MISSING)
def test_winds_that_do_not_reach(refused_winds, name):
    refused_winds(MISSING[name][0], 3, MISSING[name][1])


def test_folders_that_are_no_winds(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    synthetic().to_zarr(tmp_path / "broken.zarr", zarr_format=3, consolidated=False)
    (tmp_path / "broken.zarr" / "zarr.json").write_text("{")
    synthetic().to_zarr(tmp_path / "chunk.zarr", zarr_format=3, consolidated=False)
    for chunk in (tmp_path / "chunk.zarr" / "u" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(b"garbage")
    lines = {
        "none.nc": "none.nc: winds: got no such file, expected a file, folder, pattern or stored source; "
        "stored sources are gfs, gefs, era5, ecmwf",
        "no*.nc": "no*.nc: winds: got no such file, expected a file, folder, pattern or stored source; "
        "stored sources are gfs, gefs, era5, ecmwf",
        "empty": "empty: winds: got a folder without files, expected a folder of wind files",
        "broken.zarr": r"~broken\.zarr: Zarr: got a group that cannot be read \(.*\), expected a whole Zarr group",
        "chunk.zarr": r"~chunk\.zarr: winds: got values that cannot be read \(.*\), expected a whole file of numbers",
    }
    for source, line in lines.items():
        for arguments in (["winds", "info", source], ["forecast", "--winds", source, *ASKED]):
            refused(capsys, arguments, 2, line, tmp_path)


def test_files_on_different_grids_are_not_joined(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.nc").write_bytes(netcdf(synthetic(time=TIMES[:1])))
    (tmp_path / "b.nc").write_bytes(netcdf(synthetic(time=TIMES[1:], lat=np.arange(40.0, 51.0))))
    line = "lat: got b.nc on another lat axis than a.nc, expected files on one grid; choose area and levels"
    refused(capsys, ["winds", "info", "*.nc"], 2, line, tmp_path)
