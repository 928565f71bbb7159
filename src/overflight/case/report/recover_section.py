"""Where it came down, in a report: the map of the classes, a sentence each, and the table."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from overflight.case.report.chart import AHEAD, BACK, INK, STYLE, TRUTH, new_figure
from overflight.case.report.ground import Projection, cell_shapes, draw_ground, scale_bar
from overflight.geo import sphere
from overflight.geo.times import iso
from overflight.recover import Landing
from overflight.recover.landing import Fallen

COLOURS = (BACK, AHEAD, TRUTH, "#aa4499")
"""Of the classes in their order; told apart by colour-blind readers."""
_WHAT = {"burst": "a burst", "cut-down": "a cut-down", "loss-of-lift": "a loss of lift",
         "brought-down": "it was brought down"}  # fmt: skip
LEVELS = ((0.9, 0.35), (0.5, 0.75))
"""Regions that are drawn, and how opaque."""


def colours_of(found: Landing) -> list[str]:
    """Return a colour a class."""
    return [COLOURS[i % len(COLOURS)] for i in range(len(found.classes))]


def sentences(found: Landing) -> list[str]:
    """Say what fell from where, and what is not known."""
    altitude = np.asarray(found.start.altitude_m, np.float64)
    low, middle, high = np.quantile(altitude, (0.05, 0.5, 0.95))
    span = "" if high - low < 1.0 else f" ({low:,.0f} to {high:,.0f} m for 90 %)"
    what = _WHAT[found.event.kind]
    first = (f"After {what} at {iso(found.event.time)} and {middle:,.0f} m{span}: {found.members} members of each "
             f"class, seed {found.seed}.")  # fmt: skip
    lost = [
        f"Of {fallen.object.name} {100 * fallen.lost:.1f} % left the winds before the ground: they lie elsewhere."
        for fallen in found.classes
        if fallen.lost > 0.005
    ]
    return [first, *lost]


def columns(found: Landing) -> tuple[str, ...]:
    """Return the columns of the table."""
    usual = ("class", "down about", "place", "50 % region", "90 % region", "comes down on")
    return usual if found.classes[0].fate is None else (*usual, "then")


def rows(found: Landing) -> tuple[tuple[str, ...], ...]:
    """Return a row a class."""
    return tuple(_row(fallen) for fallen in found.classes)


def _row(fallen: Fallen) -> tuple[str, ...]:
    about = fallen.to_json()
    times = f"{about['time']} ({about['time_q05'][11:]} to {about['time_q95'][11:]})"
    row = (fallen.object.name, times, f"{about['lat']:.3f}, {about['lon']:.3f}", f"{about['area_50_km2']:,.1f} km2",
           f"{about['area_90_km2']:,.1f} km2", _told(about["surface"]))  # fmt: skip
    return row if fallen.fate is None else (*row, _told(about["fate"]))


def _told(shares: dict[str, float]) -> str:
    parts = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in parts if share >= 0.005)


def figure(found: Landing) -> Figure:
    """Draw the regions of each class, and where it was at the event."""
    inside = [fallen.density.region(0.9) for fallen in found.classes]
    centres = np.concatenate([f.density.centres()[m] for f, m in zip(found.classes, inside, strict=True)])
    start = np.asarray(found.start.lat, np.float64), np.asarray(found.start.lon, np.float64)
    projection = Projection(*sphere.mean_place(np.append(centres[:, 0], start[0]), np.append(centres[:, 1], start[1])))
    with mpl.rc_context(STYLE):
        fig = new_figure(9.6, 6.4)
        axes = fig.subplots()
        x, y = projection.xy(np.append(centres[:, 0], start[0]), np.append(centres[:, 1], start[1]))
        half = 1.12 * max(float(np.abs(x).max()) / 1.5, float(np.abs(y).max()), 2.0)
        draw_ground(axes, projection, 1.5 * half, half)
        for fallen, colour in zip(found.classes, colours_of(found), strict=True):
            shapes, fits = cell_shapes(fallen.density, projection)
            for level, alpha in LEVELS:
                chosen = _chosen(shapes, fallen.density.region(level)[fits])
                axes.add_collection(PolyCollection(chosen, facecolors=colour, edgecolors="none", alpha=alpha, zorder=3))
            axes.plot([], [], color=colour, linewidth=6, label=fallen.object.name)
        axes.plot(*projection.xy(*start), ".", color=INK, markersize=3, zorder=5)
        axes.plot([], [], "o", color=INK, markersize=5, label=found.event.kind.replace("-", " "))
        axes.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="#d5dde3", fontsize=8.5)
        scale_bar(axes, 1.5 * half, half)
    return fig


def _chosen(shapes: list[NDArray[np.float64]], inside: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    return [shape for shape, on in zip(shapes, inside, strict=True) if on]
