"""``overflight recover``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.options import (
    Json,
    Seed,
    Steady,
    WindError,
    Winds,
    command_line,
    counted,
    measured,
    opened,
    seed_of,
    value_of,
)
from overflight.cli.recover_live import live_
from overflight.cli.recover_plan import Record, plan_, update_
from overflight.cli.reported import AS_TOLD, Reported, reading_of
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from overflight.recover import Event, Landing
    from overflight.recover.grid import Grid

__all__ = ["live_", "plan_", "recover", "update_"]

FALL_H = 12.0
"""Hours after the event that stored winds must reach."""
LONGEST_H = 240.0
"""How long after the last sighting a track is followed on. [h]"""
SURE = 4.0
"""Standard deviations of the event's time that a track is followed on."""
PATHS = 400


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """What happens on water, in the order of the help."""

    drift_hours: Annotated[
        float | None, measured("Follow what floats for so long after the event, h; without, it stays.", 0.01, 720, "h")
    ] = None
    currents: Annotated[Path | None, Parameter(help="CF NetCDF of surface currents; without, still water.")] = None
    ice: Annotated[Path | None, Parameter(help="CF NetCDF of ice concentration, to tell ice from water.")] = None
    depth: Annotated[
        str | None, Parameter(help="Depth of the water, m, or a CF NetCDF of it: what sinks lies on the bed.")
    ] = None

    def options(self) -> dict[str, Any]:
        """Return the options as the command line had them."""
        return {name: getattr(self, name) for name in ("drift_hours", "currents", "ice", "depth")}

    def digests(self) -> tuple[str, ...]:
        """Return the digests of the files among them."""
        from overflight.case.canonical import sha256_of

        given = [Path(one) for one in (self.currents, self.ice, self.depth) if one is not None]
        return tuple(sha256_of(path) for path in given if path.is_file())


ON_WATER = Water()


def recover(
    tracks: Annotated[
        list[Path], Parameter(help="An incident folder, a track (NetCDF, Zarr), or files of sightings of one object.")
    ],
    *,
    event: Annotated[Literal["burst", "cut-down", "loss-of-lift", "brought-down"], Parameter(help="What ended it.")],
    time: Annotated[str, Parameter(help="When, with offset: 2023-02-04T19:39:00Z.")],
    time_error: Annotated[float, measured("Standard deviation of that time, s.", 0, 86_400, "s")] = 30.0,
    altitude: Annotated[
        str | None, Parameter(help="How high, m; or as 18000+-500. Without, as the track has it.")
    ] = None,
    winds: Winds,
    state: Annotated[
        Literal["parachute", "torn", "separated", "fragments"] | None,
        Parameter(help="What falls; without, what is usual after such an event."),
    ] = None,
    fall_speed: Annotated[
        str | None, Parameter(help="Speed under the parachute at sea level, m/s; or as 5+-1.")
    ] = None,
    water: Water = ON_WATER,
    members: Annotated[int, counted("Members of each class.", 50, 1_000_000)] = 2_000,
    wind_error: WindError = True,
    steady: Steady = False,
    how: Reported = AS_TOLD,
    seed: Seed = None,
    record: Record = True,
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="File to write: .geojson, .kml, .csv, .parquet, .png or .json."),
    ] = None,
    json: Json = False,
) -> None:
    """Say where the remains came down, by class of object, and where they drifted or sank; of a case, record it."""
    import numpy as np

    from overflight import recover as room
    from overflight.case.landing_file import SUFFIXES, write_landing
    from overflight.case.placing import require_place
    from overflight.case.recovery import incident_of
    from overflight.case.surface import surface_of_regions
    from overflight.geo.times import parse_utc
    from overflight.winds import digests_of

    if output is not None:
        require_place(output, SUFFIXES)
    height = None if altitude is None else value_of(altitude, "--altitude", 0.0, 60_000.0, "m")
    speed = None if fall_speed is None else value_of(fall_speed, "--fall-speed", 0.1, 100.0, "m/s")
    objects = room.objects_of(state or room.USUAL[event], speed)
    what = room.Event(kind=event, time=parse_utc(time, field="--time"), time_sd_s=time_error, altitude_m=height)
    ice, seed = read_ice(water), seed_of(seed)
    currents, depth = read_currents(water), depth_of(water)
    field, track = flown(tracks, what, (winds, water.drift_hours or 0.0), how, seed)
    found = room.land(field, what, track, objects, members=members, seed=seed, surface=surface_of_regions, ice=ice,
                      wind_error=None if wind_error else no_error(), steady=steady)  # fmt: skip
    if water.drift_hours is not None or depth is not None:
        sea = room.Sea(wind=room.wind_at_10_m(field), current=currents, surface=surface_of_regions)
        until = np.datetime64(what.time.replace(tzinfo=None), "ns") + hours_of(water.drift_hours or 0.0)
        found = room.settle(found, sea, until, depth=depth)
    if output is not None:
        write_landing(found, output)
        remark(f"written: {output}")
    if record and (incident := incident_of(tracks[0])) is not None:
        asked = command_line("recover", incident, event=event, time=time, time_error=time_error, altitude=altitude,
                             winds=winds, state=state, fall_speed=fall_speed, **water.options(), members=members,
                             no_wind_error=not wind_error, steady=steady, seed=seed)  # fmt: skip
        recorded(found, incident, asked, (*digests_of(field), *water.digests()))
    if json:
        say_json(found.to_json())
        return
    for line in lines(found):
        say(line)


