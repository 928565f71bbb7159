"""What a wind dataset holds, in a few lines, and what has to be known before it is flown in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr

from overflight.geo.times import iso, to_datetime64
from overflight.winds.coverage import gaps, is_global
from overflight.winds.heights import STANDARD
from overflight.winds.lazy import SMALL_BYTES

_LICENCES = {
    "NCEP": "public domain (NOAA/NCEP)",
    "Medium-Range": "ECMWF: ERA5 is under the Copernicus licence, open data under CC BY 4.0",
}
"""Terms of those who make winds, by a word of their name, where a file does not state its own."""
_LONGEST_TEXT = 300


def summary(winds: xr.Dataset) -> dict[str, Any]:
    """Return times, levels, area, variables and origin of a canonical dataset as text, empty where there is none."""
    time, level = winds["time"].values, winds["level"].values
    attributes = winds.attrs
    members = winds["member"].values.tolist() if "member" in winds.dims else []
    digests = [str(digest) for digest in np.atleast_1d(attributes.get("sha256") or [])]
    return {
        "times": f"{time.size}, {iso(time[0])} to {iso(time[-1])}" + _step(time),
        "gaps": "; ".join(f"{iso(a)} to {iso(b)}" for a, b in gaps(winds)),
        "levels": f"{level.size}, {level[0]:g} to {level[-1]:g} hPa",
        "area": _area(winds),
        "grid": _grid(winds),
        "members": f"{len(members)}, {members[0]} to {members[-1]}" if len(members) else "",
        "variables": ", ".join(str(name) for name in winds.data_vars),
        "missing": _missing(winds),
        "heights": attributes.get("height_source", "from the file" if "z" in winds else STANDARD),
        "wind_sd": _stated(winds),
        "reach": attributes.get("reach", ""),
        "measured": attributes.get("fixes") or attributes.get("measurements", ""),
        "source": _short(str(attributes.get("source", ""))),
        "licence": attributes.get("license") or _licence(str(attributes.get("institution", ""))),
        "sha256": _short(" ".join(digests)),
    }


def notes(winds: xr.Dataset, start: datetime, end: datetime, *, heights: bool) -> list[str]:
    """Return what a person must know who flies in these winds from ``start`` to ``end``, a line each.

    ``heights`` says whether the flight needs to know the height of the levels.
    """
    lines = []
    low, high = to_datetime64(start), to_datetime64(end)
    for a, b in gaps(winds):
        if to_datetime64(a) < high and to_datetime64(b) > low:
            lines.append(f"the winds have no time between {iso(a)} and {iso(b)}")
    if "missing" in winds.attrs:
        lines.append(f"{winds.attrs['missing']}; a balloon that comes to one ends there")
    if heights and winds.attrs.get("height_source") == STANDARD:
        lines.append("heights are those of the standard atmosphere: these winds have neither heights nor temperatures")
    return lines


def _missing(winds: xr.Dataset) -> str:
    uncounted = winds.nbytes > SMALL_BYTES
    return str(winds.attrs.get("missing", "not counted: the winds are large" if uncounted else "none"))


def _step(time: np.ndarray) -> str:
    if time.size < 2:
        return ""
    hours = np.diff(time) / np.timedelta64(1, "s") / 3600.0
    return f", every {hours[0]:g} h" if np.ptp(hours) == 0.0 else f", {hours.min():g} to {hours.max():g} h apart"


def _area(winds: xr.Dataset) -> str:
    lat, lon = winds["lat"].values, winds["lon"].values
    turn = "all longitudes" if is_global(winds) else f"{lon[0]:g} to {lon[-1]:g} E"
    return f"{lat[0]:g} to {lat[-1]:g} N, {turn}"


def _grid(winds: xr.Dataset) -> str:
    lat, lon = winds["lat"].values, winds["lon"].values
    if lat.size < 2 or lon.size < 2:
        return f"{lat.size} x {lon.size}"
    rows = np.diff(lat)
    even = "" if np.ptp(rows) < 1e-3 else " (rows not evenly spaced)"
    return f"{lat.size} x {lon.size}, {rows.mean():.3g} x {np.diff(lon).mean():.3g} degrees{even}"


def _stated(winds: xr.Dataset) -> str:
    if "wind_sd" not in winds:
        return ""
    values = winds["wind_sd"].values
    return f"{np.nanmin(values):.1f} to {np.nanmax(values):.1f} m/s in each component, as stated"


def _licence(institution: str) -> str:
    return next((terms for word, terms in _LICENCES.items() if word in institution), "")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} ... ({len(text):,} letters)"
