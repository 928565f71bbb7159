"""Whatever a balloon is called, and wherever it flies, every format stays what it is."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.unit.line.notice_tracks import floating, notice

from overflight.geo import sphere
from overflight.line.notices.circles import rings
from overflight.line.notices.notam import LENGTH, LINE, drafts, letters
from overflight.line.notices.values import Spot, place_text
from overflight.line.notices.write import WRITERS

TEXT = st.text(max_size=300)
ALLOWED = re.compile(r"[A-Z0-9 \-?:.,'=/+]*")


@cache
def track():
    return floating(hours=4, members=3)


@given(TEXT)
def test_letters_are_those_of_the_fixed_network_and_a_second_time_the_same(text):
    flat = letters(text)
    assert ALLOWED.fullmatch(flat)
    assert "NNNN" not in flat
    assert "ZCZC" not in flat
    assert letters(flat) == flat


@settings(max_examples=25)
@given(name=TEXT, description=TEXT, operator=TEXT)
def test_any_text_leaves_every_format_whole(name, description, operator):
    one = notice(
        track(), "pre-launch", identification=name, description=description, operator=operator, incomplete=True
    )
    for suffix, write in WRITERS.items():
        text = write(one)
        text.encode("utf-8")
        if suffix in (".xml", ".kml"):
            etree.fromstring(text.encode())
        elif suffix != ".txt":
            json.loads(text)
    for draft in drafts(one):
        assert len(draft) <= LENGTH
        assert max(map(len, draft.split("\n"))) <= LINE
        assert draft.count("(") == draft.count(")") - len(re.findall(r"^[QAEF]\)| [BCG]\)", draft, re.MULTILINE))


@given(lat=st.floats(-90, 90), lon=st.floats(-540, 540))
def test_places_are_within_half_a_minute_and_eleven_letters(lat, lon):
    text = place_text(lat, lon)
    found = re.fullmatch(r"(\d\d)(\d\d)([NS]) (\d{3})(\d\d)([EW])", text)
    assert found
    back_lat = (int(found[1]) + int(found[2]) / 60) * (-1 if found[3] == "S" else 1)
    back_lon = (int(found[4]) + int(found[5]) / 60) * (-1 if found[6] == "W" else 1)
    assert abs(back_lat - lat) <= 0.5 / 60 + 1e-9
    assert abs((back_lon - lon + 180.0) % 360.0 - 180.0) <= 0.5 / 60 + 1e-9


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180), radius=st.floats(100.0, 3_000_000.0))
def test_rings_hold_their_centre_and_lie_on_the_map(lat, lon, radius):
    shape = shapely.union_all([shapely.Polygon(ring) for ring in rings(Spot(lat, lon, radius))])
    assert shape.is_valid
    west, south, east, north = shape.bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90
    slack = 1e-3 + np.degrees(radius / sphere.EARTH_RADIUS_M) * 0.1
    assert shape.distance(shapely.Point(float(sphere.wrap(lon)), lat)) <= slack


@pytest.mark.parametrize("minutes", [0, 7, 119, 121, 239])
def test_the_first_position_is_the_time_asked_for(minutes):
    at = notice(track()).course.fixes[0].time + timedelta(minutes=minutes)
    assert notice(track(), time=at).course.positions[0].time == at
