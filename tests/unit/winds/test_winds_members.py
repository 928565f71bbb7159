"""Members of a real ensemble, however their files hold them, come to one dimension ``member``."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from grib_files import write_grib

from overflight.errors import InvalidInput
from overflight.winds import members, open_winds
from overflight.winds.summary import summary


def _netcdf(path, number, hours=(0, 6), *, scalar=True):
    times = np.datetime64("2023-02-01", "ns") + np.array(hours) * np.timedelta64(3600, "s")
    lats, lons = [40.0, 45.0, 50.0], [0.0, 5.0]
    value = np.array(hours, float)[:, None, None, None] * np.ones((1, 2, 3, 2))
    coords = {"valid_time": times, "pressure_level": [500.0, 100.0], "latitude": lats, "longitude": lons}
    dims = tuple(coords)
    data = {name: (dims, sign * (value + 100.0 * number)) for name, sign in (("u", 1.0), ("v", -1.0))}
    ds = xr.Dataset(data, coords)
    ds = ds.assign_coords(number=number) if scalar else ds.expand_dims(number=[number])
    ds.to_netcdf(path, engine="h5netcdf")
    return path


def test_messages_of_many_members_in_one_grib_file(tmp_path):
    ds = open_winds(write_grib(tmp_path / "all.grib2", members=(2, 0, 1)))
    assert ds["u"].dims == ("member", "time", "level", "lat", "lon")
    assert ds["member"].values.tolist() == [0, 1, 2]
    values = ds["u"].sel(level=500.0, lat=40.0, lon=-10.0).values[:, 0]
    assert values.tolist() == pytest.approx([45.0, 46.0, 47.0], abs=1e-3)
    assert summary(ds)["members"] == "3, 0 to 2"


def test_a_grib_file_a_member_and_time(tmp_path):
    for member in (0, 1, 12):
        for hour in (0, 6):
            write_grib(tmp_path / f"m{member:02d}.f{hour:03d}", members=(member,), hour=hour)
    ds = open_winds(tmp_path)
    assert ds["u"].dims == ("member", "time", "level", "lat", "lon")
    assert ds["member"].values.tolist() == [0, 1, 12]
    assert ds.sizes["time"] == 2
    values = ds["u"].sel(level=1000.0, lat=45.0, lon=5.0).values[:, 1]
    assert values.tolist() == pytest.approx([55.3, 56.3, 67.3], abs=1e-3)
    one = open_winds(tmp_path, member=12)
    assert "member" not in one.dims
    assert float(one["u"].sel(level=1000.0, lat=45.0, lon=5.0)[0]) == pytest.approx(67.3, abs=1e-3)


def test_one_member_alone_is_plain_winds_that_know_their_number(tmp_path):
    for path in (write_grib(tmp_path / "a.grib2", members=(7,)), _netcdf(tmp_path / "b.nc", 7, scalar=False)):
        ds = open_winds(path)
        assert ds["u"].dims == ("time", "level", "lat", "lon")
        assert open_winds(path, member=7)["u"].shape == ds["u"].shape
        with pytest.raises(InvalidInput, match="one of 7"):
            open_winds(path, member=1)


@pytest.mark.parametrize("scalar", [True, False])
def test_netcdf_of_members_by_number(tmp_path, scalar):
    paths = [_netcdf(tmp_path / f"{n}.nc", n, scalar=scalar) for n in (3, 1, 2)]
    ds = open_winds(paths)
    assert ds["member"].values.tolist() == [1, 2, 3]
    assert ds["u"].isel(level=0, lat=0, lon=0).values.tolist() == [[100.0, 106.0], [200.0, 206.0], [300.0, 306.0]]
    assert [float(m["u"].max()) for m in members(ds)] == [106.0, 206.0, 306.0]


def test_control_and_perturbed_members_in_files_of_their_own(tmp_path):
    control = write_grib(tmp_path / "cf.grib2", members=(0,))
    perturbed = write_grib(tmp_path / "pf.grib2", members=(1, 2))
    assert open_winds([perturbed, control])["member"].values.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ([(1, (0, 6)), (2, (0,))], "members 1 2, at different times"),
        ([(1, (0, 6)), (1, (0, 6))], "2023-02-01T00:00Z in two files"),
    ],
)
def test_members_that_do_not_fit(tmp_path, files, text):
    paths = [_netcdf(tmp_path / f"{i}.nc", n, hours) for i, (n, hours) in enumerate(files)]
    with pytest.raises(InvalidInput, match=text):
        open_winds(paths)


def test_a_member_that_is_there_twice(tmp_path):
    both = write_grib(tmp_path / "a.grib2", members=(1, 2))
    with pytest.raises(InvalidInput, match="members 1 1 2, some twice"):
        open_winds([both, write_grib(tmp_path / "b.grib2", members=(1,))])
