"""The weight of each launch that was tried: prior of its place, hour and ascent over how it was drawn.

What is drawn at the first sighting, given all sightings, has a posterior under any place alike; flown back by the
reversible wind error it is a sample of the launches under any place, any hour alike. Multiplied with the prior of the
launch, with the factor by which areas change on the way, and divided by the density of the draws it is the posterior.
A site is a point: the density about it is read with a kernel that is narrow against the spread of the flights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from overflight.geo import rng, sphere
from overflight.infer.launch_prior import EARTH_KM2, LAND, SEA, LaunchPrior, is_land, land_km2
from overflight.infer.launch_sites import Site
from overflight.infer.launches import FOUND, LOST, Launches
from overflight.winds import WindError

F64 = NDArray[np.float64]
Ints = NDArray[np.intp]

REACH = 4.0
"""Standard deviations after which a kernel ends."""
KERNEL = 0.9
ALIKE_S = 1_800.0
"""Launches within so much time of each other are looked at together: radiosondes go up within less. [s]"""
LEAST_KM = 2.0
FILLING = 40_000
"""Points that the parts without sites are spread to, each launch to several where there are fewer."""
EARTH_ROTATION_RAD_S = 7.292115e-5
KM = sphere.EARTH_RADIUS_M / 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Where the posterior lies, arrays (points,): mass is not normalised.

    Attributes
    ----------
    lat, lon : [degrees]
    age_s : before the first sighting. [s]
    mass : float64.
    part : index of the site, or LAND_PART, SEA_PART.
    member : which launch it comes from.
    """

    lat: F64
    lon: F64
    age_s: F64
    mass: F64
    part: Ints
    member: Ints


LAND_PART, SEA_PART = -1, -2


def spread_km(error: WindError | None, sd_ms: float, lat: float, age_s: F64, start_km: F64) -> F64:
    """Return the standard deviation of a component of the place after ``age_s`` of drift from the first sighting. [km]

    Of the closed form of displacement by both parts of the wind error, 2 s^2 Re[t / a - (1 - exp(-a t)) / a^2].
    """
    if error is None:
        return start_km
    f = 2.0 * EARTH_ROTATION_RAD_S * np.sin(np.radians(lat)) * error.rotation
    parts = (
        (error.slow_share, 1.0 / error.slow_time_s + 0j),
        (1.0 - error.slow_share, 1.0 / error.wave_time_s + 1j * f),
    )
    variance = sum(share * (age_s / a - (1.0 - np.exp(-a * age_s)) / a**2).real for share, a in parts)
    return np.asarray(np.hypot(start_km, np.sqrt(2.0 * np.maximum(variance, 0.0)) * sd_ms / 1000.0))


