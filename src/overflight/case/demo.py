"""Two real cases: one shipped whole with its truth, one of which the winds must be fetched.

Engine and figures are slow to import, and a case without winds needs neither: they are imported when all is at hand.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from overflight.case.folder import FILES, VIEWS, require_free, written
from overflight.case.placing import placed
from overflight.errors import Interrupted, OverflightError, Unavailable
from overflight.sightings import Reading, read
from overflight.winds import open_winds
from overflight.winds.balloon_track import read_fixes, winds_of_track
from overflight.winds.request import Request

if TYPE_CHECKING:
    from overflight.case.investigate import Investigation, Progress

log = logging.getLogger(__name__)

SHAB_TITLE = "SHAB12V, 22 August 2022: a known balloon as if it were unknown"
FEBRUARY_TITLE = "The balloon of January and February 2023, from published reports"
FEBRUARY_OBJECT = "Chinese balloon (Jan-Feb 2023)"
SIGHTINGS_KEPT = 7
POSITION_SD_KM, ALTITUDE_SD_M = 2.0, 300.0
SIGHTINGS = "sightings.csv"
OF_SHAB = (SIGHTINGS, *FILES, *VIEWS)
FEBRUARY_SOURCES = ("era5", "gfs")
FEBRUARY_LEVELS_HPA = (30.0, 50.0, 70.0, 100.0, 150.0)
FEBRUARY_AREA = (10.0, 90.0, 75.0, -60.0)


@contextmanager
def shipped(name: str) -> Iterator[Path]:
    """Give a file of the demonstration data as a path."""
    with as_file(files("overflight.case").joinpath("demo_data").joinpath(name)) as path:
        yield path


def shab12v(folder: Path, *, seed: int, command: str = "", progress: Progress | None = None) -> Investigation:
    """Investigate SHAB12V from a few of its fixes, in the wind that SHAB14V drifted with; then show its whole track.

    The sightings are fixes evenly spread over the part of the flight that both balloons spent above 10 km, rounded to
    0.01 degree and 100 m; everything else is withheld and becomes the truth.
    """
    from overflight.case.investigate import Plan, investigate_in  # noqa: PLC0415 - see above

    require_free(folder, OF_SHAB)
    with shipped("shab12v_2022-08-22_aprs.csv") as own, shipped("shab14v_2022-08-22_aprs.csv") as sister:
        truth, winds = _fixes(own), winds_of_track(sister)
    plan = Plan(title=SHAB_TITLE, seed=seed, hours_back=2.0, hours_ahead=2.0, truth=truth, command=command)
    with written(folder, OF_SHAB) as unfinished:
        sightings = unfinished.file(SIGHTINGS)
        placed(sightings, lambda beside: _write_sightings(thinned(truth, winds), beside))
        return investigate_in(unfinished, read(sightings), winds, folder, plan, progress=progress)


def _fixes(path: Path) -> pd.DataFrame:
    time, lat, lon, altitude, _ = read_fixes(path)
    return pd.DataFrame({"time": time, "lat": lat, "lon": lon, "altitude_m": altitude})


def thinned(truth: pd.DataFrame, winds: xr.Dataset) -> pd.DataFrame:
    """Keep a handful of fixes, evenly in time, above 10 km and inside the time of the winds."""
    first, last = (winds["time"].values[i] for i in (0, -1))
    high = truth[(truth["altitude_m"] > 10_000.0) & (truth["time"] >= first) & (truth["time"] <= last)]
    at = np.linspace(0, len(high) - 1, SIGHTINGS_KEPT).round().astype(int)
    chosen: pd.DataFrame = high.iloc[at]
    return chosen


def _write_sightings(chosen: pd.DataFrame, path: Path) -> None:
    """Write the sightings as a person would have reported them."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["time", "lat", "lon", "position_sd_km", "altitude_m", "altitude_sd_m", "source", "note"])
        for row in chosen.to_dict("records"):
            cells = [f"{row['time']:%Y-%m-%dT%H:%M:%SZ}", f"{row['lat']:.2f}", f"{row['lon']:.2f}", POSITION_SD_KM]
            cells += [round(row["altitude_m"], -2), ALTITUDE_SD_M, "APRS track of SHAB12V, EarthSHAB", "thinned"]
            writer.writerow(cells)


def february_reading() -> Reading:
    """Return the published reports of the balloon of January and February 2023, from the Bering Sea on.

    The first row is its launch from Hainan eight days before: it stood on the ground, and no report lies between.
    """
    with shipped("incident_2023.csv") as path:
        reading = read(path, object_label=FEBRUARY_OBJECT)
        return replace(reading, sightings=reading.sightings[1:])


def february_request(source: str = FEBRUARY_SOURCES[0]) -> Request:
    """Return the winds that the case of February 2023 asks for."""
    seen = february_reading().sightings
    start, end = seen[0].time - timedelta(hours=24), seen[-1].time + timedelta(hours=24)
    day = timedelta(days=1)
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return Request(source=source, start=midnight, end=datetime(end.year, end.month, end.day, tzinfo=UTC) + day,
                   area=FEBRUARY_AREA, levels_hpa=FEBRUARY_LEVELS_HPA, step_h=6)  # fmt: skip


def february_2023(
    folder: Path, *, seed: int, winds: str | None = None, config: dict[str, str] | None = None, command: str = "",
    progress: Progress | None = None,
) -> Investigation:  # fmt: skip
    """Investigate the balloon of January and February 2023 in the winds of those days.

    Raises
    ------
    Unavailable
        No winds are at hand and none can be fetched; the line says what would be, and how to give them.
    """
    require_free(folder, (*FILES, *VIEWS))
    field = open_winds(winds) if winds else _fetched(config or {}, progress)
    from overflight.case.investigate import Plan, investigate  # noqa: PLC0415 - see above

    plan = Plan(title=FEBRUARY_TITLE, seed=seed, hours_back=24.0, hours_ahead=24.0, command=command)
    return investigate(february_reading(), field, folder, plan, progress=progress)


def _fetched(config: dict[str, str], progress: Progress | None) -> xr.Dataset:
    from overflight.winds.download import estimate, fetch  # noqa: PLC0415 - only this case needs the network
    from overflight.winds.store import Store  # noqa: PLC0415

    for source in FEBRUARY_SOURCES:
        request, store = february_request(source), Store()
        try:
            fetch(request, store=store, config=config, progress=_bar(progress)).or_raise()
            return store.open(request)
        except Interrupted:
            raise
        except OverflightError as problem:
            log.info("%s: %s", source, problem)
    wanted = estimate(february_request(), config=config).removeprefix("would fetch ")
    raise Unavailable(
        f"the winds of February 2023 are not at hand and cannot be fetched; would fetch {wanted}; give a mirror by "
        "OVERFLIGHT_ERA5_URL or OVERFLIGHT_GFS_URL, or a file by --winds FILE"
    )


def _bar(progress: Progress | None) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress("winds", done, total)
