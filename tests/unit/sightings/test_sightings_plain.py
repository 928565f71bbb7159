"""Plain reports: each clause of the grammar, and what it refuses to guess."""

from datetime import UTC, datetime

import numpy as np
import pytest
from sources import ERRORS, source

from overflight.sightings import plain
from overflight.sightings.plain_what import ground_distance_m, read_altitude, read_direction, read_elevation

WHEN, WHERE = "2023-02-01 16:00 local", "over Billings, MT"


def one(line, **options):
    read = plain.parse(source(line, **options))
    assert not read.problems, str(read.problems[0])
    ((_, seen),) = read.rows
    return seen


def told(line, **options):
    read = plain.parse(source(line, "r.txt", **options))
    assert not read.rows
    (problem,) = read.problems
    return str(problem)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "middle", "half_s"),
    [
        ("2023-02-01 16:46 local", utc(2023, 2, 1, 23, 46), 0),
        ("2023-02-01 at 16:46:30 local time", utc(2023, 2, 1, 23, 46, 30), 0),
        ("1 February 2023 4:46 pm local", utc(2023, 2, 1, 23, 46), 0),
        ("Feb 1, 2023 4:46 p.m. MST", utc(2023, 2, 1, 23, 46), 0),
        ("on Feb. 1 2023 18:46 EST", utc(2023, 2, 1, 23, 46), 0),
        ("2023-02-01 16:46 -07:00", utc(2023, 2, 1, 23, 46), 0),
        ("2023-02-01 16:46 UTC-7", utc(2023, 2, 1, 23, 46), 0),
        ("2023-02-01 23:46 UTC", utc(2023, 2, 1, 23, 46), 0),
        ("2023-02-01T16:46:00-07:00", utc(2023, 2, 1, 23, 46), 0),
        ("2023-02-01 between 16:00 and 17:30 local", utc(2023, 2, 1, 23, 45), 2_700),
        ("2023-02-01 from 11 pm to 1 am local", utc(2023, 2, 2, 7), 3_600),
        ("2023-02-01 about noon local time", utc(2023, 2, 1, 19), 3_600),
        ("2023-02-01, about noon local", utc(2023, 2, 1, 19), 3_600),
        ("2023-07-01 around 4 pm local", utc(2023, 7, 1, 22), 3_600),
        ("2023-02-01 about 16:40 local", utc(2023, 2, 1, 23, 40), 900),
        ("2023-02-01 morning local", utc(2023, 2, 1, 16), 3 * 3_600),
        ("2023-02-01 in the late afternoon local", utc(2023, 2, 1, 23, 30), 1.5 * 3_600),
        ("2023-02-01 12:30 am local", utc(2023, 2, 1, 7, 30), 0),
    ],
)
def test_times(text, middle, half_s):
    seen = one(f"{text}; {WHERE}")
    assert seen.time == middle
    assert seen.time_window_s == half_s
    assert seen.time_sd_s == ERRORS.time_sd_s


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2023-02-01 16:00", "local, UTC or an offset"),
        ("2023-02-01 16:00 IST", "local, UTC or an offset"),
        ("2023-02-01 16:00 +25:00", "up to 14 hours"),
        ("2023-02-01 night local", "'night local'"),
        ("2023-02-01 13 pm local", "1 to 12"),
        ("2023-02-01 24:00 UTC", "00:00 to 23:59"),
        ("2023-02-30 16:00 local", "a date that exists"),
        ("2023-02-01", "no time of day"),
        ("16:00 local", "no date"),
        ("2023-02-01 16:00 local; 17:00 local", "after another"),
        ("2023-02-01 16:00 local; 2023-02-01T16:00:00Z", "more than one"),
        ("2023-03-12 02:30 local", "clocks there were changed on 2023-03-12"),
        ("2023-11-05 01:30 local", "clocks there were changed on 2023-11-05"),
        ("0001-01-01 16:00 local", "1678"),
        ("2023-02-01T16:00:00", "'2023-02-01T16:00:00'"),
    ],
)
def test_times_that_are_not_guessed(text, words):
    assert words in told(f"{text}; {WHERE}")


