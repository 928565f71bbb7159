"""How thickly legs cover each cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from overflight.geo import sphere
from overflight.geo.density import Density
from overflight.recover.search.detection import Detection, pod
from overflight.recover.search.plane import Plane
from overflight.recover.search.sorties import Leg

F64 = NDArray[np.float64]


class Ground:
    """Cells on a flat map, to be swept.

    Parameters
    ----------
    density : Density
    width_m : float64 (n,). Sweep width in each cell. [m]
    near : bool (n,). Cells that can be swept; the others are left out.
    """

    def __init__(self, density: Density, width_m: F64, near: NDArray[np.bool_]) -> None:
        self.index = np.flatnonzero(near)
        self.cells = density.cell.size
        self.width_m = width_m
        centres = density.centres()[near]
        self.plane = Plane(*sphere.mean_place(centres[:, 0], centres[:, 1]))
        outlines = density.outlines()
        self.shapes = self.plane.polygons([outlines[i] for i in self.index])
        self.area_m2 = shapely.area(self.shapes)
        self.tree = shapely.STRtree(self.shapes)

    def swaths(self, legs: Sequence[Leg]) -> NDArray[Any]:
        """Return what each leg sweeps (m,): its length times its spacing. [m]"""
        ends = np.array([(*leg.start, *leg.end) for leg in legs], np.float64).reshape(-1, 4)
        start = np.column_stack(self.plane.xy(ends[:, 0], ends[:, 1]))
        end = np.column_stack(self.plane.xy(ends[:, 2], ends[:, 3]))
        along = end - start
        along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
        side = np.column_stack([-along[:, 1], along[:, 0]]) * np.array([leg.spacing_m / 2.0 for leg in legs])[:, None]
        corners = np.stack([start + side, end + side, end - side, start - side, start + side], axis=1)
        return np.asarray(shapely.polygons(corners), object)

    def pieces(self, legs: Sequence[Leg]) -> tuple[NDArray[np.intp], NDArray[np.intp], F64]:
        """Return leg, cell and the coverage it adds there, one of each for every leg and cell that meet."""
        if not legs:
            none = np.empty(0, np.intp)
            return none, none, np.empty(0)
        swaths = self.swaths(legs)
        leg, at = self.tree.query(swaths, predicate="intersects")
        overlap = shapely.area(shapely.intersection(swaths[leg], self.shapes[at]))
        cell, spacing = self.index[at], np.array([one.spacing_m for one in legs])[leg]
        return leg, cell, overlap / self.area_m2[at] * self.width_m[cell] / spacing

    def coverage(self, legs: Sequence[Leg]) -> F64:
        """Return the coverage of each pass and cell (passes, n)."""
        total = np.zeros((1 + max((leg.number for leg in legs), default=0), self.cells))
        leg, cell, added = self.pieces(legs)
        np.add.at(total, (np.array([one.number for one in legs], np.intp)[leg], cell), added)
        return total


def seen(coverage: F64, detection: Detection) -> F64:
    """Return the probability of detection of each cell (n,), whose passes (passes, n) are independent."""
    return np.asarray(1.0 - np.prod(1.0 - pod(coverage, detection), axis=0), np.float64)


def success_by_leg(ground: Ground, legs: Sequence[Leg], probability: F64, detection: Detection) -> F64:
    """Return the probability of success after each leg (m,)."""
    leg, cell, added = ground.pieces(legs)
    order = np.argsort(leg, kind="stable")
    starts = np.searchsorted(leg[order], np.arange(len(legs) + 1))
    coverage = np.zeros((1 + max((one.number for one in legs), default=0), ground.cells))
    success, after = 0.0, np.empty(len(legs))
    for i, one in enumerate(legs):
        mine = order[starts[i] : starts[i + 1]]
        at = cell[mine]
        before = seen(coverage[:, at], detection)
        coverage[one.number, at] += added[mine]
        success += float(probability[at] @ (seen(coverage[:, at], detection) - before))
        after[i] = success
    return after
