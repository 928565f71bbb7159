"""Regions: whose they are, who claims them, what is disputed, and where the boundaries come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from overflight.airspace.partition import Partition

HIGH_SEAS, OUTSIDE = "high seas", "outside"
"""What lies in no region, of a layer of states and of any other."""
SEA = "-sea"
"""What ends the id of the sea of an area that has another id of its own."""
SOVEREIGN = ("disputed", "inland water", "land", "territorial sea")
"""Kinds that say whose a place is; of several over each other, it is the first."""
KINDS = ("land", "territorial sea", "inland water", "disputed", "fir", "uir", "user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One region of a layer.

    Attributes
    ----------
    id : str. Unique in its layer: "CAN", "CAN-sea", "CAN-water", "crimea"; for flight information regions ICAO's
        letters.
    name : str
    kind : one of ``KINDS``. What no region covers is high seas.
    administered_by : str. ISO 3166-1 alpha-3, or Natural Earth's letters where ISO has none; "" where nobody does.
    claimed_by : every claimant beside the administrator.
    note : str. What is disputed, in neutral words.
    views : whose region it is in a stated point of view, where that differs from ``administered_by``.
    source, version, licence : where its boundary comes from.
    floor_m, ceiling_m : its limits, where the source gives them. [m]
    """

    id: str
    name: str
    kind: str
    administered_by: str = ""
    claimed_by: tuple[str, ...] = ()
    note: str = ""
    views: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    version: str = ""
    licence: str = ""
    floor_m: float | None = None
    ceiling_m: float | None = None

    @property
    def is_disputed(self) -> bool:
        """Whether more than one party says that it is theirs, or none is agreed to hold it."""
        return self.kind == "disputed"


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """One layer: regions, and the arrangement of their boundaries.

    Attributes
    ----------
    regions : tuple of Region (n,)
    partition : Partition. Its faces name regions by their index.
    """

    regions: tuple[Region, ...]
    partition: Partition

    def __len__(self) -> int:
        """Return the number of regions."""
        return len(self.regions)

    @property
    def elsewhere(self) -> str:
        """What lies in no region: the high seas where regions say whose a place is."""
        return HIGH_SEAS if any(region.kind in SOVEREIGN for region in self.regions) else OUTSIDE
