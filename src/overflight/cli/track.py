"""``overflight track``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import Json, Output, Seed, counted, measured, opened, seed_of
from overflight.cli.screen import remark, say, say_json

if TYPE_CHECKING:
    import xarray as xr

    from overflight.sightings import Sighting

BEYOND = "in the same winds, h."


def track(
    sightings: Annotated[list[Path], Parameter(help="Files of sightings; see the documentation.")],
    *,
    winds: Annotated[
        str | None,
        Parameter(help="Winds: file, folder, pattern, or a stored source; without, the track goes by speed alone."),
    ] = None,
    members: Annotated[int, counted("Paths drawn of the track.", 2, 100_000)] = 400,
    hours_before: Annotated[float, measured(f"How far before the first sighting, {BEYOND}", 0, 240, "h")] = 0.0,
    hours_after: Annotated[float, measured(f"How far after the last sighting, {BEYOND}", 0, 240, "h")] = 0.0,
    assume_utc: Annotated[bool, Parameter(negative="", help="Take times without offset as UTC.")] = False,
    object_: Annotated[
        str | None, Parameter(name="--object", help="The object to take, where there are several.")
    ] = None,
    seed: Seed = None,
    output: Output = None,
    json: Json = False,
) -> None:
    """Say where it was between its sightings, and how sure one can be."""
    from overflight import infer
    from overflight.case.placing import require_place
    from overflight.case.track_file import SUFFIXES, write_track
    from overflight.sightings import read

    if output is not None:
        require_place(output, SUFFIXES)
    readings = [read(path, assume_utc=assume_utc, object_label=object_) for path in sightings]
    for reading in readings:
        remark(str(reading))
    seen = [one for reading in readings for one in reading.sightings]
    field = None if winds is None else winds_for(winds, seen, (hours_before, hours_after))
    seed = seed_of(seed)
    found = infer.track(seen, field, seed=seed, members=members, hours_before=hours_before, hours_after=hours_after)
    if output is not None:
        write_track(found, output)
        remark(f"written: {output}")
    if json:
        say_json(found.to_json())
    else:
        say(f"{found} (seed {seed})")


def winds_for(winds: str, seen: list[Sighting], beyond_h: tuple[float, float]) -> xr.Dataset:
    """Open winds for the time of sightings and some hours beyond; of an ensemble the first member."""
    from overflight.errors import InvalidInput
    from overflight.winds import members as members_of

    if not seen:
        raise InvalidInput("sightings", "none", "at least one sighting")
    times = [one.time for one in seen]
    window = min(times) - timedelta(hours=beyond_h[0]), max(times) + timedelta(hours=beyond_h[1])
    return members_of(opened(winds, window, near=(seen[0].lat, seen[0].lon), heights=True))[0]
