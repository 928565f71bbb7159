"""Parallel legs over chosen cells.

Each connected part of the cells is cut into strips as wide as the spacing, along its longest side, which makes fewest
turns. A leg runs along the middle of a strip, from where the part begins in that strip to where it ends: no place of
the part is farther from a leg than half the spacing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.recover.search.plane import Place, Plane

F64 = NDArray[np.float64]
SLACK = 1e-6
"""Share of a spacing by which strips may be too narrow together: rounding."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The legs over one connected part.

    Attributes
    ----------
    rows : tuple of rows, each a tuple of (start, end). Legs of a strip in order, all in one sense; places in degrees.
    spacing_m : float. [m]
    number : int. Which pass over these cells, from 0.
    """

    rows: tuple[tuple[tuple[Place, Place], ...], ...]
    spacing_m: float
    number: int

    def legs(self, from_row: int, sense: int) -> Iterator[tuple[Place, Place]]:
        """Yield the legs, turning at the end of each row.

        Parameters
        ----------
        from_row : 0 begins with the first row, -1 with the last.
        sense : 1 runs the first of them as it is stored, -1 the other way.
        """
        for number, row in enumerate(self.rows if from_row == 0 else self.rows[::-1]):
            forward = (sense > 0) == (number % 2 == 0)
            yield from row if forward else ((end, start) for start, end in row[::-1])


def sweeps(outlines: list[F64], spacing_m: float, number: int = 0) -> list[Sweep]:
    """Lay legs over cells.

    Parameters
    ----------
    outlines : corners (m, 2) of each cell, (lat, lon). [degrees]
    spacing_m : float. Between neighbouring legs. [m]
    number : int. Which pass, from 0: every second one crosses the one before at a right angle.
    """
    corners = np.concatenate(outlines)
    plane = Plane(*sphere.mean_place(corners[:, 0], corners[:, 1]))
    whole = shapely.union_all(plane.polygons(outlines), grid_size=1e-3)
    return [_sweep(part, plane, spacing_m, number) for part in shapely.get_parts(whole)]


def _sweep(part: Any, plane: Plane, spacing_m: float, number: int) -> Sweep:
    heading = _long_side(part) + (math.pi / 2.0 if number % 2 else 0.0)
    turned = _turned(part, -heading)
    west, south, east, north = turned.bounds
    count = max(1, math.ceil((north - south) / spacing_m - SLACK))
    middle = (south + north) / 2.0 + (np.arange(count) - (count - 1) / 2.0) * spacing_m
    rows = []
    for y in middle:
        strip = shapely.box(west - 1.0, y - spacing_m / 2.0, east + 1.0, y + spacing_m / 2.0)
        spans = _spans(shapely.intersection(turned, strip))
        if spans:
            rows.append(tuple(_leg(span, float(y), heading, plane) for span in spans))
    return Sweep(tuple(rows), spacing_m, number)


def _spans(shape: Any) -> list[tuple[float, float]]:
    """Return where the parts of a strip begin and end, those that overlap as one."""
    spans: list[tuple[float, float]] = []
    for west, _, east, _ in sorted(part.bounds for part in shapely.get_parts(shape) if part.area > 0.0):
        if spans and west <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(east, spans[-1][1]))
        else:
            spans.append((west, east))
    return spans


def _leg(span: tuple[float, float], y: float, heading: float, plane: Plane) -> tuple[Place, Place]:
    x = np.array(span)
    lat, lon = plane.latlon(
        x * math.cos(heading) - y * math.sin(heading), x * math.sin(heading) + y * math.cos(heading)
    )
    return (float(lat[0]), float(lon[0])), (float(lat[1]), float(lon[1]))


def _long_side(part: Any) -> float:
    """Return the direction of the longest side of the smallest rectangle around a part, from x. [rad]"""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    sides = np.diff(corners[:3], axis=0)
    x, y = sides[np.argmax(np.hypot(sides[:, 0], sides[:, 1]))]
    return math.atan2(y, x)


def _turned(shape: Any, angle: float) -> Any:
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return shapely.transform(shape, lambda places: places @ turn)
