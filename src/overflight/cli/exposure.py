"""``overflight exposure``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.options import (
    Json,
    Steady,
    WindError,
    command_line,
    counted,
    measured,
    opened,
    seed_of,
    value_of,
)
from overflight.cli.screen import bar, remark, say, say_json
from overflight.errors import Interrupted, InvalidInput

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from overflight.airspace.exposure import Plan

CUBES = (".zarr", ".nc")
TABLES = (".csv", ".parquet", ".json")
SHOWN = 12
STANDARD_M = (-500.0, 60_000.0)


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of an exposure run, in the order of the help."""

    from_: Annotated[
        tuple[str, ...],
        Parameter(
            name="--from",
            negative="",
            help="Places of release, again and again: a site's name, LAT,LON, grid:10 (degrees, the whole Earth), "
            "sites:long_duration.",
        ),
    ] = ()
    start: Annotated[str | None, Parameter(help="First date of release, UTC: 2023-01-01.")] = None
    end: Annotated[str | None, Parameter(help="Last date of release, UTC.")] = None
    every: Annotated[float, measured("Interval of release, h; 0.25 is 15 min.", 0.25, 100_000, "h")] = 24.0
    float_: Annotated[
        str | None,
        Parameter(
            name="--float", help="Altitudes of float, m, parted by commas; 18000+-300 has its standard deviation."
        ),
    ] = None
    days: Annotated[float, measured("How long each balloon is followed, days.", 0.01, 400, "days")] = 10.0
    members: Annotated[int, counted("Balloons of each place, altitude and date.", 1, 100_000)] = 10
    season: Annotated[
        Literal["quarter", "month", "all"],
        Parameter(help="What dates are put together: quarters of the year, months, or all."),
    ] = "quarter"
    winds: Annotated[
        str | None, Parameter(help="Winds: file, folder, pattern, or a stored source (gfs, gefs, era5, ecmwf).")
    ] = None
    wind_error: WindError = True
    steady: Steady = False
    seed: Annotated[
        int | None,
        counted("Seed of the random draws; that of the run begun, else one is drawn and printed.", 0, 2**63 - 1),
    ] = None
    threads: Annotated[int | None, counted("Dates that fly at once; all cores by default.", 1, 1024)] = None
    scheduler: Annotated[
        str | None, Parameter(help="Address of a Dask scheduler to run on, or local:N for N processes here.")
    ] = None


Cube = Annotated[Path | None, Parameter(help="A cube that this command wrote: answer from it, and fly nothing.")]
Over = Annotated[str | None, Parameter(help="Say where balloons over this country come from: CAN.")]
Crossing = Annotated[int, counted("Say from where a balloon crosses at least so many countries.", 1, 1000)]
OutputOf = Annotated[
    Path | None,
    Parameter(
        name=["--output", "-o"],
        help="Of a run: the cube, as .zarr or .nc. Of a cube: .png (figure or map), .csv, .parquet or .json (table), "
        ".zarr or .nc.",
    ),
]


def exposure(
    cube: Cube = None,
    *,
    asked: Asked = Asked(),
    over: Over = None,
    crossing: Crossing = 40,
    output: OutputOf = None,
    json: Json = False,
) -> None:
    """Say which countries unsteered balloons cross: many places, altitudes and dates, in a cube.

    Each date is kept as it is done: the same command goes on where it was stopped.
    """
    from overflight.airspace.exposure import open_cube

    if cube is None:
        found = run(asked, output)
    else:
        found = open_cube(cube)
        if output is not None:
            write(found, output, over, crossing)
            remark(f"written: {output}")
    if json:
        say_json(plain(found, over, crossing))
    else:
        say("\n".join([*about(found), *(from_where(found, over) if over else who(found, crossing))]))


