"""Whatever the order and turn of the axes, the same wind stands at the same place."""

from __future__ import annotations

import numpy as np
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from overflight.winds import canonical, covers, subset

LEVELS = np.array([1000.0, 850.0, 500.0, 100.0, 10.0])


def _wind(lat, lon, level):
    return np.cos(np.radians(lon)) * 20.0 + lat / 10.0 + np.log(level)


@settings(max_examples=40, deadline=None)
@given(
    levels=st.permutations(range(5)),
    north_first=st.booleans(),
    west=st.integers(-360, 359),
    columns=st.integers(2, 36),
    in_pa=st.booleans(),
    dims=st.permutations(["time", "plev", "lat", "lon"]),
)
def test_order_and_turn_do_not_matter(levels, north_first, west, columns, in_pa, dims):
    lat = np.linspace(-60.0, 60.0, 7)[:: -1 if north_first else 1]
    lon = west + 10.0 * np.arange(columns)
    level = LEVELS[list(levels)]
    u = _wind(lat[:, None], lon, level[:, None, None])[None]
    ds = xr.Dataset(dict.fromkeys("uv", (("time", "plev", "lat", "lon"), u))).transpose(*dims)
    ds = ds.assign_coords(
        time=np.array(["2023-01-01"], "datetime64[ns]"),
        lat=lat,
        lon=lon,
        plev=("plev", level * (100.0 if in_pa else 1.0), {"units": "Pa" if in_pa else "hPa"}),
    )
    out = canonical(ds)
    assert np.all(np.diff(out["level"]) < 0)
    assert np.all(np.diff(out["lat"]) > 0)
    assert np.all(np.diff(out["lon"]) > 0)
    assert -180.0 <= float(out["lon"][0]) < 180.0
    expected = _wind(out["lat"].values[:, None], out["lon"].values, out["level"].values[:, None, None])
    assert np.allclose(out["u"].values[0], expected, atol=1e-4)
    assert covers(out, out["time"].values[0], 0.0, lon[0], 50.0)


@settings(max_examples=40, deadline=None)
@given(west=st.floats(-180, 179), width=st.floats(0.1, 181), south=st.floats(-80, 70), height=st.floats(0, 15))
def test_a_part_of_the_globe_encloses_what_was_asked(west, width, south, height):
    lat, lon = np.linspace(-90.0, 90.0, 19), np.arange(0.0, 360.0, 15.0)
    u = np.broadcast_to(_wind(lat[:, None], lon, 100.0), (1, 1, 19, 24))
    ds = xr.Dataset(
        dict.fromkeys("uv", (("time", "level", "lat", "lon"), u)),
        {"time": np.array(["2023-01-01"], "datetime64[ns]"), "level": [100.0], "lat": lat, "lon": lon},
    )
    part = subset(canonical(ds), area=(south, west, south + height, west + width))
    assert np.all(np.diff(part["lon"]) > 0)
    when = part["time"].values[0]
    for y, x in ((south, west), (south + height, west + width), (south, west + width / 2)):
        assert covers(part, when, y, x, 100.0)
    assert np.allclose(part["u"].values[0, 0], _wind(part["lat"].values[:, None], part["lon"].values, 100.0), atol=1e-4)
