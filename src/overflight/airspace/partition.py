"""The world cut into faces by the boundaries of regions, and the grid that finds places in it.

A boundary is stored once, as arcs that know the face on either side. Edges are straight in longitude and latitude
between vertices of a micro-degree grid, as in the sources. No arc lies along the antimeridian or at a pole: a region
that goes on beyond them has no border there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from overflight.airspace.kernels import grid as kernels

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

MICRODEGREES = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells over a partition; see ``kernels.grid``.

    Attributes
    ----------
    x, y : vertices (v,) [degrees]
    left, right : faces beside the edge that starts at a vertex (v,)
    first : where a cell's edges begin in ``edges`` (cells + 1,)
    edges : vertices at which edges start, cell by cell
    ends : what ``kernels.ends_of_edges`` makes of them (n, 4) [degrees]
    anchors : face at a cell's anchor (cells,)
    clear : cells without a border about a cell, itself included, in every direction (cells,); 0 where it holds one
    """

    x: F64
    y: F64
    left: I32
    right: I32
    first: I32
    edges: I32
    ends: F64
    anchors: I32
    clear: NDArray[np.uint8]

    def arrays(self) -> tuple[F64, F64, I32, I32, I32, I32, F64, I32, NDArray[np.uint8]]:
        """Return everything in the order in which the kernels take it."""
        places = (self.x, self.y, self.left, self.right)
        return (*places, self.first, self.edges, self.ends, self.anchors, self.clear)


@dataclass(frozen=True, eq=False)
class Partition:
    """Faces of an arrangement of regions.

    Attributes
    ----------
    vertices : int32 (v, 2). Longitude and latitude of the arcs' points, one arc after another. [microdegrees]
    arcs : int32 (a + 1,). Where each arc begins in ``vertices``.
    left, right : int32 (a,). Faces to the left and right of each arc.
    covers : of every face, the indices of the regions that cover it; face 0 has none.
    west : int32 (rows,). The face just east of the antimeridian in each row of the grid.
    """

    vertices: I32
    arcs: I32
    left: I32
    right: I32
    covers: tuple[tuple[int, ...], ...]
    west: I32

    @cached_property
    def grid(self) -> Grid:
        """The grid over it, made at the first lookup."""
        x, y = (np.ascontiguousarray(self.vertices[:, k] / MICRODEGREES) for k in (0, 1))
        left, right = (_by_vertex(side, self.arcs) for side in (self.left, self.right))
        first, edges = kernels.cells_of_edges(x, y, left)
        anchors = kernels.anchor_faces(x, y, left, right, self.west)
        ends = kernels.ends_of_edges(x, y, edges)
        return Grid(x, y, left, right, first, edges, ends, anchors, kernels.clearance(first))

    def faces(self, lat: F64, lon: F64) -> I32:
        """Return the face of each place (n,) in degrees; -1 where it is not a number."""
        lat, lon = (np.ascontiguousarray(a, np.float64).ravel() for a in np.broadcast_arrays(lat, lon))
        found = np.empty(lat.size, np.int32)
        kernels.locate_all(self.grid.arrays(), lat, lon, found)
        return found


def _by_vertex(side: I32, arcs: I32) -> I32:
    """Give each vertex the face beside the edge that starts there; -1 at the last of an arc, where none does."""
    faces = np.repeat(side, np.diff(arcs))
    faces[arcs[1:] - 1] = -1
    return faces


def anchor_latitudes() -> F64:
    """Return the latitude at which each row of the grid is anchored. [degrees]"""
    return np.asarray(-90.0 + (np.arange(kernels.ROWS) + kernels.ANCHOR_Y) * kernels.CELL_DEG)
