"""The sightings that candidates are held against: places with their error ellipses, altitudes, instants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.infer.observed import observe
from overflight.infer.track import Track

if TYPE_CHECKING:
    from overflight.sightings import Sighting

F64 = NDArray[np.float64]

MOST_SIGHTINGS = 6
"""More are thinned evenly in time: a handful fixes a candidate, and the density is of three numbers for each."""
_LEAST_SD_KM = 1.0
_RANGE_KM = (60.0, 60.0)
"""Distance of an object of which only a bearing is known, and its standard deviation: judged."""
_LEAST_ELEVATION_DEG = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPlaces:
    """Sightings as arrays (n,), in order of time.

    Attributes
    ----------
    time : datetime64[ns] (n,)
    lat, lon : float64 (n,). [degrees]
    cov_km2 : float64 (n, 2, 2). Of east and north. [km2]
    time_sd_s : float64 (n,). Windows of time included. [s]
    altitude_m, altitude_sd_m : float64 (n,), NaN where none is reported. [m]
    is_pressure : bool (n,)
    given : int. Before thinning.
    """

    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    cov_km2: F64
    time_sd_s: F64
    altitude_m: F64
    altitude_sd_m: F64
    is_pressure: NDArray[np.bool_]
    given: int


def seen_places(seen: Sequence[Sighting] | Track) -> SeenPlaces:
    """Put sightings, or those of a track that it does not doubt, in order.

    Raises
    ------
    InvalidInput
        There are none, or one is no place.
    """
    chosen = _undoubted(seen) if isinstance(seen, Track) else list(seen)
    o = observe(chosen)
    keep = np.unique(np.linspace(0, o.time.size - 1, min(o.time.size, MOST_SIGHTINGS)).round().astype(int))
    ordered = [chosen[i] for i in o.index[keep]]
    places = [_place(s) for s in ordered]
    return SeenPlaces(
        time=o.time[keep],
        lat=np.array([p[0] for p in places]),
        lon=sphere.wrap([p[1] for p in places]),
        cov_km2=np.stack([p[2] for p in places]),
        time_sd_s=np.array([float(np.hypot(s.time_sd_s, s.time_window_s / np.sqrt(3.0))) for s in ordered]),
        altitude_m=o.altitude_m[keep],
        altitude_sd_m=o.altitude_sd_m[keep],
        is_pressure=o.is_pressure[keep],
        given=len(seen.sightings if isinstance(seen, Track) else seen),
    )


def _undoubted(track: Track) -> list[Sighting]:
    doubted = {fit.index for fit in track.per_sighting if fit.outlier_probability > 0.5}
    kept = [s for i, s in enumerate(track.sightings) if i not in doubted]
    return kept or list(track.sightings)


def _place(one: Sighting) -> tuple[float, float, F64]:
    """Return the place of the object and its covariance. [degrees], [km2]"""
    if one.bearing is not None:
        return _by_bearing(one)
    if one.ellipse is None:
        return one.lat, one.lon, np.eye(2) * max(_LEAST_SD_KM, one.position_sd_m / 1000.0) ** 2
    e = one.ellipse
    return one.lat, one.lon, ellipse_km2(e.major_sd_m / 1000.0, e.minor_sd_m / 1000.0, e.azimuth_deg)


def _by_bearing(one: Sighting) -> tuple[float, float, F64]:
    """Put the object along a bearing: as far as elevation and altitude say, else some tens of kilometres off."""
    assert one.bearing is not None  # noqa: S101 - asked for where there is one
    b, (range_km, range_sd_km) = one.bearing, _RANGE_KM
    if one.altitude is not None and b.elevation_deg is not None and b.elevation_deg > _LEAST_ELEVATION_DEG:
        tangent = np.tan(np.radians(b.elevation_deg))
        range_km = one.altitude.value_m / 1000.0 / tangent
        turned = np.radians(b.elevation_sd_deg or 2.0) * (1.0 + tangent**2) / tangent
        range_sd_km = range_km * float(np.hypot(turned, one.altitude.sd_m / max(one.altitude.value_m, 1.0)))
    lat, lon = sphere.move(one.lat, one.lon, b.azimuth_deg, 1000.0 * range_km)
    across_km = range_km * np.radians(b.azimuth_sd_deg)
    cov = ellipse_km2(range_sd_km, across_km, b.azimuth_deg) + np.eye(2) * (one.position_sd_m / 1000.0) ** 2
    return float(lat), float(lon), cov


def ellipse_km2(major_km: float, minor_km: float, azimuth_deg: float) -> F64:
    """Return the covariance of east and north of an ellipse of standard deviations. [km2]"""
    if not (0.0 <= major_km < 2e4 and 0.0 <= minor_km < 2e4 and np.isfinite(azimuth_deg)):
        raise InvalidInput("ellipse", f"{major_km:g}, {minor_km:g} km, {azimuth_deg:g}", "finite axes and an azimuth")
    a = np.radians(azimuth_deg)
    turn = np.array([[np.sin(a), np.cos(a)], [np.cos(a), -np.sin(a)]])
    axes = np.maximum([major_km, minor_km], _LEAST_SD_KM)
    return np.asarray(turn @ np.diag(axes**2) @ turn.T)


def some_of(seen: SeenPlaces, keep: NDArray[np.intp]) -> SeenPlaces:
    """Return some of the sightings."""
    fields = {n: getattr(seen, n) for n in SeenPlaces.__dataclass_fields__}
    return SeenPlaces(**{n: v if n == "given" else v[keep] for n, v in fields.items()})
