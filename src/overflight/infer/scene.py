"""All that a fit needs, laid out once: sightings, the rolled plane, winds, candidate levels, wind error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import atmosphere, sphere
from overflight.infer import misfit
from overflight.infer.air import Air, air_around
from overflight.infer.frame import C128, F64, Frame, roll, through
from overflight.infer.levels import UNKNOWN_LEVEL_M, Levels, candidates
from overflight.infer.observed import Observed, observe
from overflight.winds import WindError

if TYPE_CHECKING:
    from overflight.sightings import Sighting

STEPS_S = (600.0, 1200.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)
_MOST_INSTANTS = 240
_LEAST_KINEMATIC_MS = 5.0
_KINEMATIC_TIME_S = (3600.0, 12 * 3600.0)
_MOST_MISSING = 0.05
_HEIGHT_SLACK_M = 4_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """How a track is fitted.

    Attributes
    ----------
    wind_error : WindError. Its sizes give way to the winds' own ``wind_sd`` where they state one.
    level_range_m : (low, high). Standard altitudes of a level of which nothing was reported. [m]
    """

    wind_error: WindError = field(default_factory=WindError)
    level_range_m: tuple[float, float] = UNKNOWN_LEVEL_M


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Laid out for a fit; ``index`` are the instants of the sightings, ``y`` their offsets from the path [m].

    ``regular`` are the instants of the output, ``noise`` the variance of each sighting per component [m2], ``sd`` and
    ``unit`` the size of wind error (candidates, n) [m/s] and its correlation (n, n).
    """

    seen: Observed
    frame: Frame
    air: Air | None
    levels: Levels
    error: WindError
    index: NDArray[np.intp]
    regular: NDArray[np.intp]
    y: C128
    noise: F64
    sd: F64
    unit: C128

    def drift(self, offset: C128, ln_p: F64) -> C128:
        """Offset that the winds alone bring along paths ``offset`` (m, n) at ``ln_p`` (m, n), 0 at the start. [m]"""
        still = np.broadcast_to(-self.frame.unrolled, offset.shape)
        if self.air is None:
            return np.asarray(still)
        wind = np.nan_to_num(self.wind(offset, ln_p))
        return np.asarray(misfit.integral(wind, self.frame.seconds) + still)

    def wind(self, offset: C128, ln_p: F64) -> C128:
        """Wind along paths in the carried frame, on the sphere of the mean radius; NaN where there is none. [m/s]"""
        if self.air is None:
            return np.zeros(offset.shape, np.complex128)
        lat, lon, turn = self.frame.place(offset)
        seconds = np.broadcast_to(self.frame.seconds, offset.shape)
        height = atmosphere.altitude_m(np.exp(ln_p))
        shrink = sphere.EARTH_RADIUS_M / (sphere.EARTH_RADIUS_M + height)
        return np.asarray(self.air.at(seconds, ln_p, lat, lon) * np.exp(1j * turn) * shrink)


def lay_out(sightings: Sequence[Sighting], winds: xr.Dataset | None, inputs: Inputs, *, seed: int) -> Scene:
    """Put sightings, winds and candidate levels on one plane and one grid of instants.

    Raises
    ------
    InvalidInput
        There is no sighting, the seed is out of range, or the winds are an ensemble.
    OutOfCoverage
        The winds do not enclose the sightings or any candidate level.
    """
    if not 0 <= seed < 2**63:
        raise InvalidInput("seed", str(seed), "a whole number of 0 to 2^63 - 1")
    if winds is not None and "member" in winds.dims:
        raise InvalidInput("winds", "an ensemble", "one member", hint="use winds.members and fit each")
    seen = observe(sightings)
    regular_s = _regular(float(seen.seconds[-1]))
    frame = roll(np.union1d(regular_s, seen.seconds), *through(seen.seconds, seen.lat, seen.lon))
    air = None if winds is None else air_around(winds, seen.time, seen.lat, seen.lon, _heights(seen, inputs))
    levels = candidates(seen, frame, air, seed=seed, range_m=inputs.level_range_m)
    error = inputs.wind_error if air is not None else _kinematic(frame, seen)
    index = np.searchsorted(frame.seconds, seen.seconds)
    scene = Scene(
        seen=seen,
        frame=frame,
        air=air,
        levels=levels,
        error=error,
        index=index,
        regular=np.searchsorted(frame.seconds, regular_s),
        y=frame.offset(index, seen.lat, seen.lon),
        noise=seen.sd_m**2,
        sd=_error_sd(air, error, levels.ln_p, frame),
        unit=misfit.unit_covariance(error, frame, levels.ln_p.mean(axis=0)),
    )
    return _with_timing(_with_winds_only(scene))


