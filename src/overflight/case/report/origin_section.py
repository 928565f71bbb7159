"""The launch posterior in a report: its map, its sentences, its table of sites."""

from __future__ import annotations

import h3
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from overflight.case.report.chart import BACK, INK, SIGHTING, STYLE, new_figure
from overflight.case.report.figures import cell_shapes
from overflight.case.report.ground import Projection, draw_ground, scale_bar
from overflight.case.report.section import Section
from overflight.geo import sphere
from overflight.geo.times import iso
from overflight.infer import Origin

F64 = NDArray[np.float64]

DRAWN_LEVEL = 0.99
"""Cells outside this region are not drawn: they stretch over half the Earth."""
SHADES = ((0.99, "#d7e8f4"), (0.9, "#86bbdd"), (0.5, BACK))
NAMED, LISTED = 4, 12
LEAST_SHARE = 0.001


def section(found: Origin) -> Section:
    """Return title, sentences, table and figure of the launch posterior."""
    return Section(
        title="Where it may have come from",
        sentences=tuple(sentences(found)),
        columns=("site", "kind", "probability", "odds against none of these", "launched about"),
        rows=tuple(rows(found)),
        figure=figure(found),
        caption="Regions that hold 50, 90 and 99 % of the launches, and the known sites that rank first.",
    )


def sentences(found: Origin) -> list[str]:
    """Say what was found and on what belief it rests."""
    weights = ", ".join(f"{n.replace('_', ' ')} {100 * w:.0f} %" for n, w in found.prior["weights"].items())
    out = [str(found), f"Believed before the winds were looked at: {weights}."]
    if found.agreement is not None:
        out.append(str(found.agreement))
    return [*out, found.note]


def rows(found: Origin) -> list[tuple[str, str, str, str, str]]:
    """Return the ranked sites, and the three parts of none of these."""
    ranked = [row for row in found.ranked[:LISTED] if row.probability >= LEAST_SHARE]
    table = [
        (
            row.name,
            row.kind.replace("_", " "),
            f"{100 * row.probability:.1f} %",
            f"{row.odds:.3g}",
            iso(row.launch_time),
        )
        for row in ranked
    ]
    rest = sum(row.probability for row in found.ranked) - sum(row.probability for row in ranked)
    parts = (("other known sites", rest), ("none of these, on land", found.land), ("none of these, at sea", found.sea),
             ("outside the winds", found.elsewhere))  # fmt: skip
    return table + [(name, "", f"{100 * share:.1f} %", "", "") for name, share in parts]


def cells(found: Origin) -> pd.DataFrame:
    """Return one row a cell and window of time that has probability."""
    density, windows = found.density, found.windows
    at, cell = np.nonzero(windows.table > 0.0)
    centre, inside = density.centres(), {q: density.region(q) for q in (0.5, 0.9, 0.99)}
    region = np.select([inside[q] for q in (0.5, 0.9, 0.99)], [0.5, 0.9, 0.99], 1.0)
    return pd.DataFrame(
        {
            "cell": [h3.int_to_str(int(c)) for c in density.cell[cell]],
            "lat": centre[cell, 0],
            "lon": centre[cell, 1],
            "window_from": windows.edges[at],
            "window_to": windows.edges[at + 1],
            "probability": windows.table[at, cell],
            "region_of_cell": region[cell],
        }
    )


def figure(found: Origin) -> Figure:
    """Draw the 50, 90 and 99 % regions with the likeliest sites, and when it was launched beside it."""
    density = found.density
    drawn = density.region(DRAWN_LEVEL)
    centres = density.centres()[drawn]
    projection = Projection(*sphere.mean_place(centres[:, 0], centres[:, 1]))
    with mpl.rc_context(STYLE):
        fig = new_figure(9.6, 7.4)
        axes, times = fig.subplots(2, 1, height_ratios=(5.0, 1.0))
        shapes, fits = cell_shapes(density, projection)
        shown = [shape for shape, on in zip(shapes, drawn[fits], strict=True) if on]
        x, y = np.abs(np.concatenate(shown)).max(axis=0)
        half = 1.08 * max(x / 1.7, y, 30.0)
        named = [row for row in found.ranked[:NAMED] if row.probability >= LEAST_SHARE]
        places = np.array([projection.xy(row.lat, row.lon) for row in named], np.float64).reshape(-1, 2)
        draw_ground(axes, projection, 1.7 * half, half, keep_clear=places)
        for level, colour in SHADES:
            inside = density.region(level)[fits]
            chosen = [shape for shape, on in zip(shapes, inside & drawn[fits], strict=True) if on]
            axes.add_collection(PolyCollection(chosen, facecolors=colour, edgecolors="none", alpha=0.8, zorder=2))
            axes.plot([], [], color=colour, linewidth=6, label=f"{100 * level:.0f} % region")
        _sites(axes, found, places)
        scale_bar(axes, 1.7 * half, half)
        axes.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="#d5dde3", fontsize=8.5)
        _times(times, found)
    return fig


def _sites(axes: Axes, found: Origin, places: F64) -> None:
    for row, (x, y) in zip(found.ranked, places, strict=False):
        axes.plot(x, y, "^", color=SIGHTING, markeredgecolor="white", markersize=8, zorder=8)
        text = f"{row.name}  {100 * row.probability:.1f} %"
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.78, "pad": 1.2}
        inward = -1 if x > 0.0 else 1
        axes.annotate(text, (x, y), (7 * inward, 6), textcoords="offset points", fontsize=8, zorder=9, bbox=box,
                      ha="right" if inward < 0 else "left", clip_on=True)  # fmt: skip


def _times(axes: Axes, found: Origin) -> None:
    edges = found.windows.edges
    hours = np.diff(edges) / np.timedelta64(1, "h")
    axes.bar(edges[:-1], 100.0 * found.windows.probability / hours, width=np.diff(edges), align="edge", color=BACK)
    axes.set(ylabel="% an hour", xlim=(edges[0], edges[-1]))
    axes.set_title("When it was launched", color=INK)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
