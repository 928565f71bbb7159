"""All that a fit needs, laid out once: sightings, the rolled plane, winds, candidate levels, wind error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import sphere
from overflight.infer import lines
from overflight.infer.air import Air, air_around
from overflight.infer.frame import C128, F64, Frame, roll, through
from overflight.infer.kernels import paths
from overflight.infer.levels import UNKNOWN_LEVEL_M, Levels, Wander, candidates
from overflight.infer.observed import Observed, observe
from overflight.winds import WindError

if TYPE_CHECKING:
    from overflight.sightings import Sighting

STEPS_S = (60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)
_MOST_INSTANTS = 240
_LEAST_KINEMATIC_MS = 5.0
_LEAST_CHANGE_MS = 1.0
_NEIGHBOURS_DIFFER, _STEADY_S = 0.35, 1e7
"""Half of the 0.67 of even gaps: gaps are uneven, and simulated balloons show it (docs/method/track.md)."""
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
    wander_sd_m, wander_time_s : float. How a level wanders with nothing reported. [m], [s]
    level_changes_per_day : float. Rate of changes to any other level of the range, with nothing reported.
    outlier_share : float. Of sightings, and of altitudes, whose error is larger than stated, 0 to 0.5.
    """

    wind_error: WindError = field(default_factory=WindError)
    level_range_m: tuple[float, float] = UNKNOWN_LEVEL_M
    wander_sd_m: float = 300.0
    wander_time_s: float = 86_400.0
    level_changes_per_day: float = 0.1
    outlier_share: float = 0.1

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        ranges = {"wander_sd_m": (0.0, 10_000.0), "wander_time_s": (60.0, 1e8), "level_changes_per_day": (0.0, 100.0),
                  "outlier_share": (0.0, 0.5)}  # fmt: skip
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidInput(name, f"{value:g}", f"{low:g} to {high:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Laid out for a fit.

    Attributes
    ----------
    seen, frame, air, levels, error : what was observed, the plane, the winds, the candidates, the wind error.
    inputs : Inputs
    index : int (sightings,). Instants of the sightings.
    regular : int. Instants of the output.
    y : complex128 (sightings,). Offsets of the sightings from the path; of bearings a first guess. [m]
    place_noise : float64 (sightings, 2, 2). Covariance of (east, north) in the carried frame without timing. [m2]
    noise : the same with timing errors along the wind.
    sight : Sight or None. Lines of sight on the plane.
    sd : float64 (candidates, n). Size of wind error. [m/s]
    """

    seen: Observed
    frame: Frame
    air: Air | None
    levels: Levels
    error: WindError
    inputs: Inputs
    index: NDArray[np.intp]
    regular: NDArray[np.intp]
    y: C128
    place_noise: F64
    noise: F64
    sight: lines.Sight | None
    sd: F64

    def drift(self, offset: C128, ln_p: F64) -> C128:
        """Offset that the winds alone bring along paths ``offset`` (m, n) at ``ln_p`` (m, n), 0 at the start. [m]"""
        return self.drift_and_shear(offset, ln_p, np.zeros(ln_p.shape))[0]

    def drift_and_shear(self, offset: C128, ln_p: F64, spread: F64) -> tuple[C128, C128]:
        """Return ``drift``, and the change of the wind with ln p over ``spread`` about the paths. [m], [m/s]"""
        moved = np.zeros(offset.shape, np.complex128)
        if self.air is None:
            return moved - self.frame.unrolled, np.zeros(offset.shape, np.complex128)
        wind, shear = self.air.along(self.frame, offset, ln_p, spread)
        paths.integrate(wind, self.frame.seconds, moved)
        return moved - self.frame.unrolled, np.nan_to_num(shear)

    def wind(self, offset: C128, ln_p: F64) -> C128:
        """Wind along paths in the carried frame, on the sphere of the mean radius; NaN where there is none. [m/s]"""
        if self.air is None:
            return np.zeros(offset.shape, np.complex128)
        return self.air.along(self.frame, offset, ln_p, np.zeros(ln_p.shape))[0]


def lay_out(
    sightings: Sequence[Sighting],
    winds: xr.Dataset | None,
    inputs: Inputs,
    *,
    seed: int,
    beyond_s: tuple[float, float] = (0.0, 0.0),
) -> Scene:
    """Put sightings, winds and candidate levels on one plane and one grid of instants.

    ``beyond_s`` is how long before the first and after the last sighting the grid goes on.

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
    seen = observe(sightings, level_m=0.5 * sum(inputs.level_range_m))
    regular_s = _regular(-beyond_s[0], float(seen.seconds[-1]) + beyond_s[1])
    seconds = np.union1d(regular_s, seen.seconds)
    air = None
    if winds is not None:
        air = air_around(winds, seen.time, seen.lat, seen.lon, _heights(seen, inputs), beyond_s)
    frame = roll(seconds, *_reference(seen, air, seconds))
    wander = Wander(sd_m=inputs.wander_sd_m, time_s=inputs.wander_time_s,
                    changes_per_day=inputs.level_changes_per_day, outlier_share=inputs.outlier_share)  # fmt: skip
    levels = candidates(seen, frame, air, wander, range_m=inputs.level_range_m)
    error = inputs.wind_error if air is not None else _kinematic(frame, seen)
    index = np.searchsorted(frame.seconds, seen.seconds)
    y = frame.offset(index, seen.lat, seen.lon)
    place_noise = _turned(seen.place_cov, frame, index, y)
    scene = Scene(
        seen=seen,
        frame=frame,
        air=air,
        levels=levels,
        error=error,
        inputs=inputs,
        index=index,
        regular=np.searchsorted(frame.seconds, regular_s),
        y=y,
        place_noise=place_noise,
        noise=place_noise,
        sight=_sight(seen, frame, index),
        sd=error_sd(air, error, levels.ln_p, frame),
    )
    return _with_winds_only(scene)


def _reference(seen: Observed, air: Air | None, seconds: F64) -> tuple[F64, F64, F64]:
    """Return times and places that the reference path goes through; beyond the sightings it goes with the wind."""
    at, lat, lon = through(seen.seconds, seen.lat, seen.lon)
    if air is None or (seconds[0] >= at[0] and seconds[-1] <= at[-1]):
        return at, lat, lon
    middle = np.array([0.5 * (air.ln_p[0] + air.ln_p[-1])])
    for end, beyond in ((0, seconds[seconds < at[0]][::-1]), (-1, seconds[seconds > at[-1]])):
        time, here_lat, here_lon = at[end : end + 1 or None], lat[end : end + 1 or None], lon[end : end + 1 or None]
        for next_time in beyond:
            wind = np.nan_to_num(air.at(time, middle, here_lat, here_lon))
            course = np.degrees(np.angle(wind.imag + 1j * wind.real))
            here_lat, here_lon = sphere.move(here_lat, here_lon, course, np.abs(wind) * (next_time - time))
            time = np.array([next_time])
            at, lat, lon = (
                np.concatenate([new, old] if end == 0 else [old, new])
                for old, new in ((at, time), (lat, here_lat), (lon, here_lon))
            )
    return at, lat, lon


def _heights(seen: Observed, inputs: Inputs) -> tuple[float, float]:
    """Return the heights that candidates may lie at: those of an unknown level, and about those reported. [m]"""
    low, high = inputs.level_range_m
    if not np.isfinite(seen.altitude_m).any():
        return low, high
    slack = _HEIGHT_SLACK_M + 4.0 * float(np.nanmax(seen.altitude_sd_m))
    return min(low, float(np.nanmin(seen.altitude_m)) - slack), max(high, float(np.nanmax(seen.altitude_m)) + slack)


def _regular(first_s: float, last_s: float) -> F64:
    duration = last_s - first_s
    step = next((s for s in STEPS_S if duration / s <= _MOST_INSTANTS), duration / _MOST_INSTANTS)
    first = np.ceil(first_s / step) * step
    inner = np.arange(first, last_s, step)
    return np.concatenate([[first_s] if first > first_s else [], inner, [last_s]])


def error_sd(air: Air | None, error: WindError, ln_p: F64, frame: Frame) -> F64:
    """Size of wind error of a component along levels (candidates, n). [m/s]"""
    if air is None or air.sd is None:
        return np.asarray(error.sd(np.exp(ln_p) / 100.0, np.broadcast_to(frame.lat, ln_p.shape)))
    shape = ln_p.shape
    lat, lon, seconds = (np.broadcast_to(a, shape) for a in (frame.lat, frame.lon, frame.seconds))
    stated = air.stated_sd(seconds, ln_p, lat, lon)
    assert stated is not None  # noqa: S101 - the winds state one
    return np.where(np.isfinite(stated), stated, error.sd(np.exp(ln_p) / 100.0, lat))


def _kinematic(frame: Frame, seen: Observed) -> WindError:
    """Velocity as the only unknown: a mean as large as the speeds between sightings, and changes as large as theirs.

    Changes are an Ornstein-Uhlenbeck process whose correlation time is the mean gap between sightings, for nothing
    faster can be learnt from them: the mean velocities of neighbouring gaps differ by a share of its variance. That is
    itself estimated, from so many differences: tails of as many degrees of freedom.
    """
    at = np.unique(seen.seconds)
    if at.size < 2:
        return kinematic_error(_LEAST_KINEMATIC_MS, _KINEMATIC_TIME_S[0])
    legs = np.diff(frame.unrolled[np.searchsorted(frame.seconds, at)]) / np.diff(at)
    mean2 = float(np.average(np.abs(legs) ** 2, weights=np.diff(at)))
    time_s = float(np.clip(np.diff(at).mean(), *_KINEMATIC_TIME_S))
    if legs.size < 2:
        return kinematic_error(max(_LEAST_KINEMATIC_MS, np.sqrt(mean2)), time_s)
    dof = max(2.0 * (legs.size - 1), 3.0)
    change2 = float(np.mean(np.abs(np.diff(legs)) ** 2)) / 2.0 / _NEIGHBOURS_DIFFER * dof / (dof - 2.0)
    change2 = max(change2, _LEAST_CHANGE_MS**2)
    whole = change2 + max(mean2, _LEAST_KINEMATIC_MS**2)
    return replace(kinematic_error(np.sqrt(whole), _STEADY_S), slow_share=1.0 - change2 / whole, wave_time_s=time_s,
                   rotation=0.0, tail_dof=dof)  # fmt: skip


def kinematic_error(sd_ms: float, time_s: float) -> WindError:
    """Velocity as an Ornstein-Uhlenbeck process of this size of a component and correlation time."""
    return WindError(
        levels_hpa=(1000.0,),
        latitudes=(0.0,),
        sd_ms=((float(sd_ms),),),
        slow_share=1.0,
        slow_time_s=time_s,
        tail_dof=np.inf,
        depth_ln_p=100.0,
        source="speeds between the sightings",
        fitted_on="the sightings",
    )


def _turned(cov: F64, frame: Frame, index: NDArray[np.intp], y: C128) -> F64:
    """Bring covariances of local (east, north) at the sightings into the carried frame."""
    turns = frame.at(index).place(y)[2]
    c, s = np.cos(turns), np.sin(turns)
    rotation = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
    return np.asarray(rotation @ cov @ np.swapaxes(rotation, 1, 2))


def _sight(seen: Observed, frame: Frame, index: NDArray[np.intp]) -> lines.Sight | None:
    """Bring lines of sight onto the plane."""
    which = np.flatnonzero(seen.bearings.there)
    if not which.size:
        return None
    some = seen.bearings.only(which)
    observer = frame.offset(index[which], some.lat, some.lon)
    near_lat, near_lon = sphere.move(some.lat, some.lon, np.degrees(some.azimuth), lines.LEAST_RANGE_M)
    ahead = frame.offset(index[which], near_lat, near_lon) - observer
    return lines.Sight(which=which, observer=observer, direction=np.angle(ahead), seen=some)


def _with_winds_only(scene: Scene) -> Scene:
    """Drop candidate levels at which the winds are missing along the sightings; add timing errors along the wind."""
    still = np.zeros(scene.levels.ln_p.shape, np.complex128)
    if scene.air is None:
        speed = np.gradient(scene.frame.unrolled, scene.frame.seconds) if scene.frame.seconds.size > 1 else still[0]
        return replace(scene, noise=with_timing(scene, speed[None, scene.index], np.ones(1)))
    wind = scene.wind(still, scene.levels.ln_p)
    fine = paths.nan_free(wind, _MOST_MISSING)
    if not fine.any():
        raise OutOfCoverage("winds", "the levels of the sightings", "missing values there", "fetch more levels")
    if not fine.all():
        scene = replace(scene, levels=scene.levels.only(fine), sd=scene.sd[fine])
    share = np.full(int(fine.sum()), 1.0 / fine.sum())
    return replace(scene, noise=with_timing(scene, np.nan_to_num(wind[fine][:, scene.index]), share))


def with_timing(scene: Scene, velocity: C128, share: F64) -> F64:
    """Covariance of the places with errors of time: along the motion, its second moment over candidates.

    ``velocity`` complex128 (candidates, sightings) [m/s]; ``share`` (candidates,) their probabilities.
    """
    x, y = velocity.real, velocity.imag
    xx, yy, xy = (share @ part for part in (x * x, y * y, x * y))
    motion = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)
    return np.asarray(scene.place_noise + scene.seen.time_variance_s2[:, None, None] * motion)
