"""Errors of a sighting where its source states none, by kind of source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Standard deviations: of each component of the place [m], of the time [s], of the altitude [m]."""

    position_sd_m: float
    time_sd_s: float
    altitude_sd_m: float


BY_KIND = {
    "table": Errors(position_sd_m=1000.0, time_sd_s=60.0, altitude_sd_m=300.0),
}
"""A table, or any kind not named here: the errors of a careful report by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """The table by kind, with what a user sets instead."""

    by_kind: Mapping[str, Errors] = field(default_factory=dict)

    def of(self, kind: str) -> Errors:
        """Return the errors of a kind."""
        return self.by_kind.get(kind) or BY_KIND.get(kind) or BY_KIND["table"]
