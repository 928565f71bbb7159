"""ERA5 by way of the Copernicus Climate Data Store: a file that a person downloaded there.

The Climate Data Store wants an account, so overflight does not call it. `retrieval` says what to ask there;
`adopt` takes the file that comes into the local store.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from overflight.errors import InvalidInput
from overflight.geo.times import to_datetime
from overflight.winds.files import guarded, locked
from overflight.winds.request import Area, Request, checked_area
from overflight.winds.store import Entry, Store

if TYPE_CHECKING:
    import xarray as xr

DATASET = "reanalysis-era5-pressure-levels"
_NAMES = {"u": "u_component_of_wind", "v": "v_component_of_wind", "t": "temperature", "z": "geopotential"}
LEVELS_HPA = (
    *(1000.0, 975.0, 950.0, 925.0, 900.0, 875.0, 850.0, 825.0, 800.0, 775.0, 750.0),
    *(float(level) for level in range(700, 200, -50)),
    *(225.0, 200.0, 175.0, 150.0, 125.0, 100.0, 70.0, 50.0, 30.0, 20.0, 10.0, 7.0, 5.0, 3.0, 2.0, 1.0),
)


def retrieval(request: Request) -> dict[str, Any]:
    """Return what to ask of the Climate Data Store for ``request``: dataset and its API request.

    >>> from datetime import UTC, datetime
    >>> asked = Request(source="era5", start=datetime(2023, 2, 1, tzinfo=UTC),
    ...                 end=datetime(2023, 2, 1, 6, tzinfo=UTC), levels_hpa=(200,))
    >>> retrieval(asked)["request"]["time"]
    ['00:00', '03:00', '06:00']
    """
    times = request.times()
    asked: dict[str, Any] = {
        "product_type": ["reanalysis"],
        "variable": [_NAMES[name] for name in request.variables],
        "pressure_level": [f"{level:g}" for level in request.levels_hpa or LEVELS_HPA],
        "year": sorted({f"{time:%Y}" for time in times}),
        "month": sorted({f"{time:%m}" for time in times}),
        "day": sorted({f"{time:%d}" for time in times}),
        "time": sorted({f"{time:%H:00}" for time in times}),
        "data_format": "grib",
        "download_format": "unarchived",
    }
    if request.area is not None:
        south, west, north, east = request.area
        asked["area"] = [north, west, south, east]
    return {"dataset": DATASET, "request": asked}


def adopt(path: str | Path, *, store: Store, source: str = "era5", grid: str = "0p25") -> tuple[Entry, ...]:
    """Take a local file of winds, such as one from the Climate Data Store, into the store.

    Raises
    ------
    InvalidInput
        The file holds no winds.
    """
    from overflight.winds.open import open_winds  # noqa: PLC0415 - it opens specs through the store

    winds = open_winds(path)
    return tuple(
        _adopt_one(winds.isel(time=[n]), Path(path), store, (source, grid)) for n in range(winds.sizes["time"])
    )


def _adopt_one(winds: xr.Dataset, origin: Path, store: Store, names: tuple[str, str]) -> Entry:
    valid = to_datetime(winds["time"].values[0])
    if valid.minute or valid.second:
        raise InvalidInput("time", valid.isoformat(), "fields on the full hour", str(origin))
    stem = f"{valid:%Y%m%dT%HZ}_{origin.stem[:40].replace('.', '-')}"
    path = store.place(*names, stem + ".nc")
    part = path.with_name(path.name + ".part")
    with locked(path), guarded(part):
        winds = winds.drop_attrs(deep=False).assign_attrs(title=origin.name, source=names[0])
        winds.to_netcdf(part, engine="h5netcdf")
        return store.commit(part, path, _facts(winds, valid, names, os.fspath(origin)))


def _facts(winds: xr.Dataset, valid: datetime, names: tuple[str, str], url: str) -> dict[str, Any]:
    return {
        "source": names[0],
        "grid": names[1],
        "valid": valid,
        "run": valid,
        "step_h": 0,
        "levels_hpa": tuple(float(level) for level in winds["level"].values),
        "default_levels": True,
        "variables": tuple(name for name in _NAMES if name in winds),
        "area": _area(winds),
        "url": url,
    }


def _area(winds: xr.Dataset) -> Area | None:
    lat, lon = winds["lat"].values, winds["lon"].values
    gap = float(np.max(np.diff(lon))) if lon.size > 1 else 0.0
    if lon[-1] - lon[0] + gap >= 359.99:
        return None
    return checked_area((float(lat[0]), float(lon[0]), float(lat[-1]), float(lon[-1])))
