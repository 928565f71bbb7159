"""Altitude, direction and elevation in words: ``about 60,000 ft``, ``to the north-west``, ``35 degrees up``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.sightings.row import HIGHEST_M, LOWEST_M, METRES_PER_FOOT
from overflight.sightings.sighting import Altitude

_ABOUT = r"about|around|approximately|roughly|circa|~"
_NUMBER = r"\d+(?:\.\d+)?"
_UNIT = r"ft|feet|foot|m|metres?|meters?|km|kilometres?|kilometers?"
_ALTITUDE = re.compile(
    rf"(?:at )?(?:an? )?(?:(?:altitude|height)(?: of)? ?)?(?:(?P<about>{_ABOUT}) ?)?(?P<value>{_NUMBER})"
    rf"(?: ?(?:\+-|±|\+/-) ?(?P<sd>{_NUMBER}))? ?(?P<unit>{_UNIT})"
)
_RANGE = re.compile(
    rf"(?:at |altitude )?(?:between|from) (?P<low>{_NUMBER}) ?(?:and|to) ?(?P<high>{_NUMBER}) ?(?P<unit>{_UNIT})"
)
_BOUND = re.compile(rf"(?:at )?(?:above|over|below|under|more than|less than|at least|up to) {_NUMBER} ?(?:{_UNIT})")
_FLIGHT_LEVEL = re.compile(r"(?:at )?fl ?(?P<level>\d{2,3})|(?:at )?flight level (?P<long>\d{2,3})")
_OF_TEN = 0.1
"""Part of a height that "about" leaves open, as a standard deviation."""

_POINTS = ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
_WORD = r"(?:north|south|east|west)(?:[- ]?(?:north|south|east|west)){0,2}"
_DIRECTION = re.compile(
    rf"(?:looking |seen )?(?:to|towards?|in) (?:the )?(?P<word>{_WORD}|[nesw]{{1,3}})"
    rf"|(?:looking |seen |due )?(?P<bare>{_WORD})"
)
_BEARING = re.compile(
    rf"(?:bearing|azimuth|direction)(?: of)? (?:(?P<about>{_ABOUT}) ?)?(?P<value>{_NUMBER})"
    rf"(?: ?(?:\+-|±|\+/-) ?(?P<sd>{_NUMBER}))? ?(?:degrees?|deg|°)?(?: ?(?P<kind>true|magnetic))?"
)
_ELEVATION = re.compile(
    rf"(?:at )?(?:elevation(?: of)? )?(?:(?P<about>{_ABOUT}) ?)?(?P<value>{_NUMBER})"
    rf"(?: ?(?:\+-|±|\+/-) ?(?P<sd>{_NUMBER}))? ?(?:degrees?|deg|°)(?: (?P<up>up|high|above the horizon|elevation))?"
)


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle with its standard deviation. [degrees]"""

    value_deg: float
    sd_deg: float


def read_altitude(text: str, default_sd_m: float) -> Altitude | None:
    """Return an altitude in words; None where the text is none.

    Raises
    ------
    InvalidInput
        It lies where no balloon flies, or names a bound and no value.
    """
    words = text.lower()
    if _BOUND.fullmatch(words):
        hint = "give both bounds, as in between 55,000 and 65,000 ft"
        raise InvalidInput("altitude", repr(text), "a value or a range", hint=hint)
    level = _FLIGHT_LEVEL.fullmatch(words)
    if level:
        feet = 100.0 * int(level["level"] or level["long"])
        return _altitude(feet * METRES_PER_FOOT, default_sd_m, text, is_pressure=True)
    span = _RANGE.fullmatch(words)
    if span:
        low, high = (float(span[key]) * _metres(span["unit"]) for key in ("low", "high"))
        if low >= high:
            raise InvalidInput("altitude", repr(text), "the lower bound first")
        return _altitude((low + high) / 2.0, (high - low) / math.sqrt(12.0), text)
    match = _ALTITUDE.fullmatch(words)
    if match is None:
        return None
    value, unit = float(match["value"]), _metres(match["unit"])
    sd = default_sd_m if not match["about"] else max(default_sd_m, _OF_TEN * value * unit)
    return _altitude(value * unit, sd if match["sd"] is None else float(match["sd"]) * unit, text)


def _metres(unit: str) -> float:
    return METRES_PER_FOOT if unit.startswith("f") else 1000.0 if unit.startswith("k") else 1.0


def _altitude(metres: float, sd_m: float, text: str, *, is_pressure: bool = False) -> Altitude:
    if not (LOWEST_M <= metres <= HIGHEST_M and sd_m < HIGHEST_M):
        raise InvalidInput("altitude", repr(text), f"{LOWEST_M:g} to {HIGHEST_M:g} m")
    return Altitude(value_m=metres, sd_m=sd_m, reference="pressure" if is_pressure else "geometric")


def read_direction(text: str, eye_sd_deg: float) -> Angle | None:
    """Return an azimuth in words, clockwise from true north; None where the text is none.

    A word means its sector: of 8 points 45 degrees, of 16 points 22.5, and the eye's own error beside it.

    Raises
    ------
    InvalidInput
        It is magnetic, or more than a full turn.
    """
    words = text.lower()
    bearing = _BEARING.fullmatch(words)
    if bearing:
        if bearing["kind"] == "magnetic":
            raise InvalidInput("direction", repr(text), "a true bearing", hint="add the declination of the place")
        return _angle(bearing, 360.0, "direction", eye_sd_deg)
    match = _DIRECTION.fullmatch(words)
    word = (match["word"] or match["bare"]) if match else ""
    point = "".join(part[0] for part in re.findall(r"north|south|east|west", word)) or word
    if point not in _POINTS:
        return None
    sector = 45.0 if len(point) < 3 else 22.5
    return Angle(22.5 * _POINTS.index(point), math.hypot(sector / math.sqrt(12.0), eye_sd_deg))


def read_elevation(text: str, eye_sd_deg: float) -> Angle | None:
    """Return a height above the horizon in words; None where the text is none.

    Raises
    ------
    InvalidInput
        It is above the zenith.
    """
    match = _ELEVATION.fullmatch(text.lower())
    if match is None or not (match["up"] or "elevation" in text.lower()):
        return None
    return _angle(match, 90.0, "elevation", eye_sd_deg)


def _angle(match: re.Match[str], highest: float, field: str, eye_sd_deg: float) -> Angle:
    value = float(match["value"])
    sd = eye_sd_deg * (2.0 if match["about"] else 1.0) if match["sd"] is None else float(match["sd"])
    if value > highest or sd > 180.0:
        raise InvalidInput(field, repr(match[0]), f"0 to {highest:g} degrees")
    return Angle(value % 360.0, sd)


def ground_distance_m(altitude_m: float, elevation_deg: float) -> float:
    """Return how far away what flies at an altitude stands at an elevation above the horizon. [m]"""
    elevation = math.radians(elevation_deg)
    ratio = sphere.EARTH_RADIUS_M / (sphere.EARTH_RADIUS_M + max(altitude_m, 0.0))
    return sphere.EARTH_RADIUS_M * (math.acos(ratio * math.cos(elevation)) - elevation)
