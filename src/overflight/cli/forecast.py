"""``overflight forecast``."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from overflight.cli.options import Json, Output, Seed, Winds
from overflight.cli.run import Asked, run_float


def forecast(
    *,
    winds: Winds,
    time: Annotated[str, Parameter(help="When it was there, with offset: 2023-02-01T21:21:00Z.")],
    lat: float,
    lon: float,
    pressure: Annotated[float | None, Parameter(help="Level of the float, hPa.")] = None,
    altitude: Annotated[float | None, Parameter(help="Level of the float, m above mean sea level.")] = None,
    density: Annotated[float | None, Parameter(help="Level of the float, air density in kg/m3.")] = None,
    hours: float = 24.0,
    members: int = 200,
    position_sd_km: float = 0.0,
    seed: Seed = None,
    step: Annotated[float, Parameter(help="Longest step, s.")] = 600.0,
    every: Annotated[float, Parameter(help="Interval of output, min.")] = 60.0,
    method: Literal["rk4", "rk2", "adaptive"] = "rk4",
    memory: Annotated[str, Parameter(help="Largest result held at once.")] = "2GiB",
    scheduler: Annotated[str | None, Parameter(help="Address of a Dask scheduler to run on.")] = None,
    wind_error: Annotated[bool, Parameter(help="Perturb each member's wind.")] = True,
    steady: Annotated[bool, Parameter(negative="", help="Hold winds of a single time.")] = False,
    output: Output = None,
    json: Json = False,
) -> None:
    """Follow a balloon on in time."""
    run_float(Asked(**locals()), hours)