def kernel_km(spread: F64, launches: Launches) -> F64:
    """Return the width of each launch's kernel: Silverman's for two dimensions, by the launches of like age. [km]"""
    ages = np.sort(launches.age_s[launches.fate == FOUND])
    alike = np.searchsorted(ages, launches.age_s + ALIKE_S) - np.searchsorted(ages, launches.age_s - ALIKE_S)
    return np.asarray(np.maximum(LEAST_KM, KERNEL * spread * np.maximum(alike, 1.0) ** (-1.0 / 6.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Launches with all that their weights depend on.

    ``sample`` of the track; ``rate_ms`` of the ascent; ``times`` of launch, UTC; ``log_draw`` log density of the draw;
    ``spread_km`` of flights of that age, ``width_km`` of the kernel.
    """

    launches: Launches
    times: NDArray[np.datetime64]
    sample: Ints
    rate_ms: F64
    log_draw: F64
    spread_km: F64
    width_km: F64


def weigh(tried: Tried, sites: Sequence[Site], prior: LaunchPrior, *, seed: int) -> tuple[Points, F64]:
    """Return the points of the posterior, and the mass of each member that the winds lost (members,)."""
    parts = [_ground(tried, prior.normalised(sites), prior, seed)]
    if sites:
        parts.append(_at_sites(tried, sites, prior, seed))
    names = ("lat", "lon", "age_s", "mass", "part", "member")
    points = Points(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})
    return points, _lost(tried, prior)


def _factor(tried: Tried, kind: str, prior: LaunchPrior, member: Ints) -> F64:
    """Prior of hour and ascent of a kind, over the density of the draws, times the change of area."""
    some = tried.rate_ms[member]
    log = prior.climb_log_density(kind, some) + tried.launches.log_area[member] - tried.log_draw[member]
    return np.exp(log) * prior.hour_factor(kind, tried.times[member])


def _lost(tried: Tried, prior: LaunchPrior) -> F64:
    """Mass of what the winds lost: a launch may be anywhere, so its prior is the mean over the Earth."""
    lost = np.flatnonzero(tried.launches.fate == LOST)
    mass = np.zeros(tried.times.size)
    mass[lost] = _factor(tried, LAND, prior, lost) / EARTH_KM2
    return mass


def _ground(tried: Tried, weights: dict[str, float], prior: LaunchPrior, seed: int) -> Points:
    """Spread launches from anywhere to points within their kernels, land or sea by the place of each point."""
    found = np.flatnonzero(tried.launches.fate == FOUND)
    copies = max(1, -(-FILLING // max(1, found.size)))
    member = np.repeat(found, copies)
    lat, lon = tried.launches.lat[member], tried.launches.lon[member]
    lat, lon = _scattered(lat, lon, tried.width_km[member], seed, "kernel")
    land = is_land(lat, lon)
    on_land = weights.get(LAND, 0.0) / land_km2() * _factor(tried, LAND, prior, found)
    at_sea = weights.get(SEA, 0.0) / (EARTH_KM2 - land_km2()) * _factor(tried, SEA, prior, found)
    mass = np.where(land, np.repeat(on_land, copies), np.repeat(at_sea, copies)) / copies
    part = np.where(land, LAND_PART, SEA_PART)
    return Points(lat=lat, lon=lon, age_s=tried.launches.age_s[member], mass=mass, part=part, member=member)


def _scattered(lat: F64, lon: F64, sd_km: F64, seed: int, name: str) -> tuple[F64, F64]:
    """Move places by normal draws."""
    east, north = (sd_km * rng.normals(seed, f"origin {name} {n}", lat.size) for n in ("east", "north"))
    return sphere.move(lat, lon, np.degrees(np.arctan2(east, north)), 1000.0 * np.hypot(east, north))


def _at_sites(tried: Tried, sites: Sequence[Site], prior: LaunchPrior, seed: int) -> Points:
    """Weigh launches from known sites: every pair of a site and a flight that came near it."""
    site, member = _pairs(tried, sites)
    lat, lon = (np.array([getattr(s, n) for s in sites], np.float64) for n in ("lat", "lon"))
    own, width = np.array([s.sd_km for s in sites])[site], tried.width_km[member]
    y, x = tried.launches.lat[member], tried.launches.lon[member]
    apart = sphere.distance_m(lat[site], lon[site], y, x) / 1000.0
    variance = own**2 + width**2
    mass = np.exp(-0.5 * apart**2 / variance) / (2.0 * np.pi * variance) * prior.site_weights(sites)[site]
    kinds = np.array([s.kind for s in sites])[site]
    for kind in np.unique(kinds):
        some = kinds == kind
        mass[some] *= _factor(tried, str(kind), prior, member[some])
    towards = sphere.azimuth_deg(lat[site], lon[site], y, x)
    lat, lon = sphere.move(lat[site], lon[site], towards, 1000.0 * apart * own**2 / variance)
    lat, lon = _scattered(lat, lon, own * width / np.sqrt(variance), seed, "site")
    return Points(lat=lat, lon=lon, age_s=tried.launches.age_s[member], mass=mass, part=site, member=member)


def _pairs(tried: Tried, sites: Sequence[Site]) -> tuple[Ints, Ints]:
    """Return the pairs of site and found launch nearer than their kernels reach."""
    found = np.flatnonzero(tried.launches.fate == FOUND)
    if not found.size:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    tree = cKDTree(sphere.unit_vector(tried.launches.lat[found], tried.launches.lon[found]))
    widest = float(tried.width_km[found].max())
    reach = np.array([REACH * np.hypot(s.sd_km, widest) for s in sites]) / KM
    places = sphere.unit_vector([s.lat for s in sites], [s.lon for s in sites])
    near = tree.query_ball_point(places, 2.0 * np.sin(0.5 * np.minimum(reach, np.pi)))
    site = np.repeat(np.arange(len(sites)), [len(n) for n in near])
    member = found[np.concatenate([np.asarray(n, np.intp) for n in near])] if site.size else np.zeros(0, np.intp)
    return site, member
