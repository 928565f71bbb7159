"""Telemetry of many flights as columns: a million rows are too many to be a million objects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overflight.geo import sphere, times
from overflight.sightings.defaults import Defaults, Errors
from overflight.sightings.merging import Held, Placed
from overflight.sightings.sighting import Altitude, EvidenceFile, Problem, Sighting, counted

SAME_FRAME_NS = 60 * 10**9
"""A frame number that comes again after a minute is another frame: a serial flies again, or its counter went round."""
AGREE_M = 1000.0
"""Receivers of one frame that place it further apart contradict each other: they decode the same bits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Rows as they came, arrays of one length n.

    Attributes
    ----------
    time : (n,) int64. Nanoseconds since 1970, UTC.
    lat, lon : (n,) float64. [degrees]
    altitude_m : (n,) float64. NaN where none is given. [m]
    frame : (n,) int64. -1 where none is given.
    serial, receiver, file : (n,) int32. Positions in the lists of names.
    row : (n,) int64. Counted from 1 in its file.
    """

    time: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    altitude_m: NDArray[np.float64]
    frame: NDArray[np.int64]
    serial: NDArray[np.int32]
    receiver: NDArray[np.int32]
    file: NDArray[np.int32]
    row: NDArray[np.int64]

    def at(self, index: NDArray[Any]) -> Columns:
        """Return some of the rows."""
        return Columns(**{name: getattr(self, name)[index] for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Telemetry:
    """Frames of many flights, each once however many receivers sent it, by serial and time.

    Attributes
    ----------
    columns : Columns. One row a frame: of several copies the first in the files.
    receivers : (n,) int32. How many different receivers sent the frame.
    serials : tuple of str
    files : tuple of EvidenceFile
    rows : int. Rows that were read, bad and repeated ones included.
    repeated : (n,) int32. How many rows beyond the first told of the frame.
    apart_m : (n,) float64. How far apart the copies of the frame lie. [m]
    problems : rows that were left out, each with its reason.
    """

    columns: Columns
    receivers: NDArray[np.int32]
    repeated: NDArray[np.int32]
    apart_m: NDArray[np.float64]
    serials: tuple[str, ...]
    files: tuple[EvidenceFile, ...]
    rows: int
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.columns.time)

    @property
    def time(self) -> NDArray[np.datetime64]:
        """Times of the frames, datetime64[ns], UTC."""
        return self.columns.time.view("datetime64[ns]")

    def of(self, serial: str) -> NDArray[np.intp]:
        """Return the positions of the frames of one serial, in the order of time."""
        if serial not in self.serials:
            return np.zeros(0, np.intp)
        code = self.serials.index(serial)
        first, last = np.searchsorted(self.columns.serial, [code, code + 1])
        return np.arange(first, last)

    def sightings(self, chosen: NDArray[Any] | None = None, defaults: Defaults | None = None) -> tuple[Sighting, ...]:
        """Make sightings of the frames at some positions, or of all."""
        return tuple(seen for _, seen in self._placed(chosen, defaults or Defaults()))

    def _placed(self, chosen: NDArray[Any] | None, defaults: Defaults) -> list[Placed]:
        rows = self.columns if chosen is None else self.columns.at(chosen)
        receivers = self.receivers if chosen is None else self.receivers[chosen]
        errors = defaults.of("sondehub")
        lists = (
            rows.time,
            rows.lat,
            sphere.wrap(rows.lon),
            rows.altitude_m,
            rows.serial,
            rows.file,
            rows.row,
            receivers,
        )
        made: list[Placed] = []
        for ns, lat, lon, altitude, serial, file, row, heard in zip(*(each.tolist() for each in lists), strict=True):
            evidence = self.files[file]
            seen = Sighting(
                time=times.to_datetime(np.datetime64(ns, "ns")), time_sd_s=errors.time_sd_s, lat=lat, lon=lon,
                position_sd_m=errors.position_sd_m, altitude=_altitude(altitude, errors), kind="sondehub",
                object_label=self.serials[serial], source="SondeHub", evidence_sha256=evidence.sha256,
                note="" if heard < 2 else f"{heard} receivers",
            )  # fmt: skip
            made.append((f"{evidence.path.name}:{row}", seen))
        return made

    def duplicates(self, labels: Collection[str]) -> tuple[str, ...]:
        """Say of each of some serials how many rows repeat a frame."""
        counts = np.bincount(self.columns.serial, self.repeated, len(self.serials)).astype(int)
        named = zip(self.serials, counts.tolist(), strict=True)
        return tuple(
            f"{serial}: {counted(count, 'row')} repeating frames, as several receivers send them"
            for serial, count in named
            if count and serial in labels
        )

    def contradictions(self, labels: Collection[str]) -> tuple[str, ...]:
        """Say of each of some serials how many frames are placed differently by different receivers."""
        odd = self.apart_m > AGREE_M
        found = []
        for code in np.unique(self.columns.serial[odd]):
            if self.serials[code] in labels:
                of = odd & (self.columns.serial == code)
                far = self.apart_m[of].max() / 1000.0
                frames = counted(int(of.sum()), "frame")
                found.append(f"{self.serials[code]}: receivers place {frames} up to {far:.0f} km apart")
        return tuple(found)

    def held(self, defaults: Defaults, *, is_folder: bool = False) -> Held:
        """Return what the files held, for a reading of one object."""

        def take(labels: Collection[str]) -> list[Placed]:
            return [placed for label in labels for placed in self._placed(self.of(label), defaults)]

        return Held(
            files=self.files,
            labels=self.serials,
            take=take,
            problems=list(self.problems),
            settled=lambda labels: (self.duplicates(labels), self.contradictions(labels)),
            is_folder=is_folder,
        )


def _altitude(value: float, errors: Errors) -> Altitude | None:
    return None if value != value else Altitude(value_m=value, sd_m=errors.altitude_sd_m, reference="geometric")  # noqa: PLR0124 - NaN


def collapsed(columns: Columns, serials: tuple[str, ...], **about: Any) -> Telemetry:
    """Bring together the rows that tell of one frame: same serial and frame number within a minute.

    Rows without a frame number are one where serial and time are the same. There must be at least one row.
    """
    rows = columns.at(np.lexsort((columns.row, columns.file, columns.time, columns.frame, columns.serial)))
    gap = np.diff(rows.time)
    same = (np.diff(rows.serial) == 0) & (np.diff(rows.frame) == 0)
    same &= np.where(rows.frame[1:] < 0, gap == 0, gap <= SAME_FRAME_NS)
    new = np.concatenate(([True], ~same))
    starts, group = np.flatnonzero(new), np.cumsum(new) - 1
    copies = np.flatnonzero(~new)
    first = starts[group[copies]]
    apart = np.zeros(len(starts))
    distance = sphere.distance_m(rows.lat[copies], rows.lon[copies], rows.lat[first], rows.lon[first])
    np.maximum.at(apart, group[copies], distance)
    by_time = np.lexsort((rows.time[starts], rows.serial[starts]))
    return Telemetry(
        columns=rows.at(starts[by_time]),
        receivers=_different(group, rows.receiver, len(starts))[by_time],
        repeated=(np.bincount(group) - 1).astype(np.int32)[by_time],
        apart_m=apart[by_time],
        serials=serials,
        **about,
    )


def _different(group: NDArray[Any], receiver: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Count the different receivers of each group."""
    order = np.lexsort((receiver, group))
    sorted_group, sorted_receiver = group[order], receiver[order]
    new = np.concatenate(([True], (np.diff(sorted_group) != 0) | (np.diff(sorted_receiver) != 0)))[: len(order)]
    return np.bincount(sorted_group[new], minlength=count).astype(np.int32)
