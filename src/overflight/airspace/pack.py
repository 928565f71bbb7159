"""A layer of regions in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from overflight.airspace.partition import Partition
from overflight.airspace.regions import Region, Regions

FORMAT = 2


def write(regions: Regions, file: Path | IO[bytes]) -> None:
    """Write a layer as compressed arrays; the same layer gives the same arrays."""
    partition = regions.partition
    covers = partition.covers
    np.savez_compressed(
        file,
        format=np.int32(FORMAT),
        rows=np.frombuffer(json.dumps([_lean(region) for region in regions.regions]).encode(), np.uint8),
        steps=_planes(np.diff(partition.vertices, axis=0, prepend=np.zeros((1, 2), np.int32)).T),
        arcs=np.diff(partition.arcs).astype(np.int32),
        left=partition.left,
        right=partition.right,
        covers=np.array([region for face in covers for region in face], np.int32),
        faces=np.array([len(face) for face in covers], np.int32),
        west=partition.west,
    )


def _planes(steps: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Put the bytes of small numbers of either sign in planes, (4, 2, n), of which most are zero: they pack well."""
    zigzag = np.ascontiguousarray(((steps << 1) ^ (steps >> 31)).astype("<u4"))
    return np.ascontiguousarray(np.moveaxis(zigzag.view(np.uint8).reshape(*steps.shape, 4), -1, 0))


def _steps(planes: NDArray[np.uint8]) -> NDArray[np.int32]:
    zigzag = planes[0].astype(np.uint32)
    for byte in (1, 2, 3):
        if planes[byte].any():
            zigzag |= planes[byte].astype(np.uint32) << np.uint32(8 * byte)
    steps: NDArray[np.int32] = (zigzag >> np.uint32(1)).astype(np.int32) ^ -(zigzag & np.uint32(1)).astype(np.int32)
    return steps


def _lean(region: Region) -> dict[str, Any]:
    return {key: value for key, value in asdict(region).items() if value not in ("", None, {}, ())}


def read(file: Path | IO[bytes]) -> Regions:
    """Read a layer.

    Raises
    ------
    ValueError
        The file is of another format.
    """
    with np.load(file, allow_pickle=False) as packed:
        if int(packed["format"]) != FORMAT:
            raise ValueError(f"format {int(packed['format'])}, expected {FORMAT}")
        return Regions(tuple(map(_region, json.loads(packed["rows"].tobytes()))), _partition(packed))


def _region(row: dict[str, Any]) -> Region:
    return Region(**{**row, "claimed_by": tuple(row.get("claimed_by", ()))})


def _partition(packed: Mapping[str, Any]) -> Partition:
    listed, ends = packed["covers"].tolist(), np.cumsum(packed["faces"]).tolist()
    return Partition(
        vertices=np.ascontiguousarray(np.cumsum(_steps(packed["steps"]), axis=1, dtype=np.int32).T),
        arcs=np.concatenate([[0], np.cumsum(packed["arcs"])]).astype(np.int32),
        left=packed["left"],
        right=packed["right"],
        covers=tuple(tuple(listed[i:j]) for i, j in pairwise([0, *ends])),
        west=packed["west"],
    )
