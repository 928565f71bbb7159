"""Predictions that clients of the Tawhiri predictor understand: its version 1 request, its response.

The request's names, ranges and defaults and the response's shape are those of the public interface (CU Spaceflight,
Tawhiri documentation, "API"). The integration is ours: its sphere is the mean Earth radius plus the balloon's
height, heights are geometric, and the ground is our terrain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from overflight.drift.ensemble import Ensemble
from overflight.drift.kernels.output import ENDED, FLYING, LANDED
from overflight.drift.pack import WindPack
from overflight.drift.release import Release
from overflight.drift.run import Job, Run
from overflight.drift.settings import Settings
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.flight import Flight, tawhiri_float, tawhiri_standard
from overflight.geo import times

STEP_S = 60.0
LONGEST_FLIGHT_H = 24.0
STANDARD, FLOAT = "standard_profile", "float_profile"
_NUMBERS = {
    STANDARD: ("ascent_rate", "burst_altitude", "descent_rate"),
    FLOAT: ("ascent_rate", "float_altitude"),
}
_RANGES = {
    "launch_latitude": (-90.0, 90.0),
    "launch_longitude": (0.0, 360.0),
    "launch_altitude": (-500.0, 40_000.0),
    "ascent_rate": (1e-3, 100.0),
    "burst_altitude": (0.0, 60_000.0),
    "float_altitude": (0.0, 60_000.0),
    "descent_rate": (1e-3, 500.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A checked request; ``echo`` is what the response repeats."""

    profile: str
    launch: datetime
    latitude: float
    longitude: float
    altitude_m: float | None
    flight: Flight
    hours: float
    echo: dict[str, Any]


def predict(winds: WindPack, request: Mapping[str, Any], settings: Settings | None = None) -> dict[str, Any]:
    """Predict one flight.

    Parameters
    ----------
    winds : WindPack with columns; ``keep`` above 1 lets many predictions share it.
    request : Tawhiri v1 parameters, as text or numbers.
    settings : Settings. ``terrain`` is the ground; step and output are set here.

    Returns
    -------
    dict
        ``request``, ``prediction`` (stages with their trajectories) and ``metadata``, ready for JSON.

    Raises
    ------
    InvalidInput
        A parameter is missing or out of range.
    OutOfCoverage
        The winds do not cover the flight.
    """
    began = datetime.now(UTC)
    asked = read_request(request)
    terrain = settings.terrain if settings else None
    run_settings = Settings(step_s=STEP_S, output_s=STEP_S, threads=1, terrain=terrain)
    release = Release(time=asked.launch, lat=asked.latitude, lon=asked.longitude, altitude_m=asked.altitude_m)
    flown = Run(winds, Job(asked.flight, release.draw(1, 0), asked.hours, 0, range(1)), run_settings).fly()
    _require_end(flown, asked)
    metadata = {"start_datetime": _stamp(began), "complete_datetime": _stamp(datetime.now(UTC))}
    return {"metadata": metadata, "prediction": _stages(flown, asked), "request": asked.echo, "warnings": {}}


def read_request(request: Mapping[str, Any]) -> Request:
    """Check the parameters of a request."""
    profile = str(request.get("profile", STANDARD))
    if profile not in _NUMBERS:
        raise InvalidInput("profile", repr(profile), f"{STANDARD} or {FLOAT}")
    values = {name: _number(request, name) for name in ("launch_latitude", "launch_longitude", *_NUMBERS[profile])}
    altitude = _number(request, "launch_altitude") if request.get("launch_altitude") is not None else None
    launch = times.parse_utc(str(request.get("launch_datetime", "")), field="launch_datetime")
    ascent = values["ascent_rate"]
    top = values["burst_altitude" if profile == STANDARD else "float_altitude"]
    if top <= (altitude or 0.0):
        raise InvalidInput("altitude", f"{top:g} m", f"more than the launch altitude of {altitude or 0.0:g} m")
    if profile == STANDARD:
        flight, hours = tawhiri_standard(ascent, top, values["descent_rate"]), LONGEST_FLIGHT_H
    else:
        stop = times.parse_utc(str(request.get("stop_datetime", "")), field="stop_datetime")
        flight, hours = tawhiri_float(ascent, top), (stop - launch).total_seconds() / 3600.0
        if hours <= 0.0:
            raise InvalidInput("stop_datetime", times.iso(stop), f"a time after launch, {times.iso(launch)}")
    echo = {"profile": profile, **values, "launch_altitude": altitude, "launch_datetime": _stamp(launch), "version": 1}
    lat, lon = values["launch_latitude"], values["launch_longitude"]
    place = {"latitude": lat, "longitude": lon}
    return Request(profile=profile, launch=launch, flight=flight, hours=hours, echo=echo, altitude_m=altitude, **place)


def _number(request: Mapping[str, Any], name: str) -> float:
    low, high = _RANGES[name]
    got = request.get(name)
    try:
        value = float(got)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InvalidInput(name, repr(got), f"a number from {low:g} to {high:g}") from None
    if not low <= value <= high:
        hint = "this interface counts longitudes from 0 to 360" if name == "launch_longitude" else ""
        raise InvalidInput(name, f"{value:g}", f"{low:g} to {high:g}", hint=hint)
    return value


def _require_end(flown: Ensemble, asked: Request) -> None:
    done = (LANDED, ENDED) if asked.profile == STANDARD else (LANDED, ENDED, FLYING)
    if flown.status[0] not in done:
        lat, lon = (float(v[0]) for v in flown.places())
        place = f"{lat:.2f}, {lon:.2f} at {float(flown.z[0]):.0f} m"
        raise OutOfCoverage("winds", f"a whole flight from {times.iso(asked.launch)}", f"winds as far as {place}")


def _stages(flown: Ensemble, asked: Request) -> list[dict[str, Any]]:
    """Cut the outputs into ascent and descent (or float) where the flight turned."""
    count = int(flown.out_next[0])
    lat, lon, altitude = (np.array(field[0, :count], np.float64) for field in flown.out[:3])
    seconds = np.arange(count) * STEP_S
    if flown.status[0] in (LANDED, ENDED):
        end_lat, end_lon = flown.places()
        tau = float(flown.stop[0] - flown.start[0])
        lat, lon, altitude, seconds = (np.append(a, b) for a, b in (
            (lat, end_lat), (lon, end_lon), (altitude, flown.z), (seconds, tau)))  # fmt: skip
    turn = int(np.argmax(altitude))
    names = ("ascent", "descent") if asked.profile == STANDARD else ("ascent", "float")
    points = [
        {"latitude": float(a), "longitude": float(b % 360.0), "altitude": float(c),
         "datetime": _stamp(asked.launch + timedelta(seconds=float(s)))}
        for a, b, c, s in zip(lat, lon, altitude, seconds, strict=True)
    ]  # fmt: skip
    return [{"stage": names[0], "trajectory": points[: turn + 1]}, {"stage": names[1], "trajectory": points[turn:]}]


def _stamp(instant: datetime) -> str:
    """Write a time as the interface does: RFC 3339 with fractions where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
