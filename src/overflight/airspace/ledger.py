"""The overflight ledger: which countries a track or an ensemble crossed, when, how surely.

Probability is the share of members that crossed, with its Monte-Carlo interval (Wilson 1927, doi
10.1080/01621459.1927.10502953); no members crossing bounds it by 3/N (rule of three), all crossing by 1 - 3/N. Times
are quantiles over the members that crossed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.lookup import Pieces, hits, pieces_of
from overflight.airspace.regions import Regions, countries
from overflight.errors import InvalidInput

F64 = NDArray[np.float64]
IN_FLIGHT = (0, 2)
"""Status of members that fly, before and after a burst."""
QUANTILES = (0.05, 0.5, 0.95)
_SLACK = 1e-3
"""What rounding to single precision may add to a place. [degrees]"""
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Crossings by country.

    Attributes
    ----------
    table : DataFrame, a row a country in the order of entry: ``id, name, administered_by, note, disputed, members,
        probability, probability_low, probability_high, entry_q05, entry_q50, entry_q95, exit_q05, exit_q50, exit_q95``
        (times UTC, of the members that crossed), ``hours_q50, altitude_low_m, altitude_high_m``.
    members : int. Members that had a path.
    regions_source : str
    """

    table: pd.DataFrame
    members: int
    regions_source: str

    def __str__(self) -> str:
        """Return one sentence a country."""
        if self.table.empty:
            most = min(1.0, 3 / self.members)
            return f"No country crossed by any of {self.members} members (each less than {most:.1%})."
        return "\n".join(_sentence(row, self.members) for _, row in self.table.iterrows())

    def to_json(self) -> dict[str, Any]:
        """Return the ledger ready for JSON."""
        rows = [
            {key: (value.isoformat() + "Z" if isinstance(value, pd.Timestamp) else value) for key, value in row.items()}
            for row in self.table.to_dict("records")
        ]
        return {"members": self.members, "regions": self.regions_source, "crossings": rows}

    def to_geojson(self, regions: Regions | None = None) -> dict[str, Any]:
        """Return the regions crossed as a FeatureCollection, each with its row; ``regions`` are those of the ledger."""
        regions = countries() if regions is None else regions
        shapes = {region.id: shape for region, shape in zip(regions.regions, regions.geometries, strict=True)}
        features = [
            {
                "type": "Feature",
                "properties": row,
                "geometry": json.loads(shapely.to_geojson(shapely.orient_polygons(shapes[row["id"]]))),
            }
            for row in self.to_json()["crossings"]
        ]
        return {"type": "FeatureCollection", "features": features}


def chance(row: pd.Series, members: int) -> str:
    """Say a probability with what the number of members allows: never 0 % or 100 %."""
    if row["members"] == members:
        return f"> {1 - 3 / members:.1%}" if members > 3 else f"{members} of {members}"
    return f"{row['probability']:.1%} ({row['probability_low']:.1%} to {row['probability_high']:.1%})"


def _sentence(row: pd.Series, members: int) -> str:
    times = " to ".join(f"{row[f'entry_{q}']:%Y-%m-%d %H:%M}" for q in ("q05", "q95"))
    note = f" [{row['note']}]" if row["note"] else ""
    return f"{row['name']}: {chance(row, members)}; entry {times} UTC, {row['hours_q50']:.1f} h inside{note}"


def ledger(trajectories: xr.Dataset, regions: Regions | None = None) -> Ledger:
    """List the countries that an ensemble crossed.

    Parameters
    ----------
    trajectories : dataset with dims (trajectory, obs), see ``overflight.drift``.
    regions : Regions, by default the countries that are shipped.

    Raises
    ------
    InvalidInput
        The dataset holds no trajectories.
    """
    regions = countries() if regions is None else regions
    lat, lon, altitude, time_s, epoch = _paths(trajectories)
    known = np.isfinite(lat).any(axis=1)
    if not known.any():
        raise InvalidInput("trajectories", "no places", "at least one member with a path")
    pieces = pieces_of(lat, lon, time_s, altitude)
    rows = _rows(pieces, regions, int(known.sum()), epoch)
    columns = _row("", np.zeros(1), np.zeros((1, 4)), 1, epoch, regions, 0).keys()
    table = pd.DataFrame(rows, columns=list(columns)).sort_values("entry_q50", kind="stable", ignore_index=True)
    return Ledger(table, int(known.sum()), regions.regions[0].source)


