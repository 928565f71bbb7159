"""The front door to winds: any file, list, folder, pattern or stored source becomes one canonical dataset."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import xarray as xr

from overflight.errors import InvalidInput
from overflight.winds.balloon_track import winds_of_track
from overflight.winds.field import canonical, gaps, require, subset, told_of_missing
from overflight.winds.files import sha256
from overflight.winds.heights import with_heights
from overflight.winds.lazy import SMALL_BYTES, joined
from overflight.winds.netcdf import read_netcdf
from overflight.winds.readable import told_unreadable
from overflight.winds.request import SOURCES
from overflight.winds.sounding import is_packed, is_raob, winds_of_soundings
from overflight.winds.zarr_store import is_zarr, open_zarr

_LOG = logging.getLogger(__name__)
_SKIP = (".idx", ".md", ".txt", ".sha256", ".part", ".lock", ".tmp", ".yaml", ".toml")
MARK_MS = 5_000.0
"""More than this is no wind but the mark of a missing value, as 9999, 32767 or 1e20. [m/s]"""
Source = str | Path


def open_winds(
    source: Source | Sequence[Source],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    area: tuple[float, float, float, float] | None = None,
    levels_hpa: Iterable[float] | None = None,
    member: int | None = None,
    near: tuple[datetime, datetime] | None = None,
) -> xr.Dataset:
    """Open winds in the canonical form.

    Parameters
    ----------
    source : path, pattern, folder, list of them, or the name of a stored source
        GRIB1, GRIB2, NetCDF, Zarr; a radiosonde sounding (NOAA RAOB NetCDF, IGRA text, SondeHub JSON); the
        track of another balloon (CSV with time, lat, lng, altitude). Several files are joined in time.
        ``gfs``, ``era5`` and the like open what `overflight winds fetch` has stored.
    start, end : datetime with zone, optional
    area : (south, west, north, east), optional. [degrees]
    levels_hpa : pressures, optional. [hPa]
    member : int, optional
        One member of an ensemble by its number; else all stay on a leading dimension ``member``.
    near : (start, end), optional
        Where a file holds months of soundings, only those about this time are taken; else about ``start`` to ``end``.

    Raises
    ------
    InvalidInput
        A file is broken, of no known form, or holds no wind on pressure levels.
    OutOfCoverage
        Times, area or levels are not in it.
    """
    levels = None if levels_hpa is None else tuple(levels_hpa)
    if is_stored(source):
        ds = _stored(str(source).lower(), start, end, area, levels)
    else:
        near = near or ((start, end) if start and end else None)
        parts = [_checked(path, near) for path in _paths(source)]
        ds = _join([subset(part, area=area, levels_hpa=levels) for part in parts])
        ds = subset(ds, start=start, end=end)
    return _at_hand(with_heights(ds if member is None else _member(ds, member)))


def open_for_run(
    source: Source, start: datetime, end: datetime, place: tuple[float, float] | None = None
) -> xr.Dataset:
    """Open winds for a run between two times from a place (lat, lon) [degrees].

    Stored winds must hold all that time; the message names the command that fetches the rest. Files are taken as they
    are: the run says where they end.

    Raises
    ------
    InvalidInput
        As `open_winds`.
    OutOfCoverage
        The place lies outside the winds, or stored winds do not hold the time.
    """
    if is_stored(source):
        from overflight.winds.store import Store  # noqa: PLC0415 - it opens files through this module

        ds = Store().open_stored(str(source).lower(), start=start, end=end, place=place)
    else:
        ds = open_winds(source, near=(start, end))
    if place is not None:
        require(ds, ds["time"].values[0], *place)
    return ds


def is_stored(source: Source | Sequence[Source]) -> bool:
    """Say whether winds are named by a stored source (``gfs``, ``gfs-0p50``), not by a file."""
    named = isinstance(source, str) and source.partition("-")[0].lower() in SOURCES
    return named and not Path(str(source)).exists()


def _at_hand(ds: xr.Dataset) -> xr.Dataset:
    """Read a small dataset whole; a large one stays in its files until it is used."""
    if ds.nbytes > SMALL_BYTES:
        return ds
    title = str(ds.attrs["title"])
    with told_unreadable(title):
        ds = told_of_missing(ds.load(), title, limit_bytes=SMALL_BYTES)
    _require_wind_speeds(ds, title)
    return ds


def digests_of(ds: xr.Dataset) -> tuple[str, ...]:
    """Return the SHA-256 digests of the files that winds were read from, as far as they are known."""
    digest = ds.attrs.get("sha256", "")
    return tuple(digest) if isinstance(digest, list | tuple) else ((digest,) if digest else ())


def members(ds: xr.Dataset) -> list[xr.Dataset]:
    """Split an ensemble into its members; winds without members are a list of one."""
    if "member" not in ds.dims:
        return [ds]
    return [ds.isel(member=i, drop=True) for i in range(ds.sizes["member"])]


def _member(ds: xr.Dataset, number: int) -> xr.Dataset:
    have = list(_numbers(ds))
    if number not in have:
        raise InvalidInput("member", str(number), f"one of {', '.join(str(n) for n in have)}")
    return ds.isel(member=have.index(number), drop=True) if "member" in ds.dims else ds


def _stored(
    name: str,
    start: datetime | None,
    end: datetime | None,
    area: tuple[float, float, float, float] | None,
    levels: tuple[float, ...] | None,
) -> xr.Dataset:
    from overflight.winds.store import Store  # noqa: PLC0415 - it opens files through this module

    return Store().open_stored(name, start=start, end=end, area=area, levels_hpa=levels)


def _paths(source: Source | Sequence[Source]) -> list[Path]:
    """Turn a source into files and Zarr groups, in order of name within a folder or pattern."""
    if not isinstance(source, str | Path):
        listed = [path for one in source for path in _paths(one)]
        if not listed:
            raise InvalidInput("winds", "an empty list", "at least one file")
        return listed
    path = Path(source).expanduser()
    if path.is_dir() and not is_zarr(path):
        inside = sorted(p for p in path.iterdir() if _looks_like_winds(p))
        if not inside:
            raise InvalidInput("winds", "a folder without files", "a folder of wind files", str(source))
        return inside
    if path.exists():
        return [path]
    found = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor)))) if _is_pattern(path) else []
    if not found:
        hint = f"stored sources are {', '.join(SOURCES)}"
        raise InvalidInput("winds", "no such file", "a file, folder, pattern or stored source", str(source), hint)
    return found


def _is_pattern(path: Path) -> bool:
    return any(c in str(path) for c in "*?[")


def _looks_like_winds(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix.lower() not in _SKIP and (path.is_file() or is_zarr(path))


def _checked(path: Path, near: tuple[datetime, datetime] | None) -> xr.Dataset:
    """Open one file with its digest; what its reader raises becomes one line."""
    with told_unreadable(path.name):
        return _with_digest(_open_one(path, near), path)


def _require_wind_speeds(ds: xr.Dataset, where: str) -> None:
    """Refuse missing values that the file does not declare as such."""
    for name in ("u", "v"):
        speeds = np.abs(ds[name].values[np.isfinite(ds[name].values)])
        if speeds.size and speeds.max() > MARK_MS:
            hint = "is it a missing value that is not declared as such?"
            raise InvalidInput(name, f"{speeds.max():g} m/s", "winds", where, hint)


def _open_one(path: Path, near: tuple[datetime, datetime] | None) -> xr.Dataset:
    """Open one file by what its first bytes say, not by its name."""
    if path.is_dir():
        return open_zarr(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as problem:
        raise InvalidInput("winds", (problem.strerror or "an error").lower(), "a readable file", str(path)) from None
    if not head:
        raise InvalidInput("winds", "an empty file", "GRIB, NetCDF, Zarr, a sounding or a track", path.name)
    if head[:3] == b"CDF" or head[:4] == b"\x89HDF":
        return _netcdf(path, near)
    if b"GRIB" in head:
        from overflight.winds.grib import open_grib  # noqa: PLC0415 - ecCodes is slow to load

        return open_grib(path)
    return _text(path, head, near)


def _with_digest(ds: xr.Dataset, path: Path) -> xr.Dataset:
    """Note the SHA-256 of what was opened; of a Zarr group, that of its files' names and digests in order."""
    if ds.attrs.get("sha256"):
        return ds
    if path.is_file():
        return ds.assign_attrs(sha256=[sha256(path)])
    inside = sorted(p for p in path.rglob("*") if p.is_file())
    listing = "".join(f"{sha256(p)}  {p.relative_to(path).as_posix()}\n" for p in inside)
    return ds.assign_attrs(sha256=[hashlib.sha256(listing.encode()).hexdigest()])


