"""Options that several verbs share, and how their text is read."""

from __future__ import annotations

import os
import re
import secrets
import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from cyclopts import Parameter

from overflight.cli.screen import remark
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    import xarray as xr
    from cyclopts import Token

    from overflight.geo.spread import Value

MOST_MEMBERS, MOST_HOURS = 10_000_000, 10_000
FEWER = "take fewer --members"
Source = Literal["gfs", "gefs", "era5", "ecmwf"]
Bound = float | int
Place = tuple[float, float]


def whole(_type: Any, tokens: Sequence[Token]) -> int:
    """Read a whole number; 7.5 is none."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise ValueError("a whole number") from None


def within(low: Bound, high: Bound, unit: str = "", hint: str = "") -> Callable[[Any, Any], None]:
    """Return the check that a number lies in a range; NaN lies in none."""

    def check(_type: Any, value: Bound | None) -> None:
        if value is not None and not low <= value <= high:
            raise ValueError(f"{low:,} to {high:,} {unit}".strip() + (f"; {hint}" if hint else ""))

    return check


def counted(text: str, low: int, high: int) -> Parameter:
    """Describe an option that is a whole number in a range."""
    return Parameter(help=text, converter=whole, validator=within(low, high))


def measured(text: str, low: Bound, high: Bound, unit: str, hint: str = "") -> Parameter:
    """Describe an option that is a number in a range."""
    return Parameter(help=text, validator=within(low, high, unit, hint))


Output = Annotated[Path | None, Parameter(name=["--output", "-o"], help="File to write; its suffix names the format.")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print the result as JSON.")]
Seed = Annotated[
    int | None,
    counted("Seed of the random draws; one is drawn and printed where none is given.", 0, 2**63 - 1),
]
Winds = Annotated[str, Parameter(help="Winds: file, folder, pattern, or a stored source (gfs, gefs, era5, ecmwf).")]
Lat = Annotated[float, measured("Latitude, degrees north.", -90, 90, "degrees", "are lat and lon swapped?")]
Lon = Annotated[float, measured("Longitude, degrees east, -180 to 360.", -180, 360, "degrees")]
Members = Annotated[int, counted("Members of the ensemble.", 1, MOST_MEMBERS)]
Steady = Annotated[bool, Parameter(negative="", help="Hold winds of a single time.")]
WindError = Annotated[bool, Parameter(name="--wind-error", help="Perturb each member's wind.")]


Level = Annotated[str | None, Parameter(help="Lowest and highest level of an object without altitude, m: 10000,25000.")]


def seed_of(seed: int | None) -> int:
    """Return the seed, or draw one."""
    return secrets.randbelow(2**31) if seed is None else seed


def command_line(verb: str, *arguments: object, **options: object) -> str:
    """Return the command that would do the same again, with every option it took.

    None and False are left out; an option stands once for each value of a tuple.
    """
    words = ["overflight", verb, *map(str, arguments)]
    for name, given in options.items():
        for value in given if isinstance(given, tuple) else (given,):
            if value is not None and value is not False:
                words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return shlex.join(words)


def numbers_of(text: str, field: str, count: int | None = None) -> tuple[float, ...]:
    """Read numbers parted by commas."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InvalidInput(field, repr(text), "numbers parted by commas") from None
    if count is not None and len(values) != count:
        raise InvalidInput(field, f"{len(values)} numbers", f"{count} numbers parted by commas")
    return values


def level_of(text: str) -> tuple[float, float]:
    """Read a range of levels. [m]"""
    low, high = numbers_of(text, "--level", 2)
    return low, high


def area_of(text: str | None) -> tuple[float, float, float, float] | None:
    """Read an area."""
    if text is None:
        return None
    south, west, north, east = numbers_of(text, "--area", 4)
    if not (-90.0 <= south < north <= 90.0 and -360.0 <= west <= 360.0 and -360.0 <= east <= 360.0):
        raise InvalidInput("--area", repr(text), "south,west,north,east in degrees, south below north")
    return south, west, north, east


def bytes_of(text: str, field: str = "--memory") -> int:
    """Read a size of memory, as 2GiB, 500MB or a number of bytes."""
    units = {"gib": 2**30, "mib": 2**20, "kib": 2**10, "gb": 10**9, "mb": 10**6, "kb": 10**3, "g": 2**30, "m": 2**20}
    lower = text.strip().lower()
    unit = next((u for u in units if lower.endswith(u)), "")
    try:
        size = int(float(lower.removesuffix(unit)) * units.get(unit, 1))
    except (ValueError, OverflowError):
        raise InvalidInput(field, repr(text), "a size as 2GiB or 500MB") from None
    if size < 2**20:
        raise InvalidInput(field, repr(text), "at least 1MiB")
    return size


def require_memory(members: int, hours: float, interval_s: float, limit: int = 2 * 2**30, hint: str = FEWER) -> None:
    """Refuse a run whose trajectories are larger than may be held; ``limit`` in bytes."""
    from overflight.drift.parts import BYTES_AN_OUTPUT
    from overflight.drift.run import outputs

    size = BYTES_AN_OUTPUT * members * outputs(hours, interval_s)
    if size > limit:
        got, most = (f"{number / 2**30:,.3g} GiB" for number in (size, limit))
        raise InvalidInput("memory", f"trajectories of {got}", f"at most {most}", hint=hint)


def value_of(text: str, field: str, low: float, high: float, unit: str) -> Value:
    """Read ``5``, or ``5+-0.5`` (``5±0.5`` too): a normal distribution by its mean and standard deviation."""
    from overflight.geo.spread import Spread

    mean, sign, sd = re.sub(r"\s", "", text).replace("+-", "±").partition("±")
    expected = f"a number from {low:g} to {high:g} {unit}, or with its standard deviation as 5+-0.5"
    try:
        middle, width = float(mean), float(sd) if sign else 0.0
    except ValueError:
        raise InvalidInput(field, repr(text), expected) from None
    if not (low <= middle <= high and 0.0 <= width <= high):
        raise InvalidInput(field, repr(text), expected)
    return Spread("normal", middle, width, low, high) if sign else middle


def mirrors() -> dict[str, str]:
    """Return the mirrors that the environment names."""
    named = {name: os.environ.get(f"OVERFLIGHT_{name.upper()}_URL", "") for name in get_args(Source)}
    return {name: url for name, url in named.items() if url}


def opened(winds: str, window: tuple[datetime, datetime], *, near: Place | None = None, heights: bool) -> xr.Dataset:
    """Open winds for a run between two times from a place (lat, lon), and remark on what they lack.

    Of a stored source what the window asks for must be there; files are taken as they are. ``heights`` says whether the
    flight needs to know the height of the levels.
    """
    from overflight.winds.open import open_for_run
    from overflight.winds.summary import notes

    field = open_for_run(winds, *window, near)
    for line in notes(field, *window, heights=heights):
        remark(line)
    return field
