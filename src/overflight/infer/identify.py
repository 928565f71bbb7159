"""What could it be: sightings against known flights, launches and balloons last heard, and against none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overflight.drift import Settings
from overflight.errors import InvalidInput
from overflight.geo import sphere
from overflight.geo.times import to_datetime
from overflight.infer.candidates import SOUNDING, Candidate, Completeness
from overflight.infer.carry import Carried, Carrier
from overflight.infer.identity import Identity, Match, graded
from overflight.infer.match import Offsets, log_density, log_student, offset_km, offsets, on_track
from overflight.infer.screening import fastest_ms, reachable
from overflight.infer.seen_places import SeenPlaces, seen_places, some_of
from overflight.infer.sequence import Afloat, first_of, is_afloat, log_rest, together, weighed
from overflight.infer.track import Track
from overflight.infer.unlisted import log_later, log_rates

if TYPE_CHECKING:
    from overflight.sightings import Sighting

F64 = NDArray[np.float64]

LEAST_MEMBERS = 16
FASTEST_MS = 150.0
"""Faster than any wind, where the winds are not read."""
SCOUTS = 16
"""Members that are sent ahead of a full ensemble, to see whether a candidate comes near."""
NEAR_SIGMAS = 8.0
NEAR_KM = 150.0
_BLOCKS = 4
_SLOW_MS = 1.5
"""A track whose last fixes rise or fall faster is still climbing, or falling, when it ends."""
_LOWEST_M = 500.0


def identify(
    seen: Sequence[Sighting] | Track,
    candidates: Sequence[Candidate],
    winds: xr.Dataset | None,
    *,
    seed: int,
    members: int = 200,
    completeness: Completeness | None = None,
    settings: Settings | None = None,
) -> Identity:
    """Say which of some candidates an object may have been, and how likely it is none of them.

    Parameters
    ----------
    seen : sightings of one object, or a Track, of which those are taken that it does not doubt.
    candidates : flown tracks, launches, balloons last heard.
    winds : canonical wind dataset; None where all candidates are tracks flown through the time of the sightings.
    seed : int. Same seed, same answer.
    members : int. Of each candidate's ensemble.
    completeness : Completeness. Which share of the balloons aloft the candidates are, and the base rate of all.
    settings : drift.Settings. With the wind error, the default model where it has none.

    Returns
    -------
    Identity

    Raises
    ------
    InvalidInput
        There is no sighting, a number is out of range, or winds are needed and not given.
    OutOfCoverage
        The winds know no time of a candidate's way.

    References
    ----------
    See docs/method/identify.md.
    """
    if members < LEAST_MEMBERS:
        raise InvalidInput("members", str(members), f"{LEAST_MEMBERS} or more")
    places, completeness = seen_places(seen), completeness or Completeness()
    carrier = None if winds is None else Carrier.of(winds, seed, settings)
    near = _screened(candidates, places, winds, completeness)
    found = _Found.of([candidates[i] for i in near], places, carrier, members)
    rates = log_rates(places, completeness.base_rate, found.scouts, found.weight)
    none = _None(rates=rates, later=log_later(places, carrier), completeness=completeness)
    about = {"given": len(candidates), "members": members, "inputs": _inputs(seen, winds), "seed": seed}
    return _identity(found, none, places, about)


def _inputs(seen: Sequence[Sighting] | Track, winds: xr.Dataset | None) -> tuple[str, ...]:
    """Return the digests of what the finding rests on."""
    evidence = {s.evidence_sha256 for s in (seen.sightings if isinstance(seen, Track) else seen)}
    digests = () if winds is None else np.atleast_1d(winds.attrs.get("sha256", ""))
    return tuple(sorted(digest for digest in evidence | {str(d) for d in digests} if digest))


def wind_window(sightings: Sequence[Sighting], candidates: Sequence[Candidate]) -> tuple[datetime, datetime]:
    """Return from when to when winds are needed to follow candidates to sightings.

    Parameters
    ----------
    sightings : of one object.
    candidates : those that no wind can have brought near are left out.
    """
    seen = seen_places(sightings)
    near = reachable(candidates, seen, FASTEST_MS, 0.0) if candidates else np.empty(0, np.bool_)
    followed = [c for c, on in zip(candidates, near, strict=True) if on]
    # A launch may be earlier than is stated; hardly a draw is beyond four standard deviations.
    early = [min(c.time[-1], seen.time[0]) - np.timedelta64(round(4.0 * c.time_sd_s), "s") for c in followed]
    return to_datetime(min([*early, seen.time[0]])), to_datetime(seen.time[-1])


def _screened(
    candidates: Sequence[Candidate], seen: SeenPlaces, winds: xr.Dataset | None, completeness: Completeness
) -> NDArray[np.intp]:
    if not candidates:
        return np.empty(0, np.intp)
    speed = FASTEST_MS if winds is None else fastest_ms(winds)
    margin_km = 2.0 * completeness.base_rate.spread_km
    return np.flatnonzero(reachable(candidates, seen, speed, margin_km))


@dataclass(frozen=True, slots=True, kw_only=True)
class _None:
    """Log densities of balloons at the first sighting, of all and of listed ones, and of the sightings after it."""

    rates: tuple[float, float]
    later: float
    completeness: Completeness

    def log(self) -> F64:
        """Return the log density of unlisted balloons under each completeness."""
        of_all, of_listed = self.completeness.unlisted()
        first = np.logaddexp(np.log(of_all) + self.rates[0], np.log(of_listed) + self.rates[1])
        return np.asarray(first + self.later)

    def even_rate(self, best: float, others: float) -> float:
        """Return the base rate at which a candidate weighs as much as all else, by log weights; NaN if none does."""
        of_all, of_listed = (values[self.completeness.middle] for values in self.completeness.unlisted())
        like_listed = np.log(of_listed) + self.rates[1] + self.later
        left = 1.0 - np.exp(others - best) - np.exp(like_listed - best)
        if not left > 0.0:
            return float("nan")
        one = np.log(of_all) + self.rates[0] + self.later - np.log(self.completeness.base_rate.per_million_km2)
        return float(np.exp(min(best + np.log(left) - one, 700.0)))


@dataclass(slots=True, kw_only=True)
class _Found:
    """Reachable candidates and what was found of them; arrays are (candidates,), in their order."""

    candidates: list[Candidate]
    weight: F64
    scouts: Carried
    log_weight: F64
    log_sd: F64
    rows: list[dict[str, float]]
    not_followed: list[str]

    @staticmethod
    def of(candidates: list[Candidate], seen: SeenPlaces, carrier: Carrier | None, members: int) -> _Found:
        """Send scouts, then full ensembles where scouts came near."""
        count = len(candidates)
        found = _Found(
            candidates=candidates,
            weight=np.array([c.weight for c in candidates], np.float64),
            scouts=Carried.nowhere((count, SCOUTS, seen.lat.size)),
            log_weight=np.full(count, -np.inf),
            log_sd=np.full(count, np.nan),
            rows=[{} for _ in candidates],
            not_followed=[],
        )
        followed = [i for i, c in enumerate(candidates) if not found._flown(i, c, seen, carrier, members)]
        if followed:
            found._follow(np.array(followed, np.intp), seen, _needed(carrier), members)
        return found

    def _flown(self, i: int, c: Candidate, seen: SeenPlaces, carrier: Carrier | None, members: int) -> bool:
        """Judge a flown track by its fixes, and after its last one by an ensemble; False if it has none in time."""
        inside = (seen.time >= c.time[0]) & (seen.time <= c.time[-1])
        if c.kind != "track" or c.time.size < 2 or not inside.any():
            return False
        first = some_of(seen, np.flatnonzero(inside))
        at, own = on_track(c, first)
        log = float(log_student(at.points, at.noise + own)[0])
        for name, value in zip(("lat", "lon", "altitude_m"), _place_of(c, first), strict=True):
            getattr(self.scouts, name)[i, :, inside] = value[:, None]
        at = Offsets(points=at.points, noise=at.noise, aloft=1.0)
        self.rows[i] = _described(at, first, own)
        self.log_sd[i] = 0.0
        if not inside.all():
            later = some_of(seen, np.flatnonzero(~inside))
            if (later.time < c.time[0]).any() or _has_landed(c):
                return True
            carried = _needed(carrier).carry([_ended(c)], later.time, members)
            after = offsets(carried, 0, later)
            log += _log_after(_needed(carrier), carried, after, later)
            self.rows[i] = _described(after, later, None)
        self.log_weight[i] = np.log(c.weight) + log
        return True

    def _follow(self, rows: NDArray[np.intp], seen: SeenPlaces, carrier: Carrier, members: int) -> None:
        gone = [i for i in rows if self.candidates[i].kind == "track" and _has_landed(self.candidates[i])]
        rows = np.setdiff1d(rows, gone)
        starts = [_ended(self.candidates[i]) for i in rows]
        if not starts:
            return
        scouts = carrier.carry(starts, seen.time, SCOUTS)
        self.scouts.put(rows, scouts)
        near = [j for j in range(rows.size) if _comes_near(scouts, j, seen)]
        self.not_followed += [starts[j].name for j in range(rows.size) if scouts.lost[j].any(axis=1).all()]
        if not near:
            return
        carried = replace(carrier, seed=carrier.seed ^ 0x5DEECE66D).carry([starts[j] for j in near], seen.time, members)
        afloat: list[tuple[int, Afloat]] = []
        for k, j in enumerate(near):
            i, at = int(rows[j]), offsets(carried, k, seen)
            self.rows[i], self.log_sd[i] = _described(at, seen, None), _monte_carlo(at, seen)
            log, now = log_density(at.points, at.noise, seen.lat.size) + _log(at.aloft), None
            if seen.lat.size > 1 and is_afloat(carried, k):
                log, now = weighed(carried, k, first_of(seen), carrier.seed + i)
            if now is not None:
                afloat.append((i, now))
            self.log_weight[i] = np.log(self.candidates[i].weight) + log
        if afloat:
            later = log_rest(carrier, together([members for _, members in afloat]), seen)
            self.log_weight[[i for i, _ in afloat]] += later


def _log_after(carrier: Carrier, carried: Carried, after: Offsets, later: SeenPlaces) -> float:
    """Log density of sightings after the last fix of one track."""
    if later.lat.size > 1 and is_afloat(carried, 0):
        log, now = weighed(carried, 0, first_of(later), carrier.seed)
        return log if now is None else log + float(log_rest(carrier, now, later)[0])
    return log_density(after.points, after.noise, later.lat.size) + _log(after.aloft)


def _needed(carrier: Carrier | None) -> Carrier:
    if carrier is None:
        raise InvalidInput("winds", "none", "winds", hint="only flights with fixes about every sighting do without")
    return carrier


def _log(share: float) -> float:
    return float(np.log(share)) if share > 0.0 else -np.inf


def _place_of(c: Candidate, seen: SeenPlaces) -> tuple[F64, F64, F64]:
    """Where a track is at instants between its fixes."""
    at, t = (x.astype("datetime64[ns]").astype(np.int64) / 1e9 for x in (c.time, seen.time))
    v = sphere.unit_vector(c.lat, c.lon)
    lat, lon = sphere.latlon(np.stack([np.interp(t, at, v[:, k]) for k in range(3)], axis=-1))
    return lat, lon, np.interp(t, at, c.altitude_m)


def _has_landed(c: Candidate) -> bool:
    return bool(c.time.size > 1 and c.altitude_m[-1] < _LOWEST_M)


def _climb_ms(c: Candidate) -> float:
    """Rate of climb over the last minutes of a track. [m/s]"""
    if c.time.size < 2:
        return 0.0
    back = max(0, c.time.size - 4)
    seconds = float((c.time[-1] - c.time[back]) / np.timedelta64(1, "s"))
    return float(np.nan_to_num((c.altitude_m[-1] - c.altitude_m[back]) / seconds))


def _ended(c: Candidate) -> Candidate:
    """Return what goes on after a track's last fix: a float, a climb or a fall; other kinds as they are."""
    if c.kind != "track":
        return c
    climb = _climb_ms(c)
    afloat, rises = abs(climb) <= _SLOW_MS, climb > 0.0
    return replace(
        c,
        kind="last_heard" if afloat else "launch" if rises else "track",
        profile=c.profile if afloat else SOUNDING,
        time=c.time[-1:],
        lat=c.lat[-1:],
        lon=c.lon[-1:],
        altitude_m=c.altitude_m[-1:],
    )


