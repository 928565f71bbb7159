"""The look of the figures, and a map projection to draw on."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from overflight.geo import basemap, sphere

F64 = NDArray[np.float64]

INK, MUTED, PAPER, SEA, LAND, BORDER = "#1d2733", "#5b6b7b", "#ffffff", "#e9f0f5", "#f7f5f0", "#b9b4a8"
TRACK, BACK, AHEAD, TRUTH, SIGHTING = "#1d2733", "#0072b2", "#d55e00", "#009e73", "#cc3311"
"""Hues of Okabe and Ito (2008), told apart by colour-blind readers."""

FARTHEST_M = 1.8e7
STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "text.color": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "svg.fonttype": "path",
    "svg.hashsalt": "overflight",
    "grid.color": "#dfe5ea",
    "grid.linewidth": 0.7,
}


def new_figure(width: float, height: float) -> Figure:
    """Return a figure that belongs to nobody's global state. [inches]"""
    return Figure(figsize=(width, height), layout="constrained")


def svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element for a page; ids carry ``name`` so that figures do not share them."""
    stream = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(id="|xlink:href="#|url\(#)', lambda m: f"{m.group(1)}{name}-", text)
    return re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" xmlns="http://www.w3.org/2000/svg" '
                  r'xmlns:xlink="http://www.w3.org/1999/xlink" role="presentation">', text, count=1)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Projection:
    """Azimuthal equidistant projection of the sphere about a centre (Snyder 1987, USGS PP 1395, ch. 25). [km]"""

    lat: float
    lon: float

    def xy(self, lat: ArrayLike, lon: ArrayLike) -> tuple[F64, F64]:
        """Return kilometres east and north of places in degrees."""
        distance = sphere.distance_m(self.lat, self.lon, lat, lon) / 1000.0
        azimuth = np.radians(sphere.azimuth_deg(self.lat, self.lon, lat, lon))
        return distance * np.sin(azimuth), distance * np.cos(azimuth)


def draw_land(axes: Axes, projection: Projection, half_width_km: float, half_height_km: float) -> None:
    """Draw sea, land, borders and a graticule, and set the window."""
    reach_km = float(np.hypot(half_width_km, half_height_km)) * 1.1
    axes.set_facecolor(SEA)
    for polygon in _land_within(projection, reach_km):
        far = shapely.get_coordinates(polygon)
        if float(sphere.distance_m(projection.lat, projection.lon, far[:, 1], far[:, 0]).max()) > FARTHEST_M:
            continue  # land about the antipode turns inside out in this projection
        lines = [shapely.get_coordinates(line) for line in shapely.get_rings(shapely.segmentize(polygon, 0.5))]
        for number, line in enumerate(lines):
            x, y = projection.xy(line[:, 1], line[:, 0])
            axes.fill(x, y, facecolor=SEA if number else LAND, edgecolor=BORDER, linewidth=0.5, zorder=1)
    _graticule(axes, projection, half_width_km, half_height_km)
    axes.set(xlim=(-half_width_km, half_width_km), ylim=(-half_height_km, half_height_km), xticks=[], yticks=[])
    axes.set_aspect("equal")
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("#c6d0d9")


def _land_within(projection: Projection, reach_km: float) -> Iterator[Any]:
    """Yield the polygons near the window, clipped to a box of latitudes and longitudes around it."""
    half_lat = min(180.0, reach_km / 111.0)
    south, north = max(-90.0, projection.lat - half_lat), min(90.0, projection.lat + half_lat)
    widest = np.cos(np.radians(min(89.9, max(abs(south), abs(north)))))
    half_lon = min(180.0, half_lat / max(widest, 1e-3)) if half_lat < 80.0 else 180.0
    for shift in (-360.0, 0.0, 360.0):
        west, east = projection.lon - half_lon + shift, projection.lon + half_lon + shift
        if west >= 180.0 or east <= -180.0:
            continue
        clipped = shapely.clip_by_rect(basemap.polygons(), max(west, -180.0), south, min(east, 180.0), north)
        for polygon in shapely.get_parts(shapely.get_parts(clipped)):
            if not polygon.is_empty and polygon.geom_type == "Polygon":
                yield polygon


def _graticule(axes: Axes, projection: Projection, half_width_km: float, half_height_km: float) -> None:
    span = 2.0 * half_height_km / 111.0
    step = next((s for s in (0.5, 1, 2, 5, 10, 15, 30) if span / s <= 6), 30)
    lats = np.arange(np.floor((projection.lat - span) / step) * step, min(90, projection.lat + span) + step, step)
    wide = min(180.0, 1.5 * half_width_km / 111.0 / max(0.1, np.cos(np.radians(projection.lat))) + step)
    lons = np.arange(np.floor((projection.lon - wide) / step) * step, projection.lon + wide + step, step)
    style: dict[str, Any] = {"color": "#c9d6df", "linewidth": 0.5, "zorder": 1.5}
    for lat in lats[np.abs(lats) < 90]:
        x, y = projection.xy(lat, np.linspace(projection.lon - wide, projection.lon + wide, 181))
        axes.plot(x, y, **style)
        side = np.argmin(np.abs(x + half_width_km * 0.985))
        if abs(y[side]) < half_height_km * 0.92:
            axes.text(-half_width_km * 0.985, y[side], _degrees(lat, "N", "S"), fontsize=7, color=MUTED, va="bottom")
    for lon in lons:
        x, y = projection.xy(np.linspace(max(-90, lats[0]), min(90, lats[-1]), 181), lon)
        axes.plot(x, y, **style)
        foot = np.argmin(np.abs(y + half_height_km * 0.985))
        if abs(x[foot]) < half_width_km * 0.92:
            axes.text(
                x[foot], -half_height_km * 0.975, _degrees(float(sphere.wrap(lon)), "E", "W"), fontsize=7, color=MUTED
            )


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):g}° {positive if value >= 0 else negative}"


def scale_bar(axes: Axes, half_width_km: float, half_height_km: float) -> None:
    """Draw a round length in the lower right corner."""
    length = next(n for n in (5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1) if n <= half_width_km * 0.45)
    right, foot = half_width_km * 0.95, -half_height_km * 0.9
    axes.plot([right - length, right], [foot, foot], color=INK, linewidth=2, solid_capstyle="butt", zorder=9)
    axes.text(right - length / 2, foot + half_height_km * 0.02, f"{length} km", ha="center", va="bottom", fontsize=8)
