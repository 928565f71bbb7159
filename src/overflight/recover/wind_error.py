"""How much less is known of the wind between the levels of a coarse file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.winds import WindError

STRUCTURE_SD_MS = 8.0
STRUCTURE_DEPTH = 1.5
"""Size [m/s] and depth (in ln p) of the wind's vertical structure; docs/method/recover.md has the fit."""


def between_levels_sd_ms(gap_ln_p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean standard deviation of one component within a layer of which only the ends are known. [m/s]

    The wind is taken as a Markov process in ln p; its variance within a layer of depth d whose ends are known is, in
    the mean, ``sd^2 (coth x - 1 / x)`` with ``x = d / depth``.
    """
    x = np.maximum(np.asarray(gap_ln_p, np.float64) / STRUCTURE_DEPTH, 1e-6)
    share = np.where(x < 1e-2, x / 3.0, 1.0 / np.tanh(x) - 1.0 / x)
    return STRUCTURE_SD_MS * np.sqrt(share)


def error_below(winds: xr.Dataset, base: WindError | None = None) -> WindError:
    """Return the error model of a fall through these winds: larger where their levels lie far apart.

    Winds that state their own ``wind_sd`` (soundings, other balloons) keep it.
    """
    base = base or WindError()
    level = np.asarray(winds["level"].values, np.float64)
    if "wind_sd" in winds or level.size < 2:
        return base
    ln_p = np.log(level)
    extra = between_levels_sd_ms(np.abs(np.diff(ln_p)))
    middle = np.exp(0.5 * (ln_p[1:] + ln_p[:-1]))
    lats = np.array(base.latitudes)
    known = base.sd(middle[:, None], lats[None, :])
    table = np.sqrt(known**2 + extra[:, None] ** 2)
    rows = tuple(tuple(float(v) for v in row) for row in table)
    note = f"{base.source}; and {STRUCTURE_SD_MS:g} m/s of structure between the levels of the file"
    return replace(base, levels_hpa=tuple(map(float, middle)), sd_ms=rows, source=note)
