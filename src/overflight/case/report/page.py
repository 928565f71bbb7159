"""The page itself: figures and findings in one HTML file that asks nothing of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import matplotlib as mpl
from markupsafe import Markup

from overflight.airspace.ledger import chance
from overflight.case.placing import placed, write_text
from overflight.case.report import figures, identify_section, origin_section, track_section
from overflight.case.report.chart import STYLE, svg
from overflight.case.report.content import ReportContent
from overflight.case.report.drift_section import drift_figure
from overflight.geo.times import iso

MAP_DPI = 150


def write_report(content: ReportContent, path: Path) -> None:
    """Write the report as one self-contained HTML file.

    Raises
    ------
    InvalidInput
        The file cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("overflight.case.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("page.html.j2").render(_view(content))
    placed(path, lambda beside: write_text(beside, text))


def write_map(content: ReportContent, path: Path) -> None:
    """Write the main map as a PNG."""
    figure = figures.main_map(content)
    with mpl.rc_context(STYLE):
        placed(path, lambda beside: figure.savefig(beside, dpi=MAP_DPI, format="png"))


def _view(content: ReportContent) -> dict[str, Any]:
    test = content.drift_test
    drawn = {
        "map": figures.main_map(content),
        "timeline": figures.timeline(content),
        "altitude": figures.altitude_plot(content),
        "error": figures.error_plot(content),
        "regions": track_section.regions(content.track),
        "drift": None if test is None else drift_figure(test, content.track.mean["time"].values[0]),
    }
    parts = {
        "origin": None if content.origin is None else origin_section.section(content.origin),
        "identity": None if content.identity is None else identify_section.section(content.identity, drawn=True),
    }
    drawn |= {name: part.figure for name, part in parts.items() if part is not None and part.figure is not None}
    return {
        "c": content,
        "parts": [(name, part) for name, part in parts.items() if part is not None],
        "svg": {name: Markup(svg(figure, name)) if figure else None for name, figure in drawn.items()},  # noqa: S704 - our own drawing
        "seen": _sightings(content),
        "ledger": _ledger(content),
        "facts": _facts(content),
    }


def _sightings(content: ReportContent) -> list[dict[str, str]]:
    fits = {content.track.sightings[row.index]: row for row in content.track.per_sighting}
    rows = []
    for seen in content.sightings:
        fit = fits.get(seen)
        altitude = seen.altitude
        rows.append(
            {
                "time": iso(seen.time).replace("T", " ").rstrip("Z"),
                "place": f"{seen.lat:.3f}, {seen.lon:.3f}",
                "sd": f"{seen.position_sd_m / 1000:.3g}",
                "altitude": "not reported"
                if altitude is None
                else f"{altitude.value_m / 1000:.2f} ± {altitude.sd_m / 1000:.2f}",
                "residual": "" if fit is None else f"{fit.residual_km:.1f}",
                "weight": "" if fit is None else f"{fit.weight:.2f}",
                "doubt": "" if fit is None else f"{100 * fit.outlier_probability:.0f} %",
                "note": " · ".join(t for t in (seen.note, seen.source) if t),
            }
        )
    return rows


def _ledger(content: ReportContent) -> list[dict[str, str]]:
    if content.ledger is None:
        return []
    return [
        {
            "name": str(row["name"]),
            "note": str(row["note"]),
            "chance": chance(row, content.ledger.members),
            "entry": f"{row['entry_q05']:%d %b %H:%M} to {row['entry_q95']:%d %b %H:%M}",
            "leave": f"{row['exit_q05']:%d %b %H:%M} to {row['exit_q95']:%d %b %H:%M}",
            "hours": f"{row['hours_q50']:.1f}",
        }
        for _, row in content.ledger.table.iterrows()
    ]


def _facts(content: ReportContent) -> list[tuple[str, str]]:
    low, middle, high = (a / 1000.0 for a in content.track.level.altitude_m)
    start, end = (iso(content.track.mean["time"].values[i]) for i in (0, -1))
    facts = [
        ("Sightings", str(len(content.sightings))),
        ("From", start.replace("T", " ").replace("Z", " UTC")),
        ("To", end.replace("T", " ").replace("Z", " UTC")),
        ("Level", f"{middle:.1f} km ({low:.1f} to {high:.1f})"),
    ]
    if content.ledger is not None:
        sure = int((content.ledger.crossed["probability"] > 0.5).sum())
        facts.append(("Countries, more likely than not", str(sure)))
    if content.drift_test is not None:
        facts.append(("Drift", content.drift_test.verdict))
    return facts
