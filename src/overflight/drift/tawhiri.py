"""Predictions that clients of the Tawhiri predictor understand: its version 1 request, its response.

The request's names, ranges and defaults and the response's shape are those of the public interface (CU Spaceflight,
Tawhiri documentation, "API"). The integration is ours: its sphere is the mean Earth radius plus the balloon's
height, heights are geometric, and the ground is our terrain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from overflight.drift.ensemble import Ensemble
from overflight.drift.kernels.output import BURST, ENDED, FLYING, LANDED, MEANINGS
from overflight.drift.pack import WindPack
from overflight.drift.release import Release
from overflight.drift.run import Job, Run, require_winds
from overflight.drift.settings import Settings
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.flight import Flight, tawhiri_float, tawhiri_standard
from overflight.geo import times

if TYPE_CHECKING:
    from overflight.geo.terrain import Terrain

F64 = NDArray[np.float64]

STEP_S = 60.0
TIME_RESOLUTION_S = 1e-3
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
    "ascent_rate": (0.01, 100.0),
    "burst_altitude": (0.0, 60_000.0),
    "float_altitude": (0.0, 60_000.0),
    "descent_rate": (0.01, 100.0),
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

    @property
    def top_m(self) -> float:
        """Altitude at which the ascent ends. [m]"""
        return float(self.echo["burst_altitude" if self.profile == STANDARD else "float_altitude"])


def predict(winds: WindPack, request: Mapping[str, Any], settings: Settings | None = None) -> dict[str, Any]:
    """Predict one flight.

    Parameters
    ----------
    winds : WindPack with densities; ``keep`` above 1 lets many predictions share it.
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
    ground = first_height_m(asked, terrain)
    release = Release(time=asked.launch, lat=asked.latitude, lon=asked.longitude, altitude_m=asked.altitude_m)
    job = Job(asked.flight, release.draw(1, 0), asked.hours, 0, range(1))
    require_winds(winds, job.starts, job.hours)
    flown = Run(winds, job, run_settings).fly()
    _require_end(flown, asked)
    echo = asked.echo | {"dataset": times.iso(winds.epoch), "launch_altitude": ground}
    metadata = {"start_datetime": _stamp(began), "complete_datetime": _stamp(datetime.now(UTC))}
    return {"metadata": metadata, "prediction": _stages(flown, asked), "request": echo, "warnings": {}}


def read_request(request: Mapping[str, Any]) -> Request:
    """Check the parameters of a request."""
    profile = str(request.get("profile", STANDARD))
    if profile not in _NUMBERS:
        raise InvalidInput("profile", repr(profile), f"{STANDARD} or {FLOAT}")
    values = {name: _number(request, name) for name in ("launch_latitude", "launch_longitude", *_NUMBERS[profile])}
    altitude = _number(request, "launch_altitude") if request.get("launch_altitude") is not None else None
    launch = _instant(request, "launch_datetime")
    ascent = values["ascent_rate"]
    top = values["burst_altitude" if profile == STANDARD else "float_altitude"]
    if profile == STANDARD:
        flight, hours = tawhiri_standard(ascent, top, values["descent_rate"]), LONGEST_FLIGHT_H
    else:
        stop = _instant(request, "stop_datetime")
        flight, hours = tawhiri_float(ascent, top), (stop - launch).total_seconds() / 3600.0
        if hours <= 0.0:
            raise InvalidInput("stop_datetime", times.iso(stop), f"a time after launch, {times.iso(launch)}")
    if altitude is not None:
        flight.check_launch(altitude)
    echo = {"profile": profile, **values, "launch_altitude": altitude, "launch_datetime": _stamp(launch), "version": 1}
    if profile == FLOAT:
        echo["stop_datetime"] = _stamp(stop)
    lat, lon = values["launch_latitude"], values["launch_longitude"]
    place = {"latitude": lat, "longitude": lon}
    return Request(profile=profile, launch=launch, flight=flight, hours=hours, echo=echo, altitude_m=altitude, **place)


def first_height_m(asked: Request, terrain: Terrain | None) -> float:
    """Return the altitude of the launch, the ground's where none is asked for. [m]

    Raises
    ------
    InvalidInput
        The ascent would end below the ground there.
    """
    ground = 0.0 if terrain is None else float(terrain.elevation_m(asked.latitude, asked.longitude))
    try:
        asked.flight.check_launch(ground)
    except InvalidInput as bad:
        raise replace(bad, expected=f"more than {ground:.0f} m, the ground there") from None
    return ground if asked.altitude_m is None else asked.altitude_m


