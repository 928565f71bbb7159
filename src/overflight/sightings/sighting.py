"""The nouns: a sighting, a row that could not be read, and what a file held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from overflight.errors import InvalidInput

Reference = Literal["geometric", "pressure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Altitude:
    """A reported altitude.

    Attributes
    ----------
    value_m, sd_m : float. [m]
    reference : "geometric" above mean sea level (GNSS), or "pressure" altitude (transponders, air traffic control).
    """

    value_m: float
    sd_m: float
    reference: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipse:
    """A place that is better known along one axis than along the other.

    Attributes
    ----------
    major_sd_m, minor_sd_m : float. Standard deviations along the axes. [m]
    azimuth_deg : float. Of the major axis, clockwise from north.
    """

    major_sd_m: float
    minor_sd_m: float
    azimuth_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """A direction in which an observer saw the object.

    Attributes
    ----------
    azimuth_deg, azimuth_sd_deg : float. Clockwise from true north.
    elevation_deg, elevation_sd_deg : float or None. Above the horizon.
    """

    azimuth_deg: float
    azimuth_sd_deg: float
    elevation_deg: float | None = None
    elevation_sd_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One report of where an object was.

    Attributes
    ----------
    time : aware datetime, UTC; time_sd_s its standard deviation. [s]
    time_window_s : float. Half width of a window about ``time``, any instant in it equally likely; 0 for none. [s]
    lat, lon : float. [degrees], longitude in [-180, 180). Of the observer where there is a ``bearing``.
    position_sd_m : float. Standard deviation of each horizontal component. [m]
    ellipse : Ellipse or None. In place of ``position_sd_m``.
    bearing : Bearing or None
    altitude : Altitude or None
    kind : str. What kind of source it is, as the reader names it; its default errors go by it.
    object_label, source, note : str
    evidence_sha256 : str. Digest of the file it came from.
    """

    time: datetime
    time_sd_s: float
    lat: float
    lon: float
    position_sd_m: float
    altitude: Altitude | None
    object_label: str
    source: str
    note: str
    evidence_sha256: str
    kind: str = "table"
    time_window_s: float = 0.0
    ellipse: Ellipse | None = None
    bearing: Bearing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A row that could not be read, or two that contradict each other."""

    where: str
    field: str
    got: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        """Return the line that a person reads."""
        return str(self.as_error())

    def as_error(self) -> InvalidInput:
        """Return the problem as an error."""
        return InvalidInput(self.field, self.got, self.expected, self.where, self.hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A file that sightings came from.

    Attributes
    ----------
    path : Path
    sha256 : str. Hexadecimal digest of its bytes as they lie on the disk.
    format : str. The name of the reader that read it.
    """

    path: Path
    sha256: str
    format: str = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one or several files of sightings held.

    Attributes
    ----------
    path : Path. Of the first file.
    sightings : in the order of time.
    problems : rows that were left out, each with its reason.
    duplicates : rows that repeat another; the repetition is left out.
    contradictions : pairs of sightings too far apart for their times.
    evidence_sha256 : str. Of the first file.
    files : every file that was read, the first first.
    passed_over : how many rows of what kind are sound and no sightings, as status frames are.
    """

    path: Path
    sightings: tuple[Sighting, ...]
    problems: tuple[Problem, ...]
    duplicates: tuple[str, ...]
    contradictions: tuple[str, ...]
    evidence_sha256: str
    files: tuple[EvidenceFile, ...] = ()
    passed_over: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Name the only file, where no list of files is given."""
        if not self.files:
            object.__setattr__(self, "files", (EvidenceFile(path=self.path, sha256=self.evidence_sha256),))

    def or_raise(self) -> Reading:
        """Return the reading, or raise its first problem if there is any."""
        if self.problems:
            raise self.problems[0].as_error()
        return self

    def __str__(self) -> str:
        """Return what was read and what was left out, in one line."""
        others = len(self.files) - 1
        more = f" and {others} more {'file' if others == 1 else 'files'}" if others else ""
        parts = [f"{counted(len(self.sightings), 'sighting')} read from {self.path.name}{more}"]
        if self.problems:
            parts.append(f"{counted(len(self.problems), 'row')} left out (first: {self.problems[0]})")
        rows = [line for line in self.duplicates if " repeats " in line]
        if rows:
            parts.append(f"{counted(len(rows), 'repeated row')} left out")
        parts += [f"left out: {line}" for line in self.duplicates if line not in rows]
        if self.passed_over:
            parts.append(f"passed over: {'; '.join(self.passed_over)}")
        if self.contradictions:
            parts.append(f"contradictions: {'; '.join(self.contradictions)}")
        return "; ".join(parts)


def counted(number: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
