"""``overflight investigate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.identify import listed_candidates
from overflight.cli.options import Json, Seed, Winds, command_line, counted, measured, opened, require_memory, seed_of
from overflight.cli.reported import AS_TOLD, Files, Reported, reading_of
from overflight.cli.screen import say, say_json, stages

if TYPE_CHECKING:
    from overflight.case.investigate import Investigation


def investigate(
    sightings: Files,
    *,
    winds: Winds,
    case: Annotated[Path, Parameter(help="Folder to write.")] = Path("incident"),
    seed: Seed = None,
    members: Annotated[int, counted("Paths drawn of the track, and members of each ensemble.", 2, 100_000)] = 400,
    hours_back: Annotated[float, measured("How far before the first sighting, h.", 0.01, 2_400, "h")] = 24.0,
    hours_ahead: Annotated[float, measured("How far after the last sighting, h.", 0.01, 2_400, "h")] = 24.0,
    candidates: Annotated[
        Path | None, Parameter(help="CSV of flights, launches and balloons last heard that it may have been.")
    ] = None,
    stations: Annotated[
        str | None, Parameter(help="Ask about the radiosonde stations too, in so many hours before, as 12h.")
    ] = None,
    how: Reported = AS_TOLD,
    json: Json = False,
) -> None:
    """From sightings and winds to an incident folder with a report."""
    from overflight.case.folder import FILES, VIEWS, require_free
    from overflight.case.investigate import Plan, wind_window
    from overflight.case.investigate import investigate as run

    require_free(case, (*FILES, *VIEWS))
    require_memory(members, hours_back + hours_ahead, 1800.0)
    reading = reading_of(sightings, how)
    seed = seed_of(seed)
    command = command_line("investigate", *sightings, winds=winds, seed=seed, members=members,
                           hours_back=hours_back, hours_ahead=hours_ahead, candidates=candidates, stations=stations,
                           **how.options())  # fmt: skip
    listed = () if candidates is None and stations is None else tuple(listed_candidates(candidates, stations, reading))
    plan = Plan(title=f"Incident: {sightings[0].stem}", seed=seed, members=members, hours_back=hours_back,
                hours_ahead=hours_ahead, command=command, candidates=listed)  # fmt: skip
    field = opened(winds, wind_window(reading, plan), heights=True)
    finish(run(reading, field, case, plan, progress=stages()), json)


def finish(found: Investigation, json: bool) -> None:
    """Print what was found and where it lies."""
    if json:
        say_json(found.to_json())
        return
    for sentence in found.sentences():
        say(f"- {sentence}")
    say(f"\nreport  {found.folder / 'report.html'}\nmap     {found.folder / 'map.png'}")
    say(f"case    {found.folder / 'case'}  (seed {found.seed})")
    say(f"paper   overflight report {found.folder} writes it as PDF too, and anew when the case has grown")
