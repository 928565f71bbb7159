"""Index files that say where in a GRIB file each field lies."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from overflight.errors import OutOfCoverage, Unavailable
from overflight.winds.sources.http import Span

_NCEP_NAMES = {"UGRD": "u", "VGRD": "v", "TMP": "t", "HGT": "z"}
_ECMWF_NAMES = {"u": "u", "v": "v", "t": "t", "gh": "z"}
_ISOBARIC = re.compile(r"(\d+(?:\.\d+)?) mb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field on a pressure level and where its message lies.

    Attributes
    ----------
    name : str
        ``u``, ``v``, ``t`` or ``z`` (geopotential height).
    level_hpa : float
        Pressure level. [hPa]
    start : int
        First byte of its message.
    end : int or None
        One past the last byte; None is the end of the file.
    """

    name: str
    level_hpa: float
    start: int
    end: int | None


def parse_wgrib2(text: str, url: str) -> tuple[Field, ...]:
    """Read an index as wgrib2 writes it, ``n:offset:d=run:NAME:level:step:``.

    Fields that share a message (``12.1``, ``12.2``) share its bytes.

    Raises
    ------
    Unavailable
        The text is no such index.
    """
    rows = [line.split(":") for line in text.splitlines() if line.strip()]
    try:
        starts = [int(row[1]) for row in rows]
        names = [(row[3], row[4]) for row in rows]
    except (IndexError, ValueError):
        raise Unavailable(f"{url}: not an index as wgrib2 writes it") from None
    edges = sorted(set(starts))
    following = dict(zip_longest(edges, edges[1:]))
    fields = []
    for start, (name, level) in zip(starts, names, strict=True):
        place = _ISOBARIC.fullmatch(level)
        if name in _NCEP_NAMES and place is not None:
            level_hpa, end = float(place[1]), following[start]
            fields.append(Field(name=_NCEP_NAMES[name], level_hpa=level_hpa, start=start, end=end))
    return _some(fields, url)


def parse_ecmwf(text: str, url: str) -> tuple[Field, ...]:
    """Read an index of ECMWF open data, one JSON object a line.

    Raises
    ------
    Unavailable
        The text is no such index.
    """
    fields = []
    try:
        for row in map(json.loads, filter(str.strip, text.splitlines())):
            if row.get("levtype") == "pl" and row.get("param") in _ECMWF_NAMES and "number" not in row:
                start = int(row["_offset"])
                end, level_hpa = start + int(row["_length"]), float(row["levelist"])
                fields.append(Field(name=_ECMWF_NAMES[row["param"]], level_hpa=level_hpa, start=start, end=end))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unavailable(f"{url}: not an index of ECMWF open data") from None
    return _some(fields, url)


def select(
    fields: Sequence[Field], names: Sequence[str], levels_hpa: Sequence[float], *, exact: bool, url: str
) -> tuple[Field, ...]:
    """Return the fields asked for, in the order of the file.

    Parameters
    ----------
    exact : bool
        Whether each level must be there; else those that are not are left out.

    Raises
    ------
    OutOfCoverage
        A level or variable is not in the file.
    """
    there = {field.level_hpa for field in fields if field.name == "u"}
    lacking = [level for level in levels_hpa if level not in there]
    if (exact and lacking) or len(lacking) == len(levels_hpa):
        have = ", ".join(f"{level:g}" for level in sorted(there, reverse=True))
        raise OutOfCoverage(url, " ".join(f"{level:g}" for level in lacking) + " hPa", f"{have} hPa", "choose --levels")
    levels = set(levels_hpa) & there
    chosen = {(f.name, f.level_hpa): f for f in fields if f.name in names and f.level_hpa in levels}
    for name in ("u", "v"):
        if any((name, level) not in chosen for level in levels):
            raise Unavailable(f"{url}: the index lacks {name} on some levels")
    return tuple(sorted(chosen.values(), key=lambda field: (field.start, field.name)))


def spans(fields: Sequence[Field], size: int | None) -> tuple[Span, ...]:
    """Return the byte spans of ``fields``, messages that touch joined.

    ``size`` is the length of the file [bytes], needed where a field's end is not known.
    """
    joined: list[Span] = []
    for field in fields:
        span = Span(field.start, size if field.end is None else field.end)  # type: ignore[arg-type]
        if joined and span.start <= joined[-1].end:
            joined[-1] = replace(joined[-1], end=max(span.end, joined[-1].end))
        else:
            joined.append(span)
    return tuple(joined)


def _some(fields: list[Field], url: str) -> tuple[Field, ...]:
    if not fields:
        raise Unavailable(f"{url}: the index names no wind on a pressure level")
    return tuple(fields)
