"""Weather-balloon flights as they were heard: the ascent up to the highest fix, and the descent from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from checks.soundings import FOLDER, Leg, fall_slowness, falls, layer_s
from overflight.flight.phases import PARACHUTE_EXPONENT

F64 = NDArray[np.float64]
LEAST_DESCENT_M = 5_000.0
UNSEEN_M = 1_500.0
"""Of the way down, how much the way up may not have measured."""
RATED = 5
"""Fixes that tell how fast it rises."""


@dataclass(frozen=True)
class Flown:
    """A flight: fixes of its ascent up to the highest, where it landed, and its speed at sea level. [s, degrees, m]"""

    name: str
    up: F64
    down: F64

    @property
    def speeds(self) -> tuple[float, float]:
        """Speed at sea level by the law of the parachute, and by that of a constant drag coefficient. [m/s]

        Without the stretches from the highest fix and to the last, which mix flight and rise, fall and rest.
        """
        leg = Leg(self.down[1:-1, 0], self.down[1:-1, 3])
        n, half = (layer_s(leg, fall_slowness(e)) / leg.seconds for e in (PARACHUTE_EXPONENT.a, 0.5))
        return n, half


def fix_of(line: str) -> tuple[float, float, float, float] | None:
    """Time, latitude, longitude and altitude of a row; None if it is no fix."""
    field = [text.strip() for text in line.split(",")]
    field = field[1:] if field[0].startswith("RB") else field
    try:
        time = datetime.strptime(f"{field[0]} {field[1]}", "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
        lat, lon, z = (float(text) for text in field[2:5])
    except (ValueError, IndexError):
        return None
    return None if lat == 0.0 else (time.timestamp(), lat, lon, z)


def read_flight(path: Path) -> Flown | None:
    """Read a flight; None where its descent, or the ascent through the same air, is not recorded."""
    fixes = [fix for line in path.read_text().splitlines() if (fix := fix_of(line)) is not None]
    table = np.array(sorted(set(fixes)))
    t, z = table[:, 0], table[:, 3]
    top = start = end = int(z.argmax())
    while start > 0 and z[start - 1] < z[start] and t[start] - t[start - 1] < 3_600.0:
        start -= 1
    while end + 1 < z.size and falls(t[end : end + 2], z[end : end + 2]):
        end += 1
    if end - top < 4 or z[top] - z[end] < LEAST_DESCENT_M or z[end] > 3_000.0 or z[start] - z[end] > UNSEEN_M:
        return None
    return Flown(path.stem, table[start : top + 1], table[top : end + 1])


def flights(data: Path) -> list[Flown]:
    """Read all flights with a descent."""
    read = (read_flight(path) for path in sorted((data / FOLDER).glob("*.csv")))
    return [flight for flight in read if flight is not None]


def beyond(flight: Flown) -> F64:
    """Return the fix that was due next, had it not burst: as far on as the fixes before it lie apart.

    That the highest fix is not the burst is known before anything of the descent is.
    """
    last = flight.up[-RATED:]
    apart = np.median(np.diff(last[:, 0]))
    rate = (last[-1, 1:] - last[0, 1:]) / (last[-1, 0] - last[0, 0])
    return np.concatenate([[last[-1, 0] + apart], last[-1, 1:] + apart * rate])
