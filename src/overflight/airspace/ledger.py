"""The overflight ledger: which countries a track or an ensemble crossed, when, and how surely.

Probability is the share of members that crossed, with its Monte-Carlo interval (Wilson 1927, doi
10.1080/01621459.1927.10502953); no members crossing bounds it by 3/N (rule of three), all crossing by 1 - 3/N. Times
are quantiles over the members that crossed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.crossings import Crossings, crossings
from overflight.airspace.embedded import countries
from overflight.airspace.labels import owner
from overflight.airspace.regions import HIGH_SEAS, OUTSIDE, Region, Regions
from overflight.airspace.shapes import shapes
from overflight.errors import InvalidInput

F64 = NDArray[np.float64]
QUANTILES = {"q05": 0.05, "q50": 0.5, "q95": 0.95}
COLUMNS = (
    *("id", "name", "kind", "administered_by", "claimed_by", "note", "disputed"),
    *("members", "probability", "probability_low", "probability_high", "grazing"),
    *(f"{what}_{quantile}" for what in ("entry", "exit") for quantile in QUANTILES),
    *("hours_q50", "altitude_low_m", "altitude_high_m", "passes_mean"),
)
NO_CEILING = (
    "No height is agreed at which the sovereignty of a state over its airspace ends; the ledger has no ceiling unless "
    "one is given."
)
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Crossings by country, or by region.

    Attributes
    ----------
    table : DataFrame, a row a country, a disputed area or the high seas, in the order of entry: ``id, name, kind,
        administered_by, claimed_by, note, disputed, members, probability, probability_low, probability_high,
        grazing, entry_q05, entry_q50, entry_q95, exit_q05, exit_q50, exit_q95, hours_q50, altitude_low_m,
        altitude_high_m, passes_mean``. Times UTC, and all after ``grazing``, are of the members that crossed;
        ``grazing`` is the share of them that came nowhere more than 2 km inside.
    members : int. Members that had a path.
    counts : int64 (n,). Members that crossed 0, 1, 2 ... countries, undisputed.
    sources : tuple of str. Where the boundaries come from.
    by : str. What a row is of: "country" or "region".
    view : str. The point of view; "" is the neutral one.
    """

    table: pd.DataFrame
    members: int
    counts: NDArray[np.int64]
    sources: tuple[str, ...]
    by: str = "country"
    view: str = ""

    def __str__(self) -> str:
        """Return one sentence a country."""
        if self.crossed.empty:
            most = min(1.0, 3 / self.members)
            return f"No country crossed by any of {self.members} members (each less than {most:.1%})."
        return "\n".join(_sentence(row, self.members) for _, row in self.table.iterrows())

    @property
    def crossed(self) -> pd.DataFrame:
        """The table without the high seas."""
        return self.table[self.table["kind"] != HIGH_SEAS]

    def at_least(self, number: int) -> tuple[float, float, float]:
        """Return the probability that at least so many countries were crossed, and its 95 % interval."""
        crossed = int(self.counts[number:].sum())
        return crossed / self.members, *wilson(crossed, self.members)

    def to_json(self) -> dict[str, Any]:
        """Return the ledger ready for JSON."""
        rows = [
            {key: (value.isoformat() + "Z" if isinstance(value, pd.Timestamp) else value) for key, value in row.items()}
            for row in self.table.to_dict("records")
        ]
        return {
            "members": self.members,
            "regions": "; ".join(self.sources),
            "point_of_view": self.view or "neutral",
            "countries_crossed": self.counts.tolist(),
            "note": NO_CEILING,
            "crossings": rows,
        }

    def to_geojson(self, regions: Regions | None = None) -> dict[str, Any]:
        """Return what was crossed as a FeatureCollection, each with its row; ``regions`` are those of the ledger."""
        regions = countries() if regions is None else regions
        rows = [row for row in self.to_json()["crossings"] if row["id"] != HIGH_SEAS]
        drawn = shapes(regions, [row["id"] for row in rows], by=self.by, view=self.view)
        features = [
            {"type": "Feature", "properties": row, "geometry": json.loads(shapely.to_geojson(shape))}
            for row, shape in zip(rows, drawn, strict=True)
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
    grazing = f", {row['grazing']:.0%} of them within 2 km of the border" if row["grazing"] >= 0.005 else ""
    return f"{row['name']}: {chance(row, members)}{grazing}; entry {times} UTC, {row['hours_q50']:.1f} h inside{note}"


def ledger(
    trajectories: xr.Dataset,
    regions: Regions | None = None,
    *,
    by: str = "country",
    view: str = "",
    floor_m: float = -np.inf,
    ceiling_m: float = np.inf,
) -> Ledger:
    """List what an ensemble crossed.

    Parameters
    ----------
    trajectories : dataset with dims (trajectory, obs), see ``overflight.drift``.
    regions : Regions, by default the countries that are shipped.
    by : "country", or "region" for land, territorial sea and inland waters apart.
    view : ISO 3166-1 alpha-3 of the state in whose point of view disputed areas are assigned; "" keeps them apart and
        lists every claimant.
    floor_m, ceiling_m : count only what is flown between them. [m]

    Raises
    ------
    InvalidInput
        The dataset holds no trajectories; the regions hold no such point of view; the floor lies above the ceiling.
    """
    regions = countries() if regions is None else regions
    require(regions, by, view, {"floor_m": floor_m, "ceiling_m": ceiling_m})
    found = crossings(trajectories, regions, by=by, view=view, floor_m=floor_m, ceiling_m=ceiling_m)
    return ledger_of(found, regions, by=by, view=view)


def ledger_of(found: Crossings, regions: Regions, *, by: str = "country", view: str = "") -> Ledger:
    """Sum up what members crossed; ``by`` and ``view`` are those that it was found with."""
    about = described(regions, by, view)
    order = np.argsort(found.label, kind="stable")
    cuts = np.searchsorted(found.label[order], np.arange(len(found.names) + 1))
    rows = [
        _row(about[name], found, order[cuts[k] : cuts[k + 1]])
        for k, name in enumerate(found.names)
        if cuts[k + 1] > cuts[k] and name != OUTSIDE
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("entry_q50", kind="stable", ignore_index=True)
    sources = tuple(dict.fromkeys(" ".join(filter(None, (r.source, r.version))) for r in regions.regions))
    return Ledger(table, found.members, _counts(found, about), sources, by, view)


def described(regions: Regions, by: str, view: str) -> dict[str, dict[str, Any]]:
    """Return what is to be said of each label: a country by its land, a region by itself."""
    seas = regions.elsewhere
    about = {seas: _about(seas, Region(id=seas, name=seas.capitalize(), kind=seas))}
    for region in sorted(regions.regions, key=lambda region: region.kind != "land"):
        name = region.id if by == "region" else owner(region, view)
        if name not in about or region.id == name:  # a country is told by its own land, not by an island's
            about[name] = _about(name, region)
    return about


def _about(name: str, region: Region) -> dict[str, Any]:
    return {
        "id": name,
        "name": region.name,
        "kind": region.kind,
        "administered_by": region.administered_by,
        "claimed_by": ", ".join(region.claimed_by),
        "note": region.note,
        "disputed": region.is_disputed,
    }


def require(regions: Regions, by: str, view: str, band: Mapping[str, float]) -> None:
    """Refuse what no ledger can be made of."""
    if by not in ("country", "region"):
        raise InvalidInput("by", repr(by), "country or region")
    floor, ceiling = band.get("floor_m", -np.inf), band.get("ceiling_m", np.inf)
    if not floor <= ceiling:
        raise InvalidInput("floor", f"{floor:g} m, the ceiling {ceiling:g} m", "a floor below the ceiling")
    known = {viewer for region in regions.regions for viewer in region.views}
    known |= {region.administered_by for region in regions.regions if region.kind == "land"}
    if view and view not in known:
        raise InvalidInput("view", repr(view), f"one of {', '.join(sorted(known))}" if known else "none: no views here")


def _counts(found: Crossings, about: dict[str, dict[str, Any]]) -> NDArray[np.int64]:
    """Count the members that crossed so many countries."""
    counted = np.array([about[n]["kind"] not in (HIGH_SEAS, OUTSIDE) and not about[n]["disputed"] for n in found.names])
    of = found.member[counted[found.label]]
    crossed = np.bincount(np.unique(of, return_counts=True)[1]) if of.size else np.zeros(1, np.int64)
    crossed[0] = found.members - np.unique(of).size
    return crossed.astype(np.int64)


def _row(about: dict[str, Any], found: Crossings, of: NDArray[np.intp]) -> dict[str, Any]:
    low, high = wilson(of.size, found.members)
    quantiles = list(QUANTILES.values())
    times = {
        f"{what}_{q}": pd.Timestamp(found.epoch + np.timedelta64(round(float(s)), "s"))
        for what, seconds in (("entry", found.entry_s), ("exit", found.exit_s))
        for q, s in zip(QUANTILES, np.quantile(seconds[of], quantiles), strict=True)
    }
    lowest, highest = found.altitude_low_m[of].min(), found.altitude_high_m[of].max()
    return {
        **about,
        "members": of.size,
        "probability": of.size / found.members,
        "probability_low": low,
        "probability_high": high,
        "grazing": float(np.mean(~found.deep[of])),
        **times,
        "hours_q50": float(np.median(found.inside_s[of])) / 3600.0,
        "altitude_low_m": float(lowest) if np.isfinite(lowest) else None,
        "altitude_high_m": float(highest) if np.isfinite(highest) else None,
        "passes_mean": float(found.passes[of].mean()),
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
