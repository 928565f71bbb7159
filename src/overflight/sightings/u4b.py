"""Basic telemetry of pico balloons in the second of two WSPR messages, as the U4B and its kin send it.

The message looks like callsign, locator and power; it is a number in mixed radix. The callsign's first and third
characters name the channel; the other four carry the sub-square and the altitude. Locator and power carry the rest.

References
----------
Basic Telemetry, traquito.github.io/pro/telemetry/basic: fields, ranges, steps. Summers, 2025. U4B decoding,
qrp-labs.com/u4b/u4bdecoding.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from overflight.errors import InvalidInput

_CALLSIGN = re.compile(r"[01Q][0-9A-Z][0-9][A-Z]{3}")
_LOCATOR = re.compile(r"[A-R]{2}[0-9]{2}")
_POWERS = (0, 3, 7, 10, 13, 17, 20, 23, 27, 30, 33, 37, 40, 43, 47, 50, 53, 57, 60)
"""Powers that a WSPR message can state. [dBm]"""
_ALTITUDES, _TEMPERATURES, _VOLTAGES, _SPEEDS = 1068, 90, 40, 42
STEP_M = 20.0
"""Altitude is cut to steps; above 21,340 m it begins again at 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What a message of basic telemetry says.

    Attributes
    ----------
    channel : str. First and third character of the callsign.
    subsquare : str. Fifth and sixth character of the locator.
    altitude_m : float. 0 to 21,340 in steps of 20. [m]
    temperature_c : int. -50 to 39.
    voltage_v : float. 3 to 4.95 in steps of 0.05.
    speed_kn : int. 0 to 82 in steps of 2.
    has_fix : bool. The place, altitude and speed are of a valid fix.
    """

    channel: str
    subsquare: str
    altitude_m: float
    temperature_c: int
    voltage_v: float
    speed_kn: int
    has_fix: bool


def is_telemetry(callsign: str) -> bool:
    """Say whether a callsign is of the part that no country gives out, which telemetry uses."""
    return _CALLSIGN.fullmatch(callsign) is not None


def decode(callsign: str, locator: str, power_dbm: int) -> Telemetry | None:
    """Return what a message says; None where it is of the extended kind, which has no fixed fields.

    Raises
    ------
    InvalidInput
        No tracker sends such a message.

    Examples
    --------
    >>> decode("1Y4PAS", "HK08", 10).altitude_m
    1000.0
    """
    if not (is_telemetry(callsign) and _LOCATOR.fullmatch(locator) and power_dbm in _POWERS):
        raise InvalidInput("telemetry", f"{callsign} {locator} {power_dbm}", "as in 1Y4PAS HK08 10")
    place = int(callsign[1], 36)
    for letter in callsign[3:]:
        place = 26 * place + ord(letter) - ord("A")
    subsquare, altitude = divmod(place, _ALTITUDES)
    rest = _number_of(locator) * len(_POWERS) + _POWERS.index(power_dbm)
    rest, basic = divmod(rest, 2)
    if not basic:
        return None
    rest, fix = divmod(rest, 2)
    rest, speed = divmod(rest, _SPEEDS)
    temperature, voltage = divmod(rest, _VOLTAGES)
    if temperature >= _TEMPERATURES:
        raise InvalidInput("telemetry", f"{temperature - 50} degrees Celsius", "-50 to 39")
    return Telemetry(
        channel=callsign[0] + callsign[2],
        subsquare="".join(chr(ord("A") + part) for part in divmod(subsquare, 24)),
        altitude_m=altitude * STEP_M,
        temperature_c=temperature - 50,
        # Counted from 2 V, and those below 3 V stand for what lies above 3.95 V.
        voltage_v=round(3.0 + 0.05 * ((voltage + 20) % _VOLTAGES), 2),
        speed_kn=2 * speed,
        has_fix=bool(fix),
    )


def encode(telemetry: Telemetry) -> tuple[str, str, int]:
    """Return the callsign, locator and power [dBm] that say this; numbers go to the nearest step.

    Raises
    ------
    InvalidInput
        A value cannot be said.
    """
    t = telemetry
    parts = (
        _step("altitude_m", t.altitude_m / STEP_M, _ALTITUDES),
        _step("temperature_c", t.temperature_c + 50, _TEMPERATURES),
        _step("voltage_v", (t.voltage_v - 3.0) / 0.05, _VOLTAGES),
        _step("speed_kn", t.speed_kn / 2, _SPEEDS),
    )
    if not (re.fullmatch(r"[01Q][0-9]", t.channel) and re.fullmatch(r"[A-X]{2}", t.subsquare)):
        raise InvalidInput("telemetry", f"channel {t.channel!r}, sub-square {t.subsquare!r}", "as in 'Q7' and 'XR'")
    altitude, temperature, voltage, speed = parts
    fifth, sixth = (ord(letter) - ord("A") for letter in t.subsquare)
    place = (fifth * 24 + sixth) * _ALTITUDES + altitude
    letters = ""
    for _ in range(3):
        place, letter = divmod(place, 26)
        letters = chr(ord("A") + letter) + letters
    first = chr(ord("0") + place) if place < 10 else chr(ord("A") + place - 10)
    rest = (temperature * _VOLTAGES + (voltage + 20) % _VOLTAGES) * _SPEEDS + speed
    number, power = divmod((rest * 2 + t.has_fix) * 2 + 1, len(_POWERS))
    return t.channel[0] + first + t.channel[1] + letters, _locator_of(number), _POWERS[power]


def _step(name: str, value: float, count: int) -> int:
    step = int(value + 0.5) if -0.5 < value < count else -1
    if not 0 <= step < count:
        raise InvalidInput(name, f"{value:g} steps", f"0 to {count - 1} steps")
    return step


def _number_of(locator: str) -> int:
    first, second = (ord(letter) - ord("A") for letter in locator[:2])
    return (first * 18 + second) * 100 + int(locator[2:])


def _locator_of(number: int) -> str:
    letters, digits = divmod(number, 100)
    first, second = divmod(letters, 18)
    return chr(ord("A") + first) + chr(ord("A") + second) + f"{digits:02d}"
