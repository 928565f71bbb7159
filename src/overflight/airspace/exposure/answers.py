"""What is asked of a cube: who is exposed, who crosses forty countries, and where balloons over a country come from."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.exposure.cube import interval
from overflight.errors import InvalidInput

DIMS = ("launch", "level", "season", "country")
TEXTS = ("launch", "season", "country", "country_name")
MANY = 40
"""Countries: what was said of the balloons of 2023."""
LIKELY = 0.5


def open_cube(path: Path) -> xr.Dataset:
    """Open a cube that was written.

    Raises
    ------
    InvalidInput
        The file is none, or is broken.
    """
    if not path.exists():
        raise InvalidInput("cube", f"{path} (No such file or directory)", "a cube of exposure")
    how = {"engine": "zarr", "consolidated": False} if path.is_dir() else {"engine": "h5netcdf"}
    try:
        with xr.open_dataset(path, **how) as opened:
            data: xr.Dataset = opened.load()
    except Exception as problem:  # readers of damaged files raise what they like
        raise InvalidInput("cube", f"{path.name} ({type(problem).__name__})", "a cube of exposure") from None
    if "probability_at_least" not in data or not set(DIMS) <= set(data.dims):
        raise InvalidInput("cube", f"{path.name} without exposure", "what `overflight exposure` wrote")
    texts = {name: (data[name].dims, np.array([str(text) for text in data[name].values], object), data[name].attrs)
             for name in TEXTS}  # fmt: skip
    return data.assign_coords(texts)  # as in the cube that was written: readers give text as they like


def mean_over_releases(cube: xr.Dataset, name: str) -> xr.DataArray:
    """Return the mean of a variable over places, levels and dates; a season weighs as many dates as it has."""
    every = cube[name].mean(("launch", "level"), dtype=np.float64)
    return every.weighted(cube["dates"].astype(np.float64)).mean("season")


def ranking(cube: xr.Dataset) -> pd.DataFrame:
    """Return the countries by hours of exposure: ``id, name, probability, hours, share`` of all hours over countries.

    Probability and hours are those of a balloon from a place, at a level and on a date of the cube, all alike.
    """
    hours = mean_over_releases(cube, "hours").values
    table = pd.DataFrame(
        {
            "id": cube["country"].values.astype(str),
            "name": cube["country_name"].values.astype(str),
            "probability": mean_over_releases(cube, "probability").values,
            "hours": hours,
            "share": hours / max(float(hours.sum()), 1e-300),
        }
    )
    return table.sort_values(["hours", "id"], ascending=[False, True], kind="stable", ignore_index=True)


@dataclass(frozen=True, slots=True, eq=False)
class Lorenz:
    """How unevenly exposure falls on countries (Lorenz 1905, doi 10.2307/2276207).

    ``countries`` and ``hours``, float64 (n + 1,), are shares from 0 to 1, the least exposed country first; ``gini`` is
    0 where all are exposed alike, and near 1 where one alone is.
    """

    countries: NDArray[np.float64]
    hours: NDArray[np.float64]
    gini: float


def lorenz(cube: xr.Dataset) -> Lorenz:
    """Return the curve of exposure over all countries, also those never crossed."""
    hours = np.sort(mean_over_releases(cube, "hours").values)
    countries = np.linspace(0.0, 1.0, hours.size + 1)
    if hours.sum() <= 0.0:
        return Lorenz(countries, countries.copy(), 0.0)
    share = np.concatenate([[0.0], np.cumsum(hours)]) / hours.sum()
    return Lorenz(countries, share, float(1.0 - 2.0 * np.trapezoid(share, countries)))


def crossing_many(cube: xr.Dataset, number: int = MANY) -> pd.DataFrame:
    """Return, for each level and season, from how many places a balloon crosses at least ``number`` countries.

    Columns: ``altitude_m, season, dates, places, places_any`` (some balloon did), ``places_likely`` (more often than
    not), ``probability`` (mean over places), and of the place ``best``, where it is greatest, ``probability_best`` with
    its 95 % interval ``probability_best_low, probability_best_high``.

    Raises
    ------
    InvalidInput
        The number is below 1.
    """
    chance, error = at_least(cube, number), at_least(cube, number, "probability_at_least_se")
    rows = []
    for level in range(chance.sizes["level"]):
        for season in range(chance.sizes["season"]):
            at = {"level": level, "season": season}
            p, se = (field.isel(at).values.astype(np.float64) for field in (chance, error))
            dates, best = int(cube["dates"].values[season]), int(np.argmax(p))
            low, high = interval(p[best], se[best], dates, int(cube.attrs["members"]))
            rows.append(
                {
                    "altitude_m": float(cube["level"].values[level]),
                    "season": str(cube["season"].values[season]),
                    "dates": dates,
                    "places": p.size,
                    "places_any": int((p > 0.0).sum()),
                    "places_likely": int((p >= LIKELY).sum()),
                    "probability": float(p.mean()),
                    "best": str(cube["launch"].values[best]) if p[best] > 0.0 else "",
                    "probability_best": float(p[best]),
                    "probability_best_low": float(low),
                    "probability_best_high": float(high),
                }
            )
    return pd.DataFrame(rows)


def at_least(cube: xr.Dataset, number: int, name: str = "probability_at_least") -> xr.DataArray:
    """Return the probability (launch, level, season) of crossing at least so many countries, or its standard error.

    Raises
    ------
    InvalidInput
        The number is below 1.
    """
    if number < 1:
        raise InvalidInput("--crossing", str(number), "1 country or more")
    chance = cube[name]
    return chance.isel(number=number) if number < chance.sizes["number"] else xr.zeros_like(chance.isel(number=0))


def country_number(cube: xr.Dataset, country: str) -> int:
    """Return the place of a country, given by id or name, in the cube.

    Raises
    ------
    InvalidInput
        The cube has no such country.
    """
    ids, names = (cube[n].values.astype(str) for n in ("country", "country_name"))
    wanted = country.strip().casefold()
    for known in (ids, names):
        at = np.flatnonzero(np.char.lower(known) == wanted)
        if at.size:
            return int(at[0])
    close = difflib.get_close_matches(country, [*ids, *names], 1, cutoff=0.5)
    raise InvalidInput("--over", repr(country), "a country of the cube, as CAN",
                       hint=f"did you mean {close[0]}?" if close else "")  # fmt: skip


def origins(cube: xr.Dataset, country: str) -> pd.DataFrame:
    """Return where balloons over a country come from, by place, level and season, the greatest share first.

    Columns: ``launch, lat, lon, altitude_m, season, probability, probability_low, probability_high, hours``,
    ``first_arrival_h`` (median) and ``share``: of all hours over the country, if each place and level released as many
    balloons on each date.

    Raises
    ------
    InvalidInput
        The cube has no such country.
    """
    names = ["probability", "probability_low", "probability_high", "hours"]
    one = cube.isel(country=country_number(cube, country))
    hours = (one["hours"].astype(np.float64) * one["dates"]).transpose("launch", "level", "season")
    flat = {n: one[n].transpose("launch", "level", "season").values.ravel() for n in names}
    where = [a.ravel() for a in np.meshgrid(*(np.arange(n) for n in hours.shape), indexing="ij")]
    median = one["first_arrival"].sel(quantile=0.5).transpose("launch", "level", "season").values.ravel()
    table = pd.DataFrame(
        {
            "launch": cube["launch"].values.astype(str)[where[0]],
            "lat": cube["lat"].values[where[0]],
            "lon": cube["lon"].values[where[0]],
            "altitude_m": cube["level"].values[where[1]],
            "season": cube["season"].values.astype(str)[where[2]],
            **flat,
            "first_arrival_h": median,
            "share": hours.values.ravel() / max(float(hours.sum()), 1e-300),
        }
    )
    table = table[table["probability"] > 0.0]
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
