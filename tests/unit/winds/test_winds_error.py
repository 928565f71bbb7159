"""The error model's table, its refusals, and a drawn field's size and correlations against the formulas."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from overflight.errors import InvalidInput
from overflight.winds import WindError, perturbation_field


def test_table_is_read_at_nodes_between_and_beyond():
    error = WindError()
    assert float(error.sd(100.0, 30.0)) == pytest.approx(2.8)
    assert float(error.sd(100.0, -30.0)) == pytest.approx(2.8)
    assert float(error.sd(np.sqrt(100.0 * 50.0), 30.0)) == pytest.approx(2.65)
    assert float(error.sd(100.0, 45.0)) == pytest.approx(2.55)
    assert float(error.sd(1050.0, 0.0)) == pytest.approx(2.2)
    assert float(error.sd(0.5, 90.0)) == pytest.approx(4.8)
    assert error.sd(np.full((3, 1), 20.0), np.zeros(4)).shape == (3, 4)
    assert float(error.scaled(2.0).sd(100.0, 30.0)) == pytest.approx(5.6)


@pytest.mark.parametrize(
    "change",
    [
        {"slow_share": 1.5},
        {"tail_dof": 2.0},
        {"slow_time_s": float("nan")},
        {"latitudes": (0.0, 90.0)},
        {"levels_hpa": (5.0, 20.0, 50.0, 100.0, 250.0, 500.0, 1000.0)},
    ],
)
def test_nonsense_is_refused(change):
    with pytest.raises(InvalidInput):
        WindError(**change)


def _still():
    times = np.datetime64("2023-01-01", "ns") + np.arange(0, 25, 6) * np.timedelta64(3600, "s")
    coords = {
        "time": times,
        "level": [120.0, 100.0, 50.0],
        "lat": [-90.0, 0.0, 60.0, 90.0],
        "lon": np.arange(-180.0, 180.0, 5.0),
    }
    zero = np.zeros((5, 3, 4, 72), np.float32)
    return xr.Dataset(dict.fromkeys("uv", (("time", "level", "lat", "lon"), zero)), coords)


def _correlation(a, b):
    return float((a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean()))


def test_field_has_the_stated_size_and_correlations():
    ds, error = _still(), WindError(tail_dof=np.inf)
    drawn = [perturbation_field(ds, error, seed=3, member=m) for m in range(120)]
    u, v = (np.array([d[q].values for d in drawn]) for q in "uv")
    expected = error.sd(ds["level"].values[:, None], ds["lat"].values)
    assert np.allclose(np.sqrt((u * u).mean(axis=(0, 1, 4))) / expected, 1.0, atol=0.15)
    assert _correlation(u[:, :, 0], u[:, :, 1]) == pytest.approx(np.exp(-np.log(1.2) / error.depth_ln_p), abs=0.05)
    equator = u[:, :, :, 1]
    assert _correlation(equator[..., 1:], equator[..., :-1]) == pytest.approx(np.exp(-0.5 * (556 / 500) ** 2), abs=0.05)
    # The antimeridian is no seam.
    assert _correlation(equator[..., 0], equator[..., -1]) == pytest.approx(0.539, abs=0.1)
    slow, wave = 0.25 * np.exp(-6 / 36), 0.75 * np.exp(-6 / 12)
    assert _correlation(equator[:, 1:], equator[:, :-1]) == pytest.approx(slow + wave, abs=0.05)
    turn = 1.2 * 2 * 7.292115e-5 * np.sin(np.radians(60.0)) * 21_600
    north = u[:, :, :, 2]
    assert _correlation(north[:, 1:], north[:, :-1]) == pytest.approx(slow + wave * np.cos(turn), abs=0.06)
    # At the pole one vector is seen along all meridians.
    lon = np.radians(ds["lon"].values)
    x = -u[0, 0, 0, 3] * np.sin(lon) - v[0, 0, 0, 3] * np.cos(lon)
    assert np.ptp(x) < 1e-4


def test_draws_are_keyed_and_tails_are_heavy():
    ds, error = _still(), WindError()
    one, again, other = (perturbation_field(ds, error, seed=s, member=4) for s in (1, 1, 2))
    xr.testing.assert_identical(one, again)
    assert float(np.abs(one["u"] - other["u"]).max()) > 0.5
    small = ds.isel(time=[0], level=[1], lat=[1], lon=[0])
    draws = np.array([float(perturbation_field(small, error, seed=1, member=m)["u"].squeeze()) for m in range(600)])
    assert np.median(np.abs(draws)) / float(error.sd(100.0, 0.0)) < 0.65
    assert float(one["u"].attrs == {}) == 1.0
