"""A plane that rolls along the sightings: places near a path become complex numbers and back, on the whole sphere.

The reference path joins the sightings by great circles. A place is its offset from the path at the same time, metres
along the axes of a frame that is carried along the path without turning (parallel transport): ``east + i north`` at
the start, ``exp(i angle)`` times that later, with ``d angle = sin(lat) d lon``. Poles and antimeridian are ordinary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.geo import sphere

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The reference path and its frame at each instant of the fit.

    Attributes
    ----------
    seconds : float64 (n,). From the first sighting, strictly increasing. [s]
    lat, lon : float64 (n,). [degrees]
    angle : float64 (n,). Turn of the local east axis in the carried frame. [rad]
    unrolled : complex128 (n,). The path as rolled out on the plane. [m]
    """

    seconds: F64
    lat: F64
    lon: F64
    angle: F64
    unrolled: C128

    def at(self, index: NDArray[np.intp]) -> Frame:
        """Return the path at some instants only, one that may repeat."""
        return Frame(seconds=self.seconds[index], lat=self.lat[index], lon=self.lon[index], angle=self.angle[index],
                     unrolled=self.unrolled[index])  # fmt: skip

    def offset(self, index: NDArray[np.intp], lat: F64, lon: F64) -> C128:
        """Return the offsets [m] of places from the path at instants ``index``."""
        here_lat, here_lon = self.lat[index], self.lon[index]
        distance = sphere.distance_m(here_lat, here_lon, lat, lon)
        course = np.radians(sphere.azimuth_deg(here_lat, here_lon, lat, lon))
        return np.asarray(distance * np.exp(1j * (0.5 * np.pi - course + self.angle[index])))

    def place(self, offset: C128) -> tuple[F64, F64, F64]:
        """Return (lat, lon, turn) of offsets (..., n); ``exp(i turn)`` brings a vector there into the carried frame."""
        course = 0.5 * np.pi - np.angle(offset) + self.angle
        distance = np.abs(offset)
        lat, lon = sphere.move(self.lat, self.lon, np.degrees(course), distance)
        back = np.radians(sphere.azimuth_deg(lat, lon, self.lat, self.lon)) + np.pi
        turn = np.where(distance > 1.0, back - course, 0.0) + self.angle
        return lat, lon, turn


def roll(seconds: F64, at_s: F64, at_lat: F64, at_lon: F64) -> Frame:
    """Lay a frame along great circles through places at distinct times ``at_s``; held before and after."""
    lat, lon = along(seconds, at_s, at_lat, at_lon)
    step = sphere.wrap(np.diff(lon))
    middle = np.radians(0.5 * (lat[1:] + lat[:-1]))
    angle = np.concatenate([[0.0], np.cumsum(np.radians(step) * np.sin(middle))])
    distance = sphere.distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
    course = np.radians(sphere.azimuth_deg(lat[:-1], lon[:-1], lat[1:], lon[1:]))
    moves = distance * np.exp(1j * (0.5 * np.pi - course + angle[:-1]))
    unrolled = np.concatenate([[0.0], np.cumsum(moves)])
    return Frame(seconds=seconds, lat=lat, lon=lon, angle=angle, unrolled=unrolled)


def along(seconds: F64, at_s: F64, at_lat: F64, at_lon: F64) -> tuple[F64, F64]:
    """Return (lat, lon) at ``seconds`` on great circles through places at increasing times ``at_s``."""
    if at_s.size == 1:
        return np.full(seconds.shape, at_lat[0]), np.full(seconds.shape, at_lon[0])
    i = np.clip(np.searchsorted(at_s, seconds, side="right") - 1, 0, at_s.size - 2)
    share = np.clip((seconds - at_s[i]) / (at_s[i + 1] - at_s[i]), 0.0, 1.0)
    distance = sphere.distance_m(at_lat[i], at_lon[i], at_lat[i + 1], at_lon[i + 1])
    course = sphere.azimuth_deg(at_lat[i], at_lon[i], at_lat[i + 1], at_lon[i + 1])
    return sphere.move(at_lat[i], at_lon[i], course, share * distance)


def through(seconds: F64, lat: F64, lon: F64) -> tuple[F64, F64, F64]:
    """Merge places of equal time into their mean; return (seconds, lat, lon) with times strictly increasing."""
    unique = np.unique(seconds)
    means = [sphere.mean_place(lat[seconds == s], lon[seconds == s]) for s in unique]
    return unique, np.array([m[0] for m in means]), np.array([m[1] for m in means])
