"""What a sighted object may have been: flights that are known, launches, balloons last heard somewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput
from overflight.geo.spread import Spread, Value, centre

F64 = NDArray[np.float64]
Kind = Literal["track", "launch", "last_heard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a candidate climbs and what it does then.

    Attributes
    ----------
    ascent_ms : rate of ascent. [m/s]
    top_m : where it bursts, or floats; geometric. [m]
    descent_ms : speed of the descent at sea level [m/s]; None for one that floats.
    """

    ascent_ms: Value
    top_m: Value
    descent_ms: Value | None = None

    @property
    def longest_s(self) -> float:
        """Return how long it can be aloft; infinite for one that floats. [s]"""
        if self.descent_ms is None:
            return np.inf
        slowest = max(0.5 * centre(self.ascent_ms), 1.0)
        return 1.2 * centre(self.top_m) / slowest


SOUNDING = Profile(
    ascent_ms=Spread("normal", 5.0, 0.6, 2.5, 9.0),
    top_m=Spread("normal", 28_000.0, 4_000.0, 12_000.0, 37_000.0),
    descent_ms=Spread("lognormal", 6.0, 0.3, 2.0, 15.0),
)
"""A radiosonde: judged from usual practice (ascent about 5 m/s, burst at 25 to 32 km, a small parachute or none)."""
PICO = Profile(ascent_ms=Spread("normal", 1.5, 0.6, 0.4, 4.0), top_m=Spread("uniform", 8_000.0, 15_000.0))
"""A small superpressure balloon: judged, most float at 8 to 15 km."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One object that is known of.

    Attributes
    ----------
    name : str
    kind : "track": flown, with fixes; "launch": from a place at a time; "last_heard": aloft at a place and time.
    time : datetime64[ns] (n,), rising; one but for a track. UTC.
    lat, lon : float64 (n,). [degrees]
    altitude_m : float64 (n,), geometric; NaN where unknown. Of a launch the ground's. [m]
    altitude_sd_m : float. Standard deviation of these. [m]
    position_sd_m, time_sd_s : float. Standard deviations of a component of the place, and of the time. [m], [s]
    profile : Profile or None. How a launch climbs; None is ``SOUNDING``.
    weight : float. Probability that it is or was there at all: 1, or less for a launch that is only usual.
    source : str
    """

    name: str
    kind: Kind
    time: NDArray[np.datetime64]
    lat: F64
    lon: F64
    altitude_m: F64
    altitude_sd_m: float = 100.0
    position_sd_m: float = 1_000.0
    time_sd_s: float = 60.0
    profile: Profile | None = None
    weight: float = 1.0
    source: str = ""

    def __post_init__(self) -> None:
        """Bring single values to arrays, and refuse what is no candidate."""
        put = object.__setattr__
        put(self, "time", np.atleast_1d(np.asarray(self.time, "datetime64[ns]")))
        for name in ("lat", "lon", "altitude_m"):
            put(self, name, np.atleast_1d(np.asarray(getattr(self, name), np.float64)))
        sizes = {a.size for a in (self.time, self.lat, self.lon, self.altitude_m)}
        self._require(len(sizes) == 1, "times and places", f"{sorted(sizes)} values", "as many of each")
        self._require(self.kind in ("track", "launch", "last_heard"), "kind", self.kind, "track, launch or last_heard")
        self._require(self.kind == "track" or self.time.size == 1, "times", f"{self.time.size}", f"one for {self.kind}")
        self._require(
            bool(np.all(np.diff(self.time) > np.timedelta64(0, "ns"))), "time", "out of order", "rising times"
        )
        self._require(not np.isnat(self.time).any(), "time", "NaT", "a time")
        sound = bool(np.all(np.abs(self.lat) <= 90.0) and np.all(np.abs(self.lon) <= 360.0))
        self._require(sound, "place", f"{self.lat[0]}, {self.lon[0]}", "degrees")
        errors = (self.position_sd_m, self.time_sd_s, self.altitude_sd_m)
        self._require(all(0.0 <= e < np.inf for e in errors), "errors", str(errors), "standard deviations of 0 or more")
        self._require(0.0 < self.weight <= 1.0, "weight", f"{self.weight:g}", "above 0, at most 1")

    def _require(self, good: bool, what: str, got: str, expected: str) -> None:
        if not good:
            raise InvalidInput(f"candidate {self.name!r} {what}", got, expected)

    @property
    def flown(self) -> Profile:
        """Return the profile, the default of its kind where none is given."""
        return self.profile or (SOUNDING if self.kind == "launch" else PICO)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRate:
    """How many balloons are in the sky that are on no list.

    Attributes
    ----------
    per_million_km2 : float. All balloons aloft at one time, listed or not, where nothing else is known. [1e-6 km-2]
    spread_km : float. How far about a listed balloon unlisted ones like it are looked for. [km]
    source : str
    """

    per_million_km2: float = 1.0
    spread_km: float = 1_000.0
    source: str = (
        "judged: some 150 radiosondes aloft on average (900 sites, twice a day, two hours each) and a few hundred "
        "small, research and undeclared balloons, over 510 million km2; nobody has counted them"
    )

    def __post_init__(self) -> None:
        """Refuse what is no rate."""
        if not 0.0 < self.per_million_km2 < 1e6:
            raise InvalidInput("base rate", f"{self.per_million_km2:g}", "balloons per million km2, above 0")
        if not 50.0 <= self.spread_km <= 20_000.0:
            raise InvalidInput("spread", f"{self.spread_km:g} km", "50 to 20000 km")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Which share of the balloons aloft the list holds.

    Attributes
    ----------
    values : tuple of float, rising. Each gives a posterior of its own; the middle one gives the verdict.
    beta : (a, b) or None. A Beta distribution in place of single values; ``values`` are then its 5, 50, 95 % quantiles
        and the middle one is integrated over.
    base_rate : BaseRate. Of all balloons, where the list says nothing.
    """

    values: tuple[float, ...] = (0.3, 0.6, 0.9)
    beta: tuple[float, float] | None = None
    base_rate: BaseRate = field(default_factory=BaseRate)

    def __post_init__(self) -> None:
        """Refuse what is no share; lay out a Beta."""
        if self.beta is not None:
            a, b = self.beta
            if not (1.0 < a < 1e6 and 0.0 < b < 1e6):
                raise InvalidInput("completeness", f"beta {a:g}, {b:g}", "a above 1 and b above 0")
            from scipy.stats import beta  # noqa: PLC0415 - slow to import

            object.__setattr__(self, "values", tuple(float(q) for q in beta.ppf([0.05, 0.5, 0.95], a, b)))
        inside = all(0.0 < v < 1.0 for v in self.values)
        if not (self.values and inside and list(self.values) == sorted(set(self.values))):
            raise InvalidInput("completeness", str(self.values), "rising shares between 0 and 1")

    @property
    def middle(self) -> int:
        """Return which of the values gives the verdict."""
        return len(self.values) // 2

    def unlisted(self) -> tuple[F64, F64]:
        """Return, for each value, the unlisted per balloon aloft and per listed one, or their means over the Beta."""
        share = np.array(self.values)
        of_all, of_listed = 1.0 - share, (1.0 - share) / share
        if self.beta is not None:
            a, b = self.beta
            of_all[self.middle], of_listed[self.middle] = b / (a + b), b / (a - 1.0)
        return of_all, of_listed
