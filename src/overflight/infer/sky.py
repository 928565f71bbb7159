"""Simulated skies: thousands of launches a day, one object seen, and whether ``identify`` gets it right.

Everything is drawn: launches from real stations, flights and wind error by the engine, who is on the list, what is
seen. The winds are a real field held steady. The study says how well stated probabilities hold when the assumptions
do; it cannot say whether they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift import Settings
from overflight.geo import sphere
from overflight.geo.spread import Spread
from overflight.geo.times import to_datetime
from overflight.infer.candidates import BaseRate, Candidate, Completeness, Profile
from overflight.infer.carry import Carried, Carrier
from overflight.infer.identify import identify
from overflight.infer.identity import Identity
from overflight.infer.stations import Station
from overflight.sightings import Altitude, Sighting

F64 = NDArray[np.float64]
Times = NDArray[np.datetime64]

HOUR = np.timedelta64(3_600_000_000_000, "ns")
_SETTINGS = Settings(steady=True, threads=1)
EARTH_MILLION_KM2 = 510.1
CLIMBING_H, AFLOAT_DAYS = 4.5, 3
LEVEL = Profile(ascent_ms=Spread("normal", 2.5, 0.5, 1.0, 5.0), top_m=Spread("uniform", 8_000.0, 20_000.0))
"""A drawn floater: its level is known to nobody before it is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How skies are drawn.

    Attributes
    ----------
    launches_a_day : int. Of both kinds.
    floating : share of them that float, for three days; the others are radiosondes at 00 and 12 UTC.
    listed : share of the objects that is on the list, each on its own.
    cases : objects seen in each sky, each on its own.
    members : int. Of the ensembles of ``identify``.
    """

    launches_a_day: int = 2_000
    floating: float = 0.1
    listed: float = 0.6
    cases: int = 4
    members: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One object seen in one sky, and what was said of it.

    Attributes
    ----------
    truth : name of the object. is_listed : bool. Whether the list has it.
    floats : bool. heard_h : hours since it was last heard, NaN where it was not. [h]
    sightings : int
    rank : int. Of the truth among the candidates, 1 for the first; 0 where it is not among those followed.
    p_truth : probability given to the truth, "none of these" where it is not listed.
    p_best : probability of the likeliest answer, none included; is_right : whether that is the truth.
    said : tuple of (probability, is the truth), of every answer with 0.01 or more.
    grade, named : the grade, and the name of the likeliest candidate.
    p_none, p_none_without, grade_without : of none; and with the truth taken off the list (NaN, "" if unlisted).
    """

    truth: str
    is_listed: bool
    floats: bool
    heard_h: float
    sightings: int
    rank: int
    p_truth: float
    p_best: float
    is_right: bool
    said: tuple[tuple[float, bool], ...]
    grade: str
    named: str
    p_none: float
    p_none_without: float
    grade_without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sky:
    """A population at an instant: launches, what is true of them from two days before to half a day after."""

    launches: list[Candidate]
    now: np.datetime64
    hours: F64
    truth: Carried
    is_listed: NDArray[np.bool_]

    @property
    def aloft(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.truth.aloft[:, 0, int(np.argmin(np.abs(self.hours)))])


def simulate_skies(
    winds: Sequence[xr.Dataset], stations: Sequence[Station], *, skies: int, seed: int, rules: Rules | None = None
) -> list[Case]:
    """Draw skies, see objects in them, and identify each.

    Parameters
    ----------
    winds : global wind datasets of one time each, taken in turn.
    stations : where radiosondes start, and, some way off, the floaters.
    skies, seed : int. A sky depends on its own number and the seed alone.
    """
    rules = rules or Rules()
    return [case for n in range(skies) for case in one_sky(winds[n % len(winds)], stations, seed + n, rules)]