def _paths(data: xr.Dataset) -> tuple[F64, F64, F64, F64, np.datetime64]:
    missing = [name for name in ("lat", "lon", "time") if name not in data.variables]
    if missing:
        raise InvalidInput("trajectories", f"no {', '.join(missing)}", "lat, lon and time with dims (trajectory, obs)")
    _require_paths(data)
    lat, lon = (np.array(np.atleast_2d(data[name].values), np.float64) for name in ("lat", "lon"))
    if "status" in data:
        grounded = ~np.isin(np.atleast_2d(data["status"].values), IN_FLIGHT)
        grounded[:, 1:] &= grounded[:, :-1]  # the leg that ends on the ground was flown
        lat[grounded] = np.nan
    nothing = np.full_like(lat, np.nan)
    altitude = np.atleast_2d(np.asarray(data["altitude"].values, np.float64)) if "altitude" in data else nothing
    times = data["time"].values.astype("datetime64[ns]")
    if np.isnat(times).all():
        raise InvalidInput("trajectories", "no times", "at least one time")
    epoch = np.nanmin(times)
    seconds = np.broadcast_to((times - epoch) / np.timedelta64(1, "s"), lat.shape)
    lat[np.isnan(seconds) | ~np.isfinite(lat) | ~np.isfinite(lon)] = (
        np.nan
    )  # a place without a time is no part of a path
    return lat, lon, altitude, seconds, epoch


def _require_paths(data: xr.Dataset) -> None:
    """Refuse what has places and times, but not one beside the other, as a grid has."""
    dims = data["lat"].dims
    alike = data["lon"].dims == dims and set(data["time"].dims) <= set(dims) and dims[-1:] == data["time"].dims[-1:]
    if not (alike and 1 <= len(dims) <= 2):
        got = ", ".join(f"{name} ({', '.join(map(str, data[name].dims))})" for name in ("lat", "lon", "time"))
        raise InvalidInput("trajectories", got, "lat, lon and time with dims (trajectory, obs)")
    if not np.issubdtype(data["time"].dtype, np.datetime64):
        raise InvalidInput("trajectories", f"time of type {data['time'].dtype}", "times with their CF unit")
    for name, most in (("lat", 90.0), ("lon", 360.0)):
        if data[name].dtype.kind not in "fiu":
            raise InvalidInput("trajectories", f"{name} of type {data[name].dtype}", "degrees as numbers")
        far = np.abs(data[name].values[np.isfinite(data[name].values)])
        if far.size and far.max() > most + _SLACK:
            raise InvalidInput("trajectories", f"{name} of {far.max():g}", f"degrees of -{most:g} to {most:g}")


def _rows(pieces: Pieces, regions: Regions, members: int, epoch: np.datetime64) -> list[dict[str, Any]]:
    found = hits(pieces, regions)
    enter, leave = np.minimum(found.enter, found.leave), np.maximum(found.enter, found.leave)
    span = pieces.time2[found.piece] - pieces.time1[found.piece]
    begins, ends = pieces.time1[found.piece] + enter * span, pieces.time1[found.piece] + leave * span
    first, last = np.minimum(begins, ends), np.maximum(begins, ends)
    rows = []
    for region in np.unique(found.region):
        of = found.region == region
        path, index = np.unique(pieces.path[found.piece[of]], return_inverse=True)
        summary = np.empty((path.size, 4))
        summary[:, 0], summary[:, 1] = np.inf, -np.inf
        np.minimum.at(summary[:, 0], index, first[of])
        np.maximum.at(summary[:, 1], index, last[of])
        summary[:, 2] = np.bincount(index, (last - first)[of], path.size)
        heights = pieces.altitude[found.piece[of]]
        rows.append(_row(regions.regions[region].id, heights, summary, members, epoch, regions, int(region)))
    return rows


def _row(
    name: str, heights: F64, summary: F64, members: int, epoch: np.datetime64, regions: Regions, region: int
) -> dict[str, Any]:
    low, high = wilson(summary.shape[0], members)
    about = regions.regions[region]
    entry, leave = (np.quantile(summary[:, i], QUANTILES) for i in (0, 1))
    instants = [epoch + np.timedelta64(round(s), "s") for s in (*entry, *leave)]
    heights = heights[np.isfinite(heights)]
    return {
        "id": name,
        "name": about.name,
        "administered_by": about.administered_by,
        "note": about.note,
        "disputed": about.disputed,
        "members": summary.shape[0],
        "probability": summary.shape[0] / members,
        "probability_low": low,
        "probability_high": high,
        **{
            f"{what}_{q}": pd.Timestamp(instants[3 * i + j])
            for i, what in enumerate(("entry", "exit"))
            for j, q in enumerate(("q05", "q50", "q95"))
        },
        "hours_q50": float(np.median(summary[:, 2])) / 3600.0,
        "altitude_low_m": float(heights.min()) if heights.size else None,
        "altitude_high_m": float(heights.max()) if heights.size else None,
    }


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927); the rule of three at none or all."""
    if successes == 0:
        return 0.0, min(1.0, 3.0 / trials)
    if successes == trials:
        return max(0.0, 1.0 - 3.0 / trials), 1.0
    share, z2 = successes / trials, _Z95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 / (1 + z2 / trials) * np.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return float(centre - half), float(centre + half)
