"""``overflight launch``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.options import (
    Json,
    Lat,
    Lon,
    Members,
    Output,
    Seed,
    Steady,
    WindError,
    Winds,
    opened,
    require_memory,
    seed_of,
    value_of,
)
from overflight.cli.run import fates, save, scatter_text, statuses
from overflight.cli.screen import bar, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    import xarray as xr

    from overflight.drift import Settings
    from overflight.drift.landing import Landings
    from overflight.drift.pack import WindPack
    from overflight.drift.tawhiri import Request
    from overflight.flight import Flight
    from overflight.geo.spread import Value

UNCERTAIN = {
    "ascent_rate": ("--ascent-rate", 0.01, 100.0, "m/s"),
    "burst_altitude": ("--burst-altitude", 0.0, 60_000.0, "m"),
    "descent_rate": ("--descent-rate", 0.01, 100.0, "m/s"),
    "float_altitude": ("--float-altitude", 0.0, 60_000.0, "m"),
}
"""Parameters that may be given with their standard deviation: option, range and unit."""
PLAIN = {
    "launch_datetime": "--time",
    "launch_latitude": "--lat",
    "launch_longitude": "--lon",
    "launch_altitude": "--altitude",
    "profile": "--profile",
    "stop_datetime": "--stop-datetime",
}
REACHED_M = 1.0
"""How near to its level a flight has reached it."""
SLOWER = 1.5
"""How much longer than by its mean rates a flight may last, so that stored winds reach to its end."""
MOMENTS = {
    "standard_profile": (("burst", "bursts"), ("landing", "lands")),
    "float_profile": (("float", "reaches its level"), ("end", "ends")),
}
"""The two moments told of each profile: as JSON has them, and as words."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a launch, in the order of the help."""

    winds: Winds
    launch_datetime: Annotated[
        str, Parameter(name=["--time", "--launch-datetime"], help="Time of launch, with offset: 2023-02-01T21:21:00Z.")
    ]
    launch_latitude: Annotated[Lat, Parameter(name=["--lat", "--launch-latitude"])]
    launch_longitude: Annotated[Lon, Parameter(name=["--lon", "--launch-longitude"])]
    launch_altitude: Annotated[
        float | None,
        Parameter(name=["--altitude", "--launch-altitude"], help="Altitude of launch, m; the ground where not given."),
    ] = None
    profile: Annotated[Literal["standard_profile", "float_profile"], Parameter(help="Burst and descend, or float.")] = (
        "standard_profile"
    )
    ascent_rate: Annotated[str, Parameter(help="Ascent rate, m/s; 5+-0.5 is a mean and its standard deviation.")] = "5"
    burst_altitude: Annotated[
        str | None, Parameter(help="Altitude of the burst, m, standard profile; or as 30000+-1500.")
    ] = None
    descent_rate: Annotated[
        str | None, Parameter(help="Descent rate at sea level, m/s, standard profile; or as 5+-1.")
    ] = None
    float_altitude: Annotated[
        str | None, Parameter(help="Altitude of the float, m, float profile; or as 18000+-300.")
    ] = None
    stop_datetime: Annotated[str | None, Parameter(help="End of the float profile, with offset.")] = None
    members: Members = 1
    seed: Seed = None
    wind_error: WindError = True
    steady: Steady = False
    output: Output = None
    json: Json = False


def launch(*, asked: Asked) -> None:
    """Predict a flight, with the parameters and the JSON of the Tawhiri predictor (version 1); or its spread.

    One member flies the winds as given. With --members each draws its own ascent rate, burst altitude, descent rate
    and wind error, and the answer says where and when they burst and land, and how far apart.
    """
    from overflight.case.placing import TRAJECTORIES, require_place

    given = {name: text for name in UNCERTAIN if (text := getattr(asked, name)) is not None}
    values = {name: value_of(text, *UNCERTAIN[name]) for name, text in given.items()}
    request = parameters(asked, values)
    if asked.output is not None:
        require_place(asked.output, TRAJECTORIES)
    sound = checked(request)
    require_memory(asked.members, sound.hours, 60.0)
    if asked.members == 1:
        single(asked, request, sound)
    else:
        several(asked, request, sound, values)


def parameters(asked: Asked, values: dict[str, Value]) -> dict[str, Any]:
    """Return the parameters as Tawhiri names them, uncertain ones by their means."""
    from overflight.geo.spread import Spread, centre

    spread = next((UNCERTAIN[name][0] for name, value in values.items() if isinstance(value, Spread)), None)
    if spread and asked.members == 1:
        raise InvalidInput("--members", "1", f"2 or more, as {spread} has a standard deviation")
    request = {name: getattr(asked, name) for name in PLAIN} | {name: centre(value) for name, value in values.items()}
    request["launch_longitude"] %= 360.0
    return {name: value for name, value in request.items() if value is not None}


