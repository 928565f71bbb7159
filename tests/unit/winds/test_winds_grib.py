"""GRIB1 and GRIB2 written here with ecCodes are read back, whatever their scanning order and level type."""

from __future__ import annotations

import eccodes
import numpy as np
import pytest

from overflight.errors import InvalidInput
from overflight.winds import open_winds


def _write(path, edition=2, levels=(1000, 500), north_first=True, members=(0,), names=("u", "v")):
    with path.open("wb") as out:
        for member in members:
            for name in names:
                for level in levels:
                    out.write(_message(edition, name, level, north_first, member))
    return path


def _message(edition, name, level, north_first, member):
    handle = eccodes.codes_grib_new_from_samples(f"regular_ll_pl_grib{edition}")
    lats = (50.0, 40.0) if north_first else (40.0, 50.0)
    keys = {"Ni": 4, "Nj": 3, "latitudeOfFirstGridPointInDegrees": lats[0], "latitudeOfLastGridPointInDegrees": lats[1]}
    keys |= {"longitudeOfFirstGridPointInDegrees": 350.0, "longitudeOfLastGridPointInDegrees": 5.0}
    keys |= {"iDirectionIncrementInDegrees": 5.0, "jDirectionIncrementInDegrees": 5.0}
    keys |= {"jScansPositively": 0 if north_first else 1, "dataDate": 20230201, "dataTime": 600}
    if member and edition == 2:
        keys = {"productDefinitionTemplateNumber": 1, "number": member} | keys
    keys |= {"shortName": name, "bitsPerValue": 24}
    for key, value in keys.items():
        eccodes.codes_set(handle, key, value)
    if level >= 1:
        eccodes.codes_set(handle, "level", int(level))
    else:
        eccodes.codes_set(handle, "typeOfLevel", "isobaricInPa")
        eccodes.codes_set(handle, "level", round(level * 100))
    rows = np.linspace(*lats, 3)
    values = rows[:, None] + np.arange(4) / 10.0 + level / 100.0 + member
    eccodes.codes_set_values(handle, (values if name == "u" else -values).ravel())
    message = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return message


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("north_first", [True, False])
def test_read_back(tmp_path, edition, north_first):
    ds = open_winds(_write(tmp_path / "a.bin", edition, north_first=north_first))
    assert ds["time"].values[0] == np.datetime64("2023-02-01T06")
    assert ds["lon"].values.tolist() == [-10.0, -5.0, 0.0, 5.0]
    assert ds["level"].values.tolist() == [1000.0, 500.0]
    expected = np.array([40.0, 45.0, 50.0])[:, None] + np.arange(4) / 10.0 + 5.0
    assert np.allclose(ds["u"].sel(level=500.0).values[0], expected, atol=1e-4)
    assert np.allclose(ds["v"].values, -ds["u"].values)
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_levels_under_one_hectopascal_beside_others(tmp_path):
    ds = open_winds(_write(tmp_path / "a.grib2", levels=(10, 1, 0.5)))
    assert ds["level"].values.tolist() == [10.0, 1.0, 0.5]
    assert float(ds["u"].sel(level=0.5, lat=40.0, lon=-10.0)[0]) == pytest.approx(40.005, abs=1e-4)


def test_members(tmp_path):
    path = _write(tmp_path / "a.grib2", members=(1, 2))
    assert open_winds(path)["u"].dims[0] == "member"
    two, one = (open_winds(path, member=k) for k in (2, 1))
    assert np.allclose(two["u"].values - one["u"].values, 1.0, atol=1e-4)
    with pytest.raises(InvalidInput, match="one of 1, 2"):
        open_winds(path, member=5)


def test_broken(tmp_path):
    whole = _write(tmp_path / "a.grib2").read_bytes()
    (tmp_path / "cut.grib2").write_bytes(whole[:-40])
    with pytest.raises(InvalidInput, match=r"cut\.grib2: GRIB: .* cut short"):
        open_winds(tmp_path / "cut.grib2")
    (tmp_path / "twice.grib2").write_bytes(whole + whole)
    with pytest.raises(InvalidInput, match="twice"):
        open_winds(tmp_path / "twice.grib2")
    with pytest.raises(InvalidInput, match="v beside"):
        open_winds(_write(tmp_path / "u.grib2", names=("u",)))