def _comes_near(scouts: Carried, row: int, seen: SeenPlaces) -> bool:
    """Whether a full ensemble may hold the sightings, as far as a few members show."""
    for i in range(seen.lat.size):
        aloft = scouts.aloft[row, :, i]
        if not aloft.any():
            return False
        away = offset_km(seen.lat[i], seen.lon[i], scouts.lat[row, aloft, i], scouts.lon[row, aloft, i])
        cov = 2.0 * np.cov(np.stack([away.real, away.imag]), bias=True) + seen.cov_km2[i] + np.eye(2) * NEAR_KM**2
        mean = np.array([away.real.mean(), away.imag.mean()])
        if mean @ np.linalg.solve(cov, mean) > NEAR_SIGMAS**2:
            return False
    return True


def _monte_carlo(at: Offsets, seen: SeenPlaces) -> float:
    """Return the standard error of the log density of the first sighting, from blocks of the members."""
    if len(at.points) < 2 * _BLOCKS:
        return np.inf
    n = seen.lat.size
    first = [0, n] + ([2 * n] if np.isfinite(seen.altitude_m[0]) else [])
    noise = at.noise[np.ix_(first, first)]
    logs = [log_density(at.points[b::_BLOCKS][:, first], noise, 1) for b in range(_BLOCKS)]
    return float(np.std(logs, ddof=1) / np.sqrt(_BLOCKS))


