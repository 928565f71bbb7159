"""A search plan on one page to print: the map of legs, success against effort, and the sorties."""

from __future__ import annotations

from typing import IO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from overflight.case.report.chart import AHEAD, BACK, INK, MUTED, SIGHTING, STYLE, TRUTH, new_figure
from overflight.case.report.ground import Projection, cell_shapes, draw_ground, scale_bar
from overflight.geo import sphere
from overflight.recover.search import Plan

F64 = NDArray[np.float64]
SORTIES = (AHEAD, BACK, TRUTH, "#cc79a7", "#e69f00", "#56b4e9")
"""In turn, as in KML: hues of Okabe and Ito (2008)."""
A4 = (8.27, 11.69)
SHADES = "YlOrBr"
LISTED = 9
WIDE = 1.12
COLUMNS = ("sortie", "searcher", "legs", "legs, km", "between, km", "out, back, km", "hours")


LIMITS = (
    "The chance holds for this density, these sweep widths and this weather; obstacles, airspace and safety are the "
    "searchers' to judge."
)


def rows(plan: Plan) -> list[tuple[str, ...]]:
    """Return the table of sorties."""
    return [
        (
            str(number),
            str(sortie.searcher),
            str(len(sortie.legs)),
            f"{sortie.search_m / 1000:.1f}",
            f"{sortie.turning_m / 1000:.1f}",
            f"{sortie.transit_m / 1000:.1f}",
            f"{sortie.hours:.2f}",
        )
        for number, sortie in enumerate(plan.sorties, start=1)
    ]


def save(plan: Plan, stream: IO[bytes], kind: str) -> None:
    """Write the page as PNG or PDF, without a date, so that the same plan gives the same file."""
    with mpl.rc_context({**STYLE, "pdf.fonttype": 42}):
        metadata = {"CreationDate": None} if kind == "pdf" else {"Software": None}
        figure(plan).savefig(stream, dpi=150, format=kind, metadata=metadata)


def figure(plan: Plan) -> Figure:
    """Draw the page, A4 upright."""
    with mpl.rc_context({**STYLE, "figure.constrained_layout.w_pad": 0.25, "figure.constrained_layout.h_pad": 0.15}):
        fig = new_figure(*A4)
        top, middle, foot = fig.subplots(3, 1, height_ratios=(6.8, 2.0, 1.6))
        draw_map(top, plan)
        draw_curve(middle, plan)
        draw_table(foot, plan)
    return fig


def draw_map(axes: Axes, plan: Plan) -> None:
    """Draw cells, legs and base."""
    paths = [np.array(sortie.places()) for sortie in plan.sorties]
    turns = np.concatenate(paths)
    projection = Projection(*sphere.mean_place(*plan.density.centres()[plan.swept].T))
    x, y = projection.xy(turns[:, 0], turns[:, 1])
    projection = Projection(*(float(v) for v in projection.latlon((x.min() + x.max()) / 2, (y.min() + y.max()) / 2)))
    x, y = projection.xy(turns[:, 0], turns[:, 1])
    half = 1.1 * max(float(np.abs(x).max()) / WIDE, float(np.abs(y).max()), 0.5)
    draw_ground(axes, projection, WIDE * half, half, keep_clear=np.column_stack([x, y]))
    _cells(axes, plan, projection, half)
    for number, path in enumerate(paths):
        px, py = projection.xy(path[:, 0], path[:, 1])
        colour = SORTIES[number % len(SORTIES)]
        label = f"sortie {number + 1}" if number < LISTED else None
        axes.plot(px, py, color=colour, linewidth=1.0, zorder=4, label=label)
        axes.annotate(
            f"S{number + 1}", (px[1], py[1]), (3, 3), textcoords="offset points", fontsize=8, color=colour, zorder=6,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )  # fmt: skip
    base_x, base_y = projection.xy(*plan.effort.base)
    axes.plot(base_x, base_y, "^", color=SIGHTING, markeredgecolor="white", markersize=9, zorder=7, label="base",
              linestyle="none")  # fmt: skip
    scale_bar(axes, WIDE * half, half)
    axes.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="#d5dde3", fontsize=8)
    axes.set_title(f"Search plan: {100 * plan.success:.0f} % to find it in {plan.hours:.1f} h", color=INK)


def _cells(axes: Axes, plan: Plan, projection: Projection, half_km: float) -> None:
    """Shade cells by density; those that are hardly likely, or off the map, stay bare."""
    shapes, fits = cell_shapes(plan.density, projection)
    density = (plan.density.probability / plan.density.cell_area_m2)[fits]
    shown = [
        i
        for i, shape in enumerate(shapes)
        if density[i] > 0.02 * density.max() and np.abs(shape).min(axis=0).max() < 1.2 * WIDE * half_km
    ]
    drawn = PolyCollection(
        [shapes[i] for i in shown], array=density[shown] * 1e8, cmap=SHADES, alpha=0.65, edgecolors="none", zorder=2
    )
    drawn.set_clim(0.0, float(density.max()) * 1e8)
    axes.add_collection(drawn)
    inset = axes.inset_axes((0.03, 0.075, 0.3, 0.014), zorder=8)
    bar = axes.figure.colorbar(drawn, cax=inset, orientation="horizontal")
    bar.ax.set_title("probability, % a km²", fontsize=7.5, fontweight="normal", loc="left", pad=2)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.ax.locator_params(nbins=4)


def draw_curve(axes: Axes, plan: Plan) -> None:
    """Draw success against effort."""
    curve = plan.curve
    axes.plot(curve.hours, 100 * curve.best, color=MUTED, label="best of as much track, no detours")
    axes.plot(curve.planned_hours, 100 * curve.planned, color=AHEAD, linewidth=1.8, label="these sorties")
    axes.plot(plan.hours, 100 * plan.success, "o", color=AHEAD, markersize=5)
    axes.set(xlabel="hours of all searchers", ylabel="% to find it", xlim=(0, curve.hours[-1]), ylim=(0, 100))
    axes.set_title("What more hours would bring")
    axes.grid()
    axes.legend(loc="upper left", frameon=False, fontsize=8)


def draw_table(axes: Axes, plan: Plan) -> None:
    """Write the sorties as a table, and what the page rests on."""
    axes.set_axis_off()
    listed = rows(plan)
    if len(listed) > LISTED:
        listed = [*listed[: LISTED - 1], (f"and {len(listed) - LISTED + 1} more", *[""] * (len(COLUMNS) - 1))]
    drawn = axes.table(cellText=[list(row) for row in listed], colLabels=list(COLUMNS), loc="upper center",
                       edges="horizontal", cellLoc="right")  # fmt: skip
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(8)
    lat, lon = plan.effort.base
    spacing = ", ".join(f"{v:,.0f}" for v in sorted({leg.spacing_m for s in plan.sorties for leg in s.legs}))
    text = (
        f"Base {lat:.4f}, {lon:.4f}. Legs {spacing} m apart, {3.6 * plan.effort.speed_ms:.0f} km/h. Contained in "
        f"the cells searched: {100 * plan.containment:.0f} %.\n{LIMITS}"
    )
    axes.text(0.0, 0.0, text, fontsize=7.5, color=MUTED, transform=axes.transAxes, va="top", wrap=True)
