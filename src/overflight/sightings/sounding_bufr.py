"""Radiosondes in BUFR through ecCodes: template 3 09 052 and its kin, with the displacement of each level."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import eccodes
import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import atmosphere, sphere
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.row import HIGHEST_M, LOWEST_M
from overflight.sightings.sighting import Altitude, Problem, Sighting

KIND = "bufr"
_MOST_LEVELS = 100_000
_MOST_SUBSETS = 1000
_FARTHEST_DEG = 30.0
_OPTIONAL_FLAG_AT = {2: 15, 3: 15, 4: 17}
"""By edition, the byte whose highest bit says that the optional section is there."""
_SHORTEST_SECTION = 4
F64 = NDArray[np.float64]


def parse_bufr(source: Source) -> Parsed:
    """Read soundings in BUFR: one sighting a level that has a displacement; where none has, the launch at its station.

    Raises
    ------
    InvalidInput
        The file holds no BUFR message.
    """
    rows: list[tuple[int, Sighting]] = []
    problems: list[Problem] = []
    others: Counter[str] = Counter()
    found = 0
    for found, message in enumerate(_messages(source.data), start=1):
        where = f"{source.name}: message {found}"
        try:
            rows.extend((found, one) for one in _sightings(message, source, others))
        except InvalidInput as bad:
            problems.append(problem_of(bad, where))
        except (eccodes.CodesInternalError, UnicodeDecodeError, ValueError, OverflowError) as bad:
            problems.append(
                Problem(
                    where=where, field="message", got=str(bad)[:120] or "a broken message", expected="a BUFR sounding"
                )
            )
    if not found:
        raise InvalidInput(
            "soundings", "no BUFR message", "messages that begin with BUFR and end with 7777", source.name
        )
    return Parsed(rows=rows, problems=problems, passed_over=dict(others))


def _messages(data: bytes) -> Iterator[bytes]:
    """Yield whole messages; what stands between them, as bulletin headers, is passed over."""
    at = data.find(b"BUFR")
    while at >= 0:
        length = int.from_bytes(data[at + 4 : at + 7], "big")
        end = at + length
        if length >= 8 and data[end - 4 : end] == b"7777":
            yield data[at:end]
            at = data.find(b"BUFR", end)
        else:
            at = data.find(b"BUFR", at + 4)


def _require_whole(message: bytes) -> None:
    """Refuse a message whose sections do not add up to its length: ecCodes would read past its end."""
    edition = message[7]
    if edition not in _OPTIONAL_FLAG_AT:
        raise InvalidInput("message", f"BUFR edition {edition}", "2, 3 or 4")
    at, sections = 8, 3 + bool(message[_OPTIONAL_FLAG_AT[edition] : _OPTIONAL_FLAG_AT[edition] + 1] > b"\x7f")
    for _ in range(sections):
        length = int.from_bytes(message[at : at + 3], "big")
        if length < _SHORTEST_SECTION:
            break
        at += length
    if at != len(message) - 4:
        raise InvalidInput("message", "sections that do not fill it", "a whole BUFR message")


def _sightings(message: bytes, source: Source, others: Counter[str]) -> Iterator[Sighting]:
    _require_whole(message)
    handle = eccodes.codes_new_from_message(message)
    try:
        count = int(eccodes.codes_get(handle, "numberOfSubsets"))
        if count < 1:
            raise InvalidInput("message", "no sounding in it", f"1 to {_MOST_SUBSETS}")
        if count > _MOST_SUBSETS or (count > 1 and eccodes.codes_get(handle, "compressedData")):
            got = f"{count} soundings, packed together"
            raise InvalidInput("message", got, f"one sounding, or up to {_MOST_SUBSETS} unpacked")
        eccodes.codes_set(handle, "unpack", 1)
        for subset in range(1, count + 1):
            yield from _sounding(handle, f"/subsetNumber={subset}/" if count > 1 else "", source, others)
    finally:
        eccodes.codes_release(handle)


def _sounding(handle: int, prefix: str, source: Source, others: Counter[str]) -> Iterator[Sighting]:
    launch = _launched(handle, prefix)
    lat0, lon0 = (_one(handle, prefix + name) for name in ("latitude", "longitude"))
    if not (abs(lat0) <= 90.0 and abs(lon0) <= 360.0):
        raise InvalidInput("station", f"{lat0:g}, {lon0:g}", "a latitude and a longitude")
    station = _station(handle, prefix)
    elapsed, lat, lon = (
        _all(handle, prefix + n) for n in ("timePeriod", "latitudeDisplacement", "longitudeDisplacement")
    )
    pressure, height = (_all(handle, prefix + n) for n in ("pressure", "nonCoordinateGeopotentialHeight"))
    # Levels of wind shear follow in the same arrays, without a height: the heights count the levels.
    count = min(map(len, (elapsed, lat, lon, pressure, height)))
    if count > _MOST_LEVELS:
        raise InvalidInput("levels", f"{count:,}", f"up to {_MOST_LEVELS:,}")
    names = station, f"{station} {launch:%Y-%m-%dT%H:%MZ}"
    placed = 0
    for seconds, dy, dx, pa, gph in zip(elapsed, lat, lon, pressure, height, strict=False):
        if not (math.isfinite(seconds + dy + dx) and max(abs(dy), abs(dx)) < _FARTHEST_DEG and abs(lat0 + dy) <= 90.0):
            others["levels without a place"] += 1
            continue
        placed += 1
        yield _level(launch + timedelta(seconds=seconds), (lat0 + dy, lon0 + dx), (pa, gph), names, source)
    if not placed:
        # Soundings turned from older codes have levels without places: the launch is left.
        ground = _one(handle, prefix + "heightOfStationGroundAboveMeanSeaLevel")
        yield _level(launch, (lat0, lon0), (math.nan, ground), names, source)


def _level(
    when: datetime, place: tuple[float, float], height: tuple[float, float], names: tuple[str, str], source: Source
) -> Sighting:
    errors = source.defaults.of(KIND)
    return Sighting(
        time=when,
        time_sd_s=errors.time_sd_s,
        lat=place[0],
        lon=float(sphere.wrap(place[1])),
        position_sd_m=errors.position_sd_m,
        altitude=_altitude(*height, errors.altitude_sd_m),
        object_label=names[1],
        source=names[0],
        note="radiosonde",
        evidence_sha256=source.digest,
        kind=KIND,
    )


def _altitude(pressure_pa: float, geopotential_m: float, sd_m: float) -> Altitude | None:
    """Return the height of a level, else its pressure altitude."""
    if math.isfinite(geopotential_m) and LOWEST_M <= geopotential_m <= HIGHEST_M:
        return Altitude(value_m=float(atmosphere.geometric_m(geopotential_m)), sd_m=sd_m, reference="geometric")
    if math.isfinite(pressure_pa) and 10.0 < pressure_pa < 1.2e5:
        return Altitude(value_m=float(atmosphere.altitude_m(pressure_pa)), sd_m=sd_m, reference="pressure")
    return None


def _launched(handle: int, prefix: str) -> datetime:
    parts = [_one(handle, prefix + name) for name in ("year", "month", "day", "hour", "minute", "second")]
    if not all(map(math.isfinite, parts[:4])):
        raise InvalidInput("time", "no date of launch", "year, month, day and hour")
    year, month, day, hour = (int(part) for part in parts[:4])
    minute, second = (int(part) if math.isfinite(part) else 0 for part in parts[4:])
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        raise InvalidInput("time", f"{year}-{month}-{day} {hour}:{minute}", "a date and a time") from None


def _station(handle: int, prefix: str) -> str:
    block, number = (_one(handle, prefix + name) for name in ("blockNumber", "stationNumber"))
    if math.isfinite(block) and math.isfinite(number):
        return f"{int(block):02d}{int(number):03d}"
    try:
        name = eccodes.codes_get(handle, prefix + "shipOrMobileLandStationIdentifier", str)
    except eccodes.CodesInternalError:
        name = ""
    return "".join(c for c in name if c.isascii() and c.isalnum()) or "unnamed station"


def _all(handle: int, key: str) -> F64:
    """Return all values of a key, NaN where one is missing; none where the template lacks the key."""
    try:
        values = np.asarray(eccodes.codes_get_array(handle, key), np.float64)
    except (eccodes.KeyValueNotFoundError, eccodes.HashArrayNoMatchError):
        return np.empty(0)
    missing = (values == eccodes.CODES_MISSING_DOUBLE) | (values == eccodes.CODES_MISSING_LONG)
    return np.where(missing, np.nan, values)


def _one(handle: int, key: str) -> float:
    values = _all(handle, key)
    return float(values[0]) if values.size else math.nan
