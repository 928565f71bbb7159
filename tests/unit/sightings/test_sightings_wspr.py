"""Locators, the telemetry of pico balloons, and spots of WSPR."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import source

from overflight.errors import InvalidInput
from overflight.sightings import u4b, wspr
from overflight.sightings.locator import cell, ellipse, locator_of

HEAD = "time,band,rx_sign,rx_loc,tx_sign,tx_loc,frequency,power\n"


def spot(time, sign, loc, power=13, hertz=14_097_060, rx="K1ABC"):
    return f"{time},14,{rx},FN42,{sign},{loc},{hertz},{power}\n"


@pytest.mark.parametrize(
    ("lat", "lon", "locator"),
    [
        # Worked examples of the test suite of WsprEncoded.
        (40.738059, -74.036227, "FN20XR"),
        (-26.301960, -66.709667, "FG63PQ"),
        (-31.951585, 115.824861, "OF78VB"),
        (10.813707, 106.609537, "OK30HT"),
        (-90.0, -180.0, "AA00AA"),
        (90.0, 180.0, "RR99XX"),
        # Munich's, by hand: 191.6 of 20 degrees is J and 11.6, of 2 degrees 5 and 1.6, of 5 minutes 19 (T).
        (48.14666, 11.60833, "JN58TD"),
    ],
)
def test_locators_of_places(lat, lon, locator):
    assert locator_of(lat, lon) == locator
    where = cell(locator)
    assert abs(where.lat - lat) <= where.height_deg / 2 + 1e-9
    assert abs(where.lon - lon) <= where.width_deg / 2 + 1e-9


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180), characters=st.sampled_from([4, 6, 8, 10]))
def test_a_place_lies_in_its_cell(lat, lon, characters):
    where = cell(locator_of(lat, lon, characters).swapcase())
    assert abs(where.lat - lat) <= where.height_deg / 2 + 1e-9
    assert abs(where.lon - lon) <= where.width_deg / 2 + 1e-9
    assert locator_of(where.lat, where.lon, characters) == locator_of(lat, lon, characters)


@pytest.mark.parametrize(
    ("locator", "height_deg"), [("FN31", 1.0), ("FN31pr", 1 / 24), ("FN31pr21", 1 / 240), ("FN31pr21xa", 1 / 5760)]
)
def test_the_error_is_that_of_an_even_chance_in_the_cell(locator, height_deg):
    where = cell(locator)
    wide = ellipse(where)
    assert where.height_deg == pytest.approx(height_deg)
    assert wide.minor_sd_m == pytest.approx(111_195 * height_deg / 12**0.5, rel=1e-4)
    assert wide.azimuth_deg == 90.0  # twice as many degrees of longitude, wider below 60 degrees of latitude


@pytest.mark.parametrize(
    "bad", ["", "FN3", "FN31p", "SN31", "FN31yx", "F131", "FN3\N{ARABIC-INDIC DIGIT ONE}", "FN31pr21xaa"]
)
def test_what_is_no_locator(bad):
    with pytest.raises(InvalidInput, match="locator"):
        cell(bad)


MESSAGES = [
    # Messages and their meaning as the test suite of WsprEncoded (traquito) states them.
    (("1Y4PAS", "HK08", 10), ("14", "XR", 1000.0, -12, 4.95, 0, True)),
    (("QX7DGS", "JQ97", 33), ("Q7", "WR", 3000.0, 0, 3.20, 10, False)),
    (("0X2FDM", "MI65", 27), ("02", "WS", 7000.0, 13, 3.00, 60, True)),
]


@pytest.mark.parametrize(("message", "meaning"), MESSAGES)
def test_published_telemetry(message, meaning):
    told = u4b.decode(*message)
    assert told is not None
    got = (
        told.channel,
        told.subsquare,
        told.altitude_m,
        told.temperature_c,
        told.voltage_v,
        told.speed_kn,
        told.has_fix,
    )
    assert got == meaning
    assert u4b.encode(told) == message


@given(
    channel=st.tuples(st.sampled_from("01Q"), st.sampled_from("0123456789")).map("".join),
    subsquare=st.text("ABCDEFGHIJKLMNOPQRSTUVWX", min_size=2, max_size=2),
    altitude=st.integers(0, 1067),
    temperature=st.integers(-50, 39),
    voltage=st.integers(0, 39),
    speed=st.integers(0, 41),
    has_fix=st.booleans(),
)
def test_telemetry_comes_back(channel, subsquare, altitude, temperature, voltage, speed, has_fix):
    told = u4b.Telemetry(
        channel=channel, subsquare=subsquare, altitude_m=20.0 * altitude, temperature_c=temperature,
        voltage_v=round(3.0 + 0.05 * voltage, 2), speed_kn=2 * speed, has_fix=has_fix,
    )  # fmt: skip
    assert u4b.decode(*u4b.encode(told)) == told


@pytest.mark.parametrize(
    ("name", "value"), [("altitude_m", 21_360.0), ("altitude_m", -20.0), ("temperature_c", 40), ("voltage_v", 5.1),
                        ("speed_kn", 86), ("channel", "X1"), ("subsquare", "ZZ")]
)  # fmt: skip
def test_what_telemetry_cannot_say(name, value):
    fields = {"channel": "14", "subsquare": "XR", "altitude_m": 0.0, "temperature_c": 0, "voltage_v": 3.0,
              "speed_kn": 0, "has_fix": True}  # fmt: skip
    with pytest.raises(InvalidInput):
        u4b.encode(u4b.Telemetry(**{**fields, name: value}))


def test_a_pair_of_messages_is_one_sighting_in_the_small_cell():
    read = wspr.parse(source(
        HEAD + spot("2023-02-10 22:38:00", "K9YO", "AO57") + spot("2023-02-10 22:38:00", "K9YO", "AO57", rx="W6LVP")
        + spot("2023-02-10 22:40:00", "1Y4PAS", "HK08", 10, 14_097_062)
    ))  # fmt: skip
    ((line, seen),) = read.rows
    assert (line, seen.source, seen.object_label, seen.kind) == (2, "K9YO", "K9YO", "wspr")
    assert seen.time == datetime(2023, 2, 10, 22, 38, tzinfo=UTC)
    where = cell("AO57XR")
    assert (seen.lat, seen.lon) == (where.lat, where.lon)
    assert seen.ellipse == ellipse(where)
    assert seen.altitude is not None
    assert (seen.altitude.value_m, seen.altitude.reference) == (1000.0, "geometric")
    assert "heard by 2" in seen.note
    assert "-12 C, 4.95 V, 0 kn, channel 14" in seen.note
    assert read.passed_over == {"further spots of a transmission": 1}


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (spot("2023-02-10 22:40:00", "1Y4PAS", "HK08", 10, 14_097_110), "telemetry of no one transmission"),
        (spot("2023-02-10 22:42:00", "1Y4PAS", "HK08", 10), "telemetry of no one transmission"),
        (spot("2023-02-10 22:40:00", "QX7DGS", "JQ97", 33), "telemetry without a fix"),
        (spot("2023-02-10 22:40:00", "1Y4PAS", "HK08", 13), "extended telemetry"),
    ],
)
def test_telemetry_that_is_not_used_leaves_the_large_cell(second, why):
    read = wspr.parse(source(HEAD + spot("2023-02-10 22:38:00", "K9YO", "AO57") + second))
    ((_, seen),) = read.rows
    assert (seen.ellipse, seen.altitude) == (ellipse(cell("AO57")), None)
    assert read.passed_over == {why: 1}


def test_telemetry_that_two_balloons_could_have_sent_is_given_to_none():
    spots = spot("2023-02-10 22:38:00", "K9YO", "AO57") + spot("2023-02-10 22:38:00", "W5KUB", "EM55")
    read = wspr.parse(source(HEAD + spots + spot("2023-02-10 22:40:00", "1Y4PAS", "HK08", 10)))
    assert [seen.altitude for _, seen in read.rows] == [None, None]
    assert read.passed_over == {"telemetry of several transmissions": 1}
    twice = spot("2023-02-10 22:40:00", "1Y4PAS", "HK08", 10) + spot("2023-02-10 22:40:00", "0X2FDM", "MI65", 27)
    read = wspr.parse(source(HEAD + spot("2023-02-10 22:38:00", "K9YO", "AO57") + twice))
    ((_, seen),) = read.rows
    assert seen.altitude is None
    assert "contradict" in seen.note


def test_a_channel_heard_once_among_others_is_another_balloon_s():
    spots = ""
    for minute, message in ((0, ("1Y4PAS", "HK08", 10)), (10, ("1Y4PAS", "HK08", 10)), (20, ("0X2FDM", "MI65", 27))):
        spots += spot(f"2023-02-10 22:{minute:02d}:00", "K9YO", "AO57")
        spots += spot(f"2023-02-10 22:{minute + 2:02d}:00", *message)
    read = wspr.parse(source(HEAD + spots))
    assert [seen.altitude is None for _, seen in read.rows] == [False, False, True]
    assert read.passed_over == {"telemetry of another channel": 1}


def test_long_locators_and_archives_without_a_header():
    line = "7282461210,1676068680,K1ABC,FN42,-20,14.097060,K9YO,AO57xr,13,0,5000,60,14,2.3,1\n"
    ((_, seen),) = wspr.parse(source(line)).rows
    assert seen.time == datetime(2023, 2, 10, 22, 38, tzinfo=UTC)
    assert seen.ellipse == ellipse(cell("AO57xr"))


def test_problems_of_spots():
    read = wspr.parse(source(HEAD + spot("yesterday", "K9YO", "AO57") + spot("2023-02-10 22:38:00", "K9YO", "ZZ57")
                             + spot("2023-02-10 22:40:00", "1Y4PAS", "RR99", 60), "w.csv"))  # fmt: skip
    assert [str(problem).split(":")[1] for problem in read.problems] == ["2", "3", "4"]
    with pytest.raises(InvalidInput, match="tx_sign"):
        wspr.parse(source("time,lat,lon\n1,2,3\n"))
