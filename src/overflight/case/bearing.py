"""How a finding bears on a claim: a probability, or a test and its power, put into neutral words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from overflight.airspace import countries
from overflight.airspace.labels import by_country
from overflight.case.canonical import sha256_of
from overflight.case.claims import DEFAULT_RADIUS_KM, Claim
from overflight.case.record import Record
from overflight.geo import sphere
from overflight.geo.times import iso, parse_utc
from overflight.infer.drift_result import JUDGED_SPEED_MS, LEAST_POWER

Direction = Literal["supports", "contradicts", "neither"]
LEVELS = ((0.99, "very strongly"), (0.95, "strongly"), (0.8, "moderately"))
"""Least probability of each word."""
_SD_OF_90 = 2 * 1.6449
_LEAST = 0.002
"""No quantiles of 5 and 95 % tell a smaller probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """What one finding says of one claim.

    Attributes
    ----------
    record : number of the record that holds the finding.
    finding : its name.
    direction : supports, contradicts, neither.
    strength : "very strongly", "strongly", "moderately", or "".
    probability : lowest and highest probability that the claim is true given the finding, or None where it gives none.
    sentence : what it found, in neutral words.
    """

    record: int
    finding: str
    direction: Direction
    strength: str
    probability: tuple[float, float] | None
    sentence: str

    def of_denial(self) -> Bearing:
        """Return how the same finding bears on the opposite claim."""
        turned: dict[Direction, Direction] = {
            "supports": "contradicts",
            "contradicts": "supports",
            "neither": "neither",
        }
        chance = None if self.probability is None else (1.0 - self.probability[1], 1.0 - self.probability[0])
        return replace(self, direction=turned[self.direction], probability=chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known beside a finding.

    Attributes
    ----------
    files : of a name beside the case, its bytes, or None where they are not there as they were recorded.
    span : first and last instant that paths were computed for, or None.
    first : the first sighting's time, or None.
    """

    files: Callable[[str], bytes | None]
    span: tuple[datetime, datetime] | None
    first: datetime | None


def bearing_of(claim: Claim, finding: Record, context: Context) -> Bearing | None:
    """Return how a finding bears on a claim, or None where it is about something else."""
    body = finding.body or {}
    reader = _READERS.get((claim.subject, str(body.get("name"))))
    if reader is None or not isinstance(body.get("result"), dict):
        return None
    try:
        found = reader(claim, finding, body["result"], context)
    except (KeyError, TypeError, ValueError, IndexError):
        return _neither(finding, "The finding is written in a form that this version does not read.")
    return found.of_denial() if claim.denied else found


def _probable(finding: Record, low: float, high: float, sentence: str) -> Bearing:
    """Return a bearing by the probability that the claim is true, which lies from ``low`` to ``high``."""
    low, high = max(0.0, min(low, high)), min(1.0, max(low, high))
    direction: Direction = "neither"
    strength = ""
    for level, words in LEVELS:
        if low >= level or high <= 1.0 - level:
            direction, strength = ("supports" if low >= level else "contradicts"), words
            break
    return Bearing(record=finding.number, finding=str((finding.body or {}).get("name")), direction=direction,
                   strength=strength, probability=(low, high), sentence=sentence)  # fmt: skip


def _neither(finding: Record, sentence: str) -> Bearing:
    return Bearing(record=finding.number, finding=str((finding.body or {}).get("name")), direction="neither",
                   strength="", probability=None, sentence=sentence)  # fmt: skip


def _ledger(claim: Claim, finding: Record, result: Mapping[str, Any], context: Context) -> Bearing:
    """Weigh a passage over a region: the share of paths that crossed it, as far as times allow."""
    members = int(result["members"])
    row = next((r for r in result["crossings"] if r["id"] == claim.region), None)
    name = claim.region_name or claim.region
    if row is None and claim.region not in by_country(countries()).names:
        return _neither(finding, f"The ledger was not made with {name} among its regions.")
    if row is None:
        low, high, sentence = 0.0, 3.0 / members, f"None of {members} paths crossed {name}"
    else:
        low, high, sentence = _crossed(claim, row, members)
    span = context.span
    if span is not None:
        sentence += f"; paths are from {iso(span[0])} to {iso(span[1])}"
    if claim.window is None or span is None or not span[0] <= claim.window[0] <= claim.window[1] <= span[1]:
        high = 1.0  # what happened beyond the paths' time is not known
        sentence += ", and the claim is not bound to that time"
    return _probable(finding, low, high, f"{sentence}.")


def _crossed(claim: Claim, row: Mapping[str, Any], members: int) -> tuple[float, float, str]:
    """Return the least and highest probability of a crossing in the time that is claimed, and what was found."""
    low, high = float(row["probability_low"]), float(row["probability_high"])
    entry, leave = ([parse_utc(row[f"{what}_{q}"]) for q in ("q05", "q95")] for what in ("entry", "exit"))
    times = [iso(instant) for instant in (*entry, *leave)]
    sentence = (f"{int(row['members'])} of {members} paths crossed {row['name']} ({low:.1%} to {high:.1%}), "
                f"entering from {times[0]} to {times[1]} and leaving from {times[2]} to {times[3]}")  # fmt: skip
    if claim.window is None:
        return low, high, sentence
    start, end = claim.window
    was_inside = row["passes_mean"] <= 1.05 and max(start, entry[1]) <= min(end, leave[0])
    if was_inside or (start <= entry[0] and end >= entry[1]):  # 19 in 20 had entered, and 19 in 20 had not left
        return 0.9 * low, high, sentence
    if end < entry[0] or start > leave[1]:
        return 0.0, 0.1 * high, sentence
    return 0.0, high, sentence


def _drift(claim: Claim, finding: Record, result: Mapping[str, Any], _: Context) -> Bearing:
    """Weigh drift: two tests, and what they would have noticed."""
    power = result["power"]
    share = float(np.interp(JUDGED_SPEED_MS, power["speeds_ms"], power["powered"][-1]))
    p, any_levels = float(result["p_value"]), float(result["p_value_powered"])
    sentence = (f"The drift test: {result['verdict']} (p = {p:.2g} of drift at one level, {any_levels:.2g} along any "
                f"path of levels); a steady {JUDGED_SPEED_MS:g} m/s through the air would have shown in {share:.0%} of "
                "such cases.")  # fmt: skip
    strength = ""
    direction: Direction = "neither"
    if result["verdict"] == "needs horizontal air-relative speed":
        direction = "contradicts"
        strength = next(
            (w for below, w in ((0.001, "very strongly"), (0.01, "strongly")) if any_levels < below), "moderately"
        )
    elif result["verdict"] != "not enough data" and share >= LEAST_POWER:
        direction = "supports"
        strength = next((words for level, words in LEVELS[1:] if share >= level), "weakly")
    found = _neither(finding, sentence)
    return replace(found, direction=direction, strength=strength)


def _origin(claim: Claim, finding: Record, result: Mapping[str, Any], context: Context) -> Bearing:
    """Weigh a launch from a place: the probability of the cells that lie there."""
    data = context.files("origin.geojson")
    if data is None:
        return _neither(finding, "The map of the origin is not beside the case as it was recorded.")
    hours, window = float(result["hours_back"]), claim.window
    if window is not None and context.first is not None and window[0] < context.first - timedelta(hours=hours):
        return _neither(finding, f"Launches were sought in the {hours:g} h before the first sighting only.")
    cells = json.loads(data)["features"]
    mass = np.array([float(cell["properties"]["probability"]) for cell in cells])
    wholly, partly = _in_country(cells, claim.region) if claim.lat is None else _near(cells, claim)
    low, elsewhere = float(mass[wholly].sum()), max(0.0, 1.0 - float(mass.sum()))
    high = float(mass[partly].sum()) + elsewhere
    place = str(claim).partition("launched from ")[2].partition(" between ")[0]
    sentence = (f"Of the launches in the {hours:g} h before the first sighting that agree with all sightings, "
                f"{low:.1%} to {min(high, 1.0):.1%} are from there: {place}.")  # fmt: skip
    least = 3.0 / max(float(result["ess"]), 3.0)
    return _probable(finding, min(low, 1.0 - least) if window is None else 0.0, max(high, least), sentence)


def _vertices(cell: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return [lon, lat] (n, 2) of a cell's corners."""
    rings = [ring for part in cell["geometry"]["coordinates"] for ring in part]
    return np.concatenate([np.asarray(ring, np.float64)[:, :2] for ring in rings])


def _in_country(cells: Sequence[Mapping[str, Any]], region: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which cells have all corners in a country, and which have any."""
    regions = countries()
    labels = by_country(regions)
    number = labels.names.index(region) if region in labels.names else -1
    every, some = [], []
    for cell in cells:
        corners = _vertices(cell)
        faces = regions.partition.faces(corners[:, 1], corners[:, 0])
        there = [number in labels.items[labels.first[f] : labels.first[f + 1]] for f in faces]
        every.append(all(there))
        some.append(any(there))
    return np.array(every, bool), np.array(some, bool)


def _near(cells: Sequence[Mapping[str, Any]], claim: Claim) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which cells lie wholly within the radius of a place, and which may lie there in part."""
    within = 1000.0 * (claim.radius_km or DEFAULT_RADIUS_KM)
    wholly, partly = [], []
    for cell in cells:
        corners = _vertices(cell)
        far = sphere.distance_m(corners[:, 1], corners[:, 0], claim.lat or 0.0, claim.lon or 0.0)
        across = sphere.distance_m(corners[:, 1], corners[:, 0], corners[0, 1], corners[0, 0])
        wholly.append(bool(far.max() <= within))
        partly.append(bool(far.min() - across.max() <= within))  # the place may lie inside the cell
    return np.array(wholly, bool), np.array(partly, bool)


def _altitude(claim: Claim, finding: Record, result: Mapping[str, Any], _: Context) -> Bearing:
    """Weigh an altitude: the track's quantiles, at the times that are claimed."""
    mean = [row for row in result["mean"] if row.get("altitude_q50") is not None]
    times = [parse_utc(row["time"]) for row in mean]
    if not mean or claim.altitude_m is None:
        return _neither(finding, "The track has no altitude.")
    start, end = claim.window or (times[0], times[-1])
    if start < times[0] or end > times[-1]:
        return _neither(finding, f"The track is from {iso(times[0])} to {iso(times[-1])} only.")
    near = [row for row, t in zip(mean, times, strict=True) if start <= t <= end]
    near = near or [min(mean, key=lambda row: abs((parse_utc(row["time"]) - start).total_seconds()))]
    chances = [_chance(row, *claim.altitude_m) for row in near]
    lowest, highest = min(r["altitude_q05"] for r in near), max(r["altitude_q95"] for r in near)
    sentence = (f"The track has it at {lowest:,.0f} to {highest:,.0f} m in that time (90 % at each time); the level "
                f"{'is assumed constant' if result['level']['constant'] else 'is that of the sightings'}.")  # fmt: skip
    if claim.window is None:  # at some time
        return _probable(finding, max(chances), 1.0, sentence)
    return _probable(finding, min(chances), max(chances), sentence)


def _chance(row: Mapping[str, Any], low: float, high: float) -> float:
    """Return the probability of a range of altitude, of a normal distribution with the row's quantiles."""
    from scipy.stats import norm  # noqa: PLC0415 - slow to import

    sd = max((row["altitude_q95"] - row["altitude_q05"]) / _SD_OF_90, 1.0)
    middle = row["altitude_q50"]
    if low == high:  # one figure: within what a reported altitude is rounded to
        low, high = low - 500.0, high + 500.0
    chance = float(norm.cdf((high - middle) / sd) - norm.cdf((low - middle) / sd))
    return min(max(chance, _LEAST), 1.0 - _LEAST)


_READERS: dict[tuple[str, str], Callable[..., Bearing]] = {
    ("passed-over", "ledger"): _ledger,
    ("was-drifting", "drift_test"): _drift,
    ("launched-from", "origin"): _origin,
    ("at-altitude", "track"): _altitude,
}


def file_reader(folder: Path, recorded: Mapping[str, str]) -> Callable[[str], bytes | None]:
    """Return what reads a file beside a case, where its digest is the recorded one."""

    def read(name: str) -> bytes | None:
        path = folder.parent / name
        if name not in recorded or not path.is_file() or sha256_of(path) != recorded[name]:
            return None
        return path.read_bytes()

    return read
