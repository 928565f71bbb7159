"""Forecast cones of the watch: persistence over pole and antimeridian, outlines of few members, regions, due or not."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from overflight.geo import sphere
from overflight.serve.watch.ahead import Sky
from overflight.serve.watch.cone import by_persistence, offsets_h, outlooks, phase, radius2
from overflight.serve.watch.fleet import Standing
from overflight.serve.watch.marks import Marks

T0 = 1_700_000_000.0
HOURS = offsets_h(24.0)


def standing(lat, lon, east=0.0, north=0.0, altitude=15_000.0, rise=0.0, time=T0):
    lat, lon, east, north, altitude, rise = (
        np.atleast_1d(np.asarray(a, float)) for a in (lat, lon, east, north, altitude, rise)
    )
    n = max(a.size for a in (lat, lon, east, north, altitude, rise))
    full = [np.broadcast_to(a, n).copy() for a in (lat, lon, east, north, altitude, rise)]
    small = np.full(n, 1e-4)
    return Standing(
        slots=np.arange(n),
        tickets=np.arange(n),
        names=[f"b{i}" for i in range(n)],
        time=np.full(n, time),
        lat=full[0],
        lon=full[1],
        altitude_m=full[4],
        east_ms=full[2],
        north_ms=full[3],
        rise_ms=full[5],
        place_var=np.full(n, 100.0),
        speed_var=small,
        altitude_var=np.full(n, 100.0),
        rise_var=small,
    )


@pytest.mark.parametrize(
    ("lat", "lon", "east", "north"), [(0, 179.5, 30, 0), (89.0, 20, 0, 30), (-89.0, 0, 0, -30), (45, 8, -20, 10)]
)
def test_the_present_motion_is_held_along_a_great_circle_everywhere(lat, lon, east, north):
    cones = by_persistence(standing(lat, lon, east, north), HOURS, 400, 7)
    look = outlooks(cones)[0]
    speed, course = np.hypot(east, north), np.degrees(np.arctan2(east, north))
    k = int(np.searchsorted(HOURS, 3.0))
    there = sphere.move(lat, lon, course, speed * 3600.0 * HOURS[k])
    # The velocity's own walk leaves the mean of 400 members within 4 / sqrt(400) of their spread.
    assert sphere.distance_m(look.lat[k], look.lon[k], *there) < 0.2 * look.radius_m()[k] + 2_000.0
    assert (np.diff(look.radius_m()) > 0.0).all()


def test_outlines_are_sound_and_hold_their_share_over_antimeridian_and_pole():
    at = standing([0, 89.5, 45], [179.9, 0, 8], [30, 0, 5], [0, 20, 5])
    cones = by_persistence(at, HOURS, 300, 3)
    for i, look in enumerate(outlooks(cones)):
        found = look.to_geojson()
        assert len(found["features"]) == 2 * 25
        for feature in found["features"]:
            outline, told = shape(feature["geometry"]), feature["properties"]
            assert outline.bounds[0] >= -180.0
            assert outline.bounds[2] <= 180.0
            k = int(np.searchsorted(HOURS, told["hour"]))
            if told["hour"] < 1 or i == 1:  # as small as it is drawn; a ring about the pole is no chart
                continue
            inside = shapely.contains_xy(outline.buffer(0), cones.lon[i, :, k], cones.lat[i, :, k]).mean()
            assert abs(inside - told["percent"] / 100.0) < 0.09


def test_few_members_give_wider_outlines():
    many, few = radius2(0.9, 100_000), radius2(0.9, 10)
    assert many == pytest.approx(4.605, rel=1e-3)  # chi-squared of two degrees
    assert few == pytest.approx(2.0 * 99.0 / 80.0 * 3.113, rel=1e-3)  # F(2, 8) at 0.9 is 3.113 in tables


def test_a_sounding_comes_down_and_a_float_stays_up():
    at = standing([48, 48, 48], [11, 11, 11], altitude=[9_000, 9_000, 20_000], rise=[5.0, 0.0, -15.0])
    assert phase(at).tolist() == [1, 0, -1]
    cones = by_persistence(at, HOURS, 64, 1)
    aloft = np.isfinite(cones.lat).mean(axis=1)
    assert aloft[:, 0].tolist() == [1.0, 1.0, 1.0]
    assert aloft[0, -1] == 0.0
    assert aloft[1, -1] == 1.0
    assert aloft[2, -1] == 0.0
    top = np.nanmax(cones.altitude_m[0])
    assert 25_000 < top < 45_000


def test_regions_come_with_probability_and_times_in_their_order():
    at = standing([46.5, -45.0], [5.0, -125.0], east=[25.0, 0.0])
    cones = by_persistence(at, HOURS, 200, 5)
    first, second = Sky().entered(cones, 0.01)
    found = {row.region: row for row in first}
    assert found["FRA"].inside
    assert found["FRA"].probability == 1.0
    assert 0.9 < found["CHE"].probability <= 1.0
    assert not found["CHE"].inside
    p05, p50, p95 = (t - T0 for t in found["CHE"].enters_at)
    away = sphere.distance_m(46.5, 5.0, 46.5, 6.11)  # the border in the Jura, straight ahead
    assert p05 < p50 < p95
    assert p50 == pytest.approx(away / 25.0, rel=0.5)
    assert [row.enters_at[1] for row in first] == sorted(row.enters_at[1] for row in first)
    assert {row.region for row in second} == {"high seas"}


def test_a_forecast_is_due_when_it_is_old_or_left_and_not_before():
    at, marks = standing([45.0, 45.0], [8.0, 9.0], east=[20.0, 20.0]), Marks()
    assert marks.due(at, phase(at), 1_000.0, 600.0).tolist() == [0, 1]
    looks = outlooks(by_persistence(at, HOURS, 64, 1))
    marks.put(at, phase(at), 1_000.0, looks)

    def later(minutes, east):
        lat, lon = zip(
            *(sphere.move(45.0, x, 90.0, 60.0 * minutes * v) for x, v in zip((8.0, 9.0), east, strict=True)),
            strict=True,
        )
        return standing(lat, lon, east=20.0, time=T0 + 60.0 * minutes)

    straight = later(5, (20.0, 20.0))
    assert not marks.due(straight, phase(straight), 1_300.0, 600.0).size
    strayed = later(5, (20.0, 120.0))
    assert marks.due(strayed, phase(strayed), 1_300.0, 600.0).tolist() == [1]
    assert not marks.due(strayed, phase(strayed), 1_030.0, 600.0).size  # not so soon again
    old = later(11, (20.0, 20.0))
    assert marks.due(old, phase(old), 1_660.0, 600.0).tolist() == [0, 1]
    assert not marks.due(at, phase(at), 9_999.0, 600.0).size  # nothing new was heard
    falling = standing([45.0, 45.0], [8.0, 9.0], east=20.0, rise=[0.0, -20.0], time=T0)
    assert marks.due(falling, phase(falling), 1_100.0, 600.0).tolist() == [1]
    marks.expire()
    assert marks.due(straight, phase(straight), 1_300.0, 600.0).size == 2
