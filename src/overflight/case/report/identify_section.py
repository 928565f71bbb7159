"""What the object may have been, in a report: sentences, a table, and a map of the predicted places."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from overflight.case.placing import placed, write_text
from overflight.case.report.chart import BACK, INK, MUTED, SIGHTING, STYLE, new_figure
from overflight.case.report.ground import Projection, draw_ground, scale_bar
from overflight.case.report.section import Section
from overflight.geo import sphere
from overflight.infer.identity import NONE, SHOWN, Identity, Match, counted, odds_text, share_text

_LEAST_SHOWN = 1e-4
_RADIUS_90 = 2.146
"""Standard deviations that hold 90 % of a plane normal distribution."""


def section(found: Identity) -> Section:
    """Return what is said of an identity."""
    shares = found.completeness.values
    shown = _shown(found)
    rows = [_row(m) for m in shown]
    rows.append((NONE, "", *(share_text(p) for p in found.p_none), "", "", "", ""))
    away = len(found.matches) - len(shown)
    few = f" {away:,} more of them are below {_LEAST_SHOWN:g} or the first {SHOWN}." if away else ""
    screened = (
        f"{counted(found.given, 'candidate')} given; {found.reachable:,} aloft in time and in reach of the fastest "
        f"wind; {len(found.matches):,} came near.{few}"
    )
    return Section(
        title="What could it be?",
        sentences=(found.verdict, screened, *found.assumptions()),
        columns=("candidate", "kind", *(f"p at c={c:.2g}" for c in shares), "odds", "sd off", "aloft", "predicted at"),
        rows=tuple(rows),
    )


def _shown(found: Identity) -> list[Match]:
    likely = [m for m in found.matches[:SHOWN] if max(m.by_completeness) >= _LEAST_SHOWN]
    return likely or list(found.matches[:3])


def _row(m: Match) -> tuple[str, ...]:
    place = f"{m.lat:.2f}, {m.lon:.2f}; 90 % within {_RADIUS_90 * m.major_km:.0f} x {_RADIUS_90 * m.minor_km:.0f} km"
    return (
        m.name,
        m.kind.replace("_", " "),
        *(share_text(p) for p in m.by_completeness),
        odds_text(m.log10_odds),
        f"{m.sigmas:.1f}",
        f"{m.aloft:.2f}",
        place if np.isfinite(m.lat) else "not aloft",
    )


def figure(found: Identity) -> Figure:
    """Draw the sightings, and where each candidate is predicted at the last of them: 90 % ellipses."""
    matches = [m for m in _shown(found) if np.isfinite(m.lat)]
    seen = np.array([(lat, lon) for _, lat, lon in found.sightings])
    lat = np.concatenate([seen[:, 0], [m.lat for m in matches]])
    lon = np.concatenate([seen[:, 1], [m.lon for m in matches]])
    with mpl.rc_context(STYLE):
        drawing = new_figure(9.6, 6.4)
        axes = drawing.subplots()
        projection = Projection(*sphere.mean_place(lat, lon))
        x, y = projection.xy(lat, lon)
        size = max([_RADIUS_90 * m.major_km for m in matches], default=50.0)
        half = 1.1 * (max(float(np.abs(x).max()) / 1.5, float(np.abs(y).max())) + size)
        draw_ground(axes, projection, 1.5 * half, half, keep_clear=np.column_stack([x, y]))
        for m in reversed(matches):
            _ellipse(axes, projection, m)
        sx, sy = projection.xy(seen[:, 0], seen[:, 1])
        axes.plot(sx, sy, "o", color=SIGHTING, markeredgecolor="white", markersize=7, zorder=8, label="sighting")
        axes.plot([], [], color=BACK, label="candidate at the last sighting, 90 %: stronger is likelier")
        scale_bar(axes, 1.5 * half, half)
        axes.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="#d5dde3", fontsize=8.5)
    return drawing


def _ellipse(axes: Axes, projection: Projection, m: Match) -> None:
    x, y = (float(v) for v in projection.xy(m.lat, m.lon))
    strength = 0.25 + 0.75 * m.posterior
    width, height = (2.0 * _RADIUS_90 * km for km in (m.major_km, m.minor_km))
    turn = 90.0 - m.azimuth_deg
    axes.add_patch(Ellipse((x, y), width, height, angle=turn, facecolor=BACK, edgecolor="none", alpha=0.2 * strength,
                           zorder=4))  # fmt: skip
    axes.add_patch(Ellipse((x, y), width, height, angle=turn, facecolor="none", edgecolor=BACK, alpha=strength,
                           zorder=5))  # fmt: skip
    axes.plot(x, y, "+", color=INK if m.posterior > 0.05 else MUTED, zorder=6)
    axes.annotate(f"{m.name}  {share_text(m.posterior)}", (x, y), (5, 5), textcoords="offset points", fontsize=8,
                  zorder=9, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.78, "pad": 1.2})  # fmt: skip


def table(found: Identity) -> pd.DataFrame:
    """Return all candidates that came near, and "none of these", one row each."""
    shares = [f"p_at_completeness_{c:.3g}" for c in found.completeness.values]
    names = [n for n in Match.__dataclass_fields__ if n != "by_completeness"]
    rows = [
        {n: getattr(m, n) for n in names} | dict(zip(shares, m.by_completeness, strict=True)) for m in found.matches
    ]
    none = {"name": NONE, "posterior": found.p_none[found.completeness.middle], "log10_odds": 0.0}
    return pd.DataFrame([*rows, none | dict(zip(shares, found.p_none, strict=True))], columns=[*names, *shares])


def write(found: Identity, path: Path) -> None:
    """Write the table as CSV, the finding as JSON, or the map as PNG, by suffix."""
    writers = {
        ".csv": lambda beside: table(found).to_csv(beside, index=False, float_format="%.6g"),
        ".json": lambda beside: write_text(beside, json.dumps(found.to_json(), ensure_ascii=False, allow_nan=False)),
        ".png": lambda beside: figure(found).savefig(beside, dpi=150, format="png"),
    }
    placed(path, writers[path.suffix.lower()])
