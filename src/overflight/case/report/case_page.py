"""The report of a case as one page: parts from its records, put into HTML that asks nothing of the network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from matplotlib.figure import Figure

from overflight import __version__
from overflight.case.report import findings_parts, record_parts, recovery_parts
from overflight.case.report.case_maps import kind_of
from overflight.case.report.chart import svg
from overflight.case.report.claims import Claim, claims_of
from overflight.case.report.holdings import Holdings, holdings
from overflight.case.report.parts import Part, runs
from overflight.case.report.words import Words, words
from overflight.errors import InvalidInput
from overflight.geo.times import iso

EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as HTML.

    Attributes
    ----------
    html : str
    problems : what of the case does not hold; the page says so too.
    folder : Path. Where the files beside the case lie.
    recorded : the files that the case records, whose place no report may take.
    figures : its figures by name, as "map".
    """

    html: str
    problems: tuple[str, ...]
    folder: Path
    recorded: frozenset[Path]
    figures: Mapping[str, Figure]


def case_report(folder: Path, *, language: str = "en") -> Report:
    """Make the report of a case from what its folder holds; the same case gives the same bytes.

    The page is dated by its last record, or by the environment's ``SOURCE_DATE_EPOCH``
    (reproducible-builds.org/specs/source-date-epoch).

    Parameters
    ----------
    folder : an incident folder, or the case folder in it.
    language : str. One of ``languages()``.

    Raises
    ------
    InvalidInput
        The folder holds no case, or there are no texts in the language.
    """
    told, case = words(language), holdings(folder)
    claims = claims_of(case, told)
    parts = _parts(case, claims, told)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("overflight.case.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("case.html.j2").render(_view(case, claims, parts, told))
    recorded = frozenset((case.folder / str(record["body"]["path"])).resolve() for record in case.of("file"))
    figures = {picture.name: picture.figure for part in parts for picture in part.pictures}
    return Report(html=html, problems=case.problems, folder=case.folder, recorded=recorded, figures=figures)


def _parts(case: Holdings, claims: tuple[Claim, ...], told: Words) -> list[Part]:
    found = [findings_parts.where, findings_parts.truth, findings_parts.ledger, findings_parts.drift,
             findings_parts.origin, findings_parts.identity, recovery_parts.recovery]  # fmt: skip
    parts = [
        record_parts.summary(case, claims, told),
        *(p for p in (make(case, told) for make in found) if p is not None),
    ]
    parts += [record_parts.claimed(case, claims, told), record_parts.evidence(case, told)]
    parts.append(record_parts.limits(case, claims, told))
    cited = {number for part in parts for number in part.cited()} | {str(case.records[-1]["id"])}
    return [*parts, record_parts.cited_records(case, cited, told)]


def _view(case: Holdings, claims: tuple[Claim, ...], parts: Sequence[Part], told: Words) -> dict[str, Any]:
    last = case.records[-1]
    return {
        "t": told,
        "title": str(case.records[0]["body"].get("title", "")),
        "facts": _facts(case, claims, told),
        "parts": parts,
        "drawn": {p.name: Markup(svg(p.figure, p.name)) for part in parts for p in part.pictures},  # noqa: S704 - our own
        "hashes": {str(record["id"]): str(record["hash"]) for record in case.records},
        "runs": runs,
        "problems": case.problems,
        "last": last,
        "made": told.moment(_dated(str(last["made_at"]))),
        "count": told.number(len(case.records)),
        "version": __version__,
        "page_count": _page_count(told),
    }


def _page_count(told: Words) -> str:
    """Return the text at the foot of a printed page in terms of CSS."""
    text = told("page.page", page="\x00counter(page)\x00", pages="\x00counter(pages)\x00")
    pieces = text.split("\x00")
    return " ".join(piece if number % 2 else f'"{piece}"' for number, piece in enumerate(pieces) if piece)


def _dated(otherwise: str) -> str:
    given = os.environ.get(EPOCH, "")
    if not given:
        return otherwise
    try:
        return iso(datetime.fromtimestamp(int(given), UTC))
    except (ValueError, OverflowError, OSError):
        raise InvalidInput(EPOCH, repr(given), "whole seconds since 1970") from None


def _facts(case: Holdings, claims: tuple[Claim, ...], told: Words) -> list[tuple[str, str]]:
    times = sorted(record["body"]["time"] for record in case.of("sighting"))
    facts = [(told("facts.sightings"), told.number(len(times)))]
    if times:
        facts += [(told("facts.from"), told.moment(times[0])), (told("facts.to"), told.moment(times[-1]))]
    track, crossed, test = (case.result(name) for name in ("track", "ledger", "drift_test"))
    if track is not None:
        low, middle, high = (told.number(z / 1000.0, 1) for z in track["level"]["altitude_m"])
        facts.append((told("facts.level"), told("facts.level_value", low=low, middle=middle, high=high)))
    if crossed is not None:
        likely = [row for row in crossed["crossings"] if kind_of(row) == "country" and row["probability"] > 0.5]
        facts.append((told("facts.countries"), told.number(len(likely))))
    if test is not None:
        facts.append((told("facts.drift"), findings_parts.verdict_words(test, told)))
    return [
        *facts,
        (told("facts.claims"), told.number(len(claims))),
        (told("facts.records"), told.number(len(case.records))),
    ]
