"""p-values of many objects, and p-values by real flights that nobody steered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput

F64 = NDArray[np.float64]


def false_discovery(p: Sequence[float]) -> F64:
    """Return for each p-value of a batch the least false discovery rate at which it is called.

    References
    ----------
    Benjamini and Hochberg (1995), doi 10.1111/j.2517-6161.1995.tb02031.x.
    """
    values = np.asarray(p, np.float64)
    if values.size and not np.all((values >= 0.0) & (values <= 1.0)):
        raise InvalidInput("p-values", f"{values.min():g} to {values.max():g}", "numbers of 0 to 1")
    order = np.argsort(values)[::-1]
    rank = np.arange(values.size, 0, -1)
    adjusted = np.minimum.accumulate(values[order] * values.size / rank)
    out = np.empty(values.size)
    out[order] = np.minimum(adjusted, 1.0)
    return out


def conformal(p: float, real_flights: Sequence[float]) -> float:
    """Return the share of real uncontrolled flights, and this one, with a p-value as small.

    It is a p-value with no model at all where the flights are exchangeable with the one at hand: of the same latitudes,
    levels, duration and winds. The least is ``1 / (flights + 1)``.

    References
    ----------
    Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World, ch. 2.
    """
    values = np.asarray(real_flights, np.float64)
    if values.size == 0 or not np.all((values >= 0.0) & (values <= 1.0)):
        raise InvalidInput("p-values of real flights", f"{values.size} values", "at least one, each of 0 to 1")
    return float((1 + np.count_nonzero(values <= p)) / (values.size + 1))
