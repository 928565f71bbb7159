"""The public facts of 11 February 2023 for the worked example: one sighting, one balloon last heard the day before."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

FILES = ("yukon_2023_sighting.csv", "yukon_2023_candidates.csv")


def write_example(folder: Path) -> tuple[Path, Path]:
    """Write the sighting and the candidates as CSV; return their paths. Sources stand in the rows."""
    data = resources.files("overflight.infer") / "data"
    for name in FILES:
        (folder / name).write_bytes((data / name).read_bytes())
    return folder / FILES[0], folder / FILES[1]
