"""The main job: sightings and winds become an incident folder that anybody can check."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from overflight import __version__
from overflight.airspace import Ledger, ledger
from overflight.case import export
from overflight.case.log import Case
from overflight.case.placing import placed
from overflight.case.report import ReportContent, write_map, write_report
from overflight.case.report.truth import Comparison, compared
from overflight.drift import Settings
from overflight.errors import InvalidInput, OutOfCoverage
from overflight.geo.times import iso
from overflight.infer import DriftTest, Origin, Track, drift_test, forecast, hindcast, origin, track
from overflight.sightings import Reading
from overflight.winds import members as members_of
from overflight.winds.error import WindError

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
STAGES = ("track", "drift test", "hindcast", "forecast", "origin", "ledger", "files", "report")
LIMITS = (
    "A constant or reported level is assumed between and beyond sightings: a balloon that chose its level to steer is "
    "drift to these methods, and its path before the first and after the last sighting may have been another.",
    "The size of wind error is judged from the literature, not yet fitted to balloons; where winds state their own "
    "error, that is used.",
    "The ledger counts land by who administers it at 1:10m; territorial sea and flight information regions are not in "
    "it, and no altitude at which sovereignty ends is agreed.",
    "Nothing here tells who launched a balloon, or why.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked of an investigation.

    Attributes
    ----------
    title : str
    seed : int
    members : int. Samples of the track, and members of each ensemble.
    hours_back, hours_ahead : float. How far before the first and after the last sighting.
    truth : DataFrame or None. A withheld track to judge the answer by.
    command : str. What was asked, for the record.
    """

    title: str
    seed: int
    members: int = 400
    hours_back: float = 24.0
    hours_ahead: float = 24.0
    truth: pd.DataFrame | None = None
    command: str = "overflight investigate"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Investigation:
    """What an investigation found, and where it lies.

    Attributes
    ----------
    folder : Path. ``report.html``, ``map.png``, ``case/`` and the files of the findings.
    track, drift_test, hindcast, forecast, origin, ledger : findings; None where the winds do not reach.
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
    ledger: Ledger
    comparison: Comparison | None
    missing: tuple[str, ...] = field(default=())

    def sentences(self) -> tuple[str, ...]:
        """Return the findings as sentences, the most telling first."""
        crossed = [f"{row['name']}" for _, row in self.ledger.table.iterrows() if row["probability"] >= 0.5]
        whose = "Countries crossed, more likely than not: " + (", ".join(crossed) if crossed else "none") + "."
        found = [str(self.track), str(self.drift_test), whose]
        found += [str(part) for part in (self.origin, self.comparison) if part is not None]
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
    folder : where to write; a folder that holds a case already is refused.
    plan : Plan
    progress : called with (stage, done, total).

    Raises
    ------
    InvalidInput
        The folder is in use or cannot be written.
    OutOfCoverage
        The winds do not enclose the sightings.
    """
    tell = progress or (lambda stage, done, total: None)
    require_free(folder)
    found, missing = _compute(reading, winds, plan, tell)
    comparison = None if plan.truth is None else compared(found["track"], plan.truth)
    result = Investigation(folder=folder, seed=plan.seed, comparison=comparison, missing=tuple(missing), **found)
    tell(STAGES[6], 6, len(STAGES))
    _write(result)
    tell(STAGES[7], 7, len(STAGES))
    content = _content(result, reading, winds, plan)
    write_report(content, folder / "report.html")
    write_map(content, folder / "map.png")
    _record(result, reading, winds, plan)
    tell("done", len(STAGES), len(STAGES))
    return result


def require_free(folder: Path) -> None:
    """Refuse a folder that holds a case or cannot be written.

    Raises
    ------
    InvalidInput
        The folder is in use or cannot be written.
    """
    if (folder / "case").exists():
        raise InvalidInput("case", str(folder), "a folder without a case", hint="give another with --case DIR")
    above = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    if not above.is_dir():
        raise InvalidInput("case", f"{folder} ({above} is no folder)", "a folder that can be written")
    if not os.access(above, os.W_OK | os.X_OK):
        raise InvalidInput("case", f"{folder} (Permission denied)", "a folder that can be written")


def _compute(reading: Reading, winds: xr.Dataset, plan: Plan, tell: Progress) -> tuple[dict[str, Any], list[str]]:
    total, missing = len(STAGES), []
    settings = Settings(wind_error=WindError(), output_s=1800.0)
    tell(STAGES[0], 0, total)
    control = members_of(winds)[0]
    path = track(reading.sightings, control, seed=plan.seed, members=plan.members)
    tell(STAGES[1], 1, total)
    found: dict[str, Any] = {"track": path, "drift_test": drift_test(reading.sightings, control, seed=plan.seed)}
    runs: tuple[tuple[str, Callable[[], Any], str], ...] = (
        ("hindcast", lambda: hindcast(path, winds, hours=plan.hours_back, settings=settings), "before the first"),
        ("forecast", lambda: forecast(path, winds, hours=plan.hours_ahead, settings=settings), "after the last"),
        ("origin", lambda: origin(path, winds, hours_back=plan.hours_back), "launch region"),
    )
    for number, (name, run, what) in enumerate(runs, start=2):
        tell(STAGES[number], number, total)
        try:
            found[name] = run()
        except OutOfCoverage as problem:
            found[name] = None
            missing.append(f"Not computed ({what}): {problem}")
    tell(STAGES[5], 5, total)
    found["ledger"] = ledger(whole(found["hindcast"], path.samples, found["forecast"]))
    missing.extend(_lost(found))
    if "member" in winds.dims:
        first, count = int(winds["member"].values[0]), winds.sizes["member"]
        missing.append(f"Track and drift test rest on member {first} of the winds, before and after on all {count}.")
    return found, missing


