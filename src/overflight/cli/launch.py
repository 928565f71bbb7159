"""``overflight launch``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from cyclopts import Parameter

from overflight.cli.options import Json, Winds
from overflight.cli.screen import remark, say, say_json

LONGEST_SOUNDING_H = 6.0
"""For so long stored winds must be there; longer flights say where they end."""


def launch(
    *,
    winds: Winds,
    launch_datetime: Annotated[
        str, Parameter(name=["--time", "--launch-datetime"], help="Time of launch, with offset.")
    ],
    launch_latitude: Annotated[float, Parameter(name=["--lat", "--launch-latitude"])],
    launch_longitude: Annotated[float, Parameter(name=["--lon", "--launch-longitude"])],
    launch_altitude: Annotated[
        float | None, Parameter(name=["--altitude", "--launch-altitude"], help="m; the ground where not given.")
    ] = None,
    profile: Literal["standard_profile", "float_profile"] = "standard_profile",
    ascent_rate: Annotated[float, Parameter(help="m/s")] = 5.0,
    burst_altitude: Annotated[float | None, Parameter(help="m, standard profile")] = None,
    descent_rate: Annotated[float | None, Parameter(help="m/s at sea level, standard profile")] = None,
    float_altitude: Annotated[float | None, Parameter(help="m, float profile")] = None,
    stop_datetime: Annotated[str | None, Parameter(help="End of the float profile, with offset.")] = None,
    json: Json = False,
) -> None:
    """Predict a flight, with the parameters and the JSON of the Tawhiri predictor (version 1)."""
    from overflight.drift import Settings
    from overflight.drift.pack import WindPack
    from overflight.drift.tawhiri import predict, read_request
    from overflight.geo.terrain import Terrain
    from overflight.winds.open import open_for_run
    from overflight.winds.summary import notes

    request = {k: v for k, v in locals().items() if k in REQUEST and v is not None}
    request["launch_longitude"] = launch_longitude % 360.0
    asked = read_request(request)
    last = asked.launch + timedelta(hours=min(asked.hours, LONGEST_SOUNDING_H))
    field = open_for_run(winds, asked.launch, last, (launch_latitude, launch_longitude))
    answer = predict(WindPack(field, densities=True, keep=2), request, Settings(terrain=Terrain.load()))
    for line in notes(field, asked.launch, last, heights=True):
        remark(line)
    if json:
        say_json(answer)
        return
    for stage in answer["prediction"]:
        end = stage["trajectory"][-1]
        lon = (end["longitude"] + 180.0) % 360.0 - 180.0
        say(f"{stage['stage']} ends {end['datetime']} at {end['latitude']:.4f}, {lon:.4f}, {end['altitude']:.0f} m")


REQUEST = (
    "launch_datetime", "launch_latitude", "launch_altitude", "profile", "ascent_rate", "burst_altitude",
    "descent_rate", "float_altitude", "stop_datetime",
)  # fmt: skip
