"""Run an ensemble of floats as ``forecast`` and ``hindcast`` ask, and say where it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overflight.cli.options import float_flight, run_settings, seed_of
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    import xarray as xr


LONGEST_H = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a float run, as given."""

    winds: str
    time: str
    lat: float
    lon: float
    pressure: float | None
    altitude: float | None
    density: float | None
    hours: float
    members: int
    position_sd_km: float
    seed: int | None
    step: float
    every: float
    method: str
    memory: str
    scheduler: str | None
    wind_error: bool
    steady: bool
    output: Path | None
    json: bool


def run_float(asked: Asked, hours: float) -> None:
    """Run, write and print."""
    from overflight import drift
    from overflight.geo.times import parse_utc
    from overflight.winds.open import open_for_run
    from overflight.winds.summary import notes

    if not 0.0 < asked.hours <= LONGEST_H:
        raise InvalidInput("--hours", str(asked.hours), f"a number above 0, up to {LONGEST_H:g}")
    start = parse_utc(asked.time, field="--time")
    flight = float_flight(asked.pressure, asked.altitude, asked.density)
    release = drift.Release(time=start, lat=asked.lat, lon=asked.lon, position_sd_m=1000.0 * asked.position_sd_km)
    settings = run_settings(asked.step, asked.every, asked.method, asked.memory, steady=asked.steady,
                            wind_error=asked.wind_error)  # fmt: skip
    first, last = sorted((start, start + timedelta(hours=hours)))
    winds, seed = open_for_run(asked.winds, first, last, (asked.lat, asked.lon)), seed_of(asked.seed)
    what: dict[str, Any] = {"hours": hours, "members": asked.members, "seed": seed, "settings": settings}
    if asked.scheduler is None:
        data = drift.simulate(winds, flight, release, **what)
    else:
        from overflight.drift.cluster import simulate_on

        data = simulate_on(asked.scheduler, winds, flight, release, **what)
    report(data, asked.output, asked.json)
    for line in (*notes(winds, first, last, heights=asked.pressure is None), *_reach(data, winds)):
        remark(line)


def _reach(data: xr.Dataset, winds: xr.Dataset) -> list[str]:
    """Say how far the winds reach, where a member came to their end."""
    from overflight.winds.coverage import extent

    meanings = data["end_status"].attrs["flag_meanings"].split()
    ended = {meanings[code] for code in data["end_status"].values}
    return [f"the winds hold {extent(winds)}"] if ended & {"left_domain", "out_of_wind", "out_of_levels"} else []


def report(data: xr.Dataset, output: Path | None, json: bool) -> None:
    """Write trajectories where asked, and say where the ensemble ended."""
    from overflight.case import export

    if output is not None:
        export.write(data, output)
        remark(f"written: {output}")
    summary = summarised(data)
    if json:
        say_json(summary)
        return
    say(
        f"{summary['members']} members {summary['direction']} to {summary['end']}: centre {summary['lat']:.3f}, "
        f"{summary['lon']:.3f}; half of them within {summary['radius_50_km']:.0f} km of it, 90 % within "
        f"{summary['radius_90_km']:.0f} km (seed {summary['seed']})"
    )
    for name, count in summary["status"].items():
        if name != "flying":
            say(f"{count} of {summary['members']} members: {name.replace('_', ' ')}")
    if summary["below_lowest_level"]:
        say(f"{summary['below_lowest_level']} members flew below the lowest level, in its wind")


def summarised(data: xr.Dataset) -> dict[str, Any]:
    """Return where an ensemble ended, as plain data."""
    import numpy as np

    from overflight.geo import sphere

    lat, lon = data["end_lat"].values, data["end_lon"].values
    known = np.isfinite(lat) & np.isfinite(lon)
    centre = sphere.mean_place(lat[known], lon[known]) if known.any() else (float("nan"), float("nan"))
    apart = sphere.distance_m(*centre, lat[known], lon[known]) / 1000.0
    meanings = data["end_status"].attrs["flag_meanings"].split()
    codes, counts = np.unique(data["end_status"].values, return_counts=True)
    return {
        "members": int(data.sizes["trajectory"]),
        "direction": data.attrs["direction"],
        "end": f"{np.datetime_as_string(np.sort(data['end_time'].values)[-1], unit='s')}Z",
        "lat": centre[0],
        "lon": centre[1],
        "radius_50_km": float(np.quantile(apart, 0.5)) if apart.size else None,
        "radius_90_km": float(np.quantile(apart, 0.9)) if apart.size else None,
        "status": {meanings[code]: int(count) for code, count in zip(codes, counts, strict=True)},
        "below_lowest_level": int(data.attrs["members_below_lowest_level"]),
        "seed": int(data.attrs["seed"]),
    }
