"""Radiosonde stations as candidates: who may have launched at 00 and 12 UTC."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from overflight.errors import InvalidInput
from overflight.infer.candidates import SOUNDING, Candidate

SOURCE = "NOAA RAOB station listing of 2018-12-21, public domain"
ACTIVE = 0.4
"""Chance that a listed station launches at an hour: some 900 of the 2,345 do so twice a day, many are closed."""
BEFORE_S, BEFORE_SD_S = 45 * 60.0, 12 * 60.0
"""Release before the nominal hour and its standard deviation, judged: usual practice is 15 to 60 minutes."""
HOURS = (0, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A place of launches: name, lat, lon [degrees], elevation [m]."""

    name: str
    lat: float
    lon: float
    elevation_m: float

    def launch(self, nominal: np.datetime64, *, weight: float = 1.0) -> Candidate:
        """Return the launch for a nominal hour (UTC), of which ``weight`` is the chance."""
        return Candidate(
            name=f"{self.name}, {nominal.astype('datetime64[h]')!s}Z sounding",
            kind="launch",
            time=np.array([nominal.astype("datetime64[ns]") - np.timedelta64(round(BEFORE_S), "s")]),
            time_sd_s=BEFORE_SD_S,
            lat=np.array([self.lat]),
            lon=np.array([self.lon]),
            altitude_m=np.array([self.elevation_m]),
            profile=SOUNDING,
            weight=weight,
            source=SOURCE,
        )


def read_stations(path: Path | None = None) -> list[Station]:
    """Read a table with the columns ``name, elev_m, lat, lon``; the one that is shipped where None.

    Raises
    ------
    InvalidInput
        A column is missing or a number is none.
    """
    name = "radiosonde_stations.csv" if path is None else path.name
    text = (resources.files("overflight.infer") / "data" / name if path is None else path).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    missing = {"name", "elev_m", "lat", "lon"} - set(rows.fieldnames or ())
    if missing:
        raise InvalidInput("columns", f"no {', '.join(sorted(missing))}", "name, elev_m, lat, lon", name)
    out = []
    for line, row in enumerate(rows, start=2):
        try:
            numbers = [float(row[c] or 0.0) for c in ("lat", "lon", "elev_m")]
        except ValueError:
            raise InvalidInput("lat, lon, elev_m", repr(row["lat"]), "numbers", f"{name}:{line}") from None
        out.append(Station(name=row["name"].strip(), lat=numbers[0], lon=numbers[1], elevation_m=numbers[2]))
    return out


def station_launches(
    stations: Sequence[Station], until: np.datetime64, hours_before: float, *, weight: float = ACTIVE
) -> list[Candidate]:
    """Return the launches for the nominal hours in the ``hours_before`` an instant and the hour and a half after it."""
    hour = np.timedelta64(1, "h")
    first = (until - np.timedelta64(round(hours_before * 3600), "s")).astype("datetime64[h]")
    nominal = first + np.arange(0, int(np.ceil(hours_before)) + 3) * hour
    last = until + np.timedelta64(90, "m")
    chosen = [t for t in nominal if int(t.astype(np.int64)) % 24 in HOURS and t <= last]
    return [s.launch(t, weight=weight) for t in chosen for s in stations]
