"""What a drift test found: a graded sentence with its numbers, never a name for what the object was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from overflight.infer.hypotheses.factors import Factor
from overflight.infer.hypotheses.level_history import LevelHistory
from overflight.infer.hypotheses.power import ALPHA_DRIFT, ALPHA_POWERED, Power
from overflight.infer.hypotheses.sequential import TailProbability
from overflight.infer.hypotheses.speed import AirVelocity

Verdict = Literal[
    "consistent with constant-level drift",
    "consistent with drift only if the level changed",
    "needs horizontal air-relative speed",
    "not enough data",
]
LEAST_POWER, JUDGED_SPEED_MS = 0.5, 5.0
"""Where a speed of so much shows in less than so many cases, a test that finds nothing has said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PValue:
    """A p-value, and where it is from.

    Attributes
    ----------
    value : float. The larger of the two below.
    bootstrap : TailProbability. By simulation under the fitted null with the same sightings.
    conformal : float or None. By real flights that nobody steered, where they were given.
    """

    value: float
    bootstrap: TailProbability
    conformal: float | None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        simulated = self.bootstrap
        return {"value": self.value, "conformal": self.conformal, "bootstrap": simulated.value,
                "bootstrap_standard_error": simulated.standard_error, "simulated": simulated.simulated}  # fmt: skip

    def words(self) -> str:
        """Return how strongly it speaks against its hypothesis."""
        for below, words in ((0.001, "very strong evidence"), (0.01, "strong evidence"), (0.05, "some evidence")):
            if self.value < below:
                return words
        return "no evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """Both p-values with wind error ``factor`` times as large."""

    factor: float
    p_value: float
    p_value_powered: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detail:
    """What stands beside the p-values.

    Attributes
    ----------
    bayes_factors : of each other story against drift at one level.
    air_velocity : posterior of a velocity through the air in time.
    level_history : the levels that explain the track best.
    sensitivity : p-values with half and double wind error.
    """

    bayes_factors: tuple[Factor, ...]
    air_velocity: AirVelocity
    level_history: LevelHistory
    sensitivity: tuple[Sensitivity, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriftTest:
    """What the sightings say of drift.

    Attributes
    ----------
    verdict : one of four sentences; none of them says innocent or intentional.
    drift : PValue. Chance of a track as odd as this if it drifted at one level (or the levels reported).
    any_levels : PValue. Chance that speed through the air would explain so much more than any path of levels, if there
        was none. Small means powered.
    air_speed_ms, air_speed_upper_95_ms : float. Steady speed at one level: posterior median, and what is excluded above
        at 95 %, nothing being known of it before. [m/s]
    air_speed_any_levels_ms : float. Steady speed that fits best beside the best path of levels. [m/s]
    power : Power
    level_m : 5, 50, 95 % quantiles of the standard altitude. [m]
    band_m : (low, high). Between these the level was free. [m]
    level_is_reported : bool. Altitudes were reported and change by more than their errors.
    detail : Detail, or None where it was not asked for or there is nothing to test.
    assumptions, limits : what the numbers rest on, and what cannot be told.
    used, given, times : sightings used, given, and distinct times among those used.
    seed : int
    """

    verdict: Verdict
    drift: PValue
    any_levels: PValue
    air_speed_ms: float
    air_speed_upper_95_ms: float
    air_speed_any_levels_ms: float
    power: Power
    level_m: tuple[float, float, float]
    band_m: tuple[float, float]
    level_is_reported: bool
    detail: Detail | None
    assumptions: tuple[str, ...]
    limits: tuple[str, ...]
    used: int
    given: int
    times: int
    seed: int

    @property
    def p_value(self) -> float:
        """Of drift at one level."""
        return self.drift.value

    @property
    def p_value_powered(self) -> float:
        """Of drift along any path of levels."""
        return self.any_levels.value

    def __str__(self) -> str:
        """Return the finding as sentences."""
        seen = 100.0 * self.power.at(JUDGED_SPEED_MS)
        level = "at the levels reported" if self.level_is_reported else "at one level"
        low, high = (z / 1000.0 for z in self.band_m)
        return (
            f"{self.verdict.capitalize()}: there is {self.drift.words()} against drift {level} (p = "
            f"{self.drift.value:.2g}) and {self.any_levels.words()} against drift along some path of levels from "
            f"{low:.1f} to {high:.1f} km (p = {self.any_levels.value:.2g}). Had it flown at a steady "
            f"{JUDGED_SPEED_MS:g} m/s through the air, the second would show it in {seen:.0f} % of such cases; "
            f"{_seen_80(self.power)}. At one level, steady speeds above {self.air_speed_upper_95_ms:.1f} m/s are "
            f"excluded at 95 %."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        plain = ("verdict", "level_is_reported", "used", "given", "times", "seed")
        speeds = ("air_speed_ms", "air_speed_upper_95_ms", "air_speed_any_levels_ms")
        lists = ("level_m", "band_m", "assumptions", "limits")
        return {
            **{name: getattr(self, name) for name in plain},
            **{name: getattr(self, name) if math.isfinite(getattr(self, name)) else None for name in speeds},
            **{name: list(getattr(self, name)) for name in lists},
            "p_value": self.drift.value,
            "p_value_powered": self.any_levels.value,
            "alpha": ALPHA_DRIFT,
            "alpha_powered": ALPHA_POWERED,
            "drift": self.drift.to_json(),
            "any_levels": self.any_levels.to_json(),
            "power": _power_json(self.power),
            "detail": None if self.detail is None else _detail_json(self.detail),
        }


def _seen_80(power: Power) -> str:
    speed, hours = power.seen_80_ms[-1], power.hours[-1]
    if speed is None:
        return f"no speed up to {power.speeds_ms[-1]:g} m/s held for all {hours:.0f} h would show in 80 % of them"
    return f"{speed:.1f} m/s held for all {hours:.0f} h would show in 80 % of them"


def _power_json(power: Power) -> dict[str, Any]:
    return {
        "speeds_ms": list(power.speeds_ms),
        "hours": list(power.hours),
        "powered": [list(row) for row in power.powered],
        "not_drift": list(power.not_drift),
        "seen_80_ms": list(power.seen_80_ms),
        "tracks": power.tracks,
    }


def _detail_json(detail: Detail) -> dict[str, Any]:
    velocity, history = detail.air_velocity, detail.level_history
    return {
        "bayes_factors": [{"story": f.story, "log10": f.log10, "standard_error": f.standard_error, "prior": f.prior}
                          for f in detail.bayes_factors],
        "air_velocity": {name: [round(float(x), 3) for x in getattr(velocity, name)]
                         for name in ("seconds", "east_ms", "north_ms", "sd_ms")},
        "level_history": {"seconds": [float(s) for s in history.seconds],
                          "altitude_m": [round(float(z)) for z in history.altitude_m]},
        "sensitivity": [{"wind_error_factor": s.factor, "p_value": s.p_value, "p_value_powered": s.p_value_powered}
                        for s in detail.sensitivity],
    }  # fmt: skip
