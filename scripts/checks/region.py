"""Where the truth lies in a cloud of members."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from overflight.geo import sphere

F64 = NDArray[np.float64]


def offsets_m(lat: F64, lon: F64, centre: tuple[float, float]) -> F64:
    """Return metres (east, north) from a centre a few hundred kilometres away at most, shape (2, n)."""
    far = sphere.distance_m(*centre, lat, lon)
    course = np.radians(sphere.azimuth_deg(*centre, lat, lon))
    return np.stack([far * np.sin(course), far * np.cos(course)])


def share_within(lat: F64, lon: F64, truth: tuple[float, float]) -> float:
    """Share of members nearer to their mean than the truth is, as ellipses of their covariance measure it.

    Below 0.9 the truth lies in the 90 % region.
    """
    centre = sphere.mean_place(lat, lon)
    members = offsets_m(lat, lon, centre)
    mean, inverse = members.mean(axis=1, keepdims=True), np.linalg.inv(np.cov(members))
    off = np.concatenate([members, offsets_m(*(np.array([t]) for t in truth), centre)], axis=1) - mean
    size = np.einsum("in,ij,jn->n", off, inverse, off)
    return float(np.mean(size[:-1] < size[-1]))


def ellipse_m(members: F64, share: float = 0.9, points: int = 90) -> F64:
    """Return the outline of the ellipse that holds this share of members at ``offsets_m``, shape (2, points)."""
    mean, covariance = members.mean(axis=1, keepdims=True), np.cov(members)
    off = members - mean
    size = np.quantile(np.einsum("in,ij,jn->n", off, np.linalg.inv(covariance), off), share)
    angle = np.linspace(0.0, 2.0 * np.pi, points)
    values, vectors = np.linalg.eigh(covariance)
    return mean + vectors @ (np.sqrt(values * size)[:, None] * np.stack([np.cos(angle), np.sin(angle)]))
