"""Frames of many balloons as columns, and as the bytes in which they lie in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
_COLUMNS = ("time", "lat", "lon", "altitude_m", "place_sd_m", "altitude_sd_m")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Frames (n,).

    Attributes
    ----------
    names, sources : whose they are and who heard them.
    time : float64. [s since 1970 UTC]
    lat, lon : float64. [degrees]
    altitude_m, altitude_sd_m : float64, NaN where none was told. [m]
    place_sd_m : float64. Standard deviation of each horizontal component. [m]
    """

    names: list[str]
    sources: list[str]
    time: F64
    lat: F64
    lon: F64
    altitude_m: F64
    place_sd_m: F64
    altitude_sd_m: F64

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.names)

    def at(self, chosen: NDArray[np.bool_]) -> Batch:
        """Return some of the frames."""
        if chosen.all():
            return self
        index = np.flatnonzero(chosen).tolist()
        columns = {name: getattr(self, name)[chosen] for name in _COLUMNS}
        return Batch(names=[self.names[i] for i in index], sources=[self.sources[i] for i in index], **columns)

    def packed(self) -> bytes:
        """Return all as bytes."""
        names, which = _coded(self.names)
        sources, who = _coded(self.sources)
        columns = [getattr(self, name).astype("<f8").tobytes() for name in _COLUMNS]
        return msgspec.msgpack.encode((names, which.tobytes(), sources, who.tobytes(), columns))


def _coded(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the different texts, and the number of each."""
    known: dict[str, int] = {}
    codes = np.fromiter((known.setdefault(text, len(known)) for text in texts), "<i4", len(texts))
    return list(known), codes


def unpacked(data: bytes) -> Batch:
    """Return the frames of what ``Batch.packed`` made."""
    names, which, sources, who, columns = msgspec.msgpack.decode(data)
    arrays = {name: np.frombuffer(column, "<f8").copy() for name, column in zip(_COLUMNS, columns, strict=True)}
    return Batch(names=[names[i] for i in np.frombuffer(which, "<i4").tolist()],
                 sources=[sources[i] for i in np.frombuffer(who, "<i4").tolist()], **arrays)  # fmt: skip


def joined(parts: Sequence[Batch]) -> Batch:
    """Put batches one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.concatenate([np.empty(0), *(getattr(part, name) for part in parts)]) for name in _COLUMNS}
    return Batch(names=[name for part in parts for name in part.names],
                 sources=[source for part in parts for source in part.sources], **columns)  # fmt: skip
