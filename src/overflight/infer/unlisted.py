"""How likely sightings are if the object is on no list: how many such there are, and where one goes from there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from overflight.geo import atmosphere, rng, sphere
from overflight.infer.candidates import BaseRate
from overflight.infer.carry import Carried, Carrier, pressure_at
from overflight.infer.match import offset_km
from overflight.infer.seen_places import SeenPlaces
from overflight.infer.sequence import Afloat, log_rest

F64 = NDArray[np.float64]

DEEPEST_KM = 35.0
"""Altitudes of a balloon of which nothing is known: evenly to here."""
ALTITUDE_SPREAD_KM = 2.0
"""How far in altitude about a listed balloon unlisted ones like it are looked for."""
MEMBERS = 256
_LOWEST_KM, _HIGHEST_KM = 1.0, 25.0
_ANY_SPEED_MS, _ANY_CLIMB_MS, _MOST_CLIMB_KM = 15.0, 4.0, 8.0


def log_rates(seen: SeenPlaces, base: BaseRate, scouts: Carried, weight: F64) -> tuple[float, float]:
    """Return the log density of balloons at the first sighting: of all of them, and of listed ones spread out.

    Per km2, and per km of altitude where the sighting states one.

    Parameters
    ----------
    scouts : Carried (candidates, members, n). A few members of every candidate near enough.
    weight : float64 (candidates,).
    """
    told = np.isfinite(seen.altitude_m[0])
    everywhere = np.log(base.per_million_km2 / 1e6) - (np.log(DEEPEST_KM) if told else 0.0)
    if not weight.size:
        return float(everywhere), -np.inf
    place = offset_km(seen.lat[0], seen.lon[0], scouts.lat[:, :, 0], scouts.lon[:, :, 0])
    wide = base.spread_km**2 + 0.5 * float(np.trace(seen.cov_km2[0]))
    near = np.exp(-0.5 * np.abs(place) ** 2 / wide) / (2.0 * np.pi * wide)
    if told:
        deep = ALTITUDE_SPREAD_KM**2 + (seen.altitude_sd_m[0] / 1000.0) ** 2
        away = (scouts.altitude_m[:, :, 0] - seen.altitude_m[0]) / 1000.0
        near = near * np.exp(-0.5 * away**2 / deep) / np.sqrt(2.0 * np.pi * deep)
    total = float(weight @ np.nan_to_num(near).mean(axis=1))
    return float(everywhere), float(np.log(total)) if total > 0.0 else -np.inf


def log_later(seen: SeenPlaces, carrier: Carrier | None) -> float:
    """Return the log density of the sightings after the first, of an unknown balloon that was at the first.

    Half the weight has passive drift at the level seen, or at any; half a motion of which only the size is known.
    """
    if seen.lat.size == 1:
        return 0.0
    anyhow = _anyhow(seen)
    if carrier is None:
        return anyhow
    drifting = float(log_rest(carrier, _at_first(seen, carrier), seen)[0])
    return float(logsumexp([drifting, anyhow]) + np.log(0.5))


def _at_first(seen: SeenPlaces, carrier: Carrier) -> Afloat:
    """Draw members that the first sighting may have been: about its place, at its level or at any."""
    east, north, up = (rng.normals(carrier.seed, f"identify unlisted {c}", MEMBERS) for c in ("e", "n", "z"))
    root = np.linalg.cholesky(seen.cov_km2[0])
    offset = root @ np.stack([east, north])
    course = np.degrees(np.arctan2(offset[0], offset[1]))
    lat, lon = sphere.move(seen.lat[0], seen.lon[0], course, 1000.0 * np.hypot(*offset))
    if np.isfinite(seen.altitude_m[0]):
        level = np.clip(seen.altitude_m[0] + seen.altitude_sd_m[0] * up, 0.0, 45_000.0)
    else:
        level = 1000.0 * (_LOWEST_KM + (_HIGHEST_KM - _LOWEST_KM) * rng.uniforms(carrier.seed, "unlisted", MEMBERS))
    if not seen.is_pressure[0]:
        pressure = pressure_at(carrier.winds, np.full(MEMBERS, seen.time[0]), lat, lon, level)
        level = np.asarray(atmosphere.altitude_m(pressure))
    return Afloat(lat=lat[None], lon=lon[None], level_m=level[None])


def _anyhow(seen: SeenPlaces) -> float:
    """Log density of each later sighting about the one before it, as far off as any balloon may have gone."""
    total = 0.0
    gap = np.diff(seen.time) / np.timedelta64(1, "s")
    for i, seconds in enumerate(gap):
        go = (_ANY_SPEED_MS * seconds / 1000.0) ** 2 * np.eye(2)
        covariance = seen.cov_km2[i] + seen.cov_km2[i + 1] + go
        d = offset_km(seen.lat[i], seen.lon[i], seen.lat[i + 1], seen.lon[i + 1])
        total += _log_normal(np.array([float(d.real), float(d.imag)]), covariance)
        high = seen.altitude_m[i : i + 2] / 1000.0
        if np.isfinite(high).all():
            sd = seen.altitude_sd_m[i : i + 2] / 1000.0
            climb = min(_ANY_CLIMB_MS * seconds / 1000.0, _MOST_CLIMB_KM)
            total += _log_normal(high[1:] - high[:1], np.array([[sd @ sd + climb**2]]))
        elif np.isfinite(high[1]):
            total -= float(np.log(DEEPEST_KM))
    return total


def _log_normal(x: F64, covariance: F64) -> float:
    _, log_det = np.linalg.slogdet(2.0 * np.pi * covariance)
    return float(-0.5 * (log_det + x @ np.linalg.solve(covariance, x)))
