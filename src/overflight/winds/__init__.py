"""Winds: files, soundings, other balloons and stored archives as one canonical dataset, and its error model.

>>> from overflight import winds
>>> ds = winds.open_winds("gfs.grib2", area=(20, -130, 60, -60))  # doctest: +SKIP
>>> winds.covers(ds, "2023-02-01T12:00", 45.0, -110.0, 20.0)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overflight.winds.coverage import covers, gaps, require, subset
    from overflight.winds.error import WindError
    from overflight.winds.field import canonical
    from overflight.winds.open import digests_of, members, open_winds
    from overflight.winds.perturbation import perturbation_field

__all__ = [
    "WindError",
    "canonical",
    "covers",
    "digests_of",
    "gaps",
    "members",
    "open_winds",
    "perturbation_field",
    "require",
    "subset",
]
_HOME = {
    "WindError": "error",
    "canonical": "field",
    "covers": "coverage",
    "digests_of": "open",
    "gaps": "coverage",
    "members": "open",
    "open_winds": "open",
    "perturbation_field": "perturbation",
    "require": "coverage",
    "subset": "coverage",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts fast."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
