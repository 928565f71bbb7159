"""Heights of pressure levels: the file's own, else from its temperatures, else of the standard atmosphere."""

from __future__ import annotations

from functools import partial

import numpy as np
import xarray as xr

from overflight.geo import atmosphere
from overflight.winds.lazy import derived

STANDARD = "standard atmosphere"
_SCALE = atmosphere.GAS_CONSTANT_DRY_AIR / atmosphere.STANDARD_GRAVITY_MS2


def with_heights(ds: xr.Dataset) -> xr.Dataset:
    """Return a canonical dataset that has ``z``, geopotential height [m], and says where it is from.

    Without ``z`` it is summed from the lowest level up, ``dz = (R/g) mean(T) d ln p`` (hypsometric equation),
    where ``t`` is there; the lowest level is put at its height in the standard atmosphere, which is wrong by
    some 8 m a hPa that the true pressure at sea level differs from 1013.25 hPa. Without ``t`` all heights are
    those of the standard atmosphere. ``attrs['height_source']`` says which.

    References
    ----------
    Wallace and Hobbs (2006), Atmospheric Science, 2nd ed., eq. 3.29. ISBN 978-0-12-732951-2.
    """
    if "z" in ds:
        return ds if "height_source" in ds.attrs else ds.assign_attrs(height_source="file")
    pressure = np.asarray(ds["level"].values, np.float64) * 100.0
    standard = atmosphere.geopotential_m(atmosphere.altitude_m(pressure))
    attributes = {"units": "m", "standard_name": "geopotential_height"}
    if "t" in ds and pressure.size > 1:
        source = "hypsometric from temperature, lowest level of the standard atmosphere"
        t = ds["t"]
        sum_up = partial(_hypsometric, ln_p=np.log(pressure), base_m=float(standard[0]), axis=t.dims.index("level"))
        z = derived(t, sum_up, along="level")
    else:
        source = STANDARD
        column = xr.DataArray(standard.astype(np.float32), dims="level")
        z = column.broadcast_like(ds["u"]).transpose(*ds["u"].dims)
    return ds.assign(z=z.assign_attrs(attributes)).assign_attrs(height_source=source)


def _hypsometric(t: np.ndarray, *, ln_p: np.ndarray, base_m: float, axis: int) -> np.ndarray:
    """Heights of levels, with layer means of temperature linear in ln p."""
    column = np.moveaxis(t, axis, -1)
    z = np.empty_like(column)
    z[..., 0] = base_m
    np.multiply(column[..., 1:] + column[..., :-1], (-0.5 * _SCALE * np.diff(ln_p)).astype(np.float32), out=z[..., 1:])
    np.cumsum(z, axis=-1, out=z)
    return np.moveaxis(z, -1, axis)
