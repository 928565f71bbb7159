"""What an object may have been: candidates with their posteriors, "none of these", and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from overflight import __version__
from overflight.geo.times import iso
from overflight.infer.candidates import Completeness

F64 = NDArray[np.float64]
Grade = Literal["identified", "possible", "cannot be told", "none of the listed"]

NONE = "none of these"
IDENTIFIED, IDENTIFIED_ODDS, STILL = 0.95, 20.0, 0.9
POSSIBLE = 0.5
FITS = 3.0
"""Standard deviations in the plane, which hold 99 %."""
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One candidate beside the sightings.

    Attributes
    ----------
    name, kind, source : as given.
    posterior : float. Probability that it is the object, under the middle completeness.
    by_completeness : tuple of float. Under each.
    log10_odds : float. Against "none of these", under the middle completeness.
    log10_odds_sd : float. Monte-Carlo error of that.
    sigmas : float. Largest distance of a sighting from the prediction, in standard deviations of both; of a plane,
        so that 1.2, 2.1 and 3.0 hold a half, 90 and 99 %.
    aloft : float. Probability that it is in the air at all the sightings.
    lat, lon : where it is predicted at the last sighting. [degrees]
    altitude_m : mean of the prediction there. [m]
    major_km, minor_km, azimuth_deg : standard deviations of that place along the axes of its ellipse. [km], [degrees]
    """

    name: str
    kind: str
    source: str
    posterior: float
    by_completeness: tuple[float, ...]
    log10_odds: float
    log10_odds_sd: float
    sigmas: float
    aloft: float
    lat: float
    lon: float
    altitude_m: float
    major_km: float
    minor_km: float
    azimuth_deg: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identity:
    """What the object may have been.

    Attributes
    ----------
    matches : tuple of Match, the likeliest first; those that were followed by a full ensemble.
    p_none : tuple of float. Probability of "none of these" under each completeness.
    completeness : Completeness. With its base rate.
    grade : "identified", "possible", "cannot be told" or "none of the listed".
    even_rate : float. Base rate at which the likeliest candidate has a probability of a half, under the middle
        completeness; NaN where it has less at any. [1e-6 km-2]
    given, reachable : int. Candidates given, and those that time and the fastest wind leave.
    not_followed : tuple of names. Reachable, but the winds do not cover their way.
    sightings : tuple of (time, lat, lon). That were used.
    given_sightings : int
    members : int. Of each candidate's ensemble.
    inputs : sha256 of the sightings' evidence and of the winds.
    seed : int
    """

    matches: tuple[Match, ...]
    p_none: tuple[float, ...]
    completeness: Completeness
    grade: Grade
    even_rate: float
    given: int
    reachable: int
    not_followed: tuple[str, ...]
    sightings: tuple[tuple[np.datetime64, float, float], ...]
    given_sightings: int
    members: int
    inputs: tuple[str, ...]
    seed: int

    @property
    def verdict(self) -> str:
        """Return the finding as sentences with its numbers."""
        middle = self.completeness.middle
        none = f"none of the {counted(self.given, 'candidate')} given: {_range(self.p_none, middle)}"
        best = self.matches[0] if self.matches else None
        told = "" if best is None else (
            f"{best.name}: {_range(best.by_completeness, middle)}, {best.sigmas:.1f} standard deviations from the "
            f"sightings, odds against none of them {odds_text(best.log10_odds)}"
        )  # fmt: skip
        start = {
            "identified": "Identified as far as list and base rate hold",
            "possible": "Possible, not established",
            "cannot be told": "Cannot be told",
            "none of the listed": "Probably none of the listed",
        }[self.grade]
        parts = [none, told] if self.grade == "none of the listed" else [told, none]
        return f"{start}. {'; '.join(p for p in parts if p)}."

    def assumptions(self) -> tuple[str, ...]:
        """Return what the finding rests on, a sentence each."""
        c, base = self.completeness, self.completeness.base_rate
        shares = ", ".join(f"{v:g}" for v in c.values)
        how = f"Beta({c.beta[0]:g}, {c.beta[1]:g}), whose 5, 50 and 95 % are " if c.beta else ""
        lines = [
            f"The list holds this share of the balloons aloft: {how}{shares}.",
            f"Base rate of all balloons aloft, where the list says nothing: {base.per_million_km2:g} over a "
            f"million km2; {base.source}.",
            f"Unlisted balloons like the listed are looked for within some {base.spread_km:g} km of them.",
        ]
        if np.isfinite(self.even_rate):
            lines.append(
                f"At a base rate of {self.even_rate:.2g} the likeliest candidate would be as likely as not: judge by "
                "that how much hangs on it."
            )
        if self.not_followed:
            few = ", ".join(self.not_followed[:5])
            lines.append(f"The winds do not cover the way of {counted(len(self.not_followed), 'candidate')}: {few}.")
        return tuple(lines)

    def __str__(self) -> str:
        """Return the verdict."""
        return self.verdict

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        base = self.completeness.base_rate
        fields = [n for n in Match.__dataclass_fields__ if n != "by_completeness"]
        return {
            "verdict": self.verdict,
            "grade": self.grade,
            "completeness": list(self.completeness.values),
            "completeness_beta": None if self.completeness.beta is None else list(self.completeness.beta),
            "p_none": [_plain(p) for p in self.p_none],
            "candidates": [
                {n: _plain(getattr(m, n)) for n in fields} | {"by_completeness": [_plain(p) for p in m.by_completeness]}
                for m in self.matches
            ],
            "base_rate": {
                "per_million_km2": base.per_million_km2,
                "spread_km": base.spread_km,
                "source": base.source,
            },
            "assumptions": list(self.assumptions()),
            "even_rate_per_million_km2": _plain(self.even_rate),
            "given": self.given,
            "reachable": self.reachable,
            "not_followed": list(self.not_followed),
            "sightings": [{"time": iso(t), "lat": y, "lon": x} for t, y, x in self.sightings],
            "given_sightings": self.given_sightings,
            "members": self.members,
            "inputs": list(self.inputs),
            "seed": self.seed,
            "overflight_version": __version__,
        }


