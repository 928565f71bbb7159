"""What faces are called: by region, or by the country whose they are in some point of view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.airspace.regions import SEA, SOVEREIGN, Region, Regions

NO_LIMITS = (-np.inf, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Names of faces.

    Attributes
    ----------
    names : tuple of str (labels,)
    first, items : int32. Labels of face ``f`` are ``items[first[f]:first[f + 1]]``.
    limits : float64 (labels, 2). Floor and ceiling. [m]
    """

    names: tuple[str, ...]
    first: NDArray[np.int32]
    items: NDArray[np.int32]
    limits: NDArray[np.float64]


def by_region(regions: Regions, floor_m: float = -np.inf, ceiling_m: float = np.inf) -> Labels:
    """Name faces by the regions that they are, what none covers high seas."""
    limits = {region.id: _limits(region) for region in regions.regions}
    return _labels(regions, lambda region: region.id, limits, (floor_m, ceiling_m))


def by_country(regions: Regions, view: str = "", floor_m: float = -np.inf, ceiling_m: float = np.inf) -> Labels:
    """Name faces by country: who administers them, or in the point of view of ``view`` whose they are.

    In the neutral view, "", a disputed region is a name of its own and counts for no country.
    """
    return _labels(regions, lambda region: owner(region, view), {}, (floor_m, ceiling_m))


def owner(region: Region, view: str = "") -> str:
    """Return whose a region is: a country's, or, disputed and in the neutral view, its own, its sea included."""
    if not view:
        return region.id.removesuffix(SEA) if region.is_disputed else region.administered_by or region.id
    return region.views.get(view, region.administered_by) or region.id


def strongest(cover: tuple[int, ...], regions: tuple[Region, ...]) -> tuple[int, ...]:
    """Return, of the regions over a face, those that say what it is."""
    for kind in SOVEREIGN:
        found = tuple(k for k in cover if regions[k].kind == kind)
        if found:
            return found + tuple(k for k in cover if regions[k].kind not in SOVEREIGN)
    return cover


def _limits(region: Region) -> tuple[float, float]:
    floor, ceiling = region.floor_m, region.ceiling_m
    return (NO_LIMITS[0] if floor is None else floor, NO_LIMITS[1] if ceiling is None else ceiling)


def _labels(
    regions: Regions, name: Callable[[Region], str], limits: dict[str, tuple[float, float]], band: tuple[float, float]
) -> Labels:
    numbers: dict[str, int] = {}
    elsewhere, faces = regions.elsewhere, []
    for cover in regions.partition.covers:
        names = dict.fromkeys(name(regions.regions[k]) for k in strongest(cover, regions.regions)) or (elsewhere,)
        faces.append([numbers.setdefault(n, len(numbers)) for n in names])
    own = np.array([limits.get(n, NO_LIMITS) for n in numbers])
    own = np.column_stack([np.maximum(own[:, 0], band[0]), np.minimum(own[:, 1], band[1])])
    first = np.concatenate([[0], np.cumsum([len(f) for f in faces])]).astype(np.int32)
    return Labels(tuple(numbers), first, np.array([n for f in faces for n in f], np.int32), own)
