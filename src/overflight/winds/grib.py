"""GRIB1 and GRIB2: winds on pressure levels, message by message through ecCodes, read only when asked for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import eccodes
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends.common import BackendArray
from xarray.core import indexing

from overflight.errors import InvalidInput
from overflight.winds.field import canonical

_QUANTITIES = ("u", "v", "t", "gh", "z", "w")
_LEVELS = ("isobaricInhPa", "isobaricInPa")
_UNITS = {"u": "m s-1", "v": "m s-1", "t": "K", "gh": "gpm", "z": "m2 s-2", "w": "Pa s-1"}
_MISSING = 9.999e20
_ONE_AT_A_TIME = threading.RLock()
_PARTS = 64
"""NCEP packs u and v as parts of one message: a place is its offset times this plus the number of the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One field of the file: what it is and where it stands. ``level_hpa`` [hPa]."""

    quantity: str
    time: np.datetime64
    level_hpa: float
    member: int
    place: int
    grid: tuple[Any, ...]


def open_grib(path: str | Path) -> xr.Dataset:
    """Open the isobaric winds of a GRIB file in the canonical form; nothing is written beside it.

    Only u, v, t, gh or z, and w on pressure levels are taken. Fields are decoded when they are used.

    Raises
    ------
    InvalidInput
        The file is no GRIB, cut short, on a grid that is not rows of latitude, or holds no such wind.
    """
    file = Path(path)
    lat, lon, messages, centre = _index(file)
    return canonical(_dataset(file, lat, lon, messages).assign_attrs(institution=centre), name=file.name)


def _index(file: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Message], str]:
    """Return the rows and columns, the fields of ours, and who made them."""
    messages: list[Message] = []
    centre = ""
    axes: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    for handle, place in _handles(file):
        message = _describe(handle, place, file)
        if message is None:
            continue
        if axes is None:
            axes = _axes(handle, file)
            centre = str(eccodes.codes_get(handle, "centreDescription"))
        elif message.grid != messages[0].grid:
            raise InvalidInput("grid", "fields on different grids", "one grid", file.name, "split the file")
        messages.append(message)
    if axes is None:
        raise InvalidInput("wind", "no field on pressure levels", "u and v on pressure levels", file.name)
    return *axes, messages, centre


def _handles(file: Path) -> Iterator[tuple[int, int]]:
    """Yield the handle and place of each field, and release the handle after."""
    count, before, part = 0, -1, 0
    with file.open("rb") as stream, _whole_messages(stream):
        while True:
            try:
                handle = eccodes.codes_grib_new_from_file(stream)
            except eccodes.CodesInternalError as problem:
                raise InvalidInput(
                    "GRIB",
                    f"message {count + 1} broken ({problem})",
                    "whole messages",
                    file.name,
                    "the file may be cut short",
                ) from None
            if handle is None:
                break
            count += 1
            offset = int(eccodes.codes_get(handle, "offset"))
            part = part + 1 if offset == before else 0
            before = offset
            try:
                yield handle, offset * _PARTS + part
            finally:
                eccodes.codes_release(handle)
    if not count:
        raise InvalidInput("GRIB", "no GRIB message", "a GRIB1 or GRIB2 file", file.name)


@contextlib.contextmanager
def _whole_messages(stream: Any) -> Iterator[None]:
    """Let ecCodes give every part of a message, one stream at a time: its list of open parts is not thread-safe."""
    with _ONE_AT_A_TIME:
        eccodes.codes_grib_multi_support_on()
        eccodes.codes_grib_multi_support_reset_file(stream)
        try:
            yield
        finally:
            eccodes.codes_grib_multi_support_reset_file(stream)


def _describe(handle: int, place: int, file: Path) -> Message | None:
    """Return what a message is, or None where it is none of ours."""
    get = eccodes.codes_get
    try:
        quantity = get(handle, "shortName")
        if get(handle, "typeOfLevel") not in _LEVELS or quantity not in _QUANTITIES:
            return None
        member = get(handle, "number") if eccodes.codes_is_defined(handle, "number") else 0
        return Message(
            quantity=quantity,
            time=_valid(get(handle, "validityDate"), get(handle, "validityTime")),
            level_hpa=_level_hpa(handle),
            member=int(member),
            place=place,
            grid=tuple(get(handle, k) for k in ("gridType", "numberOfDataPoints", "md5GridSection")),
        )
    except eccodes.CodesInternalError as problem:
        raise InvalidInput("GRIB", f"a header that cannot be read ({problem})", "a sound message", file.name) from None


def _valid(date: int, clock: int) -> np.datetime64:
    text = f"{date:08d}"
    day = np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}", "ns")
    return day + np.timedelta64(clock // 100 * 60 + clock % 100, "m")


def _level_hpa(handle: int) -> float:
    """Pressure of the level; GRIB2 keeps it in Pa with a decimal scale, so levels under 1 hPa stay exact."""
    get = eccodes.codes_get
    if get(handle, "edition") == 2:
        value, factor = (get(handle, f"scale{k}OfFirstFixedSurface") for k in ("dValue", "Factor"))
        return float(round(float(value) * 10.0 ** -float(factor) / 100.0, 9))
    scale = 0.01 if get(handle, "typeOfLevel") == "isobaricInPa" else 1.0
    return scale * float(get(handle, "level"))


def _axes(handle: int, file: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitudes and longitudes in the order of the file's rows and columns."""
    get = eccodes.codes_get
    kind = get(handle, "gridType")
    if kind not in ("regular_ll", "regular_gg"):
        raise InvalidInput(
            "grid",
            kind,
            "a regular latitude-longitude or Gaussian grid",
            file.name,
            "regrid first, as with `cdo remapbil,r720x361`",
        )
    lat = np.sort(eccodes.codes_get_array(handle, "distinctLatitudes"))
    count = int(get(handle, "Ni"))
    first = float(get(handle, "longitudeOfFirstGridPointInDegrees"))
    last = float(get(handle, "longitudeOfLastGridPointInDegrees"))
    sign = -1.0 if get(handle, "iScansNegatively") else 1.0
    span = (sign * (last - first)) % 360.0
    lon = first + sign * np.linspace(0.0, span, count)
    return (lat if get(handle, "jScansPositively") else lat[::-1]), lon