def recorded(found: Landing, incident: Path, asked: str, inputs: tuple[str, ...]) -> None:
    """Record a landing in the case that it was asked of."""
    from overflight.case import export
    from overflight.case.landing_file import to_geojson
    from overflight.case.recovery import add_recovery, digest_of_file

    about = {"command": asked, "seed": found.seed, "members": found.members, "winds": found.source}
    path = add_recovery(incident, found.to_json(), about, lambda beside: export.write_json(to_geojson(found), beside),
                        inputs=(digest_of_file(incident, "track.nc"), *inputs))  # fmt: skip
    remark(f"recorded in the case, with {path}")


def hours_of(hours: float) -> np.timedelta64:
    """Return hours as a span of time."""
    import numpy as np

    return np.timedelta64(round(hours * 3600.0 * 1e9), "ns")


def no_error() -> Any:
    """Return an error model of size 0."""
    from overflight.winds.error import WindError as Error

    return Error().scaled(0.0)


def read_ice(water: Water) -> Grid | None:
    """Read the concentration of ice."""
    from overflight.recover.grid import ICE, read_grid

    return None if water.ice is None else read_grid(water.ice, ICE, "--ice")


def read_currents(water: Water) -> Grid | None:
    """Read the currents."""
    from overflight.recover.grid import CURRENTS, read_grid

    if water.currents is not None and water.drift_hours is None:
        raise InvalidInput("--currents", str(water.currents), "--drift-hours too")
    return None if water.currents is None else read_grid(water.currents, CURRENTS, "--currents")


def depth_of(water: Water) -> float | Grid | None:
    """Read the depth: a number or a grid."""
    from overflight.recover.grid import DEPTH, read_grid

    if water.depth is None:
        return None
    try:
        depth = float(water.depth)
    except ValueError:
        return read_grid(Path(water.depth), DEPTH, "--depth")
    if not 0.0 <= depth <= 11_500.0:
        raise InvalidInput("--depth", water.depth, "0 to 11,500 m, or a file")
    return depth


def flown(
    paths: list[Path], what: Event, winds: tuple[str, float], how: Reported, seed: int
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return winds and the track up to the event: read, or estimated from sightings and followed on."""
    from overflight import infer
    from overflight.case.recovery import incident_of
    from overflight.cli.airspace import trajectories
    from overflight.winds import members as members_of

    one = paths[0]
    folder_of_track = one / "track.nc"
    margin = timedelta(seconds=SURE * what.time_sd_s)
    source, drift_h = winds
    end = what.time + margin + timedelta(hours=FALL_H + drift_h)
    if (incident := incident_of(one)) is not None:
        folder_of_track = incident / "track.nc"
    if one.is_dir() and one.suffix != ".zarr":
        if not folder_of_track.is_file():
            raise InvalidInput("tracks", f"{one} without track.nc", "an incident folder, a track or sightings")
        one = reaching(one, what.time + margin)
    if one.suffix in (".nc", ".zarr"):
        data = trajectories(one)
        place = (float(data["lat"].mean()), float(data["lon"].mean()))
        return opened(source, (what.time - margin, end), near=place, heights=True), data
    seen = reading_of(paths, how).or_raise().sightings
    first, last = min(s.time for s in seen), max(s.time for s in seen)
    if what.time < first:
        raise InvalidInput("--time", f"{what.time:%Y-%m-%dT%H:%MZ}", f"{first:%Y-%m-%dT%H:%MZ} or later",
                           hint="the event is before the first sighting")  # fmt: skip
    beyond = (what.time + margin - last) / timedelta(hours=1)
    if beyond > LONGEST_H:
        raise InvalidInput("--time", f"{beyond:.0f} h after the last sighting", f"at most {LONGEST_H:g} h after it")
    field = opened(source, (first, max(end, last)), near=(seen[0].lat, seen[0].lon), heights=True)
    track = infer.track(seen, members_of(field)[0], seed=seed, members=PATHS, hours_after=max(beyond, 0.0))
    return field, track.samples


def reaching(folder: Path, until: datetime) -> Path:
    """Return the track of an incident; after its last sighting the forecast, which goes on from it."""
    import numpy as np

    from overflight.cli.airspace import trajectories

    track, forecast = folder / "track.nc", folder / "forecast.nc"
    last = np.nanmax(trajectories(track)["time"].values)
    goes_on = np.datetime64(until.replace(tzinfo=None)) > last
    return forecast if goes_on and forecast.is_file() else track


def lines(found: Landing) -> list[str]:
    """Return what was found, for the terminal."""
    from overflight.case.report.recover_section import columns, rows, sentences

    table = (columns(found), *rows(found))
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    text = ["  ".join(v.ljust(w) for v, w in zip(row, widths, strict=True)).rstrip() for row in table]
    first, *rest = sentences(found)
    return [first, "", *text, *([""] if rest else []), *rest]
