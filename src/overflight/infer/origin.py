"""A first map of where it may have been launched: backward density, not yet a posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight import drift
from overflight.drift.kernels.output import LANDED
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo import sphere
from overflight.geo.density import Density
from overflight.geo.times import iso
from overflight.infer.runs import hindcast
from overflight.infer.track import Track

F64 = NDArray[np.float64]

SITE_REACH_KM = 50.0
"""Width of the kernel about a site: ascent drifts some tens of km."""
NONE_OF_THESE = "none of these"
_OUTPUT_S = 1800.0
NOTE = (
    "First map: density of drift back in time at the track's level, each age up to the limit equally likely. The "
    "ascent is left out, land and sea are alike, and launches have not been run forward against the sightings; it is "
    "no posterior yet."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place known for launches: ``name``, ``lat``, ``lon`` [degrees]."""

    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """Where it may have been launched.

    Attributes
    ----------
    density : Density. Cells with probability; ``elsewhere`` is what left the winds.
    hours_back : float. How long before the first sighting it was followed. [h]
    launch_time : 5, 50 and 95 % quantiles of the time of launch, as far as the winds reach; mostly the prior. UTC.
    sites : tuple of (name, probability), the likeliest first, with "none of these"; empty where no site was given.
    elsewhere : float. Probability of places outside the winds.
    note : str. What the map is and is not.
    seed : int
    """

    density: Density
    hours_back: float
    launch_time: tuple[np.datetime64, np.datetime64, np.datetime64]
    sites: tuple[tuple[str, float], ...]
    elsewhere: float
    note: str
    seed: int

    def __str__(self) -> str:
        """Return the finding as sentences."""
        area = self.density.area_m2(0.9) / 1e6
        text = (
            f"First launch map, {self.hours_back:g} h back: the 90 % region of the backward density covers "
            f"{area:,.0f} km2; {100 * self.elsewhere:.0f} % lies outside the winds."
        )
        if self.sites:
            name, probability = self.sites[0]
            text += f" Of the sites asked about, {name} comes first with {100 * probability:.0f} %."
        return text

    def to_json(self) -> dict[str, Any]:
        """Return the finding without its cells, as plain data."""
        return {
            "hours_back": self.hours_back,
            "elsewhere": self.elsewhere,
            "area_50_km2": self.density.area_m2(0.5) / 1e6,
            "area_90_km2": self.density.area_m2(0.9) / 1e6,
            "launch_time": [iso(t) for t in self.launch_time],
            "sites": [{"name": n, "probability": p} for n, p in self.sites],
            "note": self.note,
            "seed": self.seed,
        }


def origin(
    track: Track,
    winds: xr.Dataset,
    *,
    hours_back: float,
    seed: int | None = None,
    sites: Sequence[Site] = (),
    resolution: int = 4,
    settings: drift.Settings | None = None,
) -> Origin:
    """Map the places from which drift at the track's level leads to its first sighting.

    Every member of a hindcast may have been launched at any time up to ``hours_back`` before, all equally likely, but
    for the times before it comes out of the ground.

    Parameters
    ----------
    track : Track
    winds : canonical wind dataset.
    hours_back : float. [h], above 0
    seed : int. The track's own where None.
    sites : known sites to rank. As a group they are given the same prior as "none of these", which is spread evenly
        over the 90 % region.
    resolution : int. H3 resolution of the cells, 0 to 7.
    settings : drift.Settings, its ``wind_error`` the default model where None; outputs every half hour over the sea's
        level where no settings are given.

    Raises
    ------
    InvalidInput
        A number is out of range.
    OutOfCoverage
        The winds know no time before the first sighting.

    References
    ----------
    Seibert and Frank (2004), doi 10.5194/acp-4-51-2004, on what backward densities mean.
    """
    if not 0 <= resolution <= 7:
        raise InvalidInput("resolution", str(resolution), "0 to 7")
    seed = track.seed if seed is None else seed
    settings = drift.Settings(output_s=_OUTPUT_S) if settings is None else settings
    back = hindcast(track, winds, hours=hours_back, seed=seed, wind_error=settings.wind_error, settings=settings)
    lat, lon = (back[n].values[:, 1:].astype(np.float64) for n in ("lat", "lon"))
    flown = back["status"].values[:, 1:] != LANDED
    there = np.isfinite(lat) & np.isfinite(lon) & flown
    if not there.any():
        have = "none that a member stays in, above the ground"
        raise OutOfCoverage("winds", f"{hours_back:g} h before the first sighting", have)
    density = Density.from_points(lat[flown], lon[flown], resolution=resolution, smooth_rings=1)
    elsewhere = density.elsewhere
    ranked = _rank(sites, lat[there], lon[there], density, elsewhere) if sites else ()
    return Origin(
        density=density,
        hours_back=hours_back,
        launch_time=_launch_times(back["time"].values[1:], there),
        sites=ranked,
        elsewhere=elsewhere,
        note=NOTE,
        seed=seed,
    )


def _launch_times(
    times: NDArray[np.datetime64], there: NDArray[np.bool_]
) -> tuple[np.datetime64, np.datetime64, np.datetime64]:
    """Weighted quantiles of the times at which members are still inside the winds."""
    order = np.argsort(times)
    share = np.cumsum(there.sum(axis=0)[order] + 1e-12)
    low, middle, high = (times[order][np.searchsorted(share / share[-1], q)] for q in (0.05, 0.5, 0.95))
    return low, middle, high


def _rank(
    sites: Sequence[Site], lat: F64, lon: F64, density: Density, elsewhere: float
) -> tuple[tuple[str, float], ...]:
    """Weigh sites by the backward density about them, against a launch anywhere in the 90 % region."""
    width = 1.0 / (2.0 * np.pi * SITE_REACH_KM**2)
    weight = {}
    for site in sites:
        km = sphere.distance_m(site.lat, site.lon, lat, lon) / 1000.0
        kernel = width * np.exp(-0.5 * (km / SITE_REACH_KM) ** 2)
        weight[site.name] = 0.5 / len(sites) * (1.0 - elsewhere) * float(kernel.mean())
    weight[NONE_OF_THESE] = 0.5 * ((1.0 - elsewhere) * 0.9 / max(density.area_m2(0.9) / 1e6, 1.0) + elsewhere * width)
    total = sum(weight.values())
    return tuple(sorted(((n, w / total) for n, w in weight.items()), key=lambda row: -row[1]))
