"""A track beside the truth that was withheld from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overflight.geo import sphere

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """The truth at its own times; all arrays (n,).

    ``error_km`` is the distance from the samples' mean place; ``radius_50_km`` and ``radius_90_km`` hold that share of
    the samples about the mean; ``inside_90`` is whether the truth lies within.
    """

    time: NDArray[np.datetime64]
    error_km: F64
    radius_50_km: F64
    radius_90_km: F64

    @property
    def inside_90(self) -> NDArray[np.bool_]:
        """Whether the truth lies in the circle that holds 90 % of the samples."""
        return self.error_km <= self.radius_90_km

    def to_json(self) -> dict[str, Any]:
        """Return the comparison in figures."""
        return {
            "fixes": int(self.time.size),
            "error_km_q50": float(np.median(self.error_km)),
            "error_km_max": float(self.error_km.max()),
            "radius_90_km_q50": float(np.median(self.radius_90_km)),
            "inside_90": float(np.mean(self.inside_90)),
        }

    def __str__(self) -> str:
        """Return the comparison as a sentence."""
        told = self.to_json()
        return (
            f"The withheld track ({told['fixes']} fixes) lies {told['error_km_q50']:.1f} km from the mean in the "
            f"median, {told['error_km_max']:.1f} km at most; {100.0 * told['inside_90']:.0f} % of it lies inside the "
            f"90 % circles (median radius {told['radius_90_km_q50']:.1f} km)."
        )


def compared(samples: xr.Dataset, truth: pd.DataFrame) -> Comparison:
    """Compare samples of a track with fixes (``time, lat, lon``) that lie inside their time."""
    grid = samples["time"].values.astype("datetime64[ns]")
    when = truth["time"].to_numpy().astype("datetime64[ns]")
    kept = (when >= grid[0]) & (when <= grid[-1])
    when, lat, lon = when[kept], truth["lat"].to_numpy()[kept], truth["lon"].to_numpy()[kept]
    after = np.clip(np.searchsorted(grid, when), 1, grid.size - 1)
    weight = (when - grid[after - 1]) / (grid[after] - grid[after - 1])
    vectors = sphere.unit_vector(samples["lat"].values, samples["lon"].values)
    here = vectors[:, after - 1] * (1.0 - weight)[None, :, None] + vectors[:, after] * weight[None, :, None]
    mean_lat, mean_lon = sphere.latlon(here.mean(axis=0))
    sample_lat, sample_lon = sphere.latlon(here)
    spread = sphere.distance_m(mean_lat[None], mean_lon[None], sample_lat, sample_lon) / 1000.0
    return Comparison(
        time=when,
        error_km=sphere.distance_m(mean_lat, mean_lon, lat, lon) / 1000.0,
        radius_50_km=np.quantile(spread, 0.5, axis=0),
        radius_90_km=np.quantile(spread, 0.9, axis=0),
    )
