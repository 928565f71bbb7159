"""Heights of pressure levels: the file's own, else from its temperatures, else of the standard atmosphere."""

from __future__ import annotations

import numpy as np
import xarray as xr

from overflight.geo import atmosphere

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
        z = _hypsometric(ds["t"], np.log(pressure), float(standard[0]))
    else:
        source = "standard atmosphere"
        column = xr.DataArray(standard.astype(np.float32), dims="level")
        z = column.broadcast_like(ds["u"]).transpose(*ds["u"].dims)
    return ds.assign(z=z.assign_attrs(attributes)).assign_attrs(height_source=source)


def _hypsometric(t: xr.DataArray, ln_p: np.ndarray, base_m: float) -> xr.DataArray:
    """Heights of levels, with layer means of temperature linear in ln p."""
    if t.chunks is None and t.nbytes > 2**27:
        t = t.chunk({"time": 1})
    lower, upper = t.isel(level=slice(None, -1)), t.isel(level=slice(1, None))
    # The upper level of each layer names it, so the sum up to it is its height.
    mean = 0.5 * (upper + lower.drop_vars("level", errors="ignore").assign_coords(level=upper["level"]))
    layer = xr.DataArray((-np.diff(ln_p) * _SCALE).astype(np.float32), dims="level", coords={"level": upper["level"]})
    above = (mean * layer).cumsum("level") + np.float32(base_m)
    above = above.assign_coords(level=upper["level"])
    ground = xr.full_like(t.isel(level=[0]), base_m)
    return xr.concat([ground, above.transpose(*t.dims)], "level", join="override").transpose(*t.dims)
