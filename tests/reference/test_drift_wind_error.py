"""The engine's wind error by Monte Carlo against the closed forms of its displacement."""

import numpy as np
import pytest
from checks import page, wind_error
from checks.wind_error import HORIZONS_H, LATITUDES, MEDIAN, MEMBERS, PLAIN, SHRUNK, TURNING, rms_m

MEDIAN_ERROR = np.sqrt(1.0 / MEMBERS) / (2.0 * np.log(2.0))
"""Standard error of the median of a Rayleigh distribution, over the median: 1 / (2 f m sqrt(n)), f m = ln 2."""
RMS_ERROR = 0.5 / np.sqrt(MEMBERS)
"""The same for the rms of two Gaussian components."""

ANCHORS_KM = {
    (2.5, 3.0): (10, 48, 78, 119, 174, 216, 281, 400),
    (3.0, 6.0): (12, 65, 115, 187, 285, 358, 470, 674),
    (3.5, 10.5): (15, 81, 150, 259, 417, 533, 711, 1030),
}
TURNING_KM = {0.0: (230, 647), 10.0: (205, 462), 30.0: (107, 215), 45.0: (82, 156), 60.0: (67, 129)}


@pytest.fixture(scope="module")
def plain():
    return wind_error.plain()


@pytest.fixture(scope="module")
def shrunk():
    return wind_error.by_latitude(SHRUNK)


@pytest.mark.parametrize("pair", PLAIN, ids=str)
def test_the_closed_forms_are_the_anchors(pair):
    found = [MEDIAN * rms_m(*pair, h) / 1e3 for h in HORIZONS_H]
    assert found == pytest.approx(ANCHORS_KM[pair], abs=0.5)  # whole kilometres


@pytest.mark.parametrize("lat", LATITUDES)
def test_the_closed_forms_by_latitude_are_the_anchors(lat):
    found = [MEDIAN * rms_m(*TURNING, h, lat) / 1e3 for h in (24, 120)]
    assert found == pytest.approx(TURNING_KM[lat], abs=0.7)


@pytest.mark.parametrize("pair", PLAIN, ids=str)
def test_displacement_grows_with_time_as_its_size_and_correlation_time_say(plain, pair):
    for hours in HORIZONS_H:
        apart, closed = plain[pair][:, hours], rms_m(*pair, hours)
        assert np.median(apart) / (MEDIAN * closed) == pytest.approx(1.0, abs=3.0 * MEDIAN_ERROR), hours
        assert np.sqrt(np.mean(apart**2) / 2.0) / closed == pytest.approx(1.0, abs=3.0 * RMS_ERROR), hours


@pytest.mark.parametrize("lat", LATITUDES)
@pytest.mark.parametrize("hours", [24, 120])
def test_an_error_that_turns_displaces_less_at_higher_latitude(shrunk, lat, hours):
    apart, closed = shrunk[lat][:, hours], rms_m(*TURNING, hours, lat)
    assert np.median(apart) / (MEDIAN * closed) == pytest.approx(1.0, abs=3.0 * MEDIAN_ERROR)
    assert np.sqrt(np.mean(apart**2) / 2.0) / closed == pytest.approx(1.0, abs=3.0 * RMS_ERROR)


def test_it_turns_clockwise_in_the_north_and_the_other_way_in_the_south():
    """Of one member's error: the displacement in the first hours, and its turning after them."""
    from checks.numerics import START

    from overflight.drift import Release, Settings, simulate
    from overflight.flight import float_at_pressure

    def turning(lat):
        error = wind_error.error_of(0.03, 1000.0, turning=True)  # it keeps its size, so only turning is left
        release, flight = Release(time=START, lat=lat, lon=0.0), float_at_pressure(100_000.0)
        out = simulate(wind_error.still(), flight, release, hours=6.0, members=20, seed=1,
                       settings=Settings(wind_error=error))  # fmt: skip
        track = out["lon"].values * np.cos(np.radians(lat)) + 1j * (out["lat"].values - lat)
        step = np.diff(track, axis=1)
        return np.angle(step[:, 1:] / step[:, :-1])

    north, south = turning(45.0), turning(-45.0)
    expected = 2.0 * 7.292115e-5 * np.sin(np.radians(45.0)) * 3600.0
    assert np.median(north) == pytest.approx(-expected, rel=0.05)
    assert np.median(south) == pytest.approx(expected, rel=0.05)


def test_the_tables_in_the_documentation_are_what_comes_out(plain, shrunk):
    assert page.alike(wind_error.plain_rows(plain), page.documented("wind error"), relative=0.01)
    found = wind_error.latitude_rows(shrunk, wind_error.by_latitude(1.0))
    assert page.alike(found, page.documented("wind error by latitude"), relative=0.01)