def run(asked: Asked, output: Path | None) -> xr.Dataset:
    """Fly what is asked, write the cube, and return it; where the whole cube stands already, return that."""
    from overflight.airspace.exposure import checkpoint, expose, open_cube
    from overflight.case import export
    from overflight.case.placing import require_place

    given = {"--from": asked.from_ or None, "--start": asked.start, "--end": asked.end, "--float": asked.float_,
             "--winds": asked.winds, "--output": output}  # fmt: skip
    lacking = [name for name, value in given.items() if value is None]
    if lacking:
        raise InvalidInput(lacking[0], "nothing", "a value", "exposure", "or name a cube that was written")
    assert output is not None  # noqa: S101 - it is given
    assert asked.winds is not None  # noqa: S101 - as well
    require_place(output, CUBES)
    plan, winds = planned(asked, output)
    kept = checkpoint.Checkpoint(checkpoint.folder_of(output), plan)
    if output.exists():
        whole = open_cube(output)
        checkpoint.require_cube(plan, whole, output.name)
        remark(f"{output} is whole: nothing was flown")
    else:
        command = again(asked, plan.seed, output)
        try:
            whole = expose(winds, plan, output, threads=asked.threads or os.cpu_count() or 1, scheduler=asked.scheduler,
                           source=asked.winds, progress=bar("flying"))  # fmt: skip
        except KeyboardInterrupt:
            done = len(plan.dates) - len(kept.waiting())
            text = f"stopped with {done} of {len(plan.dates)} dates done; the same command resumes: {command}"
            raise Interrupted(text) from None
        whole.attrs["command"] = command
        export.write(whole, output)
        remark(f"written: {output}")
    if kept.folder.exists():
        kept.remove()
    return whole


def planned(asked: Asked, output: Path) -> tuple[Plan, xr.Dataset]:
    """Return what is to be flown, and the winds."""
    from overflight.airspace.exposure import Plan, checkpoint, dates_between, places_of
    from overflight.airspace.exposure.crossed import regions_version
    from overflight.airspace.exposure.plan import digest_of, window
    from overflight.geo.times import parse_utc, to_datetime64

    assert asked.start is not None  # noqa: S101 - all three are given
    assert asked.end is not None  # noqa: S101
    assert asked.float_ is not None  # noqa: S101
    assert asked.winds is not None  # noqa: S101
    places = places_of(asked.from_)
    levels = tuple(value_of(text, "--float", *STANDARD_M, "m") for text in asked.float_.split(","))
    ends = [to_datetime64(parse_utc(text, field=field, naive_is_utc=True), field=field)
            for text, field in ((asked.start, "--start"), (asked.end, "--end"))]  # fmt: skip
    dates = dates_between(ends[0], ends[1], asked.every)
    winds = opened(asked.winds, window(dates, asked.days), heights=False)
    plan = Plan(places=places, levels_m=levels, dates=dates, days=asked.days, members=asked.members,  # type: ignore[arg-type]
                seed=seed_of(checkpoint.begun_seed(output) if asked.seed is None else asked.seed),
                seasons=asked.season, wind_error=asked.wind_error, steady=asked.steady,
                winds_sha256=digest_of(winds), regions_version=regions_version())  # fmt: skip
    return plan, winds


def again(asked: Asked, seed: int, output: Path) -> str:
    """Return the command that goes on with a run, or makes it again."""
    options: dict[str, object] = {
        "from": asked.from_, "start": asked.start, "end": asked.end, "every": f"{asked.every:g}",
        "float": asked.float_, "days": f"{asked.days:g}", "members": asked.members, "season": asked.season,
        "winds": asked.winds, "steady": asked.steady, "no-wind-error": not asked.wind_error, "seed": seed,
        "scheduler": asked.scheduler, "output": output,
    }  # fmt: skip
    return command_line("exposure", **options)


def write(found: xr.Dataset, path: Path, over: str | None, crossing: int) -> None:
    """Write a cube in another form, its table, its figure, or the map of a country's origins."""
    from overflight.airspace.exposure import origins, ranking
    from overflight.case import export
    from overflight.case.placing import require_place, write_figure
    from overflight.case.report import exposure_figures

    require_place(path, (*CUBES, *TABLES, ".png"))
    if path.suffix.lower() in CUBES:
        export.write(found, path)
    elif path.suffix.lower() in TABLES:
        export.write(origins(found, over) if over else ranking(found), path)
    else:
        figure = exposure_figures.origin_map(found, over) if over else exposure_figures.figure(found, crossing)
        write_figure(figure, path)


