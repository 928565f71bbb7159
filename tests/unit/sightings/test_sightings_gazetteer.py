"""Towns by name, offline: no guess where several could be meant."""

import numpy as np
import pytest

from overflight.errors import InvalidInput
from overflight.sightings import gazetteer
from overflight.sightings.gazetteer import find, fold, resolve


@pytest.mark.parametrize(
    ("text", "full", "lat", "lon", "zone"),
    [
        ("Billings, MT", "Billings, MT, US", 45.78, -108.50, "America/Denver"),
        ("Billings, Montana, USA", "Billings, MT, US", 45.78, -108.50, "America/Denver"),
        ("asheville", "Asheville, NC, US", 35.60, -82.55, "America/New_York"),
        ("St. Joseph, Missouri", "Saint Joseph, MO, US", 39.77, -94.85, "America/Chicago"),
        ("lees summit", "Lee's Summit, MO, US", 38.91, -94.38, "America/Chicago"),
        ("Kincardine, Ontario", "Kincardine, ON, CA", 44.18, -81.64, "America/Toronto"),
        ("Quebec, QC", "Québec, QC, CA", 46.81, -71.21, "America/Toronto"),
        ("San José, 08, CR", "San José, 08, CR", 9.93, -84.08, "America/Costa_Rica"),
        ("Muenchen, DE", "Munich, 02, DE", 48.14, 11.58, "Europe/Berlin"),
        ("WINSTON-SALEM", "Winston-Salem, NC, US", 36.10, -80.24, "America/New_York"),
    ],
)
def test_one_town(text, full, lat, lon, zone):
    place = resolve(text)
    assert str(place) == full
    assert (place.lat, place.lon) == pytest.approx((lat, lon), abs=0.02)
    assert place.zone == zone


def test_several_towns_ask_for_a_choice():
    with pytest.raises(InvalidInput) as told:
        resolve("Springfield")
    text = str(told.value)
    assert "24 places" in text
    assert "Springfield, MO, US (37.22, -93.30; 170,188 people)" in text
    assert "Springfield, IL, US" in text
    assert "and 18 more" in text
    assert text.endswith("write 'Springfield, MO, US', or latitude and longitude")
    assert str(resolve("Springfield, IL, US")) == "Springfield, IL, US"
    assert len(text) < 600
    assert "\n" not in text


def test_another_name_alone_is_no_choice():
    """GeoNames lists wrong spellings and names in other languages: they find a town only beside its region."""
    with pytest.raises(InvalidInput, match=r"'München', 1 place.*write 'Munich, 02, DE'"):
        resolve("München")


def test_two_letters_may_be_a_region_or_a_country():
    assert str(resolve("Ontario, CA")) == "Ontario, CA, US"
    assert {place.country for place in find("Cameron, CA")} == {"CA"}
    with pytest.raises(InvalidInput, match="places"):
        resolve("Richmond, CA")  # in California and in British Columbia


@pytest.mark.parametrize("text", ["Billngs", "Bilings", "billingss"])
def test_near_spellings_are_named_and_not_taken(text):
    with pytest.raises(InvalidInput, match=r"near it: .*Billings, MT, US"):
        resolve(text)


@pytest.mark.parametrize(
    "text", ["", ",", ", MT", "Billings, MT, US, Earth", "Billings, Mars", "\U0010ffff", "x" * 5000, "東京", "'"]
)
def test_what_is_no_town(text):
    with pytest.raises(InvalidInput, match="town of 500 people"):
        resolve(text)


def test_names_stand_in_the_order_that_the_search_takes_for_granted():
    towns = gazetteer._load()
    folded = [fold(name) for name in towns.names]
    assert folded == sorted(folded)
    assert towns.other_names == sorted(towns.other_names)
    assert len(folded) == towns.lat.size == 234_908
    assert np.all(np.abs(towns.lat) <= 90.0)
    assert np.all(np.abs(towns.lon) <= 180.0)
    assert towns.other_town.max() < len(folded)
