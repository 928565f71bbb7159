"""Wind error along a path as a Gaussian process: what displacement between sightings it allows.

Errors are complex, ``u + i v``, in the frame carried along the path. Between two instants of the path their covariance
per component, for unit standard deviation, is::

    C(a, b) = [q exp(-|t|/Ts) + (1 - q) exp(-|t|/Tw) exp(i (psi_a - psi_b))] exp(-|d ln p| / depth)

with ``t`` the time between, ``q`` the slow share and ``psi`` the inertial turning, the integral of ``-r f`` in time.
Displacement is its integral, ``E``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from overflight.geo import atmosphere
from overflight.infer.frame import Frame
from overflight.infer.kernels import covariance
from overflight.winds import WindError

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

START_SD_M = 1e6
"""Nothing is known of the start but by sightings. [m]"""
_EARTH_ROTATION_RAD_S = 7.292115e-5
_SCALES = 9


def integral(rate: C128, seconds: F64, axis: int = -1) -> C128:
    """Integral over time along an axis by the trapezoid rule, 0 at the first instant."""
    moved = np.moveaxis(rate, axis, -1)
    steps = 0.5 * np.diff(seconds) * (moved[..., 1:] + moved[..., :-1])
    total = np.concatenate([np.zeros((*steps.shape[:-1], 1)), np.cumsum(steps, axis=-1)], axis=-1)
    return np.moveaxis(total, -1, axis)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a wind error along a frame, as the kernels read them.

    Attributes
    ----------
    phase : float64 (parts, n). Turning. [rad]
    share, time_s : float64 (parts,). Share of the variance, correlation time.
    depth : float. [ln p]
    """

    phase: F64
    share: F64
    time_s: F64
    depth: float


def parts(error: WindError, frame: Frame) -> Parts:
    """Return the slow part and the turning one; their changes with level add up along the way, as in the engine."""
    f = 2.0 * _EARTH_ROTATION_RAD_S * np.sin(np.radians(frame.lat))
    psi = integral(-error.rotation * f.astype(np.complex128), frame.seconds).real
    share = np.array([error.slow_share, 1.0 - error.slow_share])
    return Parts(phase=np.stack([np.zeros(psi.size), psi]), share=share,
                 time_s=np.array([error.slow_time_s, error.wave_time_s]), depth=error.depth_ln_p)  # fmt: skip


def displacement(
    of: Parts, frame: Frame, ln_p: F64, sd_ms: F64, index: NDArray[np.intp], ends: NDArray[np.intp]
) -> tuple[C128, C128]:
    """Covariance per component of displacement by wind error with that at ``index``, exact for steps of one size.

    Parameters
    ----------
    of : Parts
    frame : Frame
    ln_p, sd_ms : float64 (paths, n). [ln Pa], [m/s]
    index : int (sightings,), not falling.
    ends : int (k,). Instants at which the parts themselves are asked for.

    Returns
    -------
    complex128 (paths, n, sightings) [m2], and (paths, k, parts, sightings): of unit parts with displacement [m].
    """
    n = frame.seconds.size
    cross = np.zeros((ln_p.shape[0], n, index.size), np.complex128)
    state = np.zeros((ln_p.shape[0], ends.size, of.share.size, index.size), np.complex128)
    covariance.error_cross(frame.seconds, np.ascontiguousarray(ln_p), np.ascontiguousarray(sd_ms), of.phase, of.share,
                           of.time_s, of.depth, index, cross, ends, state)  # fmt: skip
    return cross, state


def standard_altitude(ln_p: F64) -> F64:
    """Altitude of the standard atmosphere. [m]"""
    return atmosphere.altitude_m(np.exp(ln_p))


def scales(error: WindError) -> F64:
    """Equally likely values of the squared scale of a track's error: (dof - 2) / chi2(dof), or 1 for no tail."""
    return scales_of(error.tail_dof)


def scales_of(dof: float) -> F64:
    """Equally likely values of (dof - 2) / chi2(dof), or 1 for no tail."""
    if not dof < 1e6:
        return np.ones(1)
    levels = (np.arange(_SCALES) + 0.5) / _SCALES
    return np.asarray((dof - 2.0) / chi2.ppf(levels, dof))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The residual of each sighting (n, 2) against all others, and its covariance (n, 2, 2), own error included."""

    residual: F64
    covariance: F64


def leave_out(residual: F64, covariance: F64) -> LeftOut:
    """Compare each sighting with what the others tell of it.

    ``residual`` float64 (2 n,), all east parts first; ``covariance`` (2 n, 2 n), start and sighting errors included.
    """
    n = residual.size // 2
    inverse = np.linalg.inv(covariance)
    pairs = np.stack([np.arange(n), np.arange(n) + n], axis=1)
    own = np.linalg.inv(inverse[pairs[:, :, None], pairs[:, None, :]])
    return LeftOut(residual=np.einsum("nij,nj->ni", own, (inverse @ residual)[pairs]), covariance=own)