def _described(at: Offsets, seen: SeenPlaces, own: F64 | None) -> dict[str, float]:
    """Return the numbers of a Match that are about places."""
    n, points = seen.lat.size, at.points
    out = {"aloft": at.aloft, "sigmas": np.nan}
    if not len(points):
        return out | dict.fromkeys(("lat", "lon", "altitude_m", "major_km", "minor_km", "azimuth_deg"), np.nan)
    sigmas = []
    for i in range(n):
        pair, square = points[:, [i, n + i]], np.ix_([i, n + i], [i, n + i])
        spread = np.cov(pair.T, bias=True) if own is None else own[square]
        mean = pair.mean(axis=0)
        sigmas.append(float(np.sqrt(mean @ np.linalg.solve(spread + at.noise[square] + np.eye(2), mean))))
    east, north = mean
    lat, lon = sphere.move(seen.lat[-1], seen.lon[-1], np.degrees(np.arctan2(east, north)), 1000.0 * np.hypot(*mean))
    size, axes = np.linalg.eigh(spread)
    told = np.isfinite(seen.altitude_m[-1])
    return out | {
        "sigmas": max(sigmas),
        "lat": float(lat),
        "lon": float(lon),
        "altitude_m": float(seen.altitude_m[-1] + 1000.0 * points[:, -1].mean()) if told else np.nan,
        "major_km": float(np.sqrt(max(size[1], 0.0))),
        "minor_km": float(np.sqrt(max(size[0], 0.0))),
        "azimuth_deg": float(np.degrees(np.arctan2(axes[0, 1], axes[1, 1])) % 180.0),
    }


