"""Every name, order, unit and form of winds comes to one canonical dataset; broken ones to one clear line."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.winds import canonical, covers, gaps, members, open_winds, require, subset

LEVELS = np.array([10.0, 100.0, 500.0, 1000.0])


def _plain(*, level="level", units="hPa", lat="latitude", lon="longitude", u="u", v="v", time="time", scale=1.0):
    times = np.array(["2023-02-01T00", "2023-02-01T06"], "datetime64[ns]")
    lats, lons = np.array([50.0, 45.0, 40.0]), np.array([350.0, 355.0, 0.0, 5.0])
    value = (
        1000.0 * np.arange(2)[:, None, None, None]
        + LEVELS[:, None, None]
        + lats[:, None] / 100.0
        + ((lons + 180) % 360 - 180) / 1e4
    )
    dims = (time, level, lat, lon)
    coords = {time: times, level: (level, LEVELS * scale, {"units": units} if units else {}), lat: lats, lon: lons}
    return xr.Dataset({u: (dims, value), v: (dims, -value)}, coords)


FORMS = [
    {"level": "isobaric", "units": "Pa", "scale": 100.0},
    {"level": "plev", "units": "Pa", "scale": 100.0},
    {"level": "lev", "units": "millibars"},
    {"level": "lv_ISBL0", "units": "Pa", "scale": 100.0, "lat": "lat_0", "lon": "lon_0"},
    {"level": "pressure_level", "time": "valid_time"},
    {"level": "level", "units": "", "u": "UGRD_isobaric", "v": "VGRD_isobaric"},
    {"u": "u_component_of_wind", "v": "v_component_of_wind"},
    {"u": "eastward_wind", "v": "northward_wind", "lat": "lat", "lon": "lon"},
    {"u": "U", "v": "V", "units": "kPa", "scale": 0.1},
]


@pytest.mark.parametrize("form", FORMS, ids=lambda f: "-".join(map(str, f.values())))
def test_names_and_units(form):
    ds = canonical(_plain(**form), name="made")
    assert ds["u"].dims == ("time", "level", "lat", "lon")
    assert np.allclose(ds["level"], [1000.0, 500.0, 100.0, 10.0])
    assert ds["lat"].values.tolist() == [40.0, 45.0, 50.0]
    assert ds["lon"].values.tolist() == [-10.0, -5.0, 0.0, 5.0]
    got = float(ds["u"].sel(time="2023-02-01T06", lat=45.0, lon=-5.0, level=100.0, method="nearest"))
    assert got == pytest.approx(1000.0 + 100.0 + 0.45 - 0.0005, abs=1e-3)
    assert ds["u"].dtype == np.float32
    assert ds["v"].attrs["standard_name"] == "northward_wind"


def test_region_over_the_antimeridian_goes_on_past_180():
    ds = _plain().assign_coords(longitude=[-180.0, -175.0, 170.0, 175.0])
    assert canonical(ds)["lon"].values.tolist() == [170.0, 175.0, 180.0, 185.0]


def test_cyclic_point_is_given_once():
    lon = np.append(np.arange(0.0, 360.0, 30.0), 360.0)
    ds = _plain().isel(longitude=[0] * 13).assign_coords(longitude=lon)
    assert canonical(ds)["lon"].values.tolist() == np.arange(-180.0, 180.0, 30.0).tolist()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: d.drop_vars("v"), "v beside the other component"),
        (lambda d: d.rename(u="a", v="b"), "expected eastward and northward wind"),
        (lambda d: d.assign_coords(level=("level", LEVELS, {"units": "furlong"})), "level units: got 'furlong'"),
        (lambda d: d.assign_coords(level=("level", LEVELS, {"units": "m"})), "heights are no pressure levels"),
        (lambda d: d.assign_coords(level=[1.0, 2.0, 3.0, 4.0]), "model levels"),
        (lambda d: d.assign_coords(level=("level", [1.0, 1.0, 2.0, 3.0], {"units": "hPa"})), "1 hPa twice"),
        (lambda d: d.assign_coords(time=d["time"].values[[0, 0]]), "2023-02-01T00:00Z twice"),
        (lambda d: d.assign_coords(latitude=[100.0, 50.0, 0.0]), "-90 to 90"),
        (lambda d: d * np.nan, "missing values only"),
        (lambda d: d.isel(level=0, drop=True), "pressure levels"),
        (lambda d: d.expand_dims(height=2), "height (2)"),
    ],
)
def test_broken_winds_give_one_line(change, text):
    with pytest.raises(InvalidInput) as raised:
        canonical(change(_plain()), name="made.nc")
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("made.nc: ")


def test_missing_values_are_counted():
    ds = _plain()
    ds["u"][0, 0, 0, 0] = np.nan
    assert canonical(ds).attrs["missing"] == "1 of 96 winds are missing"


def test_geopotential_becomes_height_and_knots_metres_a_second():
    ds = _plain()
    ds["z"] = (ds["u"].dims, np.full(ds["u"].shape, 98_066.5), {"units": "m**2 s**-2"})
    ds["u"].attrs["units"] = "knots"
    out = canonical(ds)
    assert float(out["z"].max()) == pytest.approx(10_000.0, abs=1e-2)
    assert float(out["u"].max()) == pytest.approx(float(ds["u"].max()) * 0.514444, rel=1e-6)


def test_old_and_preliminary_era5_are_joined():
    ds = _plain()
    both = xr.concat([ds.where(ds.time == ds.time[0]), ds.where(ds.time != ds.time[0])], "expver")
    assert "missing" not in canonical(both).attrs


def _cds(path, *, new):
    """One field as the Climate Data Store hands it out: packed and by level before 2024, in floats since."""
    ds = _plain(level="pressure_level" if new else "level", time="valid_time" if new else "time")
    heights = np.array([31_000.0, 16_000.0, 5_600.0, 100.0])[None, :, None, None] * np.ones(ds["u"].shape)
    ds["z"] = (ds["u"].dims, 9.80665 * heights)
    for name, unit in (("u", "m s**-1"), ("v", "m s**-1"), ("z", "m**2 s**-2")):
        ds[name].attrs["units"] = unit
    if new:
        ds = ds.assign_coords(number=0, expver=("valid_time", ["0001", "0005"]))
        encoding = {name: {"dtype": "f4", "zlib": True} for name in ("u", "v", "z")}
    else:
        ds = xr.concat([ds.where(ds["time"] == t) for t in ds["time"]], "expver").assign_coords(expver=[1, 5])
        ds = ds.transpose("time", "expver", ...)
        encoding = {
            name: {"dtype": "i2", "scale_factor": scale, "add_offset": offset, "_FillValue": -32767}
            for name, scale, offset in (("u", 0.07, 1000.0), ("v", 0.07, -1000.0), ("z", 5.0, 150_000.0))
        }
    ds.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return path


def test_the_old_and_the_new_form_of_the_climate_data_store(tmp_path):
    old, new = (open_winds(_cds(tmp_path / f"{n}.nc", new=n)) for n in (False, True))
    assert new["u"].dims == old["u"].dims == ("time", "level", "lat", "lon")
    for axis in ("time", "level", "lat", "lon"):
        assert np.array_equal(old[axis].values, new[axis].values)
    for name, within in (("u", 0.04), ("v", 0.04), ("z", 0.3)):
        assert float(np.abs(old[name] - new[name]).max()) < within
        assert np.isfinite(old[name].values).all()
    assert float(new["z"].sel(level=100.0)[0, 0, 0]) == pytest.approx(16_000.0, abs=0.01)


def test_coverage_is_told_and_never_extrapolated():
    ds = canonical(_plain())
    assert covers(ds, "2023-02-01T03", 45.0, 359.0, 20.0)
    assert not covers(ds, "2023-02-01T07", 45.0, 359.0, 20.0)
    assert not covers(ds, "2023-02-01T03", 45.0, 6.0, 20.0)
    assert not covers(ds, "2023-02-01T03", 45.0, 0.0, 5.0)
    with pytest.raises(OutOfCoverage, match=r"45\.00 0\.00 at 5 hPa.*1000 to 10 hPa"):
        require(ds, "2023-02-01T03", 45.0, 0.0, 5.0)


def test_subset_encloses_and_refuses():
    ds = canonical(_plain())
    part = subset(ds, area=(41, -6, 44, -1), levels_hpa=[100, 500])
    assert part["lat"].values.tolist() == [40.0, 45.0]
    assert part["lon"].values.tolist() == [-10.0, -5.0, 0.0]
    assert part["level"].values.tolist() == [500.0, 100.0]
    with pytest.raises(OutOfCoverage, match="70 hPa"):
        subset(ds, levels_hpa=[70])
    with pytest.raises(OutOfCoverage, match="30,-6,44,-1"):
        subset(ds, area=(30, -6, 44, -1))
    with pytest.raises(OutOfCoverage, match="2023-02-03"):
        subset(ds, end=datetime(2023, 2, 3, tzinfo=UTC))
    with pytest.raises(OutOfCoverage, match="one time holds at that time only"):
        subset(ds.isel(time=[0]), end=datetime(2023, 2, 1, 6, tzinfo=UTC))


def test_area_over_the_antimeridian_of_a_globe():
    lon = np.arange(0.0, 360.0, 30.0)
    ds = canonical(_plain().isel(longitude=[0] * 12).assign_coords(longitude=lon))
    assert subset(ds, area=(41, 160, 44, -160))["lon"].values.tolist() == [150.0, 180.0, 210.0]


def test_files_are_joined_in_time_and_gaps_told(tmp_path):
    ds = _plain()
    for name, days in (("b", 0), ("a", 1)):
        shifted = ds.assign_coords(time=ds["time"] + np.timedelta64(days, "D"))
        shifted.to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
    for source in (tmp_path, str(tmp_path / "*.nc"), [tmp_path / "a.nc", tmp_path / "b.nc"]):
        joined = open_winds(source)
        assert joined.sizes["time"] == 4
        assert np.all(np.diff(joined["time"]) > np.timedelta64(0))
        assert joined.attrs["gaps"].startswith("1: 2023-02-01T06:00Z to 2023-02-02T00:00Z")
        assert len(gaps(joined)) == 1
    with pytest.raises(InvalidInput, match="in two files"):
        open_winds([tmp_path / "a.nc", tmp_path / "a.nc"])


@pytest.mark.parametrize("suffix", ["nc3", "nc4", "zarr2", "zarr3"])
def test_forms_of_one_field_read_equal(tmp_path, suffix):
    ds = _plain()
    path = tmp_path / "winds.dat"
    if suffix.startswith("nc"):
        engine = {"nc3": "scipy", "nc4": "h5netcdf"}[suffix]
        ds.to_netcdf(path, engine=engine)
    else:
        ds.to_zarr(path, zarr_format=int(suffix[-1]), consolidated=False)
    xr.testing.assert_allclose(open_winds(path)[["u", "v"]].load(), canonical(ds)[["u", "v"]])


def test_members_stay_and_are_picked():
    ds = xr.concat([_plain(), _plain() * 2.0], "number").assign_coords(number=[3, 7])
    out = canonical(ds)
    assert out["u"].dims[0] == "member"
    assert len(members(out)) == 2
    assert members(canonical(_plain()))[0]["u"].dims == ("time", "level", "lat", "lon")


def test_broken_files_give_one_line(tmp_path):
    good = tmp_path / "good.nc"
    _plain().to_netcdf(good, engine="h5netcdf")
    cases = {
        "empty.nc": b"",
        "text.grib": b"this is no grib\n",
        "cut.nc": good.read_bytes()[: good.stat().st_size // 2],
        "fake.grib": b"GRIB\x00\x00\x00\x02" + b"\x00" * 50,
        "broken.json": b'[{"datetime": ',
        "nothing.json": b"[]",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidInput) as raised:
            open_winds(tmp_path / name)
        assert str(raised.value).startswith(name), str(raised.value)
        assert "\n" not in str(raised.value)
    for source in (tmp_path / "absent.nc", [], tmp_path / "*.zip"):
        with pytest.raises(InvalidInput):
            open_winds(source)


def test_what_was_opened_is_known_by_its_digest(shared_data):
    import hashlib

    from overflight.winds import open_winds

    for name in ("winds/era5_20221111T00-02_urals_kazakhstan.nc", "gfs/gfs_2p5deg_2011-01-10T12_f120.grib2"):
        path = shared_data / name
        assert open_winds(path).attrs["sha256"] == [hashlib.sha256(path.read_bytes()).hexdigest()]
