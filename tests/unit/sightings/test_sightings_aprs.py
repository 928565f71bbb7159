"""APRS frames read as the protocol reference says, and logs of them with each form of time."""

from datetime import UTC, datetime

import pytest
from sources import ERRORS, source

from overflight.errors import InvalidInput
from overflight.sightings import aprs
from overflight.sightings.aprs_position import decode, mic_e

HEARD = "2022-08-22T14:06:28Z "
PLACE = "4903.50N/07201.75W"


def one(line, **options):
    read = aprs.parse(source(line, **options))
    assert not read.problems, read.problems[0]
    ((_, seen),) = read.rows
    return seen


@pytest.mark.parametrize(
    ("text", "lat", "lon", "cell_min", "altitude_ft"),
    [
        # Protocol reference 1.0.1, chapters 6 and 8.
        ("4903.50N/07201.75W-Test 001234", 49 + 3.5 / 60, -72 - 1.75 / 60, 0.0, None),
        ("4903.50N/07201.75W-Test /A=001234", 49 + 3.5 / 60, -72 - 1.75 / 60, 0.0, 1234.0),
        ("4903.5 N/07201.7 W-", 49 + 3.55 / 60, -72 - 1.75 / 60, 0.1, None),
        ("4903.  N/07201.  W-", 49 + 3.5 / 60, -72 - 1.5 / 60, 1.0, None),
        ("490 .  N/0720 .  W-", 49 + 5 / 60, -72 - 5 / 60, 10.0, None),
        ("49  .  N/072  .  W-", 49.5, -72.5, 60.0, None),
        # The blanks of the latitude hold for the longitude too.
        ("490 .  N/07201.75W-", 49 + 5 / 60, -72 - 5 / 60, 10.0, None),
        # Chapter 9: compressed, with course and speed, with a range, with altitude, and with none of them.
        ("/5L!!<*e7>7P[", 49.5, -72.75, 0.0, None),
        ("/5L!!<*e7>{?!", 49.5, -72.75, 0.0, None),
        ("/5L!!<*e7OS]S", 49.5, -72.75, 0.0, 10004.0),
        ("/5L!!<*e7> sTtest", 49.5, -72.75, 0.0, None),
        # Extra digits: 3.505 and 1.757 minutes; base 91, Z is 57 of 91 hundredths.
        ("4903.50N/07201.75W-!W57!", 49 + 3.505 / 60, -72 - 1.757 / 60, 0.0, None),
        ("4903.50S/07201.75E-!wZ!!", -49 - (3.5 + 0.57 / 91) / 60, 72 + 1.75 / 60, 0.0, None),
        ("4903.50N/07201.75W-!W  !", 49 + 3.5 / 60, -72 - 1.75 / 60, 0.0, None),
        ("4903.50N/07201.75W-/A=-00123", 49 + 3.5 / 60, -72 - 1.75 / 60, 0.0, -123.0),
    ],
)
def test_positions_of_the_reference(text, lat, lon, cell_min, altitude_ft):
    fix = decode(text)
    assert (fix.lat, fix.lon) == pytest.approx((lat, lon), abs=5e-6)
    assert fix.cell_min == cell_min
    assert fix.altitude_m == (None if altitude_ft is None else pytest.approx(altitude_ft * 0.3048, rel=1e-4))


@pytest.mark.parametrize(
    ("destination", "body", "lat", "lon", "altitude_m"),
    [
        # Chapter 10: the examples of the destination, of the longitude (offset 0 and 100) and of the altitude.
        ("S32U6T", '(_fn"Oj/', 33 + 25.64 / 60, -12 - 7.74 / 60, None),
        ("S32UVT", '(_fn"Oj/', 33 + 25.64 / 60, -112 - 7.74 / 60, None),
        ("S32U6T", '(_fn"Oj/"4T}', 33 + 25.64 / 60, -12 - 7.74 / 60, 61.0),
        # Frames that were on the air: through the satellite NO-44 on 2007-11-10, and from an FT5D.
        ("3URSP5", "C@Y\\\\\\-/test MIC-E", 35 + 23.05 / 60, 139 + 36.61 / 60, None),
        ("SXUX4Y", 'p+5l!![/`"6E}', 38.9748, -84.2542, 228.0),
        ("T2SP0W-9", 'c_Vm6hk/`"49}Jeff Mobile_%', 42.501167, -71.126333, 34.0),
        # Words in braces are no altitude.
        ("S32U6T", '(_fn"Oj/see {abc} "4T}', 33 + 25.64 / 60, -12 - 7.74 / 60, 61.0),
        # South and east; blanks (L, Z, K) in the last digits.
        ("S32064", '(_fn"Oj/', -33 - 20.64 / 60, 12 + 7.74 / 60, None),
        ("S32ULZ", '(_fn"Oj/', 33 + 25.5 / 60, -12 - 7.5 / 60, None),
    ],
)
def test_mic_e(destination, body, lat, lon, altitude_m):
    fix = mic_e(destination, body)
    assert (fix.lat, fix.lon) == pytest.approx((lat, lon), abs=1e-4)
    assert fix.altitude_m == altitude_m


