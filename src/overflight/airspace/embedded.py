"""The regions that are shipped; see ``data/SOURCES.md``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from overflight.airspace import pack
from overflight.airspace.regions import Regions


@cache
def countries() -> Regions:
    """Return land, territorial seas, inland waters and disputed areas of the world."""
    with files("overflight.airspace").joinpath("data/regions.npz").open("rb") as stream:
        return pack.read(stream)