def one_sky(winds: xr.Dataset, stations: Sequence[Station], seed: int, rules: Rules) -> list[Case]:
    """Draw one sky and identify ``rules.cases`` of its objects."""
    draw = np.random.default_rng(seed)
    sky = _drawn(winds, stations, draw, rules)
    catalogue = [_entry(sky, int(i), draw) for i in np.flatnonzero(sky.is_listed)]
    base = BaseRate(per_million_km2=sky.aloft.size / EARTH_MILLION_KM2, source="the sky that was drawn")
    completeness = Completeness(values=(0.5 * rules.listed, rules.listed, 0.5 + 0.5 * rules.listed), base_rate=base)
    cases = []
    for number, i in enumerate(draw.choice(sky.aloft, min(rules.cases, sky.aloft.size), replace=False)):
        seen = _seen(sky, int(i), draw)

        def ask(listed: list[Candidate], seen: list[Sighting] = seen, key: int = 100 * seed + number) -> Identity:
            return identify(seen, listed, winds, seed=key, members=rules.members, completeness=completeness,
                            settings=_SETTINGS)  # fmt: skip

        cases.append(_case(sky, int(i), seen, catalogue, ask))
    return cases


def _drawn(winds: xr.Dataset, stations: Sequence[Station], draw: np.random.Generator, rules: Rules) -> _Sky:
    day = winds["time"].values[0].astype("datetime64[D]").astype("datetime64[ns]")
    synoptic = draw.random() < 0.5
    after = 12.0 * draw.integers(0, 2) + draw.uniform(-0.5, 2.5) if synoptic else draw.uniform(0.0, 24.0)
    now = day + np.timedelta64(round(after * 3600.0), "s")
    launches = [*_soundings(stations, now, day, draw, rules), *_floaters(stations, now, draw, rules)]
    hours = np.concatenate([np.arange(-48.0, 0.0, 2.0), np.arange(0.0, 1.0, 1.0 / 6.0), np.arange(1.0, 13.0, 1.0)])
    instants = now + np.round(hours * 3600.0).astype("timedelta64[s]")
    carrier = Carrier.of(winds, int(draw.integers(2**40)), _SETTINGS)
    truth = carrier.carry(launches, instants, 1)
    is_listed = draw.random(len(launches)) < rules.listed
    return _Sky(launches=launches, now=now, hours=hours, truth=truth, is_listed=is_listed)


def _soundings(
    stations: Sequence[Station], now: np.datetime64, day: np.datetime64, draw: np.random.Generator, rules: Rules
) -> list[Candidate]:
    """Radiosondes that may be aloft: from half as many stations as there are launches a day, each at 00 and 12 UTC."""
    count = min(len(stations), round(rules.launches_a_day * (1.0 - rules.floating) / 2.0))
    out = []
    for hour in (-12, 0, 12, 24):
        nominal = day + hour * HOUR
        if not -1.5 <= (now - nominal) / HOUR <= CLIMBING_H:
            continue
        out += [stations[i].launch(nominal) for i in draw.choice(len(stations), count, replace=False)]
    return out


def _floaters(
    stations: Sequence[Station], now: np.datetime64, draw: np.random.Generator, rules: Rules
) -> list[Candidate]:
    count = round(rules.launches_a_day * rules.floating * AFLOAT_DAYS)
    out = []
    for n in range(count):
        site = stations[int(draw.integers(len(stations)))]
        lat, lon = sphere.move(site.lat, site.lon, draw.uniform(0, 360), 1000.0 * draw.uniform(0, 300))
        time = now - np.timedelta64(round(draw.uniform(0, AFLOAT_DAYS * 24) * 3600), "s")
        place = (np.atleast_1d(lat), np.atleast_1d(lon), np.zeros(1))
        out.append(Candidate(name=f"floater {n}", kind="launch", time=np.array([time]), lat=place[0], lon=place[1],
                             altitude_m=place[2], profile=LEVEL))  # fmt: skip
    return out


