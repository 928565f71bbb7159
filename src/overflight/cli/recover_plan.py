"""``overflight recover plan`` and ``overflight recover update``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.options import Json, command_line, counted, measured, numbers_of
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from overflight.recover.search import Cells, Effort, Plan, Search, SweepWidths, Update

PLANS = (".gpx", ".kml", ".geojson", ".png", ".pdf")
DENSITIES = (".geojson", ".json", ".parquet")
KMH = 1.0 / 3.6
Place = Annotated[
    Path, Parameter(help="Cells with their probability, as `overflight recover` writes them: .geojson or .parquet; or "
                         "an incident folder whose case holds them.")
]  # fmt: skip
Record = Annotated[bool, Parameter(help="Record it in the case, where an incident folder is given.")]
Kind = Annotated[
    str, Parameter(name="--class", help="Plan for one class of object of the file; for all together where not given.")
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a plan, in the order of the help."""

    hours: Annotated[float, measured("How long each searcher is away from base in all, h.", 0, 10_000, "h")]
    base: Annotated[str, Parameter(help="Where sorties begin and end, degrees: LAT,LON.")]
    sensor: Annotated[
        str, Parameter(help="Who looks: aircraft, helicopter or boat of the table, or any name with --sweep-width.")
    ] = "aircraft"
    object_: Annotated[
        Literal["small", "large"],
        Parameter(name="--object", help="As small as a person or radiosonde, or as large as a car or envelope."),
    ] = "large"
    terrain: Annotated[
        Literal["open", "hilly", "mountain", "forest", "water"],
        Parameter(help="What land is like where the density does not say; the sea is known."),
    ] = "open"
    sweep_width: Annotated[float | None, measured("Sweep width instead of the table's, m.", 0, 100_000, "m")] = None
    detection_range: Annotated[
        float | None,
        measured("From how far a like object is just noticed, m; the sweep width follows from it.", 0, 100_000, "m"),
    ] = None
    visibility: Annotated[
        Literal["high", "medium", "low"], Parameter(help="How conspicuous the object is, with --detection-range.")
    ] = "medium"
    sensors: Annotated[
        Path | None, Parameter(help="A table of sweep widths of your own, CSV: sensor, terrain, object, sweep_width_m, "
                                    "source.")
    ] = None  # fmt: skip
    speed: Annotated[
        float | None, measured("Speed along the legs, km/h; of aircraft 333, of helicopters 167.", 0, 1_500, "km/h")
    ] = None
    transit_speed: Annotated[
        float | None, measured("Speed to the first leg and home, km/h; --speed where not given.", 0, 1_500, "km/h")
    ] = None
    searchers: Annotated[int, counted("Aircraft, boats or persons that search apart from each other.", 1, 1_000)] = 1
    endurance: Annotated[
        float | None, measured("Longest sortie with the way out and home, h; --hours where not given.", 0, 1_000, "h")
    ] = None
    coverage: Annotated[float, measured("Coverage of one pass: sweep width over the spacing of legs.", 0, 10, "")] = 1.0
    detection: Annotated[
        Literal["random", "regular"],
        Parameter(help="How detection rises with coverage: as in practice, or as of legs followed exactly."),
    ] = "random"
    class_: Kind = ""
    output: Annotated[
        tuple[Path, ...],
        Parameter(
            name=["--output", "-o"],
            negative="",
            help="File to write: .gpx, .kml, .geojson, or the map as .png or .pdf; as often as wanted.",
        ),
    ] = ()
    json: Json = False


def plan_(places: Place, *, asked: Asked) -> None:
    """Plan a search: where to look how thickly, and legs that can be followed from base and back."""
    from overflight.case.placing import require_place
    from overflight.recover.search import plan, read_cells

    for path in asked.output:
        require_place(path, PLANS)
    effort, widths = effort_of(asked), widths_of(asked)
    cells = read_cells(density_of(places), asked.class_)
    found = plan(cells, widths, effort, coverage=asked.coverage, detection=asked.detection, land=asked.terrain,
                 is_water=is_water)  # fmt: skip
    write_plan(found, asked.output)
    if asked.json:
        say_json(found.to_json())
    else:
        say("\n".join([str(found), "", *table(found)]))


