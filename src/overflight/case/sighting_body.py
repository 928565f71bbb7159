"""A sighting as the body of a record."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from overflight.geo.times import iso


def sighting_body(seen: Any) -> dict[str, Any]:
    """Return a sighting as the body of a record."""
    altitude = seen.altitude
    return {
        "time": iso(seen.time), "time_sd_s": seen.time_sd_s, "lat": seen.lat, "lon": seen.lon,
        "position_sd_m": seen.position_sd_m,
        "altitude": None if altitude is None else {"value_m": altitude.value_m, "sd_m": altitude.sd_m,
                                                    "reference": altitude.reference},
        "time_window_s": seen.time_window_s,
        "ellipse": None if seen.ellipse is None else asdict(seen.ellipse),
        "bearing": None if seen.bearing is None else asdict(seen.bearing),
        "kind": seen.kind, "object": seen.object_label, "source": seen.source, "note": seen.note,
    }  # fmt: skip