def _dataset(file: Path, lat: NDArray[np.float64], lon: NDArray[np.float64], messages: list[Message]) -> xr.Dataset:
    winds = [m for m in messages if m.quantity in ("u", "v")]
    times = np.unique(np.array([m.time for m in winds or messages], "datetime64[ns]"))
    levels = np.array(sorted({m.level_hpa for m in winds or messages}, reverse=True))
    members = np.array(sorted({m.member for m in winds or messages}))
    data = {}
    for quantity in _QUANTITIES:
        offsets = _offsets([m for m in messages if m.quantity == quantity], (members, times, levels), file)
        if (offsets >= 0).any():
            array = _Fields(file, offsets, (lat.size, lon.size))
            dims = ("member", "time", "level", "lat", "lon")
            lazy = indexing.LazilyIndexedArray(array)
            data[quantity] = xr.Variable(dims, lazy, {"units": _UNITS[quantity]})
    coords = {"member": members, "time": times, "level": ("level", levels, {"units": "hPa"}), "lat": lat, "lon": lon}
    return xr.Dataset(data, coords)


def _offsets(messages: list[Message], axes: tuple[NDArray[Any], ...], file: Path) -> NDArray[np.int64]:
    """Where each field starts, shape (member, time, level); -1 where the file has none."""
    members, times, levels = axes
    out = np.full((members.size, times.size, levels.size), -1, np.int64)
    place = {p: i for i, p in enumerate(levels)}
    for m in messages:
        if m.level_hpa not in place or m.time not in times or m.member not in members:
            continue
        at = (np.searchsorted(members, m.member), np.searchsorted(times, m.time), place[m.level_hpa])
        if out[at] >= 0:
            when = np.datetime_as_string(m.time, "m")
            raise InvalidInput(
                "time",
                f"{m.quantity} at {m.level_hpa:g} hPa {when}Z twice",
                "each field once",
                file.name,
                "keep one run a time",
            )
        out[at] = m.place
    return out


class _Fields(BackendArray):
    """The fields of one quantity, decoded on indexing."""

    def __init__(self, file: Path, offsets: NDArray[np.int64], grid: tuple[int, int]) -> None:
        self.file, self.offsets, self.grid = file, offsets, grid
        self.shape = (*offsets.shape, *grid)
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[np.float32]:
        whole = tuple(np.atleast_1d(np.arange(n)[k]) for n, k in zip(self.offsets.shape, key, strict=False))
        offsets = self.offsets[np.ix_(*whole)]
        rows, columns = (np.atleast_1d(np.arange(n)[k]) for n, k in zip(self.grid, key[3:], strict=True))
        out = np.full((*offsets.shape, rows.size, columns.size), np.nan, np.float32)
        with self.file.open("rb") as stream:
            for at in np.ndindex(*offsets.shape):
                if offsets[at] >= 0:
                    field = decode(stream, int(offsets[at]), self.grid, self.file.name)
                    out[at] = field[np.ix_(rows, columns)]
        drop = tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)
        return out[drop]


def decode(stream: Any, place: int, grid: tuple[int, int], where: str) -> NDArray[np.float32]:
    """Decode the field at ``place`` into rows and columns in the file's order; missing points are NaN.

    Raises
    ------
    InvalidInput
        The message cannot be unpacked.
    """
    offset, part = divmod(place, _PARTS)
    stream.seek(offset)
    try:
        with _whole_messages(stream):
            for _ in range(part):
                eccodes.codes_release(eccodes.codes_grib_new_from_file(stream))
            handle = eccodes.codes_grib_new_from_file(stream)
        try:
            eccodes.codes_set(handle, "missingValue", _MISSING)
            values = eccodes.codes_get_values(handle)
            by_column = eccodes.codes_get(handle, "jPointsAreConsecutive")
            zigzag = eccodes.codes_get(handle, "alternativeRowScanning")
        finally:
            eccodes.codes_release(handle)
    except eccodes.CodesInternalError as problem:
        raise InvalidInput("GRIB", f"a field that cannot be unpacked ({problem})", "a sound message", where) from None
    field = values.reshape(grid[::-1]).T.copy() if by_column else values.reshape(grid)
    if zigzag:
        field[1::2] = field[1::2, ::-1]
    field[field == _MISSING] = np.nan
    return np.asarray(field, np.float32)