def is_water(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell lakes and sea from land by the regions that are shipped; places (n,) in degrees."""
    import numpy as np

    from overflight.case.surface import surface_of_regions
    from overflight.recover.ground import LAKE, SEA

    return np.asarray(np.isin(surface_of_regions(lat, lon), (LAKE, SEA)))


def effort_of(asked: Asked) -> Effort:
    """Return the effort that the options stand for."""
    from overflight.recover.search import Effort

    lat, lon = numbers_of(asked.base, "--base", 2)
    for option in ("hours", "speed", "transit_speed", "endurance", "coverage"):
        if getattr(asked, option) == 0:
            raise InvalidInput(f"--{option.replace('_', '-')}", "0", "more than 0")
    speed = asked.speed or {"aircraft": 333.0, "helicopter": 167.0}.get(asked.sensor)
    if speed is None:
        raise InvalidInput("--speed", "none", f"the speed of {asked.sensor} along the legs, km/h")
    transit = None if asked.transit_speed is None else asked.transit_speed * KMH
    return Effort(hours=asked.hours, speed_ms=speed * KMH, base=(lat, lon), searchers=asked.searchers,
                  endurance_h=asked.endurance, transit_ms=transit)  # fmt: skip


def widths_of(asked: Asked) -> SweepWidths:
    """Return the sweep widths: given, from a detection range, or of the table."""
    from overflight.recover.search import sensors

    if asked.sweep_width is not None:
        return sensors.fixed(asked.sweep_width)
    if asked.detection_range is not None:
        return sensors.from_range(asked.detection_range, asked.visibility)
    return sensors.sweep_widths(asked.sensor, asked.object_, asked.sensors)


def write_plan(found: Plan, paths: tuple[Path, ...]) -> None:
    """Write a plan to files; none is put in its place before all have been drawn."""
    import io

    from overflight.case.placing import placed
    from overflight.recover.search import WRITERS

    ready: list[tuple[Path, bytes]] = []
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in WRITERS:
            ready.append((path, WRITERS[suffix](found)))
            continue
        from overflight.case.report.search_figures import save

        image = io.BytesIO()
        save(found, image, suffix.lstrip("."))
        ready.append((path, image.getvalue()))
    for path, data in ready:
        placed(path, partial(_put, data))
        remark(f"written: {path}")


def _put(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def table(found: Plan) -> list[str]:
    """Say the sorties, and where sweep widths come from."""
    lines = ["sortie  searcher  legs  km of legs  km between  km out and back  hours"]
    for number, sortie in enumerate(found.sorties, start=1):
        lines.append(
            f"{number:6d}  {sortie.searcher:8d}  {len(sortie.legs):4d}  {sortie.search_m / 1000:10.1f}  "
            f"{sortie.turning_m / 1000:10.1f}  {sortie.transit_m / 1000:15.1f}  {sortie.hours:5.2f}"
        )
    lines.append("")
    for terrain in sorted(set(found.terrain[found.swept].tolist())):
        width = float(found.sweep_width_m[found.terrain == terrain][0])
        lines.append(f"sweep width, {terrain}: {width:,.0f} m ({found.sources[terrain]})")
    return lines


def update_(
    places: Place,
    *,
    searched: Annotated[
        tuple[Path, ...],
        Parameter(negative="", help="Area that was searched, GeoJSON polygons; as often as there were searches."),
    ],
    pod: Annotated[
        tuple[float, ...],
        Parameter(
            negative="",
            help="Probability that the search would have seen it there, 0 to 1; one a search, or one for all. Of a "
            "plan's own file each cell's, where not given.",
        ),
    ] = (),
    blind: Annotated[float, measured("Chance that the sensor could not see it wherever it lay.", 0, 1, "")] = 0.0,
    class_: Kind = "",
    record: Record = True,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Density after: .geojson or .parquet.")
    ] = None,
    json: Json = False,
) -> None:
    """Say where it is, after searches that did not find it; of a case, record it."""
    from overflight.case.placing import placed, require_place
    from overflight.recover.search import Cells, read_cells, update, write_cells

    if output is not None:
        require_place(output, DENSITIES)
    require_pods(searched, pod)
    before = density_of(places)
    cells = read_cells(before, class_)
    done = searches_of(cells, searched, pod)
    found = update(cells.density, done, blind=blind)
    records = [search_record(path, search, found, blind) for path, search in zip(searched, done, strict=True)]
    after = Cells(found.density, cells.terrain, (*cells.searches, *records), cells.object_class)
    if output is not None:
        placed(output, lambda beside: write_cells(after, beside))
        remark(f"written: {output}")
    if record and before != places:
        asked = command_line("recover", "update", before, searched=searched, pod=pod, blind=blind,
                             **{"class": class_ or None})  # fmt: skip
        recorded(before, after, summary(after, found), asked, searched)
    if json:
        say_json(summary(after, found))
    else:
        say(told(cells, after, found))


def density_of(places: Path) -> Path:
    """Return the file of cells: the one given, or the last that the case of an incident folder records."""
    from overflight.case.recovery import incident_of, last_density

    incident = incident_of(places)
    return places if incident is None else last_density(incident)


def recorded(before: Path, after: Cells, found: dict[str, Any], asked: str, searched: tuple[Path, ...]) -> None:
    """Record in its case what the searches teach, and keep the areas that were searched."""
    from overflight.case.recovery import add_recovery, digest_of_file
    from overflight.recover.search import write_cells

    path = add_recovery(before.parent, found, {"command": asked}, lambda beside: write_cells(after, beside),
                        inputs=(digest_of_file(before.parent, before.name),), evidence=searched)  # fmt: skip
    remark(f"recorded in the case, with {path}")


def require_pods(searched: tuple[Path, ...], pod: tuple[float, ...]) -> None:
    """Refuse probabilities of detection that are none, or that no search belongs to."""
    for value in pod:
        if not (math.isfinite(value) and 0.0 <= value <= 1.0):
            raise InvalidInput("--pod", f"{value:g}", "a probability from 0 to 1")
    if len(pod) not in {0, 1, len(searched)}:
        raise InvalidInput("--pod", f"{len(pod)} for {len(searched)} searches", "one a search, or one for all")


def searches_of(cells: Cells, searched: tuple[Path, ...], pod: tuple[float, ...]) -> list[Search]:
    """Read the searches: areas with their probability of detection, or a plan's own file."""
    from overflight.recover.search import Search, read_area, searched_share
    from overflight.recover.search.areas import planned_pod

    done = []
    for i, path in enumerate(searched):
        share = searched_share(cells.density, read_area(path))
        if pod:
            done.append(Search(share, pod[i] if len(pod) > 1 else pod[0]))
        else:
            seen = planned_pod(path, cells.density)
            done.append(Search((seen > 0.0).astype(float), seen))
        if not done[-1].share.any():
            remark(f"note: {path.name} holds no part of any cell")
    return done


def search_record(path: Path, search: Search, found: Update, blind: float) -> dict[str, Any]:
    """Return what is kept of a search in the density that learnt from it."""
    from hashlib import sha256

    import numpy as np

    pods: NDArray[np.float64] = np.asarray(search.pod, np.float64)
    told_pod: dict[str, Any] = {"pod": float(pods)} if pods.ndim == 0 else {"pod": "by cell", "pod_most": pods.max()}
    return {
        "area": path.name,
        "sha256": sha256(path.read_bytes()).hexdigest(),
        **{name: v if isinstance(v, str) else float(v) for name, v in told_pod.items()},
        "blind": blind,
        "cells": int(np.count_nonzero(search.share)),
        "chance_to_find": found.success,
    }


def summary(after: Cells, found: Update) -> dict[str, Any]:
    """Return what is believed after, as plain data."""
    lat, lon = after.density.mode()
    return {
        "chance_to_find": found.success,
        "elsewhere": after.density.elsewhere,
        "blind": found.blind,
        "densest_cell": {"lat": lat, "lon": lon},
        "region_km2": {f"{level:g}": after.density.area_m2(level) / 1e6 for level in (0.5, 0.9)},
        "searches": list(after.searches),
    }


def told(before: Cells, after: Cells, found: Update) -> str:
    """Say what is believed after."""
    lat, lon = after.density.mode()
    areas = [f"{cells.density.area_m2(level) / 1e6:,.0f}" for level in (0.5, 0.9) for cells in (before, after)]
    return (
        f"{found}\nHalf of it lies in {areas[1]} km2 (before: {areas[0]}), 90 % in {areas[3]} km2 (before: "
        f"{areas[2]}); densest at {lat:.4f}, {lon:.4f}. Searches so far: {len(after.searches)}."
    )
