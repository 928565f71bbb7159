"""What a report shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

if TYPE_CHECKING:
    from overflight.airspace import Ledger
    from overflight.infer import DriftTest, Origin, Track
    from overflight.infer.identity import Identity
    from overflight.sightings import Sighting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportContent:
    """Everything that a report is made of; what is None is left out and said to be missing.

    Attributes
    ----------
    title : str
    summary : sentences, the findings in the order of their weight.
    sightings : tuple of Sighting
    track, hindcast, forecast, ledger, drift_test, origin, identity : findings.
    truth : DataFrame with ``time, lat, lon, altitude_m``, a track withheld from the analysis, or None.
    evidence : tuple of (name, sha256, source)
    provenance : what the findings rest on: version, seed, winds, made at.
    command : str. The command that would find the same again, empty where there is none.
    limits : what the findings cannot tell.
    """

    title: str
    summary: tuple[str, ...]
    sightings: tuple[Sighting, ...]
    track: Track
    hindcast: xr.Dataset | None = None
    forecast: xr.Dataset | None = None
    ledger: Ledger | None = None
    drift_test: DriftTest | None = None
    origin: Origin | None = None
    identity: Identity | None = None
    truth: pd.DataFrame | None = None
    evidence: tuple[tuple[str, str, str], ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)
    command: str = ""
    limits: tuple[str, ...] = ()