def checked(request: dict[str, Any]) -> Request:
    """Check the parameters; messages name the options."""
    from overflight.drift.tawhiri import read_request

    try:
        return read_request(request)
    except InvalidInput as bad:
        options = PLAIN | {name: about[0] for name, about in UNCERTAIN.items()}
        raise replace(bad, field=options.get(bad.field, bad.field)) from None


def single(asked: Asked, request: dict[str, Any], sound: Request) -> None:
    """Predict one flight as Tawhiri does."""
    from overflight.drift.pack import WindPack
    from overflight.drift.tawhiri import predict

    field = winds_for(asked, sound)
    if "member" in field.dims:
        raise InvalidInput("--members", "1", "2 or more: these winds are an ensemble, whose members fly in turn")
    pack = WindPack(field, densities=True, steady=asked.steady, keep=2)
    answer = predict(pack, request, settings(asked))
    if asked.output is not None:
        save(fly(asked, sound, sound.flight, pack).trajectories, asked)
    if asked.json:
        say_json(answer)
        return
    for stage in answer["prediction"]:
        end = stage["trajectory"][-1]
        lon = (end["longitude"] + 180.0) % 360.0 - 180.0
        say(f"{stage['stage']} ends {end['datetime']} at {end['latitude']:.4f}, {lon:.4f}, {end['altitude']:.0f} m")
        if stage["stage"] == "ascent" and end["altitude"] < sound.top_m - REACHED_M:
            say(f"it does not reach its level of {sound.top_m:g} m")
            return


def several(asked: Asked, request: dict[str, Any], sound: Request, values: dict[str, Value]) -> None:
    """Predict many flights, and say how far apart they turn and end."""
    from overflight.flight import tawhiri_float, tawhiri_standard

    if sound.profile == "standard_profile":
        flight = tawhiri_standard(*(values[name] for name in ("ascent_rate", "burst_altitude", "descent_rate")))
    else:
        flight = tawhiri_float(values["ascent_rate"], values["float_altitude"])
    found = fly(asked, sound, flight, winds_for(asked, sound))
    save(found.trajectories, asked)
    summary = summarised(found, sound.profile)
    if asked.json:
        say_json({"request": request | {name: getattr(asked, name) for name in values}, **summary})
        return
    for key, verb in MOMENTS[sound.profile]:
        say(f"{verb} {moment_text(summary[key], summary['members'])}")
    for text in fates(summary):
        say(text)
    say(f"{summary['members']} members, seed {summary['seed']}")


def winds_for(asked: Asked, request: Request) -> xr.Dataset:
    """Open the winds of a launch: of a stored source, as far as the slowest flight could need them."""
    hours = request.hours
    if request.profile == "standard_profile":
        rise, top, fall = (float(request.echo[name]) for name in ("ascent_rate", "burst_altitude", "descent_rate"))
        hours = min(hours, SLOWER * (top / rise + top / fall) / 3600.0)
    window = request.launch, request.launch + timedelta(hours=hours)
    return opened(asked.winds, window, near=(asked.launch_latitude, asked.launch_longitude), heights=True)


def settings(asked: Asked) -> Settings:
    """Return the settings of a launch: outputs each minute; one member flies the winds as given."""
    from overflight.drift import Settings
    from overflight.drift.tawhiri import STEP_S
    from overflight.geo.terrain import Terrain
    from overflight.winds.error import WindError as Error

    error = Error() if asked.wind_error and asked.members > 1 else None
    tell = bar("simulating") if asked.members > 1 else None
    return Settings(step_s=STEP_S, output_s=STEP_S, terrain=Terrain.load(), wind_error=error, steady=asked.steady,
                    progress=tell)  # fmt: skip


def fly(asked: Asked, request: Request, flight: Flight, winds: xr.Dataset | WindPack) -> Landings:
    """Fly the members."""
    from overflight.drift.landing import landings

    seed = seed_of(asked.seed)
    return landings(winds, request, flight, members=asked.members, seed=seed, settings=settings(asked))


def summarised(found: Landings, profile: str) -> dict[str, Any]:
    """Return where and when members turn and end, as plain data."""
    (top, _), (end, _) = MOMENTS[profile]
    return {
        "members": int(found.trajectories.sizes["trajectory"]),
        "seed": int(found.trajectories.attrs["seed"]),
        top: found.top.summary(),
        end: found.end.summary(),
        "status": statuses(found.trajectories),
    }


def moment_text(place: dict[str, Any], members: int) -> str:
    """Say when and where a moment of the flight is, how far apart, and how many members come to it."""
    known = place["members"]
    if not known:
        return f"in none of {members} members"
    some = "" if known == members else f"; {known} of {members} members"
    return (
        f"{place['time']} ({place['time_q05'][11:]} to {place['time_q95'][11:]}) at {place['altitude_m']:.0f} m; "
        f"{scatter_text(place)}{some}"
    )
