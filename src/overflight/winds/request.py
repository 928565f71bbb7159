"""What winds are asked for: source, times, area, levels, grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from overflight.errors import InvalidInput
from overflight.geo.times import HINT, iso

Area = tuple[float, float, float, float]

VARIABLES = ("u", "v", "t", "z")
SOURCES = ("gfs", "gefs", "era5", "ecmwf")
CUT = ("era5",)
"""Sources that give a part of the globe; of the others whole fields come."""
RESOLUTIONS: dict[str, tuple[str, ...]] = {
    "gfs": ("0p25", "0p50", "1p00"),
    "gefs": ("0p50",),
    "era5": ("0p25",),
    "ecmwf": ("0p25",),
}
DEFAULT_STEP_H = 3
MAX_TIMES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Winds that are asked for.

    Attributes
    ----------
    source : str
        ``gfs``, ``gefs``, ``era5`` or ``ecmwf``.
    start, end : datetime
        First and last instant that must lie inside the winds, with zone.
    area : tuple of float or None
        South, west, north, east [degrees]; west > east, or east > 180, crosses the antimeridian.
        None is the globe.
    levels_hpa : tuple of float or None
        Pressure levels [hPa]; None is the source's own set.
    resolution : str or None
        ``0p25``, ``0p50`` or ``1p00`` (also ``0.25`` and the like); None is the finest.
    step_h : int
        Time between fields [h]: 1, 2, 3, 6 or 12.
    variables : tuple of str
        Of ``u v t z``; wind is always among them.
    """

    source: str
    start: datetime
    end: datetime
    area: Area | None = None
    levels_hpa: tuple[float, ...] | None = None
    resolution: str | None = None
    step_h: int = DEFAULT_STEP_H
    variables: tuple[str, ...] = VARIABLES

    def __post_init__(self) -> None:
        """Refuse what no source could answer."""
        if self.source not in SOURCES:
            raise InvalidInput("source", repr(self.source), f"one of {', '.join(SOURCES)}")
        _check_times(self.start, self.end, self.step_h)
        if self.area is not None:
            object.__setattr__(self, "area", checked_area(self.area))
        if self.levels_hpa is not None:
            object.__setattr__(self, "levels_hpa", _checked_levels(self.levels_hpa))
        if self.resolution is not None:
            object.__setattr__(self, "resolution", _checked_resolution(self.source, self.resolution))
        if not {"u", "v"} <= set(self.variables) <= set(VARIABLES):
            raise InvalidInput("variables", " ".join(self.variables), "u and v, and maybe t and z")

    @property
    def grid(self) -> str:
        """The resolution asked for, else the source's finest."""
        return self.resolution or RESOLUTIONS[self.source][0]

    def times(self) -> tuple[datetime, ...]:
        """Return the valid times [UTC] whose span holds the request, ``step_h`` apart from 00 UTC."""
        step_s = self.step_h * 3600
        first = math.floor(self.start.timestamp() / step_s)
        last = math.ceil(self.end.timestamp() / step_s)
        return tuple(datetime.fromtimestamp(n * step_s, UTC) for n in range(first, last + 1))

    def command(self) -> str:
        """Return the command that fetches this request."""
        parts = [
            f"overflight winds fetch {self.source}",
            f"--start {iso(self.start)}",
            f"--end {iso(self.end)}",
        ]
        if self.area is not None:
            parts.append("--area=" + ",".join(f"{edge:g}" for edge in self.area))
        if self.levels_hpa is not None:
            parts.append("--levels " + ",".join(f"{level:g}" for level in self.levels_hpa))
        if self.grid != RESOLUTIONS[self.source][0]:
            parts.append(f"--resolution {self.resolution}")
        if self.step_h != DEFAULT_STEP_H:
            parts.append(f"--step {self.step_h}")
        return " ".join(parts)


