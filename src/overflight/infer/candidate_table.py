"""A table of candidates as plain rows: read from a user's CSV, or given by any other reader."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from overflight.errors import InvalidInput
from overflight.geo import times
from overflight.geo.spread import Spread, Value
from overflight.infer.candidates import PICO, SOUNDING, Candidate, Kind, Profile

COLUMNS = (
    "name", "kind", "time", "lat", "lon", "altitude_m", "altitude_sd_m", "position_sd_km", "time_sd_min", "flight",
    "ascent_ms", "top_m", "descent_ms", "weight", "source",
)  # fmt: skip
REQUIRED = ("name", "time", "lat", "lon")
_KINDS: dict[str, Kind] = {"track": "track", "launch": "launch", "last_heard": "last_heard", "last heard": "last_heard"}
_MOST_BYTES = 64 * 2**20


def read_candidates(path: Path) -> list[Candidate]:
    """Read candidates from a CSV file; rows of one name with kind ``track`` are the fixes of one flight.

    Raises
    ------
    InvalidInput
        The file cannot be read, or a row is wrong: a list with holes would say too much for the others.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvalidInput("file", f"{path.stat().st_size} bytes", "64 MiB or less", path.name)
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise InvalidInput("candidates", f"{path} ({problem.strerror})", "a file that can be read") from None
    except UnicodeDecodeError:
        raise InvalidInput("encoding", "bytes that are no UTF-8", "UTF-8", path.name) from None
    rows = csv.DictReader(io.StringIO(text), restkey="")
    named = [c.strip() for c in rows.fieldnames or ()]
    missing = [c for c in REQUIRED if c not in named]
    unknown = [c for c in named if c not in COLUMNS]
    if missing or unknown:
        got = f"no {missing[0]}" if missing else repr(unknown[0])
        raise InvalidInput("column", got, ", ".join(COLUMNS), path.name)
    found = candidates_of(({k.strip(): v for k, v in row.items()} for row in rows), path.name)
    if not found:
        raise InvalidInput("candidates", "no rows", "at least one", path.name)
    return found


def candidates_of(rows: Iterable[Mapping[str, str]], name: str = "candidates") -> list[Candidate]:
    """Return candidates of rows of text with the columns ``COLUMNS``, fixes of a track joined.

    Raises
    ------
    InvalidInput
        A row is wrong; the message names it as if it stood below a header.
    """
    single: list[Candidate] = []
    tracks: dict[str, list[Candidate]] = {}
    for line, row in enumerate(rows, start=2):
        try:
            one = _candidate(row)
        except InvalidInput as bad:
            raise replace(bad, where=f"{name}:{line}") from None
        if one.kind == "track":
            tracks.setdefault(one.name, []).append(one)
        else:
            single.append(one)
    return single + [joined(fixes) for fixes in tracks.values()]


def joined(fixes: list[Candidate]) -> Candidate:
    """Return the track of fixes of one name; those of one time are taken once."""
    order = sorted(range(len(fixes)), key=lambda i: fixes[i].time[0])
    kept = [fixes[i] for n, i in enumerate(order) if n == 0 or fixes[i].time[0] > fixes[order[n - 1]].time[0]]
    return replace(
        kept[0],
        time=np.concatenate([f.time for f in kept]),
        lat=np.concatenate([f.lat for f in kept]),
        lon=np.concatenate([f.lon for f in kept]),
        altitude_m=np.concatenate([f.altitude_m for f in kept]),
    )


def _candidate(row: Mapping[str, str]) -> Candidate:
    if "" in row:
        raise InvalidInput("row", "more cells than the header", "one for each column", hint="quote a cell with a comma")
    cell = {c: (row.get(c) or "").strip() for c in COLUMNS}
    if not cell["name"]:
        raise InvalidInput("name", "nothing", "a name")
    kind = _KINDS.get(cell["kind"].lower() or "last_heard")
    if kind is None:
        raise InvalidInput("kind", repr(cell["kind"]), "track, launch or last_heard")
    lat, lon = _number(cell, "lat", -90.0, 90.0), _number(cell, "lon", -180.0, 360.0)
    if lat is None or lon is None:
        raise InvalidInput("lat, lon", "nothing", "degrees")
    altitude = _number(cell, "altitude_m", -500.0, 60_000.0)
    told = {
        "altitude_sd_m": _number(cell, "altitude_sd_m", 0.0, 20_000.0),
        "position_sd_m": _number(cell, "position_sd_km", 0.0, 5_000.0, 1_000.0),
        "time_sd_s": _number(cell, "time_sd_min", 0.0, 10_000.0, 60.0),
        "weight": _number(cell, "weight", 1e-6, 1.0),
    }
    return Candidate(
        name=cell["name"],
        kind=kind,
        time=np.array([times.to_datetime64(times.parse_utc(cell["time"]))]),
        lat=np.array([lat]),
        lon=np.array([lon]),
        altitude_m=np.array([np.nan if altitude is None else altitude]),
        profile=_profile(cell, kind),
        source=cell["source"],
        **{n: v for n, v in told.items() if v is not None},
    )


def _profile(cell: Mapping[str, str], kind: Kind) -> Profile:
    flight = cell["flight"].lower() or ("sounding" if kind == "launch" else "float")
    if flight not in ("sounding", "float"):
        raise InvalidInput("flight", repr(cell["flight"]), "sounding or float")
    usual = SOUNDING if flight == "sounding" else PICO
    fall = _value(cell, "descent_ms", 0.5, 100.0) if flight == "sounding" else None
    return Profile(
        ascent_ms=_value(cell, "ascent_ms", 0.1, 50.0) or usual.ascent_ms,
        top_m=_value(cell, "top_m", 100.0, 60_000.0) or usual.top_m,
        descent_ms=fall or usual.descent_ms,
    )


def _number(cell: Mapping[str, str], column: str, low: float, high: float, factor: float = 1.0) -> float | None:
    if not cell[column]:
        return None
    try:
        value = float(cell[column])
    except ValueError:
        raise InvalidInput(column, repr(cell[column]), "a number") from None
    if not low <= value <= high:
        raise InvalidInput(column, cell[column], f"{low:g} to {high:g}")
    return factor * value


def _value(cell: Mapping[str, str], column: str, low: float, high: float) -> Value | None:
    """Read ``5``, ``5+-0.5`` (mean and standard deviation) or ``8000..15000`` (evenly between)."""
    text = re.sub(r"\s", "", cell[column]).replace("±", "+-")
    if not text:
        return None
    middle, sign, other = text.partition("+-") if "+-" in text else text.partition("..")
    try:
        a, b = float(middle), float(other) if sign else 0.0
    except ValueError:
        raise InvalidInput(column, repr(cell[column]), "a number, 5+-0.5, or 8000..15000") from None
    if not low <= a <= high or (sign and not (0.0 <= b <= high)) or (sign == ".." and b < a):
        raise InvalidInput(column, repr(cell[column]), f"{low:g} to {high:g}")
    if not sign:
        return a
    return Spread("normal", a, b, low, high) if sign == "+-" else Spread("uniform", a, b)
