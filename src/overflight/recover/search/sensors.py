"""Sweep widths: a table by sensor, terrain and object, with sources, that can be replaced.

References
----------
IAMSAR Manual, Volume II, Appendix N, tables N-9 (visual land search, 150 m, visibility 19 km) and N-10 (vegetation and
high terrain).
U.S. Coast Guard Addendum to the U.S. National SAR Supplement, COMDTINST M16130.2F (2013), Appendix H: aircraft 500 ft,
visibility 10 nautical miles, wind under 15 kt, no fatigue.
Koester, Chiacchia, Twardy, Cooper, Frost, Robe (2014), Use of the visual range of detection to estimate effective sweep
width for land search and rescue, Wilderness & Environmental Medicine 25:132, doi 10.1016/j.wem.2013.09.016.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from overflight.errors import InvalidInput, one_line

Terrain = Literal["open", "hilly", "mountain", "forest", "water"]
TERRAINS: tuple[Terrain, ...] = get_args(Terrain)
Size = Literal["small", "large"]
Visibility = Literal["high", "medium", "low"]
COLUMNS = ("sensor", "terrain", "object", "sweep_width_m", "source")
RANGE_FACTOR: dict[Visibility, float] = {"high": 1.8, "medium": 1.6, "low": 1.1}
"""Sweep width over detection range, by how conspicuous the object is (Koester et al. 2014)."""
WIDEST_M = 100_000.0
HINT = "give --sweep-width, or --detection-range: from how far away a like object is just noticed"


@dataclass(frozen=True, slots=True)
class SweepWidths:
    """Sweep width by terrain for one sensor and object.

    Attributes
    ----------
    width_m : dict. By terrain. [m]
    source : dict. By terrain, where its width comes from.
    """

    width_m: dict[str, float]
    source: dict[str, str]

    def of(self, terrain: NDArray[np.str_]) -> NDArray[np.float64]:
        """Return the sweep width of each cell's terrain (n,). [m]

        Raises
        ------
        InvalidInput
            The sensor has none for a terrain.
        """
        for name in np.unique(terrain):
            if str(name) not in self.width_m:
                have = ", ".join(self.width_m) or "none"
                raise InvalidInput(
                    "terrain", repr(str(name)), f"one that the sensor has a width for: {have}", hint=HINT
                )
        return np.array([self.width_m[str(name)] for name in terrain], np.float64)


def fixed(width_m: float, source: str = "given") -> SweepWidths:
    """Return one width for all terrain. [m]"""
    if not 0.0 < width_m <= WIDEST_M:
        raise InvalidInput("sweep width", f"{width_m:g} m", f"more than 0, at most {WIDEST_M:,.0f} m")
    return SweepWidths(dict.fromkeys(TERRAINS, width_m), dict.fromkeys(TERRAINS, source))


def from_range(detection_range_m: float, visibility: Visibility = "medium") -> SweepWidths:
    """Return the width that a detection range measured on the spot stands for (Koester et al. 2014). [m]"""
    factor = RANGE_FACTOR[visibility]
    if not 0.0 < detection_range_m <= WIDEST_M:
        got = f"{detection_range_m:g} m"
        raise InvalidInput("detection range", got, f"more than 0, at most {WIDEST_M:,.0f} m")
    return fixed(factor * detection_range_m, f"{factor:g} x detection range (Koester et al. 2014)")


def sweep_widths(sensor: str, size: Size = "large", table: Path | None = None) -> SweepWidths:
    """Look a sensor up in the table that is shipped, or in one's own.

    Raises
    ------
    InvalidInput
        The table cannot be read, or has no such sensor.
    """
    rows = read_table(table)
    chosen = [row for row in rows if row["sensor"] == sensor and row["object"] == size]
    if not chosen:
        known = ", ".join(sorted({f"{row['sensor']} ({row['object']})" for row in rows}))
        raise InvalidInput("sensor", f"{sensor} ({size}), which has no row", f"one of {known}", hint=HINT)
    widths = {row["terrain"]: float(row["sweep_width_m"]) for row in chosen}
    return SweepWidths(widths, {row["terrain"]: row["source"] for row in chosen})


def read_table(path: Path | None = None) -> list[dict[str, str]]:
    """Read a table of sweep widths; the one that is shipped where no path is given."""
    name = "sweep_widths.csv" if path is None else path.name
    try:
        data = files(__package__).joinpath("data", name).read_bytes() if path is None else path.read_bytes()
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InvalidInput("sensors", one_line(str(problem), 120), "a table in CSV, UTF-8", name) from None
    if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
        raise InvalidInput("sensors", f"no column {', '.join(missing)}", f"columns {', '.join(COLUMNS)}", name)
    for line, row in enumerate(rows, start=2):
        _check(row, f"{name}:{line}")
    return rows


def _check(row: dict[str, str], where: str) -> None:
    for column, allowed in (("terrain", TERRAINS), ("object", get_args(Size))):
        if row[column] not in allowed:
            raise InvalidInput(column, repr(row[column]), f"one of {', '.join(allowed)}", where)
    try:
        width = float(row["sweep_width_m"])
    except (TypeError, ValueError):
        width = math.nan
    if not 0.0 < width <= WIDEST_M:
        raise InvalidInput("sweep_width_m", repr(row["sweep_width_m"]), f"metres, 0 to {WIDEST_M:,.0f}", where)