def graded(posteriors: F64, p_none: F64, middle: int, sigmas: float = 0.0) -> Grade:
    """Return the grade of posteriors (candidates, values), the likeliest first, and of "none" (values,).

    "identified" wants 0.95 and odds of 20 against the next best, or against none, under the middle completeness, and
    0.9 under the lowest; and that the best fits, its ``sigmas`` at most 3: of two balloons launched together one may be
    all that is listed, and far likelier than chance though it is the other that was seen. "none of the listed" wants
    the same probabilities of none, under the middle and the highest.
    """
    if posteriors.size:
        best, second = posteriors[0], posteriors[1] if len(posteriors) > 1 else np.zeros(p_none.size)
        rival = max(second[middle], p_none[middle], 1e-300)
        if (
            sigmas <= FITS
            and best[middle] >= IDENTIFIED
            and best[middle] / rival >= IDENTIFIED_ODDS
            and best[0] >= STILL
        ):
            return "identified"
    if p_none[middle] >= IDENTIFIED and p_none[-1] >= STILL:
        return "none of the listed"
    return "possible" if posteriors.size and posteriors[0, middle] >= POSSIBLE else "cannot be told"


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return None if not np.isfinite(value) else float(f"{float(value):.6g}")


def _range(values: tuple[float, ...], middle: int) -> str:
    low, high = min(values), max(values)
    span = "" if len(values) == 1 else f" ({share_text(low)} to {share_text(high)} over the completeness)"
    return f"{share_text(values[middle])}{span}"


def share_text(p: float) -> str:
    """Write a probability; never as 0 or 1."""
    if p > 0.999:
        return "above 0.999"
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def odds_text(log10: float) -> str:
    """Write odds as words."""
    if not np.isfinite(log10):
        return "0"
    return f"{10.0**log10:.3g} to 1" if abs(log10) < 4 else f"10^{log10:.0f} to 1"


def counted(number: int, what: str) -> str:
    """Write a number of things."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