def test_zones_of_coordinates_and_abroad():
    assert "name no time zone" in told("2023-02-01 16:00 local; over 45.7, -108.5")
    assert "local, UTC or an offset" in told("2023-02-01 16:00 EST; over Munich, DE")
    assert one("2023-02-01 16:00 local; over Munich, DE").time == utc(2023, 2, 1, 15)
    assert one("2023-02-01 16:00; over Munich, DE", assume_utc=True).time == utc(2023, 2, 1, 16)


@pytest.mark.parametrize(
    ("text", "metres", "sd_m", "reference"),
    [
        ("60,000 ft", 18_288.0, 300.0, "geometric"),
        ("about 60000 feet", 18_288.0, 1_828.8, "geometric"),
        ("altitude of about 18 km", 18_000.0, 1_800.0, "geometric"),
        ("18300 m", 18_300.0, 300.0, "geometric"),
        ("at 18300 +- 150 metres", 18_300.0, 150.0, "geometric"),
        ("between 60000 and 65000 ft", 19_050.0, 5_000 * 0.3048 / 12**0.5, "geometric"),
        ("FL600", 18_288.0, 300.0, "pressure"),
        ("about 300 m", 300.0, 300.0, "geometric"),
    ],
)
def test_altitudes(text, metres, sd_m, reference):
    altitude = read_altitude(text.replace(",", ""), 300.0)
    assert altitude is not None
    assert (altitude.value_m, altitude.sd_m) == pytest.approx((metres, sd_m))
    assert altitude.reference == reference
    seen = one(f"{WHEN}; {WHERE}; {text}")
    assert seen.altitude is not None
    assert seen.altitude.value_m == pytest.approx(metres)


@pytest.mark.parametrize(
    ("text", "azimuth", "sd"),
    [
        ("to the north-west", 315.0, 13.92), ("towards the north west", 315.0, 13.92), ("northwest", 315.0, 13.92),
        ("to the NW", 315.0, 13.92), ("in the east", 90.0, 13.92), ("due south", 180.0, 13.92),
        ("to the NNW", 337.5, 8.20), ("north-north-west", 337.5, 8.20), ("bearing 310", 310.0, 5.0),
        ("azimuth about 310 degrees", 310.0, 10.0), ("bearing 310 +- 2 degrees true", 310.0, 2.0),
        ("bearing 360", 0.0, 5.0),
    ],
)  # fmt: skip
def test_directions(text, azimuth, sd):
    angle = read_direction(text, 5.0)
    assert angle is not None
    assert angle.value_deg == azimuth
    assert angle.sd_deg == pytest.approx(sd, abs=0.01)


@pytest.mark.parametrize("text", ["NW", "moving north", "north-south-east-west", "to the moon", "to the SWE", "ne"])
def test_what_is_no_direction(text):
    assert read_direction(text, 5.0) is None


@pytest.mark.parametrize(
    ("text", "value", "sd"), [("35 degrees up", 35.0, 5.0), ("about 35° above the horizon", 35.0, 10.0),
                              ("elevation 12.5 deg", 12.5, 5.0), ("elevation of 12 +- 1 degrees", 12.0, 1.0)]
)  # fmt: skip
def test_elevations(text, value, sd):
    angle = read_elevation(text, 5.0)
    assert angle is not None
    assert (angle.value_deg, angle.sd_deg) == (value, sd)


def test_a_bearing_from_an_observer():
    seen = one(
        "2023-02-03, about noon local time, seen from Cameron MO, to the north-west, 35 degrees up, about 60,000 ft"
    )
    assert seen.bearing is not None
    assert (seen.bearing.azimuth_deg, seen.bearing.elevation_deg) == (315.0, 35.0)
    assert (seen.lat, seen.lon) == pytest.approx((39.740, -94.241), abs=1e-3)
    assert seen.position_sd_m == plain.TOWN_SD_M
    assert "Cameron, MO, US at 39.740, -94.241" in seen.note
    assert "about 60,000 ft" in seen.note  # as it was written


def test_a_town_that_sees_is_not_what_is_flown_over():
    over = one(f"{WHEN}; over Lincoln, NE; 60,000 ft")
    seen = one(f"{WHEN}; visible from Lincoln, NE; 60,000 ft")
    assert one(f"{WHEN}; seen over Lincoln, NE").position_sd_m == ERRORS.position_sd_m
    overhead = one(f"{WHEN}; overhead at Lincoln, NE; 60,000 ft")
    assert over.position_sd_m == ERRORS.position_sd_m
    # 18.3 km stand 10 degrees high at 97 km: a disc of that radius, half of it a component.
    assert seen.position_sd_m == pytest.approx(48_700, rel=0.03)
    assert overhead.position_sd_m == pytest.approx(6_000, rel=0.1)
    assert {one.bearing for one in (over, seen, overhead)} == {None}


