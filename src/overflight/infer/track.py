"""Where it was between its sightings: paths that fit sightings, winds and wind error."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight import __version__
from overflight.drift.error_state import ErrorState
from overflight.errors import InvalidInput
from overflight.geo import atmosphere, sphere
from overflight.geo.times import iso
from overflight.infer.changes import with_changes
from overflight.infer.frame import F64
from overflight.infer.moments import Moments, error_states, instants_of, moments
from overflight.infer.sampling import Samples, sample
from overflight.infer.scene import Inputs, Scene, lay_out
from overflight.infer.smooth import Posterior, smooth

if TYPE_CHECKING:
    from overflight.sightings import Sighting

_LOG = logging.getLogger(__name__)
_FLYING = np.int8(0)
_MEANINGS = "flying landed burst left_domain out_of_wind out_of_levels ended waiting"
Kind = Literal["winds", "kinematic"]
_QUANTILES = (0.05, 0.5, 0.95)
_MOST_HOURS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingFit:
    """How one sighting fits the others.

    Attributes
    ----------
    index : int. Which of the track's ``sightings`` it is.
    time : datetime64[ns]. UTC.
    lat, lon : float. As reported. [degrees]
    residual_km : float. Distance from the mean track. [km]
    weight : float. Factor on the stated precision, at most 1; 1 takes the stated error as it is.
    outlier_probability : float. That its true variance is over ten times what is stated.
    altitude_weight : float. The same of its altitude, NaN where none was reported.
    """

    index: int
    time: np.datetime64
    lat: float
    lon: float
    residual_km: float
    weight: float
    outlier_probability: float
    altitude_weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Posterior of the level, over the time from first to last sighting.

    Attributes
    ----------
    altitude_m : 5, 50 and 95 % quantiles, standard altitude. [m]
    pressure_pa : pressure at these altitudes. [Pa]
    constant : bool. Candidates were constant levels; else histories through the reported altitudes.
    """

    altitude_m: tuple[float, float, float]
    pressure_pa: tuple[float, float, float]
    constant: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """What is known of a path from its first to its last sighting, and beyond as far as was asked.

    Attributes
    ----------
    samples : Dataset (trajectory, obs). Equally likely paths, CF trajectories.
    mean : Dataset (time). ``lat``, ``lon``, ``altitude``, its quantiles ``altitude_q05``, ``altitude_q50``,
        ``altitude_q95`` [m], ``sd_km`` (root of the mean of the two variances) and the covariance ``cov_east``,
        ``cov_north``, ``cov_east_north`` [km2].
    per_sighting : tuple of SightingFit, in order of time.
    level : Level
    kind : {"winds", "kinematic"}. Winds carried it between the sightings, or only its speed was used.
    sightings_given : int. Where there were more than are used they were thinned evenly in time.
    sightings : tuple of Sighting. What it was fitted to, in the order given.
    first, last : ErrorState or None. Of each sample at the first and the last sighting; None without winds.
    seed : int
    """

    samples: xr.Dataset
    mean: xr.Dataset
    per_sighting: tuple[SightingFit, ...]
    level: Level
    kind: Kind
    sightings_given: int
    sightings: tuple[Sighting, ...]
    seed: int
    first: ErrorState | None = None
    last: ErrorState | None = None

    def __str__(self) -> str:
        """Return the track as a sentence."""
        start, end = (iso(self.per_sighting[i].time) for i in (0, -1))
        low, middle, high = (round(a / 1000.0, 1) for a in self.level.altitude_m)
        doubtful = sum(row.outlier_probability > 0.5 for row in self.per_sighting)
        used = len(self.per_sighting)
        given = "" if used == self.sightings_given else f" of {self.sightings_given}"
        how = "carried by the winds" if self.kind == "winds" else "by speed alone, without winds"
        tail = f"; {doubtful} of them doubtful" if doubtful else ""
        return (
            f"Track from {start} to {end} through {used}{given} sightings{tail}, {how}, at {middle} km "
            f"({low} to {high} km); widest standard deviation {float(self.mean['sd_km'].max()):.0f} km."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the track without its samples, as plain data."""
        fields = ("lat", "lon", "altitude", "altitude_q05", "altitude_q50", "altitude_q95", "sd_km")
        rows = [
            {"time": iso(t), **{f: _plain(self.mean[f].values[i]) for f in fields}}
            for i, t in enumerate(self.mean["time"].values)
        ]
        names = ("lat", "lon", "residual_km", "weight", "outlier_probability", "altitude_weight")
        return {
            "kind": self.kind,
            "seed": self.seed,
            "sightings_given": self.sightings_given,
            "level": {
                "altitude_m": list(self.level.altitude_m),
                "pressure_pa": list(self.level.pressure_pa),
                "constant": self.level.constant,
            },
            "per_sighting": [
                {"index": s.index, "time": iso(s.time), **{n: _plain(getattr(s, n)) for n in names}}
                for s in self.per_sighting
            ],
            "mean": rows,
        }

    def at(self, times: Sequence[datetime] | NDArray[np.datetime64]) -> Moments:
        """Return where it was at any times from the first to the last of ``mean``.

        Raises
        ------
        InvalidInput
            A time is outside, or has no zone.
        """
        return moments(self.samples, instants_of(times))


def track(
    sightings: Sequence[Sighting],
    winds: xr.Dataset | None,
    *,
    seed: int,
    members: int = 400,
    inputs: Inputs | None = None,
    hours_before: float = 0.0,
    hours_after: float = 0.0,
) -> Track:
    """Estimate the path between sightings, with the winds as its dynamics and the level unknown.

    Parameters
    ----------
    sightings : sequence of Sighting, in any order.
    winds : canonical wind dataset; None fits a smooth motion without winds.
    seed : int. Same seed, same track.
    members : int. Number of samples.
    inputs : Inputs. Wind error, the range of levels, how they change, how many reports are outliers.
    hours_before, hours_after : float. How far to go on before the first and after the last sighting, in the same winds
        and with the error that the fit has learnt. [h], 0 to 240

    Raises
    ------
    InvalidInput
        There is no sighting, or a number is out of range.
    OutOfCoverage
        The winds do not enclose the sightings or any of the candidate levels.

    References
    ----------
    Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, ch. 2; Wilson et al. (2020), Efficiently
    sampling functions from Gaussian process posteriors, arXiv 2002.09309 (Matheron's rule); West (1984), doi
    10.1111/j.2517-6161.1984.tb01317.x (scale mixtures). See docs/method/infer.md.
    """
    if members < 2:
        raise InvalidInput("members", str(members), "2 or more")
    for name, hours in (("hours before", hours_before), ("hours after", hours_after)):
        if not 0.0 <= hours <= _MOST_HOURS:
            raise InvalidInput(name, str(hours), f"0 to {_MOST_HOURS:g} h")
    beyond = (3600.0 * hours_before, 3600.0 * hours_after)
    scene = with_changes(lay_out(sightings, winds, inputs or Inputs(), seed=seed, beyond_s=beyond))
    if len(scene.seen.time) < scene.seen.given:
        _LOG.warning("%d sightings thinned to %d, evenly in time", scene.seen.given, len(scene.seen.time))
    found = smooth(scene)
    drawn = sample(scene, found, members=members, seed=seed)
    samples = _dataset(scene, drawn, winds, seed)
    mean, spread = _mean(scene, drawn)
    mean["altitude"] = ("time", samples["altitude"].values.mean(axis=0, dtype=np.float64), {"units": "m"})
    quantiles = np.quantile(samples["altitude"].values, _QUANTILES, axis=0).astype(np.float64)
    for share, values in zip(_QUANTILES, quantiles, strict=True):
        mean[f"altitude_q{100 * share:02.0f}"] = ("time", values, {"units": "m"})
    first, last = (None, None) if winds is None else error_states(scene, drawn)
    return Track(
        samples=samples,
        mean=mean,
        per_sighting=_per_sighting(scene, found, spread),
        level=_level(scene, drawn),
        kind="kinematic" if winds is None else "winds",
        sightings_given=scene.seen.given,
        sightings=tuple(sightings),
        seed=seed,
        first=first,
        last=last,
    )


def _dataset(scene: Scene, drawn: Samples, winds: xr.Dataset | None, seed: int) -> xr.Dataset:
    """Write samples as CF trajectories with shared times."""
    lat, lon, _ = scene.frame.place(drawn.offset)
    seconds = np.broadcast_to(scene.frame.seconds, lat.shape)
    height = None if scene.air is None else scene.air.height_at(seconds, drawn.ln_p, lat, lon)
    altitude = atmosphere.altitude_m(np.exp(drawn.ln_p)) if height is None else height
    fields = {
        "lat": (lat, {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": (lon, {"standard_name": "longitude", "units": "degrees_east"}),
        "altitude": (altitude, {"standard_name": "altitude", "units": "m", "positive": "up"}),
        "pressure": (np.exp(drawn.ln_p), {"standard_name": "air_pressure", "units": "Pa"}),
    }
    keep = scene.regular
    data = {n: (("trajectory", "obs"), v[:, keep].astype(np.float32), a) for n, (v, a) in fields.items()}
    ids = np.arange(lat.shape[0])
    status = np.full((ids.size, keep.size), _FLYING)
    flags = {"flag_values": np.arange(8, dtype=np.int8), "flag_meanings": _MEANINGS}
    return xr.Dataset(
        {**data, "status": (("trajectory", "obs"), status, flags)},
        coords={
            "trajectory": ("trajectory", ids, {"cf_role": "trajectory_id", "long_name": "sample"}),
            "time": ("obs", _instants(scene), {"standard_name": "time"}),
        },
        attrs={
            "Conventions": "CF-1.11",
            "featureType": "trajectory",
            "title": "samples of a track between sightings",
            "overflight_version": __version__,
            "seed": seed,
            "source": "" if winds is None else str(winds.attrs.get("source", "")),
            "inputs": [*scene.seen.inputs, *_hashes(winds)] or "",
        },
    )


def _hashes(winds: xr.Dataset | None) -> list[str]:
    stated = [] if winds is None else winds.attrs.get("sha256", "")
    return [str(h) for h in np.atleast_1d(stated) if str(h)]


def _instants(scene: Scene) -> NDArray[np.datetime64]:
    nano = np.round(scene.frame.seconds[scene.regular] * 1e9).astype("timedelta64[ns]")
    return np.asarray(scene.seen.time[0] + nano)


def _mean(scene: Scene, drawn: Samples) -> tuple[xr.Dataset, F64]:
    """Mean and covariance over the samples; also (lat, lon) of the mean at the sightings, (2, sightings)."""
    centre = drawn.offset.mean(axis=0)
    lat, lon, turn = (a[0] for a in scene.frame.place(centre[None, :]))
    local = (drawn.offset - centre) * np.exp(-1j * turn) / 1000.0
    east, north = local.real, local.imag
    cov = {"cov_east": east * east, "cov_north": north * north, "cov_east_north": east * north}
    keep, scale = scene.regular, drawn.offset.shape[0] / (drawn.offset.shape[0] - 1)
    data = {n: ("time", c.mean(axis=0)[keep] * scale, {"units": "km2"}) for n, c in cov.items()}
    mean = xr.Dataset(
        {
            "lat": ("time", lat[keep], {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("time", lon[keep], {"units": "degrees_east", "standard_name": "longitude"}),
            **data,
        },
        coords={"time": ("time", _instants(scene), {"standard_name": "time"})},
    )
    mean["sd_km"] = ("time", np.sqrt(0.5 * (mean["cov_east"].values + mean["cov_north"].values)), {"units": "km"})
    return mean, np.stack([lat[scene.index], lon[scene.index]])


def _per_sighting(scene: Scene, found: Posterior, at: F64) -> tuple[SightingFit, ...]:
    seen, best = scene.seen, int(np.argmax(found.level_weight))
    altitude = np.full(seen.index.size, np.nan)
    stated = np.isfinite(seen.altitude_m)
    altitude[stated] = found.levels.report_weight[best]
    residual = sphere.distance_m(at[0], at[1], seen.lat, seen.lon) / 1000.0
    rows = zip(
        seen.index,
        seen.time,
        seen.lat,
        seen.lon,
        residual,
        np.minimum(found.precision, 1.0),
        found.outlier_probability,
        altitude,
        strict=True,
    )
    return tuple(
        SightingFit(
            index=int(i),
            time=t,
            lat=float(y),
            lon=float(x),
            residual_km=float(r),
            weight=float(w),
            outlier_probability=float(o),
            altitude_weight=float(a),
        )
        for i, t, y, x, r, w, o, a in rows
    )


def _level(scene: Scene, drawn: Samples) -> Level:
    between = slice(int(scene.index[0]), int(scene.index[-1]) + 1)
    altitude = np.quantile(atmosphere.altitude_m(np.exp(drawn.ln_p[:, between])), _QUANTILES)
    low, middle, high = (float(a) for a in altitude)
    pressures = [float(p) for p in atmosphere.pressure_pa(altitude)]
    return Level(
        altitude_m=(low, middle, high),
        pressure_pa=(pressures[0], pressures[1], pressures[2]),
        constant=scene.levels.constant,
    )


def _plain(value: Any) -> float | None:
    return None if not np.isfinite(value) else round(float(value), 6)
