"""``overflight track``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import Json, Output, Seed, counted, measured, opened, seed_of
from overflight.cli.reported import AS_TOLD, Files, Reported, reading_of
from overflight.cli.screen import remark, say, say_json

if TYPE_CHECKING:
    import xarray as xr

    from overflight.sightings import Sighting

BEYOND = "in the same winds, h."


def track(
    sightings: Files,
    *,
    winds: Annotated[
        str | None,
        Parameter(help="Winds: file, folder, pattern, or a stored source; without, the track goes by speed alone."),
    ] = None,
    members: Annotated[int, counted("Paths drawn of the track.", 2, 100_000)] = 400,
    hours_before: Annotated[float, measured(f"How far before the first sighting, {BEYOND}", 0, 240, "h")] = 0.0,
    hours_after: Annotated[float, measured(f"How far after the last sighting, {BEYOND}", 0, 240, "h")] = 0.0,
    how: Reported = AS_TOLD,
    seed: Seed = None,
    output: Output = None,
    json: Json = False,
) -> None:
    """Say where it was between its sightings, and how sure one can be."""
    from overflight import infer
    from overflight.case.placing import require_place
    from overflight.case.track_file import SUFFIXES, write_track

    if output is not None:
        require_place(output, SUFFIXES)
    seen = reading_of(sightings, how).sightings
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


def winds_for(winds: str, seen: Sequence[Sighting], beyond_h: tuple[float, float]) -> xr.Dataset:
    """Open winds for the time of sightings and some hours beyond; of an ensemble the first member."""
    from overflight.winds import members as members_of

    times = [one.time for one in seen]
    window = min(times) - timedelta(hours=beyond_h[0]), max(times) + timedelta(hours=beyond_h[1])
    return members_of(opened(winds, window, near=(seen[0].lat, seen[0].lon), heights=True))[0]