def plain(found: xr.Dataset, over: str | None, crossing: int) -> dict[str, Any]:
    """Return the answer as plain data."""
    from overflight.airspace.exposure import crossing_many, lorenz, origins, ranking

    about_it = {name: value for name, value in found.attrs.items() if name not in ("Conventions", "title")}
    if over:
        return {"run": about_it, "over": over, "origins": origins(found, over).to_dict("records")}
    return {
        "run": about_it,
        "ranking": ranking(found).to_dict("records"),
        "gini": lorenz(found).gini,
        "crossing": crossing,
        "from": crossing_many(found, crossing).to_dict("records"),
    }


def about(found: xr.Dataset) -> list[str]:
    """Say what was flown, and what the answer cannot be taken for."""
    from overflight.airspace.exposure.cube import STEADY

    a = found.attrs
    sizes = (
        f"{found.sizes['launch']} places x {found.sizes['level']} altitudes x {a['releases']} dates x {a['members']}"
    )
    lines = [f"{sizes} balloons, each followed {a['days']:g} days (seed {a['seed']})"]
    if a["steady_winds"]:
        lines.append(STEADY)
    elif a["releases"] == 1:
        lines.append("one date of release: the error of these numbers is not known")
    lost = float(found["lost"].weighted(found["dates"]).mean())
    if lost > 0.0:
        lines.append(f"{lost:.1%} of the balloons left the winds before their end: what they crossed after is unknown")
    return lines


def who(found: xr.Dataset, crossing: int) -> list[str]:
    """Rank the countries, and say from where many are crossed."""
    from overflight.airspace.exposure import crossing_many, lorenz, ranking

    table = ranking(found)
    shown = table[table["hours"] > 0.0].head(SHOWN)
    lines = [f"{row['name']}: {row['hours']:.2f} h over it on average, {row['share']:.1%} of all hours over countries; "
             f"{row['probability']:.1%} of the balloons cross it" for _, row in shown.iterrows()]  # fmt: skip
    crossed, gini = int((table["hours"] > 0.0).sum()), lorenz(found).gini
    lines.append(f"{crossed} of {len(table)} countries were crossed; Gini of exposure {gini:.2f}")
    for _, row in crossing_many(found, crossing).iterrows():
        best = f"; most from {row['best']}, {chance(row, 'probability_best')}" if row["best"] else ""
        some, most = f"{row['places_any']} of {row['places']} places", row["places_likely"]
        lines.append(f"{where(row)}: at least {crossing} countries from {some}, more often than not from {most}{best}")
    return lines


def where(row: pd.Series[Any]) -> str:
    """Say a season and an altitude."""
    return f"{row['season']}, {row['altitude_m']:.0f} m"


def chance(row: pd.Series[Any], name: str) -> str:
    """Say a probability with its 95 % interval; what all did is told by its bound alone."""
    if row[name] == 1.0:
        low = row[f"{name}_low"]
        return f"> {low:.1%}" if low > 0.0 else "all, on too few dates for a bound,"
    return f"{row[name]:.1%} ({row[f'{name}_low']:.1%} to {row[f'{name}_high']:.1%})"


def from_where(found: xr.Dataset, over: str) -> list[str]:
    """Say where balloons over a country come from."""
    from overflight.airspace.exposure import origins

    table = origins(found, over)
    if table.empty:
        return [f"no balloon crossed {over}"]
    return [f"{row['launch']}, {where(row)}: {row['share']:.1%} of all hours over {over}; "
            f"{chance(row, 'probability')} of its balloons cross, the median after {row['first_arrival_h']:.0f} h"
            for _, row in table.head(SHOWN).iterrows()]  # fmt: skip
