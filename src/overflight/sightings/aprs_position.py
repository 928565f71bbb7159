"""Positions in APRS frames: plain, compressed, and Mic-E.

References
----------
APRS Working Group, 2000. APRS Protocol Reference, version 1.0.1 (chapters 6, 8, 9 and 10).
Bruninga, 2004. APRS precision and datum option (aprs.org/datum.txt): the extra digits ``!DAO!``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from overflight.errors import InvalidInput
from overflight.sightings.row import HIGHEST_M, LOWEST_M, METRES_PER_FOOT

_PLAIN = re.compile(
    r"(\d\d)([0-9 ]{2})\.([0-9 ]{2})([NSns])(.)(\d{3})([0-9 ]{2})\.([0-9 ]{2})([EWew])(.)(.*)", re.DOTALL
)
_FEET = re.compile(r"/A=(-\d{5}|\d{6})")
_DAO = re.compile(r"!([A-Za-z])([!-{ ])([!-{ ])!")
_MIC_E_ALTITUDE = re.compile(r"[!-{]{3}\}")
_MIC_E_ADDRESS = re.compile(r"[0-9A-LP-Z]{3}[0-9LP-Z]{3}(-.*)?")
_WIDTHS_MIN = (0.0, 0.1, 1.0, 10.0, 60.0)
"""Cell that a position names, by how many of its digits are blank; none: to the last digit. [minutes of arc]"""
_GGA = 2


@dataclass(frozen=True, slots=True)
class Fix:
    """A position in a frame.

    Attributes
    ----------
    lat, lon : float. [degrees]; of the middle of the cell, where digits are blank.
    cell_min : float. Side of that cell in minutes of arc, 0 where no digit is blank.
    altitude_m : float or None. Above the sea. [m]
    comment : str
    """

    lat: float
    lon: float
    cell_min: float
    altitude_m: float | None
    comment: str


def decode(text: str) -> Fix:
    """Read a position as it stands after the data type and the time stamp of a frame.

    Raises
    ------
    InvalidInput
        It is none.
    """
    return _sound(_plain(text) if text[:1].isdigit() else _compressed(text))


def _plain(text: str) -> Fix:
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise InvalidInput("position", repr(text[:19]), "as in 4903.50N/07201.75W>")
    blank = _blank(match[2] + match[3], text)
    lat = _degrees(int(match[1]), match[2] + match[3], blank, match[4].upper() == "S")
    # The blanks of the latitude hold for both; a longitude may show digits that mean nothing.
    lon = _degrees(int(match[6]), match[7] + match[8], blank, match[9].upper() == "W")
    comment = match[11]
    fix = Fix(lat, lon, _WIDTHS_MIN[blank], _feet(comment), comment)
    return fix if blank else _finer(fix, comment)


def _blank(digits: str, text: str) -> int:
    """Count the blank digits, which stand at the end."""
    known = digits.rstrip(" ")
    if " " in known:
        raise InvalidInput("position", repr(text[:19]), "blanks only in the last digits")
    return len(digits) - len(known)


def _degrees(whole: int, digits: str, blank: int, negative: bool) -> float:
    """Return degrees from minutes as four digits, the last ``blank`` of which are not known."""
    known = digits[: 4 - blank].replace(" ", "0").ljust(4, "0")
    minutes = int(known) / 100.0 + _WIDTHS_MIN[blank] / 2.0
    if minutes >= 60.0:
        raise InvalidInput("position", f"{minutes:g} minutes of arc", "below 60")
    value = whole + minutes / 60.0
    return -value if negative else value


def _feet(comment: str) -> float | None:
    match = _FEET.search(comment)
    return int(match[1]) * METRES_PER_FOOT if match else None


def _finer(fix: Fix, comment: str) -> Fix:
    """Add the digits of ``!DAO!``: thousandths of a minute, or 91 parts of a hundredth where D is a small letter."""
    match = _DAO.search(comment)
    if match is None or " " in match[0]:
        return fix
    if match[1].isupper():
        if not (match[2].isdigit() and match[3].isdigit()):
            return fix
        extra = [int(match[n]) / 1000.0 for n in (2, 3)]
    else:
        extra = [(ord(match[n]) - 33) / 91.0 / 100.0 for n in (2, 3)]
    lat, lon = (math.copysign(abs(v) + e / 60.0, v) for v, e in zip((fix.lat, fix.lon), extra, strict=True))
    return replace(fix, lat=lat, lon=lon)


def _compressed(text: str) -> Fix:
    if len(text) < 13 or not re.fullmatch(r"[/\\A-Za-j][!-{]{8}.[ -{][ -{][ -~].*", text, re.DOTALL):
        raise InvalidInput("position", repr(text[:13]), "a plain or a compressed position")
    lat = 90.0 - _base91(text[1:5]) / 380_926.0
    lon = -180.0 + _base91(text[5:9]) / 190_463.0
    comment = text[13:]
    altitude = _feet(comment)
    if altitude is None and text[10] != " " and (ord(text[12]) - 33) >> 3 & 3 == _GGA:
        altitude = 1.002 ** _base91(text[10:12]) * METRES_PER_FOOT
    return Fix(lat, lon, 0.0, altitude, comment)


def _base91(text: str) -> int:
    value = 0
    for character in text:
        value = 91 * value + ord(character) - 33
    return value


def mic_e(destination: str, body: str) -> Fix:
    """Read a Mic-E position: latitude in the destination address, longitude in the frame after its data type.

    Raises
    ------
    InvalidInput
        They are no Mic-E position.
    """
    if not _MIC_E_ADDRESS.fullmatch(destination):
        raise InvalidInput("destination", repr(destination), "a latitude as Mic-E writes it, as in S32U6T")
    if len(body) < 8 or not all("\x1c" <= character <= "\x7f" for character in body[:3]):
        raise InvalidInput("position", repr(body[:8]), "three characters of longitude and five after them")
    digits = "".join(_mic_e_digit(character) for character in destination[:6])
    if " " in digits[:2]:
        raise InvalidInput("destination", repr(destination), "whole degrees of latitude")
    blank = _blank(digits[2:], destination)
    lat = _degrees(int(digits[:2]), digits[2:], blank, not "P" <= destination[3] <= "Z")
    degrees, minutes, hundredths = (ord(character) - 28 for character in body[:3])
    degrees = _turned(degrees + 100 * ("P" <= destination[4] <= "Z"))
    minutes -= 60 * (minutes >= 60)
    if not (0 <= degrees < 180 and 0 <= minutes < 60 and 0 <= hundredths < 100):
        raise InvalidInput("position", repr(body[:3]), "a longitude as Mic-E writes it")
    lon = _degrees(degrees, f"{minutes:02d}{hundredths:02d}", blank, "P" <= destination[5] <= "Z")
    comment = body[8:]
    fix = Fix(lat, lon, _WIDTHS_MIN[blank], _mic_e_altitude_m(comment), comment)
    return _sound(fix if blank else _finer(fix, comment))


def _mic_e_altitude_m(comment: str) -> float | None:
    """Return metres from three characters before a brace; words in braces are no altitude."""
    said = (float(_base91(match[0][:3]) - 10_000) for match in _MIC_E_ALTITUDE.finditer(comment))
    return next((metres for metres in said if LOWEST_M <= metres <= HIGHEST_M), _feet(comment))


def _mic_e_digit(character: str) -> str:
    if character.isdigit():
        return character
    if character in "KLZ":
        return " "
    return str(ord(character) - ord("A" if character <= "J" else "P"))


def _turned(degrees: int) -> int:
    """Undo the two shifts that keep the character printable."""
    if 180 <= degrees <= 189:
        return degrees - 80
    return degrees - 190 if 190 <= degrees <= 199 else degrees


def _sound(fix: Fix) -> Fix:
    if not (abs(fix.lat) <= 90.0 and abs(fix.lon) <= 180.0):
        raise InvalidInput("position", f"{fix.lat:.4f}, {fix.lon:.4f}", "a place on Earth")
    if fix.cell_min == 0.0 and abs(fix.lat) < 1e-4 and abs(fix.lon) < 1e-4:
        raise InvalidInput("position", "0, 0", "a position; receivers without a fix send 0, 0")
    return fix
