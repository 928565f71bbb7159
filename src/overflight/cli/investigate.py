"""``overflight investigate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import Json, Seed, Winds, seed_of
from overflight.cli.screen import remark, say, say_json, stages

if TYPE_CHECKING:
    from overflight.case.investigate import Investigation


def investigate(
    sightings: Annotated[Path, Parameter(help="CSV with time, lat, lon and more; see the documentation.")],
    *,
    winds: Winds,
    case: Annotated[Path, Parameter(help="Folder to write.")] = Path("incident"),
    seed: Seed = None,
    members: int = 400,
    hours_back: float = 24.0,
    hours_ahead: float = 24.0,
    assume_utc: Annotated[bool, Parameter(negative="", help="Take times without offset as UTC.")] = False,
    object_: Annotated[
        str | None, Parameter(name="--object", help="The object to take, where there are several.")
    ] = None,
    json: Json = False,
) -> None:
    """From sightings and winds to an incident folder with a report."""
    from overflight.case.investigate import Plan, wind_window
    from overflight.case.investigate import investigate as run
    from overflight.sightings import read
    from overflight.winds.open import open_for_run
    from overflight.winds.summary import notes

    reading = read(sightings, assume_utc=assume_utc, object_label=object_)
    remark(str(reading))
    command = f"overflight investigate {sightings.name} --winds {Path(winds).name}"
    plan = Plan(title=f"Incident: {sightings.stem}", seed=seed_of(seed), members=members, hours_back=hours_back,
                hours_ahead=hours_ahead, command=command)  # fmt: skip
    first, last = wind_window(reading, plan)
    field = open_for_run(winds, first, last)
    for line in notes(field, first, last, heights=True):
        remark(line)
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
