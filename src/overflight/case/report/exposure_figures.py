"""The figures of a cube of exposure: from where forty countries are crossed, and who is over a country."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from overflight.airspace.exposure import crossing_many, lorenz, ranking
from overflight.airspace.exposure.answers import LIKELY, MANY, at_least, country_number
from overflight.airspace.exposure.cube import STEADY
from overflight.case.report.chart import AHEAD, BACK, BORDER, INK, LAND, MUTED, SEA, STYLE, new_figure
from overflight.geo import basemap

F64 = NDArray[np.float64]

RANKED = 15
LISTED = 20
SHADES = mpl.colormaps["viridis_r"]
_EQUAL_EARTH = (1.340264, -0.081106, 0.000893, 0.003796)


def figure(cube: xr.Dataset, number: int = MANY) -> Figure:
    """Draw from how many places, in which season and at which altitude a balloon crosses at least ``number`` countries.

    Beside it, from where; below, the countries by exposure, and how unevenly it falls on them.
    """
    with mpl.rc_context(STYLE):
        fig = new_figure(11.0, 8.6)
        axes: dict[str, Axes] = fig.subplot_mosaic([["places", "map"], ["ranking", "lorenz"]], width_ratios=(1.0, 1.35),
                                  height_ratios=(1.0, 1.1))  # fmt: skip
        _places(axes["places"], cube, number)
        best = at_least(cube, number).max(("level", "season")).values
        text = f"Chance of at least {number} countries,\nbest season and altitude"
        _world(fig, axes["map"], cube, best, text)
        _ranking(axes["ranking"], cube)
        _lorenz(axes["lorenz"], cube)
        fig.suptitle(_heading(cube, "\n"), fontsize=9, color=MUTED, x=0.01, ha="left")
    return fig


def origin_map(cube: xr.Dataset, country: str) -> Figure:
    """Draw from where balloons cross a country: a map of its probability for each season."""
    at = country_number(cube, country)
    chance, name = cube["probability"].isel(country=at).max("level"), str(cube["country_name"].values[at])
    seasons = cube["season"].values.astype(str)
    columns = min(2, seasons.size)
    rows = -(-seasons.size // columns)
    with mpl.rc_context(STYLE):
        fig = new_figure(max(7.6, 5.6 * columns + 0.6), 3.1 * rows + 0.5)
        grid = np.atleast_1d(fig.subplots(rows, columns)).ravel()
        for axes in grid[seasons.size :]:
            axes.set_axis_off()
        for axes, season in zip(grid, seasons, strict=False):
            text = f"{season}: chance to cross {name}, best altitude"
            _world(fig, axes, cube, chance.sel(season=season).values, text)
        fig.suptitle(_heading(cube, "\n"), fontsize=9, color=MUTED, x=0.01, ha="left")
    return fig


def _heading(cube: xr.Dataset, parted: str = "; ") -> str:
    a = cube.attrs
    dates = f"{a['releases']} dates {a['start'][:10]} to {a['end'][:10]}"
    what = f"{cube.sizes['launch']} places, {dates}, {a['members']} balloons each, {a['days']:g} days"
    return f"{what}{parted}{STEADY}" if a["steady_winds"] else what


def _places(axes: Axes, cube: xr.Dataset, number: int) -> None:
    """Draw one group of bars a season, one bar an altitude: places that cross at all, and those that mostly do."""
    table = crossing_many(cube, number)
    seasons, levels = cube["season"].values.astype(str), cube["level"].values
    width = 0.8 / levels.size
    for i, level in enumerate(levels):
        rows = table[table["altitude_m"] == level]
        at = np.arange(seasons.size) - 0.4 + (i + 0.5) * width
        colour = SHADES(0.15 + 0.8 * (i + 0.5) / levels.size)
        axes.bar(at, rows["places_any"], 0.92 * width, color=colour, alpha=0.35)
        axes.bar(at, rows["places_likely"], 0.92 * width, color=colour, label=f"{level / 1000:g} km")
    axes.set_xticks(range(seasons.size), list(seasons))
    axes.set_ylim(0, max(1.0, 1.3 * float(table["places_any"].max())))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_ylabel(f"places, of {cube.sizes['launch']}")
    axes.set_title(f"Places from which {number} countries are crossed")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    title = "float; pale: by some balloon, full: more often than not"
    axes.legend(frameon=False, fontsize=8, ncols=min(5, levels.size), title=title, title_fontsize=8, loc="upper left")
    if not table["places_any"].any():
        axes.text(0.5, 0.45, "from none", transform=axes.transAxes, ha="center", color=MUTED, fontsize=11)


def _ranking(axes: Axes, cube: xr.Dataset) -> None:
    table = ranking(cube).head(RANKED).iloc[::-1]
    axes.barh(range(len(table)), table["hours"], color=BACK, height=0.7)
    for place, (_, row) in enumerate(table.iterrows()):
        axes.text(row["hours"], place, f" {row['probability']:.1%}", va="center", fontsize=8, color=MUTED)
    axes.set_yticks(range(len(table)), [str(n) for n in table["name"]], color=INK, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1.15 * max(float(table["hours"].max()), 1e-9))
    axes.set_xlabel("hours over it, mean of all balloons;\nbeside: share of balloons that cross")
    axes.set_title("Most exposed countries")
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _lorenz(axes: Axes, cube: xr.Dataset) -> None:
    curve = lorenz(cube)
    axes.plot(100 * curve.countries, 100 * curve.hours, color=AHEAD, linewidth=2)
    axes.plot([0, 100], [0, 100], color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.fill_between(
        100 * curve.countries, 100 * curve.hours, 100 * curve.countries, color=AHEAD, alpha=0.12, linewidth=0
    )
    axes.text(6, 88, f"Gini {curve.gini:.2f}", fontsize=11, color=INK)
    axes.set(xlim=(0, 100), ylim=(0, 100), xlabel="% of countries, the least exposed first", ylabel="% of all hours")
    axes.set_title("How unevenly exposure falls")
    axes.grid()


def _world(fig: Figure, axes: Axes, cube: xr.Dataset, chance: F64, title: str) -> None:
    """Draw a value at each place on the whole Earth."""
    edge = equal_earth(*_rim())
    axes.fill(*edge, facecolor=SEA, edgecolor="none", zorder=0)
    axes.add_collection(PolyCollection(_land(), facecolors=LAND, edgecolors=BORDER, linewidths=0.35, zorder=1))
    x, y = equal_earth(cube["lat"].values, cube["lon"].values)
    top = max(0.01, float(np.nanmax(chance)))
    none = chance <= 0.0
    axes.scatter(x[none], y[none], s=5, color=MUTED, alpha=0.45, linewidths=0, zorder=3)
    size = float(np.clip(9000.0 / max(1, x.size), 12.0, 60.0))
    dots = axes.scatter(x[~none], y[~none], s=size, c=100 * chance[~none], cmap=SHADES, vmin=0, vmax=100 * top,
                        edgecolors="white", linewidths=0.4, zorder=4)  # fmt: skip
    if not none.all():
        bar = fig.colorbar(dots, ax=axes, shrink=0.65, pad=0.01)
        bar.ax.tick_params(labelsize=8)
        bar.set_label(f"%, {LIKELY:.0%} is more often than not" if top >= LIKELY else "%", fontsize=8)
    axes.set_title(title)
    axes.set_aspect("equal")
    axes.set_axis_off()


def equal_earth(lat: ArrayLike, lon: ArrayLike) -> tuple[F64, F64]:
    """Return x, y of places in degrees in the Equal Earth projection (Savric et al. 2019).

    References
    ----------
    doi 10.1080/13658816.2018.1504949.
    """
    phi, lam = np.radians(np.asarray(lat, np.float64)), np.radians(np.asarray(lon, np.float64))
    theta = np.arcsin(np.sqrt(3.0) / 2.0 * np.sin(phi))
    a1, a2, a3, a4 = _EQUAL_EARTH
    t2 = theta**2
    t6 = t2**3
    x = 2.0 * np.sqrt(3.0) * lam * np.cos(theta) / (3.0 * (9.0 * a4 * t6 * t2 + 7.0 * a3 * t6 + 3.0 * a2 * t2 + a1))
    return x, theta * (a4 * t6 * t2 + a3 * t6 + a2 * t2 + a1)


def _rim() -> tuple[F64, F64]:
    lat = np.linspace(-90.0, 90.0, 91)
    return np.concatenate([lat, lat[::-1]]), np.repeat([180.0, -180.0], 91)


def _land() -> list[Any]:
    parts = shapely.get_parts(basemap.polygons())
    lines = [shapely.get_coordinates(shapely.get_exterior_ring(p)) for p in shapely.segmentize(parts, 2.0)]
    return [np.column_stack(equal_earth(line[:, 1], line[:, 0])) for line in lines]