def _netcdf(path: Path, near: tuple[datetime, datetime] | None) -> xr.Dataset:
    ds = read_netcdf(path)
    return winds_of_soundings(path, near=near) if is_raob(ds) else canonical(ds, name=path.name)


def _text(path: Path, head: bytes, near: tuple[datetime, datetime] | None) -> xr.Dataset:
    if head.lstrip()[:1] in (b"[", b"{", b"#") or b'"datetime"' in head or is_packed(head):
        return winds_of_soundings(path, near=near)
    first = head.split(b"\n", 1)[0].lower()
    if b"time" in first and b"lat" in first and b"," in first:
        return winds_of_track(path)
    raise InvalidInput("winds", "a file of no known form", "GRIB, NetCDF, Zarr, a sounding or a track", path.name)


def _join(parts: list[xr.Dataset]) -> xr.Dataset:
    """Join datasets on one grid in time, and those of several members of an ensemble side by side; nothing is read."""
    if len(parts) == 1:
        return _told_of_gaps(parts[0])
    _require_one_grid(parts)
    names = [name for name in parts[0].data_vars if all(name in p.data_vars for p in parts)]
    groups: dict[tuple[int, ...], list[xr.Dataset]] = {}
    for part in parts:
        groups.setdefault(_numbers(part), []).append(part[names])
    whole = {numbers: _in_time(group) for numbers, group in sorted(groups.items())}
    ds = next(iter(whole.values())) if len(whole) == 1 else _side_by_side(whole)
    ds.attrs["source"] = "; ".join(dict.fromkeys(str(p.attrs["source"]) for p in parts))
    ds.attrs["sha256"] = [h for p in parts for h in np.atleast_1d(p.attrs["sha256"]).tolist() if h]
    return _told_of_gaps(ds)


