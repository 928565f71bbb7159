"""GRIB1 and GRIB2 written here with ecCodes are read back, whatever their scanning order and level type."""

from __future__ import annotations

import eccodes
import numpy as np
import pytest
from grib_files import write_grib

from overflight.errors import InvalidInput
from overflight.winds import open_winds


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("north_first", [True, False])
def test_read_back(tmp_path, edition, north_first):
    ds = open_winds(write_grib(tmp_path / "a.bin", edition, north_first=north_first))
    assert ds["time"].values[0] == np.datetime64("2023-02-01T06")
    assert ds["lon"].values.tolist() == [-10.0, -5.0, 0.0, 5.0]
    assert ds["level"].values.tolist() == [1000.0, 500.0]
    expected = np.array([40.0, 45.0, 50.0])[:, None] + np.arange(4) / 10.0 + 5.0
    assert np.allclose(ds["u"].sel(level=500.0).values[0], expected, atol=1e-4)
    assert np.allclose(ds["v"].values, -ds["u"].values)
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_levels_under_one_hectopascal_beside_others(tmp_path):
    ds = open_winds(write_grib(tmp_path / "a.grib2", levels=(10, 1, 0.5)))
    assert ds["level"].values.tolist() == [10.0, 1.0, 0.5]
    assert float(ds["u"].sel(level=0.5, lat=40.0, lon=-10.0)[0]) == pytest.approx(40.005, abs=1e-4)


def test_members(tmp_path):
    path = write_grib(tmp_path / "a.grib2", members=(1, 2))
    assert open_winds(path)["u"].dims[0] == "member"
    two, one = (open_winds(path, member=k) for k in (2, 1))
    assert np.allclose(two["u"].values - one["u"].values, 1.0, atol=1e-4)
    with pytest.raises(InvalidInput, match="one of 1, 2"):
        open_winds(path, member=5)


def test_broken(tmp_path):
    whole = write_grib(tmp_path / "a.grib2").read_bytes()
    (tmp_path / "cut.grib2").write_bytes(whole[:-40])
    with pytest.raises(InvalidInput, match=r"cut\.grib2: GRIB: .* cut short"):
        open_winds(tmp_path / "cut.grib2")
    (tmp_path / "twice.grib2").write_bytes(whole + whole)
    with pytest.raises(InvalidInput, match="twice"):
        open_winds(tmp_path / "twice.grib2")
    with pytest.raises(InvalidInput, match="v beside"):
        open_winds(write_grib(tmp_path / "u.grib2", names=("u",)))


def write_sample(path, sample, field):
    """Write u and v at 500 and 100 hPa on the grid of one of ecCodes' samples; ``field`` gives its values."""
    with path.open("wb") as out:
        for level in (500, 100):
            for name, sign in (("u", 1.0), ("v", -1.0)):
                handle = eccodes.codes_grib_new_from_samples(sample)
                # The sample of GRIB1 has no values, and without any ecCodes gives no latitudes.
                eccodes.codes_set_values(handle, np.arange(float(eccodes.codes_get(handle, "numberOfDataPoints"))))
                for key, value in {"dataDate": 20230201, "shortName": name, "level": level, "bitsPerValue": 24}.items():
                    eccodes.codes_set(handle, key, value)
                values = field(handle)
                eccodes.codes_set_values(handle, sign * values)
                out.write(eccodes.codes_get_message(handle))
                eccodes.codes_release(handle)
    return path


def _tilted(handle):
    """Latitude and a thousandth of longitude, in rows from the north."""
    lat = np.sort(eccodes.codes_get_array(handle, "distinctLatitudes"))[::-1]
    lon = np.linspace(
        0.0, eccodes.codes_get(handle, "longitudeOfLastGridPointInDegrees"), eccodes.codes_get(handle, "Ni")
    )
    return (lat[:, None] + lon / 1000.0).ravel()


@pytest.mark.parametrize("edition", [1, 2])
def test_a_gaussian_grid(tmp_path, edition):
    path = write_sample(tmp_path / "g.grib", f"regular_gg_pl_grib{edition}", _tilted)
    ds = open_winds(path)
    lat, lon = ds["lat"].values, ds["lon"].values
    assert lat.size > 32
    assert 85.0 < lat[-1] < 90.0
    assert np.ptp(np.diff(lat)) > 0.0
    expected = lat[:, None] + (lon % 360.0) / 1000.0
    assert np.allclose(ds["u"].sel(level=100.0).values[0], expected, atol=1e-3)


def test_a_grid_that_is_no_rows_is_refused(tmp_path):
    path = write_sample(
        tmp_path / "r.grib2", "reduced_gg_pl_32_grib2", lambda handle: eccodes.codes_get_array(handle, "latitudes")
    )
    with pytest.raises(InvalidInput, match=r"r\.grib2: grid: got reduced_gg, expected .*; regrid first"):
        open_winds(path)


def test_masked_points_are_missing(tmp_path):
    path = write_grib(tmp_path / "a.grib2")
    with path.open("rb") as stream:
        handles = [eccodes.codes_grib_new_from_file(stream) for _ in range(4)]
    with path.open("wb") as out:
        for handle in handles:
            values = eccodes.codes_get_values(handle)
            eccodes.codes_set(handle, "missingValue", 9999.0)
            eccodes.codes_set(handle, "bitmapPresent", 1)
            values[5] = 9999.0
            eccodes.codes_set_values(handle, values)
            out.write(eccodes.codes_get_message(handle))
            eccodes.codes_release(handle)
    ds = open_winds(path)
    assert ds.attrs["missing"] == "2 of 24 winds are missing"
    assert int(np.isnan(ds["u"].values).sum()) == 2
    assert np.isnan(ds["u"].sel(level=500.0, lat=45.0, lon=-5.0)).all()
