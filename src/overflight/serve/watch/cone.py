"""Where balloons may be in the hours to come: an ensemble of each, many balloons in one run of the engine.

Without winds the present motion is held, with an error that grows; it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from overflight.geo import atmosphere, rng, sphere
from overflight.geo.density import closed_rings
from overflight.geo.spread import Spread
from overflight.geo.times import iso
from overflight.infer.candidates import PICO, SOUNDING, Candidate, Profile
from overflight.serve.watch.fleet import Standing

if TYPE_CHECKING:
    from overflight.infer.carry import Carrier

F64 = NDArray[np.float64]

WINDS, PERSISTENCE = "winds", "persistence"
NO_WINDS = "no winds: the present motion is held, and its error grows"
NEAR_H, NEAR_STEP_H = 3.0, 0.25
"""Hours in which places are closer in time: a sounding is over after two."""
STEADY_MS = 0.8
"""A balloon that rises or falls slower floats."""
SLOW_MS = 2.5
"""One that rises slower than a sounding is a small one that will float."""
SPEED_SD_MS, SPEED_HOURS = 12.0, 12.0
"""How far the wind of a balloon moves from what it is now, and in what time; judged."""
LEVELS = (0.5, 0.9)
CORNERS = 48
LEAST_ALOFT = 8
"""Fewer members aloft give no outline."""
_H_NS = 3_600_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cones:
    """Members of balloons (n, members, k), NaN where one is not aloft.

    Attributes
    ----------
    epoch : float. To which ``hours`` count. [s since 1970]
    hours : float64 (k,), the first 0.
    basis : "winds" or "persistence".
    note : what is to be said with it.
    """

    epoch: float
    hours: F64
    lat: F64
    lon: F64
    altitude_m: F64
    basis: str
    note: str = ""


def offsets_h(hours: float) -> F64:
    """Return the hours at which members are known."""
    near = np.arange(0.0, min(NEAR_H, hours), NEAR_STEP_H)
    return np.append(np.append(near, np.arange(min(NEAR_H, hours), hours - 1e-9, 1.0)), hours)


def phase(at: Standing) -> NDArray[np.int8]:
    """Say of each balloon whether it rises (1), floats (0) or falls (-1)."""
    rise = np.nan_to_num(at.rise_ms)
    sure = np.abs(rise) > np.maximum(STEADY_MS, 2.0 * np.sqrt(at.rise_var))
    return np.where(sure, np.sign(rise), 0.0).astype(np.int8)


def by_winds(carrier: Carrier, at: Standing, hours: F64, members: int) -> Cones:
    """Carry balloons by the winds.

    Raises
    ------
    OutOfCoverage
        The winds know no time of it.
    """
    epoch = float(at.time.max())
    start = np.datetime64(round(epoch * 1e9), "ns")
    instants = start + (hours * _H_NS).astype("timedelta64[ns]")
    instants[0] += np.timedelta64(1, "ms")
    ways = phase(at).tolist()
    found = carrier.carry([_candidate(at, i, way) for i, way in enumerate(ways)], instants, members)
    lost = float(np.mean(found.lost[:, :, -1]))
    note = f"the winds do not reach {lost:.0%} of the members to the end" if lost > 0.01 else ""
    return Cones(epoch=epoch, hours=hours, lat=found.lat, lon=found.lon, altitude_m=found.altitude_m, basis=WINDS,
                 note=note)  # fmt: skip


def _candidate(at: Standing, i: int, way: int) -> Candidate:
    """Return what the engine carries on."""
    altitude, rise = float(at.altitude_m[i]), float(at.rise_ms[i])
    kind = {0: "last_heard", 1: "launch", -1: "track"}[way]
    return Candidate(
        name=at.names[i], kind=kind, lat=at.lat[i], lon=at.lon[i], altitude_m=altitude,  # type: ignore[arg-type]
        time=np.datetime64(round(at.time[i] * 1e9), "ns"),  # type: ignore[arg-type]
        position_sd_m=float(np.sqrt(at.place_var[i])), altitude_sd_m=float(min(np.sqrt(at.altitude_var[i]), 5_000.0)),
        time_sd_s=0.0, profile=_profile(way, altitude, rise, float(np.sqrt(at.rise_var[i]))),
    )  # fmt: skip


def _profile(way: int, altitude: float, rise: float, sd: float) -> Profile:
    """Return how a balloon goes on: up and down again, up and afloat, down, or afloat."""
    if way == 0:
        return PICO
    if way > 0:
        rate = Spread("normal", rise, max(sd, 0.3), 0.3, 15.0)
        low = min(altitude + 200.0, 44_000.0)
        if rise < SLOW_MS:
            return Profile(ascent_ms=rate, top_m=Spread("uniform", max(low, 8_000.0), max(low + 2_000.0, 15_000.0)))
        return Profile(ascent_ms=rate, top_m=Spread("normal", 28_000.0, 4_000.0, low, 45_000.0),
                       descent_ms=SOUNDING.descent_ms)  # fmt: skip
    speed = -rise * float(np.sqrt(atmosphere.density_kg_m3(max(altitude, 0.0)) / 1.225))
    fall = Spread("lognormal", float(np.clip(speed, 1.0, 40.0)), 0.2, 1.0, 50.0)
    return Profile(ascent_ms=1.0, top_m=max(altitude, 10.0), descent_ms=fall)


def by_persistence(at: Standing, hours: F64, members: int, seed: int, note: str = NO_WINDS) -> Cones:
    """Hold the present motion, with an error of velocity that grows to ``SPEED_SD_MS``."""
    n, size = len(at.names), (len(at.names), members)
    epoch = float(at.time.max())

    def normals(name: str, step: int = 0) -> F64:
        return rng.normals(seed + 7919 * step, f"watch {name}", n * members).reshape(size)

    place_sd, speed_sd = (np.sqrt(v)[:, None] for v in (at.place_var, at.speed_var))
    shift = place_sd * (normals("east") + 1j * normals("north"))
    lat, lon = sphere.move(at.lat[:, None], at.lon[:, None], _course(shift), np.abs(shift))
    first = (at.east_ms + 1j * at.north_ms)[:, None] + speed_sd * (normals("u") + 1j * normals("v"))
    error = np.zeros(size, np.complex128)
    altitude = _altitudes(at, hours, members, seed, epoch)
    lats, lons = [], []
    before = at.time[:, None] - epoch
    for k, hour in enumerate(hours.tolist()):
        dt = 3600.0 * hour - before
        keep = np.exp(-dt / (3600.0 * SPEED_HOURS))
        new = SPEED_SD_MS * np.sqrt(1.0 - keep**2) * (normals("du", k + 1) + 1j * normals("dv", k + 1))
        mean = first + 0.5 * (error + keep * error + new)
        error = keep * error + new
        way = mean * dt
        heading = np.radians(_course(way))
        there = sphere.move(lat, lon, np.degrees(heading), np.abs(way))
        first = first * np.exp(1j * _turn(lat, lon, *there))
        error = error * np.exp(1j * _turn(lat, lon, *there))
        (lat, lon), before = there, np.full((n, 1), 3600.0 * hour)
        gone = ~np.isfinite(altitude[:, :, k]) & np.isfinite(at.altitude_m)[:, None]
        lats.append(np.where(gone, np.nan, lat))
        lons.append(np.where(gone, np.nan, lon))
    return Cones(epoch=epoch, hours=hours, lat=np.stack(lats, -1), lon=np.stack(lons, -1), altitude_m=altitude,
                 basis=PERSISTENCE, note=note)  # fmt: skip


def _course(way: NDArray[np.complex128]) -> F64:
    return np.asarray(np.degrees(0.5 * np.pi - np.angle(way)))


def _turn(lat: F64, lon: F64, to_lat: F64, to_lon: F64) -> F64:
    """Return by how much east and north turn along a great circle, for a velocity that is carried along it. [rad]"""
    out = np.radians(sphere.azimuth_deg(lat, lon, to_lat, to_lon))
    back = np.radians(sphere.azimuth_deg(to_lat, to_lon, lat, lon)) + np.pi
    moved = sphere.distance_m(lat, lon, to_lat, to_lon) > 1.0
    return np.where(moved, out - back, 0.0)


def _altitudes(at: Standing, hours: F64, members: int, seed: int, epoch: float) -> F64:
    """Return altitudes of members (n, members, k): up to a burst and down, down, or as they are; NaN after landing."""
    out = np.empty((len(at.names), members, hours.size))
    t = 3600.0 * hours + (epoch - at.time)[:, None]
    for i, way in enumerate(phase(at).tolist()):
        altitude, rise = float(at.altitude_m[i]), float(at.rise_ms[i])
        if way == 0 or not np.isfinite(altitude):
            out[i] = altitude
            continue
        profile = _profile(way, altitude, rise, float(np.sqrt(at.rise_var[i])))
        rate, top, fall = (
            value.draw(seed, f"watch {name}", members, first_member=0) if isinstance(value, Spread)
            else np.full(members, np.nan if value is None else float(value))  # type: ignore[arg-type]
            for name, value in (("rate", profile.ascent_ms), ("top", profile.top_m), ("fall", profile.descent_ms))
        )  # fmt: skip
        top = np.maximum(top, altitude)
        up = (top - altitude) / rate if way > 0 else np.zeros(members)
        down = np.maximum(t[i] - up[:, None], 0.0)
        out[i] = np.where(down > 0.0, top[:, None], altitude + rate[:, None] * t[i]) if way > 0 else altitude
        # In an atmosphere of scale height H a fall of v0 at sea level from z takes 2 H / v0 (1 - exp(-z / 2 H)).
        falls = np.isfinite(fall)
        part = np.exp(-top / 15_400.0)[:, None] + fall[:, None] * down / 15_400.0
        fallen = np.where(part < 1.0, -15_400.0 * np.log(np.minimum(part, 1.0)), np.nan)
        out[i] = np.where(falls[:, None] & (down > 0.0), fallen, out[i])
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """What is held of one balloon's cone: centres, covariances and altitudes by hour.

    Attributes
    ----------
    lat, lon : float32 (k,). [degrees]
    cov : float32 (k, 3). East, north, and both. [m2]
    aloft : int16 (k,). Members aloft, of ``members``.
    altitude_m : float32 (k, 3). 5, 50 and 95 %. [m]
    """

    epoch: float
    hours: F64
    lat: NDArray[np.float32]
    lon: NDArray[np.float32]
    cov: NDArray[np.float32]
    aloft: NDArray[np.int16]
    altitude_m: NDArray[np.float32]
    members: int
    basis: str
    note: str

    def radius_m(self) -> NDArray[np.float64]:
        """Return the radius that holds 90 % along the longer axis (k,); NaN where too few are aloft. [m]"""
        a, b, c = (self.cov[:, i].astype(np.float64) for i in range(3))
        longest = 0.5 * (a + b) + np.sqrt(0.25 * (a - b) ** 2 + c**2)
        factor = np.array([radius2(0.9, int(m)) if m >= LEAST_ALOFT else np.nan for m in self.aloft])
        return np.asarray(np.sqrt(longest * factor))

    def to_geojson(self) -> dict[str, Any]:
        """Return the outlines that hold 50 and 90 % of the members aloft, by hour."""
        features = []
        for k in range(self.hours.size):
            if self.hours[k] != round(self.hours[k]) or self.aloft[k] < LEAST_ALOFT:
                continue
            low, middle, high = (None if not np.isfinite(v) else round(float(v)) for v in self.altitude_m[k])
            told = {
                "hour": float(self.hours[k]),
                "time": iso(np.datetime64(round((self.epoch + 3600.0 * self.hours[k]) * 1e3), "ms")),
                "lat": round(float(self.lat[k]), 5), "lon": round(float(self.lon[k]), 5),
                "aloft": round(float(self.aloft[k]) / self.members, 3),
                "altitude_m": {"p05": low, "p50": middle, "p95": high},
            }  # fmt: skip
            for level in reversed(LEVELS):
                geometry = {"type": "MultiPolygon", "coordinates": [[ring] for ring in self._rings(k, level)]}
                features.append({"type": "Feature", "properties": {**told, "percent": round(100 * level)},
                                 "geometry": geometry})  # fmt: skip
        return {"type": "FeatureCollection", "basis": self.basis, "note": self.note, "features": features}

    def _rings(self, k: int, level: float) -> list[list[list[float]]]:
        cov = np.array([[self.cov[k, 0], self.cov[k, 2]], [self.cov[k, 2], self.cov[k, 1]]], np.float64)
        values, axes = np.linalg.eigh(cov)
        long = np.sqrt(np.maximum(values, 2_500.0) * radius2(level, int(self.aloft[k])))
        angle = np.linspace(2.0 * np.pi, 0.0, CORNERS, endpoint=False)
        east, north = axes @ (long[:, None] * np.stack([np.cos(angle), np.sin(angle)]))
        order = np.argsort(np.arctan2(east, north))[::-1]
        azimuth, way = np.degrees(np.arctan2(east, north))[order], np.hypot(east, north)[order]
        lat, lon = sphere.move(float(self.lat[k]), float(self.lon[k]), azimuth, np.minimum(way, 9e6))
        return [[[round(x, 4), round(y, 4)] for x, y in ring] for ring in closed_rings(np.stack([lat, lon], axis=1))]


@cache
def radius2(level: float, members: int) -> float:
    """Return the squared radius of the ellipse that holds a new member with a probability, from few members.

    Hotelling's T-squared: 2 (m^2 - 1) / (m (m - 2)) F(2, m - 2); of two numbers F has a closed form.
    """
    m = float(members)
    f = 0.5 * (m - 2.0) * ((1.0 - level) ** (-2.0 / (m - 2.0)) - 1.0)
    return float(2.0 * (m * m - 1.0) / (m * (m - 2.0)) * f)


def outlooks(cones: Cones) -> list[Outlook]:
    """Sum up the cones of balloons."""
    there = np.isfinite(cones.lat)
    v = np.where(there[..., None], sphere.unit_vector(np.nan_to_num(cones.lat), np.nan_to_num(cones.lon)), 0.0)
    lat, lon = sphere.latlon(v.sum(axis=1))
    aloft = there.sum(axis=1)
    away = sphere.distance_m(lat[:, None], lon[:, None], np.nan_to_num(cones.lat), np.nan_to_num(cones.lon))
    course = np.radians(
        sphere.azimuth_deg(lat[:, None], lon[:, None], np.nan_to_num(cones.lat), np.nan_to_num(cones.lon))
    )
    east, north = (np.where(there, away * f(course), 0.0) for f in (np.sin, np.cos))
    count = np.maximum(aloft - 1, 1)
    cov = np.stack([(p * q).sum(axis=1) / count for p, q in ((east, east), (north, north), (east, north))], axis=-1)
    high = _quantiles(cones.altitude_m)
    return [
        Outlook(epoch=cones.epoch, hours=cones.hours, lat=lat[i].astype(np.float32), lon=lon[i].astype(np.float32),
                cov=cov[i].astype(np.float32), aloft=aloft[i].astype(np.int16), altitude_m=high[i].astype(np.float32),
                members=cones.lat.shape[1], basis=cones.basis, note=cones.note)
        for i in range(len(cones.lat))
    ]  # fmt: skip


def _quantiles(values: F64) -> F64:
    """Return 5, 50 and 95 % over members (n, k, 3); NaN where none is known."""
    ordered = np.sort(values, axis=1)  # NaN last
    count = np.isfinite(values).sum(axis=1)
    out = []
    for q in (0.05, 0.5, 0.95):
        at = np.clip(np.round(q * (count - 1)), 0, None).astype(np.intp)
        out.append(np.take_along_axis(ordered, at[:, None, :], axis=1)[:, 0])
    return np.stack(out, axis=-1)
