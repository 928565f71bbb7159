"""Which countries the balloons of a date crossed: first entry and time inside, a row a balloon and country."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.airspace.crossings import crossings_of
from overflight.airspace.embedded import countries
from overflight.airspace.labels import Labels, by_country
from overflight.airspace.paths import paths_of
from overflight.airspace.regions import HIGH_SEAS


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """A row a balloon and country that it crossed; all arrays (n,).

    ``member`` is the row of the trajectories, ``country`` the number of the country in ``names``, ``entry_s`` its
    first entry in seconds after release, ``inside_s`` all its time inside.
    """

    member: NDArray[np.int64]
    country: NDArray[np.int64]
    entry_s: NDArray[np.float64]
    inside_s: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Countries and disputed areas, which are apart and no countries, in the order of their ids.

    Attributes
    ----------
    ids, names : tuple of str (n,)
    is_country : bool (n,)
    number_of : int64. The number here of each label of the boundaries; -1 is the high seas.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    is_country: NDArray[np.bool_]
    number_of: NDArray[np.int64]


@cache
def _labels() -> Labels:
    return by_country(countries())


@cache
def names() -> Names:
    """Return what is counted in the neutral view."""
    ids = sorted(name for name in _labels().names if name != HIGH_SEAS)
    about = {region.id: region for region in reversed(countries().regions)}
    number_of = [ids.index(name) if name != HIGH_SEAS else -1 for name in _labels().names]
    return Names(
        tuple(ids),
        tuple(about[i].name if i in about else i for i in ids),
        np.array([not (i in about and about[i].is_disputed) for i in ids]),
        np.array(number_of, np.int64),
    )


@cache
def regions_version() -> str:
    """Say which boundaries are shipped: source, version, and the start of their SHA-256."""
    packed = files("overflight.airspace").joinpath("data/regions.npz").read_bytes()
    first = countries().regions[0]
    return f"{first.source} {first.version}".strip() + f", sha256 {hashlib.sha256(packed).hexdigest()[:16]}"


def crossed(data: xr.Dataset, *, threads: int = 1) -> Crossed:
    """Find what trajectories that start together crossed."""
    (found,) = crossings_of(paths_of(data), countries().partition, (_labels(),), threads=threads)
    country = names().number_of[found.label]
    over = country >= 0
    return Crossed(found.member[over].astype(np.int64), country[over], found.entry_s[over], found.inside_s[over])
