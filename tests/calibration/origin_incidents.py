"""Simulated incidents for the calibration of ``infer.origin``: launches drawn from its own prior, flown, and seen.

    OVERFLIGHT_SHARED_DATA=... python tests/calibration/origin_incidents.py --cases 300 --seed 1

The winds are a global GFS forecast (2.5 degree) that holds for all times. Launches are drawn from the default prior over
the shipped sites, land and sea; they climb and float through the winds with wind error by the engine; what is seen has
the errors that it states.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.stats import beta

from overflight import infer
from overflight.drift import Release, Settings, simulate
from overflight.flight import Flight
from overflight.flight.phases import Ascent, Float
from overflight.flight.until import Until
from overflight.geo import atmosphere, sphere
from overflight.geo.spread import Given
from overflight.geo.times import to_datetime
from overflight.infer.launch_prior import LAND, SEA, LaunchPrior, is_land
from overflight.infer.launch_sites import Site, known_sites
from overflight.sightings import Altitude, Sighting
from overflight.winds import WindError, open_winds

FIRST = np.datetime64("2011-01-15T12:00", "ns")
"""Time of every first sighting."""
FILE = "winds/gfs_20110110T12_f120_global_2p5deg.nc"
OUT_S = 600.0
POSITION_SD_M, ALTITUDE_SD_M = 5_000.0, 200.0
LEVELS_M = (12_000.0, 22_000.0)
DRAWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What kind of incident: ``seen_h`` are the hours of sightings after the first."""

    cases: int
    seed: int
    hours_back: float = 48.0
    seen_h: tuple[float, ...] = (0.0,)
    is_level_known: bool = True
    members: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Truths:
    """Launches (cases,), and the trajectories flown from them."""

    kind: list[str]
    site: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    age_s: np.ndarray
    rate_ms: np.ndarray
    level_m: np.ndarray
    flown: xr.Dataset


def steady_winds(folder: Path) -> xr.Dataset:
    """The forecast, holding for ten days on either side."""
    one = open_winds(folder / FILE).load().isel(time=[0])
    times = FIRST + np.arange(-240, 241, 12) * np.timedelta64(1, "h")
    return xr.concat([one.assign_coords(time=[t]) for t in times], dim="time", combine_attrs="override")


def draw_launches(plan: Plan, sites: tuple[Site, ...], prior: LaunchPrior) -> dict[str, np.ndarray]:
    """Draw launches from the prior; those still climbing at the first sighting are drawn again."""
    rng = np.random.default_rng(plan.seed)
    weights, count, window = prior.normalised(sites), DRAWN * plan.cases, 3600.0 * plan.hours_back
    kinds = np.array(list(weights))[rng.choice(len(weights), count, p=list(weights.values()))]
    site, lat, lon = np.full(count, -1), np.empty(count), np.empty(count)
    for kind in weights:
        some = np.flatnonzero(kinds == kind)
        if kind in (LAND, SEA):
            lat[some], lon[some] = anywhere(rng, some.size, land=kind == LAND)
            continue
        own = np.array([i for i, s in enumerate(sites) if s.kind == kind])
        share = np.array([sites[i].weight for i in own])
        site[some] = rng.choice(own, some.size, p=share / share.sum())
        at = [sites[i] for i in site[some]]
        lat[some], lon[some] = sphere.move(
            [s.lat for s in at], [s.lon for s in at], rng.uniform(0.0, 360.0, some.size),
            1000.0 * np.array([s.sd_km for s in at]) * np.sqrt(rng.chisquare(2, some.size)),
        )  # fmt: skip
    median, sd = (np.array([prior.climbs[k][i] for k in kinds]) for i in (0, 1))
    rate = median * np.exp(sd * rng.normal(size=count))
    level = rng.uniform(*LEVELS_M, count)
    age = np.floor(rng.uniform(0.0, window, count) / OUT_S) * OUT_S
    factor = np.where(
        kinds == "radiosonde",
        prior.hour_factor("radiosonde", FIRST - np.round(age * 1e9).astype("timedelta64[ns]")),
        1.0,
    )
    most = prior.hour_factor("radiosonde", np.array([FIRST - np.timedelta64(50, "m")])).max()
    kept = rng.uniform(0.0, np.where(kinds == "radiosonde", most, 1.0)) < factor
    return {"kind": kinds, "site": site, "lat": lat, "lon": lon, "age_s": age, "rate_ms": rate, "level_m": level,
            "kept": kept & (age > level / rate)}  # fmt: skip


