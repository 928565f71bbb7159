"""A ledger added up while an ensemble flies: its trajectories are looked at part by part, step by step, and let go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import xarray as xr

from overflight.airspace.crossings import Crossings, crossings_of
from overflight.airspace.labels import labels_of
from overflight.airspace.ledger import Ledger, ledger_of, require
from overflight.airspace.paths import paths_of
from overflight.airspace.regions import Regions
from overflight.drift.trajectories import thinned

_ROWS = [field.name for field in fields(Crossings) if field.name not in ("names", "epoch", "members")]


class Tally:
    """What the parts of an ensemble crossed.

    Parameters
    ----------
    regions, by, view, floor_m, ceiling_m : as of ``overflight.airspace.ledger``.
    """

    def __init__(self, regions: Regions, *, by: str = "country", view: str = "", **band: float) -> None:
        require(regions, by, view, band)
        self.regions, self.by, self.view = regions, by, view
        self.labels = labels_of(regions, by, view, **band)
        self.found: list[Crossings] = []

    def add(self, trajectories: xr.Dataset) -> None:
        """Add the members of a part."""
        found = crossings_of(paths_of(trajectories), self.regions.partition, self.labels)
        members = sum(part.members for part in self.found)
        self.found.append(replace(found, member=found.member + np.int32(members)))

    def through(self, parts: Iterable[xr.Dataset], keep: int) -> Iterator[xr.Dataset]:
        """Add parts as they come, and hand on every ``keep``-th of their outputs."""
        for part in parts:
            self.add(part)
            yield thinned(part, keep)

    def ledger(self) -> Ledger:
        """Sum up what was added."""
        return ledger_of(self._joined(), self.regions, by=self.by, view=self.view)

    def _joined(self) -> Crossings:
        epoch = min(part.epoch for part in self.found)
        late = [float((part.epoch - epoch) / np.timedelta64(1, "s")) for part in self.found]
        columns: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in self.found]) for name in _ROWS}
        shift = np.repeat(late, [part.member.size for part in self.found])
        columns["entry_s"], columns["exit_s"] = columns["entry_s"] + shift, columns["exit_s"] + shift
        return Crossings(self.found[0].names, epoch, sum(part.members for part in self.found), **columns)
