"""What would have been noticed: the share of simulated tracks with a speed through the air that the tests reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overflight.geo import rng
from overflight.infer.hypotheses.judge import Test
from overflight.infer.hypotheses.likelihood import oddness
from overflight.infer.hypotheses.reachable import best_paths
from overflight.infer.hypotheses.simulate import headings

F64 = NDArray[np.float64]

ALPHA_POWERED, ALPHA_DRIFT = 0.01, 0.05
"""Levels of the two tests: that speed through the air is needed, and that drift at one level is odd."""
SPEEDS_MS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
HOURS = (6.0, 12.0, 24.0, 48.0, 96.0)
SEEN = 0.8
_NULLS, _TRACKS = 500, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Power with these sightings, winds and errors, by simulation.

    Attributes
    ----------
    speeds_ms : speeds through the air, in any direction. [m/s]
    hours : how long they are held, the last as long as there are sightings; begun at a random time. [h]
    powered : rows of ``hours``, columns of ``speeds_ms``: chance that no path of levels is taken to explain the track.
    not_drift : for ``speeds_ms`` held throughout, chance that drift at one level is called odd.
    seen_80_ms : for ``hours``, the least speed that shows in ``powered`` with 80 %; None where none of these does.
    tracks : simulated for each number.
    """

    speeds_ms: tuple[float, ...]
    hours: tuple[float, ...]
    powered: tuple[tuple[float, ...], ...]
    not_drift: tuple[float, ...]
    seen_80_ms: tuple[float | None, ...]
    tracks: int

    def at(self, speed_ms: float) -> float:
        """Return the chance that a speed held throughout shows as powered, linear between those computed."""
        return float(np.interp(speed_ms, self.speeds_ms, self.powered[-1]))


def power_of(test: Test, drift: F64, *, speeds_ms: tuple[float, ...] = SPEEDS_MS, hours: tuple[float, ...] = HOURS,
             tracks: int = _TRACKS) -> Power:  # fmt: skip
    """Simulate the power of both tests; ``drift`` (m,) is what the best path of levels brings."""
    seconds = test.ready.model.seconds
    span_h = float(seconds[-1] - seconds[0]) / 3600.0
    held = (*(h for h in hours if h < 0.95 * span_h), span_h)
    critical = _critical(test, drift)
    base, way = test.drifting(0, tracks, "power"), headings(tracks, seed=test.seed, name="power heading")
    begun = rng.uniforms(test.seed, "power begins", tracks)
    rows = [_seen(test, base, _moved(test, way, begun, h), speeds_ms, _t1r, critical[0]) for h in held]
    whole = _moved(test, way, begun, span_h)
    not_drift = _seen(test, base, whole, speeds_ms, _odd, critical[1])
    return Power(speeds_ms=speeds_ms, hours=held, powered=tuple(rows), not_drift=not_drift, tracks=tracks,
                 seen_80_ms=tuple(_speed_seen(speeds_ms, row) for row in rows))  # fmt: skip


def _t1r(test: Test, y: F64) -> F64:
    return best_paths(test.reach, y).ratio


def _odd(test: Test, y: F64) -> F64:
    return oddness(test.ready, y)


def _critical(test: Test, drift: F64) -> tuple[float, float]:
    """Values that the statistics pass in ``ALPHA_POWERED`` and ``ALPHA_DRIFT`` of cases without speed."""
    drifting = test.drifting(0, _NULLS, "power null")
    steered = test.steered(drift, 0, _NULLS, "power null path")
    powered = max(float(np.quantile(_t1r(test, y), 1.0 - ALPHA_POWERED)) for y in (drifting, steered))
    return powered, float(np.quantile(_odd(test, drifting), 1.0 - ALPHA_DRIFT))


def _moved(test: Test, way: F64, begun: F64, hours: float) -> F64:
    """Displacements (tracks, m) by 1 m/s along ``way`` (tracks, 2), held for hours from a share of what is left. [s]"""
    seconds = test.case.scene.frame.seconds
    half = 0.5 * np.diff(seconds, prepend=seconds[0], append=seconds[-1])
    low, high = seconds - half[:-1], seconds + half[1:]
    start = seconds[0] + begun[:, None] * max(float(seconds[-1] - seconds[0]) - 3600.0 * hours, 0.0)
    under = np.clip(np.minimum(high, start + 3600.0 * hours) - np.maximum(low, start), 0.0, None) / (high - low)
    return test.moved((way[:, :1] + 1j * way[:, 1:]) * under)


def _seen(test: Test, base: F64, moved: F64, speeds_ms: tuple[float, ...], statistic: Callable[[Test, F64], F64],
          critical: float) -> tuple[float, ...]:  # fmt: skip
    return tuple(float(np.mean(statistic(test, base + w * moved) > critical)) for w in speeds_ms)


def _speed_seen(speeds_ms: tuple[float, ...], row: tuple[float, ...]) -> float | None:
    """Speed at which the power first reaches ``SEEN``, linear between those computed."""
    for k, share in enumerate(row):
        if share >= SEEN:
            if k == 0:
                return speeds_ms[0]
            return float(np.interp(SEEN, (row[k - 1], share), speeds_ms[k - 1 : k + 1]))
    return None