@pytest.mark.parametrize(
    ("stamp", "when"),
    [
        ("2022-08-22 14:06:28 UTC: ", datetime(2022, 8, 22, 14, 6, 28, tzinfo=UTC)),
        ("2022-08-22T14:06:28Z ", datetime(2022, 8, 22, 14, 6, 28, tzinfo=UTC)),
        ("2022-08-22T14:06:28.500+00:00\t", datetime(2022, 8, 22, 14, 6, 28, 500_000, tzinfo=UTC)),
        ("2022-08-22 10:06:28 -0400: ", datetime(2022, 8, 22, 14, 6, 28, tzinfo=UTC)),
        ("1661177188 ", datetime(2022, 8, 22, 14, 6, 28, tzinfo=UTC)),
        ("1661177188.25:", datetime(2022, 8, 22, 14, 6, 28, 250_000, tzinfo=UTC)),
    ],
)
def test_times_in_front(stamp, when):
    seen = one(f"{stamp}W7XYZ-11>APRS,WIDE1-1,qAR,K7ABC:!{PLACE}O088/036/A=060000 hello\n")
    assert seen.time == when
    assert (seen.source, seen.object_label, seen.kind) == ("W7XYZ-11", "W7XYZ-11", "aprs")
    assert (seen.time_sd_s, seen.position_sd_m) == (ERRORS.time_sd_s, ERRORS.position_sd_m)
    assert seen.altitude is not None
    assert seen.altitude.value_m == pytest.approx(18_288.0)
    assert seen.altitude.reference == "geometric"
    assert "hello" in seen.note
    assert len(seen.evidence_sha256) == 64


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"W7XYZ>APRS:!{PLACE}O", "none in front"),
        (f"2022-08-22 14:06:28 W7XYZ>APRS:!{PLACE}O", "offset"),
        (f"20220822140628 : W7XYZ>APRS:!{PLACE}O", "offset"),
        (f"2022-08-22 10:06:28 EDT: W7XYZ>APRS:!{PLACE}O", "UTC or an offset"),
        (f"{HEARD}W7XYZ>APRS:/221830z{PLACE}O", "within 1 h"),
        (f"{HEARD}W7XYZ>APRS:/999999z{PLACE}O", "within 1 h"),
        (f"{HEARD}W7XYZ>APRS:!0000.00N/00000.00EO", "0, 0"),
        (f"{HEARD}W7XYZ>APRS:!4963.50N/07201.75WO", "below 60"),
        (f"{HEARD}W7XYZ>APRS:!9503.50N/07201.75WO", "on Earth"),
        (f"{HEARD}W7XYZ>APRS:!49 3.5 N/07201.75WO", "last digits"),
        (f"{HEARD}W7XYZ>APRS:!hello", "compressed"),
        (f"{HEARD}W7XYZ>APRS:!{PLACE}O/A=250000", "60000 m"),
        (f'{HEARD}W7XYZ>APRS:`(_fn"Oj/', "S32U6T"),
        (f'{HEARD}W7XYZ>S32U6T:`"', "longitude"),
        (f"{HEARD}no frame at all", "CALLSIGN"),
        (f"{HEARD}A>B:" + "}A>B:" * 5 + f"!{PLACE}O", "inside one another"),
    ],
)
def test_what_cannot_be_read_is_told_and_does_not_stop_the_rest(line, words):
    read = aprs.parse(source(f"{line}\n{HEARD}W7XYZ>APRS:!{PLACE}O\n", "log.txt"))
    (problem,) = read.problems
    assert str(problem).startswith("log.txt:1: ")
    assert words in str(problem)
    assert [line for line, _ in read.rows] == [2]


