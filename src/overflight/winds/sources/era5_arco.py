"""ERA5 from the analysis-ready public Zarr archive (ARCO), hourly, 0.25 degree, 37 levels.

Only the times, levels and area asked for are kept; what has to cross the network is whole chunks, which in
this archive are one variable at one hour over the globe.

References
----------
Carver and Merose (2023), ARCO-ERA5: An Analysis-Ready Cloud-Optimized Reanalysis Dataset, 103rd AMS Annual
Meeting. Hersbach et al. (2020), doi:10.1002/qj.3803.
"""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from overflight.errors import OutOfCoverage
from overflight.geo.times import iso, to_datetime64
from overflight.winds.files import guarded
from overflight.winds.request import Area, Request, area_text
from overflight.winds.sources.archive import Axes, open_group, read_axes, read_slab
from overflight.winds.sources.http import Client
from overflight.winds.sources.job import Job, Made

URL = "https://storage.googleapis.com/gcp-public-data-arco-era5/ar/full_37-1h-0p25deg-chunk-1.zarr-v3"
GRAVITY_MS2 = 9.80665
BYTES_A_CHUNK = 75_000_000
ATTRIBUTES = {
    "u": {"units": "m s-1", "standard_name": "eastward_wind"},
    "v": {"units": "m s-1", "standard_name": "northward_wind"},
    "t": {"units": "K", "standard_name": "air_temperature"},
    "z": {"units": "m", "standard_name": "geopotential_height"},
    "level": {"units": "hPa", "standard_name": "air_pressure", "positive": "down"},
    "lat": {"units": "degrees_north", "standard_name": "latitude"},
    "lon": {"units": "degrees_east", "standard_name": "longitude"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Era5Arco:
    """The reanalysis of ECMWF, from a Zarr archive laid out as ARCO-ERA5.

    Attributes
    ----------
    url : str
        The root of the Zarr: a web address, or a folder.
    """

    url: str = URL
    workers: int = 2
    _axes: dict[str, Axes] = field(default_factory=dict, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def bytes_each(self, request: Request) -> int:
        """Return about how many bytes one time costs."""
        return BYTES_A_CHUNK * len(request.variables)

    def template(self) -> str:
        """Return the address in use."""
        return self.url

    def jobs(self, request: Request, client: Client, now: datetime) -> tuple[Job, ...]:
        """Return a job for each time of ``request``.

        Raises
        ------
        OutOfCoverage
            The archive does not hold the times, levels or area.
        Unavailable
            The archive cannot be read.
        """
        axes = self._read_axes(client)
        times = request.times()
        for time in (times[0], times[-1]):
            if not axes.time[0] <= to_datetime64(time) <= axes.last or to_datetime64(time) > to_datetime64(now):
                have = f"{iso(axes.time[0])}..{iso(axes.last)}"
                raise OutOfCoverage("era5 archive", iso(time), have, "for later times use gfs")
        _check_levels(axes, request.levels_hpa)
        _window(axes, request.area)
        return tuple(self._job(request, time, axes) for time in times)

    def make(self, job: Job, part: Path, client: Client) -> Made:
        """Write the winds of ``job`` to ``part`` as NetCDF.

        Raises
        ------
        Unavailable
            A chunk cannot be had; those that came whole or in part are kept for the next try.
        """
        folder = part.with_name(part.name + ".chunks")
        axes = self._read_axes(client)
        group, store = open_group(self.url, client, folder)
        levels = [int(np.flatnonzero(axes.level_hpa == level)[0]) for level in job.levels_hpa]
        window = _window(axes, job.area)
        time = int(np.flatnonzero(axes.time == to_datetime64(job.valid))[0])
        place = (levels, window.rows, window.columns)
        fields = {}
        for name in job.variables:
            slab = read_slab(group, name, time, place, self.url)[:, window.south_first][:, :, window.pick]
            fields[name] = slab / np.float32(GRAVITY_MS2) if name == "z" else slab
        _write(part, fields, job, window)
        with guarded(folder):
            shutil.rmtree(folder, ignore_errors=True)
        came = store.network_bytes if store else 0
        return Made(
            levels_hpa=job.levels_hpa,
            variables=job.variables,
            area=job.area,
            url=self.url,
            network_bytes=came,
        )

    def _read_axes(self, client: Client) -> Axes:
        with self._lock:
            if "axes" not in self._axes:
                group, _ = open_group(self.url, client)
                self._axes["axes"] = read_axes(group, self.url)
            return self._axes["axes"]

    def _job(self, request: Request, valid: datetime, axes: Axes) -> Job:
        levels = request.levels_hpa or tuple(sorted((float(p) for p in axes.level_hpa), reverse=True))
        return Job(
            source="era5",
            grid=request.grid,
            valid=valid,
            run=valid,
            step_h=0,
            urls=(self.url,),
            levels_hpa=levels,
            exact=request.levels_hpa is not None,
            variables=request.variables,
            area=request.area,
            suffix=".nc",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """Which rows and columns to read, how to order them, and their coordinates then [degrees]."""

    rows: slice
    columns: slice
    south_first: slice
    pick: np.ndarray[Any, np.dtype[np.intp]]
    lat: np.ndarray[Any, np.dtype[np.float64]]
    lon: np.ndarray[Any, np.dtype[np.float64]]


def _window(axes: Axes, area: Area | None) -> _Window:
    """Return the window of ``area`` with a margin of one cell.

    Raises
    ------
    OutOfCoverage
        The archive does not hold the area.
    """
    d_lat, d_lon = (float(np.median(np.abs(np.diff(axis)))) for axis in (axes.lat, axes.lon))
    south, west, north, east = area or (-90.0, -180.0, 90.0, 180.0)
    whole = east - west >= 360
    start = west if whole else west - d_lon
    offset = np.round((axes.lon - start) % 360, 9)
    column = np.flatnonzero(offset <= (360 if whole else east - west + 2 * d_lon))
    row = np.flatnonzero((axes.lat >= south - d_lat) & (axes.lat <= north + d_lat))
    column = column[np.argsort(offset[column])]
    lon, lat = start + offset[column], np.sort(axes.lat[row])
    reach = lon[-1] + (d_lon if whole else 0.0) if lon.size else 0.0
    # A Gaussian grid has no row at the poles: its last row serves them.
    tight = lat.size and lon.size and lat[0] <= max(south, d_lat - 90) and lat[-1] >= min(north, 90 - d_lat)
    if not tight or lon[0] > west or reach < east - 1e-6:
        box = (axes.lat.min(), axes.lon.min(), axes.lat.max(), axes.lon.max())
        raise OutOfCoverage("era5 archive", area_text(area), area_text(box), "choose --area")
    return _Window(
        rows=slice(int(row.min()), int(row.max()) + 1),
        columns=slice(int(column.min()), int(column.max()) + 1),
        south_first=slice(None, None, 1 if axes.lat[0] < axes.lat[-1] else -1),
        pick=column - column.min(),
        lat=lat,
        lon=lon + 360 if lon[0] < -180 else lon,
    )


def _check_levels(axes: Axes, levels_hpa: tuple[float, ...] | None) -> None:
    lacking = sorted(set(levels_hpa or ()) - {float(p) for p in axes.level_hpa})
    if lacking:
        have = " ".join(f"{p:g}" for p in axes.level_hpa)
        asked = " ".join(f"{p:g}" for p in lacking)
        raise OutOfCoverage("era5 archive", f"{asked} hPa", f"{have} hPa", "choose --levels")


def _write(part: Path, fields: dict[str, Any], job: Job, window: _Window) -> None:
    """Write one time as NetCDF in the canonical form."""
    dims = ("time", "level", "lat", "lon")
    coords = {
        "time": [to_datetime64(job.valid)],
        "level": ("level", np.asarray(job.levels_hpa), ATTRIBUTES["level"]),
        "lat": ("lat", window.lat, ATTRIBUTES["lat"]),
        "lon": ("lon", window.lon, ATTRIBUTES["lon"]),
    }
    data = {name: (dims, values[None], ATTRIBUTES[name]) for name, values in fields.items()}
    notice = "Contains modified Copernicus Climate Change Service information"
    attributes = {
        "Conventions": "CF-1.11",
        "source": "ERA5",
        "title": f"ERA5 {iso(job.valid)}",
        "license": notice,
    }
    dataset = xr.Dataset(data, coords, attributes)
    packing = {name: {"zlib": True, "complevel": 1, "shuffle": True} for name in fields}
    with guarded(part):
        dataset.to_netcdf(part, engine="h5netcdf", encoding=packing)
