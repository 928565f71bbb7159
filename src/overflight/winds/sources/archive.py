"""A remote Zarr archive of winds on pressure levels, read slab by slab over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from zarr.abc.store import ByteRequest, RangeByteRequest, Store
from zarr.core.buffer import Buffer, BufferPrototype

from overflight.errors import OverflightError, Unavailable
from overflight.winds.files import guarded
from overflight.winds.sources.http import Client, Missing, Span

_METADATA = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
_NOTHING: tuple[str, ...] = ()
_NAMES = {
    "u": ("u_component_of_wind", "u"),
    "v": ("v_component_of_wind", "v"),
    "t": ("temperature", "t"),
    "z": ("geopotential", "z"),
}


class HttpStore(Store):
    """A Zarr store on a web server, read only; chunks are kept in a folder until they are used.

    A chunk that is not there is an error here, not a field of fill values.

    Parameters
    ----------
    url : str
        The root of the Zarr.
    client : Client
        What downloads.
    parts : Path or None
        Folder for chunks, so that a broken download goes on where it broke; None keeps none.
    """

    def __init__(self, url: str, client: Client, parts: Path | None = None) -> None:
        super().__init__(read_only=True)
        self.url, self.client, self.parts = url.rstrip("/"), client, parts
        self.network_bytes = 0

    def __eq__(self, other: object) -> bool:
        """Say whether two stores read the same place."""
        return isinstance(other, HttpStore) and (other.url, other.parts) == (self.url, self.parts)

    __hash__ = None  # type: ignore[assignment]

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """Return what lies under ``key``; None where a piece of metadata is not there."""
        body = await asyncio.to_thread(self._read, key)
        if body is None:
            return None
        if isinstance(byte_range, RangeByteRequest):
            body = body[byte_range.start : byte_range.end]
        elif byte_range is not None:
            start = getattr(byte_range, "offset", None)
            body = body[start:] if start is not None else body[-byte_range.suffix :]  # type: ignore[union-attr]
        return prototype.buffer.from_bytes(body)

    def _read(self, key: str) -> bytes | None:
        url, metadata = f"{self.url}/{key}", key.rsplit("/", 1)[-1] in _METADATA
        try:
            body = self.client.get(url) if metadata or self.parts is None else self._chunk(url)
        except Missing:
            if metadata:
                return None
            raise
        self.network_bytes += len(body)
        return body

    def _chunk(self, url: str) -> bytes:
        """Download a chunk, going on where an earlier try broke off."""
        assert self.parts is not None  # noqa: S101 - only called with a folder
        size = self.client.size(url)
        if not size:
            return self.client.get(url)
        with guarded(self.parts):
            self.parts.mkdir(parents=True, exist_ok=True)
            part = self.parts / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{size}.part"
            done = part.stat().st_size if part.exists() else 0
            with part.open("ab") as out:
                self.client.copy(url, [Span(0, size)], out, done=done)
            return part.read_bytes()

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return several pieces."""
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    async def exists(self, key: str) -> bool:
        """Say whether ``key`` is there."""
        return await asyncio.to_thread(self.client.exists, f"{self.url}/{key}")

    @property
    def supports_writes(self) -> bool:
        """Say no."""
        return False

    @property
    def supports_deletes(self) -> bool:
        """Say no."""
        return False

    @property
    def supports_listing(self) -> bool:
        """Say no."""
        return False

    async def set(self, key: str, value: Buffer) -> None:
        """Refuse."""
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        """Refuse."""
        raise NotImplementedError

    async def list(self) -> AsyncIterator[str]:
        """List nothing."""
        for key in _NOTHING:
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """List nothing."""
        for key in _NOTHING:
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List nothing."""
        for key in _NOTHING:
            yield key


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The axes of an archive, as they stand in it.

    Attributes
    ----------
    time : numpy.ndarray
        datetime64[ns], ascending.
    level_hpa, lat, lon : numpy.ndarray
        float64; longitudes as written.
    last : numpy.datetime64
        Last time that the archive says it holds.
    """

    time: np.ndarray[Any, np.dtype[np.datetime64]]
    level_hpa: np.ndarray[Any, np.dtype[np.float64]]
    lat: np.ndarray[Any, np.dtype[np.float64]]
    lon: np.ndarray[Any, np.dtype[np.float64]]
    last: np.datetime64


def open_group(url: str, client: Client, parts: Path | None = None) -> tuple[zarr.Group, HttpStore | None]:
    """Open the Zarr at ``url``, a web address or a local folder.

    Raises
    ------
    Unavailable
        There is none.
    """
    store = HttpStore(url, client, parts) if url.startswith(("http://", "https://")) else None
    with translated(url):
        group = zarr.open_group(store or url.removeprefix("file://"), mode="r")
    return group, store


def read_axes(group: zarr.Group, url: str) -> Axes:
    """Read the axes of an archive.

    Raises
    ------
    Unavailable
        An axis is not there or makes no sense.
    """
    with translated(url):
        raw: Any = group["time"]
        units, calendar = str(raw.attrs["units"]), str(raw.attrs.get("calendar", "standard"))
        time = xr.coding.times.decode_cf_datetime(np.asarray(raw[:]), units, calendar)
        time = np.asarray(time).astype("datetime64[ns]")
        level, lat, lon = (_axis(group, name) for name in ("level", "latitude", "longitude"))
        stops = [group.attrs.get(name) for name in ("valid_time_stop", "valid_time_stop_era5t")]
        said = [np.datetime64(str(stop), "ns") + np.timedelta64(23, "h") for stop in stops if stop]
        last = min(time[-1], max(said)) if said else time[-1]
    return Axes(time=time, level_hpa=level, lat=lat, lon=lon, last=last)


def read_slab(group: zarr.Group, name: str, time: int, window: tuple[Any, slice, slice], url: str) -> Any:
    """Return one variable at one time.

    Parameters
    ----------
    name : str
        ``u``, ``v``, ``t`` [K] or ``z`` (geopotential [m2/s2]).
    time : int
        Index on the time axis.
    window : tuple
        Level indices, and slices of latitude and longitude.

    Returns
    -------
    numpy.ndarray (level, latitude, longitude), float32
        Values, in the units of the archive.

    Raises
    ------
    Unavailable
        The archive has no such variable or chunk.
    """
    there = [known for known in _NAMES[name] if known in group]
    if not there:
        raise Unavailable(f"{url}: no variable {_NAMES[name][0]}")
    with translated(url):
        array: Any = group[there[0]]
        if array.ndim != 4:
            raise Unavailable(f"{url}: {there[0]} has {array.ndim} dimensions, expected time, level, lat, lon")
        levels, lat, lon = window
        slab = np.asarray(array[time, min(levels) : max(levels) + 1, lat, lon], np.float32)
        slab = slab[np.asarray(levels) - min(levels)]
        slab *= np.float32(array.attrs.get("scale_factor", 1.0))
        slab += np.float32(array.attrs.get("add_offset", 0.0))
    if not np.isfinite(slab).any():
        raise Unavailable(f"{url}: {there[0]} has no value at this time")
    return slab


@contextlib.contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn what zarr and its codecs raise on broken archives into one clear line.

    Raises
    ------
    Unavailable
        The archive cannot be read.
    """
    try:
        yield
    except OverflightError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, zarr.errors.BaseZarrError) as problem:
        raise Unavailable(f"{url}: not a readable Zarr archive of winds: {problem}") from None


def _axis(group: zarr.Group, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    array: Any = group[name]
    return np.asarray(array[:], np.float64)
