"""``overflight airspace``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.airspace_fetch import fetch_, list_
from overflight.cli.options import Json, counted, measured
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    import xarray as xr

    from overflight.airspace import Ledger

__all__ = ["airspace", "fetch_", "list_", "trajectories"]


NARROWEST = 160
"""Columns that the table of a ledger takes at least: it is cut by the terminal before its names are."""


def airspace(
    tracks: Annotated[Path, Parameter(help="Trajectories as NetCDF or Zarr: dims (trajectory, obs), lat, lon, time.")],
    *,
    by: Annotated[
        Literal["country", "region"], Parameter(help="A row a country, or land, sea and inland waters apart.")
    ] = "country",
    view: Annotated[
        str,
        Parameter(help="Whose point of view assigns disputed areas, three letters of ISO 3166; else they stand apart."),
    ] = "",
    floor: Annotated[float | None, measured("Count only what is flown above, m.", -500, 60_000, "m")] = None,
    ceiling: Annotated[float | None, measured("Count only what is flown below, m.", -500, 100_000, "m")] = None,
    regions: Annotated[
        str | None,
        Parameter(help="A layer of `airspace list`, or a file of your own, instead of countries."),
    ] = None,
    at_least: Annotated[int | None, counted("Also say how likely so many countries are.", 1, 1000)] = None,
    output: Annotated[
        Path | None,
        Parameter(
            name=["--output", "-o"],
            help="File to write: the ledger as .csv, .parquet or .json, the countries crossed as .geojson, a map of "
            "the paths as .png.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the countries that a track or an ensemble crossed, with times and probability."""
    from overflight.airspace import countries, ledger
    from overflight.airspace.sources.layers import open_layer
    from overflight.case import export
    from overflight.case.placing import LEDGER, require_place

    if output is not None:
        require_place(output, LEDGER)
    data = trajectories(tracks)
    layer = countries() if regions is None else open_layer(regions)
    low, high = float("-inf") if floor is None else floor, float("inf") if ceiling is None else ceiling
    rows = by if regions is None else "region"
    found = ledger(data, layer, by=rows, view=view.upper(), floor_m=low, ceiling_m=high)
    services = None if regions is not None else service_regions(data, low, high)
    if output is not None:
        export.write_ledger(found, data, output, layer)
        remark(f"written: {output}")
    if json:
        say_json(found.to_json() | ({} if regions is not None else {"flight_information_regions": as_json(services)}))
    else:
        say(told(found, services, at_least, is_own=regions is not None))


def service_regions(data: xr.Dataset, floor_m: float, ceiling_m: float) -> Ledger | str:
    """Return the ledger of flight information regions, or how to get them where they are not at hand."""
    from overflight.airspace import ledger
    from overflight.airspace.sources.layers import find_layer, layers, missing_fir_hint

    if not any(layer.name == "fir" for layer in layers()):
        return missing_fir_hint()
    return ledger(data, find_layer("fir"), by="region", floor_m=floor_m, ceiling_m=ceiling_m)


def as_json(services: Ledger | str | None) -> dict[str, Any]:
    """Return flight information regions ready for JSON, or what is missing."""
    if services is None or isinstance(services, str):
        return {"missing": services}
    return services.to_json()


def told(found: Ledger, services: Ledger | str | None, at_least: int | None, *, is_own: bool) -> str:
    """Say a ledger: its table, how many countries, the services beside, and what no table says."""
    from overflight.airspace.ledger import NO_CEILING

    lines = [table(found)]
    if not is_own:
        lines += ["", numbers(found, at_least), NO_CEILING]
    if isinstance(services, str):
        lines += ["", f"Flight information regions, which are no sovereignty, are not at hand: {services}."]
    elif services is not None:
        lines += ["", "Flight information regions: who gives air traffic services, not whose the airspace is.", "",
                  table(services)]  # fmt: skip
    return "\n".join(lines)


def numbers(found: Ledger, at_least: int | None) -> str:
    """Say how many countries the members crossed."""
    import numpy as np

    crossed = np.repeat(np.arange(found.counts.size), found.counts)
    low, middle, high = np.quantile(crossed, [0.05, 0.5, 0.95], method="inverted_cdf")
    text = f"Countries crossed by a member: {middle} ({low} to {high} for 90 % of {found.members})."
    if at_least is not None:
        share, low, high = found.at_least(at_least)
        text += f" At least {at_least}: {share:.1%} ({low:.1%} to {high:.1%})."
    return text


def table(found: Ledger) -> str:
    """Return a ledger as a table for the terminal."""
    from io import StringIO
    from shutil import get_terminal_size

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from overflight.airspace.ledger import chance

    shared = shared_note(found)
    kinds = found.table["kind"].nunique() > 1
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    drawn.add_column("region", no_wrap=True)
    for title in ("kind",) * kinds + ("entry, 90 % of those", "exit, 90 % of those"):
        drawn.add_column(title, no_wrap=True)
    for title in ("probability", "hours", "km"):
        drawn.add_column(title, justify="right", no_wrap=True)
    drawn.add_column("note", min_width=24, overflow="fold")
    for _, row in found.table.iterrows():
        heights = "?"
        if row["altitude_low_m"] is not None and row["altitude_low_m"] == row["altitude_low_m"]:
            heights = f"{row['altitude_low_m'] / 1000:.1f}-{row['altitude_high_m'] / 1000:.1f}"
        cells = (row["name"], *(row["kind"],) * kinds, span(row, "entry"), span(row, "exit"),
                 chance(row, found.members), f"{row['hours_q50']:.1f}", heights, remarks(row, shared))  # fmt: skip
        drawn.add_row(*(Text(str(cell)) for cell in cells))
    out = StringIO()
    width = max(get_terminal_size((160, 24)).columns, NARROWEST)
    Console(file=out, width=width, color_system=None).print(drawn)
    lines = [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]
    return "\n".join(lines + ([f"{shared}."] if shared else []))


def shared_note(found: Ledger) -> str:
    """Return the note that all rows have in common, to be said once."""
    notes = set(found.table["note"])
    return notes.pop() if len(notes) == 1 else ""


def span(row: Any, what: str) -> str:
    """Say between which times the members that crossed came or went."""
    first, last = row[f"{what}_q05"], row[f"{what}_q95"]
    return f"{first:%d %b %H:%M} to {last:%d %b %H:%M}" if first != last else f"{first:%d %b %H:%M}"


def remarks(row: Any, shared: str) -> str:
    """Say what is disputed, and how many only grazed; not what is said of all rows."""
    grazing = f"{row['grazing']:.0%} graze the border" if row["grazing"] >= 0.005 else ""
    claims = f"claimed by {row['claimed_by']}" if row["claimed_by"] and not row["note"] else ""
    return "; ".join(filter(None, ("" if row["note"] == shared else row["note"], claims, grazing)))


def trajectories(path: Path) -> xr.Dataset:
    """Open a file of trajectories."""
    import xarray as xr

    if not path.exists():
        raise InvalidInput("tracks", f"{path} (No such file or directory)", "a file of trajectories")
    how = {"engine": "zarr", "consolidated": False} if path.is_dir() else {"engine": "h5netcdf"}
    try:
        data: xr.Dataset = xr.open_dataset(path, **how)
        for name in ("lat", "lon", "altitude", "time", "status"):
            if name in data.variables:
                data[name].load()
    except Exception as problem:  # readers of damaged files raise what they like
        got = f"{path.name} ({type(problem).__name__})"
        raise InvalidInput("tracks", got, "NetCDF or Zarr trajectories") from None
    return data
