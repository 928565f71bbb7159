"""Maidenhead locators: the cell that 4, 6, 8 or 10 characters name, and its error.

A cell of 4 characters is 2 degrees wide and 1 degree high; 6 characters divide it by 24, 8 by a further 10, 10 by a
further 24 (IARU Region 1 VHF Managers Handbook, section 5.7).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.sightings.sighting import Ellipse

_BASES = (18, 10, 24, 10, 24)
_LENGTHS = (4, 6, 8, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of the grid.

    Attributes
    ----------
    lat, lon : float. Of its centre. [degrees]
    height_deg, width_deg : float. From edge to edge, in latitude and in longitude. [degrees]
    """

    lat: float
    lon: float
    height_deg: float
    width_deg: float


def cell(locator: str) -> Cell:
    """Return the cell of a locator; capital and small letters are the same.

    Raises
    ------
    InvalidInput
        The text is no locator of 4, 6, 8 or 10 characters.

    Examples
    --------
    >>> cell("JN58td").lat
    48.145833333333336
    """
    text = locator.strip().upper()
    if len(text) not in _LENGTHS:
        raise InvalidInput("locator", repr(locator), "4, 6, 8 or 10 characters, as in FN31pr")
    lat, lon, height, width = -90.0, -180.0, 180.0, 360.0
    for pair, base in enumerate(_BASES[: len(text) // 2]):
        height, width = height / base, width / base
        lon += width * _digit(text[2 * pair], base, locator)
        lat += height * _digit(text[2 * pair + 1], base, locator)
    return Cell(lat=lat + height / 2.0, lon=lon + width / 2.0, height_deg=height, width_deg=width)


def _digit(character: str, base: int, locator: str) -> int:
    value = ord(character) - ord("0" if base == 10 else "A")
    if not (character.isascii() and 0 <= value < base):
        raise InvalidInput("locator", repr(locator), "a Maidenhead locator, as in FN31pr")
    return value


def locator_of(lat: float, lon: float, characters: int = 6) -> str:
    """Return the locator of a place in degrees; the pole and the antimeridian belong to the cell before them.

    Raises
    ------
    InvalidInput
        ``characters`` is none of 4, 6, 8 and 10, or the place is none.
    """
    if characters not in _LENGTHS or not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        raise InvalidInput("locator", f"{lat}, {lon} to {characters} characters", "a place and 4, 6, 8 or 10")
    bases = _BASES[: characters // 2]
    count = math.prod(bases)
    # The whole number of smallest cells is taken first: remainders of remainders lose the last digits.
    north = min(int((lat + 90.0) / 180.0 * count + 1e-9), count - 1)
    east = min(int((lon + 180.0) / 360.0 * count + 1e-9), count - 1)
    out = []
    for base in reversed(bases):
        (north, y), (east, x) = divmod(north, base), divmod(east, base)
        first = "0" if base == 10 else "A"
        out.append(chr(ord(first) + x) + chr(ord(first) + y))
    return "".join(reversed(out))


def ellipse(of: Cell) -> Ellipse:
    """Return the standard deviations of a place anywhere in a cell with equal chance: its sides over the root of 12."""
    north_m = sphere.EARTH_RADIUS_M * math.radians(of.height_deg) / math.sqrt(12.0)
    east_m = sphere.EARTH_RADIUS_M * math.cos(math.radians(of.lat)) * math.radians(of.width_deg) / math.sqrt(12.0)
    return Ellipse(
        major_sd_m=max(north_m, east_m),
        minor_sd_m=min(north_m, east_m),
        azimuth_deg=90.0 if east_m > north_m else 0.0,
    )


def mean_sd_m(of: Ellipse) -> float:
    """Return the root mean square of an ellipse's two standard deviations. [m]"""
    return math.sqrt((of.major_sd_m**2 + of.minor_sd_m**2) / 2.0)
