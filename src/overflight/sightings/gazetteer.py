"""Names of places, offline: towns of 500 people and more, of GeoNames; see ``data/SOURCES.md``."""

from __future__ import annotations

import difflib
import json
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput

_LISTED = 6
"""Candidates that a message lists, the largest first."""
_COORDINATES = "write latitude and longitude"
_PROVINCES = {
    "01": ("AB", "Alberta"), "02": ("BC", "British Columbia"), "03": ("MB", "Manitoba"),
    "04": ("NB", "New Brunswick"), "05": ("NL", "Newfoundland and Labrador"), "07": ("NS", "Nova Scotia"),
    "08": ("ON", "Ontario"), "09": ("PE", "Prince Edward Island"), "10": ("QC", "Quebec"),
    "11": ("SK", "Saskatchewan"), "12": ("YT", "Yukon"), "13": ("NT", "Northwest Territories"),
    "14": ("NU", "Nunavut"),
}  # fmt: skip
"""Canada's provinces by GeoNames' number: letters and name. Other countries' regions go by GeoNames' code."""
_COUNTRY_WORDS = {"usa": "US", "united states of america": "US", "uk": "GB", "great britain": "GB"}
_DROPPED = str.maketrans({".": None, "'": None, "’": None, "-": " "})


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


@dataclass(frozen=True, slots=True, eq=False)
class _Towns:
    """All towns in the order of their folded names; other names in their own order, each with its town's number."""

    names: list[str]
    lat: NDArray[np.float32]
    lon: NDArray[np.float32]
    population: NDArray[np.int32]
    region: NDArray[np.int16]
    zone: NDArray[np.int16]
    other_names: list[str]
    other_town: NDArray[np.int32]
    regions: list[tuple[str, str]]
    zones: list[str]
    region_words: Mapping[str, set[tuple[str, str]]]
    country_words: Mapping[str, str]

    def place(self, number: int) -> Place:
        """Return a town by its number."""
        country, region = self.regions[self.region[number]]
        return Place(
            name=self.names[number],
            region=region,
            country=country,
            lat=round(float(self.lat[number]), 5),
            lon=round(float(self.lon[number]), 5),
            population=int(self.population[number]),
            zone=self.zones[self.zone[number]],
        )

    def lies_in(self, number: int, parts: Iterable[str]) -> bool:
        """Say whether each part names the region or the country of a town."""
        country, region = self.regions[self.region[number]]
        return all(
            (country, region) in self.region_words.get(part, ())
            or self.country_words.get(part) == country
            or (region != "" and fold(region) == part)
            for part in parts
        )


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
        hint = f"near it: {'; '.join(near)}; or {_COORDINATES}" if near else _COORDINATES
        raise InvalidInput(field, repr(text), "a town of 500 people or more", hint=hint)
    listed = "; ".join(place.described() for place in found[:_LISTED])
    more = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    names = [str(place) for place in found]
    lone = next((name for name in names if names.count(name) == 1), "")
    hint = f"write {lone!r}, or latitude and longitude" if lone else _COORDINATES
    got = f"{text!r}, {len(found)} place{'s' * (len(found) > 1)}"
    raise InvalidInput(field, got, f"one of {listed}{more}", hint=hint)


def find(text: str) -> tuple[Place, ...]:
    """Return all towns that a text can mean, the largest first.

    A town's own name counts before the other names that GeoNames knows it by, wrong spellings among them.
    """
    towns = _load()
    name, *rest = (fold(part) for part in text.split(","))
    if not name or len(rest) > 2:
        return ()
    named = [number for number in _named(towns, name) if towns.lies_in(number, rest)]
    if not named:
        named = [number for number in _also_named(towns, name) if towns.lies_in(number, rest)]
    return tuple(sorted(map(towns.place, named), key=lambda place: (-place.population, str(place))))


def _named(towns: _Towns, name: str) -> Iterator[int]:
    at = bisect_left(towns.names, name, key=fold)
    while at < len(towns.names) and fold(towns.names[at]) == name:
        yield at
        at += 1


def _also_named(towns: _Towns, name: str) -> Iterator[int]:
    at = bisect_left(towns.other_names, name)
    while at < len(towns.other_names) and towns.other_names[at] == name:
        yield int(towns.other_town[at])
        at += 1


def suggestions(text: str, count: int = 3) -> tuple[str, ...]:
    """Return the names nearest in spelling to the first part of a text, with the largest town of each."""
    towns, name = _load(), fold(text.split(",", maxsplit=1)[0])
    if not name:
        return ()
    # Misspelt first letters are rare, and towns with the same one stand together.
    low, high = (bisect_left(towns.names, edge, key=fold) for edge in (name[0], name[0] + "\U0010ffff"))
    first: dict[str, int] = {}
    for number in range(low, high):
        if abs(len(towns.names[number]) - len(name)) <= 2:
            first.setdefault(fold(towns.names[number]), number)
    near = difflib.get_close_matches(name, first, n=count, cutoff=0.75)
    return tuple(str(towns.place(first[known])) for known in near)


def fold(text: str) -> str:
    """Return a name without case, accents, dots and apostrophes; hyphens are spaces, St is Saint."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    words = plain.translate(_DROPPED).split()
    return " ".join(["saint" if word == "st" else word for word in words[:1]] + words[1:])


@cache
def _load() -> _Towns:
    """Read the towns that are shipped, once."""
    with files("overflight.sightings").joinpath("data/towns.npz").open("rb") as stream, np.load(stream) as packed:
        arrays = {key: packed[key] for key in packed.files}
    names, other_names, words = (arrays.pop(key).tobytes().decode() for key in ("names", "other_names", "words"))
    said = json.loads(words)
    return _Towns(
        names=names.split("\n"),
        other_names=other_names.split("\n"),
        regions=[_region(*code.split(".", 1)) for code in said["regions"]],
        zones=said["zones"],
        region_words=_region_words(said["states"]),
        country_words={**said["countries"], **_COUNTRY_WORDS},
        **arrays,
    )


def _region(country: str, code: str) -> tuple[str, str]:
    """Return a region's country and letters."""
    return country, _PROVINCES[code][0] if country == "CA" and code in _PROVINCES else code


def _region_words(states: Mapping[str, str]) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for country, letters, name in [("US", *s) for s in states.items()] + [("CA", *p) for p in _PROVINCES.values()]:
        for word in (letters, name):
            found.setdefault(fold(word), set()).add((country, letters))
    return found