def anywhere(rng: np.random.Generator, count: int, *, land: bool) -> tuple[np.ndarray, np.ndarray]:
    """Draw places uniformly over the Earth's land or sea."""
    lat, lon = np.empty(0), np.empty(0)
    while lat.size < count:
        y, x = np.degrees(np.arcsin(rng.uniform(-1, 1, 4 * count + 16))), rng.uniform(-180, 180, 4 * count + 16)
        fine = is_land(y, x) == land
        lat, lon = np.append(lat, y[fine]), np.append(lon, x[fine])
    return lat[:count], lon[:count]


def truths(plan: Plan, winds: xr.Dataset, prior: LaunchPrior, sites: tuple[Site, ...]) -> Truths:
    """Draw and fly."""
    drawn = draw_launches(plan, sites, prior)
    # A radiosonde is kept at one hour in twenty: the share of kinds among those kept would be another.
    chosen = balanced(drawn, plan, prior.normalised(sites))
    d = {n: v[chosen] for n, v in drawn.items()}
    levels = atmosphere.pressure_pa(d["level_m"])
    flight = Flight(phases=(
        Ascent(rate_ms=Given(d["rate_ms"]), until=Until("next_surface")),
        Float(surface="pressure", value=Given(levels)),
    ))  # fmt: skip
    release = Release(time=FIRST - np.round(d["age_s"] * 1e9).astype("timedelta64[ns]"), lat=d["lat"], lon=d["lon"])
    settings = Settings(wind_error=WindError(), output_s=OUT_S, threads=2)
    hours = plan.hours_back + max(plan.seen_h) + 1.0
    flown = simulate(winds, flight, release, hours=hours, members=plan.cases, seed=plan.seed + 1, settings=settings)
    names = ("site", "lat", "lon", "age_s", "rate_ms", "level_m")
    return Truths(kind=list(d["kind"]), flown=flown, **{n: d[n] for n in names})


def balanced(drawn: dict[str, np.ndarray], plan: Plan, weights: dict[str, float]) -> np.ndarray:
    """Choose cases so that each kind's share is its prior weight times the share of its hours that is possible."""
    rng = np.random.default_rng(plan.seed + 2)
    possible = {}
    for kind, weight in weights.items():
        some = drawn["kind"] == kind
        free = drawn["age_s"] > drawn["level_m"] / drawn["rate_ms"]
        mean = 1.0
        if kind == "radiosonde":
            factor = LaunchPrior().hour_factor(
                kind, FIRST - np.round(drawn["age_s"][some] * 1e9).astype("timedelta64[ns]")
            )
            mean = float((factor * free[some]).mean())
        else:
            mean = float(free[some].mean()) if some.any() else 0.0
        possible[kind] = weight * mean
    share = np.array(list(possible.values()))
    kinds = np.array(list(possible))[rng.choice(share.size, plan.cases, p=share / share.sum())]
    pools = {k: list(np.flatnonzero(drawn["kept"] & (drawn["kind"] == k))) for k in possible}
    return np.array([pools[k].pop() for k in kinds])


