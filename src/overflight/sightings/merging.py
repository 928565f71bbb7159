"""Bring together what files held: one object chosen, repetitions left out and counted, contradictions named."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from overflight.errors import InvalidInput, one_line
from overflight.geo import sphere, times
from overflight.sightings.sighting import EvidenceFile, Problem, Sighting

FASTEST_MS = 150.0
"""Faster than any wind: two sightings that ask for more contradict each other."""
FIX_SD_M = 100.0
NAMED = 12
"""How many objects a message lists."""

Placed = tuple[str, Sighting]
"""Where a sighting stands, as ``flight.gpx:12``, and the sighting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one path that was given held.

    Attributes
    ----------
    files : every file that was read.
    labels : the objects in it; the empty text where a row names none.
    take : gives the sightings of the labels that are asked for.
    problems : rows that were left out.
    passed_over : lines about rows that are sound and no sightings.
    settled : gives, of some labels, lines about duplicates and about contradictions that the reader of the format has
        settled already.
    is_folder : whether the files were found in a folder: of them, only those that are drawn on count as evidence.
    """

    files: tuple[EvidenceFile, ...]
    labels: tuple[str, ...]
    take: Callable[[Collection[str]], list[Placed]]
    problems: list[Problem] = field(default_factory=list)
    passed_over: tuple[str, ...] = ()
    settled: Callable[[Collection[str]], tuple[tuple[str, ...], tuple[str, ...]]] = lambda labels: ((), ())
    is_folder: bool = False

    def evidence(self, drawn_on: Collection[str]) -> tuple[EvidenceFile, ...]:
        """Return the files that a reading rests on, where the sightings in it come from files with these digests."""
        return tuple(file for file in self.files if not self.is_folder or file.sha256 in drawn_on)


def chosen(held: Sequence[Held], wanted: Collection[str] | None) -> list[tuple[Held, list[str]]]:
    """Return which labels of each path are those of one object.

    A file that names no object beside files that name one is taken to tell of the object that is asked for.

    Raises
    ------
    InvalidInput
        There are several objects and none was chosen, or the one chosen is not there.
    """
    name = held[0].files[0].path.name if held[0].files else ""
    labels = sorted({label for one in held for label in one.labels if len(held) == 1 or one.labels != ("",)}) or [""]
    if wanted is None and len(labels) > 1:
        hint = "choose with --object NAME"
        raise InvalidInput("object", f"{len(labels)} objects", f"one of {_listed(labels)}", name, hint)
    lacking = [label for label in wanted or () if label not in labels]
    if lacking:
        raise InvalidInput("object", repr(lacking[0]), f"one of {_listed(labels)}", name)
    kept = set(labels if wanted is None else wanted)
    silent = [len(held) > 1 and one.labels == ("",) for one in held]
    return [
        (one, [label for label in one.labels if tells_of_any or label in kept])
        for one, tells_of_any in zip(held, silent, strict=True)
    ]


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    return one_line(", ".join(map(repr, labels[:NAMED])) + more, 400)


def without_duplicates(found: Sequence[Placed]) -> tuple[list[Placed], tuple[str, ...]]:
    """Leave out what says again what another row says, in the same file or in another of them.

    Fixes to 100 m or better repeat each other where instant, place to 0.00001 degrees, altitude to a metre and bearing
    agree, whatever else is said of them. Coarser reports repeat each other only where all they say is the same: two
    witnesses may name the same town and hour.
    """
    first: dict[object, str] = {}
    kept, repeated = [], []
    for where, seen in found:
        what = _fix(seen) if seen.position_sd_m <= FIX_SD_M else replace(seen, evidence_sha256="")
        if what in first:
            repeated.append(_repeats(where, first[what]))
        else:
            first[what] = where
            kept.append((where, seen))
    return kept, tuple(repeated)


def _fix(seen: Sighting) -> tuple[object, ...]:
    altitude = None if seen.altitude is None else (round(seen.altitude.value_m), seen.altitude.reference)
    return seen.time, round(seen.lat, 5), round(seen.lon, 5), altitude, seen.bearing, seen.object_label


def _repeats(where: str, other: str) -> str:
    (file, _, row), (file_before, _, row_before) = where.rpartition(":"), other.rpartition(":")
    return f"row {row} repeats row {row_before}" if file == file_before else f"{where} repeats {other}"


def contradictions(ordered: Sequence[Sighting]) -> tuple[str, ...]:
    """Name neighbours in time that no wind could join, beyond three times their stated errors.

    The place of a sighting with a bearing is the observer's: those are passed over.
    """
    seen = [one for one in ordered if one.bearing is None]
    lat, lon = np.array([one.lat for one in seen]), np.array([one.lon for one in seen])
    apart_m = sphere.distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]) if len(seen) > 1 else np.zeros(0)
    found = []
    for (a, b), metres in zip(pairwise(seen), apart_m.tolist(), strict=True):
        slack_m = 3.0 * math.hypot(_spread_m(a), _spread_m(b))
        slack_s = 3.0 * math.hypot(a.time_sd_s, b.time_sd_s) + a.time_window_s + b.time_window_s
        apart_s = (b.time - a.time).total_seconds()
        if metres - slack_m > FASTEST_MS * (apart_s + slack_s):
            found.append(f"{times.iso(a.time)} and {times.iso(b.time)} lie {metres / 1000:.0f} km apart")
    return tuple(found)


def _spread_m(seen: Sighting) -> float:
    return seen.position_sd_m if seen.ellipse is None else seen.ellipse.major_sd_m
