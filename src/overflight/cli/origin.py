"""``overflight origin``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import (
    Json,
    Level,
    Output,
    Seed,
    Winds,
    counted,
    level_of,
    measured,
    numbers_of,
    opened,
    seed_of,
)
from overflight.cli.reported import AS_TOLD, Files, Reported, reading_of
from overflight.cli.screen import bar, remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from overflight.infer import Origin
    from overflight.infer.launch_prior import LaunchPrior

SUFFIXES = (".geojson", ".csv", ".json", ".png")
SHOWN = 10
TRACK_SAMPLES = 400


def origin(
    sightings: Files,
    *,
    winds: Winds,
    hours_back: Annotated[
        float, measured("Launches up to so long before the first sighting, h.", 0.1, 2_400, "h")
    ] = 72.0,
    members: Annotated[int, counted("Launches to try.", 100, 5_000_000)] = 50_000,
    sites: Annotated[
        Path | None,
        Parameter(help="CSV of known sites (name, lat, lon; kind, sd_km, weight), instead of those that are shipped."),
    ] = None,
    prior: Annotated[
        str | None,
        Parameter(help="Prior weights, as land=0.5,sea=0.1,given=0.4; kinds not named keep their own."),
    ] = None,
    level: Level = None,
    how: Reported = AS_TOLD,
    check: Annotated[bool, Parameter(help="Fly forward from the likeliest place, and say whether that agrees.")] = True,
    seed: Seed = None,
    output: Output = None,
    json: Json = False,
) -> None:
    """Find where and when it was launched: regions, known sites ranked, "none of these" among them."""
    from overflight import infer
    from overflight.case.placing import require_place
    from overflight.drift import Settings
    from overflight.geo.terrain import Terrain
    from overflight.infer.launch_sites import read_sites
    from overflight.winds import members as members_of

    if output is not None:
        require_place(output, SUFFIXES)
    known, believed = None if sites is None else read_sites(sites), prior_of(prior)
    inputs = infer.Inputs() if level is None else infer.Inputs(level_range_m=level_of(level))
    reading = reading_of(sightings, how)
    first, last = reading.sightings[0].time, reading.sightings[-1].time
    field = opened(winds, (first - timedelta(hours=hours_back), last), heights=True)
    seed = seed_of(seed)
    track = infer.track(reading.sightings, members_of(field)[0], seed=seed, members=TRACK_SAMPLES, inputs=inputs)
    settings = Settings(wind_error=inputs.wind_error, terrain=Terrain.load(), progress=bar("flying back"))
    found = infer.origin(track, field, hours_back=hours_back, seed=seed, sites=known, prior=believed, members=members,
                         settings=settings, check=check)  # fmt: skip
    if output is not None:
        write(found, output)
        remark(f"written: {output}")
    if json:
        say_json(found.to_json())
    else:
        report(found)


def prior_of(text: str | None) -> LaunchPrior:
    """Read prior weights."""
    from overflight.infer.launch_prior import WEIGHTS, LaunchPrior

    weights = dict(WEIGHTS)
    for part in (text or "").split(","):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if not sign or name not in WEIGHTS:
            raise InvalidInput("--prior", repr(part), f"weights as land=0.5 for {', '.join(WEIGHTS)}")
        weights[name] = numbers_of(value, "--prior", 1)[0]
    return LaunchPrior(weights=weights)


def report(found: Origin) -> None:
    """Print the regions, the sites and what the answer rests on."""
    say(str(found))
    for row in found.ranked[:SHOWN]:
        when = str(row.launch_time)[:16]
        say(f"{100 * row.probability:6.1f} %  {row.name}  ({row.kind.replace('_', ' ')}; odds {row.odds:.3g}; {when}Z)")
    say(
        f"none of these: land {100 * found.land:.1f} %, sea {100 * found.sea:.1f} %, outside the winds "
        f"{100 * found.elsewhere:.1f} %"
    )
    areas = ", ".join(
        f"{100 * level:.0f} %: {found.density.area_m2(level) / 1e6:,.0f} km2" for level in (0.5, 0.9, 0.99)
    )
    say(f"regions {areas}")
    weights = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in found.prior["weights"].items())
    say(f"prior: {weights}")
    if found.agreement is not None:
        say(str(found.agreement))
    say(f"{found.members} launches tried, {found.ess:.0f} effective (seed {found.seed})")
    say(found.note)


def write(found: Origin, path: Path) -> None:
    """Write cells as GeoJSON, cells by window of time as CSV, the finding as JSON, or the map as PNG."""
    from overflight.case import export
    from overflight.case.placing import write_figure
    from overflight.case.report import origin_section

    suffix = path.suffix.lower()
    if suffix == ".geojson":
        export.write_json({**found.density.to_geojson(), "finding": found.to_json()}, path)
    elif suffix == ".json":
        export.write_json(found.to_json(), path)
    elif suffix == ".csv":
        export.write(origin_section.cells(found), path)
    else:
        write_figure(origin_section.figure(found), path)
