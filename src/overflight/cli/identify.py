"""``overflight identify``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import Json, Seed, Steady, Winds, counted, measured, numbers_of, opened, seed_of
from overflight.cli.reported import AS_TOLD, Files, Reported, reading_of
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from overflight.infer.candidates import Candidate, Completeness
    from overflight.sightings import Reading

OUTPUTS = (".csv", ".json", ".png")


def identify(
    sightings: Files,
    *,
    winds: Winds,
    candidates: Annotated[Path | None, Parameter(help="CSV of flights, launches, balloons last heard.")] = None,
    stations: Annotated[
        str | None, Parameter(help="Add launches of the radiosonde stations in so many hours before, as 12h.")
    ] = None,
    completeness: Annotated[
        str, Parameter(help="Share of the balloons aloft that is listed: values, or beta:6,4.")
    ] = "0.3,0.6,0.9",
    base_rate: Annotated[
        float | None, measured("Balloons aloft over a million km2, listed or not.", 1e-6, 1e5, "")
    ] = None,
    base_source: Annotated[str, Parameter(help="Where the base rate is from.")] = "given on the command line",
    members: Annotated[int, counted("Members of each candidate's ensemble.", 16, 100_000)] = 200,
    seed: Seed = None,
    how: Reported = AS_TOLD,
    steady: Steady = False,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="File to write: .csv, .json, or the map as .png.")
    ] = None,
    json: Json = False,
) -> None:
    """Match sightings against known flights and launches, "none of these" included."""
    from overflight.case.placing import require_place
    from overflight.case.report.identify_section import write
    from overflight.drift import Settings
    from overflight.infer.identify import identify as run

    if output is not None:
        require_place(output, OUTPUTS)
    share = completeness_of(completeness, base_rate, base_source)
    reading = reading_of(sightings, how).or_raise()
    listed = listed_candidates(candidates, stations, reading)
    field = opened(winds, window(listed, reading), heights=True)
    settings = Settings(steady=True) if steady else None
    found = run(reading.sightings, listed, field, seed=seed_of(seed), members=members, completeness=share,
                settings=settings)  # fmt: skip
    if output is not None:
        write(found, output)
        remark(f"written: {output}")
    if json:
        say_json(found.to_json())
        return
    for line in lines(found):
        say(line)


def lines(found: object) -> list[str]:
    """Return the verdict, the table and what it rests on, for the terminal."""
    from overflight.case.report.identify_section import section

    part = section(found)  # type: ignore[arg-type]
    widths = [max(len(str(row[i])) for row in (part.columns, *part.rows)) for i in range(len(part.columns))]
    table = [
        "  ".join(str(v).ljust(w) for v, w in zip(r, widths, strict=True)).rstrip() for r in (part.columns, *part.rows)
    ]
    return [part.sentences[0], "", *table, "", *part.sentences[1:]]


def completeness_of(text: str, rate: float | None, source: str) -> Completeness:
    """Read the shares and the base rate."""
    from overflight.infer.candidates import BaseRate, Completeness

    base = BaseRate() if rate is None else BaseRate(per_million_km2=rate, source=source)
    if text.startswith("beta:"):
        a, b = numbers_of(text.removeprefix("beta:"), "--completeness", 2)
        return Completeness(beta=(a, b), base_rate=base)
    return Completeness(values=tuple(sorted(numbers_of(text, "--completeness"))), base_rate=base)


def listed_candidates(path: Path | None, stations: str | None, reading: Reading) -> list[Candidate]:
    """Return the candidates of the file and those of the stations."""
    from overflight.geo.times import to_datetime64
    from overflight.infer.candidate_table import read_candidates
    from overflight.infer.stations import read_stations, station_launches

    if path is None and stations is None:
        raise InvalidInput("candidates", "none", "--candidates FILE or --stations 12h")
    listed = [] if path is None else read_candidates(path)
    if stations is not None:
        hours = re.fullmatch(r"(\d+(?:\.\d+)?)\s*h?", stations.strip())
        if hours is None or not 0.0 < float(hours[1]) <= 240.0:
            raise InvalidInput("--stations", repr(stations), "hours up to 240, as 12h")
        until = to_datetime64(max(s.time for s in reading.sightings))
        listed += station_launches(read_stations(), until, float(hours[1]))
    return listed


def window(listed: list[Candidate], reading: Reading) -> tuple[datetime, datetime]:
    """Return from when to when winds are needed: from the last word of each candidate that can have come near."""
    from overflight.infer.identify import wind_window

    return wind_window(reading.sightings, listed)
