"""What is reported of a true flight: places and altitudes with their errors, at a few of its hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from overflight.geo import rng, sphere
from overflight.geo.times import to_datetime
from overflight.sightings import Altitude, Sighting
from validation.strata import POSITION_SD_M, Stratum
from validation.truth import Truth

F64 = NDArray[np.float64]

SIGHTING_DOF = 4.0
"""Places err by a Student distribution of this many degrees of freedom, scaled by the stated sd, as the model says."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Reports of a block of cases.

    Attributes
    ----------
    hour : int (cases, sightings). Of each sighting, rising.
    held_out : int (cases,). An hour between the first and the last that is no sighting's.
    lat, lon : float64 (cases, sightings). As reported. [degrees]
    altitude_m : float64 (cases, sightings). As reported, standard altitude. [m]
    """

    hour: NDArray[np.intp]
    held_out: NDArray[np.intp]
    lat: F64
    lon: F64
    altitude_m: F64


def see(truth: Truth, stratum: Stratum, *, seed: int, first: int) -> Seen:
    """Draw the reports; the first and the last hour are always among them."""
    cases, hours = truth.lat.shape[0], stratum.hours
    order = np.stack([rng.uniforms(seed, f"seen hour {h}", cases, first_member=first) for h in range(1, hours)], axis=1)
    inner = 1 + np.argsort(order, axis=1)
    chosen = np.sort(inner[:, : stratum.sightings - 2], axis=1)
    ends = np.zeros((cases, 1), np.intp), np.full((cases, 1), hours, np.intp)
    hour = np.concatenate([ends[0], chosen, ends[1]], axis=1)
    east, north, up = (_draws(seed, name, first, hour.shape) for name in ("east", "north", "up"))
    east, north = (POSITION_SD_M * stdtrit(SIGHTING_DOF, u) for u in (east, north))
    row = np.arange(cases)[:, None]
    lat, lon = sphere.move(
        truth.lat[row, hour], truth.lon[row, hour], np.degrees(np.arctan2(east, north)), np.hypot(east, north)
    )
    spread = stratum.altitude_sd_m or 0.0
    return Seen(
        hour=hour,
        held_out=inner[:, stratum.sightings - 2],
        lat=lat,
        lon=lon,
        altitude_m=truth.altitude_m[row, hour] + spread * stdtrit(SIGHTING_DOF, up),
    )


def _draws(seed: int, name: str, first: int, shape: tuple[int, int]) -> F64:
    columns = [rng.uniforms(seed, f"seen {name} {k}", shape[0], first_member=first) for k in range(shape[1])]
    return np.stack(columns, axis=1)


def reports(truth: Truth, seen: Seen, stratum: Stratum, case: int) -> list[Sighting]:
    """Return the sightings of one case, counted within its block."""
    out = []
    for k, hour in enumerate(seen.hour[case]):
        altitude = None
        if stratum.altitude_sd_m is not None:
            altitude = Altitude(value_m=float(seen.altitude_m[case, k]), sd_m=stratum.altitude_sd_m,
                                reference="pressure")  # fmt: skip
        out.append(sighting(truth.time[case, hour], seen.lat[case, k], seen.lon[case, k], altitude, sd_m=POSITION_SD_M))
    return out


def sighting(
    time: np.datetime64, lat: float, lon: float, altitude: Altitude | None, *, sd_m: float, source: str = "simulated"
) -> Sighting:
    """Return a sighting with what the study says of it."""
    return Sighting(
        time=to_datetime(time),
        time_sd_s=0.0,
        lat=float(lat),
        lon=float(lon),
        position_sd_m=sd_m,
        altitude=altitude,
        object_label="",
        source=source,
        note="",
        evidence_sha256="",
    )
