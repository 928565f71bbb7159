"""What each member of an ensemble crossed, and when: exact along the great circles between its outputs.

Members are worked on in chunks, side by side in threads; their order in the result is their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.kernels.merge import merge
from overflight.airspace.kernels.paths import passes_of
from overflight.airspace.labels import Labels, labels_of
from overflight.airspace.partition import Partition
from overflight.airspace.paths import Paths, paths_of
from overflight.airspace.regions import Regions

F64 = NDArray[np.float64]
CHUNK_OUTPUTS = 500_000
"""Outputs of members that a thread takes at a time."""
_PASSES = (np.int32, np.int32, np.float64, np.float64)
_ROWS = (np.int32, np.int32, np.float64, np.float64, np.float64, np.float32, np.float32, np.int32, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """A row a member and label that it crossed, members ascending, then in the order in which they began.

    Attributes
    ----------
    names : labels: ids of regions or of countries, and "high seas".
    epoch : datetime64
    members : int. Members that had a path.
    member, label : int32 (n,)
    entry_s, exit_s : float64 (n,). First entry and last exit, since ``epoch``. [s]
    inside_s : float64 (n,). Time inside. [s]
    altitude_low_m, altitude_high_m : float32 (n,). Infinite where no altitude is known.
    passes : int32 (n,). Times it came in.
    deep : bool (n,). Whether it came more than 2 km inside its border.
    """

    names: tuple[str, ...]
    epoch: np.datetime64
    members: int
    member: NDArray[np.int32]
    label: NDArray[np.int32]
    entry_s: F64
    exit_s: F64
    inside_s: F64
    altitude_low_m: NDArray[np.float32]
    altitude_high_m: NDArray[np.float32]
    passes: NDArray[np.int32]
    deep: NDArray[np.bool_]

    def of(self, name: str) -> NDArray[np.intp]:
        """Return the rows of one label."""
        return np.flatnonzero(self.label == self.names.index(name)) if name in self.names else np.empty(0, np.intp)


def crossings(
    trajectories: xr.Dataset,
    regions: Regions,
    *,
    by: str = "region",
    view: str = "",
    floor_m: float = -np.inf,
    ceiling_m: float = np.inf,
) -> Crossings:
    """Find what each member crossed.

    Parameters
    ----------
    trajectories : dataset with dims (trajectory, obs), see ``overflight.drift``.
    regions : Regions
    by : "region" or "country".
    view : the point of view that decides whose a disputed region is; "" keeps it apart.
    floor_m, ceiling_m : count only what is flown between them. [m]

    Raises
    ------
    InvalidInput
        The dataset holds no trajectories.
    """
    labels = labels_of(regions, by, view, floor_m, ceiling_m)
    return crossings_of(paths_of(trajectories), regions.partition, labels)


def crossings_of(paths: Paths, partition: Partition, labels: Labels, *, threads: int | None = None) -> Crossings:
    """Find what each member crossed, as ``crossings`` does, of paths that are read and faces that are named."""
    grid = partition.grid.arrays()
    members, outputs = paths.lat.shape
    size = max(16, CHUNK_OUTPUTS // outputs)
    chunks = [(first, min(first + size, members)) for first in range(0, members, size)]

    def rows(chunk: tuple[int, int]) -> tuple[NDArray[Any], ...]:
        return _chunk(grid, paths.members(*chunk), chunk[0], labels)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        found = list(pool.map(rows, chunks))
    columns = (np.concatenate(column) for column in zip(*found, strict=True))
    return Crossings(labels.names, paths.epoch, int(paths.known.sum()), *columns)


def _chunk(grid: tuple[NDArray[Any], ...], paths: Paths, first: int, labels: Labels) -> tuple[NDArray[Any], ...]:
    members = len(paths.lat)
    passes = _filled(lambda room: passes_of(grid, paths.lat, paths.lon, first, room), _PASSES, 48 * members)
    flown = (paths.lat, paths.lon, paths.altitude, paths.time_s)
    named = (labels.first, labels.items)
    return _filled(lambda room: merge(grid, passes, named, labels.limits, flown, first, room), _ROWS, 16 * members)


def _filled(fill: Callable[..., int], columns: Sequence[type], room: int) -> tuple[NDArray[Any], ...]:
    """Let a kernel fill columns; where they are too short for what it found, again with as many as it needs."""
    while True:
        arrays: tuple[NDArray[Any], ...] = tuple(np.empty(room, kind) for kind in columns)
        found = fill(arrays)
        if found <= room:
            return tuple(array[:found].copy() for array in arrays)
        room = found
