"""ADS-B: state vectors of Mode S transponders, as `traffic` and the OpenSky Network write them.

Two families of columns are read, from CSV or Parquet. `traffic`: ``timestamp``, ``icao24``, ``latitude``,
``longitude``, ``altitude`` and ``geoaltitude`` in feet. OpenSky: ``time``, ``icao24``, ``lat``, ``lon``,
``baroaltitude`` and ``geoaltitude`` in metres. The first altitude is pressure altitude.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from overflight.errors import InvalidInput, one_line
from overflight.geo import sphere, times
from overflight.sightings.parsed import Parsed, Source, problem_of
from overflight.sightings.row import HIGHEST_M, LOWEST_M, METRES_PER_FOOT
from overflight.sightings.sighting import Altitude, Sighting
from overflight.sightings.text_table import Row, instant, number, of_seconds, required, table, text_of

KIND = "adsb"
_LIGHTER_THAN_AIR = {"B2", "10", "10.0", "LIGHTER-THAN-AIR"}
"""Set B, category 2; OpenSky numbers it 10, and gliders (B1) 9."""
_CATEGORIES = ("category", "emitter_category")
_ON_GROUND = {"true", "1", "1.0", "t"}
_MOST_ROWS = 20_000_000


@dataclass(frozen=True, slots=True)
class _Family:
    """How one source of tables names things; ``unit_m`` is its unit of altitude."""

    time: str
    lat: str
    lon: str
    pressure: str
    updated: str
    unit_m: float


_FAMILIES = (
    _Family("timestamp", "latitude", "longitude", "altitude", "last_position", METRES_PER_FOOT),
    _Family("time", "lat", "lon", "baroaltitude", "lastposupdate", 1.0),
)


def parse(source: Source, *, lighter_than_air: bool = False) -> Parsed:
    """Read a table of state vectors, CSV or Parquet.

    Parameters
    ----------
    lighter_than_air : take only what calls itself lighter than air (category B2); the others are counted.

    Raises
    ------
    InvalidInput
        The file is no such table, or has no category to choose by.
    """
    rows, problems, others = [], [], Counter[str]()
    seen: set[tuple[str, datetime]] = set()
    is_parquet = source.data[:4] == b"PAR1"
    given = _parquet(source) if is_parquet else table(source, text_of(source))
    family: _Family | None = None
    for line, row in given:
        family = family or _family(row, source, lighter_than_air)
        why = _left_out(row, family, lighter_than_air)
        if why:
            others[why] += 1
            continue
        try:
            one = _sighting(row, family, source)
        except InvalidInput as bad:
            problems.append(problem_of(bad, f"{source.name}:{line}"))
            continue
        if (one.source, one.time) in seen:
            others["repeated state"] += 1
            continue
        seen.add((one.source, one.time))
        rows.append((line, one))
    return Parsed(rows=rows, problems=problems, passed_over=dict(others))


def _parquet(source: Source) -> Iterator[tuple[int, Row]]:
    """Yield rows as texts, so that one reader serves both forms; rows count from 1."""
    try:
        file = pq.ParquetFile(io.BytesIO(source.data))
        if file.metadata.num_rows > _MOST_ROWS:
            raise InvalidInput("table", f"{file.metadata.num_rows:,} rows", f"up to {_MOST_ROWS:,}", source.name)
        wanted = [name for name in file.schema_arrow.names if name.lower() in _wanted()]
        line = 0
        for batch in file.iter_batches(columns=wanted):
            columns = {name.lower(): batch.column(name).to_pylist() for name in wanted}
            for values in zip(*columns.values(), strict=True):
                line += 1
                yield line, {name: _text(value) for name, value in zip(columns, values, strict=True)}
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError) as bad:
        raise InvalidInput("table", one_line(str(bad), 120), "a Parquet table", source.name) from None


def _wanted() -> set[str]:
    names = {"icao24", "callsign", "geoaltitude", "onground", *_CATEGORIES}
    return names.union(*((f.time, f.lat, f.lon, f.pressure, f.updated) for f in _FAMILIES))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _family(row: Row, source: Source, lighter_than_air: bool) -> _Family:
    for family in _FAMILIES:
        if {family.time, family.lat, family.lon, "icao24"} <= set(row):
            if lighter_than_air and not any(name in row for name in _CATEGORIES):
                hint = "read it whole, and choose with --object"
                raise InvalidInput("header", "no category", "a column category", source.name, hint)
            return family
    got = one_line(", ".join(map(repr, row)), 160)
    expected = "icao24 and timestamp, latitude, longitude (traffic) or time, lat, lon (OpenSky)"
    raise InvalidInput("header", got, expected, source.name)


def _left_out(row: Row, family: _Family, lighter_than_air: bool) -> str:
    """Say why a row is no sighting, or nothing."""
    if number_is_lacking(row.get(family.lat, "")) or number_is_lacking(row.get(family.lon, "")):
        return "no position"
    if row.get("onground", "").lower() in _ON_GROUND:
        return "on the ground"
    if lighter_than_air and _category(row).upper() not in _LIGHTER_THAN_AIR:
        return "not lighter than air"
    return ""


def number_is_lacking(text: str) -> bool:
    """Say whether a cell holds no number, in the words of tables."""
    return text.lower() in ("", "nan", "none", "null", "<na>")


def _category(row: Row) -> str:
    return next((row[name] for name in _CATEGORIES if row.get(name)), "")


def _sighting(row: Row, family: _Family, source: Source) -> Sighting:
    errors = source.defaults.of(KIND)
    icao24 = row.get("icao24", "").lower()
    if not icao24:
        raise InvalidInput("icao24", "nothing", "a transponder's address")
    lon = required(number(row, family.lon, -180.0, 360.0), family.lon, -180.0, 360.0)
    callsign, category = row.get("callsign", "").strip(), _category(row)
    named = f"callsign {callsign}" if not number_is_lacking(callsign) else ""
    return Sighting(
        time=_time(row, family, source.assume_utc),
        time_sd_s=errors.time_sd_s,
        lat=required(number(row, family.lat, -90.0, 90.0), family.lat, -90.0, 90.0),
        lon=float(sphere.wrap(lon)),
        position_sd_m=errors.position_sd_m,
        altitude=_altitude(row, family, errors.altitude_sd_m),
        object_label=icao24,
        source=icao24,
        note=" · ".join(part for part in (named, f"category {category}" if category else "") if part),
        evidence_sha256=source.digest,
        kind=KIND,
    )


def _time(row: Row, family: _Family, assume_utc: bool) -> datetime:
    """Return when the position was sent: states repeat the last one for seconds after it was heard."""
    updated = row.get(family.updated, "")
    text = row.get(family.time, "") if number_is_lacking(updated) or updated == "NaT" else updated
    try:
        when = of_seconds(float(text))
    except ValueError:
        when = instant(text, naive_is_utc=assume_utc)
    times.to_datetime64(when)
    return when.astimezone(UTC)


def _altitude(row: Row, family: _Family, sd_m: float) -> Altitude | None:
    """Return pressure altitude, else the height that GNSS gave."""
    low, high = LOWEST_M / family.unit_m, HIGHEST_M / family.unit_m
    pressure = number(row, family.pressure, low, high)
    if pressure is not None:
        return Altitude(value_m=pressure * family.unit_m, sd_m=sd_m, reference="pressure")
    height = number(row, "geoaltitude", low, high)
    return None if height is None else Altitude(value_m=height * family.unit_m, sd_m=sd_m, reference="geometric")
