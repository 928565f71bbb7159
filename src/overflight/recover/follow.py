"""Frames of a flight as they are heard, and which of them belong to its way down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from overflight.errors import InvalidInput
from overflight.recover.live import Frame
from overflight.sightings.sondehub_live import heard_row
from overflight.sightings.telemetry import Telemetry

FALLEN_M = 150.0
"""Below its highest frame it falls: more than the heights of GNSS jump."""


def on_the_way_down(frames: Iterable[Frame], every_s: float = 0.0) -> Iterator[Frame]:
    """Yield the frames of a fall as they come: later than the last by some time, and lower.

    Frames that come late, out of order or from the ground are passed over.
    """
    top, last = -np.inf, None
    for frame in frames:
        top = max(top, frame.altitude_m)
        if not frame.altitude_m < top - FALLEN_M:
            continue
        if last is not None:
            after = float((frame.time - last.time) / np.timedelta64(1, "s"))
            if after <= 0.0 or after < every_s or frame.altitude_m >= last.altitude_m:
                continue
        last = frame
        yield frame


def frames_of(heard: Telemetry, serial: str) -> list[Frame]:
    """Return the frames of one flight in the order of time.

    Raises
    ------
    InvalidInput
        There is none of that serial, or none with an altitude.
    """
    rows = heard.of(serial)
    if not rows.size:
        told = ", ".join(heard.serials[:5]) + (" ..." if len(heard.serials) > 5 else "")
        raise InvalidInput("serial", repr(serial), f"one of {told}")
    at = heard.columns.at(rows[np.isfinite(heard.columns.altitude_m[rows])])
    if not at.time.size:
        raise InvalidInput("serial", f"{serial} without altitudes", "frames with alt")
    places = zip(at.time.view("datetime64[ns]"), at.lat, at.lon, at.altitude_m, strict=True)
    return [Frame(time=t, lat=float(a), lon=float(b), altitude_m=float(z)) for t, a, b, z in places]


def frames_in(messages: Iterable[bytes], serial: str) -> Iterator[Frame]:
    """Yield the frames of one flight out of messages of the live feed; what cannot be read is passed over."""
    for message in messages:
        for row in heard_row(message):
            if row.serial == serial and row.altitude_m is not None:
                yield Frame(time=row.time, lat=row.lat, lon=row.lon, altitude_m=row.altitude_m)
