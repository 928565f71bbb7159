"""What a notice has to say: taken from the track, stated, or asked for by name."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from notice_tracks import START, STATED, burst, floating, hours, notice

from overflight.errors import InvalidInput
from overflight.geo import atmosphere
from overflight.line.notices import KINDS, missing
from overflight.line.notices.content import LONG_DURATION, items
from overflight.line.notices.values import FL600_M, Level, Spot, When, place_text

REFERENCE = "me,it,2022-11-10T12:00:00-00:00"


def test_an_empty_notice_asks_for_every_item_of_its_list():
    asked = [item.paragraph for item in missing(KINDS["pre-launch"]())]
    assert asked == [f"5.1.2 {letter}" for letter in "abbcddefghijk"]
    assert [item.paragraph for item in missing(KINDS["launch"]())] == [f"5.2 {letter}" for letter in "abcde"]
    assert [item.paragraph for item in missing(KINDS["descent"]())] == ["6.4", "6.4", "6.4 a", "6.4 b", "6.4", "6.4 d"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_complete_with_what_the_options_and_a_flight_tell(kind):
    told = notice(burst(), kind, refers_to=REFERENCE)
    assert missing(told.content) == []
    assert told.content.identification == "TEST-1"


@pytest.mark.parametrize("name", ["identification", "operator", "phone", "transponder", "classification"])
def test_what_is_missing_is_asked_for_by_name(name):
    item = items(KINDS["pre-launch"])[name]
    with pytest.raises(InvalidInput, match=re.escape(f"got no {item.asks}, expected")) as refused:
        notice(burst(), "pre-launch", **{name: ""})
    assert f"give {item.option};" in str(refused.value)
    written = notice(burst(), "pre-launch", incomplete=True, **{name: ""})
    assert [lacking.asks for lacking in missing(written.content)] == [item.asks]


def test_moments_of_a_flight_are_those_of_its_closed_form():
    """5 m/s to 30 km and down again in 200 min, outputs each minute: each moment within a minute, 300 m."""
    of = notice(burst(), "pre-launch").content
    assert of.launch_time == START
    assert abs(of.passing.elapsed_s - atmosphere.geometric_m(FL600_M) / 5.0) <= 60.0
    assert of.passing.is_passed
    assert abs(of.cruising_level.pressure_altitude_m - atmosphere.geopotential_m(30_000.0)) <= 300.0
    assert round(of.direction.true_deg) == 90
    assert of.termination.when.q50 == START + timedelta(minutes=200)
    assert of.termination.share == 1.0
    down = notice(burst(), "descent").content
    assert abs(down.begin.q50 - hours(100 / 60)) <= timedelta(minutes=1)
    assert down.time == down.begin.q50 - timedelta(hours=1)
    falls = hours(200 / 60) - timedelta(seconds=float(atmosphere.geometric_m(FL600_M)) / 5.0)
    assert timedelta() <= falls + timedelta(minutes=1) - down.fl600.q50 <= timedelta(minutes=2)


def test_a_flight_that_stays_below_60_000_ft_reaches_its_level():
    of = notice(burst(top_m=12_000.0), "launch").content
    assert not of.passing.is_passed
    assert "TO REACH FL39" in str(of.passing)
    assert notice(burst(top_m=12_000.0), "descent").content.fl600 is None


def test_a_float_is_of_long_duration_and_no_descent_can_be_told():
    data = floating()
    assert notice(data, "position").content.termination == LONG_DURATION
    with pytest.raises(InvalidInput, match="the track does not tell: forecast time at which the descent begins"):
        notice(data, "descent")
    with pytest.raises(InvalidInput, match=r"give --site, --launch-time"):
        notice(data, "pre-launch")


def test_a_position_lies_where_the_track_is_at_that_time():
    at = hours(10) + timedelta(minutes=5)  # between two outputs
    of = notice(floating(), time=at).content
    assert of.time == at
    assert of.spot.lat == pytest.approx(52.2, abs=1e-3)
    assert of.spot.lon == pytest.approx(0.09 + 0.5 * (10 + 5 / 60), abs=1e-4)
    assert str(of.level) == "FL524"  # 16,000 m of geometric height are 15,960 m in the standard atmosphere


@pytest.mark.parametrize("at", [hours(-1), hours(31)])
def test_a_time_at_which_nothing_flies_is_refused(at):
    with pytest.raises(InvalidInput, match=r"--at: got .*, expected a time at which a member of the track flies"):
        notice(floating(), time=at)


def test_a_hindcast_a_track_without_heights_and_a_wrong_reference_are_refused():
    data = floating()
    with pytest.raises(InvalidInput, match="tracks: got a hindcast"):
        notice(data.assign_attrs(direction="backward"))
    flat = data.drop_vars("pressure").assign(altitude=data["altitude"] * float("nan"))
    with pytest.raises(InvalidInput, match="tracks: got no heights"):
        notice(flat)
    with pytest.raises(InvalidInput, match="--refers-to: got 'x y'"):
        notice(data, refers_to="x y")
    with pytest.raises(InvalidInput, match="kind: got 'party'"):
        notice(data, "party")
    with pytest.raises(InvalidInput, match="status: got 'Real'"):
        notice(data, status="Real")


def test_pressure_in_hectopascals_is_the_same_level_and_without_a_unit_height_is_taken():
    data = floating()
    milli = data.assign(pressure=(data["pressure"] / 100).assign_attrs(units="hPa"))
    assert notice(milli).content.level.pressure_altitude_m == pytest.approx(
        notice(data).content.level.pressure_altitude_m, abs=0.1
    )
    bare = notice(data.assign(pressure=data["pressure"].assign_attrs(units="torr")))
    assert not bare.course.has_pressure
    assert str(bare.content.level) == "FL524"


@pytest.mark.parametrize(
    ("lat", "lon", "text"),
    [
        (52.2, 0.09, "5212N 00005E"), (-0.001, -0.001, "0000N 00000E"), (-90.0, 180.0, "9000S 18000W"),
        (59.9999, -179.9999, "6000N 18000W"), (89.995, 12.5, "9000N 01230E"),
    ],
)  # fmt: skip
def test_places_are_said_to_the_minute(lat, lon, text):
    assert place_text(lat, lon) == text


def test_values_are_said_in_units_of_aviation():
    assert str(Level(10_000.0)) == "FL328"
    assert str(Level(-20.0)) == "FL000"
    assert str(Spot(10.0, 20.0, 1852.0 * 3)) == "1000N 02000E WITHIN 3 NM (90 PER CENT)"
    night = When(hours(20), hours(20.5), hours(22))
    assert str(night) == "11 NOV 2022 2330 UTC (90 PER CENT 2300 TO 12 0100)"
    assert STATED["identification"] in str(notice(floating()).name)