def still_up(asked: Request, altitude_m: float) -> InvalidInput:
    """Return the line for a flight that is not down when its time is over."""
    hours, hint = f"{asked.hours:g} h", "a higher rate of ascent or descent"
    return InvalidInput("flight", f"{altitude_m:,.0f} m after {hours}", f"the ground within {hours}", hint=hint)


def _instant(request: Mapping[str, Any], name: str) -> datetime:
    instant = times.parse_utc(str(request.get(name, "")), field=name)
    times.to_datetime64(instant, field=name)  # refuses years that the engine cannot count
    return instant


def _number(request: Mapping[str, Any], name: str) -> float:
    low, high = _RANGES[name]
    got = request.get(name)
    try:
        value = float(got)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        text = "nothing" if got is None else repr(got)
        raise InvalidInput(name, text, f"a number from {low:g} to {high:g}") from None
    if not low <= value <= high:
        hint = "this interface counts longitudes from 0 to 360" if name == "launch_longitude" else ""
        raise InvalidInput(name, f"{value:g}", f"{low:g} to {high:g}", hint=hint)
    return value


def _require_end(flown: Ensemble, asked: Request) -> None:
    done = (LANDED, ENDED) if asked.profile == STANDARD else (LANDED, ENDED, FLYING)
    if flown.status[0] in (FLYING, BURST) and asked.profile == STANDARD:
        raise still_up(asked, float(flown.z[0]))
    if flown.status[0] not in done:
        lat, lon = (float(v[0]) for v in flown.places())
        place = f"{lat:.2f}, {lon:.2f} at {float(flown.z[0]):.0f} m"
        why = MEANINGS.split()[flown.status[0]].replace("_", " ")
        raise OutOfCoverage("winds", f"a whole flight from {times.iso(asked.launch)}", f"winds to {place} ({why})")


def _stages(flown: Ensemble, asked: Request) -> list[dict[str, Any]]:
    """Cut the outputs into ascent and descent (or float) where the flight turned."""
    count = int(flown.out_next[0])
    lat, lon, altitude = (np.array(field[0, :count], np.float64) for field in flown.out[:3])
    path = np.stack([np.arange(count) * STEP_S, lat, np.unwrap(lon, period=360.0), altitude], axis=1)
    if flown.status[0] in (LANDED, ENDED):
        end_lat, end_lon = flown.places()
        path = np.vstack([path, [flown.stop[0] - flown.start[0], end_lat[0], end_lon[0], flown.z[0]]])
    path, turn = _turned(path, asked)
    names = ("ascent", "descent") if asked.profile == STANDARD else ("ascent", "float")
    rows = zip(*path[:, 1:].T.tolist(), _stamps(asked.launch, path[:, 0]), strict=True)
    points = [{"latitude": a, "longitude": b % 360.0, "altitude": c, "datetime": at} for a, b, c, at in rows]
    return [{"stage": names[0], "trajectory": points[: turn + 1]}, {"stage": names[1], "trajectory": points[turn:]}]


def _turned(path: F64, asked: Request) -> tuple[F64, int]:
    """Put the end of the ascent into a path of (seconds, lat, lon, altitude); return it with the row of that end.

    The ascent is of constant rate, so its end is known; its place lies on the parabola through the outputs before it.
    """
    end_s = (asked.top_m - path[0, 3]) / asked.echo["ascent_rate"]
    after = int(np.searchsorted(path[:, 0], end_s))
    if end_s <= 0.0 or after == len(path) or path[after, 0] - end_s < TIME_RESOLUTION_S:
        return path, min(after, len(path) - 1)
    last, before, earlier = path[after - 1], path[max(after - 2, 0)], path[max(after - 3, 0)]
    s = (end_s - last[0]) / STEP_S
    place = last + s * (last - before) + 0.5 * s * (s + 1.0) * (last - 2.0 * before + earlier) * (after > 2)
    return np.insert(path, after, [end_s, place[1], place[2], asked.top_m], axis=0), after


def _stamps(launch: datetime, seconds: F64) -> list[str]:
    """Write times after a launch, as ``_stamp`` does; many at once, which is most of what an answer costs."""
    first = np.datetime64(launch.astimezone(UTC).replace(tzinfo=None), "us")
    instants = first + np.round(1e6 * seconds).astype("m8[us]")
    texts: list[str] = np.datetime_as_string(instants, unit="us").tolist()
    return [f"{text.removesuffix('.000000')}Z" for text in texts]


def _stamp(instant: datetime) -> str:
    """Write a time as the interface does: RFC 3339 with fractions where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
