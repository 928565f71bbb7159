"""``overflight investigate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import Json, Seed, Winds, command_line, counted, measured, opened, require_memory, seed_of
from overflight.cli.screen import remark, say, say_json, stages

if TYPE_CHECKING:
    from overflight.case.investigate import Investigation


def investigate(
    sightings: Annotated[Path, Parameter(help="CSV with time, lat, lon and more; see the documentation.")],
    *,
    winds: Winds,
    case: Annotated[Path, Parameter(help="Folder to write.")] = Path("incident"),
    seed: Seed = None,
    members: Annotated[int, counted("Paths drawn of the track, and members of each ensemble.", 2, 100_000)] = 400,
    hours_back: Annotated[float, measured("How far before the first sighting, h.", 0.01, 2_400, "h")] = 24.0,
    hours_ahead: Annotated[float, measured("How far after the last sighting, h.", 0.01, 2_400, "h")] = 24.0,
    assume_utc: Annotated[bool, Parameter(negative="", help="Take times without offset as UTC.")] = False,
    object_: Annotated[
        str | None, Parameter(name="--object", help="The object to take, where there are several.")
    ] = None,
    json: Json = False,
) -> None:
    """From sightings and winds to an incident folder with a report."""
    from overflight.case.folder import FILES, require_free
    from overflight.case.investigate import Plan, wind_window
    from overflight.case.investigate import investigate as run
    from overflight.sightings import read

    require_free(case, FILES)
    require_memory(members, hours_back + hours_ahead, 1800.0)
    reading = read(sightings, assume_utc=assume_utc, object_label=object_)
    remark(str(reading))
    seed = seed_of(seed)
    command = command_line("investigate", sightings, winds=winds, seed=seed, members=members, hours_back=hours_back,
                           hours_ahead=hours_ahead, assume_utc=assume_utc, object=object_)  # fmt: skip
    plan = Plan(title=f"Incident: {sightings.stem}", seed=seed, members=members, hours_back=hours_back,
                hours_ahead=hours_ahead, command=command)  # fmt: skip
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
