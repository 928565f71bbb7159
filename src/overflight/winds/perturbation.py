"""A whole perturbed wind field: the error model drawn on the grid of a dataset, for many balloons at once.

The engine draws the same model along each track; there and here the standard deviation at a level and latitude is
`WindError.sd`. Horizontal correlation is drawn on the unit sphere, so poles and antimeridian are no seams.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo.rng import normals, uniforms
from overflight.geo.sphere import EARTH_RADIUS_M
from overflight.winds.error import WindError

F64 = NDArray[np.float64]
_EARTH_ROTATION_RAD_S = 7.292115e-5
_WAVES = 192
"""Waves a field is summed of; more bring it nearer to Gaussian."""


def perturbation_field(ds: xr.Dataset, error: WindError, *, seed: int, member: int = 0) -> xr.Dataset:
    """Return winds with one draw of the error model added to ``u`` and ``v``.

    Correlation is ``exp(-|dt| / T) exp(-|d ln p| / depth) exp(-d^2 / (2 length^2))`` with the chord ``d``, for the
    slow and the wave part each; the wave part also turns with ``rotation`` times the Coriolis parameter of its
    latitude. Both are sums of random waves (random Fourier features): wave vectors in space are normal, wave
    numbers in time and ln p are Cauchy, whose transforms are these kernels. Draws are keyed by seed and member.

    Parameters
    ----------
    ds : canonical winds, without a member dimension.
    seed, member : int. The same pair gives the same field, whatever other members are drawn.

    Raises
    ------
    InvalidInput
        The winds are an ensemble.

    References
    ----------
    Rahimi, A. and Recht, B. (2007), Random features for large-scale kernel machines, NIPS 20.
    """
    if "member" in ds.dims:
        raise InvalidInput("winds", "an ensemble", "one member", hint="use winds.members and perturb each")
    lat = np.asarray(ds["lat"].values, np.float64)
    share = np.sqrt([error.slow_share, 1.0 - error.slow_share])
    slow = _part(ds, error, error.slow_time_s, (seed, member, "slow"))
    wave = _turned(ds, error, _part(ds, error, error.wave_time_s, (seed, member, "wave")))
    sd = error.sd(ds["level"].values[:, None], lat[None, :])[None, :, :, None] * _scale(error, seed, member)
    total = sd * (share[0] * slow + share[1] * wave)
    dims = ("time", "level", "lat", "lon")
    out = ds.copy()
    for name, change in zip(("u", "v"), total, strict=True):
        out[name] = (ds[name].transpose(*dims) + xr.DataArray(change.astype(np.float32), dims=dims)).astype(np.float32)
        out[name].attrs = dict(ds[name].attrs)
    return out.assign_attrs(perturbed=f"wind error model {error.version}, seed {seed}, member {member}")


def _scale(error: WindError, seed: int, member: int) -> float:
    """Draw the scale of the member, of unit mean square."""
    if not error.tail_dof < 1e6:
        return 1.0
    count = max(3, round(error.tail_dof))
    draws = [normals(seed, f"wind field scale {i}", 1, first_member=member)[0] for i in range(count)]
    return float(np.sqrt((count - 2) / np.sum(np.square(draws))))


def _part(ds: xr.Dataset, error: WindError, time_scale_s: float, key: tuple[int, int, str]) -> F64:
    """Draw unit Gaussian-like fields eastward and northward, shape (2, time, level, lat, lon)."""
    seconds = (ds["time"].values - ds["time"].values[0]) / np.timedelta64(1, "s")
    ln_p = np.log(np.asarray(ds["level"].values, np.float64))
    lat, lon = (np.radians(np.asarray(ds[a].values, np.float64)) for a in ("lat", "lon"))
    place = np.stack(
        [
            np.cos(lat)[:, None] * np.cos(lon),
            np.cos(lat)[:, None] * np.sin(lon),
            np.broadcast_to(np.sin(lat)[:, None], (lat.size, lon.size)),
        ],
        axis=-1,
    )
    # A vector in space laid on the local east and north has no seam at a pole, as two scalar fields would.
    x, y, z = (
        _sum(seconds / time_scale_s, ln_p / error.depth_ln_p, place, error, (*key[:2], key[2] + c)) for c in "xyz"
    )
    along = np.cos(lon) * x + np.sin(lon) * y
    sine, cosine = np.sin(lat)[:, None], np.cos(lat)[:, None]
    return np.stack([np.cos(lon) * y - np.sin(lon) * x, cosine * z - sine * along])


def _sum(tau: F64, depth: F64, place: F64, error: WindError, key: tuple[int, int, str]) -> F64:
    """Sum the waves; a product of exponentials, so that no array of all waves at all nodes is made."""
    seed, member, name = key
    first = member * _WAVES

    def uniform(axis: str) -> F64:
        return uniforms(seed, f"wind field {name} {axis}", _WAVES, first_member=first)

    length = error.length_m / EARTH_RADIUS_M
    k = np.stack([normals(seed, f"wind field {name} k{i}", _WAVES, first_member=first) for i in range(3)]) / length
    in_time, in_height = (np.tan(np.pi * (uniform(axis) - 0.5)) for axis in ("t", "p"))
    phase = np.exp(2j * np.pi * uniform("phase"))
    amplitude = np.sqrt(-2.0 * np.log(uniform("amplitude")) / _WAVES)
    column = np.exp(1j * (tau[:, None, None] * in_time + depth[None, :, None] * in_height)) * phase * amplitude
    level = np.exp(1j * (place.reshape(-1, 3) @ k))
    total = column.reshape(-1, _WAVES) @ level.T
    return np.asarray(total.real.reshape(tau.size, depth.size, *place.shape[:2]))


def _turned(ds: xr.Dataset, error: WindError, part: F64) -> F64:
    """Turn the components with the inertial frequency: clockwise in the north."""
    seconds = (ds["time"].values - ds["time"].values[0]) / np.timedelta64(1, "s")
    f = 2.0 * _EARTH_ROTATION_RAD_S * np.sin(np.radians(np.asarray(ds["lat"].values, np.float64)))
    angle = -error.rotation * seconds[:, None, None, None] * f[None, None, :, None]
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * part[0] - s * part[1], s * part[0] + c * part[1]])
