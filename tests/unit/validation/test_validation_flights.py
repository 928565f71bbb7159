"""Recorded flights as the study reads them, and what it makes of one; tables go between their marks."""

import numpy as np
import pytest
from validation.__main__ import into_page, main
from validation.flights import SOUNDINGS, all_flights, sounding
from validation.real import held_out, seen, stations_around
from validation.seen import sighting


@pytest.fixture(scope="module")
def flights(shared_data):
    return {f.name: f for f in all_flights(shared_data)}


def test_every_flight_is_read_and_four_have_winds(flights):
    assert len(flights) == 28
    assert {n for n, f in flights.items() if f.winds is not None} == {"SHAB12V", "SHAB14V", "Halcyon", "Camoes"}
    for flight in flights.values():
        assert np.all(np.diff(flight.time) > np.timedelta64(0, "ns")), flight.name
        assert np.all(np.isfinite([flight.lat, flight.lon, flight.altitude_m])), flight.name


def test_days_on_the_ground_and_a_bad_clock_fall_off(flights):
    assert all(f.hours < 5.0 for f in flights.values() if f.kind == "weather balloon")
    assert flights["18-8-13"].time[0] > np.datetime64("2018-08-13T12:00")


def test_rows_with_and_without_an_id_are_one_flight(shared_data):
    # rows of the ascent carry the tracker's id, those of the landing do not
    flight = sounding(shared_data / "flights" / SOUNDINGS / "19-2-2.csv")
    assert flight.altitude_m[0] < 500.0
    assert flight.altitude_m[-1] < 700.0
    assert flight.altitude_m.max() == 23_594.0


def test_what_is_held_out_was_not_given(flights):
    flight = flights["SHAB12V"]
    given = np.linspace(0, flight.time.size - 1, 5).round().astype(int)
    rest = held_out(flight, given)
    assert 50 <= len(rest) <= 60
    assert not set(rest) & set(given)
    assert [s.lat for s in seen(flight, given, altitude=False)] == list(flight.lat[given])
    assert all(s.altitude is None for s in seen(flight, given, altitude=False))


def test_stations_stand_around_the_launch(flights, shared_data):
    flight = flights["SHAB12V"]
    home = sighting(flight.time[0], flight.lat[0], flight.lon[0], None, sd_m=1.0)
    assert any("ALBUQUERQUE" in s.name for s in stations_around(home, shared_data))


def test_a_folder_without_flights_is_missing_data(tmp_path, capsys):
    assert main(["real", "--data", str(tmp_path)]) == 3
    assert "no flights" in capsys.readouterr().err


def test_tables_replace_what_stood_between_their_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- begin: study -->\nold\n<!-- end: study -->\nb\n")
    into_page(page, "study", "new")
    assert page.read_text() == "a\n<!-- begin: study -->\n\nnew\n\n<!-- end: study -->\nb\n"
    with pytest.raises(ValueError, match="no marks for real"):
        into_page(page, "real", "new")