def checked_area(area: tuple[float, ...]) -> Area:
    """Return ``area`` as (south, west, north, east), west in [-180, 180), east above west.

    Raises
    ------
    InvalidInput
        Not four numbers, or no such place.
    """
    if len(area) != 4 or not all(math.isfinite(edge) for edge in area):
        raise InvalidInput("area", repr(area), "south,west,north,east in degrees")
    south, west, north, east = (float(edge) for edge in area)
    if not (-90 <= south < north <= 90):
        got, expected = (
            f"{south:g} to {north:g} north",
            "south,west,north,east with south < north in [-90, 90]",
        )
        raise InvalidInput("area", got, expected)
    if not (-180 <= west <= 360 and -180 <= east <= 540) or west == east:
        raise InvalidInput("area", f"{west:g} to {east:g} east", "west and east that differ, in [-180, 360]")
    width = 360.0 if abs(east - west) >= 360 else (east - west) % 360
    west = (west + 180) % 360 - 180
    return (south, west, north, west + width)


def area_contains(outer: Area | None, inner: Area | None) -> bool:
    """Say whether ``outer`` holds ``inner``; None is the globe."""
    if outer is None:
        return True
    if inner is None:
        return outer[0] <= -90 and outer[2] >= 90 and outer[3] - outer[1] >= 360
    if outer[0] > inner[0] or outer[2] < inner[2]:
        return False
    if outer[3] - outer[1] >= 360:
        return True
    return (inner[1] - outer[1]) % 360 + (inner[3] - inner[1]) <= outer[3] - outer[1]


def area_around(lat: float, lon: float, hours: float) -> Area | None:
    """Return an area that holds a place and what lies within a drift of some hours; None is the globe.

    The margin is 5 degrees of latitude and a degree (31 m/s) for each hour.
    """
    margin = 5.0 + hours
    south, north = math.floor(max(lat - margin, -90.0)), math.ceil(min(lat + margin, 90.0))
    wide = margin / max(math.cos(math.radians(min(max(abs(south), abs(north)), 89.0))), 0.05)
    if wide >= 90.0:
        return None
    return checked_area((south, math.floor(lon - wide), north, math.ceil(lon + wide)))


def area_text(area: Area | None) -> str:
    """Write an area for a person."""
    if area is None:
        return "global"
    south, west, north, east = area
    east = east if east < 180 or east - west >= 180 else (east + 180) % 360 - 180
    return f"{south:g}..{north:g} N {west:g}..{east:g} E"


def spans_text(times: tuple[datetime, ...], gap: timedelta) -> str:
    """Write sorted times as spans, joined where they are no more than ``gap`` apart."""
    spans: list[list[datetime]] = []
    for time in times:
        if spans and time - spans[-1][1] <= gap:
            spans[-1][1] = time
        else:
            spans.append([time, time])
    words = [iso(a) if a == b else f"{iso(a)}..{iso(b)}" for a, b in spans]
    return ", ".join(words) if len(words) <= 4 else f"{', '.join(words[:4])} and {len(words) - 4} more spans"


def _check_times(start: datetime, end: datetime, step_h: int) -> None:
    for field, value in (("start", start), ("end", end)):
        if value.tzinfo is None:
            raise InvalidInput(field, repr(value.isoformat()), "a datetime with zone", hint=HINT)
    if start > end:
        raise InvalidInput("end", iso(end), f"a time not before the start, {iso(start)}")
    if step_h not in (1, 2, 3, 6, 12):
        raise InvalidInput("step", f"{step_h} h", "1, 2, 3, 6 or 12 hours")
    if (end - start) / timedelta(hours=step_h) > MAX_TIMES:
        raise InvalidInput("end", iso(end), f"no more than {MAX_TIMES} fields", hint="ask for a shorter time")


def _checked_levels(levels_hpa: tuple[float, ...]) -> tuple[float, ...]:
    bad = [level for level in levels_hpa if not (math.isfinite(level) and 0 < level <= 1100)]
    if bad or not levels_hpa:
        raise InvalidInput("levels", ", ".join(map(str, bad)) or "none", "pressures in hPa, 0 to 1100")
    return tuple(sorted({float(level) for level in levels_hpa}, reverse=True))


def _checked_resolution(source: str, text: str) -> str:
    known = RESOLUTIONS[source]
    try:
        tidy = text if text in known else f"{float(text):.2f}".replace(".", "p")
    except ValueError:
        tidy = text
    if tidy not in known:
        raise InvalidInput("resolution", repr(text), f"one of {', '.join(known)} for {source}")
    return tidy
