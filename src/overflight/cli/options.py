"""Options that several verbs share, and how their text is read."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from overflight.drift import Settings
    from overflight.flight import Flight

Output = Annotated[Path | None, Parameter(name=["--output", "-o"], help="File to write; its suffix names the format.")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print the result as JSON.")]
Seed = Annotated[int | None, Parameter(help="Seed of the random draws; one is drawn and printed where none is given.")]
Winds = Annotated[str, Parameter(help="Winds: file, folder, pattern, or a stored source (gfs, gefs, era5, ecmwf).")]
Area = Annotated[str | None, Parameter(help="South,west,north,east in degrees.")]
Levels = Annotated[str | None, Parameter(help="Pressure levels in hPa, as 100,70,50.")]


def seed_of(seed: int | None) -> int:
    """Return the seed, or draw one."""
    if seed is None:
        return secrets.randbelow(2**31)
    if not 0 <= seed < 2**63:
        raise InvalidInput("--seed", str(seed), "a whole number of 0 to 2^63 - 1")
    return seed


def numbers_of(text: str, field: str, count: int | None = None) -> tuple[float, ...]:
    """Read numbers parted by commas."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InvalidInput(field, repr(text), "numbers parted by commas") from None
    if count is not None and len(values) != count:
        raise InvalidInput(field, f"{len(values)} numbers", f"{count} numbers parted by commas")
    return values


def area_of(text: str | None) -> tuple[float, float, float, float] | None:
    """Read an area."""
    if text is None:
        return None
    south, west, north, east = numbers_of(text, "--area", 4)
    if not (-90.0 <= south < north <= 90.0 and -360.0 <= west <= 360.0 and -360.0 <= east <= 360.0):
        raise InvalidInput("--area", repr(text), "south,west,north,east in degrees, south below north")
    return south, west, north, east


def bytes_of(text: str) -> int:
    """Read a size of memory, as 2GiB, 500MB or a number of bytes."""
    units = {"gib": 2**30, "mib": 2**20, "kib": 2**10, "gb": 10**9, "mb": 10**6, "kb": 10**3, "g": 2**30, "m": 2**20}
    lower = text.strip().lower()
    unit = next((u for u in units if lower.endswith(u)), "")
    try:
        return int(float(lower.removesuffix(unit)) * units.get(unit, 1))
    except (ValueError, OverflowError):
        raise InvalidInput("--memory", repr(text), "a size as 2GiB or 500MB") from None


def float_flight(pressure_hpa: float | None, altitude: float | None, density: float | None) -> Flight:
    """Return the float that exactly one of three options asks for."""
    from overflight.flight import float_at_altitude, float_at_density, float_at_pressure

    given = [value is not None for value in (pressure_hpa, altitude, density)]
    if sum(given) != 1:
        raise InvalidInput("level", f"{sum(given)} of --pressure, --altitude and --density", "exactly one of them")
    if pressure_hpa is not None:
        return float_at_pressure(pressure_hpa * 100.0)
    if altitude is not None:
        return float_at_altitude(altitude)
    assert density is not None  # noqa: S101 - one of three is given
    return float_at_density(density)


def run_settings(
    step_s: float, output_min: float, method: str, memory: str, *, steady: bool, wind_error: bool
) -> Settings:
    """Return the settings of a run from its options."""
    from overflight.cli.screen import bar
    from overflight.drift import Settings
    from overflight.geo.terrain import Terrain
    from overflight.winds.error import WindError

    return Settings(
        step_s=step_s,
        output_s=output_min * 60.0,
        method=method,  # type: ignore[arg-type]
        memory_bytes=bytes_of(memory),
        steady=steady,
        terrain=Terrain.load(),
        wind_error=WindError() if wind_error else None,
        progress=bar("simulating"),
    )
