"""Recorded flights thinned to a few sightings and judged; what was left out is the truth.

Fixes of one flight are far from independent: the share of them in a region is no coverage with a binomial error, and
the tables give it for what it is. Where no winds exist for the place and time of a flight, its track is the kinematic
one, and there is neither a drift test nor an origin.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from overflight.errors import OverflightError
from overflight.geo import sphere
from overflight.infer import Site
from overflight.sightings import Altitude, Sighting
from validation import judges
from validation.flights import Recorded, all_flights
from validation.judges import Effort, Place
from validation.seen import sighting
from validation.tables import Table, markdown

COUNTS = (5, 10, 30)
MOST_HELD_OUT = 60
HIGH_M = 10_000.0
HOURS_BACK = 3
SITES_WITHIN_KM = 1_500.0
EFFORT = Effort(members=300, simulated=199, hours_back=HOURS_BACK)
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One flight at one number of sightings; None where a question could not be asked.

    Attributes
    ----------
    flight : Recorded
    count : sightings given.
    track : rows of ``judges.judge_track`` at held-out fixes; ``without`` the same with no altitude reported.
    drift, drift_without, origin : rows of the other judges; ``refused`` what overflight said instead.
    """

    flight: Recorded
    count: int
    track: list[Row]
    without: list[Row]
    drift: Row | None
    drift_without: Row | None
    origin: Row | None
    refused: tuple[str, ...]


def real(data: Path, *, seed: int) -> str:
    """Judge every flight of the folder and return the tables, and what was refused."""
    judged = [one for flight in all_flights(data) for one in judge_flight(flight, data, seed=seed)]
    made = (track_table(judged), pooled_table(judged), drift_table(judged), origin_table(judged))
    refused = dict.fromkeys(f"{j.flight.name}, {j.count} sightings: {r}" for j in judged for r in j.refused)
    return "\n\n".join([*(markdown(t) for t in made), *refused])


def judge_flight(flight: Recorded, data: Path, *, seed: int, counts: Sequence[int] = COUNTS) -> list[Judged]:
    """Thin a flight to each number of sightings that leaves fixes to hold out, and judge it."""
    return [_judged(flight, count, data, seed) for count in counts if count + 3 <= flight.time.size]


def _judged(flight: Recorded, count: int, data: Path, seed: int) -> Judged:
    given = np.linspace(0, flight.time.size - 1, count).round().astype(int)
    at = [_place(flight, i) for i in held_out(flight, given)]
    refused: list[str] = []

    def ask(judge: Any, *args: Any, **more: Any) -> Any:
        try:
            return judge(*args, seed=seed, effort=EFFORT, **more)
        except OverflightError as problem:
            refused.append(str(problem))
            return None

    told, untold = (seen(flight, given, altitude=a) for a in (True, False))
    windy = flight.winds is not None
    return Judged(
        flight=flight,
        count=count,
        track=ask(judges.judge_track, told, flight.winds, at) or [],
        without=(ask(judges.judge_track, untold, flight.winds, at) or []) if windy else [],
        drift=ask(judges.judge_verdict, told, flight.winds) if windy else None,
        drift_without=ask(judges.judge_verdict, untold, flight.winds) if windy else None,
        origin=_origin(flight, count, data, ask) if windy and flight.kind == "solar balloon" else None,
        refused=tuple(refused),
    )


def held_out(flight: Recorded, given: np.ndarray) -> list[int]:
    """Return fixes that are not given, evenly in time, at most sixty."""
    rest = np.setdiff1d(np.arange(flight.time.size), given)
    apart = np.isin(flight.time[rest], flight.time[given], invert=True)
    rest = rest[apart]
    when = (flight.time[rest] - flight.time[0]) / np.timedelta64(1, "s")
    even = np.linspace(when[0], when[-1], min(MOST_HELD_OUT, rest.size))
    return sorted({int(rest[np.argmin(np.abs(when - t))]) for t in even})


def seen(flight: Recorded, given: Sequence[int] | np.ndarray, *, altitude: bool) -> list[Sighting]:
    """Return fixes as sightings, with or without their altitudes."""
    return [
        sighting(
            flight.time[i],
            flight.lat[i],
            flight.lon[i],
            Altitude(value_m=float(flight.altitude_m[i]), sd_m=flight.altitude_sd_m, reference="geometric")
            if altitude
            else None,
            sd_m=flight.position_sd_m,
            source=flight.name,
        )
        for i in given
    ]


def _place(flight: Recorded, i: int) -> Place:
    return Place(time=flight.time[i], lat=float(flight.lat[i]), lon=float(flight.lon[i]),
                 altitude_m=float(flight.altitude_m[i]))  # fmt: skip


def _origin(flight: Recorded, count: int, data: Path, ask: Any) -> Row | None:
    """Look for the launch from sightings above 10 km alone, among the radiosonde stations around and its own."""
    high = np.flatnonzero(flight.altitude_m > HIGH_M)
    given = high[np.linspace(0, high.size - 1, count).round().astype(int)]
    home = _place(flight, 0)
    sites = [Site(name=f"launch of {flight.name}", lat=home.lat, lon=home.lon), *stations_around(home, data)]
    row: Row | None = ask(judges.judge_origin, seen(flight, given, altitude=True), flight.winds, home, sites=sites)
    if row is None:
        return None
    ranked, true = row.pop("ranked"), sites[0].name
    ahead = [float(sphere.distance_m(s.lat, s.lon, home.lat, home.lon)) / 1e3 for s in sites if s.name in ranked[:1]]
    return {**row, "rank": ranked.index(true) + 1 if true in ranked else None, "first": ranked[0],
            "first_off_km": ahead[0] if ahead else float("nan"),
            "after_h": float((flight.time[given[0]] - flight.time[0]) / np.timedelta64(1, "h"))}  # fmt: skip


