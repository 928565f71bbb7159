"""Lifting gases."""

from __future__ import annotations

from typing import Literal

from overflight.errors import InvalidInput

Gas = Literal["helium", "hydrogen"]

_AIR_G_MOL = 28.9644
_MOLAR_G_MOL = {"helium": 4.002602, "hydrogen": 2.01588}
_KAPPA = {"helium": 0.4, "hydrogen": 0.286}
"""R / cp of a monatomic gas, and of hydrogen near 250 K."""


def mass_ratio(gas: Gas) -> float:
    """Return the molar mass of the gas over that of dry air."""
    if gas not in _MOLAR_G_MOL:
        raise InvalidInput("gas", repr(gas), "helium or hydrogen")
    return _MOLAR_G_MOL[gas] / _AIR_G_MOL


def kappa(gas: Gas) -> float:
    """Return R / cp of the gas: how fast it cools when it expands without heat."""
    return _KAPPA[gas]
