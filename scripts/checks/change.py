"""How much the wind changes between a balloon's way up and its way down, and how that grows with the wind.

Between two fixes of a descent the balloon drifts off the wind that its ascent met in the same air. Both components of
that difference, over the layers of a flight, are taken as the engine's wind error is: of one scale a flight with
Student's t of 4 degrees of freedom, correlated over 0.15 in ln p, of variance ``sd0^2 + (S^2 + c^2 V^2) [1 - exp(-dt /
T)]`` with ``S``, ``T`` and ``sd0`` of ``Reach``, and ``V`` the root of the mean square speed of the ascent. ``c`` is
what is fitted, by maximum likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma, log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from checks.flown import Flown, flights
from checks.soundings import fall_slowness
from overflight.flight.phases import PARACHUTE_EXPONENT
from overflight.geo import atmosphere
from overflight.geo.sphere import EARTH_RADIUS_M
from overflight.winds import WindError
from overflight.winds.measured import Reach

F64 = NDArray[np.float64]
LONGEST_S = 400.0
"""Between two fixes; over longer a fall runs through too much air."""
MOST = 2.0


@dataclass(frozen=True)
class Change:
    """Of a flight's layers: ln p, the change of wind (n, 2) [m/s], after how long [s]; and the speed V [m/s]."""

    name: str
    ln_p: F64
    off: F64
    after_s: F64
    speed: float


def drift(fixes: F64) -> F64:
    """Return the motion between fixes, east and north. [m/s]"""
    north = np.radians(np.diff(fixes[:, 1])) * EARTH_RADIUS_M
    east = np.radians(np.diff(fixes[:, 2])) * EARTH_RADIUS_M * np.cos(np.radians(fixes[1:, 1]))
    return np.stack([east, north], axis=1) / np.diff(fixes[:, 0])[:, None]


def middles(fixes: F64) -> F64:
    """Return the middle of each two fixes."""
    return np.asarray(0.5 * (fixes[1:] + fixes[:-1]))


def change_of(flight: Flown) -> Change:
    """Return what the wind changed by on the way down, without the first and the last stretch."""
    up, wind, down = middles(flight.up), drift(flight.up), flight.down[1:-1]
    slowness, rows = fall_slowness(PARACHUTE_EXPONENT.a), []
    for a, b, moved in zip(down[:-1], down[1:], drift(down), strict=True):
        if b[0] - a[0] > LONGEST_S:
            continue
        z = np.linspace(a[3], b[3], 60)
        weight = slowness(z) / slowness(z).sum()
        expected = [weight @ np.interp(z, up[:, 3], wind[:, k]) for k in (0, 1)]
        after = 0.5 * (a[0] + b[0]) - np.interp(weight @ z, up[:, 3], up[:, 0])
        rows.append((np.log(atmosphere.pressure_pa(weight @ z)), *(moved - expected), after))
    table = np.array(rows)
    speed = float(np.sqrt(np.mean(np.sum(wind**2, axis=1))))
    return Change(flight.name, table[:, 0], table[:, 1:3], table[:, 3], speed)


def unlikelihood(c: float, seen: Sequence[Change], reach: Reach, error: WindError) -> float:
    """Return minus the logarithm of the likelihood of changes, each flight of its own scale."""
    total, dof = 0.0, error.tail_dof
    for one in seen:
        natural = reach.spread_ms**2 + (c * one.speed) ** 2
        sd = np.sqrt(reach.sd0_ms**2 + natural * (1.0 - np.exp(-one.after_s / reach.spread_time_s)))
        near = np.exp(-np.abs(one.ln_p[:, None] - one.ln_p[None, :]) / error.depth_ln_p)
        root = np.linalg.cholesky(sd[:, None] * sd[None, :] * near * (dof - 2.0) / dof)
        square, n = float(np.sum(np.linalg.solve(root, one.off) ** 2)), one.off.size
        total += 2.0 * float(np.log(np.diag(root)).sum()) + 0.5 * (dof + n) * log(1.0 + square / dof)
        total += lgamma(0.5 * dof) - lgamma(0.5 * (dof + n)) + 0.5 * n * log(np.pi * dof)
    return total


def fit(seen: Sequence[Change]) -> float:
    """Return the likeliest c."""
    found = minimize_scalar(unlikelihood, bounds=(0.0, MOST), args=(seen, Reach(), WindError()), method="bounded")
    return float(found.x)


def left_out(seen: Sequence[Change]) -> dict[str, float]:
    """Return, by flight, c as the others have it."""
    return {one.name: fit([other for other in seen if other is not one]) for one in seen}


def main(data: Path) -> None:
    """Print what is found."""
    seen = [change_of(flight) for flight in flights(data)]
    c, without = fit(seen), left_out(seen)
    gain = unlikelihood(0.0, seen, Reach(), WindError()) - unlikelihood(c, seen, Reach(), WindError())
    print(
        f"{len(seen)} flights, {sum(one.ln_p.size for one in seen)} layers: c {c:.2f}, with one flight left out "
        f"{min(without.values()):.2f} to {max(without.values()):.2f}; log-likelihood {gain:+.1f} against none"
    )


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]))
