"""The cube: what all dates come to, by place, level, season and country.

Balloons of one date fly in the same weather, so that they are no independent trials: the error of every mean is taken
from the spread of the dates' own means (dates are the clusters, Cochran 1977, Sampling Techniques, ch. 9).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.exposure.crossed import names
from overflight.airspace.exposure.plan import SEASONS, Plan, level_text
from overflight.airspace.exposure.tally import Tally, together
from overflight.geo import atmosphere
from overflight.geo.spread import Spread, centre

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
QUANTILES = (0.05, 0.5, 0.95)
LEAST_NUMBERS = 40
"""Numbers of countries that the cube counts to at least."""
FOLD_ROWS = 4_000_000
_Z95 = 1.959963984540054


@dataclass(slots=True, eq=False)
class _Sums:
    """Sums over the dates of one season, and of squares of what each date came to."""

    crossed: I64
    crossed2: I64
    seconds: F64
    seconds2: F64
    at_least: I64
    at_least2: I64
    lost: I64
    dates: int = 0
    arrivals: Tally | None = None

    @staticmethod
    def of(releases: int, countries: int) -> _Sums:
        """Begin with nothing."""

        def whole(columns: int) -> I64:
            return np.zeros((releases, columns), np.int64)

        return _Sums(
            crossed=whole(countries),
            crossed2=whole(countries),
            seconds=np.zeros((releases, countries)),
            seconds2=np.zeros((releases, countries)),
            at_least=whole(countries + 1),
            at_least2=whole(countries + 1),
            lost=np.zeros(releases, np.int64),
        )


def cube_of(plan: Plan, read: Callable[[str], Tally], winds: xr.Dataset) -> xr.Dataset:
    """Put the dates of a plan together.

    Parameters
    ----------
    read : returns what a date came to.
    winds : those that were flown, for their attributes.

    Returns
    -------
    Dataset
        Dims ``launch, level, season, country``; of the numbers of countries ``number``. ``probability`` with its
        standard error and 95 % interval, ``hours`` inside (of all balloons) with its standard error, ``first_arrival``
        (hours after release, of those that crossed), ``probability_at_least`` (that a balloon crosses at least so many
        countries), ``lost`` (share of balloons that the winds did not reach to the end), ``dates`` of each season.
    """
    by_season: dict[int, list[str]] = {}
    for date in plan.dates:
        by_season.setdefault(plan.season_of(date), []).append(date)
    seasons = sorted(by_season)
    sums = [_season(plan, by_season[season], read) for season in seasons]
    data = xr.concat([_fields(plan, one) for one in sums], dim="season")
    most = max(
        LEAST_NUMBERS, int(np.flatnonzero((data["probability_at_least"] > 0).any(("launch", "level", "season"))).max())
    )
    data = data.isel(number=slice(0, most + 1))
    data = data.transpose("launch", "level", "season", "quantile", "country", "number")
    return _described(data.assign_coords(_axes(plan, seasons, most)), plan, winds)


def _season(plan: Plan, dates: list[str], read: Callable[[str], Tally]) -> _Sums:
    sums = _Sums.of(plan.releases, len(names().ids))
    waiting: list[Tally] = []
    for date in dates:
        waiting.append(read(date))
        _add(sums, waiting[-1])
        if sum(found.pair.size for found in waiting) > FOLD_ROWS:
            waiting = [together(waiting)]
    sums.arrivals = together(waiting)
    return sums


def _add(sums: _Sums, found: Tally) -> None:
    pair, index = np.unique(found.pair, return_inverse=True)
    balloons = np.bincount(index, found.balloons, pair.size).astype(np.int64)
    seconds = np.bincount(index, found.seconds, pair.size)
    for total, values in ((sums.crossed, balloons), (sums.crossed2, balloons**2), (sums.seconds, seconds),
                          (sums.seconds2, seconds**2)):  # fmt: skip
        total.ravel()[pair] += values.astype(total.dtype)
    counts = np.zeros_like(sums.at_least)
    counts[found.release, found.number] = found.with_number
    counts = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    sums.at_least += counts
    sums.at_least2 += counts**2
    sums.lost += found.lost
    sums.dates += 1


def _fields(plan: Plan, sums: _Sums) -> xr.Dataset:
    shape = (len(plan.places), len(plan.levels_m), -1)
    dates, trials = sums.dates, sums.dates * plan.members
    p, p_se = _mean(sums.crossed, sums.crossed2, dates, plan.members)
    low, high = interval(p, p_se, dates, plan.members)
    hours, hours_se = (v / 3600.0 for v in _mean(sums.seconds, sums.seconds2, dates, plan.members))
    number, number_se = _mean(sums.at_least, sums.at_least2, dates, plan.members)
    by = ("launch", "level", "country")
    country = {"probability": p, "probability_se": p_se, "probability_low": low, "probability_high": high,
               "hours": hours, "hours_se": hours_se}  # fmt: skip
    data: dict[str, Any] = {n: (by, values.reshape(shape).astype(np.float32)) for n, values in country.items()}
    for name, values in (("probability_at_least", number), ("probability_at_least_se", number_se)):
        data[name] = (("launch", "level", "number"), values.reshape(shape).astype(np.float32))
    assert sums.arrivals is not None  # noqa: S101 - a season has a date
    arrival = _arrivals(sums.arrivals, plan.releases * sums.crossed.shape[1])
    data["first_arrival"] = (("quantile", *by), arrival.reshape(len(QUANTILES), *shape).astype(np.float32))
    data["lost"] = (("launch", "level"), (sums.lost / trials).reshape(shape[:2]).astype(np.float32))
    return xr.Dataset(data | {"dates": ((), np.int32(dates))})


def _mean(total: Any, squares: Any, dates: int, members: int) -> tuple[F64, F64]:
    """Return the mean over balloons, and its standard error by the spread of the dates; NaN of a single date."""
    mean = total / (dates * members)
    if dates == 1:
        return mean, np.full(mean.shape, np.nan)
    spread = np.maximum(0.0, dates * squares.astype(np.float64) - total.astype(np.float64) ** 2)
    return mean, np.sqrt(spread / (dates - 1)) / (dates * members)


def interval(p: F64, se: F64, dates: int, members: int) -> tuple[F64, F64]:
    """Return the 95 % interval of a probability (Wilson 1927), by as many independent trials as its error tells of.

    They are ``p (1 - p) / se^2``, from one date to all its balloons; where none or all crossed, the dates, and the rule
    of three bounds it: never 0 % or 100 %.
    """
    certain = (p <= 0.0) | (p >= 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        trials = p * (1.0 - p) / se**2
    trials = np.where(certain | ~(trials > 0.0), dates, np.minimum(trials, dates * members))
    centre_ = (p + _Z95**2 / (2 * trials)) / (1 + _Z95**2 / trials)
    half = _Z95 / (1 + _Z95**2 / trials) * np.sqrt(p * (1 - p) / trials + _Z95**2 / (4 * trials**2))
    low = np.where(p <= 0.0, 0.0, np.where(p >= 1.0, max(0.0, 1.0 - 3.0 / dates), centre_ - half))
    high = np.where(p >= 1.0, 1.0, np.where(p <= 0.0, min(1.0, 3.0 / dates), centre_ + half))
    return low, high


def _arrivals(found: Tally, pairs: int) -> F64:
    """Return quantiles of the hour of first entry, (quantiles, pairs), NaN where nobody crossed. [h]"""
    out = np.full((len(QUANTILES), pairs), np.nan)
    if not found.pair.size:
        return out
    starts = np.flatnonzero(np.diff(found.pair, prepend=-1))
    below = np.concatenate([[0], np.cumsum(found.balloons)])
    first = below[starts]
    total = np.append(first[1:], below[-1]) - first
    for i, q in enumerate(QUANTILES):
        rank = first + np.maximum(1, np.ceil(q * total - 1e-9).astype(np.int64))
        out[i, found.pair[starts]] = found.hour[np.searchsorted(below[1:], rank, side="left")]
    return out


def _axes(plan: Plan, seasons: list[int], most: int) -> dict[str, Any]:
    known = names()
    altitude = np.array([centre(level) for level in plan.levels_m])
    sd = [level.b if isinstance(level, Spread) else 0.0 for level in plan.levels_m]
    return {
        "launch": ("launch", np.array([p.name for p in plan.places], object), {"long_name": "place of release"}),
        "lat": ("launch", [p.lat for p in plan.places], {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": ("launch", [p.lon for p in plan.places], {"standard_name": "longitude", "units": "degrees_east"}),
        "level": ("level", altitude, {"standard_name": "altitude", "units": "m", "positive": "up",
                                      "long_name": "altitude of float in the standard atmosphere"}),
        "level_sd": ("level", sd, {"units": "m", "long_name": "standard deviation of the altitude of float"}),
        "pressure": ("level", np.asarray(atmosphere.pressure_pa(altitude)), {"standard_name": "air_pressure",
                                                                             "units": "Pa"}),
        "season": ("season", np.array([SEASONS[plan.seasons][s] for s in seasons], object),
                   {"long_name": "season of release, by month (UTC)"}),
        "country": ("country", np.array(known.ids, object), {"long_name": "id, also of disputed areas"}),
        "country_name": ("country", np.array(known.names, object), {"long_name": "name"}),
        "is_country": ("country", known.is_country.astype(np.int8), {"long_name": "0 for a disputed area"}),
        "number": ("number", np.arange(most + 1), {"units": "1", "long_name": "number of countries"}),
        "quantile": ("quantile", list(QUANTILES), {"units": "1"}),
    }  # fmt: skip


ABOUT = {
    "probability": ("1", "probability that a balloon crosses the country within the days followed"),
    "probability_se": ("1", "standard error of probability, dates as clusters"),
    "probability_low": ("1", "lower end of the 95 % interval of probability"),
    "probability_high": ("1", "upper end of the 95 % interval of probability"),
    "hours": ("h", "expected time over the country, of all balloons"),
    "hours_se": ("h", "standard error of hours, dates as clusters"),
    "first_arrival": ("h", "time from release to first entry, quantiles of the balloons that crossed, whole hours"),
    "probability_at_least": ("1", "probability that a balloon crosses at least so many countries"),
    "probability_at_least_se": ("1", "standard error of probability_at_least, dates as clusters"),
    "lost": ("1", "share of balloons that the winds did not reach to the end"),
    "dates": ("1", "dates of release"),
}
STEADY = "winds of one time, held for the whole run: this is no climatology"


def _described(data: xr.Dataset, plan: Plan, winds: xr.Dataset) -> xr.Dataset:
    for name, (unit, text) in ABOUT.items():
        data[name].attrs = {"units": unit, "long_name": text}
    is_steady = plan.steady and winds.sizes["time"] == 1
    data.attrs = {
        "Conventions": "CF-1.11",
        "title": "Exposure of countries to unsteered balloons" + (f"; {STEADY}" if is_steady else ""),
        "winds": str(winds.attrs.get("source", "")),
        "steady_winds": int(is_steady),
        **plan_attributes(plan),
    }
    return data


def plan_attributes(plan: Plan) -> dict[str, Any]:
    """Return what a cube tells of its plan."""
    return {
        "seed": plan.seed,
        "days": plan.days,
        "members": plan.members,
        "float": ", ".join(level_text(level) for level in plan.levels_m),
        "start": plan.dates[0],
        "end": plan.dates[-1],
        "releases": len(plan.dates),
        "seasons": plan.seasons,
        "wind_error": int(plan.wind_error),
        "winds_sha256": plan.winds_sha256,
        "regions": plan.regions_version,
        "overflight_version": plan.version,
        "plan_sha256": plan.digest(),
    }
