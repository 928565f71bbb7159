"""Soundings of IGRA 2 and in BUFR become launches and levels."""

import gzip
from datetime import UTC, datetime

import eccodes
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sources import ERRORS, source

from overflight.errors import InvalidInput
from overflight.sightings.soundings import WIND_SD_MS, parse_bufr, parse_igra

# Synthetic, in the format of IGRA 2: station, hour 00, release 23:05 the day before, four levels with 10 m/s from the west.
HEAD = "#USM00072776 2023 02 01 00 2305    4 ncdc-nws ncdc-gts  474614 -1113847\n"
LEVELS = (
    "21     0  88000  1120B   10B-9999 -9999   270   100 \n"
    "20   500  70000  3000B  -50B-9999 -9999   270   100 \n"
    "20 -9999  60000  4200B -9999-9999 -9999   270   100 \n"
    "20  1000  50000  5500B -150B-9999 -9999   270   100 \n"
)


def test_a_sounding_is_its_launch():
    read = parse_igra(source(HEAD + LEVELS))
    ((line, seen),) = read.rows
    assert (line, seen.source, seen.kind) == (1, "USM00072776", "igra")
    assert seen.time == datetime(2023, 1, 31, 23, 5, tzinfo=UTC)
    assert (seen.lat, seen.lon, seen.position_sd_m) == (47.4614, -111.3847, ERRORS.position_sd_m)
    assert seen.altitude is not None
    assert seen.altitude.value_m == pytest.approx(1_173.6, abs=1.0)  # 880 hPa in the standard atmosphere
    assert seen.altitude.reference == "pressure"
    assert read.passed_over == {"levels": 4}


def test_winds_carry_the_sonde_where_one_asks_for_it():
    read = parse_igra(source(HEAD + LEVELS), drift=True)
    assert [line for line, _ in read.rows] == [1, 3, 5]
    launch, middle, top = (seen for _, seen in read.rows)
    assert (middle.time - launch.time).total_seconds() == 300.0
    assert top.lat == pytest.approx(47.4614, abs=1e-3)
    # 600 s at 10 m/s eastward are 6 km, of 75.2 km a degree on this parallel.
    assert top.lon - launch.lon == pytest.approx(6.0 / (111.195 * np.cos(np.radians(47.4614))), rel=1e-3)
    assert top.position_sd_m == pytest.approx(np.hypot(ERRORS.position_sd_m, 600 * WIND_SD_MS))
    assert len({seen.object_label for _, seen in read.rows}) == 1


def test_several_soundings_zipped_and_bad_lines():
    bad = HEAD.replace("2023 02 01", "2023 02 xx") + LEVELS
    ship = HEAD.replace(" 474614 -1113847", "-988888 -9988888")
    text = HEAD + LEVELS + bad + ship + LEVELS + HEAD.replace(" 01 00", " 01 12") + "what is this\n"
    read = parse_igra(source(gzip.compress(text.encode()), "i.txt"))
    assert len(read.rows) == 2
    told = [str(problem) for problem in read.problems]
    assert "header of IGRA 2" in told[0]
    assert "fixed place" in told[1]
    assert "level of IGRA 2" in told[2]
    with pytest.raises(InvalidInput, match="IGRA 2"):
        parse_igra(source("nothing\n"))


def message(levels=4, soundings=1, *, placed=True, **header):
    """Encode radiosonde soundings in template 3 09 052, each level a minute and 0.001 degrees north after the last."""
    handle = eccodes.codes_bufr_new_from_samples("BUFR4")
    for key, value in (
        ("masterTablesVersionNumber", 31),
        ("dataCategory", 2),
        ("numberOfSubsets", soundings),
        ("compressedData", 0),
    ):
        eccodes.codes_set(handle, key, value)
    # One level of wind shear a sounding follows in the same arrays.
    eccodes.codes_set_array(handle, "inputDelayedDescriptorReplicationFactor", [1] * soundings)
    eccodes.codes_set_array(handle, "inputExtendedDelayedDescriptorReplicationFactor", [levels] * soundings)
    eccodes.codes_set(handle, "unexpandedDescriptors", 309052)
    head = {"blockNumber": 91, "stationNumber": 285, "year": 2023, "month": 9, "day": 1, "hour": 11, "minute": 5,
            "second": 30, "latitude": 19.72, "longitude": -155.1} | header  # fmt: skip
    for number in range(1, soundings + 1):
        for key, value in head.items():
            eccodes.codes_set(handle, f"#{number}#{key}", value)
    for number in range(levels * soundings):
        level, in_all = number % levels, number + 1 + number // levels
        eccodes.codes_set(handle, f"#{in_all}#timePeriod", 60 * level)
        if placed:
            eccodes.codes_set(handle, f"#{in_all}#latitudeDisplacement", 0.001 * level)
            eccodes.codes_set(handle, f"#{in_all}#longitudeDisplacement", -0.002 * level)
        eccodes.codes_set(handle, f"#{in_all}#pressure", 100_000.0 - 5_000.0 * level)
        if level != 2:
            eccodes.codes_set(handle, f"#{number + 1}#nonCoordinateGeopotentialHeight", 30 + 400 * level)
    eccodes.codes_set(handle, "pack", 1)
    packed = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return packed


