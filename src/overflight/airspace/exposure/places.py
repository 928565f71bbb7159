"""Places of release: sites by name, places by latitude and longitude, and grids over the whole Earth."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from overflight.errors import InvalidInput
from overflight.infer.launch_sites import KINDS, Site, known_sites, labels

MOST_PLACES = 100_000
_PLACE = re.compile(r"\s*([-+]?[0-9.]+)\s*,\s*([-+]?[0-9.]+)\s*")
_EXPECTED = "a site, LAT,LON in degrees, grid:10 in degrees, or sites:long_duration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place of release: name, lat, lon [degrees]."""

    name: str
    lat: float
    lon: float


def places_of(texts: Iterable[str]) -> tuple[Place, ...]:
    """Read places of release, in the order given; one that is named twice is taken once.

    Parameters
    ----------
    texts : each the name of a site that is shipped (or a part of it that no other has), ``LAT,LON`` [degrees],
        ``grid:STEP`` [degrees], or ``sites:KIND`` for all sites of a kind.

    Raises
    ------
    InvalidInput
        A text names no place, or more than one.
    """
    found = {place.name: place for text in texts for place in _of(text.strip())}
    if not found:
        raise InvalidInput("--from", "no place", _EXPECTED)
    if len(found) > MOST_PLACES:
        raise InvalidInput("--from", f"{len(found):,} places", f"at most {MOST_PLACES:,}")
    return tuple(found.values())


def _of(text: str) -> tuple[Place, ...]:
    kind, colon, rest = text.partition(":")
    if colon and kind.lower() == "grid":
        return grid(_step(rest))
    if colon and kind.lower() == "sites":
        return _kind(rest.strip().lower())
    pair = _PLACE.fullmatch(text)
    if pair is None:
        return (_site(text),)
    lat, lon = float(pair[1]), float(pair[2])
    if not (abs(lat) <= 90.0 and -180.0 <= lon <= 360.0):
        hint = "are lat and lon swapped?" if abs(lat) > 90.0 else ""
        raise InvalidInput("--from", repr(text), "degrees in [-90, 90] and [-180, 360]", hint=hint)
    return (_place(lat, lon),)


def _step(text: str) -> float:
    try:
        step = float(text)
    except ValueError:
        step = np.nan
    if not 1.0 <= step <= 90.0:
        raise InvalidInput("--from", repr(f"grid:{text}"), "a grid of 1 to 90 degrees, as grid:10")
    return step


def grid(step_deg: float) -> tuple[Place, ...]:
    """Return places that stand evenly over the Earth: in rows, and on each as many as keep the distance of the rows.

    Rows lie in the middle of bands of latitude, ``step_deg`` wide or the nearest width that divides 180, so that none
    is at a pole, and each place stands for about the same area.
    """
    bands = max(1, round(180.0 / step_deg))
    rows = -90.0 + 180.0 / bands * (np.arange(bands) + 0.5)
    places = []
    for lat in rows:
        around = max(1, round(2.0 * bands * np.cos(np.radians(lat))))
        places += [_place(float(lat), -180.0 + 360.0 / around * (i + 0.5)) for i in range(around)]
    return tuple(places)


def _place(lat: float, lon: float) -> Place:
    east = float(np.mod(lon + 180.0, 360.0) - 180.0)
    name = f"{abs(lat):.4g}{'N' if lat >= 0 else 'S'} {abs(east):.5g}{'E' if east >= 0 else 'W'}"
    return Place(name=name, lat=lat, lon=east)


def _kind(kind: str) -> tuple[Place, ...]:
    sites = known_sites()
    chosen = [(s, n) for s, n in zip(sites, labels(sites), strict=True) if s.kind == kind]
    if not chosen:
        raise InvalidInput("--from", repr(f"sites:{kind}"), f"a kind of {', '.join(k for k in KINDS if k != 'given')}")
    return tuple(_named(site, name) for site, name in chosen)


def _site(text: str) -> Place:
    sites, wanted = known_sites(), text.casefold()
    names = labels(sites)
    exact = [i for i, s in enumerate(sites) if wanted in (names[i].casefold(), s.name.casefold())]
    found = exact or [i for i, name in enumerate(names) if wanted and wanted in name.casefold()]
    if len(found) == 1:
        return _named(sites[found[0]], names[found[0]])
    if found:
        several = "; ".join(names[i] for i in found[:4]) + (" ..." if len(found) > 4 else "")
        raise InvalidInput("--from", f"{text!r}, which {len(found)} sites have", "the name of one", hint=several)
    close = difflib.get_close_matches(text, [s.name for s in sites], 1)
    raise InvalidInput("--from", repr(text), _EXPECTED, hint=f"did you mean {close[0]}?" if close else "")


def _named(site: Site, name: str) -> Place:
    return Place(name=name, lat=site.lat, lon=float(np.mod(site.lon + 180.0, 360.0) - 180.0))
