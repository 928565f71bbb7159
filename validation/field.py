"""Winds of the study: two real global fields that travel and turn into one another.

Both fields are GFS forecasts on a 2.5 degree grid (see data/README.md). The part of each that differs from its zonal
mean moves east at a steady rate, and the air goes over from one to the other and back, so that winds turn with height
and time as real ones do. What comes out is synthetic and no weather of any day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from overflight.drift import Settings
from overflight.drift.pack import WindPack
from overflight.drift.run import pack_for
from overflight.flight import float_at_pressure
from overflight.winds import WindError

F64 = NDArray[np.float64]

DATA = Path(__file__).parent / "data" / "gfs_two_fields_2p5deg.nc"
START = np.datetime64("2001-01-01T00", "ns")
HOURS, STEP_H = 216, 6
PERIOD_H = 192.0
"""From the first field to the second and back."""
EAST_DEG_A_DAY = (10.0, 6.0)
COARSE = 2
PRODUCTS = ("table", "stated", "coarse")
SETTINGS = Settings(threads=1, step_s=1200.0, output_s=3600.0)


@dataclass(frozen=True)
class Field:
    """Winds and the size of their error: what a judge is given, and what truth is flown in.

    Attributes
    ----------
    winds : canonical wind dataset, with ``wind_sd`` where the product states its error.
    error : WindError. Its sizes hold where the winds state none.
    """

    winds: xr.Dataset
    error: WindError

    @cached_property
    def pack(self) -> WindPack:
        """The winds as the engine reads them; kept for all runs."""
        return pack_for(self.winds, float_at_pressure(10_000.0), SETTINGS)

    def sd(self, level_hpa: F64, lat: F64) -> F64:
        """Return the standard deviation of a component's error at places. [m/s]"""
        if "wind_sd" not in self.winds:
            return self.error.sd(level_hpa, lat)
        table = self.winds["wind_sd"].isel(time=0, lon=0).values.astype(np.float64)
        at = [self._level_index(level_hpa), _index(self.winds["lat"].values, lat)]
        return np.asarray(map_coordinates(table, at, order=1, mode="nearest"))

    def wind(self, time: NDArray[np.datetime64], level_hpa: F64, lat: F64, lon: F64) -> NDArray[np.complex128]:
        """Return the wind, east + i north, at places; all of one shape. [m/s]"""
        hours = (time - self.winds["time"].values[0]) / np.timedelta64(1, "h")
        step = (self.winds["time"].values[1] - self.winds["time"].values[0]) / np.timedelta64(1, "h")
        axes = self.winds["lat"].values, self.winds["lon"].values
        x = np.mod(lon - axes[1][0], 360.0) / (axes[1][1] - axes[1][0])
        at = np.broadcast_arrays(hours / step, self._level_index(level_hpa), _index(axes[0], lat), x)
        return np.asarray(map_coordinates(self._closed, at, order=1, mode="nearest"))

    @cached_property
    def _closed(self) -> NDArray[np.complex64]:
        wind = self.winds["u"].values + np.complex64(1j) * self.winds["v"].values
        return np.concatenate([wind, wind[..., :1]], axis=-1)

    def _level_index(self, level_hpa: ArrayLike) -> F64:
        height = -np.log(self.winds["level"].values)
        return np.interp(-np.log(np.asarray(level_hpa)), height, np.arange(height.size))


def _index(axis: F64, value: F64) -> F64:
    return np.asarray((value - axis[0]) / (axis[1] - axis[0]))


@cache
def field(product: str = "table") -> Field:
    """Return the winds of a product.

    ``table`` takes the size of wind error from the table of the model; ``stated`` carries ``wind_sd`` of its own,
    greater where the wind varies more; ``coarse`` is on a grid of 5 degrees and 12 hours.
    """
    if product not in PRODUCTS:
        raise ValueError(f"product: got {product!r}, expected {', '.join(PRODUCTS)}")
    winds = travelling() if product == "table" else field("table").winds
    if product == "coarse":
        winds = winds.isel(time=slice(None, None, COARSE), lat=slice(None, None, COARSE), lon=slice(None, None, COARSE))
    if product == "stated":
        winds = winds.assign(wind_sd=_stated(winds))
    return Field(winds, WindError())


def travelling() -> xr.Dataset:
    """Return the fields as they travel: canonical winds (time, level, lat, lon), 6-hourly for 9 days."""
    with xr.open_dataset(DATA, engine="h5netcdf") as given:
        fields = given.load()
    hours = np.arange(0, HOURS + 1, STEP_H)
    share = np.cos(np.pi * hours / PERIOD_H) ** 2
    data = {}
    for name in ("u", "v"):
        first, second = (
            np.stack([_shifted(fields[name].values[i], EAST_DEG_A_DAY[i] * h / 24.0) for h in hours]) for i in (0, 1)
        )
        weight = share[:, None, None, None]
        mixed = weight * first + (1.0 - weight) * second
        data[name] = (("time", "level", "lat", "lon"), mixed.astype(np.float32))
    time = START + hours * np.timedelta64(1, "h")
    axes = {n: fields[n].values for n in ("level", "lat", "lon")}
    attrs = {"source": "synthetic: two GFS fields that travel and mix, see validation/data/README.md", "title": "study"}
    return xr.Dataset(data, {"time": time, **axes}, attrs)


def _shifted(values: F64, east_deg: float) -> F64:
    """Move what differs from the zonal mean to the east; (level, lat, lon), linear between grid points."""
    step = east_deg / (360.0 / values.shape[-1])
    whole, rest = int(np.floor(step)), step - np.floor(step)
    mean = values.mean(axis=-1, keepdims=True)
    eddy = values - mean
    moved = (1.0 - rest) * np.roll(eddy, whole, axis=-1) + rest * np.roll(eddy, whole + 1, axis=-1)
    return np.asarray(mean + moved)


def _stated(winds: xr.Dataset) -> xr.DataArray:
    """Let the size of error follow how much the wind varies along a circle of latitude: 1 m/s and a fifth of it."""
    eddy = np.sqrt(0.5 * (winds["u"].var(("time", "lon")) + winds["v"].var(("time", "lon"))))
    sd = np.minimum(1.0 + 0.2 * eddy, 4.0).astype(np.float32)
    return sd.broadcast_like(winds["u"]).transpose("time", "level", "lat", "lon")
