"""What a wind dataset holds, in a few lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from overflight.geo.times import iso
from overflight.winds.coverage import gaps


def summary(winds: xr.Dataset) -> dict[str, Any]:
    """Return times, levels, area and variables of a canonical dataset as plain text and numbers."""
    time, level, lat, lon = (winds[name].values for name in ("time", "level", "lat", "lon"))
    step_h = float(np.median(np.diff(time)) / np.timedelta64(1, "s")) / 3600.0 if time.size > 1 else None
    holes = gaps(winds)
    return {
        "times": f"{time.size}, {iso(time[0])} to {iso(time[-1])}" + (f", every {step_h:g} h" if step_h else ""),
        "gaps": "; ".join(str(hole) for hole in holes),
        "levels": f"{level.size}, {level[0]:g} to {level[-1]:g} hPa",
        "area": f"{lat[0]:g} to {lat[-1]:g} N, {lon[0]:g} to {lon[-1]:g} E",
        "grid": f"{lat.size} x {lon.size}",
        "variables": ", ".join(str(name) for name in winds.data_vars),
        "heights": winds.attrs.get("height_source", "from the file" if "z" in winds else "standard atmosphere"),
        "source": str(winds.attrs.get("source", "")),
    }
