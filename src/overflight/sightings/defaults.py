"""Errors of a sighting where its source states none, by kind of source."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from overflight.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Standard deviations: of each component of the place [m], time [s], altitude [m], bearing and elevation [degrees].

    A bearing by eye or by compass is good to a hand's width at arm's length, some 5 degrees.
    """

    position_sd_m: float
    time_sd_s: float
    altitude_sd_m: float
    bearing_sd_deg: float = 5.0
    elevation_sd_deg: float = 5.0


BY_KIND = {
    # The errors of a careful report by a person; files drawn in a map program are no better.
    "table": Errors(position_sd_m=1000.0, time_sd_s=60.0, altitude_sd_m=300.0),
    "geojson": Errors(position_sd_m=1000.0, time_sd_s=60.0, altitude_sd_m=300.0),
    "kml": Errors(position_sd_m=1000.0, time_sd_s=60.0, altitude_sd_m=300.0),
    # A recorder writes its own receiver's fixes. The GPS service promises 8 m (95 %) in the horizontal, 3.3 m a
    # component (GPS SPS Performance Standard, 2020, 3.8); a receiver adds its own. Whether the height is above the sea
    # or above the ellipsoid is not written down: they differ by 30 m in the root mean square (EGM96).
    "gpx": Errors(position_sd_m=10.0, time_sd_s=1.0, altitude_sd_m=30.0),
    # A gx:Track is what recorders and trackers write.
    "kml-track": Errors(position_sd_m=10.0, time_sd_s=1.0, altitude_sd_m=30.0),
    # A receiver on board as above, one frame a second; most decoders give the height above the ellipsoid.
    "sondehub": Errors(position_sd_m=10.0, time_sd_s=1.0, altitude_sd_m=30.0),
    # Hundredths of a minute are 18.5 m, a sd of 5 m; a frame is heard up to half a minute late by way of repeaters.
    "aprs": Errors(position_sd_m=20.0, time_sd_s=10.0, altitude_sd_m=30.0),
    # A locator of 6 characters is 4.6 km high, a sd of 1.3 km; a slot is two minutes long (its cell is what counts).
    "wspr": Errors(position_sd_m=1500.0, time_sd_s=60.0, altitude_sd_m=50.0),
    # NACp 8 bounds the place to 93 m (95 %): 38 m a component; pressure altitude within the 245 ft (75 m) that
    # reduced separation asks of an altimeter (ICAO Doc 9574), as three sd, and rounding to 25 ft.
    "adsb": Errors(position_sd_m=40.0, time_sd_s=1.0, altitude_sd_m=30.0),
    # Without places of its own, a sounding's level lies where the station is; heights are hydrostatic.
    "igra": Errors(position_sd_m=1000.0, time_sd_s=60.0, altitude_sd_m=30.0),
    # High resolution soundings carry displacements to about 1e-5 degrees and whole seconds.
    "bufr": Errors(position_sd_m=100.0, time_sd_s=5.0, altitude_sd_m=30.0),
    # "Over the town, about noon": places told at second hand are good to some 30 km; a height is mostly an official's.
    "plain": Errors(position_sd_m=30_000.0, time_sd_s=900.0, altitude_sd_m=1000.0),
}
"""By kind; a kind not named here has the errors of a table."""

_UNITS = {
    "position": ("position_sd_m", {"m": 1.0, "km": 1000.0, "nm": 1852.0}),
    "time": ("time_sd_s", {"s": 1.0, "min": 60.0, "h": 3600.0}),
    "altitude": ("altitude_sd_m", {"m": 1.0, "km": 1000.0, "ft": 0.3048}),
    "bearing": ("bearing_sd_deg", {"deg": 1.0}),
    "elevation": ("elevation_sd_deg", {"deg": 1.0}),
}
_HIGHEST = {"position_sd_m": 2e7, "time_sd_s": 6e7, "altitude_sd_m": 2e4, "bearing_sd_deg": 180.0,
            "elevation_sd_deg": 90.0}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """The table by kind, with what a user sets instead."""

    by_kind: Mapping[str, Errors] = field(default_factory=dict)

    def of(self, kind: str) -> Errors:
        """Return the errors of a kind."""
        return self.by_kind.get(kind) or BY_KIND.get(kind) or BY_KIND["table"]


def defaults_of(texts: tuple[str, ...] | list[str], option: str = "--errors") -> Defaults:
    """Read what a user sets, as ``gpx:position=50m,time=1s``; what a text does not name stays as it is.

    Parameters
    ----------
    texts : one text a kind: the kind, a colon, and standard deviations with their units, parted by commas: ``position``
        (m, km, nm), ``time`` (s, min, h), ``altitude`` (m, km, ft), ``bearing`` and ``elevation`` (deg).
    option : the name by which messages call it.

    Raises
    ------
    InvalidInput
        A name or a unit is not known, a number is none, not above 0 or too large, or a thing is said twice.

    Examples
    --------
    >>> defaults_of(["gpx:position=50m,time=1s"]).of("gpx").position_sd_m
    50.0
    """
    by_kind: dict[str, Errors] = {}
    for text in texts:
        kind, colon, rest = text.partition(":")
        kind = kind.strip().lower()
        if not (colon and re.fullmatch(r"[a-z0-9_-]{1,32}", kind) and rest.strip()):
            raise InvalidInput(option, repr(text), "a kind and its errors, as gpx:position=50m,time=1s")
        if kind in by_kind:
            raise InvalidInput(option, f"{kind!r} twice", "each kind once")
        by_kind[kind] = replace(Defaults().of(kind), **_settings(rest, option))
    return Defaults(by_kind=by_kind)


def _settings(text: str, option: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = (piece.strip().lower() for piece in part.partition("="))
        if name not in _UNITS:
            raise InvalidInput(option, repr(part.strip()), f"one of {', '.join(_UNITS)}, as position=50m")
        field_name, units = _UNITS[name]
        if field_name in found:
            raise InvalidInput(option, f"{name!r} twice", "each error once")
        found[field_name] = _measure(value, units, part.strip(), option, _HIGHEST[field_name])
    return found


def _measure(text: str, units: Mapping[str, float], part: str, option: str, highest: float) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e([+-]?[0-9]{1,2}))?\s*([a-z]+)", text)
    value = float(f"{match[1]}e{match[2] or 0}") * units.get(match[3], math.nan) if match else math.nan
    if not 0.0 < value <= highest:
        raise InvalidInput(option, repr(part), f"a number above 0 with its unit ({', '.join(units)})")
    return value