def test_distance_at_an_elevation():
    """At the horizon it is the root of twice radius times height; overhead nothing."""
    assert ground_distance_m(18_300.0, 0.0) == pytest.approx(np.sqrt(2 * 6.371e6 * 18_300), rel=2e-3)
    assert ground_distance_m(18_300.0, 90.0) == pytest.approx(0.0, abs=1e-3)
    assert ground_distance_m(18_300.0, 45.0) == pytest.approx(18_300, rel=0.01)


@pytest.mark.parametrize(
    ("where", "lat", "lon"),
    [("near 45.71, -109.54", 45.71, -109.54), ("over 45.7 N 108.5 W", 45.7, -108.5), ("above 33.9 S, 151.2 E", -33.9, 151.2),
     ("over 45,109", 45.0, 109.0), ("over -12.5, 179.9", -12.5, 179.9)],
)  # fmt: skip
def test_coordinates(where, lat, lon):
    seen = one(f"2023-02-01 16:00 UTC; {where}")
    assert (seen.lat, seen.lon) == pytest.approx((lat, lon))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{WHEN}; over Springfield", "24 places"),
        (f"{WHEN}; over Reed Point, MT", "near it"),
        (f"{WHEN}; {WHERE}; moving east", "'moving east'"),
        (f"{WHEN}; {WHERE}; above 55,000 ft", "give both bounds"),
        (f"{WHEN}; {WHERE}; 250,000 ft", "60000 m"),
        (f"{WHEN}; {WHERE}; 60,000 ft; 18 km", "after another"),
        (f"{WHEN}; {WHERE}; over Havre, MT", "after another"),
        (f"{WHEN}; {WHERE}; to the north", "where it was seen from"),
        (f"{WHEN}; seen from Billings, MT; 35 degrees up", "a direction too"),
        (f"{WHEN}; seen from Billings, MT; bearing 10 magnetic", "declination"),
        (f"{WHEN}; seen from Billings, MT; bearing 400", "0 to 360"),
        (f"{WHEN}; seen from Billings, MT; to the north; 95 degrees up", "0 to 90"),
        (f"{WHEN}; over 95, 10", "latitude"),
        (f"{WHEN}", "place: got none"),
        ("x" * 3000, "2000 characters"),
    ],
)
def test_what_is_not_understood_is_told(line, words):
    text = told(line)
    assert text.startswith("r.txt:1: ")
    assert words in text


def test_a_file_of_reports():
    text = (
        "# what the papers said\n\n"
        f"{WHEN}; {WHERE}; about 60,000 ft; source: KTVQ, 2 February; object: A; note: white, slow; note it\n"
        f"{WHEN}; nonsense\n"
        f"{WHEN}; near Havre, MT\n"
    )
    read = plain.parse(source(text.replace("; note it", ""), "r.txt"))
    assert [line for line, _ in read.rows] == [3, 5]
    first = read.rows[0][1]
    assert (first.source, first.object_label, first.kind) == ("KTVQ, 2 February", "A", "plain")
    assert first.note.endswith("white, slow")
    assert read.rows[1][1].source == "plain report"
    assert str(read.problems[0]).startswith("r.txt:4: report: got 'nonsense'")


def test_a_table_of_reports():
    table = (
        "when,where,altitude,direction,elevation,object,source,note\n"
        '"2023-02-01 between 16:00 and 17:30 local","over Billings, MT","about 60,000 ft",,,A,KTVQ,"white; slow"\n'
        '2023-02-03 about noon local,"seen from Cameron, MO",,to the north-west,35 degrees up,A,,\n'
    )
    first, second = (seen for _, seen in plain.parse(source(table)).rows)
    assert (first.source, first.object_label, first.time_window_s) == ("KTVQ", "A", 2_700)
    assert first.altitude is not None
    assert second.bearing is not None
    assert second.bearing.elevation_deg == 35.0
