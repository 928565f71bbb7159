"""Which attributes of a file are an area's id, name and limits: short lists, in the order in which they are tried.

Letters' case does not count. Empty cells, and -99 where a code is looked for, are as good as none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from overflight.errors import InvalidInput, one_line

IDS = ("id", "iso_a3", "iso_a3_eh", "adm0_a3", "icao", "icao_id", "icaocode", "designator", "ident", "code")
NAMES = ("name", "name_en", "admin", "geoname", "title", "label")
FLOORS = ("floor", "lower", "lower_limit", "lowerlimit", "lower_val")
CEILINGS = ("ceiling", "upper", "upper_limit", "upperlimit", "upper_val")
UNIT_TAILS = ("_uom", "_unit", "_units")
"""A limit's unit stands in its name (``floor_m``, ``floor_ft``, ``floor_fl``), beside it (``lower_uom``), or in it."""

_M = {"m": 1.0, "ft": 0.3048, "fl": 30.48}
_UNIT_WORDS = {"m": "m", "metres": "m", "meters": "m", "ft": "ft", "feet": "ft", "fl": "fl"}
_UNLIMITED = frozenset({"UNL", "UNLIM", "UNLIMITED", "UNLTD", "NONE", ""})
_GROUND = frozenset({"GND", "SFC", "SURFACE", "GROUND", "0"})
_LIMIT = re.compile(
    r"(?P<fl>FL)?\s*(?P<number>-?\d+(?:\.\d+)?)\s*(?P<unit>[A-Z]*)\s*(?P<datum>MSL|AMSL|STD|AGL|SFC|GND|ASFC)?", re.A
)


class Attributes:
    """The attributes of one feature, found by name whatever the case of its letters.

    Parameters
    ----------
    properties : as the file has them.
    where : str. For messages.
    """

    def __init__(self, properties: Mapping[str, Any], where: str) -> None:
        self.where = where
        self._values = {key.lower(): value for key, value in properties.items()}

    def __contains__(self, name: str) -> bool:
        """Say whether there is such an attribute, if an empty one."""
        return name.lower() in self._values

    def text(self, *names: str) -> str:
        """Return the first of some attributes that says anything, as text; "" where none does."""
        for name in names:
            value = self._values.get(name.lower())
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                said = one_line(str(value), 200)
                if said and said not in ("-99", "nan"):
                    return said
        return ""

    def listed(self, name: str) -> tuple[str, ...]:
        """Return an attribute that is a list, or text parted by commas or semicolons."""
        value = self._values.get(name.lower())
        parts = value if isinstance(value, list) else re.split(r"[,;]", self.text(name))
        return tuple(text for text in (one_line(str(part), 60) for part in parts) if text)

    def limit_m(self, names: Sequence[str], *, unit: str = "") -> float | None:
        """Return a floor or a ceiling, None where it has none: the ground is no floor, ``UNL`` no ceiling. [m]

        A flight level is a pressure altitude, in hundreds of feet. What is given above the ground is passed over: how
        high the ground is there is not in the file.

        Parameters
        ----------
        names : of the attribute, as ``FLOORS``.
        unit : "m", "ft" or "fl". That of bare numbers, where the source is known.

        Raises
        ------
        InvalidInput
            It has no unit, or is no height.
        """
        for name in names:
            for tail, scale in _M.items():
                text = self.text(f"{name}_{tail}")
                if text:
                    return _metres(text, tail, f"{name}_{tail}", self.where) if scale else None
            text = self.text(name)
            if text:
                stem = name.removesuffix("_val")
                beside = self.text(*(stem + tail for tail in UNIT_TAILS)).lower()
                above = self.text(f"{stem}_code", f"{stem}_ref", f"{stem}_datum").upper() in ("SFC", "AGL", "GND")
                if text.upper() in _UNLIMITED | _GROUND or above:
                    return None
                return _metres(text, _UNIT_WORDS.get(beside, unit), name, self.where)
        return None


def _metres(text: str, unit: str, field: str, where: str) -> float | None:
    expected = "a height as FL245, 9500 ft or 2900 m"
    match = _LIMIT.fullmatch(text.strip().upper())
    if match is None:
        if text.upper() in _UNLIMITED | _GROUND:
            return None
        raise InvalidInput(field, repr(one_line(text, 40)), expected, where)
    words = match["unit"]
    datum = match["datum"] or ""
    for tail in ("AMSL", "MSL", "STD", "AGL", "ASFC", "SFC", "GND"):
        if words.endswith(tail):
            words, datum = words.removesuffix(tail), tail
    chosen = "fl" if match["fl"] else _UNIT_WORDS.get(words.lower(), "") if words else unit
    if not chosen:
        raise InvalidInput(field, repr(one_line(text, 40)), expected, where, f"or name the attribute {field}_m or _ft")
    if datum in ("AGL", "SFC", "GND", "ASFC"):
        return None
    height = float(match["number"]) * _M[chosen]
    if not -500.0 <= height <= 100_000.0:
        raise InvalidInput(field, repr(one_line(text, 40)), "a height of -500 m to 100 km", where)
    return height
