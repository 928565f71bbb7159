"""Run an ensemble of floats as ``forecast`` and ``hindcast`` ask, and say where it went."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.options import (
    MOST_HOURS,
    Json,
    Lat,
    Lon,
    Members,
    Output,
    Seed,
    Steady,
    WindError,
    Winds,
    bytes_of,
    measured,
    opened,
    require_memory,
    seed_of,
)
from overflight.cli.screen import bar, remark, say, say_json
from overflight.errors import InvalidInput, OutOfCoverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import xarray as xr

    from overflight.drift import Release, Settings
    from overflight.flight import Flight


LOST = {"left_domain", "out_of_wind", "out_of_levels"}
"""How a member ends whom the winds do not reach."""
LESS = "take fewer --members or --hours, a longer --every, more --memory, or write .zarr, which goes part by part"


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a float run, in the order of the help."""

    winds: Winds
    time: Annotated[str, Parameter(help="When it was there, with offset: 2023-02-01T21:21:00Z.")]
    lat: Lat
    lon: Lon
    pressure: Annotated[float | None, measured("Level of the float, hPa.", 0.2, 1100, "hPa")] = None
    altitude: Annotated[float | None, measured("Level of the float, m above mean sea level.", -500, 60_000, "m")] = None
    density: Annotated[float | None, measured("Level of the float, air density in kg/m3.", 1e-4, 2, "kg/m3")] = None
    hours: Annotated[float, measured("How long to follow it, h.", 0.01, MOST_HOURS, "h")] = 24.0
    members: Members = 200
    position_sd_km: Annotated[
        float, measured("Error of the place, km: standard deviation of each component.", 0, 20_000, "km")
    ] = 0.0
    seed: Seed = None
    step: Annotated[float, measured("Longest step of integration, s.", 1, 86_400, "s")] = 600.0
    every: Annotated[float, measured("Interval of output, min.", 0.1, 100_000, "min")] = 60.0
    method: Annotated[Literal["rk4", "rk2", "adaptive"], Parameter(help="Runge-Kutta method.")] = "rk4"
    memory: Annotated[str, Parameter(help="Largest result held at once.")] = "2GiB"
    scheduler: Annotated[str | None, Parameter(help="Address of a Dask scheduler to run on.")] = None
    wind_error: WindError = True
    steady: Steady = False
    output: Output = None
    ledger: Annotated[
        Path | None,
        Parameter(help="File for the countries crossed, followed step by step: .csv, .parquet, .json or .geojson."),
    ] = None
    json: Json = False

    @property
    def steps_an_output(self) -> int:
        """Outputs of the run to each that is kept: a ledger looks at every step."""
        return 1 if self.ledger is None else max(1, math.ceil(60.0 * self.every / self.step))


def run_float(asked: Asked, hours: float) -> None:
    """Run, write and print; ``hours`` below 0 go back in time."""
    from overflight import drift
    from overflight.case.placing import LEDGER_TABLES, TRAJECTORIES, require_place
    from overflight.geo.times import parse_utc, to_datetime64
    from overflight.winds.coverage import extent

    start, flight = parse_utc(asked.time, field="--time"), float_flight(asked)
    if asked.output is not None:
        require_place(asked.output, TRAJECTORIES)
    if asked.ledger is not None:
        require_place(asked.ledger, LEDGER_TABLES)
    to_datetime64(start, field="--time")  # refuses years so far off that adding hours would fail
    end = start + timedelta(hours=hours)
    to_datetime64(end, field="end")
    release = drift.Release(time=start, lat=asked.lat, lon=asked.lon, position_sd_m=1000.0 * asked.position_sd_km)
    settings, seed = run_settings(asked, hours), seed_of(asked.seed)
    window, near = (min(start, end), max(start, end)), (asked.lat, asked.lon)
    winds = opened(asked.winds, window, near=near, heights=asked.pressure is None)
    what = {"hours": hours, "members": asked.members, "seed": seed, "settings": settings}
    data = carried(asked, (winds, flight, release), what)
    report(data, asked)
    if set(statuses(data)) & LOST:
        remark(f"the winds hold {extent(winds)}")


def carried(asked: Asked, flown: tuple[xr.Dataset, Flight, Release], what: dict[str, Any]) -> xr.Dataset:
    """Return the trajectories; where they are written part by part or not at all, of each member its first and last."""
    from overflight.case.export import beginnings, write_parts
    from overflight.drift.parts import joined

    parts = begun(in_parts(asked, flown, what), flown[0])
    if asked.ledger is not None:
        parts = tallied(parts, asked.ledger, asked.steps_an_output)
    if is_streamed(asked):
        assert asked.output is not None  # noqa: S101 - a file is streamed
        return write_parts(parts, asked.output)
    return joined([beginnings(part) if asked.output is None else part for part in parts])


def tallied(parts: Iterable[xr.Dataset], path: Path, keep: int) -> Iterator[xr.Dataset]:
    """Hand parts on, and write the ledger of all of them after the last."""
    from overflight.airspace import countries
    from overflight.airspace.tally import Tally
    from overflight.case.export import write_ledger

    tally = Tally(countries())
    yield from tally.through(parts, keep)
    write_ledger(tally.ledger(), None, path)
    remark(f"written: {path}")


def in_parts(asked: Asked, flown: tuple[xr.Dataset, Flight, Release], what: dict[str, Any]) -> Iterator[xr.Dataset]:
    """Run here part by part, or whole on the scheduler that is named."""
    if asked.scheduler is not None:
        from overflight.drift.cluster import simulate_on

        return iter([simulate_on(asked.scheduler, *flown, **what)])
    from overflight.drift.simulate import simulate_parts

    return simulate_parts(*flown, **what)