def _require_one_grid(parts: list[xr.Dataset]) -> None:
    first = parts[0]
    for other in parts[1:]:
        for axis in ("level", "lat", "lon"):
            same = first.sizes[axis] == other.sizes[axis] and np.allclose(first[axis], other[axis], atol=1e-6)
            if not same:
                raise InvalidInput(
                    axis,
                    f"{other.attrs['title']} on another {axis} axis than {first.attrs['title']}",
                    "files on one grid",
                    hint="choose area and levels",
                )


def _numbers(part: xr.Dataset) -> tuple[int, ...]:
    """Return the members that a file holds; one that says nothing is member 0."""
    return tuple(int(n) for n in part["member"].values) if "member" in part.dims else (part.attrs.get("member", 0),)


def _in_time(parts: list[xr.Dataset]) -> xr.Dataset:
    if len(parts) == 1:
        return parts[0]
    ds = joined(sorted(parts, key=lambda p: p["time"].values[0]), "time")
    times = ds["time"].values
    order = np.argsort(times, kind="stable")
    again = np.flatnonzero(np.diff(times[order]) == np.timedelta64(0))
    if again.size:
        when = np.datetime_as_string(times[order][again[0]], "m")
        raise InvalidInput("time", f"{when}Z in two files", "each time once", hint="keep one run a time")
    return ds if np.all(np.diff(order) > 0) else ds.isel(time=order)


def _side_by_side(groups: dict[tuple[int, ...], xr.Dataset]) -> xr.Dataset:
    """Lay members along the dimension ``member``; each must hold the same times."""
    numbers = np.array([n for group in groups for n in group])
    parts = list(groups.values())
    twice = numbers.size > np.unique(numbers).size
    if twice or any(not np.array_equal(p["time"].values, parts[0]["time"].values) for p in parts[1:]):
        got = f"members {' '.join(str(n) for n in numbers)}" + (", some twice" if twice else ", at different times")
        raise InvalidInput("member", got, "each member once, all at the same times")
    ds = joined(parts, "member", numbers)
    ds.attrs.pop("member", None)
    return ds.isel(member=np.argsort(numbers))


def _told_of_gaps(ds: xr.Dataset) -> xr.Dataset:
    """Note the holes in time that no interpolation should cross unseen."""
    holes = gaps(ds)
    if holes:
        text = "; ".join(f"{a:%Y-%m-%dT%H:%MZ} to {b:%Y-%m-%dT%H:%MZ}" for a, b in holes[:10])
        ds.attrs["gaps"] = f"{len(holes)}: {text}"
        _LOG.info("winds have %d gap(s) in time: %s", len(holes), text)
    return ds