def test_the_frame_s_own_time_counts():
    by_minute = one(f"{HEARD}W7XYZ>APRS:@221405z{PLACE}O")
    assert by_minute.time == datetime(2022, 8, 22, 14, 5, 30, tzinfo=UTC)
    assert by_minute.time_sd_s == pytest.approx(60 / 12**0.5, abs=0.1)
    by_second = one(f"2022-09-01T00:00:04Z W7XYZ>APRS:/235958h{PLACE}O")
    assert (by_second.time, by_second.time_sd_s) == (datetime(2022, 8, 31, 23, 59, 58, tzinfo=UTC), 1.0)
    local = one(f"{HEARD}W7XYZ>APRS:@220905/{PLACE}O")
    assert (local.time.minute, local.time_sd_s) == (6, ERRORS.time_sd_s)


def test_times_without_offset_are_utc_where_one_says_so():
    line = f"2022-08-22 14:06:28 W7XYZ>APRS:!{PLACE}O"
    assert one(line, assume_utc=True).time == datetime(2022, 8, 22, 14, 6, 28, tzinfo=UTC)


def test_blank_digits_are_the_error():
    seen = one(f"{HEARD}W7XYZ>APRS:!490 .  N/0720 .  W-")
    assert seen.ellipse is not None
    # Ten minutes are 18,532 m; a side over the root of 12, and the parallel shrinks by cos 49.08.
    assert seen.ellipse.major_sd_m == pytest.approx(5_350, rel=1e-3)
    assert seen.ellipse.minor_sd_m == pytest.approx(5_350 * 0.655, rel=1e-3)
    assert seen.ellipse.azimuth_deg == 0.0


def test_objects_and_frames_of_others():
    sonde = one(f"{HEARD}N0IGATE>APRS:;P1234567 *140628h{PLACE}O/A=098425")
    assert (sonde.object_label, sonde.source) == ("P1234567", "N0IGATE")
    assert "sent by N0IGATE" in sonde.note
    item = one(f"{HEARD}N0IGATE>APRS:)BALLOON!{PLACE}O")
    assert item.object_label == "BALLOON"
    inner = one(f"{HEARD}N0IGATE>APRS:}}W7XYZ-11>APRS,TCPIP,N0IGATE*:!{PLACE}O")
    assert inner.source == "W7XYZ-11"
    node = one(f"{HEARD}W7XYZ>APRS:TheNet X-1J4  (BFLD)!{PLACE}n")
    assert node.lat == pytest.approx(49.0583, abs=1e-4)


def test_frames_that_are_no_positions_are_counted():
    frames = ["T#005,199,000,255,073,123,01101001", ">on the way", ":W7ABC    :hello{1", "_10090556c220s004",
              ";GONE     _140628h" + PLACE + "O", "$GPGGA,1", "?APRS?", ">more"]  # fmt: skip
    log = "# aprsc 2.1\n" + "".join(f"{HEARD}W7XYZ>APRS:{frame}\n" for frame in frames)
    read = aprs.parse(source(log))
    assert (read.rows, read.problems) == ([], [])
    assert read.passed_over["status"] == 2
    assert sum(read.passed_over.values()) == len(frames) + 1


def test_bytes_that_are_no_utf_8_are_text_of_a_frame():
    seen = one(HEARD.encode() + b"W7XYZ>APRS:!" + PLACE.encode() + b"O caf\xe9\n")
    assert "caf" in seen.note


def test_a_table_of_aprs_fi():
    head = "time,lasttime,lat,lng,speed,course,altitude,comment\n"
    rows = (
        "2022-04-10 0:54:03,2022-04-10 01:00:00,32.46333,-106.33967,56,81,17872.86,hello\n"
        "2022-04-10 00:55:03,2022-04-10 00:55:03,32.5,-106.3,56,81,,\n"
        "2022-04-10 00:56:03,2022-04-10 00:56:03,x,-106.3,56,81,,\n"
    )
    read = aprs.parse(source(head + rows, "t.csv"))
    first, second = (seen for _, seen in read.rows)
    assert first.time == datetime(2022, 4, 10, 0, 54, 3, tzinfo=UTC)
    assert first.altitude is not None
    assert first.altitude.value_m == 17_872.86
    assert "until" in first.note
    assert second.altitude is None
    assert str(read.problems[0]) == "t.csv:4: lat: got 'x', expected a number from -90 to 90"


def test_a_file_that_is_no_text_is_refused():
    with pytest.raises(InvalidInput, match="NUL"):
        aprs.parse(source(b"ab\0c"))
