"""An ensemble in parts: which members fly together, and how their trajectories are put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from overflight.drift.kernels.lanes import LANES
from overflight.drift.run import outputs
from overflight.drift.settings import Settings
from overflight.winds import members as members_of

BYTES_AN_OUTPUT = 25
"""Of the trajectories: four numbers, a status and a time of its own."""
BYTES_A_MEMBER = 600
"""Of what a member needs while it flies: place, parameters, wind error."""


@dataclass(frozen=True, slots=True)
class Part:
    """Members that fly together.

    Attributes
    ----------
    numbers : range. Of the members in the whole ensemble.
    field : int. Which member of the winds carries them, by its place; 0 where the winds are no ensemble.
    """

    numbers: range
    field: int


def parts_of(members: int, fields: int, largest: int) -> list[Part]:
    """Deal members out to the members of the winds in turn, at most ``largest`` a part."""
    return [
        Part(range(first, min(members, first + largest * fields), fields), field)
        for field in range(min(fields, members))
        for first in range(field, members, largest * fields)
    ]


def largest_part(hours: float, settings: Settings) -> int:
    """Return how many members fit into the memory that the settings allow, with their outputs."""
    bytes_each = BYTES_A_MEMBER + BYTES_AN_OUTPUT * outputs(hours, settings.output_s)
    return max(LANES, settings.memory_bytes // bytes_each)


def marked(data: xr.Dataset, part: Part, winds: xr.Dataset, *, together: bool) -> xr.Dataset:
    """Make the trajectories of a part fit those of the others.

    Members have times of their own unless the whole ensemble starts ``together``, and where the winds are an ensemble,
    the number of the wind that carried them.
    """
    if not together and data["time"].dims == ("obs",):
        data = data.assign_coords(time=data["time"].broadcast_like(data["lat"]))
    if "member" not in winds.dims:
        return data
    number = np.full(data.sizes["trajectory"], int(winds["member"].values[part.field]), np.int32)
    data["wind_member"] = ("trajectory", number, {"long_name": "member of the ensemble of winds"})
    return data


def field_of(winds: xr.Dataset, part: Part) -> xr.Dataset:
    """Return the winds that carry a part."""
    return members_of(winds)[part.field]


def joined(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Put the parts of an ensemble together again, in the order of members."""
    if len(parts) == 1:
        return parts[0]
    whole = xr.concat(
        parts, dim="trajectory", data_vars="minimal", coords="minimal", compat="override", combine_attrs="override"
    )
    whole.attrs["members_below_lowest_level"] = sum(p.attrs["members_below_lowest_level"] for p in parts)
    numbers = whole["trajectory"].values
    return whole if np.all(np.diff(numbers) > 0) else whole.isel(trajectory=np.argsort(numbers))
