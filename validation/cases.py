"""One block of cases: drawn, flown, seen and judged; its rows are plain data."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from overflight.errors import OverflightError
from validation import judges
from validation.field import Field
from validation.field import field as field_of
from validation.judges import Effort, Place
from validation.launches import launch, sites_of
from validation.seen import reports, see
from validation.strata import Stratum, stratum
from validation.truth import Truth, draw

Row = dict[str, Any]

SKY = "sky"
"""The one stratum of ``identify``: skies as wide as the globe."""
PARTS = ("track", "forecast", "drift", "verdict", "origin", "identify")
AHEAD_H = 24
"""How far a forecast goes beyond the last sighting."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Cases ``first`` to ``first + count`` of one stratum and variant, judged for one part."""

    part: str
    stratum: str
    variant: str
    first: int
    count: int

    @property
    def name(self) -> str:
        """The shard that holds its rows, below the folder of the study."""
        return f"{self.part}/{self.stratum}/{self.variant}/{self.first:06d}-{self.first + self.count - 1:06d}.jsonl"


@dataclass(frozen=True, kw_only=True)
class Study:
    """What holds for all blocks of a study: the seed, and how much judges compute."""

    seed: int = 20_230_201
    effort: Effort = field(default_factory=Effort)


def seed_of(study: Study, name: str) -> int:
    """Return the seed of a stratum; cases within it are told apart by their number."""
    return (study.seed << 24) ^ zlib.crc32(name.encode())


def run_block(block: Block, study: Study) -> list[Row]:
    """Return one row a case; what overflight refuses is told in ``error``."""
    if block.part not in PARTS:
        raise ValueError(f"part: got {block.part!r}, expected {', '.join(PARTS)}")
    seed = seed_of(study, block.stratum)
    if block.part == "identify":
        return _skies(block, study, seed)
    asked = stratum(block.stratum)
    if block.part == "origin":
        return _origins(block, asked, study, seed)
    given = field_of("coarse" if block.variant == "finer" else asked.product)
    true_field = field_of("table") if block.variant == "finer" else given
    beyond = AHEAD_H if block.part == "forecast" else 0
    truth = draw(asked, true_field, block.variant, seed=seed, first=block.first, count=block.count, beyond_h=beyond)
    seen = see(truth, asked, seed=seed, first=block.first)
    rows = []
    for i in range(block.count):
        hour = int(seen.held_out[i]) if block.part != "forecast" else asked.hours + AHEAD_H
        sightings, at = reports(truth, seen, asked, i), place(truth, i, hour)
        ask = _asked(block.part, given.winds, at, seed + block.first + i, study.effort)
        rows.append(_row(block.first + i, lambda ask=ask, sightings=sightings: ask(sightings)))
    return rows


def _asked(part: str, winds: xr.Dataset, at: Place, seed: int, effort: Effort) -> Callable[..., Row]:
    if part == "track":
        return lambda sightings: judges.judge_track(sightings, winds, [at], seed=seed, effort=effort)[0]
    if part == "forecast":
        return lambda sightings: judges.judge_forecast(sightings, winds, at, AHEAD_H, seed=seed, effort=effort)
    if part == "verdict":
        return lambda sightings: judges.judge_verdict(sightings, winds, seed=seed, effort=effort)
    return lambda sightings: judges.judge_drift(sightings, winds, seed=seed, effort=effort)


def _origins(block: Block, asked: Stratum, study: Study, seed: int) -> list[Row]:
    given: Field = field_of(asked.product)
    flown = launch(asked, given, seed=seed, first=block.first, count=block.count)
    seen = see(flown.truth, asked, seed=seed, first=block.first)
    sites, rows = sites_of(seed), []
    for i in range(block.count):
        sightings = reports(flown.truth, seen, asked, i)
        home = Place(time=flown.time[i], lat=float(flown.lat[i]), lon=float(flown.lon[i]), altitude_m=0.0)

        def ask(sightings: list[Any] = sightings, home: Place = home, number: int = i) -> Row:
            row = judges.judge_origin(sightings, given.winds, home, seed=seed + block.first + number,
                                      effort=study.effort, sites=sites)  # fmt: skip
            true = sites[flown.site[number]].name if flown.site[number] >= 0 else "none of these"
            ranked = row.pop("ranked")
            return {**row, "from_site": true != "none of these",
                    "rank": ranked.index(true) + 1 if true in ranked else 99}  # fmt: skip

        rows.append(_row(block.first + i, ask))
    return rows


def _skies(block: Block, study: Study, seed: int) -> list[Row]:
    """Return one row for each object asked about, several to a sky; a case is a sky."""
    winds, rows = field_of("table").winds, []
    for number in range(block.first, block.first + block.count):
        steady = winds.isel(time=[(5 * number) % winds.sizes["time"]])
        found = judges.judge_sky(steady, seed=seed + number, effort=study.effort)
        rows += [{"case": number, **row} for row in found]
    return rows


def place(truth: Truth, case: int, hour: int) -> Place:
    """Return where a flight truly was at an hour."""
    return Place(
        time=truth.time[case, hour],
        lat=float(truth.lat[case, hour]),
        lon=float(truth.lon[case, hour]),
        altitude_m=float(truth.altitude_m[case, hour]),
    )


def _row(case: int, ask: Callable[[], Row]) -> Row:
    try:
        return {"case": case, **ask()}
    except OverflightError as problem:
        return {"case": case, "error": str(problem)}