def is_streamed(asked: Asked) -> bool:
    """Whether the trajectories go to their file part by part."""
    from overflight.case.placing import STREAMED

    return asked.output is not None and asked.scheduler is None and asked.output.suffix.lower() in STREAMED


def begun(parts: Iterable[xr.Dataset], winds: xr.Dataset) -> Iterator[xr.Dataset]:
    """Hand the parts of a run on; refuse one of which no member got any way: where it starts, the winds do not reach.

    The refusal comes after the last part, before a file that takes them is put in its place.
    """
    from overflight.winds.coverage import extent

    place, fates, any_way = "", set[str](), False
    for part in parts:
        place = place or started(part)
        fates |= set(statuses(part))
        any_way |= bool((part["end_time"] != part["time"].isel(obs=0)).any())
        yield part
    if fates <= LOST and not any_way:
        why = " and ".join(fate.replace("_", " ") for fate in sorted(fates))
        raise OutOfCoverage("winds", f"{place} ({why})", extent(winds))


def started(data: xr.Dataset) -> str:
    """Say where and when the first member starts."""
    from overflight.geo.times import iso

    lat, lon, pascals = (float(data[name].values[0, 0]) for name in ("lat", "lon", "pressure"))
    return f"{lat:.2f} north {lon:.2f} east at {pascals / 100:.4g} hPa, {iso(data['time'].values.flat[0])}"


def float_flight(asked: Asked) -> Flight:
    """Return the float that exactly one of three options asks for."""
    from overflight.flight import float_at_altitude, float_at_density, float_at_pressure

    given = [value is not None for value in (asked.pressure, asked.altitude, asked.density)]
    if sum(given) != 1:
        raise InvalidInput("level", f"{sum(given)} of --pressure, --altitude and --density", "exactly one of them")
    if asked.pressure is not None:
        return float_at_pressure(asked.pressure * 100.0)
    if asked.altitude is not None:
        return float_at_altitude(asked.altitude)
    assert asked.density is not None  # noqa: S101 - one of three is given
    return float_at_density(asked.density)


def run_settings(asked: Asked, hours: float) -> Settings:
    """Return the settings of a run from its options; what is larger than memory may hold is refused."""
    from overflight.drift import Settings
    from overflight.drift.kernels.lanes import LANES
    from overflight.geo.terrain import Terrain
    from overflight.winds.error import WindError as Error

    memory, whole = bytes_of(asked.memory), (asked.output or asked.scheduler) and not is_streamed(asked)
    held = asked.members if whole else LANES
    require_memory(min(held, asked.members), hours, asked.every * 60.0, memory, LESS)
    return Settings(
        step_s=asked.step,
        output_s=asked.every * 60.0 / asked.steps_an_output,
        method=asked.method,
        memory_bytes=memory,
        steady=asked.steady,
        terrain=Terrain.load(),
        wind_error=Error() if asked.wind_error else None,
        progress=bar("simulating"),
    )


def report(data: xr.Dataset, asked: Asked) -> None:
    """Write trajectories where asked, and say where the ensemble ended."""
    if is_streamed(asked):
        remark(f"written: {asked.output}")
    else:
        save(data, asked)
    summary = summarised(data)
    if asked.json:
        say_json(summary)
        return
    where = "nobody knows where" if summary["lat"] is None else scatter_text(summary)
    say(f"{summary['members']} members {summary['direction']} to {summary['end']}: {where} (seed {summary['seed']})")
    for text in fates(summary):
        say(text)
    if summary["below_lowest_level"]:
        say(f"{summary['below_lowest_level']} members flew below the lowest level, in its wind")


def save(data: xr.Dataset, asked: Any) -> None:
    """Write trajectories where asked."""
    if asked.output is not None:
        from overflight.case import export

        export.write(data, asked.output)
        remark(f"written: {asked.output}")


def scatter_text(place: dict[str, Any]) -> str:
    """Say where the members of a summary are, and how far apart."""
    return (
        f"centre {place['lat']:.3f}, {place['lon']:.3f}; half of them within {place['radius_50_km']:.1f} km of it, "
        f"90 % within {place['radius_90_km']:.1f} km"
    )


def fates(summary: dict[str, Any]) -> list[str]:
    """Say how many members ended otherwise than in flight."""
    counts = {name: count for name, count in summary["status"].items() if name != "flying"}
    return [f"{count} of {summary['members']} members: {name.replace('_', ' ')}" for name, count in counts.items()]


def statuses(data: xr.Dataset) -> dict[str, int]:
    """Count the members by how they ended."""
    import numpy as np

    meanings = data["end_status"].attrs["flag_meanings"].split()
    codes, counts = np.unique(data["end_status"].values, return_counts=True)
    return {meanings[code]: int(count) for code, count in zip(codes, counts, strict=True)}


def summarised(data: xr.Dataset) -> dict[str, Any]:
    """Return where an ensemble ended, as plain data."""
    import numpy as np

    from overflight.drift.scatter import at_end
    from overflight.geo.times import iso

    place, direction = at_end(data).summary(), data.attrs["direction"]
    ends = np.sort(data["end_time"].values)
    return {
        "members": int(data.sizes["trajectory"]),
        "direction": direction,
        "end": iso(ends[0 if direction == "backward" else -1]),
        **{name: place[name] for name in ("lat", "lon", "radius_50_km", "radius_90_km")},
        "status": statuses(data),
        "below_lowest_level": int(data.attrs["members_below_lowest_level"]),
        "seed": int(data.attrs["seed"]),
    }
