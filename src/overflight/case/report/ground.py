"""What lies under a map: sea, land, relief, borders, a graticule and the larger towns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from overflight.case.report.chart import BORDER, INK, LAND, MUTED, SEA
from overflight.geo import basemap, sphere
from overflight.geo.density import Density
from overflight.geo.places import Places
from overflight.geo.terrain import Terrain

F64 = NDArray[np.float64]

FARTHEST_M = 1.8e7
RELIEF_PIXELS = 360
TOWNS = 12
KM_A_DEGREE = 111.2
TOWN = "#6f6a5e"


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

    def latlon(self, x_km: ArrayLike, y_km: ArrayLike) -> tuple[F64, F64]:
        """Return the place in degrees of kilometres east and north."""
        x, y = np.asarray(x_km, np.float64), np.asarray(y_km, np.float64)
        return sphere.move(self.lat, self.lon, np.degrees(np.arctan2(x, y)), 1000.0 * np.hypot(x, y))


def draw_ground(
    axes: Axes, projection: Projection, half_width_km: float, half_height_km: float, *, keep_clear: ArrayLike = ()
) -> None:
    """Draw what lies under a map, and set its window.

    Parameters
    ----------
    keep_clear : array_like (n, 2). Places x, y near which no town is named. [km]
    """
    reach_km = float(np.hypot(half_width_km, half_height_km)) * 1.1
    axes.set_facecolor(SEA)
    for polygon in _land_within(projection, reach_km):
        far = shapely.get_coordinates(polygon)
        if float(sphere.distance_m(projection.lat, projection.lon, far[:, 1], far[:, 0]).max()) > FARTHEST_M:
            continue  # land about the antipode turns inside out in this projection
        lines = [shapely.get_coordinates(line) for line in shapely.get_rings(shapely.segmentize(polygon, 0.5))]
        for number, line in enumerate(lines):
            x, y = projection.xy(line[:, 1], line[:, 0])
            axes.fill(x, y, facecolor=SEA if number else LAND, edgecolor=BORDER, linewidth=0.6, zorder=1)
    _relief(axes, projection, half_width_km, half_height_km)
    _graticule(axes, projection, half_width_km, half_height_km)
    _towns(axes, projection, (half_width_km, half_height_km), np.reshape(np.asarray(keep_clear, np.float64), (-1, 2)))
    axes.set(xlim=(-half_width_km, half_width_km), ylim=(-half_height_km, half_height_km), xticks=[], yticks=[])
    axes.set_aspect("equal")
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("#c6d0d9")


def _relief(axes: Axes, projection: Projection, half_width_km: float, half_height_km: float) -> None:
    """Tint high land, and shade slopes as if lit from the north-west."""
    rows = round(RELIEF_PIXELS * half_height_km / half_width_km)
    x, y = np.linspace(-half_width_km, half_width_km, RELIEF_PIXELS), np.linspace(half_height_km, -half_height_km, rows)
    lat, lon = projection.latlon(*np.meshgrid(x, y))
    terrain = Terrain.load()
    pixel_km, cell_km = 2.0 * half_width_km / RELIEF_PIXELS, terrain.dlat * KM_A_DEGREE
    height_km = gaussian_filter(terrain.elevation_m(lat, lon) / 1000.0, max(0.6, 0.7 * cell_km / pixel_km))
    down, along = np.gradient(height_km, y, x)
    slope = (along - down) * np.sqrt(max(pixel_km, cell_km))
    light = np.clip(slope / max(1e-6, 2.5 * float(np.std(slope))), -1.0, 1.0) * min(1.0, 12.0 * float(np.std(slope)))
    tint = mpl.colormaps["gist_earth"](0.62 + 0.3 * np.clip(height_km / 4.0, 0.0, 1.0))[..., :3]
    shade = np.where(light[..., None] > 0.0, tint * (1.0 - 0.4 * light[..., None]), tint - 0.35 * light[..., None])
    alpha = np.clip(height_km / 0.05, 0.0, 1.0) * (0.25 + 0.3 * np.abs(light))
    image = np.dstack([np.clip(shade, 0.0, 1.0), alpha])
    window = (-half_width_km, half_width_km, -half_height_km, half_height_km)
    axes.imshow((255.0 * image).astype(np.uint8), extent=window, interpolation="bilinear", zorder=1.2)


def _towns(axes: Axes, projection: Projection, half_km: tuple[float, float], keep_clear: F64) -> None:
    """Name the largest towns that stand well apart from each other and from what the map is about."""
    places, (half_width, half_height) = Places.load(), half_km
    near = np.flatnonzero(
        sphere.distance_m(projection.lat, projection.lon, places.lat, places.lon) < 1000.0 * np.hypot(*half_km)
    )
    x, y = projection.xy(places.lat[near].astype(np.float64), places.lon[near].astype(np.float64))
    towns = [(-half_width, half_height)]  # the legend stands in that corner
    named = 0
    for i, town in enumerate(near):
        if abs(x[i]) > 0.86 * half_width or abs(y[i]) > 0.9 * half_height:
            continue
        if _nearest(x[i], y[i], np.array(towns)) < 0.14 * half_width:
            continue
        if keep_clear.size and _nearest(x[i], y[i], keep_clear) < 0.035 * half_width:
            continue
        axes.plot(x[i], y[i], "s", color=TOWN, markersize=2.4, zorder=1.8)
        axes.annotate(places.name[town], (x[i], y[i]), (3, 2), textcoords="offset points", fontsize=7.5, color=TOWN,
                      zorder=1.8, path_effects=[withStroke(linewidth=1.8, foreground=LAND)])  # fmt: skip
        towns.append((x[i], y[i]))
        named += 1
        if named == TOWNS:
            break


def _nearest(x: float, y: float, others: F64) -> float:
    """Distance to the nearest of others, in which a step to the side counts less, for names are long."""
    return float(np.hypot((others[:, 0] - x) / 1.6, others[:, 1] - y).min())


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


def cell_shapes(density: Density, projection: Projection) -> tuple[list[F64], NDArray[np.bool_]]:
    """Return one outline x, y a cell [km], and which cells (n,) have one.

    Outlines are taken whole from the sphere, so that neither the antimeridian nor a pole cuts them. Those about the
    antipode are left out: they turn inside out in this projection.
    """
    outlines = density.outlines()
    farthest = [float(sphere.distance_m(projection.lat, projection.lon, o[:, 0], o[:, 1]).max()) for o in outlines]
    drawn = np.array(farthest) < FARTHEST_M
    shapes = [np.column_stack(projection.xy(o[:, 0], o[:, 1])) for o, on in zip(outlines, drawn, strict=True) if on]
    return shapes, drawn
