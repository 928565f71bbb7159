"""The main job: sightings and winds become an incident folder that anybody can check."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from overflight import __version__
from overflight.airspace import Ledger, ledger
from overflight.case import export
from overflight.case.case_file import Case
from overflight.case.folder import FILES, VIEWS, Unfinished, written
from overflight.case.placing import placed, write_text
from overflight.case.record import Draft
from overflight.case.report.case_page import case_report
from overflight.case.report.chart import save
from overflight.case.report.truth import Comparison, compared
from overflight.case.sighting_body import sighting_body
from overflight.drift import Settings
from overflight.drift.kernels.output import LANDED
from overflight.drift.trajectories import thinned
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo.terrain import Terrain
from overflight.geo.times import iso
from overflight.infer import DriftTest, Origin, Track, drift_test, forecast, hindcast, identify, origin, track
from overflight.infer.candidates import Candidate, Completeness
from overflight.infer.identify import wind_window as wind_window_of
from overflight.infer.identity import Identity
from overflight.sightings import Reading
from overflight.winds import digests_of
from overflight.winds import members as members_of
from overflight.winds.error import WindError

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
PLACE = ["lat", "lon", "altitude"]
OUTPUT_S, STEPS_AN_OUTPUT = 1800.0, 3
"""Files and figures keep every third step of the engine; the ledger follows every one."""
STAGES = ("track", "drift test", "hindcast", "forecast", "origin", "identity", "ledger", "files", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked of an investigation.

    Attributes
    ----------
    title : str
    seed : int
    members : int. Samples of the track, and members of each ensemble.
    hours_back, hours_ahead : float. How far before the first and after the last sighting.
    candidates : known flights and launches that it may have been; none are asked about where empty.
    completeness : Completeness. How much of what was aloft is listed.
    truth : DataFrame or None. A withheld track to judge the answer by.
    command : str. The command that would do the same again, empty where none was given.
    """

    title: str
    seed: int
    members: int = 400
    hours_back: float = 24.0
    hours_ahead: float = 24.0
    candidates: tuple[Candidate, ...] = ()
    completeness: Completeness = field(default_factory=Completeness)
    truth: pd.DataFrame | None = None
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Investigation:
    """What an investigation found, and where it lies.

    Attributes
    ----------
    folder : Path. ``report.html``, ``map.png``, ``case/`` and the files of the findings.
    track, drift_test, hindcast, forecast, origin, identity, ledger : findings; None where the winds do not reach or
        nothing was asked.
    missing : sentences about what could not be computed.
    comparison : Comparison with the withheld track, or None.
    """

    folder: Path
    seed: int
    track: Track
    drift_test: DriftTest
    hindcast: xr.Dataset | None
    forecast: xr.Dataset | None
    origin: Origin | None
    identity: Identity | None
    ledger: Ledger
    comparison: Comparison | None
    missing: tuple[str, ...] = field(default=())

    def sentences(self) -> tuple[str, ...]:
        """Return the findings as sentences, the most telling first."""
        crossed = [f"{row['name']}" for _, row in self.ledger.crossed.iterrows() if row["probability"] >= 0.5]
        whose = "Countries crossed, more likely than not: " + (", ".join(crossed) if crossed else "none") + "."
        found = [str(self.track), str(self.drift_test), whose]
        found += [str(part) for part in (self.origin, self.identity, self.comparison) if part is not None]
        return (*found, *self.missing)

    def to_json(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        return {
            "folder": str(self.folder),
            "report": str(self.folder / "report.html"),
            "map": str(self.folder / "map.png"),
            "seed": self.seed,
            "sentences": list(self.sentences()),
            "track": self.track.to_json(),
            "drift_test": self.drift_test.to_json(),
            "origin": None if self.origin is None else self.origin.to_json(),
            "identity": None if self.identity is None else self.identity.to_json(),
            "ledger": self.ledger.to_json(),
            "missing": list(self.missing),
        }


def investigate(
    reading: Reading, winds: xr.Dataset, folder: Path, plan: Plan, *, progress: Progress | None = None
) -> Investigation:
    """Fit a track, look before and after it, and write the incident folder.

    Parameters
    ----------
    reading : sightings of one object, see ``overflight.sightings.read``.
    winds : canonical wind dataset. Of an ensemble the first member carries track and drift test, all of them what lies
        before and after.
    folder : where to write; one that holds a case, or a file that would be written, is refused. The files come there
        together when all are written, then the case, then report and map, which are made of it.
    plan : Plan
    progress : called with (stage, done, total).

    Raises
    ------
    InvalidInput
        The folder is in use or cannot be written.
    OutOfCoverage
        The winds do not enclose the sightings.
    """
    with written(folder, (*FILES, *VIEWS)) as unfinished:
        return investigate_in(unfinished, reading, winds, folder, plan, progress=progress)


def investigate_in(
    unfinished: Unfinished, reading: Reading, winds: xr.Dataset, folder: Path, plan: Plan, *,
    progress: Progress | None = None,
) -> Investigation:  # fmt: skip
    """Investigate as ``investigate`` does, beside files that are in the unfinished folder already."""
    tell = progress or (lambda stage, done, total: None)
    found, missing = _compute(reading, winds, plan, tell)
    truth = None if plan.truth is None else _within(plan.truth, found["track"])
    comparison = None if truth is None else compared(found["track"].samples, truth)
    result = Investigation(folder=folder, seed=plan.seed, comparison=comparison, missing=tuple(missing), **found)
    tell("files", STAGES.index("files"), len(STAGES))
    _write(result, truth, unfinished)
    _record(result, reading, winds, plan, unfinished)
    tell("report", STAGES.index("report"), len(STAGES))
    _show(unfinished)
    tell("done", len(STAGES), len(STAGES))
    return result


def _compute(reading: Reading, winds: xr.Dataset, plan: Plan, tell: Progress) -> tuple[dict[str, Any], list[str]]:
    total, missing = len(STAGES), []
    settings = Settings(wind_error=WindError(), output_s=OUTPUT_S, terrain=Terrain.load())
    steps = replace(settings, output_s=OUTPUT_S / STEPS_AN_OUTPUT)
    tell(STAGES[0], 0, total)
    control = members_of(winds)[0]
    path = track(reading.sightings, control, seed=plan.seed, members=plan.members)
    tell(STAGES[1], 1, total)
    found: dict[str, Any] = {"track": path, "drift_test": drift_test(reading.sightings, control, seed=plan.seed)}
    runs: tuple[tuple[str, Callable[[], Any], str], ...] = (
        ("hindcast", lambda: hindcast(path, winds, hours=plan.hours_back, settings=steps), "before the first"),
        ("forecast", lambda: forecast(path, winds, hours=plan.hours_ahead, settings=steps), "after the last"),
        (
            "origin",
            lambda: origin(path, winds, hours_back=plan.hours_back, settings=settings, check=True),
            "launch region",
        ),
        ("identity", lambda: _identity(path, winds, plan, settings), "identity"),
    )
    for number, (name, run, what) in enumerate(runs, start=2):
        tell(STAGES[number], number, total)
        try:
            found[name] = run()
        except (OutOfCoverage, InvalidInput) as problem:
            if (
                isinstance(problem, InvalidInput) and problem.field != "hours_back"
            ):  # too short for an ascent: no launch
                raise
            found[name] = None
            missing.append(f"Not computed ({what}): {problem}")
    tell("ledger", STAGES.index("ledger"), total)
    found["ledger"] = ledger(whole(found["hindcast"], path.samples, found["forecast"]))
    for name in ("hindcast", "forecast"):
        found[name] = None if found[name] is None else thinned(found[name], STEPS_AN_OUTPUT)
    missing.extend(_lost(found))
    if "member" in winds.dims:
        first, count = int(winds["member"].values[0]), winds.sizes["member"]
        missing.append(f"Track and drift test rest on member {first} of the winds, before and after on all {count}.")
    return found, missing


def _identity(path: Track, winds: xr.Dataset, plan: Plan, settings: Settings) -> Identity | None:
    if not plan.candidates:
        return None
    return identify(path, plan.candidates, winds, seed=plan.seed, completeness=plan.completeness, settings=settings)


def _lost(found: dict[str, Any]) -> list[str]:
    """Say how many members met the ground or ran out of wind, level or domain, and when."""
    sentences = []
    for name in ("hindcast", "forecast"):
        data = found[name]
        if data is None:
            continue
        meanings = data["status"].attrs["flag_meanings"].split()
        status, ends = data["end_status"].values, data["end_time"].values
        for code in np.unique(status):
            if meanings[code] in ("landed", "left_domain", "out_of_wind", "out_of_levels"):
                of = status == code
                middle = np.sort(ends[of])[of.sum() // 2]
                why = meanings[code].replace("landed", "met the ground").replace("_", " ")
                sentences.append(
                    f"In the {name}, {of.sum()} of {of.size} members {why}, half of them by {iso(middle)}."
                )
    return sentences


def whole(before: xr.Dataset | None, between: xr.Dataset, after: xr.Dataset | None) -> xr.Dataset:
    """Join hindcast, track and forecast into one path a member; the seams are the first and last sighting."""
    parts = [between[PLACE].drop_vars("trajectory", errors="ignore")]
    if before is not None:
        parts.insert(0, _flown(before).isel(obs=slice(None, 0, -1)).drop_vars("trajectory", errors="ignore"))
    if after is not None:
        parts.append(_flown(after).isel(obs=slice(1, None)).drop_vars("trajectory", errors="ignore"))
    return xr.concat(parts, dim="obs", coords="minimal", compat="override", combine_attrs="drop")


def _flown(data: xr.Dataset) -> xr.Dataset:
    """Return the places of each member up to where it met the ground; the run repeats that place from there on."""
    grounded = data["status"] == LANDED
    return data[PLACE].where(~(grounded & grounded.shift(obs=1, fill_value=False)))


def _write(result: Investigation, truth: pd.DataFrame | None, unfinished: Unfinished) -> None:
    for name, data in (("track", result.track.samples), ("hindcast", result.hindcast), ("forecast", result.forecast)):
        if data is not None:
            export.write(data, unfinished.file(f"{name}.nc"))
            export.write(data, unfinished.file(f"{name}.geojson"))
    export.write(result.track.mean.to_dataframe().reset_index(), unfinished.file("track.csv"))
    export.write(result.ledger.table, unfinished.file("ledger.csv"))
    if truth is not None:
        export.write(truth, unfinished.file("truth.csv"))
    if result.origin is not None:
        export.write_json(result.origin.density.to_geojson(), unfinished.file("origin.geojson"))


def _show(unfinished: Unfinished) -> None:
    """Make report and map of the case, as ``overflight report`` does."""
    made = case_report(unfinished.folder)
    page, picture = (unfinished.view(name) for name in VIEWS)
    placed(page, lambda beside: write_text(beside, made.html))
    placed(picture, lambda beside: save(made.figures["map"], beside, "png"))


def _record(result: Investigation, reading: Reading, winds: xr.Dataset, plan: Plan, unfinished: Unfinished) -> None:
    """Write the case: evidence, sightings, findings, every file that was written, and the closing last."""
    with Case.create(unfinished.case, title=plan.title, closes=True) as case:
        for file in reading.files:
            digest = case.add_evidence(file.path, source="sightings given to this investigation")
            if digest != file.sha256:
                raise InvalidInput(
                    "sightings", f"{file.path}, which changed meanwhile", "a file that stays as it was read"
                )
        case.append_many([Draft(kind="sighting", body=sighting_body(seen), inputs=(seen.evidence_sha256,))
                          for seen in reading.sightings])  # fmt: skip
        inputs = (*(file.sha256 for file in reading.files), *digests_of(winds))
        case.append_many(_findings(result, winds, plan, inputs))
        for name in unfinished.names:
            case.add_file(unfinished.folder / name, inputs=inputs)
        case.append("closing", {})


def _findings(result: Investigation, winds: xr.Dataset, plan: Plan, inputs: tuple[str, ...]) -> list[Draft]:
    about = {"command": plan.command, "version": __version__, "seed": plan.seed, "members": plan.members}
    about |= {"winds": winds.attrs.get("source", ""), "hours_back": plan.hours_back, "hours_ahead": plan.hours_ahead}
    found = {name: getattr(result, name) for name in ("track", "drift_test", "origin", "identity", "ledger")}
    found["truth"] = result.comparison
    told = {name: one.to_json() for name, one in found.items() if one is not None}
    told |= {"missing": list(result.missing)} if result.missing else {}
    return [
        Draft(kind="finding", body={"name": name, "parameters": about, "result": one}, inputs=inputs, label=name)
        for name, one in told.items()
    ]


def _within(truth: pd.DataFrame, path: Track) -> pd.DataFrame:
    """Return the fixes between the first and the last sighting."""
    first, last = (path.mean["time"].values[i] for i in (0, -1))
    kept: pd.DataFrame = truth[(truth["time"] >= first) & (truth["time"] <= last)]
    return kept


def wind_window(reading: Reading, plan: Plan) -> tuple[datetime, datetime]:
    """Return the first and last instant that an investigation needs winds for."""
    first, last = reading.sightings[0].time, reading.sightings[-1].time
    start, end = first - timedelta(hours=plan.hours_back), last + timedelta(hours=plan.hours_ahead)
    if plan.candidates:
        start = min(start, wind_window_of(reading.sightings, plan.candidates)[0])
    return start, end