def stations_around(home: Place, data: Path) -> list[Site]:
    """Return the radiosonde stations within 1500 km of a place."""
    with (data / "sites" / "radiosonde_stations.csv").open(encoding="utf-8") as stream:
        rows = [(f"{r['name'].strip()} {r['wmo']}", float(r["lat"]), float(r["lon"])) for r in csv.DictReader(stream)]
    near = {n: Site(name=n, lat=a, lon=o) for n, a, o in rows
            if sphere.distance_m(a, o, home.lat, home.lon) < 1e3 * SITES_WITHIN_KM}  # fmt: skip
    return list(near.values())


def _told(rows: list[Row]) -> str:
    if not rows:
        return "-"
    error = np.array([r["error_km"] for r in rows])
    return f"{np.median(error):.1f}, {error.max():.1f}, {100 * np.mean([r['rank'] < 0.9 for r in rows]):.0f} %"


def track_table(judged: Sequence[Judged]) -> Table:
    """Tell, a flight a row, median and largest error [km] of held-out fixes and the share in the 90 % ellipse."""
    rows: list[list[str]] = []
    by = {(j.flight.name, j.count): j for j in judged}
    for flight in {j.flight.name: j.flight for j in judged}.values():
        for what in ("track", "without") if flight.winds is not None else ("track",):
            cells = [_told(getattr(by[flight.name, c], what)) if (flight.name, c) in by else "-" for c in COUNTS]
            winds = flight.winds_told + (", no altitudes" if what == "without" else "")
            rows.append([flight.name, f"{flight.hours:.1f}", f"{flight.path_km:.0f}", winds, *cells])
    header = ["flight", "hours", "path [km]", "winds", *(f"{c} sightings" for c in COUNTS)]
    return "Track: median error [km], largest, share of held-out fixes in the 90 % ellipse", header, rows


def pooled_table(judged: Sequence[Judged]) -> Table:
    """Tell the same over all flights of a kind, each flight weighing alike."""
    rows = []
    groups = {(j.flight.kind, j.flight.winds is not None): None for j in judged}
    for kind, windy in groups:
        for count in COUNTS:
            some = [j for j in judged if (j.flight.kind, j.flight.winds is not None) == (kind, windy)
                    and j.count == count and j.track]  # fmt: skip
            if not some:
                continue
            error = np.median([np.median([r["error_km"] for r in j.track]) for j in some])
            held = [np.mean([r["rank"] < 0.9 for r in j.track]) for j in some]
            energy = np.mean([np.mean([r["energy_km"] for r in j.track]) for j in some])
            rows.append([kind, "yes" if windy else "none", str(count), str(len(some)), f"{error:.1f}",
                         f"{100 * np.mean(held):.0f}", f"{100 * np.min(held):.0f}", f"{energy:.1f}"])  # fmt: skip
    header = ["kind", "winds", "sightings", "flights", "median error [km]", "in 90 % [%], mean of flights",
              "least of a flight", "energy score [km]"]  # fmt: skip
    return "Track, by kind of flight", header, rows


def drift_table(judged: Sequence[Judged]) -> Table:
    """Tell the verdicts on flights that have winds; all of them are passive."""
    rows = []
    for j in judged:
        for told, row in (("yes", j.drift), ("no", j.drift_without)):
            if row is not None:
                powered = f"{row['p_value_powered']:.3f}" if "p_value_powered" in row else "-"
                rows.append([j.flight.name, str(j.count), told, row["verdict"], f"{row['p_value']:.3f}", powered,
                             f"{row['power_5']:.2f}", f"{row['air_speed_upper_95_ms']:.1f}"])  # fmt: skip
    header = [
        "flight",
        "sightings",
        "altitudes",
        "verdict",
        "p",
        "p powered",
        "power at 5 m/s",
        "speed excluded above [m/s]",
    ]
    return "Drift test of flights that have winds, all passive", header, rows


def origin_table(judged: Sequence[Judged]) -> Table:
    """Tell where the true launch stands."""
    rows = []
    for j in judged:
        if (o := j.origin) is not None:
            off = f" ({o['first_off_km']:.0f} km off)" if np.isfinite(o["first_off_km"]) else ""
            rank = "below 10" if o["rank"] is None else str(o["rank"])
            rows.append([j.flight.name, str(j.count), f"{o['after_h']:.1f}", f"{o['level'] + o['cell']:.2f}",
                         f"{o['area_90_km2']:,.0f}", f"{o['mode_error_km']:.0f}", f"{rank} of {o['sites']}",
                         o["first"] + off])  # fmt: skip
    header = ["flight", "sightings", "first sighting after [h]", "held by the least region with the launch",
              "90 % area [km2]", "mode off [km]", "rank of the launch", "first"]  # fmt: skip
    return "Origin from sightings above 10 km", header, rows
