"""What may be asked for, and how it is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from overflight.errors import InvalidInput
from overflight.winds.request import Request, area_contains, area_text, checked_area, spans_text

START = datetime(2023, 1, 28, 1, 30, tzinfo=UTC)
END = datetime(2023, 1, 28, 7, 0, tzinfo=UTC)


def asked(**more) -> Request:
    return Request(**({"source": "gfs", "start": START, "end": END} | more))


def test_times_hold_the_request_on_full_steps():
    assert [time.hour for time in asked().times()] == [0, 3, 6, 9]
    assert [time.hour for time in asked(step_h=6).times()] == [0, 6, 12]
    assert asked(end=START.replace(minute=0), start=START.replace(hour=0, minute=0)).times()[0].hour == 0


def test_times_are_utc_whatever_the_zone():
    there = timezone(timedelta(hours=-7))
    assert asked(start=START.astimezone(there), end=END.astimezone(there)).times() == asked().times()


def test_times_before_1970():
    old = datetime(1959, 1, 2, 1, tzinfo=UTC)
    assert [time.hour for time in asked(start=old, end=old).times()] == [0, 3]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"source": "nam"}, "source: got 'nam', expected one of gfs, gefs, era5, ecmwf"),
        ({"start": START.replace(tzinfo=None)}, "start: got '2023-01-28T01:30:00', expected a datetime with zone"),
        ({"end": START - timedelta(hours=1)}, "expected a time not before the start, 2023-01-28T01:30:00Z"),
        ({"end": START + timedelta(days=365 * 20)}, "no more than 20000 fields"),
        ({"step_h": 5}, "step: got 5 h, expected 1, 2, 3, 6 or 12 hours"),
        ({"levels_hpa": ()}, "levels: got none, expected pressures in hPa"),
        ({"levels_hpa": (200, 20_000)}, "levels: got 20000, expected pressures in hPa"),
        ({"levels_hpa": (float("nan"),)}, "levels: got nan"),
        ({"resolution": "0.3"}, "resolution: got '0.3', expected one of 0p25, 0p50, 1p00 for gfs"),
        ({"resolution": "fine"}, "resolution: got 'fine'"),
        ({"area": (10, 0, 20)}, "south,west,north,east"),
        ({"area": (20, 0, 10, 5)}, "south < north"),
        ({"area": (10, 0, 95, 5)}, "south < north in [-90, 90]"),
        ({"area": (10, 5, 20, 5)}, "west and east that differ"),
        ({"area": (10, 5, float("inf"), 6)}, "area: got"),
        ({"variables": ("u",)}, "variables: got u, expected u and v"),
        ({"variables": ("u", "v", "rain")}, "variables: got u v rain"),
    ],
)
def test_what_no_source_could_answer(more, words):
    with pytest.raises(InvalidInput) as caught:
        asked(**more)
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["0.25", "0p25", ".25"])
def test_resolutions_as_people_write_them(text):
    assert asked(resolution=text).resolution == "0p25"


def test_levels_are_sorted_and_single():
    assert asked(levels_hpa=(50, 200.0, 50)).levels_hpa == (200.0, 50.0)


@pytest.mark.parametrize(
    ("given", "tidy"),
    [
        ((0, 350, 10, 370), (0, -10, 10, 10)),
        ((0, 170, 10, -170), (0, 170, 10, 190)),
        ((0, -180, 10, 180), (0, -180, 10, 180)),
        ((0, 0, 10, 360), (0, 0, 10, 360)),
        ((-90, 180, 90, 181), (-90, -180, 90, -179)),
    ],
)
def test_areas_are_written_one_way(given, tidy):
    assert checked_area(given) == tidy


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        (None, (0, 0, 1, 1), True),
        ((0, 0, 1, 1), None, False),
        ((-90, -180, 90, 180), None, True),
        ((0, 170, 10, -170), (0, 175, 10, -175), True),
        ((0, 170, 10, -170), (0, 175, 10, -165), False),
        ((0, -180, 10, 180), (5, 170, 6, -170), True),
        ((0, 0, 10, 360), (5, -10, 6, 10), True),
        ((0, 0, 10, 10), (0, 0, 11, 10), False),
        ((0, 0, 10, 10), (0, -1, 10, 10), False),
    ],
)
def test_one_area_holds_another(outer, inner, holds):
    tidy = [area if area is None else checked_area(area) for area in (outer, inner)]
    assert area_contains(*tidy) is holds


def test_the_command_can_be_typed():
    request = asked(area=(-10, 170, 10, -170), levels_hpa=(200, 50), resolution="1.0", step_h=6)
    assert request.command() == (
        "overflight winds fetch gfs --start 2023-01-28T01:30:00Z --end 2023-01-28T07:00:00Z "
        "--area=-10,170,10,190 --levels 200,50 --resolution 1p00 --step 6"
    )
    assert area_text(request.area) == "-10..10 N 170..-170 E"


def test_spans_are_joined():
    times = tuple(START + timedelta(hours=h) for h in (0, 3, 6, 24, 27, 72))
    assert spans_text(times, timedelta(hours=6)) == (
        "2023-01-28T01:30:00Z..2023-01-28T07:30:00Z, 2023-01-29T01:30:00Z..2023-01-29T04:30:00Z, 2023-01-31T01:30:00Z"
    )
    apart = tuple(START + timedelta(days=n) for n in range(9))
    assert spans_text(apart, timedelta(hours=6)).endswith("and 5 more spans")
