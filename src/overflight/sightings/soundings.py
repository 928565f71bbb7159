"""Radiosondes: IGRA 2 text and BUFR.

IGRA gives a station and no places of levels: the launch is the sighting, and the levels are where the wind carried the
sonde, if one asks for them. BUFR (template 3 09 052) gives each level's displacement: each is a sighting.

References
----------
Durre et al., 2006. Overview of the Integrated Global Radiosonde Archive. J. Climate 19, doi 10.1175/JCLI3594.1; format
of version 2: NOAA/NCEI, doi 10.7289/V5X63K0Q.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.sighting import Altitude, Problem, Reference, Sighting
from overflight.sightings.sounding_bufr import parse_bufr
from overflight.sightings.text_table import of_seconds
from overflight.winds.sounding import igra_head, igra_level, unpacked

__all__ = ["parse_bufr", "parse_igra"]

IGRA = "igra"
WIND_SD_MS = 1.0
"""Error of the drift that levels some hundred metres apart give, held over the whole flight: wind of a sonde with GNSS
is good to 0.2 m/s (WMO No. 8, part I, 12.A.1), the rest is what lies between levels. [m/s]"""


@dataclass(frozen=True, slots=True)
class _Level:
    """Elapsed time [s], altitude [m] of a pressure or of a height, wind [m/s] east and north."""

    line: int
    elapsed_s: float
    altitude_m: float
    reference: Reference
    u: float
    v: float


def parse_igra(source: Source, *, drift: bool = False) -> Parsed:
    """Read soundings of IGRA 2, zipped or not: one sighting a launch, at its station.

    Parameters
    ----------
    drift : give each level with elapsed time and wind as a sighting too, where the winds below carry the sonde.

    Raises
    ------
    InvalidInput
        The archive cannot be read, or the file has no sounding.
    """
    lines = unpacked(source.data, source.name).decode("ascii", "replace").splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("#")]
    if not starts:
        raise InvalidInput("soundings", "no line that begins with #", "IGRA 2 text", source.name)
    rows: list[tuple[int, Sighting]] = []
    problems: list[Problem] = []
    others: Counter[str] = Counter()
    sd_m = source.defaults.of(IGRA).altitude_sd_m
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        where = f"{source.name}:{start + 1}"
        try:
            launch = _launch(lines[start], source)
        except InvalidInput as bad:
            problems.append(problem_of(bad, where))
            continue
        levels = list(_levels(lines, start + 1, end, source.name, problems))
        rows.append((start + 1, _at_ground(launch, levels, sd_m)))
        others["levels"] += sum(1 for line in lines[start + 1 : end] if line.strip())
        if drift:
            rows += _drifted(launch, [level for level in levels if level.elapsed_s > 0.0], sd_m)
    others["levels"] -= sum(1 for _, one in rows if "carried" in one.note)
    return Parsed(rows=rows, problems=problems, passed_over={k: n for k, n in others.items() if n > 0})


def _launch(line: str, source: Source) -> Sighting:
    errors = source.defaults.of(IGRA)
    try:
        seconds, lat, lon = igra_head(line)
    except ValueError:
        raise InvalidInput("sounding", repr(line[:40]), "a header of IGRA 2") from None
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        raise InvalidInput("station", f"{lat:g}, {lon:g}", "a fixed place; this one is a ship or moves")
    station, when = line[1:12].strip(), of_seconds(seconds)
    return Sighting(
        time=when,
        time_sd_s=errors.time_sd_s,
        lat=lat,
        lon=float(sphere.wrap(lon)),
        position_sd_m=errors.position_sd_m,
        altitude=None,
        object_label=f"{station} {when:%Y-%m-%dT%H:%MZ}",
        source=station,
        note="launch of a radiosonde, at its station",
        evidence_sha256=source.digest,
        kind=IGRA,
    )


def _levels(lines: list[str], start: int, end: int, name: str, problems: list[Problem]) -> Iterator[_Level]:
    """Yield the levels that have wind and a height; a line that is none is a problem."""
    for number in range(start, end):
        line = lines[number]
        if not line.strip():
            continue
        try:
            read = igra_level(line)
            elapsed, pressure = _elapsed_s(line[3:8]), int(line[9:15])
        except ValueError:
            got = repr(line[:40])
            bad = Problem(where=f"{name}:{number + 1}", field="level", got=got, expected="a level of IGRA 2")
            problems.append(bad)
            continue
        if read is not None:
            reference: Reference = "pressure" if pressure > 0 else "geometric"
            yield _Level(number + 1, elapsed, read[0], reference, read[2], read[3])


def _elapsed_s(text: str) -> float:
    """Return seconds since the launch, written as MMMSS; NaN where they lack."""
    value = int(text)
    minutes, seconds = divmod(value, 100)
    return 60.0 * minutes + seconds if value >= 0 and seconds < 60 else math.nan


def _at_ground(launch: Sighting, levels: list[_Level], sd_m: float) -> Sighting:
    """Return the launch with the altitude of its level at time 0, if there is one."""
    ground = next((level for level in levels if level.elapsed_s == 0.0), None)
    if ground is None:
        return launch
    altitude = Altitude(value_m=ground.altitude_m, sd_m=sd_m, reference=ground.reference)
    return replace(launch, altitude=altitude)


def _drifted(launch: Sighting, levels: list[_Level], sd_m: float) -> Iterator[tuple[int, Sighting]]:
    """Carry the sonde from its station with the mean wind between levels; the error grows with the time aloft."""
    east = north = before_s = 0.0
    below: _Level | None = None
    for level in levels:
        step = level.elapsed_s - before_s
        if step <= 0.0:
            continue
        lower = below or level
        east, north = east + 0.5 * (lower.u + level.u) * step, north + 0.5 * (lower.v + level.v) * step
        before_s, below = level.elapsed_s, level
        azimuth, distance = math.degrees(math.atan2(east, north)), math.hypot(east, north)
        lat, lon = sphere.move(launch.lat, launch.lon, azimuth, distance)
        altitude = Altitude(value_m=level.altitude_m, sd_m=sd_m, reference=level.reference)
        yield (
            level.line,
            replace(
                launch,
                time=of_seconds(launch.time.timestamp() + level.elapsed_s),
                lat=float(lat),
                lon=float(lon),
                position_sd_m=math.hypot(launch.position_sd_m, WIND_SD_MS * level.elapsed_s),
                altitude=altitude,
                note="carried by the winds of the sounding",
            ),
        )
