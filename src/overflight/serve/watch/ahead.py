"""Whose sky balloons will enter, with probability and time: all members of many balloons in one look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from overflight.airspace import Ledger, Regions, countries, ledger
from overflight.airspace.crossings import Crossings, crossings_of
from overflight.airspace.labels import Labels, labels_of
from overflight.airspace.ledger import described
from overflight.airspace.paths import Paths
from overflight.airspace.regions import OUTSIDE
from overflight.geo.times import iso
from overflight.serve.watch.cone import Cones

if TYPE_CHECKING:
    import xarray as xr

QUANTILES = (0.05, 0.5, 0.95)


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """A region that a balloon may enter.

    Attributes
    ----------
    region, name, kind : str.
    disputed : bool.
    inside : whether most members are inside it now.
    probability : share of the members that enter it within the forecast, or are inside.
    enters_at : 5, 50 and 95 % of the time of entry, over those that enter. [s since 1970]
    """

    region: str
    name: str
    kind: str
    disputed: bool
    inside: bool
    probability: float
    enters_at: tuple[float, float, float]

    def to_json(self) -> dict[str, Any]:
        """Return it as it is told."""
        when = [iso(np.datetime64(round(at), "s")) for at in self.enters_at]
        return {
            "region": self.region, "name": self.name, "kind": self.kind, "disputed": self.disputed,
            "inside": self.inside, "probability": round(self.probability, 4),
            "enters_at": dict(zip(("p05", "p50", "p95"), when, strict=True)),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    regions: Regions
    by: str
    labels: Labels
    about: dict[str, dict[str, Any]]


class Sky:
    """Layers of regions, ready to be looked at."""

    def __init__(self, layers: tuple[Regions, ...] = ()) -> None:
        self._layers = [_layer(countries(), "country"), *(_layer(regions, "region") for regions in layers)]

    def known(self) -> set[str]:
        """Return the ids of all regions."""
        return {name for layer in self._layers for name in layer.about}

    def ledger(self, data: xr.Dataset, region: str) -> Ledger:
        """Return the ledger of trajectories in the layer that holds a region."""
        layer = next(one for one in self._layers if region in one.about)
        return ledger(data, layer.regions, by=layer.by)

    def entered(self, cones: Cones, least: float) -> list[list[Entered]]:
        """Return for each balloon the regions that it enters with at least a probability, by the time of entry."""
        n, members, k = cones.lat.shape
        lat, lon, high = (np.ascontiguousarray(a.reshape(-1, k)) for a in (cones.lat, cones.lon, cones.altitude_m))
        epoch = np.datetime64(round(cones.epoch * 1e9), "ns")
        paths = Paths(lat, lon, high, 3600.0 * cones.hours[None, :], epoch)
        known = paths.known.reshape(n, members).sum(axis=1)
        out: list[list[Entered]] = [[] for _ in range(n)]
        for layer in self._layers:
            found = crossings_of(paths, layer.regions.partition, layer.labels, threads=1)
            for balloon, entered in _rows(found, layer, members, known, cones.epoch):
                if entered.probability >= least:
                    out[balloon].append(entered)
        return [sorted(rows, key=lambda row: (row.enters_at[1], row.region)) for rows in out]


def _layer(regions: Regions, by: str) -> _Layer:
    return _Layer(regions, by, labels_of(regions, by), described(regions, by, ""))


def _rows(
    found: Crossings, layer: _Layer, members: int, known: NDArray[np.int64], epoch: float
) -> list[tuple[int, Entered]]:
    """Sum up the crossings of members by balloon and region."""
    if not found.member.size:
        return []
    key = found.member.astype(np.int64) // members * len(found.names) + found.label
    order = np.lexsort((found.entry_s, key))
    keys, first, count = np.unique(key[order], return_index=True, return_counts=True)
    entry = found.entry_s[order]
    inside = np.add.reduceat((entry <= 1.0).astype(np.int64), first)
    when = np.stack([entry[first + np.round(q * (count - 1)).astype(np.intp)] for q in QUANTILES], axis=1) + epoch
    rows = []
    for one, total, now, times in zip(keys.tolist(), count.tolist(), inside.tolist(), when.tolist(), strict=True):
        balloon, label = divmod(one, len(found.names))
        about = layer.about.get(found.names[label])
        if about is None or about["id"] == OUTSIDE:
            continue
        whole = int(known[balloon])
        entered = Entered(region=about["id"], name=about["name"], kind=about["kind"], disputed=about["disputed"],
                          inside=2 * now > whole, probability=total / whole, enters_at=tuple(times))  # fmt: skip
        rows.append((balloon, entered))
    return rows