def _lost(found: dict[str, Any]) -> list[str]:
    """Say how many members ran out of wind, level or domain, and when."""
    sentences = []
    for name in ("hindcast", "forecast"):
        data = found[name]
        if data is None:
            continue
        meanings = data["status"].attrs["flag_meanings"].split()
        status, ends = data["end_status"].values, data["end_time"].values
        for code in np.unique(status):
            if meanings[code] in ("left_domain", "out_of_wind", "out_of_levels"):
                of = status == code
                middle = np.sort(ends[of])[of.sum() // 2]
                why = meanings[code].replace("_", " ")
                sentences.append(
                    f"In the {name}, {of.sum()} of {of.size} members {why}, half of them by {iso(middle)}."
                )
    return sentences


def whole(before: xr.Dataset | None, between: xr.Dataset, after: xr.Dataset | None) -> xr.Dataset:
    """Join hindcast, track and forecast into one path a member; the seams are the first and last sighting."""
    names = ["lat", "lon", "altitude"]
    parts = [between[names].drop_vars("trajectory", errors="ignore")]
    if before is not None:
        parts.insert(0, before[names].isel(obs=slice(None, 0, -1)).drop_vars("trajectory", errors="ignore"))
    if after is not None:
        parts.append(after[names].isel(obs=slice(1, None)).drop_vars("trajectory", errors="ignore"))
    return xr.concat(parts, dim="obs", coords="minimal", compat="override", combine_attrs="drop")


def _write(result: Investigation) -> None:
    folder = result.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InvalidInput("case", str(folder), "a folder that can be made", hint=str(problem.strerror)) from None
    for name, data in (("track", result.track.samples), ("hindcast", result.hindcast), ("forecast", result.forecast)):
        if data is not None:
            export.write(data, folder / f"{name}.nc")
            export.write(data, folder / f"{name}.geojson")
    export.write(result.track.mean.to_dataframe().reset_index(), folder / "track.csv")
    export.write(result.ledger.table, folder / "ledger.csv")
    if result.origin is not None:
        export.write_json(result.origin.density.to_geojson(), folder / "origin.geojson")


def _record(result: Investigation, reading: Reading, winds: xr.Dataset, plan: Plan) -> None:
    """Write the case last and whole: a folder without one was interrupted, and the same command fills it anew."""
    placed(
        result.folder / "case",
        lambda beside: _fill(Case.create(beside, title=plan.title), result, reading, winds, plan),
    )


def _fill(case: Case, result: Investigation, reading: Reading, winds: xr.Dataset, plan: Plan) -> None:
    digest = case.add_evidence(reading.path, source="sightings given to this investigation")
    for seen in reading.sightings:
        case.append("sighting", _sighting(seen), inputs=(digest,))
    inputs = (digest, *_digests(winds))
    about = {"command": plan.command, "version": __version__, "seed": plan.seed, "members": plan.members}
    about |= {"winds": winds.attrs.get("source", ""), "hours_back": plan.hours_back, "hours_ahead": plan.hours_ahead}
    for name in ("track", "drift_test", "origin", "ledger"):
        finding = getattr(result, name)
        if finding is not None:
            case.append("finding", {"name": name, "parameters": about, "result": finding.to_json()}, inputs=inputs)
    for path in sorted(result.folder.glob("*.nc")) + sorted(result.folder.glob("*.geojson")):
        case.add_evidence(path, source=f"computed by {plan.command}", copy=False)


def _digests(winds: xr.Dataset) -> tuple[str, ...]:
    digest = winds.attrs.get("sha256", "")
    return tuple(digest) if isinstance(digest, list | tuple) else ((digest,) if digest else ())


def _sighting(seen: Any) -> dict[str, Any]:
    altitude = seen.altitude
    return {
        "time": iso(seen.time), "time_sd_s": seen.time_sd_s, "lat": seen.lat, "lon": seen.lon,
        "position_sd_m": seen.position_sd_m,
        "altitude": None if altitude is None else {"value_m": altitude.value_m, "sd_m": altitude.sd_m,
                                                    "reference": altitude.reference},
        "object": seen.object_label, "source": seen.source, "note": seen.note,
    }  # fmt: skip


def _content(result: Investigation, reading: Reading, winds: xr.Dataset, plan: Plan) -> ReportContent:
    made = datetime.now(UTC)
    source = str(winds.attrs.get("source", "winds"))
    evidence = [(reading.path.name, reading.evidence_sha256, "sightings")]
    evidence += [(f"winds: {source}", digest, "winds") for digest in _digests(winds)]
    return ReportContent(
        title=plan.title,
        summary=result.sentences(),
        sightings=reading.sightings,
        track=result.track,
        hindcast=result.hindcast,
        forecast=result.forecast,
        ledger=result.ledger,
        drift_test=result.drift_test,
        origin=result.origin,
        truth=_within(plan.truth, result.track),
        evidence=tuple(evidence),
        provenance={"overflight": __version__, "seed": str(plan.seed), "winds": source, "made": iso(made)},
        limits=LIMITS,
    )


def _within(truth: pd.DataFrame | None, path: Track) -> pd.DataFrame | None:
    if truth is None:
        return None
    first, last = (path.mean["time"].values[i] for i in (0, -1))
    kept: pd.DataFrame = truth[(truth["time"] >= first) & (truth["time"] <= last)]
    return kept


def wind_window(reading: Reading, plan: Plan) -> tuple[datetime, datetime]:
    """Return the first and last instant that an investigation needs winds for."""
    first, last = reading.sightings[0].time, reading.sightings[-1].time
    return first - timedelta(hours=plan.hours_back), last + timedelta(hours=plan.hours_ahead)
