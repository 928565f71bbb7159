"""Claims: what of a statement can be checked, in a form that can be.

A claim names who makes it and, where there is one, the statement that it is taken from. ``denied`` turns it around:
"did not pass over". What it is for or who meant it is recorded too, as not testable by this tool.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from overflight.errors import InvalidInput
from overflight.geo.times import iso, parse_utc

Subject = Literal["passed-over", "was-drifting", "launched-from", "at-altitude", "was-civil", "purpose"]
SUBJECTS: tuple[str, ...] = get_args(Subject)
UNTESTABLE = ("was-civil", "purpose")
DEFAULT_RADIUS_KM = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a party says, so that it can be checked.

    Attributes
    ----------
    party : who says it.
    subject : what it is about.
    denied : bool. It says that this is not so.
    region : id of a country or region; of a launch, the country.
    region_name : as it is written.
    lat, lon, radius_km : where it was launched. [degrees, km]
    altitude_m : lowest and highest, above mean sea level.
    start, end : the times that it speaks of, ISO 8601, or "".
    words : what cannot be put into figures; a purpose.
    statement : number of the record that it is taken from, or None.
    """

    party: str
    subject: Subject
    denied: bool = False
    region: str = ""
    region_name: str = ""
    lat: float | None = None
    lon: float | None = None
    radius_km: float | None = None
    altitude_m: tuple[float, float] | None = None
    start: str = ""
    end: str = ""
    words: str = ""
    statement: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no claim can be."""
        if self.subject not in SUBJECTS:
            raise InvalidInput("claim", repr(self.subject), ", ".join(SUBJECTS))
        if not self.party:
            raise InvalidInput("party", "nothing", "who makes the claim")
        needs = {
            "passed-over": ("a region", bool(self.region)),
            "launched-from": ("a place or a country", bool(self.region) or self.lat is not None),
            "at-altitude": ("a lowest and a highest altitude", self.altitude_m is not None),
            "purpose": ("the purpose in words", bool(self.words)),
        }
        what, is_there = needs.get(self.subject, ("", True))
        if not is_there:
            raise InvalidInput("claim", f"{self.subject} without it", what)
        window = self.window
        if window is not None and window[1] < window[0]:
            raise InvalidInput("claim", f"{self.start} to {self.end}", "a time and one that is not before it")

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """The times that it speaks of, or None."""
        if not self.start and not self.end:
            return None
        return parse_utc(self.start or self.end, field="from"), parse_utc(self.end or self.start, field="to")

    def to_json(self) -> dict[str, Any]:
        """Return it as the body of a record."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "", False)}

    def __str__(self) -> str:
        """Return what is claimed, without who says it."""
        window = self.window
        when = "" if window is None else f" between {iso(window[0])} and {iso(window[1])}"
        no, passed = ("not ", "did not pass") if self.denied else ("", "passed")
        return {
            "passed-over": f"it {passed} over {self.region_name or self.region}",
            "was-drifting": f"it was {no}drifting with the wind",
            "launched-from": f"it was {no}launched from {self._place()}",
            "at-altitude": f"it was {no}at {self._level()}",
            "was-civil": f"it was {no}civil",
            "purpose": f"its purpose was {no}this: {self.words}",
        }[self.subject] + when

    def _place(self) -> str:
        if self.lat is None or self.lon is None:
            return self.region_name or self.region
        near = f"within {self.radius_km or DEFAULT_RADIUS_KM:g} km of {self.lat:.4f}, {self.lon:.4f}"
        return f"{self.region_name}, {near}" if self.region_name else near

    def _level(self) -> str:
        low, high = self.altitude_m or (0.0, 0.0)
        return f"{low:,.0f} m" if low == high else f"{low:,.0f} to {high:,.0f} m"


def claim_of(body: Mapping[str, Any]) -> Claim:
    """Read a claim from the body of a record.

    Raises
    ------
    InvalidInput
        It is none.
    """
    unknown = set(body) - set(Claim.__dataclass_fields__)
    if unknown:
        raise InvalidInput("claim", f"{min(unknown)}, an unknown field", "fields of a claim")
    values = dict(body)
    for name, value in values.items():
        is_right, expected = _FORMS.get(name, (_is_text, "text"))
        if value is not None and not is_right(value):
            raise InvalidInput(name, repr(value), expected)
    if values.get("altitude_m") is not None:
        low, high = values["altitude_m"]
        values["altitude_m"] = (float(low), float(high))
    try:
        return Claim(**values)
    except TypeError:
        raise InvalidInput("claim", "a field less", "party and subject") from None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_level(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_number, value))


_FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "altitude_m": (_is_level, "a lowest and a highest altitude"),
    "denied": (lambda value: isinstance(value, bool), "true or false"),
    "statement": (lambda value: isinstance(value, int) and not isinstance(value, bool), "the number of a record"),
    **dict.fromkeys(("lat", "lon", "radius_km"), (_is_number, "a number")),
}


def region_of(text: str) -> tuple[str, str]:
    """Return id and name of a country or disputed region of the ledger, by either.

    Raises
    ------
    InvalidInput
        There is none of this name.
    """
    from overflight.airspace import countries  # noqa: PLC0415 - slow to import
    from overflight.airspace.labels import owner  # noqa: PLC0415

    known = {owner(r): r.name for r in countries().regions} | {
        r.id: r.name for r in countries().regions if r.kind in ("land", "disputed")
    }
    named = {name.casefold(): number for number, name in known.items()} | {
        number.casefold(): number for number in known
    }
    found = named.get(text.strip().casefold())
    if found is None:
        near = difflib.get_close_matches(text.strip().casefold(), named, 1)
        hint = f"did you mean {known[named[near[0]]]}?" if near else "overflight airspace lists what a track crossed"
        raise InvalidInput("region", repr(text), "a country, or its three letters", hint=hint)
    return found, known[found]


def place_of(text: str) -> dict[str, Any]:
    """Return the fields of a claim for a place: LAT,LON, a country, or a town.

    Raises
    ------
    InvalidInput
        It is none of these.
    """
    from overflight.sightings.gazetteer import resolve  # noqa: PLC0415 - slow to load

    parts = text.split(",")
    try:
        lat, lon = (float(part) for part in parts)
    except ValueError:
        pass
    else:
        if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 360.0):
            raise InvalidInput("place", repr(text), "latitude and longitude in degrees")
        return {"lat": lat, "lon": lon}
    try:
        region, name = region_of(text)
    except InvalidInput:
        town = resolve(text)
        return {"lat": town.lat, "lon": town.lon, "region_name": str(town)}
    return {"region": region, "region_name": name}
