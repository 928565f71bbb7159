"""What overflight says of one case, as plain numbers: the one file that knows how each answer is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight import infer
from overflight.geo import rng, sphere
from overflight.sightings import Sighting
from validation import scores

F64 = NDArray[np.float64]
Row = dict[str, Any]

REGIONS = (0.5, 0.9, 0.99)


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much each judge computes.

    ``members`` samples of a track and of each candidate, ``simulated`` tracks of a test, ``launches`` tried and
    ``hours_back`` of an origin.
    """

    members: int = 400
    simulated: int = 999
    launches: int = 20_000
    hours_back: int = 48


class NotThereYetError(ValueError):
    """A question that this overflight does not answer."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the truth was at one time: degrees, metres."""

    time: np.datetime64
    lat: float
    lon: float
    altitude_m: float


def judge_track(
    sightings: Sequence[Sighting], winds: xr.Dataset | None, at: Sequence[Place], *, seed: int, effort: Effort
) -> list[Row]:
    """Score the track at held-out places, one row each. [km], [m]"""
    found = infer.track(sightings, winds, seed=seed, members=effort.members)
    return [_scored(found.samples, place) for place in at]


def judge_forecast(
    sightings: Sequence[Sighting], winds: xr.Dataset, at: Place, hours: float, *, seed: int, effort: Effort
) -> Row:
    """Score the forecast at a place some hours after the last sighting. [km], [m]"""
    found = infer.track(sightings, winds, seed=seed, members=effort.members)
    return _scored(infer.forecast(found, winds, hours=hours, seed=seed), at)


def _scored(samples: xr.Dataset, place: Place) -> Row:
    """Score the samples that are still in the winds."""
    lat, lon, altitude = samples_at(samples, place.time)
    there = np.isfinite(lat) & np.isfinite(lon)
    lat, lon, altitude = lat[there], lon[there], altitude[there]
    centre = sphere.mean_place(lat, lon)
    points, true = _flat(centre, lat, lon), _flat(centre, np.array([place.lat]), np.array([place.lon]))[0]
    covariance = np.cov(points.T)
    return {
        "rank": scores.rank(points, true),
        "error_km": float(np.hypot(*(true - points.mean(axis=0)))),
        "sd_km": float(np.sqrt(0.5 * np.trace(covariance))),
        "area_90_km2": float(4.605 * np.pi * np.sqrt(max(np.linalg.det(covariance), 0.0))),
        "energy_km": scores.energy(points, true),
        "crps_east_km": scores.crps(points[:, 0], float(true[0])),
        "crps_north_km": scores.crps(points[:, 1], float(true[1])),
        "log_score": scores.log_score(points, true),
        "altitude_rank": float(np.mean(altitude < place.altitude_m)),
        "altitude_crps_m": scores.crps(altitude, place.altitude_m),
    }


def samples_at(samples: xr.Dataset, time: np.datetime64) -> tuple[F64, F64, F64]:
    """Return each sample's (lat, lon, altitude) at a time, along great circles between its own times."""
    start = samples["time"].values[0]
    grid = (samples["time"].values - start) / np.timedelta64(1, "s")
    at = float((time - start) / np.timedelta64(1, "s"))
    i = int(np.clip(np.searchsorted(grid, at, side="right") - 1, 0, grid.size - 2))
    share = float(np.clip((at - grid[i]) / (grid[i + 1] - grid[i]), 0.0, 1.0))
    lat, lon, altitude = (samples[n].values[:, i : i + 2].astype(np.float64) for n in ("lat", "lon", "altitude"))
    far = sphere.distance_m(lat[:, 0], lon[:, 0], lat[:, 1], lon[:, 1])
    course = sphere.azimuth_deg(lat[:, 0], lon[:, 0], lat[:, 1], lon[:, 1])
    there = sphere.move(lat[:, 0], lon[:, 0], course, share * far)
    return there[0], there[1], (1.0 - share) * altitude[:, 0] + share * altitude[:, 1]


def _flat(centre: tuple[float, float], lat: F64, lon: F64) -> F64:
    """Kilometres east and north of a place, distance and bearing kept."""
    far = sphere.distance_m(*centre, lat, lon) / 1e3
    course = np.radians(sphere.azimuth_deg(*centre, lat, lon))
    return np.stack([far * np.sin(course), far * np.cos(course)], axis=-1)


def judge_drift(sightings: Sequence[Sighting], winds: xr.Dataset, *, seed: int, effort: Effort) -> Row:
    """Return the p-values of the drift test: of one level, and of any path of levels."""
    drift, powered = infer.drift_p_values(sightings, winds, seed=seed, simulated=effort.simulated)
    return {"p_value": drift, "p_value_powered": powered}


def judge_verdict(sightings: Sequence[Sighting], winds: xr.Dataset, *, seed: int, effort: Effort) -> Row:
    """Return the whole outcome of the drift test, with the power that it tells."""
    found = infer.drift_test(sightings, winds, seed=seed, simulated=effort.simulated, detail=False)
    return {
        "p_value": found.p_value,
        "p_value_powered": found.p_value_powered,
        "air_speed_upper_95_ms": found.air_speed_upper_95_ms,
        "verdict": found.verdict,
        "power_5": found.power.at(5.0),
    }


def judge_origin(
    sightings: Sequence[Sighting], winds: xr.Dataset, launch: Place, *, seed: int, effort: Effort,
    sites: Sequence[infer.Site] = (),
) -> Row:  # fmt: skip
    """Return how the map of launches holds the true place: level of its cell, what regions hold, areas, ranks."""
    track = infer.track(sightings, winds, seed=seed, members=effort.members)
    more = {"members": effort.launches} if "members" in signature(infer.origin).parameters else {}
    found = infer.origin(track, winds, hours_back=effort.hours_back, seed=seed, sites=sites, **more)
    density = found.density
    own = density.probability_of(launch.lat, launch.lon)
    area = float(density.cell_area_m2[density.index_of(launch.lat, launch.lon)[0]]) / 1e6
    low, _, high = found.launch_time
    return {
        "level": density.level_of(launch.lat, launch.lon),
        "cell": own,
        "share": float(rng.uniforms(seed, "judge share", 1)[0]),
        "held": [float(density.probability[density.region(level)].sum()) for level in REGIONS],
        "area_90_km2": density.area_m2(0.9) / 1e6,
        "mode_error_km": float(sphere.distance_m(*density.mode(), launch.lat, launch.lon)) / 1e3,
        "log_score": float(-np.log(own / area)) if own > 0.0 else None,
        "in_time_90": bool(low <= launch.time <= high),
        "elsewhere": float(found.elsewhere),
        "sites": len(found.sites),
        "ranked": [name for name, _ in found.sites][:10],
    }


def judge_sky(winds: xr.Dataset, *, seed: int, effort: Effort) -> list[Row]:
    """Draw one sky of 2,000 launches a day, identify a few of its objects, and return a row for each.

    Raises
    ------
    NotThereYetError
        This overflight does not identify.
    """
    if not hasattr(infer, "identify"):
        raise NotThereYetError("identify: this overflight has no such question yet")
    sky, stations = (import_module(f"overflight.infer.{n}") for n in ("sky", "stations"))
    cases = sky.one_sky(winds, stations.read_stations(), seed, sky.Rules(members=effort.members))
    names = ("is_listed", "floats", "sightings", "rank", "p_truth", "p_best", "is_right", "grade", "p_none",
             "grade_without")  # fmt: skip
    return [{**{n: getattr(case, n) for n in names}, "said": [[p, bool(right)] for p, right in case.said]}
            for case in cases]  # fmt: skip
