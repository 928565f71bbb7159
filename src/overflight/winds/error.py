"""How wrong winds are: size by level and latitude, and how long, how deep and how far an error holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overflight.errors import InvalidInput

_SOURCE = (
    "Judged, not fitted: size from radiosonde minus ERA5 and analysis in the literature (about 2 m/s per component "
    "in mid-latitude stratosphere, 3-5 m/s near the tropopause jet and in the tropical stratosphere, where waves are "
    "unresolved and observations few: Podglajen et al. 2014, doi 10.1002/2014JD021849; Friedrich et al. 2017, doi "
    "10.5194/acp-17-855-2017); of the order of 1-4 m/s between sondes and ERA5 at Hilo on 2023-09-01 and 02"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindError:
    """The difference between true wind and the winds given, as a random process.

    Each component's error is ``scale * sd(level, lat) * (sqrt(share) * slow + sqrt(1 - share) * wave)``. ``slow``
    is an Ornstein-Uhlenbeck process; ``wave`` is one that also turns at ``rotation`` times the inertial frequency,
    as unresolved inertia-gravity waves do; ``scale`` is drawn once a member, sqrt((dof - 2) / chi2(dof)), so that
    errors have Student-t tails and the variance of the table.

    Attributes
    ----------
    levels_hpa : tuple of float (n,). Falling. [hPa]
    latitudes : tuple of float (m,). Rising, from 0 to 90, used for both hemispheres. [degrees]
    sd_ms : tuple of n rows of m. Standard deviation of one component. [m/s]
    slow_share : share of the variance in the slow part. 0 to 1
    slow_time_s, wave_time_s : correlation times. [s]
    rotation : turning of the wave part, in multiples of the Coriolis parameter.
    tail_dof : degrees of freedom, above 2; inf is Gaussian.
    depth_ln_p : correlation depth in the logarithm of pressure; 0.15 is about 1 km.
    length_m : horizontal correlation length, correlation exp(-d^2 / (2 length^2)). [m]
    source, fitted_on, version : where the numbers are from.

    Raises
    ------
    InvalidInput
        A number is out of its range or the table does not fit its axes.

    References
    ----------
    Podglajen, A., Hertzog, A., Plougonven, R., Zagar, N. (2014), doi 10.1002/2014JD021849.
    """

    levels_hpa: tuple[float, ...] = (1000.0, 500.0, 250.0, 100.0, 50.0, 20.0, 5.0)
    latitudes: tuple[float, ...] = (0.0, 15.0, 30.0, 60.0, 90.0)
    sd_ms: tuple[tuple[float, ...], ...] = (
        (2.2, 2.1, 2.0, 2.2, 2.4),
        (2.5, 2.4, 2.3, 2.5, 2.5),
        (3.5, 3.4, 3.2, 3.0, 2.8),
        (4.0, 3.6, 2.8, 2.3, 2.3),
        (4.3, 3.7, 2.5, 2.0, 2.2),
        (4.8, 4.0, 2.7, 2.3, 2.6),
        (7.0, 6.0, 4.5, 4.5, 4.8),
    )
    slow_share: float = 0.25
    slow_time_s: float = 36 * 3600.0
    wave_time_s: float = 12 * 3600.0
    rotation: float = 1.2
    tail_dof: float = 4.0
    depth_ln_p: float = 0.15
    length_m: float = 500_000.0
    source: str = _SOURCE
    fitted_on: str = "no data; judged"
    version: str = "1"

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        ranges = {
            "slow_share": (0.0, 1.0),
            "slow_time_s": (1.0, 1e8),
            "wave_time_s": (1.0, 1e8),
            "rotation": (0.0, 10.0),
            "tail_dof": (2.0 + 1e-9, np.inf),
            "depth_ln_p": (1e-4, 100.0),
            "length_m": (1e3, 1e8),
        }
        for field, (low, high) in ranges.items():
            value = getattr(self, field)
            if not low <= value <= high:
                raise InvalidInput(field, f"{value:g}", f"{low:g} to {high:g}")
        self._check_table()

    def _check_table(self) -> None:
        levels, lats = np.array(self.levels_hpa), np.array(self.latitudes)
        table = [len(row) for row in self.sd_ms]
        if table != [lats.size] * levels.size:
            raise InvalidInput("sd_ms", f"rows of {table}", f"{levels.size} rows of {lats.size}")
        rising = bool(np.all(np.diff(lats) > 0) and np.all(np.diff(levels) < 0) and np.all(levels > 0))
        if not rising:
            raise InvalidInput("levels_hpa, latitudes", "axes out of order", "levels falling, latitudes rising")
        if not np.all(np.isfinite(self.sd_ms)) or np.min(self.sd_ms) < 0.0:
            raise InvalidInput("sd_ms", "a negative or missing size", "sizes of 0 m/s or more")

    def sd(self, level_hpa: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
        """Return the standard deviation of one component's error, linear in ln p and latitude, held beyond the table.

        Parameters
        ----------
        level_hpa : float or ndarray. [hPa]
        lat : float or ndarray, broadcast against it. [degrees]

        Returns
        -------
        ndarray of the broadcast shape. [m/s]
        """
        height, lats = -np.log(np.array(self.levels_hpa)), np.array(self.latitudes)
        i, a = _place(-np.log(np.asarray(level_hpa, np.float64)), height)
        j, b = _place(np.abs(np.asarray(lat, np.float64)), lats)
        table = np.asarray(self.sd_ms, np.float64)
        i2, j2 = np.minimum(i + 1, height.size - 1), np.minimum(j + 1, lats.size - 1)
        low = (1.0 - b) * table[i, j] + b * table[i, j2]
        high = (1.0 - b) * table[i2, j] + b * table[i2, j2]
        return np.asarray((1.0 - a) * low + a * high)

    def scaled(self, factor: float) -> WindError:
        """Return the same model with every size multiplied."""
        return replace(self, sd_ms=tuple(tuple(factor * s for s in row) for row in self.sd_ms))


def _place(value: NDArray[np.float64], axis: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Index of the node below and the weight of the node above, held at the ends."""
    clipped = np.clip(value, axis[0], axis[-1])
    i = np.clip(np.searchsorted(axis, clipped, side="right") - 1, 0, max(axis.size - 2, 0))
    j = np.minimum(i + 1, axis.size - 1)
    width = np.where(axis[j] > axis[i], axis[j] - axis[i], 1.0)
    return i, (clipped - axis[i]) / width