def _heights(seen: Observed, inputs: Inputs) -> tuple[float, float]:
    """Return the heights that candidates may lie at: about those reported, else those of an unknown level. [m]"""
    if not np.isfinite(seen.altitude_m).any():
        return inputs.level_range_m
    slack = _HEIGHT_SLACK_M + 4.0 * float(np.nanmax(seen.altitude_sd_m))
    return float(np.nanmin(seen.altitude_m)) - slack, float(np.nanmax(seen.altitude_m)) + slack


def _regular(duration_s: float) -> F64:
    step = next((s for s in STEPS_S if duration_s / s <= _MOST_INSTANTS), duration_s / _MOST_INSTANTS)
    return np.append(np.arange(0.0, duration_s, step), duration_s)


def _error_sd(air: Air | None, error: WindError, ln_p: F64, frame: Frame) -> F64:
    shape = ln_p.shape
    lat, lon = (np.broadcast_to(a, shape) for a in (frame.lat, frame.lon))
    stated = None if air is None else air.stated_sd(np.broadcast_to(frame.seconds, shape), ln_p, lat, lon)
    table = error.sd(np.exp(ln_p) / 100.0, lat)
    return table if stated is None else np.where(np.isfinite(stated), stated, table)


def _kinematic(frame: Frame, seen: Observed) -> WindError:
    """Velocity as the only unknown: an Ornstein-Uhlenbeck process as large as the speeds between sightings.

    Its correlation time is the mean gap between sightings, for nothing faster can be learnt from them.
    """
    duration = frame.seconds[-1]
    speeds = np.abs(np.diff(frame.unrolled)) / np.maximum(np.diff(frame.seconds), 1.0)
    rms = float(np.sqrt(np.average(speeds**2, weights=np.diff(frame.seconds)))) if duration > 0.0 else 0.0
    gap = duration / max(seen.distinct_times - 1, 1)
    size = max(_LEAST_KINEMATIC_MS, rms)
    return WindError(
        levels_hpa=(1000.0,),
        latitudes=(0.0,),
        sd_ms=((size,),),
        slow_share=1.0,
        slow_time_s=float(np.clip(gap, *_KINEMATIC_TIME_S)),
        tail_dof=np.inf,
        depth_ln_p=100.0,
        source="speeds between the sightings",
        fitted_on="the sightings",
    )


def _with_winds_only(scene: Scene) -> Scene:
    """Drop candidate levels at which the winds are missing along the sightings."""
    if scene.air is None:
        return scene
    wind = scene.wind(np.zeros(scene.levels.ln_p.shape, np.complex128), scene.levels.ln_p)
    fine = np.isnan(wind).mean(axis=1) <= _MOST_MISSING
    if not fine.any():
        raise OutOfCoverage("winds", "the levels of the sightings", "missing values there", "fetch more levels")
    levels = replace(scene.levels, ln_p=scene.levels.ln_p[fine], log_prior=scene.levels.log_prior[fine])
    return replace(scene, levels=levels, sd=scene.sd[fine])


def _with_timing(scene: Scene) -> Scene:
    """Add what an uncertain time means for the place: half the square of speed times its sd, per component."""
    seconds = scene.frame.seconds
    if seconds.size < 2:
        return scene
    if scene.air is None:
        speed = np.abs(np.gradient(scene.frame.unrolled, seconds))
    else:
        wind = np.nan_to_num(scene.wind(np.zeros(scene.levels.ln_p.shape, np.complex128), scene.levels.ln_p))
        speed = np.sqrt(np.mean(np.abs(wind) ** 2, axis=0))
    along = scene.seen.time_sd_s * speed[scene.index]
    return replace(scene, noise=scene.noise + 0.5 * along**2)
