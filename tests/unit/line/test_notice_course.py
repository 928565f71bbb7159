"""The course that notices state, and who is to be told of it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import shapely
import xarray as xr
from notice_tracks import NO_FIR, START, burst, floating, hours, notice, over_the_pole, services, told, track

from overflight.airspace import Region, ledger
from overflight.airspace.arrange import arrange
from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.line.notices import recipients
from overflight.line.notices.course import course_of, flown
from overflight.line.notices.recipients import DISPUTED, SERVICE, STATE


def test_central_place_and_spread_are_those_of_the_members():
    """Twenty members evenly over 0.1 degree of latitude: nine in ten within 0.05 * 0.9 of the middle, by quantile."""
    fix = course_of(flown(floating())).fixes[7]
    assert fix.spot.lat == pytest.approx(52.2, abs=1e-4)
    reach = np.quantile(0.05 * np.abs(np.linspace(-1, 1, 20)), 0.9)
    assert fix.spot.radius_m == pytest.approx(np.radians(reach) * sphere.EARTH_RADIUS_M, rel=1e-3)
    assert fix.flying == 20


def test_positions_are_stated_every_two_hours_and_oftener_on_a_short_flight():
    times = [fix.time for fix in notice(floating()).course.positions]
    assert times == [hours(2 * k) for k in range(16)]
    short = [fix.time for fix in notice(burst(), "launch").course.positions]
    assert short[:3] == [START, START + timedelta(minutes=30), START + timedelta(minutes=60)]
    assert short[-1] == START + timedelta(minutes=200)


def test_extremes_of_a_climb_lie_outside_its_levels():
    fixes = course_of(flown(burst())).fixes
    top = max(fix.highest.pressure_altitude_m for fix in fixes)
    assert top >= max(fix.level.pressure_altitude_m for fix in fixes)
    assert all(
        f.lowest.pressure_altitude_m <= f.level.pressure_altitude_m <= f.highest.pressure_altitude_m for f in fixes
    )


def test_members_that_start_apart_in_time_have_fixes_at_their_own_times():
    data = floating(members=2, hours=4, spread=0.0)
    later = data["time"].values + np.timedelta64(2, "h")
    data = data.assign_coords(time=(("trajectory", "obs"), np.stack([data["time"].values, later])))
    fixes = course_of(flown(data)).fixes
    assert [f.flying for f in fixes if f.time in (START, hours(3), hours(5))] == [1, 2, 1]
    assert fixes[-1].time == hours(6)
    middle = next(f for f in fixes if f.time == hours(3))
    assert middle.spot.lon == pytest.approx(0.09 + 0.5 * 2, abs=1e-3)  # one is 3 h on its way, the other 1 h


def test_a_member_whose_times_end_flies_no_longer():
    """Each with times of its own, the second without any after two hours."""
    data = floating(members=2, hours=4, spread=0.0)
    times = np.stack([data["time"].values] * 2)
    times[1, 13:] = np.datetime64("NaT")
    places = {name: data[name].where(xr.DataArray(~np.isnat(times), dims=data["lat"].dims)) for name in ("lat", "lon")}
    data = data.assign(places).assign_coords(time=(("trajectory", "obs"), times))
    fixes = course_of(flown(data)).fixes
    assert [f.flying for f in fixes if f.time in (hours(1), hours(2), hours(3))] == [2, 2, 1]


def test_a_single_output_is_a_course_too():
    one = course_of(flown(track([[10.0]], [[20.0]], [[15_000.0]], [0.0])))
    assert len(one.fixes) == 1
    assert one.positions == one.fixes


@pytest.mark.parametrize(
    "data", [floating(lon=179.0), over_the_pole(), over_the_pole(south=True)], ids=["180", "N", "S"]
)
def test_the_course_goes_on_over_the_antimeridian_and_the_poles(data):
    fixes = course_of(flown(data)).fixes
    lat, lon = (np.array([getattr(f.spot, n) for f in fixes]) for n in ("lat", "lon"))
    legs = sphere.distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
    assert legs.max() < 1.05 * legs.min()
    assert max(fix.spot.radius_m for fix in fixes) < 7_000.0


def test_who_is_told_stands_in_the_order_of_entry_with_states_and_services():
    data = floating()
    found = told(data, services=services(data))
    assert found.missing == ""
    assert {one.kind for one in found.told} == {STATE, SERVICE}
    entries = [one.entry.q05 for one in found.told]
    assert entries == sorted(entries)
    assert [one.id for one in found.services] == ["AAAA", "BBBB"]
    crossing = START + timedelta(hours=(5.0 - 0.09) / 0.5)
    assert abs(found.services[1].entry.q50 - crossing) < timedelta(minutes=1)


def test_only_those_above_the_probability_are_told_and_few_members_leave_others_near():
    """One member of twenty goes south of the Channel, over France alone."""
    data = floating(lat=49.0, lon=2.0, hours=2)
    lat = data["lat"].values.copy()
    lat[1:] = -40.0  # the rest fly over the South Atlantic
    data = data.assign(lat=(data["lat"].dims, lat))
    at_five, at_six = told(data, tell=0.05), told(data, tell=0.06)
    assert [one.id for one in at_five.told] == ["FRA"]
    assert at_six.told == ()
    assert [one.id for one in at_six.near] == ["FRA"]
    assert at_six.near[0].probability == 0.05
    assert told(data, tell=0.3).near == ()


@pytest.mark.parametrize("tell", [0.0, -1.0, 1.1, float("nan")])
def test_a_probability_that_is_none_is_refused(tell):
    with pytest.raises(InvalidInput, match="tell: got"):
        told(floating(hours=1), tell=tell)


def test_without_regions_of_flight_information_it_says_how_to_get_them():
    assert told(floating(hours=1)).missing == NO_FIR
    assert told(floating(hours=1)).services == ()


def test_a_disputed_area_names_every_party():
    area = Region(id="area", name="An area", kind="disputed", administered_by="AAA", claimed_by=("BBB", "CCC"))
    layer = arrange([area], np.array([shapely.box(-1, 50, 3, 54)]))
    (found,) = recipients(ledger(floating(hours=2), layer), NO_FIR, tell=0.05).told
    assert found.kind == DISPUTED
    assert found.parties == "administered by AAA; claimed by BBB, CCC"


def test_a_position_concerns_those_still_ahead():
    data = floating()
    everyone = {one.id for one in notice(data, time=START).recipients.told}
    ahead = {one.id for one in notice(data, time=hours(20)).recipients.told}
    assert "GBR" in everyone - ahead
    assert ahead
    assert notice(data, time=hours(20)).course.fixes[0].time == hours(20)


def test_nobody_is_told_of_the_high_seas():
    data = floating(lat=-40.0, lon=-20.0, hours=2)
    assert recipients(ledger(data), NO_FIR, tell=0.01).told == ()