def _entry(sky: _Sky, i: int, draw: np.random.Generator) -> Candidate:
    """Return what the list says: a launch, or where it was last heard."""
    launch = sky.launches[i]
    at_level = sky.truth.aloft[i, 0] & (np.abs(sky.truth.climb_ms[i, 0]) < 0.4)
    heard = np.flatnonzero(at_level & (sky.hours <= -2.0))
    if launch.flown.descent_ms is not None or not heard.size or draw.random() < 0.3:
        return launch
    at = int(draw.choice(heard))
    return replace(
        launch,
        kind="last_heard",
        time=np.array([sky.now + np.timedelta64(round(sky.hours[at] * 3600), "s")]),
        lat=sky.truth.lat[i, 0, [at]],
        lon=sky.truth.lon[i, 0, [at]],
        altitude_m=sky.truth.altitude_m[i, 0, [at]] + 50.0 * draw.normal(),
        altitude_sd_m=50.0,
    )


def _seen(sky: _Sky, i: int, draw: np.random.Generator) -> list[Sighting]:
    """See an object now, and half of the time a few times more while it is up."""
    now = int(np.argmin(np.abs(sky.hours)))
    later = now + 1 + np.flatnonzero(sky.truth.aloft[i, 0, now + 1 :])
    more = min(later.size, int(draw.integers(1, 4))) if draw.random() < 0.5 else 0
    at = [now, *sorted(draw.choice(later, more, replace=False))] if more else [now]
    sd_m, sd_s = 1000.0 * draw.uniform(5, 30), draw.uniform(60, 600)
    tells_altitude = draw.random() < 0.7
    return [_sighting(sky, i, int(k), (sd_m, sd_s, tells_altitude), draw) for k in at]


def _sighting(sky: _Sky, i: int, at: int, errors: tuple[float, float, bool], draw: np.random.Generator) -> Sighting:
    sd_m, sd_s, tells_altitude = errors
    truth, late_s = sky.truth, sd_s * draw.normal()
    moved = sd_m * (draw.normal() + 1j * draw.normal()) - truth.speed_ms[i, 0, at] * late_s
    lat, lon = sphere.move(truth.lat[i, 0, at], truth.lon[i, 0, at], 90.0 - np.degrees(np.angle(moved)), abs(moved))
    altitude = None
    if tells_altitude:
        high = truth.altitude_m[i, 0, at] - truth.climb_ms[i, 0, at] * late_s + 300.0 * draw.normal()
        altitude = Altitude(value_m=float(high), sd_m=300.0, reference="geometric")
    time = to_datetime(sky.now + np.timedelta64(round(sky.hours[at] * 3600), "s"))
    return Sighting(time=time, time_sd_s=sd_s, lat=float(lat), lon=float(lon), position_sd_m=sd_m, altitude=altitude,
                    object_label="", source="simulated", note="", evidence_sha256="")  # fmt: skip


def _case(sky: _Sky, i: int, seen: list[Sighting], catalogue: list[Candidate], ask: Any) -> Case:
    name, listed = sky.launches[i].name, bool(sky.is_listed[i])
    found: Identity = ask(catalogue)
    middle = found.completeness.middle
    answers = [(m.posterior, m.name == name) for m in found.matches] + [(found.p_none[middle], not listed)]
    best = max(answers)
    ranks = [r for r, m in enumerate(found.matches, start=1) if m.name == name]
    entry = next((c for c in catalogue if c.name == name), None)
    without = ask([c for c in catalogue if c.name != name]) if listed else None
    heard = entry is not None and entry.kind == "last_heard"
    return Case(
        truth=name,
        is_listed=listed,
        floats=sky.launches[i].flown.descent_ms is None,
        heard_h=float((sky.now - entry.time[0]) / HOUR) if heard and entry else np.nan,
        sightings=len(seen),
        rank=ranks[0] if ranks else 0,
        p_truth=float(sum(p for p, right in answers if right)),
        p_best=best[0],
        is_right=best[1],
        said=tuple(a for a in answers if a[0] >= 0.01),
        grade=found.grade,
        named=found.matches[0].name if found.matches else "",
        p_none=found.p_none[middle],
        p_none_without=np.nan if without is None else without.p_none[middle],
        grade_without="" if without is None else without.grade,
    )
