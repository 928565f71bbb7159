"""How winds spread or gather along paths: what a density of places is multiplied with on the way."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.winds import coverage

F64 = NDArray[np.float64]


class Divergence:
    """Horizontal divergence of winds on their levels, one time after the other.

    Parameters
    ----------
    winds : canonical winds, one member.
    ln_p : (lowest, highest) logarithm of the pressures asked about. [ln Pa]
    steady : let a single time hold for all times.
    """

    def __init__(self, winds: xr.Dataset, ln_p: tuple[float, float], *, steady: bool = False) -> None:
        levels = np.log(np.asarray(winds["level"].values, np.float64) * 100.0)
        last = max(int(np.searchsorted(-levels, -ln_p[0])), 1)
        first = min(max(int(np.searchsorted(-levels, -ln_p[1], side="right")) - 1, 0), last - 1)
        self.winds = winds.isel(level=slice(first, last + 1))
        self.ln_p = levels[first : last + 1]
        self.lat, self.lon = (np.asarray(winds[n].values, np.float64) for n in ("lat", "lon"))
        self.time = winds["time"].values.astype("datetime64[ns]")
        self.steady, self.is_global = steady or self.time.size == 1, coverage.is_global(winds)
        self._held: dict[int, F64] = {}

    def at(self, time: np.datetime64, ln_p: F64, lat: F64, lon: F64) -> F64:
        """Return the divergence at places (n,) of one time, 0 where it is not known. [1/s]"""
        if self.steady:
            return self._on_field(self._field(0), ln_p, lat, lon)
        i = int(np.clip(np.searchsorted(self.time, time, side="right") - 1, 0, self.time.size - 2))
        share = float(np.clip((time - self.time[i]) / (self.time[i + 1] - self.time[i]), 0.0, 1.0))
        self._held = {k: v for k, v in self._held.items() if k in (i, i + 1)}
        low, high = (self._on_field(self._field(k), ln_p, lat, lon) for k in (i, i + 1))
        return np.asarray((1.0 - share) * low + share * high)

    def _field(self, index: int) -> F64:
        if index not in self._held:
            one = self.winds.isel(time=index)
            u, v = (one[n].transpose("level", "lat", "lon").values.astype(np.float64) for n in ("u", "v"))
            self._held[index] = np.nan_to_num(self._divergence(u, v))
        return self._held[index]

    def _divergence(self, u: F64, v: F64) -> F64:
        """Central differences on the sphere; the row of a pole takes that of its neighbours."""
        phi, lam = np.radians(self.lat), np.radians(self.lon)
        cosine = np.maximum(np.cos(phi), 1e-6)[:, None]
        if self.is_global:
            wide = np.concatenate([u[..., -1:], u, u[..., :1]], axis=-1)
            du = (wide[..., 2:] - wide[..., :-2]) / (2.0 * (lam[1] - lam[0]))
        else:
            du = np.gradient(u, lam, axis=-1)
        found = (du + np.gradient(v * cosine, phi, axis=-2)) / (sphere.EARTH_RADIUS_M * cosine)
        for row, beside in ((0, 1), (-1, -2)):
            if abs(self.lat[row]) > 89.0:
                found[:, row] = found[:, beside].mean(axis=-1, keepdims=True)
        return np.asarray(found)

    def _on_field(self, field: F64, ln_p: F64, lat: F64, lon: F64) -> F64:
        """Interpolate linearly in ln p, latitude and longitude."""
        known = np.isfinite(lat) & np.isfinite(lon)
        y, x = np.where(known, lat, 0.0), np.where(known, lon, 0.0)
        k, c = _between(-ln_p, -self.ln_p)
        j, b = _between(y, self.lat)
        i, a = _between(self.lon[0] + (x - self.lon[0]) % 360.0, self._around())
        total = np.zeros(y.shape)
        for dk, wk in ((0, 1.0 - c), (1, c)):
            for dj, wj in ((0, 1.0 - b), (1, b)):
                for di, wi in ((0, 1.0 - a), (1, a)):
                    total += (
                        wk * wj * wi * field[np.minimum(k + dk, field.shape[0] - 1), j + dj, (i + di) % field.shape[2]]
                    )
        return np.where(known, total, 0.0)

    def _around(self) -> F64:
        return np.append(self.lon, self.lon[0] + 360.0) if self.is_global else self.lon


def _between(value: F64, axis: F64) -> tuple[NDArray[np.intp], F64]:
    """Index of the node below and weight of the next, held at the ends of a rising axis."""
    if axis.size == 1:
        return np.zeros(value.shape, np.intp), np.zeros(value.shape)
    held = np.clip(value, axis[0], axis[-1])
    i = np.clip(np.searchsorted(axis, held, side="right") - 1, 0, axis.size - 2)
    return i, (held - axis[i]) / (axis[i + 1] - axis[i])