def test_each_level_in_bufr_is_a_sighting():
    read = parse_bufr(source(b"IUSV01 KWBC\r\r\n" + message() + b"\r\r\n"))
    assert not read.problems
    levels = [seen for _, seen in read.rows]
    assert len(levels) == 4
    assert [seen.time.minute for seen in levels] == [5, 6, 7, 8]
    assert levels[0].time == datetime(2023, 9, 1, 11, 5, 30, tzinfo=UTC)
    assert levels[3].lat == pytest.approx(19.723)
    assert levels[3].lon == pytest.approx(-155.106)
    assert {(seen.source, seen.kind, seen.position_sd_m) for seen in levels} == {
        ("91285", "bufr", ERRORS.position_sd_m)
    }
    heights = [seen.altitude for seen in levels]
    assert [height.reference for height in heights] == ["geometric", "geometric", "pressure", "geometric"]
    assert heights[1].value_m == pytest.approx(430.03, abs=0.01)  # geometric of 430 m geopotential
    assert heights[2].value_m == pytest.approx(988.5, abs=1.0)  # 900 hPa in the standard atmosphere


def test_several_soundings_in_a_message_and_in_a_file():
    assert len(parse_bufr(source(message(soundings=2))).rows) == 8
    assert [line for line, _ in parse_bufr(source(message(2) + b"junk" + message(2))).rows] == [1, 1, 2, 2]


def test_levels_without_places_leave_the_launch():
    read = parse_bufr(source(message(placed=False, heightOfStationGroundAboveMeanSeaLevel=11.0)))
    ((_, seen),) = read.rows
    assert (seen.lat, seen.lon) == pytest.approx((19.72, -155.1))
    assert seen.altitude is not None
    assert seen.altitude.value_m == pytest.approx(11.0, abs=0.01)
    assert read.passed_over == {"levels without a place": 4}


def test_messages_that_are_none(capfd):
    whole = message()
    longer = bytearray(whole)
    longer[30] = 0xFF  # the length of section 3, past the end of the message
    read = parse_bufr(source(bytes(longer) + whole, "b.bufr"))
    assert len(read.rows) == 4
    assert "message 1" in str(read.problems[0])
    assert "sections" in str(read.problems[0])
    assert capfd.readouterr().err == ""  # ecCodes was not given it
    undated = parse_bufr(source(message(month=2, day=30)))
    assert "a date and a time" in str(undated.problems[0])
    for data in (b"", b"BUFR", whole[:-1], b"GRIB" + whole[4:]):
        with pytest.raises(InvalidInput, match="no BUFR message"):
            parse_bufr(source(data))


WHOLE = message(6)


@example(places=[(35, 0)])  # the number of soundings in the message becomes 0
@settings(max_examples=300)
@given(places=st.lists(st.tuples(st.integers(8, len(WHOLE) - 5), st.integers(0, 255)), min_size=1, max_size=5))
def test_wrong_bytes_in_a_message(places):
    changed = bytearray(WHOLE)
    for at, value in places:
        changed[at] = value
    read = parse_bufr(source(bytes(changed)))
    assert read.rows or read.problems or read.passed_over
    for _, seen in read.rows:
        assert abs(seen.lat) <= 90.0
        assert -180.0 <= seen.lon < 180.0
    assert all(len(str(problem).splitlines()) == 1 for problem in read.problems)
