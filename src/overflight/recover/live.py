"""A descent in progress: the landing density, tighter with each frame that is heard.

What the frames teach is the fall speed (brought to the density of sea level, recent frames counting most) and how far
the wind is off what the winds say. The rest of the way is then flown anew from the last frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift import ErrorState, Release, simulate
from overflight.drift.kernels.output import LANDED
from overflight.drift.pack import WindPack
from overflight.drift.scatter import Moment, at_end
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.flight import Flight
from overflight.flight.phases import PARACHUTE_EXPONENT, SEA_LEVEL_KG_M3, Descent
from overflight.geo import atmosphere, rng, sphere
from overflight.geo.density import Density
from overflight.geo.spread import Given, Spread
from overflight.geo.terrain import Terrain
from overflight.geo.times import iso
from overflight.recover.landing import LONGEST_H, middle_of, settings_of
from overflight.recover.objects import PARACHUTE_SPEED_MS
from overflight.recover.smooth import densities
from overflight.recover.wind_error import error_below

F64 = NDArray[np.float64]
MEMBERS = 400
FRAME_SD = 0.25
"""Of the logarithm of the fall speed of one stretch: the payload swings and the air moves up and down."""
DRIFTS = 0.06
"""Of the logarithm of the fall speed, in a layer of half the air: it changes on the way. By judgement."""
STRETCH_S = 20.0
"""Frames nearer than this to the last are taken together with it."""
FRAMES = 6
WIND_SD_MS = 1.0
"""Error of the drift seen over some stretches, as a wind. [m/s]"""
PLACE_SD_M = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where it was: time UTC, lat, lon [degrees], altitude above the sea [m]."""

    time: np.datetime64
    lat: float
    lon: float
    altitude_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecast:
    """Where it will land, as known at a frame.

    Attributes
    ----------
    frame : Frame
    end : Moment. Members on the ground.
    fall_speed_ms, fall_speed_sd : float. At sea level, and the standard deviation of its logarithm. [m/s]
    """

    frame: Frame
    end: Moment
    fall_speed_ms: float
    fall_speed_sd: float
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Return the forecast as plain data."""
        summary = self.end.summary()
        return {
            "heard": iso(self.frame.time),
            "altitude_m": self.frame.altitude_m,
            "point": list(middle_of(self.end.lat, self.end.lon)),
            "fall_speed_ms": self.fall_speed_ms,
            "fall_speed_sd": self.fall_speed_sd,
            **{
                name: summary[name]
                for name in ("members", "radius_50_km", "radius_90_km", "time", "time_q05", "time_q95")
            },
        }

    def density(self) -> Density:
        """Return the density of the landing."""
        return densities([(self.end.lat, self.end.lon)], self.seed)[0]


class LiveDescent:
    """A descent that is followed frame by frame.

    Parameters
    ----------
    winds : WindPack with densities and ``keep`` of 2 or more, which is shared and stays the caller's.
    speed : speed at sea level under the parachute before anything is heard, lognormal. [m/s]
    """

    def __init__(
        self, winds: WindPack, *, seed: int, members: int = MEMBERS, speed: Spread = PARACHUTE_SPEED_MS,
        terrain: Terrain | None = None,
    ) -> None:  # fmt: skip
        if speed.kind != "lognormal":
            raise InvalidInput("speed", speed.kind, "a lognormal spread")
        self.winds, self.seed, self.members = winds, seed, members
        self.error = error_below(winds.winds)
        self.settings = settings_of(terrain or Terrain.load(), self.error, threads=1)
        self.log_speed, self.variance = float(np.log(speed.a)), speed.b**2
        self.frames: deque[Frame] = deque(maxlen=FRAMES)
        self.updates = 0
        field = winds.winds.isel(member=0) if "member" in winds.winds.dims else winds.winds
        self.wind_at = _wind_of(field)

    def update(self, frame: Frame) -> Forecast:
        """Take a frame, and return where it will land.

        Raises
        ------
        InvalidInput
            The frame is not later than the last.
        OutOfCoverage
            The winds do not reach the ground.
        """
        if self.frames and frame.time <= self.frames[-1].time:
            raise InvalidInput("frame", iso(frame.time), f"a time after {iso(self.frames[-1].time)}")
        self._learn_speed(frame)
        self.updates += 1
        if not self.frames or _seconds(self.frames[-1], frame) >= STRETCH_S:
            self.frames.append(frame)
        spread = np.sqrt(self.variance)
        speed = np.exp(self.log_speed + spread * rng.normals(self.seed, "live speed", self.members))
        fall = Descent(sea_level_speed_ms=Given(np.clip(speed, 0.2, 90.0)), density_exponent=PARACHUTE_EXPONENT)
        start = Release(time=frame.time + np.zeros(self.members, "timedelta64[ns]"), lat=frame.lat, lon=frame.lon,
                        altitude_m=frame.altitude_m, position_sd_m=PLACE_SD_M)  # fmt: skip
        data = simulate(self.winds, Flight(phases=(fall,)), start, hours=LONGEST_H, members=self.members,
                        seed=self.seed, settings=self.settings, error_state=self._error_state(frame))  # fmt: skip
        end = at_end(data).only(data["end_status"].values == LANDED)
        if not end.lat.size:
            raise OutOfCoverage("winds", f"a fall from {frame.altitude_m:,.0f} m at {iso(frame.time)}",
                                "winds down to the ground")  # fmt: skip
        return Forecast(frame=frame, end=end, fall_speed_ms=float(np.exp(self.log_speed)), fall_speed_sd=float(spread),
                        seed=self.seed)  # fmt: skip

    def _learn_speed(self, frame: Frame) -> None:
        """Bring the fall speed up to date with the stretch since the last frame kept (Kalman 1960, in one number)."""
        if not self.frames or _seconds(self.frames[-1], frame) < STRETCH_S:
            return
        before = self.frames[-1]
        fallen = before.altitude_m - frame.altitude_m
        if fallen <= 0.0:
            return
        rho = [float(atmosphere.density_kg_m3(z)) for z in (before.altitude_m, frame.altitude_m)]
        density = np.sqrt(rho[0] * rho[1])
        seen = np.log(fallen / _seconds(before, frame) * (density / SEA_LEVEL_KG_M3) ** PARACHUTE_EXPONENT.a)
        prior = self.variance + DRIFTS**2 * abs(np.log(rho[1] / rho[0])) / np.log(2.0)
        gain = prior / (prior + FRAME_SD**2)
        self.log_speed += gain * (float(seen) - self.log_speed)
        self.variance = (1.0 - gain) * prior

    def _error_state(self, frame: Frame) -> ErrorState | None:
        """Return the wind error that members start with: what the last stretches drifted off the winds."""
        if len(self.frames) < 2:
            return None
        first, last = self.frames[0], self.frames[-1]
        stretches = list(pairwise(self.frames))
        off = np.mean([_drift(a, b) - self.wind_at(_middle(a, b)) for a, b in stretches], axis=0)
        level = float(atmosphere.pressure_pa(0.5 * (first.altitude_m + last.altitude_m))) / 100.0
        sd = float(self.error.sd(level, frame.lat))
        noise = WIND_SD_MS / np.sqrt(len(stretches))
        gain = sd**2 / (sd**2 + noise**2)
        left = np.sqrt(1.0 - gain)
        draws = [rng.normals(self.seed, f"live {n}", self.members) for n in ("slow e", "slow n", "wave e", "wave n")]
        mean = gain * complex(*off) / sd
        slow, wave = draws[0] + 1j * draws[1], draws[2] + 1j * draws[3]
        a, b = np.sqrt(self.error.slow_share), np.sqrt(1.0 - self.error.slow_share)
        # Both parts together are as seen; what each of them is stays as uncertain as before.
        total = a * slow + b * wave
        pulled = mean + left * total - total
        one = np.ones(self.members)
        return ErrorState(slow=slow + a * pulled, wave=wave + b * pulled, scale=one)


def _seconds(a: Frame, b: Frame) -> float:
    return float((b.time - a.time) / np.timedelta64(1, "s"))


def _drift(a: Frame, b: Frame) -> F64:
    """Return the motion between two frames east and north. [m/s]"""
    course = np.radians(sphere.azimuth_deg(a.lat, a.lon, b.lat, b.lon))
    speed = float(sphere.distance_m(a.lat, a.lon, b.lat, b.lon)) / max(_seconds(a, b), 1e-3)
    return np.array([speed * np.sin(course), speed * np.cos(course)])


def _middle(a: Frame, b: Frame) -> Frame:
    lat, lon = sphere.mean_place(np.array([a.lat, b.lat]), np.array([a.lon, b.lon]))
    return Frame(time=a.time + (b.time - a.time) / 2, lat=lat, lon=lon, altitude_m=0.5 * (a.altitude_m + b.altitude_m))


def _wind_of(ds: xr.Dataset) -> Callable[[Frame], F64]:
    """Return the wind at a frame, from the node of time and place nearest to it, linear in height."""
    time, lat, lon = (ds[n].values for n in ("time", "lat", "lon"))
    u, v = (ds[n].transpose("time", "level", "lat", "lon").values for n in ("u", "v"))
    if "z" in ds:
        height = ds["z"].transpose("time", "level", "lat", "lon").values
    else:
        standard = atmosphere.altitude_m(100.0 * ds["level"].values)
        height = np.broadcast_to(standard[None, :, None, None], u.shape)

    def at(frame: Frame) -> F64:
        i = int(np.argmin(np.abs(time - frame.time)))
        j = int(np.argmin(np.abs(lat - frame.lat)))
        k = int(np.argmin(np.abs((lon - frame.lon + 180.0) % 360.0 - 180.0)))
        column = height[i, :, j, k]
        return np.array([np.interp(frame.altitude_m, column, w[i, :, j, k]) for w in (u, v)])

    return at