def sightings_of(truth: Truths, case: int, plan: Plan) -> list[Sighting]:
    """See one case, with the errors that are stated."""
    rng = np.random.default_rng([plan.seed, case])
    one, out = truth.flown.isel(trajectory=case), []
    for hours in plan.seen_h:
        i = round((truth.age_s[case] + 3600.0 * hours) / OUT_S)
        north, east = rng.normal(0.0, POSITION_SD_M, 2)
        lat, lon = sphere.move(
            float(one.lat[i]), float(one.lon[i]), np.degrees(np.arctan2(east, north)), np.hypot(east, north)
        )
        level = truth.level_m[case] + rng.normal(0.0, ALTITUDE_SD_M)
        altitude = Altitude(value_m=float(level), sd_m=ALTITUDE_SD_M, reference="pressure")
        out.append(
            Sighting(
                time=to_datetime(FIRST + np.timedelta64(round(3600 * hours), "s")),
                time_sd_s=0.0,
                lat=float(lat),
                lon=float(lon),
                position_sd_m=POSITION_SD_M,
                altitude=altitude if plan.is_level_known else None,
                object_label="",
                source="",
                note="",
                evidence_sha256="",
            )
        )
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One case: the level whose region just holds the truth (anywhere within its cell), the 90 % area, and what was
    given to the truth."""

    level: float
    held_90: bool
    mass_90: float
    area_90_km2: float
    part: float
    rank: int
    ess: float
    cpu_s: float


def score(found: infer.Origin, truth: Truths, case: int, sites: tuple[Site, ...], cpu_s: float) -> Score:
    """Compare a finding with the truth."""
    density, inside = found.density, found.density.region(0.9)
    at = int(density.index_of(truth.lat[case], truth.lon[case])[0])
    part, rank = found.land if truth.kind[case] == LAND else found.sea, 0
    if truth.site[case] >= 0:
        site = sites[truth.site[case]]
        hits = [i for i, r in enumerate(found.ranked) if (r.lat, r.lon) == (site.lat, site.lon)]
        part, rank = (found.ranked[hits[0]].probability, hits[0] + 1) if hits else (0.0, 9999)
    place = float(truth.lat[case]), float(truth.lon[case])
    level, own = density.level_of(*place), density.probability_of(*place)
    return Score(
        level=level + own * float(np.random.default_rng([case, 7]).uniform()),
        held_90=bool(at >= 0 and inside[at]),
        mass_90=float(density.probability[inside].sum()),
        area_90_km2=density.area_m2(0.9) / 1e6,
        part=part,
        rank=rank,
        ess=found.ess,
        cpu_s=cpu_s,
    )


def run(plan: Plan, folder: Path, *, tell: bool = False) -> tuple[list[Score], Truths]:
    """Simulate, find, and score all cases."""
    winds, prior, sites = steady_winds(folder), LaunchPrior(), known_sites()
    truth = truths(plan, winds, prior, sites)
    scores = []
    for case in range(plan.cases):
        began = time.process_time()
        seen = sightings_of(truth, case, plan)
        track = infer.track(seen, winds, seed=case + 1, members=400, inputs=infer.Inputs(level_range_m=LEVELS_M))
        found = infer.origin(track, winds, hours_back=plan.hours_back, members=plan.members, seed=case + 1)
        scores.append(score(found, truth, case, sites, time.process_time() - began))
        if tell and (case + 1) % 25 == 0:
            sys.stdout.write(f"{summary(scores, truth.kind)}\n")
            sys.stdout.flush()
    return scores, truth


def summary(scores: list[Score], kinds: list[str]) -> str:
    """Say how often the region held the truth, against how much it says that it holds."""
    n, held = len(scores), sum(s.held_90 for s in scores)
    low, high = beta.ppf([0.025, 0.975], [held, held + 1], [n - held + 1, n - held])
    levels = np.array([s.level for s in scores])
    sites = [s for s, k in zip(scores, kinds, strict=False) if k not in (LAND, SEA)]
    top = [sum(0 < s.rank <= r for s in sites) for r in (1, 5)]
    return (
        f"{n} cases: 90 % region held {held} ({100 * held / n:.1f} %, {100 * low:.1f} to {100 * high:.1f}), holds "
        f"{100 * np.mean([s.mass_90 for s in scores]):.1f} % by its own account; within 50, 90, 99 % levels "
        f"{', '.join(f'{100 * np.mean(levels < q):.1f}' for q in (0.5, 0.9, 0.99))} %; median area "
        f"{np.median([s.area_90_km2 for s in scores]):,.0f} km2; site of the truth first {top[0]}, among five {top[1]} "
        f"of {len(sites)}; median ESS {np.median([s.ess for s in scores]):.0f}; {np.mean([s.cpu_s for s in scores]):.2f} s CPU"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--members", type=int, default=2_000)
    parser.add_argument("--hours-back", type=float, default=48.0)
    parser.add_argument("--seen", default="0", help="hours of sightings after the first, parted by commas")
    parser.add_argument("--level-unknown", action="store_true")
    given = parser.parse_args()
    plan = Plan(
        cases=given.cases, seed=given.seed, members=given.members, hours_back=given.hours_back,
        seen_h=tuple(float(h) for h in given.seen.split(",")), is_level_known=not given.level_unknown,
    )  # fmt: skip
    scores, truth = run(plan, Path(os.environ["OVERFLIGHT_SHARED_DATA"]), tell=True)
    sys.stdout.write(f"{summary(scores, truth.kind)}\n")


if __name__ == "__main__":
    main()
