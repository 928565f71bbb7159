"""Flows whose paths are known: winds as datasets, and the exact place to which they carry a float.

The engine is held against these in tests and in the documentation. Every flow is that of a float at ``altitude_m``,
so velocities are those on the sphere of the Earth's mean radius plus that height.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import quad_vec

from overflight.geo import sphere

F64 = NDArray[np.float64]
LEVELS_HPA = (1000.0, 500.0, 200.0, 100.0, 50.0, 20.0, 10.0)
EPOCH = np.datetime64("2023-01-01", "ns")


class Flow(Protocol):
    """A velocity field and its paths."""

    def velocity(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Return (u, v) at places in degrees. [m/s]"""

    def place(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Return (lat, lon) in degrees of floats, ``seconds`` after they were at (lat, lon) at time 0."""


def winds(
    flow: Flow,
    *,
    step_deg: float = 0.5,
    hours: ArrayLike = (0.0, 6.0, 12.0, 18.0, 24.0),
    levels_hpa: ArrayLike = LEVELS_HPA,
) -> xr.Dataset:
    """Sample a flow on a global grid, the same on all levels.

    Parameters
    ----------
    flow : Flow
    step_deg : float. Spacing of the grid, a divisor of 180. [degrees]
    hours : array_like (times,). Times of the dataset after ``EPOCH``. [h]
    levels_hpa : array_like (levels,). Falling. [hPa]

    Returns
    -------
    Dataset
        Canonical winds with ``u`` and ``v``, float32 (time, level, lat, lon).

    Examples
    --------
    >>> winds(Jet(), step_deg=10.0, hours=[0.0])["u"].shape
    (1, 7, 19, 36)
    """
    level, seconds = np.asarray(levels_hpa, np.float64), 3600.0 * np.asarray(hours, np.float64)
    lat = np.linspace(-90.0, 90.0, round(180.0 / step_deg) + 1)
    lon = -180.0 + step_deg * np.arange(round(360.0 / step_deg))
    rows, columns = np.meshgrid(lat, lon, indexing="ij")
    fields = np.stack([np.stack(flow.velocity(rows, columns, float(s))) for s in seconds]).astype(np.float32)
    shape = (seconds.size, level.size, lat.size, lon.size)
    dims = ("time", "level", "lat", "lon")
    data = {q: (dims, np.broadcast_to(fields[:, i, None], shape), {"units": "m s-1"}) for i, q in enumerate("uv")}
    time = EPOCH + np.round(seconds * 1e9).astype("timedelta64[ns]")
    return xr.Dataset(data, {"time": time, "level": level, "lat": lat, "lon": lon}, {"source": type(flow).__name__})


@dataclass(frozen=True, slots=True, kw_only=True)
class SolidRotation:
    """Rotation of all the air about an axis through (``axis_lat``, ``axis_lon``), one turn in ``days``."""

    axis_lat: float = 90.0
    axis_lon: float = 0.0
    days: float = 1.0
    altitude_m: float = 0.0

    def velocity(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Return the spin times the distance from the axis."""
        spin = sphere.unit_vector(self.axis_lat, self.axis_lon) * (2.0 * np.pi / (86_400.0 * self.days))
        x, y, z = np.moveaxis(np.cross(spin, sphere.unit_vector(lat, lon)) * _radius(self.altitude_m), -1, 0)
        a, b = np.radians(lat), np.radians(lon)
        return y * np.cos(b) - x * np.sin(b), z * np.cos(a) - np.sin(a) * (x * np.cos(b) + y * np.sin(b))

    def place(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Turn about the axis (formula of Rodrigues)."""
        k, r = sphere.unit_vector(self.axis_lat, self.axis_lon), sphere.unit_vector(lat, lon)
        angle = 2.0 * np.pi * seconds / (86_400.0 * self.days)
        along = (r @ k)[..., None] * k
        return sphere.latlon(r * np.cos(angle) + np.cross(k, r) * np.sin(angle) + along * (1.0 - np.cos(angle)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Jet:
    """A steady jet along a parallel, ``u = speed / cosh((lat - centre) / width)^2``; a float stays at its latitude."""

    speed_ms: float = 60.0
    centre_deg: float = 40.0
    width_deg: float = 8.0
    altitude_m: float = 0.0

    def velocity(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Return the jet."""
        u = self.speed_ms / np.cosh((lat - self.centre_deg) / self.width_deg) ** 2
        return u, np.zeros_like(u)

    def place(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Go east at the speed of the latitude."""
        u, _ = self.velocity(lat, lon, seconds)
        turn = u * seconds / (_radius(self.altitude_m) * np.cos(np.radians(lat)))
        return lat, sphere.wrap(lon + np.degrees(turn))


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """The same everywhere, changing in time: eastward angular rate and northward speed as polynomials of time.

    ``east_ms`` and ``north_ms`` are coefficients of 1, t, t^2, ... with t in days; ``u = east(t) cos(lat)``, which is
    the flow of equal steps of longitude, ``v = north(t)``.
    """

    east_ms: tuple[float, ...] = (10.0, 10.0)
    north_ms: tuple[float, ...] = (5.0, -8.0)
    altitude_m: float = 0.0

    def velocity(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Return the wind of the time."""
        east, north = (np.polynomial.Polynomial(c)(seconds / 86_400.0) for c in (self.east_ms, self.north_ms))
        return east * np.cos(np.radians(lat)), np.full_like(lat, north)

    def place(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Go as far as the integral of the wind."""
        metres = [
            86_400.0 * np.polynomial.Polynomial(c).integ()(seconds / 86_400.0) for c in (self.east_ms, self.north_ms)
        ]
        east, north = np.degrees(metres) / _radius(self.altitude_m)
        return lat + north, sphere.wrap(lon + east)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A travelling wave in a steady current, ``u = U, v = A sin(2 pi (x - c t) / L)``, on the sphere.

    x is the longitude and U and c are equatorial speeds (``u = U cos(lat)``), so that longitude grows evenly and the
    path has the closed form of the plane: with the wave number k [1/rad] and the angular rates of U, c and A,
    ``lat = lat0 + A / (k (U - c)) (cos(k lon0) - cos(k (lon0 + (U - c) t)))``.

    References
    ----------
    Machta, L.: analytic trajectories of a travelling wave, as printed for HYSPLIT (NOAA ARL, "True trajectory").
    """

    current_ms: float = 20.0
    amplitude_ms: float = 10.0
    phase_ms: float = 8.0
    waves: int = 6
    altitude_m: float = 0.0

    def velocity(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Return current and wave."""
        moved = np.radians(lon) - self.phase_ms * seconds / _radius(self.altitude_m)
        return self.current_ms * np.cos(np.radians(lat)), self.amplitude_ms * np.sin(self.waves * moved)

    def place(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Return the closed form."""
        radius = _radius(self.altitude_m)
        start, relative = self.waves * np.radians(lon), self.waves * (self.current_ms - self.phase_ms) / radius
        swing = (np.cos(start) - np.cos(start + relative * seconds)) * self.amplitude_ms / (radius * relative)
        return lat + np.degrees(swing), sphere.wrap(lon + np.degrees(self.current_ms * seconds / radius))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shear:
    """Steady winds linear in latitude, ``u = east + shear lat, v = (centre - lat) pull``.

    Linear interpolation represents them exactly, so that nothing but the integration is left to err; latitude
    relaxes to the centre, and longitude is an integral without closed form, here to 1e-12.
    """

    east_ms: float = 30.0
    shear_ms_deg: float = 1.0
    pull_ms_deg: float = 4.0
    centre_deg: float = 20.0
    altitude_m: float = 0.0

    def velocity(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Return the linear winds."""
        return self.east_ms + self.shear_ms_deg * lat, (self.centre_deg - lat) * self.pull_ms_deg

    def place(self, lat: F64, lon: F64, seconds: float) -> tuple[F64, F64]:
        """Relax latitude, integrate longitude."""
        radius = _radius(self.altitude_m)
        rate = np.degrees(self.pull_ms_deg) / radius

        def latitude(t: float) -> F64:
            return np.asarray(self.centre_deg + (lat - self.centre_deg) * np.exp(-rate * t))

        def turning(t: float) -> F64:
            at = latitude(t)
            return np.asarray((self.east_ms + self.shear_ms_deg * at) / (radius * np.cos(np.radians(at))))

        turn = _integral(turning, seconds)
        return latitude(seconds), sphere.wrap(lon + np.degrees(turn))


def _integral(rate: Callable[[float], F64], seconds: float) -> F64:
    result: F64 = quad_vec(rate, 0.0, seconds, epsabs=1e-14, epsrel=1e-12)[0]
    return result


def _radius(altitude_m: float) -> float:
    return sphere.EARTH_RADIUS_M + altitude_m
