"""A value or a distribution of values: what every uncertain parameter is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo import rng

Kind = Literal["normal", "lognormal", "uniform"]


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of one scalar parameter.

    Attributes
    ----------
    kind : {"normal", "lognormal", "uniform"}
    a, b : float
        normal: mean and standard deviation. lognormal: median and standard deviation of the logarithm.
        uniform: lowest and highest.
    low, high : float
        Draws outside are brought to the nearer bound.
    """

    kind: Kind
    a: float
    b: float
    low: float = -np.inf
    high: float = np.inf

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        if self.kind not in ("normal", "lognormal", "uniform"):
            raise InvalidInput("spread", repr(self.kind), "normal, lognormal or uniform")
        if not (np.isfinite(self.a) and np.isfinite(self.b)):
            raise InvalidInput("spread", f"{self.a}, {self.b}", "finite numbers")
        if self.kind == "uniform" and self.b < self.a:
            raise InvalidInput("spread", f"{self.a} to {self.b}", "a lowest value not above the highest")
        if self.kind != "uniform" and self.b < 0:
            raise InvalidInput("spread", str(self.b), "a standard deviation of 0 or more")
        if self.kind == "lognormal" and self.a <= 0:
            raise InvalidInput("spread", str(self.a), "a median above 0")

    def draw(self, seed: int, name: str, members: int, *, first_member: int = 0) -> NDArray[np.float64]:
        """Return one value a member, shape (members,), keyed by seed, name and member number."""
        if self.kind == "uniform":
            values = self.a + (self.b - self.a) * rng.uniforms(seed, name, members, first_member=first_member)
        else:
            z = rng.normals(seed, name, members, first_member=first_member)
            values = self.a + self.b * z if self.kind == "normal" else self.a * np.exp(self.b * z)
        return np.clip(values, self.low, self.high)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A value for each member, as it is given.

    Attributes
    ----------
    values : float64 (members,)
    """

    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse what is no list of finite numbers."""
        values = np.atleast_1d(np.asarray(self.values, np.float64))
        if values.ndim != 1 or not values.size or not np.all(np.isfinite(values)):
            raise InvalidInput("given values", f"shape {values.shape}", "finite numbers, one for each member")
        object.__setattr__(self, "values", values)

    def draw(self, seed: int, name: str, members: int, *, first_member: int = 0) -> NDArray[np.float64]:
        """Return the values of the members asked for."""
        if first_member + members > self.values.size:
            raise InvalidInput(name, f"{self.values.size} values", f"one for each of {first_member + members} members")
        return self.values[first_member : first_member + members].copy()


Value = float | Spread | Given


def draw(value: Value, seed: int, name: str, members: int, *, first_member: int = 0) -> NDArray[np.float64]:
    """Return ``value`` for each member, shape (members,): itself repeated, or drawn."""
    if isinstance(value, Spread | Given):
        return value.draw(seed, name, members, first_member=first_member)
    return np.full(members, float(value))


def ends(value: Value) -> tuple[float, float]:
    """Return bounds of what is drawn: exact, or six standard deviations where there are none."""
    if isinstance(value, Given):
        return float(value.values.min()), float(value.values.max())
    if not isinstance(value, Spread):
        return float(value), float(value)
    low, high = value.a, value.b
    if value.kind == "normal":
        low, high = value.a - 6.0 * value.b, value.a + 6.0 * value.b
    if value.kind == "lognormal":
        low, high = value.a * np.exp(-6.0 * value.b), value.a * np.exp(6.0 * value.b)
    bottom, top = (float(np.clip(v, value.low, value.high)) for v in (low, high))
    return bottom, top


def centre(value: Value) -> float:
    """Return the value itself, or the median of its distribution."""
    if isinstance(value, Given):
        return float(np.median(value.values))
    if not isinstance(value, Spread):
        return float(value)
    return 0.5 * (value.a + value.b) if value.kind == "uniform" else value.a
