"""The names that winds go by: which variable is which, which axis is which, which unit is which."""

from __future__ import annotations

from collections.abc import Hashable

import xarray as xr

VARIABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "u": (
        ("eastward_wind",),
        ("u", "ugrd", "u_component_of_wind", "ua", "uwnd", "eastward_wind", "u_gds0_isbl", "u_wind"),
    ),
    "v": (
        ("northward_wind",),
        ("v", "vgrd", "v_component_of_wind", "va", "vwnd", "northward_wind", "v_gds0_isbl", "v_wind"),
    ),
    "t": (("air_temperature",), ("t", "tmp", "temperature", "ta", "air", "air_temperature")),
    "w": (
        ("lagrangian_tendency_of_air_pressure",),
        ("w", "vvel", "omega", "wap", "vertical_velocity", "dzdt_pressure"),
    ),
    "gh": (("geopotential_height",), ("gh", "hgt", "zg", "geopotential_height", "height")),
    "z": (("geopotential",), ("z", "geopotential", "phi")),
    "wind_sd": ((), ("wind_sd",)),
}
"""For each quantity its CF standard names and its common names, in lower case, without level suffixes."""

AXES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lat": (("latitude",), ("lat", "latitude", "lats", "lat_0", "g0_lat_2", "nav_lat", "y")),
    "lon": (("longitude",), ("lon", "longitude", "lons", "lon_0", "g0_lon_3", "long", "nav_lon", "x")),
    "time": (("time",), ("valid_time", "time", "time1", "time2", "initial_time0_hours", "forecast_time0")),
    "level": (
        ("air_pressure",),
        (
            "level",
            "pressure_level",
            "plev",
            "lev",
            "isobaric",
            "isobaric1",
            "isobaric2",
            "isobaric3",
            "isobaricinhpa",
            "isobaricinpa",
            "lv_isbl0",
            "lv_isbl1",
            "lv_isbl2",
            "lv_isbl3",
            "pressure",
            "pres",
            "p",
            "levels",
            "lev_p",
            "plevel",
        ),
    ),
    "member": (("realization",), ("member", "number", "ensemble", "ens", "realization", "ensemble_member")),
}
_SUFFIXES = ("_isobaric", "_isobaricinhpa", "_pressure", "_plev", "_p0_l100_glc0", "_p0_l100_gll0", "_pl")
PER_HPA = {
    **dict.fromkeys(("hpa", "mbar", "mb", "millibar", "millibars", "hectopascal", "hectopascals"), 1.0),
    **dict.fromkeys(("pa", "pascal", "pascals"), 0.01),
    **dict.fromkeys(("kpa", "kilopascal"), 10.0),
    **dict.fromkeys(("bar", "bars"), 1000.0),
}
"""hPa in one of each unit of pressure."""


def plain(name: Hashable) -> str:
    """Return a variable's name in lower case without what says that it is on pressure levels."""
    text = str(name).lower()
    for suffix in _SUFFIXES:
        text = text.removesuffix(suffix)
    return text


def find_variable(ds: xr.Dataset, quantity: str) -> Hashable | None:
    """Return the data variable that holds a quantity: by standard name, else by common name, else None.

    Of several with one standard name the one with most dimensions wins (wind at 10 m has no level).
    """
    standard, common = VARIABLES[quantity]
    by_standard = [n for n, v in ds.data_vars.items() if str(v.attrs.get("standard_name", "")) in standard]
    by_name = [
        n
        for n, v in ds.data_vars.items()
        if plain(n) in common and str(v.attrs.get("standard_name", "")) in ("", "unknown", *standard)
    ]
    found = by_standard or by_name
    return max(found, key=lambda n: ds[n].ndim) if found else None


def find_axis(ds: xr.Dataset, axis: str) -> Hashable | None:
    """Return the coordinate that is an axis: by name first where both stand, else by standard name."""
    standard, common = AXES[axis]
    known: dict[str, Hashable] = {str(n).lower(): n for n in (*ds.coords, *ds.dims)}
    for text in common:
        if text in known and _may_be(ds, known[text], axis):
            return known[text]
    for name, coordinate in ds.coords.items():
        if str(coordinate.attrs.get("standard_name", "")) in standard:
            return name
    return None


def _may_be(ds: xr.Dataset, name: Hashable, axis: str) -> bool:
    """Refuse a run's reference time as the time, where the file has its valid time elsewhere."""
    if axis != "time" or name not in ds.coords:
        return True
    if str(ds[name].attrs.get("standard_name", "")) != "forecast_reference_time":
        return True
    return "step" not in ds.coords and not any(
        str(c.attrs.get("standard_name", "")) == "time" for c in ds.coords.values()
    )
