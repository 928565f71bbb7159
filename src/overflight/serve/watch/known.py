"""Whether a balloon is of a known flight or launch: by its name, by ``identify``, or by its first places.

"matched" says that a known flight or launch explains where it was seen, never more; "unmatched" that none of those that
are listed does, which is also so where none is listed; "pending" that it was not looked at yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import xarray as xr

from overflight.errors import OverflightError
from overflight.geo import sphere
from overflight.infer.candidate_table import read_candidates
from overflight.infer.candidates import Candidate
from overflight.infer.identify import FASTEST_MS, identify
from overflight.infer.identity import POSSIBLE
from overflight.infer.screening import reachable
from overflight.infer.seen_places import seen_places
from overflight.infer.stations import Station, read_stations, station_launches
from overflight.serve.watch.settings import Settings
from overflight.sightings import Altitude, Sighting

MATCHED, UNMATCHED = "matched", "unmatched"
MEMBERS = 48
STATION_HOURS = 4.0
NEAR_S, NEAR_M, DRIFT_MS = 1_500.0, 10_000.0, 20.0
"""A balloon that is caught rising so soon after a launch and so near it is of that launch, winds unknown; judged."""
USUAL_RISE_MS = 5.0
MOST_NEAR = 64
"""More candidates than that near a balloon cannot be told apart in time; the nearest are taken."""

Places = Sequence[tuple[float, float, float, float | None]]


@dataclass(frozen=True, slots=True)
class Known:
    """Flights and launches that are known."""

    listed: tuple[Candidate, ...]
    stations: tuple[Station, ...]

    @staticmethod
    def of(settings: Settings) -> Known:
        """Read what is asked for."""
        listed = () if settings.known is None else tuple(read_candidates(settings.known))
        return Known(listed, tuple(read_stations()) if settings.stations else ())

    def match(self, name: str, places: Places, winds: xr.Dataset | None, seed: int) -> str | None:
        """Return the name of the flight or launch that a balloon is of, or None.

        Parameters
        ----------
        places : where it was: time [s since 1970], lon, lat, altitude [m].
        """
        if any(one.name == name for one in self.listed):
            return name
        seen = [_sighting(name, place) for place in _some(places)]
        first = np.datetime64(round(places[0][0]), "s") if places else None
        near = _near([*self.listed, *self._launches(places, first)], seen) if seen else []
        if not near:
            return None
        by_place = next((one.name for one in near if _is_of(one, places)), None)
        if by_place is not None or (winds is None and any(one.kind != "track" for one in near)):
            return by_place
        try:
            found = identify(seen, near, winds, seed=seed, members=MEMBERS)
        except OverflightError:
            return None
        best = found.matches[0] if found.matches else None
        return best.name if best is not None and best.posterior >= POSSIBLE else None

    def _launches(self, places: Places, first: np.datetime64 | None) -> list[Candidate]:
        """Return the launches of stations near a balloon's first place."""
        if first is None or not self.stations:
            return []
        lat, lon = (np.array([getattr(one, name) for one in self.stations]) for name in ("lat", "lon"))
        away = sphere.distance_m(places[0][2], places[0][1], lat, lon)
        close = [self.stations[i] for i in np.argsort(away)[:MOST_NEAR] if away[i] < 1000.0 * FASTEST_MS]
        return station_launches(close, first, STATION_HOURS)


def _some(places: Places) -> Places:
    """Return a handful of places, the first and the last among them."""
    if len(places) <= 5:
        return places
    return [places[i] for i in np.linspace(0, len(places) - 1, 5).astype(int).tolist()]


def _sighting(name: str, place: tuple[float, float, float, float | None]) -> Sighting:
    time, lon, lat, altitude = place
    height = None if altitude is None else Altitude(value_m=altitude, sd_m=100.0, reference="geometric")
    return Sighting(time=datetime.fromtimestamp(time, UTC), time_sd_s=1.0, lat=lat, lon=lon, position_sd_m=100.0,
                    altitude=height, object_label=name, source="", note="", evidence_sha256="")  # fmt: skip


def _near(candidates: Sequence[Candidate], seen: Sequence[Sighting]) -> list[Candidate]:
    """Return the candidates that may have come near, those with the nearest last place first."""
    if not candidates:
        return []
    places = seen_places(seen)
    near = [one for one, on in zip(candidates, reachable(candidates, places, FASTEST_MS, 50.0), strict=True) if on]
    away = [float(sphere.distance_m(places.lat[0], places.lon[0], one.lat[-1], one.lon[-1])) for one in near]
    return [near[i] for i in np.argsort(away, kind="stable")[:MOST_NEAR]]


def _is_of(candidate: Candidate, places: Places) -> bool:
    """Whether a balloon was first heard rising, soon after a launch and near it."""
    time, lon, lat, altitude = places[0]
    if candidate.kind != "launch" or altitude is None or (len(places) > 1 and (places[-1][3] or 0.0) < altitude):
        return False
    rise_s = max(altitude - float(np.nan_to_num(candidate.altitude_m[0])), 0.0) / USUAL_RISE_MS
    start = float(candidate.time[0].astype("datetime64[s]").astype(np.int64))
    late = abs(time - rise_s - start)
    away = float(sphere.distance_m(lat, lon, candidate.lat[0], candidate.lon[0]))
    slack = 4.0 * candidate.time_sd_s + 600.0
    return rise_s <= NEAR_S and late <= slack and away <= NEAR_M + DRIFT_MS * rise_s
