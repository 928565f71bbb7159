"""Where it was launched: the posterior of place and time, known sites ranked, "none of these" among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight import drift
from overflight.drift.run import pack_for
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.flight import float_at_pressure
from overflight.geo import rng
from overflight.geo.density import Density
from overflight.geo.times import iso
from overflight.infer.launch_draws import Draws, Proposal
from overflight.infer.launch_prior import LaunchPrior
from overflight.infer.launch_sites import Site, known_sites
from overflight.infer.launches import FOUND, Launches, Start, fly_back, joined
from overflight.infer.origin_ascent import FASTEST_MS, Climb, climbing_at_first
from overflight.infer.origin_check import Agreement, agreement
from overflight.infer.origin_region import SiteOdds, Windows, density_of, ranked_sites, windows_of
from overflight.infer.origin_weights import LAND_PART, SEA_PART, Points, Tried, kernel_km, spread_km, weigh
from overflight.infer.track import Track
from overflight.winds import WindError
from overflight.winds import members as members_of

__all__ = ["NONE_OF_THESE", "Origin", "Site", "origin"]

F64 = NDArray[np.float64]
NONE_OF_THESE = "none of these"
ROUNDS = (0.1, 0.25, 0.65)
"""Part of the launches in each round: the first is broad, each later one follows what was found before it."""
ASCENT_SPREAD = 0.4, 8.0
"""Spread of rates of ascent, and the wind speed that ascents of other rates are parted by. [m/s]"""
GOOD_ESS = 200.0
_NS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """Where and when it may have been launched.

    Attributes
    ----------
    density : Density. Cells with probability; ``elsewhere`` is what the winds do not reach.
    windows : Windows. The same by time of launch.
    hours_back : float. Launches up to so long before the first sighting were thought possible. [h]
    launch_time : 5, 50 and 95 % quantiles of the time of launch, of what the winds reach. UTC.
    ranked : tuple of SiteOdds, the likeliest first.
    land, sea, elsewhere : float. Probability of no site given, on land and at sea, and of places outside the winds.
    ess : float. Effective number of launches that carry the posterior.
    members : int. Launches that were tried.
    is_learned : bool. The wind error at the first sighting was taken from the track.
    prior : dict. The prior as it was used.
    agreement : Agreement. Of flights forward with flights back; None where it was not asked for or cannot be had.
    note : str. What the map is and what it rests on.
    seed : int
    """

    density: Density
    windows: Windows
    hours_back: float
    launch_time: tuple[np.datetime64, np.datetime64, np.datetime64]
    ranked: tuple[SiteOdds, ...]
    land: float
    sea: float
    elsewhere: float
    ess: float
    members: int
    is_learned: bool
    prior: dict[str, Any]
    agreement: Agreement | None
    note: str
    seed: int

    @property
    def none_of_these(self) -> float:
        """Probability that it came from none of the sites: land, sea and outside the winds."""
        return self.land + self.sea + self.elsewhere

    @property
    def sites(self) -> tuple[tuple[str, float], ...]:
        """Sites and "none of these" with their probabilities, the likeliest first; empty where no site was given."""
        if not self.prior["sites"]:
            return ()
        rows = [(row.name, row.probability) for row in self.ranked]
        return tuple(sorted([*rows, (NONE_OF_THESE, self.none_of_these)], key=lambda row: -row[1]))

    def __str__(self) -> str:
        """Return the finding as sentences."""
        area = self.density.area_m2(0.9) / 1e6
        low, middle, high = (iso(t) for t in self.launch_time)
        text = f"Launch up to {self.hours_back:g} h before the first sighting: "
        if self.elsewhere > 0.1:
            text += f"{100 * self.elsewhere:.0f} % of the posterior lies outside the winds; "
        text += f"the 90 % region covers {area:,.0f} km2; launched about {middle} ({low} to {high})."
        if self.ranked:
            best = self.ranked[0]
            text += f" Of the known sites {best.name} comes first with {100 * best.probability:.1f} %;"
            text += f" none of these: {100 * self.none_of_these:.0f} %."
        if self.ess < GOOD_ESS:
            text += f" Only {self.ess:.0f} launches carry it: take more members."
        return text

    def to_json(self) -> dict[str, Any]:
        """Return the finding without its cells, as plain data."""
        return {
            "hours_back": self.hours_back,
            "elsewhere": self.elsewhere,
            "none_of_these": {"land": self.land, "sea": self.sea, "elsewhere": self.elsewhere},
            "area_50_km2": self.density.area_m2(0.5) / 1e6,
            "area_90_km2": self.density.area_m2(0.9) / 1e6,
            "area_99_km2": self.density.area_m2(0.99) / 1e6,
            "launch_time": [iso(t) for t in self.launch_time],
            "windows": self.windows.to_json(),
            "sites": [row.to_json() for row in self.ranked[:25]],
            "members": self.members,
            "ess": self.ess,
            "wind_error_learned": self.is_learned,
            "prior": self.prior,
            "agreement": None if self.agreement is None else asdict(self.agreement),
            "note": self.note,
            "seed": self.seed,
        }


def origin(  # noqa: PLR0913 - what is asked, what is believed, and how it is computed
    track: Track,
    winds: xr.Dataset,
    *,
    hours_back: float,
    seed: int | None = None,
    sites: Sequence[Site] | None = None,
    prior: LaunchPrior | None = None,
    members: int = 20_000,
    resolution: int | None = None,
    settings: drift.Settings | None = None,
    error_state: drift.ErrorState | None = None,
    check: bool = False,
) -> Origin:
    """Find where and when the object of a track was launched.

    Samples of the track at its first sighting, with the wind error that the sightings taught there, are flown back: at
    their level for a time drawn anew for each, then down the ascent to the ground. Each launch so found is weighed by
    the prior of its place, hour and ascent.

    Parameters
    ----------
    track : Track
    winds : canonical wind dataset; of an ensemble each member flies its share.
    hours_back : float. Launches up to so long before the first sighting are possible, all times alike. [h], above 0
    seed : int. The track's own where None.
    sites : known sites; those that are shipped where None, none where empty.
    prior : LaunchPrior, the default where None.
    members : int. Launches to try, 100 or more.
    resolution : int. H3 resolution of the cells, 0 to 7; None takes the finest that the launches fill.
    settings : drift.Settings. Its ``wind_error`` is taken as it is; without settings it is the default model.
    error_state : ErrorState. Wind error of each sample of the track at its first sighting, the track's own where None;
        where the track has none either it is drawn anew and the region comes out too wide.
    check : bool. Also fly forward from the likeliest place, and say whether that agrees.

    Raises
    ------
    InvalidInput
        A number is out of range.
    OutOfCoverage
        The winds know no time before the first sighting.

    References
    ----------
    Seibert and Frank (2004), doi 10.5194/acp-4-51-2004; Anderson (1982), doi 10.1016/0304-4149(82)90051-5, on
    diffusions in reversed time. See docs/method/origin.md.
    """
    _check(hours_back, members, resolution)
    seed = track.seed if seed is None else seed
    settings = settings or drift.Settings(wind_error=WindError())
    sites, prior = known_sites() if sites is None else tuple(sites), prior or LaunchPrior()
    weights = prior.to_json(sites)
    start = _start(track, error_state)
    _require_winds(winds, start, hours_back, settings)
    search = _Search(
        start=start, climb=climbing_at_first(track.sightings), window_s=3600.0 * hours_back, sites=sites, prior=prior,
        seed=seed, settings=settings,
    )  # fmt: skip
    if search.climb is None and start.altitude_m.min() > FASTEST_MS * search.window_s:
        raise InvalidInput("hours_back", f"{hours_back:g} h", "more than the ascent takes")
    tried = search.run(winds, members)
    found = _summed(search, tried, weights, hours_back, resolution)
    return replace(found, agreement=search.checked(winds, tried)) if check else found


def _check(hours_back: float, members: int, resolution: int | None) -> None:
    if not 0.0 < hours_back < 24.0 * 366:
        raise InvalidInput("hours_back", str(hours_back), "a number above 0, up to a year")
    if members < 100:
        raise InvalidInput("members", str(members), "100 or more")
    if resolution is not None and not 0 <= resolution <= 7:
        raise InvalidInput("resolution", str(resolution), "0 to 7")


def _start(track: Track, error_state: drift.ErrorState | None) -> Start:
    """Take the samples of a track at its first sighting, with the wind error learnt there."""
    times = np.asarray(track.samples["time"].values, "datetime64[ns]")
    at = int(np.argmin(np.abs(times - track.per_sighting[0].time)))
    first = track.samples.isel(obs=at)
    learned: drift.ErrorState | None = track.first if error_state is None else error_state
    lat, lon, pressure, altitude = (first[n].values.astype(np.float64) for n in ("lat", "lon", "pressure", "altitude"))
    if learned is not None and learned.scale.size != lat.size:
        raise InvalidInput("error state", f"{learned.scale.size} members", f"one for each of {lat.size} samples")
    return Start(time=times[at], lat=lat, lon=lon, pressure_pa=pressure, altitude_m=altitude, error=learned)


def _require_winds(winds: xr.Dataset, start: Start, hours_back: float, settings: drift.Settings) -> None:
    pack = pack_for(members_of(winds)[0], float_at_pressure(float(start.pressure_pa[0])), settings)
    try:
        first = pack.seconds(start.time)
        pack.require(first - 3600.0 * hours_back, first)
    finally:
        pack.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """A search in rounds: broadly over all ages and levels, then where the posterior was found."""

    start: Start
    climb: Climb | None
    window_s: float
    sites: Sequence[Site]
    prior: LaunchPrior
    seed: int
    settings: drift.Settings

    def run(self, winds: xr.Dataset, members: int) -> Tried:
        """Try launches; return them with the density of their draws."""
        proposal = Proposal(
            self.start.time, self.window_s, (self.start.pressure_pa, self.start.altitude_m), self.prior,
            synoptic=any(s.kind == "radiosonde" for s in self.sites),
        )  # fmt: skip
        counts = [round(part * members) for part in ROUNDS[:-1]]
        counts.append(members - sum(counts))
        tables: list[F64] = []
        drawn: list[Draws] = []
        flown: list[Launches] = []
        for number, count in enumerate(counts):
            tables.append(self._table(proposal, drawn, flown, tables, counts))
            drawn.append(self._draw(proposal, tables[-1], count, sum(counts[:number])))
            flown.append(self._fly(winds, drawn[-1], number))
            if self.settings.progress:
                self.settings.progress(sum(counts[: number + 1]), members)
        return self._tried(proposal, drawn, flown, tables, counts)

    def _table(
        self, proposal: Proposal, drawn: list[Draws], flown: list[Launches], tables: list[F64], counts: list[int]
    ) -> F64:
        """Return where to draw next."""
        if not drawn:
            return proposal.broad
        tried = self._tried(proposal, drawn, flown, tables, counts[: len(drawn)])
        mass = _mass_of_members(*weigh(tried, self.sites, self.prior, seed=self.seed))
        age, sample = (np.concatenate([getattr(d, n) for d in drawn]) for n in ("age_s", "sample"))
        return proposal.table(age, sample, mass)

    def checked(self, winds: xr.Dataset, tried: Tried) -> Agreement | None:
        """Compare flights forward with flights back, in the first member of the winds."""
        points, _ = weigh(tried, self.sites, self.prior, seed=self.seed)
        if self.climb is not None:
            return None
        draws = (tried.launches.age_s, tried.sample, tried.rate_ms)
        field = members_of(winds)[0]
        return agreement(field, self.start, points, draws, tried.spread_km, seed=self.seed, settings=self.settings)

    def _draw(self, proposal: Proposal, table: F64, count: int, first_member: int) -> Draws:
        draws = proposal.draw(table, count, self.seed, first_member)
        if self.climb is None:
            return draws
        z = rng.normals(self.seed, "origin observed climb", count, first_member=first_member)
        rate = np.clip(self.climb.rate_ms + self.climb.sd_ms * z, 0.2 * self.climb.rate_ms, 5.0 * self.climb.rate_ms)
        age = self.start.altitude_m[draws.sample] / rate
        return replace(draws, rate_ms=rate, age_s=age, log_rate_density=np.zeros(count))

    def _fly(self, winds: xr.Dataset, draws: Draws, number: int) -> Launches:
        """Fly draws back, dealt out to the members of the winds in turn."""
        fields, count = members_of(winds), draws.age_s.size
        order = [np.arange(k, count, len(fields)) for k in range(len(fields))]
        parts = [
            fly_back(
                field,
                self.start,
                Draws(**{n: getattr(draws, n)[some] for n in ("sample", "age_s", "rate_ms", "log_rate_density")}),
                seed=(self.seed + 7919 * (number + 2 * k + 1)) % 2**62,
                settings=self.settings,
                climbing=self.climb is not None,
            )
            for k, (field, some) in enumerate(zip(fields, order, strict=True))
            if some.size
        ]
        back = np.argsort(np.concatenate(order), kind="stable")
        whole = joined(parts)
        return Launches(**{n: getattr(whole, n)[back] for n in Launches.__dataclass_fields__})

    def _tried(
        self, proposal: Proposal, drawn: list[Draws], flown: list[Launches], tables: list[F64], counts: list[int]
    ) -> Tried:
        draws = Draws(**{n: np.concatenate([getattr(d, n) for d in drawn]) for n in Draws.__dataclass_fields__})
        launches = joined(flown)
        log_draw = draws.log_rate_density
        if self.climb is None:
            log_draw = log_draw + proposal.log_density(draws, tables, counts)
        error, start = self.settings.wind_error, self.start
        lat = float(start.lat.mean())
        sd = 0.0 if error is None else float(error.sd(start.pressure_pa / 100.0, start.lat).mean())
        rise_s = start.altitude_m[draws.sample] / draws.rate_ms
        start_km = np.hypot(111.2 * np.std(start.lat), ASCENT_SPREAD[0] * ASCENT_SPREAD[1] * rise_s / 1000.0)
        spread = np.hypot(spread_km(error, sd, lat, launches.age_s, start_km), launches.extra_km)
        width = kernel_km(spread, launches)
        ages = np.round(launches.age_s * _NS).astype("timedelta64[ns]")
        return Tried(
            launches=launches, times=start.time - ages, sample=draws.sample, rate_ms=draws.rate_ms, log_draw=log_draw,
            spread_km=spread, width_km=width,
        )  # fmt: skip


def _mass_of_members(points: Points, lost: F64) -> F64:
    """Return the mass that each launch carries, those that the winds lost too."""
    return lost + np.bincount(points.member, points.mass, lost.size)


def _summed(
    search: _Search, tried: Tried, weights: dict[str, Any], hours_back: float, resolution: int | None
) -> Origin:
    """Sum the points of the posterior into cells, windows of time and sites."""
    points, lost = weigh(tried, search.sites, search.prior, seed=search.seed)
    mass = _mass_of_members(points, lost)
    total = float(mass.sum())
    if not points.mass.sum() > 0.0:
        found = int((tried.launches.fate == FOUND).sum())
        have = f"{found} of {mass.size} launches on the ground, none where the prior allows one"
        raise OutOfCoverage("winds", f"{hours_back:g} h before the first sighting", have)
    points = replace(points, mass=points.mass / total)
    elsewhere = float(lost.sum()) / total
    ess = total**2 / float(np.sum(mass**2))
    density = density_of(points, elsewhere, resolution)
    return Origin(
        density=density,
        windows=windows_of(points, search.start.time, search.window_s, density),
        hours_back=hours_back,
        launch_time=_quantiles(points, search.start.time),
        ranked=ranked_sites(points, search.sites, search.start.time, elsewhere),
        land=float(points.mass[points.part == LAND_PART].sum()),
        sea=float(points.mass[points.part == SEA_PART].sum()),
        elsewhere=elsewhere,
        ess=ess,
        members=mass.size,
        is_learned=search.start.error is not None,
        prior=weights,
        agreement=None,
        note=_note(search, tried),
        seed=search.seed,
    )


def _quantiles(points: Points, first: np.datetime64) -> tuple[np.datetime64, np.datetime64, np.datetime64]:
    order = np.argsort(-points.age_s)
    share = np.cumsum(points.mass[order])
    at = [order[min(int(np.searchsorted(share / share[-1], q)), order.size - 1)] for q in (0.05, 0.5, 0.95)]
    low, middle, high = (first - np.timedelta64(round(float(points.age_s[i]) * _NS), "ns") for i in at)
    return low, middle, high


def _note(search: _Search, tried: Tried) -> str:
    text = (
        "Posterior of the launch given all sightings, the winds, their error and the prior that is printed with it; "
        "the level is held from the end of the ascent to the first sighting."
    )
    if search.climb is not None:
        text = text.split(";", maxsplit=1)[0] + f"; it was climbing at {search.climb.rate_ms:.1f} m/s when first seen."
    if search.start.error is None:
        text += " The wind error at the first sighting was drawn anew, not learnt: the region is a little too wide."
    if (tried.launches.extra_km > 0.0).mean() > 0.01:
        text += " The winds end above the ground: the ascent below them adds some km of doubt."
    return text