def _even(logs: F64, unlisted: _None) -> float:
    if not logs.size:
        return float("nan")
    return unlisted.even_rate(float(logs[0]), float(np.logaddexp.reduce(logs[1:])) if logs.size > 1 else -np.inf)


def _identity(found: _Found, unlisted: _None, seen: SeenPlaces, about: dict[str, Any]) -> Identity:
    """Turn log weights into posteriors: one balloon each, against the unlisted."""
    none, completeness = unlisted.log(), unlisted.completeness
    order = np.argsort(-found.log_weight, kind="stable")
    order = order[np.isfinite(found.log_weight[order])]
    logs = np.concatenate([np.broadcast_to(found.log_weight[order][:, None], (order.size, none.size)), none[None, :]])
    shares = np.exp(logs - np.logaddexp.reduce(logs, axis=0))
    middle = completeness.middle
    matches = []
    for row, i in enumerate(order):
        c = found.candidates[i]
        matches.append(
            Match(
                name=c.name,
                kind=c.kind,
                source=c.source,
                posterior=float(shares[row, middle]),
                by_completeness=tuple(float(p) for p in shares[row]),
                log10_odds=float((found.log_weight[i] - none[middle]) / np.log(10.0)),
                log10_odds_sd=float(found.log_sd[i] / np.log(10.0)),
                **found.rows[i],
            )
        )
    return Identity(
        matches=tuple(matches),
        p_none=tuple(float(p) for p in shares[-1]),
        completeness=completeness,
        grade=graded(shares[:-1], shares[-1], middle, matches[0].sigmas if matches else np.inf),
        even_rate=_even(found.log_weight[order], unlisted),
        reachable=len(found.candidates),
        not_followed=tuple(found.not_followed),
        sightings=tuple(zip(seen.time, (float(y) for y in seen.lat), (float(x) for x in seen.lon), strict=True)),
        given_sightings=seen.given,
        **about,
    )
