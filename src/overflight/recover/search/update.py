"""What a search that found nothing teaches.

References
----------
Stone, Keller, Kratzke, Strumpfer (2014), Search for the wreckage of Air France Flight AF 447, Statistical Science
29:69, doi 10.1214/13-STS420.
Stone (1975), Theory of Optimal Search, Academic Press.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo.density import Density

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search that found nothing.

    Attributes
    ----------
    share : float64 (n,). Share of each cell that was searched.
    pod : float or float64 (n,). Probability that it would have been seen where it was searched.
    """

    share: F64
    pod: float | F64

    def __post_init__(self) -> None:
        """Refuse a probability that is none."""
        values = np.asarray(self.pod, np.float64)
        if not np.all((values >= 0.0) & (values <= 1.0)):
            got = f"{float(values):g}" if values.ndim == 0 else "values outside"
            raise InvalidInput("pod", got, "a probability from 0 to 1")

    @property
    def missed(self) -> F64:
        """Return the chance (n,) that it is overlooked, were it in each cell."""
        return np.asarray(1.0 - self.share * self.pod, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """What is believed after.

    Attributes
    ----------
    density : Density. The posterior.
    success : float. What chance the searches had, before, to find it.
    blind : float. Belief, after, that the sensor could not see it at all.
    """

    density: Density
    success: float
    blind: float

    def __str__(self) -> str:
        """Return the sentence."""
        text = f"The search had a chance of {100 * self.success:.1f} % to find it."
        if self.density.elsewhere > 0.0:
            text += f" {100 * self.density.elsewhere:.1f} % lies outside all cells."
        return text + (f" That the sensor could not see it: {100 * self.blind:.1f} %." if self.blind else "")


def update(density: Density, searches: Sequence[Search], *, blind: float = 0.0) -> Update:
    """Return the density after searches that found nothing, by Bayes' rule.

    Parameters
    ----------
    searches : independent of each other, given where it is and that the sensor can see it. Their order is indifferent.
    blind : float. Chance, before, that the sensor of all these searches could not see it wherever it was, as with the
        beacons of Air France 447, which may both have been silent.

    Notes
    -----
    A place in a cell is taken as uniform: a search of a share s of it with POD d overlooks it with 1 - s d.
    ``elsewhere`` was not searched and gains as unsearched cells do.

    Raises
    ------
    InvalidInput
        ``blind`` is no probability, or the searches leave no place where it can be.
    """
    if not 0.0 <= blind <= 1.0:
        raise InvalidInput("blind", f"{blind:g}", "a probability from 0 to 1")
    missed = np.prod([search.missed for search in searches], axis=0) if searches else np.ones(density.cell.size)
    overlooked = blind + (1.0 - blind) * missed
    left = density.probability * overlooked
    total = float(left.sum()) + density.elsewhere
    if not total > 0.0:
        raise InvalidInput("pod", "searches that leave no place", "a chance to overlook it, or some of it elsewhere")
    posterior = left / total
    after = Density(density.cell, posterior, density.elsewhere / total, density.cell_area_m2)
    return Update(after, 1.0 - total, blind / total if blind else 0.0)
