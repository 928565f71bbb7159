"""Places known for launches: those that are shipped, and tables of one's own."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from overflight.errors import InvalidInput
from overflight.geo import sphere

Kind = Literal["radiosonde", "long_duration", "spaceport", "given"]
KINDS: tuple[Kind, ...] = get_args(Kind)

STATION_SD_KM = 2.0
"""Stations are listed to 0.01 degree, and launch within the station."""
GIVEN_SD_KM = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place known for launches.

    Attributes
    ----------
    name : str
    lat, lon : float. [degrees]
    kind : {"radiosonde", "long_duration", "spaceport", "given"}. Prior, hours and ascent go by it.
    sd_km : float. Standard deviation of each horizontal component of the place of launch. [km]
    weight : float. Relative to the other sites of its kind.
    country : str
    """

    name: str
    lat: float
    lon: float
    kind: Kind = "given"
    sd_km: float = GIVEN_SD_KM
    weight: float = 1.0
    country: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no place."""
        if not (abs(self.lat) <= 90.0 and abs(self.lon) <= 360.0):
            raise InvalidInput("site", f"{self.name} at {self.lat}, {self.lon}", "lat in [-90, 90] and a longitude")
        if self.kind not in KINDS:
            raise InvalidInput("site kind", repr(self.kind), ", ".join(KINDS))
        if not (0.0 <= self.sd_km <= 5_000.0 and 0.0 <= self.weight < np.inf):
            got = f"{self.name} with {self.sd_km} km, weight {self.weight}"
            raise InvalidInput("site", got, "a standard deviation of 0 to 5000 km and a weight of 0 or more")


@cache
def known_sites() -> tuple[Site, ...]:
    """Return the sites that are shipped: radiosonde stations, sites of long flights, spaceports."""
    folder = files("overflight.infer").joinpath("data")
    stations = folder.joinpath("radiosonde_stations.csv").read_text(encoding="utf-8").splitlines()
    others = folder.joinpath("launch_sites.csv").read_text(encoding="utf-8").splitlines()
    sites = [_site(row, "radiosonde", STATION_SD_KM, "") for row in csv.DictReader(stations)]
    return tuple(sites + [_site(row, "given", GIVEN_SD_KM, "") for row in csv.DictReader(others)])


def read_sites(path: Path) -> tuple[Site, ...]:
    """Read a table of sites: CSV with name, lat, lon and, where wanted, kind, sd_km, weight, country.

    Raises
    ------
    InvalidInput
        The file cannot be read, lacks a column, or a row is no site.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        reason = getattr(problem, "strerror", None) or type(problem).__name__
        raise InvalidInput("sites", f"{path} ({reason})", "a CSV file with name, lat, lon") from None
    if not rows:
        raise InvalidInput("sites", f"{path.name}, which has no row", "a CSV file with name, lat, lon")
    return tuple(_site(row, "given", GIVEN_SD_KM, f"{path.name} row {n}") for n, row in enumerate(rows, start=2))


def _site(row: Mapping[str, str | None], kind: Kind, sd_km: float, where: str) -> Site:
    given = {name.strip().lower(): (text or "").strip() for name, text in row.items() if isinstance(name, str)}
    for name in ("name", "lat", "lon"):
        if not given.get(name):
            raise InvalidInput(name, "nothing", "a value in each row", where)
    numbers = {"lat": "", "lon": "", "sd_km": str(sd_km), "weight": "1"}
    values = {name: _number(given.get(name) or default, name, where) for name, default in numbers.items()}
    named = given.get("kind") or kind
    try:
        return Site(name=given["name"], kind=named, country=given.get("country", ""), **values)  # type: ignore[arg-type]
    except InvalidInput as bad:
        raise replace(bad, where=where) from None


def _number(text: str, field: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InvalidInput(field, repr(text), "a number", where)
    return value


def labels(sites: Sequence[Site]) -> tuple[str, ...]:
    """Return a name for each site that no other has: with the country, and the place where that is not enough."""
    names = [f"{s.name}, {s.country}" if s.country else s.name for s in sites]
    forms = [[f" ({s.lat:.2f}, {float(sphere.wrap(s.lon)):.2f})" for s in sites], [f" [{s.kind}]" for s in sites]]
    for form in forms:
        twice = _repeated(names)
        names = [n + more if n in twice else n for n, more in zip(names, form, strict=True)]
    twice, seen = _repeated(names), Counter[str]()
    for i, name in enumerate(names):
        if name in twice:
            seen[name] += 1
            names[i] = f"{name} #{seen[name]}"
    return tuple(names)


def _repeated(names: Iterable[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}
